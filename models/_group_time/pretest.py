"""Did treated and comparison sites move together before the start, and would it have been seen if not?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check
from evalkit.draws import FloatArray
from evalkit.models._group_time.averages import Average
from evalkit.models._group_time.cells import Cells
from evalkit.models._group_time.errors import Precision, joint_degrees_of_freedom
from evalkit.models._group_time.sample import GroupTimeSample

__all__ = ["PreTest", "leads_check", "pre_test", "trend"]

# As in the event study of the regressions: fewer denominator degrees of freedom notice hardly anything, and an
# insignificant test says little unless it would mostly have seen a harmful trend (Roth 2022,
# doi:10.1257/aeri.20210236).
_FEW_DEGREES = 4
_ENOUGH_POWER = 0.8


@dataclass(frozen=True, kw_only=True)
class PreTest:
    """A test that nothing parted treated and comparison sites before the start.

    Attributes
    ----------
    statistic : the Wald statistic W, or the square of a t
    p_value : of no departure
    power : probability of p < .05 if a trend gave the whole result by itself
    name : of the test, with its degrees of freedom, for readers of the details
    """

    statistic: float
    p_value: float
    power: float
    name: str


def before(cells: Cells, anticipation: int) -> np.ndarray:
    """Give the places of the cells that nothing of the measure could have reached."""
    return np.flatnonzero(cells.period < cells.start - anticipation)


def trend(cells: Cells, masses: FloatArray, anticipation: int) -> Average:
    """Give the slope a period that the earlier cells show, cohorts counting by weight.

    A cell that compares two periods d apart shows d times the slope: the least-squares line through zero.
    """
    which = before(cells, anticipation)
    weights = np.zeros(len(cells.effect))
    apart = (cells.period - cells.base)[which].astype(float)
    raw = masses[cells.cohort[which]] * apart
    if len(which):
        weights[which] = raw / (raw @ apart)
    return Average(weights=weights, shares=np.zeros(len(masses)))


def pre_test(
    sample: GroupTimeSample,
    cells: Cells,
    precision: Precision,
    headline: Average,
    slope: tuple[int, float],
    *,
    anticipation: int,
) -> PreTest | None:
    """Test the cells before the start.

    With errors for large samples all at once: Callaway and Sant'Anna's Wald statistic on a chi-squared
    distribution, as R's `did` reports. With errors for few sites it rejects too often: then all at once by
    Hotelling's F, and where this leaves fewer degrees of freedom than there are cells, so that it notices
    hardly anything, their slope alone.

    Parameters
    ----------
    slope : place of the slope in `precision`, and its value
    """
    which = before(cells, anticipation)
    if not len(which):
        return None
    steep = float(headline.weights @ cells.effect) / float(headline.weights @ (cells.period - cells.base))
    departure = steep * (cells.period - cells.base)[which]
    covariance = precision.covariance[np.ix_(which, which)]
    many = np.linalg.matrix_rank(covariance, hermitian=True) == len(which)
    if many:
        statistic, noncentral = (
            float(each @ np.linalg.solve(covariance, each)) for each in (cells.effect[which], departure)
        )
        if not np.isfinite(precision.degrees_of_freedom[which]).all():
            return _wald(statistic, noncentral, len(which))
        free = joint_degrees_of_freedom(sample, cells, which)
        if free is not None and free - len(which) + 1 >= max(_FEW_DEGREES, len(which)):
            return _hotelling(statistic, noncentral, len(which), free)
    place, value = slope
    variance, free = float(precision.covariance[place, place]), float(precision.degrees_of_freedom[place])
    if variance <= 0:
        return None
    return _slope(value**2 / variance, steep**2 / variance, free)


def _wald(statistic: float, noncentral: float, q: int) -> PreTest:
    from scipy import stats

    return PreTest(
        statistic=statistic,
        p_value=float(stats.chi2.sf(statistic, q)),
        power=float(stats.ncx2.sf(stats.chi2.ppf(0.95, q), q, noncentral)),
        name=f"Wald test, W = {statistic:.2f} on {q} degrees of freedom",
    )


def _hotelling(statistic: float, noncentral: float, q: int, free: float) -> PreTest:
    from scipy import stats

    denominator = free - q + 1
    # the inverse of an estimated covariance is too large on average
    shrunk = noncentral * max(free - q - 1, 0) / free
    return PreTest(
        statistic=statistic,
        p_value=float(stats.f.sf(denominator / (free * q) * statistic, q, denominator)),
        power=_power(shrunk, q, denominator),
        name=f"Hotelling's test, F on {q} and {denominator:.1f} degrees of freedom",
    )


def _slope(statistic: float, noncentral: float, free: float) -> PreTest:
    from scipy import stats

    if not np.isfinite(free):
        return _wald(statistic, noncentral, 1)
    return PreTest(
        statistic=statistic,
        p_value=float(stats.f.sf(statistic, 1, free)),
        power=_power(noncentral * max(free - 2, 0) / free, 1, free),
        name=f"test of a linear trend, F on 1 and {free:.1f} degrees of freedom",
    )


def _power(noncentral: float, q: int, denominator: float) -> float:
    from scipy import stats

    power = stats.ncf.sf(stats.f.ppf(0.95, q, denominator), q, denominator, noncentral) if noncentral > 0 else 0.05
    return float(np.clip(power if np.isfinite(power) else 1.0, 0.05, 1))


def leads_check(test: PreTest | None, cells: int) -> Check:
    """Say what the test saw, and what chance it had."""
    if test is None:
        return Check(
            name="leads",
            passed=None,
            detail="Too few periods before the start, or too few sites, to see whether the sites moved together then.",
        )
    where = f"{cells} earlier cohort-period{'s' if cells > 1 else ''}"
    if test.p_value < 0.05:
        passed: bool | None = False
        shown = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}"
        seen = f"Treated and comparison sites already moved apart before the start ({where}, {shown})."
    else:
        seen = (
            "Before the start no more difference than chance makes was seen between treated and comparison sites "
            f"({where}, p = {test.p_value:.2f})."
        )
        passed = True if test.power >= _ENOUGH_POWER else None
    return Check(
        name="leads",
        passed=passed,
        detail=f"{seen} A trend steep enough to explain the whole result would have been noticed with probability "
        f"{100 * test.power:.0f} %. ({test.name}.)",
    )
