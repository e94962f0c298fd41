"""Bias-reduced sandwich errors by site (CR2) and their degrees of freedom, on the full design.

Bell and McCaffrey 2002 (Survey Methodology 28: 169-181); Pustejovsky and Tipton 2018,
doi:10.1080/07350015.2016.1247004. With weights the adjustment of the absorbed regression is not that of
the full one, so site and period effects stay in the projection here. Nothing of the size of the full
design is ever made: the projection is, with Z = [period dummies with weighted site means taken out,
absorbed regressors], H = H_site + Z M Z' W, whose blocks by site need only (periods x periods) matrices,
and whose off-diagonal part has the low rank of Z. Sites with the same weights and regressors, such as all of a
cohort where there are no weights, have the same blocks: these are made and held once for each kind of site.

Working variance Theta: the same in every cell for least squares, also with analytic weights (as
clubSandwich does for lm), one over the working weights for Poisson (as it does for glm).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._regression.absorb import period_inverse
from evalkit.models._regression.columns import blocks, blocks_of, take
from evalkit.models._regression.linear import Fit

__all__ = ["Adjusted", "Projection", "QuadraticForms", "adjust", "project", "quadratic_forms"]

# Eigenvalues below this share of the largest without a fit are those of directions that it takes up whole.
_NULL = 1e-10
# Regressors are alike where they are to one part in this of the largest.
_ALIKE = 1e11
# A share of variance below this is rounding.
_ROUNDING = 1e-9
# Blocks decomposed at a time hold about this many numbers (32 MB of them).
_CHUNK = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The parts of H = H_site + Z M Z' W, by kind of site.

    Attributes
    ----------
    kind : of each site, shape (sites,)
    sites : how many are of each kind, shape (kinds,)
    weights : shape (kinds, periods)
    used : is the cell in the data? shape (kinds, periods), 1 or 0
    shares : weight of a cell in its site, shape (kinds, periods)
    variance : working variance, shape (kinds, periods), 0 where the cell is not used
    regressors : shape (kinds, periods, k), 0 where the cell is not used
    middle : M, shape (periods + k, periods + k)
    outer : M Z' W Theta W Z M, same shape
    """

    kind: np.ndarray
    sites: np.ndarray
    weights: FloatArray
    used: FloatArray
    shares: FloatArray
    variance: FloatArray
    regressors: FloatArray
    middle: FloatArray
    outer: FloatArray


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """CR2-adjusted linear functions of the data, one a kind of site and coefficient.

    Attributes
    ----------
    functions : u with u_i'e_i the contribution of a site of kind i, shape (kinds, periods, k)
    unseen : variance of each coefficient, under the working model, that comes from sites whose own
        residuals are zero in its direction, as a lone treated site's are, shape (k,)
    projection : what was adjusted for
    """

    functions: FloatArray
    unseen: FloatArray
    projection: Projection

    def contributions(self, residuals: FloatArray) -> FloatArray:
        """Give each site's contribution to each coefficient, shape (sites, k)."""
        kind, k = self.projection.kind, self.functions.shape[2]
        out = np.empty((len(kind), k))
        for rows in blocks_of((*residuals.shape, k)):
            out[rows] = (residuals[rows][:, None, :] @ self.functions[kind[rows]])[:, 0, :]
        return out


@dataclass(frozen=True, kw_only=True)
class QuadraticForms:
    """Covariances of the sites' contributions under the working model, in low-rank form.

    Between site i, function s and site j, function t it is [i = j] own_i[s, t] + left_is' right_jt, with a site's
    parts those of its kind.

    Attributes
    ----------
    sites : how many are of each kind, shape (kinds,)
    own : shape (kinds, q, q)
    left, right : shape (kinds, rank, q), the rank being periods + k or twice that
    """

    sites: np.ndarray
    own: FloatArray
    left: FloatArray
    right: FloatArray

    @property
    def diagonal(self) -> FloatArray:
        """Covariance of the contributions of each kind of site, shape (kinds, q, q)."""
        return np.asarray(self.own + self.left.swapaxes(1, 2) @ self.right)


