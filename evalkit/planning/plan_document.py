"""A plan for other programs: plan.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.evaluation import library_versions
from evalkit.planning.expected import ExpectedPanel

if TYPE_CHECKING:
    from evalkit.planning.planning import StudyPlan

__all__ = ["plan_document", "plan_text"]

SCHEMA = "evalkit.plan/1"


def plan_text(plan: StudyPlan) -> str:
    """Give the document as JSON text, without NaN or infinity."""
    return json.dumps(plan_document(plan), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plan_document(plan: StudyPlan) -> dict[str, Any]:
    """Give everything that a plan holds as plain values; what does not exist is None, with a reason beside it."""
    planned, trials = plan.planned, plan.trials
    settings, even = planned.settings, plan.break_even
    prior = settings.prior
    return {
        "schema": SCHEMA,
        "study": {"title": planned.title, "outcome": planned.outcome.name, "estimator": planned.estimator_name},
        "provenance": {"versions": library_versions(), "seed": plan.seed},
        "design": _design(plan),
        "prior": None
        if prior is None
        else {"mean": prior.mean, "sd": prior.sd, "origin": prior.origin, "source": prior.source},
        "test": {"alpha": settings.alpha, "power": settings.power},
        "smallest_detectable": {
            "log_rate_ratio": plan.detectable.change,
            "percent": plan.detectable.percent,
            "percent_error": plan.detectable.percent_error,
            "reason": plan.detectable.reason or None,
        },
        "simulation": None
        if trials is None
        else {
            "size": trials.size,
            "size_error": trials.size_error,
            "percent": (100 * np.expm1(trials.changes)).tolist(),
            "runs": trials.runs.tolist(),
            "concluded_that_it_prevents": trials.prevents.tolist(),
            "concluded_that_it_harms": trials.harms.tolist(),
            "no_answer": trials.refused.tolist(),
        },
        "conclusive": None
        if plan.conclusive is None
        else {
            "prevents": plan.conclusive.prevents,
            "harms": plan.conclusive.harms,
            "inconclusive": plan.conclusive.inconclusive,
        },
        "conclusive_reason": plan.no_prior or None,
        "break_even": {
            "events": even.events,
            "percent": even.percent,
            "probability": even.probability,
            "reason": even.reason or None,
        },
        "appraisal": _appraisal(plan),
        "appraisal_reason": plan.no_appraisal or None,
        "learning": _learning(plan),
        "learning_reason": plan.no_worth or None,
        "notes": list(plan.notes),
    }


def _design(plan: StudyPlan) -> dict[str, Any]:
    expected = plan.planned.expected
    shared = {
        "expected_events": float(expected.by_period.sum()),
        "dispersion": expected.dispersion,
        "site_shift": expected.site_shift,
    }
    if isinstance(expected, ExpectedPanel):
        return {
            "shape": "panel",
            "sites": len(expected.starts),
            "treated": expected.treated,
            "periods_before": expected.before,
            "periods_after": len(expected.labels_after),
            **shared,
        }
    comparison = None if expected.comparison is None else list(expected.comparison)
    return {"shape": "table", "treated": list(expected.treated), "comparison": comparison, **shared}


def _appraisal(plan: StudyPlan) -> dict[str, Any] | None:
    made = plan.appraisal
    if made is None:
        return None
    net = made.net_benefit
    return {
        "currency": made.currency,
        "price_year": made.price_year,
        "perspective": made.perspective,
        "cost": made.cost.mean,
        "benefit": None if made.benefit is None else made.benefit.mean,
        "net_benefit": None if net is None else {"mean": net.mean, "lower": net.lower, "upper": net.upper},
        "prob_net_benefit": made.prob_net_benefit,
        "reason": made.benefit_reason or None,
    }


def _learning(plan: StudyPlan) -> dict[str, Any] | None:
    worth, learning = plan.worth, plan.planned.learning
    if worth is None:
        return None
    rolled = None
    if learning is not None:
        rolled = {"sites": learning.roll_out.sites, "years": learning.roll_out.years, "waits": learning.waits}
    return {
        "currency": worth.currency,
        "price_year": worth.price_year,
        "roll_out": rolled,
        "best_now": worth.best_now,
        "variance_resolved": worth.resolved,
        "value_of_perfect_information": worth.perfect,
        "value_of_study": worth.sample,
        "price_of_learning": worth.price,
        "forgone": worth.forgone,
        "net_benefit_of_study": worth.net,
    }
