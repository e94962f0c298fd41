"""Which treated cells have an untreated counterpart to be imputed from, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.domain import Check, Design
from evalkit.errors import EstimationError, first_of
from evalkit.models._missing import cells_without_weight
from evalkit.models._regression.sample import Sample, select

__all__ = ["Imputable", "choose_cells", "cut"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Imputable:
    """The sample, and its treated cells that can be imputed.

    Attributes
    ----------
    sample : sites and periods that an untreated cell belongs to
    treated : treated cells that have a weight, shape (sites, periods)
    left_out : what was left out and why, or None
    unweighted : which cells have no weight, or None
    """

    sample: Sample
    treated: np.ndarray
    left_out: Check | None
    unweighted: Check | None

    @property
    def untreated(self) -> np.ndarray:
        """Untreated cells that have a weight, shape (sites, periods)."""
        return np.asarray(~self.sample.treated & (self.sample.weights > 0))


def choose_cells(design: Design, estimator: str, covariates: Sequence[str] | None, *, need_events: bool) -> Imputable:
    """Choose treated cells whose site and period both have untreated cells that hang together.

    A treated site is compared with itself before, a period with the sites that are untreated in it. Where an
    untreated cell of one of them is missing, or the untreated cells fall into groups that share neither site
    nor period, the cell has no counterpart. The group that serves most treated cells is kept.
    """
    plain = replace(design, buffer=(), comparison=design.comparison_sites)
    sample = select(plain, estimator, covariates, need_events=need_events)
    untreated = ~sample.treated & (sample.weights > 0)
    seen = untreated * (sample.values if need_events else 1.0)
    site_group, period_group = _groups(untreated, seen.sum(axis=1) > 0, seen.sum(axis=0) > 0)
    wanted = sample.treated & (sample.weights > 0)
    best = _most_served(wanted, site_group, period_group)
    rows, places = np.isin(site_group, (best, _ANY)), np.isin(period_group, (best, _ANY))
    kept = wanted & rows[:, None] & places[None, :]
    if not kept.any():
        msg = (
            "no treated cell can be imputed: a treated site needs a period before its start, and a period needs a "
            "site that is not yet treated in it; wanted are sites that were never treated, or later starts"
        )
        raise EstimationError(msg)
    return Imputable(
        sample=cut(sample, rows, places),
        treated=kept[np.ix_(rows, places)],
        left_out=_left_out(design, sample, rows, places, wanted & ~kept),
        unweighted=cells_without_weight(design, sample.rows, sample.places),
    )


# Groups of sites and periods: without any untreated cell, and without an untreated event, which goes with any.
_NONE, _ANY = -1, -2


def _groups(untreated: np.ndarray, rows: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Label sites and periods by the group of untreated cells they hang together in."""
    linked = untreated & rows[:, None] & places[None, :]
    together = linked[rows].all(axis=0).any()  # by a period that all are seen in
    label = np.zeros(sum(untreated.shape), dtype=np.intp) if together else _components(linked)
    sites = len(untreated)
    site_group = np.where(rows, label[:sites], np.where(untreated.any(axis=1), _ANY, _NONE))
    period_group = np.where(places, label[sites:], np.where(untreated.any(axis=0), _ANY, _NONE))
    return site_group, period_group


def _components(linked: np.ndarray) -> np.ndarray:
    """Label sites and then periods by what hangs together, shape (sites + periods,)."""
    # seldom needed, and as long to import as the rest
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    at_row, at_place = np.nonzero(linked)
    graph = coo_array((np.ones(len(at_row)), (at_row, at_place + len(linked))), shape=(sum(linked.shape),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1])


def _most_served(wanted: np.ndarray, site_group: np.ndarray, period_group: np.ndarray) -> int:
    served = {
        int(group): int(wanted[np.ix_(site_group == group, period_group == group)].sum())
        for group in np.unique(site_group[site_group >= 0])
    }
    return max(served, key=lambda group: served[group]) if served else _NONE


def cut(sample: Sample, rows: np.ndarray, places: np.ndarray) -> Sample:
    """Give the sample with those of its sites and periods only; itself where these are all, for arrays are large."""
    if rows.all() and places.all():
        return sample
    cells = np.ix_(rows, places)
    arrays = {name: getattr(sample, name)[cells] for name in ("values", "exposure", "weights", "treated", "buffer")}
    return replace(
        sample,
        rows=sample.rows[rows],
        places=sample.places[places],
        starts=sample.starts[rows],
        covariates=sample.covariates[cells],
        **arrays,
    )


def _left_out(design: Design, sample: Sample, rows: np.ndarray, places: np.ndarray, lost: np.ndarray) -> Check | None:
    """Name what was left out, why, and the events of treated cells that went with it."""
    panel = sample.panel
    parts = [sample.dropped.detail] if sample.dropped else []
    if design.buffer:
        parts.append(
            f"Buffer sites have no change of their own here and are neither treated nor compared with: "
            f"{first_of(design.buffer)}."
        )
    sites = [panel.sites[row] for row in sample.rows[~rows]]
    periods = [panel.periods.labels[place] for place in sample.places[~places]]
    for names, what, why in (
        (sites, "site", "no untreated period to compare with itself"),
        (periods, "period", "no site that is still untreated to compare with"),
    ):
        if names:
            parts.append(f"{len(names)} {what}{'s' if len(names) > 1 else ''} with {why}: {first_of(names)}.")
    if lost.any():
        parts.append(_cells_lost(sample, lost))
    return Check(name="left out", passed=None, detail=" ".join(parts)) if parts else None


def _cells_lost(sample: Sample, lost: np.ndarray) -> str:
    """Treated cells that cannot be imputed, and what they held."""
    outcome, number = sample.panel.outcome, int(lost.sum())
    held = f" and the {sample.values[lost].sum():,.10g} {outcome.plural} in them" if outcome.counts_events else ""
    return (
        f"{number} treated site-period{'s' if number > 1 else ''} could not be imputed; "
        f"{'they' if number > 1 else 'it'}{held} are in neither the change nor the total."
    )
