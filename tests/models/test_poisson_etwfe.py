import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Table
from evalkit.errors import DesignError, EstimationError
from evalkit.models._imputation.cells import choose_cells
from evalkit.models._imputation.untreated import fit_poisson_untreated
from evalkit.models._inference.cluster import infer
from evalkit.models._regression.poisson import fit_poisson
from evalkit.models._regression.profile import profile_poisson
from evalkit.models.did_poisson import PoissonDifferenceInDifferences
from evalkit.models.poisson_etwfe import PoissonExtendedTwoWay

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "imputation.json").read_text(encoding="utf-8"))
PLAIN = PoissonExtendedTwoWay(event_study=False)


def estimate(design, estimator=PLAIN, draws=400):
    """Estimate with a fixed seed."""
    return estimator.estimate(design, rng=np.random.default_rng(1), draws=draws)


def example(rng=None, *, constant=True, mean=30.0):
    """Counts and exposures of 14 sites by 9 periods, three starts, and an effect that grows."""
    rng = rng or np.random.default_rng(5)
    starts = np.array([3, 3, 3, 5, 5, 5, 6, 6, *[9] * 6])
    since = np.arange(9) - starts[:, None]
    effect = np.where(since >= 0, -0.2 - 0.05 * since, 0.0)
    exposure = rng.gamma(10, 0.1, (14, 1)) * np.ones((1, 9))
    if not constant:
        exposure = exposure * rng.gamma(20, 0.05, (14, 9))
    counts = rng.poisson(mean * exposure * np.exp(effect + rng.normal(0, 0.3, (14, 1)) + 0.1 * np.sin(np.arange(9))))
    began = {row: int(start) for row, start in enumerate(starts) if start < 9}
    return counts.astype(float), exposure, starts, began


def cell_columns(starts, *, by_site):
    """A column for every cohort, or every treated site, in each of its treated periods."""
    treated = np.arange(9) >= starts[:, None]
    keys = np.arange(len(starts)) if by_site else starts
    pairs = sorted({(int(keys[i]), t) for i, t in np.argwhere(treated)})
    columns = [(keys == key)[:, None] & treated & (np.arange(9) == t) for key, t in pairs]
    return np.stack(columns, axis=2).astype(float), [f"{key} in {t}" for key, t in pairs]


def expected_in(design):
    """Events expected in every cell."""
    chosen = choose_cells(design, "test", None, need_events=True)
    sample = chosen.sample
    weights = np.where(chosen.untreated, sample.weights, 0.0)
    return fit_poisson_untreated(sample.values, sample.exposure, sample.covariates, weights, ()).imputed


def test_coefficients_of_cohorts_and_periods_are_logs_of_recorded_over_expected(panel_design):
    """The saturated two-way model and imputation from untreated cells are one, as the link is canonical."""
    counts, exposure, starts, began = example()
    columns, names = cell_columns(starts, by_site=False)
    fit = fit_poisson(counts, exposure, columns, np.ones_like(counts), names)
    expected = expected_in(panel_design(counts, began, exposure=exposure))
    for j in range(len(names)):
        cells = columns[:, :, j] > 0
        assert fit.coefficients[j] == pytest.approx(np.log(counts[cells].sum() / expected[cells].sum()), abs=1e-8)


def test_with_changing_exposure_it_is_the_model_with_every_treated_cell_its_own(panel_design):
    """Then the expectation is that of a model with a coefficient for each treated site and period."""
    counts, exposure, starts, began = example(constant=False)
    columns, names = cell_columns(starts, by_site=True)
    fit = fit_poisson(counts, exposure, columns, np.ones_like(counts), names)
    without = exposure * np.exp(fit.fitted - columns @ fit.coefficients)
    np.testing.assert_allclose(expected_in(panel_design(counts, began, exposure=exposure)), without, rtol=1e-7)


def test_with_one_treated_period_the_plain_error_is_the_sandwich(panel_design):
    """One cohort in one period has one coefficient, and its cluster-robust error is the plain one here."""
    counts, exposure, _, _ = example()
    design = panel_design(counts, dict.fromkeys(range(6), 8), exposure=exposure)
    effect = estimate(design, PoissonExtendedTwoWay(errors="BJS", event_study=False), draws=4000)
    fit = fit_poisson(counts, exposure, design.treatment[:, :, None].astype(float), np.ones_like(counts), ["d"])
    found = infer(fit, "CR1", "none", treated=6, comparison=8)
    assert effect.estimate == pytest.approx(fit.coefficients[0], abs=1e-8)
    assert effect.std_error == pytest.approx(found.std_errors[0], rel=1e-4)
    np.testing.assert_allclose(effect.influence, found.influence[:, 0], atol=1e-8)


