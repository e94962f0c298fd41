"""The sites that are weighted, and what they are balanced on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Design, Panel
from evalkit.draws import FloatArray
from evalkit.models._asked import (
    covariate_names,
    left_out_sites,
    require_counts,
    require_no_weights,
    require_one_start,
    require_two_of_each,
)

__all__ = ["Balance", "Units", "balance_columns", "select_units"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """Treated and comparison sites of one start, without sites that lack a cell.

    Attributes
    ----------
    panel : what they come from
    rows : of the panel, shape (sites,)
    treated : which of them are treated, shape (sites,)
    start : place of the first treated period
    values, exposure : shape (sites, periods); exposure is None where the panel has none
    dropped : what was left out and why, or None
    """

    panel: Panel
    rows: np.ndarray
    treated: np.ndarray
    start: int
    values: FloatArray
    exposure: FloatArray | None
    dropped: Check | None


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What treated sites and their weighted comparison are made to agree on.

    Attributes
    ----------
    names : of the columns, in words
    columns : shape (sites, columns)
    """

    names: tuple[str, ...]
    columns: FloatArray


def select_units(design: Design, estimator: str) -> Units:
    """Choose treated and comparison sites with every cell; a buffer is neither."""
    panel = _require(design, estimator)
    rows = np.sort(panel.rows((*design.treated_sites, *design.comparison_sites)))
    whole = np.ones(len(rows), bool) if panel.weights is None else (panel.weights[rows] > 0).all(axis=1)
    kept = rows[whole]
    treated = design.starts[kept] < len(panel.periods)
    require_two_of_each(treated, estimator, "every period")
    return Units(
        panel=panel,
        rows=kept,
        treated=treated,
        start=design.periods_before,
        values=panel.values[kept],
        exposure=None if panel.exposure is None else panel.exposure[kept],
        dropped=left_out_sites(design, panel, rows[~whole], "with a missing period"),
    )


def _require(design: Design, estimator: str) -> Panel:
    panel = design.require_panel(f"{estimator!r}")
    require_counts(panel, estimator, ": use 'did-ols'")
    require_one_start(design, estimator)
    require_no_weights(
        panel,
        estimator,
        "makes its own weights, so the panel's may only say which cells are missing (zero); give sizes as an exposure "
        "or as a covariate",
    )
    return panel


def balance_columns(units: Units, covariates: tuple[str, ...] | None, lag_periods: int, until: int) -> Balance:
    """Give counts in the periods before `until`, covariates, and a changing exposure, one column each.

    Counts (and covariates that change) are pooled over `lag_periods` periods, counted back from `until`; the
    first pool may be shorter. A covariate that never changes in a site before `until` is one column.
    """
    names = covariate_names(units.panel, covariates, " to balance on")
    edges = np.arange(until, 0, -lag_periods)[::-1]
    pools = [(max(int(end) - lag_periods, 0), int(end)) for end in edges]
    labels = units.panel.periods.labels
    layers = {units.panel.outcome.plural: units.values}
    layers |= {name: units.panel.covariates[name][units.rows] for name in names}
    if units.exposure is not None:
        layers["exposure"] = units.exposure
    found: dict[str, FloatArray] = {}
    for place, (name, layer) in enumerate(layers.items()):
        if place and (layer[:, :until] == layer[:, :1]).all():
            found[name] = layer[:, 0]
            continue
        for first, end in pools:
            when = labels[first] if end == first + 1 else f"{labels[first]} to {labels[end - 1]}"
            found[f"{name} in {when}"] = layer[:, first:end].sum(axis=1)
    return Balance(names=tuple(found), columns=np.column_stack(list(found.values())))
