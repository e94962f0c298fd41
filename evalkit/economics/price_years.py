"""The year that an amount of money belongs to: a calendar year, or a financial year such as 2015/16."""

from __future__ import annotations

import re

from evalkit.errors import CostError

__all__ = ["is_financial", "read_price_year"]

_CALENDAR = re.compile(r"(?:19|20|21)\d{2}")
_FINANCIAL = re.compile(r"((?:19|20|21)\d{2})/(\d{2})")


def read_price_year(value: object) -> str:
    """Give a price year in its one written form, "2010" or "2015/16".

    The two are different things: a financial year is never turned into a calendar year unasked.

    >>> read_price_year(2010), read_price_year("2015/16")
    ('2010', '2015/16')
    """
    text = "" if isinstance(value, bool) else str(value).strip()
    if _CALENDAR.fullmatch(text):
        return text
    match = _FINANCIAL.fullmatch(text)
    if match and (int(match[1]) + 1) % 100 == int(match[2]):
        return text
    raise CostError(
        f"a price year is a calendar year such as 2010 or a financial year such as '2015/16'; there is {value!r}"
    )


def is_financial(price_year: str) -> bool:
    """Say whether it is a financial year."""
    return "/" in price_year
