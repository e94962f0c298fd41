"""An effect as plain data, for the document that other programs read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evalkit.draws import bounded_interval, middle_and_interval, settled_mean

if TYPE_CHECKING:
    from evalkit.domain import Check, Dynamics, Effect, TrendSensitivity
    from evalkit.draws import FloatArray
    from evalkit.evaluation import Role

__all__ = ["check_document", "displacement_document", "effect_document", "range_document"]


def check_document(check: Check) -> dict[str, Any]:
    """Give a check as plain data."""
    return {"name": check.name, "passed": check.passed, "detail": check.detail}


def range_document(draws: FloatArray, level: float) -> dict[str, float]:
    """Give the middle of some draws and their range."""
    middle, ends = middle_and_interval(draws, level)
    return {"estimate": middle, "lower": ends.lower, "upper": ends.upper}


def effect_document(name: str, effect: Effect, role: Role, level: float) -> dict[str, Any]:
    """Give an effect as plain data: every number, or null with the reason beside it."""
    ends = effect.interval(level)
    percent, total = effect.percent_draws, effect.total_prevented
    out: dict[str, Any] = {
        "outcome": effect.outcome.name,
        "good": effect.outcome.good,
        "estimator": name,
        "role": role,
        "scale": effect.scale,
        "estimate": effect.estimate,
        "std_error": effect.std_error,
        "degrees_of_freedom": effect.degrees_of_freedom,
        "level": level,
        "lower": ends.lower,
        "upper": ends.upper,
        "p_value": effect.p_value,
        "prob_reduction": effect.prob_reduction,
        "percent_change": None if percent is None else range_document(percent, level),
        "prevented": None if total is None else {**range_document(total, level), "mean": settled_mean(total)},
        "prevented_by_period": _by_period(effect, level),
        "basis": effect.basis,
        "estimand": effect.estimand,
        "assumption": effect.assumption,
        "event_study": [] if effect.dynamics is None else _event_study(effect.dynamics, level),
        "reference_set": effect.reference_set or None,
        "smallest_p_value": effect.smallest_p_value,
        "by_cohort": _by_cohort(effect, level),
        "by_cohort_shared": (effect.cohorts.shared if effect.cohorts is not None else "") or None,
        "comparison_weights": [{"site": site, "weight": weight} for site, weight in effect.comparison_weights],
        "specification": [{"item": item, "value": value} for item, value in effect.specification],
        "trend_sensitivity": [_trend_sensitivity(each) for each in effect.trend_sensitivity],
        "checks": [check_document(check) for check in effect.checks],
    }
    if out["p_value"] is None:
        out["p_value_reason"] = (
            f"the draws are a {effect.basis} distribution; read prob_reduction"
            if effect.basis != "sampling"
            else "the estimate has no error of its own"
        )
    if percent is None:
        out["percent_change_reason"] = (
            "a percentage of what was expected does not exist: that may be nothing or unknown"
        )
    if total is None:
        out["prevented_reason"] = _why_none_prevented(effect)
    return out


def _event_study(dynamics: Dynamics, level: float) -> list[dict[str, Any]]:
    """Give the effect by time since the start; the band holds all times at once."""
    low, high = dynamics.band(level)
    return [
        {"time": time, **range_document(column, level), "band_lower": float(low[i]), "band_upper": float(high[i])}
        for i, (time, column) in enumerate(zip(dynamics.times, dynamics.draws.T, strict=True))
    ]


def _percent_document(draws: FloatArray | None, column: int, level: float) -> dict[str, Any]:
    """Give a change in percent, or null with the reason beside it."""
    found = None if draws is None else bounded_interval(draws[:, column], level)
    if found is not None:
        middle, ends = found
        return {"percent_change": {"estimate": middle, "lower": ends.lower, "upper": ends.upper}}
    return {
        "percent_change": None,
        "percent_change_reason": "a percentage of what was expected has no bounds here: that may be nothing or unknown",
    }


def _by_period(effect: Effect, level: float) -> list[dict[str, Any]]:
    if effect.prevented is None:
        return []
    return [
        {
            "period": period,
            **range_document(effect.prevented[:, i], level),
            **_percent_document(effect.percent_by_period, i, level),
        }
        for i, period in enumerate(effect.periods)
    ]


def _by_cohort(effect: Effect, level: float) -> list[dict[str, Any]]:
    cohorts = effect.cohorts
    if cohorts is None:
        return []
    return [
        {
            "start": label,
            "change": range_document(cohorts.change[:, i], level),
            **_percent_document(effect.percent_by_cohort, i, level),
            "prevented": None if cohorts.prevented is None else range_document(cohorts.prevented[:, i], level),
        }
        for i, label in enumerate(cohorts.labels)
    ]


def _trend_sensitivity(found: TrendSensitivity) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "target": found.target,
        "level": found.level,
        "bounds": [
            {"bound": float(bound), "lower": float(lower), "upper": float(upper)}
            for bound, lower, upper in zip(found.bounds, found.lower, found.upper, strict=True)
        ],
        "breakdown": found.breakdown,
        "detail": found.detail,
    }


def _why_none_prevented(effect: Effect) -> str:
    if not effect.outcome.counts_events:
        return f"the outcome is a {effect.outcome.kind}, not a count of events"
    told = [check.detail for check in effect.checks if check.name == "number prevented"]
    return told[0] if told else f"the estimator {effect.estimator!r} gives no draws of events prevented"


def displacement_document(name: str, effect: Effect, level: float) -> dict[str, Any]:
    """Give what happened in the buffer as plain data."""
    moved, total = effect.displacement, effect.net_prevented
    if moved is None:  # told to the type checker; the caller asks first
        return {}
    return {
        "outcome": effect.outcome.name,
        "estimator": name,
        "buffer_effect": range_document(moved.change, level),
        "buffer_prevented": None if moved.prevented is None else range_document(moved.prevented.sum(axis=1), level),
        "net_prevented": None if total is None else range_document(total.sum(axis=1), level),
        "wdq": moved.wdq,
        "wdq_reason": moved.wdq_reason or None,
        **{key: value if math.isfinite(value) else None for key, value in moved.details},
    }
