"""An appraisal: what was spent, what it was worth, to whom and when, read from draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from evalkit.draws import FloatArray, interval
from evalkit.economics.cost_per_crime import CostPerCrimePrevented, finite_ratio

if TYPE_CHECKING:
    from evalkit.economics.beside import Beside
    from evalkit.economics.cash_flow import CashFlow
    from evalkit.economics.discounting import Discounting
    from evalkit.economics.incidence import Incidence
    from evalkit.economics.inputs import Inputs
    from evalkit.economics.purses import CityAccount, PerspectiveLine, PublicSaving
    from evalkit.economics.reckoning import Reckoning
    from evalkit.economics.sensitivity import AskedSensitivity, Sensitivity
    from evalkit.economics.stopping import Stopped

__all__ = [
    "Amount",
    "Appraisal",
    "Assumption",
    "BearerLine",
    "BreakEven",
    "CrimeLine",
    "Quadrants",
    "YearLine",
]


@dataclass(frozen=True, kw_only=True)
class Amount:
    """A sum, in draws and so with its range.

    Attributes
    ----------
    mean : means add up
    lower, upper : ends of the equal-tailed interval that holds `level`
    """

    mean: float
    lower: float
    upper: float
    level: float

    @classmethod
    def of(cls, draws: FloatArray, level: float) -> Self:
        """Read it from draws, shape (draws,)."""
        ends = interval(draws, level)
        return cls(mean=float(np.mean(draws)), lower=ends.lower, upper=ends.upper, level=level)


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """Something the money rests on.

    Attributes
    ----------
    what : what was assumed
    value : in words
    source : empty where there is none
    certainty : "primary", "secondary", "memory", "own", "assumed" or "chosen"
    """

    what: str
    value: str
    source: str
    certainty: str


@dataclass(frozen=True, kw_only=True)
class BearerLine:
    """What one bearer pays and gains, in present value; `net` is benefit less cost."""

    bearer: str
    cost: Amount
    benefit: Amount | None
    net: Amount | None


@dataclass(frozen=True, kw_only=True)
class CrimeLine:
    """What came of one outcome.

    Attributes
    ----------
    outcome : name of the effect
    crime : class of crime, or None
    priced_as : the crime of the schedule whose unit cost was taken, or None where there is none
    prevented : events as they were counted, net of displacement
    unit_value : mean worth of one counted event (unit cost × multiplier), in the price year; None
        where it has no price
    benefit : present value; None where it has no price
    break_even : events of this kind, as counted, that would have to be prevented in the scenario for
        them alone to pay for the measure, spread over its years as those found (evenly over the time that
        is counted where crime fell in some years and rose in others); None with `reason`
    reason : why there is no unit value or no break-even
    """

    outcome: str
    crime: str | None
    priced_as: str | None
    prevented: Amount
    unit_value: float | None
    benefit: Amount | None
    break_even: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class YearLine:
    """What one year of the measure cost and gained, in present value.

    Attributes
    ----------
    year : of the measure; 1 is its first
    extrapolated : does it lie beyond the observed window?
    cost, benefit, net : `benefit` and `net` None where no outcome has a price
    """

    year: int
    extrapolated: bool
    cost: Amount
    benefit: Amount | None
    net: Amount | None


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """What it takes for the measure to pay.

    Attributes
    ----------
    events : events that have to be prevented at the mean value of one, as counted, and spread over the
        years as `CrimeLine.break_even`; None with `reason`
    value_per_event : value of one event above which the measure pays, given the mean of what was
        prevented: mean cost, with what is lost by taxing for it, over mean events in present value; None
        with `value_reason`
    cost : most that the measure may cost, given what was prevented and what that is worth, for the mean net
        benefit to be nothing: its cost with all amounts larger or smaller by one factor; None with `cost_reason`
    """

    events: float | None
    reason: str
    value_per_event: float | None
    value_reason: str
    cost: float | None = None
    cost_reason: str = "it was not reckoned"


@dataclass(frozen=True, kw_only=True)
class Quadrants:
    """Shares of the draws on the plane of crime and cost; they add up to 1.

    A draw without any change of crime counts as not preventing, one without cost as not saving.

    Attributes
    ----------
    prevents_and_costs, prevents_and_saves : shares of the draws in which crime was prevented
    does_not_prevent_and_costs, does_not_prevent_and_saves : and in which it was not
    """

    prevents_and_costs: float
    prevents_and_saves: float
    does_not_prevent_and_costs: float
    does_not_prevent_and_saves: float

    @classmethod
    def of(cls, prevented: FloatArray, cost: FloatArray) -> Self:
        """Count the draws, each shape (draws,), rows together."""
        prevents, saves = prevented > 0, cost < 0
        return cls(
            prevents_and_costs=float(np.mean(prevents & ~saves)),
            prevents_and_saves=float(np.mean(prevents & saves)),
            does_not_prevent_and_costs=float(np.mean(~prevents & ~saves)),
            does_not_prevent_and_saves=float(np.mean(~prevents & saves)),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Appraisal:
    """Costs and benefits, against doing without the measure, in present value at year 1.

    Attributes
    ----------
    scenario : "observed window", or "extrapolation" which goes beyond what was seen
    currency, price_year : of every amount
    perspective : whose costs and benefits are counted
    discounting : the schedule, in words
    level : of every interval
    schedule : name of the prices, or None without prices
    events_are : what the prevented events are, in words
    by_bearer, by_crime, by_year : the same sums, parted
    break_even : what it takes for the measure to pay
    horizon : years of the measure that are counted
    window : length of the observed window in years
    cost_draws : present value, shape (draws,); rows of all draws go together
    prevented_draws : events as they were counted, none discounted, shape (draws,)
    discounted_prevented_draws : the same in present value: an event of next year counts for less than one
        of this year, as a euro does; None where none lies after year 1
    tax_loss_draws : what is lost by taxing for the costs, in `benefit_draws` below zero and not in
        `cost_draws`; None where taxing loses nothing
    benefit_draws : shape (draws,); None with `benefit_reason` where no outcome has a price
    benefit_cost_ratio : mean benefit over mean cost; None with `benefit_cost_reason`
    prob_net_benefit : share of the draws in which benefits exceed costs
    unpriced : outcomes that were counted and have no price; their worth is not in the benefits
    city : what the measure costs the city's own budget, and the share of the benefit that falls on others
    public_saving : what public bearers save, and how much of it is cashable
    perspectives : costs and benefits of society, the public purse and every bearer, side by side
    assumptions : everything that the numbers rest on
    warnings : sentences that a reader must see
    cash_flows : benefits less costs added up from year to year, first of all that is counted, then of the
        public purse where it is known what that pays and gains; empty where no outcome has a price
    rates : the schedule of discounting
    extrapolation : the same for a longer horizon, where one was asked for
    stopping : what it costs to stop, against going on to that horizon, where that was asked
    incidence : who pays and who gains, by area and group, directly and indirectly
    beside : the same effects under other schedules of prices
    reckoning : what it was added up from, draws included, to appraise an option beside it, or to ask what would be if
        one thing were otherwise
    asked_sensitivity : what the study wants varied besides what is uncertain
    """

    scenario: Literal["observed window", "extrapolation"]
    currency: str
    price_year: str
    perspective: str
    discounting: str
    horizon: int
    window: float
    level: float
    cost_draws: FloatArray
    benefit_draws: FloatArray | None
    benefit_reason: str
    prevented_draws: FloatArray
    events_are: str
    by_bearer: tuple[BearerLine, ...]
    by_crime: tuple[CrimeLine, ...]
    by_year: tuple[YearLine, ...]
    break_even: BreakEven
    unpriced: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]
    schedule: str | None = None
    discounted_prevented_draws: FloatArray | None = None
    tax_loss_draws: FloatArray | None = None
    city: CityAccount | None = None
    public_saving: PublicSaving | None = None
    perspectives: tuple[PerspectiveLine, ...] = ()
    cash_flows: tuple[CashFlow, ...] = ()
    rates: Discounting | None = None
    extrapolation: Appraisal | None = field(default=None)
    stopping: Stopped | None = None
    incidence: Incidence | None = None
    beside: tuple[Beside, ...] = ()
    reckoning: Reckoning | None = field(default=None, repr=False)
    asked_sensitivity: AskedSensitivity | None = None

    @property
    def inputs(self) -> Inputs | None:
        """Everything that was reckoned with."""
        return None if self.reckoning is None else self.reckoning.inputs

    @cached_property
    def named_inputs(self) -> Mapping[str, FloatArray]:
        """Draws of everything uncertain that net benefit rests on, by name, each shape (draws,)."""
        if self.reckoning is None:
            return {}
        from evalkit.economics.information.named_inputs import named_inputs

        return named_inputs(self.reckoning)

    @cached_property
    def sensitivity(self) -> Sensitivity | None:
        """What the answer hangs on; None where there is no net benefit that could hang on anything."""
        if self.reckoning is None or self.benefit_draws is None:
            return None
        from evalkit.economics.sensitivity import AskedSensitivity, sensitivity_of

        return sensitivity_of(self.reckoning, self.asked_sensitivity or AskedSensitivity(), level=self.level)

    @property
    def cost(self) -> Amount:
        """What the measure costs."""
        return Amount.of(self.cost_draws, self.level)

    @property
    def benefit(self) -> Amount | None:
        """What the prevented events are worth."""
        return None if self.benefit_draws is None else Amount.of(self.benefit_draws, self.level)

    @property
    def full_cost_draws(self) -> FloatArray:
        """Cost, with what is lost by taxing for it, shape (draws,)."""
        return self.cost_draws if self.tax_loss_draws is None else np.asarray(self.cost_draws + self.tax_loss_draws)

    @property
    def net_benefit_draws(self) -> FloatArray | None:
        """Benefit less cost, shape (draws,)."""
        return None if self.benefit_draws is None else np.asarray(self.benefit_draws - self.cost_draws)

    @property
    def net_benefit(self) -> Amount | None:
        """Benefit less cost."""
        draws = self.net_benefit_draws
        return None if draws is None else Amount.of(draws, self.level)

    @property
    def prevented(self) -> Amount:
        """Events prevented, as they were counted, net of displacement."""
        return Amount.of(self.prevented_draws, self.level)

    @property
    def benefit_cost_ratio(self) -> float | None:
        """Mean benefit over mean cost; None with `benefit_cost_reason` where either is below zero."""
        if self.benefit_draws is None or self.cost_draws.mean() <= 0 or self.benefit_draws.mean() < 0:
            return None
        return finite_ratio(self.benefit_draws.mean(), self.cost_draws.mean())

    @property
    def benefit_cost_reason(self) -> str:
        """Why there is no benefit-cost ratio; empty where there is one."""
        if self.benefit_draws is None:
            return self.benefit_reason
        if self.cost_draws.mean() <= 0:
            return "on average the measure costs nothing or saves money, so a ratio to its cost has no meaning"
        if self.benefit_draws.mean() < 0:
            return f"{self._harm}, so there is no benefit to set against a unit of cost"
        return "" if self.benefit_cost_ratio is not None else "on average the measure costs next to nothing"

    @property
    def _harm(self) -> str:
        lost = 0.0 if self.tax_loss_draws is None else self.tax_loss_draws.mean()
        if self.benefit_draws is not None and self.benefit_draws.mean() + lost >= 0:
            return "on average taxing for the measure loses more than the prevented events are worth"
        return "on average the measure did harm"

    @property
    def prob_net_benefit(self) -> float | None:
        """Probability that benefits exceed costs."""
        draws = self.net_benefit_draws
        return None if draws is None else float(np.mean(draws > 0))

    @property
    def cost_per_crime_prevented(self) -> CostPerCrimePrevented:
        """What one prevented event cost, with what is lost by taxing for it; both sides in present value."""
        return CostPerCrimePrevented.of(
            self.prevented_draws, self.full_cost_draws, discounted=self.discounted_prevented_draws, level=self.level
        )

    @property
    def quadrants(self) -> Quadrants:
        """Shares of the draws that prevent crime or not, and cost or save money.

        As in the cost per crime prevented and on the plane of options: events in present value, and the cost with
        what is lost by taxing for it.
        """
        return Quadrants.of(self.present_events_draws, self.full_cost_draws)

    @property
    def present_events_draws(self) -> FloatArray:
        """Events prevented in present value, shape (draws,); in a window of one year as they were counted."""
        return self.prevented_draws if self.discounted_prevented_draws is None else self.discounted_prevented_draws

    @property
    def scenarios(self) -> Mapping[str, Appraisal]:
        """All scenarios by name: the observed window, and the extrapolation where there is one."""
        further = {} if self.extrapolation is None else dict(self.extrapolation.scenarios)
        return {self.scenario: self} | further
