"""Bias, coverage and size of synthetic control and synthetic difference-in-differences on simulated panels.

Log rates follow two common factors (random walks) that move each site by a loading of its own, so that no plain
comparison is parallel; counts are Poisson around them, with noise by cell (sd .1). Tolerances are three
Monte-Carlo standard errors, computed from the number of runs by the judge.
"""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models.synthetic_control import SyntheticControl
from evalkit.models.synthetic_did import SyntheticDifferenceInDifferences


def panels(sites, treated, *, effect=0.0, mean=100.0, before=12, after=6, above=0.0, chosen=False):
    """Give a function from a random generator to a design with that effect in the first sites.

    `above` lifts the first sites over the highest of the others; `chosen` treats the site that was worst before
    the start, all being alike but for chance.
    """
    periods = before + after
    names = tuple(f"s{row:03d}" for row in range(sites))
    intervention = Intervention(name="patrol", began={names[row]: str(before + 1) for row in range(treated)})

    def simulate(rng):
        level = rng.normal(0, 0.05 if chosen else 0.4, (sites, 1))
        if above:
            level[:treated] = level.max() + above
        factors = np.cumsum(rng.normal(0, 0.08, (2, periods)), axis=1)
        paths = level + rng.normal(0, 0 if chosen else 1, (sites, 2)) @ factors + rng.normal(0, 0.1, (sites, periods))
        paths[:treated, before:] += effect
        counts = np.maximum(rng.poisson(mean * np.exp(paths)), 1.0)
        if chosen:
            counts = counts[np.argsort(-counts[:, :before].sum(axis=1), kind="stable")]
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=periods),
            values=counts,
        )
        return Design(panel=panel, intervention=intervention)

    return simulate


@pytest.mark.parametrize(
    ("estimator", "treated", "runs"),
    [
        (SyntheticControl(), 1, 60),
        (SyntheticControl(placements=60), 2, 20),
        (SyntheticDifferenceInDifferences(), 1, 60),
        (SyntheticDifferenceInDifferences(placements=60), 3, 20),
        (SyntheticDifferenceInDifferences(errors="jackknife"), 8, 60),
    ],
    ids=["control 1", "control 2", "did 1", "did 3", "did 8 jackknife"],
)
def test_a_fall_is_found_and_covered(judge, estimator, treated, runs):
    """With one or a few treated sites of 24 the estimate is unbiased and the interval holds the truth."""
    found = judge(estimator, panels(24, treated, effect=-0.3), -0.3, runs, np.random.default_rng(71))
    assert found.is_unbiased(), found
    assert found.covers_at_least(), found


def test_a_site_above_all_others_is_matched_by_its_course_only(judge):
    """Its own level taken out, a true null is rejected as often as stated; matched in level, most of the time."""
    simulate = panels(24, 1, above=0.3)
    course = judge(SyntheticControl(), simulate, 0.0, 40, np.random.default_rng(72))
    assert course.is_unbiased(), course
    assert course.covers_at_least(), course
    level = SyntheticControl(demean=False, placebo_scale="none")
    rng = np.random.default_rng(73)
    effects = [level.estimate(simulate(child), rng=child, draws=50) for child in rng.spawn(20)]
    failed = [
        any(each.name == "fit before the start" and each.passed is False for each in effect.checks)
        for effect in effects
    ]
    assert np.mean([effect.estimate for effect in effects]) > 0.1
    assert np.mean(failed) > 0.5


@pytest.mark.parametrize("estimator", [SyntheticControl(), SyntheticDifferenceInDifferences()])
def test_a_site_chosen_for_being_bad_gets_better_by_itself(judge, estimator):
    """Placebos were not chosen so: a fall that comes by itself looks like an effect, as the check tells."""
    found = judge(estimator, panels(24, 1, mean=20.0, before=6, chosen=True), 0.0, 40, np.random.default_rng(74))
    assert found.bias < -0.08, found
