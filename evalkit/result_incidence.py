"""Who pays and who gains as plain data, for the document that other programs read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.economics import Amount, Appraisal, AreaLine, GroupLine, GroupTable, Weighing

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
            {"what": line.what, "direct": line.direct, "amount": _amount(line.amount), "reason": line.reason or None}
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
        "gain_range": _amount(line.gain),
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
        "cost": _amount(line.cost),
        "benefit": _amount(line.benefit),
        "net": _amount(line.net),
        "weight": line.weight,
        "weighted": _amount(line.weighted),
    }


def _weighing(found: Weighing) -> dict[str, Any]:
    return {
        "exponent": found.exponent,
        "median_income": found.median_income,
        "source": found.source,
        "unweighted": _amount(found.unweighted),
        "weighted": _amount(found.weighted),
        "prob_unweighted": found.prob_unweighted,
        "prob_weighted": found.prob_weighted,
        "switching_exponent": found.switching.value,
        "switching_reason": found.switching.reason or None,
    }


def _amount(amount: Amount | None) -> dict[str, float] | None:
    return None if amount is None else {name: value for name, value in asdict(amount).items() if name != "level"}
