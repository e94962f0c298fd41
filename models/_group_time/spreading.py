"""Draws of cells and averages whose rows go with the draws of the headline."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtrit

from evalkit.draws import FloatArray, spread_parts
from evalkit.models._group_time.errors import Precision

__all__ = ["spread_headline", "spread_rest"]


def quantiles(degrees_of_freedom: float, draws: int) -> FloatArray:
    """Give the mid-quantiles of a t distribution, or of a normal without degrees of freedom, shape (draws,)."""
    grid = (np.arange(draws) + 0.5) / draws
    return np.asarray(stdtrit(degrees_of_freedom, grid) if np.isfinite(degrees_of_freedom) else ndtri(grid))


def spread_headline(
    estimate: float, precision: Precision, place: int, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Spread one average over the quantiles of its own distribution, shape (draws,)."""
    scores = quantiles(float(precision.degrees_of_freedom[place]), draws)
    return np.asarray(estimate + precision.std_errors[place] * rng.permutation(scores))


def spread_rest(
    headline: FloatArray,
    means: FloatArray,
    precision: Precision,
    *,
    which: np.ndarray,
    laid: np.ndarray,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw other cells and averages given the draws of the headline.

    They follow the joint t distribution of all (a normal without degrees of freedom) given the headline. Those
    that are `laid` are then moved onto the quantiles of their own distribution, which keeps the order of their rows.

    Parameters
    ----------
    which : places of what is wanted in `precision`; the last one is the headline
    laid : which of those are reported with an interval of their own, shape (len(which),)

    Returns
    -------
    draws, noise
        Each shape (draws, len(which)); the noise is the variance of a draw around what the headline's lets expect.
    """
    covariance = precision.covariance[np.ix_(which, which)]
    weights = np.zeros(len(which))
    weights[-1] = 1
    parts = spread_parts(headline, means, covariance, weights, rng)
    gain = covariance[:, -1] / covariance[-1, -1]
    left = np.maximum(np.diag(covariance) - gain * covariance[:, -1], 0.0)
    wider = np.ones(len(headline))
    free = float(precision.degrees_of_freedom[which[-1]])
    if np.isfinite(free):
        expected = means + np.outer(headline - means[-1], gain)
        score = quantiles(free, len(headline))[_ranks(headline)]
        wider = np.sqrt((free + score**2) / rng.chisquare(free + 1, len(headline)))
        parts = expected + wider[:, None] * (parts - expected)
        parts[:, -1] = headline
    errors = precision.std_errors
    for column in np.flatnonzero(laid):
        place = which[column]
        scores = quantiles(float(precision.degrees_of_freedom[place]), len(headline))
        parts[:, column] = means[column] + errors[place] * scores[_ranks(parts[:, column])]
    return parts, np.outer(wider**2, left)


def _ranks(draws: FloatArray) -> np.ndarray:
    """Give the place of each draw among all, from 0, shape (draws,)."""
    ranks = np.empty(len(draws), dtype=np.intp)
    ranks[np.argsort(draws)] = np.arange(len(draws))
    return ranks
