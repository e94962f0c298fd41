"""The table `[prices]` of a study file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evalkit.economics.faults import attempt, refuse, unknown_keys
from evalkit.economics.price_files import HEADER, load_prices, made_prices, read_lines, read_prices
from evalkit.economics.prices import Prices
from evalkit.economics.transfer import Transfer
from evalkit.economics.unit_costs import UnitCost
from evalkit.errors import CostError

__all__ = ["prices_from_mapping", "schedules_named"]

_KEYS = (
    *HEADER, "schedule", "unit_costs", "components", "leave_out", "multipliers", "priced_as", "justice", "marginal",
    "transfers", "transfer", "valued_apart", "beside",
)  # fmt: skip


def prices_from_mapping(mapping: Mapping[str, Any], folder: Path) -> Prices:
    """Read the table `[prices]` of a study file.

    Keys: schedule (a shipped schedule by name, or a file that ends in .csv), or unit_costs (a list of
    tables with the columns of a file) with the keys of a header; components (names to add instead of
    the schedule's own choice), leave_out (a list of { component, crimes }), multipliers, priced_as, justice
    ("marginal", "average" or "none") with marginal (a list of tables), transfers ("counted" or "left out"),
    transfer (a table of `Transfer`), valued_apart, and beside (a list of schedules, or of such tables).

    Raises
    ------
    CostFaultsError
        Naming everything that is wrong.
    """
    faults = unknown_keys(mapping, _KEYS, "")
    prices = _chosen(faults, mapping, folder)
    steps = {
        "components": lambda p: p.using(*_list("components", mapping["components"])),
        "leave_out": lambda p: _left_out(p, mapping["leave_out"]),
        "multipliers": lambda p: _with(p, multipliers=mapping["multipliers"]),
        "priced_as": lambda p: _with(p, priced_as=mapping["priced_as"]),
        "valued_apart": lambda p: _with(p, valued_apart=mapping["valued_apart"]),
        "transfers": lambda p: _transfers(p, mapping["transfers"]),
        "justice": lambda p: p.with_justice(mapping["justice"], marginal=_marginal(mapping.get("marginal", ()))),
        "transfer": lambda p: p.transferred(Transfer.from_mapping(mapping["transfer"])),
        "beside": lambda p: _with(p, beside=_beside(p, mapping["beside"], folder)),
    }
    if "marginal" in mapping and "justice" not in mapping:
        faults.append("'marginal' gives costs of justice, and justice = 'marginal' is not chosen")
    for key, step in steps.items():
        if key in mapping and prices is not None:
            prices = attempt(faults, "", lambda step=step, p=prices: step(p)) or prices  # type: ignore[misc]
    refuse(faults, "prices")
    if prices is None:  # pragma: no cover - every way here has left a fault
        raise CostError("the prices cannot be read")
    return prices


def schedules_named(mapping: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give every schedule that a table names, with its key, so that files can be looked for before they are read."""
    found = [("schedule", str(mapping.get("schedule", "")))]
    others = mapping.get("beside", ())
    for other in others if isinstance(others, Sequence) and not isinstance(others, str) else ():
        named = other.get("schedule", "") if isinstance(other, Mapping) else other
        found.append(("beside", str(named)))
    return found


def _chosen(faults: list[str], mapping: Mapping[str, Any], folder: Path) -> Prices | None:
    if ("schedule" in mapping) == ("unit_costs" in mapping):
        faults.append("wanted is either 'schedule' or 'unit_costs'")
        return None
    header = {key: mapping[key] for key in HEADER if key in mapping}
    if "unit_costs" in mapping:
        rows = mapping["unit_costs"]
        if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
            faults.append(f"'unit_costs' is a list of tables with crime and value; there is {rows!r}")
            return None
        return made_prices(faults, {"name": "own prices"} | header, read_lines(faults, rows))
    schedule = str(mapping["schedule"])
    if schedule.endswith(".csv"):
        return attempt(faults, "", lambda: read_prices(folder / schedule, header))
    if header:
        faults.append(f"a shipped schedule has its own {', '.join(header)}; leave them out")
    return attempt(faults, "", lambda: load_prices(schedule))


def _list(key: str, value: object) -> Sequence[Any]:
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        raise CostError(f"{key!r} is a list; there is {value!r}")
    return value


def _left_out(prices: Prices, entries: object) -> Prices:
    for entry in _list("leave_out", entries):
        if not isinstance(entry, Mapping) or "component" not in entry or set(entry) - {"component", "crimes"}:
            raise CostError(
                "'leave_out' is a list of tables such as { component = 'intangible', "
                f"crimes = ['robbery'] }}; there is {entry!r}"
            )
        prices = prices.without(entry["component"], crimes=entry.get("crimes"))
    return prices


def _with(prices: Prices, **changes: Any) -> Prices:
    return replace(prices, **changes)


def _transfers(prices: Prices, choice: object) -> Prices:
    if choice not in {"counted", "left out"}:
        raise CostError(f"transfers is 'counted' or 'left out'; there is {choice!r}")
    return prices if choice == "counted" else prices.without_transfers()


def _marginal(rows: object) -> list[UnitCost]:
    faults: list[str] = []
    given = _list("marginal", rows)
    if not all(isinstance(row, Mapping) for row in given):
        raise CostError(f"'marginal' is a list of tables with crime, value, bearer and source; there is {rows!r}")
    lines = read_lines(faults, [{"costing": "marginal", "component": "marginal justice"} | dict(row) for row in given])
    refuse(faults, "marginal")
    return [line for line, _ in lines]


def _beside(prices: Prices, entries: object, folder: Path) -> tuple[Prices, ...]:
    """Read the schedules beside; one that says nothing of multipliers and stand-ins takes those of the first."""
    found = []
    for entry in _list("beside", entries):
        given = {"schedule": entry} if isinstance(entry, str) else entry
        if not isinstance(given, Mapping) or "beside" in given:
            raise CostError(f"'beside' is a list of schedules, by name or as tables like [prices]; there is {entry!r}")
        found.append(prices_from_mapping(given, folder))
    names = [each.name for each in (prices, *found)]
    if len(set(names)) < len(names):
        raise CostError(f"'beside' names a schedule twice; there is {', '.join(map(repr, names))}")
    return tuple(found)
