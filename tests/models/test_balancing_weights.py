"""Balancing weights: the programme, the errors, the checks, and Seattle's blocks as microsynth has them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from evalkit.domain import Design, Estimator, Intervention, Outcome, Panel, Periods
from evalkit.errors import DesignError, EstimationError
from evalkit.models._balancing.comparison import Outcomes, compare, compare_with, regress
from evalkit.models._balancing.programme import solve
from evalkit.models._balancing.resampling import jackknife_error, permutation_p_value
from evalkit.models._balancing.units import balance_columns, select_units
from evalkit.models.balancing_weights import BalancingWeights

SEATTLE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "seattle"
REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "balancing_weights.json"
MICROSYNTH = json.loads(REFERENCE.with_name("seattle.json").read_text(encoding="utf-8"))["crimes"]
UNITS, TREATED, PERIODS, START = 120, 12, 10, 7


def rng():
    """A generator that starts alike for every estimate."""
    return np.random.default_rng(7)


@pytest.fixture
def counts():
    """Counts of 120 blocks in 10 periods, 12 of them to be treated from the eighth."""
    random = rng()
    level = 2 * random.gamma(2, 0.5, (UNITS, 1)) * random.gamma(20, 1 / 20, (UNITS, PERIODS))
    return random.poisson(level).astype(float)


@pytest.fixture
def design(counts, panel_design):
    """The same as a design without covariates."""
    return panel_design(counts, dict.fromkeys(range(TREATED), START))


def arrays(design):
    """Columns to balance, and outcomes after the start."""
    values = design.panel.values
    treated = design.starts < PERIODS
    return values[:, :START], Outcomes(counts=values[:, START:], exposure=None, treated=treated)


def check(effect, name):
    """The check of that name."""
    return next(each for each in effect.checks if each.name == name)


def test_it_is_an_estimator():
    """It is an estimator like any other."""
    assert isinstance(BalancingWeights(), Estimator)


def test_the_programme_gives_what_a_general_solver_gives(design):
    """Shares equal those of a general solver for the least sum of squares under the same conditions."""
    columns, outcomes = arrays(design)
    treated = outcomes.treated
    target, pool = columns[treated].mean(axis=0), columns[~treated]
    found = solve(columns, target[None, :], ~treated[:, None])
    slow = optimize.minimize(
        lambda p: p @ p,
        np.full(len(pool), 1 / len(pool)),
        jac=lambda p: 2 * p,
        bounds=[(0, None)] * len(pool),
        constraints=[
            {"type": "eq", "fun": lambda p: p.sum() - 1, "jac": np.ones_like},
            {"type": "eq", "fun": lambda p: pool.T @ p - target, "jac": lambda _: pool.T},
        ],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-14},
    )
    assert slow.success
    np.testing.assert_allclose(found.shares[~treated, 0], slow.x, atol=1e-6)
    assert (found.shares[treated] == 0).all()


def test_the_programme_gives_what_an_interior_point_solver_gives():
    """Shares equal those of clarabel 0.11.1, stored with the script that made them."""
    stored = json.loads(REFERENCE.read_text(encoding="utf-8"))
    columns = np.array(stored["columns"], float)
    treated = np.arange(len(columns)) < stored["treated"]
    found = solve(columns, columns[treated].mean(axis=0)[None, :], ~treated[:, None])
    np.testing.assert_allclose(found.shares[~treated, 0], stored["shares"], atol=1e-7)


def test_many_problems_at_once_give_what_each_gives_alone(design):
    """Solving in one go changes nothing."""
    columns, outcomes = arrays(design)
    random = rng()
    pools = np.stack([outcomes.treated, random.permutation(outcomes.treated)], axis=1)
    targets = pools.T @ columns / TREATED
    together = solve(columns, targets, ~pools).shares
    for problem in range(2):
        alone = solve(columns, targets[[problem]], ~pools[:, [problem]]).shares
        np.testing.assert_allclose(together[:, [problem]], alone, atol=1e-9)


def test_a_column_said_twice_changes_nothing(design):
    """Columns that follow from others leave one solution, the same."""
    columns, outcomes = arrays(design)
    twice = np.column_stack([columns, columns.sum(axis=1), columns[:, 0]])
    one, other = (compare(each, outcomes, slack=0.0) for each in (columns, twice))
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-5)
    assert one.ratio.std_error == pytest.approx(other.ratio.std_error, rel=1e-4)


def test_the_weighted_comparison_has_the_same_past(design):
    """Before the start, what was recorded and what the comparison has agree in every period."""
    effect = BalancingWeights().estimate(design, rng=rng())
    np.testing.assert_allclose(effect.paths.recorded[:START], effect.paths.fitted[:START], rtol=1e-6)
    assert check(effect, "balance").passed


def test_the_change_and_the_events_tell_the_same(design):
    """Every row of events prevented adds up to recorded times (exp(-change) - 1)."""
    effect = BalancingWeights().estimate(design, rng=rng(), draws=400)
    np.testing.assert_allclose(effect.total_prevented, effect.recorded.sum() * np.expm1(-effect.change))
    expected = effect.paths.fitted[START:] - effect.paths.recorded[START:]
    assert effect.total_prevented.mean() == pytest.approx(expected.sum(), abs=0.3 * effect.total_prevented.std())
    assert effect.estimate == pytest.approx(np.log(effect.recorded.sum() / effect.paths.fitted[START:].sum()), abs=1e-6)


def test_the_error_is_the_sum_of_what_each_site_contributes(design):
    """Influences of sites square and sum to the variance."""
    effect = BalancingWeights().estimate(design, rng=rng())
    assert np.sqrt((effect.influence**2).sum()) == pytest.approx(effect.std_error, rel=1e-3)


def test_the_regression_is_that_of_explicit_algebra(design):
    """Fits and leverages of the weighted comparison equal those of the normal equations."""
    columns, outcomes = arrays(design)
    weights = compare(columns, outcomes, slack=0.0).weights
    found = regress(columns, outcomes.counts, weights)
    x = np.column_stack([np.ones(UNITS), columns])
    inverse = np.linalg.inv(x.T @ (weights[:, None] * x))
    np.testing.assert_allclose(found.fitted, x @ inverse @ x.T @ (weights[:, None] * outcomes.counts), atol=1e-7)
    np.testing.assert_allclose(found.seen, 1 - weights * np.einsum("ij,jk,ik->i", x, inverse, x), atol=1e-7)


def test_the_jackknife_is_what_leaving_out_gives(design):
    """The jackknife's error equals that of a loop that leaves out one group after another."""
    columns, outcomes = arrays(design)
    error, groups = jackknife_error(columns, outcomes, 0.0, rng())
    random, member = rng(), np.empty(UNITS, int)
    for side in (outcomes.treated, ~outcomes.treated):
        member[side] = random.permutation(np.arange(side.sum()) % groups)
    changes = []
    for group in range(groups):
        kept = member != group
        part = Outcomes(counts=outcomes.counts[kept], exposure=None, treated=outcomes.treated[kept])
        changes.append(compare(columns[kept], part, slack=0.0).ratio.log_ratio)
    assert groups == TREATED
    assert error == pytest.approx(np.sqrt((groups - 1) ** 2 / groups * np.var(changes, ddof=1)), rel=1e-4)


