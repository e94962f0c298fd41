"""Randomisation inference for group-time averages: the same starts laid over the sites in other ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._group_time.averages import Average
from evalkit.models._group_time.cells import Cells
from evalkit.models._group_time.errors import signed_weights
from evalkit.models._group_time.sample import GroupTimeSample
from evalkit.models._inference.randomise import ConfidenceDistribution, confidence_distribution, placements

__all__ = ["Placed", "place", "placed_estimates"]

# Sites by placements that are gone through at a time (8 MB of places).
_BLOCK = 1_000_000
# Comparison sites from which two parts of a variance can be told.
_ENOUGH_TO_TELL = 5


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What the other placements say of the headline.

    Attributes
    ----------
    distribution : the effects that the test does not reject
    words : the reference set
    """

    distribution: ConfidenceDistribution
    words: str


def placed_estimates(
    sample: GroupTimeSample, cells: Cells, average: Average, values: FloatArray, starts: np.ndarray
) -> FloatArray:
    """Estimate an average for every placement of the starts, shape (placements,).

    Where every site is seen in every period and weighs alike, an average of group-time effects is linear in the
    mean paths of the cohorts, with coefficients that no placement changes. So each site has one score for each start
    that it might be given, and an estimate is a sum of scores.

    Parameters
    ----------
    values : what is estimated from, shape (sites, periods)
    starts : place of the start by placement and site, the number of periods where never, shape (placements, sites)
    """
    return _summed(sample, values @ _coefficients(sample, cells, average).T, starts)


def _coefficients(sample: GroupTimeSample, cells: Cells, average: Average) -> FloatArray:
    """What a site of each cohort, and of the never treated where there are any, gives: (cohorts, periods)."""
    _, first = np.unique(sample.cohort, return_index=True)
    every = np.arange(len(cells.effect))
    incidence = np.zeros((len(cells.effect), sample.outcome.shape[1]))
    incidence[every, cells.period] = 1
    incidence[every, cells.base] = -1
    each = np.stack([signed_weights(sample, cells, int(site)) * average.weights for site in first])
    return np.asarray(each @ incidence)


def _summed(sample: GroupTimeSample, scores: FloatArray, starts: np.ndarray) -> FloatArray:
    """Add up over sites the score of the start that each is given; scores are (sites, cohorts)."""
    calendar = np.append(sample.starts, sample.outcome.shape[1])[np.unique(sample.cohort)]
    sites = np.arange(len(scores))
    out = np.empty(len(starts))
    step = max(1, _BLOCK // len(scores))
    for low in range(0, len(starts), step):
        given = np.searchsorted(calendar, starts[low : low + step])
        out[low : low + step] = scores[sites, given].sum(axis=1)
    return out


def place(sample: GroupTimeSample, cells: Cells, average: Average, rng: np.random.Generator, *, is_log: bool) -> Placed:
    """Invert the test that compares the average with those of other placements; the sample is simple."""
    never = sample.outcome.shape[1]
    starts = np.append(sample.starts, never)[sample.cohort]
    found = placements(starts, never, rng)
    treatment = (np.arange(never) >= starts[:, None]).astype(float)
    a, b = (placed_estimates(sample, cells, average, values, found.starts) for values in (sample.outcome, treatment))
    coefficients = _coefficients(sample, cells, average)
    noise = _noise(sample, coefficients) if is_log and sample.panel.outcome.counts_events else None
    scale = None
    if noise is not None:
        scale = np.sqrt(_summed(sample, noise[:, None] * (coefficients**2).sum(axis=1), found.starts))
    return Placed(distribution=confidence_distribution(float(a[0]), a, b, scale), words=found.words)


def _noise(sample: GroupTimeSample, coefficients: FloatArray) -> FloatArray | None:
    """Variance of a cell's log count by site, shape (sites,); None where the never treated are too few to tell.

    Small sites vary more, and a lone small one would look like an effect more often than one in so many. The
    variance has a part alike for all and one that goes with 1 / count, at least the variance of chance; both are told
    from the never treated, as Ferman and Pinto 2019 do (doi:10.1162/rest_a_00759).
    """
    from scipy.optimize import nnls

    compared = ~sample.treated
    if compared.sum() < _ENOUGH_TO_TELL:
        return None
    by_size = 1 / sample.panel.values[sample.rows].mean(axis=1)
    contrast = coefficients[0] / np.sqrt((coefficients[0] ** 2).sum())
    away = sample.outcome[compared] @ contrast
    squares = (away - away.mean()) ** 2 * len(away) / (len(away) - 1)
    shares, _ = nnls(
        np.column_stack([np.ones(len(away)), by_size[compared]]), np.maximum(squares - by_size[compared], 0)
    )
    return np.asarray(shares[0] + (1 + shares[1]) * by_size)
