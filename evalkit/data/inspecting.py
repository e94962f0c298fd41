"""`evalkit inspect`: which layout a file is in, and what becomes of each of its rows."""

from __future__ import annotations

import json
from pathlib import Path

from evalkit.data.counts.files import read_counts
from evalkit.data.guess import files_of, guess, quality_of
from evalkit.data.preset_files import load_preset
from evalkit.data.shown import inspection_document, inspection_text, preset_text
from evalkit.errors import DataError

__all__ = ["inspect_path"]


def inspect_path(
    path: Path,
    *,
    preset: str | None = None,
    window: tuple[str, str] | None = None,
    as_json: bool = False,
    write: Path | None = None,
) -> str:
    """Say what a file is, or the files of a folder; several are read in the layout of the first.

    Parameters
    ----------
    preset : name or path of the layout; guessed where there is none
    window : first and last period
    as_json : plain data in place of text
    write : a file for the layout as it was seen

    Raises
    ------
    DataError
        A file that cannot be read in any layout, or `write` names a file that is there.
    """
    given = load_preset(preset) if preset is not None else None
    if write is not None and write.exists():
        msg = f"{write.name} is there already; name another file, or move it away"
        raise DataError(msg)
    files = files_of(path, given)
    found = guess(files[0], given)
    if given is None and path.is_dir():
        files = files_of(path, found.preset)
    quality = quality_of(files, found.preset, window=window)
    if write is not None:
        types = () if found.preset.kind == "incidents" else read_counts(files, found.preset, window=window).crimes
        write.write_text(preset_text(found, types), encoding="utf-8")
    if as_json:
        document = inspection_document(path.name, found, quality)
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    tail = f"\nThe layout was written to {write}: correct it, and name it as preset.\n" if write is not None else ""
    return inspection_text(path.name, found, quality) + tail
