"""Places that were chosen because they were bad: empirical Bayes before and after, with a reference population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from evalkit.domain import Card, Cells, Design, Effect, Paths
from evalkit.draws import DEFAULT_DRAWS, FloatArray
from evalkit.errors import EstimationError, nearest
from evalkit.models._asked import as_names
from evalkit.models._calibration import simulations
from evalkit.models._empirical_bayes.checks import population_check, trend_check, window_check
from evalkit.models._empirical_bayes.forecast import Forecast, forecast
from evalkit.models._empirical_bayes.sites import Sites, select_sites
from evalkit.models._inference.ratio import draw_ratio

__all__ = ["EmpiricalBayes"]

type Population = Literal["all", "comparison"]

_NAME = "empirical-bayes"


@dataclass(frozen=True, kw_only=True)
class EmpiricalBayes:
    """Events in chosen places against what their record, and that of places like them, foretold.

    A place that is chosen for a bad year is partly bad and partly unlucky, and luck does not last. Its
    lasting rate is taken to lie between its own record and that of the population it was chosen from, the
    nearer to its own the more the population's sites differ and the less chance there is in the record:
    the mean of a gamma distribution whose Poisson counts make the population's totals before the start
    (negative binomial). Whatever the choice looked at in that record, the forecast is right, as it uses all
    of it. The forecast is carried forward by what happened in the comparison sites, shrunk in the same way.

    Attributes
    ----------
    population : whose totals say how sites differ before the start. "all" (treated and comparison): right where
        the treated sites were picked from among these, as without them the bad end of the population is
        missing. "comparison": where they are a sample of similar sites of their own.
    covariates : of the panel, for the mean of sites like it (a safety-performance function, log-linear in their
        means before the start); None takes all

    Notes
    -----
    The error is that of the sites' own departures from the forecast, each as if the site were left out, and of the
    population's parameters (sandwich), spread as a t distribution with Welch's degrees of freedom.

    References
    ----------
    Hauer 1997, Observational Before-After Studies in Road Safety, ISBN 978-0080430539; Robbins 1956; Buhlmann and
    Straub 1970.
    """

    population: Population = "all"
    covariates: tuple[str, ...] | None = None

    card: ClassVar[Card] = Card(
        title="Empirical Bayes before and after, for places chosen because they were bad",
        shapes=("panel",),
        needs="Counts for two or more treated sites and a population of similar sites, one start; the more periods "
        "before it the better",
        assumes="Sites differ around the mean of sites like them as a gamma distribution does, and what does not last "
        "is independent between periods; rates would have changed by the same proportion in treated and comparison "
        "sites; and the measure changed nothing in the comparison sites",
        source="Hauer 1997, Observational Before-After Studies in Road Safety; Hauer et al. 2002, doi:10.3141/1784-16",
        simulations=simulations("empirical-bayes"),
        calibration=(
            (
                "coefficients and variance between sites, with covariate and exposure",
                "statsmodels 0.15 NegativeBinomial",
                "equal to 4 digits",
            ),
            (
                "true nulls, 27 worst of 300 places in the one year before, 10 events a year, 1,000 panels",
                "no change, nominal 5 % (chance: 2.9 to 7.1); did-poisson on the same: -13.6 %, rejects 63 %",
                "+0.6 % on average, rejects 5.6 %",
            ),
            (
                "the same with 5 events a year",
                "did-poisson: -23.4 %, rejects 87 %",
                "+0.8 %, rejects 5.4 %",
            ),
            (
                "the same with three years before, the worst of the last chosen",
                "did-poisson: -5.2 %, rejects 15 %",
                "0.0 %, rejects 3.0 %; with quarters that vary beyond chance (45 %) -1.3 %, rejects 5.5 %",
            ),
            (
                "one year before: 8 of 300 chosen; 27 chosen and quarters that vary beyond chance (45 %), 1,000 panels",
                "nominal 5 %",
                "+0.1 %, rejects 4.0 %; -1.4 %, rejects 5.6 %",
            ),
            (
                "95 % interval covers a fall of 20 %, one year before, 1,000 panels",
                "nominal 95 % (chance: 92.9 to 97.1)",
                "94.7 %, bias +0.6 %",
            ),
            (
                "true nulls where rates are lognormal and not gamma, one year before and three, 1,000 panels",
                "nominal 5 %",
                "+5.6 % (against finding a fall), rejects 14 %; +2.0 %, rejects 7.4 %",
            ),
            (
                (
                    "the same with errors of sites left out, as they are now, 400 panels a row; gap between a "
                    "lognormal and a gamma forecast, in errors, of which more than 0.15 fails `population`"
                ),
                "nominal 5 %",
                "one year before: rejects 9 %, gap .36; three: 6.2 %, .17. Gamma rates: 4.0 %, .16; 3.7 %",
            ),
            (
                "95 % range with errors of sites left out, sites that each keep a shift, 800 panels a row",
                "nominal 95 %; before, 93.1 % in the first two",
                "20 of 40 treated 95.9 %, 10 of 100 95.0 %, 6 of 12 97.3 %; lasting noise 95.9 %",
            ),
        ),
    )

    def __post_init__(self) -> None:
        if self.population not in get_args(Population.__value__):
            msg = f"no population {self.population!r}; {nearest(self.population, get_args(Population.__value__))}"
            raise EstimationError(msg)
        object.__setattr__(self, "covariates", as_names(self.covariates))

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the log of events recorded over events foretold."""
        sites = select_sites(design, _NAME, self.covariates)
        members = np.ones(len(sites.rows), bool) if self.population == "all" else ~sites.treated
        found = forecast(sites, members)
        panel, what, ratio = sites.panel, sites.panel.outcome.plural, found.ratio
        change, prevented = draw_ratio(ratio, draws, rng)
        influence = np.zeros(len(panel.sites))
        influence[sites.rows] = ratio.influence
        checks = (
            window_check(design, sites, found),
            population_check(sites, found, members, rng),
            trend_check(sites, found),
            *sites.checks,
        )
        return Effect(
            outcome=panel.outcome,
            estimator=_NAME,
            scale="log_rate_ratio",
            change=change,
            prevented=prevented,
            periods=panel.periods.labels[sites.start :],
            recorded=ratio.recorded,
            degrees_of_freedom=ratio.degrees_of_freedom,
            checks=checks,
            paths=_paths(sites, found),
            cells=_cells(sites, found),
            influence=influence,
            estimand=f"Log of {what} recorded in the treated sites after the start over those that their lasting "
            "rate and the change in the comparison sites foretold; the effect on these sites, all their events "
            "together",
            assumption="Sites differ around the mean of sites like them as a gamma distribution does, and what does "
            "not last is independent between periods; without the measure, lasting rates in treated and comparison "
            "sites would have changed by the same proportion; and the measure changed nothing in the comparison sites.",
            specification=(
                ("estimator", _NAME),
                ("averages over", "expected events"),
                ("outcome", "log rate"),
                (
                    "compared with",
                    "own record, shrunk towards " + ("all sites" if members.all() else "comparison sites"),
                ),
                ("sites", f"{sites.treated.sum()} treated, {(~sites.treated).sum()} comparison"),
                ("periods", f"{sites.start} before, {len(panel.periods) - sites.start} after"),
                ("covariates", ", ".join(sites.covariates) or "none"),
                ("effects removed", "lasting rate of a site, change of the comparison"),
                ("weights", "none"),
                ("errors", "sandwich by site, left out"),
            ),
        )


def _expected(sites: Sites, found: Forecast) -> FloatArray:
    """Lasting counts, with what all sites share in each period before the start and the trend after it."""
    before = sites.counts[:, : sites.start].sum(axis=0) / np.maximum(
        found.lasting[:, : sites.start].sum(axis=0), 1e-300
    )
    return np.asarray(found.lasting * np.concatenate([before, found.trend]))


def _paths(sites: Sites, found: Forecast) -> Paths:
    own = sites.treated
    return Paths(
        periods=sites.panel.periods.labels,
        recorded=np.asarray(sites.counts[own].sum(axis=0)),
        fitted=np.asarray(_expected(sites, found)[own].sum(axis=0)),
    )


def _cells(sites: Sites, found: Forecast) -> Cells:
    own = sites.treated
    after = (np.arange(len(sites.panel.periods)) >= sites.start) & (sites.exposure[own] > 0)
    recorded = sites.counts[own]
    return Cells(
        sites=tuple(sites.panel.sites[row] for row in sites.rows[own]),
        periods=sites.panel.periods.labels,
        treated=after,
        recorded=recorded,
        expected=np.where(after, _expected(sites, found)[own], recorded),
    )