def test_influence_is_what_moving_a_site_does(panel_design):
    """A little more of a site's distance from its fit moves the estimate by so much of its influence."""
    counts, exposure, starts, began = example(constant=False)
    design = panel_design(counts, began, exposure=exposure)
    expected, treated = expected_in(design), design.treatment
    fitted = np.array(expected)
    for start in (3, 5, 6):
        rows = np.ix_(starts == start, np.arange(9) >= start)
        fitted[rows] *= counts[rows].sum(axis=0) / expected[rows].sum(axis=0)
    effect = estimate(design, PoissonExtendedTwoWay(errors="BJS", event_study=False))
    for site in (0, 6, 9, 12):
        moved = np.array(counts)
        moved[site] += 1e-4 * (counts[site] - fitted[site])
        # rates weighted by their exposure are counts with an exposure, and need not be whole
        other = expected_in(panel_design(moved / exposure, began, weights=exposure, kind="rate")) * exposure
        change = np.log(moved[treated].sum() / other[treated].sum()) - effect.estimate
        assert change / 1e-4 == pytest.approx(effect.influence[site], rel=2e-3, abs=1e-5)


def test_without_exposure_the_total_is_that_of_diff_diff(panel_design):
    """diff-diff 3.13 fits cohorts rather than sites and gives events a cell; the total is the same."""
    counts, starts = (np.array(REFERENCE[name]) for name in ("counts", "starts"))
    began = {row: int(start) for row, start in enumerate(starts) if start < 9}
    effect = estimate(panel_design(counts.astype(float), began))
    each = effect.cells.prevented[effect.cells.treated].mean()
    assert -each == pytest.approx(REFERENCE["poisson"]["events a cell"], rel=1e-8)


def test_one_start_and_two_periods_give_the_ratio_of_ratios(panel_design):
    """With sums before and after it is the log of (110/207)/(318/308), as the single change is."""
    before = np.array([[100.0], [107.0], [300.0], [8.0]])
    after = np.array([[60.0], [50.0], [310.0], [8.0]])
    effect = estimate(panel_design(np.hstack([before, after]), {0: 1, 1: 1}), draws=4000)
    assert effect.estimate == pytest.approx(np.log((110 / 207) / (318 / 308)), abs=1e-9)


def test_parts_add_up_row_by_row(panel_design):
    """Periods and cohorts sum to the same total, which is recorded times (exp(-change) - 1)."""
    counts, exposure, _, began = example()
    effect = estimate(panel_design(counts, began, exposure=exposure))
    total = np.expm1(-effect.change) * effect.recorded.sum()
    np.testing.assert_allclose(effect.prevented.sum(axis=1), total, atol=1e-6)
    np.testing.assert_allclose(effect.cohorts.prevented.sum(axis=1), total, atol=1e-6)
    assert effect.cohorts.labels == ("4", "6", "7")
    assert np.median(total) == pytest.approx(effect.cells.prevented.sum(), rel=1e-3)
    assert (np.corrcoef(effect.cohorts.change[:, 0], effect.cohorts.prevented[:, 0])[0, 1]) < -0.95


def test_scaling_the_exposure_leaves_everything(panel_design):
    """Residents or thousands of residents: the same change and the same events."""
    counts, exposure, _, began = example()
    one, other = (estimate(panel_design(counts, began, exposure=exposure * c)) for c in (1.0, 1000.0))
    np.testing.assert_allclose(other.change, one.change, rtol=1e-7)
    np.testing.assert_allclose(other.prevented, one.prevented, rtol=1e-5, atol=1e-6)


def test_renaming_sites_changes_nothing(panel_design):
    """The order of sites has no say."""
    counts, exposure, starts, began = example()
    order = np.random.default_rng(2).permutation(14)
    turned = {place: int(starts[row]) for place, row in enumerate(order) if starts[row] < 9}
    one = estimate(panel_design(counts, began, exposure=exposure))
    other = estimate(panel_design(counts[order], turned, exposure=exposure[order]))
    assert other.estimate == pytest.approx(one.estimate, abs=1e-9)
    assert other.std_error == pytest.approx(one.std_error, rel=1e-7)


