"""A negative binomial for the sites' totals before the start, and how it would move with each site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError

__all__ = ["Past", "Population", "derivative", "fit_population", "shrunk", "shrunk_if_lognormal"]

# A variance between sites below this, relative to that of chance in a typical site, is none.
_NONE = 1e-3
_STEP = 1e-5
# Standard deviations of a normal at which a lognormal is read: close enough for records of thousands of events.
_GRID = np.linspace(-6, 6, 801)
_BOUNDS = (-15.0, 5.0)  # of the log of the variance between sites


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """Counts before the start in the sites of the population.

    Attributes
    ----------
    counts : shape (sites, periods); zero where missing
    at_risk : exposure times the period's common level, shape (sites, periods); zero where missing
    regressors : a one and the covariates, shape (sites, k)
    """

    counts: FloatArray
    at_risk: FloatArray
    regressors: FloatArray


@dataclass(frozen=True, kw_only=True)
class Population:
    """How rates differ between sites, and within a site over time.

    Attributes
    ----------
    parameters : regression coefficients, then the log of the squared coefficient of variation of totals around
        them, then that of a single period within a site
    free : which parameters were estimated, and do not stand at the end of their range, shape (k + 2,)
    influence : of each site on each parameter, shape (sites, k + 2)
    """

    parameters: FloatArray
    free: np.ndarray
    influence: FloatArray


def fit_population(past: Past, members: np.ndarray) -> Population:
    """Fit the population by maximum likelihood, and its variation over time by moments.

    Totals are negative binomial: Poisson around a mean that is gamma distributed between sites (Hauer 1997,
    Observational Before-After Studies in Road Safety, ch. 11). How much of the variation does not last is told
    from how counts of a site differ between periods beyond chance.

    Parameters
    ----------
    members : which sites make the population, shape (sites,)
    """
    totals, at_risk = past.counts.sum(axis=1), past.at_risk.sum(axis=1)
    k = past.regressors.shape[1]
    own = members & (at_risk > 0)
    if totals[own].sum() == 0:
        msg = "the population has no event before the start, so nothing is known of how sites differ"
        raise EstimationError(msg)
    first = np.zeros(k + 1)
    first[0] = np.log(totals[own].sum() / at_risk[own].sum())

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        mean = at_risk[own] * np.exp(np.clip(past.regressors[own] @ values[:k], -50, 50))
        likelihood = _log_likelihood(totals[own], mean, float(np.exp(values[k])))
        return -float(likelihood.sum()), -_scores(past, totals, at_risk, values)[own].sum(axis=0)

    bounds = [(None, None)] * k + [_BOUNDS]
    found = optimize.minimize(
        loss, first, jac=True, bounds=bounds, method="L-BFGS-B", options={"gtol": 1e-7, "ftol": 1e-14}
    )
    parameters = np.append(found.x, 0.0)
    parameters[-1] = _over_time(past, parameters, own)
    typical = float(np.mean(at_risk[own] * np.exp(past.regressors[own] @ found.x[:k])))
    free = np.ones(k + 2, bool)
    free[k] = np.exp(parameters[k]) * typical > _NONE
    free[k + 1] = parameters[-1] > 0
    return Population(parameters=parameters, free=free, influence=_influence(past, parameters, free, own))


def shrunk(past: Past, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give each site's lasting rate per unit at risk, shape (sites,), and how far its own record counts in it.

    The rate is the best linear forecast: mean of the population for such a site, plus the share z of what the
    site's record departs from it. Without variation over time, z = total / (total + 1/variance) with the
    total that is expected, the mean of the gamma that a negative binomial implies; variation over time
    makes the record say less (Buhlmann and Straub 1970).
    """
    mean, lasting, noise, ratio = _apart(past, parameters)
    own = np.where(np.isfinite(noise), lasting / (lasting + noise), 0.0)
    return np.asarray(mean * (1 + own * (ratio - 1))), np.asarray(own)


def shrunk_if_lognormal(past: Past, parameters: FloatArray) -> FloatArray:
    """Give each site's lasting rate if these were lognormal and not gamma, of the same mean and variance.

    A record counts as a Poisson count of as many events as make its noise; with a gamma that is `shrunk` itself.
    """
    mean, lasting, noise, ratio = _apart(past, parameters)
    scale = np.sqrt(np.log1p(lasting))[:, None]
    logs = scale * _GRID - scale**2 / 2
    events = np.where(np.isfinite(noise), 1 / noise, 0.0)[:, None]
    heights = events * (ratio[:, None] * logs - np.exp(logs)) - _GRID**2 / 2
    shares = np.exp(heights - heights.max(axis=1, keepdims=True))
    return np.asarray(mean * (shares * np.exp(logs)).sum(axis=1) / shares.sum(axis=1))


