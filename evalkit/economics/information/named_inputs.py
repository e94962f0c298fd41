"""Everything uncertain that an appraisal rests on, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import FloatArray

if TYPE_CHECKING:
    from evalkit.economics.inputs import Drawn, Worth

__all__ = ["EFFECT", "effects_among", "named_inputs"]

EFFECT = "effect on "


def named_inputs(
    events: Mapping[str, FloatArray],
    flows: Iterable[Drawn],
    worth: Mapping[str, Worth],
    *,
    factors: FloatArray,
    deadweight: FloatArray,
    retention: FloatArray | None,
) -> Mapping[str, FloatArray]:
    """Give the draws of each uncertain input, shape (draws,), rows as in the appraisal.

    The effect on an outcome stands as the events prevented within the observed window or, where it is
    extrapolated, in its years, in present value. What is certain, what the scenario does not count, and an
    effect without a price where others have one, have no part in what net benefit varies with and are absent.

    Parameters
    ----------
    events : prevented, by outcome, shape (draws, years)
    flows, worth : that the perspective counts
    factors : of discounting, shape (years,)
    deadweight, retention : shape (draws,)
    """
    found: dict[str, FloatArray] = {f"{EFFECT}{name}": events[name] @ factors for name in worth or events}
    for drawn in flows:
        if min(drawn.flow.years) <= len(factors):
            found[_unused(f"{'saving' if drawn.flow.saving else 'cost'}: {drawn.flow.what}", found)] = drawn.draws
    for value in {each.crime: each for each in worth.values()}.values():
        for priced in value.lines:
            found[_unused(f"unit cost of {priced.line.name.strip("'")}", found)] = priced.draws
        found[f"multiplier of {value.crime}"] = value.multiplier
    found["deadweight of taxation"] = deadweight
    if retention is not None:
        found["retention"] = retention
    return MappingProxyType({name: draws for name, draws in found.items() if np.ptp(draws) > 0})


def effects_among(inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give the inputs that are effects: what a longer or a larger study would teach."""
    return {name: draws for name, draws in inputs.items() if name.startswith(EFFECT)}


def _unused(name: str, taken: Mapping[str, FloatArray]) -> str:
    """Tell two flows of one name apart by a number."""
    number = 2
    told = name
    while told in taken:
        told, number = f"{name} ({number})", number + 1
    return told
