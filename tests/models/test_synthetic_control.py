import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods, Table
from evalkit.errors import DesignError, EstimationError
from evalkit.judgement import judge
from evalkit.models._synthetic import simplex
from evalkit.models._synthetic.control import ControlFitter, fit_control
from evalkit.models._synthetic.placebos import place, signed_rows, two_sided_p_value
from evalkit.models._synthetic.simplex import simplex_weights
from evalkit.models.synthetic_control import SyntheticControl

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "synthetic.json").read_text(encoding="utf-8"))
PROP_99 = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "causal" / "california_prop99.csv"
PLAIN = ControlFitter(demean=False, ridge=0.0, correct=False)


def rates(sites=24, periods=18, seed=3, noise=0.05):
    """Log rates that two common factors move, with a level of each site's own."""
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.normal(0, 0.1, (2, periods)), axis=1)
    paths = rng.uniform(0, 1, (sites, 2)) @ factors
    return rng.normal(6, 0.4, (sites, 1)) + paths + rng.normal(0, noise, (sites, periods))


def design_of(logs, starts, *, names=None, exposure=None, kind="count", **more):
    """Counts of those log rates in a design where the first sites start at these places."""
    sites, periods = logs.shape
    names = names or tuple(f"s{row:02d}" for row in range(sites))
    at_risk = np.ones_like(logs) if exposure is None else exposure
    values = np.round(np.exp(logs) * at_risk) if kind == "count" else logs
    panel = Panel(
        outcome=Outcome(name="theft", kind=kind),
        sites=names,
        periods=Periods(frequency="number", first=1, count=periods),
        values=values,
        exposure=exposure,
        weights=more.pop("weights", None),
        covariates=more.pop("covariates", {}),
    )
    began = {names[row]: str(start + 1) for row, start in enumerate(starts)}
    return Design(panel=panel, intervention=Intervention(name="patrol", began=began), **more)


def estimate(design, draws=400, **options):
    """Estimate with a fixed seed."""
    return SyntheticControl(**options).estimate(design, rng=np.random.default_rng(1), draws=draws)


def check(effect, name):
    """The check of that name."""
    return next(each for each in effect.checks if each.name == name)


def prop_99():
    """Cigarettes sold a head in 39 states, 1970 to 2000; California taxed them from 1989."""
    if not PROP_99.exists():
        pytest.skip("the data of Proposition 99 are not beside the repository")
    frame = pd.read_csv(PROP_99, sep=";")
    panel = Panel.from_long(
        frame,
        site="State",
        period="Year",
        value="PacksPerCapita",
        outcome=Outcome(name="cigarettes", kind="rate"),
    )
    return Design(panel=panel, intervention=Intervention(name="tax", began={"California": "1989"}))


# Weights


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 40), st.sampled_from([0.0, 0.1, 10.0]))
def test_weights_are_the_optimum(seed, periods, sites, ridge):
    """No site without weight could lower the loss, and all with weight lower it alike (Karush, Kuhn and Tucker)."""
    rng = np.random.default_rng(seed)
    columns, target = rng.normal(0, 1, (periods, sites)) + 1, rng.normal(0, 1, periods)
    weights = simplex_weights(columns, target, ridge)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    slope = columns.T @ (columns @ weights - target) + ridge * weights
    bound = 1e-6 * (1 + np.abs(columns.T @ columns).max())
    assert slope[weights > 1e-9].max() - slope.min() < bound


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60), st.sampled_from([0.0, 0.1, 100.0]), st.sampled_from([0.0, 30.0]))
def test_many_sites_have_the_same_optimum_as_few(seed, periods, ridge, level):
    """Above 150 sites another way is gone, to weights that an active set cannot better."""
    rng = np.random.default_rng(seed)
    columns = np.cumsum(rng.normal(0, 1, (periods, 160)), axis=0) + rng.normal(0, level, 160)
    target = np.cumsum(rng.normal(0, 1, periods)) + 2 * level
    distances = columns - target[:, None]
    scale = float((distances**2).sum() / 160)
    few = simplex._by_active_set(distances, ridge + 1e-9 * scale, scale)
    np.testing.assert_allclose(simplex_weights(columns, target, ridge), few / few.sum(), atol=1e-6)


