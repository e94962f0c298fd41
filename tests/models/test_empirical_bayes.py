"""Empirical Bayes before and after: the population, the forecast, the guard, and what it cannot take."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from evalkit.domain import Design, Estimator
from evalkit.errors import DesignError, EstimationError
from evalkit.judgement import judge
from evalkit.models._empirical_bayes.forecast import forecast
from evalkit.models._empirical_bayes.population import Past, fit_population, shrunk, shrunk_if_lognormal
from evalkit.models._empirical_bayes.sites import select_sites
from evalkit.models.did_poisson import PoissonDifferenceInDifferences
from evalkit.models.empirical_bayes import EmpiricalBayes

SITES, TREATED, PERIODS, START = 200, 20, 8, 4


def rng():
    """A generator that starts alike for every estimate."""
    return np.random.default_rng(11)


def check(effect, name):
    """The check of that name."""
    return next(each for each in effect.checks if each.name == name)


@pytest.fixture
def counts():
    """Counts of 200 places, the worst of which before the start come first; nothing is done to them."""
    random = rng()
    found = random.poisson(3 * random.gamma(2, 0.5, (SITES, 1)) * np.ones(PERIODS)).astype(float)
    return found[np.argsort(-found[:, :START].sum(axis=1), kind="stable")]


@pytest.fixture
def design(counts, panel_design):
    """The worst 20 of them are chosen."""
    return panel_design(counts, dict.fromkeys(range(TREATED), START))


def past_of(counts, covariate=None, at_risk=None):
    """Counts before the start of sites without covariates, or with one."""
    ones = np.ones(len(counts))
    return Past(
        counts=counts,
        at_risk=np.ones_like(counts) if at_risk is None else at_risk,
        regressors=ones[:, None] if covariate is None else np.column_stack([ones, covariate]),
    )


def test_it_is_an_estimator():
    """It is an estimator like any other."""
    assert isinstance(EmpiricalBayes(), Estimator)


def test_the_population_is_the_negative_binomial_of_statsmodels():
    """Coefficients and variance between sites equal those of a negative binomial regression with an offset."""
    random = rng()
    covariate, at_risk = random.normal(size=400), random.gamma(5, 0.4, 400)
    rate = np.exp(0.5 + 0.4 * covariate) * random.gamma(2, 0.5, 400)
    counts = random.poisson(rate * at_risk).astype(float)
    past = past_of(counts[:, None], covariate, at_risk[:, None])
    found = fit_population(past, np.ones(400, bool))
    peer = sm.NegativeBinomial(counts, past.regressors, exposure=at_risk).fit(disp=0, method="newton", maxiter=200)
    np.testing.assert_allclose([*found.parameters[:2], np.exp(found.parameters[2])], peer.params, rtol=1e-4)


def test_influences_of_sites_are_what_leaving_each_out_does():
    """To first order, a parameter moves by a site's influence where the site is left out."""
    random = rng()
    counts = random.poisson(2 * random.gamma(2, 0.5, (150, 1)) * random.gamma(10, 0.1, (150, 4))).astype(float)
    past, everyone = past_of(counts), np.ones(150, bool)
    found = fit_population(past, everyone)
    for site in (0, 40, 90):
        without = fit_population(past, everyone & (np.arange(150) != site)).parameters
        np.testing.assert_allclose(found.parameters - without, found.influence[site], atol=2e-3, rtol=0.15)


def test_a_rate_is_the_mean_of_the_gamma_that_the_record_leaves():
    """Without variation over time, the lasting rate is (1/variance + count) / (1/variance / mean + exposure)."""
    counts, size, mean = np.array([[0.0, 0], [3, 4], [20, 10]]), 2.0, 3.0
    rate, own = shrunk(past_of(counts), np.array([np.log(mean), -np.log(size), 0.0]))
    np.testing.assert_allclose(rate, (size + counts.sum(axis=1)) / (size / mean + 2))
    np.testing.assert_allclose(own, 2 * mean / (2 * mean + size))


