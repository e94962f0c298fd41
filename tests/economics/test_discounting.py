import numpy as np
import pytest

from evalkit.economics import Discounting, discount_factors, discounting_schedules
from evalkit.errors import CostError

# Rates: HM Treasury Green Book, February 2026, restated by the Department for Transport (16 April 2026);
# the factors are computed from them to six digits, year 0 = 1.
STANDARD = {
    0: 1.0,
    1: 0.966184,
    5: 0.841973,
    10: 0.708919,
    30: 0.356278,
    31: 0.345901,
    60: 0.146782,
    75: 0.094214,
    76: 0.091916,
    100: 0.050818,
    125: 0.027411,
}
HEALTH = {1: 0.985222, 10: 0.861667, 30: 0.639762, 31: 0.631615, 75: 0.359354, 76: 0.35555}


@pytest.mark.parametrize(("name", "table"), [("green-book-2026", STANDARD), ("green-book-2026-health", HEALTH)])
def test_green_book_factors_are_those_of_its_table(name, table):
    """The rate falls after years 30 and 75, and every factor is right to six digits."""
    found = discount_factors(name, list(table)).round(6)
    assert dict(zip(table, found.tolist(), strict=True)) == table


def test_a_constant_rate_compounds():
    """3 % for two years is 1 / 1.03 squared."""
    assert discount_factors(0.03, [2])[0] == pytest.approx(1.03**-2)
    assert discount_factors(0.0, np.arange(5)).tolist() == [1.0] * 5


def test_a_rate_in_percent_is_refused():
    """3.5 would halve the money each half year; what was meant is 0.035."""
    with pytest.raises(CostError, match=r"a share such as 0\.035"):
        discount_factors(3.5, [1])


def test_an_unknown_schedule_names_the_nearest():
    """The message says what there is."""
    with pytest.raises(CostError, match="did you mean 'green-book-2026'"):
        discount_factors("green-book-2025", [1])


def test_parts_of_years_and_years_before_the_start_are_refused():
    """A factor is for a whole year after the base year."""
    with pytest.raises(CostError, match="whole numbers of 0 or more"):
        discount_factors("green-book-2026", [0.5])
    with pytest.raises(CostError, match="whole numbers of 0 or more"):
        discount_factors("green-book-2026", [-1])
    with pytest.raises(CostError, match="whole numbers of 0 or more"):
        discount_factors("green-book-2026", [np.nan])


def test_every_shipped_schedule_says_where_it_is_from():
    """Editions are named, sourced and fall with time."""
    for name in discounting_schedules():
        schedule = Discounting.load(name)
        assert schedule.source
        rates = [rate for _, rate in schedule.steps]
        assert rates == sorted(rates, reverse=True)
