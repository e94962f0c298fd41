"""Names and titles as one line that can be printed anywhere."""

from __future__ import annotations

import unicodedata

__all__ = ["one_line"]


def one_line(text: str) -> str:
    r"""Give a text without control characters, and its white space as single blanks.

    A control character steers terminals, and may not stand in HTML or SVG at all.

    >>> one_line(" North\n\x1b[31m side ")
    'North [31m side'
    """
    shown = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
    return " ".join(shown.split())
