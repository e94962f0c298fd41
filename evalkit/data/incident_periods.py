"""The periods of files of incidents: which a source lacks, and which are covered in part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import numpy as np

from evalkit.data.preset import Preset
from evalkit.data.quality import Finding
from evalkit.domain.periods import Periods
from evalkit.errors import first_of

__all__ = ["gap_words", "partial_periods", "period_label", "periods_without_rows"]

# A tail of a period is taken for missing, and not for quiet, where so many incidents were to be expected in it: a
# Poisson count of none then has a chance of less than one in a hundred.
_EXPECTED = 4.6

# Periods with less than this share of the usual number of rows at the beginning or end hold strays.
_STRAY = 0.05

type Gaps = dict[str, tuple[str, ...]]


def period_label(place: int, preset: Preset) -> str:
    """Give the name of a period by its place on the calendar."""
    return Periods(frequency=preset.period.frequency, first=place, count=1).labels[0]


def periods_without_rows(
    periods: np.ndarray, source: np.ndarray, names: Mapping[int, str], preset: Preset, window: tuple[int, int] | None
) -> tuple[Gaps, Gaps]:
    """Give the periods without rows by source: between those that it has, and before or after them.

    Parameters
    ----------
    periods, source : place of the period and number of the source, of each row that is in time
    names : of the sources
    window : places of the first and the last period that were asked for
    """
    gaps: Gaps = {}
    ends: Gaps = {}
    if not len(periods):
        return gaps, ends
    first, last = window or _bulk(periods)
    for number in np.unique(source):
        own = periods[source == number]
        has = {int(place) for place in np.unique(own)}
        absent = [place for place in range(first, last + 1) if place not in has]
        begins, stops = _bulk(own)
        inner = tuple(period_label(place, preset) for place in absent if begins < place < stops)
        outer = tuple(period_label(place, preset) for place in absent if not begins < place < stops)
        gaps |= {names[int(number)]: inner} if inner else {}
        ends |= {names[int(number)]: outer} if outer else {}
    return gaps, ends


def _bulk(periods: np.ndarray) -> tuple[int, int]:
    """Give the first and the last period of some size: single rows of long ago do not make the years between a gap."""
    places, often = np.unique(periods, return_counts=True)
    some = places[often >= _STRAY * np.median(often)]
    return int(some.min()), int(some.max())


def gap_words(gaps: Gaps) -> str:
    """Name the first gaps."""
    return "; ".join(f"{source}: {first_of(periods)}" for source, periods in list(gaps.items())[:3])


def partial_periods(periods: np.ndarray, days: np.ndarray, preset: Preset) -> Iterable[Finding]:
    """Find a first or last period whose end (or beginning) has no incident although many were to be expected.

    Parameters
    ----------
    periods, days : place of the period and ordinal of the day, of each row that is counted; days are 0 where the
        layout has none
    """
    if not len(days) or not days.any():
        return
    first, last = _bulk(periods)
    bulk = days[(periods >= first) & (periods <= last)]
    rate = len(bulk) / (int(bulk.max()) - int(bulk.min()) + 1)
    for place, at_end in ((last, True), (first, False)):
        inside = days[periods == place]
        begins, stops = _bounds(place, preset)
        empty = stops - int(inside.max()) if at_end else int(inside.min()) - begins
        if empty * rate > _EXPECTED:
            edge = dt.date.fromordinal(int(inside.max() if at_end else inside.min()))
            words = (
                f"{period_label(place, preset)} {'ends' if at_end else 'begins'} on {edge}: {empty} days have no row"
            )
            yield Finding(name="partial-period", rows=1, detail=words)


def _bounds(place: int, preset: Preset) -> tuple[int, int]:
    """Give the first and the last day of a period, as ordinals."""
    frequency = preset.period.frequency
    months = {"month": 1, "quarter": 3, "year": 12}.get(frequency)
    if months is None:
        first = place * 7 + 1 if frequency == "week" else place
        return first, first + (6 if frequency == "week" else 0)
    starts = [(place + more) * months for more in (0, 1)]
    first, after = (dt.date(start // 12, start % 12 + 1, 1).toordinal() for start in starts)
    return first, after - 1
