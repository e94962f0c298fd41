"""Estimators by name, found through entry points and loaded one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from evalkit.domain.estimator import Estimator
from evalkit.errors import RegistryError, nearest

__all__ = ["GROUP", "estimator", "models"]

GROUP = "evalkit.models"


def models() -> tuple[str, ...]:
    """Give the names of all estimators that are installed, in order; none is loaded."""
    return tuple(sorted(_found()))


def estimator(name: str) -> type[Estimator]:
    """Give the class of an estimator: a dataclass of options, to be called with them.

    Raises
    ------
    RegistryError
        No estimator of that name, two of them, or one that cannot be loaded.
    """
    found = _found()
    if name not in found:
        msg = f"no estimator {name!r}; {nearest(name, found, 20)}"
        raise RegistryError(msg)
    entry = found[name]
    try:
        loaded = entry.load()
    except Exception as problem:  # a third party's import may raise anything
        msg = f"estimator {name!r} ({entry.value}) cannot be loaded: {problem}"
        raise RegistryError(msg) from problem
    if not (
        is_dataclass(loaded) and isinstance(loaded, type) and hasattr(loaded, "card") and hasattr(loaded, "estimate")
    ):
        msg = f"estimator {name!r} ({entry.value}) is not a dataclass of options with a card and a method estimate"
        raise RegistryError(msg)
    return cast("type[Estimator]", loaded)


def _found() -> dict[str, EntryPoint]:
    return _listed(entry_points)


# to look through all that is installed takes longer than to load an estimator, and every name asks for it
@cache
def _listed(found_by: Callable[..., Iterable[EntryPoint]]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in found_by(group=GROUP):
        if entry.name in found and found[entry.name].value != entry.value:
            msg = f"two estimators are named {entry.name!r}: {found[entry.name].value} and {entry.value}; uninstall one"
            raise RegistryError(msg)
        found[entry.name] = entry
    return found
