"""Weights of zero or more that sum to one and bring columns as near to a target as they can."""

from __future__ import annotations

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError

__all__ = ["simplex_weights"]

# Where columns repeat one another many weights fit alike: this share of the mean squared distance picks those
# with the smallest sum of squares (the most even ones), and moves a fit by no more than its own size.
_TIE = 1e-9
# With more columns, and more than rows, the active set, which takes them in one by one, is slower than Newton's
# method on the dual: 15 ms against 1.6 ms with 360 columns of 6 rows, .5 ms against 1.8 ms with 120 columns of 12.
_MANY = 150
# Softer problems on the way to the one that is asked, each the start of the next.
_PATH = (1.0, 1e-3, 1e-6)
_STEPS = 200
# A step that would lower the dual by less than this share of it is lost in rounding.
_ROUNDING = 1e-15
# What may be missing from the optimum when no step lowers it any more, as a share of the mean squared distance.
_GAP = 1e-9


def simplex_weights(columns: FloatArray, target: FloatArray, ridge: float = 0.0) -> FloatArray:
    """Give the weights that minimise |target - columns w|^2 + ridge |w|^2 over w >= 0, sum(w) = 1.

    The optimum is exact: by an active set, or for many columns (more than 150) by Newton's method on the
    dual. Frank-Wolfe and other descents, which peers use, stop short of it.

    Parameters
    ----------
    columns : shape (m, n)
    target : shape (m,)
    ridge : penalty on the squared weights, in squared units of the target

    Returns
    -------
    FloatArray
        Shape (n,). Unique: a penalty of 1e-9 of the mean squared distance decides between ties.
    """
    distances = columns - target[:, None]
    count = distances.shape[1]
    scale = float((distances**2).sum() / count)
    if scale == 0:  # every column is the target
        return np.full(count, 1 / count)
    find = _by_dual if count > max(_MANY, len(distances)) else _by_active_set
    weights = find(distances, ridge + _TIE * scale, scale)
    return np.asarray(weights / weights.sum())


def _by_active_set(distances: FloatArray, penalty: float, scale: float) -> FloatArray:
    """Minimise |distances w|^2 + penalty |w|^2, up to a factor of w.

    With w = s v, s the sum, the problem without the constraint on the sum, |distances w|^2 + penalty |w|^2 +
    c^2 (sum(w) - 1)^2 over w >= 0, parts into one for v and one for s: whatever c is, v is the optimum looked
    for. So non-negative least squares (Lawson and Hanson 1974, doi:10.1137/1.9781611971217) solves it.
    """
    from scipy.optimize import nnls

    count = distances.shape[1]
    total = np.sqrt(scale + penalty)
    stacked = np.vstack([distances, np.sqrt(penalty) * np.eye(count), np.full((1, count), total)])
    aim = np.zeros(len(stacked))
    aim[-1] = total
    try:
        return np.asarray(nnls(stacked, aim, maxiter=100 * count)[0])
    except RuntimeError as problem:
        raise _unsettled(count) from problem


def _by_dual(distances: FloatArray, penalty: float, scale: float) -> FloatArray:
    """Minimise |distances w|^2 + penalty |w|^2 through its dual, which has a variable a row and one for the sum.

    With u = distances w and the multiplier v of the sum, w = max(0, v - distances' u) / penalty, and (v, u)
    minimise |u|^2 / 2 + penalty |w|^2 / 2 - v: smooth, and in pieces quadratic.
    """
    count = distances.shape[1]
    rows = np.vstack([np.ones(count), -distances])
    own, aim = np.ones(len(rows)), np.zeros(len(rows))
    own[0], aim[0] = 0.0, 1.0
    dual = np.concatenate([[scale / count], distances.mean(axis=1)])
    for softness in (*(scale * each for each in _PATH if scale * each > penalty), penalty):
        dual = _newton(rows, own, aim, dual, softness)
    weights = np.maximum(rows.T @ dual, 0) / penalty
    shares = weights / weights.sum() if weights.any() else weights
    gap = ((distances @ shares) ** 2).sum() / 2 + penalty * (shares**2).sum() / 2 + _value(rows, own, dual, penalty)
    if not weights.any() or not gap < _GAP * scale:
        raise _unsettled(count)
    return np.asarray(shares)


def _value(rows: FloatArray, own: FloatArray, dual: FloatArray, softness: float) -> float:
    return float((own * dual**2).sum() / 2 + (np.maximum(rows.T @ dual, 0) ** 2).sum() / (2 * softness) - dual[0])


def _newton(rows: FloatArray, own: FloatArray, aim: FloatArray, dual: FloatArray, softness: float) -> FloatArray:
    """Go down the dual until no step lowers it by more than rounding; steps are halved until they do (Armijo 1966)."""
    now = _value(rows, own, dual, softness)
    # a hair keeps the multiplier's equation solvable where hardly a column has weight
    hair = np.zeros(len(rows))
    hair[0] = 1e-13 * rows.shape[1] / softness
    for _ in range(_STEPS):
        scores = rows.T @ dual
        used = rows[:, scores > 0]
        gradient = own * dual + used @ scores[scores > 0] / softness - aim
        step = -np.linalg.solve(np.diag(own + hair) + used @ used.T / softness, gradient)
        slope = float(gradient @ step)
        if -slope <= _ROUNDING * abs(now):
            break
        length = 1.0
        while (found := _value(rows, own, dual + length * step, softness)) > now + 1e-4 * length * slope:
            length /= 2
            if length < _ROUNDING:
                return dual
        dual, now = dual + length * step, found
    return dual


def _unsettled(count: int) -> EstimationError:
    return EstimationError(f"weights of {count} sites or periods did not settle; a ridge above zero helps")
