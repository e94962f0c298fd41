"""Finite mixtures of normals: what every margin of a normal hierarchical model is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from evalkit.draws import Interval
from evalkit.errors import EvidenceError

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["NormalMixture", "mixture_quantile"]

# Steps towards a quantile: Newton's on the log of the tail, which need some six; what they do not settle is halved in.
_NEWTONS = 30
_STEPS = 90
# A step of Newton's that is this short, in deviations of the narrowest component, leaves the square of it to go.
_SETTLED = 1e-7
# Halving ends where the bracket is rounding.
_CLOSED = 1e-15
_REACH = 40.0
_ROOT_OF_TWO_PI = math.sqrt(2 * math.pi)
_SMALLEST_WEIGHT = 1e-300
_LARGEST_LOG = 700.0
# So many quantiles are read from a curve through some of them, and then set right by Newton's steps.
_MANY, _KNOTS, _FARTHEST = 64, 128, 8.0
# Components that weigh less than rounding, together, move no quantile.
_LIGHTEST = 1e-17


@dataclass(frozen=True, kw_only=True, eq=False)
class NormalMixture:
    """A distribution made of normals, with exact probabilities and quantiles.

    It has `ppf`, so that `evalkit.draws.spread` lays draws on its quantiles as it does for any distribution.

    Attributes
    ----------
    weights : shape (components,), adding up to 1
    means : shape (components,), on the scale of the effects
    deviations : standard deviations, shape (components,), above zero

    >>> known = NormalMixture(weights=[0.5, 0.5], means=[-1.0, 1.0], deviations=[1.0, 1.0])
    >>> known.mean, known.deviation, float(known.below(0.0))
    (0.0, 1.4142135623730951, 0.5)
    """

    weights: FloatArray
    means: FloatArray
    deviations: FloatArray

    def __post_init__(self) -> None:
        arrays = [np.atleast_1d(np.asarray(each, float)) for each in (self.weights, self.means, self.deviations)]
        if len({each.shape for each in arrays}) > 1 or arrays[0].ndim != 1 or not arrays[0].size:
            msg = f"a mixture has weights, means and deviations of one shape; there are {[a.shape for a in arrays]}"
            raise EvidenceError(msg)
        if not all(np.isfinite(each).all() for each in arrays):
            msg = "weights, means and deviations of a mixture are finite numbers"
            raise EvidenceError(msg)
        weights, means, deviations = arrays
        if (weights < 0).any() or abs(weights.sum() - 1) > 1e-9:
            msg = f"weights of a mixture are zero or more and add up to 1; they add up to {weights.sum():.6g}"
            raise EvidenceError(msg)
        if not (deviations > 0).all():
            msg = f"deviations of a mixture are above zero; the smallest is {deviations.min():g}"
            raise EvidenceError(msg)
        for name, array in {"weights": weights / weights.sum(), "means": means, "deviations": deviations}.items():
            kept = array.copy()
            kept.setflags(write=False)
            object.__setattr__(self, name, kept)

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.weights @ self.means)

    @property
    def variance(self) -> float:
        """Variance, that between the components with that within them."""
        return float(self.weights @ (self.deviations**2 + (self.means - self.mean) ** 2))

    @property
    def deviation(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.variance))

    @property
    def median(self) -> float:
        """Median."""
        return float(self.ppf(0.5))

    def below(self, value: Any) -> FloatArray:
        """Give the probability of less than `value`, same shape as `value`."""
        standard = (np.asarray(value, float)[..., None] - self.means) / self.deviations
        return np.asarray(ndtr(standard) @ self.weights)

    def above(self, value: Any) -> FloatArray:
        """Give the probability of more than `value`, exact in the far tail too."""
        standard = (self.means - np.asarray(value, float)[..., None]) / self.deviations
        return np.asarray(ndtr(standard) @ self.weights)

    def density(self, value: Any) -> FloatArray:
        """Give the density, same shape as `value`."""
        return np.exp(self.log_density(value))

    def log_density(self, value: Any) -> FloatArray:
        """Give the log of the density, same shape as `value`."""
        standard = (np.asarray(value, float)[..., None] - self.means) / self.deviations
        each = -0.5 * standard**2 - np.log(self.deviations) - 0.5 * np.log(2 * np.pi)
        return np.asarray(logsumexp(each, b=self.weights, axis=-1))

    def ppf(self, probability: Any, /) -> FloatArray:
        """Give the quantiles at probabilities between 0 and 1, same shape."""
        heavy = self.weights > _LIGHTEST
        parts = self.weights[heavy], self.means[heavy], self.deviations[heavy]
        asked = np.asarray(probability, float)
        if asked.size <= _MANY:
            return mixture_quantile(asked, *parts)
        return _on_a_curve(asked.ravel(), *parts).reshape(asked.shape)

    def interval(self, level: float = 0.95) -> Interval:
        """Give the equal-tailed interval."""
        lower, upper = self.ppf([(1 - level) / 2, (1 + level) / 2])
        return Interval(level=level, lower=float(lower), upper=float(upper))

    def shortest(self, level: float = 0.95) -> Interval:
        """Give the shortest interval that holds `level`, where the density has one peak."""
        from scipy.optimize import minimize_scalar

        def width(tail: float) -> float:
            lower, upper = self.ppf([tail, tail + level])
            return float(upper - lower)

        tail = minimize_scalar(width, bounds=(1e-9, 1 - level - 1e-9), method="bounded", options={"xatol": 1e-9}).x
        lower, upper = self.ppf([tail, tail + level])
        return Interval(level=level, lower=float(lower), upper=float(upper))

    def sample(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Give independent draws, shape (draws,)."""
        component = rng.choice(len(self.weights), size=draws, p=self.weights)
        return np.asarray(self.means[component] + self.deviations[component] * rng.standard_normal(draws))

    def mean_exponential(self) -> float | None:
        """Give the mean of exp: the mean rate ratio, where the mixture is of log rate ratios.

        None where it is beyond every number. A mixture that stands for nodes of an integral has such a mean even where
        the integral has none: `NormalHierarchy.mean_ratio` knows.
        """
        log = float(logsumexp(self.means + 0.5 * self.deviations**2, b=self.weights))
        return math.exp(log) if log < _LARGEST_LOG else None

    def updated(self, estimate: float, error: float) -> tuple[NormalMixture, float]:
        """Take in an estimate with its standard error, and give what is then known, with the log of its density before.

        Each component is updated by itself and weighed by how well it foresaw the estimate. The second number is
        the log density of the estimate under the mixture as it was.
        """
        if not (np.isfinite(estimate) and 0 < error < np.inf):
            msg = f"a mixture takes in a finite estimate with an error above zero; there are {estimate} and {error}"
            raise EvidenceError(msg)
        spread = np.sqrt(self.deviations**2 + error**2)
        foreseen = (
            np.log(np.maximum(self.weights, _SMALLEST_WEIGHT))
            - 0.5 * ((estimate - self.means) / spread) ** 2
            - np.log(spread)
            - 0.5 * np.log(2 * np.pi)
        )
        evidence = float(logsumexp(foreseen))
        precision = 1 / self.deviations**2 + 1 / error**2
        after = NormalMixture(
            weights=np.exp(foreseen - evidence),
            means=(self.means / self.deviations**2 + estimate / error**2) / precision,
            deviations=1 / np.sqrt(precision),
        )
        return after, evidence


