"""The strictly convex programme: the evenest weights that balance, for many problems at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray

__all__ = ["Weights", "solve"]

# Exact balance to seven digits of a standard deviation, and still a matrix that can be inverted.
_LEAST_SLACK = 1e-9
# Softer problems on the way, each the start of the next: exact balance from a cold start may wander.
_PATH = (1e-4, _LEAST_SLACK)
_STEPS = 100
_SMALL = 1e-10
_HALVINGS = 30
_HAIR = 1e-13


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Weights of every problem, and how well they balance.

    Attributes
    ----------
    shares : shape (units, problems), zero or more; columns sum to one, units outside the pool have none
    imbalance : weighted mean less target in standard deviations of all units, shape (columns, problems)
    """

    shares: FloatArray
    imbalance: FloatArray


def solve(columns: FloatArray, targets: FloatArray, pools: np.ndarray, slack: float = 0.0) -> Weights:
    """Give the weights of least sum of squares that balance.

    Over shares p of the units in the pool, p >= 0 and sum p = 1, minimise

        m/2 sum p^2 + 1/(2 slack) |imbalance|^2

    with m the size of the pool. Least squares is the largest effective sample size (Kish 1965), strictly
    convex, and so has one solution however many weights would balance; with no slack and where balance can
    be had it is exact, elsewhere as near as can be. The dual has one variable a column and is solved by
    Newton's method; a share is the positive part of a linear score of its unit.

    Parameters
    ----------
    columns : what is balanced, shape (units, columns)
    targets : means to be met, shape (problems, columns)
    pools : which units may have a weight, shape (units, problems)
    slack : price of evenness against balance; 0 balances exactly where that can be
    """
    centre, scale = columns.mean(axis=0), columns.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    scores_of = np.column_stack([np.ones(len(columns)), (columns - centre) / scale])
    wanted = np.column_stack([np.ones(len(targets)), (targets - centre) / scale]).T
    dual = np.zeros_like(wanted)
    dual[0] = 1.0
    for softness in (*(each for each in _PATH if each > slack), *((slack,) if slack > _LEAST_SLACK else ())):
        dual = _newton(scores_of, wanted, pools, dual, softness)
    raw = np.maximum(scores_of @ dual, 0) * pools
    shares = raw / raw.sum(axis=0)
    return Weights(shares=shares, imbalance=(scores_of.T @ shares - wanted)[1:])


def _newton(columns: FloatArray, wanted: FloatArray, pools: np.ndarray, start: FloatArray, slack: float) -> FloatArray:
    """Minimise the dual of every problem that is not yet solved, shape (columns, problems)."""
    dual = start.copy()
    ridge = np.full(len(wanted), slack)
    ridge[0] = 0.0
    open_ = np.arange(wanted.shape[1])
    for _ in range(_STEPS):
        at = Point(dual[:, open_], columns, wanted[:, open_], pools[:, open_], ridge)
        gradient = at.gradient()
        going = np.abs(gradient).max(axis=0) > _SMALL
        if not going.any():
            break
        open_ = open_[going]
        at = Point(dual[:, open_], columns, wanted[:, open_], pools[:, open_], ridge)
        step = -np.linalg.solve(at.curvature(), gradient[:, going].T[:, :, None])[:, :, 0].T
        dual[:, open_] += step * at.lengths(step, (gradient[:, going] * step).sum(axis=0))
    return dual


class Point:
    """The dual of some problems at a point, and its derivatives; arrays have one column a problem."""

    def __init__(
        self, dual: FloatArray, columns: FloatArray, wanted: FloatArray, pools: np.ndarray, ridge: FloatArray
    ) -> None:
        self.dual, self.columns, self.wanted, self.pools, self.ridge = dual, columns, wanted, pools, ridge
        self.size = pools.sum(axis=0)
        self.scores = (columns @ dual) * pools

    def gradient(self) -> FloatArray:
        """First derivatives, shape (columns, problems): imbalance, but for the slack."""
        means = self.columns.T @ np.maximum(self.scores, 0) / self.size
        return np.asarray(means - self.wanted + self.ridge[:, None] * self.dual)

    def curvature(self) -> FloatArray:
        """Second derivatives, shape (problems, columns, columns); few units have a weight, so they are gathered."""
        k = len(self.ridge)
        found = np.empty((len(self.size), k, k))
        for problem, own in enumerate(self.scores.T > 0):
            used = self.columns[own]
            found[problem] = used.T @ used / self.size[problem]
        # a hair on every diagonal keeps a problem with hardly any unit left solvable
        found[:, np.arange(k), np.arange(k)] += self.ridge + _HAIR
        return found

    def lengths(self, step: FloatArray, slope: FloatArray) -> FloatArray:
        """How far to go along each step: halved until the dual has gone down (Armijo 1966), shape (problems,)."""
        along = (self.columns @ step) * self.pools

        def value(lengths: FloatArray) -> FloatArray:
            dual = self.dual + step * lengths
            half = (np.maximum(self.scores + along * lengths, 0) ** 2).sum(axis=0) / (2 * self.size)
            return np.asarray(half - (dual * self.wanted).sum(axis=0) + (self.ridge[:, None] * dual**2).sum(axis=0) / 2)

        lengths = np.ones(step.shape[1])
        now = value(np.zeros_like(lengths))
        for _ in range(_HALVINGS):
            short = value(lengths) > now + 1e-4 * lengths * slope + 1e-14 * np.abs(now)
            if not short.any():
                break
            lengths[short] /= 2
        return lengths
