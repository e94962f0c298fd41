"""From a series and its regressors to draws of the change and of events prevented by period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._time_series.mixture import Mixture, joint_draws
from evalkit.models._time_series.regressors import Columns, require_rank
from evalkit.models._time_series.segmented import Errors, fit_segmented
from evalkit.models._time_series.series import Series
from evalkit.models._time_series.state_space import forecast

__all__ = ["Answer", "by_segments", "by_state_space"]

# Half an event keeps the logarithm of a zero finite and its mean right to second order in the inverse of the mean;
# with fewer events a period on average the normal law of the logs is not to be believed.
_FEWEST = 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What either method gives.

    Attributes
    ----------
    change : log of recorded over expected after the start, shape (draws,)
    prevented : events expected less those recorded, shape (draws, periods after); none in periods out of use
    fitted : events expected without the measure in every period of the calendar, shape (periods,)
    degrees_of_freedom : where the draws are those of one t distribution
    residuals : standardised, of the periods that were fitted
    dispersion : times that counts vary as chance makes them, where the method tells
    noise : what was found of how neighbouring periods go together, in words
    coefficients : their joint law, those of `Columns.both` of a segmented regression, otherwise of `Columns.without`
    """

    change: FloatArray
    prevented: FloatArray
    fitted: FloatArray
    degrees_of_freedom: float | None
    residuals: FloatArray
    dispersion: float | None
    noise: str
    coefficients: Mixture


def by_segments(series: Series, columns: Columns, errors: Errors, draws: int, rng: np.random.Generator) -> Answer:
    """Fit the whole series; the change is what its own columns add, on the scale of log rates."""
    used, after = series.used, series.after
    found = fit_segmented(series.counts[used], series.exposure[used], columns.both[used], np.flatnonzero(used), errors)
    own = slice(columns.without.shape[1], None)
    recorded = np.where(after, series.counts, 0.0)[series.start :]
    added = columns.change[series.start :]
    weights = np.zeros(columns.both.shape[1])
    weights[own] = recorded @ added / recorded.sum()
    parts = joint_draws(found.mixture.only(own), weights[own], draws, rng)
    shifts = parts @ added.T
    prevented = recorded * np.expm1(-shifts)
    without = series.exposure * np.exp(columns.without @ found.mixture.mean[: columns.without.shape[1]])
    noise = (
        "the errors take periods to vary independently"
        if errors == "independent"
        else "the errors allow for it by a window of lags (Newey-West)"
        if found.memory is None
        else f"the errors allow for it (noise of neighbouring periods correlated {found.memory:.2f})"
    )
    return Answer(
        change=-np.log1p(prevented.sum(axis=1) / recorded.sum()),
        prevented=prevented,
        fitted=np.asarray(without),
        degrees_of_freedom=None if errors == "autoregressive" else found.mixture.freedom,
        residuals=found.residuals,
        dispersion=found.dispersion,
        noise=noise,
        coefficients=found.mixture,
    )


def by_state_space(series: Series, columns: Columns, draws: int, rng: np.random.Generator) -> Answer:
    """Fit the periods before the start, carry them on, and hold what was recorded against that."""
    before, after, start = series.before, series.after, series.start
    typical = float(series.counts[before].mean())
    if typical < _FEWEST:
        raise EstimationError(
            f"method 'state-space' works on logarithms and wants {_FEWEST:g} events a period or more before the start; "
            f"there are {typical:.2g} on average: use method = 'segmented', or longer periods"
        )
    require_rank(columns.without[before], columns.names)
    # where a period is out of use its logarithm is missing, and the filter goes on without it
    logs = np.where(before, np.log((series.counts + 0.5) / series.exposure), np.nan)[:start]
    regressors = columns.without[:, 1:]
    found = forecast(logs, regressors[:start], regressors[start:], after=after[start:])
    exposure, recorded = series.exposure[after], series.counts[after]
    # the logarithm of a count varies by 1 / its mean, which an exponential would turn into events
    centre = np.log(exposure) + found.mixture.mean
    weights = np.exp(centre) / np.exp(centre).sum()
    paths = joint_draws(found.mixture, weights, draws, rng) + np.log(exposure) - 0.5 * np.exp(-centre)
    expected = np.exp(paths)
    prevented = np.zeros((draws, len(series.counts) - start))
    prevented[:, after[start:]] = expected - recorded
    fitted = np.array(series.counts)
    fitted[:start] = series.exposure[:start] * np.exp(found.fitted)
    return Answer(
        change=np.log(recorded.sum() / expected.sum(axis=1)),
        prevented=prevented,
        fitted=fitted,
        degrees_of_freedom=None,
        residuals=found.residuals,
        dispersion=None,
        noise=f"the level may wander ({found.step:.2f} times a period's noise each period), and the range with it",
        coefficients=found.coefficients,
    )
