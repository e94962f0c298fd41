"""Newton's method on the Poisson likelihood with the effects of the longer side profiled out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._regression.columns import Columns, blocks, part, products, sums, totals

__all__ = ["Profiled", "profile_poisson"]

_ITERATIONS = 60
# Largest step of a period effect or of a regressor's part: the next one is its square, below rounding.
_STEP = 1e-9
# Newton decrement, as a share of all events, below which expected events no longer change: where the best
# answer of single cells is zero, their effects run off for ever while nothing else moves.
_DECREMENT = 1e-13


@dataclass(frozen=True, kw_only=True)
class Profiled:
    """Where Newton's method came to.

    Attributes
    ----------
    predictor : without offset, shape (sites, periods)
    slopes : shape (k,)
    settled : is no step left?
    still : do at most cells that run off to zero move on?
    """

    predictor: FloatArray
    slopes: FloatArray
    settled: bool
    still: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class _Counts:
    """What the likelihood takes of the data; its sums are all it needs of the counts.

    Attributes
    ----------
    at_risk : weighted exposure, shape (sites, periods)
    by_site, by_period, by_column : weighted events, and their products with columns; shapes (sites,), (periods,), (k,)
    columns : shape (sites, periods, k)
    """

    at_risk: FloatArray
    by_site: FloatArray
    by_period: FloatArray
    by_column: FloatArray
    columns: Columns


@dataclass(frozen=True, kw_only=True, eq=False)
class _Place:
    """Period effects, shape (periods,), and slopes, shape (k,), with what the profile likelihood is there.

    Gradient and information have the period effects first.
    """

    effects: FloatArray
    slopes: FloatArray
    likelihood: float
    gradient: FloatArray
    information: FloatArray


def profile_poisson(counts: FloatArray, exposure: FloatArray, columns: Columns, weights: FloatArray) -> Profiled:
    """Fit log E[count] = log exposure + site + period + columns; every site and period has an event.

    Given the rest, a site's effect is the log of its events over what is expected of it, so Newton's method
    runs over the shorter side's effects and the coefficients only: a step costs a cross-product of
    (sites, periods), and no regression is made on the way. It goes through blocks of sites that stay in the
    processor's cache, so that no array of the size of the data is made but the exposure at risk and the answer.
    """
    if counts.shape[0] < counts.shape[1]:
        found = profile_poisson(counts.T, exposure.T, columns.swapaxes(0, 1), weights.T)
        return replace(found, predictor=found.predictor.T)
    data = _sums(counts, exposure, columns, weights)
    rates = data.by_site / data.at_risk.sum(axis=1)
    place = _look(data, np.log(data.by_period / (data.at_risk.T @ rates)), np.zeros(columns.shape[2]))
    step, settled, still = _solve(place), False, False
    for _ in range(_ITERATIONS):
        if step is None:
            break
        still = float(place.gradient @ step) < _DECREMENT * float(data.by_site.sum())
        settled = _size(data, step) < _STEP
        if settled:
            break
        place = _climb(data, place, step)
        step = _solve(place)
    effects, slopes = _onward(place, step) if settled and step is not None else (place.effects, place.slopes)
    predictor = _predict(data, effects, slopes)
    return Profiled(predictor=predictor, slopes=slopes, settled=settled, still=settled or still)


def _sums(counts: FloatArray, exposure: FloatArray, columns: Columns, weights: FloatArray) -> _Counts:
    seen = weights * counts
    return _Counts(
        at_risk=weights * exposure,
        by_site=seen.sum(axis=1),
        by_period=seen.sum(axis=0),
        by_column=totals(columns, seen),
        columns=columns,
    )


def _predict(data: _Counts, effects: FloatArray, slopes: FloatArray) -> FloatArray:
    """Predictor without offset, with the site effects that make each site's sum the recorded one."""
    predictor = np.empty(data.at_risk.shape)
    for rows in blocks(data.columns):
        own = part(data.columns[rows], slopes)
        own += effects
        own += np.log(data.by_site[rows] / (data.at_risk[rows] * np.exp(own)).sum(axis=1))[:, None]
        predictor[rows] = own
    return predictor


def _look(data: _Counts, effects: FloatArray, slopes: FloatArray) -> _Place:
    """Likelihood, gradient and information at a place, of which each block of sites has its part."""
    periods, k = len(effects), len(slopes)
    likelihood, expected_by = float(data.by_period @ effects + data.by_column @ slopes), np.zeros(periods + k)
    information = np.zeros((periods + k,) * 2)
    for rows in blocks(data.columns):
        columns = data.columns[rows]
        expected = _expect(data.at_risk[rows], columns, effects, slopes)
        scale = data.by_site[rows] / expected.sum(axis=1)
        likelihood += float(data.by_site[rows] @ np.log(scale))
        expected *= scale[:, None]
        expected_by[:periods] += expected.sum(axis=0)
        if k:
            by_site, by_period = sums(columns, expected)
            expected_by[periods:] += by_period.sum(axis=0)
            information[:periods, periods:] += by_period
            information[periods:, periods:] += products(columns, expected)
            # what site effects take away is a square: that of sums by site, each over the root of its events
            expected = np.concatenate([expected, by_site], axis=1)
        expected /= np.sqrt(data.by_site[rows])[:, None]
        information -= expected.T @ expected
    information[:periods, :periods][np.diag_indices(periods)] += expected_by[:periods]
    information[periods:, :periods] = information[:periods, periods:].T
    return _Place(
        effects=effects,
        slopes=slopes,
        likelihood=likelihood,
        gradient=np.concatenate([data.by_period, data.by_column]) - expected_by,
        information=information,
    )


def _expect(at_risk: FloatArray, columns: FloatArray, effects: FloatArray, slopes: FloatArray) -> FloatArray:
    """Events expected with site effects of zero, in an array of its own."""
    if not slopes.any():
        return at_risk * np.exp(effects)
    linear = part(columns, slopes)
    linear += effects
    np.exp(linear, out=linear)
    linear *= at_risk
    return linear


def _size(data: _Counts, step: FloatArray) -> float:
    """Give the most that a step moves a period effect, or the columns' part of a cell."""
    periods = len(data.by_period)
    widest = float(np.abs(step[:periods]).max())
    if not len(data.by_column):
        return widest
    return max(
        widest, *(float(np.abs(part(data.columns[rows], step[periods:])).max()) for rows in blocks(data.columns))
    )


def _solve(place: _Place) -> FloatArray | None:
    """Newton's step with the first period held; None where the information has lost a direction."""
    scale = np.sqrt(np.diag(place.information)[1:])
    if not (np.isfinite(scale) & (scale > 0)).all():
        return None
    try:
        root = np.linalg.cholesky(place.information[1:, 1:] / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        return None
    step = np.linalg.solve(root.T, np.linalg.solve(root, place.gradient[1:] / scale))
    return np.concatenate([[0.0], step / scale])


def _onward(place: _Place, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    periods = len(place.effects)
    return place.effects + step[:periods], place.slopes + step[periods:]


def _climb(data: _Counts, place: _Place, step: FloatArray) -> _Place:
    """Take the step, halved while it makes the fit worse; near the top rounding is let through."""
    least = place.likelihood - 1e-9 * (abs(place.likelihood) + 1)
    for _ in range(20):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = _look(data, *_onward(place, step))
        if np.isfinite(found.likelihood) and found.likelihood >= least:
            break
        step = step / 2
    return found
