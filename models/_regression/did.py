"""The way both difference-in-differences estimators go: sample, fit, errors, draws, checks, effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from evalkit.domain import Cells, Check, Cohorts, Displacement, Effect, Paths
from evalkit.domain.effect import Scale
from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._asked import as_names
from evalkit.models._inference.choose import Named
from evalkit.models._inference.cluster import Inference, SmallSample, infer, require_options
from evalkit.models._inference.placed import SiteNoise
from evalkit.models._missing import cells_without_weight
from evalkit.models._regression.checks import lone_size_check, staggered_check
from evalkit.models._regression.columns import Columns
from evalkit.models._regression.event_study import Traced, event_times, spread_coefficients, steep_trend, trace
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.precision import LARGEST_LOG, Precision, tell_precision
from evalkit.models._regression.sample import Sample

__all__ = ["Method", "Options", "estimate_effect"]

_FEWEST_DRAWS = 99


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options that both estimators share.

    Attributes
    ----------
    errors : "CR2" (bias-reduced, Satterthwaite degrees of freedom), "CR1" (as Stata and fixest), "CR3" (each site
        left out in turn), "wild" (bootstrap by site with the effect that is tested imposed), "wild unrestricted",
        "randomisation" (the treatment laid over other sites), or "auto", which chooses from the number of
        treated and comparison sites: see `evalkit.models._inference.choose`
    bootstrap : draws of the wild bootstrap; all patterns of signs where they are fewer
    small_sample : which effects count in the factor of CR1, G/(G-1) (N-1)/(N-K): "nested" (period effects
        but not site effects, as fixest and Stata), "full" (both), or "none" (no factor)
    covariates : names in the panel; None takes all it has
    event_study : fit the effect by time since the start too, and test the periods before it
    trend_sensitivity : tell from the event study how far trends may have parted before the answer falls: some
        hundredths of a second
    leads, lags : how far it goes; None goes as far as two treated sites reach. Ends are pooled.
    """

    errors: Named = "auto"
    bootstrap: int = 9999
    small_sample: SmallSample = "nested"
    covariates: tuple[str, ...] | None = None
    event_study: bool = True
    trend_sensitivity: bool = True
    leads: int | None = None
    lags: int | None = None

    def __post_init__(self) -> None:
        require_options(self.errors, self.small_sample, get_args(Named.__value__))
        if self.bootstrap < _FEWEST_DRAWS:
            msg = (
                f"a bootstrap takes {_FEWEST_DRAWS} draws or more, to tell 5 % from chance; there are {self.bootstrap}"
            )
            raise EstimationError(msg)
        object.__setattr__(self, "covariates", as_names(self.covariates))


@dataclass(frozen=True, kw_only=True)
class Method:
    """Where the two estimators differ.

    Attributes
    ----------
    is_log : is the change a log ratio (rather than a difference)?
    need_events : does a cell group without events have no answer?
    regress : from sample, columns (sites, periods, k) and names to a fit
    expected : from sample, fit and linear predictor (sites, periods) to outcomes in the panel's unit
    moves : what would have moved alike without the measure ("rates"), and by the same what ("proportion")
    checks : what only this method can say of its fit
    noise : how the chance variation of a cell goes with the size of a site, for comparing placements
    totals : what else the number of events prevented assumes, a sentence after a space
    """

    name: str
    scale: Scale
    is_log: bool
    need_events: bool
    estimand: str
    moves: tuple[str, str]
    regress: Callable[[Sample, Columns, Sequence[str]], Fit]
    expected: Callable[[Sample, Fit, FloatArray], FloatArray]
    checks: Callable[[Sample, Fit], tuple[Check | None, ...]]
    noise: Callable[[Sample, Fit], SiteNoise]
    totals: str = ""


def estimate_effect(sample: Sample, method: Method, options: Options, rng: np.random.Generator, draws: int) -> Effect:
    """Fit the one change, trace it by time, and put both on an effect."""

    def fit_and_infer(columns: Columns, names: tuple[str, ...]) -> tuple[Fit, Inference]:
        fit = method.regress(sample, columns, names)
        return fit, infer(
            fit,
            options.errors if options.errors in {"CR1", "CR2", "CR3"} else "auto",
            options.small_sample,
            treated=sample.treated_count,
            comparison=sample.comparison_count,
        )

    fit, inference = fit_and_infer(*sample.columns)
    which = [0, 1] if sample.is_buffer.any() else [0]
    precision = tell_precision(
        sample,
        fit,
        inference,
        errors=options.errors,
        repeats=options.bootstrap,
        noise=method.noise(sample, fit),
        rng=rng,
        draws=draws,
    )
    changes = spread_coefficients(fit, inference, which, rng, draws, log=method.is_log)
    # what is told of the treated sites takes the place, rank by rank, of their spread beside the buffer's
    changes[np.argsort(changes[:, 0]), 0] = np.sort(
        np.clip(precision.change, -LARGEST_LOG, LARGEST_LOG) if method.is_log else precision.change
    )
    traced = None
    if options.event_study:
        traced = trace(
            sample,
            event_times(sample, options.leads, options.lags),
            fit_and_infer,
            rng,
            draws,
            steep=steep_trend(fit, sample),
            log=method.is_log,
            need_events=method.need_events,
            depart=options.trend_sensitivity,
        )
    return _effect(sample, method, fit, inference, precision, changes=changes, traced=traced)


