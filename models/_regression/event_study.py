"""The effect by time since the start, and what the periods before it say about the comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Dynamics, TrendSensitivity
from evalkit.draws import FloatArray, couple, spread
from evalkit.errors import EstimationError, first_of
from evalkit.models._inference.cluster import MANY, Inference, infer
from evalkit.models._inference.student import StudentT
from evalkit.models._inference.wald import JointTest, joint_test, trend_test
from evalkit.models._regression.columns import Columns, indicators, totals
from evalkit.models._regression.departures import trend_sensitivity
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.sample import Sample

__all__ = [
    "EventTimes",
    "Traced",
    "event_columns",
    "event_times",
    "leads_check",
    "leads_test",
    "spread_coefficients",
    "steep_trend",
    "trace",
]

# An insignificant pre-trend says little unless a harmful one would mostly have been seen (Roth 2022).
_ENOUGH_POWER = 0.8
_NO_TREND = (
    "Without a site that is never treated, a linear trend in the treated sites cannot be told from site and period "
    "effects."
)
# Sites by periods cubed above which the adjustment of CR2, which the test of the leads needs, is not made for
# it where the estimate does without (many sites on both sides): 10 s on one core.
_MOST_ADJUSTING = 4e8
# A change on a log scale is bounded here, so that its exponential stays a number with one treated site.
_LARGEST_LOG = 300.0
# Of a period: a trend of one a period that moves the change by less is made of levels of sites and periods.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class EventTimes:
    """Times since the start that get a coefficient; the first and the last pool all beyond them.

    Attributes
    ----------
    times : without the reference, -1
    """

    times: tuple[int, ...]

    @property
    def leads(self) -> np.ndarray:
        """Which of the coefficients are before the start."""
        return np.flatnonzero(np.array(self.times) < 0)


def event_times(sample: Sample, leads: int | None, lags: int | None) -> EventTimes:
    """Choose the times: by default as far as two treated sites reach (or the one there is).

    `leads` counts periods before the start with the reference, so 1 gives no coefficient before it;
    `lags` counts periods after the first treated one, so 0 gives one coefficient. What lies further is
    pooled into the last of them.
    """
    starts = np.sort(sample.starts[sample.ever_treated])
    last = len(sample.panel.periods) - 1
    second = min(1, len(starts) - 1)
    reach = {
        "leads": (leads, int(starts[-1]), int(starts[-1 - second]), 1),
        "lags": (lags, int(last - starts[0]), int(last - starts[second]), 0),
    }
    ends = {}
    for name, (wanted, longest, common, least) in reach.items():
        if wanted is not None and not least <= wanted <= longest:
            msg = f"{name} = {wanted}, but the treated sites have {least} to {longest} of them"
            raise EstimationError(msg)
        ends[name] = common if wanted is None else wanted
    times = [time for time in range(-ends["leads"], ends["lags"] + 1) if time != -1]
    return EventTimes(times=tuple(times))


def event_columns(sample: Sample, chosen: EventTimes) -> tuple[Columns, tuple[str, ...]]:
    """One column for each time, then the sample's own columns but the treatment; with names."""
    since = sample.places[None, :] - sample.starts[:, None]
    np.clip(since, min((*chosen.times, -1)), max((*chosen.times, -1)), out=since)
    since[~sample.ever_treated] = len(sample.panel.periods)
    others, names = sample.other_columns
    return (
        indicators(since, chosen.times, others),
        (*[f"time {time}" for time in chosen.times], *names),
    )


def spread_coefficients(
    fit: Fit,
    inference: Inference,
    which: Sequence[int],
    rng: np.random.Generator,
    draws: int,
    *,
    log: bool,
) -> FloatArray:
    """Spread coefficients jointly, shape (draws, q): each exactly t on its own degrees of freedom.

    Rows carry the coefficients' correlation, as a normal copula does.
    """
    chosen = list(which)
    errors = inference.std_errors
    samples = [
        fit.coefficients[j] + errors[j] * spread(StudentT(float(inference.degrees_of_freedom[j])), draws, rng)
        for j in chosen
    ]
    if len(chosen) > 1:
        covariance = inference.covariance[np.ix_(chosen, chosen)]
        correlation = covariance / np.outer(errors[chosen], errors[chosen])
        orders = couple(samples, correlation, rng)
        samples = [sample[order] for sample, order in zip(samples, orders, strict=True)]
    out = np.column_stack(samples)
    return np.clip(out, -_LARGEST_LOG, _LARGEST_LOG) if log else out


@dataclass(frozen=True, kw_only=True)
class Traced:
    """An event study: its picture, where it could be fitted, and what its leads say.

    Attributes
    ----------
    checks : of the leads, and why there is no sensitivity to trends where there is none
    trend_sensitivity : what is left of the effect if trends were not quite parallel
    """

    dynamics: Dynamics | None
    checks: tuple[Check, ...]
    trend_sensitivity: tuple[TrendSensitivity, ...] = ()


