"""Intervals if trends part after the start by at most some multiple of the most they parted before it.

Rambachan and Roth 2023, doi:10.1093/restud/rdad018, Delta^RM. Their set is the union, over every change
between neighbouring periods before the start and both its signs, of the trends whose changes afterwards are
at most `bound` times that change. Within each, the test with nuisance parameters (the path of the effect)
has a linear programme whose vertices are known: with c the weights of the target on changes after the start,
one vertex compares the target from above, one from below, and one for each period says that the hypothesised
largest change cannot be negative. All are linear in two numbers, the target and that change, so no programme is solved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._sensitivity.least_favourable import FIRST_STAGE, critical_values, is_kept, most_critical

__all__ = ["Changes", "changes_of", "end_at", "interval_at"]

# Values of the target that are tried in each set before its end is closed in on: the step between them is cut in a
# hundred, three times.
_TRIED = 300
_ROUNDS = 3
_PARTS = 100
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


def interval_at(changes: Changes, bound: FloatArray | float, level: float) -> tuple[FloatArray, FloatArray]:
    """Give the ends of the interval for the target if changes after the start are bounded.

    They are the outermost values that the test keeps for any of the sets: what lies between may have gaps.

    Parameters
    ----------
    bound : one, or several, whose shape the ends have
    """
    bounds = np.asarray(bound, float)
    flat = bounds.ravel()
    ends = _outermost(changes, np.repeat([1.0, -1.0], len(flat)), np.tile(flat, 2), level)
    lower, upper = ends.reshape(2, *bounds.shape)
    return lower, -upper


def end_at(changes: Changes, bounds: FloatArray, level: float, *, upper: bool) -> FloatArray:
    """Give one end of each interval only, shape (bounds,)."""
    sign = -1.0 if upper else 1.0
    return sign * _outermost(changes, np.full(len(bounds), sign), bounds, level)


@dataclass(frozen=True, kw_only=True)
class _Sets:
    """Sets of trends, those of several bounds one after the other, seen so that the lower end is the one sought.

    Attributes
    ----------
    target : estimate, its sign turned where the upper end is sought, shape (rows,)
    before : likewise
    forms, directions : see `_forms`; the second on two independent standard normals, shape (rows, 4, 2)
    least : no value below is kept, for the first stage alone rejects it, shape (rows,)
    reach : how far trends of the set can carry the target, shape (rows,)
    group : which of the ends the set belongs to, shape (rows,)
    """

    target: FloatArray
    before: FloatArray
    forms: FloatArray
    directions: FloatArray
    least: FloatArray
    reach: FloatArray
    group: np.ndarray

    def take(self, rows: np.ndarray) -> _Sets:
        """Give some of the sets."""
        return _Sets(**{name: value[rows] for name, value in vars(self).items()})


def _sets(changes: Changes, signs: FloatArray, bounds: FloatArray, size: float) -> _Sets:
    # turning all signs turns the interval; both signs of each change are there already
    count = len(changes.before)
    forms = np.concatenate([_forms(changes, bound) for bound in bounds])
    before = np.outer(signs, changes.before).ravel()
    directions = forms @ np.tile(_root(changes), (len(bounds), 1, 1))
    target = np.repeat(signs * changes.target, count)
    reach = np.repeat(bounds, count) * np.abs(changes.weights).sum() * before
    return _Sets(
        target=target,
        before=before,
        forms=forms,
        directions=directions,
        least=target - reach - most_critical(directions, FIRST_STAGE * size) / forms[:, 0, 0],
        reach=reach,
        group=np.repeat(np.arange(len(bounds)), count),
    )


@dataclass(frozen=True, kw_only=True)
class _Tests:
    """The test of values of the target in some sets."""

    sets: _Sets
    critical: FloatArray
    covariance: FloatArray
    size: float

    def kept(self, targets: FloatArray) -> np.ndarray:
        """Which values are not rejected, shape (rows, points)."""
        sets = self.sets
        says = np.diagonal(self.covariance, axis1=1, axis2=2) > _NOTHING
        values = (
            sets.forms[:, None, :, 0] * (sets.target[:, None] - targets)[:, :, None]
            + (sets.forms[:, :, 1] * sets.before[:, None])[:, None, :]
        )
        return is_kept(np.where(says[:, None, :], values, -np.inf), self.covariance, self.critical, self.size)

    def first(self, below: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the first value tried that is kept, and the one before it, shapes (rows,); infinite where none is.

        Parameters
        ----------
        below : only ends below are of interest, shape (rows,)
        """
        sets = self.sets
        low = sets.target - sets.reach - self.critical / sets.forms[:, 0, 0]
        high = sets.target + sets.reach + self.critical / -sets.forms[:, 1, 0]
        grid = low[:, None] + np.linspace(0, 1, _TRIED) * np.maximum(high - low, 0)[:, None]
        # one that is kept beyond the limit is of interest where the one before it is not; the ends are never kept
        asked = np.zeros(grid.shape, dtype=bool)
        asked[:, 1:-1] = (grid[:, :-2] < below[:, None]) & (high > low)[:, None]
        columns = np.flatnonzero(asked.any(axis=0))
        if not len(columns):
            nothing = np.full(len(low), np.inf)
            return nothing, nothing
        found = self.kept(grid[:, columns]) & asked[:, columns]
        some, at = found.any(axis=1), columns[found.argmax(axis=1)]
        rows = np.arange(len(low))
        return np.where(some, grid[rows, at], np.inf), np.where(some, grid[rows, at - 1], np.inf)


