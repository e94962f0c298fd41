"""Sensitivity to a difference in trends: published intervals, slow versions, and what must always hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from evalkit.domain import Design, Intervention, Outcome, Panel
from evalkit.errors import EstimationError
from evalkit.models._imputation import departures
from evalkit.models._inference.cluster import infer
from evalkit.models._regression.event_study import event_columns, event_times
from evalkit.models._regression.linear import fit_linear
from evalkit.models._regression.sample import select
from evalkit.models._sensitivity import relative_magnitudes, smoothness
from evalkit.models._sensitivity.least_favourable import critical_values, is_kept
from evalkit.models._sensitivity.trends import _breakdown, sensitivity_to_trends
from evalkit.models.callaway_santanna import CallawaySantAnna
from evalkit.models.did_ols import LinearDifferenceInDifferences
from evalkit.models.did_poisson import PoissonDifferenceInDifferences
from evalkit.models.imputation import Imputation
from evalkit.models.local_projections import LocalProjections
from evalkit.models.poisson_etwfe import PoissonExtendedTwoWay

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = json.loads((ROOT / "tests" / "reference" / "trend_sensitivity.json").read_text(encoding="utf-8"))
README = json.loads((ROOT / "tests" / "reference" / "medicaid.json").read_text(encoding="utf-8"))
MEDICAID = ROOT.parent / "shared" / "data" / "causal" / "ehec_data.csv"


def a_study(seed=0, pre=4, post=3, effect=-0.4):
    """Coefficients of an event study whose errors go together, with their covariance and times."""
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 0.08, (pre + post, pre + post))
    covariance = root @ root.T / (pre + post) + 0.05**2 * (1 + np.eye(pre + post))
    mean = np.concatenate([np.zeros(pre), np.full(post, effect)])
    times = [*range(-pre - 1, -1), *range(post)]
    return rng.multivariate_normal(mean, covariance), covariance, times


def medicaid():
    """Coefficients and covariance of insurance cover in states that took Medicaid up in 2014, against 2013."""
    frame = pd.read_csv(MEDICAID)
    frame = frame[(frame["year"] < 2016) & ~(frame["yexp2"] == 2015)]
    outcome = Outcome(name="insured", kind="rate", good="more")
    panel = Panel.from_long(frame, site="stfips", period="year", value="dins", outcome=outcome)
    took = frame.loc[frame["yexp2"] == 2014, "stfips"].unique()
    design = Design(panel=panel, intervention=Intervention(name="Medicaid", began=dict.fromkeys(took, "2014")))
    sample = select(design, "did-ols", None, need_events=False)
    chosen = event_times(sample, None, None)
    columns, names = event_columns(sample, chosen)
    fit = fit_linear(sample.values, columns, sample.weights, names)
    inference = infer(fit, "CR1", "nested", treated=sample.treated_count, comparison=sample.comparison_count)
    which = np.arange(len(chosen.times))
    return fit.coefficients[which], inference.covariance[np.ix_(which, which)], chosen.times


@pytest.mark.skipif(not MEDICAID.exists(), reason="the data of the example are not free to be copied here")
def test_the_event_study_of_the_example_is_that_of_a_peer():
    """Coefficients and covariance of pyfixest, from which the intervals below are made."""
    coefficients, covariance, times = medicaid()
    assert list(times) == README["times"]
    np.testing.assert_allclose(coefficients, README["coefficients"], atol=1e-10)
    np.testing.assert_allclose(covariance, README["covariance"], rtol=1e-8, atol=1e-12)


def test_the_medicaid_example_of_the_r_package_is_reproduced():
    """The table in the README of R's HonestDiD: ends within .001, the width of its grid and of its simulation."""
    bounds = {float(bound): ends for bound, ends in README["relative magnitudes"].items()}
    relative, smooth = sensitivity_to_trends(
        np.array(README["coefficients"]),
        np.array(README["covariance"]),
        README["times"],
        target="first",
        bounds=tuple(bounds),
    )
    ends = np.array(list(bounds.values()))
    np.testing.assert_allclose(relative.lower, ends[:, 0], atol=0.001)
    np.testing.assert_allclose(relative.upper, ends[:, 1], atol=0.001)
    at = dict(zip(np.round(smooth.bounds, 4), zip(smooth.lower, smooth.upper, strict=True), strict=True))
    for bound, printed in README["smoothness"].items():
        np.testing.assert_allclose(at[float(bound)], printed, atol=1e-4)
    assert 1.9 < relative.breakdown < 2.0
    assert "more than 1.9 times the largest change" in relative.detail


