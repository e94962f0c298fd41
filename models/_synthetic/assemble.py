"""From readings in draws to an effect."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Cells, Check, Cohorts, Dynamics, Effect, Paths
from evalkit.draws import FloatArray
from evalkit.models._regression.scale import events_prevented, scale_of
from evalkit.models._synthetic.drawing import Drawn
from evalkit.models._synthetic.fitted import Fitted
from evalkit.models._synthetic.reading import Reading
from evalkit.models._synthetic.sample import Sample

__all__ = ["assemble"]

# Lighter weights are rounding, or say nothing.
_NOTABLE = 1e-4


def assemble(
    sample: Sample,
    fitted: Fitted,
    reading: Reading,
    drawn: Drawn,
    *,
    name: str,
    estimand: str,
    assumption: str,
    checks: tuple[Check | None, ...],
    specification: tuple[tuple[str, str], ...],
) -> Effect:
    """Put headline, events, cohorts, times and paths on an effect, all from the same rows of draws."""
    panel, groups = sample.panel, len(fitted.sizes)
    first = int(sample.places[sample.starts].min())
    by_group = drawn.readings[:, :groups]
    middle = reading.of(fitted.gaps)[:groups]
    counts = panel.outcome.counts_events
    amounts = _amounts(sample)
    per_group = _sum_by(amounts, fitted.members, groups)
    cells = _cells(sample, middle[fitted.members], amounts) if counts else None
    return Effect(
        outcome=panel.outcome,
        estimator=name,
        scale=scale_of(panel, "log" if sample.is_log else "level"),
        change=drawn.readings @ reading.headline,
        estimand=estimand,
        assumption=assumption,
        prevented=events_prevented(by_group, per_group[:, first:], is_log=sample.is_log) if counts else None,
        periods=panel.periods.labels[first:],
        recorded=(panel.values[sample.rows[sample.treated]] * sample.counted).sum(axis=0)[first:] if counts else None,
        basis=drawn.basis,
        degrees_of_freedom=drawn.degrees_of_freedom,
        checks=tuple(check for check in (*checks, *sample.checks) if check is not None),
        paths=_paths(sample, fitted),
        cells=cells,
        dynamics=Dynamics(
            times=tuple(int(time) for time in reading.times), draws=drawn.readings[:, groups:], reference=None
        ),
        cohorts=_cohorts(sample, fitted, by_group, per_group) if sample.design.is_staggered else None,
        test_p_value=drawn.p_value,
        smallest_p_value=drawn.smallest_p_value,
        reference_set=drawn.reference_set,
        comparison_weights=_weights(sample, fitted, reading),
        specification=(*_common(sample, name), *specification, ("errors", drawn.errors)),
    )


def _amounts(sample: Sample) -> FloatArray:
    """What a change of each treated cell is turned into events by, shape (treated, panel periods)."""
    rows, panel = sample.rows[sample.treated], sample.panel
    if sample.is_log:
        return np.asarray(panel.values[rows] * sample.counted)
    exposure = np.ones_like(panel.values[rows]) if panel.exposure is None else panel.exposure[rows]
    return np.asarray(exposure * sample.counted)


def _sum_by(amounts: FloatArray, members: np.ndarray, groups: int) -> FloatArray:
    out = np.zeros((groups, amounts.shape[1]))
    np.add.at(out, members, amounts)
    return out


def _cells(sample: Sample, changes: FloatArray, amounts: FloatArray) -> Cells:
    recorded = sample.panel.values[sample.rows[sample.treated]]
    more = (np.expm1(-changes) if sample.is_log else -changes)[:, None] * amounts
    return Cells(
        sites=sample.names[: len(sample.starts)],
        periods=sample.panel.periods.labels,
        treated=sample.counted,
        recorded=recorded,
        expected=recorded + more,
    )


def _paths(sample: Sample, fitted: Fitted) -> Paths:
    """Recorded in the treated sites and put there by their counterparts: sums of events, means of what is not."""
    panel = sample.panel
    recorded = panel.values[sample.rows[sample.treated]]
    gaps = fitted.gaps[fitted.members]
    used = recorded[:, sample.places]
    if sample.is_log:
        expected = used * np.exp(-gaps)
    elif panel.exposure is None:
        expected = used - gaps
    else:
        expected = used - gaps * panel.exposure[np.ix_(sample.rows[sample.treated], sample.places)]
    fitted_values = np.array(recorded)
    fitted_values[:, sample.places] = expected
    share = 1.0 if panel.outcome.counts_events else 1 / len(recorded)
    return Paths(
        periods=panel.periods.labels,
        recorded=recorded.sum(axis=0) * share,
        fitted=fitted_values.sum(axis=0) * share,
    )


def _cohorts(sample: Sample, fitted: Fitted, by_group: FloatArray, per_group: FloatArray) -> Cohorts:
    starts = np.unique(fitted.starts)
    own = (fitted.starts == starts[:, None]) * fitted.sizes
    shares = own / own.sum(axis=1, keepdims=True)
    totals = recorded = None
    if sample.panel.outcome.counts_events:
        totals = (np.expm1(-by_group) if sample.is_log else -by_group) * per_group.sum(axis=1)
        totals = totals @ (own > 0).T
        held = (sample.panel.values[sample.rows[sample.treated]] * sample.counted).sum(axis=1)
        recorded = (own > 0) @ np.bincount(fitted.members, held, len(fitted.starts))
    return Cohorts(
        labels=tuple(sample.labels[start] for start in starts),
        change=by_group @ shares.T,
        prevented=totals,
        recorded=recorded,
    )


def _weights(sample: Sample, fitted: Fitted, reading: Reading) -> tuple[tuple[str, float], ...]:
    """Weights of comparison sites over all groups, the heaviest first."""
    weights = reading.shares @ fitted.weights
    order = np.argsort(-weights, kind="stable")
    return tuple(
        (sample.names[sample.comparison[place]], float(weights[place]))
        for place in order
        if abs(weights[place]) > _NOTABLE
    )


def _common(sample: Sample, name: str) -> tuple[tuple[str, str], ...]:
    panel = sample.panel
    rates = panel.exposure is not None or panel.outcome.kind == "rate"
    unit = "rate" if rates else panel.outcome.kind
    return (
        ("estimator", name),
        ("averages over", "treated site-periods"),
        ("outcome", f"log {unit}" if sample.is_log else unit),
        ("compared with", f"{len(sample.comparison)} sites never treated, weighted"),
        ("sites", f"{len(sample.starts)} treated, {len(sample.comparison)} comparison"),
        ("periods", f"{int(sample.starts.min())} before the first start, {len(sample.places)} in all"),
        ("covariates", ", ".join(sample.covariates) or "none"),
    )
