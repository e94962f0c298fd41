"""What the money would be if another estimator were believed, to hold the choice of prices against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Effect
from evalkit.errors import EvalkitError

if TYPE_CHECKING:
    from evalkit.economics import Appraisal

__all__ = ["EstimatorMoney", "Spread", "money_by_estimator", "spread_of_choices"]

type Effects = Mapping[str, Mapping[str, Effect]]
type Appraise = Callable[[Effects, np.random.Generator], tuple[Appraisal | None, str]]


@dataclass(frozen=True, kw_only=True)
class EstimatorMoney:
    """Mean net benefit with one estimator's effects in place of the primary ones; None with `reason`."""

    estimator: str
    net_benefit: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How far mean net benefits lie apart: highest less lowest.

    Attributes
    ----------
    by_schedule : under the chosen schedule and those beside it that price the same; None where there is none
    by_estimator : with the primary estimator and the others, under the chosen schedule; None where there is none
    """

    by_schedule: float | None
    by_estimator: float | None


def money_by_estimator(
    effects: Effects, appraisal: Appraisal | None, appraise: Appraise, seed: Sequence[int]
) -> tuple[EstimatorMoney, ...]:
    """Appraise again with the effects of each other estimator.

    An outcome that it has no answer for keeps its primary effect.
    Nothing is done where no other schedule stands beside the chosen one, as there is nothing to compare with. Costs
    and shares are the draws of the appraisal, as the seed is the same.
    """
    if appraisal is None or not appraisal.beside:
        return ()
    names = dict.fromkeys(name for named in effects.values() for name in list(named)[1:])
    return tuple(_again(name, effects, appraise, seed) for name in names)


def _again(name: str, effects: Effects, appraise: Appraise, seed: Sequence[int]) -> EstimatorMoney:
    first = {
        outcome: {name: named[name]} if name in named and named[name].prevented is not None else named
        for outcome, named in effects.items()
    }
    try:
        found, reason = appraise(first, np.random.default_rng(seed))
    except EvalkitError as problem:
        found, reason = None, str(problem)
    net = None if found is None else found.net_benefit
    return EstimatorMoney(estimator=name, net_benefit=None if net is None else net.mean, reason=reason)


def spread_of_choices(appraisal: Appraisal, others: Sequence[EstimatorMoney]) -> Spread:
    """Say how far the choice of schedule and that of estimator part the mean net benefit."""
    if appraisal.net_benefit is None:
        return Spread(by_schedule=None, by_estimator=None)
    chosen = appraisal.net_benefit.mean
    schedules = [each.net_benefit_moves for each in appraisal.beside if each.net_benefit_moves is not None]
    estimators = [each.net_benefit - chosen for each in others if each.net_benefit is not None]
    return Spread(by_schedule=_apart(schedules), by_estimator=_apart(estimators))


def _apart(moves: Sequence[float]) -> float | None:
    return max(0.0, *moves) - min(0.0, *moves) if moves else None
