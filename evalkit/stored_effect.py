"""An effect as arrays and text that are read back without running anything that a file says.

A pickle would be shorter and would run what is in it: folders of results are passed on.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

import evalkit.domain
from evalkit.domain import Effect, Outcome

__all__ = ["effect_from_bytes", "effect_to_bytes"]

_CLASSES = {
    cls.__name__: cls
    for cls in (Outcome, *vars(evalkit.domain).values())
    if isinstance(cls, type) and is_dataclass(cls)
}
_TEXT = "text"


def effect_to_bytes(effect: Effect) -> bytes:
    """Lay an effect out; every number comes back as it was, to the last bit.

    Raises
    ------
    TypeError
        An estimator put something on the effect that is neither a number, text, array, nor a class of the domain.
    """
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_plain(effect, arrays))
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **{_TEXT: np.frombuffer(text.encode(), np.uint8)}, **arrays)
    return out.getvalue()


def effect_from_bytes(content: bytes) -> Effect:
    """Read an effect back.

    Raises
    ------
    ValueError
        The content is not what `effect_to_bytes` wrote.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            found = _built(json.loads(stored[_TEXT].tobytes()), stored)
    except Exception as problem:
        msg = "there is no stored effect in this content"
        raise ValueError(msg) from problem
    if not isinstance(found, Effect):
        msg = "there is something else than an effect in this content"
        raise ValueError(msg)  # noqa: TRY004 - the content is wrong, and no argument's type
    return found


def _plain(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        name = f"array{len(arrays)}"
        arrays[name] = np.asarray(value)
        if arrays[name].dtype.hasobject:
            msg = "an array of objects"
            raise TypeError(msg)
        return {"array": name, "scalar": isinstance(value, np.generic)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        return {"tuple" if isinstance(value, tuple) else "list": [_plain(each, arrays) for each in value]}
    if isinstance(value, Mapping):
        return {"mapping": [[_plain(key, arrays), _plain(each, arrays)] for key, each in value.items()]}
    if _CLASSES.get(type(value).__name__) is type(value):
        parts = {each.name: _plain(getattr(value, each.name), arrays) for each in fields(value)}
        return {"class": type(value).__name__, "parts": parts}
    msg = f"a {type(value).__name__}, which has no stored form"
    raise TypeError(msg)


def _built(plain: Any, stored: Mapping[str, np.ndarray]) -> Any:
    if not isinstance(plain, dict):
        return plain
    if "array" in plain:
        found = stored[plain["array"]]
        return found[()] if plain["scalar"] else found
    if "tuple" in plain:
        return tuple(_built(each, stored) for each in plain["tuple"])
    if "list" in plain:
        return [_built(each, stored) for each in plain["list"]]
    if "mapping" in plain:
        return {_built(key, stored): _built(each, stored) for key, each in plain["mapping"]}
    return _CLASSES[plain["class"]](**{name: _built(each, stored) for name, each in plain["parts"].items()})
