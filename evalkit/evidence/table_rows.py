"""The rows of a table, by the names of its heading, with the line that each stands in."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from evalkit.domain.text import one_line
from evalkit.errors import EvidenceError

__all__ = ["is_number", "number", "read_rows", "refuse"]

_FAULTS_SHOWN = 10


def read_rows(path: Path, separator: str) -> tuple[tuple[str, ...], list[tuple[int, dict[str, str]]]]:
    """Give the heading, and every row with the number of the line that it ends in."""
    try:
        reader = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=separator)
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except OSError as problem:
        raise EvidenceError(f"cannot read {str(path)!r}: {problem.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as problem:
        raise EvidenceError(f"{path} is no CSV file in UTF-8: {problem}") from None
    if len(lines) < 2:
        raise EvidenceError(f"{path} has no rows; wanted are a heading and a row an effect")
    heading = tuple(one_line(name) for name in lines[0][1])
    if len(heading) == 1 and any(mark in heading[0] for mark in ";\t"):
        raise EvidenceError(f"{path}: the heading has no {separator!r} between its cells: say separator = ';' or '\\t'")
    repeated = sorted({name for name in heading if heading.count(name) > 1})
    if repeated:
        raise EvidenceError(f"{path}: {repeated[0]!r} is the heading of more than one column; name each once")
    refuse(
        path,
        [
            f"row {place} (line {line}) has {len(cells)} cells and the heading {len(heading)}; put text with "
            f"{separator!r} in it between quotes"
            for place, (line, cells) in enumerate(lines[1:], 1)
            if len(cells) != len(heading)
        ],
    )
    return heading, [(line, dict(zip(heading, cells, strict=True))) for line, cells in lines[1:]]


def refuse(path: Path, faults: Sequence[str]) -> None:
    """Tell all faults of a file at once; with none nothing happens."""
    if len(faults) == 1:
        raise EvidenceError(f"{path}: {faults[0]}")
    if faults:
        shown = "".join(f"\n  - {fault}" for fault in faults[:_FAULTS_SHOWN])
        rest = f"\n  and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
        raise EvidenceError(f"{path}: {len(faults)} faults{shown}{rest}")


def number(row: Mapping[str, str], name: str, decimal: str) -> float:
    """Give the number in a cell, or say which study and column has none."""
    text = row[name]
    if not text:
        raise EvidenceError(f"study {row['study']!r}: {name} is empty; leave the row out where it is not known")
    value = _value(text, decimal)
    if value is None:
        raise EvidenceError(f"study {row['study']!r}: {name} is a number without thousands marks; there is {text!r}")
    return value


def is_number(text: str, decimal: str) -> bool:
    """Is the text of a cell a number?"""
    return _value(text, decimal) is not None


def _value(text: str, decimal: str) -> float | None:
    try:
        value = float(text.replace(decimal, ".") if decimal != "." else text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
