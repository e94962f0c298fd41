"""Sentences about money: no price for a prevented crime where none may have been prevented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain.text import listed
from evalkit.draws import FloatArray, Quantity, interval
from evalkit.judgement import probability_in_words
from evalkit.report import formats

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.economics.ledger import Flow
    from evalkit.evaluation import Evaluation

__all__ = [
    "break_even",
    "chance_of_gain",
    "city_line",
    "condition",
    "cost_of_one",
    "costs_read",
    "is_cost_quotable",
    "net_sentence",
    "never_pays",
    "one_of",
    "priced_prevented",
    "priced_things",
    "why_no_money",
]


def is_cost_quotable(appraisal: Appraisal) -> bool:
    """Say whether the range of crimes prevented leaves out nothing and harm, so that a cost of one exists."""
    per_crime = appraisal.cost_per_crime_prevented
    return per_crime.estimate is not None and appraisal.prevented.lower > 0


def cost_of_one(evaluation: Evaluation, appraisal: Appraisal) -> tuple[str, str]:
    """Give the figure for the cost of preventing one crime and the sentence under it, or why there is none."""
    per_crime, currency = appraisal.cost_per_crime_prevented, appraisal.currency
    even = break_even(evaluation, appraisal)
    if is_cost_quotable(appraisal) and per_crime.estimate is not None:
        rests_on = condition(evaluation)
        chance = formats.chance(per_crime.prob_prevents)
        sure = _PREVENTED_ANY.format(chance=f"{chance}, {rests_on}" if rests_on else chance)
        told = (sure, _payers(appraisal), _acceptable(appraisal))
        return formats.money(per_crime.estimate, currency), " ".join(part for part in told if part)
    if per_crime.prob_prevents < 0.5:
        return "no figure", f"It is not shown to prevent crime. {even}"
    if per_crime.estimate is None:
        return "no figure", f"{formats.sentence(per_crime.reason)} {even}"
    return "no figure", f"It may have prevented none. {even}"


# Said before the price, as the price means nothing without it.
_PREVENTED_ANY = "The chance that any was prevented is {chance}."


def condition(evaluation: Evaluation) -> str:
    """Say on what every sum rests that takes the change for the work of the measure; empty where that was shown."""
    return _CONDITIONS.get(evaluation.finding.certainty, "")


_CONDITIONS = {
    "low": "if the measure was the reason",
    "very low": "only if the measure was the reason, which this design cannot show",
}


def one_of(appraisal: Appraisal) -> str:
    """Say what one is that has a cost, where several outcomes are counted."""
    return f"one of the {appraisal.events_are} counted together" if _is_mixed(appraisal) else "one"


def _is_mixed(appraisal: Appraisal) -> bool:
    """Say whether several outcomes are added up; the names for such a sum are those of no single one."""
    return appraisal.events_are in {"crimes", "events"} and len(appraisal.by_crime) > 1


def costs_read(evaluation: Evaluation) -> list[str]:
    """Repeat what was read as costs, so that a slip of the pen is seen before it is believed."""
    costs = evaluation.study.costs
    if costs is None:
        return []
    told = [_entry(flow, costs.currency, costs.price_year) for flow in costs.flows[:_FLOWS]]
    left = len(costs.flows) - _FLOWS
    return told if left <= 0 else [*told, f"{formats.plural(left, 'more entry', 'more entries')} of the ledger."]


_FLOWS = 3


def _entry(flow: Flow, currency: str, price_year: int | str) -> str:
    given, is_named = Quantity.of(flow.amount), currency != formats.NO_CURRENCY
    saved = "saved, " if flow.saving else ""
    who = f"{flow.bearer}, {_years(flow.years)}, prices of {price_year}"
    if given.is_certain:
        return f"Cost: {saved}{f'{currency}{formats.FIXED}' if is_named else ''}{given.describe()} ({who})."
    return f"Cost{f' in {currency}' if is_named else ''}: {saved}{given.describe()}, {who}."


def _years(years: Sequence[int]) -> str:
    return f"year {years[0]}" if len(years) == 1 else f"years {years[0]} to {years[-1]}"


def _payers(appraisal: Appraisal) -> str:
    """Say who pays, nothing that is saved elsewhere taken off."""
    who = [line.bearer for line in appraisal.by_bearer if line.cost.mean > 0]
    return f"Paid by: {listed(who)}." if who else ""


def _acceptable(appraisal: Appraisal) -> str:
    """Say at what worth of a crime it pays, and how surely."""
    at = appraisal.cost_per_crime_prevented.acceptable_at
    for probability in (0.95, 0.8, 0.5):
        worth = at.get(probability)
        if worth is not None:
            return _PAYS_AT.format(share=formats.chance(probability), worth=formats.money(worth, appraisal.currency))
    return never_pays(appraisal)


_PAYS_AT = "It pays with a chance of {share} if a prevented crime is worth {worth} or more."


def never_pays(appraisal: Appraisal) -> str:
    """Say that no value of a crime makes it likely to pay; empty where the benefits in money say otherwise."""
    chance = appraisal.prob_net_benefit
    return "" if chance is not None and chance >= 0.5 else _NEVER_PAYS


_NEVER_PAYS = "No value of a prevented crime makes it pay with a chance of 50 in 100."


def priced_prevented(evaluation: Evaluation, appraisal: Appraisal) -> FloatArray | None:
    """Give events prevented of the outcomes that have a price, shape (draws,): what a break-even is held against."""
    priced = [line.outcome for line in appraisal.by_crime if line.unit_value is not None]
    found = [evaluation.primary_of(name).net_prevented for name in priced if name in evaluation.effects]
    events = [each.sum(axis=1) for each in found if each is not None]
    return np.sum(events, axis=0) if events and len(events) == len(priced) else None


def break_even(evaluation: Evaluation, appraisal: Appraisal) -> str:
    """Say how many priced events would have to be prevented for it to pay, beside how many were."""
    even, prevented = appraisal.break_even, priced_prevented(evaluation, appraisal)
    if even.events is None:
        return f"There is no break-even: {even.reason}."
    if prevented is None:
        return ""
    held = interval(prevented, appraisal.level)
    needed, things = formats.events(even.events), priced_things(evaluation, appraisal)
    told = _BREAK_EVEN.format(needed=needed, things=things, range=_spanned(held.lower, held.upper))
    return f"{told} {_unpriced(appraisal)}".rstrip()


def priced_things(evaluation: Evaluation, appraisal: Appraisal) -> str:
    """Name the events that have a price."""
    priced = [line.outcome for line in appraisal.by_crime if line.unit_value is not None]
    return evaluation.primary_of(priced[0]).outcome.plural if len(priced) == 1 else "priced crimes"


def _unpriced(appraisal: Appraisal) -> str:
    """Say what is in neither of the two numbers."""
    names = appraisal.unpriced
    if not names:
        return ""
    left = formats.plural(len(names), "outcome has", "outcomes have")
    return f"{left} no price and {'is' if len(names) == 1 else 'are'} in neither number: {', '.join(names)}."


_BREAK_EVEN = "It breaks even at about {needed} prevented {things}; the figures fit {range}."


def _spanned(lower: float, upper: float) -> str:
    key = "prevented" if lower >= 0 else "more" if upper <= 0 else "open"
    low, high = (formats.events(end) for end in ((upper, lower) if key == "more" else (lower, upper)))
    return _SPANS[key].format(low=low, high=high)


_SPANS = {
    "prevented": "between {low} and {high}",
    "more": "between {low} and {high} more and none prevented",
    "open": "anything from {low} more to {high} prevented",
}


def chance_of_gain(evaluation: Evaluation, appraisal: Appraisal) -> tuple[str, str]:
    """Give the chance that benefits exceed costs, with its word and what it rests on."""
    probability = appraisal.prob_net_benefit
    if probability is None:
        return "no figure", formats.sentence(appraisal.benefit_reason)
    word = probability_in_words(probability)
    schedule = f"at the unit costs of {appraisal.schedule}" if appraisal.schedule else "at the unit costs named below"
    parts = (word, schedule, condition(evaluation))
    return formats.chance(probability), ", ".join(part for part in parts if part)


def net_sentence(appraisal: Appraisal) -> str:
    """Say what is left, with its range."""
    net, currency = appraisal.net_benefit, appraisal.currency
    if net is None:
        return formats.sentence(appraisal.benefit_reason)
    key = "gain" if net.lower > 0 else "loss" if net.upper < 0 else "open"
    return _NET[key].format(
        middle=formats.money(abs(net.mean), currency),
        lower=formats.money(net.lower, currency),
        upper=formats.money(net.upper, currency),
    )


_NET = {
    "gain": "Benefits exceed costs by about {middle} (between {lower} and {upper}).",
    "loss": "Costs exceed benefits by about {middle} (net between {lower} and {upper}).",
    "open": "The net benefit (benefits less costs) lies anywhere between {lower} and {upper}.",
}


def city_line(appraisal: Appraisal) -> str:
    """Say in a sentence or two what the city pays on balance and what falls on others; empty where not reckoned."""
    city, currency = appraisal.city, appraisal.currency
    if city is None:
        return ""
    net = city.net_cost
    if net.lower == net.upper == 0:
        return "The city itself pays nothing on balance." if city.cost.mean else "The city itself pays nothing."
    ends = f", between {formats.money(net.lower, currency)} and {formats.money(net.upper, currency)}"
    told = f"Net cost to the city: {formats.money(net.mean, currency)}{ends if net.lower < net.upper else ''}."
    if city.share_on_others is None:
        return told
    return f"{told} Share of the benefit that falls on others: {formats.percent(100 * city.share_on_others)}."


def why_no_money(evaluation: Evaluation) -> str:
    """Say why nothing is said about money."""
    return (
        f"There is no appraisal in money. {formats.sentence(evaluation.appraisal_reason or 'the study names no costs')}"
    )
