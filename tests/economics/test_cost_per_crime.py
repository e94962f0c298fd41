import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.draws import spread
from evalkit.economics import (
    CostPerCrimePrevented,
    Quadrants,
    acceptable_value,
    expected_value_of_perfect_information,
    fieller,
)
from evalkit.errors import CostError

# Two independent normals as draws have a sampling error in their joint, though none in their margins:
# with 400,000 draws the quantiles of the ratio stay within 1 % of the closed form.
MANY = 400_000
WITHIN = 0.01


def joint(mean, sd, draws=MANY):
    """Give draws of crimes prevented and of a cost of 100,000 (10,000), independent."""
    rng = np.random.default_rng(7)
    return (
        spread(stats.norm(mean, sd), draws, rng),
        spread(stats.norm(100_000, 10_000), draws, rng),
    )


@pytest.mark.parametrize(
    ("prevented", "kind", "lower", "upper"),
    [
        ((20, 5), "interval", 3165.349351055731, 9994.124112119587),
        ((20, 8), "interval", 2680.9443173951277, 23268.37327659016),
        ((10, 8), "exclusive", -17483.32317640447, 3770.9209529707546),
    ],
)
def test_fieller_limits_are_those_of_the_closed_form(prevented, kind, lower, upper):
    """The three cases of knowledge/economics.md, section 4: cost 100,000 (10,000), no correlation."""
    found = fieller((100_000, 10_000), prevented)
    assert (found.kind, found.lower, found.upper) == (
        kind,
        pytest.approx(lower, rel=1e-12),
        pytest.approx(upper, rel=1e-12),
    )


def test_fieller_has_no_limits_where_neither_cost_nor_effect_is_certain():
    """Where both means are within the noise, nothing is excluded and no number is invented."""
    found = fieller((100, 1000), (1, 10))
    assert (found.kind, found.lower, found.upper) == ("whole line", None, None)


@pytest.mark.parametrize(
    ("probability", "value"),
    [
        (0.025, 2680.9443173951267),
        (0.05, 2913.8798491759326),
        (0.5, 5000.0),
        (0.8, 7589.374036748456),
        (0.95, 14719.288787695945),
        (0.975, 23268.373276590148),
    ],
)
def test_acceptable_values_of_a_clear_effect_are_the_closed_form(probability, value):
    """20 crimes prevented (8): the value at which P(value x N > C) = p; .025 and .975 are Fieller's."""
    assert acceptable_value(*joint(20, 8), probability) == pytest.approx(value, rel=WITHIN)


@pytest.mark.parametrize(
    ("probability", "value"),
    [(0.025, 3770.920952970754), (0.5, 10000.0), (0.8, 30661.328691662595)],
)
def test_acceptable_values_of_an_unclear_effect_are_the_closed_form(probability, value):
    """10 crimes prevented (8): the lower end is the one end that the exclusive Fieller set has."""
    assert acceptable_value(*joint(10, 8), probability) == pytest.approx(value, rel=WITHIN)


def test_no_price_is_certain_enough_where_prevention_itself_is_not():
    """10 prevented (8): P(N > 0) is .894, so no value per crime pays with probability .95."""
    found = CostPerCrimePrevented.of(*joint(10, 8))
    assert found.acceptable_at[0.95] is None
    assert found.upper is None
    assert found.prob_prevents == pytest.approx(stats.norm.cdf(10 / 8), abs=1e-5)


@given(
    st.lists(st.tuples(st.integers(-20, 20), st.integers(-50, 50)), min_size=1, max_size=30),
    st.sampled_from([0.025, 0.1, 0.5, 0.8, 0.95]),
)
def test_acceptable_value_is_what_trying_every_value_finds(pairs, probability):
    """The walk along the turning points agrees with a slow search over a fine grid of values."""
    events, money = np.array(pairs, float).T
    found = acceptable_value(events, money, probability)
    turns = [c / n for n, c in pairs if n]
    tried = sorted({0.0, *(t + 1e-7 for t in turns if t >= 0)})
    enough = [v for v in tried if np.mean(v * events - money > 0) >= probability - 1e-12]
    if found is None:
        assert not enough
    else:
        assert found == pytest.approx(enough[0], abs=1e-6)
        assert found >= 0


