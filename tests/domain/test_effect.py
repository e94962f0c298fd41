"""Every number of an effect is read from its draws."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evalkit.domain import Displacement, Dynamics, Effect, Outcome
from evalkit.draws import spread
from evalkit.errors import DomainError


def effect(**more):
    """Give an effect of -20 % on 100 recorded events in two periods."""
    change = spread(stats.norm(np.log(0.8), 0.1), 4000, np.random.default_rng(2))
    recorded = np.array([60.0, 40.0])
    fields = {
        "outcome": Outcome(name="burglary", crime="burglary"),
        "estimator": "did-poisson",
        "scale": "log_rate_ratio",
        "change": change,
        "prevented": recorded * np.expm1(-change)[:, None],
        "periods": ("2004", "2005"),
        "recorded": recorded,
        "estimand": "the change",
        "assumption": "the same proportion",
    }
    return Effect(**fields | more)


def test_estimate_error_interval_and_p_value_are_those_of_the_distribution():
    """They come back from the draws to four digits and more."""
    made = effect()
    assert made.estimate == pytest.approx(np.log(0.8), abs=1e-9)
    assert made.std_error == pytest.approx(0.1, rel=1e-6)
    assert made.p_value == pytest.approx(2 * stats.norm.sf(-np.log(0.8) / 0.1), rel=1e-4)


def test_a_t_distribution_gives_its_scale_as_error_not_its_wider_deviation():
    """With 7.1 degrees of freedom the deviation of the draws is 18 % larger than the standard error."""
    change = spread(stats.t(7.1, loc=0.0755, scale=0.036), 4000, np.random.default_rng(2))
    made = effect(change=change, prevented=None, periods=(), recorded=None, degrees_of_freedom=7.1)
    assert made.std_error == pytest.approx(0.036, rel=1e-5)
    assert made.p_value == pytest.approx(2 * stats.t.sf(0.0755 / 0.036, 7.1), rel=1e-4)
    assert made.interval().upper == pytest.approx(0.0755 + 0.036 * stats.t.ppf(0.975, 7.1), abs=1e-5)


def test_a_posterior_has_no_p_value():
    """It has the probability of a reduction instead."""
    made = effect(basis="posterior")
    assert made.p_value is None
    assert made.prob_reduction > 0.98


def test_percent_and_totals_agree():
    """The ratio read from the change is the ratio of prevented to expected."""
    made = effect()
    difference = replace(made, scale="count_difference")
    assert difference.percent_draws == pytest.approx(made.percent_draws, rel=1e-9)


def test_a_percentage_of_nothing_does_not_exist():
    """Where what was expected may be zero or less there is none, rather than a number."""
    made = effect(scale="count_difference", prevented=np.full((4000, 2), -60.0))
    assert made.percent_draws is None


def test_displacement_is_netted_row_by_row():
    """What moved next door is taken off in the draw in which it moved."""
    made = effect()
    moved = Displacement(change=made.change, prevented=-made.prevented)
    assert np.allclose(replace(made, displacement=moved).net_prevented, 0)


def test_reordering_moves_whole_rows():
    """Margins stay; change, events and displacement stay together."""
    made = effect()
    order = np.random.default_rng(1).permutation(made.draws)
    moved = replace(made, displacement=Displacement(change=made.change, prevented=made.prevented)).reorder(order)
    assert np.array_equal(moved.prevented, made.prevented[order])
    assert np.array_equal(moved.displacement.change, moved.change)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"scale": "percent"}, "no scale 'percent'"),
        ({"change": np.array([1.0, np.nan])}, "1 of 2 draws of change"),
        ({"prevented": np.ones((4000, 3))}, r"has shape \(4000, 2\); there is \(4000, 3\)"),
        (
            {"outcome": Outcome(name="felt safe", kind="proportion", good="more")},
            "not a count of events: nothing of it can be prevented",
        ),
        ({"change": np.empty(0)}, "at least one draw"),
        ({"basis": "guess"}, "no basis 'guess'"),
        ({"degrees_of_freedom": -1.0}, "degrees of freedom .* above zero; there is -1"),
        ({"test_p_value": 7.0}, "between 0 and 1; there is 7"),
        ({"recorded": np.ones(3)}, r"recorded of an effect .* has shape \(2,\); there is \(3,\)"),
        ({"influence": np.array([np.nan])}, "influence .* not finite"),
        (
            {"displacement": Displacement(change=np.ones(5), prevented=None)},
            "displacement .* has 5 draws; its change has 4000",
        ),
    ],
)
def test_an_effect_that_contradicts_itself_is_refused(more, says):
    """A survey answer never becomes crimes prevented; draws are finite and of one length."""
    with pytest.raises(DomainError, match=says):
        effect(**more)


def test_the_draws_of_an_effect_cannot_be_changed():
    """Its numbers are read from them more than once."""
    made = effect()
    with pytest.raises(ValueError, match="read-only"):
        made.change[0] = 9


def test_a_band_holds_the_whole_course_as_often_as_it_says():
    """Of independent normals it is that of Sidak; of one number repeated, that of the number."""
    rng = np.random.default_rng(4)
    free = Dynamics(times=(0, 1, 2, 3), draws=rng.normal(size=(100_000, 4)))
    lower, upper = free.band(0.95)
    sidak = stats.norm.ppf((1 + 0.95**0.25) / 2)
    # four Monte-Carlo errors of a quantile that far out
    assert np.abs(np.concatenate([-lower, upper]) - sidak).max() < 0.06
    assert ((free.draws >= lower) & (free.draws <= upper)).all(axis=1).mean() == pytest.approx(0.95, abs=0.001)
    same = Dynamics(times=(0, 1), draws=np.repeat(rng.normal(size=(10_000, 1)), 2, axis=1))
    assert same.band(0.9)[1] == pytest.approx(np.quantile(same.draws, 0.95, axis=0, method="hazen"), abs=1e-6)
