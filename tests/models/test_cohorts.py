"""What every estimator for different starts tells of the sites of each: their change, events and percent."""

import numpy as np
import pytest

import evalkit as ek
from evalkit.draws import bounded_interval
from evalkit.errors import DesignError, EstimationError
from evalkit.result_effects import effect_document

# Options under which an estimator reads the counts on each of the scales that it has.
SCALES = {
    "did-ols": ({"transform": "log"}, {"transform": "level"}),
    "callaway-santanna": ({"transform": "log"}, {"transform": "level"}),
    "imputation": ({"transform": "log"}, {"transform": "level"}),
    "local-projections": ({"transform": "log"}, {"transform": "level"}, {"transform": "log", "weighting": "variance"}),
    "synthetic-control": ({"transform": "log"}, {"transform": "level"}),
    "synthetic-did": ({"transform": "log"}, {"transform": "level"}),
}
# One start is what these are for.
ONE_START = {"balancing-weights", "empirical-bayes", "interrupted-time-series", "table"}
# One change for all, or one at each time since the start: cohorts share it, and the effect says so.
SHARING = {"did-poisson", "did-ols", "did-negative-binomial", "local-projections"}
BEGAN = {0: 8, 1: 8, 2: 10, 3: 10, 4: 11}


def shipped():
    """Estimators of panels that the package ships, with the options to try."""
    names = [name for name in ek.models() if "panel" in ek.estimator(name).card.shapes]
    return [(name, options) for name in names for options in SCALES.get(name, ({},))]


def counts(sites=24, periods=14, mean=40.0, seed=0):
    """Counts by site and period that follow one season, a fifth fewer where treated."""
    rng = np.random.default_rng(seed)
    rate = np.log(mean) + rng.normal(0, 0.3, (sites, 1)) + 0.1 * np.sin(np.arange(periods))
    for row, start in BEGAN.items():
        rate[row, start:] -= 0.2
    return rng.poisson(np.exp(rate + rng.normal(0, 0.2, rate.shape))).astype(float)


def estimate(name, design, **options):
    """One estimate with the same random numbers."""
    return ek.estimator(name)(**options).estimate(design, rng=np.random.default_rng(1), draws=500)


@pytest.mark.parametrize(("name", "options"), shipped(), ids=str)
def test_cohorts_are_the_starts_and_their_events_add_up(panel_design, name, options):
    """Row by row events of the cohorts are those of the periods; an estimator of one start refuses two."""
    values = counts()
    design = panel_design(values, BEGAN)
    if name in ONE_START:
        with pytest.raises((DesignError, EstimationError), match="start"):
            estimate(name, design, **options)
        return
    effect = estimate(name, design, **options)
    cohorts, total = effect.cohorts, effect.total_prevented
    assert cohorts.labels == ("9", "11", "12")
    assert cohorts.change.shape == cohorts.prevented.shape == (500, 3)
    np.testing.assert_allclose(cohorts.prevented.sum(axis=1), total, atol=1e-8 * np.abs(total).max())
    held = [values[[0, 1], 8:].sum(), values[[2, 3], 10:].sum(), values[4, 11:].sum()]
    np.testing.assert_allclose(cohorts.recorded, held)
    assert cohorts.recorded.sum() == pytest.approx(effect.recorded.sum())
    assert bool(cohorts.shared) == (name in SHARING)


def by_events(percent, prevented, recorded):
    """Hold a percentage against recorded over expected events; what expects none has no bound."""
    expected = recorded + prevented
    some = expected > 0
    shares = np.broadcast_to(recorded, some.shape)[some] / expected[some]
    np.testing.assert_allclose(percent[some], 100 * (shares - 1), atol=1e-9)
    assert (percent[~some] == np.inf).all()


@pytest.mark.parametrize(("name", "options"), [each for each in shipped() if each[0] not in ONE_START], ids=str)
def test_percent_by_cohort_and_period_go_with_the_events(panel_design, name, options):
    """Less than expected in percent is events prevented over recorded and prevented, by cohort and by period."""
    effect = estimate(name, panel_design(counts(), BEGAN), **options)
    cohorts = effect.cohorts
    by_events(effect.percent_by_period, effect.prevented, effect.recorded)
    if effect.scale != "log_rate_ratio":
        by_events(effect.percent_by_cohort, cohorts.prevented, cohorts.recorded)
        return
    np.testing.assert_allclose(effect.percent_by_cohort, 100 * (np.exp(cohorts.change) - 1), atol=1e-9)
    for percent, prevented in zip(effect.percent_by_cohort.T, cohorts.prevented.T, strict=True):
        assert np.corrcoef(percent.argsort().argsort(), prevented.argsort().argsort())[0, 1] < -0.5


