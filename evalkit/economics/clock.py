"""When events were prevented: the periods of effects on one clock that counts the measure's years.

The clock starts with the first treated period of all effects. Year 1 of the measure is the first twelve
months from there; a period that reaches over the end of a year is shared between the years by its length.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.domain import Periods
from evalkit.draws import FloatArray
from evalkit.errors import CostError, DataError, first_of

__all__ = ["Clock", "Span", "read_clock", "year_shares"]

# Far below a day, far above the rounding of years reckoned from dates.
_SLIVER = 1e-6
# Years of one period; nobody counts longer, and every year of it would be reckoned.
_LONGEST = 100.0


@dataclass(frozen=True, kw_only=True)
class Span:
    """A period on the clock, in years since the start of the measure."""

    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Where every period of every effect lies.

    Attributes
    ----------
    spans : of the periods of each effect, by its name
    window : length of the observed window in years
    is_assumed : was the length of an undated period not said, and one year assumed?
    """

    spans: Mapping[str, tuple[Span, ...]]
    window: float
    is_assumed: bool

    @property
    def years(self) -> int:
        """The year of the measure in which the observed window ends."""
        return max(1, math.ceil(self.window - _SLIVER))

    @property
    def years_seen(self) -> int:
        """The last year that was observed to its end for every effect; 0 where none was."""
        return math.floor(min(max(span.end for span in found) for found in self.spans.values()) + _SLIVER)


def read_clock(labels: Mapping[str, Sequence[str]], period_years: float | Mapping[str, float] | None) -> Clock:
    """Put the periods of effects on one clock.

    Parameters
    ----------
    labels : labels of the treated periods, in order, by the name of the effect
    period_years : length in years of the periods that carry no date ("after", or 1, 2, 3): one number
        for all, or by label. A single undated period without it is taken to be the first year.
    """
    dated = {name: [_dates(label) for label in found] for name, found in labels.items()}
    kinds = {all(dates is not None for dates in found) for found in dated.values()}
    if len(kinds) > 1:
        raise CostError(
            "some effects have periods with a date and some without, so they share no clock: "
            + "; ".join(f"{name} has {first_of(found)}" for name, found in labels.items())
        )
    if True in kinds:
        if period_years is not None:
            raise CostError("the periods are dates, which know their own length; leave period_years out")
        return _dated_clock(dated)
    return _undated_clock(labels, period_years)


def _dates(label: str) -> tuple[dt.date, dt.date] | None:
    """Give the first day of a period and the first day after it, or None where it has no date."""
    try:
        period = Periods.spanning([label])
    except DataError:
        return None
    return _day(period.frequency, period.first), _day(period.frequency, period.first + 1)


def _day(frequency: str, place: int) -> dt.date:
    if frequency == "year":
        return dt.date(place, 1, 1)
    if frequency == "quarter":
        return dt.date(place // 4, 3 * (place % 4) + 1, 1)
    if frequency == "month":
        return dt.date(place // 12, place % 12 + 1, 1)
    return dt.date.fromordinal(place * 7 + 1 if frequency == "week" else place)


def _dated_clock(dated: Mapping[str, Sequence[tuple[dt.date, dt.date] | None]]) -> Clock:
    found = {name: [dates for dates in spans if dates is not None] for name, spans in dated.items()}
    origin = min(start for spans in found.values() for start, _ in spans)
    spans = {
        name: tuple(Span(start=_elapsed(origin, start), end=_elapsed(origin, end)) for start, end in dates)
        for name, dates in found.items()
    }
    return _clock(spans, is_assumed=False)


def _elapsed(origin: dt.date, day: dt.date) -> float:
    """Years from one day to another: whole anniversaries, and the share of the year begun."""
    years = day.year - origin.year
    if _anniversary(origin, years) > day:
        years -= 1
    last, following = _anniversary(origin, years), _anniversary(origin, years + 1)
    return years + (day - last).days / (following - last).days


def _anniversary(origin: dt.date, years: int) -> dt.date:
    if (origin.month, origin.day) == (2, 29):
        return dt.date(origin.year + years, 3, 1) if years else origin
    return origin.replace(year=origin.year + years)


def _undated_clock(labels: Mapping[str, Sequence[str]], period_years: float | Mapping[str, float] | None) -> Clock:
    several = [name for name, found in labels.items() if len(found) > 1]
    if period_years is None and several:
        raise CostError(
            f"the periods of {first_of(several)} carry no date ({first_of(labels[several[0]])}): say how "
            "long one is in years, such as period_years = 0.25"
        )
    lengths = {label: _length(label, period_years) for found in labels.values() for label in found}
    if all(_is_number(label) for label in lengths) and len(set(lengths.values())) == 1:
        return _numbered_clock(labels, next(iter(lengths.values())), is_assumed=period_years is None)
    spans = {}
    for name, found in labels.items():
        ends = np.cumsum([lengths[label] for label in found])
        starts = np.concatenate([[0.0], ends[:-1]])
        spans[name] = tuple(Span(start=float(a), end=float(b)) for a, b in zip(starts, ends, strict=True))
    return _clock(spans, is_assumed=period_years is None)


def _numbered_clock(labels: Mapping[str, Sequence[str]], length: float, *, is_assumed: bool) -> Clock:
    first = min(float(label) for found in labels.values() for label in found)
    spans = {
        name: tuple(
            Span(start=(float(label) - first) * length, end=(float(label) - first + 1) * length) for label in found
        )
        for name, found in labels.items()
    }
    return _clock(spans, is_assumed=is_assumed)


def _is_number(label: str) -> bool:
    return label.strip().lstrip("-").isdecimal()


def _length(label: str, period_years: float | Mapping[str, float] | None) -> float:
    if period_years is None:
        return 1.0
    if isinstance(period_years, Mapping) and label not in period_years:
        raise CostError(f"period_years names no length for the period {label!r}; there is {dict(period_years)}")
    given = period_years[label] if isinstance(period_years, Mapping) else period_years
    if not _is_positive(given):
        raise CostError(f"the length of period {label!r} in years is a number above zero; there is {given!r}")
    if given > _LONGEST:
        raise CostError(
            f"the length of period {label!r} is {given:g} years, and wanted are {_LONGEST:g} or fewer; "
            "give the length in years, such as 0.25 for a quarter"
        )
    return float(given)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _clock(spans: Mapping[str, tuple[Span, ...]], *, is_assumed: bool) -> Clock:
    window = max(span.end for found in spans.values() for span in found)
    return Clock(spans=spans, window=window, is_assumed=is_assumed)


def year_shares(spans: Sequence[Span], years: int) -> FloatArray:
    """Give the share of each period that lies in each year of the measure, shape (periods, years)."""
    starts = np.array([span.start for span in spans])[:, None]
    ends = np.array([span.end for span in spans])[:, None]
    year = np.arange(years)[None, :]
    inside = np.clip(np.minimum(ends, year + 1) - np.maximum(starts, year), 0, None)
    inside[inside < _SLIVER] = 0
    return np.asarray(inside / inside.sum(axis=1, keepdims=True))
