"""The sums of an appraisal: events, costs and benefits by draw, over all years or year for year."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.bearers import NOT_NAMED, PUBLIC_BEARERS
from evalkit.economics.clock import Span, year_shares
from evalkit.economics.courses import Courses
from evalkit.economics.inputs import Drawn, Worth
from evalkit.economics.rates import Rates

__all__ = ["DEADWEIGHT", "Tally", "YearSums", "exposure_by_year", "sums_by_year", "tally"]

DEADWEIGHT = "deadweight of taxation"

# Share of an amount that is no difference but rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Sums over all years, each shape (draws,), money in present value.

    Attributes
    ----------
    counted, present, healthy : events by outcome, as they were counted, in present value, and at the rate for harm
        to life and health
    cost : by bearer; what only moves from one to another is not in it
    moved : by bearer, what is paid less what is received of what only moves; over all bearers it adds up to nothing
    gains : by bearer, the deadweight not in them
    worth : by outcome
    deadweight : loss (negative) or gain of taxing more or less, the charge in it
    charge : what is lost by taxing for the costs; below zero where they are savings
    """

    counted: Mapping[str, FloatArray]
    present: Mapping[str, FloatArray]
    healthy: Mapping[str, FloatArray]
    cost: Mapping[str, FloatArray]
    moved: Mapping[str, FloatArray]
    gains: Mapping[str, FloatArray]
    worth: Mapping[str, FloatArray]
    deadweight: FloatArray
    charge: FloatArray

    @property
    def borne(self) -> dict[str, FloatArray]:
        """Costs by who bears them in the end, each shape (draws,): what was handed on is paid by who handed it on."""
        nothing = np.zeros_like(self.deadweight)
        return {
            bearer: self.cost.get(bearer, nothing) + self.moved.get(bearer, nothing)
            for bearer in dict.fromkeys((*self.cost, *self.moved))
        }

    @property
    def total_cost(self) -> FloatArray:
        """All costs, shape (draws,)."""
        return np.asarray(sum(self.cost.values(), start=np.zeros_like(self.deadweight)))

    @property
    def full_cost(self) -> FloatArray:
        """All costs and what is lost by taxing for them, shape (draws,)."""
        return np.asarray(self.total_cost + self.charge)

    @property
    def total_benefit(self) -> FloatArray:
        """All benefits, deadweight in them, shape (draws,)."""
        return np.asarray(sum(self.gains.values(), start=self.deadweight))


def tally(
    courses: Courses,
    flows: Sequence[Drawn],
    worth: Mapping[str, Worth],
    rates: Rates,
    deadweight: FloatArray,
    *,
    public: Collection[str] = PUBLIC_BEARERS,
    moved: Sequence[Drawn] = (),
) -> Tally:
    """Add up costs and benefits over all years.

    Parameters
    ----------
    deadweight : loss for each unit of money taxed, shape (draws,)
    public : bearers whose money is taxed
    moved : money that is only handed on, at who pays and at who receives it: no cost, but a public bearer has to tax
        for it
    """
    draws = courses.draws
    cost = _by_bearer(flows, rates, draws)
    handed = _both_sides(_by_bearer(moved, rates, draws))
    counted = courses.totals(np.ones(courses.years))
    present = courses.totals(rates.standard)
    healthy = present if rates.health is None else courses.totals(rates.health)
    gains, worths = _gains(worth, rates, present, healthy)
    saved, spent, passed = (_public(each, public, draws) for each in (gains, cost, handed))
    charge = deadweight * (spent + passed)
    return Tally(
        counted=counted,
        present=present,
        healthy=healthy,
        cost=cost,
        moved=handed,
        gains=gains,
        worth=worths,
        deadweight=deadweight * saved - charge,
        charge=charge,
    )


def _by_bearer(flows: Sequence[Drawn], rates: Rates, draws: int) -> dict[str, FloatArray]:
    found: dict[str, FloatArray] = {}
    for drawn in flows:
        amount = drawn.draws * _weight(drawn, rates)
        found[drawn.flow.bearer] = found.get(drawn.flow.bearer, np.zeros(draws)) + amount
    return found


