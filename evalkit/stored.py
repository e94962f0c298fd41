"""Values of the domain as bytes that are read back without running anything that a file says.

A pickle would be shorter and would run what is in it: folders of results are passed on. What is written is a checksum,
a description in JSON, and the arrays one after the other; so it is read as fast as it can be copied.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal

import numpy as np

import evalkit.domain

__all__ = ["from_bytes", "to_bytes"]

_CLASSES = {cls.__name__: cls for cls in vars(evalkit.domain).values() if isinstance(cls, type) and is_dataclass(cls)}
_SIZE = 8


def to_bytes(value: Any) -> bytes:
    """Lay a value out; every number comes back as it was, to the last bit.

    Raises
    ------
    TypeError
        There is something in it that is neither a number, text, array, a collection of these, nor a class of the
        domain.
    """
    arrays: list[bytes] = []
    text = json.dumps(_plain(value, arrays)).encode()
    content = b"".join([len(text).to_bytes(_SIZE), text, *arrays])
    return zlib.crc32(content).to_bytes(_SIZE) + content


def from_bytes(content: bytes) -> Any:
    """Read a value back.

    Raises
    ------
    ValueError
        The content is not what `to_bytes` wrote.
    """
    held = memoryview(content)[_SIZE:]
    if zlib.crc32(held) != int.from_bytes(content[:_SIZE]):
        msg = "the content has another checksum than its own"
        raise ValueError(msg)
    start = _SIZE + int.from_bytes(held[:_SIZE])
    try:
        return _built(json.loads(bytes(held[_SIZE:start])), held[start:])
    except Exception as problem:
        msg = "there is no stored value in this content"
        raise ValueError(msg) from problem


def _plain(value: Any, arrays: list[bytes]) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return _plain_array(value, arrays)
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


def _plain_array(value: np.generic | np.ndarray, arrays: list[bytes]) -> dict[str, Any]:
    array = np.asarray(value)
    if array.dtype.hasobject or array.dtype.fields is not None:
        msg = "an array of objects"
        raise TypeError(msg)
    # sums may differ in the last bit where the same numbers lie in another order
    order: Literal["C", "F"] = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    place = sum(map(len, arrays))
    arrays.append(array.tobytes(order))
    return {
        "array": place,
        "type": array.dtype.str,
        "shape": list(array.shape),
        "order": order,
        "scalar": isinstance(value, np.generic),
    }


def _built(plain: Any, stored: memoryview) -> Any:
    if not isinstance(plain, dict):
        return plain
    if "array" in plain:
        shape = plain["shape"]
        flat = np.frombuffer(stored, np.dtype(plain["type"]), count=math.prod(shape), offset=plain["array"])
        found = flat.reshape(shape, order=plain["order"]).copy(plain["order"])
        return found[()] if plain["scalar"] else found
    if "tuple" in plain:
        return tuple(_built(each, stored) for each in plain["tuple"])
    if "list" in plain:
        return [_built(each, stored) for each in plain["list"]]
    if "mapping" in plain:
        return {_built(key, stored): _built(each, stored) for key, each in plain["mapping"]}
    return _CLASSES[plain["class"]](**{name: _built(each, stored) for name, each in plain["parts"].items()})
