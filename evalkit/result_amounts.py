"""A sum of money, or of events, as plain data for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from evalkit.economics import Amount

__all__ = ["amount_document"]


@overload
def amount_document(amount: Amount) -> dict[str, float]: ...


@overload
def amount_document(amount: Amount | None) -> dict[str, float] | None: ...


def amount_document(amount: Amount | None) -> dict[str, float] | None:
    """Give mean and range; None where there is no such sum."""
    return None if amount is None else {"mean": amount.mean, "lower": amount.lower, "upper": amount.upper}
