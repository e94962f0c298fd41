import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.errors import EstimationError
from evalkit.models._synthetic.difference import (
    DifferenceFitter,
    held_out_error,
    site_penalty,
    site_weights,
    time_weights,
)
from evalkit.models._synthetic.placebos import place
from evalkit.models._synthetic.reading import read_gaps
from evalkit.models._synthetic.replicates import freedom_of, jackknife, refitted_jackknife
from evalkit.models._synthetic.sample import select
from evalkit.models._synthetic.scales import placebo_scales
from evalkit.models.did_ols import LinearDifferenceInDifferences
from evalkit.models.synthetic_did import SyntheticDifferenceInDifferences

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "synthetic.json").read_text(encoding="utf-8"))
PROP_99 = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "causal" / "california_prop99.csv"
VALUES, START = np.array(REFERENCE["values"]), REFERENCE["start"]


def design_of(values, starts, *, kind="score", exposure=None, covariates=None):
    """A design on these values where the first sites start at these places."""
    sites, periods = values.shape
    names = tuple(f"s{row:02d}" for row in range(sites))
    panel = Panel(
        outcome=Outcome(name="theft", kind=kind),
        sites=names,
        periods=Periods(frequency="number", first=1, count=periods),
        values=values,
        exposure=exposure,
        covariates=covariates or {},
    )
    began = {names[row]: str(start + 1) for row, start in enumerate(starts)}
    return Design(panel=panel, intervention=Intervention(name="patrol", began=began))


def fallen(treated):
    """The reference outcomes with a fall of 3 in the first sites after the start."""
    values = VALUES.copy()
    values[:treated, START:] -= 3
    return values


def estimate(design, draws=400, **options):
    """Estimate in levels with a fixed seed."""
    options = {"transform": "level", **options}
    return SyntheticDifferenceInDifferences(**options).estimate(design, rng=np.random.default_rng(1), draws=draws)


def check(effect, name):
    """The check of that name."""
    return next(each for each in effect.checks if each.name == name)


def prop_99():
    """Cigarettes sold a head in 39 states, 1970 to 2000; California taxed them from 1989."""
    if not PROP_99.exists():
        pytest.skip("the data of Proposition 99 are not beside the repository")
    panel = Panel.from_long(
        pd.read_csv(PROP_99, sep=";"),
        site="State",
        period="Year",
        value="PacksPerCapita",
        outcome=Outcome(name="cigarettes", kind="rate"),
    )
    return Design(panel=panel, intervention=Intervention(name="tax", began={"California": "1989"}))


# Published and peers


def test_proposition_99_is_the_published_number():
    """-15.60 (Arkhangelsky et al. 2021, table 1); the exact optimum is -15.6054, and 38 placebos give 9.37."""
    effect = estimate(prop_99(), placebo_scale="none")
    assert effect.estimate == pytest.approx(-15.6054, abs=1e-4)
    assert dict(effect.specification)["errors"] == "placebos (38; placebo standard error 9.368)"
    assert dict(effect.specification)["weights of periods"] == "1988 0.43, 1986 0.37, 1987 0.21"
    assert effect.p_value == pytest.approx(2 / 39)


def test_plain_differences_in_proposition_99_are_the_published_number():
    """The same data without any weights: -27.349."""
    plain = LinearDifferenceInDifferences(transform="level", event_study=False)
    assert plain.estimate(prop_99(), rng=np.random.default_rng(1)).estimate == pytest.approx(-27.349, abs=1e-3)


@pytest.mark.parametrize(("treated", "name"), [(1, "diff-diff one"), (3, "diff-diff three, jackknife")])
def test_a_peer_that_descends_to_the_weights_comes_near(treated, name):
    """diff-diff stops before the optimum: three digits of the estimate."""
    effect = estimate(design_of(fallen(treated), [START] * treated))
    assert effect.estimate == pytest.approx(REFERENCE[name]["att"], abs=0.01)


def test_the_jackknife_is_that_of_a_peer():
    """Weights stay as they are, and each site is left out once."""
    effect = estimate(design_of(fallen(3), [START] * 3), errors="jackknife", draws=4000)
    assert effect.std_error == pytest.approx(REFERENCE["diff-diff three, jackknife"]["se"], rel=0.01)
    assert effect.basis == "sampling"


