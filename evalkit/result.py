"""The document that other programs read: every number, or null with the reason beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.checked_json import checked_json
from evalkit.comparison import Comparison
from evalkit.data.quality_document import quality_document
from evalkit.result_amounts import amount_document
from evalkit.result_effects import check_document, displacement_document, effect_document, range_document
from evalkit.result_harm import harm_document
from evalkit.result_incidence import incidence_document
from evalkit.result_information import information_document
from evalkit.result_options import options_document
from evalkit.result_prices import schedules_document
from evalkit.result_purses import purses_document
from evalkit.result_sensitivity import assumption_sets_document, sensitivity_document
from evalkit.result_time import cash_flow_document, rates_document, stopping_document
from evalkit.result_unpriced import intrusion_document, perception_document

if TYPE_CHECKING:
    from evalkit.domain import Design
    from evalkit.economics import Appraisal, BearerLine, CrimeLine, YearLine
    from evalkit.evaluation import Evaluation

__all__ = ["SCHEMA", "result_document", "result_text"]

SCHEMA = "evalkit.result/1"


def result_document(evaluation: Evaluation) -> dict[str, Any]:
    """Give the result as plain data, in the form of the shipped schema."""
    return {
        "schema": SCHEMA,
        "study": _study(evaluation),
        "provenance": _provenance(evaluation),
        "data_quality": [quality_document(each) for each in evaluation.study.data_quality],
        "design": _design(evaluation.design(evaluation.study.primary)),
        "effects": [
            effect_document(name, effect, evaluation.role(outcome, name), evaluation.study.level)
            for outcome, named in evaluation.effects.items()
            for name, effect in named.items()
        ],
        "findings": [
            {"outcome": outcome, "case": each.case, "certainty": each.certainty, "reasons": list(each.reasons)}
            for outcome, each in evaluation.findings.items()
        ],
        "comparisons": [_comparison(outcome, compared) for outcome, compared in evaluation.comparisons.items()],
        "displacement": [
            displacement_document(name, effect, evaluation.study.level)
            for named in evaluation.effects.values()
            for name, effect in named.items()
            if effect.displacement is not None
        ],
        "harm_weighted": _harm_weighted(evaluation),
        "harm": harm_document(evaluation),
        "harm_reason": evaluation.harm_reason or None,
        "refusals": [
            {"outcome": each.outcome, "estimator": each.estimator, "reason": each.reason}
            for each in evaluation.refusals
        ],
        "appraisal": _appraisal(evaluation, evaluation.appraisal),
        "appraisal_reason": evaluation.appraisal_reason or None,
        "extrapolation": _appraisal(evaluation, evaluation.appraisal.extrapolation if evaluation.appraisal else None),
        "assumption_sets": assumption_sets_document(evaluation.by_assumptions),
        "stopping": stopping_document(evaluation.appraisal.stopping if evaluation.appraisal else None),
        "incidence": incidence_document(evaluation.appraisal),
        "incidence_extrapolation": incidence_document(
            evaluation.appraisal.extrapolation if evaluation.appraisal else None
        ),
        "intrusion": intrusion_document(evaluation.unpriced.intrusion),
        "perception": perception_document(evaluation.unpriced.perception, evaluation.study.level),
        "information": information_document(evaluation.information),
        "information_reason": evaluation.information_reason or None,
        "options": options_document(evaluation.options),
        "options_reason": evaluation.options_reason or None,
        "warnings": list(evaluation.warnings),
    }


def result_text(document: Mapping[str, Any]) -> str:
    """Check a document against the shipped schema and give it as JSON text.

    Raises
    ------
    ReportError
        The document is not in the form that the schema promises; nothing has been written then.
    """
    return checked_json(document, "result", "the result")


def _study(evaluation: Evaluation) -> dict[str, Any]:
    study, done = evaluation.study, evaluation.study.intervention
    return {
        "title": study.title,
        "question": study.question,
        "primary": study.primary,
        "intervention": {
            "name": done.name,
            "approach": done.approach,
            "mechanism": done.mechanism,
            "target": done.target,
            "place": done.place,
            "dose": done.dose,
            "partners": list(done.partners),
            "evaluated_by": done.evaluated_by,
            "paid_by": done.paid_by,
            "began": dict(done.began),
            "ended": {site: list(times) for site, times in done.ended.items()},
            "resumed": {site: list(times) for site, times in done.resumed.items()},
        },
    }


def _provenance(evaluation: Evaluation) -> dict[str, Any]:
    made = evaluation.provenance
    return {
        "evalkit": made.versions["evalkit"],
        "versions": {name: each for name, each in made.versions.items() if name != "evalkit"},
        "seed": made.seed,
        "draws": made.draws,
        "inputs": dict(made.inputs),
    }


def _design(design: Design) -> dict[str, Any]:
    panel, graded = design.panel, design.methods_level
    areas = 1 + (design.has_comparison) + (design.table is not None and design.table.buffer is not None)
    return {
        "shape": "panel" if panel is not None else "table",
        "sites": len(panel.sites) if panel is not None else areas,
        "treated": len(design.treated_sites),
        "comparison": len(design.comparison_sites) if panel is not None else int(design.has_comparison),
        "buffer": len(design.buffer)
        if panel is not None
        else int(design.table is not None and design.table.buffer is not None),
        "periods": len(panel.periods) if panel is not None else 2,
        "first_period": panel.periods.labels[0] if panel is not None else "before",
        "last_period": panel.periods.labels[-1] if panel is not None else "after",
        "sms_level": graded.level,
        "sms_reason": graded.reason,
        "checks": [check_document(check) for check in design.checks],
    }


def _comparison(outcome: str, compared: Comparison) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "unit": compared.unit,
        "agreement": compared.agreement,
        "apart": list(compared.apart),
        "left_out": list(compared.left_out),
        "estimates": [
            {"estimator": each.name, "estimate": each.middle, "lower": each.held.lower, "upper": each.held.upper}
            for each in compared.estimates
        ],
    }


def _harm_weighted(evaluation: Evaluation) -> dict[str, Any] | None:
    """Events prevented, each weighted by its harm, over the outcomes that do harm and were given a weight."""
    weighed = {
        outcome: (weight, effect.net_prevented)
        for outcome, weight in evaluation.study.harm_weights.items()
        if (effect := evaluation.primary_of(outcome)).outcome.good == "fewer"
    }
    parts = {
        outcome: weight * events.sum(axis=1) for outcome, (weight, events) in weighed.items() if events is not None
    }
    if not parts:
        return None
    total = np.sum(list(parts.values()), axis=0)
    return {
        "weights": {outcome: evaluation.study.harm_weights[outcome] for outcome in parts},
        "prevented": range_document(total, evaluation.study.level),
    }


def _appraisal(evaluation: Evaluation, appraisal: Appraisal | None) -> dict[str, Any] | None:
    if appraisal is None:
        return None
    per_crime, even, shares = appraisal.cost_per_crime_prevented, appraisal.break_even, appraisal.quadrants
    return {
        **purses_document(appraisal),
        "scenario": appraisal.scenario,
        "currency": appraisal.currency,
        "price_year": appraisal.price_year,
        "schedule": appraisal.schedule,
        "schedules": schedules_document(evaluation, appraisal),
        "perspective": appraisal.perspective,
        "horizon": appraisal.horizon,
        "discounting": appraisal.discounting,
        "discount_rates": rates_document(appraisal.rates),
        "level": appraisal.level,
        "cost": amount_document(appraisal.cost),
        "benefit": amount_document(appraisal.benefit),
        "benefit_reason": appraisal.benefit_reason or None,
        "net_benefit": amount_document(appraisal.net_benefit),
        "benefit_cost_ratio": appraisal.benefit_cost_ratio,
        "benefit_cost_reason": appraisal.benefit_cost_reason or None,
        "prob_net_benefit": appraisal.prob_net_benefit,
        "cost_per_crime_prevented": {
            "prob_prevents": per_crime.prob_prevents,
            "estimate": per_crime.estimate,
            "reason": per_crime.reason or None,
            "caution": per_crime.caution or None,
            "acceptable_at": {f"{level:g}": value for level, value in per_crime.acceptable_at.items()},
            "level": per_crime.level,
            "lower": per_crime.lower,
            "upper": per_crime.upper,
            "events": appraisal.events_are,
        },
        "break_even": {
            "events": even.events,
            "reason": even.reason or None,
            "value_per_event": even.value_per_event,
            "value_reason": even.value_reason or None,
            "cost": even.cost,
            "cost_reason": even.cost_reason or None,
        },
        "plane": asdict(shares),
        "by_bearer": [_line(line) for line in appraisal.by_bearer],
        "by_crime": [_line(line) for line in appraisal.by_crime],
        "by_year": [_line(line) for line in appraisal.by_year],
        "sensitivity": sensitivity_document(appraisal.sensitivity),
        "cash_flow": [cash_flow_document(flow) for flow in appraisal.cash_flows],
        "unpriced": list(appraisal.unpriced),
        "assumptions": [asdict(each) for each in appraisal.assumptions],
        "warnings": list(appraisal.warnings),
    }


def _line(line: BearerLine | CrimeLine | YearLine) -> dict[str, Any]:
    from evalkit.economics import Amount

    values = {each.name: getattr(line, each.name) for each in fields(line)}
    return {name: amount_document(value) if isinstance(value, Amount) else value for name, value in values.items()}