@pytest.mark.parametrize("given_", REFERENCE, ids=lambda each: f"{each['pre']} leads, {len(each['weights'])} lags")
def test_relative_magnitudes_agree_with_a_peer(given_):
    """Ends are those of moderndid but for its grid, and for its first stage of 1,000 draws.

    Other seeds of that stage move its ends by up to half an error (5 leads, 3 lags, bound 2: upper end .630 to .656).
    """
    pre, coefficients, covariance = given_["pre"], np.array(given_["coefficients"]), np.array(given_["covariance"])
    weights = np.array(given_["weights"])
    changes = relative_magnitudes.changes_of(coefficients[:pre], coefficients[pre:], covariance, weights)
    error = np.sqrt(changes.target_variance)
    for bound, (lower, upper, grid) in given_["relative magnitudes"].items():
        found = relative_magnitudes.interval_at(changes, float(bound), 0.95)
        np.testing.assert_allclose(found, (lower, upper), atol=grid + 0.2 * error)


@pytest.mark.parametrize("given_", REFERENCE, ids=lambda each: f"{each['pre']} leads, {len(each['weights'])} lags")
def test_smoothness_agrees_with_a_peer(given_):
    """Shortest intervals are those of a cone programme to its own precision."""
    pre, coefficients, covariance = given_["pre"], np.array(given_["coefficients"]), np.array(given_["covariance"])
    along = smoothness.compromises(coefficients[:pre], coefficients[pre:], covariance, np.array(given_["weights"]))
    for bound, (lower, upper) in given_["smoothness"].items():
        np.testing.assert_allclose(smoothness.interval_at(along, float(bound), 0.95), (lower, upper), atol=2e-5)


