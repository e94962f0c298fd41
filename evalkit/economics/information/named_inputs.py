"""Everything uncertain that an appraisal rests on, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.sensitivity import named_inputs as every_input

if TYPE_CHECKING:
    from evalkit.economics.reckoning import Reckoning

__all__ = ["EFFECT", "effects_among", "named_inputs"]

EFFECT = "effect on "


def named_inputs(reckoning: Reckoning) -> Mapping[str, FloatArray]:
    """Give the draws of each uncertain input, shape (draws,), rows as in the appraisal.

    The effect on an outcome stands as the events prevented within the observed window or, where it is
    extrapolated, in its years with the share that is kept at its mean, in present value. What is certain, what the
    scenario does not count, and an effect without a price where others have one, have no part in what net benefit
    varies with and are absent.
    """
    found = _effects(reckoning)
    found |= {each.name: each.draws for each in every_input(reckoning) if not each.name.startswith(EFFECT)}
    return MappingProxyType({name: draws for name, draws in found.items() if np.ptp(draws) > 0})


def _effects(reckoning: Reckoning) -> dict[str, FloatArray]:
    kept = reckoning.retention
    if kept is not None:
        reckoning = replace(reckoning, retention=np.full_like(kept, kept.mean()))
    present = reckoning.courses.totals(reckoning.rates.standard)
    return {f"{EFFECT}{name}": present[name] for name in reckoning.inputs.worth or present}


def effects_among(inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give the inputs that are effects: what a longer or a larger study would teach."""
    return {name: draws for name, draws in inputs.items() if name.startswith(EFFECT)}
