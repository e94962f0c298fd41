import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.report import axes, formats, html, markdown, tables, wording


@pytest.mark.parametrize("module", [axes, formats, html, markdown, tables, wording])
def test_the_examples_in_the_docstrings_hold(module):
    """What a docstring shows is what happens."""
    assert doctest.testmod(module).failed == 0


@given(st.floats(-1e12, 1e12))
def test_two_digits_keep_the_size_and_the_sign(value):
    """Rounding moves a number by at most five per cent and never across zero."""
    rounded = formats.rounded(value)
    assert abs(rounded - value) <= 0.0501 * abs(value) + 1e-300
    assert rounded * value >= 0


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (1300, "USD", "$1,300"),
        (1_249_000, "GBP", "£1.2 million"),
        (-48_200, "EUR", "−€48,000"),
        (1300, "CHF", "CHF 1,300"),
        (0, "USD", "$0"),
        (999_999, "USD", "$1.0 million"),
    ],
)
def test_money_on_the_first_page(value, currency, shown):
    """Two digits, the sign before the symbol, millions as a word, unknown symbols by their code."""
    assert formats.money(value, currency).replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(("value", "shown"), [(0.999, "over 99 in 100"), (0.001, "under 1 in 100"), (0.5, "50 in 100")])
def test_a_chance_is_never_quite_certain(value, shown):
    """Draws cannot show that something is sure or impossible."""
    assert formats.chance(value) == shown
