"""Weights by income, and the exponent at which an answer turns."""

import numpy as np
import pytest

from evalkit.economics import switching_exponent, welfare_weight
from evalkit.errors import CostError


def test_the_weight_of_the_green_book_comes_back():
    """The weight of 2.4 that the Green Book gives for incomes of 2015 goes with a ratio of incomes of 1.961."""
    assert welfare_weight(10_000, 19_609.665516220443) == pytest.approx(2.4, rel=1e-12)


@pytest.mark.parametrize("exponent", [0, 1, 1.3, 10])
def test_equal_incomes_weigh_one(exponent):
    """Whoever has the median income has weight 1, whatever the exponent."""
    assert welfare_weight(23_456, 23_456, exponent) == 1.0


def test_the_richer_weigh_less_than_one():
    """Twice the median income weighs 1 / 2^1.3."""
    assert welfare_weight(60_000, 30_000) == pytest.approx(2**-1.3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((0, 30_000), "income of a group is a number above zero"),
        ((-5, 30_000), "income of a group is a number above zero"),
        ((float("nan"), 30_000), "income of a group is a number above zero"),
        ((10_000, float("inf")), "median income is a number above zero"),
        ((True, 30_000), "income of a group"),
        ((10, 30_000), "same currency and unit"),
        ((10_000, 30_000, -1), "from 0"),
        ((10_000, 30_000, 1e12), "from 0"),
    ],
)
def test_absurd_incomes_and_exponents_are_refused(given, said):
    """What gives no weight is told, with what was wanted."""
    with pytest.raises(CostError, match=said):
        welfare_weight(*given)


def test_the_answer_turns_where_the_weighted_gain_is_nothing():
    """A gain of 1 at half of the median, a loss of 1.5 at the median: 2^e = 1.5."""
    found = switching_exponent(np.array([1.0, -1.5]), np.array([2.0, 1.0]))
    assert found.value == pytest.approx(np.log2(1.5), abs=1e-9)
    assert found.reason == ""


def test_the_first_of_two_turns_is_given():
    """Gains, then loses, then gains: the exponent nearest to the unweighted figure is told."""
    # with x = 2^e: (x - 2)(x - 8) = x^2 - 10 x + 16
    found = switching_exponent(np.array([1.0, -10.0, 16.0]), np.array([4.0, 2.0, 1.0]))
    assert found.value == pytest.approx(1.0, abs=1e-9)


def test_what_no_group_was_given_keeps_weight_one():
    """Money of nobody in particular stands beside the weighted sum: 2^e - 3 = 0."""
    found = switching_exponent(np.array([1.0]), np.array([2.0]), unweighted=-3.0)
    assert found.value == pytest.approx(np.log2(3.0), abs=1e-9)


@pytest.mark.parametrize(
    ("net", "ratios", "said"),
    [
        ([5.0, 1.0], [2.0, 0.5], "stays a gain"),
        ([-5.0, -1.0], [2.0, 0.5], "stays a loss"),
        ([5.0, -1.0], [1.0, 1.0], "every group has the median income"),
        ([1.0, -1.0], [2.0, 0.5], "nothing is left"),
    ],
)
def test_where_no_exponent_turns_it_the_reason_is_told(net, ratios, said):
    """A number that does not exist is None with a reason."""
    found = switching_exponent(np.array(net), np.array(ratios))
    assert found.value is None
    assert said in found.reason
