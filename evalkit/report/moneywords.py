"""Sentences about money: no price for a prevented crime where none may have been prevented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.judgement import probability_in_words
from evalkit.report import formats

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.evaluation import Evaluation

__all__ = ["break_even", "chance_of_gain", "cost_of_one", "is_cost_quotable", "net_sentence", "why_no_money"]


def is_cost_quotable(appraisal: Appraisal) -> bool:
    """Say whether the range of crimes prevented leaves out nothing and harm, so that a cost of one exists."""
    per_crime = appraisal.cost_per_crime_prevented
    return per_crime.estimate is not None and appraisal.prevented.lower > 0


def cost_of_one(appraisal: Appraisal) -> tuple[str, str]:
    """Give the figure for the cost of preventing one crime and the sentence under it, or why there is none."""
    per_crime, currency = appraisal.cost_per_crime_prevented, appraisal.currency
    if is_cost_quotable(appraisal) and per_crime.estimate is not None:
        sure = _PREVENTED_ANY.format(chance=formats.chance(per_crime.prob_prevents))
        return formats.money(per_crime.estimate, currency), f"{sure} {_payers(appraisal)} {_acceptable(appraisal)}"
    if per_crime.prob_prevents < 0.5:
        return "no figure", f"It is not shown to prevent crime. {break_even(appraisal)}"
    if per_crime.estimate is None:
        return "no figure", f"{_sentence(per_crime.reason)} {break_even(appraisal)}"
    return "no figure", f"It may have prevented none. {break_even(appraisal)}"


# Said before the price, as the price means nothing without it.
_PREVENTED_ANY = "The chance that any was prevented is {chance}."


def _payers(appraisal: Appraisal) -> str:
    """Say who pays, nothing that is saved elsewhere taken off."""
    who = [line.bearer for line in appraisal.by_bearer if line.cost.mean > 0]
    return f"Paid by: {who[0]}." if len(who) == 1 else f"Paid by: {', '.join(who[:-1])} and {who[-1]}." if who else ""


def _acceptable(appraisal: Appraisal) -> str:
    """Say at what worth of a crime it pays, and how surely."""
    at = appraisal.cost_per_crime_prevented.acceptable_at
    for probability in (0.95, 0.8, 0.5):
        worth = at.get(probability)
        if worth is not None:
            return _PAYS_AT.format(share=formats.chance(probability), worth=formats.money(worth, appraisal.currency))
    return "No worth of a crime makes it pay with even odds."


_PAYS_AT = "It pays with a chance of {share} if a prevented crime is worth {worth} or more."


def break_even(appraisal: Appraisal) -> str:
    """Say how many crimes would have to be prevented for it to pay, beside how many were."""
    even, prevented = appraisal.break_even, appraisal.prevented
    if even.events is None:
        return f"There is no break-even: {even.reason}."
    return _BREAK_EVEN.format(needed=formats.events(even.events), range=_spanned(prevented.lower, prevented.upper))


_BREAK_EVEN = "It breaks even at about {needed} prevented crimes; the figures fit {range}."


def _spanned(lower: float, upper: float) -> str:
    key = "prevented" if lower >= 0 else "more" if upper <= 0 else "open"
    low, high = (formats.events(end) for end in ((upper, lower) if key == "more" else (lower, upper)))
    return _SPANS[key].format(low=low, high=high)


_SPANS = {
    "prevented": "between {low} and {high}",
    "more": "between {low} and {high} more crimes and none prevented",
    "open": "anything from {low} more crimes to {high} prevented",
}


def chance_of_gain(appraisal: Appraisal) -> tuple[str, str]:
    """Give the chance that benefits exceed costs, with its word and what it rests on."""
    probability = appraisal.prob_net_benefit
    if probability is None:
        return "no figure", _sentence(appraisal.benefit_reason)
    word = probability_in_words(probability)
    schedule = f"at the unit costs of {appraisal.schedule}" if appraisal.schedule else "at the unit costs named below"
    return formats.chance(probability), f"{word}, {schedule}"


def net_sentence(appraisal: Appraisal) -> str:
    """Say what is left, with its range."""
    net, currency = appraisal.net_benefit, appraisal.currency
    if net is None:
        return _sentence(appraisal.benefit_reason)
    key = "gain" if net.lower > 0 else "loss" if net.upper < 0 else "open"
    return _NET[key].format(
        middle=formats.money(abs(net.mean), currency),
        lower=formats.money(net.lower, currency),
        upper=formats.money(net.upper, currency),
    )


_NET = {
    "gain": "Benefits exceed costs by about {middle} (between {lower} and {upper}).",
    "loss": "Costs exceed benefits by about {middle} (net between {lower} and {upper}).",
    "open": "What is left of benefits after costs lies anywhere between {lower} and {upper}.",
}


def why_no_money(evaluation: Evaluation) -> str:
    """Say why nothing is said about money."""
    return f"There is no appraisal in money. {_sentence(evaluation.appraisal_reason or 'the study names no costs')}"


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    capital = text[:1].upper() + text[1:]
    return capital if capital.endswith(".") else f"{capital}."
