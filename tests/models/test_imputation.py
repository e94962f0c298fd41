import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DesignError, EstimationError
from evalkit.models._imputation import leads
from evalkit.models._imputation.cells import choose_cells
from evalkit.models._imputation.errors import choose_strata, spread_of
from evalkit.models._imputation.leads import steepness
from evalkit.models._imputation.untreated import fit_linear_untreated
from evalkit.models._regression.absorb import absorb
from evalkit.models.did_ols import LinearDifferenceInDifferences
from evalkit.models.did_poisson import PoissonDifferenceInDifferences
from evalkit.models.imputation import Imputation
from evalkit.models.poisson_etwfe import PoissonExtendedTwoWay

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "imputation.json").read_text(encoding="utf-8"))
ROOT = Path(__file__).resolve().parents[2]
PLAIN = Imputation(event_study=False)


def estimate(design, estimator=PLAIN, draws=400):
    """Estimate with a fixed seed."""
    return estimator.estimate(design, rng=np.random.default_rng(1), draws=draws)


def reference_design(panel_design, **options):
    """The panel that the reference numbers were made with."""
    counts, starts = (np.array(REFERENCE[name]) for name in ("counts", "starts"))
    return panel_design(counts.astype(float), {i: int(start) for i, start in enumerate(starts) if start < 9}, **options)


def simulated(rng=None, *, sites=16, periods=8, start=4, treated=6, effect=-0.4):
    """Counts without zeros, with a fall in the first sites."""
    rng = rng or np.random.default_rng(21)
    levels = 60 * np.exp(rng.normal(0, 0.4, (sites, 1)) + 0.05 * np.arange(periods))
    post = np.zeros((sites, periods))
    post[:treated, start:] = 1
    return rng.poisson(levels * np.exp(effect * post)).astype(float)


@pytest.mark.parametrize("errors", ["BJS", "leave-one-out"])
def test_estimate_and_error_are_those_of_diff_diff(panel_design, errors):
    """The average over treated cells and its conservative error, as diff-diff 3.13 has them."""
    effect = estimate(reference_design(panel_design), Imputation(errors=errors, event_study=False), draws=4000)
    assert effect.estimate == pytest.approx(REFERENCE["linear"][errors]["estimate"], abs=1e-9)
    assert effect.std_error == pytest.approx(REFERENCE["linear"][errors]["error"], rel=1e-5)


def test_horizons_are_those_of_diff_diff(panel_design):
    """By time since the start, with their errors."""
    effect = estimate(reference_design(panel_design), Imputation(errors="leave-one-out"), draws=4000)
    for time, (value, error) in REFERENCE["linear"]["horizons"].items():
        drawn = effect.dynamics.draws[:, effect.dynamics.times.index(int(time))]
        assert np.median(drawn) == pytest.approx(value, abs=1e-9)
        lower, upper = np.quantile(drawn, [0.25, 0.75], method="hazen")
        assert (upper - lower) / (2 * 0.683) == pytest.approx(error, rel=2e-3)  # quartile of t(29)


def test_the_county_panel_gives_the_known_numbers(panel_design, counties, county_employment):
    """Teen employment: -0.0477099 (0.013222), as didimputation and diff-diff have it."""
    outcome, _, starts = counties
    wanted = county_employment["imputation"]
    design = panel_design(outcome, {i: int(start) for i, start in enumerate(starts) if start < 5}, kind="score")
    for errors, error in wanted["errors"].items():
        effect = estimate(design, Imputation(transform="level", errors=errors, event_study=False), draws=4000)
        assert effect.estimate == pytest.approx(wanted["estimate"], abs=1e-9)
        assert effect.std_error == pytest.approx(error, rel=1e-5)
    # with many sites all three agree
    effect = estimate(design, Imputation(transform="level", errors="stratified", event_study=False), draws=4000)
    assert effect.std_error == pytest.approx(wanted["errors"]["BJS"], rel=0.02)


def test_the_castle_panel_gives_what_diff_diff_gives(panel_design):
    """Log homicide, unweighted, on the calendar year of adoption: .0798016 (.0608840)."""
    wanted = json.loads((ROOT / "tests" / "reference" / "castle.json").read_text(encoding="utf-8"))["peers"]
    frame = pd.read_csv(ROOT / "studies" / "castle_doctrine" / "data" / "published.csv").sort_values(["state", "year"])
    logs = np.log(frame["homicide_rate"].to_numpy().reshape(50, 11))
    first = frame["began"].to_numpy().reshape(50, 11)[:, 0] - 1
    began = {i: int(start) - 2000 for i, start in enumerate(first) if np.isfinite(start)}
    design = panel_design(logs, began, kind="score")
    effect = estimate(design, Imputation(transform="level", errors="BJS", event_study=False), draws=4000)
    assert effect.estimate == pytest.approx(wanted["imputation"]["estimate"], abs=1e-9)
    assert effect.std_error == pytest.approx(wanted["imputation"]["error"], rel=1e-5)
    assert "2 cohorts of a single site" in next(c.detail for c in effect.checks if c.name == "number of sites")
    stratified = estimate(design, Imputation(transform="level", event_study=False), draws=4000)
    assert effect.std_error < stratified.std_error < 1.1 * effect.std_error


