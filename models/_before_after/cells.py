"""Counts before and after in each kind of area, laid out for arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.domain import Design, Outcome, Panel, Table
from evalkit.domain.table import Counts
from evalkit.draws import FloatArray
from evalkit.errors import DesignError, EstimationError, first_of

__all__ = [
    "Cells",
    "SiteCounts",
    "cells_of_design",
    "cells_of_table",
    "series_before",
    "site_counts",
    "table_of",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteCounts:
    """Counts of the sites of one kind, and what each is divided by: (before, after), both of shape (sites, 2)."""

    counts: FloatArray
    weights: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """What was counted, what each count is divided by, and which cells a change is made of.

    Every change here is one sum over cells: `signs` times counts over weights (a difference), or
    `signs` times their logarithms (a ratio). A comparison area that serves twice has its cells once
    and its signs in both rows, so that variances of sums come out right without special cases.

    Attributes
    ----------
    names : the areas that enter, shape (areas,), the treated one first
    counts : (before, after), shape (areas, 2)
    weights : length times size of each cell, or its summed exposure, same shape, above zero
    signs : -1, 0 or 1, shape (changes, areas, 2); the treated area's change, then the buffer's
    targets : row in `counts` of the area that each change is about, shape (changes,)
    """

    names: tuple[str, ...]
    counts: FloatArray
    weights: FloatArray
    signs: FloatArray
    targets: tuple[int, ...]

    @property
    def has_comparison(self) -> bool:
        """Whether the treated area has something to be compared with."""
        return "comparison" in self.names

    @property
    def has_buffer(self) -> bool:
        """Whether there is a buffer."""
        return "buffer" in self.names

    @property
    def is_weighted(self) -> bool:
        """Whether the cells differ in length or size."""
        return bool((self.weights != self.weights[0, 0]).any())

    @property
    def zeros(self) -> tuple[str, ...]:
        """Cells in which nothing was counted, in words."""
        return self.where(self.counts == 0)

    @property
    def target_weights(self) -> FloatArray:
        """Weight of each target's after cell, shape (changes,): turns a rate into crimes there."""
        return self.weights[list(self.targets), 1]

    def where(self, chosen: np.ndarray) -> tuple[str, ...]:
        """Name the chosen cells, shape (areas, 2), with the count."""
        when = ("before", "after")
        return tuple(
            f"{self.names[area].replace('_', ' ')} {when[time]} ({self.counts[area, time]:,.0f})"
            for area, time in np.argwhere(chosen)
        )

    def of(self, name: str) -> Counts:
        """Give (before, after) of an area."""
        before, after = self.counts[self.names.index(name)]
        return float(before), float(after)

    def without_buffer(self) -> Cells:
        """Give the cells of the treated area's own change."""
        keep = [at for at, name in enumerate(self.names) if name in {"treated", "comparison"}]
        return Cells(
            names=tuple(self.names[at] for at in keep),
            counts=self.counts[keep],
            weights=self.weights[keep],
            signs=self.signs[:1, keep],
            targets=(0,),
        )


def table_of(
    treated: Counts,
    comparison: Counts | None = None,
    buffer: Counts | None = None,
    buffer_comparison: Counts | Literal["shared"] | None = None,
    *,
    lengths: tuple[float, float] = (1.0, 1.0),
    areas: Mapping[str, float] | None = None,
) -> Table:
    """Check plain numbers by the rules of a `Table`, and give the table."""
    return Table(
        outcome=Outcome(name="crimes"),
        treated=treated,
        comparison=comparison,
        buffer=buffer,
        buffer_comparison=buffer_comparison,
        lengths=lengths,
        areas=tuple((areas or {}).items()),
    )


def cells_of_table(table: Table) -> Cells:
    """Lay out a table; weights are length times size."""
    counts = {
        name: getattr(table, name)
        for name in ("treated", "comparison", "buffer", "buffer_comparison")
        if isinstance(getattr(table, name), tuple)
    }
    sizes = np.array([table.size(name) for name in counts])
    weights = sizes[:, None] * np.array(table.lengths)[None, :]
    against = "comparison" if table.buffer_comparison == "shared" else "buffer_comparison"
    return _laid_out(counts, weights, against)


