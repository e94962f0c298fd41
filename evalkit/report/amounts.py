"""Cells of tables that hold a sum of money with its range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import formats

if TYPE_CHECKING:
    from evalkit.economics.appraisal import Amount

__all__ = ["mean_cell", "range_cell"]


def mean_cell(part: Amount | None, unit: float = 1.0) -> str:
    """Write the mean in multiples of a unit."""
    return formats.NOTHING if part is None else formats.full_money(part.mean, unit)


def range_cell(part: Amount | None, unit: float = 1.0) -> str:
    """Write both ends of the range."""
    if part is None:
        return formats.NOTHING
    return f"{formats.full_money(part.lower, unit)} to {formats.full_money(part.upper, unit)}"
