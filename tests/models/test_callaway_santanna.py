import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.draws import interval
from evalkit.errors import DataError, DesignError, EstimationError
from evalkit.models._group_time.averages import Average, by_cohort, by_period, by_time, headline, stack
from evalkit.models._group_time.cells import estimate_cells
from evalkit.models._group_time.errors import degrees_of_freedom, joint_degrees_of_freedom, measure
from evalkit.models._group_time.placed import placed_estimates
from evalkit.models._group_time.pretest import pre_test, trend
from evalkit.models._group_time.sample import select_sites
from evalkit.models._inference.randomise import placements
from evalkit.models.callaway_santanna import CallawaySantAnna
from evalkit.models.did_ols import LinearDifferenceInDifferences

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "group_time.json").read_text(encoding="utf-8"))
PUBLIC = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "causal" / "mpdta.csv"
AS_R = {"transform": "level", "errors": "influence", "base_period": "varying", "covariates": ()}


def estimate(design, draws=400, seed=1, **options):
    """Estimate with a fixed seed."""
    return CallawaySantAnna(**options).estimate(design, rng=np.random.default_rng(seed), draws=draws)


def core(design, *, control, method="doubly-robust", covariates=(), base_period="varying", anticipation=0):
    """Sample and cells, on levels."""
    sample = select_sites(design, design.panel, covariates, transform="level", anticipation=anticipation)
    return sample, estimate_cells(sample, control, method, base_period, anticipation)


def influence_errors(sample, cells, averages):
    """Errors of cells and averages by the influence function."""
    return measure(sample, cells, stack(averages), kind="influence", rng=np.random.default_rng(1), multipliers=99)


@pytest.fixture(scope="module", params=["moments", "data"])
def employment(request):
    """Log employment of teenagers in 500 counties, 2003 to 2007, as a design: Callaway and Sant'Anna's example.

    By counties of the same moments, which is all that estimates without a covariate and their errors take from
    them; and by the data themselves where they are at hand, for they are under the GPL and not part of the project.
    """
    if request.param == "moments":
        outcome, population, starts = request.getfixturevalue("counties")
        sites = [str(row) for row in range(len(starts))]
    else:
        if not PUBLIC.exists():
            pytest.skip("the data of R's did are under the GPL and not part of the project; their moments are")
        pandas = pytest.importorskip("pandas")
        frame = pandas.read_csv(PUBLIC).sort_values(["countyreal", "year"])
        outcome, population = (frame[name].to_numpy().reshape(500, 5) for name in ("lemp", "lpop"))
        population = population[:, 0]
        first = frame["first.treat"].to_numpy(int)[::5]
        starts = np.where(first > 0, first - 2003, 5)
        sites = frame["countyreal"].astype(str).to_list()[::5]
    panel = Panel(
        outcome=Outcome(name="employment", kind="score", good="more"),
        sites=tuple(sites),
        periods=Periods(frequency="year", first=2003, count=5),
        values=outcome,
        covariates={"lpop": np.repeat(population[:, None], 5, axis=1)},
    )
    began = {site: str(2003 + start) for site, start in zip(sites, starts, strict=True) if start < 5}
    return Design(panel=panel, intervention=Intervention(name="minimum wage", began=began)), request.param


MPDTA = {
    "mpdta_nev_dr": {"control": "never-treated"},
    "mpdta_nyt_dr": {"control": "not-yet-treated"},
    "mpdta_nev_reg_cov": {"control": "never-treated", "method": "regression", "covariates": ("lpop",)},
    "mpdta_nev_ipw": {"control": "never-treated", "method": "inverse-probability"},
}


def errors_known(source, scenario):
    """Errors of a regression on a covariate rest on more than the moments."""
    return source == "data" or "covariates" not in MPDTA[scenario]


