"""Intervals if trends part after the start by at most some multiple of the most they parted before it.

Rambachan and Roth 2023, doi:10.1093/restud/rdad018, Delta^RM. Their set is the union, over every change
between neighbouring periods before the start and both its signs, of the trends whose changes afterwards are
at most `bound` times that change. Within each, the test with nuisance parameters (the path of the effect)
has a linear programme whose vertices are known: with c the weights of the target on changes after the start,
one vertex compares the target from above, one from below, and one for each period says that the hypothesised
largest change cannot be negative. All are linear in two numbers, the target and that change, so no programme is solved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._sensitivity.least_favourable import FIRST_STAGE, critical_values, is_kept

__all__ = ["Changes", "changes_of", "interval_at"]

# Values of the target that are tried in each set before its ends are found by halving.
_TRIED = 300
_HALVINGS = 20
# A variance below this share of the target's is rounding.
_NOTHING = 1e-14


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The target, and changes between neighbouring periods.

    Attributes
    ----------
    target, target_variance : estimate of the weighted effect and its variance
    weights : of the target on the changes after the start, shape (post,)
    before : hypothesised largest changes before the start, each with both signs, shape (rows,)
    before_variance, with_target : their variances and covariances with the target, shape (rows,)
    after_variance, after_with_before : variances of the changes after the start, shape (post,), and their
        covariances with those before, shape (rows, post)
    """

    target: float
    target_variance: float
    weights: FloatArray
    before: FloatArray
    before_variance: FloatArray
    with_target: FloatArray
    after_variance: FloatArray
    after_with_before: FloatArray


def changes_of(before: FloatArray, after: FloatArray, covariance: FloatArray, weights: FloatArray) -> Changes:
    """Turn coefficients into changes from period to period.

    Parameters
    ----------
    before, after : coefficients in the order of time, shapes (pre,) and (post,); the reference, zero, lies between
    covariance : of both, shape (pre + post, pre + post)
    weights : of the target on the coefficients after the start, shape (post,)
    """
    pre, post = len(before), len(after)
    levels = np.insert(np.eye(pre + post), pre, 0.0, axis=0)
    steps = np.diff(levels, axis=0)
    signed = np.concatenate([steps[:pre], -steps[:pre]])
    target = np.concatenate([np.zeros(pre), weights])
    estimate = np.concatenate([before, after])
    return Changes(
        target=float(target @ estimate),
        target_variance=float(target @ covariance @ target),
        weights=np.cumsum(weights[::-1])[::-1],
        before=signed @ estimate,
        before_variance=np.einsum("ri,ij,rj->r", signed, covariance, signed),
        with_target=signed @ covariance @ target,
        after_variance=np.einsum("ri,ij,rj->r", steps[pre:], covariance, steps[pre:]),
        after_with_before=signed @ covariance @ steps[pre:].T,
    )


def interval_at(changes: Changes, bound: float, level: float) -> tuple[float, float]:
    """Give the ends of the interval for the target if changes after the start are bounded.

    They are the outermost values that the test keeps for any of the sets: what lies between may have gaps.
    """
    size = 1 - level
    forms = _forms(changes, bound)
    root = _root(changes)
    directions = forms @ root
    critical = critical_values(directions, FIRST_STAGE * size)
    covariance = directions @ directions.swapaxes(1, 2)
    says = np.diagonal(covariance, axis1=1, axis2=2) > _NOTHING

    def kept(targets: FloatArray) -> np.ndarray:
        """Test values of the target, shape (rows, points)."""
        values = (
            forms[:, None, :, 0] * (changes.target - targets)[:, :, None]
            + (forms[:, :, 1] * changes.before[:, None])[:, None, :]
        )
        return is_kept(np.where(says[:, None, :], values, -np.inf), covariance, critical, size)

    # beyond these the first stage alone rejects
    reach = bound * np.abs(changes.weights).sum() * changes.before
    low = changes.target - reach - critical / forms[:, 0, 0]
    high = changes.target + reach + critical / -forms[:, 1, 0]
    return _outermost(kept, low, high)


def _forms(changes: Changes, bound: float) -> FloatArray:
    """Coefficients of the vertices on (target less its hypothesis, change before), shape (rows, 4, 2).

    From above, from below, and the two pairs of opposite moments with the least and with the largest
    error; every other pair is, in the same data, between those two. Each is divided by the sum of the errors of its
    moments, as the test statistic asks.
    """
    own = changes.after_variance[None, :] + bound**2 * changes.before_variance[:, None]
    shared = 2 * bound * changes.after_with_before
    up, down = (np.sqrt(np.maximum(own + sign * shared, 0)) for sign in (-1, 1))
    rising, falling = np.maximum(changes.weights, 0), np.maximum(-changes.weights, 0)
    total = bound * np.abs(changes.weights).sum()
    above, below = up @ rising + down @ falling, down @ rising + up @ falling
    pairs = up + down
    out = np.empty((len(above), 4, 2))
    out[:, 0] = np.stack([1 / above, -total / above], axis=1)
    out[:, 1] = np.stack([-1 / below, -total / below], axis=1)
    for place, width in ((2, pairs.min(axis=1)), (3, pairs.max(axis=1))):
        out[:, place] = np.stack([np.zeros_like(width), -2 * bound / width], axis=1)
    return out


def _root(changes: Changes) -> FloatArray:
    """Triangular root of the covariance of (target, change before), shape (rows, 2, 2)."""
    root = np.zeros((len(changes.before), 2, 2))
    error = np.sqrt(changes.target_variance)
    root[:, 0, 0] = error
    root[:, 1, 0] = changes.with_target / error
    root[:, 1, 1] = np.sqrt(np.maximum(changes.before_variance - root[:, 1, 0] ** 2, 0))
    return root


def _outermost(kept: Callable[[FloatArray], np.ndarray], low: FloatArray, high: FloatArray) -> tuple[float, float]:
    """Give the least and the largest value that any row keeps between its ends, which are not kept."""
    grid = low[:, None] + np.linspace(0, 1, _TRIED) * np.maximum(high - low, 0)[:, None]
    found = kept(grid) & (high > low)[:, None]
    found[:, [0, -1]] = False
    if not found.any():
        return np.nan, np.nan
    rows = np.arange(len(low))
    some = found.any(axis=1)
    first, last = found.argmax(axis=1), found.shape[1] - 1 - found[:, ::-1].argmax(axis=1)
    inner = np.stack([grid[rows, first], grid[rows, last]], axis=1)
    outer = np.stack([grid[rows, np.maximum(first - 1, 0)], grid[rows, np.minimum(last + 1, _TRIED - 1)]], axis=1)
    for _ in range(_HALVINGS):
        middle = (inner + outer) / 2
        is_in = kept(middle)
        inner, outer = np.where(is_in, middle, inner), np.where(is_in, outer, middle)
    return float(inner[some, 0].min()), float(inner[some, 1].max())
