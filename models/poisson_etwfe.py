"""Poisson extended two-way fixed effects: counts with an exposure, effects that differ by cohort and period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evalkit.domain import Card, Check, Design, Effect
from evalkit.draws import DEFAULT_DRAWS, FloatArray
from evalkit.errors import DesignError, EstimationError
from evalkit.models._asked import as_names
from evalkit.models._calibration import simulations
from evalkit.models._imputation.cells import Imputable, choose_cells
from evalkit.models._imputation.effect import Found, make_effect
from evalkit.models._imputation.errors import Errors, choose_strata, require_errors
from evalkit.models._imputation.figures import PoissonImputed, Setting
from evalkit.models._imputation.leads import require_leads, steepness, trace_leads
from evalkit.models._imputation.telling import Words
from evalkit.models._imputation.untreated import Untreated, fit_poisson_untreated
from evalkit.models._regression.checks import overdispersion_check
from evalkit.models._regression.columns import Columns
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.poisson import fit_poisson, require_events
from evalkit.models._regression.sample import Sample, require_panel

__all__ = ["PoissonExtendedTwoWay"]

_NAME = "poisson-etwfe"


@dataclass(frozen=True, kw_only=True)
class PoissonExtendedTwoWay:
    """By what proportion did events in treated sites fall short of those that untreated cells let expect.

    Poisson pseudo-likelihood with site and period effects, the log of the exposure and a coefficient for every
    cohort in every treated period, so that the effect may differ between cohorts and grow or fade. The treated
    cells are saturated, so these coefficients are the logs of recorded over expected events, with the expectation
    fitted to untreated cells alone; it is fitted that way, and a cohort and period without events needs no log.

    Attributes
    ----------
    errors : "stratified": influence by site around the average effect of its cohort and period, as in "BJS", made
        unbiased for few and unequal sites, with Satterthwaite's degrees of freedom; with many sites the three agree.
        "BJS": the plain sum of squares, which is the cluster-robust sandwich, but takes a cohort of a single site to
        have no variation of its own. "leave-one-out": the same with averages over the other sites, which is wider
    covariates : names in the panel; None takes all it has
    event_study : test the periods before the start, and trace the effect by time since it
    leads : how many periods before the start are tested; None goes as far as two treated sites reach, and without a
        site that is never treated as far as site and period effects leave anything to tell
    trend_sensitivity : tell from the event study how far trends may have parted before the answer falls: all effects
        are then taken against the last period before the start

    Notes
    -----
    Where every site's exposure keeps its proportions over time and no cell is missing, the model with one
    coefficient for each cohort and period gives the same numbers. Otherwise that model lets treated cells into
    the site effects, and is right only if all sites of a cohort have the same ratio; the expectation from untreated
    cells does not ask for that.

    References
    ----------
    Wooldridge 2023, doi:10.1093/ectj/utad016; Borusyak, Jaravel and Spiess 2024, doi:10.1093/restud/rdae007.
    """

    errors: Errors = "stratified"
    covariates: tuple[str, ...] | None = None
    event_study: bool = True
    leads: int | None = None
    trend_sensitivity: bool = True

    card: ClassVar[Card] = Card(
        title="Poisson extended two-way fixed effects with exposure",
        shapes=("panel",),
        needs="Counts or rates for sites over periods, some of them never treated or treated later than others; with "
        "an exposure where sites differ in size over time; two treated sites, and at least one event in them before "
        "and after the start",
        assumes="Without the measure, rates in treated sites would have moved by the same proportion as in sites that "
        "were not, or not yet, treated, and the measure changed nothing there nor before it started",
        source="Wooldridge 2023, doi:10.1093/ectj/utad016",
        calibration=(
            (
                "log ratios of every cohort and period, constant exposure",
                "Poisson regression with site and period effects and all these coefficients",
                "equal to 8 decimals",
            ),
            (
                "the same with an exposure that changes",
                "Poisson regression with a coefficient for every treated site and period",
                "expected events equal to 7 digits",
            ),
            ("events prevented, without exposure", "diff-diff 3.13, WooldridgeDiD", "equal to 8 digits"),
            ("error with one treated period, errors = 'BJS'", "cluster-robust sandwich", "equal to 4 digits"),
            (
                (
                    "true nulls rejected at 5 %: three starts, unequal sites, overdispersed and lasting noise; "
                    "12 periods; 0.3, 3 and 50 events a cell, 300 panels each"
                ),
                "nominal 5 % (chance: 1.2 to 8.8)",
                "20 of 40 sites treated 2.0, 4.3, 4.3 %; 8 of 40 2.0, 3.3, 3.3 %; 6 of 12 3.3, 3.0, 1.7 %",
            ),
            (
                "95 % interval covers the log ratio of sums there, with effects that differ by cohort and grow",
                "nominal 95 % (chance: 91.2 to 98.8); the few sites of a cohort make it wide",
                "20 of 40 96.7, 94.7, 93.7 %; 8 of 40 98.0, 98.0, 96.7 %; 6 of 12 97.3, 98.3, 98.0 %",
            ),
            (
                "95 % interval covers the events prevented there",
                "nominal 95 % (chance: 91.2 to 98.8)",
                "20 of 40 97.3, 97.3, 96.7 %; 8 of 40 98.3, 99.7, 98.7 %; 6 of 12 98.3, 98.3, 99.0 %",
            ),
        ),
        simulations=simulations(_NAME),
    )

    def __post_init__(self) -> None:
        require_errors(self.errors)
        require_leads(self.leads)
        object.__setattr__(self, "covariates", as_names(self.covariates))

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the log of recorded over expected events."""
        panel = require_panel(design, _NAME)
        if panel.outcome.kind in {"score", "index"}:
            msg = (
                f"{_NAME!r} takes counts, rates or proportions; {panel.outcome.name!r} is of kind "
                f"{panel.outcome.kind!r}: use 'imputation' with transform = 'level'"
            )
            raise DesignError(msg)
        chosen = choose_cells(design, _NAME, self.covariates, need_events=True)
        sample = chosen.sample
        require_events(sample.values, sample.weights, chosen.treated, ", ".join(design.cohorts[:3]), "treated")
        names = tuple(panel.sites[row] for row in sample.rows)
        setting = Setting(
            treated=chosen.treated,
            strata=choose_strata(sample.starts, len(panel.periods), names, self.errors),
            errors=self.errors,
        )
        fit = fit_poisson_untreated(
            sample.values,
            sample.exposure,
            sample.covariates,
            np.where(chosen.untreated, sample.weights, 0.0),
            sample.covariate_names,
        )
        imputed = PoissonImputed(fit=fit, setting=setting, recorded=sample.values)
        headline = imputed.change(chosen.treated)
        if headline is None:
            msg = (
                "untreated cells let expect no event at all in the treated cells, so there is no ratio to them: "
                "every comparison site recorded none in these periods, or the treated sites none before; use longer "
                "periods or larger areas"
            )
            raise EstimationError(msg)
        found = Found(chosen=chosen, imputed=imputed, setting=setting)
        traced = None
        if self.event_study:
            steep = steepness(fit, sample, np.where(chosen.treated, imputed.expected, 0.0), headline.value)
            traced = trace_leads(chosen, _regress, steep, self.leads, need_events=True)
        return make_effect(
            found,
            _words(chosen),
            traced,
            extra=(_dispersion(chosen, fit),),
            depart=self.trend_sensitivity,
            rng=rng,
            draws=draws,
        )


