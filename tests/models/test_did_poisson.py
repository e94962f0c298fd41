import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.domain import Design, Intervention, Outcome, Table
from evalkit.errors import DesignError, EstimationError
from evalkit.models._inference.cluster import infer
from evalkit.models._regression import poisson as _poisson
from evalkit.models.did_ols import LinearDifferenceInDifferences
from evalkit.models.did_poisson import PoissonDifferenceInDifferences

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "did.json").read_text(encoding="utf-8"))["poisson"]
STATIC = PoissonDifferenceInDifferences(event_study=False)


def estimate(design, estimator=STATIC, draws=400):
    """Estimate with a fixed seed."""
    return estimator.estimate(design, rng=np.random.default_rng(1), draws=draws)


def simulated(rng=None, *, sites=16, periods=8, start=4, treated=6, effect=-0.4, mean=30.0):
    """Counts that are Poisson, with a fall in the first sites."""
    rng = rng or np.random.default_rng(21)
    levels = mean * np.exp(rng.normal(0, 0.4, (sites, 1)) + 0.05 * np.arange(periods))
    post = np.zeros((sites, periods))
    post[:treated, start:] = 1
    return rng.poisson(levels * np.exp(effect * post)).astype(float)


def reference_fit(weights):
    """Fit the panel that the reference numbers were made with."""
    data = REFERENCE["data"]
    counts, exposure, covariate = (np.array(data[name], float) for name in ("counts", "exposure", "covariate"))
    treated = np.arange(9) >= np.array(data["start"])[:, None]
    return _poisson.fit_poisson(counts, exposure, np.stack([treated, covariate], axis=2), weights, ["d", "z"])


def test_estimate_and_sandwich_are_those_of_pyfixest():
    """Coefficients and errors without a factor agree with fepois to eight digits (its own tolerance is the limit)."""
    fit = reference_fit(np.ones((14, 9)))
    found = infer(fit, "CR1", "none", treated=7, comparison=7)
    np.testing.assert_allclose(fit.coefficients, REFERENCE["pyfixest"]["coef"], rtol=1e-8)
    np.testing.assert_allclose(found.std_errors, REFERENCE["pyfixest"]["se"], rtol=1e-8)


def test_analytic_weights_are_those_of_statsmodels():
    """With analytic weights the fit is that of a GLM with variance weights and explicit dummies."""
    fit = reference_fit(np.array(REFERENCE["data"]["weights"]))
    found = infer(fit, "CR1", "none", treated=7, comparison=7)
    np.testing.assert_allclose(fit.coefficients, REFERENCE["statsmodels weighted"]["coef"], rtol=1e-8)
    np.testing.assert_allclose(found.std_errors, REFERENCE["statsmodels weighted"]["se"], rtol=1e-7)


def test_cr2_of_a_poisson_fit_is_the_slow_one(slow_cr2):
    """The working regression at the optimum has the CR2 errors that whole matrices give it."""
    fit = reference_fit(np.ones((14, 9)))
    data = REFERENCE["data"]
    columns = np.stack([np.arange(9) >= np.array(data["start"])[:, None], np.array(data["covariate"], float)], axis=2)
    slow = slow_cr2(fit.fitted + fit.residuals, columns, fit.weights, 1 / fit.weights)
    found = infer(fit, "CR2", "nested", treated=7, comparison=7)
    np.testing.assert_allclose(fit.coefficients, slow.coefficients, rtol=1e-8)
    np.testing.assert_allclose(found.covariance, slow.covariance, rtol=1e-7)
    np.testing.assert_allclose(found.degrees_of_freedom, slow.degrees_of_freedom, rtol=1e-7)


def test_two_groups_and_two_periods_give_the_relative_rate_ratio(panel_design):
    """On sums before and after, the coefficient is the log of (110/207)/(318/308)."""
    before = np.array([[100.0], [107.0], [300.0], [8.0]])
    after = np.array([[60.0], [50.0], [310.0], [8.0]])
    effect = estimate(panel_design(np.hstack([before, after]), {0: 1, 1: 1}), draws=4000)
    assert effect.estimate == pytest.approx(np.log((110 / 207) / (318 / 308)), abs=1e-7)


