"""How many observations a prior is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.beta_mixture import BetaMixture
from evalkit.hierarchy.mixture import NormalMixture

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["effective_size_by_curvature", "effective_size_by_variance"]

_NODES = 64
_PANEL, _REACH, _LIGHTEST = 6, 9, 1e-12


def effective_size_by_variance(prior: NormalMixture | BetaMixture, unit: float | None = None) -> float:
    """Give the observations whose sampling variance is the prior's variance: heavy tails count in full.

    Parameters
    ----------
    unit : standard deviation of one observation, for a normal prior; a share has its own

    >>> effective_size_by_variance(NormalMixture(weights=[1.0], means=[0.0], deviations=[0.5]), unit=5.0)
    100.0
    """
    if isinstance(prior, BetaMixture):
        return prior.mean * (1 - prior.mean) / prior.variance - 1
    return _checked(unit) ** 2 / prior.variance


def effective_size_by_curvature(prior: NormalMixture | BetaMixture, unit: float | None = None) -> float:
    """Give the expected local information ratio: the prior's curvature beside that of one observation, on average.

    Neuenschwander, Weber, Schmidli and O'Hagan 2020, doi:10.1111/biom.13252. A prior updated by n observations is
    worth n more, which holds for no other measure.
    """
    return _of_betas(prior) if isinstance(prior, BetaMixture) else _of_normals(prior, _checked(unit))


def _of_normals(prior: NormalMixture, unit: float) -> float:
    """Integrate unit**2 times the squared slope of the log density, which is the mean of minus its curvature.

    Between points that lie half a deviation apart in every component, so that a narrow one in a wide one is seen.
    """
    heavy = prior.weights > _LIGHTEST
    weights, means, deviations = prior.weights[heavy], prior.means[heavy], prior.deviations[heavy]
    ends = np.unique((means[:, None] + deviations[:, None] * np.arange(-_REACH, _REACH + 0.5, 0.5)).ravel())
    points, shares = np.polynomial.legendre.leggauss(_PANEL)
    length = np.diff(ends)[:, None]
    at = (ends[:-1, None] + length * (points + 1) / 2).ravel()
    standard = (at[:, None] - means) / deviations
    parts = weights * np.exp(-0.5 * standard**2) / deviations
    density = parts.sum(-1)
    slopes = (parts * standard / deviations).sum(-1)
    squares = np.divide(slopes**2, density, out=np.zeros_like(density), where=density > 0)
    return float(unit**2 * (squares * (length * shares / 2).ravel()).sum() / np.sqrt(2 * np.pi))


def _of_betas(prior: BetaMixture) -> float:
    """Integrate minus the curvature of the log density times the variance of one observation, share (1 - share)."""
    from scipy.special import roots_jacobi

    total = 0.0
    for weight, a, b in zip(prior.weights, prior.successes, prior.failures, strict=True):
        points, shares = roots_jacobi(_NODES, b - 1, a - 1)
        at = 0.5 * (points + 1)
        total += weight * float(shares @ _information(prior, at) / shares.sum())
    return total


def _information(prior: BetaMixture, at: FloatArray) -> FloatArray:
    a, b = prior.successes - 1, prior.failures - 1
    x = at[:, None]
    from scipy.special import betaln

    logs = a * np.log(x) + b * np.log1p(-x) - betaln(a + 1, b + 1) + np.log(np.maximum(prior.weights, 1e-300))
    parts = _shares(logs)
    slopes = a / x - b / (1 - x)
    bends = slopes**2 - a / x**2 - b / (1 - x) ** 2
    slope = (parts * slopes).sum(-1)
    return np.asarray((slope**2 - (parts * bends).sum(-1)) * at * (1 - at))


def _shares(logs: FloatArray) -> FloatArray:
    parts = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(parts / parts.sum(axis=-1, keepdims=True))


def _checked(unit: float | None) -> float:
    if unit is None or not 0 < unit < np.inf:
        msg = f"the size of a normal prior is in observations of a known standard deviation: give unit; there is {unit}"
        raise EvidenceError(msg)
    return unit