def _effect(
    sample: Sample,
    method: Method,
    fit: Fit,
    inference: Inference,
    precision: Precision,
    *,
    changes: FloatArray,
    traced: Traced | None,
) -> Effect:
    panel = sample.panel
    first = int(sample.starts.min())
    counts = panel.outcome.counts_events
    treated_rows = sample.rows[sample.ever_treated]
    checks = (
        *(traced.checks if traced else ()),
        cells_without_weight(sample.design, sample.rows, sample.places),
        staggered_check(fit, sample),
        precision.check,
        lone_size_check(fit, sample, inference) if precision.basis == "sampling" else None,
        *method.checks(sample, fit),
        sample.dropped,
    )
    influence = np.zeros(len(panel.sites))
    influence[sample.rows] = inference.influence[:, 0]
    return Effect(
        outcome=panel.outcome,
        estimator=method.name,
        scale=method.scale,
        change=changes[:, 0],
        estimand=method.estimand,
        assumption=_assumption(sample, method),
        prevented=_prevented(sample, method, treated_rows, changes[:, 0]) if counts else None,
        periods=panel.periods.labels[first:],
        recorded=_recorded(sample, treated_rows)[first:] if counts else None,
        basis=precision.basis,
        degrees_of_freedom=precision.degrees_of_freedom,
        test_p_value=precision.p_value,
        reference_set=precision.reference_set,
        smallest_p_value=precision.smallest_p_value,
        checks=tuple(check for check in checks if check is not None),
        paths=_paths(sample, method, fit),
        cells=_cells(sample, method, treated_rows, float(np.median(changes[:, 0]))) if counts else None,
        dynamics=traced.dynamics if traced else None,
        trend_sensitivity=traced.trend_sensitivity if traced else (),
        displacement=_displacement(sample, method, inference, changes) if changes.shape[1] > 1 else None,
        influence=influence,
        cohorts=_cohorts(sample, method, changes[:, 0]) if sample.design.is_staggered else None,
        specification=_specification(sample, method, precision),
    )


def _specification(sample: Sample, method: Method, precision: Precision) -> tuple[tuple[str, str], ...]:
    """What a table of specifications shows of the estimate."""
    compared = "never treated" if sample.comparison_count else "treated later"
    if sample.design.is_staggered and sample.comparison_count:
        compared = "never treated, and treated earlier or later"
    what, amount = method.moves
    return (
        ("estimator", method.name),
        ("averages over", "one change for all"),
        ("outcome", f"{what}, by what {amount}"),
        ("compared with", compared),
        ("sites", str(len(sample.rows))),
        ("periods", str(len(sample.places))),
        ("effects removed", "sites, periods"),
        ("covariates", ", ".join(sample.covariate_names) or "none"),
        ("weights", "none" if sample.panel.weights is None else "the panel's"),
        ("errors", precision.kind),
    )


def _assumption(sample: Sample, method: Method) -> str:
    """What must hold for the change to be an effect, and for it to be one number."""
    what, amount = method.moves
    parts = [
        f"Without the measure, {what} in treated and comparison sites would have moved by the same {amount}",
        "the measure changed nothing in the comparison sites",
    ]
    if sample.is_buffer.any():
        parts.insert(1, "so would those in the buffer, had nothing moved there or spread to it")
    if sample.design.is_staggered:
        parts.append("the effect is the same in every site and at every time since the start")
    return f"{'; '.join(parts[:-1])}; and {parts[-1]}.{method.totals}"


def _after(sample: Sample, rows: np.ndarray) -> np.ndarray:
    """Cells of some sites after the start, over the whole calendar; a buffer starts with the treated."""
    first = np.where(
        sample.design.starts[rows] < len(sample.panel.periods), sample.design.starts[rows], sample.starts.min()
    )
    return np.asarray(np.arange(len(sample.panel.periods))[None, :] >= first[:, None])


def _counted(sample: Sample, rows: np.ndarray) -> np.ndarray:
    """Cells that have a weight, over the whole calendar: what has no say in a fit is not part of its totals."""
    weights = sample.panel.weights
    return np.ones_like(sample.panel.values[rows], dtype=bool) if weights is None else weights[rows] > 0


