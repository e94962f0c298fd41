"""What a body of evidence supports: a stated rule picks the advice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.report import evidence_words as words
from evalkit.report import formats

if TYPE_CHECKING:
    from evalkit.pooling import Synthesis

__all__ = ["RULE", "EvidenceSupport", "supported"]

# As in the advice of a single study.
_WORTH_IT = 0.8
_MORE_LIKELY = 0.5

RULE = (
    "Where a check failed on which the answer stands, gather more evidence first. Where a new programme is more likely "
    "than not to do harm, do not start one. Where the new place lies outside what was studied, evaluate first. Where "
    "money was counted, adopt if benefits exceed costs with a chance of 80 in 100 or more, and try it first where a "
    "pilot is worth its cost. Without money, start one and evaluate it where the chance of harm is 20 in 100 or less. "
    "In every other case evaluate before deciding. The evaluator may replace this advice by their own."
)


@dataclass(frozen=True, kw_only=True)
class EvidenceSupport:
    """Advice, with what may and may not be said.

    Attributes
    ----------
    advice : for the reader who decides; the evaluator's own where they gave some
    may_say, may_not_say : what the evidence does and does not carry
    is_own : did the evaluator write the advice?
    """

    advice: str
    may_say: str
    may_not_say: str
    is_own: bool


def supported(synthesis: Synthesis) -> EvidenceSupport:
    """Say what the evidence supports, by the rule or in the evaluator's own words."""
    own = synthesis.evidence.suggestion.strip()
    return EvidenceSupport(
        advice=own or _advice(synthesis),
        may_say=_may_say(synthesis),
        may_not_say="It does not say why some programmes did better than others, nor what a programme would do that is "
        "changed in what made these work or harm; and a mean over places is not a promise for one of them.",
        is_own=bool(own),
    )


def prob_harm(synthesis: Synthesis) -> float:
    """Probability that the next programme does harm: in the new place where there is one."""
    place = synthesis.evidence.place
    return float(synthesis.body.expected(place.at or None if place else None)[1].above(0.0))


def _advice(synthesis: Synthesis) -> str:
    """Apply the rule."""
    chance = prob_harm(synthesis)
    if not synthesis.body.is_settled:
        return "Gather more evidence before deciding: what there is does not settle the question."
    if chance > _MORE_LIKELY:
        return (
            f"Do not start a programme of this kind: the chance that it does harm is {formats.chance(chance)}. Where "
            "one runs, the burden of proof is on going on."
        )
    if _is_beyond(synthesis):
        return (
            "Evaluate before deciding: the new place lies outside what was studied, so that what to expect there is an "
            "extrapolation."
        )
    pays = None if synthesis.appraisal is None else synthesis.appraisal.prob_net_benefit
    if pays is not None:
        return _advice_on_money(synthesis, pays)
    if chance <= 1 - _WORTH_IT:
        return f"Start one and evaluate it: the chance that it does harm is {formats.chance(chance)}."
    return f"Evaluate before deciding: the chance of harm, {formats.chance(chance)}, is too large to go without."


def _is_beyond(synthesis: Synthesis) -> bool:
    predicted = synthesis.predicted
    return predicted is not None and any(check.passed is False for check in predicted.checks)


def _advice_on_money(synthesis: Synthesis, pays: float) -> str:
    pilot = synthesis.pilot
    if pays >= _WORTH_IT:
        return f"Adopt it, and evaluate it: the chance that its benefits exceed its costs is {formats.chance(pays)}."
    if pilot is not None and pilot.is_worth_it:
        return (
            f"Try it first: {pilot.pilot.name} is worth {formats.money(pilot.net, pilot.currency)} more than it costs. "
            f"The chance that the measure pays is {formats.chance(pays)}, which is not enough to adopt it unseen."
        )
    return f"Evaluate before deciding: the chance that it pays is {formats.chance(pays)}."


def _may_say(synthesis: Synthesis) -> str:
    body = synthesis.body
    if not body.is_settled:
        return "It may be said that these studies were done and what each of them found."
    mean = words.change(body, body.mean.median)
    return (
        f"It may be said that over {len(body.studies)} studies the mean change in {words.quantity(body)} was {mean}, "
        f"with a {words.level_range(body, body.mean)}."
    )
