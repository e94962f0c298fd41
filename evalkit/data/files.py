"""Tables from files: CSV, Parquet and Excel, with codes kept as text."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain.outcome import Outcome
from evalkit.domain.panel import ColumnReader, Panel
from evalkit.errors import DataError, first_of, nearest

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["Layout", "began_by_site", "read_table", "spells_by_site"]

_EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_SEPARATORS = {";": "';'", "\t": "'\\t' (a tab)", "|": "'|'"}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a text file is laid out, where it differs from the plain form.

    Attributes
    ----------
    separator : between cells
    encoding : of the text; a byte-order mark is accepted
    decimal, thousands : marks inside numbers
    sheet : of a workbook; the first where it is not named
    """

    separator: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    sheet: str | None = None


def read_table(path: Path, layout: Layout | None = None, numbers: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table; every cell of a text file or a workbook is text, so that `007` stays `007`.

    Parameters
    ----------
    path : a .csv, .tsv, .txt, .parquet file or a workbook (.xlsx, .xls, .xlsb, .ods)
    numbers : columns in which decimal and thousands marks are to be turned into plain numbers

    Raises
    ------
    DataError
        No such file, a file that is not what its name says, another encoding or separator, ragged rows.
    """
    layout = layout or Layout()
    if not path.is_file():
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        msg = f"no file {path.name!r} in {path.parent.name or path.parent}/; {nearest(path.name, beside)}"
        raise DataError(msg)
    if path.stat().st_size == 0:
        msg = f"{path.name} is empty"
        raise DataError(msg)
    table = _read(path, layout)
    table.columns = [str(name).strip().removeprefix("\ufeff") for name in table.columns]
    if not len(table):
        msg = f"{path.name} has a heading but no rows"
        raise DataError(msg)
    return _tidy_numbers(table, [name for name in numbers if name in table.columns], layout)


def _read(path: Path, layout: Layout) -> pd.DataFrame:
    suffix = path.suffix.lower()
    if suffix in {".csv", ".tsv", ".txt"}:
        return _read_text(path, layout)
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix in _EXCEL:
        return _read_workbook(path, layout.sheet)
    known = ", ".join((".csv", ".tsv", ".parquet", *_EXCEL))
    msg = f"{path.name}: cannot read a file of type {suffix or '(none)'}; wanted is one of {known}"
    raise DataError(msg)


def _read_text(path: Path, layout: Layout) -> pd.DataFrame:
    import pandas as pd

    separator = "\t" if path.suffix.lower() == ".tsv" and layout.separator == "," else layout.separator
    heading = _heading(path, layout.encoding)
    others = [mark for mark in _SEPARATORS if mark != separator and mark in heading]
    if separator not in heading and others:
        msg = (
            f"{path.name}: the heading has no {separator!r} between its cells, but it has {_SEPARATORS[others[0]]}: "
            f"say separator = {_SEPARATORS[others[0]].split(' ')[0]}"
        )
        raise DataError(msg)
    names = next(csv.reader([heading], delimiter=separator))
    _refuse_repeated(names, path.name)
    try:
        with warnings.catch_warnings():
            # a first row with too many cells is cut to size with no more than a warning
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                sep=separator,
                encoding=_with_mark(layout.encoding),
                dtype=str,
                keep_default_na=False,
                na_values=[""],
                index_col=False,
                on_bad_lines="error",
            )
    except UnicodeDecodeError as problem:
        raise _undecodable(path, layout.encoding) from problem
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as problem:
        said = " ".join(str(problem).split())
        msg = f"{path.name}: rows do not have as many cells as the heading ({len(names)}): {said}"
        raise DataError(msg) from problem


def _refuse_repeated(names: Sequence[str], source: str) -> None:
    repeated = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if repeated:
        msg = f"{source} has more than one column named {first_of(repeated)}; wanted is one of each"
        raise DataError(msg)


def _heading(path: Path, encoding: str) -> str:
    try:
        with path.open(encoding=_with_mark(encoding), newline="") as file:
            heading = file.readline().strip("\r\n")
    except UnicodeDecodeError as problem:
        raise _undecodable(path, encoding) from problem
    except LookupError as problem:
        msg = f"{path.name}: no encoding {encoding!r}; usual ones are 'utf-8', 'cp1252' and 'latin-1'"
        raise DataError(msg) from problem
    if "\x00" in heading:
        msg = f"{path.name} is not a text file; a workbook must keep its own ending, such as .xlsx"
        raise DataError(msg)
    return heading


def _with_mark(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding


def _undecodable(path: Path, encoding: str) -> DataError:
    return DataError(f"{path.name} is not written in {encoding}; say encoding = 'cp1252' (usual on Windows) or another")


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow.lib import ArrowException

    try:
        return pd.read_parquet(path)
    except (ArrowException, OSError) as problem:
        msg = f"{path.name} is not a Parquet file: {' '.join(str(problem).split())[:120]}"
        raise DataError(msg) from problem


def _read_workbook(path: Path, sheet: str | None) -> pd.DataFrame:
    import pandas as pd
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as problem:
        msg = f"{path.name} is not a workbook that can be read: {problem}"
        raise DataError(msg) from problem
    if sheet is not None and sheet not in workbook.sheet_names:
        msg = f"{path.name} has no sheet {sheet!r}; {nearest(sheet, workbook.sheet_names)}"
        raise DataError(msg)
    rows = workbook.get_sheet_by_name(sheet or workbook.sheet_names[0]).to_python()
    if not rows:
        msg = f"{path.name}, sheet {sheet or workbook.sheet_names[0]!r} is empty"
        raise DataError(msg)
    names = [_cell(name) or f"column {place}" for place, name in enumerate(rows[0], 1)]
    _refuse_repeated(names, path.name)
    return pd.DataFrame([[_cell(value) for value in row] for row in rows[1:]], columns=names, dtype=object)


def _cell(value: object) -> str | None:
    """Give a workbook's cell as text: it stores 2012 as the number 2012.0."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _tidy_numbers(table: pd.DataFrame, columns: Iterable[str], layout: Layout) -> pd.DataFrame:
    if layout.decimal == "." and not layout.thousands:
        return table
    if layout.decimal == layout.thousands:
        msg = f"decimal and thousands marks are both {layout.decimal!r}; wanted are two different ones"
        raise DataError(msg)
    grouped = re.compile(
        rf"-?\d{{1,3}}(?:{re.escape(layout.thousands)}\d{{3}})*(?:{re.escape(layout.decimal)}\d+)?|-?\d+(?:{re.escape(layout.decimal)}\d+)?"
    )

    def plain(text: object) -> object:
        if not isinstance(text, str) or not grouped.fullmatch(text.strip()):
            return text
        stripped = text.strip().replace(layout.thousands, "") if layout.thousands else text.strip()
        return stripped.replace(layout.decimal, ".")

    for name in columns:
        table[name] = table[name].map(plain)
    return table


def began_by_site(
    table: pd.DataFrame, *, site: str, began: str, source: str, what: tuple[str, str] = ("start", "treated")
) -> dict[str, str]:
    """Read the first treated period of each site from a column; empty means never treated.

    Parameters
    ----------
    what : the period that the column holds and what an empty one says, for messages: ("end", "ended") for ends

    Raises
    ------
    DataError
        A column that is not there, or a site with two different starts.
    """
    _require_columns(table, (site, began), source)
    import pandas as pd

    names = ColumnReader(table, source, first_row=2).text(site, "a site")  # the heading is row 1
    pairs = pd.DataFrame({site: names, began: table[began]})
    pairs[began] = pairs[began].astype(object).where(pairs[began].notna(), "").map(str).str.strip()
    pairs = pairs.drop_duplicates()
    twice = pairs[site][pairs[site].duplicated()].unique()
    if len(twice):
        starts = pairs.loc[pairs[site] == twice[0], began].tolist()
        msg = (
            f"{source}, column {began!r}: site {first_of(twice)} has more than one {what[0]} "
            f"({', '.join(repr(start) for start in starts)}); wanted is one for all its rows, "
            f"or empty where never {what[1]}"
        )
        raise DataError(msg)
    return {row[site]: row[began] for row in pairs.to_dict("records") if row[began] not in {"", "nan", "NaT"}}


def spells_by_site(
    table: pd.DataFrame, *, site: str, period: str, treated: str, source: str, frequency: str | None = None
) -> dict[str, dict[str, Any]]:
    """Read from a column of ones and zeros when each site had the measure.

    Returns
    -------
    dict
        `began`, `ended` and `resumed` by site, as an `Intervention` takes them.

    Raises
    ------
    DataError
        A column that is not there, an entry that is neither 0 nor 1, a gap or a repeated row.
    """
    _require_columns(table, (site, period, treated), source)
    on = _treated_grid(table, (site, period, treated), source, frequency)
    found: dict[str, dict[str, Any]] = {"began": {}, "ended": {}, "resumed": {}}
    for name, row in zip(on.sites, on.values, strict=True):
        turns = np.diff(row, prepend=0)
        starts, ends = ([on.periods.labels[place] for place in np.flatnonzero(turns == turn)] for turn in (1, -1))
        if starts:
            found["began"][name] = starts[0]
            found["ended"][name] = tuple(ends)
            found["resumed"][name] = tuple(starts[1:])
    return found


def _treated_grid(table: pd.DataFrame, columns: tuple[str, str, str], source: str, frequency: str | None) -> Panel:
    """Lay a column of ones and zeros out by site and period."""
    site, period, treated = columns
    table = table[[*columns]].copy()
    words = {"true": "1", "false": "0"}
    as_text = table[treated].astype(object).where(table[treated].notna(), "").map(str).str.strip()
    table[treated] = as_text.map(lambda text: words.get(text.lower(), text))
    ColumnReader(table, source, first_row=2).text(treated, "1 where the site had the measure, otherwise 0,")
    panel = Panel.from_long(
        table,
        site=site,
        period=period,
        value=treated,
        outcome=Outcome(name=treated, kind="score"),
        frequency=frequency,
        source=source,
        first_row=2,  # the heading is row 1
    )
    wrong = np.argwhere(~np.isin(panel.values, (0, 1)))
    if len(wrong):
        row, place = wrong[0]
        msg = (
            f"{source}, column {treated!r}: {panel.sites[row]} in {panel.periods.labels[place]} holds "
            f"{panel.values[row, place]:g}; wanted is 1 where the site had the measure in the period, otherwise 0"
        )
        raise DataError(msg)
    return panel


def _require_columns(table: pd.DataFrame, wanted: Iterable[str], source: str) -> None:
    for name in wanted:
        if name not in table.columns:
            msg = f"{source} has no column {name!r}; {nearest(name, [str(each) for each in table.columns], 12)}"
            raise DataError(msg)
