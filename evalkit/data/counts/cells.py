"""Texts in the cells of a file of counts: a number, or why there is none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evalkit.data.preset import Preset

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["COUNTED", "MISSING", "STATES", "SUPPRESSED", "CellReader"]

COUNTED, SUPPRESSED, MISSING = 0, 1, 2
STATES = {"counted": COUNTED, "suppressed": SUPPRESSED, "missing": MISSING}
_FLAGGED = re.compile(r"(?P<number>\S+)\s+(?P<flag>[A-Za-z]+)")
_BLANKS = re.compile(r"[\u00a0\u202f\u2009']")


@dataclass(kw_only=True)
class CellReader:
    """Reads cells, each different text once, and keeps count of what it met.

    Attributes
    ----------
    not_counts : texts that are no whole number of zero or more, with how often they stood
    flagged : marks that stood after numbers, in words, with how often
    thousands, decimals : cells with such a mark
    """

    preset: Preset
    not_counts: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    thousands: int = 0
    decimals: int = 0

    def read(self, texts: np.ndarray) -> tuple[FloatArray, np.ndarray]:
        """Give numbers and states, each of the shape of `texts`; 0 where there is no count."""
        import pandas as pd

        places, different = pd.factorize(texts.ravel())
        often = np.bincount(places, minlength=len(different))
        read = [self._one(str(text), int(times)) for text, times in zip(different, often, strict=True)]
        values = np.array([value for value, _ in read], dtype=float)
        states = np.array([state for _, state in read], dtype=np.int8)
        return values.take(places).reshape(texts.shape), states.take(places).reshape(texts.shape)

    def apply_flags(self, flags: Iterable[str], states: np.ndarray) -> np.ndarray:
        """Give the states after a column of marks has had its say."""
        told = self.preset.states.flags
        out = states.copy()
        for place, flag in enumerate(flags):
            says = told.get(flag.strip(), "")
            if says in STATES:
                out[place] = STATES[says]
            elif flag.strip():
                self.flagged[says or f"mark {flag.strip()!r}"] += 1
        return out

    def _one(self, text: str, times: int) -> tuple[float, int]:
        text = text.strip()
        marks = self.preset.states.marks
        if text in marks:
            return 0.0, STATES[marks[text]]
        if match := _FLAGGED.fullmatch(text) if self.preset.states.flags else None:
            return self._flagged(match["number"], match["flag"], times)
        number = self._number(text, times)
        if number is None:
            self.not_counts[text] += times
            return 0.0, MISSING
        return number, COUNTED

    def _flagged(self, number: str, flag: str, times: int) -> tuple[float, int]:
        says = self.preset.states.flags.get(flag, f"mark {flag!r}")
        value, state = self._one(number, times)
        if says in STATES:
            return (value, STATES[says]) if STATES[says] > state or state == MISSING else (value, state)
        self.flagged[says] += times
        return value, state

    def _number(self, text: str, times: int) -> float | None:
        """Give a whole number of zero or more, or None."""
        form = self.preset.file
        plain = _BLANKS.sub("", text)
        # a count is whole: a comma before three digits marks thousands unless it is said to mark decimals
        thousands = form.thousands or ("," if form.decimal == "." else "")
        if thousands and re.fullmatch(
            rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+(?:{re.escape(form.decimal)}0+)?", plain
        ):
            self.thousands += times
            plain = plain.replace(thousands, "")
        if form.decimal != "." and form.decimal in plain:
            self.decimals += times
            plain = plain.replace(form.decimal, ".")
        if not re.fullmatch(r"\d+(?:\.0*)?", plain):
            return None
        return float(plain)
