"""What the answer would be without each study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EvidenceError
from evalkit.evidence.between_studies import Weighted, between_variance, weighted_fit
from evalkit.evidence.effect_size import quantile
from evalkit.evidence.pooled import Pooled

__all__ = ["WithoutEach", "without_each"]


@dataclass(frozen=True, kw_only=True, eq=False)
class WithoutEach:
    """The fit without each study in turn, and how far that study is from the others.

    Attributes
    ----------
    studies : what was left out, shape (effects,)
    coefficients, errors : of the fit without it, shape (effects, p)
    lower, upper : ends of the interval of each coefficient, shape (effects, p), at `level`
    level : of the intervals
    tau2 : without it, shape (effects,)
    residuals : of the study left out from what the others predict, in its standard deviations, shape (effects,); beyond
        2 or 3 a study is unlike the others
    cook : Cook's distance of all coefficients, in the covariance of the whole fit, shape (effects,)
    """

    studies: tuple[str, ...]
    coefficients: FloatArray
    errors: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float
    tau2: FloatArray
    residuals: FloatArray
    cook: FloatArray


def without_each(pooled: Pooled, level: float = 0.95) -> WithoutEach:
    """Fit anew without each study, all at once.

    Residuals and distances as in Viechtbauer and Cheung 2010, doi:10.1002/jrsm.11; residuals and Cook's distance take
    the plain covariances, without the Hartung-Knapp scale.

    Raises
    ------
    EvidenceError
        Without a study too few are left, or a moderator is the same in all that are left.
    """
    y, v, X = pooled.arrays
    k, p = X.shape
    left = k - 1 - p
    if left < 1:
        raise EvidenceError(f"without one of {k} studies nothing is left to tell the spread between the others from")
    rest = np.array([np.delete(np.arange(k), i) for i in range(k)])
    _require_ranks(pooled, X[rest])
    tau2 = between_variance(y[rest], v[rest], X[rest], pooled.method)
    fit = weighted_fit(y[rest], v[rest], X[rest], tau2)
    errors = np.sqrt(np.diagonal(fit.covariance, axis1=1, axis2=2) * _scales(fit, left, pooled.test)[:, None])
    half = errors * quantile(level, None if pooled.test == "normal" else float(left))
    own = np.einsum("kp,kpq,kq->k", X, fit.covariance, X)
    moved = pooled.coefficients - fit.coefficients
    plain = weighted_fit(y, v, X, pooled.tau2).covariance
    return WithoutEach(
        studies=tuple(each.study for each in pooled.effects),
        coefficients=fit.coefficients,
        errors=errors,
        lower=fit.coefficients - half,
        upper=fit.coefficients + half,
        level=level,
        tau2=tau2,
        residuals=(y - np.einsum("kp,kp->k", X, fit.coefficients)) / np.sqrt(v + tau2 + own),
        cook=np.einsum("kp,pq,kq->k", moved, np.linalg.inv(plain), moved),
    )


def _scales(fit: Weighted, left: int, test: str) -> FloatArray:
    if test == "normal":
        return np.ones_like(fit.q)
    squares = fit.q / left
    return np.maximum(1.0, squares) if test == "hartung-knapp" else squares


def _require_ranks(pooled: Pooled, X: FloatArray) -> None:
    ranks = np.linalg.matrix_rank(X / np.linalg.norm(pooled.columns.values, axis=0), tol=1e-9)
    for each, rank in zip(pooled.effects, ranks, strict=True):
        if rank < X.shape[-1]:
            raise EvidenceError(
                f"without study {each.study!r} the columns {', '.join(pooled.columns.names)} repeat each other: it "
                "alone carries a coefficient; leave that moderator out"
            )
