"""From long differences to an effect: what is averaged, prevented, left behind, and left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Design, Dynamics, Panel
from evalkit.draws import FloatArray, couple, spread
from evalkit.errors import DesignError, EstimationError, first_of
from evalkit.models._inference.student import FEW_DEGREES, FEW_DEGREES_SAY, StudentT
from evalkit.models._local_projections.contrast import Averages, Contrasts
from evalkit.models._local_projections.stack import Baseline, Kind, Stack

__all__ = [
    "Drawn",
    "Labels",
    "Sites",
    "choose_sites",
    "label",
    "left_behind",
    "left_out",
    "require_told",
    "sites_check",
    "spread_contrasts",
    "told_cells",
]

# A change on a log scale is bounded here, so that its exponential stays a number with one treated site.
_LARGEST_LOG = 300.0


@dataclass(frozen=True, kw_only=True)
class Sites:
    """Rows of the panel in use, and what was left out.

    Attributes
    ----------
    rows : treated and comparison sites, shape (sites,)
    weights, exposure : shape (sites, periods), ones where the panel has none
    on : does the site have the measure? same shape
    buffer : names of buffer sites, which are not in use
    """

    rows: np.ndarray
    weights: FloatArray
    exposure: FloatArray
    on: np.ndarray
    buffer: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Kind and time of each average, and which average each comparison belongs to.

    Attributes
    ----------
    kinds : shape (averages,)
    times : shape (averages,)
    group : shape (g,)
    """

    kinds: np.ndarray
    times: np.ndarray
    group: np.ndarray

    def where(self, kind: Kind) -> np.ndarray:
        """Give the averages of that kind, in order of time."""
        return np.flatnonzero(self.kinds == kind)


def choose_sites(design: Design, panel: Panel) -> Sites:
    """Choose treated and comparison sites; a buffer is neither."""
    rows = np.sort(panel.rows((*design.treated_sites, *design.comparison_sites)))
    weights = np.ones_like(panel.values) if panel.weights is None else np.array(panel.weights)
    exposure = np.ones_like(panel.values) if panel.exposure is None else np.array(panel.exposure)
    return Sites(
        rows=rows,
        weights=weights[rows],
        exposure=exposure[rows],
        on=design.treatment[rows],
        buffer=design.buffer,
    )


