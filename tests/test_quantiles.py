"""Quantiles are those of numpy to the last bit."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.draws import interval, middle_and_interval
from evalkit.errors import DomainError
from evalkit.quantiles import quantiles

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=5)


@given(st.lists(st.floats(), min_size=1, max_size=40), SHARES)
def test_they_are_what_numpy_gives(draws, shares):
    """Whatever the draws are, infinite ones and missing ones too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy warns of what is infinite
        wanted = [*np.quantile(draws, shares, method="hazen"), np.median(draws)]
    if np.isfinite(draws).all() and np.abs(draws).max() > 1e307:  # the sum of two has no place in a float
        return
    assert np.array_equal(quantiles(draws, shares, median=True), wanted, equal_nan=True)
    assert np.array_equal(quantiles(draws, shares), wanted[:-1], equal_nan=True)


@pytest.mark.parametrize("order", ["C", "F"])
def test_draws_may_lie_in_any_shape(order):
    """A column of a table, and all of it."""
    drawn = np.asarray(np.random.default_rng(1).normal(size=(501, 4)), order=order)
    assert quantiles(drawn[:, 2], (0.025, 0.975)) == np.quantile(drawn[:, 2], [0.025, 0.975], method="hazen").tolist()
    assert quantiles(drawn, (0.1,), median=True) == [np.quantile(drawn, 0.1, method="hazen"), np.median(drawn)]


def test_the_draws_stay_as_they_were():
    """Reading orders a copy."""
    drawn = np.array([3.0, 1.0, 2.0])
    quantiles(drawn, (0.5,), median=True)
    assert drawn.tolist() == [3.0, 1.0, 2.0]


def test_the_middle_goes_with_the_interval():
    """One look at the draws gives what two would; a level is checked in both."""
    drawn = np.random.default_rng(2).lognormal(size=4000)
    assert middle_and_interval(drawn, 0.9) == (np.median(drawn), interval(drawn, 0.9))
    with pytest.raises(DomainError, match="between 0 and 1"):
        middle_and_interval(drawn, 95)
