"""Layouts of files that cities and statistical offices publish, each described in a file of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from evalkit.data.period_form import PeriodForm, Strict, TimeForm
from evalkit.data.preset_sections import (
    OURS,
    Areas,
    Caveat,
    Coordinates,
    Crimes,
    FileForm,
    Join,
    States,
)
from evalkit.domain.outcome import crime_classes
from evalkit.errors import DataError, first_of, nearest

__all__ = ["Kind", "Preset", "fold"]

type Kind = Literal["incidents", "counts-long", "counts-wide"]


@dataclass(frozen=True, kw_only=True)
class Preset(Strict):
    """One layout: adding one is writing one file.

    Attributes
    ----------
    name : of the file, without its ending
    kind : a row is an incident; a count; or several counts, one a column
    columns : their names by ours (`OURS`), the usual first; one that begins with `~` is a regular expression.
        They are compared without case, accents, blanks and marks, so `Community Area` is `community_area`.
    choices : ours whose names are different columns, the wanted one first, and not one column under several names
    required : ours that must be there for the layout to be this one
    wide : of counts-wide: regular expression of the columns of counts, as they are written
    wide_is : what the name of such a column says: the period or the crime
    coverage : what a source covers is told "by" this column, or by the file
    general : is it for any file of its kind, so that every other preset that fits comes first?
    """

    name: str
    title: str
    kind: Kind
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    choices: tuple[str, ...] = ()
    publisher: str = ""
    licence: str = ""
    address: str = ""
    general: bool = False
    wide: str = ""
    wide_is: Literal["period", "crime"] = "period"
    coverage: Literal["source", "file", "area"] = "file"
    file: FileForm = field(default_factory=FileForm)
    period: PeriodForm = field(default_factory=PeriodForm)
    time: TimeForm = field(default_factory=TimeForm)
    coordinates: Coordinates = field(default_factory=Coordinates)
    areas: Areas = field(default_factory=Areas)
    crimes: Crimes = field(default_factory=Crimes)
    states: States = field(default_factory=States)
    joins: tuple[Join, ...] = ()
    caveats: tuple[Caveat, ...] = ()

    def __post_init__(self) -> None:
        ours = [*self.columns, *self.required, *(name for join in self.joins for name in join.columns)]
        for name in ours:
            if name not in OURS:
                msg = f"preset {self.name!r}: no column {name!r}; {nearest(name, OURS, 20)}"
                raise DataError(msg)
        unknown = [key for key in self.crimes.classes.values() if key and key not in crime_classes()]
        if unknown:
            msg = f"preset {self.name!r}: no class of crime {unknown[0]!r}; {nearest(unknown[0], crime_classes(), 20)}"
            raise DataError(msg)
        if (self.kind == "counts-wide") != bool(self.wide):
            msg = (
                f"preset {self.name!r}: wide = '...' names the columns of counts where kind is 'counts-wide', "
                "and only there"
            )
            raise DataError(msg)
        for pattern in self._patterns():
            try:
                re.compile(pattern)
            except re.error as problem:
                msg = f"preset {self.name!r}: {pattern!r} is not a regular expression: {problem}"
                raise DataError(msg) from problem

    def _patterns(self) -> Iterable[str]:
        yield from (name[1:] for names in self.columns.values() for name in names if name.startswith("~"))
        yield from self.file.names
        yield from self.areas.levels.values()
        yield from (join.file for join in self.joins)
        yield self.wide
        yield self.period.totals
        yield self.period.in_name

    def locate(self, heading: Sequence[str]) -> dict[str, str]:
        """Give the name in the file, as it is written there, of each of our columns that it has.

        >>> from evalkit.data.preset_files import presets
        >>> presets()["police_uk"].locate(["crime id", "Month ", "LSOA code", "Crime type"])["period"]
        'Month '
        """
        folded = {fold(name): name for name in reversed(heading)}  # the first of two that fold to the same
        found = {}
        for ours, theirs in self.columns.items():
            name = next((folded[key] for each in theirs for key in _keys(each, folded)), None)
            if name is not None:
                found[ours] = name
        return found

    def wide_columns(self, heading: Sequence[str]) -> list[str]:
        """Give the columns that hold counts, of a wide file; in their order."""
        if not self.wide:
            return []
        taken = set(self.locate(heading).values())
        return [name for name in heading if name not in taken and re.fullmatch(self.wide, name.strip(), re.IGNORECASE)]

    def require(self, heading: Sequence[str], source: str) -> dict[str, str]:
        """Give `locate`, and refuse a file without what this layout needs.

        Raises
        ------
        DataError
            Columns that are not there, with what they are called.
        """
        found = self.locate(heading)
        missing = [name for name in self.required if name not in found]
        if missing or (self.wide and not self.wide_columns(heading)):
            wanted = "; ".join(f"{name} ({first_of(self.columns.get(name, ()))})" for name in missing)
            wanted = wanted or f"columns of counts, named like {self.wide}"
            msg = (
                f"{source} is not in the layout {self.name!r} ({self.title}): it has no {wanted}; "
                f"it has {first_of(heading, 12)}"
            )
            raise DataError(msg)
        return found

    @cached_property
    def _classes(self) -> dict[str, str]:
        return {_words(theirs): key for theirs, key in self.crimes.classes.items()}

    def crime_class(self, crime: str, detail: str = "") -> str | None:
        """Give the class of a type of crime: "" where it has no equal, None where the preset does not know it.

        >>> from evalkit.data.preset_files import presets
        >>> presets()["police_uk"].crime_class("BURGLARY ")
        'burglary'
        """
        for text in (f"{crime}: {detail}", detail, crime):
            if text and (found := self._classes.get(_words(text))) is not None:
                return found
        return None

    @cached_property
    def _totals(self) -> frozenset[str]:
        return frozenset(_words(each) for each in self.crimes.totals)

    def is_total(self, crime: str) -> bool:
        """Is this type a sum of others?"""
        return _words(crime) in self._totals

    def to_know(self, findings: Iterable[str], *, points: bool = False) -> tuple[str, ...]:
        """Give what an evaluator must know, where these findings were made, and whether places of points are used."""
        there = {"always", *findings, *(("points",) if points else ())}
        return tuple(caveat.says for caveat in self.caveats if caveat.when in there)

    def fits_name(self, name: str) -> bool:
        """Is a file of this name usually in this layout?"""
        return any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in self.file.names)


def fold(name: str) -> str:
    """Give a name of a column without case, accents, blanks and marks.

    >>> fold(" Code.département ")
    'codedepartement'
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _keys(theirs: str, folded: Mapping[str, str]) -> list[str]:
    if theirs.startswith("~"):
        return [key for key in folded if re.fullmatch(theirs[1:], key)]
    return [key] if (key := fold(theirs)) in folded else []