def test_what_is_imputed_is_the_prediction_of_a_regression_on_untreated_cells():
    """Explicit dummies on untreated cells, missing cells, weights and a covariate included."""
    rng = np.random.default_rng(4)
    outcome, z = rng.normal(size=(7, 6)), rng.normal(size=(7, 6))
    weights = rng.uniform(0.5, 2, (7, 6))
    weights[np.arange(6) >= np.array([3, 3, 5, 6, 6, 6, 6])[:, None]] = 0
    weights[5, 2] = 0
    fit = fit_linear_untreated(outcome, z[:, :, None], weights, ["z"])
    site, period = np.indices((7, 6))
    dummies = np.column_stack([np.eye(7)[site.ravel()], np.eye(6)[period.ravel()][:, 1:], z.ravel()])
    root = np.sqrt(weights.ravel())
    solution = np.linalg.lstsq(dummies * root[:, None], outcome.ravel() * root, rcond=None)[0]
    np.testing.assert_allclose(fit.imputed.ravel(), dummies @ solution, atol=1e-10)
    # influence: what the outcome of a site adds, by the hat matrix
    towards = np.where(weights == 0, rng.uniform(size=(7, 6)), 0.0)
    hat = towards.ravel() @ dummies @ np.linalg.pinv(dummies * root[:, None]) * root
    slow = (hat * (outcome.ravel() - dummies @ solution)).reshape(7, 6).sum(axis=1)
    np.testing.assert_allclose(fit.pull(towards), slow, atol=1e-10)
    weights_of_cells = np.where(weights == 0, towards, -hat.reshape(7, 6))
    np.testing.assert_allclose(fit.reach(towards), np.abs(weights_of_cells).sum(axis=1) / 2, atol=1e-10)


def test_with_one_start_it_is_least_squares_and_the_error_is_welch(panel_design):
    """Each site is its change: the difference of two means, with its own variance on each side."""
    from scipy import stats

    counts = simulated()
    design = panel_design(counts, dict.fromkeys(range(6), 4))
    effect = estimate(design, draws=4000)
    ordinary = estimate(design, LinearDifferenceInDifferences(errors="CR2", event_study=False), draws=4000)
    assert effect.estimate == pytest.approx(ordinary.estimate, abs=1e-9)
    change = np.log(counts)[:, 4:].mean(axis=1) - np.log(counts)[:, :4].mean(axis=1)
    welch = stats.ttest_ind(change[:6], change[6:], equal_var=False)
    assert effect.std_error == pytest.approx((change[:6].mean() - change[6:].mean()) / welch.statistic, rel=1e-4)
    # so is CR2 of did-ols, with Satterthwaite's degrees of freedom under equal variances
    assert effect.std_error == pytest.approx(ordinary.std_error, rel=1e-3)
    assert effect.degrees_of_freedom == pytest.approx(ordinary.degrees_of_freedom, rel=1e-6)


def test_growing_effects_come_back_without_noise(panel_design):
    """Site, period and cell effects that add up are found exactly, in the average and by time."""
    starts = np.array([2, 2, 4, 4, 8, 8])
    since = np.arange(8) - starts[:, None]
    effect = np.where(since >= 0, -0.1 - 0.1 * since, 0.0)
    noise = 1e-6 * np.random.default_rng(1).normal(size=(6, 8))
    values = np.arange(6)[:, None] + 0.3 * np.sin(np.arange(8)) + effect + noise
    design = panel_design(values, {0: 2, 1: 2, 2: 4, 3: 4}, kind="score")
    found = estimate(design, Imputation(transform="level"))
    assert found.estimate == pytest.approx(effect[since >= 0].mean(), abs=1e-5)
    for time in range(6):
        column = found.dynamics.times.index(time)
        assert np.median(found.dynamics.draws[:, column]) == pytest.approx(-0.1 - 0.1 * time, abs=1e-5)
    assert np.median(found.cohorts.change, axis=0) == pytest.approx([-0.35, -0.25], abs=1e-5)
    assert found.prevented is None


