"""Estimates of an earlier run, kept by the content of everything that they rest on.

A run that changes a cost and nothing else finds its estimates here. The key is a hash of the design's data, the
estimator with its options, seed and number of draws, the code of the estimators and the versions of the libraries, so
that nothing which could change an estimate is left out; what cannot be hashed is not kept.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.domain import Effect
from evalkit.evaluation import library_versions
from evalkit.stored_effect import effect_from_bytes, effect_to_bytes

__all__ = ["EstimationCache", "content_key"]

# What estimators are made of, next to their own module.
_CODE = ("models", "domain", "draws.py", "stored_effect.py")
_ENDING = ".effect"


@dataclass(frozen=True, kw_only=True)
class EstimationCache:
    """A folder of effects by key.

    Attributes
    ----------
    folder : made when the first effect is kept
    used : keys that were asked for; `forget_others` removes all but these
    """

    folder: Path
    used: set[str] = field(default_factory=set)

    def effect(self, parts: Sequence[Any], make: Callable[[], Effect]) -> Effect:
        """Give the effect that was kept of these parts, or make it and keep it.

        What is there and cannot be read is made anew; what has no key, no stored form, or no folder that can be
        written, is made every time.

        Parameters
        ----------
        parts : all that the effect rests on, see `content_key`
        """
        key = content_key(library_versions(), *parts)
        if key is None:
            return make()
        self.used.add(key)
        file = self.folder / f"{key}{_ENDING}"
        with suppress(OSError, ValueError):
            return effect_from_bytes(file.read_bytes())
        found = make()
        with suppress(OSError, TypeError):
            content = effect_to_bytes(found)
            self.folder.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            try:
                part.write_bytes(content)
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)
        return found

    def forget_others(self) -> None:
        """Remove what this run did not ask for, so that the folder does not grow."""
        for file in self.folder.glob(f"*{_ENDING}"):
            if file.stem not in self.used:
                with suppress(OSError):
                    file.unlink()


def content_key(*parts: Any) -> str | None:
    """Hash values by what they hold, and the code and libraries with them; None where one of them cannot be hashed.

    Parameters
    ----------
    parts : numbers, text, arrays, paths' names, and dataclasses, mappings and sequences of these
    """
    digest = hashlib.sha256()
    try:
        for part in (_code(), *parts):
            _feed(digest, part)
    except TypeError:
        return None
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
    """Content of the file that a class comes from, for estimators that others add."""
    try:
        return Path(inspect.getfile(cls)).read_bytes()
    except (OSError, TypeError):
        msg = f"the code of {cls.__qualname__} is in no file"
        raise TypeError(msg) from None


@cache
def _code() -> bytes:
    """Hash of the project's own code that makes estimates."""
    folder, digest = Path(__file__).parent, hashlib.sha256()
    for name in _CODE:
        found = folder / name
        # a walk enters no link before Python 3.13: the folder of estimators may be one
        files = sorted(found.resolve().rglob("*.py")) if found.is_dir() else [found]
        for file in files:
            _frame(digest, file.name.encode(), file.read_bytes())
    return digest.digest()