def _tests(sets: _Sets, size: float) -> _Tests:
    return _Tests(
        sets=sets,
        critical=critical_values(sets.directions, FIRST_STAGE * size),
        covariance=sets.directions @ sets.directions.swapaxes(1, 2),
        size=size,
    )


def _outermost(changes: Changes, signs: FloatArray, bounds: FloatArray, level: float) -> FloatArray:
    """Give the least value of the target, times the sign, that any of the sets keeps, shape (bounds,); nan if none.

    Few of the sets reach out far enough to matter: that which could reach furthest is gone through first,
    and then those that could reach beyond what it keeps.
    """
    size = 1 - level
    every = _sets(changes, signs, bounds, size)
    count = len(changes.before)
    furthest = every.least.reshape(-1, count).argmin(axis=1) + count * np.arange(len(bounds))
    leading = _tests(every.take(furthest), size)
    inner, outer = leading.first(np.full(len(bounds), np.inf))
    # parallel trends are one set, and not one for each change before
    rest = (every.least < inner[every.group]) & (bounds > 0)[every.group]
    rest[furthest] = False
    others = _tests(every.take(np.flatnonzero(rest)), size)
    more_inner, more_outer = others.first(inner[others.sets.group])
    rows = np.concatenate([furthest, np.flatnonzero(rest)])
    inner, outer = np.concatenate([inner, more_inner]), np.concatenate([outer, more_outer])
    best = np.full(len(bounds), np.inf)
    np.minimum.at(best, every.group[rows], inner)
    could = np.flatnonzero(np.isfinite(inner) & (outer < best[every.group[rows]]))
    closing = _Tests(
        sets=every.take(rows[could]),
        critical=np.concatenate([leading.critical, others.critical])[could],
        covariance=np.concatenate([leading.covariance, others.covariance])[could],
        size=size,
    )
    np.minimum.at(best, closing.sets.group, _closed(closing, inner[could], outer[could]))
    return np.where(np.isfinite(best), best, np.nan)


def _closed(tests: _Tests, inner: FloatArray, outer: FloatArray) -> FloatArray:
    """Close in on the first value that is kept, between one that is (`inner`) and one that is not, shape (rows,)."""
    rows, shares = np.arange(len(inner)), np.linspace(0, 1, _PARTS + 1)
    for _ in range(_ROUNDS if len(inner) else 0):
        tried = outer[:, None] + shares * (inner - outer)[:, None]
        found = tests.kept(tried[:, 1:-1])
        at = np.where(found.any(axis=1), found.argmax(axis=1) + 1, _PARTS)
        inner, outer = tried[rows, at], tried[rows, at - 1]
    return inner


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
