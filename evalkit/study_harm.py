"""Harm in a study: which tables weigh it, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.domain.text import sentence
from evalkit.errors import CostError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evalkit.domain import Effect
    from evalkit.draws import FloatArray
    from evalkit.economics import Harm, HarmWeights

__all__ = ["harm_of", "read_harm"]

# What an appraisal was told that harm has to be reckoned by as well.
_SHARED = ("discounting", "period_years", "disjoint")


def harm_of(
    effects: Mapping[str, Effect],
    chosen: Sequence[HarmWeights] | None,
    own: Mapping[str, float],
    *,
    cost: FloatArray | None,
    appraisal: Mapping[str, Any],
    level: float,
) -> tuple[Harm | None, str]:
    """Weigh the effects by the tables that were chosen, or by those there are; or say why that cannot be.

    Parameters
    ----------
    effects : the primary ones, by outcome
    chosen : tables; None for the shipped ones, where two or more outcomes have a weight in each
    own : weights that stand on the outcomes; they are one more table
    cost : draws of the full cost of the measure, shape (draws,), where it was appraised
    appraisal : the options of the appraisal

    Raises
    ------
    CostError
        Where a table that was chosen weighs nothing, or would count events twice.
    """
    from evalkit.economics import HarmWeights, weigh_harm
    from evalkit.economics.harm_tables import default_weights

    tables = list(default_weights(effects) if chosen is None else chosen)
    if own:
        tables.append(HarmWeights.own(own))
    if not tables:
        return None, "" if chosen is not None else _NO_TABLES
    options = {key: value for key, value in appraisal.items() if key in _SHARED and value is not None}
    try:
        return weigh_harm(effects, tables, cost=cost, level=level, **options), ""
    except CostError as problem:
        # what nobody asked for may not stop a study
        if chosen is not None:
            raise
        return None, sentence(str(problem))


_NO_TABLES = "Fewer than two outcomes are crimes with a weight in each of the tables of harm that ship with evalkit."


def read_harm(
    given: Sequence[str] | None,
    offences: Mapping[str, str],
    outcomes: Sequence[str],
    inside: Callable[[str], Path | None],
) -> tuple[tuple[HarmWeights, ...] | None, list[str]]:
    """Read the table `[harm]` of a study file; None where the choice is left to the rule.

    Parameters
    ----------
    given : names of shipped tables, or of files
    offences : which offence of the tables stands for an outcome
    inside : gives the path of a file of the study, or None where it may not be read, which is noted elsewhere
    """
    from evalkit.economics import HarmWeights, harm_tables

    if given is None and not offences:
        return None, []
    faults, tables = [], []
    for name in dict.fromkeys(harm_tables() if given is None else given):
        path = inside(name) if name.endswith(".csv") else None
        if name.endswith(".csv") and path is None:
            continue
        try:
            tables.append(HarmWeights.load(name) if path is None else HarmWeights.from_csv(path))
        except CostError as problem:
            faults.append(f"[harm] weights: {problem}")
    faults += [
        f"[harm] weighed_as names {name!r}, which is not an outcome; {nearest(name, outcomes)}"
        for name in offences
        if name not in outcomes
    ]
    labels = [label for table in tables for label in table.labels]
    faults += [
        f"[harm] weighed_as: no table has the offence {offence!r}; {nearest(offence, labels, 30)}"
        for offence in offences.values()
        if offence not in labels
    ]
    return tuple(table.weighing(offences) for table in tables), faults
