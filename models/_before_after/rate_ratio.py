"""The relative incidence rate ratio: the treated area's change over the comparison area's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evalkit.domain.table import Counts
from evalkit.draws import FloatArray, Interval
from evalkit.errors import EstimationError, first_of
from evalkit.models._before_after.cells import Cells, cells_of_table, table_of

__all__ = ["RateRatio", "log_ratio_changes", "rate_ratio"]


@dataclass(frozen=True, kw_only=True)
class RateRatio:
    """A relative incidence rate ratio; below 1 is fewer crimes than the comparison leads to expect.

    Attributes
    ----------
    log_ratio, std_error : ln(T1/T0) - ln(C1/C0) and its standard error
    expected : crimes in the treated area after, had it changed in proportion: T0 C1/C0
    prevented : `expected` less those recorded; negative where there were more
    """

    log_ratio: float
    std_error: float
    expected: float
    prevented: float

    @property
    def ratio(self) -> float:
        """The ratio itself; below 1 is good."""
        return math.exp(self.log_ratio)

    @property
    def relative_effect_size(self) -> float:
        """Its inverse, as Farrington and Welsh report it; *above* 1 is good."""
        return math.exp(-self.log_ratio)

    def interval(self, level: float = 0.95) -> Interval:
        """Give the interval of the ratio (not of its logarithm)."""
        from scipy.special import ndtri

        reach = float(ndtri((1 + level) / 2)) * self.std_error
        lower, upper = math.exp(self.log_ratio - reach), math.exp(self.log_ratio + reach)
        return Interval(level=level, lower=lower, upper=upper)


def rate_ratio(treated: Counts, comparison: Counts, *, dispersion: float = 1.0) -> RateRatio:
    """Give the relative incidence rate ratio of (before, after) counts.

    Lengths of the periods and sizes of the areas cancel. The variance of the logarithm is `dispersion`
    times the sum of the four inverse counts.

    References
    ----------
    Wilson 2022, doi:10.1007/s10940-021-09494-w; the inverse is the relative effect size of Welsh
    and Farrington.

    Raises
    ------
    EstimationError
        Where a count is zero: the ratio has no logarithm, and adding a half is an unstated prior.

    Examples
    --------
    >>> found = rate_ratio((50, 30), (60, 55))
    >>> round(found.ratio, 4), round(found.prevented, 2)
    (0.6545, 15.83)
    """
    cells = cells_of_table(table_of(treated, comparison))
    if cells.zeros:
        raise EstimationError(
            f"nothing was counted in {first_of(cells.zeros)}, so the ratio has no logarithm; wanted is "
            "at least one in each cell. BeforeAfterTable(measure='ratio') answers with a posterior"
        )
    changes, covariance = log_ratio_changes(cells, dispersion)
    expected = treated[0] * comparison[1] / comparison[0]
    return RateRatio(
        log_ratio=float(changes[0]),
        std_error=float(np.sqrt(covariance[0, 0])),
        expected=expected,
        prevented=expected - treated[1],
    )


def log_ratio_changes(cells: Cells, dispersion: float) -> tuple[FloatArray, FloatArray]:
    """Give log rate ratios, shape (changes,), and their covariance, shape (changes, changes).

    No count may be zero. Without a comparison it is the logarithm of the treated area's own rates.
    """
    changes = np.einsum("kaj,aj->k", cells.signs, np.log(cells.counts / cells.weights))
    covariance = dispersion * np.einsum("kaj,laj,aj->kl", cells.signs, cells.signs, 1 / cells.counts)
    return changes, covariance
