"""Bias, coverage and size of the weighted comparison on simulated blocks.

Counts are Poisson around two gamma factors, one fading and one growing, with noise by cell; units with many
recorded events before the start are more likely to be treated.
"""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models.balancing_weights import BalancingWeights

UNITS, RUNS = 400, 150


def blocks(treated, mean, *, effect=0.0, before=12, chosen_by="counts"):
    """Give a function from a random generator to a design with that effect in chosen blocks."""
    names = tuple(f"b{row:03d}" for row in range(UNITS))
    periods = before + 4

    def simulate(rng):
        size, other = rng.gamma(1.5, 1 / 1.5, (2, UNITS, 1))
        moving = np.linspace(0, 0.6, periods)
        level = mean * (size * (1 - moving) + other * moving) * rng.gamma(20, 1 / 20, (UNITS, periods))
        counts = rng.poisson(level).astype(float)
        seen = size[:, 0] + 0.1 if chosen_by == "level" else 1 + counts[:, :before].sum(axis=1)
        pull = np.log(seen) / np.log(seen).std() + rng.gumbel(size=UNITS)
        own = np.argsort(-pull)[:treated]
        counts[own, before:] = rng.poisson(level[own, before:] * np.exp(effect))
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=periods),
            values=counts,
        )
        began = {names[row]: str(before + 1) for row in own}
        return Design(panel=panel, intervention=Intervention(name="patrol", began=began))

    return simulate


@pytest.mark.parametrize(
    ("treated", "mean", "effect"), [(40, 1.0, 0.0), (40, 1.0, -0.3), (20, 1.0, 0.0), (20, 0.3, 0.0), (40, 3.0, -0.3)]
)
def test_the_truth_is_found_and_covered(judge, treated, mean, effect):
    """With 20 or 40 of 400 blocks treated and 0.3 to 3 events a cell, intervals hold the truth."""
    found = judge(BalancingWeights(), blocks(treated, mean, effect=effect), effect, RUNS, np.random.default_rng(61))
    assert found.is_unbiased(), found
    assert found.covers(), found


def test_the_jackknife_covers_too(judge):
    """Errors from leaving out groups hold what they say."""
    found = judge(BalancingWeights(errors="jackknife"), blocks(40, 1.0), 0.0, 60, np.random.default_rng(62))
    assert found.covers(), found


def test_a_short_past_of_chosen_places_misleads_and_is_noticed():
    """Chosen for their level and balanced on three noisy counts, blocks seem to get worse; the check sees it."""
    simulate = blocks(60, 0.7, before=4, chosen_by="level")
    effects = [
        BalancingWeights().estimate(simulate(rng), rng=rng, draws=50) for rng in np.random.default_rng(63).spawn(100)
    ]
    leads = [next(check for check in effect.checks if check.name == "leads") for effect in effects]
    assert np.mean([effect.estimate for effect in effects]) > 0.05
    assert np.mean([check.passed is False for check in leads]) > 0.1


def test_placements_by_lot_reject_as_often_as_they_should():
    """Where blocks were treated by lot, 5 % of the p-values of permutation are 5 % or less."""
    p_values = []
    for rng in np.random.default_rng(64).spawn(50):
        design = blocks(20, 1.0)(rng)
        by_lot = rng.choice(design.panel.sites, 20, replace=False)
        drawn = Design(panel=design.panel, intervention=Intervention(name="patrol", began=dict.fromkeys(by_lot, "13")))
        p_values.append(BalancingWeights(permutations=39).estimate(drawn, rng=rng, draws=50).p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 50)
    assert 0.3 < np.mean(p_values) < 0.7
