"""Linear difference-in-differences: log rates, or levels, in sites and periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from evalkit.domain import Card, Check, Design, Effect, Panel
from evalkit.draws import DEFAULT_DRAWS, FloatArray
from evalkit.models._calibration import simulations
from evalkit.models._inference.placed import SiteNoise
from evalkit.models._regression.columns import Columns
from evalkit.models._regression.did import Method, Options, estimate_effect
from evalkit.models._regression.linear import Fit, fit_linear
from evalkit.models._regression.sample import Sample, require_panel, select
from evalkit.models._regression.scale import (
    Transform,
    require_positive,
    require_transform,
    scale_of,
    subject_of,
    to_scale,
)
from evalkit.models._regression.sizes import same_in_all_sizes

__all__ = ["LinearDifferenceInDifferences"]

_NAME = "did-ols"


@dataclass(frozen=True, kw_only=True)
class LinearDifferenceInDifferences(Options):
    """Least squares with site and period effects, on logs or on levels.

    The outcome is the count divided by the exposure where there is one, otherwise the value; "log" takes
    its logarithm. Cells are weighted by the panel's analytic weights and by nothing else: give the
    population as weights to let people rather than sites count alike. The change is spread as
    t(degrees of freedom) times the error around the estimate. Events prevented are, in each treated
    cell, count times (exp(-change) - 1) for logs and minus change times exposure for levels.

    Attributes
    ----------
    transform : "log" (by what proportion did it change?) or "level" (by how much?). Logs are the default
        because crime differs between sites by factors, and so do its changes; a zero has no logarithm.

    Notes
    -----
    For the other options see `Options`. Paths of logs are brought back to events by each site's own
    factor (Duan 1983, doi:10.1080/01621459.1983.10478017).

    References
    ----------
    Cheng and Hoekstra 2013, doi:10.3368/jhr.48.3.821; Pustejovsky and Tipton 2018,
    doi:10.1080/07350015.2016.1247004.
    """

    transform: Transform = "log"

    card: ClassVar[Card] = Card(
        title="Least-squares difference-in-differences with site and period effects",
        shapes=("panel",),
        needs="Counts, rates or scores for treated and comparison sites, over periods before and after the "
        "start; for logs, no zero",
        assumes="Without the measure, treated and comparison sites would have moved by the same proportion "
        "(log) or by the same amount (level), and the measure changed nothing in the comparison sites; with starts "
        "at different times, the effect is the same in every site and at every time since the start",
        source="Pustejovsky and Tipton 2018, doi:10.1080/07350015.2016.1247004",
        calibration=(
            (
                "castle-doctrine laws, log homicide, weighted by population, from the first full year of the law",
                "fixest and Stata rules; CR2 of clubSandwich",
                ".0755; CR1 .0332 (nested) or .0348 (full); CR2 .0360 with 7.1 degrees of freedom, p .0735",
            ),
            (
                "the same, unweighted",
                "the same",
                ".0694; CR1 .0559 or .0586; CR2 .0561 with 36.8 degrees of freedom",
            ),
            (
                "the same with the share of the year in force: six estimates of Cheng and Hoekstra 2013",
                ".0801 (.0342), .0946 (.0279), .0937 (.0290); unweighted .0877 (.0638), .0811 (.0769), .0600 (.0684)",
                (
                    "all to four digits, of the least squares itself: a design's sites are treated or not, and this "
                    "estimator takes no share of a year"
                ),
            ),
            ("event study of the same panel", "pyfixest 0.60 feols", "estimates to 6 decimals, errors to 4 digits"),
            (
                "CR2 errors, degrees of freedom, joint test, with and without weights",
                "whole matrices with explicit dummies",
                "equal to 8 digits",
            ),
            (
                (
                    "one of 40 treated, true nulls rejected at 5 %: as large as others / 10 times larger / "
                    "smaller, 1,000 panels a row"
                ),
                "nominal 5 % (chance: 2.9 to 7.1)",
                (
                    "randomisation, which the rule takes, 5.3 / 5.4 / 5.4 %; CR2 5.5 / 5.4 / 10.2 %; CR1 74.8 / 74.6 / "
                    "79.1 %"
                ),
            ),
            (
                "with CR2, true nulls rejected at 5 %, logs, 40 sites by 8 periods, 2,000 panels a row",
                "nominal 5 % (chance: 3.5 to 6.5)",
                "20 treated 4.2 %; 8 treated 5.8 %; 3 treated 2.8 %; 1 treated 5.2 %",
            ),
            ("the same with 12 sites", "nominal 5 %", "6 treated 5.5 %; 2 treated 0.3 %; 1 treated 5.4 %"),
            (
                "test of 11 to 35 earlier periods rejects true nulls, 300 panels a row",
                "nominal 5 % (chance: up to 8.8)",
                (
                    "20 of 50 sites, 36 periods 2.0 %; 20 of 40, 30 periods 2.7 %; 50 of 100, 36 periods 5.7 %; 55 of "
                    "110, 48 periods 4.0 %; 6 of 16, 36 periods 2.3 %; 6 of 12, 24 periods 4.3 %"
                ),
            ),
            (
                "95 % interval covers a fall of 26 %, three starts, 20 of 40 treated, 2,000 panels",
                "nominal 95 % (chance: 93.5 to 96.5)",
                "95.5 %",
            ),
        ),
        simulations=simulations(_NAME),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_transform(self.transform)

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the change in the log rate or in the level."""
        panel = require_panel(design, _NAME)
        require_transform(self.transform, panel)
        sample = select(design, _NAME, self.covariates, need_events=False)
        if self.transform == "log":
            require_positive(panel, sample.rows, sample.places, sample.values, sample.weights)
        return estimate_effect(sample, _method(panel, self.transform), self, rng, draws)