@pytest.mark.parametrize("scenario", MPDTA)
def test_group_time_effects_are_those_of_r(employment, county_employment, scenario):
    """Every cell of mpdta and its error, by the R package did 2.5.0."""
    design, source = employment
    wanted = county_employment["R"][scenario]["cells"]
    sample, cells = core(design, **MPDTA[scenario])
    np.testing.assert_array_equal(cells.start + 2003, wanted["group"])
    np.testing.assert_array_equal(cells.period + 2003, wanted["t"])
    np.testing.assert_allclose(cells.effect, wanted["att"], atol=1e-13)
    if errors_known(source, scenario):
        errors = influence_errors(sample, cells, [headline(cells, sample.cohort_weights, "simple")]).std_errors
        np.testing.assert_allclose(errors[:-1], wanted["se"], rtol=1e-12)


@pytest.mark.parametrize("aggregate", ["simple", "group", "calendar", "dynamic"])
@pytest.mark.parametrize("scenario", MPDTA)
def test_aggregations_of_r_come_out_of_the_draws(employment, county_employment, scenario, aggregate):
    """Estimate and error of every aggregation are R's, and so are those by cohort and by time since the start."""
    design, source = employment
    wanted = county_employment["R"][scenario][aggregate]
    effect = estimate(design, draws=4000, **{**AS_R, "aggregate": aggregate, **MPDTA[scenario]})
    known = errors_known(source, scenario)
    assert effect.estimate == pytest.approx(wanted["overall"][0], abs=1e-12)
    if known:
        assert effect.std_error == pytest.approx(wanted["overall"][1], rel=1e-6)
    inner = {"dynamic": effect.dynamics.draws, "group": effect.cohorts.change}.get(aggregate)
    if inner is not None:
        np.testing.assert_allclose(np.median(inner, axis=0), wanted["att_egt"], atol=1e-12)
        halves = [interval(column, 0.5) for column in inner.T]
        errors = [(half.upper - half.lower) / 2 / 0.6744897501960817 for half in halves]
        if known:
            np.testing.assert_allclose(errors, wanted["se_egt"], rtol=1e-6)


@pytest.mark.parametrize("scenario", MPDTA)
def test_calendar_effects_and_the_pre_test_are_those_of_r(employment, county_employment, scenario):
    """Each calendar period's effect and error, and the Wald statistic of the periods before the start."""
    design, source = employment
    wanted, test = county_employment["R"][scenario]["calendar"], county_employment["R"][scenario]["pre-test"]
    sample, cells = core(design, **MPDTA[scenario])
    first, slope = headline(cells, sample.cohort_weights, "simple"), trend(cells, sample.cohort_weights, 0)
    averages = [first, slope, *by_period(cells, sample.cohort_weights)[1]]
    np.testing.assert_allclose(stack(averages[2:]).weights @ cells.effect, wanted["att_egt"], atol=1e-12)
    if errors_known(source, scenario):
        found = influence_errors(sample, cells, averages)
        np.testing.assert_allclose(found.std_errors[len(cells.effect) + 2 :], wanted["se_egt"], rtol=1e-10)
        seen = pre_test(
            sample, cells, found, first, (len(cells.effect) + 1, float(slope.weights @ cells.effect)), anticipation=0
        )
        assert seen.statistic == pytest.approx(test["W"], rel=1e-10)
        assert round(seen.p_value, 5) == test["p"]


CASES = {
    "never, none": {"control": "never-treated", "covariates": ()},
    "not yet, none": {"control": "not-yet-treated", "covariates": ()},
    "never, regression": {"control": "never-treated", "method": "regression", "covariates": ("z",)},
    "never, inverse probability": {"control": "never-treated", "method": "inverse-probability", "covariates": ("z",)},
    "never, doubly robust": {"control": "never-treated", "covariates": ("z",)},
    "not yet, doubly robust": {"control": "not-yet-treated", "covariates": ("z",)},
    "not yet, universal": {"control": "not-yet-treated", "covariates": (), "base_period": "universal"},
    "not yet, anticipation": {"control": "not-yet-treated", "covariates": (), "anticipation": 1},
    "not yet, weights": {"control": "not-yet-treated", "covariates": ("z",)},
    "all treated in the end": {"control": "not-yet-treated", "covariates": ()},
}


