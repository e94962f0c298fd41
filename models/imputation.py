"""Imputation of what treated cells would have held untreated, by least squares on logs or on levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evalkit.domain import Card, Design, Effect, Panel
from evalkit.draws import DEFAULT_DRAWS, FloatArray
from evalkit.models._asked import as_names
from evalkit.models._calibration import simulations
from evalkit.models._imputation.cells import choose_cells
from evalkit.models._imputation.effect import Found, make_effect
from evalkit.models._imputation.errors import Errors, choose_strata, require_errors
from evalkit.models._imputation.figures import LinearImputed, Setting
from evalkit.models._imputation.leads import require_leads, steepness, trace_leads
from evalkit.models._imputation.telling import Words
from evalkit.models._imputation.untreated import fit_linear_untreated
from evalkit.models._regression.columns import Columns
from evalkit.models._regression.linear import Fit, fit_linear
from evalkit.models._regression.sample import Sample, require_panel
from evalkit.models._regression.scale import (
    Transform,
    require_positive,
    require_transform,
    scale_of,
    subject_of,
    to_scale,
)

__all__ = ["Imputation"]

_NAME = "imputation"


@dataclass(frozen=True, kw_only=True)
class Imputation:
    """What changed in treated cells, against what untreated cells let expect there.

    Site and period effects, and covariates, are fitted by least squares to untreated cells only, and imputed to
    the treated ones; the effect in a treated cell is its outcome less that. So effects may differ between sites
    and grow or fade, and no treated site serves as comparison. The headline is their average, weighted by the panel's
    weights, over all treated site-periods that can be imputed.

    Attributes
    ----------
    transform : "log" (by what proportion did it change?) or "level" (by how much?)
    errors : "stratified": influence by site around the average effect of its cohort and period, as in "BJS", made
        unbiased for few and unequal sites, with Satterthwaite's degrees of freedom; with many sites the three agree.
        "BJS": the authors' conservative error, the plain sum of squares, which takes a cohort of a single site to have
        no variation of its own. "leave-one-out": the same with averages over the other sites, which is wider
    covariates : names in the panel; None takes all it has
    event_study : test the periods before the start, and trace the effect by time since it
    leads : how many periods before the start are tested; None goes as far as two treated sites reach, and without a
        site that is never treated as far as site and period effects leave anything to tell
    trend_sensitivity : tell from the event study how far trends may have parted before the answer falls: all effects
        are then taken against the last period before the start

    Notes
    -----
    On logs, events prevented do not come from the average: each treated site's own untreated events are brought
    forward by the period effects, and what was recorded is taken off, so that every event counts alike.

    References
    ----------
    Borusyak, Jaravel and Spiess 2024, doi:10.1093/restud/rdae007.
    """

    transform: Transform = "log"
    errors: Errors = "stratified"
    covariates: tuple[str, ...] | None = None
    event_study: bool = True
    leads: int | None = None
    trend_sensitivity: bool = True

    card: ClassVar[Card] = Card(
        title="Imputation from untreated cells (Borusyak, Jaravel and Spiess)",
        shapes=("panel",),
        needs="Counts, rates or scores for sites over periods, some of them never treated or treated later than "
        "others; two treated sites; for logs, no zero",
        assumes="Without the measure, treated sites would have moved by the same proportion (log) or by the same "
        "amount (level) as sites that were not, or not yet, treated, and the measure changed nothing there nor "
        "before it started",
        source="Borusyak, Jaravel and Spiess 2024, doi:10.1093/restud/rdae007",
        calibration=(
            (
                "county teen employment, levels",
                "didimputation and diff-diff 3.13: -.0477099, error .0132225, leave-one-out .0134691",
                "equal to 7 decimals",
            ),
            (
                "simulated counts with three starts, logs, by time since the start",
                "diff-diff 3.13",
                "equal to 7 digits",
            ),
            (
                "log homicide by year of adoption of castle-doctrine laws, unweighted",
                "diff-diff 3.13: .0798016, error .0608840",
                "equal to 7 decimals",
            ),
            ("error with one start and no weights", "Welch's two-sample test", "equal to 4 digits"),
            (
                "true nulls rejected at 5 %: three starts, unequal sites, lasting noise, 12 periods, 1,000 panels",
                "nominal 5 % (chance: 2.9 to 7.1)",
                "20 of 40 sites treated 4.4 %; 8 of 40 4.5 %; 6 of 12 3.1 %",
            ),
            (
                "95 % interval covers the average of effects that differ by cohort and grow, the same panels",
                "nominal 95 % (chance: 92.9 to 97.1)",
                "20 of 40 95.6 %; 8 of 40 95.5 %; 6 of 12 96.8 %",
            ),
            (
                "95 % interval covers the events prevented there (logs), 400 panels",
                "nominal 95 % (chance: 91.7 to 98.3)",
                "20 of 40 97.8 %; 8 of 40 98.5 %; 6 of 12 99.0 %",
            ),
        ),
        simulations=simulations(_NAME),
    )

    def __post_init__(self) -> None:
        require_transform(self.transform)
        require_errors(self.errors)
        require_leads(self.leads)
        object.__setattr__(self, "covariates", as_names(self.covariates))

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the average change in the log rate or in the level."""
        panel = require_panel(design, _NAME)
        require_transform(self.transform, panel)
        chosen = choose_cells(design, _NAME, self.covariates, need_events=False)
        sample = chosen.sample
        if self.transform == "log":
            require_positive(
                panel, sample.rows, sample.places, sample.values, sample.weights, count_model="poisson-etwfe"
            )
        outcome = to_scale(sample.values, sample.exposure, sample.weights, self.transform)
        names = tuple(panel.sites[row] for row in sample.rows)
        setting = Setting(
            treated=chosen.treated,
            strata=choose_strata(sample.starts, len(panel.periods), names, self.errors),
            errors=self.errors,
        )
        untreated = np.where(chosen.untreated, sample.weights, 0.0)
        fit = fit_linear_untreated(outcome, sample.covariates, untreated, sample.covariate_names)
        imputed = LinearImputed(
            fit=fit,
            setting=setting,
            outcome=outcome,
            weights=sample.weights,
            recorded=sample.values,
            exposure=sample.exposure,
            is_log=self.transform == "log",
        )
        found = Found(chosen=chosen, imputed=imputed, setting=setting)
        traced = None
        if self.event_study:
            towards = np.where(chosen.treated, sample.weights, 0.0)
            change = float((towards * (outcome - fit.imputed)).sum() / towards.sum())
            steep = steepness(fit, sample, towards, change)
            traced = trace_leads(chosen, self._regress, steep, self.leads, need_events=False)
        return make_effect(
            found, _words(panel, self.transform), traced, depart=self.trend_sensitivity, rng=rng, draws=draws
        )

    def _regress(self, sample: Sample, columns: Columns, weights: FloatArray, names: tuple[str, ...]) -> Fit:
        outcome = to_scale(sample.values, sample.exposure, weights, self.transform)
        return fit_linear(outcome, columns, weights, names)


def _words(panel: Panel, transform: Transform) -> Words:
    log = transform == "log"
    subject = subject_of(panel)
    what, amount = panel.outcome.plural, "proportion" if log else "amount"
    total = ""
    if panel.outcome.counts_events and log:
        total = (
            "; events prevented are those expected from each treated site's own untreated periods less those recorded, "
            "so that every event counts alike"
        )
    changed = f"the rate of {what}" if subject == "rates" else what
    return Words(
        name=_NAME,
        scale=scale_of(panel, transform),
        estimand=f"{'Log of the ratio' if log else 'Amount'} by which the measure changed {changed}, averaged over all "
        f"treated site-periods by the panel's weights{total}",
        assumption=f"Without the measure, {subject} in treated sites would have moved by the same {amount} as in sites "
        "that were not, or not yet, treated; the measure changed nothing in those, and nothing before it started.",
        outcome=f"{'log of ' if log else ''}{subject}",
        averages_over="treated site-periods" + ("" if panel.weights is None else ", by weight"),
        weighted=panel.weights is not None,
    )
