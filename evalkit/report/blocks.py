"""The pieces that every form of a report is made of; text in them is plain and each form escapes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.report.drawing import Figure

__all__ = ["Block", "Checks", "Grid", "Listing", "Mark", "Note", "Paragraph", "Picture", "Section"]


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph, with a few words at its head that say what it is about; a command is for a terminal."""

    text: str
    head: str = ""
    is_command: bool = False
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, kw_only=True)
class Note:
    """A sentence that a reader must see."""

    text: str
    kind: Literal["note"] = "note"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Several things of one kind."""

    items: tuple[str, ...]
    kind: Literal["listing"] = "listing"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table; the first cell of a row names it.

    Attributes
    ----------
    numeric : places of the columns that hold numbers
    totals : is the last row a sum?
    fold : with a name, out of the way until somebody asks for it by this name
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    totals: bool = False
    fold: str = ""
    kind: Literal["grid"] = "grid"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure."""

    figure: Figure
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A check with its sign and its word, so that neither colour nor shape is alone."""

    sign: str
    word: str
    name: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Checks:
    """What was checked; with `fold`, out of the way until somebody asks for it by this name."""

    marks: tuple[Mark, ...]
    fold: str = ""
    kind: Literal["checks"] = "checks"


type Block = Paragraph | Note | Listing | Grid | Picture | Checks


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the technical report under its heading."""

    key: str
    title: str
    blocks: tuple[Block, ...]
