"""Columns of files of counts as numbers: each different text is read once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.data.counts.cells import STATES
from evalkit.data.preset import Preset
from evalkit.errors import DataError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.draws import FloatArray

__all__ = ["CountColumns", "Names"]


@dataclass(kw_only=True)
class Names:
    """Texts as numbers, in the order in which they were met."""

    places: dict[str, int] = field(default_factory=dict)

    def add(self, texts: Iterable[str]) -> np.ndarray:
        """Give the number of each text."""
        return np.array([self.places.setdefault(text, len(self.places)) for text in texts], dtype=np.int32)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts, by their numbers."""
        return tuple(self.places)


@dataclass(kw_only=True)
class CountColumns:
    """Reads where, when and what from chunks of rows whose columns have our names.

    Attributes
    ----------
    areas, crimes : the texts behind the numbers
    noted : rows to which something was done that must be told, by the name of the finding
    details : examples of each
    """

    preset: Preset
    areas: Names = field(default_factory=Names)
    crimes: Names = field(default_factory=Names)
    noted: Counter[str] = field(default_factory=Counter)
    details: dict[str, dict[str, None]] = field(default_factory=dict)

    def area(self, chunk: pd.DataFrame) -> np.ndarray:
        """Give the number of each row's area; -1 where it has none."""
        form = self.preset.areas
        if "area" not in chunk:
            return np.repeat(self.areas.add([form.only or "all"]), len(chunk))
        codes, names = _different(chunk["area"], lambda text, times: self._code(text, times, form.width))
        return np.array([self.areas.add([name])[0] if name else -1 for name in names], np.int32).take(codes)

    def crime(self, chunk: pd.DataFrame) -> np.ndarray:
        """Give the number of each row's type, "type: finer type" where it has both."""
        if "crime" not in chunk:
            return np.repeat(self.crimes.add(["crime"]), len(chunk))
        width = self.preset.crimes.width
        codes, majors = _different(chunk["crime"], lambda text, times: self._code(text, times, width) or "not said")
        inner, minors = np.zeros(len(chunk), np.int64), [""]
        if "crime_detail" in chunk:
            inner, minors = _different(chunk["crime_detail"], lambda text, _: " ".join(text.split()))
        pairs, places = np.unique(codes.astype(np.int64) * len(minors) + inner, return_inverse=True)
        return self.crimes.add(_label(majors[pair // len(minors)], minors[pair % len(minors)]) for pair in pairs)[
            places
        ]

    def period(self, chunk: pd.DataFrame, path: Path) -> np.ndarray:
        """Give the place of each row's period on the calendar; -1 where it cannot be read, -2 where it is a sum."""
        if "period" not in chunk:
            return np.full(len(chunk), self._period_of_name(path), np.int32)
        codes, read = _different(chunk["period"], self._one_period)
        return np.array(read, np.int32).take(codes)

    def state(self, column: pd.Series) -> np.ndarray:
        """Give the state that a column says, of each row."""
        known = self.preset.states.column

        def read(text: str, _: int) -> int:
            if text.strip() not in known:
                msg = f"column {column.name!r} says {text!r}, and the layout does not know it; {nearest(text, known)}"
                raise DataError(msg)
            return STATES[known[text.strip()]]

        codes, found = _different(column, read)
        return np.array(found, np.int8).take(codes)

    def exposure(self, chunk: pd.DataFrame) -> FloatArray:
        """Give residents, dwellings or the like, of each row; NaN where there is none."""
        if "exposure" not in chunk:
            return np.full(len(chunk), np.nan)
        form = self.preset.file

        def read(text: str, _: int) -> float:
            plain = text.strip().replace(form.thousands, "") if form.thousands else text.strip()
            try:
                return float(plain.replace(form.decimal, "."))
            except ValueError:
                return np.nan

        codes, found = _different(chunk["exposure"], read)
        return np.array(found, float).take(codes)

    def is_total(self, area: np.ndarray, crime: np.ndarray) -> np.ndarray:
        """Tell rows that are sums of others."""
        places = [number for name, number in self.areas.places.items() if name in self.preset.areas.totals]
        types = [
            number
            for name, number in self.crimes.places.items()
            if any(self.preset.is_total(part) for part in (name, *name.split(": ", 1)))
        ]
        return np.isin(area, places) | np.isin(crime, types)

    def is_other_unit(self, chunk: pd.DataFrame) -> np.ndarray:
        """Tell rows of another unit than the one counted."""
        units = self.preset.states.units
        if not units or "unit" not in chunk:
            return np.zeros(len(chunk), bool)
        codes, found = _different(chunk["unit"], lambda text, _: text.strip() not in units)
        return np.array(found, bool).take(codes)

    def note(self, name: str, rows: int, example: str) -> None:
        """Remember that something was seen in so many rows."""
        self.noted[name] += rows
        self.details.setdefault(name, {})[example] = None

    def _code(self, text: str, times: int, width: int | None) -> str:
        code = text.strip()
        if code != text:
            self.note("padded-code", times, repr(text))
        if width and code.isdigit() and len(code) < width:
            self.note("lost-zeros", times, f"{code!r} read as {code.zfill(width)!r}")
            return code.zfill(width)
        return "" if code in self.preset.file.missing else code

    def _one_period(self, text: str, times: int) -> int:
        if self.preset.period.totals and re.fullmatch(self.preset.period.totals, text.strip()):
            self.details.setdefault("total", {})[repr(text.strip())] = None
            return -2
        place = self.preset.period.place(text)
        if place is None:
            self.note("unreadable-period", times, repr(text))
            return -1
        if len(text.strip()) == 2:
            self.note("two-digit-year", times, f"{text.strip()!r} read as {place}")
        return place

    def _period_of_name(self, path: Path) -> int:
        form = self.preset.period
        match = re.search(form.in_name, path.name) if form.in_name else None
        place = form.place(match[1]) if match else None
        if place is None:
            msg = (
                f"{path.name} has no column that says the {form.frequency}, and its name does not say it: "
                f"put it into the name, such as 2023-{path.name}"
            )
            raise DataError(msg)
        return place


def _label(major: str, minor: str) -> str:
    return f"{major}: {minor}" if minor and minor.casefold() != major.casefold() else major


def _different(column: pd.Series, read: Callable[[str, int], Any]) -> tuple[np.ndarray, list[Any]]:
    """Read each different text of a column once, told how often it stands; give numbers of rows and what was read."""
    import pandas as pd

    codes, texts = pd.factorize(column)
    often = np.bincount(codes, minlength=len(texts))
    return codes, [read(str(text), int(times)) for text, times in zip(texts, often, strict=True)]
