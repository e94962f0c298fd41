"""Synthetic controls as arrays: one target, one pool of comparison sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._synthetic.fitted import Fitted
from evalkit.models._synthetic.scales import blocks_before
from evalkit.models._synthetic.simplex import simplex_weights

__all__ = ["Control", "ControlFitter", "fit_control", "held_out_error"]

# As many penalties, as far apart, as the authors' own program tries.
_PENALTIES, _RANGE = 20, 1e-8


@dataclass(frozen=True, kw_only=True, eq=False)
class Control:
    """One synthetic control.

    Attributes
    ----------
    weights : of the pool, shape (pool,); with a bias correction some may be negative
    gaps : target less synthetic path, shape (periods,)
    """

    weights: FloatArray
    gaps: FloatArray


@dataclass(frozen=True, kw_only=True)
class ControlFitter:
    """Fit each treated site by itself.

    Attributes
    ----------
    demean : match the course of a path and not its level
    ridge : penalty on squared weights, in mean squared distances between the target and the pool
    correct : correct the gaps for what the fit leaves before the start, by ridge regression
    """

    demean: bool
    ridge: float
    correct: bool

    def __call__(
        self,
        outcomes: FloatArray,
        treated: np.ndarray,
        starts: np.ndarray,
        comparison: np.ndarray,
        stop: int | None = None,
    ) -> Fitted:
        """Fit each of the treated rows by all comparison rows."""
        used = outcomes[:, :stop]
        pool = used[comparison]
        controls = [fit_control(used[row], pool, int(start), self) for row, start in zip(treated, starts, strict=True)]
        gaps, at = np.stack([each.gaps for each in controls]), np.asarray(starts)[:, None]
        return Fitted(
            starts=np.asarray(starts),
            sizes=np.ones(len(treated)),
            members=np.arange(len(treated)),
            gaps=gaps,
            weights=np.stack([each.weights for each in controls]),
            times=(np.arange(gaps.shape[1]) < at) / at * self.demean,
        )


def fit_control(target: FloatArray, pool: FloatArray, start: int, options: ControlFitter) -> Control:
    """Weigh the pool (n, periods) so that it runs as the target (periods,) did before `start`."""
    weights = _match(target[:start], pool[:, :start], options)
    if options.correct:
        errors = _held_out_errors(target, pool, start, options)
        penalty = _penalties(pool[:, :start], options)[_most_regular(errors)]
        weights = weights + _corrections(target[:start], pool[:, :start], weights, np.array([penalty]), options)[0]
    gaps = target - weights @ pool
    return Control(weights=weights, gaps=gaps - gaps[:start].mean() if options.demean else gaps)


def held_out_error(target: FloatArray, pool: FloatArray, start: int, options: ControlFitter) -> float:
    """Give the root mean squared error with which blocks of the time before the start are foretold by the rest."""
    errors = _held_out_errors(target, pool, start, options)
    return float(np.sqrt((errors[_most_regular(errors)] ** 2).mean()))


def _match(target: FloatArray, pool: FloatArray, options: ControlFitter) -> FloatArray:
    target, pool = _centred(target, pool, options)
    ridge = options.ridge * float(((pool - target) ** 2).sum() / len(pool)) if options.ridge else 0.0
    return simplex_weights(pool.T, target, ridge)


def _centred(target: FloatArray, pool: FloatArray, options: ControlFitter) -> tuple[FloatArray, FloatArray]:
    if not options.demean:
        return target, pool
    return target - target.mean(), pool - pool.mean(axis=1, keepdims=True)


def _held_out_errors(target: FloatArray, pool: FloatArray, start: int, options: ControlFitter) -> FloatArray:
    """Errors of foretelling each period from the other blocks, shape (penalties or 1, start)."""
    penalties = _penalties(pool[:, :start], options) if options.correct else np.empty(0)
    errors = np.empty((max(len(penalties), 1), start))
    for kept, block in blocks_before(start):
        weights = _match(target[kept], pool[:, kept], options)[None, :]
        if options.correct:
            weights = weights + _corrections(target[kept], pool[:, kept], weights[0], penalties, options)
        levels = (
            target[kept].mean() - weights @ pool[:, kept].mean(axis=1) if options.demean else np.zeros(len(weights))
        )
        errors[:, block] = target[block] - weights @ pool[:, block] - levels[:, None]
    return errors


def _penalties(pool: FloatArray, options: ControlFitter) -> FloatArray:
    """Penalties to try, falling from the largest eigenvalue of the pool's paths around their mean."""
    _, paths = _centred(pool[0], pool, options)
    largest = float(np.linalg.norm(paths - paths.mean(axis=0), 2) ** 2)
    return np.asarray((largest or 1.0) * np.geomspace(1, _RANGE, _PENALTIES))


def _most_regular(errors: FloatArray) -> int:
    """Row of the largest penalty whose error is within a standard error of the least."""
    if len(errors) == 1:
        return 0
    squares = errors**2
    means = squares.mean(axis=1)
    best = int(np.argmin(means))
    return int(np.argmax(means <= means[best] + squares[best].std() / np.sqrt(squares.shape[1])))


def _corrections(
    target: FloatArray, pool: FloatArray, weights: FloatArray, penalties: FloatArray, options: ControlFitter
) -> FloatArray:
    """What ridge regression adds to the weights so that the fit's remainder is foretold too, (penalties, pool).

    Ben-Michael, Feller and Rothstein 2021, doi:10.1080/01621459.2021.1929245, lemma 1. They sum to zero.
    """
    target, pool = _centred(target, pool, options)
    paths = pool - pool.mean(axis=0)
    values, vectors = np.linalg.eigh(paths.T @ paths)
    rest = (target - weights @ pool) @ vectors
    return np.asarray((rest / (np.clip(values, 0, None) + penalties[:, None])) @ vectors.T @ paths.T)
