"""Bias, coverage and size of imputation and of the Poisson extended two-way model on simulated panels.

Three starts, an effect that differs by cohort and grows with time, sites of unequal size, gamma noise by cell, noise
that fades from period to period and a lasting shift of each site's own: what makes one change for all wrong, and
errors by cell too small. The truth is that of the means: the log of the ratio of expected sums.
"""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models.imputation import Imputation
from evalkit.models.poisson_etwfe import PoissonExtendedTwoWay

POISSON = PoissonExtendedTwoWay(event_study=False)
LINEAR = Imputation(event_study=False)
RUNS = 120
PERIODS = 12
# Log of the mean of the noise after the start: half the variances of the lasting shift and of the fading noise.
GROWN = (0.1**2 + 0.15**2 / (1 - 0.6**2)) / 2


def panels(sites, treated, *, mean=20.0, effect=True, dispersion=0.2):
    """Give a function from a random generator to a design, and its log ratio of sums, average log and total."""
    fixed = np.random.default_rng(99)
    starts = np.full(sites, PERIODS)
    starts[:treated] = 5 + 2 * (np.arange(treated) % 3)
    since = np.arange(PERIODS) - starts[:, None]
    change = np.where(since >= 0, -0.15 - 0.075 * (starts[:, None] - 5) - 0.06 * since, 0.0) * effect
    exposure = fixed.gamma(10, 0.1, (sites, 1)) * np.ones((1, PERIODS))
    without = mean * exposure * np.exp(fixed.normal(0, 0.4, (sites, 1)) + 0.3 * np.sin(np.arange(PERIODS)))
    names = tuple(f"s{row:03d}" for row in range(sites))
    intervention = Intervention(name="patrol", began={names[row]: str(starts[row] + 1) for row in range(treated)})

    def simulate(rng):
        noise = np.zeros((sites, PERIODS))
        for period in range(PERIODS):
            noise[:, period] = 0.6 * noise[:, period - 1] + rng.normal(0, 0.15, sites)
        shift = rng.normal(0, 0.1, (sites, 1)) * (np.arange(PERIODS) >= 6)
        cells = rng.gamma(1 / dispersion, dispersion, (sites, PERIODS))
        counts = rng.poisson(without * np.exp(change + noise + shift) * cells)
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=PERIODS),
            values=counts.astype(float),
            exposure=exposure,
        )
        return Design(panel=panel, intervention=intervention)

    after = since >= 0
    by_events = float(np.log((without * np.exp(change))[after].sum() / without[after].sum()))
    prevented = float((without * -np.expm1(change))[after].sum()) * np.exp(GROWN)
    return simulate, by_events, float(change[after].mean()), prevented


@pytest.mark.parametrize("mean", [0.5, 20.0])
def test_the_ratio_of_sums_is_found_and_covered(judge, mean):
    """With 20 of 40 sites treated at three dates and growing effects, rare events and frequent ones."""
    simulate, truth, _, _ = panels(40, 20, mean=mean)
    found = judge(POISSON, simulate, truth, RUNS, np.random.default_rng(61))
    assert found.is_unbiased(), found
    assert found.covers_at_least(), found


@pytest.mark.parametrize(("sites", "treated"), [(40, 8), (12, 6)])
def test_with_few_treated_sites_a_true_null_is_not_rejected_too_often(judge, sites, treated):
    """Two or three sites of unequal size in each cohort."""
    simulate, truth, _, _ = panels(sites, treated, effect=False)
    found = judge(POISSON, simulate, truth, RUNS, np.random.default_rng(63))
    assert found.is_unbiased(), found
    assert found.covers_at_least(), found


@pytest.mark.parametrize(("sites", "treated"), [(40, 20), (12, 6)])
def test_the_average_log_change_is_found_and_covered(judge, sites, treated):
    """Least squares on logs finds the average over site-periods."""
    simulate, _, truth, _ = panels(sites, treated, mean=500.0, dispersion=0.02)
    found = judge(LINEAR, simulate, truth, RUNS, np.random.default_rng(64))
    assert found.is_unbiased(), found
    assert found.covers(), found


@pytest.mark.parametrize(("estimator", "mean", "dispersion"), [(POISSON, 20.0, 0.2), (LINEAR, 500.0, 0.02)])
def test_the_interval_of_events_prevented_holds_their_expected_number(estimator, mean, dispersion):
    """The total over treated cells, by Poisson and by logs, but for the simulation's own chance."""
    simulate, _, _, prevented = panels(40, 20, mean=mean, dispersion=dispersion)
    held = []
    for rng in np.random.default_rng(65).spawn(RUNS):
        effect = estimator.estimate(simulate(rng), rng=rng, draws=200)
        lower, upper = np.quantile(effect.total_prevented, [0.025, 0.975], method="hazen")
        held.append(lower <= prevented <= upper)
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / RUNS)
