import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.domain import Design, Intervention, Outcome, Panel
from evalkit.errors import DesignError, EstimationError
from evalkit.models.did_ols import LinearDifferenceInDifferences
from evalkit.models.did_poisson import PoissonDifferenceInDifferences

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "did.json").read_text(encoding="utf-8"))["castle"]
LOG = LinearDifferenceInDifferences(event_study=False)
LEVEL = LinearDifferenceInDifferences(event_study=False, transform="level")


def estimate(design, estimator=LOG, draws=400):
    """Estimate with a fixed seed."""
    return estimator.estimate(design, rng=np.random.default_rng(1), draws=draws)


def castle_design(*, weighted=True):
    """Homicide rates of 50 states, with the starts that the file's own `post` implies.

    The data hold no adoption year. `post` is 1 from the first full year of the law: Florida's law of
    October 2005 has `post` from 2006. So a state's start is its first year of `post`, and the design's
    treatment is then `post` itself, cell by cell. (Taking the year of adoption instead gives 0.0818
    without weights, where this gives 0.0694.)
    """
    from causaldata import castle as source

    names = ["sid", "year", "homicide", "l_homicide", "post", "popwt"]
    frame = source.load_pandas().data[names].copy()
    frame = frame.astype({"sid": int, "year": int})
    starts = frame[frame["post"] == 1].groupby("sid")["year"].min()
    panel = Panel.from_long(
        frame,
        site="sid",
        period="year",
        value="homicide",
        weight="popwt" if weighted else None,
        outcome=Outcome(name="homicide", kind="rate"),
    )
    began = {str(site): str(year) for site, year in starts.items()}
    return Design(panel=panel, intervention=Intervention(name="castle doctrine", began=began)), frame


def test_first_years_of_post_reproduce_post():
    """The design's treatment is the `post` of the published data in all 550 cells."""
    design, frame = castle_design()
    wide = frame.assign(sid=frame["sid"].astype(str)).pivot_table(index="sid", columns="year", values="post")
    np.testing.assert_array_equal(design.treatment, wide.loc[list(design.panel.sites)].to_numpy() == 1)


@pytest.mark.parametrize(
    ("weighted", "options", "estimate_", "error", "p_value"),
    [
        (True, {"errors": "CR1"}, 0.0755, 0.0332, None),
        (True, {"errors": "CR1", "small_sample": "full"}, 0.0755, 0.0348, None),
        (True, {}, 0.0755, 0.0360, 0.0735),
        (False, {"errors": "CR1"}, 0.0694, 0.0559, None),
        (False, {"errors": "CR1", "small_sample": "full"}, 0.0694, 0.0586, None),
        (False, {}, 0.0694, 0.0561, None),
    ],
)
def test_castle_doctrine_comes_out_of_the_draws(weighted, options, estimate_, error, p_value):
    """What the effect says, read from its draws, are the published figures (Cheng and Hoekstra's panel)."""
    design, _ = castle_design(weighted=weighted)
    effect = estimate(design, LinearDifferenceInDifferences(event_study=False, **options), draws=4000)
    assert effect.estimate == pytest.approx(estimate_, abs=5e-5)
    assert effect.std_error == pytest.approx(error, abs=5e-5)
    if p_value:
        assert effect.p_value == pytest.approx(p_value, abs=5e-5)


@pytest.mark.parametrize("rule", ["nested", "full", "none"])
@pytest.mark.parametrize("weighted", [True, False])
def test_errors_under_each_rule_are_those_of_pyfixest(rule, weighted):
    """Estimate and error agree with feols to six digits (its alternating demeaning stops there with weights)."""
    design, _ = castle_design(weighted=weighted)
    wanted = REFERENCE[f"{'popwt' if weighted else 'unweighted'} {rule}"]
    options = LinearDifferenceInDifferences(event_study=False, errors="CR1", small_sample=rule)
    effect = estimate(design, options, draws=4000)
    assert effect.estimate == pytest.approx(wanted[0], rel=1e-6)
    assert effect.std_error == pytest.approx(wanted[1], rel=1e-6)