@pytest.mark.parametrize("transform", ["log", "level"])
def test_parts_add_up_row_by_row(panel_design, transform):
    """Periods and cohorts sum to one total; on levels that is minus the average times the cells."""
    effect = estimate(reference_design(panel_design), Imputation(transform=transform, event_study=False))
    np.testing.assert_allclose(effect.prevented.sum(axis=1), effect.cohorts.prevented.sum(axis=1), atol=1e-6)
    assert np.median(effect.total_prevented) == pytest.approx(effect.cells.prevented.sum(), rel=2e-3)
    if transform == "level":
        np.testing.assert_allclose(effect.total_prevented, -effect.change * effect.cells.treated.sum(), rtol=1e-9)
    else:
        assert np.corrcoef(effect.change, effect.total_prevented)[0, 1] < -0.7


def test_scaling_the_exposure_leaves_a_ratio(panel_design):
    """And the events prevented with it."""
    exposure = np.random.default_rng(8).gamma(10, 1, (30, 9))
    one, other = (estimate(reference_design(panel_design, exposure=exposure * c)) for c in (1.0, 100.0))
    np.testing.assert_allclose(other.change, one.change, atol=1e-9)
    np.testing.assert_allclose(other.prevented, one.prevented, atol=1e-5)


def test_weights_say_which_cells_count(panel_design):
    """A treated site of weight three counts three times in the average."""
    counts, weights = simulated(), np.ones((16, 8))
    weights[0] = 3
    design = panel_design(counts, dict.fromkeys(range(6), 4), weights=weights)
    change = np.log(counts)[:, 4:].mean(axis=1) - np.log(counts)[:, :4].mean(axis=1)
    own = np.average(change[:6], weights=[3, 1, 1, 1, 1, 1])
    assert estimate(design).estimate == pytest.approx(own - change[6:].mean(), abs=1e-9)


def test_no_effect_leaves_nothing_inside(panel_design):
    """Where nothing happened the interval holds zero, and so does that of the total."""
    effect = estimate(panel_design(simulated(effect=0.0), dict.fromkeys(range(6), 4)))
    assert not effect.interval().excludes(0)
    assert np.quantile(effect.total_prevented, 0.025) < 0 < np.quantile(effect.total_prevented, 0.975)


def test_cells_without_a_counterpart_are_left_out_by_name(panel_design):
    """A treated site whose earlier periods are missing, and periods in which all are treated."""
    counts, weights = simulated(sites=9), np.ones((9, 8))
    weights[0, :4] = 0
    began = {**dict.fromkeys(range(4), 4), **dict.fromkeys(range(4, 9), 6)}
    effect = estimate(panel_design(counts, began, weights=weights))
    detail = next(check.detail for check in effect.checks if check.name == "left out")
    assert "1 site with no untreated period to compare with itself: 's000'" in detail
    assert "2 periods with no site that is still untreated to compare with: '7', '8'" in detail
    assert effect.cells.sites == ("s001", "s002", "s003")
    assert effect.recorded.sum() == counts[1:4, 4:6].sum()


def test_the_test_of_earlier_periods_notices_a_trend(panel_design):
    """Sites that drift apart before the start fail it; those that do not, pass or say that they could not tell."""
    counts = simulated(sites=40, treated=20)
    drift = np.where(np.arange(40) < 20, 0.4, 0.0)[:, None] * np.arange(8)
    for values, passed in ((counts, (None, True)), (np.rint(counts * np.exp(drift)), (False,))):
        effect = estimate(panel_design(values, dict.fromkeys(range(20), 4)), Imputation())
        assert next(check.passed for check in effect.checks if check.name == "leads") in passed
        assert effect.dynamics.reference == -4


@pytest.mark.parametrize(("share", "equal"), [(False, True), (True, False)])
def test_the_stratified_error_is_unbiased_in_its_working_model(share, equal):
    """Over many draws of independent influences of unequal sizes the mean of its square is their variance."""
    rng = np.random.default_rng(6)
    sizes = np.ones(9) if equal else rng.gamma(2, 1, 9)
    strata = choose_strata(np.array([1, 1, 1, 2, 2, 2, 5, 5, 5]), 5, tuple("abcdefghi"), "stratified")
    means = np.array([sizes[strata.of == label].mean() for label in strata.of])
    variances = sizes * (means + sizes)
    centre = np.array([sizes[strata.of == label].sum() for label in strata.of])
    found = []
    for _ in range(4000):
        drawn = rng.normal(0, np.sqrt(variances))
        totals = np.array([drawn[strata.of == label].sum() for label in strata.of])
        found.append(spread_of(drawn - share * sizes / centre * totals, sizes, strata, "stratified").error ** 2)
    assert np.mean(found) == pytest.approx(variances.sum(), rel=0.05)
    # a scaled chi-squared has variance 2 mean^2 / degrees of freedom
    free = spread_of(sizes, sizes, strata, "stratified").degrees_of_freedom
    assert 2 * np.mean(found) ** 2 / np.var(found) == pytest.approx(free, rel=0.12)


