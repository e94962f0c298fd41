"""The money of a plan: the appraisal of a study on what is believed of the effect."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray
from evalkit.planning.expected import ExpectedPanel, ExpectedTable
from evalkit.study_prior import Prior

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, Costs, Prices

__all__ = ["BreakEvenEffect", "appraise_belief", "break_even_effect"]


@dataclass(frozen=True, kw_only=True)
class BreakEvenEffect:
    """The fall that pays for the measure, at the mean of costs and prices.

    Attributes
    ----------
    events : to be prevented over the window; None with `reason`
    change : the same as a change of the log rate, below 0; None where not even an end of all events would pay
    probability : that the true effect is that large; None without a prior
    reason : why one of them is not there
    """

    events: float | None = None
    change: float | None = None
    probability: float | None = None
    reason: str = ""

    @property
    def percent(self) -> float | None:
        """The change in percent, below 0."""
        return None if self.change is None else float(100 * np.expm1(self.change))


def appraise_belief(
    expected: ExpectedPanel | ExpectedTable,
    prior: Prior | None,
    *,
    costs: Costs | None,
    prices: Prices | None,
    options: Mapping[str, Any],
    draws: int,
    seed: int,
) -> tuple[Appraisal | None, str]:
    """Appraise the measure as if the prior were an estimate; without one, as if nothing were prevented.

    Displacement is not known beforehand and not counted.
    """
    if costs is None:
        return None, "the study gives no costs"
    from evalkit.economics import NoMeanError, appraise

    change = np.zeros(draws) if prior is None else prior.draws(draws, _rng(seed, "prior"))
    effect = _as_effect(expected, change)
    try:
        made = appraise({expected.outcome.name: effect}, costs=costs, prices=prices, rng=_rng(seed, "money"), **options)
    except NoMeanError as problem:  # a finding: the prior is too wide for a mean to mean anything
        return None, str(problem)
    return made, ""


def _rng(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(b"plan"), zlib.crc32(name.encode())])


def _as_effect(expected: ExpectedPanel | ExpectedTable, change: FloatArray) -> Effect:
    by_period = expected.by_period
    return Effect(
        outcome=expected.outcome,
        estimator="prior",
        scale="log_rate_ratio",
        change=change,
        prevented=np.outer(-np.expm1(change), by_period),
        recorded=by_period * float(np.exp(change).mean()),
        periods=expected.labels_after,
        basis="posterior",
        estimand="what is believed of the effect before the study",
        assumption="the belief is right, and no crime moves elsewhere",
    )


def break_even_effect(
    appraisal: Appraisal | None, reason: str, expected: ExpectedPanel | ExpectedTable, prior: Prior | None
) -> BreakEvenEffect:
    """Read from an appraisal how large a fall pays, against what is believed."""
    if appraisal is None:
        return BreakEvenEffect(reason=reason)
    line = next(each for each in appraisal.by_crime if each.outcome == expected.outcome.name)
    if line.break_even is None:
        return BreakEvenEffect(reason=appraisal.benefit_reason or line.reason)
    events, without = line.break_even, float(expected.by_period.sum())
    if events <= 0:
        return BreakEvenEffect(events=events, reason="the measure costs nothing or saves money without any effect")
    if events >= without:
        return BreakEvenEffect(
            events=events,
            probability=None if prior is None else 0.0,
            reason=f"{events:,.0f} events would have to be prevented and only {without:,.0f} are expected, so that not "
            "even an end of all of them would pay",
        )
    change = float(np.log1p(-events / without))
    return BreakEvenEffect(
        events=events, change=change, probability=None if prior is None else prior.probability_of_at_most(change)
    )
