"""Presets from their files: those that ship, and one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

from evalkit.data.preset import Preset
from evalkit.errors import DataError, nearest

__all__ = ["load_preset", "presets"]

_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}


@cache
def presets() -> dict[str, Preset]:
    """Give the presets that ship with evalkit, by name."""
    folder = files("evalkit.data").joinpath("presets")
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return {each.name[:-5]: _read(each.read_text(encoding="utf-8"), each.name) for each in found}


def load_preset(name: str | Path) -> Preset:
    """Give a preset: one that ships, by its name, or one of your own, by the path of its file.

    Raises
    ------
    DataError
        No preset of that name, or a file that does not describe one.
    """
    if str(name) in presets():
        return presets()[str(name)]
    path = Path(name)
    if path.suffix != ".toml":
        msg = f"no preset {str(name)!r}; {nearest(str(name), presets(), 30)}; or give the path of a .toml file"
        raise DataError(msg)
    try:
        return _read(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as problem:
        msg = f"the preset {path.name} cannot be read: {problem}"
        raise DataError(msg) from problem


def _read(text: str, source: str) -> Preset:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        msg = f"{source} is not TOML: {problem}"
        raise DataError(msg) from problem
    return _made({"name": source.removesuffix(".toml"), **document}, source)


def _made(document: Mapping[str, Any], source: str) -> Preset:
    from pydantic import ValidationError

    try:
        return _adapter().validate_python(document)  # type: ignore[no-any-return]
    except ValidationError as problem:
        # a key that is not known first: one that is missing may be the same key in other letters
        faults = sorted(problem.errors(include_url=False), key=lambda each: each["type"] not in _UNKNOWN)
        fault = faults[0]
        where = ".".join(str(part) for part in fault["loc"])
        if fault["type"] in _UNKNOWN:
            msg = f"{source}: no key {where!r}; {nearest(str(fault['loc'][-1]), _known(fault['loc'][:-1]), 30)}"
        else:
            said = fault["msg"].removeprefix("Value error, ")
            msg = f"{source}, {where}: {said}" if where else f"{source}: {said}"
        raise DataError(msg) from problem


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Preset)


def _known(above: tuple[int | str, ...]) -> list[str]:
    """Give the keys of the section that a fault is in."""
    section: Any = Preset
    for part in above:
        if isinstance(part, str):
            section = get_type_hints(section).get(part)
            section = next((each for each in getattr(section, "__args__", ()) if is_dataclass(each)), section)
    return [each.name for each in fields(section)] if is_dataclass(section) else []
