"""The ledger as a table of a study file; every fault is told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.economics.amounts import check_money_unit
from evalkit.economics.bearers import BEARERS, read_bearers
from evalkit.economics.faults import attempt, refuse, unknown_keys
from evalkit.economics.ledger import KINDS, Costs, Flow
from evalkit.economics.price_years import read_price_year
from evalkit.errors import nearest

__all__ = ["costs_from_mapping"]

_KEYS = ("currency", "year", "flows", "bearers")


def costs_from_mapping(mapping: Mapping[str, Any]) -> Costs:
    """Read the table `[costs]` of a study file.

    Raises
    ------
    CostFaultsError
        Naming everything that is wrong.
    """
    faults = unknown_keys(mapping, _KEYS, "")
    faults += [f"no {key!r}" for key in ("currency", "year", "flows") if key not in mapping]
    entries = _list(faults, "flows", mapping)
    bearers = attempt(faults, "", lambda: read_bearers(mapping.get("bearers", {}))) or {}
    flows = [_read_flow(faults, place, entry, (*BEARERS, *bearers)) for place, entry in enumerate(entries, 1)]
    head: dict[str, Any] = {"bearers": bearers}
    if "currency" in mapping:
        head["currency"] = attempt(faults, "currency: ", lambda: check_money_unit(mapping["currency"]))
    if "year" in mapping:
        head["price_year"] = attempt(faults, "year: ", lambda: read_price_year(mapping["year"]))
    if head.get("currency") and head.get("price_year"):
        for place, flow in enumerate(flows, 1):
            if flow is not None:
                attempt(faults, f"flow {place}: ", lambda flow=flow: Costs(flows=(flow,), **head))  # type: ignore[misc]
    if "flows" in mapping and not entries and not faults:
        faults.append("'flows' is empty; a measure that costs nothing has a flow of 0")
    refuse(faults, "costs")
    return Costs(flows=tuple(flow for flow in flows if flow is not None), **head)


def _list(faults: list[str], key: str, mapping: Mapping[str, Any]) -> Sequence[Any]:
    value = mapping.get(key, ())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    faults.append(f"{key!r} is a list; there is {value!r}")
    return ()


_FACTS = ("saving", "life", "annualise", "cashable", "transfer", "received_by", "tangible", "sunk")
_FLOW_KEYS = (
    *("what", "amount", "bearer", "kind", "year", "years"),
    *("source", "assumed", "currency", "price_year"),
    *_FACTS,
)


def _read_flow(faults: list[str], place: int, entry: object, bearers: Sequence[str]) -> Flow | None:
    where = f"flow {place}: "
    if not isinstance(entry, Mapping):
        faults.append(f"{where}is a table such as {{ what = ..., amount = ... }}; there is {entry!r}")
        return None
    wrong = unknown_keys(entry, _FLOW_KEYS, where)
    wrong += [f"{where}no {key!r}" for key in ("what", "amount", "bearer", "kind") if key not in entry]
    if "year" in entry and "years" in entry:
        wrong.append(f"{where}both 'year' and 'years'; wanted is one of them")
    for key in ("bearer", "received_by"):
        bearer = entry.get(key)
        if isinstance(bearer, str) and bearer.strip() and bearer not in bearers:
            wrong.append(f"{where}no bearer {bearer!r}; {nearest(bearer, bearers, 20)}")
    options = {key: entry[key] for key in _FLOW_KEYS if key in entry and key not in {"year", "years"}}
    options["years"] = entry.get("years", entry.get("year", 1))
    # each key in an otherwise sound flow, so that one fault does not hide the next
    sound = {
        "what": entry.get("what") if isinstance(entry.get("what"), str) else "?",
        "amount": 0,
        "bearer": "city",
        "kind": "one-off",
    }
    for key in ("what", "amount", "bearer", "kind", "years", "price_year", "source"):
        if key in options:
            attempt(wrong, where, lambda key=key: Flow(**{**sound, key: options[key]}))  # type: ignore[misc]
    if wrong:
        facts = {key: options[key] for key in ("kind", *_FACTS) if key in options}
        facts["kind"] = facts.get("kind") if facts.get("kind") in KINDS else "capital"
        attempt(wrong, where, lambda: Flow(**{**sound, **facts}))
        faults.extend(dict.fromkeys(wrong))
        return None
    return attempt(faults, where, lambda: Flow(**options))