def test_estimate_is_the_ratio_of_means_and_not_the_mean_of_ratios():
    """20 (8) for 100,000: the ratio of means is 5,000; the mean of ratios is 5,474 and drifts."""
    found = CostPerCrimePrevented.of(*joint(20, 8))
    assert found.estimate == pytest.approx(5000, rel=1e-4)
    assert not found.caution


def test_harm_is_never_a_cheap_price():
    """Where crime rose on average there is no cost for each, and the words that say so are there."""
    found = CostPerCrimePrevented.of(*joint(-10, 8))
    assert found.estimate is None
    assert found.reason == "on average no crime was prevented, so a cost for each does not exist"
    assert found.caution == "not shown to prevent crime"
    values = [found.lower, found.upper, *found.acceptable_at.values()]
    assert all(value is None or value >= 0 for value in values)


def test_a_measure_that_saves_money_has_no_price_for_each_crime():
    """A negative cost per crime would look like a bargain and like harm alike, so it is not given."""
    found = CostPerCrimePrevented.of(np.full(10, 5.0), np.full(10, -100.0))
    assert found.estimate is None
    assert "saves money" in found.reason
    assert found.acceptable_at == {0.5: 0.0, 0.8: 0.0, 0.95: 0.0}


@given(st.floats(0.1, 50), st.floats(0, 20), st.integers(0, 1000))
def test_doubling_costs_doubles_every_value(mean, sd, seed):
    """Cost per crime is in the money of the costs."""
    rng = np.random.default_rng(seed)
    events = rng.normal(mean, sd, 200)
    money = rng.gamma(4, 25, 200)
    once, twice = (CostPerCrimePrevented.of(events, factor * money) for factor in (1, 2))
    for name in ("estimate", "lower", "upper"):
        first, second = getattr(once, name), getattr(twice, name)
        assert second == (None if first is None else pytest.approx(2 * first))
    assert once.prob_prevents == twice.prob_prevents


def test_quadrants_name_all_four_corners():
    """Positive is prevented, and a saving is a negative cost; a quarter of the draws lies in each."""
    found = Quadrants.of(np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1]))
    assert (
        found.prevents_and_costs,
        found.prevents_and_saves,
        found.does_not_prevent_and_costs,
        found.does_not_prevent_and_saves,
    ) == (0.25, 0.25, 0.25, 0.25)


def test_net_benefit_of_normals_has_the_known_probability_and_value_of_information():
    """Closed form: 12,000 x N(20, 8) - N(100,000, 10,000) has P .926538 and EVPI 3,163.66."""
    events, money = joint(20, 8)
    net = 12_000 * events - money
    assert np.mean(net > 0) == pytest.approx(0.926538365468405, abs=0.001)
    one = spread(stats.norm(140_000, 96519.42809610923), MANY, np.random.default_rng(1))
    assert expected_value_of_perfect_information(one) == pytest.approx(3163.663770673856, rel=1e-4)
    assert np.mean(one > 0) == pytest.approx(0.926538365468405, abs=1e-5)


def test_knowing_more_is_worth_nothing_where_every_draw_decides_the_same():
    """Without a draw on the other side, no knowledge changes the decision."""
    assert expected_value_of_perfect_information(np.array([1.0, 2, 3])) == 0
    assert expected_value_of_perfect_information(np.array([-1.0, -2, -3])) == 0


def test_draws_that_do_not_belong_together_are_refused():
    """Rows are only read together."""
    with pytest.raises(CostError, match="have the same draws"):
        CostPerCrimePrevented.of(np.ones(3), np.ones(4))
    with pytest.raises(CostError, match="not finite"):
        CostPerCrimePrevented.of(np.array([np.nan]), np.ones(1))
