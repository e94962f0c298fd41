"""Costs and benefits together, draw by draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray, Quantity
from evalkit.economics.appraisal import Appraisal
from evalkit.economics.assumptions import (
    assumptions_of,
    standing_warnings,
    warnings_of,
)
from evalkit.economics.bearers import SOCIETY, public_among
from evalkit.economics.beside import Other, draw_beside
from evalkit.economics.capital import capital_warnings
from evalkit.economics.cash_flow import read_years
from evalkit.economics.cautions import part_year_warnings
from evalkit.economics.checks import check_effects, check_perspective, counts, refuse_no_mean
from evalkit.economics.clock import Clock, read_clock
from evalkit.economics.courses import Courses
from evalkit.economics.deadweight import Deadweight
from evalkit.economics.deflators import Deflator, HalfOfFinancialYear, Uprating
from evalkit.economics.discounting import Discounting
from evalkit.economics.drawing import draw_costs, draw_worth, price_step, share, worth_seen_by
from evalkit.economics.faults import NoMeanError
from evalkit.economics.groups import Groups
from evalkit.economics.incidence import incidence_of
from evalkit.economics.inputs import Inputs, Worth
from evalkit.economics.ledger import BEARERS, Costs
from evalkit.economics.lines import Weights, break_even_of, lines_by_bearer, lines_by_crime
from evalkit.economics.overlaps import refuse_valued_twice
from evalkit.economics.perspectives import Accounts, city_account, lines_by_perspective, public_saving
from evalkit.economics.price_years import read_price_year
from evalkit.economics.prices import NOT_SPLIT, Multiplier, Prices
from evalkit.economics.rates import HealthDiscounting, Rates
from evalkit.economics.reckoning import Reckoning
from evalkit.economics.sensitivity import AskedSensitivity
from evalkit.economics.stopping import Stop, appraise_stop
from evalkit.economics.tally import DEADWEIGHT, exposure_by_year
from evalkit.errors import CostError

__all__ = ["appraise", "appraise_inputs"]

# The largest uplift that official guidance knows is 200 % (equipment and development, upper bound).
_MOST_BIAS = 2.0

type Amountlike = float | Mapping[str, Any] | Quantity


def appraise(
    effects: Mapping[str, Effect],
    *,
    costs: Costs,
    prices: Prices | None = None,
    discounting: str | float | Mapping[str, Any] | Discounting = "green-book-2026",
    health_discounting: Mapping[str, Any] | HealthDiscounting | None = None,
    horizon: int | None = None,
    retention: Amountlike | None = None,
    stop: Mapping[str, Any] | Stop | None = None,
    multipliers: Mapping[str, Amountlike | Multiplier] | Literal["none"] | None = None,
    perspective: str = "society",
    price_year: str | int | None = None,
    deflator: str | Deflator = "gdp-deflator",
    financial_year_as: HalfOfFinancialYear | None = None,
    deadweight: str | Amountlike = 0.0,
    period_years: float | Mapping[str, float] | None = None,
    disjoint: bool = False,
    optimism_bias: float = 0.0,
    groups: Groups | None = None,
    sensitivity: Mapping[str, Any] | AskedSensitivity | None = None,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Appraisal:
    """Give what the measure cost and what the events it prevented are worth.

    Row i of every effect, cost and price goes together. The observed window is always appraised; a
    longer horizon is a second appraisal beside it, `Appraisal.extrapolation`, and never replaces it.

    Parameters
    ----------
    effects : by outcome; each with draws of events prevented, which count net of displacement
    costs : the ledger; flows after the years that a scenario counts are named and not counted
    prices : what one event is worth; without prices there is a cost of each prevented event and no benefit
    discounting : a schedule by name, a constant rate, or a table of rates as `read_own` takes it. By default
        the Green Book's of February 2026, the one official schedule that was read; its 3.5 % begins in year 2
    health_discounting : `{schedule, components}`: components of the unit costs that are harm to life or
        health, and the rates that discount them; by default all is discounted alike
    horizon : years of the measure to count in the extrapolation; those after the window start from its
        last twelve months (from a year's worth of a shorter window), and not from its mean
    retention : share of the effect that is kept from each year to the next after the window; needed
        where the horizon is longer than the window, as no value is right for every measure
    stop : `{year, retention}`: what it costs to stop at the end of that year, against going on to the
        horizon; `retention` is the share of the effect that is kept from each year to the next from there
    multipliers : crimes that happen for each one counted, by crime; "none" to value counted crimes only;
        by default those of `prices`
    perspective : "society"; "public purse"; or one bearer, such as "city"
    price_year : of all results; by default that of the costs
    deflator : index of the prices' country that takes costs and prices there, by name or itself
    financial_year_as : how a financial year is read where the index has none; see `uprating`
    deadweight : what is lost for each unit of money taxed, charged on public costs and credited on
        public savings. By default 0, the practice of the United Kingdom; WSIPP takes 0.5
    period_years : length of the periods that carry no date; see `read_clock`
    disjoint : is no event counted in two outcomes?
    groups : of people, whose shares in what each bearer pays and gains are known
    level : of every interval
    optimism_bias : share that is added to every cost for plans that turn out dearer, apart from its uncertainty
    sensitivity : `{vary_certain, two_way}`: share by which inputs without uncertainty are moved as well, and
        the names of two inputs to vary against each other, for `Appraisal.sensitivity`
    rng : needed where an amount, price, multiplier or share is uncertain

    Raises
    ------
    CostError
        Where something would be counted twice, has no meaning in money, or rests on an unsaid choice.
    NoMeanError
        A `CostError`, where an effect is so uncertain that its mean is decided by a few extreme draws.
    """
    warned = check_effects(effects, disjoint=disjoint)
    refuse_no_mean(effects)
    _check_currency(costs, prices)
    check_perspective(perspective, costs, prices)
    if groups is not None:
        groups.check_bearers(_bearers(costs, prices))
    clock = read_clock({name: effect.periods for name, effect in effects.items()}, period_years)
    _check_horizon(horizon, clock, retention)
    asked = None if stop is None else Stop.of(stop)
    if asked is not None:
        asked.check(clock, horizon)
    health = None if health_discounting is None else HealthDiscounting.of(health_discounting)
    if health is not None:
        health.check(prices)
    loss = Deadweight.of(deadweight)
    year = read_price_year(price_year if price_year is not None else costs.price_year)
    cost_step, worth_step = _price_steps(costs, prices, year, deflator, financial_year_as)
    draws = next(iter(effects.values())).draws
    public = public_among(costs.own_bearers, {} if prices is None else prices.own_bearers)
    bias = _check_bias(optimism_bias)
    flows = draw_costs(costs, cost_step, draws, rng, optimism_bias=bias)
    worth: Mapping[str, Worth] = {}
    if prices is not None and worth_step is not None:
        worth = draw_worth(effects, prices, multipliers, step=worth_step, perspective=perspective, rng=rng)
    longer = horizon is not None and horizon > clock.years
    inputs = Inputs(
        effects=effects,
        clock=clock,
        costs=costs,
        prices=prices,
        flows=flows,
        worth=worth_seen_by(perspective, worth, public, prices),
        worth_to_all=worth,
        public=public,
        cost_step=cost_step,
        worth_step=worth_step,
        discounting=Discounting.of(discounting),
        health=health,
        deadweight=_draw_deadweight(loss.quantity, perspective, draws, rng),
        retention=share(retention, "retention", draws, rng) if longer else None,
        perspective=perspective,
        price_year=year,
        level=level,
        assumptions=(),
        warnings=(),
        groups=groups,
    )
    chosen = {"deadweight": loss, "retention": retention, "disjoint": disjoint, "optimism_bias": bias}
    inputs = replace(
        inputs,
        assumptions=(*assumptions_of(inputs, multipliers, chosen), *(groups.assumptions() if groups else ())),
        warnings=(*warned, *standing_warnings(inputs, multipliers)),
    )
    if prices is not None:
        valued = list(dict.fromkeys(value.crime for value in worth.values()))
        seen = [drawn.flow for drawn in flows if counts(drawn.flow, perspective, public)]
        refuse_valued_twice(costs, seen, prices, valued)
    varied = AskedSensitivity.of(sensitivity)
    if worth:
        varied.check(_reckoning(inputs, horizon or clock.years, inputs.retention))
    others = draw_beside(inputs, deflator, financial_year_as, rng)
    found = appraise_inputs(inputs, horizon if longer else None, others, asked_sensitivity=varied)
    if asked is None or found.extrapolation is None or horizon is None:
        return found
    # drawn last, so that asking the question moves no other number
    kept = share(asked.retention, "stop.retention", draws, rng)
    counted, _ = _counted(effects)
    try:
        stopped = appraise_stop(_reckoning(inputs, horizon, inputs.retention), asked, kept, counted=counted)
    except NoMeanError as problem:
        return replace(found, warnings=(*found.warnings, f"Nothing is said of stopping: {problem}."))
    return replace(found, stopping=stopped)


def appraise_inputs(
    inputs: Inputs,
    horizon: int | None,
    others: Sequence[Other] = (),
    *,
    asked_sensitivity: AskedSensitivity | None = None,
) -> Appraisal:
    """Appraise the observed window and, with a horizon that is longer, the extrapolation beside it.

    Parameters
    ----------
    others : schedules of prices that stand beside
    """
    observed = _scenario(inputs, others, inputs.clock.years, None)
    observed = replace(observed, asked_sensitivity=asked_sensitivity)
    if horizon is None:
        return observed
    try:
        further = _scenario(inputs, others, horizon, inputs.retention)
    except NoMeanError as problem:
        return replace(observed, warnings=(*observed.warnings, f"Nothing is extrapolated: {problem}."))
    return replace(observed, extrapolation=replace(further, asked_sensitivity=asked_sensitivity))


def _reckoning(inputs: Inputs, years: int, retention: FloatArray | None) -> Reckoning:
    net = {name: _net(effect) for name, effect in inputs.effects.items()}
    return Reckoning(inputs=inputs, net=net, years=years, retention=retention)


def _bearers(costs: Costs, prices: Prices | None) -> tuple[str, ...]:
    """Name everybody who may pay or gain."""
    own = () if prices is None else prices.bearers
    return (*BEARERS, *costs.bearers, *own, NOT_SPLIT, DEADWEIGHT)


def _check_currency(costs: Costs, prices: Prices | None) -> None:
    if prices is not None and prices.currency != costs.currency:
        raise CostError(
            f"costs are in {costs.currency} and prices {prices.name!r} in {prices.currency}; amounts are not "
            "exchanged: give prices in the currency of the costs, and say how they were transferred"
        )


def _price_steps(
    costs: Costs,
    prices: Prices | None,
    year: str,
    deflator: str | Deflator,
    financial_year_as: HalfOfFinancialYear | None,
) -> tuple[Uprating, Uprating | None]:
    country = prices.country if prices else None
    cost_step = price_step(costs.price_year, year, deflator, country, financial_year_as)
    if prices is None:
        return cost_step, None
    return cost_step, price_step(prices.price_year, year, deflator, country, financial_year_as)


def _check_horizon(horizon: int | None, clock: Clock, retention: Amountlike | None) -> None:
    if horizon is None:
        return
    if not _is_whole(horizon) or horizon < clock.years:
        raise CostError(
            f"the horizon is a whole number of years, {clock.years} (the observed window) or more; there is {horizon!r}"
        )
    if horizon == clock.years:
        return
    if retention is None:
        raise CostError(
            f"the horizon of {horizon} years reaches beyond the observed window of {clock.window:.4g}: say which "
            "share of the effect is kept from each year to the next, such as retention = {low = 0.6, high = 1.0}"
        )
    if clock.is_assumed:
        raise CostError(
            "the horizon reaches beyond the observed window, whose length is not known as its period carries "
            "no date: say how long it is in years with period_years"
        )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_bias(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= _MOST_BIAS:
        raise CostError(
            f"optimism_bias is the share by which costs turn out above those given, 0 to {_MOST_BIAS:g}, such as 0.1; "
            f"there is {given!r}"
        )
    return float(given)


def _draw_deadweight(
    deadweight: Amountlike, perspective: str, draws: int, rng: np.random.Generator | None
) -> FloatArray:
    drawn = share(deadweight, "deadweight", draws, rng, limit=2.0)
    if drawn.any() and perspective != "society":
        raise CostError(
            f"the deadweight of taxation is a loss to society and not to {perspective!r}; "
            "wanted is perspective = 'society', or deadweight = 0"
        )
    return drawn


def _scenario(inputs: Inputs, others: Sequence[Other], years: int, retention: FloatArray | None) -> Appraisal:
    chosen = _appraise(inputs, years, retention)
    return replace(chosen, beside=tuple(other.line(chosen) for other in others))


def _appraise(inputs: Inputs, years: int, retention: FloatArray | None) -> Appraisal:
    reckoning = _reckoning(inputs, years, retention)
    courses, rates, sums = reckoning.courses, reckoning.rates, reckoning.sums()
    if retention is not None:  # the window itself was looked at before anything was added up
        refuse_no_mean(inputs.effects, sums.counted)
    accounts = Accounts.of(reckoning, sums, no_benefit=_benefit_reason(inputs))
    counted, events_are = _counted(inputs.effects)
    prevented = np.asarray(sum(sums.counted[name] for name in counted))
    discounted = np.asarray(sum(sums.present[name] for name in counted))
    weights = _mean_factors(inputs, courses, retention, rates)
    seen = years if retention is None else inputs.clock.years_seen
    by_year = read_years(
        reckoning.sums_by_year(),
        level=inputs.level,
        seen=seen,
        has_benefit=bool(inputs.worth),
        whose=inputs.perspective,
        has_public=_knows_public(inputs),
    )
    return Appraisal(
        scenario="observed window" if retention is None else "extrapolation",
        currency=inputs.costs.currency,
        price_year=inputs.price_year,
        perspective=inputs.perspective,
        discounting=inputs.discounting.name,
        schedule=inputs.prices.name if inputs.prices else None,
        horizon=years,
        window=inputs.clock.window,
        level=inputs.level,
        cost_draws=sums.total_cost,
        benefit_draws=sums.total_benefit if inputs.worth else None,
        benefit_reason=_benefit_reason(inputs),
        prevented_draws=prevented,
        discounted_prevented_draws=discounted if years > 1 else None,
        tax_loss_draws=sums.charge if sums.charge.any() else None,
        events_are=events_are,
        by_bearer=lines_by_bearer(sums, inputs.level, has_benefit=bool(inputs.worth)),
        by_crime=lines_by_crime(
            inputs.effects,
            inputs.worth,
            sums,
            inputs.deadweight,
            weights=weights,
            rates=rates,
            level=inputs.level,
            public=inputs.public,
        ),
        by_year=by_year.lines,
        cash_flows=by_year.cash_flows,
        rates=inputs.discounting,
        break_even=break_even_of(
            inputs.worth,
            sums,
            inputs.deadweight,
            weights=weights,
            rates=rates,
            prevented=prevented,
            discounted=discounted,
            public=inputs.public,
        ),
        unpriced=tuple(name for name in inputs.effects if name not in inputs.worth),
        assumptions=inputs.assumptions,
        incidence=incidence_of(reckoning, sums, counted=counted, no_benefit=_benefit_reason(inputs)),
        warnings=(
            *inputs.warnings,
            *warnings_of(inputs.costs, inputs.worth, sums, years, seen),
            *capital_warnings(inputs.costs, years),
            *(part_year_warnings(inputs.costs, inputs.clock) if retention is None else ()),
        ),
        city=city_account(accounts),
        public_saving=public_saving(accounts),
        perspectives=lines_by_perspective(accounts),
        reckoning=reckoning,
    )


def _knows_public(inputs: Inputs) -> bool:
    """Say whether it is known what the public purse pays and gains, and whether it does either."""
    bearers = {drawn.flow.bearer for drawn in inputs.flows}
    bearers |= {priced.line.bearer for value in inputs.worth.values() for priced in value.lines}
    return inputs.perspective == SOCIETY and NOT_SPLIT not in bearers and bool(bearers & inputs.public)


def _net(effect: Effect) -> FloatArray:
    net = effect.net_prevented
    if net is None:  # pragma: no cover - such an effect was refused before
        raise CostError(f"the effect on {effect.outcome.name!r} has no events prevented")
    return net


def _counted(effects: Mapping[str, Effect]) -> tuple[list[str], str]:
    """Say which outcomes are crimes, and so are counted in the cost of each; events where none is."""
    crimes = [name for name, effect in effects.items() if effect.outcome.crime is not None]
    if len(crimes) == 1 or (not crimes and len(effects) == 1):
        only = crimes[0] if crimes else next(iter(effects))
        return [only], effects[only].outcome.plural
    return (crimes, "crimes") if crimes else (list(effects), "events")


def _mean_factors(inputs: Inputs, courses: Courses, retention: FloatArray | None, rates: Rates) -> Weights:
    """Give the mean discount factors of an event of each outcome, by when events were prevented.

    Where crime fell in some years and rose in others these are no weights; then by the time counted.
    """
    health = rates.standard if rates.health is None else rates.health
    by_year, means = courses.mean_by_year(), {}
    for name, spans in inputs.clock.spans.items():
        when = np.abs(by_year[name])
        if abs(float(by_year[name].sum())) < when.sum() * (1 - 1e-9) or not when.any():
            when = exposure_by_year(spans, courses.years, retention)
        means[name] = (float(when @ rates.standard / when.sum()), float(when @ health / when.sum()))
    return means


def _benefit_reason(inputs: Inputs) -> str:
    if inputs.prices is None:
        return "no prices were given, so the prevented events have no worth in money"
    if not inputs.worth:
        return f"prices {inputs.prices.name!r} hold none of the outcomes"
    return ""
