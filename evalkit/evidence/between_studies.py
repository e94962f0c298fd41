"""How much true effects differ between studies: estimators of their variance, on arrays.

Functions take many data sets at once: y and v (sampling variances) have shape (..., studies), X has (..., studies, p)
or is one (studies, p) for all, and what comes back has the leading shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.draws import FloatArray, Interval
from evalkit.errors import EvidenceError, nearest

__all__ = [
    "BetweenMethod",
    "Weighted",
    "between_variance",
    "log_likelihood",
    "q_profile",
    "standard_error_of_variance",
    "typical_variance",
    "weighted_fit",
]

type BetweenMethod = Literal["REML", "DL", "PM", "ML", "common"]

# Newton settles in some ten steps; a data set that has not after this many is refused.
_STEPS = 200
_SETTLED = 1e-12
# A likelihood may have two tops: it is looked over at these multiples of the typical sampling variance first.
_GRID = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, 49)])
# Of the distance between two neighbours this leaves less than rounding.
_HALVINGS = 54


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighted:
    """Generalised least squares with weights 1 / (v + tau2).

    Attributes
    ----------
    coefficients : shape (..., p)
    covariance : (X'WX)^-1, shape (..., p, p)
    weights, residuals : shape (..., studies)
    q : weighted sum of squared residuals, shape (...,)
    """

    coefficients: FloatArray
    covariance: FloatArray
    weights: FloatArray
    residuals: FloatArray
    q: FloatArray


def weighted_fit(y: FloatArray, v: FloatArray, X: FloatArray, tau2: FloatArray | float) -> Weighted:
    """Fit effects on moderators with the between-study variance given, shape (...,)."""
    weights = 1 / (v + np.asarray(tau2, float)[..., None])
    weighted = X * weights[..., None]
    covariance = np.linalg.inv(np.swapaxes(weighted, -1, -2) @ X)
    coefficients = (covariance @ np.einsum("...kp,...k->...p", weighted, y)[..., None])[..., 0]
    residuals = y - (X @ coefficients[..., None])[..., 0]
    return Weighted(
        coefficients=coefficients,
        covariance=covariance,
        weights=weights,
        residuals=residuals,
        q=np.sum(weights * residuals**2, axis=-1),
    )


def between_variance(y: FloatArray, v: FloatArray, X: FloatArray, method: BetweenMethod = "REML") -> FloatArray:
    """Estimate the variance of true effects between studies, shape (...,); never below 0.

    "DL" is the moment estimator of DerSimonian and Laird 1986 (doi:10.1016/0197-2456(86)90046-2), "PM" that of Paule
    and Mandel 1982 (doi:10.6028/jres.087.022), "REML" and "ML" maximise the restricted and the full likelihood, and
    "common" is 0: one true effect for all.

    Raises
    ------
    EvidenceError
        There is no such method, or the iterations do not settle.
    """
    if method not in get_args(BetweenMethod.__value__):
        raise EvidenceError(f"no method {method!r}; {nearest(method, get_args(BetweenMethod.__value__))}")
    if method == "common":
        return np.zeros(y.shape[:-1])
    if method == "DL":
        fit = weighted_fit(y, v, X, 0.0)
        free = y.shape[-1] - X.shape[-1]
        return np.asarray(np.maximum(0.0, (fit.q - free) / _traces(fit, X)[0]))
    if method == "PM":
        return _paule_mandel(y, v, X)
    return _most_likely(y, v, X, restricted=method == "REML")


def _traces(fit: Weighted, X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give tr(P) and tr(PP) of P = W - WX (X'WX)^-1 X'W, each of shape (...,)."""
    squared, cubed = (
        fit.covariance @ (np.swapaxes(X * fit.weights[..., None] ** power, -1, -2) @ X) for power in (2, 3)
    )
    first = fit.weights.sum(axis=-1) - np.trace(squared, axis1=-2, axis2=-1)
    second = (
        np.sum(fit.weights**2, axis=-1)
        - 2 * np.trace(cubed, axis1=-2, axis2=-1)
        + np.trace(squared @ squared, axis1=-2, axis2=-1)
    )
    return first, second


def _paule_mandel(y: FloatArray, v: FloatArray, X: FloatArray) -> FloatArray:
    """Give where Q is its expectation, by Newton from 0; Q is convex in tau2, so that no step goes too far."""
    tau2, free = np.zeros(y.shape[:-1]), y.shape[-1] - X.shape[-1]
    for _ in range(_STEPS):
        fit = weighted_fit(y, v, X, tau2)
        slope = np.sum((fit.weights * fit.residuals) ** 2, axis=-1)
        # studies that agree to the last digit have no slope, and no variance between them
        to = np.maximum(0.0, tau2 + (fit.q - free) / np.where(slope > 0, slope, 1.0))
        moved = np.abs(to - tau2) > _SETTLED * (to + np.median(v, axis=-1))
        tau2 = to
        if not moved.any():
            return np.asarray(tau2)
    raise EvidenceError(
        f"the variance between studies by 'PM' does not settle in {_STEPS} steps for {int(moved.sum())} of "
        f"{moved.size} data sets; look for a study whose error is out of all proportion to the others, or use 'REML'"
    )


def _most_likely(y: FloatArray, v: FloatArray, X: FloatArray, *, restricted: bool) -> FloatArray:
    """Climb the highest top of the likelihood: the best of a grid, then the slope's root between its neighbours."""
    grid = np.median(v, axis=-1)[..., None] * _GRID
    likely = log_likelihood(y[..., None, :], v[..., None, :], X[..., None, :, :], grid, restricted=restricted)
    best = likely.argmax(axis=-1)[..., None]
    low, high = (np.take_along_axis(grid, np.clip(best + by, 0, len(_GRID) - 1), axis=-1)[..., 0] for by in (-1, 1))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rises = _slope(y, v, X, middle, restricted=restricted) > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    flat = (best[..., 0] == 0) & (_slope(y, v, X, np.zeros_like(low), restricted=restricted) <= 0)
    return np.where(flat, 0.0, (low + high) / 2)


def _slope(y: FloatArray, v: FloatArray, X: FloatArray, tau2: FloatArray, *, restricted: bool) -> FloatArray:
    """Give twice the slope of the log likelihood in tau2, shape (...,)."""
    fit = weighted_fit(y, v, X, tau2)
    expected = _traces(fit, X)[0] if restricted else fit.weights.sum(axis=-1)
    return np.asarray(np.sum((fit.weights * fit.residuals) ** 2, axis=-1) - expected)


def log_likelihood(
    y: FloatArray, v: FloatArray, X: FloatArray, tau2: FloatArray | float, *, restricted: bool = True
) -> FloatArray:
    """Give the log likelihood of the between-study variance, coefficients at their best, up to a constant, (...,)."""
    fit = weighted_fit(y, v, X, tau2)
    out = 0.5 * (np.sum(np.log(fit.weights), axis=-1) - fit.q)
    return out + 0.5 * np.linalg.slogdet(fit.covariance)[1] if restricted else out


def standard_error_of_variance(
    y: FloatArray, v: FloatArray, X: FloatArray, tau2: float, method: BetweenMethod
) -> float | None:
    """Give the standard error of the between-study variance by its expected information; None but for likelihoods."""
    if method not in {"REML", "ML"}:
        return None
    fit = weighted_fit(y, v, X, tau2)
    information = _traces(fit, X)[1] if method == "REML" else np.sum(fit.weights**2)
    return float(np.sqrt(2 / information))


def typical_variance(y: FloatArray, v: FloatArray, X: FloatArray) -> FloatArray:
    """Give the sampling variance of a typical study, to which I2 holds the variance between studies, shape (...,).

    Higgins and Thompson 2002, doi:10.1002/sim.1186, with moderators as in metafor.
    """
    return np.asarray((y.shape[-1] - X.shape[-1]) / _traces(weighted_fit(y, v, X, 0.0), X)[0])


def q_profile(y: FloatArray, v: FloatArray, X: FloatArray, level: float = 0.95) -> Interval:
    """Give the interval of the between-study variance of one data set by the Q profile.

    Its ends are where the weighted squares are the quantiles of their chi-squared (Viechtbauer 2007,
    doi:10.1002/sim.2514). Both ends are 0 where studies agree better than chance would let them.
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2

    free, tail = y.shape[-1] - X.shape[-1], (1 - level) / 2

    def end(quantile: float) -> float:
        def beyond(tau2: float) -> float:
            return float(weighted_fit(y, v, X, tau2).q) - quantile

        if beyond(0.0) <= 0:
            return 0.0
        # with weights below 1 / tau2 the squares are at most those of a plain fit over tau2
        most = float(weighted_fit(y, np.ones_like(v), X, 0.0).q) / quantile
        return float(brentq(beyond, 0.0, most + float(np.max(v)), xtol=1e-14, rtol=1e-12))

    return Interval(level=level, lower=end(float(chi2.isf(tail, free))), upper=end(float(chi2.ppf(tail, free))))
