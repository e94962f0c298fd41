"""What has no price, in the document that other programs read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.draws import Quantity
from evalkit.result_amounts import amount_document
from evalkit.result_effects import range_document

if TYPE_CHECKING:
    from evalkit.economics.unpriced import ExposureLine, Gate, PrivacyBreakEven
    from evalkit.study_feelings import FoundPerception
    from evalkit.study_unpriced import FoundIntrusion

__all__ = ["intrusion_document", "perception_document"]


def intrusion_document(found: FoundIntrusion | None) -> dict[str, Any] | None:
    """Give exposures, break-even by scenario, and every gate with its answer."""
    if found is None:
        return None
    given = found.intrusion
    return {
        "exposed_residents": Quantity.of(given.exposed_residents).mean,
        "exposed_residents_source": given.residents_source or None,
        "years": found.years,
        "exposures": [_exposure(line) for line in found.exposures],
        "break_even": {name: _break_even(each) for name, each in found.break_even.items()},
        "break_even_reason": found.break_even_reason or None,
        "caution": found.caution or None,
        "principles": [_gate(gate) for gate in given.principles],
        "gates": [_gate(gate) for gate in given.gates],
        "findings": list(given.findings),
    }


def _exposure(line: ExposureLine) -> dict[str, Any]:
    return {
        "measure": line.measure,
        "unit": line.unit,
        "amount": amount_document(line.amount),
        "source": line.source or None,
        "groups": [
            {
                "group": each.group,
                "amount": amount_document(each.amount),
                "share": amount_document(each.share),
                "of_population": each.of_population,
                "times": each.times,
            }
            for each in line.groups
        ],
    }


def _break_even(each: PrivacyBreakEven) -> dict[str, Any]:
    return {
        **asdict(each),
        "reason": each.reason or None,
        "sure_at": {f"{level:g}": value for level, value in each.sure_at.items()},
    }


def _gate(gate: Gate) -> dict[str, Any]:
    return {"key": gate.key, "answer": gate.answer, "evidence": gate.evidence or None, "law": gate.law}


def perception_document(found: FoundPerception | None, level: float) -> dict[str, Any] | None:
    """Give the change of a feeling, points for money, and its worth where one was chosen."""
    if found is None:
        return None
    points = found.points
    return {
        "outcome": found.perception.outcome,
        "estimator": found.estimate,
        "unit": found.unit or None,
        "improvement": None if found.improvement is None else range_document(found.improvement, level),
        "prob_improved": None if found.improvement is None else float(np.mean(found.improvement > 0)),
        "reason": found.reason or None,
        "points_per_thousand": None
        if points is None
        else {
            "estimate": points.per_thousand,
            "reason": points.reason or None,
            "lower": points.lower,
            "upper": points.upper,
        },
        "cost_per_point": None
        if points is None
        else {
            **asdict(points.cost),
            "reason": points.cost.reason or None,
            "acceptable_at": {f"{level:g}": value for level, value in points.cost.acceptable_at.items()},
        },
        "points_reason": found.points_reason or None,
        "value": found.value or None,
        "worth": amount_document(found.worth),
        "worth_reason": found.worth_reason or None,
        "net_benefit_with": amount_document(found.net_benefit_with),
    }
