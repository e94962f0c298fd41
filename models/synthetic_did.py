"""Synthetic difference-in-differences: weighted sites, weighted periods, and a difference of differences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, get_args

import numpy as np

from evalkit.domain import Card, Check, Design, Effect
from evalkit.draws import DEFAULT_DRAWS, is_number
from evalkit.errors import EstimationError, nearest
from evalkit.models._asked import as_names, require_whole
from evalkit.models._calibration import simulations
from evalkit.models._regression.scale import Transform, require_transform, subject_of
from evalkit.models._synthetic.assemble import assemble
from evalkit.models._synthetic.checks import fit_check, leave_one_out, overlap_check, placebo_check, selection_check
from evalkit.models._synthetic.difference import DifferenceFitter, held_out_error
from evalkit.models._synthetic.drawing import Drawn, draw_by_placebos, draw_by_replicates
from evalkit.models._synthetic.fitted import Fitted, Fitter
from evalkit.models._synthetic.in_time import early_start, jackknife_errors, leads_check, placebo_errors
from evalkit.models._synthetic.placebos import LEAST_LEFT, fit_placebos, place
from evalkit.models._synthetic.reading import Reading, read_gaps
from evalkit.models._synthetic.replicates import (
    bootstrap,
    freedom_of,
    jackknife,
    refitted_jackknife,
    require_several,
)
from evalkit.models._synthetic.sample import Sample, select
from evalkit.models._synthetic.scales import PlaceboScale, placebo_scales

__all__ = ["SyntheticDifferenceInDifferences"]

_NAME = "synthetic-did"
# Of either kind, from which on sites show themselves how much they vary (see the card).
_ENOUGH = 10

type SyntheticErrors = Literal["auto", "placebo", "refitted jackknife", "jackknife", "bootstrap"]


@dataclass(frozen=True, kw_only=True)
class SyntheticDifferenceInDifferences:
    """Difference-in-differences among the sites and periods that are alike, by weights.

    Comparison sites are weighted to run parallel to the mean of the treated sites before the start, periods
    before it to be like those after it, in comparison sites. Both weights are the exact optimum. With different
    starts every cohort is estimated by itself against the sites that were never treated, and the headline is the
    mean over treated site-periods.

    Events prevented are, in each treated cell, count times (exp(-change) - 1) for logs and minus change times
    exposure for levels, by the change of the cell's cohort.

    Attributes
    ----------
    transform : "log" (by what proportion did it change?) or "level" (by how much?). Logs are the default because
        crime differs between sites by factors, and so does its noise.
    errors : "placebo" (the measure put on comparison sites; all ways where there are no more than
        `placements`), "refitted jackknife" (each site left out, weights fitted again, a t distribution),
        "jackknife" (weights kept, the authors': too sure, see the card), "bootstrap" (sites drawn anew within
        cohorts, weights fitted again: too sure with three treated sites), or "auto": the refitted jackknife with ten
        treated and ten comparison sites or more, or where fewer than three would be left beside placebos; else placebos
    placebo_scale : bring placebos to the size of the treated sites' noise by the error with which periods before
        the start are foretold when "held out" (down by no more than noise explains), or take them as they are
        ("none", as the authors do: too sure where the treated site swings more than the others, see the card)
    regularisation : factor of the penalty on site weights; 1 is that of the authors, 0 none
    covariates : names in the panel, taken out by a regression in comparison sites; None takes all it has
    placements, replicates : most placebos to fit, and how many bootstrap samples to draw

    References
    ----------
    Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021, doi:10.1257/aer.20190159; cohorts: Clarke, Pailanir,
    Athey and Imbens 2024, doi:10.1177/1536867X241297914.
    """

    transform: Transform = "log"
    errors: SyntheticErrors = "auto"
    placebo_scale: PlaceboScale = "held out"
    regularisation: float = 1.0
    covariates: tuple[str, ...] | None = None
    placements: int = 1000
    replicates: int = 200

    card: ClassVar[Card] = Card(
        title="Synthetic difference-in-differences",
        shapes=("panel",),
        needs="Treated and never-treated sites, and many periods before the start; with one treated site, 19 or more "
        "others for a 95 % range; for logs, no zero",
        assumes="Without the measure, treated sites would have moved, from the weighted periods before the start on, "
        "by as much as the weighted comparison sites, and the measure changed nothing in these",
        source="Arkhangelsky et al. 2021, doi:10.1257/aer.20190159",
        simulations=simulations("synthetic-did"),
        calibration=(
            (
                "Proposition 99, packs a head",
                "published -15.6; diff-diff 3.13, which stops before the optimum, -15.6038",
                "-15.6054; periods 1986 .37, 1987 .21, 1988 .43; placebo standard error over all 38 9.37",
            ),
            (
                "three treated sites of a simulated panel",
                "diff-diff 3.13",
                "estimate within .01; jackknife error within 1 %",
            ),
            (
                "true nulls rejected at 5 %, two common factors, 24 periods before, placebos, 400 panels each",
                "nominal 5 % (chance: 1.7 to 8.3)",
                "1 of 40 sites 6.8 %; 1 of 20 sites 5.5 %",
            ),
            (
                "the same, 3 of 40 sites treated (400 panels with placebos, 300 jackknife, 100 bootstrap)",
                "nominal 5 % (chance: up to 8.3, 8.8 and 11.5)",
                "placebos 7.8 %; jackknife 7.3 %; bootstrap 12 %",
            ),
            (
                "the same with the jackknife, 20 of 40 sites treated, 300 panels",
                "nominal 5 % (chance: 1.2 to 8.8)",
                "7.3 %",
            ),
            (
                "true nulls rejected at 5 %, 6 periods before, shifts of sites (sd .1), 400 panels: 6 of 12, 20 of 40",
                "nominal 5 % (chance: 1.7 to 8.3)",
                "refitted jackknife, t 3.5 and 3.5 %; weights kept, normal 15.5 and 8.8 %, t 10.3 and 7.8 %",
            ),
            (
                "the worst of 40 sites that are alike but for chance is treated, no effect, 100 panels a row",
                "nominal 5 %, no bias",
                "worst in 12 of 12 periods before: a fall of 15 %, 17 % rejected; 6 of 12: 11, 13 %; 6 of 36: 3, 6 %",
            ),
        ),
    )

    def __post_init__(self) -> None:
        require_transform(self.transform)
        known = get_args(SyntheticErrors.__value__)
        if self.errors not in known:
            msg = f"no errors {self.errors!r}; {nearest(self.errors, known)}"
            raise EstimationError(msg)
        scales = get_args(PlaceboScale.__value__)
        if self.placebo_scale not in scales:
            msg = f"no placebo_scale {self.placebo_scale!r}; {nearest(self.placebo_scale, scales)}"
            raise EstimationError(msg)
        if not is_number(self.regularisation) or self.regularisation < 0:
            msg = f"regularisation is a number of zero or more; there is {self.regularisation!r}"
            raise EstimationError(msg)
        require_whole("placements", self.placements, 1)
        require_whole("replicates", self.replicates, 20)
        object.__setattr__(self, "covariates", as_names(self.covariates))

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the change, and its error by the way that the number of sites allows."""
        sample = select(design, _NAME, self.transform, self.covariates)
        fitter = DifferenceFitter(regularisation=self.regularisation)
        fitted = fitter(sample.outcomes, sample.treated, sample.starts, sample.comparison)
        reading = read_gaps(fitted)
        how = _settle(self.errors, sample, fitted)
        infer = self._by_placebos if how == "placebo" else self._by_replicates
        drawn, about_errors = infer(sample, fitter, fitted, reading, how=how, draws=draws, rng=rng)
        estimate = float(reading.change(fitted.gaps))
        checks = (
            *about_errors,
            overlap_check(sample, fitted, centred=True),
            leave_one_out(sample, fitter, fitted, estimate, told=drawn.leaves_zero_out),
            selection_check(sample),
        )
        return self._effect(sample, fitted, reading, drawn, checks)

    def _by_placebos(
        self,
        sample: Sample,
        fitter: Fitter,
        fitted: Fitted,
        reading: Reading,
        *,
        how: str,
        draws: int,
        rng: np.random.Generator,
    ) -> tuple[Drawn, tuple[Check, ...]]:
        placements = place(sample.starts, len(sample.comparison), self.placements, rng)
        placebos = fit_placebos(fitter, sample.outcomes, sample.starts, sample.comparison, placements)
        scales = None
        if self.placebo_scale == "held out":
            error = partial(held_out_error, regularisation=self.regularisation)
            scales = placebo_scales(sample, fitted, placements, reading.change(placebos), error)
        scaled = placebos if scales is None else placebos * scales[:, None, None]
        estimate, early = float(reading.change(fitted.gaps)), early_start(sample, fitter)
        held_out = placebo_errors(sample, fitter, early, placements, scales)
        return draw_by_placebos(reading, fitted.gaps, scaled, placements, draws=draws, rng=rng), (
            leads_check(sample, early, held_out, estimate),
            fit_check(sample, fitted, placebos),
            placebo_check(estimate, reading.change(scaled), placements, None),
        )

    def _by_replicates(
        self,
        sample: Sample,
        fitter: Fitter,
        fitted: Fitted,
        reading: Reading,
        *,
        how: str,
        draws: int,
        rng: np.random.Generator,
    ) -> tuple[Drawn, tuple[Check, ...]]:
        require_several(fitted, f"the {how}", sample.labels)
        parts, freedom = (sample.outcomes, sample.treated, sample.starts, sample.comparison), None
        if how == "refitted jackknife":
            left = refitted_jackknife(fitter, *parts, rng=rng)
            deviations, freedom = np.concatenate(left), freedom_of([reading.change(each) for each in left])
        elif how == "jackknife":
            deviations = jackknife(sample.outcomes, fitted, sample.treated, sample.comparison)
        else:
            deviations = bootstrap(fitter, *parts, replicates=self.replicates, rng=rng)
        early = early_start(sample, fitter)
        held_out = jackknife_errors(sample, fitter, early, rng)
        drawn = draw_by_replicates(reading, fitted.gaps, deviations, how=how, freedom=freedom, draws=draws, rng=rng)
        return drawn, (
            leads_check(sample, early, held_out, float(reading.change(fitted.gaps))),
            fit_check(sample, fitted, None),
        )

    def _effect(
        self, sample: Sample, fitted: Fitted, reading: Reading, drawn: Drawn, checks: tuple[Check | None, ...]
    ) -> Effect:
        log, what = self.transform == "log", sample.panel.outcome.plural
        subject = subject_of(sample.panel)
        rates = f"the rate of {what}" if subject == "rates" else what
        whose = "its cohort" if len(fitted.sizes) > 1 else "all of them"
        events = f", and events are those of each site by the change of {whose}"
        return assemble(
            sample,
            fitted,
            reading,
            drawn,
            name=_NAME,
            estimand=f"{'Mean log of the ratio' if log else 'Mean amount'} by which the measure changed {rates} in the "
            f"treated sites after the start; treated site-periods count alike"
            f"{events if sample.panel.outcome.counts_events else ''}",
            assumption=f"Without the measure, {subject} in the treated sites would have moved, from the weighted "
            f"periods before the start on, by the same {'proportion' if log else 'amount'} as in the weighted "
            "comparison sites; and the measure changed nothing in the comparison sites.",
            checks=checks,
            specification=(
                ("matched on", "course before the start, less its mean"),
                ("weights of periods", _period_weights(sample, fitted)),
                ("weights", f"regularised ({self.regularisation:g} of the authors')"),
            ),
        )


def _settle(errors: SyntheticErrors, sample: Sample, fitted: Fitted) -> str:
    """Take placebos with few sites, where there are others to put the measure on; else the refitted jackknife."""
    if errors != "auto":
        return errors
    treated, comparison = len(sample.starts), len(sample.comparison)
    if (fitted.sizes < 2).any():
        return "placebo"
    few = min(treated, comparison) < _ENOUGH and comparison - treated >= LEAST_LEFT
    return "placebo" if few else "refitted jackknife"


def _period_weights(sample: Sample, fitted: Fitted) -> str:
    """Name the heaviest periods before the start, by cohort where there are several."""
    parts = []
    for start, weights in zip(fitted.starts, fitted.times, strict=True):
        heavy = [place for place in np.argsort(-weights)[:3] if weights[place] > 0.005]
        shown = ", ".join(f"{sample.labels[place]} {weights[place]:.2f}" for place in heavy)
        parts.append(shown if len(fitted.starts) == 1 else f"start {sample.labels[start]}: {shown}")
    return "; ".join(parts)
