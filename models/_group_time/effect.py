"""From group-time effects to an effect: totals, paths, cohorts, and what must be known of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.domain import Cells as SiteCells
from evalkit.domain import Check, Cohorts, Paths
from evalkit.draws import FloatArray
from evalkit.models._group_time.cells import Cells
from evalkit.models._group_time.errors import Precision
from evalkit.models._group_time.sample import GroupTimeSample
from evalkit.models._inference.student import FEW_DEGREES, FEW_DEGREES_SAY
from evalkit.models._regression.scale import events_prevented

__all__ = ["Totals", "sites_check"]

# Below this the error rests on the comparison sites more than on the treated ones.
_MOSTLY_SEEN = 0.5


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What was recorded in the treated sites, cell by cell, and what changes of the cells make of it.

    Attributes
    ----------
    sample, cells : all cells, before and after the start
    is_log : are changes proportions (of the recorded) or amounts (per unit of exposure)?
    """

    sample: GroupTimeSample
    cells: Cells
    is_log: bool

    @cached_property
    def after(self) -> np.ndarray:
        """Places of the treated cells."""
        return np.flatnonzero(self.cells.is_after)

    @cached_property
    def periods(self) -> np.ndarray:
        """Places of the calendar periods from the first treated cell to the last, shape (periods,)."""
        treated = self.cells.period[self.after]
        return np.arange(treated.min(), treated.max() + 1)

    @cached_property
    def cohorts(self) -> np.ndarray:
        """The cohorts that have a treated cell."""
        return np.unique(self.cells.cohort[self.after])

    def _per_cohort(self, values: FloatArray) -> FloatArray:
        """Sum cells with a weight over the sites of each cohort, shape (cohorts, periods of the calendar)."""
        sample = self.sample
        cohorts = [sample.cohort == cohort for cohort in range(len(sample.starts))]
        by_site = values if len(values) > 1 else np.broadcast_to(values, sample.seen.shape)
        return np.stack([(by_site[own] * sample.seen[own]).sum(axis=0) for own in cohorts])

    @cached_property
    def recorded(self) -> FloatArray:
        """Events, or sums of values, shape (cohorts, periods of the calendar)."""
        return self._per_cohort(self.sample.panel.values[self.sample.rows])

    @cached_property
    def amounts(self) -> FloatArray:
        """What a change multiplies: events recorded for logs, exposure for levels, as `recorded`."""
        exposure = self.sample.panel.exposure
        if self.is_log:
            return self.recorded
        return self._per_cohort(np.ones((1, 1)) if exposure is None else exposure[self.sample.rows])

    def _laid(self, amounts: FloatArray, by: np.ndarray, columns: np.ndarray) -> FloatArray:
        """Put the amounts of the treated cells into columns, shape (treated cells, columns)."""
        cells = self.cells
        each = amounts[cells.cohort[self.after], cells.period[self.after]]
        return np.asarray(each[:, None] * (by[self.after][:, None] == columns[None, :]))

    def by_period(self, change: FloatArray, noise: FloatArray) -> FloatArray:
        """Events prevented in each period, from draws of the treated cells and their noise, shape (draws, periods)."""
        laid = self._laid(self.amounts, self.cells.period, self.periods)
        return events_prevented(change, laid, is_log=self.is_log, noise=noise)

    def by_cohort(self, change: FloatArray, noise: FloatArray) -> FloatArray:
        """Events prevented in each cohort, shape (draws, cohorts)."""
        laid = self._laid(self.amounts, self.cells.cohort, self.cohorts)
        return events_prevented(change, laid, is_log=self.is_log, noise=noise)

    @cached_property
    def recorded_by_period(self) -> FloatArray:
        """Events recorded in the treated cells that have an effect, shape (periods,)."""
        return np.asarray(self._laid(self.recorded, self.cells.period, self.periods).sum(axis=0))

    def cohort_effects(self, change: FloatArray, cells: FloatArray, noise: FloatArray) -> Cohorts:
        """Give the effect by cohort, from draws of each cohort's average and of the treated cells."""
        labels = tuple(self.sample.label(int(self.sample.starts[cohort])) for cohort in self.cohorts)
        counts = self.sample.panel.outcome.counts_events
        return Cohorts(
            labels=labels,
            change=change,
            prevented=self.by_cohort(cells, noise) if counts else None,
            recorded=self._laid(self.recorded, self.cells.cohort, self.cohorts).sum(axis=0) if counts else None,
        )

    def _unaffected(self) -> FloatArray:
        """Effects against the last period before the start, zero where there is none, (cohorts, periods)."""
        cells = self.cells
        effects = np.zeros((len(self.sample.starts), self.sample.outcome.shape[1]))
        steps = np.zeros_like(effects)
        fixed = ~cells.is_after & (cells.base > cells.period) | (cells.base < cells.period - 1) | cells.is_after
        effects[cells.cohort[fixed], cells.period[fixed]] = cells.effect[fixed]
        steps[cells.cohort[~fixed], cells.period[~fixed]] = cells.effect[~fixed]
        # one-period steps add up, backwards from the base
        back = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
        effects[:, :-1] -= back[:, 1:]
        return effects

    def paths(self) -> Paths:
        """Give what was recorded in the treated sites and what the comparison makes of it without the measure.

        Sums of events, or means of what is not events; periods after the last that has an effect are left out.
        """
        last = int(self.periods[-1]) + 1
        theta = self._unaffected()
        recorded, amounts = self.recorded, self.amounts
        fitted = recorded * np.exp(-theta) if self.is_log else recorded - theta * amounts
        if not self.sample.panel.outcome.counts_events:
            seen = self._per_cohort(np.ones((1, 1))).sum(axis=0)
            recorded, fitted = (each / np.maximum(seen, 1) for each in (recorded, fitted))
        return Paths(
            periods=self.sample.panel.periods.labels[:last],
            recorded=np.asarray(recorded.sum(axis=0)[:last]),
            fitted=np.asarray(fitted.sum(axis=0)[:last]),
        )

    def site_cells(self, change: FloatArray) -> SiteCells:
        """Give what was recorded and expected in every treated site and period, at one change for each treated cell."""
        sample, treated_rows = self.sample, self.sample.rows[self.sample.treated]
        panel, cohort = sample.panel, sample.cohort[sample.treated]
        theta = np.full((len(sample.starts), sample.outcome.shape[1]), np.nan)
        theta[self.cells.cohort[self.after], self.cells.period[self.after]] = change
        own = theta[cohort]
        treated = ~np.isnan(own) & sample.seen[sample.treated]
        recorded = panel.values[treated_rows]
        exposure = np.ones_like(recorded) if panel.exposure is None else panel.exposure[treated_rows]
        own = np.where(treated, own, 0.0)
        more = recorded * np.expm1(-own) if self.is_log else -own * exposure
        return SiteCells(
            sites=tuple(panel.sites[row] for row in treated_rows),
            periods=panel.periods.labels,
            treated=treated,
            recorded=recorded,
            expected=recorded + more,
        )


def sites_check(sample: GroupTimeSample, place: int, precision: Precision, how: str) -> Check:
    """Say how many sites the error rests on, and how many it is worth.

    Parameters
    ----------
    place : of the headline in `precision`
    how : the error in words
    """
    free, seen = float(precision.degrees_of_freedom[place]), float(precision.seen[place])
    treated = int(sample.treated.sum())
    lone = int((sample.cohort_sizes == 1).sum())
    read = f"a t distribution with {free:.1f} degrees of freedom" if np.isfinite(free) else "a normal distribution"
    detail = (
        f"The error is robust to what goes on within a site ({how}; {treated} treated sites in {len(sample.starts)} "
        f"cohort{'s' if len(sample.starts) > 1 else ''}, {int((~sample.treated).sum())} never treated) and read from "
        f"{read}."
    )
    if lone and np.isfinite(free):
        detail += (
            f" {lone} cohort{'s have' if lone > 1 else ' has'} one site, whose own noise cannot be seen; it was taken "
            "to be like that of the other sites."
        )
    if free < FEW_DEGREES:
        detail += FEW_DEGREES_SAY
    failed = free < FEW_DEGREES or seen < _MOSTLY_SEEN
    return Check(name="number of sites", passed=False if failed else None, detail=detail)