def test_events_prevented_are_those_of_the_ratio(panel_design):
    """Prevented is what was recorded, times exp(-change) - 1, period by period."""
    design = panel_design(simulated(), dict.fromkeys(range(6), 4))
    effect = estimate(design)
    recorded = design.panel.values[:6, 4:].sum(axis=0)
    np.testing.assert_array_equal(effect.recorded, recorded)
    np.testing.assert_allclose(effect.prevented, np.outer(np.expm1(-effect.change), recorded))
    assert effect.periods == ("5", "6", "7", "8")
    assert effect.scale == "log_rate_ratio"


def test_recorded_before_the_start_is_matched_by_the_fit(panel_design):
    """Fitted events in treated sites sum to those recorded before the start: the likelihood sees to it."""
    effect = estimate(panel_design(simulated(), dict.fromkeys(range(6), 4)))
    assert effect.paths.fitted[:4].sum() == pytest.approx(effect.paths.recorded[:4].sum())
    assert effect.paths.fitted[4:].sum() > effect.paths.recorded[4:].sum()


def test_interval_is_the_classical_one(panel_design):
    """The draws give back estimate plus and minus the t quantile times the error."""
    from scipy import stats

    cr2 = PoissonDifferenceInDifferences(errors="CR2")
    effect = estimate(panel_design(simulated(), dict.fromkeys(range(6), 4)), cr2, draws=4000)
    half = stats.t.ppf(0.975, effect.degrees_of_freedom) * effect.std_error
    assert effect.interval().upper == pytest.approx(effect.estimate + half, rel=1e-4)


def test_influence_covers_the_whole_panel(panel_design):
    """Sites that are not used have none, and the others' sums to nothing."""
    design = panel_design(simulated(), dict.fromkeys(range(6), 4), comparison=range(6, 12))
    effect = estimate(design)
    assert effect.influence.shape == (16,)
    assert (effect.influence[12:] == 0).all()
    assert (effect.influence[:12] != 0).all()
    assert effect.influence.sum() == pytest.approx(0, abs=1e-9)


def test_sites_and_periods_without_events_are_left_out_and_counted(panel_design):
    """They change nothing, and a check names them."""
    counts = simulated()
    padded = np.hstack([np.vstack([counts, np.zeros((2, 8))]), np.zeros((18, 1))])
    effect = estimate(panel_design(padded, dict.fromkeys(range(6), 4)))
    assert effect.estimate == pytest.approx(
        estimate(panel_design(counts, dict.fromkeys(range(6), 4))).estimate, abs=1e-9
    )
    found = next(check for check in effect.checks if check.name == "left out")
    assert "2 sites ('s016', 's017') and 1 period ('9')" in found.detail
    assert effect.prevented.shape == (400, 5)
    np.testing.assert_array_equal(effect.prevented[:, -1], 0)


@pytest.mark.parametrize("estimator", [STATIC, LinearDifferenceInDifferences(event_study=False, transform="level")])
def test_a_cell_without_weight_is_not_in_the_totals(panel_design, estimator):
    """A treated cell of 90,000 with weight zero moves neither recorded nor prevented nor the path; a check says so."""
    counts, weights = simulated(), np.ones((16, 8))
    weights[2, 5] = 0
    wild = np.array(counts)
    wild[2, 5] = 90_000
    plain, other = (
        estimate(panel_design(values, dict.fromkeys(range(6), 4), weights=weights), estimator)
        for values in (counts, wild)
    )
    np.testing.assert_allclose(other.prevented, plain.prevented, rtol=1e-6)
    np.testing.assert_array_equal(other.recorded, plain.recorded)
    assert other.recorded.sum() == counts[:6, 4:].sum() - counts[2, 5]
    for side in ("recorded", "fitted"):
        np.testing.assert_allclose(getattr(other.paths, side), getattr(plain.paths, side), rtol=1e-6)
    found = next(check for check in other.checks if check.name == "cells without weight")
    assert "1 site-period has weight zero" in found.detail
    assert "1 ('s002 in 6') of treated sites after the start, which held 90,000 events" in found.detail