def reference_design(panel_design, *, weighted=False, never=True):
    """The simulated panel that csdid saw."""
    data = {name: np.array(values) for name, values in REFERENCE["data"].items()}
    kept = (data["start"] > 0) | never
    shape = data["outcome"][kept].shape
    starts = data["start"][kept]
    return panel_design(
        data["outcome"][kept],
        {row: int(start) - 1 for row, start in enumerate(starts) if start},
        kind="score",
        covariates={"z": np.broadcast_to(data["covariate"][kept, None], shape)},
        weights=np.broadcast_to(data["weight"][kept, None], shape) if weighted else None,
    )


@pytest.mark.parametrize("case", CASES)
def test_cells_and_averages_are_those_of_csdid(panel_design, case):
    """Cells, aggregations and errors agree for every control, method, base, with anticipation and with weights."""
    design = reference_design(panel_design, weighted="weights" in case, never="in the end" not in case)
    options, wanted = CASES[case], REFERENCE[case]
    sample, cells = core(design, **options)
    kinds = ("simple", "group", "calendar", "dynamic")
    averages = [headline(cells, sample.cohort_weights, kind) for kind in kinds]
    errors = influence_errors(sample, cells, averages).std_errors
    compared = np.isfinite(wanted["error"])  # the base itself has none
    told = len(np.array(wanted["group"])[compared])
    # R tests no earlier periods of a last cohort that serves as comparison; here they follow the others
    assert (cells.start[told:] + 1 > max(wanted["group"])).all()
    np.testing.assert_array_equal(cells.start[:told] + 1, np.array(wanted["group"])[compared])
    np.testing.assert_array_equal(cells.period[:told] + 1, np.array(wanted["period"])[compared])
    np.testing.assert_allclose(cells.effect[:told], np.array(wanted["effect"])[compared], atol=1e-10)
    np.testing.assert_allclose(errors[:told], np.array(wanted["error"])[compared], rtol=1e-8)
    for kind, average, error in zip(kinds, averages, errors[len(cells.effect) :], strict=True):
        assert average.weights @ cells.effect == pytest.approx(wanted[f"{kind} average"][0], abs=1e-10)
        assert error == pytest.approx(wanted[f"{kind} average"][1], rel=1e-8)


def staggered(rng=None, *, never=8, periods=8, log=True):
    """Counts in sites that start in three different periods, and sites that never do."""
    rng = rng or np.random.default_rng(11)
    starts = np.array([3] * 4 + [5] * 4 + [6] * 3 + [periods] * never)
    since = np.arange(periods) - starts[:, None]
    change = np.where(since >= 0, -0.1 - 0.1 * since, 0.0)
    rates = np.exp(rng.normal(0, 0.3, (len(starts), 1)) + 0.05 * np.arange(periods) + (change if log else 0))
    began = {row: int(start) for row, start in enumerate(starts) if start < periods}
    return 1.0 + rng.poisson(200 * rates), began


def brute_force(outcome, seen, starts, *, control, anticipation=0):
    """Effects after the start by (start, period), one two-by-two table after the other."""
    sites, periods = outcome.shape
    found = {}
    for start in sorted({start for start in starts if start < periods}):
        base = start - 1 - anticipation
        for period in range(start, periods):
            changes = {"treated": [], "compared": []}
            for site in range(sites):
                if not (seen[site, period] and seen[site, base]):
                    continue
                change = outcome[site, period] - outcome[site, base]
                if starts[site] == start:
                    changes["treated"].append(change)
                elif starts[site] == periods or (control == "not-yet-treated" and starts[site] > period + anticipation):
                    changes["compared"].append(change)
            if changes["treated"] and changes["compared"]:
                found[start, period] = np.mean(changes["treated"]) - np.mean(changes["compared"])
    return found


@pytest.mark.parametrize("never", [0, 8])
@pytest.mark.parametrize("anticipation", [0, 1])
@pytest.mark.parametrize("holes", [0, 20])
def test_cells_are_two_by_two_tables(panel_design, never, anticipation, holes):
    """With and without never-treated sites, anticipation and missing cells, each cell is its own small table."""
    rng = np.random.default_rng(3)
    values, began = staggered(rng, never=never)
    weights = np.ones(values.shape)
    weights.ravel()[rng.choice(values.size, holes, replace=False)] = 0
    design = panel_design(values, began, weights=weights)
    starts = [began.get(row, values.shape[1]) for row in range(len(values))]
    for control in ["not-yet-treated", *(["never-treated"] if never else [])]:
        _, cells = core(design, control=control, anticipation=anticipation)
        wanted = brute_force(values, weights > 0, starts, control=control, anticipation=anticipation)
        after = cells.is_after
        keys = list(zip(cells.start[after].tolist(), cells.period[after].tolist(), strict=True))
        assert keys == list(wanted)
        np.testing.assert_allclose(cells.effect[after], list(wanted.values()))


