"""How far trends may have parted before an answer from imputation says nothing any more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.domain import Check, TrendSensitivity
from evalkit.draws import FloatArray
from evalkit.models._imputation.errors import covariance_of, with_errors
from evalkit.models._imputation.figures import Figure, Imputed, Setting
from evalkit.models._imputation.leads import Leads
from evalkit.models._regression.sample import Sample
from evalkit.models._sensitivity.trends import sensitivity_or_reason

__all__ = ["event_study", "trend_sensitivity"]


def trend_sensitivity(
    sample: Sample,
    imputed: Imputed,
    setting: Setting,
    *,
    traced: Leads,
    effects: Sequence[tuple[int, Figure]],
    headline: Figure,
    log: bool,
) -> tuple[tuple[TrendSensitivity, ...], Check | None]:
    """Give the sensitivity to a difference in trends, or a check that says why there is none.

    Parameters
    ----------
    effects : by time since the start
    """
    if not traced.figures:
        return (), None  # the check of the leads says why
    if sample.ever_treated.all():
        detail = (
            "How far trends could have parted before the answer falls was not worked out: without a site that is "
            "never treated, a linear trend in the treated sites cannot be told from site and period effects."
        )
        return (), Check(name="sensitivity to trends", passed=None, detail=detail)
    times, estimates, covariance = event_study(
        sample, imputed, setting, traced=traced, effects=effects, sizes=headline.sizes
    )
    return sensitivity_or_reason(
        estimates, covariance, times, degrees_of_freedom=headline.spread.degrees_of_freedom, is_log=log
    )


def event_study(
    sample: Sample,
    imputed: Imputed,
    setting: Setting,
    *,
    traced: Leads,
    effects: Sequence[tuple[int, Figure]],
    sizes: FloatArray,
) -> tuple[list[int], FloatArray, FloatArray]:
    """Put leads and effects on one footing: all against the last period before the start.

    Leads are against the earliest time, effects against all periods before the start, each as much as it weighs in
    what was imputed. Were trends to part by the leads, an effect would be off by what is imputed of them, which is
    added to it; what is left is against the last period alone (Roth 2024, doi:10.48550/arXiv.2401.12309, on why
    the two are not to be read as one line). With one start and no missing cell these are the coefficients of the
    usual event study. On a Poisson fit it holds for differences that are small.

    Parameters
    ----------
    sizes : how far a lasting shift of each site moves the headline, shape (sites,)

    Returns
    -------
    times, without -1; estimates, shape (times,); covariance, shape (times, times)
    """
    leads = [time for time, _ in traced.figures]
    figures = [figure for _, figure in (*traced.figures, *effects)]
    since = sample.places[None, :] - sample.starts[:, None]
    # leads by their place, and all else after them
    before = len(leads)
    labels = np.where(sample.ever_treated[:, None] & (since >= leads[0]) & (since < 0), since - leads[0], before)
    turn = np.eye(len(figures))
    for place, (time, _) in enumerate(effects, start=before):
        towards = imputed.towards(setting.treated & (since == time))
        turn[place, :before] = imputed.fit.rests_on(towards, labels, before + 1)[:before]
    turn[:, leads.index(-1)] -= 1.0
    assert traced.reference is not None  # noqa: S101 - there are leads
    own = since[sample.ever_treated][imputed.fit.weights[sample.ever_treated] > 0]
    times = [*leads, *[time for time, _ in effects]]
    rows = [turn[place] for place, time in enumerate(times) if time != -1]
    told = [time for time in times if time != -1]
    if own.min() == traced.reference:  # otherwise it pools all periods from there back
        told.insert(0, traced.reference)
        rows.insert(0, -np.eye(len(figures))[leads.index(-1)])
    chosen = np.array(rows)
    estimates = chosen @ [figure.value for figure in figures]
    return told, estimates, chosen @ _covariance(figures, setting, sizes) @ chosen.T


def _covariance(figures: Sequence[Figure], setting: Setting, sizes: FloatArray) -> FloatArray:
    """Covariance of figures, each with the error it is told with."""
    influences = np.column_stack([figure.influence for figure in figures])
    raw = covariance_of(influences, sizes, setting.strata, setting.errors)
    return with_errors(raw, np.array([figure.spread.error for figure in figures]))