def test_the_event_study_is_that_of_pyfixest():
    """With leads pooled at -6 and lags at 3, each time's estimate and error are those of feols."""
    design, _ = castle_design()
    options = LinearDifferenceInDifferences(errors="CR1", leads=6, lags=3)
    effect = options.estimate(design, rng=np.random.default_rng(1), draws=4000)
    wanted = REFERENCE["event study"]
    assert [f"since::{time}" for time in effect.dynamics.times] == wanted["names"]
    np.testing.assert_allclose(np.median(effect.dynamics.draws, axis=0), wanted["coef"], atol=1e-6)
    lower, upper = np.quantile(effect.dynamics.draws, [0.25, 0.75], axis=0, method="hazen")
    from scipy import stats

    np.testing.assert_allclose((upper - lower) / 2 / stats.t.ppf(0.75, 49), wanted["se"], rtol=1e-4)


def positive(rng=None, sites=14, periods=8, start=4, treated=5):
    """Counts well above zero, with a fall in the first sites."""
    rng = rng or np.random.default_rng(31)
    post = np.zeros((sites, periods))
    post[:treated, start:] = 1
    return 20.0 + rng.poisson(60 * np.exp(rng.normal(0, 0.3, (sites, 1)) - 0.4 * post))


def test_weighted_displacement_difference_in_rate_form_is_the_level_coefficient(panel_design):
    """On two periods with one area of each kind and repeats of it, the coefficient is the difference of differences.

    Rates per unit of exposure: (110/2 - 207/2) - (318/3 - 308/3), over areas that differ in size.
    """
    values = np.array([[207.0, 110.0], [207.0, 111.0], [308.0, 318.0], [308.0, 317.0]])
    exposure = np.array([[2.0, 2.0], [2.0, 2.0], [3.0, 3.0], [3.0, 3.0]])
    effect = estimate(panel_design(values, {0: 1, 1: 1}, exposure=exposure), LEVEL, draws=4000)
    rates = (values / exposure)[:, 1] - (values / exposure)[:, 0]
    assert effect.estimate == pytest.approx(rates[:2].mean() - rates[2:].mean(), abs=1e-6)
    assert effect.scale == "rate_difference"


def test_level_effects_prevent_minus_the_change_in_every_treated_cell(panel_design):
    """Without exposure a fall of b events a site and period prevents b in each of them."""
    effect = estimate(panel_design(positive(), dict.fromkeys(range(5), 4)), LEVEL)
    assert effect.scale == "count_difference"
    np.testing.assert_allclose(effect.prevented, np.outer(-effect.change, [5, 5, 5, 5]))


def test_level_effects_with_exposure_prevent_by_exposure(panel_design):
    """A fall of b per resident prevents b times the residents."""
    exposure = np.random.default_rng(5).gamma(50, size=(14, 8))
    effect = estimate(panel_design(positive(), dict.fromkeys(range(5), 4), exposure=exposure), LEVEL)
    np.testing.assert_allclose(effect.prevented, np.outer(-effect.change, exposure[:5, 4:].sum(axis=0)))


def test_log_effects_prevent_in_proportion(panel_design):
    """A ratio prevents what was recorded times exp(-change) - 1."""
    design = panel_design(positive(), dict.fromkeys(range(5), 4))
    effect = estimate(design)
    np.testing.assert_allclose(effect.prevented, np.outer(np.expm1(-effect.change), effect.recorded))


def test_paths_meet_the_record_before_the_start(panel_design):
    """Fitted logs are brought back to events, so that the picture does not start too low."""
    effect = estimate(panel_design(positive(), dict.fromkeys(range(5), 4)))
    assert effect.paths.fitted[:4].sum() == pytest.approx(effect.paths.recorded[:4].sum(), rel=0.02)
    assert effect.paths.fitted[4:].sum() > effect.paths.recorded[4:].sum()


def test_a_score_has_a_mean_difference_and_prevents_nothing(panel_design):
    """A survey score is not events."""
    effect = estimate(panel_design(positive() / 20, dict.fromkeys(range(5), 4), kind="score"), LEVEL)
    assert effect.scale == "mean_difference"
    assert effect.prevented is None
    assert effect.recorded is None


