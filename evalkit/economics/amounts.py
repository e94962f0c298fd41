"""Amounts of money as they are given: checked, and named in the message where they are wrong."""

from __future__ import annotations

import re

from evalkit.draws import Quantity
from evalkit.errors import CostError, DomainError

__all__ = ["check_money_unit", "is_whole", "read_amount"]

# The smallest of a million mid-quantiles of a normal lies 4.9 deviations below its mean.
_NORMAL_MARGIN = 5.0


def check_money_unit(currency: object) -> str:
    """Give a currency in its code of three letters."""
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
        raise CostError(f"a currency is a code of three capital letters such as 'EUR'; there is {currency!r}")
    return currency


def read_amount(value: object, what: str) -> Quantity:
    """Read a number or a distribution, and refuse one that is, or can be, below zero."""
    try:
        amount = Quantity.of(value)  # type: ignore[arg-type]
    except DomainError as problem:
        raise CostError(f"{what}: {problem}") from None
    _check_not_negative(amount, what)
    return amount


def _check_not_negative(amount: Quantity, what: str) -> None:
    p = amount.parameters
    if amount.shape == "normal" and 0 < p["mean"] < _NORMAL_MARGIN * p["sd"]:
        raise CostError(
            f"{what} is normal with mean {p['mean']:g} and sd {p['sd']:g}, which falls below zero; "
            "give {mean, sd} without a shape (lognormal), or {low, high}"
        )
    lowest = p.get("low", amount.mean)
    if lowest < 0:
        raise CostError(f"{what} is an amount of zero or more; there is {lowest:g}")


def is_whole(value: object) -> bool:
    """Say whether it is a whole number, and not true or false."""
    return isinstance(value, int) and not isinstance(value, bool)
