"""Intervals if the difference in trends bends by at most some amount a period.

Rambachan and Roth 2023, doi:10.1093/restud/rdad018, Delta^SD, with the fixed-length interval of Armstrong and
Kolesar 2020, doi:10.3982/QE1199. The estimator is the target less a weighted sum of the coefficients before
the start. Whatever the slope of the difference, it must take it out; what is free is how much it
trusts each bend before the start, and its largest bias is `bound` times the sum of the absolute values of these.
So the best compromise between bias and variance lies on the path of a lasso, which is followed exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError

__all__ = ["Compromises", "compromises", "interval_at"]

# Compromises that are tried on each piece of the path, whose half-lengths fall and then rise; then so many between
# the neighbours of the best of them, and so on, until they are 1e-7 of a piece apart.
_TRIED = 2
_AGAIN = np.linspace(-1, 1, 61)
_ROUNDS = 5
# Steps to a quantile of |N(t, 1)|: the error after them is below 1e-12.
_NEWTON = 6
_ROUNDING = 1e-9
# Knots for each number on the path; beyond, rounding goes round in circles.
_MOST_KNOTS = 20


@dataclass(frozen=True, kw_only=True)
class Compromises:
    """Estimators between the least bias and the least variance, on a piecewise linear path.

    Attributes
    ----------
    estimates, variances, biases : at the knots, the least bias first, shape (knots,); a bias is for a bound of one
    neighbours : covariance of the estimator at each knot with the next, shape (knots - 1,)
    free : how many bends before the start the estimators are free to trust
    """

    estimates: FloatArray
    variances: FloatArray
    biases: FloatArray
    neighbours: FloatArray
    free: int

    def at(self, places: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give estimates, errors and biases at places along the path, 1.5 being midway from knot 1 to knot 2."""
        knots = np.arange(len(self.estimates))
        piece = np.minimum(places.astype(int), max(len(knots) - 2, 0))
        share = places - piece
        after = np.minimum(piece + 1, len(knots) - 1)
        crossed = np.append(self.neighbours, self.variances[-1])[piece]
        variances = (
            (1 - share) ** 2 * self.variances[piece]
            + 2 * share * (1 - share) * crossed
            + share**2 * self.variances[after]
        )
        estimates, biases = (np.interp(places, knots, each) for each in (self.estimates, self.biases))
        return estimates, np.sqrt(variances), biases


def compromises(before: FloatArray, after: FloatArray, covariance: FloatArray, weights: FloatArray) -> Compromises:
    """Follow the path of estimators of the target that no straight difference in trends can disturb.

    Parameters
    ----------
    before, after : coefficients in the order of time, shapes (pre,) and (post,); the reference, zero, lies between
    covariance : of both, shape (pre + post, pre + post)
    weights : of the target on the coefficients after the start, shape (post,)
    """
    pre, post = len(before), len(after)
    estimate = np.concatenate([before, after])
    times = np.arange(1, post + 1)
    slope = float(weights @ times)
    # the trend of the last change before the start, carried on: it relies on that change alone
    base = np.concatenate([np.zeros(pre), weights])
    base[pre - 1] += slope
    # trusting a bend before the start moves weight between changes; the free ones lie before the reference
    levels = np.insert(np.eye(pre + post), pre, 0.0, axis=0)
    bends = np.diff(levels, n=2, axis=0)[: pre - 1]
    fixed = float(np.abs([weights @ np.maximum(times - at, 0) for at in range(post)]).sum())
    quadratic = bends @ covariance @ bends.T
    path = _lasso_path(quadratic, bends @ covariance @ base)
    rows = base + path @ bends
    shared = rows @ covariance @ rows.T
    return Compromises(
        estimates=rows @ estimate,
        variances=np.diagonal(shared).copy(),
        biases=fixed + np.abs(path).sum(axis=1),
        neighbours=np.diagonal(shared, offset=1).copy(),
        free=pre - 1,
    )