@pytest.mark.parametrize("name", ["did-poisson", "did-ols", "did-negative-binomial"])
def test_one_change_for_all_makes_each_cohorts_events(panel_design, name):
    """What is prevented in a cohort is what it recorded, times (exp(-change) - 1), and the change is the same."""
    values = counts()
    effect = estimate(name, panel_design(values, BEGAN))
    assert effect.scale == "log_rate_ratio"
    np.testing.assert_array_equal(effect.cohorts.change, np.repeat(effect.change[:, None], 3, axis=1))
    held = np.array([values[[0, 1], 8:].sum(), values[[2, 3], 10:].sum(), values[4, 11:].sum()])
    np.testing.assert_allclose(effect.cohorts.prevented, np.outer(np.expm1(-effect.change), held))
    assert "one change for all starts" in effect.cohorts.shared


@pytest.mark.parametrize("transform", ["log", "level"])
def test_a_cohort_of_local_projections_is_seen_for_as_long_as_it_was_treated(panel_design, transform):
    """Its change averages the effects at the times since the start that its sites reach; cell by cell, the headline."""
    effect = estimate("local-projections", panel_design(counts(), BEGAN), transform=transform)
    after = [place for place, time in enumerate(effect.dynamics.times) if time >= 0]
    middle = np.median(effect.dynamics.draws[:, after], axis=0)
    by_hand = [middle[:6].mean(), middle[:4].mean(), middle[:3].mean()]
    error = effect.cohorts.change.std(axis=0)
    np.testing.assert_allclose(np.median(effect.cohorts.change, axis=0), by_hand, atol=0.25 * error.min())
    np.testing.assert_allclose(effect.cohorts.change @ (np.array([12, 8, 3]) / 23), effect.change, atol=1e-9)


def test_a_rate_has_cohorts_without_events(panel_design):
    """Nothing of a score can be prevented, in no cohort either."""
    design = panel_design(counts(), BEGAN, kind="score")
    for name in ("did-ols", "local-projections"):
        effect = estimate(name, design, transform="level")
        assert effect.cohorts.labels == ("9", "11", "12")
        assert effect.cohorts.prevented is None
        assert effect.percent_by_cohort is None
        assert effect.percent_by_period is None


def test_rows_of_cohorts_move_with_those_of_the_effect(panel_design):
    """Coupling outcomes re-orders every row of an effect, and the words stay."""
    effect = estimate("did-poisson", panel_design(counts(), BEGAN))
    moved = effect.reorder(np.arange(500)[::-1])
    np.testing.assert_array_equal(moved.cohorts.prevented, effect.cohorts.prevented[::-1])
    assert moved.cohorts.shared == effect.cohorts.shared
    np.testing.assert_array_equal(moved.percent_by_period, effect.percent_by_period[::-1])


def test_one_start_has_no_cohorts_to_tell_apart(panel_design):
    """The whole is then the cohort."""
    design = panel_design(counts(), dict.fromkeys(BEGAN, 9))
    assert estimate("did-poisson", design).cohorts is None
    assert estimate("local-projections", design).cohorts is None


def test_a_percentage_of_nothing_has_no_bound(panel_design):
    """A period without any event has none expected either, where changes are proportions: it is not told."""
    values = counts()
    values[:5, 13] = 0
    effect = estimate("did-poisson", panel_design(values, BEGAN))
    told = [bounded_interval(percent) is not None for percent in effect.percent_by_period.T]
    assert told == [True] * 5 + [False]
    document = effect_document("did-poisson", effect, "primary", 0.95)
    assert [period["percent_change"] is not None for period in document["prevented_by_period"]] == told
    middle = document["percent_change"]
    assert "may be nothing" in document["prevented_by_period"][5]["percent_change_reason"]
    assert document["prevented_by_period"][0]["percent_change"] == pytest.approx(middle)
    assert document["by_cohort"][2]["percent_change"] == pytest.approx(middle)
    assert "one change for all starts" in document["by_cohort_shared"]
