"""Inference that solves for the weights again: permutation of the treated sites, and a jackknife of groups."""

from __future__ import annotations

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._balancing.comparison import Outcomes, regress
from evalkit.models._balancing.programme import solve

__all__ = ["GROUPS", "jackknife_error", "permutation_p_value"]

# Placements are solved in chunks: a city of 10,000 blocks then needs some twenty megabytes at a time.
_CHUNK = 50
# Of the jackknife, unless there are fewer treated sites: more groups than that change the error little.
GROUPS = 40
_ROUNDING = 1e-9


def permutation_p_value(
    columns: FloatArray, outcomes: Outcomes, number: int, slack: float, rng: np.random.Generator
) -> float:
    """Place the measure at random in as many sites, `number` times, and weigh a comparison for each.

    The statistic is the difference of recorded and expected events over its own error: sites that are
    picked at random have fewer events than those that were picked for being bad, and a plain difference or
    ratio would vary by that alone (Robbins, Saunders and Kilmer 2017 make the same remark). Two-sided;
    what was recorded counts as one of the placements, so no p-value is below 1 / (number + 1).
    """
    sites, size = len(columns), int(outcomes.treated.sum())
    chosen = np.zeros((sites, number + 1), bool)
    chosen[:, 0] = outcomes.treated
    for placement in range(1, number + 1):
        chosen[rng.choice(sites, size, replace=False), placement] = True
    found = np.concatenate(
        [_statistics(columns, outcomes, chosen[:, at : at + _CHUNK], slack) for at in range(0, number + 1, _CHUNK)]
    )
    return float((np.abs(found) >= abs(found[0]) * (1 - _ROUNDING)).mean())


def _statistics(columns: FloatArray, outcomes: Outcomes, chosen: np.ndarray, slack: float) -> FloatArray:
    """Difference over its error for each placement, shape (placements,)."""
    size = int(outcomes.treated.sum())
    weights = size * solve(columns, chosen.T @ columns / size, ~chosen, slack).shares
    return np.array(
        [
            _statistic(columns, Outcomes(counts=outcomes.counts, exposure=outcomes.exposure, treated=own), weight)
            for own, weight in zip(chosen.T, weights.T, strict=True)
        ]
    )


def _statistic(columns: FloatArray, outcomes: Outcomes, weights: FloatArray) -> float:
    treated = outcomes.treated
    counts = outcomes.at_the_treated_exposure(weights).sum(axis=1)
    rest = regress(columns, counts[:, None], weights)
    left = counts - rest.fitted[:, 0]
    variance = ((weights * left) ** 2 / rest.seen).sum() + treated.sum() * left[treated].var(ddof=1)
    difference = counts[treated].sum() - weights @ counts
    return float(difference / np.sqrt(variance)) if variance > 0 else 0.0


def jackknife_error(
    columns: FloatArray, outcomes: Outcomes, slack: float, rng: np.random.Generator
) -> tuple[float, int]:
    """Leave out one group of sites at a time, weigh again, and give error and number of groups.

    Every group has its share of treated and of comparison sites. The variance is (G - 1)/G times the sum
    of squares around the mean (Kott 2001, Journal of Official Statistics 17).
    """
    treated = outcomes.treated
    groups = min(GROUPS, int(treated.sum()))
    member = np.empty(len(treated), dtype=np.intp)
    for side in (treated, ~treated):
        member[side] = rng.permutation(np.arange(side.sum()) % groups)
    kept = member[:, None] != np.arange(groups)
    own, pools = kept & treated[:, None], kept & ~treated[:, None]
    sizes = own.sum(axis=0)
    weights = sizes * solve(columns, (own.T @ columns) / sizes[:, None], pools, slack).shares
    changes = np.array([_log_ratio(outcomes, each, weight) for each, weight in zip(own.T, weights.T, strict=True)])
    return float(np.sqrt((groups - 1) / groups * ((changes - changes.mean()) ** 2).sum())), groups


def _log_ratio(outcomes: Outcomes, own: np.ndarray, weights: FloatArray) -> float:
    part = Outcomes(counts=outcomes.counts, exposure=outcomes.exposure, treated=own)
    counts = part.at_the_treated_exposure(weights)
    recorded, expected = counts[own].sum(), (weights @ counts).sum()
    if recorded <= 0 or expected <= 0:
        msg = (
            "the jackknife leaves out a group of sites without which no event is left, and a ratio of nothing does "
            "not exist: use errors = 'linearised'"
        )
        raise EstimationError(msg)
    return float(np.log(recorded / expected))