def test_cells_without_weight_are_told_by_kind_of_site(panel_design):
    """Before and after the start, in treated, buffer and comparison sites, each with what it held; no other site."""
    counts, weights = simulated(), np.ones((16, 8))
    lost = {(0, 5): 11, (1, 2): 22, (6, 6): 33, (6, 1): 44, (12, 7): 55}
    for cell, held in lost.items():
        counts[cell], weights[cell] = held, 0
    weights[14, 3] = 0  # neither treated, nor buffer, nor compared with
    began, roles = dict.fromkeys(range(6), 4), {"buffer": [6], "comparison": [*range(7, 14)]}
    found = estimate(panel_design(counts, began, weights=weights, **roles))
    (detail,) = (check.detail for check in found.checks if check.name == "cells without weight")
    assert detail == (
        "5 site-periods have weight zero, and so no say in the estimate: "
        "1 ('s000 in 6') of treated sites after the start, which held 11 events; "
        "1 ('s001 in 3') of treated sites before the start, which held 22 events; "
        "1 ('s006 in 7') of buffer sites after the start, which held 33 events; "
        "1 ('s006 in 2') of buffer sites before the start, which held 44 events; "
        "1 ('s012 in 8') of comparison sites, which held 55 events. "
        "Events recorded and events prevented leave those after the start out."
    )


@pytest.mark.parametrize(("cells", "when"), [(slice(4, None), "after"), (slice(None, 4), "before")])
def test_no_event_in_treated_sites_is_separation(panel_design, cells, when):
    """A zero on one side of the start has no finite ratio; the message names the way out."""
    counts = simulated()
    counts[:6, cells] = 0
    with pytest.raises(EstimationError, match=f"no event at all in the treated sites {when} .*'table'"):
        estimate(panel_design(counts, dict.fromkeys(range(6), 4)))


def test_separation_by_a_covariate_is_refused_too(panel_design):
    """Where a covariate marks cells without events, the fit runs off to zero and says so."""
    counts = simulated()
    mark = np.zeros_like(counts)
    mark[8:10, 2:5] = 1
    counts[mark == 1] = 0
    with pytest.raises(EstimationError, match=r"6 cell\(s\) without events to zero \(separation\)"):
        estimate(panel_design(counts, dict.fromkeys(range(6), 4), covariates={"mark": mark}))


def test_few_events_still_have_an_answer(panel_design):
    """Many zeros are no separation as long as both sides of the start have events."""
    counts = simulated(mean=0.4, sites=30, treated=12)
    assert np.isfinite(estimate(panel_design(counts, dict.fromkeys(range(12), 4))).estimate)


def test_a_period_without_events_stops_the_picture_and_not_the_estimate(panel_design):
    """Where a time since the start has no event, the static estimate stands and the check says why."""
    counts = simulated()
    counts[:6, 5] = 0
    effect = estimate(panel_design(counts, dict.fromkeys(range(6), 4)), PoissonDifferenceInDifferences())
    assert effect.dynamics is None
    assert "no event in the treated sites at 1 period(s)" in effect.checks[0].detail


def test_buffer_is_estimated_together_with_the_treated(panel_design):
    """The buffer has its own change, rows go together, and the net total is their sum."""
    counts = simulated()
    counts[6:9, 4:] = np.round(counts[6:9, 4:] * 1.5)
    design = panel_design(counts, dict.fromkeys(range(6), 4), buffer=range(6, 9))
    effect = estimate(design, draws=2000)
    moved = effect.displacement
    assert np.median(moved.change) > 0.2
    np.testing.assert_allclose(moved.prevented, np.outer(np.expm1(-moved.change), counts[6:9, 4:].sum(axis=0)))
    assert dict(moved.details)["total net events prevented"] == pytest.approx(
        np.median(effect.net_prevented.sum(axis=1))
    )
    # both are compared with the same sites, so their errors go together
    assert np.corrcoef(effect.change, moved.change)[0, 1] > 0.1


