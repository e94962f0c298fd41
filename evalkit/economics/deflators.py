"""Price indices: from the money of one year to the money of another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from evalkit.economics.price_files import read_header
from evalkit.economics.price_years import is_financial, read_price_year
from evalkit.errors import CostError, nearest

__all__ = ["Deflator", "Uprating", "deflators", "uprate", "uprating"]

type HalfOfFinancialYear = Literal["first", "second"]

_BROKEN_YEARS = (2020, 2021)
_MEASURED = (
    "The GDP deflator of the United Kingdom is broken in 2020 and 2021 (the output of public services "
    "was measured in another way): it rises by 5.0 % and 0.1 %, and "
)
_ENDS = "amounts uprated from or to these years are off by some per cent; prefer another year."
_CROSSES = (
    "amounts uprated across these years carry the rise of both together, about 2.5 % a year, which is less distorted "
    "than a step that starts or ends in them."
)


@dataclass(frozen=True, kw_only=True)
class Deflator:
    """A price index: its level by year.

    Attributes
    ----------
    country : ISO code of three letters
    index : "gdp-deflator", "cpi", "cpi-u", or the user's own
    levels : level of the index by price year, "2010" or "2015/16"
    source, licence, certainty : where the figures are from and how they were read
    """

    country: str
    index: str
    levels: Mapping[str, float] = field(repr=False)
    source: str = ""
    licence: str = ""
    certainty: str = "own"

    def __post_init__(self) -> None:
        levels = {read_price_year(year): float(level) for year, level in self.levels.items()}
        bad = [year for year, level in levels.items() if not (math.isfinite(level) and level > 0)]
        if bad or not levels:
            raise CostError(
                f"the index {self.index!r} of {self.country} has levels above zero for at least one year; "
                f"there is {bad[0] + ': ' + str(levels[bad[0]]) if bad else 'none'}"
            )
        object.__setattr__(self, "levels", levels)

    @classmethod
    def load(cls, country: str, index: str = "gdp-deflator") -> Deflator:
        """Give an index that ships with evalkit."""
        known = _shipped()
        countries = sorted({place for place, _ in known})
        if country not in countries:
            raise CostError(
                f"no deflator for the country {country!r}; {nearest(country, countries, 20)}; "
                "give your own, in a study file as deflator = 'index.csv', in a program with Deflator.from_csv"
            )
        if (country, index) not in known:
            names = sorted(name for place, name in known if place == country)
            raise CostError(f"no index {index!r} for {country}; {nearest(index, names)}")
        return known[country, index]

    @classmethod
    def from_csv(cls, path: str | Path, *, country: str, index: str = "own", source: str = "") -> Deflator:
        """Read a file with the columns year and value; a year may be a financial year such as 2015/16."""
        try:
            _, rows = read_header(Path(path).read_text(encoding="utf-8-sig"), str(path))
        except OSError as problem:
            raise CostError(f"cannot read the deflator {str(path)!r}: {problem.strerror}") from problem
        if not rows or not {"year", "value"} <= set(rows[0]):
            raise CostError(f"the deflator {str(path)!r} has the columns year and value, and a row a year")
        try:
            levels = {row["year"]: float(row["value"]) for row in rows}
        except ValueError as problem:
            raise CostError(f"a value in the deflator {str(path)!r} is not a number: {problem}") from None
        return cls(country=country, index=index, levels=levels, source=source or str(path))


@cache
def _shipped() -> dict[tuple[str, str], Deflator]:
    text = files("evalkit.economics").joinpath("tables", "deflators.csv").read_text(encoding="utf-8")
    publishers, rows = read_header(text, "deflators.csv")
    found: dict[tuple[str, str], tuple[dict[str, float], Mapping[str, Any]]] = {}
    for row in rows:
        levels, _ = found.setdefault((row["country"], row["index"]), ({}, publishers[row["publisher"]]))
        levels[row["year"]] = float(row["value"])
    return {
        (country, index): Deflator(
            country=country,
            index=index,
            levels=levels,
            source=publisher["source"],
            licence=publisher["licence"],
            certainty=publisher["certainty"],
        )
        for (country, index), (levels, publisher) in found.items()
    }


def deflators() -> tuple[tuple[str, str], ...]:
    """List the indices that ship with evalkit, (country, index)."""
    return tuple(sorted(_shipped()))


@dataclass(frozen=True, kw_only=True)
class Uprating:
    """A step from one price year to another.

    Attributes
    ----------
    factor : what an amount is multiplied by
    words : the step in words, for a table of assumptions
    source, certainty : of the index; empty and "chosen" where the years are the same
    warnings : sentences a reader must see
    """

    factor: float
    words: str
    source: str
    certainty: str = "chosen"
    warnings: tuple[str, ...] = ()


def uprating(
    from_year: str | int,
    to_year: str | int,
    table: Deflator,
    *,
    financial_year_as: HalfOfFinancialYear | None = None,
) -> Uprating:
    """Give the step from the prices of one year to those of another.

    A financial year is looked up as itself. Where the index has calendar years only, it is refused until
    `financial_year_as` says which to read: "first" takes 2015/16 as 2015, "second" as 2016. No year is
    ever interpolated.
    """
    start, end = read_price_year(from_year), read_price_year(to_year)
    if start == end:
        return Uprating(factor=1.0, words=f"prices of {start}, not uprated", source="")
    used = [_looked_up(year, table, financial_year_as) for year in (start, end)]
    factor = table.levels[used[1]] / table.levels[used[0]]
    readings = [f"{asked} read as {found}" for asked, found in zip((start, end), used, strict=True) if asked != found]
    words = f"× {factor:.4f}, prices of {start} to prices of {end} by the {table.index} of {table.country}"
    if readings:
        words += f" ({', '.join(readings)})"
    return Uprating(
        factor=factor,
        words=words,
        source=table.source,
        certainty=table.certainty,
        warnings=_warnings(table, used),
    )


def _looked_up(year: str, table: Deflator, financial_year_as: HalfOfFinancialYear | None) -> str:
    if year in table.levels:
        return year
    if is_financial(year) and not any(is_financial(known) for known in table.levels):
        if financial_year_as not in {"first", "second"}:
            raise CostError(
                f"prices of {year} are of a financial year and the {table.index} of {table.country} has "
                "calendar years; say financial_year_as = 'first' or 'second', or give a deflator of "
                "financial years with Deflator.from_csv"
            )
        calendar = int(year[:4]) + (financial_year_as == "second")
        return _looked_up(str(calendar), table, None)
    known = sorted(table.levels)
    raise CostError(
        f"the {table.index} of {table.country} has no year {year}; there is {known[0]} to {known[-1]}, "
        "and years are not interpolated or carried forward; an index of your own, deflator = 'index.csv', may have it"
    )


def _warnings(table: Deflator, years: list[str]) -> tuple[str, ...]:
    # an index of the user's own may be the same deflator; one of consumer prices does not measure public services
    if table.country != "GBR" or "cpi" in table.index or "rpi" in table.index:
        return ()
    spans = [(int(year[:4]), int(year[:4]) + is_financial(year)) for year in years]
    if any(start <= broken <= end for start, end in spans for broken in _BROKEN_YEARS):
        return (_MEASURED + _ENDS,)
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    return (_MEASURED + _CROSSES,) if first < _BROKEN_YEARS[0] and last > _BROKEN_YEARS[1] else ()


def uprate(
    amount: float,
    from_year: str | int,
    to_year: str | int,
    table: Deflator,
    *,
    financial_year_as: HalfOfFinancialYear | None = None,
) -> float:
    """Give an amount in the prices of another year.

    >>> round(uprate(100, 2008, 2010, Deflator.load("USA", "cpi-u")), 2)
    101.28
    """
    return amount * uprating(from_year, to_year, table, financial_year_as=financial_year_as).factor
