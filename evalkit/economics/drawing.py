"""Costs, prices and shares as draws, once each, on the row index that the effects have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray, Quantity
from evalkit.economics.checks import check_multipliers, refuse_not_split, refuse_shared_cost
from evalkit.economics.deflators import Deflator, Uprating, uprating
from evalkit.economics.inputs import Drawn, Priced, Worth
from evalkit.economics.ledger import Costs
from evalkit.economics.prices import Multipliers, Prices, read_multipliers
from evalkit.errors import CostError

__all__ = ["draw_costs", "draw_worth", "price_step", "priced_crime", "share"]


def share(given: Any, what: str, draws: int, rng: np.random.Generator | None, limit: float = 1.0) -> FloatArray:
    """Draw a share and refuse one outside its range, shape (draws,)."""
    drawn = _draw(Quantity.of(given), what, draws, rng)
    if drawn.min() < 0 or drawn.max() > limit:
        raise CostError(
            f"{what} is a share between 0 and {limit:g}; there is {Quantity.of(given).describe()}, which "
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
    return quantity.draw(draws, rng)


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


def draw_costs(costs: Costs, step: Uprating, draws: int, rng: np.random.Generator | None) -> tuple[Drawn, ...]:
    """Draw every flow, savings negative; whoever bears it, so that all perspectives see the same draws."""
    return tuple(
        Drawn(
            flow=flow,
            draws=flow.sign * step.factor * _draw(flow.quantity, f"flow {flow.what!r}", draws, rng),
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
) -> dict[str, Worth]:
    """Draw what one event of every outcome is worth to everybody; an outcome without a price is absent."""
    chosen = prices.multipliers if multipliers is None else read_multipliers(multipliers)
    crimes = {name: priced_crime(name, effect, prices) for name, effect in effects.items()}
    found = {name: crime for name, crime in crimes.items() if prices.of(crime)}
    check_multipliers(prices, chosen, found)
    refuse_shared_cost(prices, list(dict.fromkeys(found.values())))
    refuse_not_split(prices, found.values(), perspective)
    draws = next(iter(effects.values())).draws
    by_crime: dict[str, Worth] = {}
    for crime in dict.fromkeys(found.values()):
        by_crime[crime] = Worth(
            crime=crime,
            lines=_draw_lines(prices, crime, step=step, draws=draws, rng=rng),
            multiplier=_draw_multiplier(chosen, crime, draws, rng),
        )
    return {name: by_crime[crime] for name, crime in found.items()}


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
) -> tuple[Priced, ...]:
    return tuple(
        Priced(
            line=line,
            draws=step.factor * _draw(line.quantity, f"the unit cost {line.name}", draws, rng),
        )
        for line in prices.of(crime)
    )


def _draw_multiplier(chosen: Multipliers, crime: str, draws: int, rng: np.random.Generator | None) -> FloatArray:
    if not isinstance(chosen, Mapping) or crime not in chosen:
        return np.ones(draws)
    return _draw(chosen[crime].quantity, f"the multiplier of {crime!r}", draws, rng)
