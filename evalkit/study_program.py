"""Studies that are programs: run with all the rights of whoever runs them."""

from __future__ import annotations

import dataclasses
import runpy
import sys
import traceback
from pathlib import Path

from evalkit.errors import EvalkitError, StudyError
from evalkit.study import Study

__all__ = ["read_program"]


def read_program(file: Path) -> Study:
    """Run a `study.py` and give the `Study` that it leaves under the name `study`.

    Raises
    ------
    StudyError
        The program failed, with its line; or it leaves no study.
    """
    sys.path.insert(0, str(file.parent.resolve()))  # as `python study.py` does, so that it finds what lies beside it
    try:
        found = runpy.run_path(str(file)).get("study")
    except EvalkitError:
        raise
    except (Exception, SystemExit) as problem:
        msg = f"{file.name}{_line_of(file, problem)}: {type(problem).__name__}: {problem}"
        raise StudyError(msg) from problem
    finally:
        sys.path.pop(0)
    if not isinstance(found, Study):
        shown = "there is none" if found is None else f"there is a {type(found).__name__}"
        msg = f"{file.name}: wanted is an evalkit.Study under the name 'study'; {shown}"
        raise StudyError(msg)
    folder = found.folder or file.parent
    return dataclasses.replace(found, folder=folder, inputs=tuple(dict.fromkeys((*found.inputs, file))))


def _line_of(file: Path, problem: BaseException) -> str:
    """Name the last line of the program itself on the way to a fault."""
    if isinstance(problem, SyntaxError):
        return f", line {problem.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == str(file)]
    return f", line {lines[-1]}" if lines else ""
