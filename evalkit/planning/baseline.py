"""What the periods before the start show: levels, season, overdispersion, and how far sites drift of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import StudyError

__all__ = ["Baseline", "read_baseline", "two_way_means"]

_ROUNDS = 200
_SETTLED = 1e-10
# Two halves of two periods each: fewer tell a shift from chance no more.
_FEWEST_FOR_SHIFT = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Baseline:
    """What the periods before the start show.

    Attributes
    ----------
    levels : events expected of each site in a mean period (for each unit of exposure, where there is any), (sites,)
    swings : what all sites share in each period, mean one, shape (periods before,)
    dispersion : variance of a count over its mean, 1 or more; None where too few cells tell it
    site_shift : standard deviation of how the log rates of sites moved apart between the two halves of these
        periods, beyond chance; None where they are too few
    """

    levels: FloatArray
    swings: FloatArray
    dispersion: float | None
    site_shift: float | None


def read_baseline(counts: FloatArray, exposure: FloatArray | None, weights: FloatArray | None = None) -> Baseline:
    """Read it from the counts before the start, shape (sites, periods); cells of weight zero are missing.

    Dispersion is Pearson's, from cells around site and period means within each half of the periods, so that a drift
    between the halves is not taken for chance; the drift is the between-site variance of the halves' log ratio by
    the moments of DerSimonian and Laird (1986, doi:10.1016/0197-2456(86)90046-2).

    Raises
    ------
    StudyError
        There is no event.
    """
    seen = np.ones_like(counts) if weights is None else (weights > 0).astype(float)
    at_risk = seen if exposure is None else exposure * seen
    counts = counts * seen
    if not counts.sum() > 0:
        raise StudyError("there is no event before the start, so nothing can be expected after it")
    levels, swings = two_way_means(counts, at_risk)
    half = counts.shape[1] // 2
    halves = [slice(0, half), slice(half, None)] if counts.shape[1] >= _FEWEST_FOR_SHIFT else [slice(None)]
    dispersion = _dispersion([(counts[:, part], at_risk[:, part]) for part in halves])
    shift = _shift(counts, at_risk, half, dispersion or 1.0) if len(halves) > 1 else None
    return Baseline(levels=levels, swings=swings, dispersion=dispersion, site_shift=shift)


def two_way_means(counts: FloatArray, at_risk: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give site levels and period swings (mean one) of a Poisson model, by fitting margins in turn.

    Expected counts are at_risk × level × swing (Deming and Stephan 1940, doi:10.1214/aoms/1177731829).
    """
    swings = np.ones(counts.shape[1])
    levels = np.zeros(len(counts))
    for _ in range(_ROUNDS):
        levels = _ratio(counts.sum(axis=1), at_risk @ swings)
        fresh = _ratio(counts.sum(axis=0), levels @ at_risk)
        mean = fresh.mean()
        fresh, levels = fresh / mean, levels * mean
        moved, swings = np.abs(fresh - swings).max(), fresh
        if moved < _SETTLED:
            break
    return levels, swings


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _dispersion(parts: list[tuple[FloatArray, FloatArray]]) -> float | None:
    squares, freedom = 0.0, 0
    for counts, at_risk in parts:
        levels, swings = two_way_means(counts, at_risk)
        mean = at_risk * levels[:, None] * swings
        cells = mean > 0
        squares += float(((counts - mean)[cells] ** 2 / mean[cells]).sum())
        freedom += int(cells.sum() - cells.any(axis=1).sum() - cells.any(axis=0).sum() + 1)
    return max(1.0, squares / freedom) if freedom > 0 else None


def _shift(counts: FloatArray, at_risk: FloatArray, half: int, dispersion: float) -> float | None:
    """Give the between-site standard deviation of the halves' log ratio, beyond chance."""
    early, late = counts[:, :half].sum(axis=1), counts[:, half:].sum(axis=1)
    risks = at_risk[:, :half].sum(axis=1), at_risk[:, half:].sum(axis=1)
    told = (early > 0) & (late > 0)
    if told.sum() < 3:
        return None
    ratios = np.log(late[told] / risks[1][told]) - np.log(early[told] / risks[0][told])
    weights = 1 / (dispersion * (1 / early[told] + 1 / late[told]))
    middle = weights @ ratios / weights.sum()
    beyond = weights @ (ratios - middle) ** 2 - (told.sum() - 1)
    return float(np.sqrt(max(0.0, beyond / (weights.sum() - (weights**2).sum() / weights.sum()))))
