"""What earlier runs made, kept in a folder by the content of everything that it rests on.

A key is a hash of values, and of the code that makes something of them, so that nothing which could change what is
kept is left out; what cannot be hashed has no key and is made every time.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Kept", "code_key", "content_key"]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Files of a folder by key.

    Attributes
    ----------
    folder : made when the first file is kept
    ending : of the files' names, with its point; kinds of content with different endings share a folder
    used : keys that were asked for; `forget_others` removes all but these
    """

    folder: Path
    ending: str
    used: set[str] = field(default_factory=set)

    def read[T](self, key: str, read: Callable[[bytes], T]) -> T | None:
        """Give what was kept under a key; None where there is nothing, or nothing that can be read.

        Parameters
        ----------
        read : turns the file's content into the value; a ValueError says that the content is something else
        """
        self.used.add(key)
        with suppress(OSError, ValueError):
            return read(self._file(key).read_bytes())
        return None

    def write(self, key: str, content: bytes) -> None:
        """Keep content under a key, whole or not at all; a folder that cannot be written keeps nothing."""
        file = self._file(key)
        part = file.with_suffix(".part")
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                part.write_bytes(content)
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)

    def forget_others(self) -> None:
        """Remove what this run did not ask for, so that the folder does not grow."""
        for file in self.folder.glob(f"*{self.ending}"):
            if file.stem not in self.used:
                with suppress(OSError):
                    file.unlink()

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}{self.ending}"


def content_key(*parts: Any) -> str | None:
    """Hash values by what they hold; None where one of them cannot be hashed.

    Parameters
    ----------
    parts : numbers, text, arrays, paths' names, and dataclasses, mappings and sequences of these; with a dataclass goes
        the file that its class comes from
    """
    digest = hashlib.sha256()
    try:
        for part in parts:
            _feed(digest, part)
    except TypeError:
        return None
    return digest.hexdigest()


@cache
def code_key(*names: str) -> str:
    """Hash the project's own code in these files and folders of the package."""
    package, digest = Path(__file__).parent, hashlib.sha256()
    for name in names:
        found = package / name
        # a walk enters no link before Python 3.13: the folder of estimators may be one
        files = sorted(found.resolve().rglob("*.py")) if found.is_dir() else [found]
        for file in files:
            _frame(digest, file.name.encode(), file.read_bytes())
    return digest.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    """Feed a value so that no two different ones feed the same bytes: each with its type and its length."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}".encode()
    if isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value)
        if array.dtype.hasobject:
            msg = "an array of objects"
            raise TypeError(msg)
        _frame(digest, kind, array.dtype.str.encode(), repr(np.shape(value)).encode(), array.tobytes())
    elif value is None or isinstance(value, bool | int | float | str | bytes):
        _frame(digest, kind, repr(value).encode())
    elif is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value)]
        _frame(digest, kind, repr(names).encode(), _source(type(value)))
        for name in names:
            _feed(digest, getattr(value, name))
    elif isinstance(value, Mapping):
        _frame(digest, b"mapping", str(len(value)).encode())
        for pair in value.items():
            _feed(digest, pair)
    elif isinstance(value, tuple | list | AbstractSet):
        members = sorted(value, key=repr) if isinstance(value, AbstractSet) else value
        _frame(digest, kind, str(len(members)).encode())
        for each in members:
            _feed(digest, each)
    else:
        msg = f"a {kind.decode()} cannot be hashed by what it holds"
        raise TypeError(msg)


def _frame(digest: Any, *parts: bytes) -> None:
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)


@cache
def _source(cls: type) -> bytes:
    """Hash of the file that a class comes from, for estimators that others add."""
    try:
        return hashlib.sha256(Path(inspect.getfile(cls)).read_bytes()).digest()
    except (OSError, TypeError):
        msg = f"the code of {cls.__qualname__} is in no file"
        raise TypeError(msg) from None
