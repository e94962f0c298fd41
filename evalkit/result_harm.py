"""Harm prevented as plain data, for the document that other programs read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evalkit.result_amounts import amount_document

if TYPE_CHECKING:
    from evalkit.economics import CostPerCrimePrevented, HarmLine, HarmPrevented, HarmTotal
    from evalkit.evaluation import Evaluation

__all__ = ["harm_document"]


def harm_document(evaluation: Evaluation) -> dict[str, Any] | None:
    """Give harm prevented by every table: totals with and without homicide, and what each crime owns of them."""
    if evaluation.harm is None:
        return None
    return {
        "tables": [_table(each) for each in evaluation.harm.tables],
        "disagreements": list(evaluation.harm.disagreements),
    }


def _table(found: HarmPrevented) -> dict[str, Any]:
    weights = found.weights
    return {
        "name": weights.name,
        "unit": weights.unit,
        "region": weights.region or None,
        "source": weights.source or None,
        "link": weights.link or None,
        "total": _total(found.total),
        "without_homicide": None if found.without_homicide is None else _total(found.without_homicide),
        "has_homicide": found.has_homicide,
        "by_crime": [_line(line) for line in found.lines],
        "left_out": dict(found.left_out),
        "warnings": list(found.warnings),
    }


def _total(total: HarmTotal) -> dict[str, Any]:
    return {
        "outcomes": list(total.outcomes),
        "prevented": amount_document(total.prevented),
        "reason": total.reason or None,
        "prob_prevented": total.prob_prevented,
        "percent": total.percent,
        "cost_per_unit": None if total.cost is None else _cost(total.cost),
    }


def _line(line: HarmLine) -> dict[str, Any]:
    return {
        "outcome": line.outcome,
        "crime": line.crime,
        "weight": asdict(line.weight),
        "events": amount_document(line.events),
        "harm": amount_document(line.harm),
        "reason": line.reason or None,
        "share_of_mean": line.share_of_mean,
        "share_of_variance": line.share_of_variance,
    }


def _cost(cost: CostPerCrimePrevented) -> dict[str, Any]:
    return {
        "prob_prevents": cost.prob_prevents,
        "estimate": cost.estimate,
        "reason": cost.reason or None,
        "acceptable_at": {f"{level:g}": value for level, value in cost.acceptable_at.items()},
        "level": cost.level,
        "lower": cost.lower,
        "upper": cost.upper,
    }
