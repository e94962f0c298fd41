"""The parts of the document that say what the money hangs on: single inputs, pairs of them, and sets of assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evalkit.result_amounts import amount_document

if TYPE_CHECKING:
    from evalkit.economics import Sensitivity, SetLine

__all__ = ["assumption_sets_document", "sensitivity_document"]


def sensitivity_document(found: Sensitivity | None) -> dict[str, Any] | None:
    """Give one-way bars, the widest first, and the grid of two inputs; None where there is no net benefit."""
    if found is None:
        return None
    pair = found.two_way
    return {
        "one_way": [
            {
                "input": bar.name,
                "kind": bar.kind,
                "mean": bar.mean,
                "low": bar.low,
                "high": bar.high,
                "net_benefit_at_low": bar.at_low,
                "net_benefit_at_high": bar.at_high,
                "certain": bar.certain,
                "switching_value": bar.switching.value,
                "switching_times": bar.switching.times,
                "switching_reason": bar.switching.reason or None,
            }
            for bar in found.bars
        ],
        "two_way": None
        if pair is None
        else {
            "inputs": list(pair.names),
            "first": pair.first.tolist(),
            "second": pair.second.tolist(),
            "net_benefit": pair.net_benefit.tolist(),
            "share_that_pays": pair.share_that_pays,
        },
    }


def assumption_sets_document(lines: Sequence[SetLine]) -> list[dict[str, Any]]:
    """Give the money under every set of assumptions, the study's own choices first."""
    return [
        {
            "name": line.name,
            "says": line.says,
            "source": line.source,
            "chosen": line.chosen,
            "choices": list(line.choices),
            "scenario": line.scenario or None,
            "horizon": line.horizon,
            "cost": amount_document(line.cost),
            "benefit": amount_document(line.benefit),
            "net_benefit": amount_document(line.net_benefit),
            "prob_net_benefit": line.prob_net_benefit,
            "benefit_cost_ratio": line.benefit_cost_ratio,
            "cost_per_crime_prevented": line.cost_per_crime_prevented,
            "reason": line.reason or None,
        }
        for line in lines
    ]
