import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.models._regression.bacon import decompose, shares
from evalkit.models._regression.linear import fit_linear
from evalkit.models.did_ols import LinearDifferenceInDifferences
from evalkit.models.did_poisson import PoissonDifferenceInDifferences

ROOT = Path(__file__).resolve().parents[2]
NEVER, EARLIER, LATER = "treated against never treated", "earlier against later", "later against earlier"


def two_way(outcome, starts):
    """The least-squares estimate with site and period effects."""
    treated = (np.arange(outcome.shape[1]) >= starts[:, None]).astype(float)
    return fit_linear(outcome, treated[:, :, None], np.ones(outcome.shape), ["d"]).coefficients[0]


@settings(max_examples=40, deadline=None)
@given(
    starts=st.lists(st.integers(1, 6), min_size=3, max_size=9).filter(lambda found: len(set(found)) > 1),
    seed=st.integers(0, 99),
)
def test_the_comparisons_add_up_to_the_two_way_estimate(starts, seed):
    """Weights sum to one, and weight times estimate to the coefficient, whoever started when."""
    outcome = np.random.default_rng(seed).normal(size=(len(starts), 6))
    found = decompose(outcome, np.array(starts))
    assert sum(each.weight for each in found) == pytest.approx(1)
    assert all(each.weight > 0 for each in found)
    assert sum(each.weight * each.estimate for each in found) == pytest.approx(two_way(outcome, np.array(starts)))


def test_one_start_is_one_comparison():
    """With one start all weight is on treated against never treated."""
    assert shares(np.array([3, 3, 6, 6]), 6) == {NEVER: 1.0, EARLIER: 0.0, LATER: 0.0}


def test_an_effect_that_grows_turns_the_later_comparisons_round():
    """Sites whose effect still grows make a poor comparison: those started later seem to gain."""
    starts = np.array([1, 1, 3, 3, 6, 6])
    since = np.arange(6) - starts[:, None]
    found = decompose(np.where(since >= 0, -1.0 - since, 0.0), starts)
    against_treated = next(each for each in found if each.kind == LATER)
    assert against_treated.estimate > next(each for each in found if each.kind == EARLIER).estimate
    assert against_treated.estimate > -1


def test_comparisons_of_the_county_panel_are_those_of_a_peer(counties, county_employment):
    """Of the teen-employment panel: .8628, .0833 and .0539 as published, and by diff-diff to all digits."""
    outcome, _, starts = counties
    wanted = county_employment["comparisons"]
    found = shares(starts, 5)
    assert found == pytest.approx(wanted["shares"], abs=1e-12)
    assert [found[kind] for kind in (NEVER, EARLIER, LATER)] == pytest.approx([0.8628, 0.0833, 0.0539], abs=5e-5)
    total = sum(each.weight * each.estimate for each in decompose(outcome, starts))
    assert total == pytest.approx(wanted["two-way estimate"], abs=1e-12)


def test_comparisons_of_the_castle_panel_add_up():
    """Log homicide on the calendar year of adoption: .0818, of 25 comparisons, by diff-diff."""
    wanted = json.loads((ROOT / "tests" / "reference" / "castle.json").read_text(encoding="utf-8"))["peers"]
    frame = pd.read_csv(ROOT / "studies" / "castle_doctrine" / "data" / "published.csv").sort_values(["state", "year"])
    began = frame["began"].to_numpy().reshape(50, 11)[:, 0]
    starts = np.where(np.isnan(began), 11, began - 1 - 2000).astype(int)
    found = decompose(np.log(frame["homicide_rate"].to_numpy().reshape(50, 11)), starts)
    assert len(found) == wanted["comparisons"]["number"]
    total = sum(each.weight * each.estimate for each in found)
    assert total == pytest.approx(wanted["comparisons"]["two-way estimate"], abs=1e-12)


@pytest.mark.parametrize("estimator", [LinearDifferenceInDifferences, PoissonDifferenceInDifferences])
def test_both_estimators_say_how_much_rests_on_treated_comparisons(panel_design, estimator):
    """The check tells the three shares for the starts, whatever the weights, and says what they are of."""
    counts = np.random.default_rng(3).poisson(50, (10, 8)).astype(float)
    began = {0: 3, 1: 3, 2: 5, 3: 5}
    for weights in (None, np.linspace(1, 2, 80).reshape(10, 8)):
        check = staggered(estimator, panel_design(counts, began, weights=weights))
        assert "in which all site-periods count alike, 88 % is of treated against never treated" in check.detail
        assert check.passed is None


@pytest.mark.parametrize("estimator", [LinearDifferenceInDifferences, PoissonDifferenceInDifferences])
def test_much_weight_on_treated_comparisons_is_a_warning(panel_design, estimator):
    """Above a tenth the ranges no longer hold where effects grow, wrong signs or none."""
    counts = np.random.default_rng(3).poisson(50, (10, 8)).astype(float)
    check = staggered(estimator, panel_design(counts, {0: 4, 1: 4, 2: 4, 3: 4, 4: 6, 5: 6, 6: 6}))
    assert " 11 % of later starts against sites that were already treated" in check.detail
    assert check.passed is False


def staggered(estimator, design):
    """Give the check of a staggered start."""
    effect = estimator(event_study=False).estimate(design, rng=np.random.default_rng(1), draws=50)
    return next(check for check in effect.checks if check.name == "staggered start")
