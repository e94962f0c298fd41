import dataclasses

import numpy as np
import pytest
from scipy.special import ndtri

from evalkit.domain import Outcome
from evalkit.planning.closed_form import TableChances, detectable_in_table
from evalkit.planning.expected import ExpectedTable

BURGLARY = Outcome(name="burglary", crime="burglary")
EVEN = ExpectedTable(outcome=BURGLARY, treated=(100.0, 100.0), comparison=(100.0, 100.0))


def test_the_smallest_detectable_effect_is_2_80_standard_errors():
    """Bloom 1995 (doi:10.1177/0193841X9501900504): 80 % power at a two-sided 5 % takes 2.80 standard errors."""
    chances = TableChances(expected=EVEN)
    found = detectable_in_table(chances, 0.8)
    assert -found.change / chances.error(found.change) == pytest.approx(2.80, abs=0.005)
    assert found.error == 0


@pytest.mark.parametrize(("mean", "published"), [(100, 36.2), (20, 16.2)])
def test_the_reach_of_a_difference_is_that_of_the_published_sizing(mean, published):
    """Wheeler and Ratcliffe 2018: z sqrt(8 x mean) at a one-sided 10 %, eight counts; four counts of twice the mean.

    That is the change found half the time, at the variance under no effect: found here where the true fall leaves
    the variance as it was, which it does to the first order as the counts grow.
    """
    many = 1e6
    scaled = ExpectedTable(outcome=BURGLARY, treated=(2 * mean * many,) * 2, comparison=(2 * mean * many,) * 2)
    found = detectable_in_table(TableChances(expected=scaled, alpha=0.2, measure="difference"), 0.5)
    prevented = -np.expm1(found.change) * 2 * mean * many
    assert prevented / np.sqrt(many) == pytest.approx(published, abs=0.06)


def test_a_difference_solves_its_own_quadratic():
    """R = z sqrt(4 x mean - R): the fall itself leaves fewer events to vary."""
    z = ndtri(0.975)
    found = detectable_in_table(TableChances(expected=EVEN, measure="difference"), 0.5)
    assert -100 * np.expm1(found.change) == pytest.approx((-(z**2) + np.sqrt(z**4 + 4 * z**2 * 400)) / 2, rel=1e-6)


@pytest.mark.parametrize("dispersion", [1.0, 3.0])
def test_power_is_what_simulated_tables_show(dispersion):
    """Overdispersed counts, tested by the log rate ratio with the dispersion known."""
    rng = np.random.default_rng(5)
    expected = dataclasses.replace(EVEN, treated=(400.0, 400.0), comparison=(300.0, 300.0), dispersion=dispersion)
    change = -0.25 * np.sqrt(dispersion)
    means = np.array([400, 400 * np.exp(change), 300, 300])
    rates = means if dispersion == 1 else rng.gamma(means / (dispersion - 1), dispersion - 1, (40_000, 4))
    counts = rng.poisson(rates, (40_000, 4))
    logs = np.log(counts) @ np.array([-1, 1, 1, -1])
    z = logs / np.sqrt(dispersion * (1 / counts).sum(axis=1))
    chances = TableChances(expected=expected)
    assert np.mean(z < ndtri(0.025)) == pytest.approx(chances.prevents(np.array(change)), abs=0.01)
    assert np.std(logs) == pytest.approx(chances.error(change), rel=0.02)


def test_a_shift_of_its_own_does_not_go_away_with_more_events():
    """However many events: two areas that each drift by a tenth find nothing below 2.8 x 0.1 x sqrt(2)."""
    huge = ExpectedTable(outcome=BURGLARY, treated=(1e12, 1e12), comparison=(1e12, 1e12), site_shift=0.1)
    found = detectable_in_table(TableChances(expected=huge), 0.8)
    assert found.change == pytest.approx(-(ndtri(0.975) + ndtri(0.8)) * 0.1 * np.sqrt(2), rel=1e-6)
    many = dataclasses.replace(huge, areas=(100, 100))
    assert detectable_in_table(TableChances(expected=many), 0.8).change == pytest.approx(found.change / 10, rel=1e-6)


def test_a_rate_ratio_knows_nothing_of_lengths_and_sizes():
    """They cancel from the ratio; of a difference they do not."""
    longer = dataclasses.replace(EVEN, lengths=(1.0, 2.0), sizes=3.0)
    change = np.linspace(-1, 1, 5)
    for measure, same in (("ratio", True), ("difference", False)):
        one, other = (TableChances(expected=each, measure=measure).prevents(change) for each in (EVEN, longer))
        assert np.allclose(one, other) is same


def test_harm_and_prevention_are_told_apart():
    """Under no effect either is concluded in half of alpha; under a rise, harm."""
    chances = TableChances(expected=EVEN)
    assert chances.prevents(np.zeros(1)) + chances.harms(np.zeros(1)) == pytest.approx(0.05)
    assert chances.harms(np.array([1.0]))[0] > 0.99
    assert chances.prevents(np.array([1.0]))[0] < 1e-6


def test_among_too_few_events_no_fall_is_found():
    """A number that does not exist is None with a reason."""
    few = dataclasses.replace(EVEN, treated=(2.0, 2.0), comparison=(2.0, 2.0))
    found = detectable_in_table(TableChances(expected=few), 0.8)
    assert (found.change, found.percent) == (None, None)
    assert "no fall, however large" in found.reason
