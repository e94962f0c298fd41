"""How a source writes when something happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from evalkit.domain.periods import Frequency, read_period
from evalkit.errors import DataError

__all__ = ["PeriodForm", "Strict", "TimeForm"]


# A year before is a slip of the pen: 1019 for 2019.
_FIRST_YEAR = 1900


class Strict:
    """A part of a preset: a key of the file that it does not have is a fault."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class PeriodForm(Strict):
    """[period]: formats of dates and periods.

    Attributes
    ----------
    formats : codes of `datetime.strptime`, tried in this order; where there is none, periods are written as in
        evalkit's own files (2012, 2012Q3, 2012-07, 2012-W27, 2012-07-01)
    frequency : length of the periods that are counted, and of what is written where it is no date
    in_name : where no column says the period: regular expression of the file's name, whose first group does
    totals : regular expression of what stands for a longer period, such as the year in a file of months
    cut : only so many characters at the beginning say the day, so that rows of one day are read once
    """

    formats: tuple[str, ...] = ()
    frequency: Frequency = "month"
    cut: int | None = None
    in_name: str = ""
    totals: str = ""

    def place(self, text: str, frequency: Frequency | None = None) -> int | None:
        """Give the place of a text on the calendar (`evalkit.domain.read_period`), or None where it is no period.

        >>> PeriodForm(formats=("%m/%d/%Y",), cut=10).place("11/12/2018 11:59:00 PM") == 2018 * 12 + 10
        True
        """
        day = self.day(text)
        if day is None and self.formats:
            return None
        try:
            return read_period(text.strip() if day is None else day.isoformat(), frequency or self.frequency)
        except DataError:
            return None

    def day(self, text: str) -> dt.date | None:
        """Give the day, or the first day of the period; None where no format fits."""
        cut = text.strip()[: self.cut]
        for each in self.formats:
            try:
                day = dt.datetime.strptime(cut, each).date()  # noqa: DTZ007 - a day of the local calendar
            except ValueError:
                continue
            return day if day.year >= _FIRST_YEAR else None
        return None

    def places(self, texts: Iterable[str], frequency: Frequency | None = None) -> dict[str, int | None]:
        """Give `place` of each different text."""
        return {text: self.place(text, frequency) for text in dict.fromkeys(texts)}


@dataclass(frozen=True, kw_only=True)
class TimeForm(Strict):
    """[time]: time of day, in its own column or behind the date.

    Attributes
    ----------
    formats : codes of `datetime.strptime`, tried in this order; none where the source gives no time
    start : where the time begins in the column of the period; None where it has a column of its own
    """

    formats: tuple[str, ...] = ()
    start: int | None = None

    def hour(self, text: str) -> int | None:
        """Give the hour of the day, 0 to 23, or None where no format fits."""
        cut = text.strip()[self.start :].strip()
        for each in self.formats:
            try:
                return dt.datetime.strptime(cut, each).hour  # noqa: DTZ007 - a time of the local clock
            except ValueError:
                continue
        return None
