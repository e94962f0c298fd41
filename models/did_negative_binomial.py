"""Negative binomial difference-in-differences: a second opinion on counts that vary more than chance makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from evalkit.domain import Card, Check, Design, Effect
from evalkit.draws import DEFAULT_DRAWS
from evalkit.errors import DesignError, EstimationError
from evalkit.models._calibration import simulations
from evalkit.models._regression.columns import Columns
from evalkit.models._regression.did import Method, Options, estimate_effect
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.negative_binomial import MOST_SITES, fit_negative_binomial
from evalkit.models._regression.sample import Sample, require_panel, select
from evalkit.models.did_poisson import _method as poisson_method
from evalkit.models.did_poisson import _require_events as require_treated_events

__all__ = ["NegativeBinomialDifferenceInDifferences"]

_NAME = "did-negative-binomial"


@dataclass(frozen=True, kw_only=True)
class NegativeBinomialDifferenceInDifferences(Options):
    """By what proportion did the rate change, if the variance of a count grows with its square (NB2).

    Large counts weigh less than in `did-poisson`: a cell weighs mu / (1 + alpha mu), so with many events sites
    come to weigh alike. Maximum likelihood by statsmodels with a level for each site and period; errors by
    site are made from the working regression at the maximum, as in the other estimators. Made for holding `did-poisson`
    against: it needs the variance to be as stated, and sites' own levels, of which there are as many as sites, bias
    its alpha downwards.

    Notes
    -----
    For options see `Options`. `small_sample = "none"` is the sandwich itself. Published errors come from the
    observed information: Stata's nbreg takes G / (G - 1), statsmodels (N - 1) / (N - K) besides, 6 % apart on the
    castle panel.

    References
    ----------
    Lawless 1987, doi:10.2307/3314912; Cheng and Hoekstra 2013, doi:10.3368/jhr.48.3.821; Allison and Waterman 2002,
    doi:10.1111/1467-9531.00117.
    """

    card: ClassVar[Card] = Card(
        title="Negative binomial difference-in-differences with site and period levels",
        shapes=("panel",),
        needs=f"Counts for treated and comparison sites, at most {MOST_SITES} sites, over periods before and after the "
        "start; at least one event in the treated sites before and after; no weights",
        assumes="Without the measure, rates in treated and comparison sites would have moved by the same proportion, "
        "the measure changed nothing in the comparison sites, and counts vary by mu + alpha mu^2",
        source="Lawless 1987, doi:10.2307/3314912",
        simulations=simulations("did-negative-binomial"),
        calibration=(
            (
                "castle-doctrine laws, homicides with population, share of the year in force",
                "Cheng and Hoekstra 2013, state and year levels; with region by year: 0.0565 (0.0331); 0.0734",
                (
                    "0.0565 (0.0331); 0.0734, of the likelihood itself: a design's sites are treated or not, and this "
                    "estimator takes no share of a year"
                ),
            ),
            (
                "error by site of the same, from the working regression of this estimator",
                "the observed information of the likelihood",
                "0.0326 for 0.0331 (no factor for the first)",
            ),
            (
                "CPU time of 40 sites and 12 periods; of 100 sites; refused for lack of overdispersion",
                "none to compare with",
                "0.2 s, 0.9 s; below 0.1 s",
            ),
        ),
    )

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the log of the rate ratio."""
        panel = require_panel(design, _NAME)
        if not panel.outcome.counts_events:
            raise DesignError(
                f"{_NAME!r} takes counts of events; {panel.outcome.name!r} is of kind {panel.outcome.kind!r}"
            )
        sample = select(design, _NAME, self.covariates, need_events=True)
        _require_size(sample)
        require_treated_events(sample)
        return estimate_effect(sample, _method(panel.outcome.plural), self, rng, draws)


def _require_size(sample: Sample) -> None:
    sites = len(sample.rows)
    if sites > MOST_SITES:
        raise EstimationError(
            f"{_NAME!r} fits a level for each site and takes at most {MOST_SITES} sites; there are {sites:,}: use "
            "'did-poisson', whose errors allow for the same variation"
        )
    used = sample.weights[sample.weights > 0]
    if used.min() != used.max():
        raise EstimationError(
            f"{_NAME!r} takes no weights, as its likelihood weighs the cells itself; the panel has weights from "
            f"{used.min():g} to {used.max():g}: leave them out, or use 'did-poisson'"
        )


def _method(what: str) -> Method:
    return replace(
        poisson_method(what),
        name=_NAME,
        estimand=f"Log of the ratio by which the measure changed the rate of {what} in the treated sites after the "
        "start, one figure for all of them; site-periods with more expected events weigh more, but never more than 1 / "
        "alpha",
        regress=_regress,
        checks=_checks,
    )


def _regress(sample: Sample, columns: Columns, names: Sequence[str]) -> Fit:
    return fit_negative_binomial(sample.values, sample.exposure, columns[:], sample.weights, names)


def _checks(sample: Sample, fit: Fit) -> tuple[Check | None, ...]:
    expected = sample.exposure * np.exp(fit.fitted)
    used = sample.weights > 0
    alpha = float(np.median((expected[used] / fit.weights[used] - 1) / expected[used]))
    return (
        Check(
            name="overdispersion",
            passed=None,
            detail=f"The variance of a count is taken to be its mean plus {alpha:.3g} times its mean squared (maximum "
            "likelihood, too small where there are many sites and few periods); the errors do not rest on it.",
        ),
    )