def _regress(sample: Sample, columns: Columns, weights: FloatArray, names: tuple[str, ...]) -> Fit:
    return fit_poisson(sample.values, sample.exposure, columns, weights, names)


def _words(chosen: Imputable) -> Words:
    panel = chosen.sample.panel
    what = panel.outcome.plural
    moved = "rates" if panel.exposure is not None else what
    return Words(
        name=_NAME,
        scale="log_rate_ratio",
        estimand=f"Log of the ratio of {what} recorded to {what} expected without the measure, both summed over all "
        "treated site-periods, so that every expected event counts alike",
        assumption=f"Without the measure, {moved} in treated sites would have moved by the same proportion as in sites "
        "that were not, or not yet, treated; the measure changed nothing in those, and nothing before it started.",
        outcome="events per exposure" if panel.exposure is not None else "events",
        averages_over="expected events",
        weighted=panel.weights is not None,
    )


def _dispersion(chosen: Imputable, fit: Untreated) -> Check | None:
    """How much untreated cells vary around their fit, where there are cells to spare."""
    if not chosen.sample.panel.outcome.counts_events:
        return None
    used = fit.weights > 0
    sites, periods = (int(used.any(axis=axis).sum()) for axis in (1, 0))
    free = int(used.sum()) - sites - periods + 1 - fit.columns.shape[2]
    if free <= 0:
        return None
    return overdispersion_check(float((fit.weights * fit.residuals**2).sum() / free))