def test_a_score_has_no_logarithm(panel_design):
    """Ratios of a score mean nothing, and the message says what to choose."""
    with pytest.raises(DesignError, match="use transform = 'level'"):
        estimate(panel_design(positive(), {0: 4}, kind="score"))


def test_a_zero_has_no_logarithm(panel_design):
    """The message names the first site and period, and the estimator that takes zeros."""
    values = positive()
    values[3, 2] = values[9, 1] = 0
    with pytest.raises(EstimationError, match=r"site 's003' in 3 and 1 more cells recorded 0.*use 'did-poisson'"):
        estimate(panel_design(values, {0: 4, 1: 4}))


def test_a_zero_without_weight_does_not_matter(panel_design):
    """A cell that has no say may hold anything."""
    values, weights = positive(), np.ones((14, 8))
    weights[3, 2] = 0
    one = estimate(panel_design(values, {0: 4, 1: 4}, weights=weights))
    values[3, 2] = 0
    other = estimate(panel_design(values, {0: 4, 1: 4}, weights=weights))
    np.testing.assert_allclose(one.change, other.change, atol=1e-12)


def test_a_covariate_is_used_unless_it_is_declined(panel_design):
    """None takes all covariates of the panel; an empty list takes none."""
    covariate = np.random.default_rng(8).normal(size=(14, 8))
    values = positive() + 10 * (covariate - covariate.min())
    design = panel_design(np.round(values), dict.fromkeys(range(5), 4), covariates={"lamps": covariate})
    with_it = estimate(design)
    without = estimate(design, LinearDifferenceInDifferences(event_study=False, covariates=()))
    assert with_it.std_error < without.std_error


def test_a_covariate_that_never_changes_is_refused(panel_design):
    """What is the same in all periods is in the site's own level already."""
    covariate = np.repeat(np.arange(14.0)[:, None], 8, axis=1)
    with pytest.raises(EstimationError, match="'density': nothing is left"):
        estimate(panel_design(positive(), {0: 4, 1: 4}, covariates={"density": covariate}))


def test_buffer_in_levels_adds_up(panel_design):
    """Displaced events are counted in the buffer's own cells."""
    values = positive()
    values[5:7, 4:] += 15
    effect = estimate(panel_design(values, dict.fromkeys(range(5), 4), buffer=[5, 6]), LEVEL)
    assert np.median(effect.displacement.change) == pytest.approx(15, abs=8)
    np.testing.assert_allclose(effect.displacement.prevented, np.outer(-effect.displacement.change, [2] * 4))


def test_one_period_before_the_start_cannot_be_tested(panel_design):
    """With a single earlier period nothing shows whether the sites moved together, and the check says so."""
    effect = LinearDifferenceInDifferences().estimate(
        panel_design(positive()[:, 3:], dict.fromkeys(range(5), 1)), rng=np.random.default_rng(1), draws=400
    )
    assert effect.checks[0].passed is None
    assert "With one period before the start" in effect.checks[0].detail
    assert effect.dynamics.times == (0, 1, 2, 3)


def test_unknown_transform_is_named():
    """A wrong name is answered with the names there are."""
    with pytest.raises(EstimationError, match=r"no transform 'sqrt'; .*'level', 'log'"):
        LinearDifferenceInDifferences(transform="sqrt")


def test_the_picture_of_one_treated_site_is_judged_by_the_spread_of_the_others(panel_design):
    """The lone site's own dummies fit it exactly; each time's error is that of a pooled two-sample t test."""
    values = positive()
    design = panel_design(values, {0: 4})
    effect = LinearDifferenceInDifferences().estimate(design, rng=np.random.default_rng(1), draws=4000)
    logs = np.log(values[1:])
    since = logs[:, 6] - logs[:, 3]
    wanted = np.sqrt(since.var(ddof=1) * (1 + 1 / 13))
    lower, upper = np.quantile(effect.dynamics.draws[:, effect.dynamics.times.index(2)], [0.25, 0.75], method="hazen")
    from scipy import stats

    assert (upper - lower) / 2 / stats.t.ppf(0.75, 12) == pytest.approx(wanted, rel=1e-4)
    assert "approximate Hotelling" in effect.checks[0].detail


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.permutations(range(9)))
def test_relabelling_sites_changes_nothing(panel_design, seed, order):
    """Estimate, error and degrees of freedom do not depend on names or order."""
    values = positive(np.random.default_rng(seed), sites=9, treated=3)
    one = estimate(panel_design(values, dict.fromkeys(range(3), 4)))
    moved = {row: 4 for row, was in enumerate(order) if was < 3}
    other = estimate(panel_design(values[list(order)], moved))
    np.testing.assert_allclose(other.change, one.change, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["log", "level"]))