# Slow and obvious versions


def on_simplex(columns, target, ridge):
    """Weights and an intercept by a general optimiser."""
    count = columns.shape[1]

    def loss(w):
        rest = target - columns @ w[1:] - w[0]
        return rest @ rest + ridge * w[1:] @ w[1:]

    bounds = [(None, None)] + [(0, 1)] * count
    total = {"type": "eq", "fun": lambda w: w[1:].sum() - 1}
    begin = np.r_[0.0, np.full(count, 1 / count)]
    found = minimize(
        loss, begin, bounds=bounds, constraints=total, method="SLSQP", options={"ftol": 1e-13, "maxiter": 999}
    )
    return found.x[1:]


def test_periods_held_out_are_foretold_by_the_others():
    """Six blocks, each from weights and a level that know nothing of it."""
    pool, path = VALUES[1:9], VALUES[0]
    penalty, squares = site_penalty(pool, START, 1, 1.0), []
    for block in np.array_split(np.arange(START), 6):
        kept = np.array([place for place in range(START) if place not in block])
        weights = on_simplex(pool[:, kept].T, path[kept], penalty * len(kept) / START)
        level = (path[kept] - weights @ pool[:, kept]).mean()
        squares += list((path[block] - weights @ pool[:, block] - level) ** 2)
    assert held_out_error(path, pool, START, 1.0) == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-4)


def test_placebos_of_a_site_that_swings_more_are_made_to_swing_as_much():
    """As they are they know only the others' noise, and a lone noisy site seems to have changed."""
    noisy = VALUES.copy()
    noisy[0] += np.random.default_rng(4).normal(0, 4 * np.diff(VALUES[1:, :START], axis=1).std(), VALUES.shape[1])
    design = design_of(noisy, [START])
    plain, scaled = (estimate(design, placebo_scale=each) for each in ("none", "held out"))
    assert scaled.estimate == plain.estimate
    assert scaled.std_error > 2 * plain.std_error


def test_placebos_shrink_by_no_more_than_noise_explains():
    """A steady site changes as much for good as the others: of what placebos find only the noise falls with it."""
    own = np.array([2.0, 0.5])
    rows = np.random.default_rng(8).normal(0, 1, (12, 40))
    rows[3:, 20:] += np.random.default_rng(9).normal(0, 1, (9, 1))
    for errors, treated in ((own[:1], 1), (own[1:], 1), (own, 2)):
        sample = select(design_of(rows, [20] * treated), "synthetic-did", "level", None)
        fitted = DifferenceFitter()(sample.outcomes, sample.treated, sample.starts, sample.comparison)
        placements = place(sample.starts, len(sample.comparison), 5, np.random.default_rng(1))
        found = np.array([1.0, -2.0, 3.0, -1.0, 2.0])

        def error(path, *_, errors=errors, sample=sample):
            row = next(row for row, each in enumerate(sample.outcomes) if np.array_equal(each, path))
            return errors[row] if row < len(errors) else 1.0

        got = placebo_scales(sample, fitted, placements, found, error)
        noise = (1 / 20 + float((fitted.times**2).sum())) / treated
        lasting = (found**2).mean() - noise
        squared = (errors**2).mean()
        expected = np.sqrt(squared) if squared > 1 else np.sqrt((lasting + noise * squared) / (lasting + noise))
        np.testing.assert_allclose(got, expected)
        assert (got > np.sqrt(squared) - 1e-12).all()


def test_weights_of_sites_and_periods_are_the_optimum_with_an_intercept():
    """As written in the paper, with the intercept as a parameter of its own."""
    rng = np.random.default_rng(1)
    pool, path = VALUES[1:9], VALUES[0]
    zeta = (1 * (18 - START)) ** 0.25 * np.diff(pool[:, :START], axis=1).std(ddof=1)
    slow = on_simplex(pool[:, :START].T, path[:START], START * zeta**2)
    penalty = site_penalty(pool, START, 1, 1.0)
    assert penalty == pytest.approx(START * zeta**2)
    np.testing.assert_allclose(site_weights(path[:START], pool[:, :START], penalty), slow, atol=1e-4)
    wide = rng.normal(0, 1, (30, 10))
    slow = on_simplex(wide[:, :6], wide[:, 6:].mean(axis=1), 0.0)
    np.testing.assert_allclose(time_weights(wide, 6)[:6], slow, atol=1e-4)


