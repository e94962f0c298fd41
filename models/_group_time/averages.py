"""Averages of group-time effects, with what is not known of their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._group_time.cells import Cells

__all__ = ["Aggregate", "Average", "by_cohort", "by_period", "by_time", "headline", "stack"]

type Aggregate = Literal["simple", "group", "calendar", "dynamic"]


@dataclass(frozen=True, kw_only=True)
class Average:
    """A weighted mean of group-time effects.

    Attributes
    ----------
    weights : of the cells, summing to one, shape (cells,)
    shares : what one more unit of weight in each cohort would do to the mean, shape (cohorts,): cohorts count by the
        weight of their sites, which in another draw of sites would be another
    """

    weights: FloatArray
    shares: FloatArray


def weighted(cells: Cells, masses: FloatArray, which: np.ndarray, counts: FloatArray | None = None) -> Average:
    """Average some cells by the weight of their cohort.

    Parameters
    ----------
    masses : weight of each cohort, shape (cohorts,)
    which : places of the cells, shape (m,)
    counts : what one unit of the cohort's weight gives the cell, shape (m,); ones by default
    """
    each = np.ones(len(which)) if counts is None else counts
    raw = masses[cells.cohort[which]] * each
    weights = np.zeros(len(cells.effect))
    weights[which] = raw / raw.sum()
    away = (cells.effect[which] - weights @ cells.effect) * each / raw.sum()
    return Average(weights=weights, shares=np.bincount(cells.cohort[which], away, len(masses)))


def plain(parts: Sequence[Average]) -> Average:
    """Average averages, each counting alike."""
    return Average(
        weights=np.mean([part.weights for part in parts], axis=0),
        shares=np.mean([part.shares for part in parts], axis=0),
    )


def headline(cells: Cells, masses: FloatArray, aggregate: Aggregate) -> Average:
    """Give the one change: Callaway and Sant'Anna 2021, section 3, with the names of R's `aggte`.

    "simple": every treated cohort-period counts by the weight of its sites; "group": the mean over a cohort's periods,
    cohorts counting by weight; "calendar": the mean in each calendar period, periods counting alike;
    "dynamic": the mean at each time since the start, times counting alike.
    """
    after = np.flatnonzero(cells.is_after)
    if aggregate == "simple":
        return weighted(cells, masses, after)
    if aggregate == "group":
        per_cohort = np.bincount(cells.cohort[after], minlength=len(masses))
        return weighted(cells, masses, after, 1 / per_cohort[cells.cohort[after]])
    if aggregate == "calendar":
        return plain([weighted(cells, masses, each) for each in _split(after, cells.period)])
    return plain([weighted(cells, masses, each) for each in _split(after, cells.time)])


def by_time(cells: Cells, masses: FloatArray) -> tuple[tuple[int, ...], list[Average]]:
    """Average the cells at each time since the start, with the times."""
    groups = _split(np.arange(len(cells.effect)), cells.time)
    return tuple(int(cells.time[each[0]]) for each in groups), [weighted(cells, masses, each) for each in groups]


def by_cohort(cells: Cells, masses: FloatArray) -> tuple[np.ndarray, list[Average]]:
    """Average each cohort's treated periods, with the cohorts that have any."""
    groups = _split(np.flatnonzero(cells.is_after), cells.cohort)
    return np.array([cells.cohort[each[0]] for each in groups]), [weighted(cells, masses, each) for each in groups]


def by_period(cells: Cells, masses: FloatArray) -> tuple[np.ndarray, list[Average]]:
    """Average the treated cells of each calendar period, with the periods that have any."""
    groups = _split(np.flatnonzero(cells.is_after), cells.period)
    return np.array([cells.period[each[0]] for each in groups]), [weighted(cells, masses, each) for each in groups]


def stack(averages: Sequence[Average]) -> Average:
    """Put averages below each other: weights (k, cells), shares (k, cohorts)."""
    return Average(
        weights=np.stack([each.weights for each in averages]), shares=np.stack([each.shares for each in averages])
    )


def _split(which: np.ndarray, by: np.ndarray) -> list[np.ndarray]:
    """Part places by a value, in its order."""
    return [which[by[which] == value] for value in np.unique(by[which])]