def project(fit: Fit) -> Projection:
    """Gather what the blocks of all sites are made of."""
    first, kind = _kinds(fit)
    sites, weights = np.bincount(kind), fit.weights[first]
    used = (weights > 0).astype(float)
    shares = weights / weights.sum(axis=1, keepdims=True)
    regressors = take(fit.regressors, first)
    regressors *= used[:, :, None]
    periods, k = regressors.shape[1:]
    middle = np.zeros((periods + k, periods + k))
    middle[:periods, :periods] = period_inverse(fit.weights)
    middle[periods:, periods:] = fit.bread
    if fit.variance_is_inverse_weight:
        variance = np.divide(1, weights, out=np.zeros_like(weights), where=weights > 0)
        outer = middle
    else:
        variance = used if fit.variance is None else used * fit.variance[first]
        outer = middle @ _meat(sites[:, None] * weights**2 * variance, shares, regressors) @ middle
    return Projection(
        kind=kind,
        sites=sites,
        weights=weights,
        used=used,
        shares=shares,
        variance=variance,
        regressors=regressors,
        middle=middle,
        outer=outer,
    )


def _meat(squared: FloatArray, shares: FloatArray, regressors: FloatArray) -> FloatArray:
    """Sum Z_i' S_i Z_i over kinds of sites, S_i being their number's multiple of W_i Theta_i W_i.

    Z_i = [I - 1 p_i', X_i]; S_i is diagonal, `squared` of shape (kinds, periods).
    """
    periods, k = regressors.shape[1:]
    crossed = shares.T @ squared
    flat = regressors.reshape(-1, k)
    weighted = squared[:, :, None] * regressors
    out = np.empty((periods + k, periods + k))
    out[:periods, :periods] = (
        np.diag(squared.sum(axis=0)) - crossed - crossed.T + (shares * squared.sum(axis=1, keepdims=True)).T @ shares
    )
    out[:periods, periods:] = weighted.sum(axis=0) - shares.T @ weighted.sum(axis=1)
    out[periods:, :periods] = out[:periods, periods:].T
    out[periods:, periods:] = weighted.reshape(-1, k).T @ flat
    return out


