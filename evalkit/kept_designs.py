"""Designs of an earlier run, kept by the content of the data file and of what the study says of it.

To read a data file takes pandas, which takes longer to import than all the money of a study to reckon; a run that
changes a cost needs neither. Designs are kept only of a study without a fault, as they are given back without a look
at the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from evalkit.domain import Design
from evalkit.evaluation import library_versions
from evalkit.kept import Kept, code_key, content_key
from evalkit.stored import from_bytes, to_bytes
from evalkit.study_schema import StudyFile

__all__ = ["KeptDesigns"]

# What designs are made of.
_CODE = (
    "data",
    "domain",
    "draws.py",
    "quantiles.py",
    "stored.py",
    "study_file.py",
    "study_schema.py",
    "study_times.py",
)
_SECTIONS = {"data", "design", "intervention", "outcomes"}
# What reads a file besides pandas.
_READERS = ("pyarrow", "python-calamine")


@dataclass(frozen=True, kw_only=True)
class KeptDesigns:
    """The designs of one study, if an earlier run kept them.

    Attributes
    ----------
    data : the file that they rest on
    kept : the files
    key : of the designs; None where something that they rest on cannot be hashed, and nothing is kept then
    """

    data: Path
    kept: Kept
    key: str | None

    @classmethod
    def of(cls, folder: Path, data: Path, sections: StudyFile) -> KeptDesigns:
        """Say where the designs of a study would be; `data` is its file, which may be missing."""
        kept = Kept(folder=folder, ending=".designs")
        try:
            content = data.read_bytes()
        except OSError:
            return cls(data=data, kept=kept, key=None)
        versions = {**library_versions(), **{name: version(name) for name in _READERS}}
        said = sections.model_dump(include=_SECTIONS)
        key = content_key(code_key(*_CODE), versions, data.name, content, said)
        return cls(data=data, kept=kept, key=key)

    def read(self) -> dict[str, Design] | None:
        """Give the designs by outcome, or None where they are to be read from the data."""
        return None if self.key is None else self.kept.read(self.key, _designs)

    def write(self, designs: Mapping[str, Design]) -> None:
        """Keep designs, and no others."""
        if self.key is not None:
            with suppress(TypeError):
                self.kept.write(self.key, to_bytes(designs))
            self.kept.forget_others()


def _designs(content: bytes) -> dict[str, Design]:
    found = from_bytes(content)
    if not isinstance(found, dict) or not all(isinstance(each, Design) for each in found.values()):
        msg = "there is something else than designs in this content"
        raise ValueError(msg)
    return found
