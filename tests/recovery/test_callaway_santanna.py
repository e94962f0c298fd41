"""Bias, coverage and size of Callaway and Sant'Anna's estimator, where effects differ by cohort and grow.

Counts are Poisson around site and period levels, with noise by cell (sd .15) and a lasting shift of each
site's own from the first start on (sd .15). Tolerances are three Monte-Carlo standard errors.
"""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models.callaway_santanna import CallawaySantAnna
from evalkit.models.did_ols import LinearDifferenceInDifferences

PERIODS = 10
STARTS = np.array([4, 5, 7])
DEFAULT = CallawaySantAnna()


def panels(sites, treated, *, effect=True):
    """Give a function from a random generator to a design, and the mean change over treated cells."""
    starts = np.full(sites, PERIODS)
    starts[:treated] = STARTS[np.arange(treated) % len(STARTS)]
    since = np.arange(PERIODS) - starts[:, None]
    change = np.where(since >= 0, -0.1 - 0.05 * since - (starts[:, None] - 4) / 30, 0.0) * effect
    names = tuple(f"s{row:03d}" for row in range(sites))
    intervention = Intervention(name="patrol", began={names[row]: str(starts[row] + 1) for row in range(treated)})

    def simulate(rng):
        level = rng.normal(0, 0.5, (sites, 1)) + 0.3 * np.sin(np.arange(PERIODS))
        noise = rng.normal(0, 0.15, (sites, PERIODS)) + rng.normal(0, 0.15, (sites, 1)) * (np.arange(PERIODS) >= 4)
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=PERIODS),
            values=np.maximum(rng.poisson(400 * np.exp(level + noise + change)), 1).astype(float),
        )
        return Design(panel=panel, intervention=intervention)

    return simulate, float(change[since >= 0].mean())


@pytest.mark.parametrize("effect", [True, False])
def test_effects_that_differ_and_grow_are_recovered(judge, effect):
    """With 20 of 40 sites treated in three cohorts, the estimate is unbiased and its interval covers."""
    simulate, truth = panels(40, 20, effect=effect)
    found = judge(DEFAULT, simulate, truth, 150, np.random.default_rng(61))
    assert found.is_unbiased(), found
    assert found.covers(), found


def test_one_effect_for_all_does_not_recover_them(judge):
    """On the same panels, least squares with one effect is biased, and its intervals miss the truth."""
    simulate, truth = panels(40, 30)
    found = judge(LinearDifferenceInDifferences(event_study=False), simulate, truth, 100, np.random.default_rng(62))
    assert not found.is_unbiased(), found
    group_time = judge(DEFAULT, simulate, truth, 100, np.random.default_rng(62))
    assert group_time.is_unbiased(), group_time
    assert group_time.covers_at_least(), group_time


@pytest.mark.parametrize(("sites", "treated"), [(40, 8), (40, 3), (12, 6), (12, 2)])
def test_with_few_treated_sites_a_true_null_is_not_rejected_too_often(judge, sites, treated):
    """The default errors hold with cohorts of one, two or three sites."""
    simulate, _ = panels(sites, treated, effect=False)
    found = judge(DEFAULT, simulate, 0.0, 100, np.random.default_rng(63))
    assert found.is_unbiased(), found
    assert found.covers_at_least(), found


def test_the_influence_function_is_too_sure_with_few_sites(judge):
    """R's error rejects true nulls too often with eight treated sites; that is why it is not the default."""
    simulate, _ = panels(40, 8, effect=False)
    found = judge(CallawaySantAnna(errors="influence"), simulate, 0.0, 150, np.random.default_rng(64))
    assert found.rejected > 0.06, found


def test_the_test_before_the_start_keeps_its_size():
    """With few sites R's Wald test finds trends that are not there; ours seldom does."""
    simulate, _ = panels(40, 20, effect=False)
    failed = {"auto": 0, "influence": 0}
    for rng in np.random.default_rng(65).spawn(80):
        design = simulate(rng)
        for errors in failed:
            effect = CallawaySantAnna(errors=errors).estimate(design, rng=rng, draws=50)
            failed[errors] += effect.checks[0].passed is False
    assert failed["auto"] <= 10
    assert failed["influence"] > 30
