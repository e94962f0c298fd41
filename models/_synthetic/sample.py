"""The sites and periods that synthetic comparisons are made of, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Design, Panel
from evalkit.draws import FloatArray
from evalkit.errors import DesignError, EstimationError, first_of
from evalkit.models._asked import covariate_names
from evalkit.models._missing import weights_not_used
from evalkit.models._regression.sample import require_panel
from evalkit.models._regression.scale import Transform, require_positive, require_transform, to_scale

__all__ = ["FEWEST_PERIODS", "Sample", "select"]

# With fewer there is no course to match: two periods are matched by almost any pair of sites.
FEWEST_PERIODS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Complete rows of outcomes; treated sites come first.

    Attributes
    ----------
    design, panel : what they come from
    rows : of the panel, treated then comparison, shape (sites,)
    places : columns of the panel in use, shape (periods,)
    starts : first treated period of each treated site, as a position in `places`, shape (treated,)
    outcomes : log rates or rates, less what covariates account for, shape (sites, periods)
    is_log : are they logarithms?
    covariates : names of those that were taken out
    checks : what was left out and why
    """

    design: Design
    panel: Panel
    rows: np.ndarray
    places: np.ndarray
    starts: np.ndarray
    outcomes: FloatArray
    is_log: bool
    covariates: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def treated(self) -> np.ndarray:
        """Positions of the treated sites in `outcomes`."""
        return np.arange(len(self.starts))

    @property
    def comparison(self) -> np.ndarray:
        """Positions of the comparison sites in `outcomes`."""
        return np.arange(len(self.starts), len(self.rows))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sites, treated first."""
        return tuple(self.panel.sites[row] for row in self.rows)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the periods in use."""
        return tuple(self.panel.periods.labels[place] for place in self.places)

    @property
    def counted(self) -> np.ndarray:
        """Treated cells that events are told of, over the whole calendar, shape (treated, panel periods)."""
        after = np.arange(len(self.panel.periods)) >= self.places[self.starts][:, None]
        return np.asarray(after & np.isin(np.arange(len(self.panel.periods)), self.places))


def select(design: Design, estimator: str, transform: Transform, covariates: Sequence[str] | None) -> Sample:
    """Choose periods in which every treated site is seen, and comparison sites that are seen in all of them."""
    require_transform(transform)
    panel = require_panel(design, estimator)
    require_transform(transform, panel)
    treated = np.sort(panel.rows(design.treated_sites))
    seen = np.ones(panel.values.shape, bool) if panel.weights is None else panel.weights > 0
    places = _places(design, panel, treated, seen)
    asked = panel.rows(design.comparison_sites)
    kept = np.sort(asked[seen[np.ix_(asked, places)].all(axis=1)]) if len(asked) else asked
    _require_comparison(design, len(kept))
    rows = np.concatenate([treated, kept])
    cells = np.ix_(rows, places)
    values, ones = panel.values[cells], np.ones((len(rows), len(places)))
    if transform == "log":
        require_positive(panel, rows, places, values, ones)
    outcomes = to_scale(values, ones if panel.exposure is None else panel.exposure[cells], ones, transform)
    names = covariate_names(panel, covariates)
    if names:
        layers = np.stack([panel.covariates[name][cells] for name in names], axis=2)
        outcomes = _less_covariates(outcomes, layers, len(treated), names)
    return Sample(
        design=design,
        panel=panel,
        rows=rows,
        places=places,
        starts=np.searchsorted(places, design.starts[treated]),
        outcomes=outcomes,
        is_log=transform == "log",
        covariates=names,
        checks=_left_out(design, panel, places, kept, treated),
    )


def _places(design: Design, panel: Panel, treated: np.ndarray, seen: np.ndarray) -> np.ndarray:
    unseen = [panel.sites[row] for row in treated if not seen[row].any()]
    if unseen:
        msg = f"treated site {first_of(unseen)} has no period with a weight above zero: leave it out of the design"
        raise EstimationError(msg)
    places = np.flatnonzero(seen[treated].all(axis=0))
    for row in treated:
        before, after = (places < design.starts[row]).sum(), (places >= design.starts[row]).sum()
        if before < FEWEST_PERIODS or not after:
            msg = (
                f"site {panel.sites[row]!r} has {before} period(s) before its start and {after} after it in which "
                f"every treated site is seen; a synthetic comparison is matched on {FEWEST_PERIODS} or more before"
            )
            raise EstimationError(msg)
    return places


def _require_comparison(design: Design, kept: int) -> None:
    if not design.comparison_sites:
        msg = (
            "there are no sites that were never treated, of which a synthetic comparison is made; "
            "'did-poisson' compares with sites that are treated later"
            if design.is_staggered
            else "there is nothing to compare with: a synthetic comparison is made of sites that were never treated"
        )
        raise DesignError(msg)
    if not kept:
        msg = (
            "no comparison site has a weight above zero in every period in which the treated sites are seen; a "
            "synthetic comparison needs whole paths"
        )
        raise EstimationError(msg)


def _less_covariates(outcomes: FloatArray, layers: FloatArray, treated: int, names: tuple[str, ...]) -> FloatArray:
    """Take out what covariates account for within comparison sites and periods, which no measure has touched."""
    pool, columns = _within(outcomes[treated:]), _within(layers[treated:])
    flat = columns.reshape(-1, len(names))
    coefficients, _, rank, _ = np.linalg.lstsq(flat, pool.ravel(), rcond=1e-10)
    if rank < len(names):
        msg = (
            f"covariates {first_of(names)} do not vary by themselves within comparison sites and periods, so what "
            "they account for cannot be told: leave some out with covariates = [...]"
        )
        raise EstimationError(msg)
    return np.asarray(outcomes - layers @ coefficients)


def _within(array: FloatArray) -> FloatArray:
    """Less the means of sites and of periods, plus the mean of all; axes 0 and 1 are complete."""
    means = array.mean(axis=0, keepdims=True), array.mean(axis=1, keepdims=True)
    return np.asarray(array - means[0] - means[1] + array.mean(axis=(0, 1), keepdims=True))


def _left_out(
    design: Design, panel: Panel, places: np.ndarray, kept: np.ndarray, treated: np.ndarray
) -> tuple[Check, ...]:
    gone = [panel.periods.labels[place] for place in np.setdiff1d(np.arange(len(panel.periods)), places)]
    lost = [site for site in design.comparison_sites if panel.positions[site] not in set(kept.tolist())]
    parts = []
    if gone:
        parts.append(f"{len(gone)} period(s) in which a treated site has no weight ({first_of(gone)})")
    if lost:
        parts.append(f"{len(lost)} comparison site(s) without a weight in some other period ({first_of(lost)})")
    if design.buffer:
        parts.append(f"{len(design.buffer)} buffer site(s), whose change this method does not estimate")
    checks = []
    if parts:
        held = _held(panel, np.ix_(np.concatenate([treated, kept]), places))
        checks.append(Check(name="left out", passed=None, detail=f"Left out: {'; '.join(parts)}.{held}"))
    unused = weights_not_used(
        panel,
        "The method weighs sites by how well they match: of the weights in the data only zeros were used, for cells "
        "that were not seen, and every treated site counts alike.",
    )
    return (*checks, unused) if unused else tuple(checks)


def _held(panel: Panel, used: tuple[np.ndarray, ...]) -> str:
    if not panel.outcome.counts_events:
        return ""
    total, within = float(panel.values.sum()), float(panel.values[used].sum())
    return f" They held {total - within:,.10g} of the {total:,.10g} {panel.outcome.plural} in the data."
