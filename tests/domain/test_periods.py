"""Periods are told apart by their form, and never guessed."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.domain import Periods
from evalkit.errors import DataError


@pytest.mark.parametrize(
    ("values", "frequency", "labels"),
    [
        ([2000, 2002], "year", ("2000", "2001", "2002")),
        (["2006.0", "2007.0"], "year", ("2006", "2007")),
        (["2012Q3", "2013-Q1"], "quarter", ("2012Q3", "2012Q4", "2013Q1")),
        (["2012-11", "2013-01"], "month", ("2012-11", "2012-12", "2013-01")),
        (["2020-W52", "2021-W01"], "week", ("2020-W52", "2020-W53", "2021-W01")),
        (["2024-02-28", "2024-03-01"], "date", ("2024-02-28", "2024-02-29", "2024-03-01")),
    ],
)
def test_the_form_says_the_length(values, frequency, labels):
    """Periods between the first and the last are all there, in order."""
    periods = Periods.spanning(values)
    assert (periods.frequency, periods.labels) == (frequency, labels)
    assert [periods.place(label) for label in labels] == list(range(len(labels)))


def test_a_named_length_takes_longer_forms():
    """Dates are cut down to the month when months were asked for."""
    assert Periods.spanning(["2024-01-01", "2024-02-01"], "month").labels == ("2024-01", "2024-02")
    assert Periods.spanning(["202401", "202402"], "month").labels == ("2024-01", "2024-02")
    assert Periods.spanning(["1", "16"], "number").count == 16


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["2012", "2012-05"], "periods of several lengths"),
        (["1", "2"], "say frequency = 'number'"),
        (["201201", "201202"], "say frequency = 'month'"),
        (["2024-01-01", "2024-02-01", "2024-03-01"], "'quarter' or 'month'"),
        (["2023-01-01", "2024-01-01"], "'year' or 'month'"),
        (["2024-01-01", "2024-01-08", "2024-01-15"], "'week'"),
        (["2019-04-31", "2019-04-30"], "not a date that exists"),
        (["2023-W53"], "2023 has 52 weeks"),
        (["spring"], "cannot tell what period 'spring' is"),
        ([], "there is no period"),
    ],
)
def test_what_could_be_read_in_two_ways_is_asked_for(values, says):
    """No silent guess: the message says what to write."""
    with pytest.raises(DataError, match=says):
        Periods.spanning(values)


def test_an_unknown_length_names_the_nearest():
    """A slip of the pen is recognised."""
    with pytest.raises(DataError, match="did you mean 'month'"):
        Periods.spanning(["2012-01"], "monthly")


def test_seasons_repeat_every_year():
    """Quarters and months have a place in the year; years and weeks do not."""
    assert Periods.spanning(["2012Q3", "2013Q3"]).seasons == (2, 3, 0, 1, 2)
    assert Periods.spanning([2012, 2013]).seasons is None


@given(st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31)))
def test_labels_read_back_as_themselves(day):
    """Writing a period and reading it again changes nothing, also for weeks over the turn of the year."""
    for frequency in ("year", "quarter", "month", "week", "date"):
        periods = Periods.spanning([day.isoformat()], frequency)
        assert Periods.spanning(periods.labels, frequency) == periods