def test_an_effect_that_grows_is_not_taken_for_a_smaller_one(panel_design):
    """On counts without noise the truth comes back, where one change for all is biased."""
    starts = np.array([2, 2, 5, 5, 9, 9])
    since = np.arange(9) - starts[:, None]
    without = 400.0 * np.ones((6, 9)) * np.array([[1], [2], [1], [3], [2], [1]])
    counts = np.rint(without * np.where(since >= 0, np.exp(-0.1 - 0.1 * since), 1.0))
    counts[1, 3] += 3
    design = panel_design(counts, {0: 2, 1: 2, 2: 5, 3: 5})
    truth = np.log(counts[since >= 0].sum() / without[since >= 0].sum())
    assert estimate(design).estimate == pytest.approx(truth, abs=1e-3)
    assert estimate(design, PoissonDifferenceInDifferences(event_study=False)).estimate > truth + 0.05


def test_without_sites_never_treated_the_last_periods_have_no_counterpart(panel_design):
    """They are left out by name with their events, and the rest is estimated."""
    counts, exposure, _, began = example()
    effect = estimate(panel_design(counts[:8], began, exposure=exposure[:8]))
    found = next(check.detail for check in effect.checks if check.name == "left out")
    assert "3 periods with no site that is still untreated to compare with: '7', '8', '9'" in found
    assert f"the {counts[:8, 6:].sum():g} events" in found
    assert effect.prevented.shape == (400, 6)
    np.testing.assert_array_equal(effect.prevented[:, 3:], 0)
    assert dict(effect.specification)["compared with"] == "not yet treated"


def test_treated_sites_without_earlier_events_stay_and_empty_sites_go(panel_design):
    """A site that recorded nothing before expects nothing: leaving it out would keep the sites that happened to."""
    counts, _, _, began = example()
    counts[0, :3], counts[13] = 0, 0
    effect = estimate(panel_design(counts, began))
    assert effect.recorded.sum() == sum(counts[row, start:].sum() for row, start in began.items())
    assert effect.cells.expected[0, 3:].sum() == 0
    detail = next(check.detail for check in effect.checks if check.name == "left out")
    assert "1 site ('s013')" in detail
    assert "'s000'" not in detail


def test_a_cohort_without_events_counts_in_the_total(panel_design):
    """Its ratio is zero and has no log; the total has it, and a check says why there is nothing by cohort."""
    counts, _, _, began = example()
    counts[6:8, 6:] = 0
    effect = estimate(panel_design(counts, began))
    assert effect.cohorts is None
    assert "7 recorded" in next(check.detail for check in effect.checks if check.name == "cohorts")
    assert np.isfinite(effect.prevented).all()
    traced = estimate(panel_design(counts, began), PoissonExtendedTwoWay())
    assert traced.dynamics is not None


def test_the_event_study_has_leads_against_the_earliest_time_and_the_test(panel_design):
    """Times before the start come from untreated cells only, later ones from what was expected."""
    counts, exposure, _, began = example()
    effect = estimate(panel_design(counts, began, exposure=exposure), PoissonExtendedTwoWay())
    assert effect.dynamics.times == (-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5)
    assert effect.dynamics.reference == -6
    assert "earlier periods" in next(check.detail for check in effect.checks if check.name == "leads")
    counts[:, 3:] *= 10
    short = estimate(panel_design(counts[:, 2:], dict.fromkeys(range(3), 1)), PoissonExtendedTwoWay())
    assert short.dynamics.reference is None
    assert min(short.dynamics.times) == 0


def test_a_covariate_that_explains_the_counts_is_taken_out(panel_design):
    """It is fitted to untreated cells and carried to treated ones."""
    rng = np.random.default_rng(9)
    counts, exposure, _, began = example(mean=300.0)
    z = rng.normal(size=counts.shape)
    moved = rng.poisson(counts * np.exp(0.5 * z)).astype(float)
    with_it = estimate(panel_design(moved, began, exposure=exposure, covariates={"z": z}))
    plain = estimate(panel_design(counts, began, exposure=exposure))
    assert with_it.estimate == pytest.approx(plain.estimate, abs=3 * plain.std_error)
    assert with_it.std_error < estimate(panel_design(moved, began, exposure=exposure)).std_error / 2
    assert ("covariates", "z") in with_it.specification


def test_missing_cells_and_a_buffer_are_left_out_by_name(panel_design):
    """A cell of weight zero moves nothing, whatever it holds; buffer sites have no say."""
    counts, _, _, _ = example()
    began = {0: 3, 1: 3, 2: 3}
    weights = np.ones_like(counts)
    weights[1, 5], weights[10, 2] = 0, 0
    wild = np.array(counts)
    wild[1, 5], wild[10, 2], wild[5] = 9000, 9000, 700
    one = estimate(panel_design(counts, began, weights=weights, buffer=[5]))
    other = estimate(panel_design(wild, began, weights=weights, buffer=[5]))
    np.testing.assert_allclose(other.change, one.change, rtol=1e-8)
    named = {check.name: check.detail for check in other.checks}
    assert "'s005'" in named["left out"]
    assert "1 ('s001 in 6') of treated sites after the start, which held 9,000" in named["cells without weight"]
    assert "1 ('s010 in 3') of comparison sites, which held 9,000" in named["cells without weight"]


