"""The sums of an appraisal: events, costs and benefits by draw, year, bearer and outcome."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.bearers import PUBLIC_BEARERS
from evalkit.economics.clock import Span, year_shares
from evalkit.economics.inputs import Drawn, Worth

__all__ = ["DEADWEIGHT", "Tally", "events_by_year", "exposure_by_year", "tally"]

DEADWEIGHT = "deadweight of taxation"


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Sums, each shape (draws, years), money in present value.

    Attributes
    ----------
    events : by outcome
    cost : by bearer
    benefit : by outcome and bearer
    deadweight : loss (negative) or gain of taxing more or less, the charge in it
    charge : what is lost by taxing for the costs; below zero where they are savings
    """

    events: Mapping[str, FloatArray]
    cost: Mapping[str, FloatArray]
    benefit: Mapping[tuple[str, str], FloatArray]
    deadweight: FloatArray
    charge: FloatArray

    @property
    def total_cost(self) -> FloatArray:
        """All costs, shape (draws, years)."""
        return np.asarray(sum(self.cost.values(), start=np.zeros_like(self.deadweight)))

    @property
    def full_cost(self) -> FloatArray:
        """All costs and what is lost by taxing for them, shape (draws, years)."""
        return np.asarray(self.total_cost + self.charge)

    @property
    def total_benefit(self) -> FloatArray:
        """All benefits, deadweight in them, shape (draws, years)."""
        return np.asarray(sum(self.benefit.values(), start=self.deadweight))


def exposure_by_year(spans: Sequence[Span], years: int, retention: FloatArray | None) -> FloatArray:
    """Give how many years' worth of the effect each year holds, shape (draws or 1, years).

    Inside the window a year holds the time that was observed. After it a year holds what is retained:
    retention to the power of the years since the window, reckoned to the end of that year.
    """
    lengths = np.array([span.end - span.start for span in spans])
    inside = (lengths @ year_shares(spans, years))[None, :]
    if retention is None:
        return np.asarray(inside)
    since = np.arange(1, years + 1) - max(span.end for span in spans)
    time = np.clip(since, 0, 1)
    kept = retention[:, None] ** np.clip(since, 0, None)[None, :]
    return np.asarray(inside + kept * time[None, :])


def events_by_year(
    prevented: FloatArray, spans: Sequence[Span], years: int, retention: FloatArray | None
) -> FloatArray:
    """Give events prevented by year of the measure, shape (draws, years).

    Years after the window start from the last year that was observed and not from the mean of the window:
    where a measure set in slowly, or place after place, the mean is below where it stood at the end.

    Parameters
    ----------
    prevented : shape (draws, periods)
    retention : share of the effect kept from one year to the next, shape (draws,); None to count
        nothing after the observed window
    """
    observed = prevented @ year_shares(spans, years)
    if retention is None:
        return np.asarray(observed)
    after = exposure_by_year(spans, years, retention) - exposure_by_year(spans, years, None)
    return np.asarray(observed + _last_year(prevented, spans)[:, None] * after)


def _last_year(prevented: FloatArray, spans: Sequence[Span]) -> FloatArray:
    """Give events prevented in the last twelve months of the window, or a year's worth of a shorter one."""
    starts, ends = np.array([span.start for span in spans]), np.array([span.end for span in spans])
    inside = np.clip(ends - np.maximum(starts, ends.max() - 1), 0, None)
    return np.asarray(prevented @ (inside / (ends - starts)) / inside.sum())


def tally(
    events: Mapping[str, FloatArray],
    flows: Sequence[Drawn],
    worth: Mapping[str, Worth],
    factors: FloatArray,
    deadweight: FloatArray,
    *,
    public: Collection[str] = PUBLIC_BEARERS,
    moved: FloatArray | float = 0.0,
) -> Tally:
    """Add up costs and benefits.

    Parameters
    ----------
    events : by outcome, shape (draws, years)
    factors : of discounting, shape (years,)
    deadweight : loss for each unit of money taxed, shape (draws,)
    public : bearers whose money is taxed
    moved : public money that is only handed on, in present value: no cost, but it has to be taxed for
    """
    draws, years = next(iter(events.values())).shape
    cost: dict[str, FloatArray] = {}
    for drawn in flows:
        amounts = cost.setdefault(drawn.flow.bearer, np.zeros((draws, years)))
        for year in drawn.flow.years:
            if year <= years:
                amounts[:, year - 1] += drawn.draws * factors[year - 1]
    benefit: dict[tuple[str, str], FloatArray] = {}
    for name, value in worth.items():
        present = events[name] * value.multiplier[:, None] * factors
        for priced in value.lines:
            key = (name, priced.line.bearer)
            benefit[key] = benefit.get(key, 0) + present * priced.draws[:, None]
    saved = sum(
        (b for (_, bearer), b in benefit.items() if bearer in public),
        start=np.zeros((draws, years)),
    )
    taxed = sum(
        (c for bearer, c in cost.items() if bearer in public),
        start=np.zeros((draws, years)) + moved,
    )
    charge = deadweight[:, None] * taxed
    return Tally(
        events=events, cost=cost, benefit=benefit, deadweight=deadweight[:, None] * saved - charge, charge=charge
    )
