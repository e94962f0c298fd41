"""Newton's method on the Poisson likelihood with the effects of the longer side profiled out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from evalkit.draws import FloatArray

__all__ = ["Profiled", "profile_poisson"]

_ITERATIONS = 60
# Largest step of a period effect or of a regressor's part: the next one is its square, below rounding.
_STEP = 1e-9
# Newton decrement, as a share of all events, below which expected events no longer change: where the best
# answer of single cells is zero, their effects run off for ever while nothing else moves.
_DECREMENT = 1e-13


@dataclass(frozen=True, kw_only=True)
class Profiled:
    """The predictor without offset, shape (sites, periods), and whether its last step was below rounding."""

    predictor: FloatArray
    settled: bool
    still: bool


def profile_poisson(counts: FloatArray, exposure: FloatArray, columns: FloatArray, weights: FloatArray) -> Profiled:
    """Fit log E[count] = log exposure + site + period + columns; every site and period has an event.

    Given the rest, a site's effect is the log of its events over what is expected of it, so Newton's method
    runs over the shorter side's effects and the coefficients only: a step costs a cross-product of
    (sites, periods), and no regression is made on the way.

    Returns
    -------
    Profiled
        `settled` where no step is left, `still` where only cells that run off to zero move on.
    """
    if counts.shape[0] < counts.shape[1]:
        found = profile_poisson(counts.T, exposure.T, columns.swapaxes(0, 1), weights.T)
        return Profiled(predictor=found.predictor.T, settled=found.settled, still=found.still)
    at_risk, seen = weights * exposure, weights * counts
    totals = seen.sum(axis=1)
    rates = totals / at_risk.sum(axis=1)
    effects = np.log(seen.sum(axis=0) / (at_risk.T @ rates))
    slopes = np.zeros(columns.shape[2])
    likelihood, settled, still = -np.inf, False, False
    for _ in range(_ITERATIONS):
        linear = columns @ slopes
        expected, _ = _expect(at_risk, totals, effects, linear)
        gradient, information = _derivatives(seen, expected, totals, columns)
        step = _solve(information, gradient)
        if step is None:
            break
        effects, slopes, likelihood, taken = _climb(
            (at_risk, seen, totals, columns), (effects, slopes), step, likelihood
        )
        moved = max(float(np.abs(taken[: len(effects)]).max()), float(np.abs(columns @ taken[len(effects) :]).max()))
        settled, still = moved < _STEP, float(gradient @ step) < _DECREMENT * float(totals.sum())
        if settled:
            break
    linear = columns @ slopes
    _, heights = _expect(at_risk, totals, effects, linear)
    return Profiled(predictor=heights[:, None] + effects + linear, settled=settled, still=settled or still)


def _expect(
    at_risk: FloatArray, totals: FloatArray, effects: FloatArray, linear: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Expected events where each site's sum is the recorded one, and the site effects that make it so."""
    expected = at_risk * np.exp(effects)
    if linear.any():
        expected *= np.exp(linear)
    scale = totals / expected.sum(axis=1)
    expected *= scale[:, None]
    return expected, np.log(scale)


def _derivatives(
    seen: FloatArray, expected: FloatArray, totals: FloatArray, columns: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient and information of the profile likelihood, period effects first."""
    shares = expected / totals[:, None]
    by_period = np.diag(expected.sum(axis=0)) - shares.T @ expected
    missed = seen - expected
    gradient = missed.sum(axis=0)
    if not columns.shape[2]:
        return gradient, by_period
    means = np.matmul(shares[:, None, :], columns)[:, 0, :]
    across = np.matmul(expected.T[:, None, :], columns.swapaxes(0, 1))[:, 0, :] - expected.T @ means
    flat = columns.reshape(-1, columns.shape[2])
    own = (flat * expected.reshape(-1, 1)).T @ flat - (means * totals[:, None]).T @ means
    return (
        np.concatenate([gradient, flat.T @ missed.reshape(-1)]),
        np.block([[by_period, across], [across.T, own]]),
    )


def _solve(information: FloatArray, gradient: FloatArray) -> FloatArray | None:
    """Newton's step with the first period held; None where the information has lost a direction."""
    scale = np.sqrt(np.diag(information)[1:])
    if not (np.isfinite(scale) & (scale > 0)).all():
        return None
    try:
        factor = cho_factor(information[1:, 1:] / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        return None
    return np.concatenate([[0.0], cho_solve(factor, gradient[1:] / scale) / scale])


def _climb(
    data: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    place: tuple[FloatArray, FloatArray],
    step: FloatArray,
    likelihood: float,
) -> tuple[FloatArray, FloatArray, float, FloatArray]:
    """Take the step, halved while it makes the fit worse; near the top rounding is let through."""
    at_risk, seen, totals, columns = data
    periods = len(place[0])
    for _ in range(20):
        effects, slopes = place[0] + step[:periods], place[1] + step[periods:]
        linear = columns @ slopes
        with np.errstate(over="ignore", invalid="ignore"):
            _, heights = _expect(at_risk, totals, effects, linear)
            found = float(seen.sum(axis=0) @ effects + totals @ heights)
            if linear.any():
                found += float(np.sum(seen * linear))
        if np.isfinite(found) and found >= likelihood - 1e-9 * (abs(likelihood) + 1):
            break
        step = step / 2
    return effects, slopes, found, step
