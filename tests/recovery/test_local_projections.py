"""Bias, coverage and size of local projections: measures that last, and a surge that ends and fades.

Outcomes vary around site and period levels, with noise by cell and a lasting shift of each site's own from the
middle of the calendar on, so that cells of a site go together.
"""

import re

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models.local_projections import LocalProjections

LOG = LocalProjections()
PERIODS = 10
FELT = (-0.3, -0.3, -0.3, -0.15, -0.07, 0.0, 0.0)


def panels(sites, treated, *, effect=0.0, spread_of_starts=1, surge=False, again=False):
    """Give a function from a random generator to a design with that effect in the first sites."""
    starts = 4 + np.arange(treated) % spread_of_starts
    names = tuple(f"s{row:03d}" for row in range(sites))
    times = {"began": {names[row]: str(start + 1) for row, start in enumerate(starts)}}
    felt = np.zeros((sites, PERIODS))
    for row, start in enumerate(starts):
        felt[row, start:] = effect
        if surge:
            felt[row, start:] = (effect / FELT[0] * np.array(FELT))[: PERIODS - start]
            times.setdefault("ended", {})[names[row]] = [str(start + 4)]
        if again:
            times["ended"][names[row]].append(str(start + 7))
            times.setdefault("resumed", {})[names[row]] = str(start + 6)
            felt[row, start + 5] = effect
    done = Intervention(name="patrols", **times)

    def simulate(rng):
        level = rng.normal(0, 0.5, (sites, 1)) + 0.3 * np.sin(np.arange(PERIODS))
        noise = rng.normal(0, 0.15, (sites, PERIODS))
        shift = rng.normal(0, 0.15, (sites, 1)) * (np.arange(PERIODS) >= PERIODS // 2)
        counts = rng.poisson(400 * np.exp(level + noise + shift + felt))
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=PERIODS),
            values=np.maximum(counts, 1).astype(float),
        )
        return Design(panel=panel, intervention=done)

    return simulate


@pytest.mark.parametrize("effect", [0.0, -0.3])
@pytest.mark.parametrize("surge", [False, True], ids=["lasting", "surge"])
def test_the_truth_is_found_and_covered(judge, effect, surge):
    """With 12 of 30 sites and two starts, 95 % of the intervals hold the average while the measure is on."""
    simulate = panels(30, 12, effect=effect, spread_of_starts=2, surge=surge)
    found = judge(LOG, simulate, effect, 120, np.random.default_rng(61))
    assert found.is_unbiased(), found
    assert found.covers(), found


def test_spells_that_come_back_are_recovered_where_effects_have_settled(judge):
    """A second spell after two quiet periods counts; here the first has not quite faded, which the estimate shows."""
    simulate = panels(30, 12, effect=-0.3, surge=True, again=True)
    found = judge(LocalProjections(stable=2), simulate, -0.3, 120, np.random.default_rng(62))
    assert 0 < found.bias < 0.03, found


def test_what_is_left_after_a_surge_is_found():
    """A surge of three periods that fades: the check after its end tells how much was left."""
    left = []
    for rng in np.random.default_rng(63).spawn(60):
        effect = LOG.estimate(panels(30, 12, effect=-0.3, surge=True)(rng), rng=rng, draws=200)
        (check,) = [each for each in effect.checks if each.name == "after it ended"]
        left.append([float(part) for part in re.findall(r": ([-+0-9.e]+) %", check.detail)])
    truth = 100 * np.expm1([-0.15, -0.07, 0.0])
    np.testing.assert_allclose(np.mean(left, axis=0), truth, atol=3 * np.std(left, axis=0).max() / np.sqrt(60) + 0.5)


@pytest.mark.parametrize(("sites", "treated", "starts"), [(30, 3, 1), (30, 1, 1), (12, 6, 3), (20, 4, 4)])
def test_with_few_treated_sites_a_true_null_is_not_rejected_too_often(judge, sites, treated, starts):
    """Also where each site starts alone, whose noise a comparison by start cannot show."""
    found = judge(LOG, panels(sites, treated, spread_of_starts=starts), 0.0, 120, np.random.default_rng(64))
    assert found.is_unbiased(), found
    assert found.covers_at_least(), found


def test_leads_of_a_true_null_seldom_fail():
    """The test of all earlier periods at once keeps its size with few sites."""
    failed = []
    for rng in np.random.default_rng(65).spawn(120):
        effect = LOG.estimate(panels(24, 8)(rng), rng=rng, draws=400)
        failed.append(next(each for each in effect.checks if each.name == "leads").passed is False)
    assert np.mean(failed) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)
