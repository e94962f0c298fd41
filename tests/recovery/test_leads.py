"""Size and power of the test of the periods before the start, with few and with many of them.

Tolerances are three Monte-Carlo standard errors, computed from the number of runs.
"""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models._inference.cluster import infer
from evalkit.models._regression.event_study import event_columns, event_times, leads_test
from evalkit.models._regression.poisson import fit_poisson
from evalkit.models._regression.sample import select
from evalkit.models.did_ols import LinearDifferenceInDifferences
from evalkit.models.did_poisson import PoissonDifferenceInDifferences


def panels(sites, treated, *, periods, start, mean, slope=0.0, shift=0.0):
    """Give a function from a random generator to a design whose treated sites drift by `slope` a period."""
    names = tuple(f"s{row:03d}" for row in range(sites))
    intervention = Intervention(name="patrol", began=dict.fromkeys(names[:treated], str(start + 1)))
    drift = slope * (np.arange(sites) < treated)[:, None] * (np.arange(periods) - start)

    def simulate(rng):
        level = rng.normal(0, 0.4, (sites, 1)) + 0.3 * np.sin(np.arange(periods))
        lasting = rng.normal(0, shift, (sites, 1)) * (np.arange(periods) >= start)
        noise = rng.normal(0, 0.15, (sites, periods))
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=periods),
            values=rng.poisson(mean * np.exp(level + noise + lasting + drift)).astype(float),
        )
        return Design(panel=panel, intervention=intervention)

    return simulate


@pytest.mark.parametrize(
    ("estimator", "mean", "shape", "runs"),
    [
        (PoissonDifferenceInDifferences(), 30.0, (40, 20, 30, 20), 40),
        (PoissonDifferenceInDifferences(), 30.0, (100, 50, 36, 24), 15),
        (LinearDifferenceInDifferences(), 400.0, (40, 20, 30, 20), 60),
        (LinearDifferenceInDifferences(errors="CR1"), 400.0, (50, 20, 24, 16), 60),
        (LinearDifferenceInDifferences(), 400.0, (110, 55, 48, 36), 6),
    ],
    ids=["did-poisson 20 of 40", "did-poisson 50 of 100, CR1", "did-ols 20 of 40", "did-ols CR1", "did-ols 55 of 110"],
)
def test_many_leads_reject_no_more_true_nulls_than_stated(estimator, mean, shape, runs):
    """With 15 to 35 leads, also where the estimate's own errors are CR1, at most 5 % of true nulls fail the check.

    The Wald test that stood here rejected 45 to 75 % of them.
    """
    sites, treated, periods, start = shape
    simulate = panels(sites, treated, periods=periods, start=start, mean=mean, shift=0.15)
    rejected = []
    for rng in np.random.default_rng(61).spawn(runs):
        check = estimator.estimate(simulate(rng), rng=rng, draws=50).checks[0]
        assert check.name == "leads"
        rejected.append(check.passed is False)
    assert np.mean(rejected) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize(("sites", "treated", "leads"), [(40, 20, 5), (12, 6, 5), (6, 3, 5)])
def test_few_leads_keep_their_size(sites, treated, leads):
    """With few sites the test of the leads, or of their one trend, is not too quick to reject either."""
    simulate, runs = panels(sites, treated, periods=leads + 3, start=leads, mean=30.0, shift=0.15), 100
    found = [_test(simulate(rng), sites, treated, 0.1) for rng in np.random.default_rng(62).spawn(runs)]
    assert np.mean([test.p_value < 0.05 for test in found]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize(("sites", "treated", "slope"), [(16, 6, 0.05), (10, 5, 0.08), (40, 3, 0.06)])
def test_stated_power_is_the_simulated_one(sites, treated, slope):
    """The chance to notice a trend, as stated with that trend in mind, is the share of panels that notice it.

    It was stated as .26, .44 and .39 for the first three, where .11, .25 and .17 was true.
    """
    runs = 120
    simulate = panels(sites, treated, periods=8, start=5, mean=200.0, slope=slope)
    found = [_test(simulate(rng), sites, treated, slope) for rng in np.random.default_rng(63).spawn(runs)]
    stated = np.mean([test.power for test in found])
    seen = np.mean([test.p_value < 0.05 for test in found])
    assert abs(stated - seen) <= 3 * np.sqrt(seen * (1 - seen) / runs) + 0.02, (stated, seen)


def _test(design, sites, treated, slope):
    sample = select(design, "did-poisson", None, need_events=True)
    times = event_times(sample, None, None)
    columns, names = event_columns(sample, times)
    fit = fit_poisson(sample.values, sample.exposure, columns, sample.weights, names)
    inference = infer(fit, "auto", "nested", treated=treated, comparison=sites - treated)
    return leads_test(fit, inference, sample, times, slope)
