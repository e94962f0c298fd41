"""The sites that are weighted, and what they are balanced on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Design, Panel
from evalkit.draws import FloatArray
from evalkit.errors import DesignError, EstimationError, first_of, nearest

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
    for count, what in ((treated.sum(), "treated"), ((~treated).sum(), "comparison")):
        if count < 2:
            msg = (
                f"{estimator!r} needs at least two {what} sites with every period, to see how much they vary; there "
                f"{'is' if count == 1 else 'are'} {count}"
            )
            raise EstimationError(msg)
    return Units(
        panel=panel,
        rows=kept,
        treated=treated,
        start=design.periods_before,
        values=panel.values[kept],
        exposure=None if panel.exposure is None else panel.exposure[kept],
        dropped=_dropped(design, panel, rows[~whole]),
    )


def _require(design: Design, estimator: str) -> Panel:
    panel = design.require_panel(f"{estimator!r}")
    if not panel.outcome.counts_events:
        msg = (
            f"{estimator!r} takes counts of events; {panel.outcome.name!r} is of kind {panel.outcome.kind!r}: use "
            "'did-ols'"
        )
        raise DesignError(msg)
    if design.is_staggered:
        msg = (
            f"{estimator!r} takes one start, and sites started at {first_of(design.cohorts)}: evaluate each start by "
            "itself"
        )
        raise DesignError(msg)
    if panel.weights is not None and len(np.unique(panel.weights[panel.weights > 0])) > 1:
        msg = (
            f"{estimator!r} makes its own weights, so the panel's may only say which cells are missing (zero); "
            "give sizes as an exposure or as a covariate"
        )
        raise DesignError(msg)
    return panel


def _dropped(design: Design, panel: Panel, lost: np.ndarray) -> Check | None:
    parts = []
    if lost.size:
        held = panel.values[lost].sum()
        parts.append(
            f"{lost.size} site{'s' if lost.size > 1 else ''} with a missing period "
            f"({first_of([panel.sites[row] for row in lost])}), which held {held:,.10g} {panel.outcome.plural}"
        )
    if design.buffer:
        count = len(design.buffer)
        parts.append(
            f"{count} buffer site{'s' if count > 1 else ''} ({first_of(design.buffer)}): neither treated nor fit to be "
            "compared with"
        )
    return Check(name="left out", passed=None, detail=f"Left out: {'; and '.join(parts)}.") if parts else None


def balance_columns(units: Units, covariates: tuple[str, ...] | None, lag_periods: int, until: int) -> Balance:
    """Give counts in the periods before `until`, covariates, and a changing exposure, one column each.

    Counts (and covariates that change) are pooled over `lag_periods` periods, counted back from `until`; the
    first pool may be shorter. A covariate that never changes in a site before `until` is one column.
    """
    names = _covariates(units.panel, covariates)
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


def _covariates(panel: Panel, wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    if wanted is None:
        return tuple(panel.covariates)
    for name in wanted:
        if name not in panel.covariates:
            msg = f"the panel has no covariate {name!r} to balance on; {nearest(name, panel.covariates)}"
            raise EstimationError(msg)
    return wanted
