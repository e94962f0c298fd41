"""Whether learning more pays: what it is worth to the roll-out, less what it costs and what is lost by waiting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.draws import is_number
from evalkit.economics.discounting import Discounting, discount_factors
from evalkit.economics.information.sample import Observed
from evalkit.errors import CostError

__all__ = ["Learning", "Plan", "PlanValue", "RollOut", "Scale", "plan_value"]

type Scenario = Literal["observed window", "extrapolation"]


@dataclass(frozen=True, kw_only=True)
class RollOut:
    """What the decision governs: so many sites, for so many years from now."""

    sites: float
    years: float

    def __post_init__(self) -> None:
        for name in ("sites", "years"):
            if not is_number(getattr(self, name)) or getattr(self, name) <= 0:
                raise CostError(f"{name} of a roll-out is a number above zero; there is {getattr(self, name)!r}")
        if self.years > 100:
            raise CostError(f"a roll-out is decided on for 100 years at most; there is {self.years:g}")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A way to learn more before the roll-out is decided.

    Attributes
    ----------
    months : for which the present sites are observed longer
    sites : that are added, observed for `months`, or as long as the present ones were where that is 0
    cost : of all that is done only to learn, in the price year of the appraisal and as its perspective has it
    """

    name: str
    months: float = 0.0
    sites: float = 0.0
    cost: float = 0.0

    def __post_init__(self) -> None:
        for name in ("months", "sites", "cost"):
            if not is_number(getattr(self, name)) or getattr(self, name) < 0:
                raise CostError(
                    f"{name} of the plan {self.name!r} is a number, zero or more; there is {getattr(self, name)!r}"
                )
        if not self.months and not self.sites:
            raise CostError(f"the plan {self.name!r} adds neither months nor sites, so nothing is learnt from it")


@dataclass(frozen=True, kw_only=True)
class Learning:
    """What is to be decided, and the ways to learn more before.

    Attributes
    ----------
    roll_out : what the decision governs
    plans : ways to learn more
    share_lasting : of the effect's error that lasts at a site; see `Observed`
    scenario : the appraisal that is decided by
    waits : does the roll-out wait for the answer? Otherwise what is best at present is done until then, and is
        taken to be undone without loss
    """

    roll_out: RollOut
    plans: tuple[Plan, ...] = ()
    share_lasting: float = 0.0
    scenario: Scenario = "observed window"
    waits: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "plans", tuple(self.plans))
        Observed(sites=1, months=1, share_lasting=self.share_lasting)
        names = [plan.name for plan in self.plans]
        if twice := [name for name in names if names.count(name) > 1]:
            raise CostError(f"two plans to learn more are called {twice[0]!r}: give one of them another name")


@dataclass(frozen=True, kw_only=True)
class PlanValue:
    """What a plan to learn more is worth; amounts in present value, for the whole roll-out.

    Attributes
    ----------
    plan : the plan
    resolved : share of the variance of the effect that it takes away
    sample : value of its information to a decision on the scale of the pilot (EVSI)
    value : the same on the scale of what is left of the roll-out when the answer is there
    forgone : net benefit lost because the roll-out waits; 0 where doing without is best at present
    net : expected net benefit of sampling: value less cost less what is forgone
    is_distinguishable : can its value be told from 0 at all?
    """

    plan: Plan
    resolved: float
    sample: float
    value: float
    forgone: float
    net: float
    is_distinguishable: bool

    @property
    def is_worth_it(self) -> bool:
        """Is it worth more than it costs and than what is forgone?"""
        return self.is_distinguishable and self.net > 0


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How many times what was appraised the roll-out is, in site-years of present value.

    Costs and benefits of a site and year of the roll-out are taken to be those of the pilot.

    Attributes
    ----------
    roll_out : what the decision governs
    sites : of the pilot
    years : of each that the appraisal counts
    rates : of discounting
    """

    roll_out: RollOut
    sites: float
    years: float
    rates: Discounting

    def after(self, wait: float = 0.0) -> float:
        """Give the scale of what is left of the roll-out after so many years."""
        left = _annuity(self.rates, min(wait, self.roll_out.years), self.roll_out.years)
        return self.roll_out.sites * left / (self.sites * _annuity(self.rates, 0.0, self.years))


def _annuity(rates: Discounting, start: float, end: float) -> float:
    """Present value of one unit a year from `start` to `end`, in years from now; year 1 is not discounted."""
    years = np.arange(math.ceil(end))
    lengths = np.clip(np.minimum(end, years + 1) - np.maximum(start, years), 0, None)
    return float(lengths @ discount_factors(rates, years))


def plan_value(
    plan: Plan, *, sample: float, observed: Observed, scale: Scale, mean: float, waits: bool, is_distinguishable: bool
) -> PlanValue:
    """Give what a plan is worth to the roll-out.

    Parameters
    ----------
    sample : value of its information to a decision on the scale of the pilot (EVSI)
    mean : net benefit of the pilot as it is expected now
    waits : does the roll-out wait for the answer?
    """
    wait = (plan.months or observed.months) / 12
    left = scale.after(wait)
    forgone = max(mean, 0.0) * (scale.after() - left) if waits else 0.0
    return PlanValue(
        plan=plan,
        resolved=observed.variance_resolved(months=plan.months, sites=plan.sites),
        sample=sample,
        value=sample * left,
        forgone=forgone,
        net=sample * left - plan.cost - forgone,
        is_distinguishable=is_distinguishable,
    )
