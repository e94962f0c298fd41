"""Who pays and who gains as plain data, for the document that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.result_amounts import amount_document

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, AreaLine, GroupLine, GroupTable, Weighing

__all__ = ["incidence_document"]


def incidence_document(appraisal: Appraisal | None) -> dict[str, Any] | None:
    """Give the incidence of one scenario: every number, or null with the reason beside it."""
    found = None if appraisal is None else appraisal.incidence
    if appraisal is None or found is None:
        return None
    both = found.payers_and_gainers
    return {
        "scenario": appraisal.scenario,
        "direct_and_indirect": [
            {
                "what": line.what,
                "direct": line.direct,
                "amount": amount_document(line.amount),
                "reason": line.reason or None,
            }
            for line in found.direct
        ],
        "payers_and_gainers": {
            "payers": dict(both.payers),
            "gainers": dict(both.gainers),
            "matrix": [list(row) for row in both.matrix],
            "losers": dict(both.losers),
            "to_others": both.to_others,
            "reason": both.reason or None,
        },
        "by_area": [_area(line) for line in found.by_area],
        "by_area_reason": found.areas_reason or None,
        "by_group": None if found.groups is None else _groups(found.groups),
        "by_group_reason": found.groups_reason or None,
    }


def _area(line: AreaLine) -> dict[str, Any]:
    return {
        "area": line.area,
        "kind": line.kind,
        "known": line.known,
        "events": line.events,
        "gain": line.total,
        "gain_by_bearer": dict(line.gains),
        "gain_there": line.local,
        "gain_range": amount_document(line.gain),
    }


def _groups(table: GroupTable) -> dict[str, Any]:
    return {
        "groups": [_group(line) for line in table.lines],
        "not_given": list(table.left_over),
        "weighing": None if table.weighing is None else _weighing(table.weighing),
        "weighing_reason": table.weighing_reason or None,
    }


def _group(line: GroupLine) -> dict[str, Any]:
    return {
        "group": line.group,
        "population": line.population,
        "income": line.income,
        "cost": amount_document(line.cost),
        "benefit": amount_document(line.benefit),
        "net": amount_document(line.net),
        "weight": line.weight,
        "weighted": amount_document(line.weighted),
    }


def _weighing(found: Weighing) -> dict[str, Any]:
    return {
        "exponent": found.exponent,
        "median_income": found.median_income,
        "source": found.source,
        "unweighted": amount_document(found.unweighted),
        "weighted": amount_document(found.weighted),
        "prob_unweighted": found.prob_unweighted,
        "prob_weighted": found.prob_weighted,
        "switching_exponent": found.switching.value,
        "switching_reason": found.switching.reason or None,
    }
