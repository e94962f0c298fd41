"""The sections of a preset: how a file is written, and what its columns, codes and marks mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalkit.data.period_form import Strict

__all__ = ["OURS", "Areas", "Caveat", "Coordinates", "Crimes", "FileForm", "Join", "State", "States"]

type State = Literal["counted", "suppressed", "missing"]

# What a column can be to evalkit.
OURS = {
    "id": "number of the incident, by which repeated rows are found",
    "period": "when it happened, in one of the formats of [period]",
    "time": "time of day, where it stands in a column of its own",
    "area": "code (or name) of the area",
    "area_name": "name of the area, for people",
    "crime": "type of crime in the source's words",
    "crime_detail": "finer type of crime, within the type",
    "longitude": "degrees east",
    "latitude": "degrees north",
    "x": "metres or feet east, in the system of [coordinates]",
    "y": "metres or feet north, in the system of [coordinates]",
    "source": "who recorded it, where one file holds several",
    "count": "number of crimes, of a file of counts",
    "state": "whether the count is published, of a file of counts",
    "exposure": "residents, dwellings, ...",
    "unit": "what one is: a victim, an offence, a rate",
    "flag": "a mark that says more of a count",
    "join": "number by which rows of two files belong together",
    "join_type": "the same, for a list of types",
    "join_area": "the same, for a list of areas or agencies",
}


@dataclass(frozen=True, kw_only=True)
class FileForm(Strict):
    """[file]: how the text of the file is written.

    Attributes
    ----------
    names : regular expressions of the whole name of the file
    encodings, separators : tried in this order
    decimal, thousands : marks inside numbers
    missing : what stands in a cell that is empty
    sheet : of a workbook; the first where it is not named
    heading : lines above the heading that are looked through for it
    """

    names: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ("utf-8",)
    separators: tuple[str, ...] = (",",)
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ("",)
    sheet: str | None = None
    heading: int = 1


@dataclass(frozen=True, kw_only=True)
class Coordinates(Strict):
    """[coordinates]: in which system points are, and which of them are none.

    Attributes
    ----------
    system : EPSG code of `x` and `y`, or of longitude and latitude ("EPSG:4326")
    unknown : pairs that stand for "not known"
    snapped : how points were moved for privacy, in a sentence; empty where they were not
    """

    system: str = "EPSG:4326"
    unknown: tuple[tuple[float, float], ...] = ()
    snapped: str = ""


@dataclass(frozen=True, kw_only=True)
class Crimes(Strict):
    """[crimes]: the source's types of crime.

    Attributes
    ----------
    scheme : whose types they are
    classes : class of crime (`crime_classes`) by their type, or by "type: finer type"; "" where none is its equal
    totals : types that are sums of others, never counted beside them
    nested : do types contain each other, so that a sum over them counts twice?
    width : digits of a code; a shorter one lost its leading zeros
    """

    scheme: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)
    totals: tuple[str, ...] = ()
    nested: bool = False
    width: int | None = None


@dataclass(frozen=True, kw_only=True)
class Areas(Strict):
    """[areas]: codes of areas.

    Attributes
    ----------
    levels : regular expression of the codes of each level, finest first; a file may mix
        them, and a sum would count twice. That of most areas is read where nobody names one
    width : digits of a code; a shorter one lost its leading zeros
    totals : codes or names that are sums of others
    only : the area, of a file that is about one and does not say so
    """

    levels: Mapping[str, str] = field(default_factory=dict)
    width: int | None = None
    totals: tuple[str, ...] = ()
    only: str = ""


@dataclass(frozen=True, kw_only=True)
class States(Strict):
    """[states]: how a file of counts says that a cell was not published. Missing is not zero.

    Attributes
    ----------
    column : state by what stands in the column `state`
    marks : state by what stands in the cell of the count itself
    flags : what a mark after a count says; "suppressed" and "missing" are states, anything else is told and counted
    absent : what it means that a row is not there, in a period that has rows
    units : what is counted, where the column `unit` tells several apart; rows of others are left out
    """

    column: Mapping[str, State] = field(default_factory=dict)
    marks: Mapping[str, State] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    absent: Literal["missing", "zero"] = "missing"
    units: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Join(Strict):
    """[[joins]]: another file of the same folder, whose columns are looked up; in the order in which they are joined.

    Attributes
    ----------
    file : regular expression of its name
    on : our name of the column by which rows belong together
    key : what that column is called in this file
    columns : what it gives, as in [columns]; an edition may lack some
    gives : of ours, those that must be there once all files are joined
    many : may several of its rows belong to one?
    """

    file: str
    on: str
    key: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    gives: tuple[str, ...] = ()
    many: bool = False


@dataclass(frozen=True, kw_only=True)
class Caveat(Strict):
    """[[caveats]]: what an evaluator must know of this source.

    Attributes
    ----------
    says : one sentence
    when : "always", "points" (where places of points are used), or the name of a finding
    """

    says: str
    when: str = "always"
