"""The sites that group-time effects are told from, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Design, Panel
from evalkit.draws import FloatArray
from evalkit.errors import DesignError, EstimationError, first_of
from evalkit.models._asked import covariate_names
from evalkit.models._regression.scale import Transform, require_positive, require_transform, to_scale

__all__ = ["GroupTimeSample", "left_out", "select_sites"]

_NEVER = np.iinfo(np.intp).max


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupTimeSample:
    """Treated and comparison sites over all periods; a buffer has no part in it.

    Attributes
    ----------
    design, panel : what they come from
    rows : rows of the panel, shape (sites,)
    outcome : on the scale of the change, shape (sites, periods)
    seen : does the cell have a weight above zero? Shape (sites, periods)
    weights : one for each site, the mean of its weights above zero, shape (sites,)
    starts : place of the first treated period of each cohort, rising, shape (cohorts,)
    cohort : place of each site's cohort among `starts`; their number for a site that was never treated, (sites,)
    covariates : without a constant, shape (sites, periods, c), named by `covariate_names`
    dropped : sentences on what was left out
    """

    design: Design
    panel: Panel
    rows: np.ndarray
    outcome: FloatArray
    seen: np.ndarray
    weights: FloatArray
    starts: np.ndarray
    cohort: np.ndarray
    covariates: FloatArray
    covariate_names: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def treated(self) -> np.ndarray:
        """Is the site treated at some time? Shape (sites,)."""
        return np.asarray(self.cohort < len(self.starts))

    @property
    def first_treated(self) -> np.ndarray:
        """Place of the site's first treated period, beyond all of them where it was never treated, shape (sites,)."""
        return np.asarray(np.append(self.starts, _NEVER)[self.cohort])

    @property
    def cohort_weights(self) -> FloatArray:
        """Sum of the weights of each cohort's sites, shape (cohorts,)."""
        return np.bincount(self.cohort, self.weights, len(self.starts) + 1)[:-1]

    @property
    def cohort_sizes(self) -> np.ndarray:
        """How many sites each cohort has, shape (cohorts,)."""
        return np.bincount(self.cohort, minlength=len(self.starts) + 1)[:-1]

    @property
    def is_simple(self) -> bool:
        """Are all sites seen in all periods, weighed alike and without covariates?"""
        return bool(self.seen.all() and np.ptp(self.weights) == 0 and not self.covariate_names)

    def label(self, place: int) -> str:
        """Give the name of a period."""
        return self.panel.periods.labels[place]


def select_sites(
    design: Design, panel: Panel, covariates: Sequence[str] | None, *, transform: Transform, anticipation: int
) -> GroupTimeSample:
    """Choose the sites and put their outcomes on the scale of the change.

    A cohort needs a period before anyone could anticipate its start; one without is left out.
    """
    require_transform(transform, panel)
    names = covariate_names(panel, covariates)
    wanted = np.sort(panel.rows((*design.treated_sites, *design.comparison_sites)))
    early = design.starts[wanted] - 1 - anticipation < 0
    empty = np.zeros(len(wanted), bool) if panel.weights is None else ~(panel.weights[wanted] > 0).any(axis=1)
    rows = wanted[~early & ~empty]
    _require_some(design, rows, anticipation)
    values = panel.values[rows]
    weights, seen = _weights(panel, rows)
    exposure = np.ones((1, 1)) if panel.exposure is None else panel.exposure[rows]
    if transform == "log":
        require_positive(panel, rows, np.arange(len(panel.periods)), values, seen, count_model="poisson-etwfe")
    starts, cohort = np.unique(design.starts[rows], return_inverse=True)
    starts = starts[starts < len(panel.periods)]
    return GroupTimeSample(
        design=design,
        panel=panel,
        rows=rows,
        outcome=to_scale(values, exposure, seen, transform),
        seen=seen,
        weights=weights,
        starts=starts,
        cohort=cohort,
        covariates=np.stack([panel.covariates[name][rows] for name in names], axis=2)
        if names
        else np.empty((*seen.shape, 0)),
        covariate_names=names,
        dropped=_dropped(design, panel, wanted[early & ~empty], wanted[empty]),
    )


def _weights(panel: Panel, rows: np.ndarray) -> tuple[FloatArray, np.ndarray]:
    """Give each site's mean weight over the cells that have one, shape (sites,), and which cells those are."""
    if panel.weights is None:
        return np.ones(len(rows)), np.ones((len(rows), len(panel.periods)), dtype=bool)
    weights = panel.weights[rows]
    seen = weights > 0
    return weights.sum(axis=1) / seen.sum(axis=1), seen


def _require_some(design: Design, rows: np.ndarray, anticipation: int) -> None:
    periods = len(design.require_panel("group-time effects").periods)
    treated = design.starts[rows] < periods
    if not treated.any():
        msg = (
            f"no treated site has a weight above zero and a period before its start less {anticipation} of "
            f"anticipation; the starts are {first_of(design.cohorts)}"
        )
        raise EstimationError(msg)
    if treated.all() and len(np.unique(design.starts[rows])) < 2:
        msg = (
            "there is nothing to compare with: every site is treated from the same period; wanted is a site that was "
            "never treated, or sites that start at different times"
        )
        raise DesignError(msg)


def _dropped(design: Design, panel: Panel, early: np.ndarray, empty: np.ndarray) -> tuple[str, ...]:
    """Say which sites have no part in it."""
    out = []
    for rows, why in (
        (early, "have no period before the one in which the measure could first be anticipated"),
        (empty, "have no weight in any period"),
    ):
        if len(rows):
            out.append(f"{_sites(panel, rows)} {why}{_events(panel, rows)}")
    if design.buffer:
        out.append(
            f"{_sites(panel, panel.rows(design.buffer))} of the buffer: this method estimates no displacement, and a "
            "buffer is no comparison"
        )
    return tuple(out)


def _sites(panel: Panel, rows: np.ndarray) -> str:
    return f"{len(rows)} site{'s' if len(rows) > 1 else ''} ({first_of([panel.sites[row] for row in rows])})"


def _events(panel: Panel, rows: np.ndarray) -> str:
    if not panel.outcome.counts_events:
        return ""
    return f" and held {panel.values[rows].sum():,.10g} {panel.outcome.plural}"


def left_out(parts: Sequence[str]) -> Check | None:
    """Put what was left out on one check."""
    if not parts:
        return None
    return Check(name="left out", passed=None, detail=f"Left out: {'; '.join(parts)}.")
