"""The E-test of whether two Poisson counts come from the same rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from evalkit.errors import EstimationError, nearest

__all__ = ["ETest", "Statistic", "e_test"]

type Statistic = Literal["wald", "score"]

# The test adds up a grid of some thirteen standard deviations squared; past this it would fill memory.
LARGEST_COUNT = 100_000


@dataclass(frozen=True, kw_only=True)
class ETest:
    """Two-sided p-value of equal rates, the two rates, and the statistic that ordered the outcomes."""

    p_value: float
    rates: tuple[float, float]
    method: Statistic


def e_test(k1: float, n1: float, k2: float, n2: float, *, method: Statistic = "wald") -> ETest:
    """Test whether counts `k1` in exposure `n1` and `k2` in exposure `n2` have one rate.

    Parameters
    ----------
    k1, k2 : counts
    n1, n2 : lengths, areas or people at risk, above zero
    method : "wald" is the published test (and scipy's); "score" pools the variance, as ptools and
        crimepy do. With unequal exposures they differ: 100 in 10 against 25 in 5 gives .00057 and .0015.

    References
    ----------
    Krishnamoorthy and Thomson 2004, doi:10.1016/S0378-3758(02)00408-1.

    Examples
    --------
    >>> round(e_test(3, 1, 0, 1).p_value, 5)
    0.08838
    """
    _check(k1, n1, k2, n2, method)
    if method == "score":
        p_value = _score(int(k1), n1, int(k2), n2)
    else:
        from scipy.stats import poisson_means_test

        p_value = float(poisson_means_test(int(k1), n1, int(k2), n2).pvalue)
    return ETest(p_value=min(1.0, p_value), rates=(k1 / n1, k2 / n2), method=method)


def _score(k1: int, n1: float, k2: int, n2: float) -> float:
    import numpy as np
    from statsmodels.stats.rates import test_poisson_2indep

    if k1 == k2 == 0:
        return 1.0  # no outcome is more ordinary than none in either; the statistic is 0/0
    with np.errstate(divide="ignore"):  # it also works out the ratio, which a zero leaves without value
        found = test_poisson_2indep(np.int64(k1), n1, np.int64(k2), n2, method="etest-score", compare="diff")
    return float(found.pvalue)


def _check(k1: float, n1: float, k2: float, n2: float, method: str) -> None:
    if method not in get_args(Statistic.__value__):
        known = get_args(Statistic.__value__)
        raise EstimationError(f"no method {method!r} of the E-test; {nearest(method, known)}")
    for name, count in (("k1", k1), ("k2", k2)):
        if not (math.isfinite(count) and count >= 0 and count == int(count)):
            raise EstimationError(f"{name} is a whole count of zero or more; there is {count}")
        if count > LARGEST_COUNT:
            raise EstimationError(
                f"{name} is {count:,.0f}; the E-test is made for counts up to {LARGEST_COUNT:,}: "
                "use displacement_difference, whose normal error is exact enough there"
            )
    for name, exposure in (("n1", n1), ("n2", n2)):
        if not (math.isfinite(exposure) and exposure > 0):
            raise EstimationError(f"{name} is an exposure above zero; there is {exposure}")
