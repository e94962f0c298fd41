"""A look at files of incidents: what became of every row, before anything is counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evalkit.data.adapt import adapted
from evalkit.data.chunks import read_chunks
from evalkit.data.counts.columns import CountColumns, Names
from evalkit.data.counts.rows import window_places
from evalkit.data.findings import FINDINGS
from evalkit.data.form_findings import form_findings
from evalkit.data.incident_periods import gap_words, partial_periods, period_label, periods_without_rows
from evalkit.data.joined import joined_chunks
from evalkit.data.preset import Preset
from evalkit.data.quality import (
    DataQuality,
    Finding,
    SourceFile,
    UnlocatedShare,
    findings_together,
    source_file,
)
from evalkit.data.written import look
from evalkit.errors import DataError, first_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["look_at_incidents"]


@dataclass(kw_only=True)
class _Rows:
    """Columns of all rows as numbers, an array a chunk."""

    preset: Preset
    columns: CountColumns
    sources: Names = field(default_factory=Names)
    arrays: dict[str, list[np.ndarray]] = field(default_factory=dict)
    zero_points: int = 0

    def take(self, chunk: pd.DataFrame, path: Path, file: int) -> None:
        from pandas.util import hash_array

        point, zero = _points(chunk, self.preset)
        self.zero_points += int(zero.sum())
        ids = chunk["id"].str.strip().to_numpy(object) if "id" in chunk else np.full(len(chunk), "", object)
        source = chunk["source"].str.strip() if "source" in chunk else [path.name] * len(chunk)
        for name, array in (
            ("period", self.columns.period(chunk, path)),
            ("day", self._days(chunk)),
            ("area", self.columns.area(chunk)),
            ("crime", self.columns.crime(chunk)),
            ("point", point),
            ("id", np.where(ids == "", np.uint64(0), hash_array(ids, categorize=False))),
            ("source", self.sources.add(source)),
            ("file", np.full(len(chunk), file, np.int16)),
        ):
            self.arrays.setdefault(name, []).append(array)

    def _days(self, chunk: pd.DataFrame) -> np.ndarray:
        """Give the day of each row as an ordinal; 0 where the layout has no days."""
        import pandas as pd

        form = self.preset.period
        if "period" not in chunk or not any("%d" in each for each in form.formats):
            return np.zeros(len(chunk), np.int32)
        codes, texts = pd.factorize(chunk["period"].str.strip().str[: form.cut])
        days = [day.toordinal() if (day := form.day(str(text))) else 0 for text in texts]
        return np.array(days, np.int32).take(codes)


def _points(chunk: pd.DataFrame, preset: Preset) -> tuple[np.ndarray, np.ndarray]:
    """Tell rows that have a point, and those whose point stands for unknown."""
    import pandas as pd

    pairs = [pair for pair in (("longitude", "latitude"), ("x", "y")) if set(pair) <= {*chunk}]
    nothing = np.zeros(len(chunk), bool)
    if not pairs:
        return nothing, nothing
    first, second = (pd.to_numeric(chunk[name], errors="coerce").to_numpy(float) for name in pairs[0])
    zero = nothing.copy()
    for unknown in preset.coordinates.unknown:
        zero |= (first == unknown[0]) & (second == unknown[1])
    return np.isfinite(first) & np.isfinite(second) & ~zero, zero


def look_at_incidents(
    paths: Path | Sequence[Path], preset: Preset, *, window: tuple[str, str] | None = None
) -> DataQuality:
    """Read files of incidents and say what became of every row.

    Of rows with one number, one that has a place is counted; of a source's month that stands in two files, the later
    file's rows are.

    Raises
    ------
    DataError
        A file in another layout, or one without a row.
    """
    if preset.kind != "incidents":
        msg = f"{preset.title} ({preset.name!r}) is a layout of counts; wanted here is one of incidents"
        raise DataError(msg)
    files = [paths] if isinstance(paths, Path) else list(paths)
    preset = adapted(preset, look(files[0], preset))
    rows = _Rows(preset=preset, columns=CountColumns(preset=preset))
    form: list[Finding] = []
    sources: list[SourceFile] = []
    for number, path in enumerate(files):
        written = look(path, preset)
        form += form_findings(written, preset)
        found = preset.require(written.heading, path.name)
        names = {theirs: ours for ours, theirs in found.items()}
        count = 0
        for chunk in joined_chunks(written, read_chunks(written, list(names)), names, preset):
            rows.take(chunk, path, number)
            count += len(chunk)
        sources.append(source_file(path, count))
    if not rows.arrays:
        msg = f"{first_of([path.name for path in files])}: a heading but no rows"
        raise DataError(msg)
    located = preset.locate(look(files[0], preset).heading)
    columns = {ours: theirs.strip() for ours, theirs in located.items()}
    return _quality(rows, form, tuple(sources), window_places(window, preset.period.frequency), columns)


def _quality(
    rows: _Rows,
    form: list[Finding],
    sources: tuple[SourceFile, ...],
    window: tuple[int, int] | None,
    columns: dict[str, str],
) -> DataQuality:
    column = {name: np.concatenate(arrays) for name, arrays in rows.arrays.items()}
    reasons = _reasons(column, rows.preset, window)
    counted = reasons == ""
    in_time = ~np.isin(reasons, ["unreadable-period", "outside-window", "revised", "repeated-id"])
    by_source = rows.preset.coverage == "source"
    names = dict(enumerate(rows.sources.texts)) if by_source else {0: "all files" if len(sources) > 1 else "the file"}
    source = column["source"] if by_source else np.zeros_like(column["source"])
    gaps, ends = periods_without_rows(column["period"][in_time], source[in_time], names, rows.preset, window)
    found = [
        *form,
        *(_dropped(name, column, reasons, rows) for name in FINDINGS if FINDINGS[name].drops),
        *(
            Finding(name=name, rows=often, detail=", ".join(sorted(rows.columns.details[name])[:3]))
            for name, often in rows.columns.noted.items()
            if not FINDINGS[name].drops
        ),
        *_noted(column, rows),
        Finding(name="source-gap", rows=sum(map(len, gaps.values())), detail=gap_words(gaps)),
        Finding(name="source-ends", rows=sum(map(len, ends.values())), detail=gap_words(ends)),
        *partial_periods(column["period"][counted], column["day"][counted], rows.preset),
    ]
    return DataQuality(
        preset=rows.preset.name,
        files=sources,
        rows_read=len(reasons),
        rows_counted=int(counted.sum()),
        events=int(counted.sum()),
        findings=findings_together(each for each in found if each.rows),
        caveats=rows.preset.to_know((each.name for each in found if each.rows), points=bool(column["point"].any())),
        unlocated=_unlocated(column, rows, in_time),
        columns=columns,
        first=period_label(int(column["period"][counted].min()), rows.preset) if counted.any() else "",
        last=period_label(int(column["period"][counted].max()), rows.preset) if counted.any() else "",
        gaps={
            source: tuple(sorted({*gaps.get(source, ()), *ends.get(source, ())})) for source in sorted({*gaps, *ends})
        },
    )


def _reasons(column: dict[str, np.ndarray], preset: Preset, window: tuple[int, int] | None) -> np.ndarray:
    """Give for each row why it is not counted; "" where it is."""
    reasons = np.full(len(column["period"]), "", dtype="U20")

    def leave_out(at: np.ndarray, name: str) -> None:
        reasons[at & (reasons == "")] = name

    leave_out(column["period"] == -1, "unreadable-period")
    if window is not None:
        leave_out((column["period"] < window[0]) | (column["period"] > window[1]), "outside-window")
    if preset.coverage == "source":
        leave_out(_superseded(column), "revised")
    leave_out(_repeated(column, reasons == ""), "repeated-id")
    leave_out(column["area"] < 0, "without-place")
    return reasons


def _superseded(column: dict[str, np.ndarray]) -> np.ndarray:
    """Tell rows of a source's period that stands in a later file as well."""
    periods = column["period"] - column["period"].min()
    cell = column["source"].astype(np.int64) * (int(periods.max()) + 1) + periods
    _, places = np.unique(cell, return_inverse=True)
    latest = np.zeros(places.max() + 1, np.int16)
    np.maximum.at(latest, places, column["file"])
    return np.asarray(column["file"] < latest[places])