def test_without_never_treated_sites_the_last_start_ends_the_comparison(panel_design):
    """Periods in which all are treated have no effect; they and the last cohort are named, with no total for them."""
    values, began = staggered(never=0)
    effect = estimate(panel_design(values, began))
    assert effect.periods == ("4", "5", "6")  # starts in the 4th, 6th and 7th: from the 7th on all are treated
    assert effect.cohorts.labels == ("4", "6")
    assert effect.recorded == pytest.approx([values[:4, 3].sum(), values[:4, 4].sum(), values[:8, 5].sum()])
    detail = next(check.detail for check in effect.checks if check.name == "left out")
    assert "sites that start in '7'" in detail
    assert "'4 in 7'" in detail


def test_effects_that_grow_are_found_where_two_way_fixed_effects_fail(panel_design):
    """With hardly any noise, group-time effects are exact; least squares with site and period effects is not."""
    values, began = staggered()
    starts = np.array([began.get(row, 8) for row in range(len(values))])
    since = np.arange(8) - starts[:, None]
    change = np.where(since >= 0, -0.1 - 0.1 * since, 0.0)
    noise = 1e-9 * np.random.default_rng(1).standard_normal(values.shape)  # none at all leaves no error to tell
    rates = np.exp(3 + np.arange(len(values))[:, None] / 10 + 0.05 * np.arange(8) + change + noise)
    design = panel_design(rates, began, kind="rate")
    truth = change[since >= 0].mean()
    _, cells = core(panel_design(np.log(rates), began, kind="score"), control="not-yet-treated")
    np.testing.assert_allclose(cells.effect[cells.is_after], -0.1 - 0.1 * cells.time[cells.is_after], atol=1e-8)
    assert estimate(design).estimate == pytest.approx(truth, abs=1e-8)
    two_way = LinearDifferenceInDifferences(event_study=False).estimate(design, rng=np.random.default_rng(1))
    assert abs(two_way.estimate - truth) > 0.05


def test_events_prevented_are_those_of_the_cells(panel_design):
    """At the estimate, each cohort-period prevents what was recorded times exp(-change) - 1; sums agree everywhere."""
    values, began = staggered()
    effect = estimate(panel_design(values, began), draws=4000)
    _, cells = core(panel_design(np.log(values), began, kind="score"), control="not-yet-treated")
    after = cells.is_after
    recorded = [values[[row for row, s in began.items() if s == start], period].sum() for start, period in
                zip(cells.start[after], cells.period[after], strict=True)]  # fmt: skip
    total = float(np.expm1(-cells.effect[after]) @ recorded)
    assert effect.cells.prevented.sum() == pytest.approx(total)
    assert np.median(effect.prevented.sum(axis=1)) == pytest.approx(total, rel=0.02)
    np.testing.assert_allclose(effect.cohorts.prevented.sum(axis=1), effect.prevented.sum(axis=1))
    assert effect.recorded.sum() == pytest.approx(sum(recorded))
    assert effect.paths.periods[3:] == effect.periods


def test_average_times_cells_is_the_total(panel_design):
    """On levels the average over cohort-periods times their number is minus the events prevented, row by row."""
    values, began = staggered()
    effect = estimate(panel_design(values, began), transform="level", draws=2000)
    cells = sum(8 - start for start in began.values())
    np.testing.assert_allclose(effect.prevented.sum(axis=1), -cells * effect.change, rtol=1e-6, atol=1e-6)


