"""The parts of the document that are about time: rates, running sums, and stopping."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.economics import CashFlow, Discounting, Stopped

__all__ = ["cash_flow_document", "rates_document", "stopping_document"]


def rates_document(schedule: Discounting | None) -> dict[str, Any] | None:
    """Give the discount rates with their source; `year` counts from 0, which is not discounted."""
    if schedule is None:
        return None
    return {
        "name": schedule.name,
        "edition": schedule.edition,
        "rates": [{"from": first, "to": last, "rate": rate} for first, last, rate in schedule.spans],
        "year_0": "the first year of the measure, not discounted",
        "source": schedule.source,
        "certainty": schedule.certainty,
        "note": schedule.note,
    }


def cash_flow_document(flow: CashFlow) -> dict[str, Any]:
    """Give one purse's running sum by year, and when it has paid back."""
    return {
        "whose": flow.whose,
        "payback_year": flow.payback_year,
        "payback_reason": flow.payback_reason or None,
        "payback_extrapolated": flow.payback_extrapolated,
        "prob_paid_back": flow.prob_paid_back,
        "years": [_plain(year) for year in flow.years],
    }


def stopping_document(stopped: Stopped | None) -> dict[str, Any] | None:
    """Give what stopping saves and loses against going on; all of it is extrapolated."""
    if stopped is None:
        return None
    found = _plain(stopped, leave=("by_year", "by_bearer", "stays", "loses_reason"))
    return {
        "scenario": "extrapolation",
        **found,
        "loses_reason": stopped.loses_reason or None,
        "stays": list(stopped.stays),
        "by_year": [_plain(line) for line in stopped.by_year],
        "by_bearer": [_plain(line) for line in stopped.by_bearer],
    }


def _plain(record: Any, leave: tuple[str, ...] = ()) -> dict[str, Any]:
    from evalkit.economics import Amount

    values = {each.name: getattr(record, each.name) for each in fields(record) if each.name not in leave}
    return {
        name: {"mean": value.mean, "lower": value.lower, "upper": value.upper} if isinstance(value, Amount) else value
        for name, value in values.items()
    }