def _apart(past: Past, parameters: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean rate of sites like each, relative variances that last and that do not, and record over mean, each (sites,).

    Where nothing was at risk there is no record: its noise is infinite.
    """
    k = past.regressors.shape[1]
    mean = np.exp(past.regressors @ parameters[:k])
    expected = mean * past.at_risk.sum(axis=1)
    within = parameters[k + 1] * _shares_squared(past.at_risk)
    lasting = np.maximum(np.exp(parameters[k]) - within, 0.0)
    noise = np.divide(1.0, expected, out=np.full_like(expected, np.inf), where=expected > 0) + within
    ratio = np.divide(past.counts.sum(axis=1), expected, out=np.ones_like(expected), where=expected > 0)
    return mean, lasting, noise, ratio


def _shares_squared(at_risk: FloatArray) -> FloatArray:
    """Sum of squares of each period's share in what a site has at risk: one over a number of even periods."""
    total = at_risk.sum(axis=1)
    return np.divide((at_risk**2).sum(axis=1), total**2, out=np.ones_like(total), where=total > 0)


def _log_likelihood(totals: FloatArray, mean: FloatArray, variance: float) -> FloatArray:
    size = 1 / variance
    return np.asarray(
        special.gammaln(totals + size)
        - special.gammaln(size)
        + totals * np.log(mean / (mean + size))
        - size * np.log1p(mean / size)
    )


def _scores(past: Past, totals: FloatArray, at_risk: FloatArray, values: FloatArray) -> FloatArray:
    """Derivatives of each site's log likelihood by coefficients and log variance, shape (sites, k + 1)."""
    k = past.regressors.shape[1]
    mean = at_risk * np.exp(np.clip(past.regressors @ values[:k], -50, 50))
    size = np.exp(-values[k])
    by_mean = (totals - mean) / (1 + mean / size)
    by_size = (
        special.digamma(totals + size) - special.digamma(size) - np.log1p(mean / size) - (totals - mean) / (mean + size)
    )
    return np.column_stack([past.regressors * by_mean[:, None], -size * by_size])


def _moments(past: Past, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Squares within each site beyond chance, and what they are for a unit of variation over time.

    A site's counts are held against its total, shared out by what is at risk; shapes (sites,).
    """
    k = past.regressors.shape[1]
    means = past.at_risk * np.exp(past.regressors @ parameters[:k])[:, None]
    total, squares = means.sum(axis=1), (means**2).sum(axis=1)
    shares = np.divide(means, total[:, None], out=np.zeros_like(means), where=total[:, None] > 0)
    seen = ((past.counts - shares * past.counts.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
    chance = total * (1 - (shares**2).sum(axis=1))
    unit = squares - 2 * (shares * means**2).sum(axis=1) + (shares**2).sum(axis=1) * squares
    return seen - chance, unit


def _over_time(past: Past, parameters: FloatArray, own: np.ndarray) -> float:
    beyond, unit = _moments(past, parameters)
    total = float(unit[own].sum())
    return max(float(beyond[own].sum()) / total, 0.0) if total > 0 else 0.0


def _influence(past: Past, parameters: FloatArray, free: np.ndarray, own: np.ndarray) -> FloatArray:
    """What each site adds to each parameter, to first order: the sandwich's half, shape (sites, k + 2)."""
    totals, at_risk = past.counts.sum(axis=1), past.at_risk.sum(axis=1)

    def equations(values: FloatArray) -> FloatArray:
        beyond, unit = _moments(past, values)
        each = np.column_stack([_scores(past, totals, at_risk, values[:-1]), beyond - values[-1] * unit])
        return np.asarray(each * own[:, None])[:, free]

    slopes = derivative(lambda values: equations(values).sum(axis=0), parameters)[:, free]
    out = np.zeros((len(totals), len(parameters)))
    out[:, free] = -equations(parameters) @ np.linalg.inv(slopes).T
    return out


def derivative(function: Callable[[FloatArray], FloatArray], at: FloatArray) -> FloatArray:
    """Central differences of a vector by each parameter, shape (values, parameters)."""
    columns = []
    for place in range(len(at)):
        step = np.zeros_like(at)
        step[place] = _STEP
        columns.append((function(at + step) - function(at - step)) / (2 * _STEP))
    return np.stack(columns, axis=1)