def test_ten_thousand_sites_are_weighed():
    """Blocks of a city: the mix runs as the target did before, and is the most even one that does."""
    rng = np.random.default_rng(7)
    columns, target = rng.normal(0, 1, (6, 10_000)), rng.normal(0, 0.2, 6)
    weights = simplex_weights(columns, target)
    np.testing.assert_allclose(columns @ weights, target, atol=1e-6)
    assert weights.sum() == pytest.approx(1)
    assert weights.max() < 5 / 10_000


def test_sites_that_are_alike_share_their_weight():
    """Where many mixes fit alike the most even one is taken, so that there is one answer."""
    rng = np.random.default_rng(1)
    one, other = rng.normal(0, 1, (2, 12))
    weights = simplex_weights(np.column_stack([one, one, one, other]), 0.6 * one + 0.4 * other)
    np.testing.assert_allclose(weights, [0.2, 0.2, 0.2, 0.4], atol=1e-5)


def test_the_target_itself_is_matched_evenly():
    """Comparison sites that all are the target count alike."""
    np.testing.assert_allclose(simplex_weights(np.ones((4, 3)), np.ones(4)), 1 / 3)


@pytest.mark.parametrize(("name", "demean"), [("slsqp level", False), ("slsqp course", True)])
def test_a_general_optimiser_comes_to_the_same(name, demean):
    """Weights and gap of scipy's SLSQP, which knows nothing of the structure of the problem."""
    values = np.array(REFERENCE["values"])
    values[0, REFERENCE["start"] :] -= 3
    options = ControlFitter(demean=demean, ridge=0.0, correct=False)
    found = fit_control(values[0], values[1:], REFERENCE["start"], options)
    np.testing.assert_allclose(found.weights, REFERENCE[name]["weights"], atol=2e-5)
    assert found.gaps[REFERENCE["start"] :].mean() == pytest.approx(REFERENCE[name]["gap"], abs=1e-4)


def test_bias_correction_is_a_ridge_regression_of_the_remainder():
    """The corrected gap is the plain one less what ridge coefficients of the pool foretell from the misfit."""
    logs = rates()
    logs[0, :12] += np.linspace(0, 0.5, 12)
    options = ControlFitter(demean=False, ridge=0.0, correct=True)
    plain, corrected = (fit_control(logs[0], logs[1:], 12, each) for each in (PLAIN, options))
    assert corrected.weights.sum() == pytest.approx(1)
    assert (corrected.gaps[:12] ** 2).sum() < (plain.gaps[:12] ** 2).sum()
    before, after = logs[1:, :12] - logs[1:, :12].mean(axis=0), logs[1:, 12:] - logs[1:, 12:].mean(axis=0)
    moved = corrected.weights - plain.weights
    # some penalty explains all that was moved: the one that was chosen
    penalties = np.linalg.norm(before, 2) ** 2 * np.geomspace(1, 1e-8, 20)
    foretold = [
        plain.gaps[:12] @ np.linalg.solve(before.T @ before + penalty * np.eye(12), before.T @ after)
        for penalty in penalties
    ]
    assert min(np.abs(moved @ logs[1:, 12:] - each).max() for each in foretold) < 1e-10


# Published and peers


def test_proposition_99_by_the_path_of_the_outcome():
    """19.5 packs fewer, a mix of Utah, Montana and Nevada; by the gap over that before it California is third."""
    effect = estimate(prop_99(), transform="level", demean=False)
    assert effect.estimate == pytest.approx(-19.5, abs=0.3)
    assert [site for site, _ in effect.comparison_weights[:3]] == ["Utah", "Montana", "Nevada"]
    assert "3 of 39, p = 0.077" in check(effect, "placebo in space").detail
    assert effect.smallest_p_value == pytest.approx(1 / 39)
    assert effect.reference_set == "all 39 placements of one treated site"


