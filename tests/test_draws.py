"""Draws come back as the distributions they were made from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.draws import Quantity, couple, interval, settled_mean, spread, spread_jointly, spread_parts
from evalkit.errors import DomainError


@pytest.mark.parametrize("distribution", [stats.norm(-118, 39.6), stats.t(7.1, loc=0.0755, scale=0.036)])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_an_interval_of_spread_draws_is_the_classical_one(distribution, level):
    """Laying a distribution over its mid-quantiles keeps its limits, whatever the seed."""
    ends = interval(spread(distribution, 4000, np.random.default_rng(3)), level)
    exact = distribution.ppf([(1 - level) / 2, (1 + level) / 2])
    # between two neighbouring mid-quantiles the quantile function bends by no more than this
    assert [ends.lower, ends.upper] == pytest.approx(exact, abs=5e-4 * distribution.std())


def test_joint_draws_give_every_reported_sum_its_own_interval():
    """Local, buffer and total are all spread exactly, and rows still add up."""
    mean, covariance = np.array([-107.0, -11.0]), np.array([[943.0, 626.0], [626.0, 961.0]])
    wanted = np.array([[1, 0], [0, 1], [1, 1]])
    drawn = spread_jointly(mean, covariance, wanted, 4000, np.random.default_rng(5))
    for row in wanted:
        exact = stats.norm(row @ mean, np.sqrt(row @ covariance @ row))
        ends = interval(drawn @ row)
        # the figure that the docstring states; the last combination is exact
        within = 1e-5 if row.all() else 3e-3
        assert [ends.lower, ends.upper] == pytest.approx(exact.ppf([0.025, 0.975]), abs=within * exact.std())


def test_joint_draws_allow_a_certain_part():
    """A component without variance stays where it is."""
    drawn = spread_jointly([2.0, 5.0], [[1.0, 0.0], [0.0, 0.0]], np.eye(2), 500, np.random.default_rng(5))
    assert np.allclose(drawn[:, 1], 5.0)


def test_coupling_keeps_margins_and_brings_the_wanted_correlation():
    """Only the order of rows changes (Iman and Conover 1982)."""
    rng = np.random.default_rng(11)
    samples = [spread(stats.norm(), 4000, rng), spread(stats.expon(), 4000, rng)]
    orders = couple(samples, [[1, 0.7], [0.7, 1]], rng)
    together = [sample[order] for sample, order in zip(samples, orders, strict=True)]
    assert all(np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(samples, together, strict=True))
    rank = stats.spearmanr(*together).statistic
    # of normal scores correlated 0.7: 6/pi arcsin(0.35)
    assert rank == pytest.approx(6 / np.pi * np.arcsin(0.35), abs=0.02)


@pytest.mark.parametrize(
    ("given_as", "shape", "mean"),
    [
        (100, "fixed", 100),
        ({"mean": 100, "sd": 20}, "lognormal", 100),
        ({"shape": "gamma", "mean": 9000, "sd": 2250}, "gamma", 9000),
        ({"shape": "normal", "mean": -5, "sd": 2}, "normal", -5),
        ({"low": 2, "high": 4}, "uniform", 3),
        ({"low": 1, "mode": 2, "high": 6}, "triangular", 3),
    ],
)
def test_a_quantity_is_read_as_its_parameters_say_and_has_the_mean_it_says(given_as, shape, mean):
    """`mean` and `sd` are those of the quantity itself, also for skewed shapes."""
    quantity = Quantity.of(given_as)
    drawn = quantity.draw(20000, np.random.default_rng(1))
    assert (quantity.shape, quantity.mean) == (shape, pytest.approx(mean))
    assert drawn.mean() == pytest.approx(mean, rel=2e-3)
    if "sd" in quantity.parameters:
        assert drawn.std() == pytest.approx(quantity.parameters["sd"], rel=0.01)


@pytest.mark.parametrize(
    ("given_as", "says"),
    [
        ("100", "an amount is a number or a distribution"),
        (True, "an amount is a number"),
        ({"mean": 1}, "a distribution is given as"),
        ({"mean": 1, "sd": -1}, "sd of a lognormal quantity is zero or more; there is -1"),
        ({"mean": -1, "sd": 1}, "mean of a lognormal quantity is above zero; there is -1"),
        ({"low": 3, "high": 1}, "needs low <= high"),
        ({"low": 1, "mode": 5, "high": 4}, "needs low <= mode <= high"),
        ({"shape": "lognormall", "mean": 1, "sd": 1}, "did you mean 'lognormal'"),
        ({"low": 1, "high": float("nan")}, "finite number"),
    ],
)
def test_a_quantity_that_makes_no_sense_is_refused(given_as, says):
    """The message says what was wanted and what there is."""
    with pytest.raises(DomainError, match=says.replace("(", r"\(")):
        Quantity.of(given_as)


@given(st.floats(0.01, 0.99), st.integers(2, 300))
def test_an_interval_lies_within_the_draws(level, size):
    """Whatever the level, no limit is invented beyond the draws."""
    drawn = np.linspace(-1, 1, size)
    ends = interval(drawn, level)
    assert -1 <= ends.lower <= ends.upper <= 1


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_0_to_1_is_refused(level):
    """95 is not a share."""
    with pytest.raises(DomainError, match="between 0 and 1"):
        interval([1.0, 2.0], level)


@pytest.mark.parametrize(
    ("drawn", "settled"),
    [
        (spread(stats.norm(5, 2), 4000, np.random.default_rng(1)), True),
        (spread(stats.lognorm(1.0), 4000, np.random.default_rng(1)), True),
        (np.exp(spread(stats.t(1.4, scale=0.8), 4000, np.random.default_rng(1))), False),
        (np.repeat([0.0, 1.0], [3200, 800]), True),
        (np.full(100, 7.0), True),
    ],
)
def test_a_mean_that_a_few_extreme_draws_decide_is_none(drawn, settled):
    """The exponential of a t distribution has no mean, whatever an average of draws says."""
    mean = settled_mean(drawn)
    assert (mean is not None) == settled
    assert mean is None or mean == pytest.approx(drawn.mean())


def test_parts_add_up_to_the_sum_that_was_given_and_keep_their_own_errors():
    """Rows add up exactly; each part's mean and covariance are those that were asked for."""
    rng = np.random.default_rng(5)
    root = rng.normal(size=(3, 3))
    covariance, mean, weights = root @ root.T, np.array([1.0, -2.0, 0.5]), np.array([0.5, 0.3, 0.2])
    headline = spread(stats.norm(weights @ mean, np.sqrt(weights @ covariance @ weights)), 200_000, rng)
    parts = spread_parts(headline, mean, covariance, weights, rng)
    assert parts @ weights == pytest.approx(headline, abs=1e-9)
    # 200,000 draws: four Monte-Carlo errors of a mean, and of a covariance
    assert np.abs(parts.mean(axis=0) - mean).max() < 4 * np.sqrt(covariance.diagonal().max() / 200_000)
    scale = np.outer(np.sqrt(covariance.diagonal()), np.sqrt(covariance.diagonal()))
    assert np.abs((np.cov(parts.T) - covariance) / scale).max() < 4 * np.sqrt(2 / 200_000)


def test_parts_of_a_sum_without_weights_are_refused():
    """Nothing tells how to share it out."""
    with pytest.raises(DomainError, match="at least one weight"):
        spread_parts(np.zeros(3), [0, 0], np.eye(2), [0, 0], np.random.default_rng(1))