@pytest.mark.parametrize("bound", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("weights", [[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [-0.5, 1.0, 0.2]])
def test_known_vertices_give_the_value_of_the_linear_programme(bound, weights):
    """The largest of the four forms is what a solver finds for the statistic, the path of the effect being free."""
    coefficients, covariance, _ = a_study(3)
    weights = np.array(weights)
    changes = relative_magnitudes.changes_of(coefficients[:4], coefficients[4:], covariance, weights)
    forms = relative_magnitudes._forms(changes, bound)
    levels = np.insert(np.eye(7), 4, 0.0, axis=0)
    steps = np.diff(levels, axis=0)
    for row, before in enumerate(np.concatenate([steps[:4], -steps[:4]])):
        moments = np.concatenate([steps[4:], -steps[4:]]) - bound * before
        errors = np.sqrt(np.einsum("mi,ij,mj->m", moments, covariance, moments))
        for target in (-0.9, -0.4, 0.0, 0.3):
            # minimise eta over it and the path of the effect: moments(coefficients) - moments(path) <= errors * eta
            solved = optimize.linprog(
                [1.0, 0, 0, 0],
                A_ub=np.column_stack([-errors, -moments[:, 4:]]),
                b_ub=-moments @ coefficients,
                A_eq=[[0.0, *weights]],
                b_eq=[target],
                bounds=(None, None),
            )
            values = forms[row] @ [changes.target - target, changes.before[row]]
            assert solved.fun == pytest.approx(values.max(), abs=1e-8)


def test_the_first_stage_is_that_of_a_simulation():
    """The value that the largest form exceeds with probability .005 is found without drawing a number."""
    rng = np.random.default_rng(5)
    directions = rng.normal(size=(3, 4, 2))
    drawn = rng.normal(size=(200_000, 2))
    highest = np.einsum("rfk,nk->rnf", directions, drawn).max(axis=2)
    np.testing.assert_allclose(critical_values(directions, 0.005), np.quantile(highest, 0.995, axis=1), rtol=0.02)
    one = np.array([[[2.0, 0.0], [0.0, 0.0]]])
    assert critical_values(one, 0.005)[0] == pytest.approx(2 * stats.norm.ppf(0.995), rel=1e-3)


def slow_lower_end(changes, bound, row):
    """The least value kept by one set, infinite where there is none, on a grid and then by halving."""
    form = relative_magnitudes._forms(changes, bound)[row]
    direction = (form @ relative_magnitudes._root(changes)[row])[None]
    critical = critical_values(direction, 0.005)
    covariance = direction @ direction.swapaxes(1, 2)
    says = np.diagonal(covariance[0]) > 1e-14

    def kept(target):
        values = np.where(says, form @ [changes.target - target, changes.before[row]], -np.inf)
        return bool(is_kept(values[None, None], covariance, critical, 0.05)[0, 0])

    reach = bound * np.abs(changes.weights).sum() * changes.before[row]
    low = changes.target - reach - critical[0] / form[0, 0]
    high = changes.target + reach - critical[0] / form[1, 0]
    grid = np.linspace(low, high, 300)[1:-1] if high > low else []
    inner = next((value for value in grid if kept(value)), np.inf)
    outer = inner - (high - low) / 299
    for _ in range(25 if np.isfinite(inner) else 0):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if kept(middle) else (inner, middle)
    return inner


@pytest.mark.parametrize("seed", [3, 180, 314])
def test_the_sets_that_are_passed_over_would_not_have_reached_further(seed):
    """The ends are those of every set gone through alone, for the lower end and, all signs turned, for the upper."""
    coefficients, covariance, _ = a_study(seed, pre=5, post=3)
    weights = np.full(3, 1 / 3)
    changes, turned = (
        relative_magnitudes.changes_of(sign * coefficients[:5], sign * coefficients[5:], covariance, weights)
        for sign in (1, -1)
    )
    bounds = np.array([0.0, 0.7, 2.0])
    lower, upper = relative_magnitudes.interval_at(changes, bounds, 0.95)
    slow = [
        [min(slow_lower_end(each, bound, row) for row in range(10)) for bound in bounds] for each in (changes, turned)
    ]
    error = np.sqrt(changes.target_variance)
    np.testing.assert_allclose([lower, -upper], slow, atol=1e-5 * error)


@pytest.mark.parametrize("power", [0.2, 1.0, 7.0])
@pytest.mark.parametrize("root", [0.001, 0.4, 1.3, 2.999])
def test_the_breakdown_value_is_the_last_256th_of_a_step_that_holds(power, root):
    """Whether what is left falls in a straight line or in a bend, and wherever it comes to nothing."""
    steps = np.array([0.0, 1.0, 1.5, 3.0])

    def margin(bounds):
        return np.sign(root - bounds) * np.abs(root - bounds) ** power

    low = steps[steps < root][-1]
    width = (steps[steps > root][0] - low) / 256
    expected = low + width * np.floor((root - low) / width)
    assert _breakdown(margin, steps, margin(steps)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("bound", [0.0, 0.01, 0.05, 0.5])
def test_the_shortest_interval_is_that_of_a_general_search(bound):
    """No weights of the leads that take out a slope give a shorter interval than the path does."""
    coefficients, covariance, _ = a_study(7, pre=4, post=2)
    weights = np.array([0.5, 0.5])
    along = smoothness.compromises(coefficients[:4], coefficients[4:], covariance, weights)
    lower, upper = smoothness.interval_at(along, bound, 0.95)

    def half(free):
        """Half the length, the weight of the latest lead following from the others."""
        row = np.array([*free, np.array([-4.0, -3.0, -2.0]) @ free + weights @ [1.0, 2.0], *weights])
        at = np.array([-4, -3, -2, -1, 1, 2])  # from the reference
        bends = [np.maximum(bend - at, 0) if bend < 0 else np.maximum(at - bend, 0) for bend in (-3, -2, -1, 0, 1)]
        ends = np.abs(np.array(bends) @ row)
        error = np.sqrt(row @ covariance @ row)
        return error * np.sqrt(stats.ncx2.ppf(0.95, 1, (bound * ends.sum() / error) ** 2))

    found = min(
        optimize.minimize(
            half, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 4000}
        ).fun
        for start in np.random.default_rng(1).normal(0, 0.2, (3, 3))
    )
    assert (upper - lower) / 2 <= found + 1e-9
    assert (upper - lower) / 2 == pytest.approx(found, rel=2e-3)


def test_parallel_trends_give_the_interval_of_the_target():
    """With a bound of zero the interval is the usual one, normal or t as the errors are known."""
    coefficients, covariance, times = a_study()
    weights = np.array([0, 0, 0, 0, 1, 1, 1]) / 3
    error = np.sqrt(weights @ covariance @ weights)
    for free, wide in ((None, stats.norm.ppf(0.975)), (12.0, stats.t.ppf(0.975, 12))):
        relative, _ = sensitivity_to_trends(coefficients, covariance, times, degrees_of_freedom=free)
        expected = weights @ coefficients + np.array([-1, 1]) * wide * error
        np.testing.assert_allclose([relative.lower[0], relative.upper[0]], expected, atol=2e-4 * error)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), pre=st.integers(1, 6), post=st.integers(1, 4), factor=st.sampled_from([-1.0, 3.0]))
