"""What a result supports: a stated rule picks the advice, and says what it does not support."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evalkit.domain.text import listed
from evalkit.report.reading import Reading, is_recorded_crime, read
from evalkit.report.wording import is_undone_nearby

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.evaluation import Evaluation

__all__ = ["RULE", "Action", "Support", "supports"]

type Action = Literal["continue", "adapt", "stop", "evaluate better"]

# Above it the benefits exceed the costs clearly enough to go on, below its complement clearly enough to change course.
_WORTH_IT = 0.8

RULE = (
    "Continue where a benefit rests on at least moderate certainty and, if money was counted, its benefits exceed "
    "its costs with a chance of 80 in 100 or more. Adapt where it works but does not pay, or where crime seems to "
    "have moved next door. Stop, or change it thoroughly, where harm, or little or no difference, rests on at least "
    "moderate certainty; do not extend it where harm is in doubt. In every other case evaluate better before "
    "deciding. Where a rule or principle is not kept, nothing goes on as it is, whatever the benefits: what would be "
    "continued is adapted, and what is to be stopped is stopped all the more. "
    "The evaluator may replace this advice by their own."
)


@dataclass(frozen=True, kw_only=True)
class Support:
    """Advice, with what may and may not be said.

    Attributes
    ----------
    action : what the rule comes to
    advice : sentences for the reader who decides; the evaluator's own where they gave some
    may_say, may_not_say : what the result does and does not carry
    is_own : did the evaluator write the advice?
    """

    action: Action
    advice: str
    may_say: str
    may_not_say: str
    is_own: bool


def supports(evaluation: Evaluation) -> Support:
    """Say what the result supports, by the rule or in the evaluator's own words."""
    reading = read(evaluation, evaluation.study.primary)
    action, advice = _heeding_rules(evaluation, *_ADVICE[_advice_key(reading, evaluation.appraisal)])
    own = evaluation.study.suggestion.strip()
    return Support(
        action=action,
        advice=own or advice,
        may_say=_may_say(reading),
        may_not_say=_may_not_say(evaluation, reading),
        is_own=bool(own),
    )


def _heeding_rules(evaluation: Evaluation, action: Action, advice: str) -> tuple[Action, str]:
    """Advise against going on where a rule is not kept; what the figures say against it is said all the same."""
    found = evaluation.unpriced.intrusion
    gates = () if found is None else (*found.intrusion.gates, *found.intrusion.principles)
    failed = [gate.label for gate in gates if gate.answer == "fail"]
    if not failed:
        return action, advice
    rules = listed(failed)
    if action == "stop":
        return action, f"{advice} {_NOT_KEPT_EITHER.format(rules=rules)}"
    rest = _DECIDE_BY_FIGURES if action == "continue" else f"{_IF_IT_DID}: {advice[0].lower()}{advice[1:]}"
    return "adapt", f"{_NOT_KEPT.format(rules=rules)} {rest}"


_NOT_KEPT_EITHER = "Nor does it keep what the law or the charter asks ({rules})."
_NOT_KEPT = (
    "Do not go on with it as it is: it does not keep what the law or the charter asks ({rules}), and no benefit makes "
    "up for that."
)
_IF_IT_DID = "If it is changed so that it does"
_DECIDE_BY_FIGURES = f"{_IF_IT_DID}, decide by the figures above."


def _advice_key(reading: Reading, appraisal: Appraisal | None) -> str:
    """Name the row of the advice."""
    if reading.case == "unclear":
        return "unclear"
    if reading.case == "benefit" and is_undone_nearby(reading):
        return "moved"
    if reading.certainty in {"low", "very low"}:
        return f"{reading.case}, doubtful"
    return f"benefit{_worth(appraisal)}" if reading.case == "benefit" else reading.case


def _worth(appraisal: Appraisal | None) -> str:
    """Say in the name of a row whether it pays."""
    if appraisal is None:
        return ""
    chance = appraisal.prob_net_benefit
    if chance is None:
        return ", no price"
    if chance >= _WORTH_IT:
        return ", pays"
    return ", costs more" if chance <= 1 - _WORTH_IT else ", may pay"


