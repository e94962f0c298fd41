"""One weighted comparison: weights, events expected, and each site's part in the error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._balancing.programme import solve
from evalkit.models._inference.ratio import Ratio, effective_number, ratio_of

__all__ = ["Comparison", "Outcomes", "Residuals", "compare", "compare_with", "regress"]

# Relative size of a singular value that is rounding.
_RANK = 1e-8
# What is left of a site whose own count fixes its fit; less is rounding.
_LEAST_SEEN = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcomes:
    """Counts in the periods that are compared, and what they could have happened to.

    Attributes
    ----------
    counts : shape (sites, periods)
    exposure : the same shape, or None
    treated : shape (sites,)
    """

    counts: FloatArray
    exposure: FloatArray | None
    treated: np.ndarray

    def at_the_treated_exposure(self, weights: FloatArray) -> FloatArray:
        """Give counts, those of comparison sites times treated exposure over weighted exposure by period."""
        if self.exposure is None:
            return self.counts
        factors = self.exposure[self.treated].sum(axis=0) / (weights @ self.exposure)
        return np.where(self.treated[:, None], self.counts, self.counts * factors)


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Treated sites against their weighted comparison.

    Attributes
    ----------
    weights : of comparison sites, summing to the number treated; zero for treated sites; shape (sites,)
    imbalance : difference of means that is left, in standard deviations of all sites, shape (columns,)
    carrying, effective : how many comparison sites have a weight, and how many even ones they are worth
    ratio : log of recorded over expected, and its error
    """

    weights: FloatArray
    imbalance: FloatArray
    carrying: int
    effective: float
    ratio: Ratio


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """What a regression on the balanced columns, in the weighted comparison, makes of every site.

    Attributes
    ----------
    fitted : shape (sites, periods)
    seen : share of a site's own deviation that its residual shows, one less its leverage, shape (sites,)
    free : sites with a weight less the rank of the regression
    """

    fitted: FloatArray
    seen: FloatArray
    free: int


def compare(columns: FloatArray, outcomes: Outcomes, *, slack: float) -> Comparison:
    """Weight the comparison sites, and linearise the log ratio."""
    treated = outcomes.treated
    found = solve(columns, columns[treated].mean(axis=0)[None, :], ~treated[:, None], slack)
    return compare_with(columns, outcomes, treated.sum() * found.shares[:, 0], found.imbalance[:, 0])


def compare_with(columns: FloatArray, outcomes: Outcomes, weights: FloatArray, imbalance: FloatArray) -> Comparison:
    """Hold treated sites against comparison sites with weights that are given, and linearise the log ratio.

    Weights do not look at the outcomes compared. Given the columns, only how outcomes fall around their
    mean is left to chance, and the columns' own part of them cancels; so the error is that of what a
    regression on the columns leaves (generalised regression: Deville and Sarndal 1992,
    doi:10.1080/01621459.1992.10475217), with residuals made larger for their leverage (HC2).

    Parameters
    ----------
    weights, imbalance : as of a `Comparison`
    """
    treated = outcomes.treated
    counts = outcomes.at_the_treated_exposure(weights)
    recorded, expected = counts[treated].sum(axis=0), weights @ counts
    if recorded.sum() == 0 or expected.sum() <= 0:
        which = "treated sites" if recorded.sum() == 0 else "weighted comparison"
        msg = f"no event was recorded in the {which} after the start, and a ratio of nothing does not exist"
        raise EstimationError(msg)
    rest = regress(columns, counts, weights)
    _require_free(rest.free, imbalance, int((weights > 0).sum()))
    ratio = float(recorded.sum() / expected.sum())
    size = int(treated.sum())
    contributions = weights[:, None] * (counts - rest.fitted) / np.sqrt(rest.seen)[:, None]
    contributions[treated] = -(counts - ratio * rest.fitted)[treated] / ratio * np.sqrt(size / (size - 1))
    return Comparison(
        weights=weights,
        imbalance=imbalance,
        carrying=int((weights > 0).sum()),
        effective=effective_number(weights),
        ratio=ratio_of(recorded, expected, contributions, treated, _numbers(rest, weights, treated)),
    )


def _require_free(free: int, imbalance: FloatArray, carrying: int) -> None:
    """Refuse where the weight lies on so few sites that balancing has used up all they could show."""
    if free >= 2:
        return
    away = float(np.abs(imbalance).max())
    near = f", and still differ by up to {away:.2g} standard deviations from the treated ones" if away > 1e-5 else ""
    msg = (
        f"{carrying} comparison site{'s carry' if carrying > 1 else ' carries'} all the weight{near}: nothing is left "
        "to tell an error from. Balance on fewer columns (a larger lag_periods, fewer names in balance_on), let "
        "balance be inexact (slack = 0.01), or, where no site is like the treated ones, do not compare them: "
        "'empirical-bayes' takes sites that were chosen for being worse than all others"
    )
    raise EstimationError(msg)


def _numbers(rest: Residuals, weights: FloatArray, treated: np.ndarray) -> tuple[float, float]:
    """Sites that each variance is worth, where a count varies in proportion to its mean."""
    mean = np.maximum(rest.fitted.sum(axis=1), 0)
    return effective_number(mean[treated]), min(effective_number(weights**2 * mean), rest.free + 1.0)


def regress(columns: FloatArray, counts: FloatArray, weights: FloatArray) -> Residuals:
    """Regress counts on the columns in the comparison sites, each with its weight."""
    used = weights > 0
    scale = columns.std(axis=0)
    x = np.column_stack([np.ones(len(columns)), (columns - columns.mean(axis=0)) / np.where(scale > 0, scale, 1)])
    root = np.sqrt(weights[used])[:, None]
    left, values, right = np.linalg.svd(x[used] * root, full_matrices=False)
    alive = values > _RANK * values[0]
    left, back = left[:, alive], right[alive].T / values[alive]
    free = int(used.sum() - alive.sum())
    seen = np.ones(len(columns))
    seen[used] = np.maximum(1 - (left**2).sum(axis=1), _LEAST_SEEN)
    return Residuals(fitted=x @ (back @ (left.T @ (counts[used] * root))), seen=seen, free=free)
