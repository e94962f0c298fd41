"""What it costs to compare places that were chosen for a bad year, and what empirical Bayes makes of it.

300 places whose rates are gamma distributed (coefficient of variation 0.7) record 10 events a year on average; the 27
that recorded most in the year before the start are chosen. All rates fall by a tenth.
"""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models.did_poisson import PoissonDifferenceInDifferences
from evalkit.models.empirical_bayes import EmpiricalBayes

PLACES, CHOSEN, QUARTERS = 300, 27, 4
FALL = np.log(0.8)


def hot_spots(*, effect=0.0, years=1, passing=0.0):
    """Give a function from a random generator to a design in which the worst places of the last year were treated."""
    names = tuple(f"spot{row:03d}" for row in range(PLACES))
    start = QUARTERS * years
    periods = start + QUARTERS

    def simulate(rng):
        rate = 2.5 * rng.gamma(2, 0.5, (PLACES, 1)) * np.where(np.arange(periods) >= start, 0.9, 1.0)
        if passing:
            rate = rate * rng.gamma(1 / passing, passing, (PLACES, periods))
        counts = rng.poisson(rate).astype(float)
        bad = counts[:, start - QUARTERS : start].sum(axis=1) + rng.uniform(0, 0.5, PLACES)
        worst = np.argsort(-bad)[:CHOSEN]
        counts[worst, start:] = rng.poisson(rate[worst, start:] * np.exp(effect))
        panel = Panel(
            outcome=Outcome(name="robbery"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=periods),
            values=counts,
        )
        return Design(
            panel=panel,
            intervention=Intervention(name="patrol", began={names[row]: str(start + 1) for row in worst}),
            selection_window=(str(start - QUARTERS + 1), str(start)),
        )

    return simulate


def test_a_plain_comparison_finds_a_fall_that_is_none(judge):
    """Difference-in-differences on the bad year sees 14 % fewer events where nothing was done, and is sure of it."""
    plain = PoissonDifferenceInDifferences(event_study=False)
    found = judge(plain, hot_spots(), 0.0, 60, np.random.default_rng(71))
    assert -17 < 100 * np.expm1(found.bias) < -10
    assert found.rejected > 0.4


@pytest.mark.parametrize("effect", [0.0, FALL], ids=["none", "a fifth"])
def test_the_truth_is_found_and_covered(judge, effect):
    """Empirical Bayes is right in the mean, within 2 %, and its interval holds what it says."""
    found = judge(EmpiricalBayes(), hot_spots(effect=effect), effect, 100, np.random.default_rng(72))
    assert abs(found.bias) <= 0.02 + found.bias_tolerance
    assert found.covers(), found


def test_passing_variation_is_allowed_for(judge):
    """Where rates of a place also vary from quarter to quarter, three years before tell what does not last."""
    found = judge(EmpiricalBayes(), hot_spots(years=3, passing=0.2), 0.0, 80, np.random.default_rng(73))
    assert abs(found.bias) <= 0.02 + found.bias_tolerance
    assert found.covers(), found
