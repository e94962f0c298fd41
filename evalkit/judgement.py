"""From an effect and its design to a verdict in words: what happened, how sure, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evalkit.domain import Check, Design, Effect
from evalkit.domain.text import listed
from evalkit.draws import Interval, interval

__all__ = ["CERTAINTIES", "Case", "Certainty", "Finding", "judge", "probability_in_words", "standing_checks"]

type Case = Literal["benefit", "harm", "little", "unclear"]
type Certainty = Literal["high", "moderate", "low", "very low"]

CERTAINTIES: tuple[Certainty, ...] = ("very low", "low", "moderate", "high")

# What a design can support at best (after GRADE, doi:10.1136/bmj.39489.470347.AD): only a lottery starts at high.
_BY_LEVEL: dict[int, Certainty] = {1: "very low", 2: "very low", 3: "low", 4: "moderate", 5: "high"}

# Checks whose failure speaks against the causal reading, not only against precision; those in one row are
# one weakness seen twice, and count once.
_DOUBTS: tuple[tuple[str, ...], ...] = (
    ("leads", "sensitivity to trends"),
    ("selection window", "regression to the mean", "matching after selection"),
    ("few treated sites", "number of sites"),
    ("staggered start",),
    ("scales agree",),
    ("same effect in large and small sites",),
    ("balance", "effective comparison"),
    ("population",),
    ("fit before the start", "overlap"),
    ("leave one out",),
    ("autocorrelation", "season"),
)

# A share of placements such as 1/20 is not exactly 0.05.
_ROUNDING = 1e-9
# Only a look at the time before the start, with the power to see something, supports "probably".
_TRENDS_UNSEEN = "It was not shown that treated and comparison sites moved together before the start."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one effect says, before anybody finds words for it.

    Attributes
    ----------
    outcome, estimator : whose effect, by which method
    case : "benefit" or "harm" where the interval leaves no change outside; "little" where all of it is
        smaller than the change that would matter; "unclear" otherwise
    certainty : how far design and checks support a causal reading; it picks the verb
    reasons : sentences, the most important first
    level, change : the interval of the change that decided, on the effect's own scale
    percent, prevented : the same in percent and in events, where they exist
    """

    outcome: str
    estimator: str
    case: Case
    certainty: Certainty
    reasons: tuple[str, ...]
    change: Interval
    percent: Interval | None
    prevented: Interval | None

    @property
    def dots(self) -> int:
        """Certainty as a number of dots, 1 to 4."""
        return CERTAINTIES.index(self.certainty) + 1


def judge(effect: Effect, design: Design, level: float, others: Mapping[str, Effect] | None = None) -> Finding:
    """Judge one effect by a stated rule.

    The case is read from the interval alone; it is unclear where the sites are so few that no effect, however
    large, could be told from chance at this level (`Effect.smallest_p_value`). The certainty starts at what
    the design's level on the Scientific Methods Scale can support (less, if the method makes no use of it),
    and goes one step down for each failed check that speaks against a causal reading and once if other
    estimates of the same effect lead to another case; at most two. Without assignment by lot "moderate" is
    left only where a test with the power to see a difference before the start saw none.

    Parameters
    ----------
    others : sensitivity estimates of the same outcome, by name
    """
    change = effect.interval(level)
    percent = None if effect.percent_draws is None else interval(effect.percent_draws, level)
    net = None if effect.net_prevented is None else interval(effect.net_prevented.sum(axis=1), level)
    certainty, reasons = _certainty(effect, design, _disagreement(effect, level, others or {}))
    if _is_beyond_telling(effect, level):
        reasons = (_beyond_telling(effect, level), *reasons)
    return Finding(
        outcome=effect.outcome.name,
        estimator=effect.estimator,
        case=_case(effect, level),
        certainty=certainty,
        reasons=reasons,
        change=change,
        percent=percent,
        prevented=net,
    )


