"""How a file is written, found by looking: encoding, separator, where the heading stands."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from evalkit.data.preset import Preset
from evalkit.errors import DataError, first_of, nearest

__all__ = ["EXCEL", "Written", "look", "open_bytes"]

EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_BLOCK = 1 << 20
# A file is decoded up to here to find its encoding; a wrong letter further on is an error of reading.
_LOOKED_AT = 64 * _BLOCK


@dataclass(frozen=True, kw_only=True)
class Written:
    """How a file is written.

    Attributes
    ----------
    path : where it is
    encoding : of a text file
    byte_order_mark : does it begin with one?
    separator : between the cells of a text file; empty for a workbook
    above : lines above the heading
    heading : names of the columns as they are written, blanks and all; a cell that names several columns is taken apart
    compound : how many columns the first cell of a row holds; 1 where it holds one
    sheet : of a workbook
    """

    path: Path
    encoding: str = "utf-8"
    byte_order_mark: bool = False
    separator: str = ","
    above: int = 0
    heading: tuple[str, ...]
    compound: int = 1
    sheet: str | None = None


def look(path: Path, preset: Preset) -> Written:
    """Find how a file is written, so that the preset's columns are in its heading.

    Raises
    ------
    DataError
        No such file, nothing in it, no encoding fits, or no line of it is the heading of this layout.
    """
    _refuse_absent(path)
    if path.suffix.lower() in EXCEL:
        return _look_at_workbook(path, preset)
    encoding, mark = _encoding(path, preset.file.encodings)
    lines = _first_lines(path, encoding, preset.file.heading)
    best: Written | None = None
    for separator in preset.file.separators:
        for above, cells in enumerate(_cells(lines, separator)):
            heading, compound = _apart(cells)
            found = Written(
                path=path,
                encoding=encoding,
                byte_order_mark=mark,
                separator=separator,
                above=above,
                heading=heading,
                compound=compound,
            )
            if best is None or _worth(preset, heading) > _worth(preset, best.heading):
                best = found
    return _complete(best, preset, path)


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, unpacked where its name ends in .gz."""
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _refuse_absent(path: Path) -> None:
    if not path.is_file():
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        msg = f"no file {path.name!r} in {path.parent.name or path.parent}/; {nearest(path.name, beside)}"
        raise DataError(msg)
    if path.stat().st_size == 0:
        msg = f"{path.name} is empty"
        raise DataError(msg)


def _encoding(path: Path, tried: Sequence[str]) -> tuple[str, bool]:
    with open_bytes(path) as file:
        head = file.read(1024)
        if head[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            return "utf-16", True
        if b"\0" in head:
            msg = f"{path.name} is not a text file; a workbook must keep its own ending, such as .xlsx"
            raise DataError(msg)
    mark = head.startswith(codecs.BOM_UTF8)
    for encoding in ("utf-8",) if mark else tried:
        if _decodes(path, encoding):
            return ("utf-8-sig" if mark else encoding), mark
    msg = f"{path.name} is not written in {' or '.join(tried)}; say which encoding it is in, such as 'cp1252'"
    raise DataError(msg)


def _decodes(path: Path, encoding: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as problem:
        msg = f"no encoding {encoding!r}; usual ones are 'utf-8', 'cp1252' and 'latin-1'"
        raise DataError(msg) from problem
    with open_bytes(path) as file:
        for _ in range(_LOOKED_AT // _BLOCK):
            block = file.read(_BLOCK)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                return False
            if not block:
                break
    return True


def _first_lines(path: Path, encoding: str, count: int) -> str:
    with open_bytes(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as file:
        return "".join(file.readline() for _ in range(count))


def _cells(lines: str, separator: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(lines, newline=""), delimiter=separator)
    except csv.Error:
        return


def _apart(cells: Sequence[str]) -> tuple[tuple[str, ...], int]:
    r"""Take apart a first cell that names several columns, such as `freq,iccs,geo\TIME_PERIOD`."""
    if not cells or "\\" not in cells[0]:
        return tuple(cells), 1
    names = cells[0].split("\\")[0].split(",")
    return (*names, *cells[1:]), len(names)


def _worth(preset: Preset, heading: Sequence[str]) -> tuple[int, int, int]:
    found = preset.locate(heading)
    needed = sum(name in found for name in preset.required)
    return needed, len(found), len(preset.wide_columns(heading))


def _complete(found: Written | None, preset: Preset, path: Path) -> Written:
    if found is None or not found.heading:
        msg = f"{path.name} has no heading"
        raise DataError(msg)
    preset.require(found.heading, path.name)
    names = [name.strip() for name in found.heading]
    ours = {name.strip() for name in preset.locate(found.heading).values()}
    repeated = [name for name in dict.fromkeys(names) if name in ours and names.count(name) > 1]
    if repeated:
        msg = f"{path.name} has more than one column named {first_of(repeated)}; wanted is one of each"
        raise DataError(msg)
    return found


def _look_at_workbook(path: Path, preset: Preset) -> Written:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as problem:
        msg = f"{path.name} is not a workbook that can be read: {problem}"
        raise DataError(msg) from problem
    sheet = preset.file.sheet or workbook.sheet_names[0]
    if sheet not in workbook.sheet_names:
        msg = f"{path.name} has no sheet {sheet!r}; {nearest(sheet, workbook.sheet_names)}"
        raise DataError(msg)
    best: Written | None = None
    # people write a title, a date and a source above the heading of a sheet
    rows = workbook.get_sheet_by_name(sheet).to_python(nrows=max(preset.file.heading, 20))
    for above, cells in enumerate(rows):
        heading = tuple(workbook_cell(cell) for cell in cells)
        if best is None or _worth(preset, heading) > _worth(preset, best.heading):
            best = Written(path=path, separator="", above=above, heading=heading, sheet=sheet)
    return _complete(best, preset, path)


def workbook_cell(value: object) -> str:
    """Give a cell of a workbook as text: it stores 2012 as the number 2012.0, and dates as dates."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
