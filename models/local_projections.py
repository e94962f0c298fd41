"""Local projections: every start against sites that change nothing meanwhile, also for measures that end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, get_args

import numpy as np

from evalkit.domain import Card, Cells, Check, Cohorts, Design, Effect, Panel
from evalkit.draws import DEFAULT_DRAWS, FloatArray, spread_parts
from evalkit.errors import EstimationError, nearest
from evalkit.models._asked import as_names, covariate_names
from evalkit.models._calibration import simulations
from evalkit.models._inference.cluster import Errors, require_options
from evalkit.models._local_projections import reading
from evalkit.models._local_projections.contrast import Averages, Contrasts, Weighting, average, infer_contrasts
from evalkit.models._local_projections.leads import departures, leads_check
from evalkit.models._local_projections.reading import Labels, Sites, choose_sites, label
from evalkit.models._local_projections.stack import Baseline, stack
from evalkit.models._missing import cells_without_weight
from evalkit.models._regression.sample import require_panel
from evalkit.models._regression.scale import (
    Transform,
    events_prevented,
    require_positive,
    require_transform,
    scale_of,
    subject_of,
    to_scale,
)

__all__ = ["LocalProjections"]

_NAME = "local-projections"
# A change on a log scale is bounded here, so that its exponential stays a number with one treated site.
_LARGEST = 300.0


@dataclass(frozen=True, kw_only=True)
class LocalProjections:
    """Changes since the period before each start, against sites that change nothing until the period looked at.

    For each start and each period the sites that switch the measure on there, and have it still, are
    compared with those that have no change of treatment until that period: clean comparisons, which no
    earlier treated site spoils. The headline is the average over treated site-periods, each counting alike
    (by its weight). Events prevented come from the effect at each time since the start, whose draws add up
    to those of the headline. What is left after the measure ends is told in a check, and is not among
    the events prevented.

    Attributes
    ----------
    transform : "log" (by what proportion did it change?) or "level" (by how much?)
    stable : periods without a change of treatment that make a site clean. None takes the first spell of each
        site, against sites that never had the measure before: nothing is assumed about how long effects
        last. A number lets later spells count, and sites whose treatment has been unchanged for so long be
        compared with: then effects must have settled by that time.
    weighting : of starts at one time since the start: "sites" counts every treated site alike (as Callaway and
        Sant'Anna do), "variance" as least squares does, more precisely and for whom there is most to compare
    baseline : the "last" period before the start, or the "mean" of the clean periods before it, which is less noisy
        and asks that sites moved together through all of them
    covariates : names in the panel, None takes all; each as it stood in the last period before the start, so that
        the measure cannot have changed it, with slopes told by the comparison sites
    errors : "CR2", "CR1" or "auto": CR2 unless treated and comparison sites are both 50 or more
    trend_sensitivity : tell how far trends may have parted before the answer falls; needs the last period as baseline

    References
    ----------
    Dube, Girardi, Jorda and Taylor 2025, doi:10.1002/jae.70000, sections 3 and 4.2.
    """

    transform: Transform = "log"
    stable: int | None = None
    weighting: Weighting = "sites"
    baseline: Baseline = "last"
    covariates: tuple[str, ...] | None = None
    errors: Errors = "auto"
    trend_sensitivity: bool = True

    card: ClassVar[Card] = Card(
        title="Local-projections difference-in-differences, for measures that last and measures that end",
        shapes=("panel",),
        needs="Counts, rates or scores for treated sites and sites that change nothing meanwhile (never or not yet "
        "treated), over periods before and after the start; the measure may end and come back; for logs, no zero",
        assumes="Without the measure, sites that start and sites that change nothing would have moved by the same "
        "proportion (log) or amount (level) from the period before the start on, and nobody acted on it in advance; "
        "with `stable`, effects have settled after so many periods without a change",
        source="Dube, Girardi, Jorda and Taylor 2025, doi:10.1002/jae.70000",
        calibration=(
            (
                "effects by time and leads; measures that last and that end, `stable`, both weightings, `baseline`",
                "diff-diff 3.13 (all), pyfixest 0.60 (lasting, `variance`)",
                "equal to 6 decimals; CR1 errors within 8 %, residuals being taken from other means",
            ),
            ("one treated site, two periods", "pooled two-sample t test", "equal, with its degrees of freedom"),
            (
                "95 % interval covers a fall of 26 % in a surge of 3 periods that fades, 12 of 30 sites, 1,000 panels",
                "nominal 95 % (chance: 92.9 to 97.1)",
                "94.7 %; bias -.0003, error stated .078, spread .080",
            ),
            (
                "true nulls rejected at 5 %, 10 periods, 1,000 panels a row",
                "nominal 5 % (chance: 2.9 to 7.1)",
                "12 of 30 treated 4.3 %; 3 of 30 3.9 %; 1 of 30 4.7 %; 4 of 20, each starting alone, 3.8 %",
            ),
        ),
        simulations=simulations(_NAME),
    )

    def __post_init__(self) -> None:
        require_transform(self.transform)
        require_options(self.errors, "nested")
        for name, value, known in (
            ("weighting", self.weighting, get_args(Weighting.__value__)),
            ("baseline", self.baseline, get_args(Baseline.__value__)),
        ):
            if value not in known:
                msg = f"no {name} {value!r}; {nearest(value, known)}"
                raise EstimationError(msg)
        if self.stable is not None and (
            isinstance(self.stable, bool) or self.stable != int(self.stable) or self.stable < 1
        ):
            msg = f"stable is a whole number of periods, 1 or more; there is {self.stable!r}"
            raise EstimationError(msg)
        object.__setattr__(self, "covariates", as_names(self.covariates))

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the average change over treated site-periods."""
        panel = require_panel(design, _NAME, may_end=True)
        require_transform(self.transform, panel)
        sites = choose_sites(design, panel)
        found, labels = self._averages(design, panel, sites)
        shown = np.concatenate([labels.where(kind) for kind in ("before", "on", "after")])
        weights = _rows(found, labels, shown)
        contrasts = infer_contrasts(found, weights, self.errors)
        reading.require_told(contrasts)
        log = self.transform == "log"
        kept = np.flatnonzero(contrasts.told)
        spreads = reading.spread_contrasts(contrasts, kept, rng, draws, log=log)
        on = 1 + np.flatnonzero(labels.kinds[shown] == "on")
        covariance, shares = contrasts.covariance[np.ix_(on, on)], weights[0, shown[on - 1]]
        parts = spread_parts(spreads[:, 0], contrasts.estimates[on], covariance, shares, rng)
        told = reading.told_cells(found, labels)
        rows = np.zeros(len(panel.sites))
        rows[sites.rows] = contrasts.influence[:, 0]
        counts = panel.outcome.counts_events
        totals = _Totals(
            panel=panel,
            sites=sites,
            told=told,
            first=design.periods_before,
            starts=design.starts[sites.rows],
            is_log=log,
        )
        noise = _left_over(covariance, shares)
        drawn = reading.Drawn(labels=labels, shown=shown, kept=kept, draws=spreads)
        trends, untold = departures(contrasts, drawn, log=log) if self._may_part(drawn) else ((), None)
        return Effect(
            outcome=panel.outcome,
            estimator=_NAME,
            scale=scale_of(panel, self.transform),
            change=spreads[:, 0],
            estimand=_estimand(panel, self),
            assumption=_assumption(panel, self),
            prevented=totals.prevented(parts, noise) if counts else None,
            periods=design.periods_after,
            recorded=totals.recorded if counts else None,
            degrees_of_freedom=float(contrasts.degrees_of_freedom[0]),
            checks=(*self._checks(design, totals, found, contrasts, drawn), *([] if untold is None else [untold])),
            trend_sensitivity=trends,
            cells=totals.cells(found.effects[labels.where("on")]) if counts else None,
            dynamics=drawn.dynamics(self.baseline),
            influence=rows,
            cohorts=totals.cohorts(parts, noise) if design.is_staggered else None,
            specification=self._specification(panel, sites, found, contrasts),
        )

    def _may_part(self, drawn: reading.Drawn) -> bool:
        """Is it asked how far trends may part, and is there a single period that all others are held against?"""
        return self.trend_sensitivity and self.baseline == "last" and len(drawn.of("before")) > 0

    def _averages(self, design: Design, panel: Panel, sites: Sites) -> tuple[Averages, Labels]:
        values = panel.values[sites.rows]
        if self.transform == "log":
            places, model = np.arange(values.shape[1]), None if design.switches_off else "poisson-etwfe"
            require_positive(panel, sites.rows, places, values, sites.weights, count_model=model)
        outcome = to_scale(values, sites.exposure, sites.weights, self.transform)
        names = covariate_names(panel, self.covariates)
        covariates = np.stack([panel.covariates[name][sites.rows] for name in names], axis=2) if names else None
        made = stack(
            outcome,
            sites.weights,
            sites.on,
            np.empty((*outcome.shape, 0)) if covariates is None else covariates,
            stable=self.stable,
            baseline=self.baseline,
        )
        labels = label(made, self.stable)
        return average(made, labels.group, self.weighting), labels

    def _checks(
        self, design: Design, totals: _Totals, found: Averages, contrasts: Contrasts, drawn: reading.Drawn
    ) -> tuple[Check, ...]:
        after, panel = drawn.of("after"), totals.panel
        checks = (
            leads_check(found, contrasts, drawn),
            reading.sites_check(found, contrasts),
            reading.left_behind(panel, drawn.times[after], drawn.draws[:, after], log=totals.is_log)
            if len(after)
            else None,
            cells_without_weight(design, totals.sites.rows, no_say_in="the comparisons of two periods that need them"),
            reading.left_out(panel, totals.sites, totals.told.any(axis=2), self.stable),
        )
        return tuple(check for check in checks if check is not None)

    def _specification(
        self, panel: Panel, sites: Sites, found: Averages, contrasts: Contrasts
    ) -> tuple[tuple[str, str], ...]:
        compared = "never or not yet treated" if self.stable is None else f"unchanged for {self.stable} periods"
        names = covariate_names(panel, self.covariates)
        return (
            ("estimator", _NAME),
            ("averages over", "treated site-periods" if self.weighting == "sites" else "starts, by precision"),
            ("outcome", f"{'log ' if self.transform == 'log' else ''}{subject_of(panel)}"),
            ("compared with", compared),
            ("sites", f"{int(sites.on.any(axis=1).sum())} treated, {int((~sites.on.any(axis=1)).sum())} comparison"),
            ("periods", str(len(panel.periods))),
            ("effects removed", f"{self.baseline} before the start, and each period of each comparison"),
            ("covariates", ", ".join(names) if names else "none"),
            ("weights", "of the panel" if panel.weights is not None else "none"),
            ("errors", contrasts.kind),
        )


def _rows(found: Averages, labels: Labels, shown: np.ndarray) -> FloatArray:
    """Weights of the averages in the headline, and in each average that is shown, shape (1 + shown, averages)."""
    on = labels.kinds == "on"
    headline = np.where(on, found.sizes, 0.0)
    return np.vstack([headline / headline.sum(), np.eye(len(on))[shown]])


def _left_over(covariance: FloatArray, shares: FloatArray) -> FloatArray:
    """Variances of parts that are left once their weighted sum is known, shape (parts,)."""
    loading = covariance @ shares
    return np.asarray(np.maximum(np.diag(covariance) - loading**2 / float(shares @ loading), 0.0))


@dataclass(frozen=True, kw_only=True)
class _Totals:
    """Turns effects by time since the start into events by period and cohort, in the cells that they are told from.

    Attributes
    ----------
    told : shape (sites, periods, times on)
    first : place of the first start of all
    starts : place of each site's first start, shape (sites,)
    """

    panel: Panel
    sites: Sites
    told: FloatArray
    first: int
    starts: np.ndarray
    is_log: bool

    @property
    def recorded(self) -> FloatArray:
        """Events in treated cells that are told of, shape (periods after,)."""
        values = self.panel.values[self.sites.rows]
        return np.asarray((values * self.told.any(axis=2)).sum(axis=0)[self.first :])

    def prevented(self, change: FloatArray, noise: FloatArray) -> FloatArray:
        """Events prevented, shape (draws, periods after), from changes of shape (draws, times).

        `noise` is the variance of each time's draws beyond what the headline's draw says of it, shape (times,).
        """
        return self._events(change, np.einsum("ip,ipt->tp", self._base, self.told)[:, self.first :], noise)

    def cohorts(self, change: FloatArray, noise: FloatArray) -> Cohorts:
        """Give what the effects by time since the start make of the sites of each start.

        A cohort's change is the average over its own cells, as the headline's is over all: cohorts by their cells
        average to the headline, and their events add up to the total, row by row.
        """
        starts = np.unique(self.starts[self.told.any(axis=(1, 2))])
        own = self.starts[:, None] == starts
        cells = np.einsum("ip,ipt,ic->tc", self.sites.weights, self.told, own)
        prevented = recorded = None
        if self.panel.outcome.counts_events:
            prevented = self._events(change, np.einsum("ip,ipt,ic->tc", self._base, self.told, own), noise)
            held = self.panel.values[self.sites.rows] * self.told.any(axis=2)
            recorded = held.sum(axis=1) @ own
        return Cohorts(
            labels=tuple(self.panel.periods.labels[start] for start in starts),
            change=change @ (cells / cells.sum(axis=0)),
            prevented=prevented,
            recorded=recorded,
            shared=f"{_NAME} estimates the change at each time since the start from all starts together: the rows "
            "differ in how long each was seen and in the events of its sites, and show nothing of whether it worked "
            "better where it began earlier or later.",
        )

    @property
    def _base(self) -> FloatArray:
        """What a change multiplies in each cell: events recorded for logs, exposure for levels."""
        return self.panel.values[self.sites.rows] if self.is_log else self.sites.exposure

    def _events(self, change: FloatArray, amounts: FloatArray, noise: FloatArray) -> FloatArray:
        bounded = np.clip(change, -_LARGEST, _LARGEST) if self.is_log else change
        return events_prevented(bounded, amounts, is_log=self.is_log, noise=noise)

    def cells(self, effects: FloatArray) -> Cells:
        """Recorded and expected in every treated site and period, at the estimate."""
        treated = self.sites.on.any(axis=1)
        recorded = self.panel.values[self.sites.rows]
        change = self.told @ effects
        more = recorded * np.expm1(-change) if self.is_log else -change * self.sites.exposure
        return Cells(
            sites=tuple(self.panel.sites[row] for row in self.sites.rows[treated]),
            periods=self.panel.periods.labels,
            treated=self.told.any(axis=2)[treated],
            recorded=recorded[treated],
            expected=(recorded + more)[treated],
        )


def _estimand(panel: Panel, options: LocalProjections) -> str:
    log, what = options.transform == "log", panel.outcome.plural
    rate = f"the rate of {what}" if subject_of(panel) == "rates" else what
    alike = (
        "each counting alike, by the panel's weights"
        if options.weighting == "sites"
        else "starts at one time counting by how precisely they can be compared"
    )
    return (
        f"{'Log of the ratio' if log else 'Amount'} by which the measure changed {rate}, averaged over the treated "
        f"site-periods that have a clean comparison, {alike}; periods after the measure ended are not among them"
    )


def _assumption(panel: Panel, options: LocalProjections) -> str:
    amount = "proportion" if options.transform == "log" else "amount"
    moved = f"would have moved by the same {amount} from the period before the start on"
    parts = [
        f"Without the measure, {subject_of(panel)} in sites that start and in sites that change nothing then {moved}",
        "the measure changed nothing in the sites compared with, nor in advance",
    ]
    if options.stable is not None:
        parts.append(f"effects have settled after {options.stable} period(s) without a change of treatment")
    total = ""
    if panel.outcome.counts_events:
        total = f" Events prevented take the {amount} to be the same in every site at the same time since its start."
    return f"{'; '.join(parts[:-1])}; and {parts[-1]}.{total}"
