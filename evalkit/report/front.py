"""The first page: what somebody reads who has one minute and a decision to make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.judgement import probability_in_words
from evalkit.report import formats, moneywords, wording
from evalkit.report.blocks import Grid
from evalkit.report.drawing import Figure
from evalkit.report.reading import Estimated, Reading, read
from evalkit.report.support import Support, supports

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.economics.appraisal import Amount
    from evalkit.evaluation import Evaluation

__all__ = ["Fact", "FirstPage", "Strip", "first_page", "unit_of", "who_pays"]


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A range on a line with zero on it, in units of its own drawing.

    Attributes
    ----------
    zero, lower, middle, upper : places along the line, 0 to 1
    lower_text, upper_text : what stands under the ends
    alt : the same in words
    """

    zero: float
    lower: float
    middle: float
    upper: float
    lower_text: str
    upper_text: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A number, what it is of, and what must be read with it."""

    label: str
    value: str
    detail: str
    strip: Strip | None = None


@dataclass(frozen=True, kw_only=True)
class FirstPage:
    """Everything on the first page, in the order of reading."""

    title: str
    meta: str
    headline: str
    compared: str
    facts: tuple[Fact, ...]
    money_missing: str
    figure: Figure | None
    displacement: str
    certainty: str
    dots: int
    reasons: tuple[str, ...]
    others: tuple[tuple[str, str], ...]
    others_are: str
    city: str
    bearers: Grid | None
    support: Support
    notes: tuple[str, ...]
    more_notes: str
    level: str


def first_page(evaluation: Evaluation, figures: tuple[Figure, ...]) -> FirstPage:
    """Put the first page together."""
    primary, appraisal = evaluation.study.primary, evaluation.appraisal
    reading = read(evaluation, primary)
    return FirstPage(
        title=evaluation.study.title,
        meta=_meta(evaluation),
        headline=wording.headline(evaluation),
        compared=wording.compared(evaluation),
        facts=_facts(evaluation, reading),
        money_missing="" if appraisal else moneywords.why_no_money(evaluation),
        figure=next(
            (each for each in figures if each.name in {"paths", "slope", "event-study", "forest", "outcomes"}), None
        ),
        displacement=wording.displacement(evaluation),
        certainty=evaluation.finding.certainty,
        dots=evaluation.finding.dots,
        reasons=wording.certainty(evaluation),
        others=tuple((name, wording.answer(evaluation, name)) for name in evaluation.effects if name != primary),
        others_are=wording.SECONDARY,
        city="" if appraisal is None else moneywords.city_line(appraisal),
        bearers=None if appraisal is None else who_pays(appraisal, rough=True),
        support=supports(evaluation),
        notes=_warnings(evaluation)[:_NOTES],
        more_notes=_more_notes(len(_warnings(evaluation)) - _NOTES),
        level=formats.level(evaluation.study.level),
    )


# More would push the advice off the page; the rest stands in the technical part.
_NOTES = 2


def _warnings(evaluation: Evaluation) -> tuple[str, ...]:
    """Give every sentence that a reader must see, once."""
    money = () if evaluation.appraisal is None else evaluation.appraisal.warnings
    return tuple(dict.fromkeys((*evaluation.warnings, *money)))


def _more_notes(number_of: int) -> str:
    if number_of <= 0:
        return ""
    return f"{formats.plural(number_of, 'more note stands', 'more notes stand')} in the technical part."


def _meta(evaluation: Evaluation) -> str:
    """Say where and when, who evaluated and who paid: the line of independence."""
    measure, design = evaluation.study.intervention, evaluation.design(evaluation.study.primary)
    parts = [
        measure.place,
        measure.name,
        f"{design.periods_after[0]} to {design.periods_after[-1]}" if design.panel is not None else "before and after",
        f"evaluated by {measure.evaluated_by}" if measure.evaluated_by else "",
        f"paid for by {measure.paid_by}" if measure.paid_by else "",
    ]
    return " · ".join(part for part in parts if part)


def _facts(evaluation: Evaluation, reading: Reading) -> tuple[Fact, ...]:
    appraisal = evaluation.appraisal
    size = _size_fact(reading)
    if appraisal is None:
        return (size, _relative_fact(reading), _chance_fact(evaluation, reading))
    value, detail = moneywords.cost_of_one(evaluation, appraisal)
    gain, word = moneywords.chance_of_gain(evaluation, appraisal)
    return (
        size,
        Fact(label="Cost of preventing one", value=value, detail=f"{_one_of(appraisal)}{detail}"),
        Fact(label="Benefits exceed costs", value=gain, detail=word),
    )


def _one_of(appraisal: Appraisal) -> str:
    """Say first what one is that has a cost, where several outcomes are counted."""
    told = moneywords.one_of(appraisal)
    return "" if told == "one" else f"{formats.capital(told)}. "


def _size_fact(reading: Reading) -> Fact:
    """Give how many were prevented, counting nearby areas where they were measured."""
    known = reading.net or reading.events
    if known is None:
        middle, held = reading.change
        detail = f"change in {reading.things}; between {formats.rough(held.lower)} and {formats.rough(held.upper)}"
        unit = f" ({reading.outcome.unit})" if reading.outcome.unit and reading.scale == "mean_difference" else ""
        return Fact(
            label="Change", value=f"about {formats.rough(middle)}", detail=detail + unit, strip=_strip(reading.change)
        )
    middle, held = known
    scope = "nearby areas counted; " if reading.net is not None else ""
    noun = reading.things
    strip = _strip(known, wording.side)
    if not held.excludes(0):
        value = "few or none" if reading.movement == "little" else "not known"
        span = f"anything from {wording.side(held.lower)} to {wording.side(held.upper)}"
        label = "Prevented" if reading.outcome.good == "fewer" else "Change"
        return Fact(label=label, value=value, detail=f"{noun}, {scope}{span} than expected", strip=strip)
    low, high = (formats.events(end) for end in sorted((held.lower, held.upper), key=abs))
    detail = f"{noun}; {scope}between {low} and {high}"
    if middle < 0:
        good = "" if reading.outcome.good == "fewer" else " (good)"
        return Fact(
            label=f"More than expected{good}", value=f"about {formats.events(middle)}", detail=detail, strip=strip
        )
    is_shown = reading.outcome.good == "fewer" and reading.certainty in {"high", "moderate"}
    label = "Prevented" if is_shown else "Fewer than expected"
    return Fact(label=label, value=f"about {formats.events(middle)}", detail=detail, strip=strip)


def _relative_fact(reading: Reading) -> Fact:
    if reading.percent is None:
        why = (
            "fewer than ten were to be expected"
            if reading.base_is_small
            else "the figures fit that nothing was to be expected"
            if reading.events is not None
            else "this measure has no natural zero"
        )
        return Fact(label="Change in percent", value="not quoted", detail=f"{why}, so a percentage would mislead")
    middle, held = reading.percent
    ends = f"between {formats.percent(held.lower, signed=True)} and {formats.percent(held.upper, signed=True)}"
    where = "of what was expected in the treated sites alone" if reading.net is not None else "of what was expected"
    if reading.movement == "unclear":
        return Fact(label="Change in percent", value="not known", detail=f"{where}; anything {ends}")
    return Fact(label="Change in percent", value=formats.percent(middle, signed=True), detail=f"{where}; {ends}")


def _chance_fact(evaluation: Evaluation, reading: Reading) -> Fact:
    effect = evaluation.primary
    is_fewer = effect.outcome.good == "fewer"
    shown, scope = effect.prob_reduction if is_fewer else 1 - effect.prob_reduction, ""
    if reading.net is not None and effect.net_prevented is not None:
        shown, scope = float((effect.net_prevented.sum(axis=1) > 0).mean()), ", nearby areas counted"
    return Fact(
        label="Chance of less" if is_fewer else "Chance of more",
        value=formats.chance(shown),
        detail=f"{probability_in_words(shown)}{scope}, if the assumption of the comparison holds",
    )


def _strip(known: Estimated, side: Callable[[float], str] = formats.rough) -> Strip:
    """Lay a range and zero along a line; `side` writes its ends."""
    middle, held = known
    low, high = min(held.lower, 0.0), max(held.upper, 0.0)
    width = (high - low) or 1.0
    ends = f"{side(held.lower)} to {side(held.upper)}"
    inside = "zero is outside the range" if held.excludes(0) else "zero is inside the range"
    return Strip(
        zero=-low / width,
        lower=(held.lower - low) / width,
        middle=(middle - low) / width,
        upper=(held.upper - low) / width,
        lower_text=side(held.lower),
        upper_text=side(held.upper),
        alt=f"range {ends}; {inside}",
    )


def who_pays(appraisal: Appraisal, *, rough: bool) -> Grid:
    """Give what each bearer pays and gains; with two digits for the first page, or in full."""
    unit = unit_of(appraisal)

    def write(value: float) -> str:
        if not rough:
            return formats.full_money(value, unit)
        # under a hundredth of a million is still an amount
        return formats.rough(value / unit) if abs(value) >= unit / 100 else formats.number(value / unit, 2)

    def of(part: Amount | None, sign: int = 1) -> str:
        is_nothing = part is None or (part.mean == 0 and part.lower == part.upper)
        return formats.NOTHING if part is None or is_nothing else write(sign * part.mean)

    rows = [
        (formats.capital(line.bearer), of(line.cost, -1), of(line.benefit), of(line.net))
        for line in appraisal.by_bearer
    ]
    net = appraisal.net_benefit
    ends = f" ({write(net.lower)} to {write(net.upper)})" if net is not None else ""
    rows.append(("Together", of(appraisal.cost, -1), of(appraisal.benefit), f"{of(net)}{ends}"))
    return Grid(
        caption=_caption(appraisal, unit),
        columns=("Bearer", "Costs", "Benefits", "Net"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3}),
        totals=True,
    )


def unit_of(appraisal: Appraisal) -> float:
    """Count in millions where single units would fill the page with zeros."""
    sums = [part for part in (appraisal.cost, appraisal.benefit, appraisal.net_benefit) if part is not None]
    largest = max(abs(end) for part in sums for end in (part.mean, part.lower, part.upper))
    return 1e6 if largest >= 1e7 else 1.0


def _caption(appraisal: Appraisal, unit: float) -> str:
    return _BEARER_CAPTIONS[appraisal.scenario == "observed window"].format(
        currency=formats.currency_name(appraisal.currency, unit),
        price_year=appraisal.price_year,
        horizon=formats.plural(appraisal.horizon, "year", "years"),
        level=formats.level(appraisal.level),
    )


_BEARER_CAPTIONS = {
    True: "{currency} at prices of {price_year}, {horizon}; in brackets the {level} range",
    False: "{currency} at prices of {price_year}, {horizon}, an extrapolation; in brackets the {level} range",
}