def test_proposition_99_in_logs():
    """In proportion, and with its own level taken out, no placebo is as far from zero as California: p = 1/39."""
    effect = estimate(prop_99())
    assert effect.p_value == pytest.approx(1 / 39)
    assert effect.interval().excludes(0)
    assert check(effect, "leads").passed is True


# Inference


def test_the_interval_inverts_the_test():
    """A change lies in the interval where, and only where, the test of that change does not reject it."""
    rng = np.random.default_rng(5)
    for count in (19, 38, 39, 60, 200):
        errors = rng.normal(0.1, 1, count)
        rows, signs = signed_rows(errors, 4000, rng)
        draws = 0.7 + signs * errors[rows]
        low, high = np.quantile(draws, [0.025, 0.975], method="hazen")
        for value in np.linspace(-4, 5, 300):
            rejected = two_sided_p_value(0.7 - value, errors) <= 0.05
            assert (
                rejected == (not low - 1e-9 <= value <= high + 1e-9) or min(abs(value - low), abs(value - high)) < 0.05
            )
        assert np.median(draws) == pytest.approx(0.7, abs=np.abs(errors).min() + 1e-9)


def test_placements_are_all_there_are():
    """Every choice of sites for one start, and every order of them over different starts, once."""
    rng = np.random.default_rng(1)
    together = place(np.array([5, 5]), 7, 1000, rng)
    assert {tuple(row) for row in together.chosen} == set(combinations(range(7), 2))
    assert together.words == "all 22 placements of 2 treated sites"
    staggered = place(np.array([6, 5, 6]), 6, 1000, rng)
    assert len({(row[1], frozenset(row[[0, 2]])) for row in staggered.chosen}) == staggered.possible == 60
    drawn = place(np.array([5, 5, 5]), 30, 100, rng)
    assert drawn.chosen.shape == (100, 3)
    assert all(len(set(row)) == 3 for row in drawn.chosen.tolist())
    assert drawn.words == "101 of 4,061 placements of 3 treated sites, drawn by lot"


def test_the_effect_that_was_put_in_is_found():
    """A fall of a quarter is found, told from chance, and all that is read from it agrees."""
    logs = rates()
    logs[0, 12:] -= 0.3
    effect = estimate(design_of(logs, [12]), draws=4000)
    assert effect.estimate == pytest.approx(-0.3, abs=0.06)
    assert effect.interval().excludes(0)
    assert effect.basis == "randomisation"
    total = effect.recorded.sum() * np.expm1(-effect.change)
    np.testing.assert_allclose(effect.prevented.sum(axis=1), total)
    after = effect.dynamics.draws[:, np.array(effect.dynamics.times) >= 0]
    np.testing.assert_allclose(after.mean(axis=1), effect.change)
    assert (effect.cells.prevented * effect.cells.treated).sum() == pytest.approx(np.median(total), rel=1e-3)
    np.testing.assert_allclose(effect.paths.fitted[:12], effect.paths.recorded[:12], rtol=0.2)
    assert dict(effect.specification)["sites"] == "1 treated, 23 comparison"
    assert sum(weight for _, weight in effect.comparison_weights) == pytest.approx(1, abs=1e-3)


def test_several_sites_are_matched_each_by_itself():
    """The headline is the mean over treated site-periods, and cohorts add up to all events."""
    logs = rates()
    logs[:3, 12:] -= np.array([[0.2], [0.3], [0.4]])
    design = design_of(logs, [12, 12, 14], exposure=np.full(logs.shape, 2.0))
    effect = estimate(design, placements=50)
    options = ControlFitter(demean=True, ridge=0.0, correct=False)
    values = np.log(design.panel.values / 2)
    gaps = [fit_control(values[row], values[3:], start, options).gaps[start:] for row, start in enumerate([12, 12, 14])]
    assert effect.estimate == pytest.approx(np.concatenate(gaps).mean(), abs=0.01)
    assert effect.cohorts.labels == ("13", "15")
    np.testing.assert_allclose(effect.cohorts.prevented.sum(axis=1), effect.prevented.sum(axis=1))
    np.testing.assert_allclose(effect.cohorts.change @ [12 / 16, 4 / 16], effect.change)
    assert effect.reference_set.startswith("51 of ")