def cells_of_design(design: Design) -> Cells:
    """Lay out what a design rests on; a panel is summed over sites, before and after its one start.

    Weights are summed exposure where the panel has it, and otherwise sites times periods: a site is
    then an area of size 1.

    Raises
    ------
    DesignError
        Where sites started at different times, or there are buffers without a comparison.
    """
    if design.table is not None:
        return cells_of_table(design.table)
    sites = site_counts(design)
    sums = {name: kind.counts.sum(axis=0) for name, kind in sites.items()}
    counts = {name: (float(before), float(after)) for name, (before, after) in sums.items()}
    weights = [kind.weights.sum(axis=0) for kind in sites.values()]
    return _laid_out(counts, np.array(weights, float), "comparison")


def site_counts(design: Design) -> dict[str, SiteCounts]:
    """Give counts and weights of every site before and after the one start, by kind of area."""
    panel = design.require_panel("a table made from sites and periods")
    arms, start = _arms(design), design.periods_before
    _require_cells(panel, arms)
    halves = [
        np.stack([values[:, :start].sum(axis=1), values[:, start:].sum(axis=1)], axis=1)
        for values in (panel.values, _exposure(panel))
    ]
    return {name: SiteCounts(counts=halves[0][rows], weights=halves[1][rows]) for name, rows in arms.items()}


def series_before(design: Design) -> tuple[FloatArray, FloatArray]:
    """Give counts and weights of each kind of area in every period before the start.

    Both have shape (areas, periods before).
    """
    panel = design.require_panel("how counts vary from period to period")
    arms, start = _arms(design), design.periods_before
    exposure = _exposure(panel)
    return (
        np.array([panel.values[rows, :start].sum(axis=0) for rows in arms.values()]),
        np.array([exposure[rows, :start].sum(axis=0) for rows in arms.values()]),
    )


def _arms(design: Design) -> dict[str, np.ndarray]:
    """Rows of the panel by kind of area."""
    panel = design.require_panel("a table made from sites and periods")
    if design.is_staggered:
        raise DesignError(
            f"sites started at different times ({first_of(design.cohorts)}), so there is no one "
            "before and after to put in a table; use an estimator for staggered starts "
            "(such as 'callaway-santanna'), or evaluate the sites of each start by themselves"
        )
    if design.buffer and not design.comparison_sites:
        raise DesignError(
            f"there are buffer sites ({first_of(design.buffer)}) but no comparison site to hold "
            "them against; name comparison sites, or leave the buffer out"
        )
    named: dict[str, Sequence[str]] = {
        "treated": design.treated_sites,
        "comparison": design.comparison_sites,
        "buffer": design.buffer,
    }
    return {name: panel.rows(sites) for name, sites in named.items() if sites}


def _require_cells(panel: Panel, arms: dict[str, np.ndarray]) -> None:
    """Refuse sums over cells that are missing (of weight zero), or that hold no event at all."""
    rows = np.sort(np.concatenate(list(arms.values())))
    if panel.weights is not None and (missing := np.argwhere(panel.weights[rows] == 0)).size:
        where = [f"{panel.sites[rows[site]]} in {panel.periods.labels[period]}" for site, period in missing]
        raise EstimationError(
            f"a table adds up every site-period, and {len(where)} of them have weight zero ({first_of(where)}): leave "
            "these sites or periods out, or use 'did-poisson', which takes weights"
        )
    if not panel.values[rows].any():
        raise EstimationError(
            f"no site has any of the {panel.outcome.plural} in any period, so nothing can have changed"
        )


def _exposure(panel: Panel) -> FloatArray:
    return np.ones_like(panel.values) if panel.exposure is None else panel.exposure


def _laid_out(counts: Mapping[str, Counts], weights: FloatArray, buffer_against: str) -> Cells:
    names = tuple(counts)
    compared = {"treated": "comparison", "buffer": buffer_against}
    targets = [name for name in compared if name in names]
    signs = np.zeros((len(targets), len(names), 2))
    for row, target in enumerate(targets):
        signs[row, names.index(target)] = (-1, 1)
        if compared[target] in names:
            signs[row, names.index(compared[target])] = (1, -1)
    return Cells(
        names=names,
        counts=np.array([counts[name] for name in names], float),
        weights=np.asarray(weights, float),
        signs=signs,
        targets=tuple(names.index(target) for target in targets),
    )
