"""Files of counts, long or wide, read in the layout that a preset describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evalkit.data.adapt import adapted
from evalkit.data.chunks import read_chunks
from evalkit.data.counts.cells import COUNTED, MISSING, CellReader
from evalkit.data.counts.columns import CountColumns
from evalkit.data.counts.findings import Laid, count_findings, gaps_of
from evalkit.data.counts.laid import Counts
from evalkit.data.counts.records import CountRecords
from evalkit.data.counts.rows import CountRows, window_places
from evalkit.data.form_findings import form_findings
from evalkit.data.preset import Preset
from evalkit.data.quality import DataQuality, Finding, SourceFile, source_file
from evalkit.data.written import Written, look
from evalkit.domain.periods import Periods
from evalkit.errors import DataError, first_of

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["read_counts"]


def read_counts(
    paths: Path | Sequence[Path],
    preset: Preset,
    *,
    window: tuple[str, str] | None = None,
    level: str | None = None,
    areas: Sequence[str] | None = None,
) -> Counts:
    """Read files of counts; a cell that stands in two of them has the count of the later.

    Parameters
    ----------
    paths : one file or several, earlier editions first
    window : first and last period that are read; all where it is None
    level : of areas, where a file mixes several (`preset.areas.levels`); that of most areas where it is None
    areas : codes of the areas wanted; those without a row are there, without counts

    Raises
    ------
    DataError
        A file in another layout, one cell with two counts, or nothing left to count.
    """
    if preset.kind == "incidents":
        msg = f"{preset.title} ({preset.name!r}) has a row for each incident; wanted here is a layout of counts"
        raise DataError(msg)
    files = [paths] if isinstance(paths, Path) else list(paths)
    if not files:
        msg = "there is no file to read"
        raise DataError(msg)
    preset = adapted(preset, look(files[0], preset))
    columns = CountColumns(preset=preset)
    rows = CountRows(
        preset=preset,
        window=window_places(window, preset.period.frequency),
        columns=columns,
        cells=CellReader(preset=preset),
    )
    form: list[Finding] = []
    sources: list[SourceFile] = []
    for number, path in enumerate(files):
        written = look(path, preset)
        form += form_findings(written, preset)
        before = rows.rows
        _read_file(written, preset, number, rows)
        sources.append(source_file(path, rows.rows - before))
    records = CountRecords.of(rows)
    records.keep_level(columns.areas.texts, preset, level)
    records.keep_once(columns, preset)
    seen = _Seen(form=form, sources=tuple(sources), columns=_located(files[0], preset))
    return _counts(records, rows, areas, seen)


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What was seen of the files themselves."""

    form: list[Finding]
    sources: tuple[SourceFile, ...]
    columns: dict[str, str]


def _located(path: Path, preset: Preset) -> dict[str, str]:
    return {ours: theirs.strip() for ours, theirs in preset.locate(look(path, preset).heading).items()}


def _read_file(written: Written, preset: Preset, number: int, rows: CountRows) -> None:
    found = preset.require(written.heading, written.path.name)
    wide = preset.wide_columns(written.heading)
    names = {theirs: ours for ours, theirs in found.items()}
    for chunk in read_chunks(written, [*names, *wide]):
        rows.take(chunk.rename(columns=names), written.path, number, wide)


def _counts(
    records: CountRecords,
    rows: CountRows,
    areas: Sequence[str] | None,
    seen: _Seen,
) -> Counts:
    """Lay records out by area, period and type."""
    names, preset = rows.columns.areas.texts, rows.preset
    if areas is not None:
        records.keep(np.isin(np.array(names, object)[records.columns["area"]], list(areas)), "other-area")
    if not len(records.columns["row"]):
        msg = f"no row is left to count in {first_of([each.name for each in seen.sources])}"
        raise DataError(msg)
    area, all_areas = _sorted(records.columns["area"], names, areas)
    crime, crimes = _sorted(records.columns["crime"], rows.columns.crimes.texts)
    place = records.columns["period"]
    first, last = rows.window or (int(place.min()), int(place.max()))
    periods = Periods(frequency=preset.period.frequency, first=first, count=last - first + 1)
    at = (area, place - first, crime)
    counts, states, there = _dense(records, at, (len(all_areas), len(periods), len(crimes)), preset)
    laid = Laid(areas=all_areas, periods=periods, crimes=crimes, counts=counts, states=states, there=there)
    findings = count_findings(records, rows, laid, seen.form)
    return Counts(
        areas=all_areas,
        periods=periods,
        crimes=crimes,
        counts=counts,
        states=states,
        exposure=_exposure(records, at, counts.shape[:2]),
        quality=DataQuality(
            preset=preset.name,
            files=seen.sources,
            rows_read=rows.rows,
            rows_counted=int((records.reasons == 0).sum()),
            # types that contain each other have no sum
            events=None if preset.crimes.nested and len(crimes) > 1 else int(counts.sum()),
            findings=findings,
            caveats=preset.to_know(each.name for each in findings),
            gaps=gaps_of(laid),
            columns=seen.columns,
            first=periods.labels[0],
            last=periods.labels[-1],
        ),
        preset=preset,
    )


def _dense(
    records: CountRecords, at: tuple[np.ndarray, ...], shape: tuple[int, ...], preset: Preset
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts, states, there = np.zeros(shape, np.int64), np.full(shape, MISSING, np.int8), np.zeros(shape, bool)
    counts[at], states[at], there[at] = records.columns["value"], records.columns["state"], True
    if preset.states.absent == "zero":
        has_rows = there.any(axis=(0, 2))
        states[~there & has_rows[None, :, None]] = COUNTED
    counts[states != COUNTED] = 0
    return counts, states, there


def _sorted(
    numbers: np.ndarray, names: Sequence[str], wanted: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number names in their order; those wanted are there whether they were met or not."""
    there = tuple(sorted(set(wanted) if wanted is not None else {names[number] for number in np.unique(numbers)}))
    places = {name: place for place, name in enumerate(there)}
    return np.array([places.get(name, -1) for name in names], np.intp)[numbers], there


def _exposure(records: CountRecords, at: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> FloatArray | None:
    exposure = np.full(shape, np.nan)
    exposure[at[0], at[1]] = records.columns["exposure"]
    return exposure if (exposure > 0).all() else None
