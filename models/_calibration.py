"""The record of how every estimator did on the shared grid of simulated designs."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from evalkit.domain import Simulation

__all__ = ["simulations"]


def simulations(estimator: str) -> tuple[Simulation, ...]:
    """Give the rows of one estimator, in the order of the grid; none where it was not tried, or there is no record."""
    return _record().get(estimator, ())


@cache
def _record() -> dict[str, tuple[Simulation, ...]]:
    file = files("evalkit.models").joinpath("calibration.csv")
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    found: dict[str, tuple[Simulation, ...]] = {}
    for row in csv.DictReader(text.splitlines()):
        found[row["estimator"]] = (*found.get(row["estimator"], ()), _read(row))
    return found


def _read(row: dict[str, str]) -> Simulation:
    def number(column: str) -> float | None:
        return float(row[column]) if row[column] else None

    return Simulation(
        scenario=row["words"],
        runs=int(row["runs"]),
        coverage=number("coverage"),
        rejected=number("rejected"),
        bias=number("bias"),
        warned=number("warned") or 0.0,
        untellable=number("untellable") or 0.0,
        refused=number("refused") or 0.0,
        reason=row["reason"],
        breaks=row["breaks"],
    )
