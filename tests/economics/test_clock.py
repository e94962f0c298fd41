import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.economics.clock import read_clock, year_shares
from evalkit.errors import CostError


def shares(labels, years=None, **options):
    """Give the clock of one effect, and the shares of its periods by year."""
    clock = read_clock({"x": labels}, options.get("period_years"))
    return clock, year_shares(clock.spans["x"], years or clock.years)


def test_calendar_years_are_years_of_the_measure():
    """The first treated year is year 1, whatever its number."""
    clock, found = shares(("2007", "2008", "2009"))
    assert (clock.window, clock.years) == (3, 3)
    assert found.tolist() == np.eye(3).tolist()


def test_the_thirteenth_month_is_year_two():
    """A year of the measure begins with its first treated month and not in January."""
    months = [f"{2012 + (6 + m) // 12}-{(6 + m) % 12 + 1:02d}" for m in range(13)]
    clock, found = shares(months)
    assert clock.years == 2
    assert found[:12, 0].tolist() == [1.0] * 12
    assert found[12].tolist() == [0.0, 1.0]


def test_quarters_weeks_and_days_find_their_year():
    """Four quarters are a year; a week over the end of a year is shared by its days."""
    assert shares(("2012Q3", "2012Q4", "2013Q1", "2013Q2", "2013Q3"))[1][:, 1].tolist() == [0, 0, 0, 0, 1]
    weeks = [f"2013-W{week:02d}" for week in range(1, 53)] + ["2014-W01"]
    share = shares(weeks)[1][52]
    assert share[0] == pytest.approx(1 / 7, abs=0.01)
    assert shares(("2012-02-29", "2013-03-01"))[1].tolist() == [[1, 0], [0, 1]]


def test_effects_that_start_in_different_years_share_one_clock():
    """The first treated period of all effects begins year 1."""
    clock = read_clock({"a": ("2009",), "b": ("2007", "2008")}, None)
    assert clock.spans["a"][0].start == 2
    assert clock.spans["b"][0].start == 0
    assert clock.years == 3


def test_one_period_without_a_date_is_the_first_year_and_that_is_an_assumption():
    """A table's "after" says nothing of its length."""
    clock, found = shares(("after",))
    assert clock.is_assumed
    assert found.tolist() == [[1.0]]
    clock, found = shares(("after",), period_years=2.5)
    assert not clock.is_assumed
    assert found[0] == pytest.approx([0.4, 0.4, 0.2])


def test_numbered_periods_need_a_length():
    """1, 2, 3 may be months or years."""
    with pytest.raises(CostError, match="say how long one is in years"):
        read_clock({"x": ("1", "2")}, None)
    clock = read_clock({"x": ("13", "14"), "y": ("14",)}, 0.5)
    assert clock.spans["y"][0].start == 0.5
    assert clock.window == 1


def test_periods_by_name_are_laid_end_to_end():
    """A length by label."""
    clock = read_clock({"x": ("early", "late")}, {"early": 0.5, "late": 1})
    assert [span.start for span in clock.spans["x"]] == [0, 0.5]
    with pytest.raises(CostError, match="no length for the period 'late'"):
        read_clock({"x": ("early", "late")}, {"early": 0.5})


def test_periods_with_and_without_a_date_share_no_clock():
    """Nobody knows where "after" lies beside 2007."""
    with pytest.raises(CostError, match="share no clock"):
        read_clock({"a": ("2007",), "b": ("after",)}, None)
    with pytest.raises(CostError, match="know their own length"):
        read_clock({"a": ("2007",)}, 2)


@given(st.lists(st.floats(0.01, 3), min_size=1, max_size=8))
def test_nothing_is_lost_between_years(lengths):
    """The shares of a period add up to 1, however it lies."""
    clock = read_clock({"x": [f"p{n}" for n in range(len(lengths))]}, {f"p{n}": v for n, v in enumerate(lengths)})
    assert year_shares(clock.spans["x"], clock.years).sum(axis=1) == pytest.approx(1)