def test_dynamics_and_cohorts_go_with_the_headline_row_by_row(panel_design):
    """Draws of the parts correlate with the whole as their covariance says, and lie on their own quantiles."""
    values, began = staggered()
    effect = estimate(panel_design(values, began), draws=4000)
    assert effect.dynamics.reference == -1
    assert -1 not in effect.dynamics.times
    by_start = np.corrcoef(effect.cohorts.change.T, effect.change)[-1, :-1]
    assert (by_start > 0.3).all()
    late = [column for column, time in enumerate(effect.dynamics.times) if time >= 0]
    assert (np.corrcoef(effect.dynamics.draws[:, late].T, effect.change)[-1, :-1] > 0.2).all()
    lower, upper = effect.dynamics.band(0.95)
    pointwise = np.quantile(effect.dynamics.draws, [0.025, 0.975], axis=0)
    assert (lower < pointwise[0]).all()
    assert (upper > pointwise[1]).all()


def test_scaling_exposure_leaves_the_ratio_and_the_total(panel_design):
    """Counting residents in thousands changes neither the log ratio nor the events prevented."""
    values, began = staggered()
    exposure = np.random.default_rng(5).gamma(50, size=values.shape)
    one, other = (
        estimate(panel_design(values, began, exposure=exposure * scale), covariates=()) for scale in (1.0, 1e-3)
    )
    np.testing.assert_allclose(one.change, other.change, atol=1e-9)
    np.testing.assert_allclose(one.prevented, other.prevented, rtol=1e-4, atol=1e-4)


def test_relabelling_sites_changes_nothing(panel_design):
    """The order of sites has no say."""
    values, began = staggered()
    order = np.random.default_rng(2).permutation(len(values))
    moved = {int(np.flatnonzero(order == row)[0]): start for row, start in began.items()}
    one, other = (
        estimate(design, errors="CR2") for design in (panel_design(values, began), panel_design(values[order], moved))
    )
    assert other.estimate == pytest.approx(one.estimate)
    assert other.std_error == pytest.approx(one.std_error)


def test_one_start_and_no_covariates_is_the_difference_of_means(panel_design):
    """With one start in the last period the estimate, CR2 error and degrees of freedom are Welch's two samples."""
    rng = np.random.default_rng(8)
    outcome = rng.normal(0, 1, (17, 2))
    effect = estimate(
        panel_design(outcome, dict.fromkeys(range(7), 1), kind="score"), transform="level", errors="CR2", draws=4000
    )
    change = outcome[:, 1] - outcome[:, 0]
    assert effect.estimate == pytest.approx(change[:7].mean() - change[7:].mean(), abs=1e-9)
    assert effect.std_error == pytest.approx(np.sqrt(change[:7].var(ddof=1) / 7 + change[7:].var(ddof=1) / 10))
    assert effect.degrees_of_freedom == pytest.approx((1 / 7 + 1 / 10) ** 2 / (1 / 7**2 / 6 + 1 / 10**2 / 9))


def test_the_jackknife_is_leaving_each_site_out(panel_design):
    """Its variance is the sum of squares of what leaving one site out changes."""
    outcome = np.random.default_rng(9).normal(0, 1, (15, 2))
    began = dict.fromkeys(range(6), 1)
    effect = estimate(panel_design(outcome, began, kind="score"), transform="level", errors="jackknife", draws=4000)
    change = outcome[:, 1] - outcome[:, 0]
    without = []
    for site in range(15):
        kept = np.arange(15) != site
        without.append(change[(np.arange(15) < 6) & kept].mean() - change[(np.arange(15) >= 6) & kept].mean())
    away = np.array(without) - (change[:6].mean() - change[6:].mean())
    assert effect.std_error == pytest.approx(np.sqrt((away**2).sum()))


def test_the_bootstrap_is_near_the_influence_function(panel_design):
    """Many multiplier draws give the errors that they approximate."""
    design = reference_design(panel_design)
    one, other = (
        estimate(design, draws=4000, **{**AS_R, "errors": errors}, multipliers=4000)
        for errors in ("influence", "bootstrap")
    )
    assert other.std_error == pytest.approx(one.std_error, rel=0.06)
    assert other.estimate == pytest.approx(one.estimate)


