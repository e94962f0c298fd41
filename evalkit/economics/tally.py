"""The sums of an appraisal: events, costs and benefits by draw, over all years or year for year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.checks import PUBLIC_PURSE, counts
from evalkit.economics.clock import Span, year_shares
from evalkit.economics.courses import Courses
from evalkit.economics.inputs import Drawn, Worth
from evalkit.economics.rates import Rates

__all__ = ["DEADWEIGHT", "Tally", "YearSums", "exposure_by_year", "sums_by_year", "tally"]

DEADWEIGHT = "deadweight of taxation"


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Sums over all years, each shape (draws,), money in present value.

    Attributes
    ----------
    counted, present : events by outcome, as they were counted and in present value
    cost : by bearer
    gains : by bearer, the deadweight not in them
    worth : by outcome
    deadweight : loss (negative) or gain of taxing more or less, the charge in it
    charge : what is lost by taxing for the costs; below zero where they are savings
    """

    counted: Mapping[str, FloatArray]
    present: Mapping[str, FloatArray]
    cost: Mapping[str, FloatArray]
    gains: Mapping[str, FloatArray]
    worth: Mapping[str, FloatArray]
    deadweight: FloatArray
    charge: FloatArray

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
) -> Tally:
    """Add up costs and benefits over all years.

    Parameters
    ----------
    deadweight : loss for each unit of money taxed, shape (draws,)
    """
    draws = courses.draws
    cost: dict[str, FloatArray] = {}
    for drawn in flows:
        weight = sum(rates.standard[year - 1] for year in drawn.flow.years if year <= courses.years)
        cost[drawn.flow.bearer] = cost.get(drawn.flow.bearer, np.zeros(draws)) + drawn.draws * weight
    counted = courses.totals(np.ones(courses.years))
    present = courses.totals(rates.standard)
    gains, worths = _gains(courses, worth, rates, present)
    public, taxed = (_public(each, draws) for each in (gains, cost))
    charge = deadweight * taxed
    return Tally(
        counted=counted,
        present=present,
        cost=cost,
        gains=gains,
        worth=worths,
        deadweight=deadweight * public - charge,
        charge=charge,
    )


def _gains(
    courses: Courses, worth: Mapping[str, Worth], rates: Rates, present: Mapping[str, FloatArray]
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Give what is gained by bearer and by outcome, shape (draws,)."""
    healthy = present if rates.health is None else courses.totals(rates.health)
    gains: dict[str, FloatArray] = {}
    worths: dict[str, FloatArray] = {}
    for name, value in worth.items():
        worths[name] = np.zeros(courses.draws)
        for priced in value.lines:
            events = healthy if rates.is_health(priced.line) else present
            amount = events[name] * value.multiplier * priced.draws
            worths[name] += amount
            bearer = priced.line.bearer
            gains[bearer] = gains[bearer] + amount if bearer in gains else amount
    return gains, worths


def _public(amounts: Mapping[str, FloatArray], draws: int) -> FloatArray:
    found = (each for bearer, each in amounts.items() if counts(bearer, PUBLIC_PURSE))
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
) -> Iterator[YearSums]:
    """Add up year for year, one year at a time: the sums of all years are never held together."""
    totals = _worths(courses, worth, rates, public=False)
    publics = _worths(courses, worth, rates, public=True)
    for place, (benefit, public) in enumerate(zip(totals, publics, strict=True)):
        cost, taxed = (_cost_of(flows, place + 1, courses.draws, only_public=each) for each in (False, True))
        cost, taxed = cost * rates.standard[place], taxed * rates.standard[place]
        yield YearSums(
            cost=cost,
            benefit=benefit + deadweight * (public - taxed),
            public_cost=taxed,
            public_benefit=public,
        )


def _worths(courses: Courses, worth: Mapping[str, Worth], rates: Rates, *, public: bool) -> Iterator[FloatArray]:
    """Give the worth of each year's events in turn, each component at its own rate."""
    parts = [
        courses.worth_by_year(values, factors)
        for factors, is_health in rates.kinds
        if (values := _values(worth, rates, is_health=is_health, public=public))
    ]
    for _ in range(courses.years):
        yield np.asarray(sum((next(part) for part in parts), start=np.zeros(courses.draws)))


def _values(worth: Mapping[str, Worth], rates: Rates, *, is_health: bool, public: bool) -> dict[str, FloatArray]:
    found: dict[str, FloatArray] = {}
    for name, value in worth.items():
        for priced in value.lines:
            wanted = counts(priced.line.bearer, PUBLIC_PURSE) or not public
            if wanted and rates.is_health(priced.line) == is_health:
                found[name] = found.get(name, 0.0) + priced.draws * value.multiplier
    return found


def _cost_of(flows: Sequence[Drawn], year: int, draws: int, *, only_public: bool) -> FloatArray:
    total = np.zeros(draws)
    for drawn in flows:
        if year in drawn.flow.years and (counts(drawn.flow.bearer, PUBLIC_PURSE) or not only_public):
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