def _repeated(column: dict[str, np.ndarray], among: np.ndarray) -> np.ndarray:
    """Tell rows whose number another row has that is kept: the first that has a place."""
    at = np.flatnonzero(among & (column["id"] != 0))
    unplaced = ~(column["point"][at] | (column["area"][at] >= 0))
    order = at[np.lexsort((at, unplaced, column["id"][at]))]
    out = np.zeros(len(among), bool)
    out[order[1:][column["id"][order[1:]] == column["id"][order[:-1]]]] = True
    return out


def _dropped(name: str, column: dict[str, np.ndarray], reasons: np.ndarray, rows: _Rows) -> Finding:
    at = reasons == name
    count = int(at.sum())
    if name == "repeated-id" and count:
        distinct = len(np.unique(column["id"][at]))
        return Finding(name=name, rows=count, distinct=distinct, detail=f"{distinct} numbers stand more than once")
    return Finding(name=name, rows=count, detail=", ".join(sorted(rows.columns.details.get(name, ()))[:3]))


def _noted(column: dict[str, np.ndarray], rows: _Rows) -> Iterable[Finding]:
    has = rows.preset.columns
    if "id" in has and column["id"].any():
        without = column["id"] == 0
        types = sorted({rows.columns.crimes.texts[each] for each in np.unique(column["crime"][without])})
        yield Finding(name="without-id", rows=int(without.sum()), detail=first_of(types))
    if column["point"].any():
        yield Finding(name="without-point", rows=int((~column["point"]).sum()))
    yield Finding(name="zero-point", rows=rows.zero_points)
    if rows.preset.coordinates.snapped and column["point"].any():
        detail = rows.preset.coordinates.snapped
        yield Finding(name="snapped", rows=int(column["point"].sum()), detail=detail)
    texts = rows.columns.crimes.texts
    unknown = [place for place, name in enumerate(texts) if rows.preset.crime_class(*name.split(": ", 1)) is None]
    if unknown and rows.preset.crimes.classes:
        often = int(np.isin(column["crime"], unknown).sum())
        names = sorted(texts[place] for place in unknown)
        yield Finding(name="unknown-crime", rows=often, distinct=len(unknown), detail=first_of(names))


def _unlocated(column: dict[str, np.ndarray], rows: _Rows, at: np.ndarray) -> tuple[UnlocatedShare, ...]:
    """Give the share without a place by period: without a point where the layout has points."""
    without = (~column["point"] if column["point"].any() else column["area"] < 0)[at]
    if not without.any():
        return ()
    places, inverse = np.unique(column["period"][at], return_inverse=True)
    often = np.bincount(inverse)
    lost = np.bincount(inverse, weights=without)
    return tuple(
        UnlocatedShare(period=period_label(int(place), rows.preset), rows=int(count), unlocated=int(missing))
        for place, count, missing in zip(places, often, lost, strict=True)
    )
