"""Pictures of an earlier run, kept by the content of everything that they are drawn from.

A picture is what a function puts on axes; what it puts there rests on what the function encloses, on the code that it
calls, on style and size, and on the versions of what draws. All of these are in the key, so a picture that is found
is the one that would be drawn.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from types import FunctionType
from typing import Any
from xml.etree import ElementTree as ET

from evalkit.evaluation import library_versions
from evalkit.kept import Kept, code_key, content_key

__all__ = ["KeptPictures"]

# All that a picture of ours is made of. Folders of results are passed on, and a page shows a picture as it is: so
# nothing that could run or load something is among these.
_SPACE = "{http://www.w3.org/2000/svg}"
_TAGS = {
    _SPACE + name
    for name in ("svg", "title", "desc", "defs", "clipPath", "pattern", "g", "path", "rect", "use", "text")
}
_ATTRIBUTES = {
    "aria-labelledby", "clip-path", "d", "fill", "height", "href", "id", "patternTransform", "patternUnits", "role",
    "stroke-linejoin", "style", "transform", "viewBox", "width", "x", "y",
}  # fmt: skip
_STYLES = {
    "fill", "fill-opacity", "font-family", "font-size", "font-style", "font-weight", "opacity", "stroke",
    "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-opacity", "stroke-width",
    "text-anchor",
}  # fmt: skip
_STYLE = re.compile(r"([^:;]*):[^:;]*(?:;\s*|$)")
_LEADS_OUT = re.compile(r"url\((?!#)|\\", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class KeptPictures(Kept):
    """Pictures by key in a folder."""

    ending: str = ".svg"

    def picture(self, draw: Callable[..., None], parts: Sequence[Any], make: Callable[[], str]) -> str:
        """Give the picture that was kept of these parts, or make it and keep it.

        What is there and is not a picture as it was written is drawn anew; what has no key is drawn every time.

        Parameters
        ----------
        draw : the function that puts everything on the axes; what it encloses is part of the key
        parts : what the picture rests on besides
        """
        key = content_key(_code(), _versions(), _enclosed(draw), *parts)
        if key is None:
            return make()
        found = self.read(key, _checked)
        if found is None:
            found = make()
            self.write(key, _sealed(found))
        return found


def _enclosed(draw: Any) -> Any:
    """Give what a function is and what it encloses; functions within it likewise."""
    if not isinstance(draw, FunctionType):
        return draw
    held = [_enclosed(cell.cell_contents) for cell in draw.__closure__ or ()]
    return draw.__module__, draw.__qualname__, draw.__code__.co_freevars, held, draw.__defaults__, draw.__kwdefaults__


@cache
def _code() -> str:
    # whatever a function of a figure may call, as no list of it would stay whole
    return code_key(".")


@cache
def _versions() -> dict[str, str]:
    return {**library_versions(), "matplotlib": version("matplotlib")}


def _sealed(picture: str) -> bytes:
    content = picture.encode()
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def _checked(kept: bytes) -> str:
    """Give the picture of a file.

    Raises
    ------
    ValueError
        The file was cut off or changed, or holds what no picture of ours does.
    """
    seal, _, content = kept.partition(b"\n")
    picture = content.decode()
    if hashlib.sha256(content).hexdigest().encode() != seal or "<!" in picture or "<?" in picture:
        msg = "not a picture as it was written"
        raise ValueError(msg)
    try:
        tree = ET.fromstring(picture)  # noqa: S314 - neither entities nor a document type get this far
    except ET.ParseError as problem:
        msg = "not a picture"
        raise ValueError(msg) from problem
    for part in tree.iter():
        _refuse_what_is_foreign(part)
    return picture


def _refuse_what_is_foreign(part: ET.Element) -> None:
    named = part.attrib
    styles = {name.strip() for name in _STYLE.findall(named.get("style", ""))}
    if (
        part.tag not in _TAGS
        or not named.keys() <= _ATTRIBUTES
        or not styles <= _STYLES
        or not named.get("href", "#").startswith("#")
        or any(_LEADS_OUT.search(value) for value in named.values())
    ):
        msg = f"a part that no picture of ours has: {part.tag}"
        raise ValueError(msg)
