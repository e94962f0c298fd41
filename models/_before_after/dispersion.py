"""How much more than chance counts vary from period to period, before a measure began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.domain import Design
from evalkit.draws import FloatArray
from evalkit.models._before_after.cells import series_before

__all__ = ["Dispersion", "baseline_dispersion", "fitted_without_effect", "pearson_dispersion"]

# Two areas over eight periods leave seven degrees of freedom; with fewer the estimate is mostly noise.
PERIODS_NEEDED = 8


@dataclass(frozen=True, kw_only=True)
class Dispersion:
    """How many times the variance of a Poisson count is taken, never below 1.

    Attributes
    ----------
    value : the multiple that is used
    origin : from how far the sites differ in their change, estimated from the baseline, given as an option, or
        unknown and taken as 1
    degrees_of_freedom : of the t distribution that goes with the sites, or with an estimate above 1; None
        for a normal
    estimate : as estimated, also where it is below 1; None where it was not
    with_common_swings : the same without taking out what all areas share, to show what that hides
    periods : of the baseline
    sites : treated and comparison sites, where it comes from them
    baseline : what the baseline would have given, where it comes from the sites
    """

    value: float = 1.0
    origin: Literal["sites", "estimated", "given", "unknown"] = "unknown"
    degrees_of_freedom: float | None = None
    estimate: float | None = None
    with_common_swings: float | None = None
    periods: int = 0
    sites: tuple[int, ...] = ()
    baseline: Dispersion | None = None


def baseline_dispersion(design: Design) -> Dispersion:
    """Estimate the dispersion from the periods before the start, where there are enough.

    What all areas share in a period is taken out first, as it cancels in the comparison: swings of
    a whole city would otherwise be counted as noise (48 instead of 4.9 in Seattle, 2010 to 2012).
    """
    if design.panel is None:
        return Dispersion()
    counts, weights = series_before(design)
    areas, periods = counts.shape
    if periods < PERIODS_NEEDED or not counts.any():
        return Dispersion(periods=periods)
    estimate, freedom = pearson_dispersion(counts, weights, common_periods=areas > 1)
    crude, _ = pearson_dispersion(counts, weights, common_periods=False)
    if estimate is None:
        return Dispersion(periods=periods)
    return Dispersion(
        value=max(1.0, estimate),
        origin="estimated",
        degrees_of_freedom=float(freedom) if estimate > 1 else None,
        estimate=estimate,
        with_common_swings=crude if areas > 1 else None,
        periods=periods,
    )


def pearson_dispersion(
    counts: FloatArray, weights: FloatArray, *, common_periods: bool = True
) -> tuple[float | None, int]:
    """Give Pearson's chi-squared over its degrees of freedom, and these; None where none are left.

    Parameters
    ----------
    counts, weights : shape (areas, periods); a count is expected in proportion to its weight
    common_periods : take out what is common to all areas in a period, besides each area's level
    """
    filled = counts.sum(axis=1) > 0
    kept = counts.sum(axis=0) > 0 if common_periods else np.ones(counts.shape[1], bool)
    counts, weights = counts[filled][:, kept], weights[filled][:, kept]
    areas, periods = counts.shape
    freedom = (areas - common_periods) * (periods - 1)
    if freedom < 1:
        return None, 0
    expected = fitted_without_effect(counts, weights, common_periods=common_periods)
    return float(((counts - expected) ** 2 / expected).sum() / freedom), freedom


def fitted_without_effect(counts: FloatArray, weights: FloatArray, *, common_periods: bool = True) -> FloatArray:
    """Fit weight x area (x period) to counts, the quasi-Poisson fit: its sums are those observed.

    All three arrays have shape (areas, periods); every row sum (and column sum) is above zero.
    """
    fitted = np.array(weights, float)
    for _ in range(500):
        fitted *= (counts.sum(axis=1) / fitted.sum(axis=1))[:, None]
        if not common_periods:
            break
        by_period = counts.sum(axis=0) / fitted.sum(axis=0)
        fitted *= by_period
        if np.abs(by_period - 1).max() < 1e-12:
            break
    return fitted