def test_with_few_comparison_sites_nothing_can_be_told_from_chance():
    """Ten placebos cannot give 95 %: draws end at the largest, and the verdict is unclear however large the fall."""
    logs = rates(sites=11)
    logs[0, 12:] -= 2
    design = design_of(logs, [12])
    effect = estimate(design)
    assert effect.smallest_p_value == pytest.approx(1 / 11)
    assert effect.p_value == pytest.approx(1 / 11)
    assert check(effect, "placebo in space").passed is False
    assert judge(effect, design, 0.95).case == "unclear"
    assert judge(effect, design, 0.9).case == "benefit"


# What may change nothing


def test_names_and_order_change_nothing():
    """Sites by other names, in another order, give the same change and the same range."""
    logs = rates()
    one = estimate(design_of(logs, [12]), draws=2000)
    order = np.random.default_rng(3).permutation(24)
    panel = design_of(logs, [12]).panel
    shuffled = Panel(
        outcome=panel.outcome,
        sites=tuple(f"x{row:02d}" for row in order),
        periods=panel.periods,
        values=panel.values[order],
    )
    other = estimate(Design(panel=shuffled, intervention=Intervention(name="patrol", began={"x00": "13"})), draws=2000)
    assert other.estimate == pytest.approx(one.estimate, abs=1e-9)
    assert other.interval().lower == pytest.approx(one.interval().lower, abs=1e-9)
    assert other.p_value == one.p_value


def test_another_unit_of_exposure_changes_no_ratio():
    """Residents in thousands give the same ratio and the same events."""
    size = np.random.default_rng(2).uniform(1, 3, (24, 18))
    design = design_of(rates(), [12], exposure=size)
    one = estimate(design)
    scaled = replace(design.panel, exposure=size * 1000)
    other = estimate(Design(panel=scaled, intervention=design.intervention))
    assert other.estimate == pytest.approx(one.estimate, abs=1e-9)
    np.testing.assert_allclose(np.sort(other.prevented.sum(axis=1)), np.sort(one.prevented.sum(axis=1)), rtol=1e-6)


def test_levels_give_events_by_exposure():
    """In levels events prevented are minus the change times the exposure."""
    logs, size = rates(), np.full((24, 18), 3.0)
    effect = estimate(design_of(logs, [12], exposure=size), transform="level")
    assert effect.scale == "rate_difference"
    np.testing.assert_allclose(effect.prevented, np.outer(-effect.change, np.full(6, 3.0)))


def test_its_own_level_does_not_matter_unless_it_is_matched():
    """A site that is above all others is matched in its course; matched in level it is not, and the check says so."""
    logs = rates()
    high = logs.copy()
    high[0] += 3
    one, other = (estimate(design_of(each, [12], kind="score"), transform="level") for each in (logs, high))
    assert other.estimate == pytest.approx(one.estimate, abs=1e-9)
    assert check(other, "fit before the start").passed is True
    level = estimate(design_of(high, [12], kind="score"), transform="level", demean=False)
    assert level.estimate > 1
    assert check(level, "fit before the start").passed is False
    assert check(level, "overlap").passed is False
    assert level.prevented is None


def test_ridge_spreads_the_weights():
    """The heavier the penalty, the more comparison sites count."""
    design = design_of(rates(), [12])
    worth = [
        1 / sum(weight**2 for _, weight in estimate(design, ridge=ridge, placements=25).comparison_weights)
        for ridge in (0.0, 0.1, 10.0)
    ]
    assert worth == sorted(worth)
    assert worth[-1] > 15


