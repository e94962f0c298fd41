"""A commented study to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from evalkit.errors import StudyError
from evalkit.output import write_whole

__all__ = ["write_new_study"]

_FILES = ("study.toml", "counts.csv")


def write_new_study(folder: Path) -> tuple[Path, ...]:
    """Write a study that runs as it stands into a folder that is new or empty.

    Raises
    ------
    StudyError
        There is something in the folder already; nothing of it is touched.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder} is there already and is not an empty folder: name another one"
        raise StudyError(msg)
    shipped = files("evalkit").joinpath("template_study")
    return write_whole(folder, {name: shipped.joinpath(name).read_text(encoding="utf-8") for name in _FILES})