def test_scores_of_sites_are_the_estimates_of_placements(panel_design):
    """Each placement's estimate is what the estimator gives for a design with those starts."""
    values, began = staggered()
    design = panel_design(np.log(values), began, kind="score")
    sample, cells = core(design, control="not-yet-treated")
    average = headline(cells, sample.cohort_weights, "simple")
    starts = np.append(sample.starts, 8)[sample.cohort]
    rows = placements(starts, 8, np.random.default_rng(1), limit=6).starts
    found = placed_estimates(sample, cells, average, sample.outcome, rows)
    for row, estimated in zip(rows, found, strict=True):
        placed = {site: int(start) for site, start in enumerate(row) if start < 8}
        other, others = core(panel_design(np.log(values), placed, kind="score"), control="not-yet-treated")
        assert estimated == pytest.approx(headline(others, other.cohort_weights, "simple").weights @ others.effect)


def test_few_treated_sites_are_compared_with_other_placements(panel_design):
    """With two treated sites of twelve the error is that of the placements, and the reference set is named."""
    values, _ = staggered(never=1)
    effect = estimate(panel_design(values, {0: 3, 1: 3}))
    assert effect.basis == "randomisation"
    assert effect.reference_set == "all 66 ways to choose the 2 treated of 12 sites"
    assert effect.smallest_p_value == pytest.approx(1 / 66)
    assert effect.test_p_value >= 1 / 66
    assert effect.cohorts is None


def test_a_small_site_is_measured_by_its_own_noise(panel_design):
    """The same change tells less in a site with few events than in one that is steadier for its size."""
    rng = np.random.default_rng(4)
    means = np.where(np.arange(30) == 0, 10.0, 1000.0)
    values = 1.0 + rng.poisson(means[:, None] * np.ones((30, 8)))
    values[:2, 4:] = np.round(values[:2, 4:] * 0.8)
    small, large = (estimate(panel_design(np.delete(values, 1 - row, 0), {0: 4})) for row in (0, 1))
    assert large.test_p_value == pytest.approx(1 / 29)
    assert small.test_p_value > large.test_p_value
    assert small.std_error > 3 * large.std_error


def test_a_single_treated_site_of_six_says_that_nothing_can_be_told(panel_design):
    """One of six placements is never rare enough: the smallest p-value is on the effect."""
    values, _ = staggered()
    effect = estimate(panel_design(values[:6], {0: 3}))
    assert effect.basis == "sampling"
    assert effect.smallest_p_value == pytest.approx(1 / 6)
    assert next(check for check in effect.checks if check.name == "number of sites").passed is False


def test_a_buffer_is_no_comparison_and_is_named(panel_design):
    """Buffer sites change nothing, and the check says that they were left out."""
    values, began = staggered()
    with_buffer = estimate(panel_design(values, began, buffer=(17, 18)))
    values[17:] *= 3
    assert estimate(panel_design(values, began, buffer=(17, 18))).estimate == pytest.approx(with_buffer.estimate)
    assert "of the buffer" in next(check.detail for check in with_buffer.checks if check.name == "left out")


def test_weights_move_the_average_and_missing_cells_are_counted(panel_design):
    """A site with weight counts by it; a cell of weight zero is named and its events are in no total."""
    values, began = staggered()
    weights = np.ones(values.shape)
    weights[0, 6] = 0
    effect = estimate(panel_design(values, began, weights=weights))
    assert effect.recorded[3] == pytest.approx(values[1:11, 6].sum())
    (named,) = (check.detail for check in effect.checks if check.name == "cells without weight")
    assert f"1 ('s000 in 7') of treated sites after the start, which held {values[0, 6]:,.0f} events" in named
    weights = np.ones(values.shape)
    weights[0] = 50
    assert estimate(panel_design(values, began, weights=weights)).estimate != pytest.approx(effect.estimate)


def test_the_effect_says_what_it_is(panel_design):
    """Estimand, assumption and specification name the average, the comparison and what was assumed of time."""
    values, began = staggered()
    effect = estimate(panel_design(values, began), aggregate="dynamic", control="never-treated", anticipation=1)
    assert "at each time since the start" in effect.estimand
    assert "never treated" in effect.assumption
    assert "more than 1 period before its start" in effect.assumption
    told = dict(effect.specification)
    assert told["averages over"] == "times since the start, alike"
    assert told["compared with"] == "never treated"
    assert effect.dynamics.reference == -2


