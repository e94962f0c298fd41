"""Rows of files of counts, gathered as records: where, when, of what type, how many, or why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evalkit.data.counts.cells import COUNTED, CellReader
from evalkit.data.counts.columns import CountColumns
from evalkit.data.preset import Preset
from evalkit.domain.periods import Frequency, read_period
from evalkit.errors import DataError, first_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REASONS", "CountRows", "window_places"]

# Why a row is not among the counts, in the order in which it is asked; the first is that it is.
REASONS = (
    "",
    "unreadable-period",
    "outside-window",
    "without-place",
    "total",
    "other-unit",
    "other-level",
    "other-area",
    "repeated-cell",
    "revised",
)


@dataclass(kw_only=True)
class CountRows:
    """Takes chunks of rows; a row of a wide file becomes a record for each of its columns of counts.

    Attributes
    ----------
    window : places of the first and the last period; None for all
    reasons : for every row, its place in `REASONS`, an array a chunk
    records : columns of the records, an array a chunk: area, period, crime, value, state, exposure, row, file
    """

    preset: Preset
    window: tuple[int, int] | None
    columns: CountColumns
    cells: CellReader
    reasons: list[np.ndarray] = field(default_factory=list)
    records: dict[str, list[np.ndarray]] = field(default_factory=dict)
    rows: int = 0

    def take(self, chunk: pd.DataFrame, path: Path, file: int, wide: list[str]) -> None:
        """Take some rows, whose columns have our names; the `wide` ones of counts keep theirs."""
        record = {"area": self.columns.area(chunk), "crime": self.columns.crime(chunk)}
        reason = np.zeros(len(chunk), np.int8)
        by_period = bool(wide) and self.preset.wide_is == "period"
        if not by_period:
            record["period"] = self.columns.period(chunk, path)
            _set(reason, record["period"] == -1, "unreadable-period")
            _set(reason, record["period"] == -2, "total")
            _set(reason, ~self._inside(record["period"]), "outside-window")
        _set(reason, record["area"] < 0, "without-place")
        _set(reason, self.columns.is_total(record["area"], record["crime"]), "total")
        _set(reason, self.columns.is_other_unit(chunk), "other-unit")
        kept = np.flatnonzero(reason == 0)
        chunk = chunk.iloc[kept]
        record = {name: array[kept] for name, array in record.items()}
        record |= {"row": kept + self.rows, "exposure": self.columns.exposure(chunk)}
        record |= self._wide(chunk, wide, record) if wide else self._long(chunk)
        record["file"] = np.full(len(record["row"]), file, np.int16)
        for name, array in record.items():
            self.records.setdefault(name, []).append(array)
        self.reasons.append(reason)
        self.rows += len(reason)

    def _inside(self, places: np.ndarray) -> np.ndarray:
        if self.window is None:
            return np.ones(len(places), bool)
        return (places >= self.window[0]) & (places <= self.window[1])

    def _long(self, chunk: pd.DataFrame) -> dict[str, np.ndarray]:
        values, states = self.cells.read(chunk["count"].to_numpy(object))
        if "state" in chunk:
            told = self.columns.state(chunk["state"])
            states = np.where(told == COUNTED, states, told)
        if "flag" in chunk:
            states = self.cells.apply_flags(chunk["flag"], states)
        return {"value": values, "state": states}

    def _wide(self, chunk: pd.DataFrame, wide: list[str], record: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Lay the columns of counts beside each other, row by row."""
        values, states = self.cells.read(chunk[wide].to_numpy(object))
        laid = {name: np.repeat(array, len(wide)) for name, array in record.items()}
        laid |= {"value": values.ravel(), "state": states.ravel()}
        if self.preset.wide_is == "crime":
            laid["crime"] = np.tile(self.columns.crimes.add(name.strip() for name in wide), len(chunk))
            return laid
        laid["period"] = np.tile(self._heading_periods(wide), len(chunk))
        inside = self._inside(laid["period"])
        return {name: array[inside] for name, array in laid.items()}

    def _heading_periods(self, wide: list[str]) -> np.ndarray:
        places = {name: self.preset.period.place(name) for name in wide}
        unread = [name for name, place in places.items() if place is None]
        if unread:
            msg = f"columns {first_of(unread)} are named like periods; wanted is a {self.preset.period.frequency} each"
            raise DataError(msg)
        return np.array(list(places.values()), np.int32)


def _set(reason: np.ndarray, at: np.ndarray, name: str) -> None:
    reason[at & (reason == 0)] = REASONS.index(name)


def window_places(window: tuple[str, str] | None, frequency: Frequency) -> tuple[int, int] | None:
    """Give the places of the first and the last period of a window.

    Raises
    ------
    DataError
        An end that is no period, or a window that ends before it begins.
    """
    if window is None:
        return None
    first, last = (read_period(str(end), frequency) for end in window)
    if last < first:
        msg = f"the window ends ({window[1]}) before it begins ({window[0]})"
        raise DataError(msg)
    return first, last