def test_doubling_all_weights_changes_nothing(panel_design, seed, transform):
    """Analytic weights are relative."""
    rng = np.random.default_rng(seed)
    values, weights = positive(rng, sites=9, treated=3), rng.gamma(4, size=(9, 8))
    options = LinearDifferenceInDifferences(event_study=False, transform=transform)
    one = estimate(panel_design(values, dict.fromkeys(range(3), 4), weights=weights), options)
    other = estimate(panel_design(values, dict.fromkeys(range(3), 4), weights=2 * weights), options)
    np.testing.assert_allclose(other.change, one.change, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e5))
def test_scaling_exposure_leaves_the_ratio_and_the_events(panel_design, seed, factor):
    """Per head or per 100,000 is a matter of the level; a log ratio and events prevented stay."""
    rng = np.random.default_rng(seed)
    values, exposure = positive(rng, sites=9, treated=3), rng.gamma(20, size=(9, 8))
    began = dict.fromkeys(range(3), 4)
    one = estimate(panel_design(values, began, exposure=exposure))
    other = estimate(panel_design(values, began, exposure=factor * exposure))
    np.testing.assert_allclose(other.change, one.change, atol=1e-8)
    level = estimate(panel_design(values, began, exposure=exposure), LEVEL)
    scaled = estimate(panel_design(values, began, exposure=factor * exposure), LEVEL)
    np.testing.assert_allclose(scaled.prevented, level.prevented, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "and the measure changed nothing in the comparison sites"),
        ({"buffer": [8, 9]}, "so would those in the buffer, had nothing moved there or spread to it"),
        ({"staggered": True}, "the effect is the same in every site and at every time since the start."),
    ],
)
@pytest.mark.parametrize("estimator", [LinearDifferenceInDifferences(), PoissonDifferenceInDifferences()])
def test_the_assumption_says_all_that_must_hold(panel_design, estimator, options, words):
    """Parallel movement, no spill-over, the buffer, one effect at all starts, and one proportion for the total."""
    counts = 200.0 + np.random.default_rng(3).poisson(40, (12, 8))
    staggered = options.get("staggered", False)
    began = {row: 3 + staggered * (row % 2) for row in range(4)}
    kept = {key: value for key, value in options.items() if key != "staggered"}
    assumption = estimate(panel_design(counts, began, **kept), estimator).assumption
    assert assumption.startswith("Without the measure, ")
    assert "the measure changed nothing in the comparison sites" in assumption
    assert words in assumption
    taken = "Events prevented take the proportion to be the same in every treated site."
    assert assumption.endswith(taken) == isinstance(estimator, LinearDifferenceInDifferences)


def test_a_proportion_that_goes_with_size_forbids_the_total(panel_design):
    """Where small sites rose and large ones fell, the check names both averages and what counts events."""
    rng = np.random.default_rng(4)
    level = np.geomspace(50, 5000, 12)
    level = np.concatenate([level, level])[:, None]
    change = np.where(np.arange(24) < 12, 0.2 * np.log(500 / level[:, 0]), 0)[:, None] + rng.normal(0, 0.05, (24, 1))
    counts = np.maximum(rng.poisson(level * np.exp(change * (np.arange(8) >= 4))), 1.0)
    effect = estimate(panel_design(counts, dict.fromkeys(range(12), 4)))
    found = next(check for check in effect.checks if check.name == "same effect in large and small sites")
    assert found.passed is False
    assert "Counted by site the change is" in found.detail
    assert "'did-poisson' counts by events" in found.detail
    assert "events prevented take the proportion to be the same in every treated site" in effect.estimand
