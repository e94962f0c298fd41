"""Costs, prices and shares as draws, once each, on the row index that the effects have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray, Quantity
from evalkit.economics.checks import (
    check_multipliers,
    counts,
    refuse_idle,
    refuse_misspelt,
    refuse_not_split,
    refuse_shared_cost,
)
from evalkit.economics.deflators import Deflator, Uprating, uprating
from evalkit.economics.inputs import Drawn, Priced, Worth
from evalkit.economics.justice import refuse_average_saving, refuse_unknown_justice
from evalkit.economics.ledger import Costs
from evalkit.economics.plausible import refuse_heavy_tail
from evalkit.economics.prices import Multipliers, Prices, UnitCost, read_multipliers
from evalkit.errors import CostError, DomainError

__all__ = ["draw_costs", "draw_worth", "price_step", "priced_crime", "share", "worth_seen_by"]


def share(given: Any, what: str, draws: int, rng: np.random.Generator | None, limit: float = 1.0) -> FloatArray:
    """Draw a share and refuse one outside its range, shape (draws,)."""
    try:
        quantity = Quantity.of(given)
    except DomainError as problem:
        raise CostError(f"{what}: {problem}") from None
    drawn = _draw(quantity, what, draws, rng)
    if drawn.min() < 0 or drawn.max() > limit:
        raise CostError(
            f"{what} is a share between 0 and {limit:g}; there is {quantity.describe()}, which "
            f"reaches from {drawn.min():.4g} to {drawn.max():.4g}"
        )
    return drawn


def _draw(quantity: Quantity, what: str, draws: int, rng: np.random.Generator | None) -> FloatArray:
    if quantity.is_certain:
        return np.full(draws, quantity.mean)
    if rng is None:
        raise CostError(
            f"{what} is uncertain ({quantity.describe()}), so it has to be drawn: give rng, such as "
            "numpy.random.default_rng(1)"
        )
    drawn = quantity.draw(draws, rng)
    refuse_heavy_tail(drawn, what, quantity.describe())
    return drawn


def price_step(
    from_year: str | int,
    to_year: str | int,
    deflator: str | Deflator,
    country: str | None,
    financial_year_as: Literal["first", "second"] | None,
) -> Uprating:
    """Give the step to the price year of the appraisal; no index is looked up where none is needed."""
    if from_year == to_year:
        return Uprating(factor=1.0, words=f"prices of {from_year}, not uprated", source="")
    if isinstance(deflator, str):
        if country is None:
            raise CostError(
                f"costs in prices of {from_year} are wanted in prices of {to_year} and no country is known: "
                "give deflator = Deflator.load(country, index)"
            )
        deflator = Deflator.load(country, deflator)
    return uprating(from_year, to_year, deflator, financial_year_as=financial_year_as)


def draw_costs(
    costs: Costs, step: Uprating, draws: int, rng: np.random.Generator | None, *, optimism_bias: float = 0.0
) -> tuple[Drawn, ...]:
    """Draw every flow, savings negative; whoever bears it, so that all perspectives see the same draws.

    Parameters
    ----------
    optimism_bias : share that is added to every cost; to no saving, and to nothing that only moves
    """
    return tuple(
        Drawn(
            flow=flow,
            draws=flow.sign
            * step.factor
            * (1 if flow.saving or flow.only_moves else 1 + optimism_bias)
            * _draw(flow.quantity, f"flow {flow.what!r}", draws, rng),
        )
        for flow in costs.flows
    )


def draw_worth(
    effects: Mapping[str, Effect],
    prices: Prices,
    multipliers: Any,
    *,
    step: Uprating,
    perspective: str,
    rng: np.random.Generator | None,
    drawn: Mapping[str, FloatArray] | None = None,
) -> dict[str, Worth]:
    """Draw what one event of every outcome is worth to everybody; an outcome without a price is absent.

    Parameters
    ----------
    drawn : multipliers by outcome that were drawn already, each shape (draws,), in place of `multipliers`
    """
    crimes = {name: priced_crime(name, effect, prices) for name, effect in effects.items()}
    found = {name: crime for name, crime in crimes.items() if prices.of(crime)}
    refuse_misspelt(prices, {name: crime for name, crime in crimes.items() if name not in found})
    refuse_idle(prices, found)
    chosen = prices.multipliers if multipliers is None else read_multipliers(multipliers)
    if drawn is None:
        check_multipliers(prices, chosen, found)
    valued = list(dict.fromkeys(found.values()))
    refuse_shared_cost(prices, valued)
    refuse_not_split(prices, valued, perspective)
    refuse_unknown_justice(prices.justice, prices.unit_costs, prices.left_out, valued)
    draws = next(iter(effects.values())).draws
    carried = None if prices.transfer is None else prices.transfer.factors(draws, rng)
    by_crime: dict[str, Worth] = {}
    for crime in valued:
        lines = _draw_lines(prices, crime, step=step, draws=draws, rng=rng, carried=carried)
        multiplier = np.ones(draws) if drawn is not None else _draw_multiplier(chosen, crime, draws, rng)
        by_crime[crime] = Worth(crime=crime, lines=lines, multiplier=multiplier)
    worth = {name: by_crime[crime] for name, crime in found.items()}
    if drawn is not None:
        worth = {name: replace(value, multiplier=drawn[name]) for name, value in worth.items()}
    return {name: _as_counted(value, prices) for name, value in worth.items()}


def worth_seen_by(
    perspective: str, worth: Mapping[str, Worth], public: Collection[str], prices: Prices | None
) -> dict[str, Worth]:
    """Keep of the worth of events the components that a perspective counts.

    Raises
    ------
    CostError
        An average cost of justice would stand as money that a public budget saves.
    """
    seen = {
        name: replace(value, lines=tuple(each for each in value.lines if counts(each.line, perspective, public)))
        for name, value in worth.items()
    }
    lines = [priced.line for value in seen.values() for priced in value.lines]
    refuse_average_saving(None if prices is None else prices.justice, lines, perspective)
    return seen


def _as_counted(worth: Worth, prices: Prices) -> Worth:
    """Give components of a recorded crime so that the multiplier of the others leaves them as they are."""
    if not any(priced.line.basis == "recorded" != prices.basis for priced in worth.lines):
        return worth
    if worth.multiplier.min() <= 0:
        raise CostError(f"the multiplier of {worth.crime!r} is above zero; there is {worth.multiplier.min():.4g}")
    lines = tuple(
        replace(priced, draws=priced.draws / worth.multiplier) if priced.line.basis == "recorded" else priced
        for priced in worth.lines
    )
    return replace(worth, lines=lines)


def priced_crime(name: str, effect: Effect, prices: Prices) -> str:
    """Say which crime of the schedule an outcome is priced as, whether the schedule holds it or not."""
    crime = effect.outcome.crime or effect.outcome.name
    for key in (name, effect.outcome.name, crime):
        if key in prices.priced_as:
            return prices.priced_as[key]
    return crime


def _draw_lines(
    prices: Prices,
    crime: str,
    *,
    step: Uprating,
    draws: int,
    rng: np.random.Generator | None,
    carried: tuple[FloatArray, FloatArray] | None,
) -> tuple[Priced, ...]:
    return tuple(Priced(line=line, draws=_draw_line(line, step, draws, rng, carried)) for line in prices.of(crime))


def _draw_line(
    line: UnitCost,
    step: Uprating,
    draws: int,
    rng: np.random.Generator | None,
    carried: tuple[FloatArray, FloatArray] | None,
) -> FloatArray:
    drawn = _draw(line.quantity, f"the unit cost {line.name}", draws, rng)
    return step.factor * drawn if carried is None else step.factor * drawn * carried[line.tangible is False]


def _draw_multiplier(chosen: Multipliers, crime: str, draws: int, rng: np.random.Generator | None) -> FloatArray:
    if not isinstance(chosen, Mapping) or crime not in chosen:
        return np.ones(draws)
    return _draw(chosen[crime].quantity, f"the multiplier of {crime!r}", draws, rng)