def leads_check(fit: Fit, inference: Inference, sample: Sample, chosen: EventTimes, steep: float) -> Check:
    """Test the leads together, and say what chance the test had (Roth 2022, doi:10.1257/aeri.20210236).

    Parameters
    ----------
    steep : slope a period of the difference in trends that would give the whole estimate by itself; not a number
        where no trend can be told from site and period effects
    """
    which = chosen.leads
    if not len(which):
        return Check(
            name="leads",
            passed=None,
            detail="With one period before the start it cannot be seen whether the sites moved together before.",
        )
    test = leads_test(fit, inference, sample, chosen, steep)
    if test is None:
        return Check(
            name="leads",
            passed=None,
            detail="The sites are too few to test whether treated and comparison sites moved together before the "
            f"start.{'' if np.isfinite(steep) else f' {_NO_TREND}'}",
        )
    return _say(test, len(which), trend_is_told=bool(np.isfinite(steep)))


def leads_test(fit: Fit, inference: Inference, sample: Sample, chosen: EventTimes, steep: float) -> JointTest | None:
    """Test all leads at once where the sites allow it, otherwise their trend; None where neither can be."""
    which = chosen.leads
    departure = steep * _trend_leads(fit, sample)[which]
    tested = _for_leads(fit, inference, sample)
    joint = joint_test(fit, tested, which, departure) if tested.adjusted is not None else None
    return joint or (trend_test(fit, tested, which, departure) if np.isfinite(steep) else None)


def _for_leads(fit: Fit, inference: Inference, sample: Sample) -> Inference:
    """Give the errors that leads are tested with: CR2, whatever those of the estimate are.

    Many coefficients at once need it also where one coefficient does not: see `joint_test`.
    """
    sites, periods, _ = fit.regressors.shape
    many = inference.kind == "CR1" and min(sample.treated_count, sample.comparison_count) >= MANY
    if inference.adjusted is not None or (many and sites * float(periods) ** 3 > _MOST_ADJUSTING):
        return inference
    return infer(fit, "CR2", "none", treated=sample.treated_count, comparison=sample.comparison_count)


def _trend_leads(fit: Fit, sample: Sample) -> FloatArray:
    """Coefficients that a trend of one a period in the treated sites would give, shape (k,)."""
    since = np.subtract(sample.places[None, :], sample.starts[:, None], dtype=float)
    since *= sample.ever_treated[:, None]
    since *= fit.weights
    return np.asarray(fit.bread @ totals(fit.regressors, since))


def steep_trend(fit: Fit, sample: Sample) -> float:
    """Slope a period that would produce the whole estimate of the static fit.

    Not a number where sites that are all treated in the end leave such a trend to the levels of sites and periods.
    """
    moved = float(_trend_leads(fit, sample)[0])
    return float(fit.coefficients[0] / moved) if abs(moved) > _ROUNDING * len(sample.places) else np.nan


def _say(test: JointTest, leads: int, *, trend_is_told: bool) -> Check:
    earlier = f"{leads} earlier period{'s' if leads > 1 else ''}"
    chance = (
        "How probably a trend steep enough to explain the whole result would have been noticed "
        f"{'is not known.' if trend_is_told else f'cannot be known. {_NO_TREND}'}"
        if test.power is None
        else "A trend steep enough to explain the whole result would have been noticed with probability "
        f"{100 * test.power:.0f} %"
        + (
            ", if the periods of a site vary independently, which so few sites cannot show."
            if test.independent
            else "."
        )
    )
    enough = test.power is not None and test.power >= _ENOUGH_POWER and not test.independent
    if test.p_value < 0.05:
        shown = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}"
        seen = f"Treated and comparison sites already moved apart before the start ({earlier}, {shown})."
        passed: bool | None = False
    else:
        seen = (
            f"Before the start no more difference than chance makes was seen between treated and comparison sites "
            f"({earlier}, p = {test.p_value:.2f})."
        )
        passed = True if enough else None
    return Check(
        name="leads",
        passed=passed,
        detail=f"{seen} {chance} ({test.method}, F on {test.numerator:g} and "
        f"{test.denominator:.1f} degrees of freedom.)",
    )


def trace(
    sample: Sample,
    chosen: EventTimes,
    refit: Callable[[Columns, tuple[str, ...]], tuple[Fit, Inference]],
    rng: np.random.Generator,
    draws: int,
    *,
    steep: float,
    log: bool,
    need_events: bool,
    depart: bool,
) -> Traced:
    """Fit the event study; where it has no answer the static estimate stands, and the check says why.

    Parameters
    ----------
    depart : work out how far trends may part, too
    """
    columns, names = event_columns(sample, chosen)
    events = totals(columns, sample.values * (sample.weights > 0))[: len(chosen.times)]
    if need_events and (events == 0).any():
        at = [time for time, seen in zip(chosen.times, events, strict=True) if seen == 0]
        return _untraced(
            f"no event in the treated sites at {first_of(at)} period(s) from the start; fewer leads or lags pool them"
        )
    try:
        fit, inference = refit(columns, names)
    except EstimationError as problem:
        return _untraced(str(problem))
    which = range(len(chosen.times))
    leads = leads_check(fit, inference, sample, chosen, steep)
    departures, without = (
        trend_sensitivity(fit, inference, sample, chosen.times, log=log) if depart and len(chosen.leads) else ((), None)
    )
    return Traced(
        dynamics=Dynamics(times=chosen.times, draws=spread_coefficients(fit, inference, which, rng, draws, log=log)),
        checks=(leads,) if without is None else (leads, without),
        trend_sensitivity=departures,
    )


def _untraced(why: str) -> Traced:
    return Traced(
        dynamics=None,
        checks=(Check(name="leads", passed=None, detail=f"The effect could not be traced period by period: {why}."),),
    )