def test_a_permutation_counts_what_was_recorded(design):
    """The p-value is a share of placements that is never zero, and says of how many."""
    effect = BalancingWeights(permutations=19).estimate(design, rng=rng())
    assert effect.p_value in [round(k / 20, 2) for k in range(1, 21)]
    assert effect.smallest_p_value == 1 / 20
    assert effect.reference_set == "19 random placements and the one recorded"


def test_a_large_effect_is_beyond_all_placements(counts, panel_design):
    """Where nearly all events are prevented, no random placement shows as much."""
    counts[:TREATED, START:] = np.minimum(counts[:TREATED, START:], 1) * (np.arange(TREATED) < 3)[:, None]
    columns, outcomes = arrays(panel_design(counts, dict.fromkeys(range(TREATED), START)))
    assert permutation_p_value(columns, outcomes, 39, 0.0, rng()) == pytest.approx(1 / 40)


def test_names_do_not_matter(counts, panel_design, design):
    """Other names, in another order, give the same estimate."""
    order = rng().permutation(UNITS)
    starts = {int(np.flatnonzero(order == row)[0]): START for row in range(TREATED)}
    turned = BalancingWeights().estimate(panel_design(counts[order], starts), rng=rng())
    straight = BalancingWeights().estimate(design, rng=rng())
    assert turned.estimate == pytest.approx(straight.estimate, abs=1e-7)
    assert turned.std_error == pytest.approx(straight.std_error, rel=1e-6)