def mixture_quantile(probability: Any, weights: FloatArray, means: FloatArray, deviations: FloatArray) -> FloatArray:
    """Give quantiles of mixtures of normals, for all of them at once.

    Parameters
    ----------
    probability : array, shape (probabilities,) or a number
    weights, means, deviations : arrays, shape (..., components)

    Returns
    -------
    array, shape (..., probabilities), or (...) for one probability; the smaller tail is the one that is looked at,
    so that quantiles far out are as exact as the median
    """
    each = np.atleast_1d(_checked(probability))
    weights, means, deviations = weights[..., None, :], means[..., None, :], deviations[..., None, :]
    shape = (*np.broadcast_shapes(weights.shape, means.shape, deviations.shape)[:-2], len(each))
    middle = (weights * means).sum(-1)
    spread = np.sqrt((weights * (deviations**2 + (means - middle[..., None]) ** 2)).sum(-1))
    found = _solved(each, weights, means, deviations, np.broadcast_to(middle + spread * ndtri(each), shape).copy())
    return np.asarray(found if np.ndim(probability) else found[..., 0])


def _checked(probability: Any) -> FloatArray:
    asked = np.asarray(probability, float)
    if not ((asked > 0) & (asked < 1)).all():
        msg = f"a probability lies between 0 and 1, exclusive; there is {asked[~((asked > 0) & (asked < 1))].flat[0]}"
        raise EvidenceError(msg)
    return asked


def _solved(
    each: FloatArray, weights: FloatArray, means: FloatArray, deviations: FloatArray, found: FloatArray
) -> FloatArray:
    """Go from a guess to the quantile, arrays of shape (..., probabilities, components) and (..., probabilities)."""
    turn, wanted = np.where(each > 0.5, -1.0, 1.0), np.minimum(each, 1 - each)
    lower = np.broadcast_to((means - _REACH * deviations).min(-1), found.shape)
    upper = np.broadcast_to((means + _REACH * deviations).max(-1), found.shape)
    found, narrowest = np.clip(found, lower, upper), np.where(weights > 0, deviations, np.inf).min(-1)
    for step in range(_STEPS):
        standard = (found[..., None] - means) / deviations
        tail = (weights * ndtr(turn[:, None] * standard)).sum(-1)
        low = (tail < wanted) == (turn > 0)
        lower, upper = np.where(low, found, lower), np.where(low, upper, found)
        density = (weights * np.exp(-0.5 * standard**2) / deviations).sum(-1) / _ROOT_OF_TWO_PI
        with np.errstate(all="ignore"):  # far out there is no density: the middle is taken
            newer = found - turn * np.log(tail / wanted) * tail / density
        inside = (newer >= lower) & (newer <= upper) & (step < _NEWTONS)
        newer = np.where(inside, newer, 0.5 * (lower + upper))
        moved, found = np.abs(newer - found), newer
        if (inside & (moved <= _SETTLED * narrowest) | (upper - lower <= _CLOSED * np.abs(found))).all():
            break
    return found


def _on_a_curve(asked: FloatArray, weights: FloatArray, means: FloatArray, deviations: FloatArray) -> FloatArray:
    """Give many quantiles of one mixture: a cubic curve through some, by their normal scores, and then Newton's steps.

    A mixture is nearly a straight line in normal scores, so that the curve leaves one or two steps to do.
    """
    from scipy.interpolate import CubicHermiteSpline

    scores = ndtri(_checked(asked))
    knots = np.linspace(max(scores.min(), -_FARTHEST), min(scores.max(), _FARTHEST), _KNOTS)
    at = mixture_quantile(ndtr(knots), weights, means, deviations)
    standard = (at[:, None] - means) / deviations
    density = (weights * np.exp(-0.5 * standard**2) / deviations).sum(-1)
    if knots[0] == knots[-1] or not (density > 0).all():
        return mixture_quantile(asked, weights, means, deviations)
    guess = CubicHermiteSpline(knots, at, np.exp(-0.5 * knots**2) / density)(scores)
    return _solved(asked, weights[None], means[None], deviations[None], guess)
