"""Which layout a file is in, and what was seen in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.data.adapt import adapted
from evalkit.data.chunks import read_chunks
from evalkit.data.counts.files import read_counts
from evalkit.data.incident_look import look_at_incidents
from evalkit.data.preset import Preset
from evalkit.data.preset_files import presets
from evalkit.data.quality import DataQuality
from evalkit.data.written import Written, look
from evalkit.errors import DataError, first_of

__all__ = ["Guess", "files_of", "guess", "quality_of"]

_READ = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")


@dataclass(frozen=True, kw_only=True)
class Guess:
    """The layout that fits a file best.

    Attributes
    ----------
    preset : the layout; one for any file is fitted to this one
    written : encoding, separator, heading
    columns : names in the file, by ours
    counts : columns of counts, of a wide file
    unused : columns that are not read
    others : names of the layouts that fit as well
    """

    preset: Preset
    written: Written
    columns: dict[str, str]
    counts: tuple[str, ...]
    unused: tuple[str, ...]
    others: tuple[str, ...]


def guess(path: Path, preset: Preset | None = None) -> Guess:
    """Find the layout of a file: the source's own before one for any file, by columns and by the file's name.

    Parameters
    ----------
    preset : look at the file in this layout, and in no other

    Raises
    ------
    DataError
        No layout fits; the message says what the nearest lacks.
    """
    fits: list[tuple[tuple[bool, bool, int], Preset, Written]] = []
    nearest: tuple[int, DataError] | None = None
    for each in [preset] if preset is not None else presets().values():
        try:
            written = look(path, each)
        except DataError as problem:
            lacks = len(each.required)
            if each.general and (nearest is None or lacks < nearest[0]):
                nearest = (lacks, problem)
            if preset is not None:
                raise
            continue
        if preset is None and not _enough(each, written):
            continue
        located = len(each.locate(written.heading))
        fits.append(((not each.general, each.fits_name(path.name), located), each, written))
    if not fits:
        raise _nothing_fits(path, nearest)
    fits.sort(key=lambda fit: fit[0], reverse=True)
    own = [fit for fit in fits if not fit[1].general]
    if len(own) > 1:  # the same columns, and other periods in them
        fits.sort(key=lambda fit: not fit[1].general and _reads_periods(fit[1], fit[2]), reverse=True)
    _, best, written = fits[0]
    columns = best.locate(written.heading)
    counts = tuple(best.wide_columns(written.heading))
    used = {*columns.values(), *counts}
    return Guess(
        preset=adapted(best, written),
        written=written,
        columns=columns,
        counts=counts,
        unused=tuple(name for name in written.heading if name not in used),
        others=tuple(each.name for _, each, _ in fits[1:]),
    )


def _reads_periods(preset: Preset, written: Written) -> bool:
    """Are most of the first periods written as this layout says?"""
    name = preset.locate(written.heading).get("period")
    chunk = None if name is None else next(iter(read_chunks(written, [name], chunk_rows=1_000)), None)
    if chunk is None:
        return True
    texts = chunk[name].unique().tolist()
    return 2 * sum(preset.period.place(text) is not None for text in texts) > len(texts)


def _enough(preset: Preset, written: Written) -> bool:
    """Tell a layout whose columns are types of crime from a file that shares one or two words with it."""
    if preset.wide_is != "crime":
        return True
    return 2 * len(preset.wide_columns(written.heading)) >= len(preset.crimes.classes)


def _nothing_fits(path: Path, nearest: tuple[int, DataError] | None) -> DataError:
    if nearest is None:
        return DataError(f"no layout fits {path.name}; evalkit presets are {first_of(sorted(presets()), 30)}")
    return DataError(
        f"no layout fits {path.name}; nearest: {nearest[1]}. Name its columns in a preset of your own, as docs/data.md "
        "shows"
    )


def quality_of(paths: Sequence[Path], preset: Preset, *, window: tuple[str, str] | None = None) -> DataQuality:
    """Read files in a layout, and say what became of every row."""
    if preset.kind == "incidents":
        return look_at_incidents(paths, preset, window=window)
    return read_counts(paths, preset, window=window).quality


def files_of(path: Path, preset: Preset | None = None) -> list[Path]:
    """Give the files that a path means: one, or those of a folder (and its folders), in the order of their names.

    Raises
    ------
    DataError
        A folder without such a file.
    """
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.rglob("*") if each.name.lower().removesuffix(".gz").endswith(_READ))
    named = [each for each in found if preset is not None and preset.fits_name(each.name)]
    if not found:
        msg = f"no file of data in {path.name}/; wanted is one of {', '.join(_READ)}"
        raise DataError(msg)
    return named or found
