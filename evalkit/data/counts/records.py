"""Records of files of counts: of one level of areas, and one for each cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.data.counts.columns import CountColumns
from evalkit.data.counts.rows import REASONS, CountRows
from evalkit.data.preset import Preset
from evalkit.domain.periods import Periods
from evalkit.errors import DataError, first_of, nearest

__all__ = ["CountRecords"]


@dataclass(kw_only=True)
class CountRecords:
    """Records of all files, and for each row why it is not counted.

    Attributes
    ----------
    columns : area, period, crime, value, state, exposure, row and file of each record
    reasons : of each row, its place in `REASONS`; 0 where it is counted
    """

    columns: dict[str, np.ndarray]
    reasons: np.ndarray

    @classmethod
    def of(cls, rows: CountRows) -> CountRecords:
        """Put the chunks of all files together."""
        if not rows.rows:
            msg = "the files have headings but no rows"
            raise DataError(msg)
        return cls(
            columns={name: np.concatenate(arrays) for name, arrays in rows.records.items()},
            reasons=np.concatenate(rows.reasons),
        )

    def keep(self, at: np.ndarray, reason: str) -> None:
        """Keep some records; a row none of whose records is left is left out for this reason."""
        if at.all():
            return
        touched = np.unique(self.columns["row"])
        self.columns = {name: array[at] for name, array in self.columns.items()}
        self.reasons[np.setdiff1d(touched, self.columns["row"])] = REASONS.index(reason)

    def keep_level(self, names: tuple[str, ...], preset: Preset, level: str | None) -> None:
        """Keep the areas of one level: that of which there are most, where none is named."""
        levels = preset.areas.levels
        if level is not None and level not in levels:
            msg = f"no level of areas {level!r}; {nearest(level, levels)}"
            raise DataError(msg)
        if not levels:
            return
        of_area = np.array([_level_of(name, levels) for name in names], np.int16)
        seen = np.unique(of_area[np.unique(self.columns["area"])])
        known = seen[seen >= 0]
        if level is None and not len(known):
            return  # codes of a kind that the preset does not know: nothing to choose from
        often = np.bincount(of_area[of_area >= 0]) if len(known) else np.zeros(1)
        chosen = list(levels).index(level) if level is not None else int(np.argmax(often))
        if chosen not in seen:
            there = first_of([list(levels)[place] for place in known])
            msg = f"no area of the level {level!r} in these files; there is: {there}"
            raise DataError(msg)
        self.keep(of_area[self.columns["area"]] == chosen, "other-level")

    def keep_once(self, columns: CountColumns, preset: Preset) -> None:
        """Keep one record for each cell: the latest file's."""
        cell = self._cells()
        order = np.lexsort((self.columns["file"], cell))
        cells, files = cell[order], self.columns["file"][order]
        same = cells[1:] == cells[:-1]
        if not same.any():
            return
        within = same & (files[1:] == files[:-1])
        self._refuse_contradictions(order, within, columns, preset)
        ends = np.append(np.flatnonzero(~same), len(cells) - 1)
        latest = files[ends][np.concatenate(([0], np.cumsum(~same)))]
        superseded, repeated = np.zeros((2, len(cell)), bool)
        superseded[order] = files < latest
        repeated[order[1:]] = within
        repeated &= ~superseded
        self.keep(~repeated, "repeated-cell")
        self.keep(~superseded[~repeated], "revised")

    def _cells(self) -> np.ndarray:
        area, period, crime = (self.columns[name].astype(np.int64) for name in ("area", "period", "crime"))
        if not len(area):
            return area
        spans, types = int(period.max() - period.min()) + 1, int(crime.max()) + 1
        return (area * spans + period - period.min()) * types + crime

    def _refuse_contradictions(
        self, order: np.ndarray, within: np.ndarray, columns: CountColumns, preset: Preset
    ) -> None:
        values, states = self.columns["value"][order], self.columns["state"][order]
        differ = within & ((values[1:] != values[:-1]) | (states[1:] != states[:-1]))
        if differ.any():
            at = int(np.argmax(differ))
            record = {name: array[order[at]] for name, array in self.columns.items()}
            label = Periods(frequency=preset.period.frequency, first=int(record["period"]), count=1).labels[0]
            msg = (
                f"two counts for {columns.crimes.texts[record['crime']]!r} in area "
                f"{columns.areas.texts[record['area']]!r} in {label}: {values[at]:g} and {values[at + 1]:g} "
                f"(and {int(differ.sum()) - 1} more such cells); wanted is one row for each area, period and type"
            )
            raise DataError(msg)


def _level_of(name: str, levels: Mapping[str, str]) -> int:
    return next((place for place, pattern in enumerate(levels.values()) if re.fullmatch(pattern, name)), -1)
