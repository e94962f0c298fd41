"""Bias, coverage and size of the interrupted time series, with noise that goes together in time.

Months of Poisson counts around a rate with a trend, a season and AR(1) noise (sd .2), 48 before and 24 after the
start. Tolerances are three Monte-Carlo standard errors, computed from the number of runs by the judge.
"""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models.interrupted_time_series import InterruptedTimeSeries

SEGMENTED = InterruptedTimeSeries(placebo=False)


def months(mean, memory, *, effect=0.0, slope=0.0, before=48, after=24):
    """Give a function from a random generator to a design with that change from the start on."""
    time = np.arange(before + after) - before
    periods = Periods(frequency="month", first=2015 * 12, count=len(time))
    intervention = Intervention(name="patrol", began={"centre": periods.labels[before]})

    def simulate(rng):
        noise = rng.normal(0, 0.2, len(time))
        for at in range(1, len(time)):
            noise[at] = memory * noise[at - 1] + np.sqrt(1 - memory**2) * noise[at]
        change = (time >= 0) * (effect + slope * time)
        rates = mean * np.exp(0.005 * time + 0.25 * np.cos(time * np.pi / 6) + noise - 0.02 + change)
        values = rng.poisson(rates).astype(float)[None]
        panel = Panel(outcome=Outcome(name="theft"), sites=("centre",), periods=periods, values=values)
        return Design(panel=panel, intervention=intervention)

    return simulate


@pytest.mark.parametrize(("mean", "memory"), [(100, 0.6), (20, 0.3), (5, 0.0)])
def test_true_nulls_are_kept_whatever_the_memory_of_the_noise(judge, mean, memory):
    """Averaging over the memory of the noise keeps the size, from 5 to 100 events a month."""
    found = judge(SEGMENTED, months(mean, memory), 0.0, 25, np.random.default_rng(61))
    assert found.is_unbiased(), found
    assert found.covers_at_least(), found


def test_a_change_is_found_and_covered(judge):
    """A fall of 26 % is recovered without bias."""
    found = judge(SEGMENTED, months(30, 0.3, effect=-0.3), -0.3, 25, np.random.default_rng(62))
    assert found.is_unbiased(), found
    assert found.covers_at_least(), found


@pytest.mark.parametrize("errors", ["independent", "newey-west"])
def test_errors_that_papers_report_are_too_sure(judge, errors):
    """Where noise goes together in time they reject true nulls two to six times as often as they say."""
    estimator = InterruptedTimeSeries(errors=errors, placebo=False)
    found = judge(estimator, months(100, 0.6), 0.0, 100, np.random.default_rng(63))
    assert found.rejected > 0.1, found


def test_the_state_space_covers_too(judge):
    """Carrying the past on holds no change where there was none."""
    estimator = InterruptedTimeSeries(method="state-space", placebo=False)
    found = judge(estimator, months(100, 0.3), 0.0, 25, np.random.default_rng(64))
    assert found.is_unbiased(), found
    assert found.covers_at_least(), found
