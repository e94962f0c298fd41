"""The restricted likelihood of effects within studies, by blocks of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EvidenceError

__all__ = ["Blocks", "ThreeLevelFit", "blocks_of", "fit_three_levels", "precision_blocks", "restricted_log_likelihood"]

# Where to begin: shares of the spread of all estimates that lie between and within studies.
_STARTS = ((0.5, 0.5), (0.9, 0.05), (0.05, 0.9), (0.05, 0.05))
_OPTIONS: Any = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500}
# A slope of the likelihood (in shares of the spread) beyond this share of it is no top.
_FLAT = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """Effects laid out by study, in blocks padded to the largest, so that all studies are reckoned at once.

    Attributes
    ----------
    rows : for each study the places of its effects, in the order of the effects
    used : shape (studies, largest): is there an effect?
    y : shape (studies, largest), 0 where there is none
    X : shape (studies, largest, p), 0 where there is none
    sampling : covariance of the sampling errors, shape (studies, largest, largest); the identity where there is none
    """

    rows: tuple[np.ndarray, ...]
    used: FloatArray
    y: FloatArray
    X: FloatArray
    sampling: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class ThreeLevelFit:
    """Variances between and within studies, coefficients, shape (p,), and their covariance, shape (p, p)."""

    between: float
    within: float
    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood: float


def blocks_of(
    clusters: Sequence[str], y: FloatArray, errors: FloatArray, X: FloatArray, sampling_correlation: float
) -> Blocks:
    """Lay effects out by study."""
    names = list(dict.fromkeys(clusters))
    of = np.array([names.index(each) for each in clusters])
    rows = tuple(np.flatnonzero(of == place) for place in range(len(names)))
    largest = max(len(each) for each in rows)
    used = np.array([np.arange(largest) < len(each) for each in rows]).astype(float)
    padded = np.array([np.pad(each, (0, largest - len(each))) for each in rows])
    scale = errors[padded] * used
    correlation = np.where(np.eye(largest, dtype=bool), 1.0, sampling_correlation)
    filled = np.eye(largest) * (1 - used)[:, :, None]
    return Blocks(
        rows=rows,
        used=used,
        y=y[padded] * used,
        X=X[padded] * used[:, :, None],
        sampling=scale[:, :, None] * correlation * scale[:, None, :] + filled,
    )


def precision_blocks(blocks: Blocks, between: float, within: float) -> FloatArray:
    """Give the inverse covariance of each study's effects, shape (studies, largest, largest), 0 where there is none."""
    used = blocks.used
    both = used[:, :, None] * used[:, None, :]
    variance = blocks.sampling + within * np.eye(used.shape[1]) * used[:, :, None] + between * both
    return np.asarray(np.linalg.inv(variance) * both)


def restricted_log_likelihood(blocks: Blocks, between: float, within: float) -> float:
    """Give the restricted log likelihood with coefficients at their best, up to a constant."""
    return _at(blocks, between, within).log_likelihood


def _at(blocks: Blocks, between: float, within: float) -> ThreeLevelFit:
    precision = precision_blocks(blocks, between, within)
    weighted = precision @ blocks.X
    information = np.einsum("skp,skq->pq", blocks.X, weighted)
    covariance = np.linalg.inv(information)
    coefficients = covariance @ np.einsum("skp,sk->p", weighted, blocks.y)
    residuals = blocks.y - blocks.X @ coefficients
    gaps = np.eye(blocks.used.shape[1]) * (1 - blocks.used)[:, :, None]
    determinant = np.linalg.slogdet(precision + gaps)[1].sum()
    squares = np.einsum("sk,skl,sl->", residuals, precision, residuals)
    return ThreeLevelFit(
        between=between,
        within=within,
        coefficients=coefficients,
        covariance=covariance,
        log_likelihood=float(0.5 * (determinant - squares - np.linalg.slogdet(information)[1])),
    )


def fit_three_levels(blocks: Blocks) -> ThreeLevelFit:
    """Maximise the restricted likelihood over both variances, from several starts, as it may have several tops.

    Raises
    ------
    EvidenceError
        No start comes to rest.
    """
    from scipy.optimize import minimize

    spread = float(np.var(blocks.y[blocks.used > 0]))
    if spread == 0:
        return _at(blocks, 0.0, 0.0)

    def loss(shares: FloatArray) -> tuple[float, FloatArray]:
        fit = _at(blocks, spread * shares[0], spread * shares[1])
        return -fit.log_likelihood, -spread * _slopes(blocks, fit)

    found = [
        minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * 2, options=_OPTIONS)
        for start in _STARTS
    ]
    best = min(found, key=lambda each: float(each.fun))
    slopes = np.asarray(best.jac)[np.asarray(best.x) > 0]
    if np.any(np.abs(slopes) > _FLAT * max(1.0, abs(float(best.fun)))):
        raise EvidenceError(
            f"the variances between and within studies do not settle ({best.message}); look for an effect whose error "
            "is out of all proportion to the others"
        )
    return _at(blocks, spread * float(best.x[0]), spread * float(best.x[1]))


def _slopes(blocks: Blocks, fit: ThreeLevelFit) -> FloatArray:
    """Give the slopes of the restricted log likelihood in the variances between and within studies, shape (2,)."""
    precision = precision_blocks(blocks, fit.between, fit.within)
    weighted = precision @ blocks.X
    residuals = np.einsum("skl,sl->sk", precision, blocks.y - blocks.X @ fit.coefficients)
    sums = weighted.sum(axis=1)  # what the effects of a study share moves them all alike
    taken_up = (sums.T @ sums, np.einsum("skp,skq->pq", weighted, weighted))
    expected = (precision.sum(), np.trace(precision, axis1=1, axis2=2).sum())
    squares = (np.sum(residuals.sum(axis=1) ** 2), np.sum(residuals**2))
    return np.array(
        [
            0.5 * (square - whole + np.sum(fit.covariance * taken))
            for square, whole, taken in zip(squares, expected, taken_up, strict=True)
        ]
    )
