"""What `evalkit inspect` says of a file, as text, as plain data, and as a preset to correct."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evalkit.data.guess import Guess
from evalkit.data.located import located_change
from evalkit.data.preset import Preset
from evalkit.data.quality import DataQuality
from evalkit.domain.text import one_line
from evalkit.errors import first_of

__all__ = ["inspection_document", "inspection_text", "preset_text", "quality_document"]


def inspection_text(name: str, found: Guess, quality: DataQuality) -> str:
    """Give what was seen, a line each; what comes from the file is shown on one line, without control characters."""
    lines = [f"{name}: {found.preset.title} (preset {found.preset.name})", ""]
    lines += [f"  {head:<12}{one_line(text)}" for head, text in _seen(found, quality)]
    lines += ["", "  Every row is counted, or left out for one of these reasons:" if quality.findings else ""]
    for each in quality.findings:
        of = f" ({each.distinct} different)" if each.distinct is not None and each.distinct != each.rows else ""
        detail = f": {one_line(each.detail)}" if each.detail else ""
        lines.append(f"    {each.rows:>11,} {each.unit:<8}{each.name}{of}{' - left out' if each.drops else ''}{detail}")
    lines += ["", "  To know:"]
    lines += [f"    - {caveat.says}" for caveat in _caveats(found.preset, quality)]
    return "\n".join(lines).rstrip() + "\n"


def _seen(found: Guess, quality: DataQuality) -> Iterator[tuple[str, str]]:
    written = found.written
    how = f"sheet {written.sheet!r}" if written.sheet else f"{written.encoding}, cells parted by {written.separator!r}"
    yield "written", how + (f", heading in line {written.above + 1}" if written.above else "")
    yield "columns", "; ".join(f"{ours} = {theirs.strip()!r}" for ours, theirs in found.columns.items())
    if found.counts:
        yield "counts in", f"{len(found.counts)} columns, {found.counts[0]!r} to {found.counts[-1]!r}"
    if found.unused:
        yield "not read", first_of(found.unused, 8)
    form = found.preset.period
    written_as = f", written as {' or '.join(form.formats)}" if form.formats else ""
    span = f"{quality.first} to {quality.last}, " if quality.first else ""
    yield "periods", f"{span}a {form.frequency} each{written_as}"
    yield "rows", f"{quality.rows_read:,} read, {quality.rows_counted:,} counted, {quality.rows_dropped:,} left out"
    if quality.events is not None and quality.events != quality.rows_counted:
        yield "events", f"{quality.events:,}"
    if change := located_change(quality):
        yield "places", change.says
    if found.others:
        yield "fits too", ", ".join(found.others)


def _caveats(preset: Preset, quality: DataQuality) -> list[Any]:
    there = {"always", "points", *(each.name for each in quality.findings)}
    return [caveat for caveat in preset.caveats if caveat.when in there]


def quality_document(quality: DataQuality) -> dict[str, Any]:
    """Give what became of every row as plain data."""
    change = located_change(quality)
    return {
        "preset": quality.preset,
        "columns": dict(quality.columns),
        "files": [{"name": each.name, "sha256": each.sha256, "rows": each.rows} for each in quality.files],
        "first_period": quality.first or None,
        "last_period": quality.last or None,
        "rows_read": quality.rows_read,
        "rows_counted": quality.rows_counted,
        "rows_dropped": quality.rows_dropped,
        "events": quality.events,
        "findings": [
            {
                "name": each.name,
                "says": each.says,
                "unit": each.unit,
                "rows": each.rows,
                "distinct": each.distinct,
                "left_out": each.drops,
                "detail": each.detail,
            }
            for each in quality.findings
        ],
        "unlocated": [
            {"period": each.period, "rows": each.rows, "unlocated": each.unlocated} for each in quality.unlocated
        ],
        "unlocated_change": None
        if change is None
        else {"early": change.early, "late": change.late, "p_value": change.p_value, "changes": change.changes},
        "gaps": {source: list(periods) for source, periods in quality.gaps.items()},
    }


def inspection_document(name: str, found: Guess, quality: DataQuality) -> dict[str, Any]:
    """Give what `inspection_text` says as plain data."""
    return {
        "file": name,
        "preset": found.preset.name,
        "title": found.preset.title,
        "encoding": found.written.encoding,
        "separator": found.written.separator or None,
        "sheet": found.written.sheet,
        "heading_line": found.written.above + 1,
        "frequency": found.preset.period.frequency,
        "columns": found.columns,
        "columns_of_counts": list(found.counts),
        "not_read": list(found.unused),
        "fits_too": list(found.others),
        "caveats": [caveat.says for caveat in _caveats(found.preset, quality)],
        "quality": quality_document(quality),
    }


def preset_text(found: Guess, types: Iterable[str]) -> str:
    """Give a preset of one's own in which a file is read as it was just shown, to correct and to keep.

    Parameters
    ----------
    types : of crime that were met, to be given their classes
    """
    preset, written = found.preset, found.written
    lines = [
        '# The layout of a file, as it was seen. Correct what is wrong, and name it: preset = "this file".',
        f"title = {_toml(preset.title if not preset.general else f'like {Path(written.path).name}')}",
        f"kind = {_toml(preset.kind)}",
        f"required = {_toml(list(preset.required))}",
        f"coverage = {_toml(preset.coverage)}",
    ]
    if preset.wide:
        lines += [f"wide = {_toml(preset.wide)}", f"wide_is = {_toml(preset.wide_is)}"]
    lines += ["", "[file]", f"encodings = {_toml([written.encoding.removesuffix('-sig')])}"]
    lines += [f"separators = {_toml([written.separator or ','])}", f"heading = {max(written.above + 1, 1)}"]
    lines += [f"decimal = {_toml(preset.file.decimal)}", f"thousands = {_toml(preset.file.thousands)}"]
    lines += [f"missing = {_toml(list(preset.file.missing))}", "", "[columns]"]
    lines += [f"{ours} = {_toml([theirs.strip()])}" for ours, theirs in found.columns.items()]
    lines += ["", "[period]", f"formats = {_toml(list(preset.period.formats))}"]
    lines += [f"frequency = {_toml(preset.period.frequency)}"]
    lines += [f"cut = {preset.period.cut}"] if preset.period.cut else []
    if preset.states.marks:
        lines += ["", "# what stands in the cell of a count that was not published: suppressed or missing"]
        lines += ["[states.marks]", *(f"{_toml(mark)} = {_toml(says)}" for mark, says in preset.states.marks.items())]
    lines += ["", '# the class of each type of crime (see docs/write_a_study.md), or "" where none is its equal']
    lines += ["[crimes.classes]", *(f"{_toml(each)} = {_toml(preset.crime_class(each) or '')}" for each in types)]
    lines += ["", "[[caveats]]", 'says = "The columns were recognised by their names."']
    return "\n".join(lines) + "\n"


def _toml(value: str | Sequence[str]) -> str:
    # a string of JSON is one of TOML too
    return json.dumps(value, ensure_ascii=False)
