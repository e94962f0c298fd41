"""Price schedules as files: one file a schedule, its provenance in a header, a row a component.

The header is TOML behind `# `: name, country, currency, price_year, basis; region, source, link, includes,
cautions, bearers. The columns are crime, value (or low and high; low, value and high; value and sd),
and, where wanted, offence, component, bearer, stage, tangible, contains, contains_crimes (names parted by
`;`), use ("count", or "reference" for a figure that is shown and not added), costing, cashable, transfer, basis,
certainty, source, table, caution; `UnitCost` says what each is.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from evalkit.economics.faults import attempt, refuse, unknown_keys
from evalkit.economics.prices import Prices, UnitCost
from evalkit.errors import CostError, nearest

__all__ = ["HEADER", "load_prices", "made_prices", "price_schedules", "read_header", "read_lines", "read_prices"]

_PREFIX = "prices_"
HEADER = (
    "name", "country", "region", "currency", "price_year", "basis", "source", "link", "includes",
    "cautions", "bearers",
)  # fmt: skip
_NEEDED = ("country", "currency", "price_year", "basis")
_TEXTS = (
    "crime",
    "component",
    "bearer",
    "stage",
    "offence",
    "source",
    "certainty",
    "caution",
    "table",
    "costing",
    "basis",
)
_NUMBERS = ("value", "low", "high", "sd")
_LISTS = ("contains", "contains_crimes")
_TRUTHS = ("tangible", "cashable", "transfer")
_COLUMNS = (*_TEXTS, *_NUMBERS, *_LISTS, *_TRUTHS, "use")


def price_schedules() -> tuple[str, ...]:
    """List the schedules that ship with evalkit.

    >>> price_schedules()
    ('delisi-2010', 'home-office-2005', 'home-office-2018', 'mccollister-2010')
    """
    return tuple(
        sorted(
            entry.name.removeprefix(_PREFIX).removesuffix(".csv")
            for entry in files("evalkit.economics").joinpath("tables").iterdir()
            if entry.name.startswith(_PREFIX)
        )
    )


def load_prices(name: str) -> Prices:
    """Give a shipped schedule by name."""
    if name not in price_schedules():
        raise CostError(f"no price schedule {name!r}; {nearest(name, price_schedules())}")
    return _shipped(name)


@cache
def _shipped(name: str) -> Prices:
    # every appraisal looks for schedules to stand beside its own
    table = files("evalkit.economics").joinpath("tables", f"{_PREFIX}{name}.csv")
    return _prices(table.read_text(encoding="utf-8"), name, {"name": name})


def read_prices(path: Path, provenance: Mapping[str, Any]) -> Prices:
    """Read a schedule from a file; `provenance` is put over what its header says."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise CostError(f"cannot read the prices {str(path)!r}: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise CostError(f"the prices {str(path)!r} are not written in UTF-8") from problem
    return _prices(text, path.name, {"name": path.stem} | dict(provenance))


def read_header(text: str, where: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Part a file into its header and its rows."""
    lines = text.splitlines()
    comments = [line for line in lines if line.startswith("#")]
    try:
        header = tomllib.loads("\n".join(line.removeprefix("#").strip() for line in comments))
    except tomllib.TOMLDecodeError as problem:
        raise CostError(f"{where}: the lines that begin with # are not key = value in TOML: {problem}") from problem
    rows = list(csv.DictReader(line for line in lines if line.strip() and not line.startswith("#")))
    return header, rows


def _prices(text: str, where: str, over: Mapping[str, Any]) -> Prices:
    header, rows = read_header(text, where)
    header = {"name": where} | header | dict(over)
    faults = unknown_keys(header, HEADER, "header: ")
    lines = read_lines(faults, rows)
    made = made_prices(faults, header, lines)
    refuse(faults, where)
    if made is None:  # pragma: no cover - every way here has left a fault
        raise CostError(f"{where} cannot be read")
    return made


def made_prices(faults: list[str], header: Mapping[str, Any], lines: Sequence[tuple[UnitCost, bool]]) -> Prices | None:
    """Make prices of a header and of components, each with whether it is added; None with a fault noted."""
    missing = [f"no {key!r}" for key in _NEEDED if key not in header]
    faults.extend(missing)
    counted = tuple(line for line, counts in lines if counts)
    if missing or (not counted and faults):
        return None
    options = {key: header[key] for key in HEADER if key in header}
    options["cautions"] = tuple(options.get("cautions", ()))
    shown = tuple(line for line, counts in lines if not counts)
    return attempt(faults, "", lambda: Prices(unit_costs=counted, reference=shown, **options))


def read_lines(faults: list[str], rows: Sequence[Mapping[str, Any]]) -> list[tuple[UnitCost, bool]]:
    """Read rows to components, each with whether it is added, noting every fault."""
    lines = []
    if rows:
        long = [place for place, row in enumerate(rows, start=1) if None in row]
        faults.extend(f"row {place} has more cells than the heading" for place in long)
        faults.extend(unknown_keys({key: None for key in rows[0] if key}, _COLUMNS, "column: "))
    for place, row in enumerate(rows, 1):
        made = attempt(faults, f"row {place}: ", lambda row=row: _line(row))  # type: ignore[misc]
        if made is not None:
            lines.append(made)
    return lines


def _line(row: Mapping[str, Any]) -> tuple[UnitCost, bool]:
    given = {key: value for key, value in row.items() if value is not None and value != ""}
    if "crime" not in given:
        raise CostError("no crime")
    use = given.get("use", "count")
    if use not in {"count", "reference"}:
        raise CostError(f"use is 'count' or 'reference'; there is {use!r}")
    options: dict[str, Any] = {key: str(given[key]) for key in _TEXTS if key in given}
    options |= {key: _names(given[key]) for key in _LISTS if key in given}
    options |= {key: _truth(key, given[key]) for key in _TRUTHS if key in given}
    return UnitCost(amount=_amount(given), **options), use == "count"


def _amount(given: Mapping[str, Any]) -> float | dict[str, float]:
    numbers = {key: _number(key, given[key]) for key in _NUMBERS if key in given}
    match tuple(sorted(numbers)):
        case ("value",):
            return numbers["value"]
        case ("sd", "value"):
            return {"mean": numbers["value"], "sd": numbers["sd"]}
        case ("high", "low"):
            return {"low": numbers["low"], "high": numbers["high"]}
        case ("high", "low", "value"):
            return {"low": numbers["low"], "mode": numbers["value"], "high": numbers["high"]}
    raise CostError(
        "a unit cost is a value; a value and sd; low and high; or low, value (most likely) and high; "
        f"there is {', '.join(numbers) or 'none of them'}"
    )


def _number(key: str, value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise CostError(f"{key} is a number without separators or signs; there is {value!r}") from None


def _names(value: object) -> tuple[str, ...]:
    parts = value.split(";") if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _truth(key: str, value: object) -> bool:
    text = str(value).lower()
    if text not in {"yes", "no", "true", "false"}:
        raise CostError(f"{key} is 'yes' or 'no'; there is {value!r}")
    return text in {"yes", "true"}
