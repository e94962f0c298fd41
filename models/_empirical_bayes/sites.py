"""The sites that are forecast, those that show what happened anyway, and what is known of all before the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Design, Panel
from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of
from evalkit.models._asked import (
    covariate_names,
    left_out_sites,
    require_counts,
    require_no_weights,
    require_one_start,
    require_two_of_each,
)
from evalkit.models._empirical_bayes.population import Past
from evalkit.models._missing import cells_without_weight

__all__ = ["Sites", "select_sites"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sites:
    """Treated and comparison sites of one start.

    Attributes
    ----------
    panel : what they come from
    rows : of the panel, shape (sites,)
    treated : which of them are treated, shape (sites,)
    start : place of the first treated period
    counts, exposure : shape (sites, periods); zero where a cell is missing, exposure one where there is none
    covariates : names of those used
    past : counts, what was at risk and regressors before the start
    checks : what was left out and why
    """

    panel: Panel
    rows: np.ndarray
    treated: np.ndarray
    start: int
    counts: FloatArray
    exposure: FloatArray
    covariates: tuple[str, ...]
    past: Past
    checks: tuple[Check, ...]


def select_sites(design: Design, estimator: str, covariates: tuple[str, ...] | None) -> Sites:
    """Choose treated and comparison sites; cells of weight zero are missing, and a buffer is neither."""
    panel = _require(design, estimator)
    names = covariate_names(panel, covariates)
    rows = np.sort(panel.rows((*design.treated_sites, *design.comparison_sites)))
    there = np.ones(panel.values.shape, bool) if panel.weights is None else panel.weights > 0
    start = design.periods_before
    whole = there[rows, :start].any(axis=1) & there[rows, start:].any(axis=1)
    kept = rows[whole]
    treated = design.starts[kept] < len(panel.periods)
    require_two_of_each(treated, estimator, "counts before and after")
    exposure = np.where(there, 1.0 if panel.exposure is None else panel.exposure, 0.0)[kept]
    counts = np.where(there, panel.values, 0.0)[kept]
    before = exposure[:, :start].sum(axis=0)
    level = np.divide(counts[:, :start].sum(axis=0), before, out=np.zeros(start), where=before > 0)
    return Sites(
        panel=panel,
        rows=kept,
        treated=treated,
        start=start,
        counts=counts,
        exposure=exposure,
        covariates=names,
        past=Past(
            counts=counts[:, :start],
            at_risk=exposure[:, :start] * (level / level[level > 0].mean() if level.any() else 1.0),
            regressors=_regressors(panel, names, kept, start),
        ),
        checks=_left_out(design, panel, kept, rows[~whole]),
    )


def _left_out(design: Design, panel: Panel, kept: np.ndarray, lost: np.ndarray) -> tuple[Check, ...]:
    found = (
        cells_without_weight(design, kept),
        left_out_sites(design, panel, lost, "without any count before or after the start"),
    )
    return tuple(check for check in found if check is not None)


def _require(design: Design, estimator: str) -> Panel:
    panel = design.require_panel(f"{estimator!r}")
    require_counts(panel, estimator, ", for which chance does not say how much a bad spell is worth")
    require_one_start(design, estimator)
    require_no_weights(
        panel,
        estimator,
        "weighs a site's record by what chance makes of it, so the panel's weights may only say which cells are "
        "missing (zero); give sizes as an exposure",
    )
    return panel


def _regressors(panel: Panel, names: tuple[str, ...], rows: np.ndarray, start: int) -> FloatArray:
    """A one, and each covariate's mean before the start in standard deviations, unless it is the same everywhere."""
    columns = [np.ones(len(rows))]
    for name in names:
        mean = panel.covariates[name][rows, :start].mean(axis=1)
        if mean.std() > 0:
            columns.append((mean - mean.mean()) / mean.std())
    found = np.column_stack(columns)
    if np.linalg.matrix_rank(found) < found.shape[1]:
        msg = f"the covariates {first_of(names)} follow from one another between sites; leave one out"
        raise EstimationError(msg)
    return found