def test_the_unit_of_exposure_does_not_matter(counts, panel_design):
    """Hundreds of dwellings instead of dwellings leave the ratio as it is."""
    exposure = rng().gamma(20, 5, (UNITS, 1)) * np.linspace(1, 1.3, PERIODS)
    found = [
        BalancingWeights().estimate(
            panel_design(counts, dict.fromkeys(range(TREATED), START), exposure=exposure / unit), rng=rng()
        )
        for unit in (1, 100)
    ]
    assert found[0].estimate == pytest.approx(found[1].estimate, abs=1e-7)
    assert found[0].std_error == pytest.approx(found[1].std_error, rel=1e-6)


def test_growth_of_exposure_in_treated_sites_raises_what_is_expected(counts, panel_design):
    """Twice the exposure after the start means twice the events expected."""
    exposure = np.ones_like(counts)
    exposure[:TREATED, START:] = 2.0
    starts = dict.fromkeys(range(TREATED), START)
    plain = BalancingWeights().estimate(panel_design(counts, starts), rng=rng())
    grown = BalancingWeights().estimate(panel_design(counts, starts, exposure=exposure), rng=rng())
    assert grown.estimate == pytest.approx(plain.estimate - np.log(2), abs=1e-6)


def test_covariates_are_balanced_by_name(counts, panel_design):
    """A fixed covariate is one column, a changing one a column each period; `balance_on` picks them."""
    random = rng()
    covariates = {
        "homes": np.repeat(random.poisson(9, (UNITS, 1)), PERIODS, axis=1),
        "robbery": random.poisson(1, counts.shape),
    }
    design = panel_design(
        counts, dict.fromkeys(range(TREATED), START), covariates={k: v.astype(float) for k, v in covariates.items()}
    )
    everything = BalancingWeights().estimate(design, rng=rng())
    assert f"{START + 1 + START} columns" in check(everything, "balance").detail
    some = BalancingWeights(balance_on=("homes",), lag_periods=3).estimate(design, rng=rng())
    assert "4 columns" in check(some, "balance").detail
    assert dict(some.specification)["covariates"] == "homes"
    with pytest.raises(EstimationError, match=r"no covariate 'robbry' to balance on; .*robbery"):
        BalancingWeights(balance_on=("robbry",)).estimate(design, rng=rng())


def test_sites_without_a_cell_and_buffers_are_left_out_and_named(counts, panel_design):
    """A site that lacks a period, and a buffer site, have no say, and the check says so."""
    weights = np.ones_like(counts)
    weights[50, 3] = 0
    design = panel_design(counts, dict.fromkeys(range(TREATED), START), weights=weights, buffer=[60, 61])
    effect = BalancingWeights().estimate(design, rng=rng())
    assert "1 site with a missing period ('s050')" in check(effect, "left out").detail
    assert "2 buffer sites ('s060', 's061')" in check(effect, "left out").detail
    assert effect.influence[[50, 60, 61]].tolist() == [0, 0, 0]


def test_the_heaviest_sites_are_named(design):
    """Weights of the comparison are told, the heaviest first, and sum to no more than the treated sites."""
    weights = [weight for _, weight in BalancingWeights().estimate(design, rng=rng()).comparison_weights]
    assert weights == sorted(weights, reverse=True)
    assert 0 < sum(weights) <= TREATED + 1e-9


def test_sites_unlike_all_others_are_refused(counts, panel_design):
    """Where no site is like the treated ones, there is no answer but the reason."""
    counts[:TREATED] *= 10
    with pytest.raises(EstimationError, match=r"still differ by up to .* standard deviations.*do not compare them"):
        BalancingWeights().estimate(panel_design(counts, dict.fromkeys(range(TREATED), START)), rng=rng())