def test_a_cohort_without_an_unaffected_period_is_left_out_by_name(panel_design):
    """With anticipation the earliest cohort may have no base; it is named, and the others stand."""
    values, began = staggered()
    began[0] = 1
    effect = estimate(panel_design(values, began), anticipation=1)
    detail = next(check.detail for check in effect.checks if check.name == "left out")
    assert "'s000'" in detail
    assert "anticipated" in detail


def test_zeros_have_no_logarithm_and_the_refusal_names_what_takes_them(panel_design):
    """A zero is refused with its place, the level transform and the Poisson estimator for starts that differ."""
    values, began = staggered()
    values[2, 4] = 0
    with pytest.raises(EstimationError, match=r"'s002' in 5 recorded 0.*'poisson-etwfe'.*transform = 'level'"):
        estimate(panel_design(values, began))
    assert estimate(panel_design(values, began), transform="level").scale == "count_difference"


def test_never_treated_controls_need_never_treated_sites(panel_design):
    """Where all start in the end, the refusal names the option that serves."""
    values, began = staggered(never=0)
    with pytest.raises(DesignError, match="use control = 'not-yet-treated'"):
        estimate(panel_design(values, began), control="never-treated")


def test_one_start_for_all_leaves_nothing_to_compare(panel_design):
    """All sites treated at once is refused, however the controls are chosen."""
    values, _ = staggered(never=0)
    with pytest.raises(DesignError, match="every site is treated from the same period"):
        estimate(panel_design(values, dict.fromkeys(range(len(values)), 3)))


def test_two_sites_of_their_own_show_no_noise(panel_design):
    """One treated and one comparison site give no error, and that is said instead of a number."""
    values, _ = staggered()
    with pytest.raises(EstimationError, match="nothing shows how much sites differ by chance"):
        estimate(panel_design(values[:2], {0: 3}))


def test_the_influence_function_is_refused_for_a_cohort_of_one(panel_design):
    """R's error takes the lone site for exact; it is refused by name instead."""
    values, began = staggered()
    began[0] = 4
    with pytest.raises(EstimationError, match=r"only one site starts in 5.*'CR2' or 'randomisation'"):
        estimate(panel_design(values, began), errors="influence")


@pytest.mark.parametrize(
    ("covariate", "message"),
    [("constant", "cannot tell a constant and 1 covariate apart"), ("telling", "foretell which sites are treated")],
)
def test_covariates_that_cannot_serve_are_refused_with_the_cohort(panel_design, covariate, message):
    """Collinear covariates and those without overlap name the cohort, the period and what to do."""
    values, began = staggered()
    columns = {
        "constant": np.ones(values.shape),
        "telling": np.where(np.arange(len(values)) < 4, 3.0, 0.0)[:, None]
        + np.random.default_rng(1).normal(0, 0.01, (len(values), 1))
        + np.zeros(values.shape),
    }
    design = panel_design(values, began, covariates={"z": columns[covariate]})
    with pytest.raises(EstimationError, match=f"sites that start in 4 seen in .*{message}"):
        estimate(design)


def test_randomisation_is_refused_where_placements_are_not_alike(panel_design):
    """Weights, missing cells and covariates make sites incomparable; the refusal says what to use."""
    values, began = staggered()
    weights = np.ones(values.shape)
    weights[0] = 2
    with pytest.raises(EstimationError, match="use errors = 'CR2' or 'jackknife'"):
        estimate(panel_design(values, began, weights=weights), errors="randomisation")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"control": "not-yet"}, "did you mean 'not-yet-treated'"),
        ({"method": "dr"}, "no method 'dr'"),
        ({"aggregate": "events"}, "no aggregate 'events'"),
        ({"errors": "CR1"}, "no errors 'CR1'"),
        ({"base_period": "fixed"}, "no base_period 'fixed'"),
        ({"transform": "logs"}, "did you mean 'log'"),
        ({"anticipation": -1}, "whole number from 0 up; there is -1"),
        ({"multipliers": 9}, "whole number from 99 up; there is 9"),
        ({"covariates": "income"}, "covariates are a list of names"),
    ],
)
def test_options_that_there_are_not_are_refused(options, message):
    """The message names the option, its value and what there is."""
    with pytest.raises(EstimationError, match=message):
        CallawaySantAnna(**options)