def test_buffer_leaves_the_treated_estimate_alone(panel_design):
    """With one start and no covariate, the buffer's own effect takes it out of the treated comparison."""
    counts = simulated()
    with_buffer = estimate(panel_design(counts, dict.fromkeys(range(6), 4), buffer=range(6, 9)))
    without = estimate(panel_design(counts, dict.fromkeys(range(6), 4), comparison=range(9, 16)))
    assert with_buffer.estimate == pytest.approx(without.estimate, abs=0.02)


def test_buffer_with_several_starts_is_refused(panel_design):
    """A buffer of sites that start at different times is not one thing."""
    with pytest.raises(EstimationError, match="a buffer goes with one start"):
        estimate(panel_design(simulated(), {0: 3, 1: 5}, buffer=[4]))


def test_nothing_to_compare_with_is_refused(panel_design):
    """All sites treated from the same period leave no comparison."""
    with pytest.raises(DesignError, match="nothing to compare with"):
        estimate(panel_design(simulated(sites=4), dict.fromkeys(range(4), 4)))


def test_sites_that_start_later_serve_as_comparison(panel_design):
    """Without any untreated site, different starts still give an answer, and a check warns of it."""
    effect = estimate(panel_design(simulated(sites=8), {row: 3 + row % 3 for row in range(8)}))
    found = next(check for check in effect.checks if check.name == "staggered start")
    assert found.passed is False
    assert "wrong sign" in found.detail


def test_a_table_is_sent_to_the_estimator_for_tables():
    """A before/after table has no sites and periods."""
    table = Table(outcome=Outcome(name="theft"), treated=(20, 10), comparison=(30, 30))
    design = Design(table=table, intervention=Intervention(name="patrol", began={"centre": "after"}))
    with pytest.raises(DesignError, match="the estimator 'table' takes"):
        estimate(design)


def test_scores_are_sent_to_least_squares(panel_design):
    """A score has no rate."""
    with pytest.raises(DesignError, match="use 'did-ols' with transform = 'level'"):
        estimate(panel_design(simulated(), {0: 4}, kind="score"))


def test_one_treated_site_is_answered_with_a_warning(panel_design):
    """One treated site borrows the noise of the others, and the check says so."""
    effect = estimate(panel_design(simulated(), {0: 4}))
    found = next(check for check in effect.checks if check.name == "number of sites")
    assert found.passed is False
    assert "rests on one site" in found.detail


def test_leads_say_what_chance_they_had(panel_design):
    """The check on earlier periods names its p-value and its power."""
    effect = estimate(panel_design(simulated(), dict.fromkeys(range(6), 4)), PoissonDifferenceInDifferences())
    check = effect.checks[0]
    assert check.name == "leads"
    assert "would have been noticed with probability" in check.detail
    assert effect.dynamics.times == (-4, -3, -2, 0, 1, 2, 3)
    assert effect.dynamics.draws.shape == (400, 7)


def test_leads_are_tested_alike_whatever_the_errors_of_the_estimate(panel_design):
    """The test of many coefficients needs CR2 also where the estimate's own errors are CR1."""
    design = panel_design(simulated(), dict.fromkeys(range(6), 4))
    one, other = (estimate(design, PoissonDifferenceInDifferences(errors=errors)) for errors in ("CR1", "CR2"))
    assert one.std_error != other.std_error
    assert one.checks[0] == other.checks[0]