def test_intervals_scale_and_turn_with_the_coefficients(seed, pre, post, factor):
    """Measuring in thirds, or the other way up, does the same to the intervals and nothing to the breakdown value."""
    coefficients, covariance, times = a_study(seed, pre, post)
    for one, other in zip(
        sensitivity_to_trends(coefficients, covariance, times, degrees_of_freedom=30.0),
        sensitivity_to_trends(factor * coefficients, factor**2 * covariance, times, degrees_of_freedom=30.0),
        strict=True,
    ):
        ends = np.sort(factor * np.stack([one.lower[0], one.upper[0]]))
        np.testing.assert_allclose([other.lower[0], other.upper[0]], ends, rtol=1e-4, atol=1e-4)
        scale = 1.0 if one.kind == "relative magnitudes" else abs(factor)
        assert (one.breakdown is None) == (other.breakdown is None)
        if one.breakdown is not None:
            assert other.breakdown == pytest.approx(scale * one.breakdown, rel=0.01, abs=0.01)


def test_the_order_of_times_does_not_matter():
    """Coefficients may come in any order."""
    coefficients, covariance, times = a_study()
    mixed = np.random.default_rng(2).permutation(len(times))
    first = sensitivity_to_trends(coefficients, covariance, times)
    again = sensitivity_to_trends(
        coefficients[mixed], covariance[np.ix_(mixed, mixed)], [times[place] for place in mixed]
    )
    for one, other in zip(first, again, strict=True):
        np.testing.assert_allclose(one.lower, other.lower)


def test_the_breakdown_value_is_where_the_interval_reaches_no_change():
    """Just below it the interval leaves no change outside, just above it does not."""
    coefficients, covariance, times = a_study()
    for found, place in zip(sensitivity_to_trends(coefficients, covariance, times), (0, 1), strict=True):
        assert found.breakdown > 0
        assert (np.diff(found.upper) > 0).all()
        weights = np.full(3, 1 / 3)
        changes = relative_magnitudes.changes_of(coefficients[:4], coefficients[4:], covariance, weights)
        along = smoothness.compromises(coefficients[:4], coefficients[4:], covariance, weights)
        at = [
            lambda bound: relative_magnitudes.interval_at(changes, bound, 0.95)[1],  # noqa: B023 - used at once
            lambda bound: smoothness.interval_at(along, bound, 0.95)[1],  # noqa: B023 - used at once
        ][place]
        assert at(0.99 * found.breakdown) < 0 < at(1.02 * found.breakdown)


def test_words_say_when_there_is_nothing_to_overturn_and_when_the_end_was_not_reached():
    """An unclear effect has no breakdown value; an overwhelming one is told as far as was tried."""
    coefficients, covariance, times = a_study(effect=0.0)
    relative, smooth = sensitivity_to_trends(0.1 * coefficients, covariance, times)
    assert relative.breakdown is None
    assert smooth.breakdown is None
    assert "no conclusion that a difference in trends could overturn" in relative.detail
    assert "could not be told from no change" in smooth.detail
    relative, _ = sensitivity_to_trends(coefficients - 40 * (np.array(times) >= 0), covariance, times)
    assert relative.breakdown == 10
    assert "by 10 times the largest change" in relative.detail
    assert "more was not tried" in relative.detail