def _case(effect: Effect, level: float) -> Case:
    if _is_beyond_telling(effect, level):
        return "unclear"
    change, percent = effect.interval(level), effect.percent_draws
    worthwhile = effect.outcome.minimum_worthwhile
    if worthwhile is not None and percent is not None:
        ends = interval(percent, level)
        if max(abs(ends.lower), abs(ends.upper)) < worthwhile:
            return "little"
    if not change.excludes(0):
        return "unclear"
    fell = change.upper < 0
    return "benefit" if fell == (effect.outcome.good == "fewer") else "harm"


def _is_beyond_telling(effect: Effect, level: float) -> bool:
    """Are the sites so few that no effect could be told from chance at this level?"""
    return effect.smallest_p_value is not None and effect.smallest_p_value > 1 - level + _ROUNDING


def _beyond_telling(effect: Effect, level: float) -> str:
    return (
        f"So few sites were compared that even the largest effect would be put down to chance with probability "
        f"{effect.smallest_p_value:.2g}, which is above the {1 - level:.2g} asked for"
        f"{f' ({effect.reference_set})' if effect.reference_set else ''}."
    )


def standing_checks(design: Design, effect: Effect) -> tuple[Check, ...]:
    """Give the design's checks without those that the method allows for, of which it says so under the same name."""
    allowed = {check.name for check in effect.checks}
    return tuple(check for check in design.checks if check.name not in allowed)


def _disagreement(effect: Effect, level: float, others: Mapping[str, Effect]) -> str | None:
    """Name the estimates that lead elsewhere, where the first one claims anything."""
    case = _case(effect, level)
    if case == "unclear":
        return None
    elsewhere = [name for name, other in others.items() if _case(other, level) != case]
    if not elsewhere:
        return None
    do = "does" if len(elsewhere) == 1 else "do"
    return f"The answer depends on the method: {listed(elsewhere)} {do} not come to the same result."


def _certainty(effect: Effect, design: Design, disagreement: str | None) -> tuple[Certainty, tuple[str, ...]]:
    level = min(design.methods_level.level, effect.methods_cap)
    checks = (*standing_checks(design, effect), *effect.checks)
    failures = [
        next((check.detail for check in checks if check.name in cause and check.passed is False), None)
        for cause in _DOUBTS
    ]
    doubts = [detail for detail in (*failures, disagreement) if detail]
    place = max(CERTAINTIES.index(_BY_LEVEL[level]) - min(len(doubts), 2), 0)
    reasons = [f"Scientific Methods Scale {design.methods_level.level} of 5: {design.methods_level.reason}."]
    if effect.methods_cap < design.methods_level.level:
        reasons.append(_CAPPED[min(effect.methods_cap, _COMPARED - 1)])
    if level == _COMPARED and not _saw_trends(checks):
        place = min(place, CERTAINTIES.index("low"))
        if not failures[0]:  # a failed test of the leads has said more than that
            doubts.append(_TRENDS_UNSEEN)
    return CERTAINTIES[place], (*reasons, *doubts)


# The level at which sites were compared over time, but not assigned by lot.
_COMPARED = 4
# Why a method supports less than the design would, by the highest level it makes use of.
_CAPPED = {
    1: "The method makes use of one look only, so it shows no change.",
    2: "The method makes no use of comparison sites, so it supports no more than before and after in the treated sites "
    "does: an association.",
    3: "The method adds the sites up to one treated and one comparison area, so it supports no more than a "
    "before/after table does.",
}


def _saw_trends(checks: tuple[Check, ...]) -> bool:
    return any(check.name == "leads" and check.passed for check in checks)


# The scale of the IPCC (Mastrandrea et al. 2010), one for the whole product.
_WORDS: tuple[tuple[float, str], ...] = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.33, "about as likely as not"),
    (0.10, "unlikely"),
    (0.01, "very unlikely"),
)


def probability_in_words(probability: float) -> str:
    """Give the word of the IPCC's scale for a probability.

    >>> probability_in_words(0.93)
    'very likely'
    """
    for bound, word in _WORDS:
        if probability > bound or (bound == 0.33 and probability >= bound):
            return word
    return "exceptionally unlikely"
