"""Synthetic difference-in-differences as arrays: weights of sites and of periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._synthetic.fitted import Fitted
from evalkit.models._synthetic.scales import blocks_before
from evalkit.models._synthetic.simplex import simplex_weights

__all__ = ["DifferenceFitter", "held_out_error", "site_penalty", "site_weights", "time_weights"]

# Enough to make the weights of periods unique, and no more: the authors' own choice.
_TIME_PENALTY = 1e-6


@dataclass(frozen=True, kw_only=True)
class DifferenceFitter:
    """Fit the mean of each cohort of treated sites.

    Attributes
    ----------
    regularisation : factor of the penalty on site weights; 1 is that of the authors
    """

    regularisation: float = 1.0

    def __call__(
        self,
        outcomes: FloatArray,
        treated: np.ndarray,
        starts: np.ndarray,
        comparison: np.ndarray,
        stop: int | None = None,
    ) -> Fitted:
        """Fit each cohort of the treated rows by all comparison rows."""
        used = outcomes[:, :stop]
        pool = used[comparison]
        cohorts, members, sizes = np.unique(starts, return_inverse=True, return_counts=True)
        weights, times, gaps = [], [], []
        for place, (start, size) in enumerate(zip(cohorts, sizes, strict=True)):
            path = used[treated[members == place]].mean(axis=0)
            penalty = site_penalty(pool, int(start), int(size), self.regularisation)
            weights.append(site_weights(path[:start], pool[:, :start], penalty))
            times.append(time_weights(pool, int(start)))
            gap = path - weights[-1] @ pool
            gaps.append(gap - times[-1] @ gap)
        return Fitted(
            starts=cohorts,
            sizes=sizes.astype(float),
            members=members,
            gaps=np.stack(gaps),
            weights=np.stack(weights),
            times=np.stack(times),
        )


def site_penalty(pool: FloatArray, start: int, size: int, regularisation: float) -> float:
    """Give the penalty on squared site weights, for a cohort of `size` sites and a pool (n, periods).

    It is start * zeta^2 with zeta = (treated cells)^(1/4) * sd of the first differences of the
    comparison sites before the start (Arkhangelsky et al. 2021, doi:10.1257/aer.20190159, equation 5).
    """
    noise = float(np.diff(pool[:, :start], axis=1).std(ddof=1))
    zeta = regularisation * (size * (pool.shape[1] - start)) ** 0.25 * noise
    return float(start * zeta**2)


def site_weights(path: FloatArray, pool: FloatArray, penalty: float) -> FloatArray:
    """Weigh comparison sites (n, periods) so that they run parallel to the treated path (periods,), all before."""
    centred = pool - pool.mean(axis=1, keepdims=True)
    return simplex_weights(centred.T, path - path.mean(), penalty)


def held_out_error(path: FloatArray, pool: FloatArray, start: int, regularisation: float) -> float:
    """Give the root mean squared error with which blocks of the time before the start are foretold by the rest."""
    penalty = site_penalty(pool, start, 1, regularisation)
    errors = np.empty(start)
    for kept, block in blocks_before(start):
        weights = site_weights(path[kept], pool[:, kept], penalty * len(kept) / start)
        gaps = path[:start] - weights @ pool[:, :start]
        errors[block] = gaps[block] - gaps[kept].mean()
    return float(np.sqrt((errors**2).mean()))


def time_weights(pool: FloatArray, start: int) -> FloatArray:
    """Weigh the periods before the start so that comparison sites differ alike from after, shape (periods,)."""
    before, after = pool[:, :start], pool[:, start:].mean(axis=1)
    noise = float(np.diff(before, axis=1).std(ddof=1))
    found = simplex_weights(
        before - before.mean(axis=0), after - after.mean(), len(pool) * (_TIME_PENALTY * noise) ** 2
    )
    weights = np.zeros(pool.shape[1])
    weights[:start] = found
    return weights
