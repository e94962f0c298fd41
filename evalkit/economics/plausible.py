"""Amounts that nothing costs and nobody counts: most likely a sum for a country, or a unit slipped."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.draws import FloatArray, Quantity, settled_mean
from evalkit.errors import CostError

__all__ = ["DEAREST", "implausible_words", "refuse_absurd", "refuse_heavy_tail", "refuse_implausible"]

# What a whole country spends on crime is of this order in any currency.
_NO_CRIME = 1e12
# The dearest published unit cost is 17.3 million 2008 dollars for a murder (DeLisi and others 2010, in
# tables/prices_delisi-2010.csv); three times that is beyond any that was read.
DEAREST: Mapping[str, float] = dict.fromkeys(("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "NZD"), 5e7)


def refuse_absurd(amount: Quantity, what: str, remedy: str, limit: float = _NO_CRIME) -> Quantity:
    """Give the amount, unless it is, or can be, of a size that no measure has.

    Raises
    ------
    CostError
        Naming what it is of, and the remedy.
    """
    largest = _largest(amount)
    if largest >= limit:
        raise CostError(f"{what} is {largest:.3g}, and wanted is less than {limit:.3g}; {remedy}")
    return amount


def _largest(amount: Quantity) -> float:
    return max(amount.mean, amount.parameters.get("high", amount.mean))


def refuse_implausible(amount: Quantity, name: str) -> None:
    """Refuse a unit cost of 10^12 or more, in whichever currency."""
    largest = _largest(amount)
    if largest >= _NO_CRIME:
        raise CostError(
            f"the unit cost {name} is {largest:.3g} for one crime, and none costs {_NO_CRIME:.0e} or more in any "
            "currency; give the amount for one crime, in whole units"
        )


def implausible_words(amount: Quantity, currency: str, name: str) -> str:
    """Give a sentence that warns of a unit cost far above every published one; empty where it is not."""
    bound = DEAREST.get(currency)
    if bound is None or amount.mean <= bound:
        return ""
    return (
        f"The unit cost {name} is {amount.mean:,.0f} {currency}, about three times the dearest that was ever "
        "published for one crime or more; check that it is an amount for one crime, in whole units."
    )


def refuse_heavy_tail(drawn: FloatArray, what: str, words: str) -> None:
    """Refuse an amount whose mean a few extreme draws decide, shape (draws,): means add up money."""
    if settled_mean(drawn) is None:
        raise CostError(
            f"{what} is {words}, so uncertain that a few extreme draws decide its mean; give a "
            "range that can be defended, such as {low, high}"
        )
