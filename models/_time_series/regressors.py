"""The columns of an interrupted time series: trend, season, covariates, other events, and the measure's change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.domain import Periods
from evalkit.draws import FloatArray
from evalkit.errors import DataError, EstimationError, nearest
from evalkit.models._time_series.series import Series

__all__ = [
    "Change",
    "Columns",
    "Event",
    "Season",
    "change_columns",
    "columns_of",
    "cycle_of",
    "require_rank",
    "require_season",
    "season_columns",
]

type Change = Literal["level", "slope", "both"]
type Season = Literal["auto", "dummies", "none"] | int
type Event = tuple[str, str] | tuple[str, str, str]

# Periods in a year, on average over leap years.
_IN_A_YEAR = {"quarter": 4.0, "month": 12.0, "week": 365.25 / 7, "date": 365.25}
# Two waves a year are the tutorial's (Bernal, Cummins and Gasparrini 2017): a summer and a winter of its own shape.
_WAVES = 2
_COLLINEAR = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Regressors of the whole calendar, by role.

    Attributes
    ----------
    without : level, trend, season, covariates and other events, shape (periods, k)
    change : what the measure adds from its start, shape (periods, c)
    names : of all columns, in that order
    season : how the season enters, in words
    events : of each other event, the places of its columns
    """

    without: FloatArray
    change: FloatArray
    names: tuple[str, ...]
    season: str
    events: tuple[range, ...] = ()

    @property
    def both(self) -> FloatArray:
        """All columns, those of the change last."""
        return np.hstack([self.without, self.change])


def columns_of(series: Series, change: Change, *, trend: bool, season: Season, others: Sequence[Event]) -> Columns:
    """Lay out the columns, and refuse those that cannot be told apart."""
    periods, start = len(series.counts), series.start
    time = (np.arange(periods) - start).astype(float)
    waves, season_names, words = season_columns(series.periods, season)
    own, own_names = change_columns(periods, start, change)
    layers = [np.ones((periods, 1)), *([time[:, None] / 100] if trend else []), waves, series.covariates]
    names = ["level", *(["trend"] if trend else []), *season_names, *series.covariate_names]
    places = []
    for event in others:
        column, label = _event(series.periods, event, change)
        layers.append(column)
        places.append(range(len(names), len(names) + len(label)))
        names += label
    found = Columns(
        without=np.hstack(layers), change=own, names=(*names, *own_names), season=words, events=tuple(places)
    )
    require_rank(found.both[series.used], found.names)
    return found


def change_columns(periods: int, start: int, change: Change) -> tuple[FloatArray, list[str]]:
    """Give a step at the start, a slope from it, or both, shape (periods, 1 or 2)."""
    since = np.arange(periods) - start
    step = (since >= 0).astype(float)
    # the slope is one at once and two a period later, so that a slope alone begins in the first treated period
    slope = step * (since + (1 if change == "slope" else 0))
    kinds = {"level": [step], "slope": [slope], "both": [step, slope]}[change]
    names = {"level": ["change of level"], "slope": ["change of slope"], "both": ["change of level", "change of slope"]}
    return np.stack(kinds, axis=1), names[change]


def cycle_of(periods: Periods) -> int | None:
    """Periods in a seasonal cycle, rounded up; None where the length of a period has no season."""
    length = _IN_A_YEAR.get(periods.frequency)
    return None if length is None else int(np.ceil(length))


def season_columns(periods: Periods, season: Season) -> tuple[FloatArray, list[str], str]:
    """Give the columns of the season, shape (periods, s), their names, and the season in words."""
    length, count = _IN_A_YEAR.get(periods.frequency), len(periods)
    if season == "none" or (season == "auto" and length is None):
        return np.empty((count, 0)), [], "no season"
    if length is None:
        raise EstimationError(
            f"periods of frequency {periods.frequency!r} have no season; wanted is season = 'none' or 'auto', or "
            "periods that are dated"
        )
    if season == "dummies" or (season == "auto" and periods.frequency == "quarter"):
        return _dummies(periods)
    waves = _WAVES if season == "auto" else int(season)
    if 2 * waves >= length:
        raise EstimationError(f"{waves} waves a year need more than {2 * waves} periods in it; there are {length:.4g}")
    angle = 2 * np.pi * (periods.first + np.arange(count)) / length
    columns = [wave(turn * angle) for turn in range(1, waves + 1) for wave in (np.sin, np.cos)]
    names = [f"season {turn} {wave}" for turn in range(1, waves + 1) for wave in ("sine", "cosine")]
    words = f"{waves} wave{'s' if waves > 1 else ''} a year"
    if periods.frequency == "date":
        week = (periods.first + np.arange(count)) % 7
        columns += [(week == day).astype(float) for day in range(1, 7)]
        names += [f"day of the week {day}" for day in range(1, 7)]
        words += " and days of the week"
    return np.stack(columns, axis=1), names, words


def _dummies(periods: Periods) -> tuple[FloatArray, list[str], str]:
    seasons = periods.seasons
    if seasons is None:
        raise EstimationError(
            f"season = 'dummies' takes months or quarters; there are periods of frequency {periods.frequency!r}: name "
            "a number of waves a year, such as season = 2"
        )
    kinds = sorted(set(seasons))[1:]
    columns = [(np.array(seasons) == kind).astype(float) for kind in kinds]
    names = [f"{periods.frequency} {kind + 1}" for kind in kinds]
    return np.stack(columns, axis=1), names, f"a level for each {periods.frequency} of the year"


def _event(periods: Periods, event: Event, change: Change) -> tuple[FloatArray, list[str]]:
    """Columns of another event: lasting as the measure's own change, or a level between its two ends."""
    name, ends = event[0], event[1:]
    try:
        places = [periods.place(end) for end in ends]
    except DataError as problem:
        raise EstimationError(f"other event {name!r}: {problem}") from problem
    if not 0 <= places[0] < len(periods) or places[-1] < places[0]:
        raise EstimationError(
            f"other event {name!r} ({' to '.join(ends)}) lies outside the periods of the data, "
            f"{periods.labels[0]} to {periods.labels[-1]}, or ends before it begins"
        )
    if len(ends) == 1:
        columns, kinds = change_columns(len(periods), places[0], change)
        return columns, [f"{name}: {kind}" for kind in kinds]
    at = np.arange(len(periods))
    return ((at >= places[0]) & (at <= places[1])).astype(float)[:, None], [name]


def require_rank(columns: FloatArray, names: Sequence[str]) -> None:
    """Refuse columns, shape (periods, k), of which one is made of others."""
    scaled = columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    if values[0] < _COLLINEAR:
        loads = np.abs(vectors[:, 0])
        among = [names[j] for j in np.flatnonzero(loads > 0.1 * loads.max()).tolist()]
        raise EstimationError(
            f"these cannot be told apart in one series: {', '.join(among)}; leave one out, or use a series in which "
            "they do not come together"
        )


def require_season(season: object) -> None:
    """Refuse a season that there is not."""
    known = ("auto", "dummies", "none")
    if isinstance(season, str) and season not in known:
        raise EstimationError(f"no season {season!r}; {nearest(season, known)}, or a number of waves a year")
    if not isinstance(season, str) and (isinstance(season, bool) or not isinstance(season, int) or season < 1):
        raise EstimationError(f"season is 'auto', 'dummies', 'none' or a number of waves a year; there is {season!r}")