def test_many_leads_are_used_as_far_as_the_sites_can_weigh_them():
    """With 36 leads and 40 degrees of freedom, smoothness rests on the latest 10, and says so."""
    coefficients, covariance, times = a_study(pre=36, post=3)
    relative, smooth = sensitivity_to_trends(coefficients, covariance, times, degrees_of_freedom=40.0)
    assert "latest 10 periods" in smooth.detail
    assert "all periods" not in smooth.detail
    assert "40 degrees of freedom" in relative.detail


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": [-5, -4, -3, -2, 0, 1, 3]}, "neighbouring periods"),
        ({"times": [0, 1, 2, 3, 4, 5, 6]}, "needs a period before the reference"),
        ({"degrees_of_freedom": 2.5}, "2.5 degrees of freedom, too few sites"),
        ({"bounds": (1.0, 0.5)}, "bounds are zero or more and rise"),
        ({"covariance": np.zeros((7, 7))}, "has no error of its own"),
        ({"coefficients": np.full(7, np.nan)}, "finite"),
    ],
)
def test_what_intervals_cannot_be_built_on_is_refused(change, message):
    """Gaps in time, no lead, hardly any degrees of freedom, falling bounds, no error: each is named."""
    coefficients, covariance, times = a_study()
    asked = {"coefficients": coefficients, "covariance": covariance, "times": times} | change
    with pytest.raises(EstimationError, match=message):
        sensitivity_to_trends(asked.pop("coefficients"), asked.pop("covariance"), asked.pop("times"), **asked)


def burglaries(*, sites=24, treated=10, periods=8, start=5, effect=-0.5, starts=1):
    """A panel of counts in which the first sites are treated."""
    rng = np.random.default_rng(11)
    names = [f"s{row:02d}" for row in range(sites)]
    began = {names[row]: str(start + 1 + row % starts) for row in range(treated)}
    after = np.array([[int(began.get(name, 99)) <= period + 1 for period in range(periods)] for name in names])
    counts = rng.poisson(60 * np.exp(rng.normal(0, 0.3, (sites, 1)) + effect * after))
    rows = [(names[i], j + 1, counts[i, j]) for i in range(sites) for j in range(periods)]
    frame = pd.DataFrame(rows, columns=["site", "period", "count"])
    panel = Panel.from_long(
        frame, site="site", period="period", count="count", outcome=Outcome(name="burglary"), frequency="number"
    )
    return Design(panel=panel, intervention=Intervention(name="patrol", began=began))


@pytest.mark.parametrize("kind", [PoissonDifferenceInDifferences, LinearDifferenceInDifferences])
def test_an_event_study_brings_its_sensitivity(kind):
    """Both kinds come with an effect, and parallel trends give the interval of an average of its own draws."""
    effect = kind().estimate(burglaries(), rng=np.random.default_rng(1), draws=2000)
    relative, smooth = effect.trend_sensitivity
    assert (relative.kind, smooth.kind) == ("relative magnitudes", "smoothness")
    later = [i for i, time in enumerate(effect.dynamics.times) if time >= 0]
    average = effect.dynamics.draws[:, later].mean(axis=1)
    middle = (relative.lower[0] + relative.upper[0]) / 2
    assert middle == pytest.approx(np.median(average), abs=0.01)
    assert relative.breakdown > 0
    assert "percentage points" in smooth.detail


@pytest.mark.parametrize("kind", [CallawaySantAnna, Imputation, LocalProjections])
def test_with_one_start_all_that_compare_logs_agree(kind):
    """Their effects against the last period before the start are the same numbers, and so is what trends may do."""
    one, other = (
        each().estimate(burglaries(), rng=np.random.default_rng(1), draws=200).trend_sensitivity
        for each in (LinearDifferenceInDifferences, kind)
    )
    for mine, theirs in zip(one, other, strict=True):
        assert (theirs.kind, theirs.target) == (mine.kind, mine.target)
        np.testing.assert_allclose([theirs.lower, theirs.upper], [mine.lower, mine.upper], atol=1e-6)
        assert theirs.breakdown == pytest.approx(mine.breakdown, rel=1e-6)


