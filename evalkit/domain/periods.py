"""Calendar periods: years, quarters, months, weeks and dates, told apart without guessing silently."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, get_args

from evalkit.errors import DataError, first_of, nearest

__all__ = ["Frequency", "Periods", "read_period"]

type Frequency = Literal["year", "quarter", "month", "week", "date", "number"]

FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency.__value__)

_PATTERNS: dict[Frequency, re.Pattern[str]] = {
    "year": re.compile(r"(?P<year>(?:1[6-9]|2[01])\d{2})(?:\.0+)?"),
    "quarter": re.compile(r"(?P<year>\d{4})[- ]?[Qq](?P<part>[1-4])"),
    "month": re.compile(r"(?P<year>\d{4})-(?P<part>0[1-9]|1[0-2])"),
    "week": re.compile(r"(?P<year>\d{4})-?[Ww](?P<part>0[1-9]|[1-4]\d|5[0-3])"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]00:00:00(?:\.0+)?)?"),
}
_COMPACT_MONTH = re.compile(r"(?P<year>\d{4})(?P<part>0[1-9]|1[0-2])")
_WANTED = "2012 (year), 2012Q3 (quarter), 2012-07 (month), 2012-W27 (week) or 2012-07-01 (date)"


def read_period(text: str, frequency: Frequency) -> int:
    """Give the place of a period on its own calendar: consecutive periods are consecutive integers.

    A longer form is cut down where the frequency was named: a date is a period of the month, quarter,
    week or year that it falls in.

    Raises
    ------
    DataError
        Where the text is not such a period.
    """
    text = text.strip()
    if frequency == "number":
        if re.fullmatch(r"-?\d+(\.0+)?", text):
            return int(float(text))
    elif match := _PATTERNS[frequency].fullmatch(text):
        return _ordinal(frequency, text, match)
    elif frequency != "date" and _PATTERNS["date"].fullmatch(text):
        return _containing(_date(text), frequency)
    elif frequency == "month" and (match := _COMPACT_MONTH.fullmatch(text)):
        return _ordinal("month", text, match)
    msg = f"{text!r} is not a {frequency}; wanted is a period such as {_WANTED}"
    raise DataError(msg)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError as problem:
        msg = f"{text!r} is not a date that exists; wanted is year-month-day, such as 2012-07-01"
        raise DataError(msg) from problem


def _ordinal(frequency: Frequency, text: str, match: re.Match[str]) -> int:
    if frequency == "date":
        return _date(text).toordinal()
    year = int(match["year"])
    if frequency == "year":
        return year
    part = int(match["part"])
    if frequency == "week":
        try:
            return _containing(dt.date.fromisocalendar(year, part, 1), "week")
        except ValueError as problem:
            msg = f"{text!r} is not a week that exists: {year} has 52 weeks"
            raise DataError(msg) from problem
    return year * (4 if frequency == "quarter" else 12) + part - 1


def _containing(day: dt.date, frequency: Frequency) -> int:
    if frequency == "year":
        return day.year
    if frequency == "quarter":
        return day.year * 4 + (day.month - 1) // 3
    if frequency == "month":
        return day.year * 12 + day.month - 1
    return (day.toordinal() - 1) // 7  # weeks begin on Monday, as 0001-01-01 did


def _label(ordinal: int, frequency: Frequency) -> str:
    if frequency == "quarter":
        return f"{ordinal // 4}Q{ordinal % 4 + 1}"
    if frequency == "month":
        return f"{ordinal // 12}-{ordinal % 12 + 1:02d}"
    if frequency == "week":
        year, week, _ = dt.date.fromordinal(ordinal * 7 + 1).isocalendar()
        return f"{year}-W{week:02d}"
    if frequency == "date":
        return dt.date.fromordinal(ordinal).isoformat()
    return str(ordinal)


def _recognise(texts: Sequence[str]) -> Frequency:
    found = {
        text: next((name for name, pattern in _PATTERNS.items() if pattern.fullmatch(text)), None)
        for text in dict.fromkeys(texts)
    }
    unknown = [text for text, name in found.items() if name is None]
    if unknown:
        hint = ""
        if all(re.fullmatch(r"\d+(\.0+)?", text) for text in unknown):
            hint = "; if the periods are only numbered, say frequency = 'number'"
            if all(_COMPACT_MONTH.fullmatch(text) for text in unknown):
                hint = "; if these are year and month, say frequency = 'month'"
        msg = f"cannot tell what period {first_of(unknown)} is; wanted is {_WANTED}{hint}"
        raise DataError(msg)
    kinds = list(dict.fromkeys(name for name in found.values() if name))
    if len(kinds) > 1:
        shown = " and ".join(
            f"{next(text for text, name in found.items() if name == kind)!r} ({kind})" for kind in kinds
        )
        msg = f"periods of several lengths in one column: {shown}; wanted is one length, or say frequency = '...'"
        raise DataError(msg)
    if kinds == ["date"] and len(found) > 1:
        _refuse_disguised({text[:10] for text in found})
    return kinds[0]


def _refuse_disguised(texts: Iterable[str]) -> None:
    """Dates that all fall on the first of a month are probably months: ask, do not guess."""
    days = sorted(_date(text) for text in texts)
    likely = None
    if all(day.day == 1 for day in days):
        likely = "'year' or 'month'" if all(day.month == 1 for day in days) else "'quarter' or 'month'"
    elif len({(later - earlier).days % 7 for earlier, later in pairwise(days)}) == 1 and (
        (days[1] - days[0]).days % 7 == 0
    ):
        likely = "'week'"
    if likely:
        msg = (
            f"the periods are dates, but at regular distances ({days[0]}, {days[1]}, ...): "
            f"say frequency = {likely}, or 'date' if each is one day"
        )
        raise DataError(msg)


@dataclass(frozen=True, kw_only=True)
class Periods:
    """Consecutive periods of one length, in order and without a gap.

    Attributes
    ----------
    frequency : the length of each period; "number" where they are only numbered
    first : place of the first period on its calendar
    count : how many there are
    """

    frequency: Frequency
    first: int
    count: int

    @classmethod
    def spanning(cls, values: Iterable[object], frequency: str | None = None) -> Periods:
        """Give the periods from the earliest to the latest of `values`.

        Raises
        ------
        DataError
            Where values are not periods, or of several lengths, or could be read in two ways.
        """
        texts = [str(value).strip() for value in dict.fromkeys(values)]
        if not texts:
            msg = f"there is no period; wanted is {_WANTED}"
            raise DataError(msg)
        if frequency is not None and frequency not in FREQUENCIES:
            msg = f"no frequency {frequency!r}; {nearest(frequency, FREQUENCIES)}"
            raise DataError(msg)
        chosen: Frequency = frequency or _recognise(texts)
        places = [read_period(text, chosen) for text in texts]
        return cls(frequency=chosen, first=min(places), count=max(places) - min(places) + 1)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The periods as text, in order."""
        return tuple(_label(self.first + place, self.frequency) for place in range(self.count))

    def place(self, value: object) -> int:
        """Give where a period stands, 0 for the first; negative or past the end where it lies outside."""
        return read_period(str(value), self.frequency) - self.first

    def __len__(self) -> int:
        """How many periods there are."""
        return self.count

    @property
    def seasons(self) -> tuple[int, ...] | None:
        """Place of each period in its year (quarter, month), or None where the length has no season."""
        parts = {"quarter": 4, "month": 12}.get(self.frequency)
        return tuple((self.first + place) % parts for place in range(self.count)) if parts else None
