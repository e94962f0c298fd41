"""Cash flow: what has been gained less what has been spent by the end of each year, and when it has paid back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Amount, YearLine
from evalkit.economics.tally import YearSums
from evalkit.quantiles import quantiles

__all__ = ["CashFlow", "CashYear", "Years", "read_years"]

# The inner band of a fan holds half of the draws.
_HALF = 0.25


@dataclass(frozen=True, kw_only=True)
class CashYear:
    """Where the sum stands at the end of one year; negative where more was spent than gained until then.

    Attributes
    ----------
    year : of the measure; 1 is its first
    extrapolated : does it lie beyond the observed window?
    total : cumulative benefit less cost in present value, with its range
    low, median, high : quartiles of the same
    paid_back : share of the draws that have paid back by the end of this year
    """

    year: int
    extrapolated: bool
    total: Amount
    low: float
    median: float
    high: float
    paid_back: float


@dataclass(frozen=True, kw_only=True)
class CashFlow:
    """Benefits less costs added up from year to year, for one purse.

    A draw has paid back from the year on in which its sum is zero or more and stays so to the last year
    counted. A draw whose sum is below zero at the end never has, and counts as never.

    Attributes
    ----------
    whose : "society", "public purse" or the perspective of the appraisal
    years : shape (years,)
    payback_year : the year by the end of which half of the draws have paid back; None with `payback_reason`
    payback_extrapolated : does that year lie beyond the observed window?
    prob_paid_back : share of the draws that have paid back by the last year
    """

    whose: str
    years: tuple[CashYear, ...]
    payback_year: int | None
    payback_reason: str
    payback_extrapolated: bool
    prob_paid_back: float


@dataclass(frozen=True, kw_only=True)
class Years:
    """What was read from the sums of all years in one pass."""

    lines: tuple[YearLine, ...]
    cash_flows: tuple[CashFlow, ...]


class _Purse:
    """A sum that runs from year to year, of which only the present state is held."""

    def __init__(self, whose: str) -> None:
        self.whose = whose
        self.stands: FloatArray | None = None
        self.below: FloatArray | None = None  # the last year in which a draw was below zero, 0 where none
        self.seen: list[tuple[bool, Amount, list[float]]] = []

    def add(self, net: FloatArray, *, extrapolated: bool, level: float) -> None:
        if self.stands is None or self.below is None:
            self.stands, self.below = np.zeros_like(net), np.zeros_like(net)
        self.stands = self.stands + net
        self.below[self.stands < 0] = len(self.seen) + 1
        self.seen.append((extrapolated, *_fan(self.stands, level)))

    def read(self) -> CashFlow:
        if self.below is None:  # pragma: no cover - every appraisal counts a year
            raise ValueError(self.whose)
        # a draw below zero in the last year has not paid back in any year that is counted
        counted = np.bincount(self.below.astype(int), minlength=len(self.seen) + 1)[:-1]
        shares = np.cumsum(counted) / len(self.below)
        years = tuple(
            CashYear(
                year=place + 1,
                extrapolated=extrapolated,
                total=total,
                low=quartiles[0],
                median=quartiles[1],
                high=quartiles[2],
                paid_back=float(shares[place]),
            )
            for place, (extrapolated, total, quartiles) in enumerate(self.seen)
        )
        half = next((line for line in years if line.paid_back >= 0.5), None)
        return CashFlow(
            whose=self.whose,
            years=years,
            payback_year=None if half is None else half.year,
            payback_reason="" if half is not None else _never(len(years)),
            payback_extrapolated=half is not None and half.extrapolated,
            prob_paid_back=years[-1].paid_back,
        )


def _fan(stands: FloatArray, level: float) -> tuple[Amount, list[float]]:
    """Give the sum with its range and its quartiles, all from one look at the draws: they are many."""
    tail = (1 - level) / 2
    lower, *quartiles, upper = quantiles(stands, (tail, _HALF, 0.5, 1 - _HALF, 1 - tail))
    return Amount(mean=float(np.mean(stands)), lower=lower, upper=upper, level=level), quartiles


def _never(years: int) -> str:
    over = "one year that is" if years == 1 else f"{years} years that are"
    return f"fewer than half of the draws pay back within the {over} counted"


def read_years(
    sums: Iterable[YearSums],
    *,
    level: float,
    seen: int,
    has_benefit: bool,
    whose: str,
    has_public: bool,
) -> Years:
    """Read lines by year and running sums in one pass; the sums of a year are let go before the next.

    Parameters
    ----------
    seen : the last year that was observed to its end
    whose : of all that is counted
    has_public : is it known what the public purse pays and gains?
    """
    lines = []
    everybody, public = _Purse(whose), _Purse("public purse")
    for place, each in enumerate(sums):
        extrapolated = place + 1 > seen
        net = each.benefit - each.cost
        lines.append(
            YearLine(
                year=place + 1,
                extrapolated=extrapolated,
                cost=Amount.of(each.cost, level),
                benefit=Amount.of(each.benefit, level) if has_benefit else None,
                net=Amount.of(net, level) if has_benefit else None,
            )
        )
        if has_benefit:
            everybody.add(net, extrapolated=extrapolated, level=level)
        if has_benefit and has_public:
            public.add(each.public_benefit - each.public_cost, extrapolated=extrapolated, level=level)
    purses = (everybody, public) if has_public else (everybody,)
    return Years(lines=tuple(lines), cash_flows=tuple(purse.read() for purse in purses) if has_benefit else ())