def test_counts_are_held_against_untreated_cells_as_by_a_regression():
    """Poisson with one start: the two fits differ by what is not small about the leads, a fiftieth of the width."""
    one, other = (
        each().estimate(burglaries(), rng=np.random.default_rng(1), draws=200).trend_sensitivity
        for each in (PoissonDifferenceInDifferences, PoissonExtendedTwoWay)
    )
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(
            [theirs.lower, theirs.upper], [mine.lower, mine.upper], atol=0.02 * (mine.upper - mine.lower).min()
        )


@pytest.mark.parametrize("extra", ["plain", "weights", "covariate"])
@pytest.mark.parametrize("method", ["linear", "Poisson"])
def test_a_difference_in_trends_comes_back_as_it_was_put_in(panel_design, method, extra):
    """Leads and effects of imputation, three starts: against the last period before the start they part by just that.

    On logs whatever its size and the noise; a Poisson fit has it where both are small.
    """
    rng, starts = np.random.default_rng(8), np.array([5, 7, 8, 99])[np.arange(24) % 4]
    since = np.where(starts[:, None] < 99, np.arange(12) - starts[:, None], 0)
    size, estimator = (0.3, Imputation()) if method == "linear" else (1e-4, PoissonExtendedTwoWay())
    # from 8 periods before the start, the reference of the leads
    bend = np.append(0.0, rng.normal(size=14))
    wave = rng.normal(0, 1, (24, 12))
    without = 5 + rng.normal(0, 0.5, (24, 1)) + 0.1 * np.sin(np.arange(12)) + rng.normal(0, size, (24, 12))
    found = []
    for predictor in (without, without + size * np.where(starts[:, None] < 99, bend[since + 8], 0.0)):
        design = panel_design(
            np.exp(predictor + 0.2 * wave * (extra == "covariate")),
            {row: int(start) for row, start in enumerate(starts) if start < 99},
            weights=np.random.default_rng(9).uniform(0.5, 2, (24, 12)) if extra == "weights" else None,
            covariates={"wave": wave} if extra == "covariate" else None,
            kind="rate",
        )
        estimates, times = asked_of_the_sensitivity(design, estimator)
        assert times == [*range(-8, -1), *range(7)]
        found.append(estimates)
    expected = bend[np.array(times) + 8] - bend[7]
    np.testing.assert_allclose((found[1] - found[0]) / size, expected, atol=1e-9 if method == "linear" else 2e-3)


def asked_of_the_sensitivity(design, estimator):
    """Estimates and times that the sensitivity is worked out from."""
    asked = []

    def note(*given_, **_):
        asked.extend(given_)
        return (), None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(departures, "sensitivity_or_reason", note)
        estimator.estimate(design, rng=np.random.default_rng(1), draws=100)
    estimates, _, times = asked
    return estimates, list(times)


def test_it_can_be_left_out():
    """Without the option, or without an event study, there is none."""
    for estimator in (
        PoissonDifferenceInDifferences(trend_sensitivity=False),
        PoissonDifferenceInDifferences(event_study=False),
        Imputation(trend_sensitivity=False),
        Imputation(event_study=False),
        PoissonExtendedTwoWay(trend_sensitivity=False),
        LocalProjections(trend_sensitivity=False),
        LocalProjections(baseline="mean"),
    ):
        assert estimator.estimate(burglaries(), rng=np.random.default_rng(1), draws=200).trend_sensitivity == ()


def test_where_sites_are_too_few_a_check_says_so():
    """Two treated of five sites leave too few degrees of freedom, and no interval is invented."""
    design = burglaries(sites=5, treated=2)
    effect = LinearDifferenceInDifferences().estimate(design, rng=np.random.default_rng(1), draws=200)
    told = {check.name: check for check in effect.checks}
    assert effect.trend_sensitivity == ()
    assert told["sensitivity to trends"].passed is None
    assert "too few sites" in told["sensitivity to trends"].detail


def test_pooled_ends_are_left_out():
    """Where sites start at different times, times that pool all beyond them are not neighbours of the next."""
    design = burglaries(periods=9, starts=3)
    effect = LinearDifferenceInDifferences(lags=2).estimate(design, rng=np.random.default_rng(1), draws=200)
    assert effect.dynamics.times[-1] == 2
    assert "first 2 periods" in effect.trend_sensitivity[0].target