def adjust(fit: Fit) -> Adjusted:
    """Give the adjusted functions of every kind of site."""
    projection = project(fit)
    kinds, periods, k = projection.regressors.shape
    functions, unseen = np.empty((kinds, periods, k)), np.empty((kinds, k))
    step = max(1, _CHUNK // periods**2)
    for start in range(0, kinds, step):
        part = slice(start, start + step)
        functions[part], unseen[part] = _adjust_sites(fit, projection, part)
    return Adjusted(functions=functions, unseen=projection.sites @ unseen, projection=projection)


def _kinds(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Find sites with the same weights and regressors: the first of each kind, and the kind of each."""
    scale = np.zeros(len(fit.coefficients))
    for rows in blocks(fit.regressors):
        np.maximum(scale, np.abs(_in_use(fit, rows)).max(axis=(0, 1)), out=scale)
    finest = _ALIKE / np.where(scale > 0, scale, 1)
    seen: dict[bytes, int] = {}
    first: list[int] = []
    kind = np.empty(len(fit.weights), dtype=np.intp)
    for rows in blocks(fit.regressors):
        rounded = _in_use(fit, rows)
        rounded *= finest
        np.rint(rounded, out=rounded)
        rounded += 0.0  # no zero is negative
        for row, each in enumerate(rounded, rows.start):
            looks = hashlib.blake2b(each)
            looks.update(fit.weights[row].tobytes())
            if fit.variance is not None:
                looks.update(fit.variance[row].tobytes())
            kind[row] = seen.setdefault(looks.digest(), len(seen))
            if len(first) < len(seen):
                first.append(row)
    return np.array(first, dtype=np.intp), kind


def _in_use(fit: Fit, rows: slice) -> FloatArray:
    """Give a block of regressors, shape (rows, periods, k), 0 where the cell is not used."""
    return fit.regressors[rows] * (fit.weights[rows] > 0)[:, :, None]


def _adjust_sites(fit: Fit, projection: Projection, rows: slice) -> tuple[FloatArray, FloatArray]:
    """Apply A_i = D B_i^{+1/2} D to W_i x_i for some kinds, shape (rows, periods, k), and say what is unseen.

    The weighted sum of a site's residuals is always zero; any further direction in which they are is one
    that the fit takes up whole. Where that is most of what a site says of a coefficient, what is left is
    noise of no concern to it, and the site counts as unseen.
    """
    root = np.sqrt(projection.variance[rows])
    blocks = _residual_variance(fit, projection, rows) * (root[:, :, None] * root[:, None, :])
    values, vectors = np.linalg.eigh(blocks)
    alive = (values > _NULL * projection.variance[rows].max(axis=1, keepdims=True) ** 2)[:, :, None]
    powers = np.where(alive, 1 / np.sqrt(np.where(alive, values[:, :, None], 1)), 0)
    weighted = (root * projection.weights[rows])[:, :, None] * (projection.regressors[rows] @ fit.bread)
    turned = vectors.swapaxes(1, 2) @ weighted
    always = np.divide(projection.weights[rows], root, out=np.zeros_like(root), where=root > 0)
    always /= np.linalg.norm(always, axis=1, keepdims=True)
    structural = (always[:, :, None] * weighted).sum(axis=1) ** 2
    energy = (weighted**2).sum(axis=1)
    lost = (np.where(alive, 0, turned) ** 2).sum(axis=1) - structural
    lost[lost < _ROUNDING * energy] = 0
    lone = lost > energy / 2
    functions = np.where(lone[:, None, :], 0, root[:, :, None] * (vectors @ (powers * turned)))
    return functions, np.where(lone, energy, lost)


def _residual_variance(fit: Fit, projection: Projection, rows: slice) -> FloatArray:
    """Blocks of (I - H) Theta (I - H)' for some kinds of sites, shape (rows, periods, periods)."""
    used, shares = projection.used[rows], projection.shares[rows]
    explained = _sandwich(projection, projection.middle, rows)
    both = used[:, :, None] * used[:, None, :]
    diagonal = np.arange(used.shape[1])
    if fit.variance_is_inverse_weight:
        blocks = -both / projection.weights[rows].sum(axis=1)[:, None, None] - explained
        blocks[:, diagonal, diagonal] += projection.variance[rows]
        return np.asarray(blocks)
    variance = projection.variance[rows]
    weights = projection.weights[rows] * variance
    crossed = explained * weights[:, None, :]
    crossed -= (explained @ (weights * shares)[:, :, None]) * used[:, None, :]
    alike = used[:, :, None] * (shares * variance)[:, None, :]
    blocks = (
        both * (shares**2 * variance).sum(axis=1)[:, None, None]
        - alike
        - alike.swapaxes(1, 2)
        - crossed
        - crossed.swapaxes(1, 2)
        + _sandwich(projection, projection.outer, rows)
    )
    blocks[:, diagonal, diagonal] += variance
    return np.asarray(blocks)


def _sandwich(projection: Projection, matrix: FloatArray, rows: slice) -> FloatArray:
    """Z_i matrix Z_i' with Z_i = [used_i - used_i p_i', X_i], shape (rows, periods, periods)."""
    used, shares = projection.used[rows], projection.shares[rows]
    own = projection.regressors[rows]
    periods = used.shape[1]
    among, across = matrix[:periods, :periods], matrix[:periods, periods:]
    means = shares @ among
    level = (means * shares).sum(axis=1)
    out = among - means[:, :, None] - means[:, None, :] + level[:, None, None]
    out *= used[:, :, None] * used[:, None, :]
    out += (own @ matrix[periods:, periods:]) @ own.swapaxes(1, 2)
    if across.any():
        mixed = (across - (shares @ across)[:, None, :]) * used[:, :, None]
        mixed = mixed @ own.swapaxes(1, 2)
        out += mixed + mixed.swapaxes(1, 2)
    return np.asarray(out)


def quadratic_forms(fit: Fit, projection: Projection, functions: FloatArray) -> QuadraticForms:
    """Covariances under the working model of contributions u_i'e_i; `functions` (kinds, periods, q)."""
    shares, own = projection.shares, projection.regressors
    used, variance = projection.used, projection.variance
    functions = functions * used[:, :, None]
    centred = functions - shares[:, :, None] * functions.sum(axis=1)[:, None, :]
    alpha = np.concatenate([centred, own.swapaxes(1, 2) @ functions], axis=1)
    if fit.variance_is_inverse_weight:
        left, right = -(projection.middle @ alpha), alpha
    else:
        scaled = (projection.weights * variance)[:, :, None] * centred
        again = scaled - shares[:, :, None] * scaled.sum(axis=1)[:, None, :]
        beta = np.concatenate([again, own.swapaxes(1, 2) @ scaled], axis=1)
        inner = projection.outer @ alpha - projection.middle @ beta
        left = np.concatenate([inner, -(projection.middle @ alpha)], axis=1)
        right = np.concatenate([alpha, beta], axis=1)
    own_part = centred.swapaxes(1, 2) @ (variance[:, :, None] * centred)
    return QuadraticForms(sites=projection.sites, own=own_part, left=left, right=right)
