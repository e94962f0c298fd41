"""The same effect under another schedule of prices: the choice of one can move the answer more than the estimator.

Events, costs, multipliers, shares and discount factors are the very draws of the appraisal; only the worth of one
crime is another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evalkit.economics.appraisal import Amount, Appraisal
from evalkit.economics.checks import counts
from evalkit.economics.deflators import Deflator, HalfOfFinancialYear, Uprating
from evalkit.economics.drawing import draw_worth, price_step, worth_seen_by
from evalkit.economics.inputs import Inputs, Worth
from evalkit.economics.overlaps import refuse_valued_twice
from evalkit.economics.price_files import load_prices, price_schedules
from evalkit.economics.price_words import certainty_words
from evalkit.economics.prices import Prices
from evalkit.errors import CostError

__all__ = ["Beside", "Other", "draw_beside"]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What came of the same effect under another schedule.

    Attributes
    ----------
    schedule, region, source, price_year, basis : of the schedule
    certainty : how its figures were read, in words
    benefit, net_benefit, prob_net_benefit : as those of the appraisal; None with `reason`
    net_benefit_moves : mean net benefit here less that of the chosen schedule; None where `unpriced` names anything,
        as the two then do not price the same
    unpriced : outcomes that the chosen schedule prices and this one does not
    reason : why there is no benefit
    """

    schedule: str
    region: str
    source: str
    price_year: str
    basis: str
    certainty: str
    benefit: Amount | None
    net_benefit: Amount | None
    prob_net_benefit: float | None
    net_benefit_moves: float | None
    unpriced: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Other:
    """Another schedule with the worth of one event by outcome drawn; `reason` where that could not be.

    Attributes
    ----------
    worth, worth_to_all : what the perspective counts of it, and all of it
    """

    prices: Prices
    worth: Mapping[str, Worth]
    worth_to_all: Mapping[str, Worth]
    step: Uprating | None
    reason: str = ""

    def line(self, chosen: Appraisal) -> Beside:
        """Add up once more with these prices; only the worth of an event is another, so only sums are asked."""
        reckoning, benefit, net = chosen.reckoning, None, None
        unpriced: tuple[str, ...] = ()
        if not self.reason and reckoning is not None:
            unpriced = tuple(name for name in reckoning.inputs.worth if name not in self.worth)
            sums = reckoning.with_prices(self.prices, self.worth, self.worth_to_all, self.step).sums()
            benefit, net = sums.total_benefit, np.asarray(sums.total_benefit - sums.total_cost)
        moves = None
        if net is not None and not unpriced and chosen.net_benefit:
            moves = float(np.mean(net)) - chosen.net_benefit.mean
        return Beside(
            schedule=self.prices.name,
            region=self.prices.region,
            source=self.prices.source,
            price_year=str(self.prices.price_year),
            basis=self.prices.basis,
            certainty=certainty_words(self.prices.unit_costs),
            benefit=None if benefit is None else Amount.of(benefit, chosen.level),
            net_benefit=None if net is None else Amount.of(net, chosen.level),
            prob_net_benefit=None if net is None else float(np.mean(net > 0)),
            net_benefit_moves=moves,
            unpriced=unpriced,
            reason=self.reason,
        )


def draw_beside(
    inputs: Inputs,
    deflator: str | Deflator,
    financial_year_as: HalfOfFinancialYear | None,
    rng: np.random.Generator | None,
) -> tuple[Other, ...]:
    """Draw the worth of every event under the schedules beside, after all else, so that nothing else moves.

    A schedule that was asked for and cannot be used is an error; one that was only found says why it was not used.
    """
    prices = inputs.prices
    if prices is None or not inputs.worth:
        return ()
    if prices.beside is None:
        return tuple(
            _attempt(inputs, other, deflator, financial_year_as, rng) for other in _found(prices, inputs.worth)
        )
    others = []
    for other in prices.beside:
        drawn = _attempt(inputs, other, deflator, financial_year_as, rng)
        if drawn.reason:
            raise CostError(f"beside {other.name!r}: {drawn.reason}")
        others.append(drawn)
    return tuple(others)


def _found(prices: Prices, worth: Mapping[str, Worth]) -> list[Prices]:
    """Give the schedules that ship for the same country and price everything that the chosen one prices."""
    valued = {value.crime for value in worth.values()}
    shipped = [load_prices(name) for name in price_schedules() if name != prices.name]
    return [
        each for each in shipped
        if (each.country, each.currency) == (prices.country, prices.currency) and valued <= set(each.crimes)
    ]  # fmt: skip


def _attempt(
    inputs: Inputs,
    other: Prices,
    deflator: str | Deflator,
    financial_year_as: HalfOfFinancialYear | None,
    rng: np.random.Generator | None,
) -> Other:
    chosen = inputs.prices
    if chosen is None:  # pragma: no cover - asked before
        return Other(prices=other, worth={}, worth_to_all={}, step=None, reason="there are no prices to stand beside")
    if not other.priced_as:
        known = {key: crime for key, crime in chosen.priced_as.items() if crime in other.crimes}
        other = replace(other, priced_as=known)
    if not other.valued_apart:
        other = replace(other, valued_apart=chosen.valued_apart)
    try:
        _check_money(other, inputs)
        step = price_step(other.price_year, inputs.price_year, deflator, other.country, financial_year_as)
        whole = _worth(inputs, chosen, other, step, rng)
        worth = worth_seen_by(inputs.perspective, whole, inputs.public, other)
        crimes = list(dict.fromkeys(value.crime for value in worth.values()))
        seen = [drawn.flow for drawn in inputs.flows if counts(drawn.flow, inputs.perspective, inputs.public)]
        refuse_valued_twice(inputs.costs, seen, other, crimes)
    except CostError as problem:
        return Other(prices=other, worth={}, worth_to_all={}, step=None, reason=str(problem))
    reason = "" if worth else "it prices none of the outcomes"
    return Other(prices=other, worth=worth, worth_to_all=whole, step=step, reason=reason)


def _check_money(other: Prices, inputs: Inputs) -> None:
    if other.currency != inputs.costs.currency:
        raise CostError(f"its amounts are in {other.currency} and the costs in {inputs.costs.currency}")


def _worth(
    inputs: Inputs, chosen: Prices, other: Prices, step: Uprating, rng: np.random.Generator | None
) -> dict[str, Worth]:
    """Draw worth with the multipliers that the appraisal drew, unless the schedule has its own."""
    drawn = None
    if other.multipliers is None and other.basis == chosen.basis == "actual":
        drawn = {name: value.multiplier for name, value in inputs.worth.items()}
    effects = {name: effect for name, effect in inputs.effects.items() if name in inputs.worth}
    return draw_worth(effects, other, None, step=step, perspective=inputs.perspective, rng=rng, drawn=drawn)