def test_what_passes_makes_a_record_count_less():
    """The more counts of a site vary over time beyond chance, the nearer its rate is to the population's."""
    past = past_of(np.array([[9.0, 9.0]]))
    shares = [shrunk(past, np.array([1.0, -1.0, over_time]))[1][0] for over_time in (0.0, 0.2, 0.6)]
    assert shares[0] > shares[1] > shares[2] > 0


def test_variation_over_time_is_found():
    """What was put in as variation of a site over time comes back, and none where there is none."""
    random = rng()
    level = 10 * random.gamma(3, 1 / 3, (2000, 1)) * np.ones(4)
    still, moving = random.poisson(level), random.poisson(level * random.gamma(10, 0.1, (2000, 4)))
    everyone = np.ones(2000, bool)
    assert fit_population(past_of(still.astype(float)), everyone).parameters[-1] < 0.01
    # a variance of 0.1 in a period, of which rates that differ themselves make 0.1 times their mean square
    expected = 0.1 * (1 + 1 / 3)
    assert fit_population(past_of(moving.astype(float)), everyone).parameters[-1] == pytest.approx(expected, rel=0.15)


def test_the_worst_fall_back_and_it_is_not_called_an_effect(design):
    """Where nothing was done, the plain comparison sees a fall in the worst places, and this does not."""
    plain = PoissonDifferenceInDifferences(event_study=False).estimate(design, rng=rng())
    found = EmpiricalBayes().estimate(design, rng=rng())
    assert plain.interval().upper < 0
    assert not found.interval().excludes(0)


def test_the_change_and_the_events_tell_the_same(design):
    """Rows add up to recorded times (exp(-change) - 1); paths and cells sum to what was expected."""
    effect = EmpiricalBayes().estimate(design, rng=rng(), draws=400)
    np.testing.assert_allclose(effect.total_prevented, effect.recorded.sum() * np.expm1(-effect.change))
    expected = effect.paths.fitted[START:].sum()
    assert effect.estimate == pytest.approx(np.log(effect.recorded.sum() / expected), abs=1e-6)
    assert effect.cells.prevented.sum() == pytest.approx(expected - effect.recorded.sum())
    assert np.sqrt((effect.influence**2).sum()) == pytest.approx(effect.std_error, rel=1e-3)


def test_the_influence_is_what_leaving_a_comparison_site_out_does(design):
    """The estimate moves by about a site's influence where that site is not there."""
    whole = forecast(select_sites(design, "test", None), np.ones(SITES, bool)).ratio
    for site in (30, 120):
        kept = tuple(name for row, name in enumerate(design.panel.sites) if row >= TREATED and row != site)
        part = Design(panel=design.panel, intervention=design.intervention, comparison=kept)
        without = forecast(select_sites(part, "test", None), np.ones(SITES - 1, bool)).ratio
        assert whole.log_ratio - without.log_ratio == pytest.approx(whole.influence[site], abs=5e-4)


def test_names_do_not_matter(counts, panel_design, design):
    """Sites in another order give the same estimate."""
    order = rng().permutation(SITES)
    starts = {int(np.flatnonzero(order == row)[0]): START for row in range(TREATED)}
    turned = EmpiricalBayes().estimate(panel_design(counts[order], starts), rng=rng())
    straight = EmpiricalBayes().estimate(design, rng=rng())
    assert turned.estimate == pytest.approx(straight.estimate, abs=1e-4)
    assert turned.std_error == pytest.approx(straight.std_error, rel=1e-3)


def test_the_unit_of_exposure_does_not_matter(counts, panel_design):
    """Thousands of residents instead of residents leave the ratio as it is."""
    exposure = rng().gamma(20, 50, (SITES, 1)) * np.ones(PERIODS)
    starts = dict.fromkeys(range(TREATED), START)
    found = [
        EmpiricalBayes().estimate(panel_design(counts, starts, exposure=exposure / unit), rng=rng())
        for unit in (1, 1000)
    ]
    assert found[0].estimate == pytest.approx(found[1].estimate, abs=1e-4)