def test_balance_that_cannot_be_had_is_told(counts, panel_design):
    """With a slack the comparison stays apart, and a failed check says by how much and where."""
    counts[:TREATED] += 3
    design = panel_design(counts, dict.fromkeys(range(TREATED), START))
    effect = BalancingWeights(slack=1.0).estimate(design, rng=rng())
    assert check(effect, "balance").passed is False
    assert "The largest difference of means is" in check(effect, "balance").detail


def test_slack_buys_evenness(design):
    """The more slack, the larger the effective sample size."""
    columns, outcomes = arrays(design)
    worth = [compare(columns, outcomes, slack=slack).effective for slack in (0.0, 0.01, 0.1, 1.0)]
    assert worth == sorted(worth)


def test_what_it_cannot_take_is_refused(counts, panel_design):
    """Scores, several starts, sizes as weights, one treated site, and no events have a message each."""
    run = lambda design: BalancingWeights().estimate(design, rng=rng())  # noqa: E731
    starts = dict.fromkeys(range(TREATED), START)
    with pytest.raises(DesignError, match="takes counts of events; 'theft' is of kind 'score'"):
        run(panel_design(counts, starts, kind="score"))
    with pytest.raises(DesignError, match="takes one start, and sites started at"):
        run(panel_design(counts, starts | {3: 5}))
    with pytest.raises(DesignError, match="makes its own weights"):
        run(panel_design(counts, starts, weights=counts + 1))
    with pytest.raises(EstimationError, match=r"at least two treated sites with every period.*there is 1"):
        run(panel_design(counts, {0: START}))
    counts[:TREATED, START:] = 0
    with pytest.raises(EstimationError, match="no event was recorded in the treated sites after the start"):
        run(panel_design(counts, starts))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"balance_on": "homes"}, "balance_on is a list of names"),
        ({"errors": "jacknife"}, "no errors 'jacknife'; .*jackknife"),
        ({"lag_periods": 0}, "lag_periods is a whole number, 1 or more; there is 0"),
        ({"permutations": 2.5}, "permutations is a whole number, 0 or more; there is 2.5"),
        ({"slack": -1.0}, "slack is zero or more; there is -1.0"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    """Every option says what it takes."""
    with pytest.raises(EstimationError, match=message):
        BalancingWeights(**options)


def test_how_far_a_lucky_comparison_falls_back_is_told(counts, panel_design):
    """Chosen for many counts, the check tells the fall that is to be feared; chosen for few, that there is none."""
    order = np.argsort(-counts[:, :START].sum(axis=1) + 5 * rng().normal(size=UNITS), kind="stable")
    high, low = (
        check(
            BalancingWeights(slack=0.1).estimate(panel_design(each, dict.fromkeys(range(TREATED), START)), rng=rng()),
            "regression to the mean",
        )
        for each in (counts[order], counts[order[::-1]])
    )
    assert "falls back by up to" in high.detail
    assert "recorded no more than others" in low.detail
    assert high.passed is None


def test_one_period_before_leaves_nothing_to_hold_out(counts, panel_design):
    """The check of leads says why it could not be made."""
    effect = BalancingWeights().estimate(panel_design(counts, dict.fromkeys(range(TREATED), 1)), rng=rng())
    assert check(effect, "leads").passed is None
    assert "one period before the start" in check(effect, "leads").detail


@pytest.fixture(scope="module")
def seattle():
    """Seattle's drug-market intervention: every crime as a design that balances on the three others too."""
    if not SEATTLE.exists():
        pytest.skip("the Seattle blocks (GPL, R package microsynth) are not beside the project")
    frame = pd.read_csv(SEATTLE / "seattledmi.csv.gz", dtype={"ID": str})
    sites = tuple(np.sort(frame["ID"].unique()))
    table = frame.pivot_table(index="ID", columns="time")
    crimes = ("i_felony", "i_misdemea", "i_drugs", "any_crime")
    people = ("TotalPop", "BLACK", "HISPANIC", "Males_1521")
    homes = ("HOUSEHOLDS", "FAMILYHOUS", "FEMALE_HOU", "RENTER_HOU", "VACANT_HOU")
    grids = {name: table[name].loc[list(sites)].to_numpy(float) for name in (*people, *homes, *crimes)}
    treated = table["Intervention"].loc[list(sites)].to_numpy().max(axis=1) > 0
    intervention = Intervention(name="drug market", began=dict.fromkeys(np.array(sites)[treated], "13"))

    def design(crime):
        panel = Panel(
            outcome=Outcome(name=crime),
            sites=sites,
            periods=Periods(frequency="number", first=1, count=16),
            values=grids[crime],
            covariates={name: grids[name] for name in grids if name != crime},
        )
        return Design(panel=panel, intervention=intervention)

    return design


@pytest.fixture(scope="module")
def saved_weights():
    """Weights that the first example of microsynth's vignette comes to, by block; none where it gives none."""
    path = SEATTLE / "seattledmi_microsynth_ex1_weights.csv"
    if not path.exists():
        pytest.skip("the weights of the vignette (GPL, R package microsynth) are not beside the project")
    saved = pd.read_csv(path, dtype={"ID": str})
    return saved[saved["treated"] == 0].set_index("ID")["weight"]


@pytest.mark.parametrize("crime", MICROSYNTH)
def test_seattle_comes_back(seattle, crime):
    """Own weights give the expectation that the vignette of R microsynth 2.0.51 prints, to its two decimals."""
    effect = BalancingWeights().estimate(seattle(crime), rng=rng())
    assert effect.recorded.sum() == MICROSYNTH[crime]["recorded"]
    assert effect.paths.fitted[12:].sum() == pytest.approx(MICROSYNTH[crime]["expected"], abs=0.006)
    assert check(effect, "balance").passed


@pytest.mark.parametrize("crime", MICROSYNTH)
def test_microsynths_weights_give_microsynths_figures(seattle, saved_weights, crime):
    """Its weights of all 9,642 blocks, given to the comparison: what it prints, to the last digit."""
    design = seattle(crime)
    units = select_units(design, "balancing-weights")
    weights = saved_weights.reindex([units.panel.sites[row] for row in units.rows], fill_value=0.0).to_numpy()
    assert (weights[units.treated] == 0).all()
    columns = balance_columns(units, None, 1, units.start).columns
    imbalance = (weights @ columns / weights.sum() - columns[units.treated].mean(axis=0)) / columns.std(axis=0)
    after = Outcomes(counts=units.values[:, units.start :], exposure=None, treated=units.treated)
    found = compare_with(columns, after, weights, imbalance)
    assert len(weights) == 9642
    assert found.ratio.recorded.sum() == MICROSYNTH[crime]["recorded"]
    assert round(found.ratio.expected.sum(), 2) == MICROSYNTH[crime]["expected"]
    assert found.ratio.log_ratio == pytest.approx(np.log(found.ratio.recorded.sum() / found.ratio.expected.sum()))
    assert np.abs(found.imbalance).max() < 1e-4
    # the error is of the same size as with own weights, which are the evenest
    own = compare(columns, after, slack=0.0)
    assert found.ratio.std_error == pytest.approx(own.ratio.std_error, rel=0.01)
    assert found.effective <= own.effective * (1 + 1e-3)


def test_the_jackknife_of_seattle_is_near_that_of_microsynth(seattle):
    """90 % by jackknife: -35.6 to -0.9 in microsynth, whose groups fall otherwise."""
    effect = BalancingWeights(errors="jackknife").estimate(seattle("any_crime"), rng=rng())
    ends = effect.interval(0.9)
    wanted = MICROSYNTH["any_crime"]["jackknife, 90 %, percent"]
    np.testing.assert_allclose(100 * np.expm1([ends.lower, ends.upper]), wanted, atol=2.5)


def test_the_weights_of_seattle_are_those_of_microsynth(seattle, saved_weights):
    """The least sum of squares is what microsynth's solver comes to."""
    for site, weight in BalancingWeights().estimate(seattle("any_crime"), rng=rng()).comparison_weights:
        assert weight == pytest.approx(saved_weights[site], abs=2e-3)