def test_leaving_sites_out_in_arrays_is_leaving_them_out_one_by_one():
    """The jackknife of two cohorts against a loop over sites."""
    values = fallen(4)
    treated, comparison, starts = np.arange(4), np.arange(4, 24), np.array([10, 12, 12, 10])
    fitted = DifferenceFitter()(values, treated, starts, comparison)
    reading = read_gaps(fitted)
    fast = reading.change(jackknife(values, fitted, treated, comparison))
    slow = []
    for out in range(24):
        gaps = []
        for group, start in enumerate((10, 12)):
            members = [site for site in treated if starts[site] == start and site != out]
            keep = comparison != out
            weights = fitted.weights[group][keep] / fitted.weights[group][keep].sum()
            gap = values[members].mean(axis=0) - weights @ values[comparison[keep]]
            gaps.append(gap - fitted.times[group] @ gap)
        slow.append(reading.change(np.array(gaps)))
    slow = np.array(slow)
    assert (fast**2).sum() == pytest.approx(23 / 24 * ((slow - slow.mean()) ** 2).sum())


def test_weights_that_are_fitted_again_leave_treated_sites_to_their_own_spread():
    """With even site weights the treated part is a mean's variance; the comparison's is above that of fixed ones."""
    treated, comparison, starts = np.arange(6), np.arange(6, 24), np.full(6, START)
    fitter = DifferenceFitter(regularisation=1e6)
    fitted = fitter(VALUES, treated, starts, comparison)
    reading = read_gaps(fitted)
    rng = np.random.default_rng(1)
    own, others = refitted_jackknife(fitter, VALUES, treated, starts, comparison, rng=rng)
    changes = VALUES[:6, START:].mean(axis=1) - VALUES[:6] @ fitted.times[0]
    assert (reading.change(own) ** 2).sum() == pytest.approx(changes.var(ddof=1) / 6)
    fixed = reading.change(jackknife(VALUES, fitted, treated, comparison))[6:]
    assert (reading.change(others) ** 2).sum() > (fixed**2).sum()
    assert freedom_of([np.ones(6), np.ones(6)]) == pytest.approx(10)


def test_cohorts_are_estimated_by_themselves_and_count_by_their_cells():
    """The headline is the mean over treated site-periods of each cohort's own estimate."""
    values = fallen(3)
    whole = estimate(design_of(values, [10, 10, 12]), placements=30)
    first = estimate(design_of(values[[0, 1, *range(3, 24)]], [10, 10]), placements=30)
    second = estimate(design_of(values[[2, *range(3, 24)]], [12]), placements=30)
    assert whole.estimate == pytest.approx((first.estimate * 16 + second.estimate * 6) / 22, abs=1e-6)
    assert whole.cohorts.labels == ("11", "13")
    np.testing.assert_allclose(whole.cohorts.change @ [16 / 22, 6 / 22], whole.change)


# Draws


@pytest.mark.parametrize("errors", ["placebo", "refitted jackknife", "jackknife", "bootstrap"])
def test_rows_of_every_part_go_together(errors):
    """Times after the start average to the headline, cohorts add up to all events, by every kind of error."""
    values = np.round(np.exp(VALUES / 10))
    values[:4, START:] *= 0.8
    values = np.round(values)
    design = design_of(values, [10, 10, 12, 12], kind="count", exposure=np.full(values.shape, 2.0))
    effect = estimate(design, transform="log", errors=errors, placements=60, replicates=40)
    times = np.array(effect.dynamics.times)
    cells = np.array([2 * (0 <= time < 8) + 2 * (0 <= time < 6) for time in times])
    np.testing.assert_allclose(effect.dynamics.draws @ (cells / cells.sum()), effect.change, atol=1e-9)
    np.testing.assert_allclose(effect.cohorts.change @ [16 / 28, 12 / 28], effect.change, atol=1e-9)
    np.testing.assert_allclose(effect.cohorts.prevented.sum(axis=1), effect.prevented.sum(axis=1))
    assert effect.prevented.shape == (400, 8)
    assert effect.cells.prevented[effect.cells.treated].sum() == pytest.approx(
        np.median(effect.prevented.sum(axis=1)), rel=0.05
    )