@pytest.mark.parametrize("limit", ["_inference.wald._MOST_WORK", "_regression.event_study._MOST_ADJUSTING"])
def test_out_of_reach_the_leads_are_tested_for_a_trend(panel_design, monkeypatch, limit):
    """Where all leads at once would take too long, the check says that it is their trend that was tested."""
    monkeypatch.setattr(f"evalkit.models.{limit}", 0.0)
    design = panel_design(simulated(sites=104, treated=52), dict.fromkeys(range(52), 4))
    assert "test of a linear trend" in estimate(design, PoissonDifferenceInDifferences()).checks[0].detail


def test_a_trend_before_the_start_is_noticed(panel_design):
    """Treated sites that grow by a third each period fail the check."""
    counts = simulated(mean=60, sites=40, treated=15, effect=0)
    counts[:15] = np.round(counts[:15] * 1.33 ** np.arange(8))
    effect = estimate(panel_design(counts, dict.fromkeys(range(15), 4)), PoissonDifferenceInDifferences())
    assert effect.checks[0].passed is False


@pytest.mark.parametrize("options", [{"leads": 9}, {"lags": 9}, {"leads": 0}])
def test_times_that_no_site_reaches_are_refused(panel_design, options):
    """The message says how far the treated sites reach."""
    with pytest.raises(EstimationError, match="but the treated sites have"):
        estimate(panel_design(simulated(), {0: 4, 1: 4}), PoissonDifferenceInDifferences(**options))


def test_an_unknown_covariate_is_named(panel_design):
    """The message names the nearest covariate."""
    design = panel_design(simulated(), {0: 4, 1: 4}, covariates={"poverty": np.ones((16, 8))})
    with pytest.raises(EstimationError, match="did you mean 'poverty'"):
        estimate(design, PoissonDifferenceInDifferences(covariates=("povert",)))


seeds = st.integers(0, 2**32 - 1)


def random_counts(seed):
    """Counts in 8 sites and 6 periods, none of them zero."""
    return 1.0 + np.random.default_rng(seed).poisson(12, (8, 6))


@settings(max_examples=20, deadline=None)
@given(seeds, st.permutations(range(8)))
def test_relabelling_sites_changes_nothing(panel_design, seed, order):
    """Estimate, error and p-value do not depend on names or order."""
    values = random_counts(seed)
    one = estimate(panel_design(values, dict.fromkeys(range(3), 3)))
    moved = {row: 3 for row, was in enumerate(order) if was < 3}
    other = estimate(panel_design(values[list(order)], moved))
    assert other.estimate == pytest.approx(one.estimate, abs=1e-8)
    assert other.std_error == pytest.approx(one.std_error, rel=1e-6)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(seeds, st.floats(1e-3, 1e6))
def test_scaling_exposure_leaves_the_ratio_and_the_events(panel_design, seed, factor):
    """Whether exposure is in people or in thousands of them is a matter of the level only."""
    values = random_counts(seed)
    exposure = np.random.default_rng(seed).gamma(20, size=values.shape)
    began = dict.fromkeys(range(3), 3)
    one = estimate(panel_design(values, began, exposure=exposure))
    other = estimate(panel_design(values, began, exposure=factor * exposure))
    np.testing.assert_allclose(other.change, one.change, atol=1e-7)
    np.testing.assert_allclose(other.prevented, one.prevented, atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_doubling_all_weights_changes_nothing(panel_design, seed):
    """Analytic weights are relative."""
    values = random_counts(seed)
    weights = np.random.default_rng(seed).gamma(4, size=values.shape)
    began = dict.fromkeys(range(3), 3)
    one = estimate(panel_design(values, began, weights=weights))
    other = estimate(panel_design(values, began, weights=2 * weights))
    np.testing.assert_allclose(other.change, one.change, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_the_same_seed_gives_the_same_draws(panel_design, seed):
    """An estimate is a function of its data and its seed."""
    design = panel_design(random_counts(seed), dict.fromkeys(range(3), 3))
    np.testing.assert_array_equal(estimate(design).change, estimate(design).change)
