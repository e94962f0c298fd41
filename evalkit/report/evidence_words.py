"""Sentences about a body of evidence; every verb is chosen by a probability, and numbers are read and not made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from evalkit.domain.text import listed
from evalkit.draws import Interval
from evalkit.evidence.priors import before_any_study
from evalkit.judgement import probability_in_words
from evalkit.report import formats

if TYPE_CHECKING:
    from evalkit.evidence.body import BodyOfEvidence
    from evalkit.hierarchy import NormalMixture
    from evalkit.pooling import Synthesis

__all__ = [
    "Side",
    "as_ratio",
    "change",
    "change_range",
    "differ",
    "headline",
    "how_sure",
    "in_a_new_place",
    "level_range",
    "method_sentence",
    "notes_of_studies",
    "prior_sentence",
    "quantity",
    "ratio_name",
    "ratio_range",
    "side_of",
    "subject",
    "things",
]

type Side = Literal["less", "probably less", "open", "probably more", "more"]

# With fewer studies the spread between them is known so poorly that its range is told first.
_MANY = 10
# Two-sided 95 %, and nine in ten.
_SURE, _PROBABLE = 0.975, 0.9

_QUANTITIES = {
    "log_rate_ratio": "{things}",
    "log_risk_ratio": "the risk of {things}",
    "log_odds_ratio": "the odds of {things}",
    "log_hazard_ratio": "the rate at which {things} came about",
    "risk_difference": "the share with {things}",
    "standardised_mean_difference": "{things}",
    "rate_difference": "{things}",
    "mean_difference": "{things}",
}
_RATIO_NAMES = {
    "log_rate_ratio": "rate ratio",
    "log_risk_ratio": "risk ratio",
    "log_odds_ratio": "odds ratio",
    "log_hazard_ratio": "hazard ratio",
}
_VERDICTS: dict[Side, str] = {
    "less": "{subject} reduced {quantity} on average.",
    "probably less": "{subject} probably reduced {quantity} on average.",
    "open": "These {count} studies cannot tell whether {measure} reduced or increased {quantity}.",
    "probably more": "{subject} probably increased {quantity} on average.",
    "more": "{subject} increased {quantity} on average.",
}


def things(body: BodyOfEvidence) -> str:
    """Name what was measured: the one outcome of all studies, or crime and harm in general."""
    named = {each.outcome for each in body.effects}
    return named.pop() if len(named) == 1 and "" not in named else "crime or harm"


def quantity(body: BodyOfEvidence) -> str:
    """Name what the scale of the effects is of, such as the odds of reoffending."""
    return _QUANTITIES[body.scale].format(things=things(body))


def subject(synthesis: Synthesis) -> str:
    """Name what the programmes do."""
    return synthesis.evidence.measure or "programmes of this kind"


def side_of(prob_harm: float) -> Side:
    """Say which way a probability of harm points, and how surely."""
    if prob_harm < 1 - _SURE:
        return "less"
    if prob_harm < 1 - _PROBABLE:
        return "probably less"
    if prob_harm > _SURE:
        return "more"
    return "probably more" if prob_harm > _PROBABLE else "open"


def headline(synthesis: Synthesis) -> str:
    """Answer in one sentence or two; where a check failed on which the answer stands, say that instead."""
    body = synthesis.body
    count = len(body.studies)
    if not body.is_settled:
        return (
            f"These {count} studies do not settle what {subject(synthesis)} did to {quantity(body)}: "
            f"{listed(_failed(body))}."
        )
    side = side_of(body.prob_mean_harm)
    verdict = _VERDICTS[side].format(
        subject=formats.capital(subject(synthesis)),
        measure=subject(synthesis),
        quantity=quantity(body),
        count=count,
    )
    return f"{verdict} {_size(body)} {in_a_new_place(synthesis)}"


_FAILURES = {
    "number of studies": "there are too few",
    "one study decides": "without a single one of them they point elsewhere",
    "prior": "what was believed beforehand decides which way they point",
    "checks of the studies": "most of them failed a check of their own",
}


def _failed(body: BodyOfEvidence) -> list[str]:
    return [_FAILURES[check.name] for check in body.checks if check.passed is False and check.name in _FAILURES]


def _size(body: BodyOfEvidence) -> str:
    mean = body.mean
    return f"The mean change was {change(body, mean.median)} ({level_range(body, mean)})."


def level_range(body: BodyOfEvidence, known: NormalMixture) -> str:
    """Write the range of a distribution with its level."""
    return f"{formats.level(body.level)} range {change_range(body, known.interval(body.level))}"


def change(body: BodyOfEvidence, value: float) -> str:
    """Write an effect as a change: percent of a ratio, or its own unit; a plus is more of what is measured.

    A ratio of one is a change of nothing and written so.
    """
    if body.is_ratio:
        return formats.percent(100 * math.expm1(value), signed=True)
    if body.scale == "risk_difference":
        return f"{_signed(100 * value)} percentage points"
    unit = "standard deviations" if body.scale == "standardised_mean_difference" else body.unit
    return f"{_signed(value)} {unit}"


def _signed(value: float) -> str:
    return formats.rough(value) if value <= 0 else f"+{formats.rough(value)}"


def change_range(body: BodyOfEvidence, held: Interval) -> str:
    """Write both ends of a range of effects."""
    return f"{change(body, held.lower)} to {change(body, held.upper)}"


def as_ratio(body: BodyOfEvidence, value: float) -> str:
    """Write an effect for a table: as a ratio where it is the log of one, as it stands otherwise."""
    return formats.number(math.exp(value) if body.is_ratio else value, 3)


def ratio_range(body: BodyOfEvidence, held: Interval | None) -> str:
    """Write a range of effects for a table."""
    if held is None:
        return formats.NOTHING
    return f"{as_ratio(body, held.lower)} to {as_ratio(body, held.upper)}"


def ratio_name(body: BodyOfEvidence) -> str:
    """Name the column that `as_ratio` fills."""
    if body.is_ratio:
        return _RATIO_NAMES[body.scale]
    unit = {"risk_difference": "difference of risks", "standardised_mean_difference": "standard deviations"}
    return unit.get(body.scale, body.unit)


def in_a_new_place(synthesis: Synthesis) -> str:
    """Say what to expect of one more programme, and how likely it does harm."""
    body = synthesis.body
    new = body.new_programme
    place = synthesis.evidence.place
    if place is not None:
        new = body.expected(place.at or None)[1]
    where = "in a new place" if place is None else f"in {place.name}"
    chance = float(new.above(0.0))
    return (
        f"One more such programme {where} could change it by anything from "
        f"{change_range(body, new.interval(body.level))}; the chance that it does harm is {formats.chance(chance)} "
        f"({probability_in_words(chance)})."
    )


def differ(body: BodyOfEvidence) -> str:
    """Say in words how much programmes differ, and how well that is known."""
    middle, held = body.between
    count = len(body.studies)
    if body.is_ratio:
        factor = formats.number(math.exp(1.96 * middle), 3)
        told = (
            f"Nineteen of twenty programmes lie within a factor of {factor} of the mean, if the standard deviation of "
            f"their true effects is {formats.number(middle, 2)} on the log scale, its middle value"
        )
    else:
        told = (
            f"The standard deviation of programmes' true effects is {formats.number(middle, 2)} at its middle value, "
            f"so that nineteen of twenty lie within {formats.number(1.96 * middle, 2)} of the mean"
        )
    low, high = (formats.number(end, 2) for end in (held.lower, held.upper))
    if count < _MANY:
        known = f"; anything from {low} to {high} fits, as {count} studies tell little of it. "
    else:
        known = f" ({formats.level(held.level)} range {low} to {high}). "
    pooled = float(body.overall.pooling.mean())
    return (
        f"{told}{known}On average {formats.percent(100 * pooled)} of what sets a study apart is taken for chance, and "
        "the study is drawn towards the mean by that much."
    )


def how_sure(body: BodyOfEvidence) -> tuple[str, ...]:
    """Give the reasons to believe and to doubt, in sentences."""
    graded = [each.methods_level for each in body.studies if each.methods_level is not None]
    told = [f"{formats.plural(len(body.studies), 'study', 'studies')}."]
    if graded:
        told.append(
            f"{sum(level == 5 for level in graded)} of {len(graded)} graded studies are randomised (level 5 of the "
            "Scientific Methods Scale)."
        )
    told += [check.detail for check in body.checks if check.passed is False]
    lines = [line for line in body.methods if line.mean is not None]
    low, high = (pick(lines, key=lambda line: line.mean) for pick in (min, max))  # type: ignore[arg-type, return-value]
    if low.mean is not None and high.mean is not None:
        told.append(
            f"By {len(lines)} methods the mean lies between {change(body, low.mean)} ({low.name}) and "
            f"{change(body, high.mean)} ({high.name})."
        )
    return tuple(told)


def notes_of_studies(body: BodyOfEvidence) -> tuple[str, ...]:
    """Give what must be known of single studies; what is the same of several is said once."""
    by_note: dict[str, list[str]] = {}
    for each in body.studies:
        for note in each.notes:
            by_note.setdefault(note, []).append(each.study)
    return tuple(f"{_studies(names, len(body.studies))}: {note}." for note, names in by_note.items())


def _studies(names: list[str], count: int) -> str:
    if len(names) == count:
        return "Every study"
    return listed(names) if len(names) <= 4 else f"{len(names)} studies ({', '.join(names[:3])} and others)"


def prior_sentence(body: BodyOfEvidence) -> str:
    """Say what was believed beforehand, in percent, before any study was read."""
    expects = before_any_study(body.prior)
    name = f"The prior “{body.prior.name}”"
    says = f": {body.prior.reason}" if body.prior.reason else ""
    if expects is None:
        return f"{name} favours nothing{says}."
    held = expects.interval(body.level)
    return (
        f"{name}{says}. Before any study is read it says that {formats.level(body.level)} of programmes change it by "
        f"{change_range(body, held)}, and that {formats.chance(float(expects.above(0.0)))} do harm."
    )


def method_sentence(body: BodyOfEvidence) -> str:
    """Say what the fit is."""
    several = (
        f" Of {len(body.effects)} effects those of one study were made into one."
        if len(body.effects) > len(body.studies)
        else ""
    )
    return (
        f"Each study found its own true effect and chance; true effects vary around their mean. The spread between "
        f"them is not known and is integrated over exactly, without sampling.{several}"
    )
