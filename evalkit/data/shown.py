"""What `evalkit inspect` says of a file, as text, as plain data, and as a preset to correct."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evalkit.data.guess import Guess
from evalkit.data.preset import Preset
from evalkit.data.quality import DataQuality
from evalkit.data.quality_document import quality_document
from evalkit.domain.text import one_line
from evalkit.errors import first_of

__all__ = ["inspection_document", "inspection_text", "preset_text"]


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
    lines += [f"    - {text}" for text in quality.caveats]
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
    if form_of := _numbers(found.preset):
        yield "numbers", form_of
    yield "rows", f"{quality.rows_read:,} read, {quality.rows_counted:,} counted, {quality.rows_dropped:,} left out"
    if quality.events is not None and quality.events != quality.rows_counted:
        yield "events", f"{quality.events:,}"
    if change := quality.located_change:
        yield "places", change.says
    if found.others:
        yield "fits too", ", ".join(found.others)


def _numbers(preset: Preset) -> str:
    form = preset.file
    marks = [("decimals", form.decimal if form.decimal != "." else ""), ("thousands", form.thousands)]
    return ", ".join(f"{mark!r} marks {what}" for what, mark in marks if mark)


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
        "caveats": list(quality.caveats),
        "quality": quality_document(quality),
    }


def preset_text(found: Guess, types: Iterable[str]) -> str:
    """Give a preset of one's own in which a file is read as it was just shown, to correct and to keep.

    Parameters
    ----------
    types : of crime that were met, to be given their classes
    """
    preset, written = found.preset, found.written
    classes = {each: preset.crime_class(*each.split(": ", 1)) or "" for each in types} or dict(preset.crimes.classes)
    own = dataclasses.replace(
        preset,
        title=f"like {written.path.name}" if preset.general else preset.title,
        general=False,
        columns={ours: (theirs.strip(),) for ours, theirs in found.columns.items()},
        file=dataclasses.replace(
            preset.file,
            encodings=(written.encoding.removesuffix("-sig"),),
            separators=(written.separator,) if written.separator else preset.file.separators,
            heading=max(written.above + 1, preset.file.heading),
        ),
        crimes=dataclasses.replace(preset.crimes, classes=classes),
    )
    return _HEAD + "".join(_toml(own, leave_out={"name"}))


_HEAD = """\
# The layout of a file, as it was seen. Correct what is wrong, and name this file: preset = "own.toml".
# Each type of crime has its class (docs/write_a_study.md), or "" where none is its equal.
"""


def _toml(section: Any, above: str = "", leave_out: Iterable[str] = ()) -> Iterator[str]:
    """Write a section, and those within it, as TOML; what is as by default is left out."""
    inner: list[tuple[str, Any]] = []
    for each in dataclasses.fields(section):
        value = getattr(section, each.name)
        default = each.default if each.default_factory is dataclasses.MISSING else each.default_factory()
        if each.name in leave_out or value is None or value == default:
            continue
        if dataclasses.is_dataclass(value) or isinstance(value, Mapping) or _are_sections(value):
            inner.append((f"{above}{each.name}", value))
        else:
            yield f"{each.name} = {_value(value)}\n"
    for name, value in inner:
        if isinstance(value, Mapping):
            yield f"\n[{name}]\n"
            yield from (f"{_value(key)} = {_value(held)}\n" for key, held in value.items())
        elif _are_sections(value):
            for held in value:
                yield f"\n[[{name}]]\n"
                yield from _toml(held, f"{name}.")
        else:
            yield f"\n[{name}]\n"
            yield from _toml(value, f"{name}.")


def _are_sections(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and dataclasses.is_dataclass(value[0])


def _value(value: Any) -> str:
    # a string, a number, a truth and a list of JSON are those of TOML too
    return json.dumps(value, ensure_ascii=False)
