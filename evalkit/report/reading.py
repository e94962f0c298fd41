"""One effect as its sentences need it: which way it went, by how much, and what may be quoted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.domain import Design, Effect, Outcome
from evalkit.draws import Interval, middle_and_interval
from evalkit.judgement import Case, Certainty

if TYPE_CHECKING:
    from evalkit.evaluation import Evaluation

__all__ = [
    "Estimated",
    "Movement",
    "Reading",
    "counted_as",
    "estimated",
    "is_recorded_crime",
    "read",
    "shown_level",
    "things",
]

type Movement = Literal["fewer", "more", "little", "unclear"]

# The middle of some draws and their range.
type Estimated = tuple[float, Interval]

# A share of a handful is noise with a percent sign.
_SMALLEST_BASE = 10
# From this level of the Scientific Methods Scale on there is something to compare with.
_COMPARED = 3


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What there is to say of one effect.

    Attributes
    ----------
    case : as judged, but "unclear" where the range of events leaves no change inside
    events : events prevented in the treated sites with its middle, or None where nothing is counted
    net : the same with what moved to or spread to nearby areas, or None where none were measured
    percent : change in percent with its middle, or None where it has no meaning or its base is too small
    change : change on the effect's own scale with its middle
    is_association : was nothing compared with, by design or by method, so that no cause may be named?
    """

    outcome: Outcome
    case: Case
    certainty: Certainty
    is_association: bool
    events: Estimated | None
    net: Estimated | None
    percent: Estimated | None
    change: Estimated
    scale: str
    base_is_small: bool

    @property
    def movement(self) -> Movement:
        """Which way the outcome went, whatever is good."""
        if self.case in {"little", "unclear"}:
            return "little" if self.case == "little" else "unclear"
        return "fewer" if (self.case == "benefit") == (self.outcome.good == "fewer") else "more"

    @property
    def things(self) -> str:
        """What was counted or measured, as it stands in a sentence."""
        return things(self.outcome)


def read(evaluation: Evaluation, outcome: str) -> Reading:
    """Read the primary effect on one outcome."""
    effect, level = evaluation.primary_of(outcome), evaluation.study.level
    finding = evaluation.findings[outcome]
    events = None if effect.total_prevented is None else estimated(effect.total_prevented, level)
    is_small = _base_is_small(effect, evaluation.design(outcome))
    percent = effect.percent_draws
    return Reading(
        outcome=effect.outcome,
        case=_told(finding.case, events),
        certainty=finding.certainty,
        is_association=shown_level(effect, evaluation.design(outcome)) < _COMPARED,
        events=events,
        net=_net(effect, level),
        percent=None if percent is None or is_small else estimated(percent, level),
        change=estimated(effect.change, level),
        scale=effect.scale,
        base_is_small=is_small,
    )


def shown_level(effect: Effect, design: Design) -> int:
    """Give the level of the Scientific Methods Scale that the design has and the method makes use of."""
    return min(design.methods_level.level, effect.methods_cap)


def estimated(draws: np.ndarray, level: float) -> Estimated:
    """Give the median of some draws and their interval."""
    return middle_and_interval(draws, level)


def things(outcome: Outcome) -> str:
    """Name what was measured, as it stands in a sentence."""
    if not outcome.counts_events or (outcome.crime is None and not outcome.unit):
        return f"“{outcome.name}”"
    return f"recorded {outcome.plural}" if is_recorded_crime(outcome) else outcome.plural


def counted_as(outcome: Outcome) -> tuple[str, int]:
    """Say what a number of events is the number of, and its sign in draws of events prevented.

    What people want more of is never "prevented".
    """
    return ("prevented", 1) if outcome.good == "fewer" else ("more than expected (good)", -1)


def is_recorded_crime(outcome: Outcome) -> bool:
    """Is it crime that somebody had to report and somebody else to write down?"""
    asked = ("survey", "interview", "self-report")
    return outcome.crime is not None and not any(word in outcome.source.lower() for word in asked)


def _told(case: Case, events: Estimated | None) -> Case:
    """Never name a direction beside a range of events that holds both."""
    directed = case in {"benefit", "harm"}
    return "unclear" if directed and events is not None and not events[1].excludes(0) else case


def _net(effect: Effect, level: float) -> Estimated | None:
    moved = effect.displacement
    if moved is None or moved.prevented is None or effect.net_prevented is None:
        return None
    return estimated(effect.net_prevented.sum(axis=1), level)


def _base_is_small(effect: Effect, design: Design) -> bool:
    bases = list(design.table.treated) if design.table is not None else []
    if effect.total_prevented is not None and effect.recorded is not None:
        bases.append(float(effect.recorded.sum() + np.median(effect.total_prevented)))
    if design.table is not None and len(bases) > 2:
        # what was expected replaces what was recorded after the start, which may be few because it worked
        bases = [bases[0], bases[2]]
    return bool(bases) and min(bases) < _SMALLEST_BASE
