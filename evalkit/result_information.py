"""What it is worth to know more, as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.economics import Information, PartialInformation, PlanValue

__all__ = ["information_document"]


def information_document(found: Information | None) -> dict[str, Any] | None:
    """Give the value of information in the form of the shipped schema."""
    if found is None:
        return None
    return {
        "decision": "adopt the measure as appraised, or do without it",
        "best": found.best,
        "scenario": found.scenario,
        "currency": found.currency,
        "price_year": found.price_year,
        "schedule": found.schedule,
        "evpi": found.perfect,
        "evppi": [_partial(each) for each in found.inputs],
        "effects": None if found.effects is None else _partial(found.effects),
        "learning": _learning(found),
    }


def _partial(each: PartialInformation) -> dict[str, Any]:
    return {
        "input": each.name,
        "value": each.value,
        "noise_floor": each.noise_floor,
        "distinguishable": each.is_distinguishable,
    }


def _learning(found: Information) -> dict[str, Any] | None:
    learning, observed = found.learning, found.observed
    if learning is None or observed is None:
        return None
    return {
        "roll_out": asdict(learning.roll_out),
        "observed": asdict(observed),
        "waits": learning.waits,
        "scale": found.scale,
        "evpi": found.perfect_for_roll_out,
        "best_plan": None if found.best_plan is None else found.best_plan.plan.name,
        "plans": [_plan(each) for each in found.plans],
    }


def _plan(each: PlanValue) -> dict[str, Any]:
    return {
        **asdict(each.plan),
        "variance_resolved": each.resolved,
        "evsi_pilot": each.sample,
        "evsi": each.value,
        "forgone": each.forgone,
        "enbs": each.net,
        "distinguishable": each.is_distinguishable,
        "worth_it": each.is_worth_it,
    }
