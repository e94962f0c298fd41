"""A schedule of discount rates from a study file; every fault is told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.draws import is_number
from evalkit.economics.discounting import Discounting
from evalkit.economics.faults import refuse, unknown_keys

__all__ = ["read_own"]

_KEYS = ("name", "edition", "source", "rates")
_RATE_KEYS = ("from", "to", "rate")


def read_own(table: Mapping[str, Any]) -> Discounting:
    """Read a schedule of your own: name, edition, source, and rates by spans of years.

    Years count from 0, which is not discounted: it is year 1 of the measure. A span begins where the one
    before it ends, the first `from` year 1, and the last has no `to`.

    Raises
    ------
    CostFaultsError
        Naming everything that is wrong.

    >>> rates = [{"from": 1, "to": 20, "rate": 0.04}, {"from": 21, "rate": 0.03}]
    >>> own = read_own({"name": "city 2026", "rates": rates})
    >>> own.spans
    ((1, 20, 0.04), (21, None, 0.03))
    """
    faults = unknown_keys(table, _KEYS, "")
    if not isinstance(table.get("name"), str) or not table["name"].strip():
        faults.append("a schedule has a name that carries its edition, such as 'city treasury 2026'")
    faults += [
        f"{key} is text in quotes; there is {table[key]!r}"
        for key in ("edition", "source")
        if key in table and not isinstance(table[key], str)
    ]
    steps = _steps(faults, table.get("rates"))
    refuse(faults, "discounting")
    return Discounting(
        name=table["name"].strip(),
        steps=steps,
        source=table.get("source", ""),
        certainty="own" if table.get("source") else "assumed",
        edition=table.get("edition", ""),
    )


def _steps(faults: list[str], rates: object) -> tuple[tuple[int, float], ...]:
    if not isinstance(rates, Sequence) or isinstance(rates, str) or not rates:
        faults.append("rates is a list such as [{ from = 1, to = 30, rate = 0.035 }, { from = 31, rate = 0.03 }]")
        return ()
    steps: list[tuple[int, float]] = []
    wanted = 1
    for place, entry in enumerate(rates, 1):
        where, is_last = f"rate {place}: ", place == len(rates)
        wrong = _faults_of(entry, where, wanted, is_last=is_last)
        faults += wrong
        if wrong:
            return ()
        steps.append((wanted, float(entry["rate"])))
        wanted = wanted if is_last else entry["to"] + 1
    return tuple(steps)


def _faults_of(entry: object, where: str, wanted: int, *, is_last: bool) -> list[str]:
    """Name what is wrong with one span, which has to begin in the year `wanted`."""
    if not isinstance(entry, Mapping):
        return [f"{where}is a table such as {{ from = 1, to = 30, rate = 0.035 }}; there is {entry!r}"]
    faults = unknown_keys(entry, _RATE_KEYS, where)
    if not _is_year(entry.get("from")) or entry["from"] != wanted:
        faults.append(
            f"{where}begins in year {wanted}, so that no year is left out or named twice; "
            f"there is from = {entry.get('from')!r}"
        )
    if is_last and "to" in entry:
        faults.append(f"{where}is the last and has no end; leave out to = {entry['to']!r}")
    if not is_last and (not _is_year(entry.get("to")) or entry["to"] < wanted):
        faults.append(f"{where}ends in a year from {wanted} on; there is to = {entry.get('to')!r}")
    rate = entry.get("rate")
    if not is_number(rate) or not 0 <= rate < 1:
        faults.append(f"{where}rate is a share such as 0.035 for 3.5 %; there is {rate!r}")
    return faults


def _is_year(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
