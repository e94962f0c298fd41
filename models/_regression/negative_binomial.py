"""Negative binomial regression with a level for each site and each period, by statsmodels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._regression.linear import Fit, fit_linear

__all__ = ["MOST_SITES", "Likelihood", "fit_negative_binomial", "maximise"]

# Every site is a parameter of its own here, in dense matrices, and the likelihood's estimate of the variance suffers
# the more of them there are.
MOST_SITES = 100
_SETTLED = 1e-5
# Of alpha: below the first rates vary by less than 1 %, beyond the second some thirty times themselves.
_LEAST, _MOST = 1e-4, 1e3


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """The maximum of the likelihood with Var(y) = mu + alpha mu^2.

    Attributes
    ----------
    coefficients : of the columns, shape (k,)
    covariance : by site, with the observed information and the factor G / (G - 1) of Stata's nbreg, shape (k, k);
        statsmodels' own rule multiplies it by (N - 1) / (N - K) besides
    alpha : zero or more
    expected : shape (cells,)
    parameters : K, all coefficients without alpha
    """

    coefficients: FloatArray
    covariance: FloatArray
    alpha: float
    expected: FloatArray
    parameters: int


def maximise(counts: FloatArray, exposure: FloatArray, columns: FloatArray, used: np.ndarray) -> Likelihood:
    """Maximise over the cells in use.

    Parameters
    ----------
    counts, exposure, used : shape (sites, periods)
    columns : shape (sites, periods, k)
    """
    import statsmodels.api as sm

    sites, periods = np.nonzero(used)
    design = _with_dummies(columns[used], sites, periods)
    y, offset = counts[used], np.log(exposure[used])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is refused below, with a reason
        model = sm.NegativeBinomial(y, design, offset=offset)
        found: Any = model.fit(
            start_params=_near_the_maximum(y, design, offset),
            method="newton",
            maxiter=50,
            disp=0,
            cov_type="cluster",
            cov_kwds={"groups": sites, "use_correction": False},
        )
        slope = np.abs(model.score(found.params)).max()
    if not np.isfinite(found.params).all() or not slope < _SETTLED * max(1.0, float(y.sum())):
        raise EstimationError(_NO_MAXIMUM)
    k, groups = columns.shape[2], len(np.unique(sites))
    return Likelihood(
        coefficients=np.asarray(found.params[:k]),
        covariance=groups / (groups - 1) * np.asarray(found.cov_params())[:k, :k],
        alpha=max(float(found.params[-1]), 0.0),
        expected=np.exp(design @ found.params[:-1] + offset),
        parameters=design.shape[1],
    )


_NO_MAXIMUM = (
    "the negative binomial likelihood has no maximum that could be found: counts that vary no more than chance makes "
    "them, or cells without events; use 'did-poisson', whose errors allow for more variation too"
)


def _near_the_maximum(y: FloatArray, design: FloatArray, offset: FloatArray) -> FloatArray:
    """Give coefficients and alpha at which the profile likelihood of alpha is flat, or refuse where it only falls.

    At alpha = 0 its slope is half the sum of (y - mu)^2 - y (Dean and Lawless 1989,
    doi:10.1080/01621459.1989.10478792). Given alpha, the coefficients are a generalised linear model's.
    """
    import statsmodels.api as sm
    from scipy.optimize import brentq

    fit = sm.GLM(y, design, family=sm.families.Poisson(), offset=offset).fit()
    if not np.isfinite(fit.mu).all() or ((y - fit.mu) ** 2 - y).sum() <= 0:
        raise EstimationError(_NO_MAXIMUM)
    known = {"params": fit.params}

    def slope(log_alpha: float) -> float:
        alpha = float(np.exp(log_alpha))
        family = sm.families.NegativeBinomial(alpha=alpha)
        at = sm.GLM(y, design, family=family, offset=offset).fit(start_params=known["params"], tol=1e-10)
        known["params"] = at.params
        return _slope_of_alpha(y, at.mu, alpha)

    try:
        found = brentq(slope, np.log(_LEAST), np.log(_MOST), xtol=1e-8)
    except ValueError as problem:
        raise EstimationError(_NO_MAXIMUM) from problem
    slope(found)
    return np.append(known["params"], np.exp(found))


def _slope_of_alpha(y: FloatArray, mu: FloatArray, alpha: float) -> float:
    """Derivative of the log likelihood by alpha at expected counts mu."""
    from scipy.special import digamma

    size = 1 / alpha
    each = size**2 * (np.log1p(alpha * mu) - digamma(y + size) + digamma(size)) + size * (y - mu) / (1 + alpha * mu)
    return float(each.sum())


def _with_dummies(columns: FloatArray, sites: np.ndarray, periods: np.ndarray) -> FloatArray:
    own = np.eye(sites.max() + 1)[sites]
    each = np.eye(periods.max() + 1)[periods][:, 1:]
    return np.hstack([columns, own, each])


def fit_negative_binomial(
    counts: FloatArray, exposure: FloatArray, columns: FloatArray, weights: FloatArray, names: Sequence[str]
) -> Fit:
    """Fit, and give the working regression at the maximum, from which errors by site are made.

    Residuals are (y - mu) / mu and weights mu / (1 + alpha mu); the predictor is without the offset. The errors
    take alpha as known: it and the coefficients are uncorrelated at the maximum (Lawless 1987, doi:10.2307/3314912).
    """
    used = weights > 0
    # columns that cannot be told apart are named here at once; the likelihood wanders among their maxima for long
    fit_linear(np.zeros_like(counts), columns, used.astype(float), names)
    found = maximise(counts, exposure, columns, used)
    expected = np.ones_like(counts)
    expected[used] = found.expected
    predictor = np.log(expected) - np.log(exposure)
    working = predictor + counts / expected - 1
    return fit_linear(
        working, columns, used * expected / (1 + found.alpha * expected), names, variance_is_inverse_weight=True
    )