def test_the_way_to_an_error_is_chosen_by_the_number_of_sites():
    """Placebos with few sites, where there are others to put the measure on, otherwise the refitted jackknife."""
    assert estimate(design_of(VALUES, [START])).basis == "randomisation"
    assert estimate(design_of(VALUES, [START] * 3), placements=30).basis == "randomisation"
    many = estimate(design_of(VALUES, [START] * 12))
    assert many.basis == "sampling"
    assert dict(many.specification)["errors"] == "refitted jackknife"
    assert 11 <= many.degrees_of_freedom <= 22
    assert many.p_value is not None


def test_the_same_seed_gives_the_same_bootstrap():
    """And another seed another one, of about the same size."""
    design = design_of(VALUES, [START] * 6)
    option = SyntheticDifferenceInDifferences(transform="level", errors="bootstrap", replicates=60)
    one, again, other = (option.estimate(design, rng=np.random.default_rng(seed), draws=200) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.change, again.change)
    assert one.std_error != other.std_error
    assert one.std_error == pytest.approx(other.std_error, rel=0.5)


# What may change nothing


def test_levels_of_sites_change_nothing():
    """A constant of each site's own leaves estimate and range as they are."""
    moved = VALUES + np.random.default_rng(4).normal(0, 20, (24, 1))
    one, other = (estimate(design_of(each, [START]), draws=1000) for each in (VALUES, moved))
    assert other.estimate == pytest.approx(one.estimate, abs=1e-6)
    assert other.interval().upper == pytest.approx(one.interval().upper, abs=1e-6)


def test_another_unit_of_exposure_changes_no_ratio():
    """Residents in thousands give the same ratio."""
    values = np.round(np.exp(VALUES / 10))
    design = design_of(values, [START], kind="count", exposure=np.full(values.shape, 7.0))
    scaled = replace(design.panel, exposure=design.panel.exposure * 1000)
    one = estimate(design, transform="log")
    other = estimate(Design(panel=scaled, intervention=design.intervention), transform="log")
    assert other.estimate == pytest.approx(one.estimate, abs=1e-9)
    np.testing.assert_allclose(np.sort(other.change), np.sort(one.change), atol=1e-9)


def test_a_break_before_the_start_is_noticed():
    """By placebos and by the jackknife alike."""
    values = VALUES.copy()
    values[:12, 8:] -= 12
    assert check(estimate(design_of(values[[0, *range(12, 24)]], [START])), "leads").passed is None  # 12 placebos
    assert check(estimate(design_of(values, [START] * 12)), "leads").passed is False


# Refusals


@pytest.mark.parametrize("errors", ["jackknife", "bootstrap"])
def test_one_site_cannot_give_an_error_of_its_own(errors):
    """Neither as the only treated site, nor as the only one of its cohort."""
    with pytest.raises(EstimationError, match=f"the {errors} needs two treated sites .* one site was treated: use"):
        estimate(design_of(VALUES, [START]), errors=errors)
    with pytest.raises(EstimationError, match="only one site started in '11'"):
        estimate(design_of(VALUES, [10, START, START]), errors=errors)


def test_placebos_need_sites_to_be_put_on():
    """As many comparison sites as treated ones, and three to match them by."""
    with pytest.raises(EstimationError, match=r"put the measure on 12 of 12 comparison site"):
        estimate(design_of(VALUES, [START] * 12), errors="placebo")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"errors": "placebos"}, "no errors 'placebos'; did you mean 'placebo'"),
        ({"regularisation": -0.1}, "regularisation is a number of zero or more"),
        ({"replicates": 5}, "replicates is a whole number of 20 or more; there is 5"),
        ({"transform": "square"}, "no transform 'square'"),
        ({"covariates": "income"}, "covariates are a list of names"),
    ],
)
def test_options_that_there_are_not_are_refused(options, says):
    """With what there is."""
    with pytest.raises(EstimationError, match=says):
        SyntheticDifferenceInDifferences(**options)
