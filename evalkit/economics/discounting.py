"""Discounting: what money of a later year is worth in year 1 of the measure.

Schedules are data with a name that carries their edition, so that a new edition stands beside the old
one. The years of a table count from 0, which is not discounted: it is year 1 of a ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.price_files import read_header
from evalkit.errors import CostError, nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Discounting", "discount_factors", "discounting_schedules"]


@dataclass(frozen=True, kw_only=True)
class Discounting:
    """A rate for every year.

    Attributes
    ----------
    name : of the schedule
    steps : (first year, rate as a share) in order; the first begins in year 1, the last has no end
    source, certainty : where the rates are from and how they were read
    edition : which edition of the source; empty for a constant rate
    note : what a reader of the rates must know
    """

    name: str
    steps: tuple[tuple[int, float], ...]
    source: str = ""
    certainty: str = "own"
    edition: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        years = [year for year, _ in self.steps]
        if not years or years[0] != 1 or years != sorted(set(years)):
            raise CostError(
                f"the steps of discounting {self.name!r} begin in year 1 and in later years after it; there is {years}"
            )
        for _, rate in self.steps:
            if not 0 <= rate < 1:
                raise CostError(f"a discount rate is a share such as 0.035 for 3.5 %; there is {rate!r}")

    @classmethod
    def load(cls, name: str) -> Discounting:
        """Give a schedule that ships with evalkit."""
        if name not in _shipped():
            raise CostError(
                f"no discounting {name!r}; {nearest(name, _shipped())}; or give a constant rate, such as 0.035"
            )
        return _shipped()[name]

    @classmethod
    def of(cls, value: str | float | Mapping[str, Any] | Discounting) -> Discounting:
        """Read a schedule by name, a constant rate, or a table of rates as `read_own` takes it."""
        if isinstance(value, Discounting):
            return value
        if isinstance(value, str):
            return cls.load(value)
        if isinstance(value, Mapping):
            from evalkit.economics.discounting_file import read_own

            return read_own(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CostError(f"discounting is a schedule by name or a constant rate; there is {value!r}")
        return cls(name=f"{value:.4g} a year", steps=((1, float(value)),))

    @property
    def words(self) -> str:
        """The rates in words."""
        rates = [f"{100 * rate:.3g} %" + (f" from year {year}" if year > 1 else "") for year, rate in self.steps]
        note = f"; {self.note}" if self.note else ""
        return f"{self.name}: " + ", ".join(rates) + f"; year 1 of the measure is not discounted{note}"

    @property
    def spans(self) -> tuple[tuple[int, int | None, float], ...]:
        """First year, last year (None where there is no end) and rate, of every step."""
        ends = [year - 1 for year, _ in self.steps[1:]]
        return tuple((year, end, rate) for (year, rate), end in zip(self.steps, [*ends, None], strict=True))


@cache
def _shipped() -> dict[str, Discounting]:
    text = files("evalkit.economics").joinpath("tables", "discount_rates.csv").read_text(encoding="utf-8")
    _, rows = read_header(text, "discount_rates.csv")
    by_name: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_name.setdefault(row["schedule"], []).append(row)
    return {
        name: Discounting(
            name=name,
            steps=tuple((int(row["first_year"]), float(row["percent"]) / 100) for row in found),
            **{key: found[0][key] for key in ("edition", "source", "certainty", "note")},
        )
        for name, found in by_name.items()
    }


def discounting_schedules() -> tuple[str, ...]:
    """List the schedules that ship with evalkit."""
    return tuple(sorted(_shipped()))


def discount_factors(schedule: str | float | Mapping[str, Any] | Discounting, years: ArrayLike) -> FloatArray:
    """Give what one unit of money after so many years is worth at the start.

    Parameters
    ----------
    schedule : a schedule by name, or a constant rate as a share
    years : whole numbers of years after the base year, 0 for the base year itself

    Returns
    -------
    array, the shape of `years`

    >>> discount_factors("green-book-2026", [0, 1, 31]).round(6).tolist()
    [1.0, 0.966184, 0.345901]
    """
    chosen = Discounting.of(schedule)
    asked = np.asarray(years)
    if asked.size and not (np.isfinite(asked).all() and (asked == np.floor(asked)).all() and asked.min() >= 0):
        raise CostError(f"years to discount are whole numbers of 0 or more; there is {asked.tolist()}")
    last = int(asked.max()) if asked.size else 0
    first_years = np.array([year for year, _ in chosen.steps])
    rates = np.array([rate for _, rate in chosen.steps])
    by_year = rates[np.searchsorted(first_years, np.arange(1, last + 1), side="right") - 1]
    factors = np.concatenate([[1.0], np.cumprod(1 / (1 + by_year))])
    return np.asarray(factors[asked.astype(int)])