def test_what_cannot_be_answered_is_refused(panel_design):
    """Each refusal says what is there and what was wanted."""
    counts = simulated()
    with pytest.raises(EstimationError, match="one treated site"):
        estimate(panel_design(counts, {0: 4}))
    zero = np.array(counts)
    zero[7, 2] = 0
    with pytest.raises(EstimationError, match=r"'s007' in 3 recorded 0.* no"):
        estimate(panel_design(zero, dict.fromkeys(range(6), 4)))
    with pytest.raises(EstimationError, match="no transform 'logs'"):
        Imputation(transform="logs")
    with pytest.raises(DesignError, match="transform = 'level'"):
        estimate(panel_design(counts, dict.fromkeys(range(6), 4), kind="score"))
    with pytest.raises(EstimationError, match="no covariate 'z'"):
        estimate(panel_design(counts, dict.fromkeys(range(6), 4)), Imputation(covariates=("z",)))
    with pytest.raises(EstimationError, match="one text, 'income'"):
        Imputation(covariates="income")
    assert Imputation(covariates=["z"]).covariates == ("z",)


def never_untreated():
    """Counts of sites in three cohorts, each site treated in the end."""
    rng = np.random.default_rng(4)
    starts = np.array([5, 8, 12])[np.arange(45) % 3]
    counts = rng.poisson(80 * np.exp(rng.normal(0, 0.4, (45, 1)) + 0.03 * np.arange(14))).astype(float) + 1
    return counts, {row: int(start) for row, start in enumerate(starts)}


@pytest.mark.parametrize("estimator", [Imputation(), PoissonExtendedTwoWay()], ids=["linear", "Poisson"])
@pytest.mark.parametrize("uneven", [False, True], ids=["even", "uneven"])
def test_without_a_site_never_treated_no_power_against_a_trend_is_told(panel_design, estimator, uneven):
    """Time since the start is then the period less the start, which site and period effects take up."""
    counts, began = never_untreated()
    rng = np.random.default_rng(5)
    # unequal weights leave rounding of the trend where equal ones may leave exactly nothing
    weights = rng.uniform(0.1, 3, counts.shape) if uneven else None
    effect = estimate(panel_design(counts, began, weights=weights), estimator)
    assert np.isfinite(effect.change).all()
    told = {check.name: check for check in effect.checks}["leads"]
    assert told.passed is None
    assert "cannot be told from site and period effects" in told.detail
    assert "noticed cannot be known" in told.detail
    assert effect.trend_sensitivity == ()
    assert any(check.name == "sensitivity to trends" for check in effect.checks)
    # starts 5, 8, 12 have no common rhythm: a straight line is all that is lost, and the reference settles it
    assert effect.dynamics.times[0] == -10


@pytest.mark.parametrize("rounding", [0.0, 1e-13, -3e-12])
def test_a_rounding_of_nothing_is_no_trend(panel_design, monkeypatch, rounding):
    """What site and period effects leave of event time is zero or rounding, and no slope comes of it."""
    chosen = choose_cells(panel_design(*never_untreated()), "imputation", None, need_events=False)
    sample = chosen.sample
    fit = fit_linear_untreated(
        np.log(sample.values), sample.covariates, np.where(chosen.untreated, sample.weights, 0.0), ()
    )

    def rounded(weights, columns):
        left = absorb(weights, columns)
        return replace(left, period_effects=left.period_effects + rounding)

    monkeypatch.setattr(leads, "absorb", rounded)
    assert np.isnan(steepness(fit, sample, np.where(chosen.treated, sample.weights, 0.0), -0.1))


def test_leads_without_a_site_never_treated_still_find_what_is_no_straight_line(panel_design):
    """A dip in the last period before the start is seen though a trend would not be."""
    counts, began = never_untreated()
    for row, start in began.items():
        counts[row, start - 1] = np.round(0.6 * counts[row, start - 1])
    told = {check.name: check for check in estimate(panel_design(counts, began), Imputation()).checks}["leads"]
    assert told.passed is False
    assert "already moved apart" in told.detail


@pytest.mark.parametrize("kind", [LinearDifferenceInDifferences, PoissonDifferenceInDifferences])
def test_difference_in_differences_tells_no_power_there_either(panel_design, kind):
    """With leads and lags that pool enough for an event study, its power is not rounding over rounding."""
    counts, began = never_untreated()
    effect = estimate(panel_design(counts, began), kind(leads=4, lags=3))
    told = {check.name: check for check in effect.checks}["leads"]
    assert "noticed cannot be known" in told.detail
