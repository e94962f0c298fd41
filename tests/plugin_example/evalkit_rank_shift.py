"""By what proportion did rates shift? Ranks of the sites' own changes, exact under random assignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evalkit.domain import Card, Check, Design, Effect, Panel
from evalkit.draws import DEFAULT_DRAWS, FloatArray, spread
from evalkit.errors import DesignError, EstimationError

__all__ = ["RankShift"]


@dataclass(frozen=True, kw_only=True)
class RankShift:
    """Hodges-Lehmann shift between the log rate changes of treated and comparison sites.

    Each site gives one number, the log of its rate after over its rate before. The draws are the
    confidence distribution that inverting the Mann-Whitney test gives: their median is the estimate, and
    their central 95 % the exact interval.

    Attributes
    ----------
    largest_tail : probability at either end that may have no limit; with few sites the test cannot
        exclude anything so surely, and then there is no answer

    References
    ----------
    Hodges and Lehmann 1963, doi:10.1214/aoms/1177704172.
    """

    largest_tail: float = 0.025

    card: ClassVar[Card] = Card(
        title="Shift of log rates by ranks (Hodges and Lehmann)",
        shapes=("panel",),
        needs="Counts for treated and comparison sites with one start; an event in each site before and after",
        assumes="Without the measure, each treated site's rate would have changed as if its change had been drawn "
        "with those of the comparison sites",
        source="Hodges and Lehmann 1963, doi:10.1214/aoms/1177704172",
    )

    def __post_init__(self) -> None:
        if not 0 < self.largest_tail < 0.5:
            raise EstimationError(f"largest_tail lies between 0 and 0.5; there is {self.largest_tail}")

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the shift, and the events it prevented."""
        panel = design.require_panel("'rank-shift'")
        if design.is_staggered or not panel.outcome.counts_events:
            raise DesignError("'rank-shift' takes counts of events, and sites that started in the same period")
        start = design.periods_before
        treated = _changes(panel, design.treated_sites, start)
        comparison = _changes(panel, design.comparison_sites, start)
        shifts = _Shifts.between(treated, comparison)
        if shifts.tail > self.largest_tail:
            raise EstimationError(
                f"{len(treated)} treated and {len(comparison)} comparison sites can be told apart with probability "
                f"{shifts.tail:.3f} at best; wanted are more sites, or a largest_tail of that"
            )
        change = spread(shifts, draws, rng)
        recorded = panel.values[panel.rows(design.treated_sites), start:].sum(axis=0)
        return Effect(
            outcome=design.outcome,
            estimator="rank-shift",
            scale="log_rate_ratio",
            change=change,
            prevented=np.outer(np.expm1(-change), recorded),
            periods=panel.periods.labels[start:],
            recorded=recorded,
            basis="randomisation",
            test_p_value=shifts.p_value,
            reference_set="all ways to choose the treated sites among these sites",
            estimand="Median over pairs of a treated and a comparison site of the difference of their log rate changes",
            assumption=self.card.assumes + ".",
            checks=(_reach(shifts),),
        )


@dataclass(frozen=True, kw_only=True)
class _Shifts:
    """A confidence distribution: the differences in order, and the distribution of how many lie below the truth.

    Attributes
    ----------
    differences : of all pairs, in order, shape (pairs,)
    below : probability that at most k pairs lie below the true shift, shape (pairs + 1,)
    """

    differences: FloatArray
    below: FloatArray

    @classmethod
    def between(cls, treated: FloatArray, comparison: FloatArray) -> _Shifts:
        pairs = np.sort((treated[:, None] - comparison[None, :]).ravel())
        return cls(differences=pairs, below=np.cumsum(_mann_whitney(len(treated), len(comparison))))

    @property
    def tail(self) -> float:
        return float(self.below[0])

    @property
    def p_value(self) -> float:
        low = int((self.differences < 0).sum())
        high = int((self.differences <= 0).sum())
        at_least = 1 - (self.below[low - 1] if low else 0.0)
        return float(min(1.0, 2 * min(self.below[high], at_least)))

    def ppf(self, q: FloatArray) -> FloatArray:
        """Give quantiles; below the middle the lower end of a step and above it the upper, so that limits hold."""
        place = np.searchsorted(self.below, np.asarray(q) - 1e-12)
        outward = np.where(np.asarray(q) < 0.5, place - 1, place)
        return np.asarray(self.differences[np.clip(outward, 0, len(self.differences) - 1)])


def _changes(panel: Panel, sites: tuple[str, ...], start: int) -> FloatArray:
    """Log of each site's rate after over its rate before, shape (sites,)."""
    rows = panel.rows(sites)
    exposure = np.ones_like(panel.values) if panel.exposure is None else panel.exposure
    parts = [
        (panel.values[rows, part].sum(axis=1), exposure[rows, part].sum(axis=1))
        for part in (slice(None, start), slice(start, None))
    ]
    for events, _ in parts:
        if not events.all():
            empty = sites[int(np.argmin(events))]
            raise EstimationError(
                f"site {empty!r} has no event before or after the start, and so no ratio: leave it out"
            )
    (before, time_before), (after, time_after) = parts
    return np.asarray(np.log(after / time_after) - np.log(before / time_before))


def _mann_whitney(m: int, n: int) -> FloatArray:
    """Probabilities of 0 to mn pairs, by the Gaussian binomial; whole numbers, so that nothing is rounded."""
    counts = [1] + [0] * (m * n)
    for i in range(1, m + 1):
        for k in range(m * n, n + i - 1, -1):
            counts[k] -= counts[k - n - i]
        for k in range(i, m * n + 1):
            counts[k] += counts[k - i]
    total = sum(counts)
    return np.array([count / total for count in counts])


def _reach(shifts: _Shifts) -> Check:
    return Check(
        name="reach of the test",
        passed=None,
        detail=f"Draws beyond the central {1 - 2 * shifts.tail:.1%} have no limit in the test and stand at the most "
        "extreme pair of sites.",
    )
