"""What the weights of a panel leave out of an estimate, told in the same words by all estimators."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check, Design, Panel
from evalkit.errors import first_of

__all__ = ["cells_without_weight", "weights_not_used"]


def cells_without_weight(
    design: Design, rows: np.ndarray, places: np.ndarray | None = None, *, no_say_in: str = "the estimate"
) -> Check | None:
    """Name the site-periods of weight zero among those in use, by kind of site, with the events they held.

    A treated one takes its events out of the totals, any other changes what these are held against.

    Parameters
    ----------
    rows, places : sites and periods of the panel in use, shapes (sites,) and (periods,); None for all periods
    no_say_in : what such a cell has no part in
    """
    panel = design.panel
    if panel is None or panel.weights is None:
        return None
    places = np.arange(len(panel.periods)) if places is None else places
    found = np.argwhere((panel.weights == 0)[np.ix_(rows, places)])
    if not len(found):
        return None
    cells = np.column_stack([rows[found[:, 0]], places[found[:, 1]]])
    kinds = _kinds(design, cells)
    parts = [f"{_named(panel, cells[chosen])} {kind}{_held(panel, cells[chosen])}" for kind, chosen in kinds.items()]
    many = len(cells) > 1
    detail = (
        f"{len(cells)} site-period{'s' if many else ''} {'have' if many else 'has'} weight zero, and so no say in "
        f"{no_say_in}: {'; '.join(parts)}."
    )
    if panel.outcome.counts_events and any(kind.endswith("after the start") for kind in kinds):
        detail += " Events recorded and events prevented leave those after the start out."
    return Check(name="cells without weight", passed=None, detail=detail)


def _kinds(design: Design, cells: np.ndarray) -> dict[str, np.ndarray]:
    """Say which of some cells, rows of (site, period), are of what kind; kinds without any are not there."""
    panel = design.require_panel("cells of weight zero", may_end=True)
    sites, places = cells.T
    treated, buffer = design.starts[sites] < len(panel.periods), np.isin(sites, panel.rows(design.buffer))
    on = design.treatment[sites, places]
    before = places < np.where(treated, design.starts[sites], design.starts.min())
    kinds = {
        "of treated sites after the start": treated & on,
        "of treated sites before the start": treated & before,
        "of treated sites after the measure ended": treated & ~on & ~before,
        "of buffer sites after the start": buffer & ~before,
        "of buffer sites before the start": buffer & before,
        "of comparison sites": ~treated & ~buffer,
    }
    return {kind: chosen for kind, chosen in kinds.items() if chosen.any()}


def _named(panel: Panel, cells: np.ndarray) -> str:
    names = [f"{panel.sites[site]} in {panel.periods.labels[place]}" for site, place in cells]
    return f"{len(names)} ({first_of(names)})"


def _held(panel: Panel, cells: np.ndarray) -> str:
    if not panel.outcome.counts_events:
        return ""
    held = panel.values[tuple(cells.T)].sum()
    # a cell that was never recorded is stored as zero: "held 0" would say that it was
    return (
        f", which held {held:,.10g} {panel.outcome.plural}" if held else f", with no {panel.outcome.plural} on record"
    )


def weights_not_used(panel: Panel, why: str, rows: np.ndarray | None = None) -> Check | None:
    """Say, in the sentence `why`, that the method has no use for weights that differ between cells of those sites."""
    if panel.weights is None:
        return None
    weights = panel.weights if rows is None else panel.weights[rows]
    if len(np.unique(weights[weights > 0])) < 2:
        return None
    return Check(name="weights not used", passed=None, detail=why)