def test_what_covariates_account_for_is_taken_out():
    """A covariate that moves outcomes and jumps in the treated site at the start is not mistaken for the measure."""
    logs = rates()
    covariate = np.random.default_rng(4).normal(0, 1, logs.shape)
    covariate[0, 12:] += 2
    with_it = design_of(logs + 0.3 * covariate, [12], covariates={"festivals": covariate})
    plain = estimate(design_of(logs, [12]))
    assert estimate(with_it).estimate == pytest.approx(plain.estimate, abs=0.05)
    assert estimate(with_it, covariates=()).estimate == pytest.approx(plain.estimate + 0.6, abs=0.2)


# Checks


def test_a_fall_that_came_before_the_measure_is_noticed():
    """With the break four periods too early, the check of the time before the start fails."""
    logs = rates()
    logs[0, 8:] -= 0.6
    effect = estimate(design_of(logs, [12]))
    assert check(effect, "leads").passed is False
    logs = rates()
    logs[0, 12:] -= 0.6
    assert check(estimate(design_of(logs, [12])), "leads").passed is True


def test_one_comparison_site_that_decides_is_noticed():
    """Where one site carries the sign, leaving it out turns it, and the check names it."""
    rng = np.random.default_rng(8)
    logs = 6 + rng.normal(0, 0.004, (24, 18))
    course = 0.5 * np.sin(np.arange(18))
    logs[0] += course
    logs[1] += course
    logs[1, 12:] += 0.4
    logs[2] += 0.5 * course
    logs[2, 12:] -= 0.6
    effect = estimate(design_of(logs, [12]), placebo_scale="none")
    found = check(effect, "leave one out")
    assert "'s01'" in found.detail
    assert "the other sign" in found.detail


def test_of_many_sites_those_that_carry_the_most_are_left_out():
    """A perfect fit spreads weight over a hundred sites; fifty of them are left out in turn, and the check says so."""
    logs = 6 + np.random.default_rng(8).normal(0, 0.1, (120, 9))
    logs[0, :6] = 6 + (logs[0, :6] - 6) / 10  # near the middle of the others, so that many mixes come up to it
    detail = check(estimate(design_of(logs, [6]), placements=20), "leave one out").detail
    assert "comparison sites that carry weight left out (of the 50 that carry the most), the change" in detail


def test_what_was_left_out_is_named():
    """Periods without the treated site, comparison sites with gaps, and buffer sites, with their events."""
    logs = rates()
    weights = np.ones(logs.shape)
    weights[0, 2] = 0
    weights[4, 15] = 0
    design = design_of(logs, [12], weights=weights, buffer=("s09",))
    effect = estimate(design)
    detail = check(effect, "left out").detail
    assert "1 period(s) in which a treated site has no weight ('3')" in detail
    assert "1 comparison site(s) without a weight in some other period ('s04')" in detail
    assert "1 buffer site(s)" in detail
    kept = np.delete(np.delete(np.arange(24), 9), 4)
    used = design.panel.values[np.ix_(kept, np.delete(np.arange(18), 2))].sum()
    assert f"They held {design.panel.values.sum() - used:,.0f} of" in detail
    assert dict(effect.specification)["sites"] == "1 treated, 21 comparison"


def test_a_treated_cell_that_was_not_seen_is_in_no_total():
    """Its events are neither recorded nor prevented."""
    logs = rates()
    weights = np.ones(logs.shape)
    weights[0, 14] = 0
    effect = estimate(design_of(logs, [12], weights=weights))
    assert effect.recorded[2] == 0
    assert (effect.prevented[:, 2] == 0).all()


def test_weights_that_are_not_used_are_said_to_be_so():
    """The method has weights of its own."""
    effect = estimate(design_of(rates(), [12], weights=np.random.default_rng(1).uniform(1, 2, (24, 18))))
    assert check(effect, "weights not used").passed is None


