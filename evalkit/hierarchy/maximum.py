"""The maximum of the same likelihood, without priors: what other software gives for counts of many sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.tabulated import LogTable, tabulated

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.count_tables import CountTables

__all__ = ["CountMaximum", "maximise_counts"]

# No effect is looked for beyond a factor of e^40.
_FAR = 40.0
# Of the gradient, which is exact, in standard errors; and how small a deviation between sites counts as none.
_STEP, _NONE = 1e-3, 1e-4
_SETTLED = 1e-9


@dataclass(frozen=True, kw_only=True)
class CountMaximum:
    """Where the likelihood of counts is highest.

    Attributes
    ----------
    mean : mean effect, a log ratio
    mean_error : its standard error, from the observed information with the deviation between sites
    between : deviation between sites; 0 where the likelihood only falls with it
    between_error : its standard error; None where it is 0, as there is no slope to tell it from
    log_likelihood : at the maximum, of the counts given their margins
    """

    mean: float
    mean_error: float
    between: float
    between_error: float | None
    log_likelihood: float


def maximise_counts(tables: CountTables) -> CountMaximum:
    """Maximise the conditional likelihood over mean and deviation between sites.

    This is the conditional model with exact likelihood of Stijnen, Hamza and Özdemir (2010, doi:10.1002/sim.4040).
    Errors are too small with few sites, as they take the deviation for estimated without bias; `fit_counts` does not.

    Parameters
    ----------
    tables : from `ratios_of_ratios`, `rate_ratios` or `odds_ratios`
    """
    sites = [site for site, says in zip(tables.likelihoods, tables.informs, strict=True) if says]
    made = [tabulated(site, -_FAR, _FAR) for site in sites]
    _require_both_sides(tables)
    precisions = np.array([site.scale**-2 for site in sites])
    middle = float(precisions @ [site.centre for site in sites] / precisions.sum())
    mean, between, highest = _climb(made, middle, float(np.median(precisions) ** -0.5))
    information = _information(made, mean, between)
    covariance = np.linalg.inv(information)
    return CountMaximum(
        mean=mean,
        mean_error=float(np.sqrt(covariance[0, 0])),
        between=between,
        between_error=float(np.sqrt(covariance[1, 1])) if between > 0 else None,
        log_likelihood=highest,
    )


def _climb(made: Sequence[LogTable], middle: float, usual: float) -> tuple[float, float, float]:
    """Give mean, deviation and log likelihood at the maximum, which may lie at a deviation of zero."""
    from scipy.optimize import minimize

    def falling(place: FloatArray) -> tuple[float, FloatArray]:
        between = float(np.exp(place[1]))
        value, slope = _slope(made, float(place[0]), between)
        return -value, -slope * [1.0, between]

    def falling_pooled(place: FloatArray) -> tuple[float, FloatArray]:
        value, slope = _slope(made, float(place[0]), 0.0)
        return -value, -slope[:1]

    pooled = minimize(falling_pooled, [middle], jac=True, method="BFGS", options={"gtol": _SETTLED})
    # a likelihood that rises from none may have its maximum near or far
    starts = [np.array([middle, np.log(share * usual)]) for share in (0.2, 1.0)]
    bounds = [(-_FAR, _FAR), (np.log(_NONE * usual), np.log(_FAR))]
    found = [
        minimize(falling, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": _SETTLED, "ftol": 1e-15})
        for start in starts
    ]
    best = min(found, key=lambda each: float(each.fun))
    if best.fun < pooled.fun - _SETTLED:
        return float(best.x[0]), float(np.exp(best.x[1])), -float(best.fun)
    return float(pooled.x[0]), 0.0, -float(pooled.fun)


def _slope(made: Sequence[LogTable], mean: float, between: float) -> tuple[float, FloatArray]:
    """Give the log likelihood and its slope by mean and deviation."""
    at, deviations = np.array([[mean]]), np.array([between])
    if between == 0:
        points = np.array([mean - _STEP, mean, mean + _STEP])
        values = np.sum([table(points) for table in made], axis=0)
        return float(values[1]), np.array([(values[2] - values[0]) / (2 * _STEP), 0.0])
    found = [table.smoothed(at, deviations) for table in made]
    value, means, variances = (np.array([part[0, 0] for part in each]) for each in zip(*found, strict=True))
    by_mean = ((means - mean) / between**2).sum()
    by_between = ((variances + (means - mean) ** 2 - between**2) / between**3).sum()
    return float(value.sum()), np.array([by_mean, by_between])


def _information(made: Sequence[LogTable], mean: float, between: float) -> FloatArray:
    """Give minus the second derivatives, from differences of the slope; the deviation's are 1 where it is zero."""
    if between == 0:
        points = mean + _STEP * np.array([-10.0, 0.0, 10.0])
        values = np.sum([table(points) for table in made], axis=0)
        return np.diag([-(values[2] - 2 * values[1] + values[0]) / (10 * _STEP) ** 2, 1.0])
    rows = []
    for step in (np.array([_STEP, 0.0]), np.array([0.0, _STEP * between])):
        above = _slope(made, mean + step[0], between + step[1])[1]
        below = _slope(made, mean - step[0], between - step[1])[1]
        rows.append((below - above) / (2 * step.sum()))
    information = np.array(rows)
    return np.asarray(0.5 * (information + information.T))


def _require_both_sides(tables: CountTables) -> None:
    """Refuse counts whose likelihood rises without end: every site has a zero on the same side."""
    said = tables.informs
    if not said.any():
        msg = "no site says anything: their counts would be the same under any effect"
        raise EvidenceError(msg)
    pair = tables.treated[said]
    others = pair[:, ::-1] if tables.comparison is None else tables.comparison[said]
    # the largest and the least table that share the margins
    most = np.minimum(pair.sum(axis=1), pair[:, 1] + others[:, 1])
    least = np.maximum(0, pair[:, 1] - others[:, 0])
    if tables.comparison is None:
        most, least = pair.sum(axis=1), np.zeros(len(pair))
    if (pair[:, 1] == most).all() or (pair[:, 1] == least).all():
        msg = (
            "every site has a zero on the same side, so the likelihood has no maximum: use fit_counts, whose prior of "
            "the mean says how large an effect can be"
        )
        raise EvidenceError(msg)