def test_what_cannot_be_answered_is_refused(panel_design):
    """Each refusal says what is there and what was wanted."""
    counts, _, _, began = example()
    with pytest.raises(EstimationError, match="one treated site \\('s000'\\)"):
        estimate(panel_design(counts, {0: 4}))
    with pytest.raises(EstimationError, match="one comparison site"):
        estimate(panel_design(counts[:9], began))
    with pytest.raises(DesignError, match="nothing to compare with"):
        estimate(panel_design(counts[:3], dict.fromkeys(range(3), 3)))
    nothing = np.array(counts)
    nothing[:8] *= np.arange(9) < 3
    with pytest.raises(EstimationError, match="no event at all in the treated sites after"):
        estimate(panel_design(nothing, dict.fromkeys(range(8), 3)))
    with pytest.raises(EstimationError, match="no errors 'CR9'"):
        PoissonExtendedTwoWay(errors="CR9")
    with pytest.raises(EstimationError, match="leads = 0"):
        PoissonExtendedTwoWay(leads=0)
    table = Table(outcome=Outcome(name="theft"), treated=(10, 5), comparison=(10, 9))
    with pytest.raises(DesignError, match="'table'"):
        estimate(Design(table=table, intervention=Intervention(name="p", began={"t": "after"})))
    scores = panel_design(counts, began, kind="score")
    with pytest.raises(DesignError, match="'imputation' with transform = 'level'"):
        estimate(scores)


def test_no_treated_cell_with_a_counterpart_is_refused(panel_design):
    """Comparison sites without weight after the start leave nothing to impute from."""
    counts, _, _, _ = example()
    weights = np.ones_like(counts)
    weights[3:, 4:] = 0
    with pytest.raises(EstimationError, match="no treated cell can be imputed"):
        estimate(panel_design(counts, dict.fromkeys(range(3), 4), weights=weights))


def test_single_site_cohorts_share_a_stratum_and_it_is_said(panel_design):
    """Sites that each started alone show no variation around themselves; what differs between them counts."""
    counts, exposure, _, _ = example()
    effect = estimate(panel_design(counts, {0: 3, 1: 4, 2: 5, 3: 6}, exposure=exposure))
    assert effect.std_error > 0
    assert "4 cohorts" in next(check.detail for check in effect.checks if check.name == "number of sites")


def test_newtons_method_gives_the_same_whichever_side_is_longer():
    """Sites as periods and periods as sites: the likelihood does not know which is which."""
    rng = np.random.default_rng(12)
    counts, exposure = rng.poisson(4, (9, 14)).astype(float), rng.gamma(10, 0.1, (9, 14))
    columns, weights = rng.normal(size=(9, 14, 2)), rng.uniform(0.5, 2, (9, 14))
    wide = profile_poisson(counts, exposure, columns, weights)
    tall = profile_poisson(counts.T, exposure.T, columns.swapaxes(0, 1), weights.T)
    assert wide.settled
    np.testing.assert_allclose(wide.predictor, tall.predictor.T, atol=1e-8)
    missed = weights * (counts - exposure * np.exp(wide.predictor))
    for zero in (missed.sum(axis=0), missed.sum(axis=1), np.einsum("it,itk->k", missed, columns)):
        np.testing.assert_allclose(zero, 0, atol=1e-7)


def test_events_of_a_cohort_are_as_uncertain_as_its_change(panel_design):
    """A lone site shows nothing of its own noise; its events are recorded times (exp(-change) - 1), range and all."""
    rng = np.random.default_rng(8)
    rate = (
        5
        + rng.normal(0, 0.3, (30, 1))
        + rng.normal(0, 0.1, (30, 12))
        + rng.normal(0, 0.1, (30, 1)) * (np.arange(12) > 5)
    )
    counts = rng.poisson(np.exp(rate)).astype(float)
    design = panel_design(counts, {0: 5, **dict.fromkeys(range(1, 9), 7)})
    effect = PoissonExtendedTwoWay(event_study=False).estimate(design, rng=np.random.default_rng(1), draws=2000)
    own = effect.cohorts.recorded[0] * np.expm1(-effect.cohorts.change[:, 0])
    told, through_change = (np.quantile(each, [0.025, 0.975]) for each in (effect.cohorts.prevented[:, 0], own))
    assert np.ptp(told) == pytest.approx(np.ptp(through_change), rel=0.25)
