"""Several estimates of one effect agree, or part in size or in sign."""

import numpy as np
import pytest
from scipy import stats

from evalkit.comparison import compare
from evalkit.domain import Effect, Outcome
from evalkit.draws import spread


def effect(middle, error, *, scale="log_rate_ratio"):
    """Give an effect of that size, without a number of events."""
    return Effect(
        outcome=Outcome(name="burglary", crime="burglary"),
        estimator="made",
        scale=scale,
        change=spread(stats.norm(middle, error), 1000, np.random.default_rng(1)),
        estimand="a change",
        assumption="none",
    )


@pytest.mark.parametrize(
    ("others", "agreement", "apart"),
    [
        ({"a": effect(-0.18, 0.05)}, "agree", ()),
        ({"a": effect(-0.6, 0.05), "b": effect(-0.2, 0.1)}, "size", ("a",)),
        ({"a": effect(-0.6, 0.4)}, "agree", ()),
        ({"a": effect(0.01, 0.2)}, "sign", ("a",)),
        ({"a": effect(0.3, 0.05), "b": effect(-0.6, 0.05)}, "sign", ("a",)),
    ],
)
def test_estimates_part_in_sign_or_in_size(others, agreement, apart):
    """Sign first; in size only where neither range holds the other's middle."""
    found = compare({"first": effect(-0.2, 0.05), **others}, 0.95)
    assert (found.agreement, found.apart, found.unit) == (agreement, apart, "percent")
    assert found.lowest.middle <= found.estimates[0].middle <= found.highest.middle


def test_two_noisy_estimates_on_both_sides_of_nothing_do_not_part():
    """Neither says anything about the sign, so nothing contradicts anything."""
    assert compare({"a": effect(-0.05, 0.2), "b": effect(0.05, 0.2)}, 0.95).agreement == "agree"


def test_what_has_no_percentage_is_compared_on_its_own_scale_or_left_out_by_name():
    """A percentage of a mean difference does not exist."""
    level = effect(-0.2, 0.05, scale="mean_difference")
    found = compare({"a": level, "b": effect(-0.3, 0.05, scale="mean_difference")}, 0.95)
    assert (found.unit, len(found.estimates)) == ("mean_difference", 2)
    found = compare({"a": effect(-0.2, 0.05), "b": effect(-0.3, 0.05), "c": level}, 0.95)
    assert found.left_out == ("c",)


def test_one_estimate_is_not_compared():
    """There is nothing to hold it against."""
    assert compare({"a": effect(-0.2, 0.05)}, 0.95) is None
    assert compare({"a": effect(-0.2, 0.05), "b": effect(1, 1, scale="mean_difference")}, 0.95) is None
