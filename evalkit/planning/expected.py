"""What is expected without the measure: counts by site and period, or the four counts of a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.draws import FloatArray

__all__ = ["ExpectedPanel", "ExpectedTable"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ExpectedPanel:
    """Counts that are expected of every site and period without the measure, and how they vary.

    Attributes
    ----------
    outcome : what is counted
    periods : the calendar, those after the start included
    counts : expected, shape (sites, periods)
    starts : place of each site's first treated period, shape (sites,); the number of periods where never
    dispersion : variance of a count over its mean, 1 or more
    site_shift : standard deviation of the lasting change of each site's log rate at the first start
    site_spread : standard deviation of the log of levels that differ from panel to panel; 0 where levels are known
    swing : standard deviation of what all sites share in a period, where no data show it
    exposure : shape (sites, periods), or None
    any_treated : are the treated sites drawn anew for every panel, as nobody knows which they will be?
    notes : what was assumed or found on the way, in sentences
    """

    outcome: Outcome
    periods: Periods
    counts: FloatArray
    starts: np.ndarray
    dispersion: float = 1.0
    site_shift: float = 0.0
    site_spread: float = 0.0
    swing: float = 0.0
    exposure: FloatArray | None = None
    any_treated: bool = False
    notes: tuple[str, ...] = ()

    @property
    def before(self) -> int:
        """How many periods lie before the first start."""
        return int(self.starts.min())

    @property
    def treatment(self) -> np.ndarray:
        """Does this site have the measure in this period? Boolean, shape (sites, periods)."""
        return np.asarray(np.arange(len(self.periods)) >= self.starts[:, None])

    @property
    def treated(self) -> int:
        """How many sites are treated."""
        return int((self.starts < len(self.periods)).sum())

    @property
    def by_period(self) -> FloatArray:
        """Events expected in treated sites without the measure, from the first start on, shape (periods after,)."""
        cells = self.treatment
        if self.any_treated:
            cells = np.broadcast_to(cells.mean(axis=0), cells.shape)
        return np.asarray((self.counts * cells).sum(axis=0)[self.before :])

    @property
    def labels_after(self) -> tuple[str, ...]:
        """Labels of the periods from the first start on."""
        return self.periods.labels[self.before :]

    def design(self, values: FloatArray, exposure: FloatArray | None) -> Design:
        """Lay the planned measure over simulated counts, each of shape (sites, periods)."""
        names = tuple(f"site {row + 1}" for row in range(len(self.starts)))
        panel = Panel(outcome=self.outcome, sites=names, periods=self.periods, values=values, exposure=exposure)
        labels = self.periods.labels
        began = {names[row]: labels[start] for row, start in enumerate(self.starts) if start < len(labels)}
        return Design(panel=panel, intervention=Intervention(name="planned", began=began))


@dataclass(frozen=True, kw_only=True)
class ExpectedTable:
    """The counts that a before/after table is expected to hold without the measure.

    Attributes
    ----------
    outcome : what is counted
    treated, comparison : expected before and after; no comparison leaves an association
    lengths : of the two periods
    sizes : how many times as large as the comparison area the treated one is, where that is known
    dispersion : variance of a count over its mean
    site_shift : standard deviation of the lasting change of the log rate that an area has of its own
    areas : how many sites each of the two areas is made of; their shifts average out
    years : length of the period after, where it is known
    notes : what was assumed or found on the way, in sentences
    """

    outcome: Outcome
    treated: tuple[float, float]
    comparison: tuple[float, float] | None
    lengths: tuple[float, float] = (1.0, 1.0)
    sizes: float = 1.0
    dispersion: float = 1.0
    site_shift: float = 0.0
    areas: tuple[int, int] = (1, 1)
    years: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def by_period(self) -> FloatArray:
        """Events expected in the treated area after the start, shape (1,)."""
        return np.array([self.treated[1]])

    @property
    def labels_after(self) -> tuple[str, ...]:
        """The one period after."""
        return ("after",)
