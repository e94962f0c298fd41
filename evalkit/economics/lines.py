"""The lines of an appraisal: sums over draws by bearer, by crime and by year, and what breaks even."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Amount, BearerLine, BreakEven, CrimeLine
from evalkit.economics.bearers import PUBLIC_BEARERS
from evalkit.economics.cost_per_crime import HARM_CAME_FIRST, finite_ratio
from evalkit.economics.inputs import Worth
from evalkit.economics.rates import Rates
from evalkit.economics.tally import DEADWEIGHT, Tally

__all__ = ["Weights", "bearers_of", "break_even_of", "lines_by_bearer", "lines_by_crime"]

# Mean discount factor of an event by outcome: at the standard rate, and at that of harm to health.
type Weights = Mapping[str, tuple[float, float]]

_SAVES = "on average the measure saves money, so it pays without preventing anything"


def bearers_of(sums: Tally, *, has_benefit: bool) -> Iterator[tuple[str, FloatArray, FloatArray | None]]:
    """Give cost and benefit of everybody who has either, each shape (draws,); no benefit where nothing has a price.

    What only moves from one to another stands with both, and adds up to nothing.
    """
    gains = dict(sums.gains)
    if sums.deadweight.any():
        gains[DEADWEIGHT] = sums.deadweight
    nothing, borne = np.zeros(len(sums.deadweight)), sums.borne
    for bearer in dict.fromkeys((*borne, *gains)):
        yield bearer, borne.get(bearer, nothing), gains.get(bearer, nothing) if has_benefit else None


def lines_by_bearer(sums: Tally, level: float, *, has_benefit: bool) -> tuple[BearerLine, ...]:
    """Say who pays and who gains; a bearer who does neither has no line."""
    return tuple(
        BearerLine(
            bearer=bearer,
            cost=Amount.of(cost, level),
            benefit=None if benefit is None else Amount.of(benefit, level),
            net=None if benefit is None else Amount.of(benefit - cost, level),
        )
        for bearer, cost, benefit in bearers_of(sums, has_benefit=has_benefit)
    )


def lines_by_crime(
    effects: Mapping[str, Effect],
    worth: Mapping[str, Worth],
    sums: Tally,
    deadweight: FloatArray,
    *,
    weights: Weights,
    rates: Rates,
    level: float,
    public: Collection[str] = PUBLIC_BEARERS,
) -> tuple[CrimeLine, ...]:
    """Say what came of each outcome; benefits of outcomes add up to all benefits but the deadweight."""
    cost = _full_cost(sums)
    lines = []
    for name, effect in effects.items():
        value = worth.get(name)
        benefit = sums.worth.get(name)
        events, reason = _break_even_events(cost, value, deadweight, weights[name], rates=rates, public=public)
        lines.append(
            CrimeLine(
                outcome=name,
                crime=effect.outcome.crime,
                priced_as=value.crime if value else None,
                prevented=Amount.of(sums.counted[name], level),
                unit_value=float(_unit_value(value).mean()) if value else None,
                benefit=None if benefit is None else Amount.of(benefit, level),
                break_even=events,
                reason=reason,
            )
        )
    return tuple(lines)


def break_even_of(
    worth: Mapping[str, Worth],
    sums: Tally,
    deadweight: FloatArray,
    *,
    weights: Weights,
    rates: Rates,
    prevented: FloatArray,
    discounted: FloatArray,
    public: Collection[str] = PUBLIC_BEARERS,
) -> BreakEven:
    """Say what it takes to pay: events at the mean value of one, or value at the mean of events.

    Parameters
    ----------
    weights : mean discount factors of an event, by outcome
    public : bearers whose savings a tax less is credited for
    prevented, discounted : events as they were counted and in present value, each shape (draws,)
    """
    cost = _full_cost(sums)
    if len(worth) == 1:
        name, only = next(iter(worth.items()))
        events, reason = _break_even_events(cost, only, deadweight, weights[name], rates=rates, public=public)
    else:
        events, reason = _break_even_mixture(cost, worth, sums)
    value, value_reason = _break_even_value(cost, float(prevented.mean()), float(discounted.mean()))
    most, cost_reason = _break_even_cost(worth, sums)
    return BreakEven(
        events=events,
        reason=reason,
        value_per_event=value,
        value_reason=value_reason,
        cost=most,
        cost_reason=cost_reason,
    )


def _break_even_cost(worth: Mapping[str, Worth], sums: Tally) -> tuple[float | None, str]:
    """Most that the measure may cost; what is lost by taxing for its costs grows and falls with them."""
    if not worth:
        return None, "no outcome has a price"
    paid, full = float(sums.total_cost.mean()), _full_cost(sums)
    gained = float(sums.total_benefit.mean()) + full - paid
    if paid <= 0 or full <= 0:
        return None, _SAVES if paid < 0 else "on average the measure costs nothing"
    if gained < 0:
        return None, "on average the measure did harm, so that it would not pay if it cost nothing"
    factor = finite_ratio(gained, full)
    return (None, "on average the measure costs next to nothing") if factor is None else (factor * paid, "")


def _break_even_value(cost: float, prevented: float, discounted: float) -> tuple[float | None, str]:
    if cost < 0:
        return None, _SAVES
    if prevented <= 0:
        return None, "on average nothing was prevented, so no value of an event makes the measure pay"
    if discounted <= 0:
        return None, f"{HARM_CAME_FIRST}, so no value of an event makes the measure pay"
    needed = finite_ratio(cost, discounted)
    return needed, "" if needed is not None else "on average next to nothing was prevented"


def _full_cost(sums: Tally) -> float:
    """Mean cost, with what is lost by taxing for it."""
    return float(np.mean(sums.full_cost))


def _unit_value(value: Worth) -> FloatArray:
    """Worth of one counted event in its own year, shape (draws,)."""
    total = np.zeros_like(value.multiplier)
    for priced in value.lines:
        total = total + priced.draws
    return np.asarray(total * value.multiplier)


def _mean_worth(
    value: Worth, credit: FloatArray, weights: tuple[float, float], rates: Rates, public: Collection[str]
) -> float:
    """Mean present value of one counted event; `credit` is what a unit of tax saved gains besides."""
    total = np.zeros_like(value.multiplier)
    for priced in value.lines:
        weight = weights[rates.is_health(priced.line)]
        total = total + priced.draws * (1 + credit * (priced.line.bearer in public)) * weight
    return float((total * value.multiplier).mean())


def _break_even_events(
    cost: float,
    value: Worth | None,
    deadweight: FloatArray,
    weights: tuple[float, float],
    *,
    rates: Rates,
    public: Collection[str],
) -> tuple[float | None, str]:
    if value is None:
        return None, "it has no price"
    worth = _mean_worth(value, deadweight, weights, rates, public)
    if cost < 0:
        return None, _SAVES
    if worth <= 0:
        return None, "one event is worth nothing to this perspective"
    return _events(cost, worth)


def _break_even_mixture(cost: float, worth: Mapping[str, Worth], sums: Tally) -> tuple[float | None, str]:
    """At the mean value of the priced events that were prevented, in the mixture in which they were."""
    if not worth:
        return None, "no outcome has a price"
    if cost < 0:
        return None, _SAVES
    # what taxing for the costs loses stands with the costs here, and so is not taken off the benefits
    lost = cost - float(sums.total_cost.mean())
    benefit = float(sums.total_benefit.mean()) + lost
    events = float(sum(sums.counted[name].mean() for name in worth))
    if benefit <= 0 or events <= 0:
        return (
            None,
            "on average the outcomes together were not prevented; see each outcome for itself",
        )
    return _events(cost, finite_ratio(benefit, events) or 0.0)


def _events(cost: float, worth: float) -> tuple[float | None, str]:
    needed = finite_ratio(cost, worth)
    return needed, "" if needed is not None else "one event is worth next to nothing"
