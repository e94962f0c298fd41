"""Files that a preset describes, as the one table that a study's outcomes are read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.data import DataQuality, load_preset, read_table
from evalkit.errors import DataError, StudyError, nearest
from evalkit.study_schema import DataSection, StudyFile

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.data.counts import Counts
    from evalkit.data.preset import Preset

__all__ = ["Source", "as_columns", "data_faults", "read_source", "source_paths"]

# The columns of the table that is made.
_SITE, _PERIOD, _EXPOSURE = "site", "period", "exposure"

type Inside = Callable[[str, str], Path | None]


@dataclass(frozen=True, kw_only=True)
class Source:
    """What was read.

    Attributes
    ----------
    table : a row for each area and period, a column of counts and one of weights for each outcome
    sections : the study file as if it had named this table and its columns
    quality : what became of every row of the files
    """

    table: pd.DataFrame
    sections: StudyFile
    quality: DataQuality


def data_faults(data: DataSection) -> list[str]:
    """Say what [data] lacks, and what does not go together."""
    if data.preset is None:
        only = [key for key in ("files", "window", "missing", "level", "areas") if getattr(data, key)]
        return [
            f"[data] {key} is for files that a preset describes; say preset = '...', or leave it out" for key in only
        ]
    columns = ("site", "period", "began", "ended", "treated", "weight", "covariates")
    named = [key for key in columns if getattr(data, key)]
    faults = [
        f"[data] {key} names a column, and preset = {data.preset!r} knows the columns: leave it out"
        + ("; [intervention.began] says when the measure began" if key in {"began", "ended", "treated"} else "")
        for key in named
    ]
    if bool(data.file) == bool(data.files):
        faults.append("[data] names its files by file = '...' or by files = [...]: wanted is one of the two")
    return faults


def source_paths(data: DataSection, folder: Path, inside: Inside) -> list[Path]:
    """Give the files that [data] names: files, folders, or patterns such as `data/*.csv`, in their order."""
    found: list[Path] = []
    for name in [data.file] if data.file else data.files:
        key = "[data] file" if data.file else "[data] files"
        named = sorted(each.relative_to(folder).as_posix() for each in folder.glob(name)) if "*" in name else [name]
        paths = [path for each in named if (path := inside(each, key)) is not None]
        found += [each for path in paths for each in (_in_folder(path, data) if path.is_dir() else [path])]
    return found


def _in_folder(folder: Path, data: DataSection) -> list[Path]:
    preset = load_preset(str(data.preset))
    found = sorted(each for each in folder.rglob("*") if each.is_file())
    return [each for each in found if preset.fits_name(each.name)] or found


def read_source(sections: StudyFile, data: DataSection, paths: Sequence[Path], folder: Path) -> Source:
    """Read the files of [data] in the layout that it names.

    Raises
    ------
    DataError
        No such layout, files in another one, or counts that are missing where nothing says what to do.
    """
    from evalkit.data.counts import read_counts

    preset = _preset(data, folder)
    if preset.kind == "incidents":
        msg = f"preset {data.preset!r} has a row for each incident; make a panel of them first (evalkit panel)"
        raise DataError(msg)
    if not paths:
        msg = f"no file at {data.file or data.files}"
        raise DataError(msg)
    window = None if data.window is None else (str(data.window[0]), str(data.window[1]))
    counts = read_counts(paths, preset, window=window, level=data.level, areas=_areas(data, folder))
    return Source(
        table=_table(counts, sections, data),
        sections=as_columns(sections, data, {name: f"{name} weight" for name in _counted(sections)}),
        quality=counts.quality,
    )


def _preset(data: DataSection, folder: Path) -> Preset:
    name = str(data.preset)
    return load_preset(folder / name if name.endswith(".toml") else name)


def _areas(data: DataSection, folder: Path) -> list[str] | None:
    """Give the codes of a look-up of areas, so that one without a row is there."""
    if data.areas is None:
        return None
    table = read_table(folder / data.areas)
    if "area" not in table.columns:
        msg = f"{data.areas} has no column 'area'; {nearest('area', [str(each) for each in table.columns], 12)}"
        raise DataError(msg)
    return [str(each).strip() for each in table["area"].dropna()]


def as_columns(sections: StudyFile, data: DataSection, weights: Mapping[str, str]) -> StudyFile:
    """Give the study file as if it had named a table with a column of counts for each outcome."""
    own: dict[str, Any] = {"site": _SITE, "period": _PERIOD, "preset": None, "files": [], "window": None}
    own |= {"missing": None, "level": None, "areas": None, "file": data.file or data.files[0]}
    outcomes = {
        name: section.model_copy(update={"count": name, "weight": weights[name], "types": []})
        if name in weights
        else section
        for name, section in sections.outcomes.items()
    }
    return sections.model_copy(update={"data": data.model_copy(update=own), "outcomes": outcomes})


def _counted(sections: StudyFile) -> list[str]:
    """Give the outcomes that are read from the files: those that have no table of their own."""
    named = [
        f"[outcomes.{name}] {kind} names a column, and the preset knows the columns: name types of crime, types = [...]"
        for name, section in sections.outcomes.items()
        for kind in ("count", "rate", "proportion", "score", "weight")
        if getattr(section, kind) is not None
    ]
    if named:
        raise StudyError(named)
    return [name for name, section in sections.outcomes.items() if section.table is None]


def _table(counts: Counts, sections: StudyFile, data: DataSection) -> pd.DataFrame:
    """Lay the outcomes beside each other, a row for each area and period."""
    import pandas as pd

    shape = (len(counts.areas), len(counts.periods))
    columns: dict[str, Any] = {
        _SITE: np.repeat(np.array(counts.areas, object), shape[1]),
        _PERIOD: np.tile(np.array(counts.periods.labels, object), shape[0]),
    }
    keep = np.ones(shape[0], bool)
    for name in _counted(sections):
        section = sections.outcomes[name]
        values, covered = counts.totals(types=section.types, crime=section.crime)
        if not covered.all():
            keep &= _kept(counts, covered, name, data.missing)
        columns[name] = np.where(covered, values, np.nan).ravel()
        columns[f"{name} weight"] = covered.astype(float).ravel()
    if counts.exposure is not None:
        columns[_EXPOSURE] = counts.exposure.ravel()
    if not keep.any():
        msg = "every area lacks some count; missing = 'weight' keeps those that are there"
        raise DataError(msg)
    return pd.DataFrame(columns)[np.repeat(keep, shape[1])].reset_index(drop=True)


def _kept(counts: Counts, covered: np.ndarray, name: str, missing: str | None) -> np.ndarray:
    if missing in {None, "refuse"}:
        raise counts.refusal(covered, name)
    return np.asarray(covered.all(axis=1) if missing == "drop" else covered.any(axis=1))
