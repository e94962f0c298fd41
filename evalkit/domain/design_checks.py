"""What a design can show, and what it warns of, before anything is estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.domain.effect_parts import Check

if TYPE_CHECKING:
    from evalkit.domain.design import Design

__all__ = ["ScientificMethodsLevel", "design_checks", "grade"]

# A trend needs three points before one can see that it bends.
_PERIODS_FOR_A_TREND = 3
# Below this a true null is rejected far too often with plain errors by site (3 of 40 treated: 20 %, see the
# cards of the estimators), and a single local event can carry the result.
_ENOUGH_TREATED = 5


@dataclass(frozen=True, kw_only=True)
class ScientificMethodsLevel:
    """A level of the Maryland Scientific Methods Scale, and why.

    Attributes
    ----------
    level : 1 (one look) to 5 (assigned by lot)
    reason : what the design has or lacks, in a sentence
    """

    level: int
    reason: str


def grade(design: Design) -> ScientificMethodsLevel:
    """Give the level of a design on the Maryland Scientific Methods Scale (Farrington et al. 2002), and why."""
    treated, compared = len(design.treated_sites), len(design.comparison_sites)
    if not design.has_comparison and not design.is_staggered:
        return ScientificMethodsLevel(
            level=2, reason="before and after in the treated area only: nothing shows what would have happened anyway"
        )
    if design.table is not None:
        return ScientificMethodsLevel(
            level=3, reason="before and after, in one treated and one comparison area taken as comparable"
        )
    if not compared:
        return ScientificMethodsLevel(
            level=3,
            reason=f"{treated} sites that were all treated in the end: each is compared with those that started later",
        )
    if design.assignment == "randomised" and min(treated, compared) > 1:
        return ScientificMethodsLevel(
            level=5, reason=f"{treated} treated and {compared} comparison sites, assigned by lot"
        )
    if min(treated, compared) > 1 and design.periods_before >= _PERIODS_FOR_A_TREND:
        return ScientificMethodsLevel(
            level=4,
            reason=f"{treated} treated and {compared} comparison sites, each compared with itself over "
            f"{design.periods_before} or more periods before the start, but not assigned by lot",
        )
    why = (
        "too few periods before the start to see whether they moved together"
        if design.periods_before < _PERIODS_FOR_A_TREND
        else "too few sites to tell the measure from what is peculiar to one of them"
    )
    return ScientificMethodsLevel(
        level=3, reason=f"before and after in {treated} treated and {compared} comparison site(s); {why}"
    )


def design_checks(design: Design) -> tuple[Check, ...]:
    """Give what a design itself says, before anything is estimated."""
    found = (_selection(design), _seasons(design), _few_treated(design), _stopped(design))
    return tuple(check for check in found if check is not None)


def _selection(design: Design) -> Check | None:
    """Sites chosen for a bad spell get better by themselves (regression to the mean)."""
    if design.panel is None or design.selection_window is None:
        return None
    first, last = (design.panel.periods.place(end) for end in design.selection_window)
    overlap = sum(
        bool(max(first, 0) <= min(last, start - 1)) for start in design.starts if start < len(design.panel.periods)
    )
    shown = f"{design.selection_window[0]} to {design.selection_window[1]}"
    if last >= design.periods_before:
        return Check(
            name="selection window",
            passed=False,
            detail=f"The window on which sites were chosen ({shown}) reaches beyond the first start: sites chosen by "
            "what came after are not a fair test.",
        )
    if not overlap:
        return Check(
            name="selection window", passed=True, detail=f"Sites were chosen on {shown}, outside the periods compared."
        )
    return Check(
        name="selection window",
        passed=False,
        detail=f"Sites were chosen for being bad in {shown}, which is part of the baseline of {overlap} of them. "
        "Part of any fall would have come without the measure (regression to the mean; around 4 % in published "
        "studies).",
    )


def _seasons(design: Design) -> Check | None:
    """A winter compared with a year is not a fair comparison, unless the comparison sites saw the same winter."""
    if design.panel is None or design.is_staggered:
        return None
    seasons = design.panel.periods.seasons
    if seasons is None:
        return None
    before, after = set(seasons[: design.periods_before]), set(seasons[design.periods_before :])
    if before >= after:
        return None
    return Check(
        name="seasons",
        passed=None,
        detail="The periods after the start fall in seasons that the baseline does not cover; the comparison sites "
        "must have the same seasons for this to cancel.",
    )


def _few_treated(design: Design) -> Check | None:
    """What is peculiar to one of a few sites looks like the measure, however the error is reckoned."""
    treated = len(design.treated_sites)
    if design.panel is None or treated >= _ENOUGH_TREATED:
        return None
    return Check(
        name="few treated sites",
        # with one treated site the level on the methods scale says it already
        passed=False if treated > 1 else None,
        detail=f"Only {treated} site{'s were' if treated > 1 else ' was'} treated: whatever else happened there at "
        "that time counts as the work of the measure, and plain errors by site (CR1) cannot be believed; placements of "
        "the measure on other sites, or errors made for few sites, can.",
    )


def _stopped(design: Design) -> Check | None:
    """A measure that comes and goes is not evaluated as one that stays."""
    if not design.switches_off:
        return None
    sites = sum(bool((on[:-1] & ~on[1:]).any()) for on in design.treatment)
    again = sum(bool((~on[:-1] & on[1:]).sum() > 1) for on in design.treatment)
    back = f", and came back in {again}" if again else ""
    return Check(
        name="measure ended",
        passed=None,
        detail=f"The measure ended in {sites} of {len(design.treated_sites)} treated sites within the data{back}. "
        "Periods after an end are not treated; what the measure left behind there, for good or ill, is no part of the "
        "number of events prevented.",
    )
