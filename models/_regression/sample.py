"""The cells that a difference-in-differences is fitted to: which sites and periods, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.domain import Check, Design, Panel
from evalkit.draws import FloatArray
from evalkit.errors import DesignError, EstimationError, first_of
from evalkit.models._asked import covariate_names
from evalkit.models._regression.absorb import require_connected

__all__ = ["Sample", "require_panel", "select"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Arrays of the sites and periods in use, all (sites, periods) unless said.

    Attributes
    ----------
    design, panel : what they come from
    rows, places : rows and columns of the panel in use, shapes (sites,) and (periods,)
    starts : place in the panel's calendar of each site's start, the number of periods where never, (sites,)
    treated : is the cell treated?
    buffer : is the cell in a buffer site after the start?
    exposure : ones where the panel has none
    covariates : shape (sites, periods, c), named by `covariate_names`
    dropped : what was left out and why, or None
    """

    design: Design
    panel: Panel
    rows: np.ndarray
    places: np.ndarray
    starts: np.ndarray
    values: FloatArray
    exposure: FloatArray
    weights: FloatArray
    treated: np.ndarray
    buffer: np.ndarray
    covariates: FloatArray
    covariate_names: tuple[str, ...]
    dropped: Check | None

    @property
    def ever_treated(self) -> np.ndarray:
        """Is the site treated at some time? Shape (sites,)."""
        return np.asarray(self.starts < len(self.panel.periods))

    @property
    def is_buffer(self) -> np.ndarray:
        """Is the site a buffer? Shape (sites,)."""
        return np.isin(self.rows, self.panel.rows(self.design.buffer))

    @property
    def treated_count(self) -> int:
        """How many sites are treated at some time."""
        return int(self.ever_treated.sum())

    @property
    def comparison_count(self) -> int:
        """How many sites are compared with: neither treated nor buffer."""
        return int((~self.ever_treated & ~self.is_buffer).sum())

    @property
    def columns(self) -> tuple[FloatArray, tuple[str, ...]]:
        """Regressors, shape (sites, periods, k), and their names; the treatment first, then a buffer."""
        others, names = self.other_columns
        return np.concatenate([self.treated[:, :, None], others], axis=2), ("the treatment", *names)

    @property
    def other_columns(self) -> tuple[FloatArray, tuple[str, ...]]:
        """The same without the treatment."""
        if not self.is_buffer.any():
            return self.covariates, self.covariate_names
        stacked = np.concatenate([self.buffer[:, :, None], self.covariates], axis=2)
        return stacked, ("the buffer after the start", *self.covariate_names)


def require_panel(design: Design, estimator: str, *, may_end: bool = False) -> Panel:
    """Give the panel, or name the estimator that takes what there is; see `Design.require_panel` for `may_end`."""
    if design.panel is None:
        msg = (
            f"{estimator!r} compares sites over periods and needs a panel; this design rests on a before/after "
            "table, which the estimator 'table' takes"
        )
        raise DesignError(msg)
    return design.require_panel(f"{estimator!r}", may_end=may_end)


def select(design: Design, estimator: str, covariates: Sequence[str] | None, *, need_events: bool) -> Sample:
    """Choose the cells: treated, comparison and buffer sites; without weight or events they are left out.

    A measure that ended is refused: from a site's start on, its cells would all count as treated.
    """
    panel = require_panel(design, estimator)
    _require_comparison(design)
    names = covariate_names(panel, covariates)
    rows = np.sort(panel.rows((*design.treated_sites, *design.comparison_sites, *design.buffer)))
    weights = np.ones(panel.values.shape) if panel.weights is None else panel.weights
    counted = (weights > 0).astype(float) * (panel.values if need_events else 1.0)
    kept = rows[counted[rows].sum(axis=1) > 0]
    places = np.flatnonzero(counted[rows].sum(axis=0) > 0)
    # all of them most of the time: then without copies, for arrays are large
    whole = len(kept) == len(panel.sites) and len(places) == len(panel.periods)
    cells: Any = (slice(None), slice(None)) if whole else np.ix_(kept, places)
    exposure = np.broadcast_to(1.0, panel.values.shape) if panel.exposure is None else panel.exposure
    first = int(design.starts.min())
    in_buffer = np.isin(kept, panel.rows(design.buffer))
    sample = Sample(
        design=design,
        panel=panel,
        rows=kept,
        places=places,
        starts=design.starts[kept],
        values=panel.values[cells],
        exposure=exposure[cells],
        weights=np.array(weights[cells]),
        treated=design.treatment[cells],
        buffer=in_buffer[:, None] & (places >= first)[None, :],
        covariates=np.stack([panel.covariates[name][cells] for name in names], axis=2)
        if names
        else np.empty((len(kept), len(places), 0)),
        covariate_names=names,
        dropped=_dropped(panel, rows, kept, places, "event" if need_events else "weight"),
    )
    _require_cells(sample, "events" if need_events else "weight above zero")
    return sample


def _require_comparison(design: Design) -> None:
    if design.buffer and design.is_staggered:
        msg = (
            "a buffer goes with one start, and the treated sites start at "
            f"{first_of(design.cohorts)}: evaluate each start by itself, or leave the buffer out"
        )
        raise EstimationError(msg)
    if not design.comparison_sites and not design.is_staggered:
        msg = (
            "there is nothing to compare with: every site is treated from the same period; wanted is a site "
            "that was never treated, or sites that start at different times"
        )
        raise DesignError(msg)


def _dropped(panel: Panel, rows: np.ndarray, kept: np.ndarray, places: np.ndarray, lacks: str) -> Check | None:
    lost = [panel.sites[row] for row in np.setdiff1d(rows, kept)]
    gone = [panel.periods.labels[place] for place in np.setdiff1d(np.arange(len(panel.periods)), places)]
    if not lost and not gone:
        return None
    parts = [
        f"{len(names)} {what}{'s' if len(names) > 1 else ''} ({first_of(names)})"
        for names, what in ((lost, "site"), (gone, "period"))
        if names
    ]
    cells = np.ix_(rows, np.arange(len(panel.periods)))
    total, left = float(panel.values[cells].sum()), float(panel.values[np.ix_(kept, places)].sum())
    events = f" They held {total - left:g} of {total:g} {panel.outcome.plural}." if panel.outcome.counts_events else ""
    return Check(
        name="left out",
        passed=None,
        detail=f"Without any {lacks}, and so without a say in the comparison: {' and '.join(parts)}.{events}",
    )


def _require_cells(sample: Sample, what: str) -> None:
    untreated = sample.design.comparison_sites
    if not sample.treated.any() or not (~sample.treated).any():
        msg = f"no treated site has any {what}, so there is nothing to compare"
        raise EstimationError(msg)
    if untreated and sample.comparison_count == 0:
        msg = f"no comparison site has any {what}, so there is nothing to compare with"
        raise EstimationError(msg)
    names = tuple(sample.panel.sites[row] for row in sample.rows)
    require_connected(sample.weights, names, tuple(sample.panel.periods.labels[p] for p in sample.places))