def label(made: Stack, stable: int | None) -> Labels:
    """Put comparisons of one kind and time together, or say that there is none."""
    if not made.where("on").any():
        msg = (
            "there is nothing to compare with: no treated site has a site beside it that "
            + (
                "was not yet treated"
                if stable is None
                else f"changed nothing for {stable} period(s) before and then on"
            )
            + ", with a weight in both periods; wanted is a site that was never treated, or sites that start at "
            "different times"
        )
        raise DesignError(msg)
    kinds = np.array([each.kind for each in made.comparisons])
    pairs = sorted({(str(kind), int(time)) for kind, time in zip(kinds, made.times, strict=True)})
    places = {pair: place for place, pair in enumerate(pairs)}
    return Labels(
        kinds=np.array([kind for kind, _ in pairs]),
        times=np.array([time for _, time in pairs]),
        group=np.array([places[each.kind, each.time] for each in made.comparisons]),
    )


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Draws of the headline and of the averages that can be told.

    Attributes
    ----------
    labels : of all averages
    shown : the averages asked for
    kept : rows of (headline, *shown) that are told, the headline first
    draws : shape (draws, kept)
    """

    labels: Labels
    shown: np.ndarray
    kept: np.ndarray
    draws: FloatArray

    @property
    def averages(self) -> np.ndarray:
        """Which average each column but the first is of."""
        return np.asarray(self.shown[self.kept[1:] - 1])

    @property
    def times(self) -> np.ndarray:
        """Time of each column; that of the headline is nothing (0)."""
        return np.concatenate([[0], self.labels.times[self.averages]])

    def of(self, kind: Kind) -> np.ndarray:
        """Columns of that kind."""
        return 1 + np.flatnonzero(self.labels.kinds[self.averages] == kind)

    def dynamics(self, baseline: Baseline) -> Dynamics:
        """Give the effect by time since the start, while the measure is on."""
        columns = np.concatenate([self.of("before"), self.of("on")])
        return Dynamics(
            times=tuple(int(time) for time in self.times[columns]),
            draws=self.draws[:, columns],
            reference=-1 if baseline == "last" else None,
        )


def spread_contrasts(
    found: Contrasts, kept: np.ndarray, rng: np.random.Generator, draws: int, *, log: bool
) -> FloatArray:
    """Spread some contrasts jointly, shape (draws, kept): each as t, with the correlation that they have."""
    errors = found.std_errors[kept]
    samples = [
        found.estimates[each] + found.std_errors[each] * spread(StudentT(found.degrees_of_freedom[each]), draws, rng)
        for each in kept
    ]
    if len(samples) > 1:
        orders = couple(samples, found.covariance[np.ix_(kept, kept)] / np.outer(errors, errors), rng)
        samples = [sample[order] for sample, order in zip(samples, orders, strict=True)]
    out = np.column_stack(samples)
    return np.clip(out, -_LARGEST_LOG, _LARGEST_LOG) if log else out


def told_cells(found: Averages, labels: Labels) -> FloatArray:
    """Which treated cells the headline is told from, and when: 1 or 0, shape (sites, periods, times on)."""
    made, on = found.made, labels.where("on")
    out = np.zeros((len(made.treated), made.long.shape[1], len(on)))
    for place, each in enumerate(made.comparisons):
        if each.kind == "on":
            at = int(np.flatnonzero(on == labels.group[place])[0])
            out[:, each.seen, at] += made.treated[:, place] > 0
    return out


def left_out(panel: Panel, sites: Sites, told: np.ndarray, stable: int | None) -> Check | None:
    """Name the treated cells that have no clean comparison, and sites that have no say."""
    missing = sites.on & ~told & (sites.weights > 0)  # those without weight have a check of their own
    parts = []
    if missing.any():
        where = [
            f"{panel.sites[sites.rows[row]]} in {panel.periods.labels[place]}" for row, place in np.argwhere(missing)
        ]
        held = panel.values[sites.rows][missing].sum()
        events = f", with {held:,.10g} {panel.outcome.plural}" if panel.outcome.counts_events else ""
        again = (
            "measure came back, while this method looks at the first time only without the option 'stable'"
            if stable is None
            else f"treatment had changed within {stable} period(s) before the start"
        )
        parts.append(
            f"{len(where)} treated site-period(s){events} ({first_of(where)}): there the {again}, or no clean "
            "comparison was left, or a period before the start that it is held against has weight zero"
        )
    if sites.buffer:
        parts.append(
            f"{len(sites.buffer)} buffer site(s) ({first_of(sites.buffer)}), whose change it does not estimate"
        )
    if not parts:
        return None
    return Check(
        name="left out",
        passed=None,
        detail=f"Not part of the estimate, nor of the events recorded or prevented: {'; '.join(parts)}.",
    )


def sites_check(found: Averages, inference: Contrasts) -> Check:
    """Say how many sites the error rests on, and how many it is worth."""
    on = found.made.where("on")
    treated, compared = (int((side[:, on] > 0).any(axis=1).sum()) for side in (found.made.treated, found.made.control))
    free = float(inference.degrees_of_freedom[0])
    detail = (
        f"The error is robust to what goes on within a site ({inference.kind}; {treated} treated sites, {compared} "
        f"compared with) and read from a t distribution with {free:.1f} degrees of freedom."
    )
    if treated == 1:
        detail += (
            " The estimate rests on one site, whose own noise cannot be seen; it was taken to be like that of the "
            "other sites."
        )
    if free < FEW_DEGREES:
        detail += FEW_DEGREES_SAY
    return Check(name="number of sites", passed=False if treated == 1 or free < FEW_DEGREES else None, detail=detail)


def left_behind(panel: Panel, times: np.ndarray, draws: FloatArray, *, log: bool) -> Check:
    """Say, period by period, what was left of the change after the measure ended; draws (draws, times)."""
    unit = " %" if log else f" {panel.outcome.plural}" if panel.outcome.counts_events else ""
    lower, middle, upper = np.quantile(
        100 * np.expm1(draws) if log else draws, [0.025, 0.5, 0.975], axis=0, method="hazen"
    )
    each = "; ".join(
        f"{time + 1}: {now:+.3g}{unit} ({low:+.3g} to {high:+.3g})"
        for time, low, now, high in zip(times.tolist(), lower, middle, upper, strict=True)
    )
    return Check(
        name="after it ended",
        passed=None,
        detail=f"Change against what was expected without the measure, with its 95 % range, by period without it after "
        f"it ended: {each}. Nothing of this is among the events prevented.",
    )


def require_told(found: Contrasts) -> None:
    """Refuse a headline whose error nothing tells."""
    if not found.told[0]:
        msg = (
            "the sites leave no variation to tell the error from: every site that carries the estimate is fitted "
            "exactly; wanted are at least two treated or two comparison sites"
        )
        raise EstimationError(msg)