def test_a_covariate_that_is_not_there_is_named(panel_design):
    """The refusal lists the covariates of the panel."""
    values, began = staggered()
    with pytest.raises(EstimationError, match="no covariate 'income'"):
        estimate(panel_design(values, began), covariates=("income",))


def test_what_is_wrong_with_the_data_is_refused_before(panel_design):
    """Infinite outcomes and sites treated throughout never reach the estimator."""
    values, began = staggered()
    with pytest.raises(DesignError, match="there is no period before the start of s000"):
        panel_design(values, {**began, 0: 0})
    values[3, 3] = np.inf
    with pytest.raises(DataError, match="not finite"):
        panel_design(values, began)


def test_sites_and_periods_without_weight_are_left_out(panel_design):
    """A site without any weight is named; a period without any is no base, and cells that need it are lost."""
    values, began = staggered()
    weights = np.ones(values.shape)
    weights[12] = 0
    weights[:, 4] = 0  # the base of the second cohort
    effect = estimate(panel_design(values, began, weights=weights))
    detail = next(check.detail for check in effect.checks if check.name == "left out")
    assert "'s012'" in detail
    assert "sites that start in '6'" in detail
    assert effect.cohorts.labels == ("4", "7")


def test_by_time_averages_have_the_weights_of_their_cohorts(panel_design):
    """Times and cohorts are averages over the cells they name, with weights that sum to one."""
    values, began = staggered()
    sample, cells = core(panel_design(values, began), control="not-yet-treated")
    times, averages = by_time(cells, sample.cohort_weights)
    assert times == tuple(sorted(set(cells.time.tolist())))
    np.testing.assert_allclose(stack(averages).weights.sum(axis=1), 1)
    cohorts, of_cohorts = by_cohort(cells, sample.cohort_weights)
    assert cohorts.tolist() == [0, 1, 2]
    np.testing.assert_allclose(stack(of_cohorts).shares, 0, atol=1e-12)


def test_the_joint_degrees_of_one_cell_are_its_own(panel_design):
    """For a single cell the joint test's degrees of freedom are Satterthwaite's."""
    values, began = staggered()
    sample, cells = core(panel_design(np.log(values), began, kind="score"), control="never-treated")
    one = Average(weights=np.eye(len(cells.effect))[:1], shares=np.zeros((1, len(sample.starts))))
    own, _ = degrees_of_freedom(sample, cells, one)
    for cell in range(len(cells.effect)):
        joint = joint_degrees_of_freedom(sample, cells, np.array([cell]))
        assert joint == pytest.approx(own[cell])


def test_with_one_start_trends_may_part_as_far_as_in_the_event_study_of_a_regression():
    """Both rest on the same coefficients; intervals differ by what their errors differ, in a few percent."""
    rng = np.random.default_rng(61)
    names = tuple(f"s{row:02d}" for row in range(40))
    logs = 5 + rng.normal(0, 0.5, (40, 1)) + rng.normal(0, 0.1, (40, 8))
    logs[:20, 4:] -= 0.4
    panel = Panel(
        outcome=Outcome(name="theft"),
        sites=names,
        periods=Periods(frequency="number", first=1, count=8),
        values=np.round(np.exp(logs)),
    )
    design = Design(panel=panel, intervention=Intervention(name="patrol", began=dict.fromkeys(names[:20], "5")))
    own, regression = (
        estimator().estimate(design, rng=rng, draws=200)
        for estimator in (CallawaySantAnna, LinearDifferenceInDifferences)
    )
    for one, other in zip(own.trend_sensitivity, regression.trend_sensitivity, strict=True):
        assert one.kind == other.kind
        assert one.breakdown == pytest.approx(other.breakdown, rel=0.05)
    assert own.trend_sensitivity[0].breakdown > 0
    varying = CallawaySantAnna(base_period="varying").estimate(design, rng=rng, draws=200)
    assert varying.trend_sensitivity == ()
