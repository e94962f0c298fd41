"""The choices made of prices and what a reader must be warned of, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.economics.appraisal import Assumption
from evalkit.economics.plausible import implausible_words

if TYPE_CHECKING:
    from evalkit.economics.prices import Prices, UnitCost

__all__ = ["certainty_words", "price_choices", "price_warnings"]

_JUSTICE: Mapping[str, str] = {
    "marginal": "what one crime less saves police, courts and prisons",
    "average": "an average, as published: what is spent over all crimes, most of which one crime less does not save",
    "none": "not counted",
}
_CERTAINTY: Mapping[str, str] = {
    "primary": "read in the source itself",
    "secondary": "read in a source that quotes it",
    "memory": "from memory",
    "own": "the study's own figures",
}


def certainty_words(lines: Sequence[UnitCost]) -> str:
    """Say how sure figures are; unverified where one was not read in its own source."""
    found = {line.certainty for line in lines}
    told = "; ".join(words for key, words in _CERTAINTY.items() if key in found)
    return told if found <= {"primary", "own"} else f"unverified: {told}"


def price_choices(prices: Prices | None) -> list[Assumption]:
    """List what was chosen of the prices and differs from the schedule as published."""
    if prices is None:
        return []
    found = []
    if prices.justice is not None:
        found.append(("costs of justice in the unit costs", _JUSTICE[prices.justice], "", "chosen"))
    if prices.transfer is not None:
        found.append(("unit costs of another country", prices.transfer.words, prices.transfer.source, "own"))
    found += [
        (f"what is valued by {what!r}", f"{thing}, by the evaluator's word", "", "chosen")
        for what, thing in prices.valued_apart.items()
    ]
    return [
        Assumption(what=what, value=value, source=source, certainty=certainty)
        for what, value, source, certainty in found
    ]


def price_warnings(prices: Prices, lines: Sequence[UnitCost]) -> list[str]:
    """Warn of a transfer between countries, and of amounts that are hard to believe."""
    found = [] if prices.transfer is None else [prices.transfer.warning]
    currency = prices.money.split()[0]
    return found + [words for line in lines if (words := implausible_words(line.quantity, currency, line.name))]