def test_matching_sites_that_were_chosen_for_being_bad_is_told():
    """Placebos were not chosen so, and the check says what follows."""
    effect = estimate(design_of(rates(), [12], selection_window=("8", "12")))
    assert check(effect, "matching after selection").passed is None
    earlier = [each.name for each in estimate(design_of(rates(), [12])).checks]
    assert "matching after selection" not in earlier


# Refusals


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"transform": "logs"}, "no transform 'logs'"),
        ({"placebo_scale": "held-out"}, "no placebo_scale 'held-out'; did you mean 'held out'"),
        ({"ridge": -1}, "ridge is a number of zero or more; there is -1"),
        ({"placements": 0}, "placements is a whole number of 1 or more; there is 0"),
        ({"covariates": "income"}, "covariates are a list of names"),
    ],
)
def test_options_that_there_are_not_are_refused(options, says):
    """With what there is."""
    with pytest.raises(EstimationError, match=says):
        SyntheticControl(**options)


def test_too_few_comparison_sites_give_no_error():
    """One place to put the measure, and too few to match it by."""
    with pytest.raises(EstimationError, match="placebos put the measure on 1 of 3 comparison site"):
        estimate(design_of(rates(sites=4), [12]))
    with pytest.raises(EstimationError, match="this method has no error to give"):
        estimate(design_of(rates(sites=10), [12] * 5))


def test_too_few_periods_before_the_start_are_no_course():
    """Two periods are matched by almost anything."""
    with pytest.raises(EstimationError, match=r"site 's00' has 2 period\(s\) before its start"):
        estimate(design_of(rates(), [2]))


def test_a_zero_has_no_logarithm():
    """It is named, with what takes it."""
    logs = rates()
    logs[5, 3] = -np.inf
    with pytest.raises(EstimationError, match=r"site 's05' in 4 .*no logarithm"):
        estimate(design_of(logs, [12]))
    assert np.isfinite(estimate(design_of(logs, [12]), transform="level").estimate)


def test_nothing_to_compare_with_is_refused():
    """All treated, all without weight, or no panel at all."""
    with pytest.raises(DesignError, match="there are no sites that were never treated"):
        estimate(design_of(rates(sites=4), [8, 9, 10, 12]))
    weights = np.ones((24, 18))
    weights[1:, 4] = 0
    with pytest.raises(EstimationError, match="no comparison site has a weight above zero in every period"):
        estimate(design_of(rates(), [12], weights=weights))
    weights = np.ones((24, 18))
    weights[0] = 0
    with pytest.raises(EstimationError, match="treated site 's00' has no period with a weight"):
        estimate(design_of(rates(), [12], weights=weights))


def test_scores_have_no_logarithm():
    """A survey score is taken in levels."""
    with pytest.raises(DesignError, match="use transform = 'level'"):
        estimate(design_of(rates(), [12], kind="score"))


def test_placebos_without_any_error_cannot_be_brought_to_one_size():
    """Constant sites are matched exactly, and are named."""
    logs = np.repeat(rates()[:, :1], 18, axis=1)
    with pytest.raises(EstimationError, match="is matched without any error"):
        estimate(design_of(logs, [12]))


def test_covariates_that_cannot_be_told_apart_are_refused():
    """One that never changes within a site has no coefficient."""
    flat = np.repeat(np.arange(24.0)[:, None], 18, axis=1)
    with pytest.raises(EstimationError, match="do not vary by themselves"):
        estimate(design_of(rates(), [12], covariates={"area": flat}))


def test_a_table_is_not_enough():
    """The error names the estimator that takes it."""
    table = Table(outcome=Outcome(name="theft"), treated=(30, 20), comparison=(30, 30))
    design = Design(table=table, intervention=Intervention(name="patrol", began={"a": "after"}))
    with pytest.raises(DesignError, match="needs a panel"):
        estimate(design)
