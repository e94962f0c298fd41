"""One scenario of an appraisal, ready to be reckoned again with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.bearers import SOCIETY
from evalkit.economics.capital import booked
from evalkit.economics.checks import counts
from evalkit.economics.courses import Courses, Fading, courses_of
from evalkit.economics.deflators import Uprating
from evalkit.economics.inputs import Drawn, Inputs, Priced, Worth
from evalkit.economics.prices import Prices
from evalkit.economics.rates import Rates
from evalkit.economics.tally import Tally, YearSums, sums_by_year, tally

__all__ = ["Reckoning"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reckoning:
    """What one scenario is added up from; rows of all draws go together.

    Attributes
    ----------
    inputs : flows, worth, deadweight and rates
    net : events prevented by outcome, in the observed window, shape (draws, periods)
    years : of the measure that are counted
    retention : share of the effect kept from one year to the next after the window, shape (draws,); None to
        count nothing there
    """

    inputs: Inputs
    net: Mapping[str, FloatArray]
    years: int
    retention: FloatArray | None

    @cached_property
    def courses(self) -> Courses:
        """Events by outcome over the years."""
        after = None if self.retention is None else Fading(retention=self.retention)
        return courses_of(self.net, self.inputs.clock.spans, self.years, after)

    @cached_property
    def rates(self) -> Rates:
        """Discount factors of the years."""
        return Rates.over(self.years, self.inputs.discounting, self.inputs.health)

    @cached_property
    def entries(self) -> tuple[Drawn, ...]:
        """The ledger as it is added up, of every bearer: capital by year of its life, a transfer on both sides."""
        return booked(self.inputs.flows, self.inputs.discounting, self.years)

    @cached_property
    def counted_entries(self) -> tuple[Drawn, ...]:
        """Those of the entries that the perspective counts."""
        inputs = self.inputs
        return tuple(each for each in self.entries if counts(each.flow, inputs.perspective, inputs.public))

    @cached_property
    def handed_on(self) -> tuple[Drawn, ...]:
        """What only moves, on both sides: no cost to society, but bearers pay or receive it, and taxes for it."""
        if self.inputs.perspective != SOCIETY:
            return ()
        return tuple(each for each in self.entries if each.flow.only_moves)

    @property
    def _parts(self) -> tuple[Courses, tuple[Drawn, ...], Mapping[str, Worth], Rates, FloatArray]:
        """What sums are made of, whether over the years or year for year."""
        return self.courses, self.counted_entries, self.inputs.worth, self.rates, self.inputs.deadweight

    def sums(self) -> Tally:
        """Add everything up over the years."""
        return tally(*self._parts, public=self.inputs.public, moved=self.handed_on)

    def sums_by_year(self) -> Iterator[YearSums]:
        """Add everything up year for year."""
        return sums_by_year(*self._parts, public=self.inputs.public, moved=self.handed_on)

    def net_benefit(self) -> FloatArray:
        """Benefit less cost in present value, shape (draws,)."""
        sums = self.sums()
        return np.asarray(sums.total_benefit - sums.total_cost)

    def with_prices(
        self, prices: Prices, worth: Mapping[str, Worth], worth_to_all: Mapping[str, Worth], step: Uprating | None
    ) -> Self:
        """Put another schedule of prices in the place of the chosen one, with the worth of one event by outcome."""
        inputs = replace(self.inputs, prices=prices, worth=worth, worth_to_all=worth_to_all, worth_step=step)
        return replace(self, inputs=inputs)

    def with_net(self, outcome: str, events: FloatArray) -> Self:
        """Put other events prevented in the place of an outcome's, shape (draws, periods)."""
        return replace(self, net={**self.net, outcome: events})

    def with_flow(self, place: int, draws: FloatArray) -> Self:
        """Put other amounts in the place of a flow's, shape (draws,)."""
        flows = list(self.inputs.flows)
        flows[place] = Drawn(flow=flows[place].flow, draws=draws)
        return replace(self, inputs=replace(self.inputs, flows=tuple(flows)))

    def with_unit_cost(self, crime: str, place: int, draws: FloatArray) -> Self:
        """Put another unit cost in the place of a crime's, for every outcome that is priced as it."""

        def changed(value: Worth) -> Worth:
            lines = list(value.lines)
            lines[place] = Priced(line=lines[place].line, draws=draws)
            return replace(value, lines=tuple(lines))

        return self._with_worth(crime, changed)

    def with_multiplier(self, crime: str, draws: FloatArray) -> Self:
        """Put another multiplier in the place of a crime's, shape (draws,)."""
        return self._with_worth(crime, lambda value: replace(value, multiplier=draws))

    def with_deadweight(self, draws: FloatArray) -> Self:
        """Put another loss for each unit of money taxed, shape (draws,)."""
        return replace(self, inputs=replace(self.inputs, deadweight=draws))

    def with_retention(self, draws: FloatArray) -> Self:
        """Put another share kept from one year to the next, shape (draws,)."""
        return replace(self, retention=draws)

    def _with_worth(self, crime: str, changed: Callable[[Worth], Worth]) -> Self:
        worth = {name: changed(value) if value.crime == crime else value for name, value in self.inputs.worth.items()}
        return replace(self, inputs=replace(self.inputs, worth=worth))
