"""What it costs later to stop the measure: saved at once, lost year after year; always an extrapolation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evalkit.draws import FloatArray, Quantity
from evalkit.economics.appraisal import Amount
from evalkit.economics.checks import refuse_no_mean
from evalkit.economics.clock import Clock
from evalkit.economics.courses import Stopping, courses_of
from evalkit.economics.inputs import Drawn, Inputs
from evalkit.economics.lines import bearers_of
from evalkit.economics.reckoning import Reckoning
from evalkit.economics.tally import Tally, YearSums, sums_by_year, tally
from evalkit.errors import CostError, DomainError

__all__ = ["Stop", "StopBearer", "StopYear", "Stopped", "appraise_stop"]

# What is no longer paid once the measure has stopped; capital was bought, and a one-off amount has its own reason.
_ENDS = ("running", "in kind")


@dataclass(frozen=True, kw_only=True)
class Stop:
    """The question what it costs to stop.

    Attributes
    ----------
    year : the last year in which the measure runs
    retention : share of the effect kept from each year to the next once it has stopped
    """

    year: int
    retention: Quantity

    @classmethod
    def of(cls, value: object) -> Stop:
        """Read a table such as `{year = 2, retention = 0.5}`."""
        if isinstance(value, Stop):
            return value
        if not isinstance(value, Mapping) or set(value) != {"year", "retention"}:
            raise CostError(f"stop is a table such as {{ year = 2, retention = 0.5 }}; there is {value!r}")
        return cls(year=value["year"], retention=_read_retention(value["retention"]))

    def check(self, clock: Clock, horizon: int | None) -> None:
        """Refuse a stop that lies in what was observed, or after all that is counted."""
        if not _is_whole(self.year) or self.year < clock.years:
            raise CostError(
                f"the measure was observed until year {clock.years} and can be stopped in that year or a later one; "
                f"there is stop.year = {self.year!r}"
            )
        if horizon is None or horizon <= self.year:
            raise CostError(
                f"stopping in year {self.year} is compared with going on, which needs a horizon beyond it; "
                f"there is {'none' if horizon is None else horizon}"
            )


def _read_retention(given: float | Mapping[str, Any] | Quantity) -> Quantity:
    try:
        return Quantity.of(given)
    except DomainError as problem:
        raise CostError(f"stop.retention: {problem}") from None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True, kw_only=True)
class StopYear:
    """What one year after the stop saves and loses against going on, in present value.

    Attributes
    ----------
    saved : costs that are not paid
    lost : worth of what is not prevented, with the change of deadweight; None without prices
    total : saved less lost, added up since the stop; None without prices
    """

    year: int
    saved: Amount
    lost: Amount | None
    total: Amount | None


@dataclass(frozen=True, kw_only=True)
class StopBearer:
    """What one bearer saves and loses by the stop, in present value; `net` is saved less lost."""

    bearer: str
    saved: Amount
    lost: Amount | None
    net: Amount | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Stopped:
    """Stopping against going on, from the same draws; nothing of it was observed.

    Attributes
    ----------
    year : the last year in which the measure runs
    horizon : the last year that is counted
    retention : share of the effect kept from year to year once it has stopped, in words
    events : events that are no longer prevented, as they would be counted
    saved : costs that are not paid, in present value
    lost : worth of what is no longer prevented, with the change of deadweight; None without prices
    net : saved less lost; below zero where stopping loses more than it saves; None without prices
    prob_saves : share of the draws in which stopping saves more than it loses; None without prices
    loses_from : the first year after which, in the mean, more is lost since the stop than was saved; None
        with `loses_reason`
    stays : flows of the ledger after the stop that are paid all the same: capital and one-off amounts
    by_year, by_bearer : the same sums, parted
    """

    year: int
    horizon: int
    retention: str
    events: Amount
    saved: Amount
    lost: Amount | None
    net: Amount | None
    prob_saves: float | None
    loses_from: int | None
    loses_reason: str
    stays: tuple[str, ...]
    by_year: tuple[StopYear, ...]
    by_bearer: tuple[StopBearer, ...]


def appraise_stop(reckoning: Reckoning, stop: Stop, stopped: FloatArray, *, counted: list[str]) -> Stopped:
    """Compare stopping with going on until the horizon.

    Parameters
    ----------
    reckoning : of going on until the horizon
    stopped : share of the effect kept from year to year after the stop, shape (draws,)
    counted : outcomes whose events are counted
    """
    inputs, horizon, rates = reckoning.inputs, reckoning.years, reckoning.rates
    if reckoning.retention is None:  # pragma: no cover - a stop needs a horizon and so a retention
        raise CostError("stopping is compared with going on, which needs a retention")
    lost = Stopping(retention=reckoning.retention, stopped=stopped, year=stop.year)
    courses = courses_of(reckoning.net, inputs.clock.spans, horizon, lost)
    flows, moved = (_saved(each, stop.year) for each in (reckoning.counted_entries, reckoning.handed_on))
    parts = (courses, flows, inputs.worth, rates, inputs.deadweight)
    sums = tally(*parts, public=inputs.public, moved=moved)
    refuse_no_mean(inputs.effects, sums.counted)
    years = _years(inputs, sums_by_year(*parts, public=inputs.public, moved=moved), stop.year)
    has_benefit = bool(inputs.worth)
    won = sums.total_cost - sums.total_benefit
    level = inputs.level
    first = next((line.year for line in years if line.total is not None and line.total.mean < 0), None)
    return Stopped(
        year=stop.year,
        horizon=horizon,
        retention=stop.retention.describe(),
        events=Amount.of(np.asarray(sum(sums.counted[name] for name in counted)), level),
        saved=Amount.of(sums.total_cost, level),
        lost=Amount.of(sums.total_benefit, level) if has_benefit else None,
        net=Amount.of(won, level) if has_benefit else None,
        prob_saves=float(np.mean(won > 0)) if has_benefit else None,
        loses_from=first,
        loses_reason="" if first is not None else _never(has_benefit=has_benefit),
        stays=tuple(
            drawn.flow.what
            for drawn in reckoning.counted_entries
            if drawn.flow.kind not in _ENDS and any(stop.year < year <= horizon for year in drawn.flow.years)
        ),
        by_year=years,
        by_bearer=_bearers(sums, level, has_benefit=has_benefit),
    )


def _never(*, has_benefit: bool) -> str:
    if not has_benefit:
        return "without prices what is lost has no worth in money"
    return "on average stopping saves more than it loses in every year that is counted"


def _saved(flows: tuple[Drawn, ...], stop: int) -> tuple[Drawn, ...]:
    """Give what is no longer paid after the stop."""
    return tuple(
        replace(drawn, flow=replace(drawn.flow, years=later))
        for drawn in flows
        if drawn.flow.kind in _ENDS and (later := tuple(year for year in drawn.flow.years if year > stop))
    )


def _years(inputs: Inputs, by_year: Iterator[YearSums], stop: int) -> tuple[StopYear, ...]:
    level, lines = inputs.level, []
    stands = np.zeros(len(inputs.deadweight))
    for place, each in enumerate(by_year):
        stands = stands + each.cost - each.benefit
        if place >= stop:
            lines.append(
                StopYear(
                    year=place + 1,
                    saved=Amount.of(each.cost, level),
                    lost=Amount.of(each.benefit, level) if inputs.worth else None,
                    total=Amount.of(stands, level) if inputs.worth else None,
                )
            )
    return tuple(lines)


def _bearers(sums: Tally, level: float, *, has_benefit: bool) -> tuple[StopBearer, ...]:
    return tuple(
        StopBearer(
            bearer=bearer,
            saved=Amount.of(cost, level),
            lost=None if benefit is None else Amount.of(benefit, level),
            net=None if benefit is None else Amount.of(cost - benefit, level),
        )
        for bearer, cost, benefit in bearers_of(sums, has_benefit=has_benefit)
    )
