"""How numbers are written: two digits for the first page, full figures for tables, money by its currency."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from evalkit.domain.text import sentence
from evalkit.draws import FloatArray, Interval, bounded_interval

__all__ = [
    "SCALES",
    "amount",
    "capital",
    "chance",
    "count",
    "currency_name",
    "events",
    "full_money",
    "full_range",
    "level",
    "middle_and_range",
    "money",
    "number",
    "percent",
    "plural",
    "rough",
    "sentence",
    "unsigned",
]

MINUS = "−"
NOTHING = "—"
# A no-break space keeps a number and its sign together at the end of a line.
FIXED = "\N{NO-BREAK SPACE}"

# ISO 4217 for "no currency": the amounts were given without one.
NO_CURRENCY = "XXX"

SCALES = {
    "log_rate_ratio": "log rate ratio",
    "rate_difference": "rate difference",
    "count_difference": "count difference",
    "log_odds_ratio": "log odds ratio",
    "log_hazard_ratio": "log hazard ratio",
    "mean_difference": "mean difference",
}

_SYMBOLS = {"USD": "$", "GBP": "£", "EUR": "€"}


def rounded(value: float, digits: int = 2) -> float:
    """Round to significant digits, halves away from zero as people do.

    >>> rounded(325), rounded(0.0456)
    (330.0, 0.046)
    """
    if value == 0 or not math.isfinite(value):
        return 0.0 if value == 0 else value
    exact = Decimal(repr(float(value)))
    step = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return float(exact.quantize(step, rounding=ROUND_HALF_UP))


def unsigned(value: float) -> str:
    """Write the size of a number with two significant digits: a count in a sentence.

    >>> unsigned(-1984), unsigned(48), unsigned(3.44)
    ('2,000', '48', '3.4')
    """
    size = rounded(abs(value))
    if size >= 10 or size == int(size):
        return f"{size:,.0f}"
    # below a hundredth of one event, digits say nothing that a reader could use
    return f"{size:.2g}" if size >= 0.01 else "under 0.01"


def events(value: float) -> str:
    """Write a number of events in a sentence: two significant digits, and whole from one upwards.

    >>> events(-1984), events(9.3), events(0.44)
    ('2,000', '9', '0.44')
    """
    size = rounded(abs(value))
    return f"{size:,.0f}" if size >= 1 else unsigned(size)


def rough(value: float) -> str:
    """Write a number with two significant digits and its sign."""
    return (MINUS if value < 0 else "") + unsigned(value)


def number(value: float, digits: int = 4) -> str:
    """Write a number for a table: significant digits, thousands apart, a true minus sign.

    >>> number(-1234.5), number(0.12345)
    ('−1,234', '0.1235')
    """
    if value == 0:
        return "0"
    size = rounded(abs(value), digits)
    if size >= 10 ** (digits - 1):
        # half of a whole event is not told apart in a table of large counts
        shown = f"{abs(value):,.0f}"
    elif size >= 1e-4:
        shown = _plain(size)
    else:
        shown = f"{size:.2e}".replace("-", MINUS)
    return (MINUS if value < 0 else "") + shown


def _plain(size: float) -> str:
    return format(Decimal(repr(size)).normalize(), "f")


def count(value: float) -> str:
    """Write a recorded count: whole where it is whole."""
    return number(value, 6) if value != int(value) else f"{value:,.0f}".replace("-", MINUS)


def percent(value: float, *, signed: bool = False) -> str:
    r"""Write a percentage with two significant digits.

    >>> percent(-20.04), percent(5.2, signed=True)
    ('20\xa0%', '+5.2\xa0%')
    """
    sign = (MINUS if value < 0 else "+" if value > 0 else "") if signed else ""
    size = rounded(abs(value), 2 if abs(value) >= 0.1 else 1)
    return f"{sign}{unsigned(size)}{FIXED}%"


def chance(probability: float) -> str:
    """Write a probability as a number in a hundred.

    >>> chance(0.914), chance(0.9999)
    ('91 in 100', 'over 99 in 100')
    """
    hundredths = round(100 * probability)
    if hundredths >= 100:
        return "over 99 in 100"
    if hundredths <= 0:
        return "under 1 in 100"
    return f"{hundredths} in 100"


def level(share: float) -> str:
    """Write the level of a range.

    >>> level(0.95).replace(FIXED, " ")
    '95 %'
    """
    return f"{100 * share:g}{FIXED}%"


def full_range(interval: Interval) -> str:
    """Write both ends of an interval, for a table."""
    return f"{number(interval.lower)} to {number(interval.upper)}"


def middle_and_range(draws: FloatArray | None, column: int, level: float) -> tuple[str, str]:
    """Give the middle of a column of draws, shape (draws, columns), and its range; dashes where there is none."""
    found = None if draws is None else bounded_interval(draws[:, column], level)
    return (NOTHING, NOTHING) if found is None else (number(found[0]), full_range(found[1]))


def amount(value: float, currency: str) -> str:
    r"""Write an amount of money with all its digits.

    >>> amount(-1300, "USD"), amount(1300, "CHF"), amount(0.768, "EUR")
    ('−$1,300', 'CHF\xa01,300', '€0.77')
    """
    size = abs(value)
    # an amount of few units says something by its decimals, unless it is a whole one
    shown = f"{size:,.2f}" if size < 100 and size != int(size) else f"{size:,.0f}"
    return _with_symbol(shown, value, currency)


def full_money(value: float, unit: float = 1.0) -> str:
    """Write an amount without its currency, for a column whose caption names it and its unit.

    >>> full_money(-5333333.3), full_money(-5333333.3, 1e6)
    ('−5,333,333', '−5.333')
    """
    if unit > 1:
        return number(value / unit)
    shown = f"{abs(value):,.0f}"
    return (MINUS if value < 0 and shown != "0" else "") + shown


def money(value: float, currency: str) -> str:
    r"""Write an amount of money for the first page: two significant digits, millions as a word.

    >>> money(1234567, "USD"), money(-1300, "GBP"), money(2.5, "EUR")
    ('$1.2\xa0million', '−£1,300', '€2.50')
    """
    size = rounded(abs(value))
    for scale, word in ((1e9, "billion"), (1e6, "million")):
        if size >= scale:
            shown = f"{size / scale:,.0f}" if size / scale >= 10 else f"{size / scale:.1f}"
            return _with_symbol(f"{shown}{FIXED}{word}", value, currency)
    shown = f"{size:,.0f}" if size >= 10 or size == int(size) else f"{size:.2f}"
    return _with_symbol(shown, value, currency)


def _with_symbol(shown: str, value: float, currency: str) -> str:
    sign = MINUS if value < 0 and shown.strip("0.") else ""
    symbol = _SYMBOLS.get(currency, "" if currency == NO_CURRENCY else f"{currency}{FIXED}")
    return f"{sign}{symbol}{shown}"


def currency_name(currency: str, unit: float = 1.0) -> str:
    """Name a currency at the head of a table.

    >>> currency_name("USD"), currency_name("XXX"), currency_name("EUR", 1e6)
    ('USD', 'Currency not named', 'Millions of EUR')
    """
    name = "Currency not named" if currency == NO_CURRENCY else currency
    return name if unit == 1 else "Millions, currency not named" if currency == NO_CURRENCY else f"Millions of {name}"


def capital(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]


def plural(number_of: int, one: str, several: str) -> str:
    """Write a number with the form of the noun that goes with it.

    >>> plural(1, "site", "sites"), plural(1200, "site", "sites")
    ('1 site', '1,200 sites')
    """
    return f"{number_of:,} {one if number_of == 1 else several}"
