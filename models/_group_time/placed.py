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
    codes, first = np.unique(sample.cohort, return_index=True)
    every = np.arange(len(cells.effect))
    incidence = np.zeros((len(cells.effect), values.shape[1]))
    incidence[every, cells.period] = 1
    incidence[every, cells.base] = -1
    each = np.stack([signed_weights(sample, cells, int(site)) * average.weights for site in first])
    scores = values @ (each @ incidence).T
    calendar = np.append(sample.starts, values.shape[1])[codes]
    sites = np.arange(len(values))
    out = np.empty(len(starts))
    step = max(1, _BLOCK // len(values))
    for low in range(0, len(starts), step):
        given = np.searchsorted(calendar, starts[low : low + step])
        out[low : low + step] = scores[sites, given].sum(axis=1)
    return out


def place(sample: GroupTimeSample, cells: Cells, average: Average, rng: np.random.Generator) -> Placed:
    """Invert the test that compares the average with those of other placements; the sample is simple."""
    never = sample.outcome.shape[1]
    starts = np.append(sample.starts, never)[sample.cohort]
    found = placements(starts, never, rng)
    treatment = (np.arange(never) >= starts[:, None]).astype(float)
    a, b = (placed_estimates(sample, cells, average, values, found.starts) for values in (sample.outcome, treatment))
    return Placed(distribution=confidence_distribution(float(a[0]), a, b), words=found.words)