def _recorded(sample: Sample, rows: np.ndarray) -> FloatArray:
    """Events in treated cells with a weight, by period of the whole calendar."""
    return np.asarray((sample.panel.values[rows] * (_after(sample, rows) & _counted(sample, rows))).sum(axis=0))


def _prevented(sample: Sample, method: Method, rows: np.ndarray, change: FloatArray) -> FloatArray:
    """Events expected without the measure less those recorded, shape (draws, treated periods)."""
    first = int(sample.starts.min())
    return np.outer(np.expm1(-change) if method.is_log else -change, _amounts(sample, method, rows)[first:])


def _amounts(sample: Sample, method: Method, rows: np.ndarray) -> FloatArray:
    """What a change is turned into events by, over the whole calendar: events recorded for logs, or exposure."""
    if method.is_log:
        return _recorded(sample, rows)
    exposure = sample.panel.exposure
    at_risk = np.ones_like(sample.panel.values[rows]) if exposure is None else exposure[rows]
    return np.asarray((at_risk * (_after(sample, rows) & _counted(sample, rows))).sum(axis=0))


def _cohorts(sample: Sample, method: Method, change: FloatArray) -> Cohorts:
    """Give the one change to the sites of every start, with what it makes of their own events."""
    starts = np.unique(sample.starts[sample.ever_treated])
    rows = [sample.rows[sample.starts == start] for start in starts]
    prevented = recorded = None
    if sample.panel.outcome.counts_events:
        prevented = np.column_stack([_prevented(sample, method, own, change).sum(axis=1) for own in rows])
        recorded = np.array([_recorded(sample, own).sum() for own in rows])
    return Cohorts(
        labels=tuple(sample.panel.periods.labels[start] for start in starts),
        change=np.repeat(change[:, None], len(starts), axis=1),
        prevented=prevented,
        recorded=recorded,
        shared=f"{method.name} estimates one change for all starts, which it assumes to be the same: the rows differ "
        "in the events that it is a change of, and show nothing of whether it worked better where it began earlier "
        "or later.",
    )


def _cells(sample: Sample, method: Method, rows: np.ndarray, change: float) -> Cells:
    """Recorded and expected in every treated site and period, at the estimate."""
    panel = sample.panel
    treated = _after(sample, rows) & _counted(sample, rows)
    recorded = panel.values[rows]
    at_risk = np.ones_like(recorded) if panel.exposure is None else panel.exposure[rows]
    more = recorded * np.expm1(-change) if method.is_log else -change * at_risk
    return Cells(
        sites=tuple(panel.sites[row] for row in rows),
        periods=panel.periods.labels,
        treated=treated,
        recorded=recorded,
        expected=recorded + np.where(treated, more, 0.0),
    )


def _paths(sample: Sample, method: Method, fit: Fit) -> Paths:
    """Recorded and expected in the treated sites: sums of events, or means of what is not events.

    Only cells with a weight count; a period that was left out of the fit shows what was recorded.
    """
    panel, own = sample.panel, sample.ever_treated
    rows = sample.rows[own]
    without = method.expected(sample, fit, fit.fitted - fit.coefficients[0] * sample.treated)[own]
    recorded = panel.values[rows]
    fitted = np.array(recorded)
    fitted[:, sample.places] = without
    counted = _counted(sample, rows)
    if not panel.outcome.counts_events:
        counted = counted | ~counted.any(axis=0)  # a mean of nothing does not exist: show what there is
        counted = counted / counted.sum(axis=0)
    return Paths(
        periods=panel.periods.labels,
        recorded=np.asarray((recorded * counted).sum(axis=0)),
        fitted=np.asarray((fitted * counted).sum(axis=0)),
    )


def _displacement(sample: Sample, method: Method, inference: Inference, changes: FloatArray) -> Displacement:
    """Change in the buffer, fitted together with the treated sites so that rows belong together."""
    prevented, details = None, []
    if sample.panel.outcome.counts_events:
        rows = sample.rows[sample.is_buffer]
        prevented = _prevented(sample, method, rows, changes[:, 1])
        own = _prevented(sample, method, sample.rows[sample.ever_treated], changes[:, 0])
        details.append(("total net events prevented", float(np.median((own + prevented).sum(axis=1)))))
    details += [
        ("standard error in the buffer", float(inference.std_errors[1])),
        ("degrees of freedom in the buffer", float(inference.degrees_of_freedom[1])),
    ]
    return Displacement(
        change=changes[:, 1],
        prevented=prevented,
        wdq_reason="the quotient is defined for a before/after table; here the buffer has a change of its own, "
        "with its own interval",
        details=tuple(details),
    )
