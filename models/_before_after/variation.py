"""What is known of how counts vary, and what the range does not hold."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check
from evalkit.models._before_after.answer import TableAnswer, in_events
from evalkit.models._before_after.dispersion import PERIODS_NEEDED, Dispersion

__all__ = ["shift_check", "variation_check"]

# Twice the variance of chance: a mild case for monthly counts of crime in one area.
SENSITIVITY = 2.0


def variation_check(answer: TableAnswer, rng: np.random.Generator) -> Check:
    known, used = answer.dispersion, answer.dispersion.value
    name = "counts vary more than chance"
    if known.origin == "unknown":
        why = (
            "a table does not show it"
            if answer.design.panel is None
            else f"there are {known.periods} periods before the start, and {PERIODS_NEEDED} are needed"
        )
        twice = in_events(answer.redrawn(rng, times=SENSITIVITY), answer)
        return Check(
            name=name,
            passed=None,
            detail="The range takes counts to vary as chance alone makes them (Poisson). How much more "
            f"they vary is unknown: {why}. If they vary twice as much, it becomes {twice}.{_unseen(answer)}",
        )
    by_chance = in_events(answer.redrawn(rng, times=1.0), answer)
    if known.origin == "sites":
        return Check(name=name, passed=None, detail=_by_sites(answer, by_chance, rng))
    if known.origin == "given":
        return Check(
            name=name,
            passed=None,
            detail=f"Counts were taken to vary {used:.3g} times as much as chance alone, as the option "
            f"says; with chance alone: {by_chance}.",
        )
    return Check(name=name, passed=used <= 1, detail=_estimated(known, by_chance) + _unseen(answer))


def _by_sites(answer: TableAnswer, by_chance: str, rng: np.random.Generator) -> str:
    known = answer.dispersion
    treated, comparison = known.sites
    detail = (
        f"The range is that of how far sites differ in their own change from before to after ({treated} treated, "
        f"{comparison} comparison sites; t with {known.degrees_of_freedom:.1f} degrees of freedom): "
        f"{known.estimate:.1f} times the variance of chance alone, below which it is not taken. With chance alone "
        f"it would be {by_chance}"
    )
    baseline = known.baseline
    if baseline is not None and baseline.origin == "estimated" and baseline.value > 1:
        shown = in_events(answer.redrawn(rng, times=baseline.value), answer)
        detail += (
            f", and with what counts varied from period to period before the start ({baseline.value:.1f} times) {shown}"
        )
    buffer = " The same multiple is taken for the buffer." if answer.cells.has_buffer else ""
    return f"{detail}.{buffer}"


def _unseen(answer: TableAnswer) -> str:
    """What neither chance nor the periods before can show: a shift that a site keeps."""
    if not answer.cells.has_comparison or answer.design.panel is not None:
        return ""
    return (
        " A lasting shift of a single site, of its own and not the measure's, cannot be seen in this (the sites of an "
        "area are not seen one by one)."
    )


def shift_check(answer: TableAnswer) -> Check | None:
    """Say of a panel what of the shifts of single sites its range does not hold, or took from others."""
    design, known = answer.design, answer.dispersion
    if design.panel is None or not answer.cells.has_comparison or (known.origin == "sites" and min(known.sites) > 1):
        return None
    name = "shifts of single sites"
    if known.origin == "sites":
        return Check(
            name=name,
            passed=False,
            detail="One site is alone of its kind, and how far it shifts by itself cannot be seen; it was taken to "
            "vary, against chance, as the others do. Where it is much larger than they are, or swings more, the range "
            "is too narrow (at ten times the size of 39 others the 95 % range held the truth in 68 %): compare with "
            "'did-poisson'.",
        )
    return Check(
        name=name,
        passed=False,
        detail="The range does not hold a lasting shift of a single site, of its own and not the measure's, and is too "
        "narrow where sites shift so: to see that takes two sites of each kind, or one and five of the other, no sum "
        "of zero, and dispersion = 'auto'. Of simulated panels in which it could not be seen, the 95 % range held the "
        "truth in 40 to 75 %.",
    )


def _estimated(known: Dispersion, by_chance: str) -> str:
    crude = known.with_common_swings
    beside = "" if crude is None else f" ({crude:.1f} times with what all areas share left in)"
    seen = f"Over the {known.periods} periods before the start, counts varied {known.estimate:.1f} "
    if known.value <= 1:
        return f"{seen}times as much as chance alone{beside}, so the range is that of chance alone."
    return (
        f"{seen}times as much as chance alone{beside}; the range is widened accordingly. "
        f"With chance alone it would be {by_chance}."
    )
