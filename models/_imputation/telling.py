"""What is told beside the draws: sums by period and by cell, the sites behind the error, the specification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Cells, Check, Paths
from evalkit.domain.effect import Scale
from evalkit.draws import FloatArray
from evalkit.models._imputation.cells import Imputable
from evalkit.models._imputation.figures import Figure, Imputed, Setting
from evalkit.models._inference.student import FEW_DEGREES, FEW_DEGREES_SAY
from evalkit.models._regression.sample import Sample

__all__ = ["Words", "cells_of", "paths_of", "recorded_by_period", "sites_check", "specification"]

_ERRORS = {
    "stratified": "robust to what goes on within a site, around the average of each cohort and period, and "
    "made unbiased for few sites (stratified)",
    "BJS": "robust to what goes on within a site, around the average of each cohort and period (Borusyak, Jaravel and "
    "Spiess)",
    "leave-one-out": "robust to what goes on within a site, around the average of the other sites of its cohort and "
    "period (leave-one-out)",
}


@dataclass(frozen=True, kw_only=True)
class Words:
    """What only one of the methods says of itself, and for the table of specifications."""

    name: str
    scale: Scale
    estimand: str
    assumption: str
    outcome: str
    averages_over: str
    weighted: bool


def recorded_by_period(chosen: Imputable) -> FloatArray:
    """Events recorded in the imputed cells, by period of the whole calendar."""
    out = np.zeros(len(chosen.sample.panel.periods))
    out[chosen.sample.places] = (chosen.sample.values * chosen.treated).sum(axis=0)
    return out


def paths_of(chosen: Imputable, imputed: Imputed) -> Paths:
    """Recorded and expected in treated sites, by period in use: sums of events, or means of scores."""
    sample = chosen.sample
    own = chosen.treated.any(axis=1)
    counted = (chosen.treated | chosen.untreated)[own].astype(float)
    if not sample.panel.outcome.counts_events:
        counted = counted / np.maximum(counted.sum(axis=0), 1.0)
    held = counted.any(axis=0)
    return Paths(
        periods=tuple(sample.panel.periods.labels[place] for place in sample.places[held]),
        recorded=np.asarray((sample.values[own] * counted).sum(axis=0))[held],
        fitted=np.asarray((imputed.expected[own] * counted).sum(axis=0))[held],
    )


def cells_of(chosen: Imputable, imputed: Imputed) -> Cells:
    """Recorded and expected in every treated site and period."""
    sample = chosen.sample
    panel, own = sample.panel, chosen.treated.any(axis=1)
    rows = sample.rows[own]
    recorded = panel.values[rows]
    treated, expected = np.zeros(recorded.shape, bool), np.array(recorded)
    treated[:, sample.places] = chosen.treated[own]
    expected[treated] = imputed.expected[chosen.treated]
    return Cells(
        sites=tuple(panel.sites[row] for row in rows),
        periods=panel.periods.labels,
        treated=treated,
        recorded=recorded,
        expected=expected,
    )


def sites_check(sample: Sample, setting: Setting, headline: Figure) -> Check:
    """Say how many sites the error rests on, and how many it is worth."""
    free = headline.spread.degrees_of_freedom
    few = free < FEW_DEGREES
    detail = (
        f"The error is {_ERRORS[setting.errors]}; it rests on {sample.treated_count} treated and "
        f"{sample.comparison_count} comparison sites and is read from a t distribution with {free:.1f} degrees of "
        "freedom."
    )
    if setting.strata.pooled is not None:
        alone = len(np.unique(sample.starts[setting.strata.of == setting.strata.pooled]))
        detail += (
            f" {alone} cohorts, of single sites at least in part, show no variation of their own and were taken "
            "together: what differs between them counts as chance."
        )
    elif alone := _lone_cohorts(sample):
        detail += (
            f" {alone} cohort{'s' if alone > 1 else ''} of a single site {'are' if alone > 1 else 'is'} "
            "taken to show no variation because it has none to show; errors = 'stratified' does not."
        )
    if few:
        detail += FEW_DEGREES_SAY
    return Check(name="number of sites", passed=False if few else None, detail=detail)


def _lone_cohorts(sample: Sample) -> int:
    """How many cohorts are a single site."""
    return int((np.unique(sample.starts[sample.ever_treated], return_counts=True)[1] == 1).sum())


def specification(sample: Sample, words: Words, setting: Setting) -> tuple[tuple[str, str], ...]:
    """What a table of specifications shows."""
    compared = "never treated and not yet treated" if sample.comparison_count else "not yet treated"
    return (
        ("estimator", words.name),
        ("averages over", words.averages_over),
        ("outcome", words.outcome),
        ("compared with", compared if sample.design.is_staggered else "never treated"),
        ("sites", f"{len(sample.rows)} ({sample.treated_count} treated)"),
        ("periods", str(len(sample.places))),
        ("effects removed", "site and period, fitted to untreated cells"),
        ("covariates", ", ".join(sample.covariate_names) or "none"),
        ("weights", "the panel's" if words.weighted else "none"),
        ("errors", setting.errors),
    )
