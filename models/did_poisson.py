"""Poisson difference-in-differences: counts with an exposure, in sites and periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evalkit.domain import Card, Check, Design, Effect
from evalkit.draws import DEFAULT_DRAWS, FloatArray
from evalkit.errors import DesignError
from evalkit.models._calibration import simulations
from evalkit.models._inference.placed import SiteNoise
from evalkit.models._regression.checks import overdispersion_check
from evalkit.models._regression.columns import Columns
from evalkit.models._regression.did import Method, Options, estimate_effect
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.poisson import allow_for_overdispersion, dispersion, fit_poisson, require_events
from evalkit.models._regression.sample import Sample, require_panel, select

__all__ = ["PoissonDifferenceInDifferences"]

_NAME = "did-poisson"


@dataclass(frozen=True, kw_only=True)
class PoissonDifferenceInDifferences(Options):
    """By what proportion did the rate of events change in treated sites, given site and period effects.

    Poisson pseudo-likelihood, so counts may vary more than chance makes them; weights are the panel's
    analytic weights, times the expected counts that the likelihood itself brings. The change is spread
    as t(degrees of freedom) times the error around the estimate; events prevented are, in each treated
    cell, count times (exp(-change) - 1).

    Notes
    -----
    For options see `Options`. Sites and periods without any event say nothing about a ratio; they are
    left out, and a check counts them.

    References
    ----------
    Gourieroux, Monfort and Trognon 1984, doi:10.2307/1913472; Wooldridge 1999,
    doi:10.1016/S0304-4076(98)00033-5; Pustejovsky and Tipton 2018, doi:10.1080/07350015.2016.1247004.
    """

    card: ClassVar[Card] = Card(
        title="Poisson difference-in-differences with site and period effects",
        shapes=("panel",),
        needs="Counts or rates for treated and comparison sites, over periods before and after the start; with "
        "an exposure where sites differ in size over time; at least one event in the treated sites before "
        "and after",
        assumes="Without the measure, rates in treated and comparison sites would have moved by the same proportion, "
        "and the measure changed nothing in the comparison sites; with starts at different times, the effect is "
        "the same in every site and at every time since the start",
        source="Wooldridge 1999, doi:10.1016/S0304-4076(98)00033-5",
        calibration=(
            (
                "coefficients and sandwich, with exposure, covariate and two starts",
                "pyfixest 0.60 fepois, no small-sample factor",
                "equal to 8 digits",
            ),
            ("the same with analytic weights", "statsmodels 0.15 GLM with dummies", "equal to 8 and 7 digits"),
            ("CR2 errors and degrees of freedom", "whole matrices with explicit dummies", "equal to 7 digits"),
            (
                (
                    "one of 40 treated, true nulls rejected at 5 %: as large as others / 10 times larger / "
                    "smaller, 1,000 panels a row"
                ),
                "nominal 5 % (chance: 2.9 to 7.1)",
                (
                    "randomisation, which the rule takes, 6.3 / 6.2 / 3.6 %; CR2 5.0 / 11.8 / 1.2 % (2,000 panels); "
                    "CR1 75.3 / 68.6 / 82.6 %"
                ),
            ),
            (
                "with CR2, true nulls rejected: as large as others / 10 times larger / smaller, 2,000 panels each",
                "nominal 5 % (chance: 3.5 to 6.5)",
                (
                    "20 of 40 4.6 / 5.4 / 4.8 %; 8 of 40 4.9 / 5.0 / 4.4 %; 3 of 40 2.3 / 2.7 / 1.6 %; 6 of 12 4.8 / "
                    "4.5 / 4.8 %; 2 of 12 0.5 / 3.8 / 0.2 %; 1 of 12 3.7 / 13.1 / 1.0 %, where a check warns"
                ),
            ),
            (
                "95 % interval covers a fall of 26 %, 2,000 panels a row",
                "nominal 95 % (chance: 93.5 to 96.5)",
                "94.3 % with three starts, 20 of 40 treated; 94.8 % with 1.5 events a cell, 12 of 30 treated",
            ),
            (
                "test of 11 to 35 earlier periods rejects true nulls, 300 panels a row",
                "nominal 5 % (chance: up to 8.8)",
                (
                    "20 of 50 sites, 36 periods 1.0 %; 20 of 40, 30 periods 1.0 %; 50 of 100, 36 periods 4.3 %; 55 of "
                    "110, 48 periods 2.0 %; 6 of 16, 36 periods 6.3 %; 6 of 12, 24 periods 4.3 %"
                ),
            ),
            (
                "stated power of that test, 4 earlier periods",
                "share of 400 simulated panels that noticed (chance: 7 points)",
                "6 of 16 sites 14 % (noticed 11); 5 of 10 36 % (44); 3 of 40 18 % (18)",
            ),
        ),
        simulations=simulations(_NAME),
    )

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the log of the rate ratio."""
        panel = require_panel(design, _NAME)
        if panel.outcome.kind in {"score", "index"}:
            msg = (
                f"{_NAME!r} takes counts, rates or proportions; {panel.outcome.name!r} is of kind "
                f"{panel.outcome.kind!r}: use 'did-ols' with transform = 'level'"
            )
            raise DesignError(msg)
        sample = select(design, _NAME, self.covariates, need_events=True)
        _require_events(sample)
        return estimate_effect(sample, _method(panel.outcome.plural), self, rng, draws)


def _method(what: str) -> Method:
    return Method(
        name=_NAME,
        scale="log_rate_ratio",
        is_log=True,
        need_events=True,
        estimand=f"Log of the ratio by which the measure changed the rate of {what} in the treated sites after the "
        "start, one figure for all of them; site-periods with more expected events weigh more",
        moves=("rates", "proportion"),
        regress=_regress,
        expected=_expected,
        checks=_checks,
        noise=_noise,
    )


def _regress(sample: Sample, columns: Columns, names: Sequence[str]) -> Fit:
    fit = fit_poisson(sample.values, sample.exposure, columns, sample.weights, names)
    return allow_for_overdispersion(fit, sample.values, sample.exposure, sample.weights)


def _expected(sample: Sample, fit: Fit, predictor: FloatArray) -> FloatArray:  # noqa: ARG001 - see Method
    return np.asarray(sample.exposure * np.exp(predictor))


def _noise(sample: Sample, fit: Fit) -> SiteNoise:
    """Relative chance variation goes with one over the expected events, which vary at least as chance makes them."""
    return SiteNoise(
        by_size=np.exp(-fit.fitted) / sample.exposure, share=1.0 if sample.panel.outcome.counts_events else None
    )


def _checks(sample: Sample, fit: Fit) -> tuple[Check | None, ...]:
    if not sample.panel.outcome.counts_events:
        return ()
    return (overdispersion_check(dispersion(fit, sample.values, sample.exposure, sample.weights)),)


def _require_events(sample: Sample) -> None:
    start = sample.design.cohorts[0]
    require_events(sample.values, sample.weights, sample.treated, start, "treated")
    if sample.is_buffer.any():
        require_events(sample.values, sample.weights, sample.buffer, start, "buffer")
