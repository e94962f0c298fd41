"""What it is worth to know more before a measure is adopted or done without."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.draws import FloatArray, settled_mean
from evalkit.economics.information.named_inputs import effects_among
from evalkit.economics.information.partial import PartialInformation, expected_value_of_partial_information
from evalkit.economics.information.perfect import expected_value_of_perfect_information
from evalkit.economics.information.roll_out import Learning, PlanValue, Scale, plan_value
from evalkit.economics.information.sample import Observed, expected_value_of_sample_information
from evalkit.errors import CostError

if TYPE_CHECKING:
    from evalkit.economics.appraisal import Appraisal

__all__ = ["Information", "value_of_information", "why_no_information"]

EFFECTS = "all effects together"


@dataclass(frozen=True, kw_only=True)
class Information:
    """What it is worth to know more; the decision is to adopt the measure as appraised, or to do without it.

    Attributes
    ----------
    scenario, currency, price_year, schedule : of the appraisal that is decided by
    best : what is best at present, on average
    perfect : value of knowing everything (EVPI), on the scale of the pilot
    inputs : value of knowing each uncertain input (EVPPI), the largest first, on the same scale
    effects : value of knowing the effects on all outcomes; None where none is uncertain
    learning : what the roll-out is and how more could be learnt, where that was said
    observed : what the present estimate rests on, where a roll-out was given
    scale : of the roll-out to the pilot
    plans : what each plan is worth to the roll-out
    """

    scenario: str
    currency: str
    price_year: str
    schedule: str | None
    best: Literal["adopt", "do without"]
    perfect: float
    inputs: tuple[PartialInformation, ...]
    effects: PartialInformation | None
    learning: Learning | None = None
    observed: Observed | None = None
    scale: float | None = None
    plans: tuple[PlanValue, ...] = ()

    @property
    def perfect_for_roll_out(self) -> float | None:
        """Value of knowing everything before the roll-out: no study can be worth more."""
        return None if self.scale is None else self.perfect * self.scale

    @property
    def best_plan(self) -> PlanValue | None:
        """The plan of those listed that is worth most beyond its cost; None where deciding now is better."""
        worth_it = [plan for plan in self.plans if plan.is_worth_it]
        return max(worth_it, key=lambda plan: plan.net, default=None)


def why_no_information(appraisal: Appraisal) -> str:
    """Say why nothing can be said of what it is worth to know more; empty where it can."""
    net = appraisal.net_benefit_draws
    if net is None:
        return f"{appraisal.benefit_reason}; without a net benefit there is no decision that knowing more could better"
    if settled_mean(net) is None:
        return "the mean of net benefit is decided by a few extreme draws, and with it everything that rests on means"
    return ""


def value_of_information(
    appraisal: Appraisal,
    *,
    learning: Learning | None = None,
    observed: Observed | None = None,
    seed: int = 0,
) -> Information:
    """Give what it is worth to know everything, each input, and what a longer or larger pilot would show.

    Parameters
    ----------
    learning : the roll-out and the plans; without it only what knowledge is worth on the scale of the pilot
    observed : what the present estimate rests on; needed with `learning`
    seed : of the permutations behind the noise floors

    Raises
    ------
    CostError
        There is no net benefit (`why_no_information`), or something that was asked for is missing.
    """
    chosen = _chosen(appraisal, learning)
    net = chosen.net_benefit_draws
    if net is None or (reason := why_no_information(chosen)):
        raise CostError(reason if net is not None else why_no_information(chosen))
    if learning is not None and observed is None:
        raise CostError("what more data would show rests on what the present estimate saw: give observed")
    effects = effects_among(chosen.named_inputs)
    inputs = tuple(sorted(_by_input(net, chosen.named_inputs, seed), key=lambda each: -each.value))
    together = _together(net, effects, inputs, seed)
    found = Information(
        scenario=chosen.scenario,
        currency=chosen.currency,
        price_year=chosen.price_year,
        schedule=chosen.schedule,
        best="adopt" if net.mean() > 0 else "do without",
        perfect=expected_value_of_perfect_information(net),
        inputs=inputs,
        effects=together,
    )
    if learning is None or observed is None:
        return found
    scale = _scale(chosen, learning, observed)
    told = together is not None and together.is_distinguishable
    plans = _plans(net, effects, learning, observed, scale=scale, is_distinguishable=told)
    return replace(found, learning=learning, observed=observed, scale=scale.after(), plans=plans)


def _chosen(appraisal: Appraisal, learning: Learning | None) -> Appraisal:
    scenario = "observed window" if learning is None else learning.scenario
    if scenario == "observed window":
        return appraisal
    if appraisal.extrapolation is None:
        raise CostError(
            f"learning is about the scenario {scenario!r} and nothing is extrapolated; wanted is a horizon beyond the "
            "observed window, or scenario = 'observed window'"
        )
    return appraisal.extrapolation


def _by_input(net: FloatArray, inputs: Mapping[str, FloatArray], seed: int) -> list[PartialInformation]:
    return [
        # each input has a stream of its own, so that a further one changes no other
        expected_value_of_partial_information(
            net, draws, name=name, rng=np.random.default_rng([seed, zlib.crc32(name.encode())])
        )
        for name, draws in inputs.items()
    ]


def _together(
    net: FloatArray, effects: Mapping[str, FloatArray], inputs: tuple[PartialInformation, ...], seed: int
) -> PartialInformation | None:
    if not effects:
        return None
    if len(effects) == 1:
        return next(each for each in inputs if each.name in effects)
    rng = np.random.default_rng([seed, zlib.crc32(EFFECTS.encode())])
    return expected_value_of_partial_information(net, np.column_stack([*effects.values()]), name=EFFECTS, rng=rng)


def _scale(appraisal: Appraisal, learning: Learning, observed: Observed) -> Scale:
    if appraisal.rates is None:
        raise CostError("the appraisal carries no rates of discounting, so a roll-out of many years has no value")
    after = appraisal.horizon - appraisal.window if appraisal.scenario == "extrapolation" else 0.0
    return Scale(
        roll_out=learning.roll_out,
        sites=observed.sites,
        years=observed.months / 12 + after,
        rates=appraisal.rates,
    )


def _plans(
    net: FloatArray,
    effects: Mapping[str, FloatArray],
    learning: Learning,
    observed: Observed,
    *,
    scale: Scale,
    is_distinguishable: bool,
) -> tuple[PlanValue, ...]:
    plans = learning.plans
    resolved = [observed.variance_resolved(months=plan.months, sites=plan.sites) for plan in plans]
    samples = (0.0,) * len(plans)
    if effects:
        samples = expected_value_of_sample_information(net, np.column_stack([*effects.values()]), resolved)
    return tuple(
        plan_value(
            plan,
            sample=sample,
            observed=observed,
            scale=scale,
            mean=float(net.mean()),
            waits=learning.waits,
            is_distinguishable=is_distinguishable,
        )
        for plan, sample in zip(plans, samples, strict=True)
    )