def test_missing_cells_are_taken_as_missing(counts, panel_design):
    """A cell of weight zero is not a zero; a site without any count before the start is left out and named."""
    weights = np.ones_like(counts)
    weights[0, 1] = weights[150, 6] = 0
    weights[199, :START] = 0
    starts = dict.fromkeys(range(TREATED), START)
    effect = EmpiricalBayes().estimate(panel_design(counts, starts, weights=weights, buffer=[60]), rng=rng())
    other = counts.copy()
    other[0, 1] = other[150, 6] = 999
    same = EmpiricalBayes().estimate(panel_design(other, starts, weights=weights, buffer=[60]), rng=rng())
    assert effect.estimate == same.estimate
    detail = check(same, "cells without weight").detail
    assert "2 site-periods have weight zero" in detail
    assert "of treated sites before the start, which held 999" in detail
    assert "of comparison sites, which held 999" in detail
    assert "1 site without any count before or after the start ('s199')" in check(effect, "left out").detail
    assert "1 buffer site ('s060')" in check(effect, "left out").detail


def test_covariates_make_the_sites_like_it(counts, panel_design):
    """A covariate that foretells the rate takes up variation between sites; an unknown one is refused."""
    level = np.log1p(counts.mean(axis=1, keepdims=True)) * np.ones(PERIODS)
    starts = dict.fromkeys(range(TREATED), START)
    design = panel_design(counts, starts, covariates={"level": level})
    with_it, without = (
        forecast(select_sites(design, "test", names), np.ones(SITES, bool)).population.parameters[-2]
        for names in (None, ())
    )
    assert with_it < without
    with pytest.raises(EstimationError, match=r"no covariate 'levl'; .*level"):
        EmpiricalBayes(covariates=("levl",)).estimate(design, rng=rng())


def test_the_guard_of_the_selection_window_is_lifted_by_what_allows_for_it(design):
    """The design's failed check lowers the certainty of a plain comparison, and not of this; a check says how much."""
    chosen = Design(panel=design.panel, intervention=design.intervention, selection_window=("1", "4"))
    effect = EmpiricalBayes().estimate(chosen, rng=rng())
    plain = PoissonDifferenceInDifferences(event_study=False).estimate(chosen, rng=rng())
    told = check(effect, "selection window")
    assert told.passed is None
    assert "because a bad spell ends by itself (regression to the mean" in told.detail
    assert any("chosen for being bad" in reason for reason in judge(plain, chosen, 0.95).reasons)
    assert not any("chosen for being bad" in reason for reason in judge(effect, chosen, 0.95).reasons)


def test_a_window_after_the_start_stays_a_fault(design):
    """Sites chosen by what came after are no fair test, and no shrinking makes them one."""
    late = Design(panel=design.panel, intervention=design.intervention, selection_window=("3", "6"))
    effect = EmpiricalBayes().estimate(late, rng=rng())
    assert check(effect, "regression to the mean")
    assert any("not a fair test" in reason for reason in judge(effect, late, 0.95).reasons)


def test_a_population_with_a_worse_end_than_a_gamma_is_noticed(counts, panel_design):
    """A few places far beyond the others fail the check of the population, which says which way that pulls."""
    counts[:5] = rng().poisson(60, (5, PERIODS))
    told = check(
        EmpiricalBayes().estimate(panel_design(counts, dict.fromkeys(range(10), START)), rng=rng()), "population"
    )
    assert told.passed is False
    assert "the measure looks worse than it is" in told.detail