def _both_sides(moved: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give what is handed on to, or comes from, nobody who is named a bearer of its own, so that nothing is lost."""
    rest = sum(moved.values(), start=0.0)
    largest = max((float(np.abs(each).max()) for each in moved.values()), default=0.0)
    has_rest = bool(np.abs(rest).max() > _ROUNDING * largest)
    return {**moved, NOT_NAMED: -np.asarray(rest)} if has_rest else dict(moved)


def _weight(drawn: Drawn, rates: Rates) -> float:
    """Sum of the discount factors of the years of a flow that are counted."""
    years = len(rates.standard)
    return float(sum(rates.standard[year - 1] for year in drawn.flow.years if year <= years))


def _gains(
    worth: Mapping[str, Worth], rates: Rates, present: Mapping[str, FloatArray], healthy: Mapping[str, FloatArray]
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Give what is gained by bearer and by outcome, shape (draws,)."""
    gains: dict[str, FloatArray] = {}
    worths: dict[str, FloatArray] = {}
    for name, value in worth.items():
        worths[name] = np.zeros(len(value.multiplier))
        for priced in value.lines:
            events = healthy if rates.is_health(priced.line) else present
            amount = events[name] * value.multiplier * priced.draws
            worths[name] += amount
            bearer = priced.line.bearer
            gains[bearer] = gains[bearer] + amount if bearer in gains else amount
    return gains, worths


def _public(amounts: Mapping[str, FloatArray], public: Collection[str], draws: int) -> FloatArray:
    found = (each for bearer, each in amounts.items() if bearer in public)
    return np.asarray(sum(found, start=np.zeros(draws)))


@dataclass(frozen=True, kw_only=True, eq=False)
class YearSums:
    """Sums of one year, each shape (draws,), money in present value.

    Attributes
    ----------
    cost, benefit : of everybody who is counted, deadweight in the benefit
    public_cost, public_benefit : of the public purse alone, without deadweight
    """

    cost: FloatArray
    benefit: FloatArray
    public_cost: FloatArray
    public_benefit: FloatArray


def sums_by_year(
    courses: Courses,
    flows: Sequence[Drawn],
    worth: Mapping[str, Worth],
    rates: Rates,
    deadweight: FloatArray,
    *,
    public: Collection[str] = PUBLIC_BEARERS,
    moved: Sequence[Drawn] = (),
) -> Iterator[YearSums]:
    """Add up year for year, one year at a time: the sums of all years are never held together; see `tally`."""
    everybody = _worths(courses, worth, rates, None)
    purse = _worths(courses, worth, rates, public)
    spent = [drawn for drawn in (*flows, *moved) if drawn.flow.bearer in public]
    for place, (benefit, saved) in enumerate(zip(everybody, purse, strict=True)):
        cost, taxed = (_cost_of(each, place + 1, courses.draws) * rates.standard[place] for each in (flows, spent))
        yield YearSums(
            cost=cost,
            benefit=benefit + deadweight * (saved - taxed),
            public_cost=taxed,
            public_benefit=saved,
        )


def _worths(
    courses: Courses, worth: Mapping[str, Worth], rates: Rates, bearers: Collection[str] | None
) -> Iterator[FloatArray]:
    """Give the worth of each year's events in turn, each component at its own rate; to these bearers, or to all."""
    parts = [
        courses.worth_by_year(values, factors)
        for factors, is_health in rates.kinds
        if (values := _values(worth, rates, bearers, is_health=is_health))
    ]
    for _ in range(courses.years):
        yield np.asarray(sum((next(part) for part in parts), start=np.zeros(courses.draws)))


def _values(
    worth: Mapping[str, Worth], rates: Rates, bearers: Collection[str] | None, *, is_health: bool
) -> dict[str, FloatArray]:
    found: dict[str, FloatArray] = {}
    for name, value in worth.items():
        for priced in value.lines:
            wanted = bearers is None or priced.line.bearer in bearers
            if wanted and rates.is_health(priced.line) == is_health:
                found[name] = found.get(name, 0.0) + priced.draws * value.multiplier
    return found


def _cost_of(flows: Sequence[Drawn], year: int, draws: int) -> FloatArray:
    total = np.zeros(draws)
    for drawn in flows:
        if year in drawn.flow.years:
            total += drawn.draws
    return total


def exposure_by_year(spans: Sequence[Span], years: int, retention: FloatArray | None) -> FloatArray:
    """Give how many years' worth of the effect each year holds on average over draws, shape (years,).

    Inside the window a year holds the time that was observed. After it a year holds what is retained:
    retention to the power of the years since the window, reckoned to the end of that year.
    """
    lengths = np.array([span.end - span.start for span in spans])
    inside = lengths @ year_shares(spans, years)
    if retention is None:
        return np.asarray(inside)
    since = np.arange(1, years + 1) - max(span.end for span in spans)
    kept = np.array([np.mean(retention ** max(each, 0.0)) for each in since])
    return np.asarray(inside + kept * np.clip(since, 0, 1))
