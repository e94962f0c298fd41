"""Weights for money that goes to the poorer or the richer, and what of the answer hangs on them.

A unit of money is worth more to who has less of it. The Green Book weighs what a group gains or pays by (median
income / income of the group) to the power of the elasticity of the marginal utility of income, and shows the
weighted figure beside the unweighted one (HM Treasury, The Green Book, edition of 2022, A3.12 to A3.22,
https://www.gov.uk/government/publications/the-green-book-appraisal-and-evaluation-in-central-government).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray, is_number
from evalkit.errors import CostError

__all__ = ["GREEN_BOOK_EXPONENT", "MOST_EXPONENT", "SwitchingExponent", "switching_exponent", "welfare_weight"]

GREEN_BOOK_EXPONENT = 1.3
# There, money to people with half of the median income already counts a thousand times.
MOST_EXPONENT = 10.0
# A monthly income beside a yearly one is told by no ratio, but one in pence or in thousands is.
_MOST_RATIO = 1000.0
_STEPS = 2001


@dataclass(frozen=True, kw_only=True)
class SwitchingExponent:
    """The exponent at which the weighted net benefit changes its sign.

    Attributes
    ----------
    value : the smallest one from 0 on; None with `reason`
    reason : why there is none; empty where there is one
    """

    value: float | None
    reason: str


def welfare_weight(income: float, median_income: float, exponent: float = GREEN_BOOK_EXPONENT) -> float:
    """Give the weight of a unit of money of people with this income; above 1 for those below the median.

    Parameters
    ----------
    income, median_income : equivalised, in the same currency, year and span of time
    exponent : 0 weighs all alike; 1.3 by the Green Book

    Raises
    ------
    CostError
        An income that is not above zero or not in the unit of the other, or an exponent below 0.

    >>> welfare_weight(15_000, 30_000)
    2.4622888266898326
    """
    for name, value in (("the income of a group", income), ("the median income", median_income)):
        if not is_number(value) or not value > 0:
            raise CostError(f"{name} is a number above zero; there is {value!r}")
    check_exponent(exponent)
    ratio = median_income / income
    if not 1 / _MOST_RATIO <= ratio <= _MOST_RATIO:
        raise CostError(
            f"the median income of {median_income:g} is {ratio:.3g} times a group's income of {income:g}: "
            "give both in the same currency and unit, such as euros a year"
        )
    return float(ratio**exponent)


def check_exponent(exponent: object) -> None:
    """Refuse what is not an exponent of distributional weights."""
    if not is_number(exponent) or not 0 <= exponent <= MOST_EXPONENT:
        raise CostError(
            f"the exponent of the distributional weights is a number from 0 (all alike) to {MOST_EXPONENT:g}, "
            f"1.3 by the Green Book; there is {exponent!r}"
        )


def switching_exponent(net: FloatArray, ratios: FloatArray, unweighted: float = 0.0) -> SwitchingExponent:
    """Give the smallest exponent at which the mean weighted net benefit changes its sign.

    Parameters
    ----------
    net : mean net benefit of each group, shape (groups,); negative where the group loses
    ratios : median income over income, shape (groups,)
    unweighted : mean net benefit that goes to no group and keeps weight 1
    """
    net, ratios = np.asarray(net, float), np.asarray(ratios, float)
    tiny = 1e-12 * (np.abs(net).sum() + abs(unweighted))

    def weighted(exponent: float) -> float:
        return float(net @ ratios**exponent + unweighted)

    start = weighted(0.0)
    if abs(start) <= tiny:
        return SwitchingExponent(value=None, reason="without weights nothing is left, so there is no sign to change")
    if np.allclose(ratios, 1, rtol=0, atol=1e-12):
        reason = "every group has the median income, so all weights are 1 whatever the exponent"
        return SwitchingExponent(value=None, reason=reason)
    grid = np.linspace(0, MOST_EXPONENT, _STEPS)
    values = net @ ratios[:, None] ** grid + unweighted
    crossed = np.flatnonzero(np.sign(values) != np.sign(start))
    if not crossed.size:
        stays = "a gain" if start > 0 else "a loss"
        reason = f"it stays {stays} at every exponent from 0 to {MOST_EXPONENT:g}"
        return SwitchingExponent(value=None, reason=reason)
    from scipy.optimize import brentq

    first = int(crossed[0])
    return SwitchingExponent(value=float(brentq(weighted, grid[first - 1], grid[first])), reason="")