def interval_at(along: Compromises, bound: FloatArray | float, level: float) -> tuple[FloatArray, FloatArray]:
    """Give the shortest interval of fixed length that covers with probability `level`, whatever the trend.

    Parameters
    ----------
    bound : largest bend of the difference in trends, a period; or several, whose shape the ends have
    """
    bounds = np.asarray(bound, float)
    flat = bounds.ravel()[:, None]

    def halves(places: FloatArray) -> FloatArray:
        _, errors, biases = along.at(places)
        return errors * _folded(flat * biases / errors, level)

    pieces = len(along.estimates) - 1
    places = np.linspace(0, pieces, pieces * _TRIED + 1)
    best, rows = places[halves(places[None, :]).argmin(axis=1)], np.arange(len(flat))
    apart = 1 / _TRIED
    for _ in range(_ROUNDS if pieces else 0):
        tried = np.clip(best[:, None] + apart * _AGAIN, 0, pieces)
        best = tried[rows, halves(tried).argmin(axis=1)]
        apart *= _AGAIN[1] - _AGAIN[0]
    middle, reach = along.at(best[:, None])[0][:, 0], halves(best[:, None])[:, 0]
    return (middle - reach).reshape(bounds.shape), (middle + reach).reshape(bounds.shape)


def _folded(shift: FloatArray, level: float) -> FloatArray:
    """Quantile of |N(shift, 1)|, by Newton's method from above, where the distribution function is concave."""
    at = shift + special.ndtri((1 + level) / 2)
    for _ in range(_NEWTON):
        density = np.exp(-0.5 * (at - shift) ** 2) + np.exp(-0.5 * (at + shift) ** 2)
        inside = special.ndtr(at - shift) - special.ndtr(-at - shift)
        at = at + (level - inside) * np.sqrt(2 * np.pi) / density
    return np.asarray(at)


def _lasso_path(quadratic: FloatArray, linear: FloatArray) -> FloatArray:
    """Minimise x'Qx / 2 + g'x + penalty * sum |x| for every penalty, shape (points, x), the largest first.

    Piecewise linear in the penalty (Osborne, Presnell and Turlach 2000, doi:10.1093/imanum/20.3.389): at a
    knot a number leaves zero or comes back to it.
    """
    x, active = np.zeros(len(linear)), np.zeros(len(linear), dtype=bool)
    knots = [x]
    penalty = float(np.abs(linear).max(initial=0.0))
    if penalty == 0:
        return np.array(knots)
    stop = _ROUNDING * penalty
    active[np.abs(linear).argmax()] = True
    signs = -np.sign(linear)
    for _ in range(_MOST_KNOTS * len(linear)):
        here = np.flatnonzero(active)
        rise = np.zeros(len(linear))
        rise[here] = np.linalg.solve(quadratic[here[:, None], here], signs[here])
        pull, turn = -(linear + quadratic @ x), quadratic @ rise
        to_zero = np.divide(-x, rise, out=np.full(len(x), np.inf), where=active & (rise != 0))
        down, which = _next_knot(to_zero, pull, turn, active, penalty)
        x = x + down * rise
        penalty -= down
        knots.append(x)
        if penalty <= stop:
            return np.array(knots)
        if active[which]:
            x = np.where(np.arange(len(x)) == which, 0.0, x)
        else:
            signs[which] = np.sign(pull[which] - down * turn[which])
        active[which] = not active[which]
    msg = "the path of compromises between bias and variance has no end: the covariance of the leads is singular"
    raise EstimationError(msg)


def _next_knot(
    to_zero: FloatArray, pull: FloatArray, turn: FloatArray, active: np.ndarray, penalty: float
) -> tuple[float, int]:
    """Give how far the penalty falls until a number enters or leaves, and which."""
    floor = _ROUNDING * penalty
    still = np.flatnonzero(~active)
    with np.errstate(divide="ignore", invalid="ignore"):
        from_below, from_above = ((penalty - sign * pull[still]) / (1 - sign * turn[still]) for sign in (1, -1))
    enters = np.full(len(active), np.inf)
    enters[still] = np.minimum(
        np.where(from_below > floor, from_below, np.inf), np.where(from_above > floor, from_above, np.inf)
    )
    to_zero = np.where(active & (to_zero > floor), to_zero, np.inf)
    steps = np.minimum(to_zero, enters)
    which = int(steps.argmin())
    return min(float(steps[which]), penalty), which
