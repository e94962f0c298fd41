"""Estimates of a linear fit under every placement of the treatment at once.

A placement is a sum of columns "site i, treated from period g", so that its estimate is a ratio of sums of what
these columns have in common with the outcome and with each other; the latter is diagonal plus low rank once
site and period effects are taken out. Nothing is fitted anew. Of a Poisson fit it is the working regression at
the estimate, whose weights and residuals stay as they are: one step from there to each placement.

Where sites differ in size, so do their chance variations, and a small lone site would look like an effect more
often than one in so many. Each placement is therefore measured by its own standard deviation, from a variance
of a site's cells that has a part alike for all and one that goes with 1 / size, told from the comparison sites
(Ferman and Pinto 2019, doi:10.1162/rest_a_00759).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._inference.randomise import (
    ConfidenceDistribution,
    Placements,
    confidence_distribution,
)
from evalkit.models._regression.absorb import period_inverse
from evalkit.models._regression.linear import Fit

__all__ = ["SiteNoise", "randomise"]

# Placements looked at together hold about this many numbers.
_CHUNK = 4_000_000
# Of what a placement's columns hold, the share that site and period effects leave: below it, nothing is left.
_NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteNoise:
    """How the variance of a cell goes with size: `common` + `share` times `by_size`.

    Attributes
    ----------
    by_size : shape (sites, periods), such as one over the expected count; None where sites are taken to be alike
    share : 1 for counts, whose chance variation is known; None where it is told from the comparison sites
    """

    by_size: FloatArray | None = None
    share: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Columns:
    """Columns "site i, treated from g", in the order (site, start).

    Attributes
    ----------
    within : what a site's own level leaves, shape (sites, starts, periods)
    weighted : the same by weight
    own : sum of squares of `within` by weight, shape (sites, starts)
    """

    within: FloatArray
    weighted: FloatArray
    own: FloatArray


def randomise(
    fit: Fit, rows: np.ndarray, starts: Placements, places: np.ndarray, *, compared: np.ndarray, noise: SiteNoise
) -> ConfidenceDistribution:
    """Compare the first coefficient of a fit with those of all placements.

    Parameters
    ----------
    rows : sites of the fit that take part, shape (sites,)
    starts : their placements
    places : place in the calendar of each period of the fit, shape (periods,)
    compared : which of `rows` show the noise, boolean: the comparison sites
    noise : how it goes with size
    """
    labels = np.unique(starts.starts[0])
    labels = labels[labels <= places[-1]]
    columns = _columns(fit.weights[rows], places[None, :] >= labels[:, None])
    summed = _Sums.of(fit, rows, columns, noise)
    common, share = _variance(fit.residuals[rows], columns, noise, rows, compared)
    a, b, scale = (np.empty(len(starts.starts)) for _ in range(3))
    step = max(1, _CHUNK // (columns.own.size + summed.width))
    for begin in range(0, len(a), step):
        part = slice(begin, begin + step)
        chosen = (starts.starts[part][:, :, None] == labels).reshape(len(a[part]), -1).astype(float)
        a[part], b[part], scale[part] = summed.estimates(chosen, common, share)
    return confidence_distribution(float(fit.coefficients[0]), a, b, scale)


def _columns(weights: FloatArray, after: np.ndarray) -> _Columns:
    shares = weights / weights.sum(axis=1, keepdims=True)
    within = after[None, :, :] - (shares @ after.T.astype(float))[:, :, None]
    weighted = within * weights[:, None, :]
    return _Columns(within=within, weighted=weighted, own=(weighted * within).sum(axis=2))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Quadratic:
    """Sum over cells of v times the square of a placement's residual treatment, in low-rank form."""

    own: FloatArray
    crossed: FloatArray
    among: FloatArray

    @classmethod
    def of(cls, squares: FloatArray, rows: np.ndarray, columns: _Columns, effects: FloatArray) -> _Quadratic:
        scaled = columns.within * squares[rows][:, None, :]
        size = effects.shape[2]
        flat = effects.reshape(squares.size, size)
        return cls(
            own=(scaled * columns.within).sum(axis=2).ravel(),
            crossed=(scaled @ effects[rows]).reshape(-1, size),
            among=(flat * squares.reshape(-1, 1)).T @ flat,
        )

    def at(self, chosen: FloatArray, taken: FloatArray) -> FloatArray:
        crossed = ((chosen @ self.crossed) * taken).sum(axis=1)
        return np.asarray(chosen @ self.own - 2 * crossed + ((taken @ self.among) * taken).sum(axis=1))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sums:
    """What the columns have in common with the outcome, the treatment, the effects taken out, and each other.

    Attributes
    ----------
    shared : with outcome and actual treatment, shape (columns, 2)
    own : shape (columns,)
    loads : with periods and other regressors, shape (columns, q)
    solve : what a load takes out, shape (q, q)
    alike, by_size : for the variance
    """

    shared: FloatArray
    own: FloatArray
    loads: FloatArray
    solve: FloatArray
    alike: _Quadratic
    by_size: _Quadratic | None

    @property
    def width(self) -> int:
        """Numbers held for each placement."""
        return 4 * int(self.loads.shape[1])

    @classmethod
    def of(cls, fit: Fit, rows: np.ndarray, columns: _Columns, noise: SiteNoise) -> _Sums:
        weights, others = fit.weights, fit.regressors[:][:, :, 1:]
        used = (weights > 0).astype(float)
        periods, k = weights.shape[1], others.shape[2]
        flat = others.reshape(weights.size, k)
        solve = np.zeros((periods + k, periods + k))
        solve[:periods, :periods] = period_inverse(weights)
        solve[periods:, periods:] = np.linalg.inv((flat * weights.reshape(-1, 1)).T @ flat)
        treatment = fit.regressors[:][:, :, 0]
        if k:
            treatment = treatment - others @ (solve[periods:, periods:] @ (flat.T @ (weights * treatment).reshape(-1)))
        outcome = fit.residuals + fit.coefficients[0] * treatment
        shared = columns.weighted @ np.stack([outcome[rows], treatment[rows]], axis=2)
        loads = np.concatenate([columns.weighted, columns.weighted @ others[rows]], axis=2)
        shares = weights / weights.sum(axis=1, keepdims=True)
        effects = np.concatenate(
            [np.broadcast_to(np.eye(periods), (len(weights), periods, periods)) - shares[:, None, :], others], axis=2
        )
        squares = weights**2 * used
        return cls(
            shared=shared.reshape(-1, 2),
            own=columns.own.ravel(),
            loads=loads.reshape(-1, periods + k),
            solve=solve,
            alike=_Quadratic.of(squares, rows, columns, effects),
            by_size=None if noise.by_size is None else _Quadratic.of(squares * noise.by_size, rows, columns, effects),
        )

    def estimates(self, chosen: FloatArray, common: float, share: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Estimates from Y and from D, and their standard deviations, of some placements (m, columns)."""
        loads = chosen @ self.loads
        taken = loads @ self.solve
        raw = chosen @ self.own
        left = raw - (loads * taken).sum(axis=1)
        exists = left > _NOTHING * raw
        left = np.where(exists, left, 1.0)
        moved = (chosen @ self.shared) / left[:, None]
        variance = common * self.alike.at(chosen, taken)
        if self.by_size is not None:
            variance = variance + share * self.by_size.at(chosen, taken)
        scale = np.sqrt(np.where(exists, variance, 1.0)) / left
        # a placement that no cell can show tells against nothing
        return moved[:, 0], np.where(exists, moved[:, 1], np.inf), np.where(exists, scale, 1.0)


def _variance(
    residuals: FloatArray, columns: _Columns, noise: SiteNoise, rows: np.ndarray, compared: np.ndarray
) -> tuple[float, float]:
    """Tell the two parts of a cell's variance from the comparison sites' own changes."""
    from scipy.optimize import nnls

    if noise.by_size is None:
        return 1.0, 0.0
    seen = compared[:, None] & (columns.own > 0)
    contrast = columns.weighted[seen] / columns.own[seen][:, None]
    site = np.nonzero(seen)[0]
    changes = (contrast * residuals[site]).sum(axis=1) ** 2
    parts = np.stack([(contrast**2).sum(axis=1), (contrast**2 * noise.by_size[rows][site]).sum(axis=1)], axis=1)
    if noise.share is not None:
        # what chance makes is known; the rest is taken to be alike, for its trend with size cannot be told well
        excess = changes - noise.share * parts[:, 1]
        first = max(float(excess.sum() / parts[:, 0].sum()), 0.0)
        expected = first * parts[:, 0] + noise.share * parts[:, 1]
        weights = np.divide(1, expected, out=np.zeros_like(expected), where=expected > 0) ** 2
        if not weights.any():
            return 1.0, 0.0
        common = float((weights * parts[:, 0] * excess).sum() / (weights * parts[:, 0] ** 2).sum())
        return max(common, 0.0), noise.share
    scale = parts.mean(axis=0)
    common, share = (nnls(parts / scale, changes)[0] / scale).tolist()
    return (common, share) if common + share > 0 else (1.0, 0.0)
