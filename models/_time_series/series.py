"""One series of counts from the treated sites, and what was left out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Design, Panel, Periods
from evalkit.draws import FloatArray
from evalkit.errors import DesignError, EstimationError, first_of
from evalkit.models._asked import covariate_names
from evalkit.models._missing import weights_not_used

__all__ = ["Series", "series_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """Events of all treated sites added up, period by period.

    Attributes
    ----------
    periods : the calendar, all of it
    counts, exposure : shape (periods,); exposure is one where the panel has none
    covariates : means over the sites by exposure, shape (periods, c), named by `covariate_names`
    used : has every treated site a weight in this period? Shape (periods,)
    start : place of the first treated period
    checks : what was added up, and what left out
    """

    periods: Periods
    counts: FloatArray
    exposure: FloatArray
    covariates: FloatArray
    covariate_names: tuple[str, ...]
    used: np.ndarray
    start: int
    checks: tuple[Check, ...] = ()

    @property
    def before(self) -> np.ndarray:
        """Periods in use before the start, shape (periods,)."""
        return self.used & (np.arange(len(self.used)) < self.start)

    @property
    def after(self) -> np.ndarray:
        """Periods in use from the start on, shape (periods,)."""
        return self.used & (np.arange(len(self.used)) >= self.start)


def series_of(design: Design, estimator: str, covariates: Sequence[str] | None) -> Series:
    """Add the treated sites up to one series, or say why there is none."""
    panel = _panel_of(design, estimator)
    rows = panel.rows(design.treated_sites)
    weights = np.ones_like(panel.values) if panel.weights is None else panel.weights
    exposure = np.ones_like(panel.values) if panel.exposure is None else panel.exposure
    names = covariate_names(panel, covariates)
    used = (weights[rows] > 0).all(axis=0)
    at_risk = exposure[rows].sum(axis=0)
    series = Series(
        periods=panel.periods,
        counts=panel.values[rows].sum(axis=0),
        exposure=np.ones(len(used)) if panel.exposure is None else at_risk,
        covariates=np.stack([(panel.covariates[name] * exposure)[rows].sum(axis=0) / at_risk for name in names], axis=1)
        if names
        else np.empty((len(used), 0)),
        covariate_names=names,
        used=used,
        start=int(design.starts[rows[0]]),
        checks=_checks(design, panel, rows, used),
    )
    _require_events(series)
    return series


def _panel_of(design: Design, estimator: str) -> Panel:
    if design.panel is None:
        raise DesignError(
            f"{estimator!r} reads a series of many periods, and this design rests on a before/after table, which the "
            "estimator 'table' takes"
        )
    if not design.outcome.counts_events:
        raise DesignError(
            f"{estimator!r} takes counts of events; {design.outcome.name!r} is of kind {design.outcome.kind!r}"
        )
    if design.is_staggered:
        raise DesignError(
            f"an interrupted time series has one start, and the treated sites start at {first_of(design.cohorts)}: "
            "evaluate the sites of each start by themselves, or use an estimator that compares sites with those that "
            "start later"
        )
    return design.require_panel("an interrupted time series")


def _require_events(series: Series) -> None:
    for when, chosen in (("before", series.before), ("after", series.after)):
        if not chosen.any():
            raise EstimationError(f"no period {when} the start has a weight in every treated site")
        if not series.counts[chosen].any():
            raise EstimationError(
                f"there is no event at all in the treated sites {when} the start, so the rate ratio is "
                f"{'zero' if when == 'after' else 'infinite'} (separation); use the estimator 'table', which is exact "
                "with a zero cell"
            )


def _checks(design: Design, panel: Panel, rows: np.ndarray, used: np.ndarray) -> tuple[Check, ...]:
    unused = weights_not_used(
        panel,
        "The treated sites are added up to one series, in which every event and every period count alike: of their "
        "weights only zeros were used, for cells that were not seen.",
        rows,
    )
    found = (_added_up(design), unused, _left_out(design, panel, rows, used))
    return tuple(check for check in found if check is not None)


def _added_up(design: Design) -> Check | None:
    sites = len(design.treated_sites)
    if sites == 1:
        return None
    return Check(
        name="sites added up",
        passed=None,
        detail=f"The {sites} treated sites were added up to one series, as they started together; how far they differ "
        "is not used.",
    )


def _left_out(design: Design, panel: Panel, rows: np.ndarray, used: np.ndarray) -> Check | None:
    parts = []
    if not used.all():
        gone = [panel.periods.labels[place] for place in np.flatnonzero(~used)]
        parts.append(
            f"{len(gone)} period{'s' if len(gone) > 1 else ''} in which a treated site has weight zero "
            f"({first_of(gone)}), neither fitted nor counted among the events recorded or prevented; the treated sites "
            f"held {panel.values[rows][:, ~used].sum():,.10g} {panel.outcome.plural} in them"
        )
    if design.buffer:
        parts.append(
            f"{len(design.buffer)} buffer site{'s' if len(design.buffer) > 1 else ''} ({first_of(design.buffer)}), "
            "as one series does not show where crime moved"
        )
    return Check(name="left out", passed=None, detail=f"Left out: {'; '.join(parts)}.") if parts else None
