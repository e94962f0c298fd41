"""Names and titles as one line that can be printed anywhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["listed", "one_line", "sentence"]


def one_line(text: str) -> str:
    r"""Give a text without control characters, and its white space as single blanks.

    A control character steers terminals, and may not stand in HTML or SVG at all.

    >>> one_line(" North\n\x1b[31m side ")
    'North [31m side'
    """
    shown = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
    return " ".join(shown.split())


def listed(names: Sequence[str]) -> str:
    """Name several as in a sentence.

    >>> listed(["theft", "robbery", "arson"]), listed(["theft"])
    ('theft, robbery and arson', 'theft')
    """
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop; nothing stays nothing.

    >>> sentence("no prices were given"), sentence("")
    ('No prices were given.', '')
    """
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
