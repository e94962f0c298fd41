"""Sums over outcomes of the same sites: joint draws cover, independent intervals do not.

Two crime types share a lasting shift of each site's own at the start (correlation +.95 or -.95), on top of
independent chance. The measure does nothing, so that the truth of every sum is 0. Recorded, 1,000 panels of 40 sites,
20 treated, by 8 periods, nominal 95 % (a standard error of .007):

| shifts go | joint draws cover | independent draws cover | as theory has it |
| --- | --- | --- | --- |
| together | .958 | .843 | .843 |
| apart | .949 | 1.000 | 1.000 |
"""

import numpy as np
import pytest
from scipy import stats

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.draws import interval
from evalkit.models.did_ols import LinearDifferenceInDifferences
from evalkit.study import _coupled

SITES, TREATED, PERIODS, START = 40, 20, 8, 4
NAMES = tuple(f"s{row:02d}" for row in range(SITES))
OLS = LinearDifferenceInDifferences(event_study=False)
OUTCOMES = ("theft", "damage")
SHIFT, NOISE = 8.0, 2.0


def simulate(correlation, rng):
    """Give the design of both outcomes; their lasting shifts by site have that correlation."""
    covariance = SHIFT**2 * np.array([[1, correlation], [correlation, 1]])
    shift = rng.multivariate_normal([0, 0], covariance, SITES)
    post = np.arange(PERIODS) >= START
    began = Intervention(name="patrol", began=dict.fromkeys(NAMES[:TREATED], str(START + 1)))
    return {
        name: Design(
            intervention=began,
            panel=Panel(
                outcome=Outcome(name=name),
                sites=NAMES,
                periods=Periods(frequency="number", first=1, count=PERIODS),
                values=np.clip(
                    np.round(100 + shift[:, [place]] * post + rng.normal(0, NOISE, (SITES, PERIODS))), 0, None
                ),
            ),
        )
        for place, name in enumerate(OUTCOMES)
    }


def estimate(designs, rng, draws=1000):
    """Give what was prevented of each outcome, rows as a study couples them, shape (draws, outcomes).

    A whole study would look its estimators up anew for each of the panels, which takes longer than all the rest.
    """
    effects = {name: {"did-ols": OLS.estimate(design, rng=rng, draws=draws)} for name, design in designs.items()}
    found, warnings = _coupled(effects, designs, rng)
    assert warnings == ()
    return np.column_stack([found[name]["did-ols"].total_prevented for name in OUTCOMES])


def coverage(correlation, panels):
    """Give the share of panels in which joint and independent draws of the sum cover 0."""
    rng = np.random.default_rng(88)
    hits = np.zeros(2)
    for _ in range(panels):
        joint = estimate(simulate(correlation, rng), rng)
        apart = np.column_stack([rng.permutation(column) for column in joint.T])
        hits += [not interval(draws.sum(axis=1)).excludes(0) for draws in (joint, apart)]
    return hits / panels


def bootstrapped(designs, draws, rng):
    """Estimate both outcomes on the same resampled sites, by means alone: treated change less comparison change."""
    values = np.array([designs[name].panel.values for name in OUTCOMES])
    change = values[:, :, START:].mean(axis=2) - values[:, :, :START].mean(axis=2)
    treated = rng.integers(0, TREATED, (draws, TREATED))
    others = rng.integers(TREATED, SITES, (draws, SITES - TREATED))
    return (change[:, treated].mean(axis=2) - change[:, others].mean(axis=2)).T


def covered_apart(correlation):
    """Give the share of sums that an interval covers which takes two correlated changes for independent ones."""
    halves = PERIODS - START
    of_changes = correlation * SHIFT**2 / (SHIFT**2 + NOISE**2 * 2 / halves)
    return float(2 * stats.norm.cdf(stats.norm.ppf(0.975) / np.sqrt(1 + of_changes)) - 1)


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.95, -0.95])
def test_joint_draws_of_a_sum_cover_and_independent_ones_do_not(correlation):
    """Pitfall 4: cross-type covariance kept; summing independent intervals is wrong."""
    panels, nominal, naive = 250, 0.95, covered_apart(correlation)
    joint, apart = coverage(correlation, panels)
    assert joint == pytest.approx(nominal, abs=3 * np.sqrt(nominal * (1 - nominal) / panels))
    # .84 where crimes go together, and all of them (far too wide) where they go apart
    assert apart == pytest.approx(naive, abs=3 * np.sqrt(naive * (1 - naive) / panels) + 1e-9)
    assert abs(apart - nominal) > abs(joint - nominal)


@pytest.mark.parametrize("correlation", [0.8, 0.0, -0.8])
def test_joint_draws_correlate_as_a_bootstrap_by_site_does(correlation):
    """Stacked influences of sites give the correlation that resampling whole sites gives, and the same variances."""
    rng = np.random.default_rng(5)
    for _ in range(3):
        designs = simulate(correlation, rng)
        joint = estimate(designs, rng, draws=4000)
        again = bootstrapped(designs, 4000, rng)
        found, wanted = (np.corrcoef(draws, rowvar=False)[0, 1] for draws in (joint, again))
        # a correlation of 4,000 bootstrap replicates has a standard error of at most .016
        assert found == pytest.approx(wanted, abs=0.05)
        sums = [draws.sum(axis=1).std() for draws in (joint, again * TREATED * (PERIODS - START))]
        # resampling 20 sites of a kind leaves out a factor of 19/20 of the variance; t draws are a little wider
        assert sums[0] == pytest.approx(sums[1], rel=0.1)