def test_sites_that_differ_by_chance_alone_are_all_taken_for_average(panel_design):
    """Where sites do not differ beyond chance, a site's record says nothing, and the check says so."""
    random = np.random.default_rng(3)
    still = random.poisson(4, (SITES, PERIODS)).astype(float)
    still[:, :START] = random.permuted(np.tile([2.0, 4, 4, 6], (SITES, 1)), axis=1)
    effect = EmpiricalBayes().estimate(panel_design(still, dict.fromkeys(range(TREATED), START)), rng=rng())
    assert "a site's own record says nothing of its rate" in check(effect, "population").detail
    assert np.isfinite(effect.std_error)


def test_one_period_before_says_what_it_cannot_see(counts, panel_design):
    """With one period before the start, variation that does not last cannot be told from that which does."""
    effect = EmpiricalBayes().estimate(panel_design(counts, dict.fromkeys(range(TREATED), 1)), rng=rng())
    assert "with one period before the start, all of that is taken to last" in check(effect, "population").detail


def test_what_it_cannot_take_is_refused(counts, panel_design):
    """Scores, several starts, sizes as weights, one treated site, and no events have a message each."""
    starts = dict.fromkeys(range(TREATED), START)

    def run(design):
        return EmpiricalBayes().estimate(design, rng=rng())

    with pytest.raises(DesignError, match="takes counts of events; 'theft' is of kind 'score'"):
        run(panel_design(counts, starts, kind="score"))
    with pytest.raises(DesignError, match="takes one start, and sites started at"):
        run(panel_design(counts, starts | {3: 5}))
    with pytest.raises(DesignError, match="only say which cells are missing"):
        run(panel_design(counts, starts, weights=counts + 1))
    with pytest.raises(EstimationError, match=r"at least two treated sites with counts before and after.*there is 1"):
        run(panel_design(counts, {0: START}))
    empty = counts.copy()
    empty[:TREATED, START:] = 0
    with pytest.raises(EstimationError, match="no event was recorded in the treated sites after the start"):
        run(panel_design(empty, starts))
    empty = counts.copy()
    empty[TREATED:, START:] = 0
    with pytest.raises(EstimationError, match="the comparison sites recorded nothing after the start"):
        run(panel_design(empty, starts))
    empty = counts.copy()
    empty[:, :START] = 0
    with pytest.raises(EstimationError, match="the population has no event before the start"):
        run(panel_design(empty, starts))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": "treated"}, "no population 'treated'"),
        ({"covariates": "homes"}, "covariates are a list of names"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    """Every option says what it takes."""
    with pytest.raises(EstimationError, match=message):
        EmpiricalBayes(**options)


def test_a_lognormal_of_the_same_variance_shrinks_the_worst_less():
    """Its tail is longer: a far record is believed more than by a gamma, and a site without a record is at the mean."""
    past = Past(
        counts=np.array([[30.0], [5.0], [0.0]]), at_risk=np.array([[5.0], [5.0], [0.0]]), regressors=np.ones((3, 1))
    )
    parameters = np.array([0.0, np.log(0.5), 0.0])
    gamma, _ = shrunk(past, parameters)
    lognormal = shrunk_if_lognormal(past, parameters)
    grid = np.linspace(-6, 6, 200_001)
    scale = np.sqrt(np.log(1.5))
    rates = np.exp(scale * grid - scale**2 / 2)
    for row in range(3):
        heights = np.exp(-(grid**2) / 2) * stats.poisson(5 * rates if row < 2 else 0 * rates).pmf(past.counts[row, 0])
        assert lognormal[row] == pytest.approx((heights * rates).sum() / heights.sum(), rel=1e-4)
    assert lognormal[0] > gamma[0]
    assert lognormal[2] == pytest.approx(1, abs=1e-3)


def test_the_form_of_the_population_is_told(design):
    """The check says what a lognormal would make of it."""
    detail = check(EmpiricalBayes().estimate(design, rng=rng()), "population").detail
    assert "Were rates lognormal and not gamma, the change would be" in detail
