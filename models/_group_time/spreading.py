"""Draws of cells and averages whose rows go with the draws of the headline."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.draws import Distribution, FloatArray, spread, spread_parts
from evalkit.models._group_time.errors import Precision

__all__ = ["spread_headline", "spread_rest"]


def reference(degrees_of_freedom: float) -> Distribution:
    """Give the distribution that an estimate is read from: a t, or a normal without degrees of freedom."""
    own: Distribution = stats.t(degrees_of_freedom) if np.isfinite(degrees_of_freedom) else stats.norm()
    return own


def spread_headline(
    estimate: float, precision: Precision, place: int, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Spread one average over the quantiles of its own distribution, shape (draws,)."""
    free = float(precision.degrees_of_freedom[place])
    return np.asarray(estimate + precision.std_errors[place] * spread(reference(free), draws, rng))


def spread_rest(
    headline: FloatArray,
    means: FloatArray,
    precision: Precision,
    *,
    which: np.ndarray,
    laid: np.ndarray,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw other cells and averages given the draws of the headline, shape (draws, len(which)).

    They follow the joint t distribution of all (a normal without degrees of freedom) given the headline. Those
    that are `laid` are then moved onto the quantiles of their own distribution, which keeps the order of their rows.

    Parameters
    ----------
    which : places of what is wanted in `precision`; the last one is the headline
    laid : which of those are reported with an interval of their own, shape (len(which),)
    """
    covariance = precision.covariance[np.ix_(which, which)]
    weights = np.zeros(len(which))
    weights[-1] = 1
    parts = spread_parts(headline, means, covariance, weights, rng)
    free = float(precision.degrees_of_freedom[which[-1]])
    if np.isfinite(free):
        gain = covariance[:, -1] / covariance[-1, -1]
        expected = means + np.outer(headline - means[-1], gain)
        score = stats.t.ppf(_ranks(headline), free)
        wider = np.sqrt((free + score**2) / rng.chisquare(free + 1, len(headline)))
        parts = expected + wider[:, None] * (parts - expected)
        parts[:, -1] = headline
    for column in np.flatnonzero(laid):
        place = which[column]
        own = reference(float(precision.degrees_of_freedom[place]))
        parts[:, column] = means[column] + precision.std_errors[place] * own.ppf(_ranks(parts[:, column]))
    return parts


def _ranks(draws: FloatArray) -> FloatArray:
    ranks = np.empty(len(draws))
    ranks[np.argsort(draws, kind="stable")] = (np.arange(len(draws)) + 0.5) / len(draws)
    return ranks
