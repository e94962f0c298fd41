"""Callaway and Sant'Anna's group-time effects: each cohort against sites that are not treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from evalkit.domain import Card, Check, Design, Dynamics, Effect, TrendSensitivity
from evalkit.draws import DEFAULT_DRAWS, FloatArray
from evalkit.errors import DesignError, EstimationError, nearest
from evalkit.models._asked import as_names
from evalkit.models._calibration import simulations
from evalkit.models._group_time import words
from evalkit.models._group_time.averages import Aggregate, Average, by_cohort, by_time, headline, stack
from evalkit.models._group_time.cells import BasePeriod, Cells, Control, Method, estimate_cells
from evalkit.models._group_time.effect import Totals, sites_check
from evalkit.models._group_time.errors import Kind, Precision, measure
from evalkit.models._group_time.placed import Placed, place
from evalkit.models._group_time.pretest import before, leads_check, pre_test, trend
from evalkit.models._group_time.sample import GroupTimeSample, left_out, select_sites
from evalkit.models._group_time.spreading import spread_headline, spread_rest
from evalkit.models._inference.choose import FEW, choose
from evalkit.models._missing import cells_without_weight
from evalkit.models._regression.sample import require_panel
from evalkit.models._regression.scale import Transform, require_transform, scale_of
from evalkit.models._sensitivity.trends import sensitivity_or_reason

__all__ = ["CallawaySantAnna"]

type Errors = Literal["auto", "influence", "CR2", "jackknife", "bootstrap", "randomisation"]

_NAME = "callaway-santanna"
# A change on a log scale is bounded here, so that its exponential stays a number with few degrees of freedom.
_LARGEST_LOG = 300.0


@dataclass(frozen=True, kw_only=True)
class CallawaySantAnna:
    """A difference-in-differences for every cohort and period, averaged; treated sites are never a comparison.

    The outcome is the count divided by the exposure where there is one, otherwise the value; "log" takes its
    logarithm. Each cohort's change since the last period before its start (less `anticipation`) is held against
    the same change in comparison sites. Sites count by the mean of their weights above zero. A cell of weight zero
    takes the site out of the comparisons of two periods that need it, and of no other.

    Attributes
    ----------
    control : "not-yet-treated" (never treated, or treated later than the period) or "never-treated". The first is the
        default because it uses every comparison that is clean and also serves where all sites are treated in the end;
        the assumption differs: late sites too must have moved alike until they start.
    method : with covariates, how comparison sites are made like treated ones: "regression" of their change on
        covariates, weighing by "inverse-probability" of treatment, or both ("doubly-robust": one of the two may be
        wrong, hence the default)
    covariates : names in the panel, taken at the earlier of the two periods; None takes all it has
    transform : "log" (by what proportion did it change?) or "level" (by how much?)
    aggregate : what the one change averages over: "simple" (treated cohort-periods by their sites), "group",
        "calendar" or "dynamic". Simple is the default: it counts as events prevented do.
    anticipation : periods before the start in which sites may already have changed
    base_period : what the effect before the start is held against: "universal" (the last period before it, as
        a figure of the effect by time since the start is read) or "varying" (the period before). Effects after
        the start are the same.
    errors : "CR2" (bias-reduced, t), "randomisation" (other placements of the same starts; sites that weigh alike
        and are seen throughout, without covariates), "influence" (for many sites: the influence function, normal, as
        R's `did`), "jackknife", "bootstrap" (multipliers on the influence function), or "auto": CR2, but
        randomisation where treated or comparison sites are few and it can tell something at 5 %, by the rule of all
        estimators (`evalkit.models._inference.choose`)
    multipliers : draws of the bootstrap
    trend_sensitivity : work out how far trends may part before the answer falls; needs the universal base period
        and no anticipation

    Notes
    -----
    Every average has the full covariance of the cells. "influence" and "bootstrap" also allow for the shares of
    cohorts being those of a sample of sites, as R's `did` does; the others are about the sites at hand, for the noise
    of a small cohort's effect would count twice.

    References
    ----------
    Callaway and Sant'Anna 2021, doi:10.1016/j.jeconom.2020.12.001; Sant'Anna and Zhao 2020,
    doi:10.1016/j.jeconom.2020.06.003.
    """

    control: Control = "not-yet-treated"
    method: Method = "doubly-robust"
    covariates: tuple[str, ...] | None = None
    transform: Transform = "log"
    aggregate: Aggregate = "simple"
    anticipation: int = 0
    base_period: BasePeriod = "universal"
    errors: Errors = "auto"
    multipliers: int = 999
    trend_sensitivity: bool = True

    card: ClassVar[Card] = Card(
        title="Callaway and Sant'Anna's group-time difference-in-differences",
        shapes=("panel",),
        needs="Counts, rates or scores by site and period, with sites that were never treated or that start later; "
        "for logs, no zero",
        assumes="Without the measure, sites of every cohort and their comparison sites would have moved by the same "
        "proportion (log) or amount (level), given the covariates; nobody changed before the start (less the "
        "periods of anticipation); and the measure changed nothing in sites that were not yet treated",
        source="Callaway and Sant'Anna 2021, doi:10.1016/j.jeconom.2020.12.001",
        calibration=(
            (
                "minimum wages (mpdta), 48 cohort-periods, all aggregations, with a covariate; errors = 'influence'",
                "R did 2.5.0",
                "estimates equal to 13 digits, errors to 12 (to 7 when read from 4,000 draws); pre-test W 7.79, p .168",
            ),
            (
                "weights, anticipation, universal base, doubly robust, all treated in the end",
                "csdid 0.4.3",
                "estimates equal to 10 digits, errors to 8",
            ),
            (
                "95 % interval covers, effects that grow and differ between three starts, CR2, 1,000 panels",
                "nominal 95 % (chance: 93.6 to 96.4)",
                "20 of 40 treated 94.6 %; 8 of 40 94.3 %",
            ),
            (
                "the same by randomisation, 500 panels",
                "nominal 95 % (chance: 92.1 to 97.9)",
                "3 of 40 treated 94.4 %; 6 of 12 95.2 %; 2 of 12 94.6 %",
            ),
            (
                "true nulls rejected at 5 %, 500 panels (8 of 40 by randomisation: 1,500)",
                "nominal 5 % (chance: 2.1 to 7.9; with 1,500: 3.3 to 6.7)",
                "CR2: 20 of 40 treated 5.6 %; placements: 8 of 40 5.9 %, 3 of 40 5.6 %, 6 of 12 4.8 %, 2 of 12 5.6 %",
            ),
            (
                "interval of R's errors ('influence') covers, 300 panels",
                "nominal 95 % (chance: 91.2 to 98.8)",
                "20 of 40 treated 94.7 %; 8 of 40 87.3 %; 6 of 12 90.0 %",
            ),
            (
                "pre-test rejects true nulls at 5 %, 20 of 40 treated in three cohorts",
                "nominal 5 %",
                "default 4.7 % (1,000 panels); R's Wald test 71.7 % (300 panels)",
            ),
            (
                "the same, half of the sites treated, 300 panels; 16 periods",
                "nominal 5 % (chance: 2.5 to 7.5)",
                "60 sites, two cohorts (Hotelling) 4.7 %, three cohorts (trend) 4.3 %",
            ),
            (
                "events expected without the measure are too many by, 150 panels of 12 periods, effects that grow",
                "0 % (chance: 1.2 with 20 treated, 2.5 with 4)",
                "20 of 40 treated -.1 %; 4 of 12, each starting alone, -.4 %, interval covers 99 %",
            ),
        ),
        simulations=simulations(_NAME),
    )

    def __post_init__(self) -> None:
        for name, known in (
            ("control", Control),
            ("method", Method),
            ("aggregate", Aggregate),
            ("base_period", BasePeriod),
            ("errors", Errors),
        ):
            if getattr(self, name) not in get_args(known.__value__):
                msg = f"no {name} {getattr(self, name)!r}; {nearest(getattr(self, name), get_args(known.__value__))}"
                raise EstimationError(msg)
        for name, least in (("anticipation", 0), ("multipliers", 99)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                msg = f"{name} is a whole number from {least} up; there is {value!r}"
                raise EstimationError(msg)
        object.__setattr__(self, "covariates", as_names(self.covariates))
        require_transform(self.transform)

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the effect in every cohort and period, and its average."""
        panel = require_panel(design, _NAME)
        if self.control == "never-treated" and not design.comparison_sites:
            msg = (
                "no site was never treated: use control = 'not-yet-treated', which compares with sites that start later"
            )
            raise DesignError(msg)
        sample = select_sites(design, panel, self.covariates, transform=self.transform, anticipation=self.anticipation)
        cells = estimate_cells(sample, self.control, self.method, self.base_period, self.anticipation)
        return _effect(self, sample, cells, rng, draws)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Which averages are made, and where they stand behind the cells.

    Attributes
    ----------
    stacked : headline, slope before the start, times, cohorts
    times : periods since the start
    """

    stacked: Average
    times: tuple[int, ...]
    cohorts: int

    @property
    def headline(self) -> Average:
        """The first of the averages."""
        return Average(weights=self.stacked.weights[0], shares=self.stacked.shares[0])

    def means(self, cells: Cells) -> FloatArray:
        """Give the cells' effects and then the averages, in the order of their covariance."""
        return np.concatenate([cells.effect, self.stacked.weights @ cells.effect])


def _plan(options: CallawaySantAnna, sample: GroupTimeSample, cells: Cells) -> _Plan:
    masses = sample.cohort_weights
    times, at_times = by_time(cells, masses)
    _, in_cohorts = by_cohort(cells, masses)
    first = [headline(cells, masses, options.aggregate), trend(cells, masses, options.anticipation)]
    return _Plan(stacked=stack([*first, *at_times, *in_cohorts]), times=times, cohorts=len(in_cohorts))


def _effect(
    options: CallawaySantAnna, sample: GroupTimeSample, cells: Cells, rng: np.random.Generator, draws: int
) -> Effect:
    plan = _plan(options, sample, cells)
    chosen = _choose(options, sample, cells, plan, rng)
    precision = measure(sample, cells, plan.stacked, kind=chosen.kind, rng=rng, multipliers=options.multipliers)
    own = len(cells.effect)
    totals = Totals(sample=sample, cells=cells, is_log=options.transform == "log")
    means = plan.means(cells)
    if chosen.is_randomised and chosen.placed is not None:
        change = chosen.placed.distribution.draw(draws, rng)
    else:
        change = spread_headline(float(means[own]), precision, own, draws, rng)
    change, at_times, in_cohorts, treated, noise = _rows(change, precision, totals, plan, rng)
    test = pre_test(
        sample, cells, precision, plan.headline, (own + 1, float(means[own + 1])), anticipation=options.anticipation
    )
    panel, counts = sample.panel, sample.panel.outcome.counts_events
    checks = (
        leads_check(test, len(before(cells, options.anticipation))),
        sites_check(sample, own, precision, chosen.words),
        cells_without_weight(
            sample.design,
            sample.rows,
            no_say_in="the comparisons of two periods that need them, while other periods of these sites are used",
        ),
        left_out((*sample.dropped, *cells.lost)),
    )
    trends, untold = _trends(options, plan, means, precision, own)
    influence = np.zeros(len(panel.sites))
    influence[sample.rows] = precision.influence
    free = float(precision.degrees_of_freedom[own])
    return Effect(
        outcome=panel.outcome,
        estimator=_NAME,
        scale=scale_of(panel, options.transform),
        change=change,
        estimand=words.estimand(options, sample),
        assumption=words.assumption(options, sample),
        prevented=totals.by_period(treated, noise) if counts else None,
        periods=tuple(sample.label(int(place)) for place in totals.periods),
        recorded=totals.recorded_by_period if counts else None,
        basis="randomisation" if chosen.is_randomised else "sampling",
        degrees_of_freedom=free if np.isfinite(free) and not chosen.is_randomised else None,
        checks=tuple(check for check in (*checks, untold) if check is not None),
        trend_sensitivity=trends,
        paths=totals.paths(),
        cells=totals.site_cells(cells.effect[totals.after]) if counts else None,
        dynamics=_dynamics(options, plan.times, at_times),
        cohorts=totals.cohort_effects(in_cohorts, treated, noise) if sample.design.is_staggered else None,
        influence=influence,
        test_p_value=chosen.placed.distribution.p_value() if chosen.placed and chosen.is_randomised else None,
        reference_set=chosen.placed.words if chosen.placed else "",
        smallest_p_value=chosen.placed.distribution.smallest_p_value if chosen.placed else None,
        specification=words.specification(_NAME, options, sample, chosen.words),
    )


def _trends(
    options: CallawaySantAnna, plan: _Plan, means: FloatArray, precision: Precision, own: int
) -> tuple[tuple[TrendSensitivity, ...], Check | None]:
    """Give how far trends may part, from the effects by time against the last period before the start."""
    if not options.trend_sensitivity or options.base_period != "universal" or options.anticipation:
        return (), None
    # behind the cells, the headline and the slope before the start
    places = own + 2 + np.flatnonzero(np.array(plan.times) != -1)
    free = float(precision.degrees_of_freedom[own])
    return sensitivity_or_reason(
        means[places],
        precision.covariance[np.ix_(places, places)],
        [time for time in plan.times if time != -1],
        degrees_of_freedom=free if np.isfinite(free) else None,
        is_log=options.transform == "log",
    )


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """Which errors are used.

    Attributes
    ----------
    kind : of the covariance of cells and averages
    is_randomised : is the headline's distribution that of the placements?
    placed : what the placements say, where they were asked
    words : for the reader
    """

    kind: Kind
    is_randomised: bool = False
    placed: Placed | None = None
    words: str


def _choose(
    options: CallawaySantAnna, sample: GroupTimeSample, cells: Cells, plan: _Plan, rng: np.random.Generator
) -> _Chosen:
    """Follow the rule of all estimators: placements are asked where sites are few, and used where they can tell."""
    if options.errors not in {"auto", "randomisation"}:
        return _Chosen(kind=options.errors, words=options.errors)  # type: ignore[arg-type]  # checked by the options
    if not sample.is_simple:
        if options.errors == "randomisation":
            msg = (
                "other placements of the starts are comparable where every site is seen in every period, all weigh "
                "alike and there are no covariates: use errors = 'CR2' or 'jackknife', or covariates = ()"
            )
            raise EstimationError(msg)
        return _Chosen(kind="CR2", words="CR2")
    treated = int(sample.treated.sum())
    compared = len(sample.rows) - treated
    few = min(treated, compared or treated) < FEW
    if options.errors == "auto" and not few:
        return _Chosen(kind="CR2", words="CR2")
    placed = place(sample, cells, plan.headline, rng, is_log=options.transform == "log")
    rule = choose(treated, compared, placed.distribution.smallest_p_value)
    randomised = options.errors == "randomisation" or rule.kind == "randomisation"
    words = "randomisation of the starts; CR2 for parts of the whole" if randomised else f"CR2, as {rule.reason}"
    return _Chosen(kind="CR2", is_randomised=randomised, placed=placed, words=words)


def _rows(
    change: FloatArray, precision: Precision, totals: Totals, plan: _Plan, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Draws of the headline, the times, the cohorts and the treated cells, whose rows go together, and those' noise."""
    own, cells = len(totals.cells.effect), len(totals.after)
    means = plan.means(totals.cells)
    which = np.concatenate([totals.after, np.arange(own + 2, len(means)), [own]])
    laid = np.zeros(len(which), dtype=bool)
    laid[cells:-1] = True
    rows, noise = spread_rest(change, means[which], precision, which=which, laid=laid, rng=rng)
    if totals.is_log:
        rows = np.clip(rows, -_LARGEST_LOG, _LARGEST_LOG)
    treated, at_times, in_cohorts, whole = np.split(rows, np.cumsum([cells, len(plan.times), plan.cohorts]), axis=1)
    return whole[:, 0], at_times, in_cohorts, treated, noise[:, :cells]


def _dynamics(options: CallawaySantAnna, times: tuple[int, ...], draws: FloatArray) -> Dynamics:
    # under "varying" each earlier time is held against the one before it: there is no one reference
    reference = -1 - options.anticipation if options.base_period == "universal" else None
    return Dynamics(times=times, draws=draws, reference=reference)