_ADVICE: dict[str, tuple[Action, str]] = {
    "benefit": (
        "continue",
        (
            "Continue where it runs. Before rolling it out, count what it costs and measure it in more places, "
            "if possible chosen by lot."
        ),
    ),
    "benefit, no price": (
        "continue",
        (
            "Continue where it runs, if preventing one is worth to you what it costs: the figures above say how much "
            "that is. Measure it in new places before rolling it out, if possible chosen by lot."
        ),
    ),
    "benefit, pays": (
        "continue",
        (
            "Continue where it runs: it works and is worth its cost. Roll it out step by step, and measure it in new "
            "places, if possible chosen by lot, since a result of one place need not travel."
        ),
    ),
    "benefit, may pay": (
        "adapt",
        (
            "Keep it for now and look for a cheaper way of doing it: it works, but whether it is worth its "
            "cost is open. "
            "Another period of measurement would narrow the range."
        ),
    ),
    "benefit, costs more": (
        "adapt",
        (
            "Adapt it: it works, but at this cost more is spent than is gained. Deliver it more cheaply, or only where "
            "crime is densest, and count again."
        ),
    ),
    "benefit, doubtful": (
        "evaluate better",
        (
            "Evaluate better before deciding on more: the figures are encouraging, but the design is too "
            "weak to show that "
            "the measure is the reason. More comparison areas, more periods before the start, or a lottery "
            "would settle it."
        ),
    ),
    "moved": (
        "adapt",
        (
            "Adapt it and keep measuring nearby areas: the treated area did better, but crime may have moved "
            "rather than "
            "been prevented."
        ),
    ),
    "little": (
        "stop",
        (
            "Stop, or put the money to another use: whatever difference it makes here is smaller than what was named "
            "in advance as worthwhile."
        ),
    ),
    "little, doubtful": (
        "evaluate better",
        (
            "Do not extend it. If it is to go on, evaluate it better: the figures point to little or no difference, "
            "but the design is too weak to be sure."
        ),
    ),
    "harm": (
        "stop",
        (
            "Stop it, or change it thoroughly, and find out why: there was more of it than expected. Look "
            "first at whether "
            "more was reported rather than more committed, since a measure can make people report."
        ),
    ),
    "harm, doubtful": (
        "evaluate better",
        (
            "Do not extend it. Find out quickly, with a better comparison, whether the rise has to do with "
            "the measure, "
            "with more reporting, or with neither."
        ),
    ),
    "unclear": (
        "evaluate better",
        (
            "Neither a success nor a failure has been shown. Do not extend it on these figures; if it goes on, measure "
            "it for longer or in more areas, if possible chosen by lot, so that the next look can tell."
        ),
    ),
}


def _may_say(reading: Reading) -> str:
    if reading.movement == "unclear":
        return _MAY_SAY_OF_UNCLEAR
    return (_MAY_SAY_OF_LITTLE if reading.movement == "little" else _MAY_SAY)[reading.certainty]


_MAY_SAY_OF_UNCLEAR = (
    "It may be said that the study was made and could not tell; “it does not work” would be as wrong as “it works”."
)

_MAY_SAY = {
    "high": "It may be said that the measure was the reason, in these places and at this time.",
    "moderate": "It may be said, with “probably”, that the measure was the reason, in these places and at this time.",
    "low": "It may be said that the figures are consistent with such an effect, always with “may have”.",
    "very low": "It may be said what was recorded, before and after; not that the measure was the reason.",
}

_MAY_SAY_OF_LITTLE = {
    "high": "It may be said that it made no difference worth naming, in these places and at this time.",
    "moderate": "It may be said, with “probably”, that it made no difference worth naming, in these places "
    "and at this time.",
    "low": "It may be said that the figures are consistent with little or no difference, always with “may have”.",
    "very low": "It may be said what was recorded, before and after; not that the measure made no difference.",
}


def _may_not_say(evaluation: Evaluation, reading: Reading) -> str:
    told = ["It does not support a claim about other places or later years, or about outcomes that were not measured."]
    if is_recorded_crime(reading.outcome):
        told.append("Nor about crime that was never recorded.")
    if evaluation.primary.displacement is None:
        told.append("Nor that crime did not move next door.")
    if evaluation.appraisal is None:
        told.append("Nor about value for money.")
    return " ".join(told)