def _method(panel: Panel, transform: Transform) -> Method:
    what = panel.outcome.plural
    log = transform == "log"
    amount = "proportion" if log else "amount"
    total = ""
    if panel.outcome.counts_events:
        total = f"events prevented take the {amount} to be the same in every treated site"
    subject = subject_of(panel)
    return Method(
        name=_NAME,
        scale=scale_of(panel, transform),
        is_log=log,
        need_events=False,
        estimand=f"{'Log of the ratio' if log else 'Amount'} by which the measure changed "
        f"{f'the rate of {what}' if subject == 'rates' else what} in the treated sites after the start, one figure for "
        f"all of them; site-periods count by the panel's weights"
        f"{'; ' + total if total else ''}",
        moves=(subject, amount),
        regress=partial(_regress, log=log),
        expected=partial(_expected, log=log),
        checks=_checks if log else _no_checks,
        noise=partial(_noise, log=log),
        totals=f" {total[0].upper()}{total[1:]}." if total else "",
    )


def _regress(sample: Sample, columns: Columns, names: Sequence[str], *, log: bool) -> Fit:
    rates = to_scale(sample.values, sample.exposure, sample.weights, "log" if log else "level")
    return fit_linear(rates, columns, sample.weights, names)


def _expected(sample: Sample, fit: Fit, predictor: FloatArray, *, log: bool) -> FloatArray:
    if not log:
        return np.asarray(sample.exposure * predictor)
    used = sample.weights > 0
    totals = (sample.exposure * np.exp(fit.fitted) * used).sum(axis=1, keepdims=True)
    smear = (sample.values * used).sum(axis=1, keepdims=True) / totals
    return np.asarray(sample.exposure * np.exp(predictor) * smear)


def _noise(sample: Sample, fit: Fit, *, log: bool) -> SiteNoise:
    """Counts vary at least as chance makes them; of other outcomes, weights tell the size, where there are any."""
    if sample.panel.outcome.counts_events:
        if log:
            return SiteNoise(by_size=np.exp(-fit.fitted) / sample.exposure, share=1.0)
        return SiteNoise(by_size=np.maximum(fit.fitted, 0) / sample.exposure, share=1.0)
    used = sample.weights > 0
    if np.ptp(sample.weights[used]) == 0:
        return SiteNoise()
    typical = float(sample.weights[used].mean())
    return SiteNoise(by_size=np.divide(typical, sample.weights, out=np.zeros_like(sample.weights), where=used))


def _checks(sample: Sample, fit: Fit) -> tuple[Check | None, ...]:
    return (same_in_all_sizes(sample, fit),)


def _no_checks(sample: Sample, fit: Fit) -> tuple[Check | None, ...]:  # noqa: ARG001 - see Method
    return ()
