"""Choosing among options: published tables, slow and obvious oracles, closed forms, and a peer."""

import tracemalloc
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from evalkit.economics import expected_value_of_perfect_information
from evalkit.economics.decisions import (
    DOMINATED,
    DOMINATED_BY_EXTENSION,
    ON_FRONTIER,
    acceptability,
    incremental,
    plane,
    read_draws,
    value_grid,
)
from evalkit.errors import CostError

# Paltiel and others (2006), Annals of Internal Medicine 145:797, doi:10.7326/0003-4819-145-11-200612050-00004: cost
# and quality-adjusted life months of screening for HIV in a population with a prevalence of 1 %.
HIV = {
    "status quo": (26_000, 277.25 / 12),
    "one time": (27_000, 277.57 / 12),
    "every 5 years": (28_020, 277.78 / 12),
    "every 3 years": (28_440, 277.83 / 12),
    "annual": (29_440, 277.76 / 12),
}
# VA Health Economics Resource Center, the worked example of its page on cost-effectiveness analysis.
VA = {"UC": (5_000, 1), "A": (12_000, 1.5), "B": (10_000, 2), "C": (25_000, 3), "D": (35_000, 4), "E": (55_000, 5)}


def by_mean(options):
    """Give options known by their means alone."""
    cost, effect = np.array(list(options.values()), float).T
    return read_draws(tuple(options), cost[None], effect[None])


def make_draws(seed=1, draws=500, options=5):
    """Give draws of options whose costs and effects overlap, so that every status turns up."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 4, (draws, options)) + np.arange(options) * 3
    cost = rng.normal(0, 900, (draws, options)) + np.arange(options) ** 1.5 * 1000
    cost[:, 0] = effect[:, 0] = 0.0
    return read_draws(tuple("ABCDEFGH"[:options]), cost, effect)


def test_hiv_screening_has_the_published_ratios():
    """Paltiel 2006: 37,500, 58,285.71 and 100,800 along the frontier, and annual screening is dominated."""
    found = incremental(by_mean(HIV))
    assert found.frontier == ("status quo", "one time", "every 5 years", "every 3 years")
    ratios = {line.option: line.ratio for line in found.lines}
    assert ratios["status quo"] is None
    assert ratios["one time"] == pytest.approx(37_500)
    assert ratios["every 5 years"] == pytest.approx(58_285.714, abs=1e-3)
    assert ratios["every 3 years"] == pytest.approx(100_800)
    annual = next(line for line in found.lines if line.option == "annual")
    assert (annual.status, annual.because, annual.ratio) == (DOMINATED, ("every 5 years",), None)


def test_the_example_of_the_veterans_has_its_published_ratios():
    """VA HERC: 5,000, 12,500 and 20,000; A is dominated, C is dominated by a mixture of B and D."""
    lines = {line.option: line for line in incremental(by_mean(VA)).lines}
    assert [lines[name].ratio for name in "BDE"] == pytest.approx([5_000, 12_500, 20_000])
    assert (lines["A"].status, lines["A"].because) == (DOMINATED, ("B",))
    assert (lines["C"].status, lines["C"].because) == (DOMINATED_BY_EXTENSION, ("B", "D"))
    assert "mixture" in lines["C"].reason


def test_every_label_says_what_is_compared_with_what():
    """A ratio that does not name its comparator is read against the wrong one: "A compared with B", always."""
    labels = [line.label for line in incremental(by_mean(VA)).lines if line.ratio is not None]
    assert labels == ["B compared with UC", "D compared with B", "E compared with D"]
    assert plane(by_mean(VA), "B", comparator="A").label == "B compared with A"


def slow_status(cost, effect):
    """Say the status of each option in one draw as a textbook does: strike out, one after the other."""
    left = list(range(len(cost)))
    status = [DOMINATED] * len(cost)
    left = [
        i
        for i in left
        if not any(
            cost[j] <= cost[i] and effect[j] >= effect[i] and (cost[j] < cost[i] or effect[j] > effect[i] or j < i)
            for j in left
            if j != i
        )
    ]
    left.sort(key=lambda i: effect[i])
    while True:
        ratios = [(cost[b] - cost[a]) / (effect[b] - effect[a]) for a, b in pairwise(left)]
        worse = next((k for k in range(len(ratios) - 1) if ratios[k] > ratios[k + 1]), None)
        if worse is None:
            break
        status[left.pop(worse + 1)] = DOMINATED_BY_EXTENSION
    for i in left:
        status[i] = ON_FRONTIER
    return status


@pytest.mark.parametrize("seed", range(6))
def test_chances_of_a_status_are_those_of_the_textbook_draw_by_draw(seed):
    """All draws at once give what striking out in each draw gives."""
    draws = make_draws(seed, draws=200, options=6)
    slow = np.array([slow_status(c, e) for c, e in zip(draws.cost, draws.effect, strict=True)])
    for line in incremental(draws).lines:
        column = slow[:, draws.names.index(line.option)]
        assert sum(line.chances.values()) == pytest.approx(1)
        for status, share in line.chances.items():
            assert share == pytest.approx(np.mean(column == status))
    on_means = slow_status(draws.cost.mean(axis=0), draws.effect.mean(axis=0))
    assert {line.option: line.status for line in incremental(draws).lines} == dict(
        zip(draws.names, on_means, strict=True)
    )


def test_of_options_that_are_alike_the_first_is_kept_and_one_on_the_line_stays():
    """Ties are settled by order, and lying on the frontier is not lying above it."""
    twins = {"a": (0, 0), "b": (10, 1), "b again": (10, 1), "c": (20, 2), "d": (31, 3)}
    assert incremental(by_mean(twins)).frontier == ("a", "b", "c", "d")


def test_the_frontier_is_the_chance_that_the_best_in_expectation_is_best_and_not_the_highest_curve():
    """Pitfall 7: the frontier follows the mean. One option wins most draws by little, the other a few by much."""
    effect = np.array([[0.0, 1.0, 0.9]] * 7 + [[0.0, 1.0, 5.0]] * 3)
    draws = read_draws(("without", "steady", "lucky"), np.zeros((10, 3)), effect)
    found = acceptability(draws, [100.0])
    assert found.best[0].tolist() == [0.0, 0.7, 0.3]
    assert found.names[found.best_in_expectation[0]] == "lucky"
    assert found.frontier[0] == pytest.approx(0.3)


def test_ties_are_settled_by_cost_and_order_and_never_by_chance():
    """Pitfall 7, deterministic ties: of equals the cheaper is best, then the one named first, in every run."""
    effect = np.array([[0.0, 2.0, 2.0, 1.0]] * 4)
    cost = np.array([[0.0, 5.0, 5.0, 0.0]] * 4)
    found = acceptability(read_draws(("a", "b", "c", "d"), cost, effect), [0.0, 5.0, 10.0])
    # at 0 both `a` and `d` cost nothing, and `a` is named first; at 5 `d` ties with `b` and `c` and is cheaper
    assert found.best.tolist() == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]]
    assert found.best_in_expectation.tolist() == [0, 3, 1]
    assert found.frontier.tolist() == [1, 1, 1]


def test_rows_add_up_and_the_lowest_expected_loss_is_the_worth_of_perfect_information():
    """At each value one option is best in each draw, and the loss of the best in expectation is EVPI."""
    draws = make_draws(3)
    found = acceptability(draws, np.linspace(0, 2_000, 23))
    assert found.best.sum(axis=1) == pytest.approx(np.ones(23))
    assert (found.expected_loss >= 0).all()
    assert found.expected_loss.argmin(axis=1).tolist() == found.best_in_expectation.tolist()
    for value, worth in zip(found.values, found.perfect_information, strict=True):
        net = value * draws.effect - draws.cost
        assert worth == pytest.approx(expected_value_of_perfect_information(net))


def test_a_normal_effect_gives_the_closed_form():
    """λ = 12,000, effect N(20, 8), cost N(100,000, 10,000): P = 0.926538, EVPI = 3,163.66."""
    grid = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    net_sd = np.hypot(12_000 * 8, 10_000)
    # both on one axis: the net benefit is normal with the same mean and spread
    effect = 20 + grid * net_sd / 12_000
    draws = read_draws(
        ("doing without", "measure"),
        np.column_stack([np.zeros(2000), np.full(2000, 100_000.0)]),
        np.column_stack([np.zeros(2000), effect]),
    )
    found = acceptability(draws, [12_000])
    assert found.frontier[0] == pytest.approx(0.926538365468405, abs=5e-4)
    assert found.perfect_information[0] == pytest.approx(3163.663770673856, rel=2e-3)


def test_the_curve_is_streamed_over_values():
    """A grid of 2,000 values takes no more memory than one block: no array of draws by options by values is made."""
    draws = make_draws(draws=4_000, options=5)
    tracemalloc.start()
    acceptability(draws, np.linspace(0, 1e4, 2_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6  # the whole array would be 320 MB


def test_a_block_of_values_ends_anywhere_without_a_seam(monkeypatch):
    """Values one by one and all at once give the same curve."""
    draws, values = make_draws(4, draws=97), np.linspace(0, 3_000, 11)
    whole = acceptability(draws, values)
    # by its full name, as the package holds a function of the same name
    monkeypatch.setattr(import_module("evalkit.economics.decisions.acceptability"), "_BLOCK", 4 * draws.cost.size)
    parted = acceptability(draws, values)
    assert np.array_equal(whole.best, parted.best)
    assert whole.expected_loss == pytest.approx(parted.expected_loss)


def test_more_prevented_is_right_of_the_plane_and_a_higher_cost_above():
    """Pitfall 1: effect is crimes prevented, positive for less crime, and INB = λ N - C in each quadrant."""
    cost, effect = np.array([10.0, -10.0, 10.0, -10.0]), np.array([2.0, 2.0, -2.0, -2.0])
    nothing = np.zeros(4)
    draws = read_draws(("without", "a"), np.column_stack([nothing, cost]), np.column_stack([nothing, effect]))
    shown = plane(draws, "a", comparator="without")
    shares = shown.quadrants
    assert {
        shares.prevents_and_costs,
        shares.prevents_and_saves,
        shares.does_not_prevent_and_costs,
        shares.does_not_prevent_and_saves,
    } == {0.25}
    turned = plane(draws, "without", comparator="a")
    assert (turned.extra_cost.mean, turned.extra_effect.mean) == (-shown.extra_cost.mean, -shown.extra_effect.mean)
    # worth 10 each: 10, 30, -30, -10
    assert (10 * shown.effect - shown.cost).tolist() == [10, 30, -30, -10]


def test_the_range_of_values_shows_where_the_choice_turns():
    """Chosen from the data and said: every ratio of the frontier lies inside."""
    draws = by_mean(VA)
    grid = value_grid(draws)
    assert grid.values[0] == 0
    assert grid.values[-1] == pytest.approx(40_000)
    assert "at which the choice turns" in grid.chosen_by
    assert acceptability(draws, grid).chosen_by == grid.chosen_by
    switches = acceptability(draws, grid).switches
    assert [name for _, name in switches] == ["UC", "B", "D", "E"]
    # the choice turns at the ratios of the frontier themselves, and not at the next step of the grid
    ratios = [line.ratio for line in incremental(draws).lines if line.ratio is not None]
    assert [value for value, _ in switches[1:]] == pytest.approx(ratios, rel=1e-12)


def test_options_that_turn_at_one_value_or_cost_the_same_turn_once():
    """Of three lines through one point the steepest follows; of equal costs the one that prevents more, from 0 on."""
    through = by_mean({"a": (0, 0), "b": (100, 10), "c": (200, 20)})
    assert acceptability(through, [0, 40]).switches == ((0.0, "a"), (10.0, "c"))
    equal = by_mean({"a": (0, 0), "b": (0, 10)})
    assert acceptability(equal, [0, 40]).switches == ((0.0, "b"),)
    assert acceptability(through, [20, 40]).switches == ((20.0, "c"),)


def test_a_price_near_the_turns_is_on_the_page_and_one_far_beyond_is_not():
    """A price a hundred times higher would press the turns into the first steps."""
    draws = by_mean(VA)
    assert value_grid(draws, worth=60_000.0).values[-1] == pytest.approx(120_000)
    assert value_grid(draws, worth=2e6).values[-1] == pytest.approx(40_000)


def test_where_no_value_makes_an_option_pay_the_range_says_so():
    """An option that costs and prevents nothing has no turn, and the range is called arbitrary."""
    draws = by_mean({"without": (0, 0), "useless": (10, 0)})
    grid = value_grid(draws)
    assert "arbitrary" in grid.chosen_by
    assert acceptability(draws, grid).frontier.tolist() == [1.0] * len(grid.values)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: read_draws(("a", "a"), np.zeros((2, 2)), np.zeros((2, 2))), "each once and none empty"),
        (lambda: read_draws(("a", "b"), np.zeros((2, 3)), np.zeros((2, 2))), r"cost of the options has the shape"),
        (lambda: read_draws(("a",), np.zeros((2, 1)), np.full((2, 1), np.nan)), "effect of 'a' are not finite"),
        (lambda: read_draws(("a",), np.zeros((3, 1)), np.zeros((2, 1))), "the same draws"),
        (lambda: plane(by_mean(VA), "B", comparator="Bb"), "no option 'Bb' .comparator.; did you mean 'B'"),
        (lambda: plane(by_mean(VA), "B", comparator="B"), "compared with itself"),
        (lambda: acceptability(by_mean(VA), [-1.0]), "amounts of zero or more"),
        (lambda: acceptability(by_mean(VA), []), "amounts of zero or more"),
    ],
)
def test_what_cannot_be_compared_is_refused(make, words):
    """What is wrong is named, with what was wanted."""
    with pytest.raises(CostError, match=words):
        make()


@pytest.mark.parametrize("seed", range(4))
def test_shared_quantities_agree_with_heormodel(seed):
    """An independent package (heormodel, MIT) gives the same curves, frontier, losses and table."""
    cea = pytest.importorskip("heormodel.cea")
    pd = pytest.importorskip("pandas")
    outcomes = pytest.importorskip("heormodel.models").Outcomes
    draws = make_draws(seed, draws=700, options=6)
    given = outcomes.from_wide(
        pd.DataFrame(draws.cost, columns=draws.names), pd.DataFrame(draws.effect, columns=draws.names)
    )
    values = np.linspace(0, 1_500, 31)
    found = acceptability(draws, values)
    assert found.best == pytest.approx(cea.ceac(given, values)[list(draws.names)].to_numpy())
    assert found.expected_loss == pytest.approx(cea.expected_loss(given, values)[list(draws.names)].to_numpy())
    theirs = cea.ceaf(given, values)
    assert [found.names[place] for place in found.best_in_expectation] == theirs["intervention"].tolist()
    assert found.frontier == pytest.approx(theirs["prob"].to_numpy(float))
    table = cea.icer_table(given)
    words = {"ND": ON_FRONTIER, "D": DOMINATED, "ED": DOMINATED_BY_EXTENSION}
    for line in incremental(draws).lines:
        assert line.status == words[table.loc[line.option, "status"]]
        theirs_ratio = table.loc[line.option, "icer"]
        assert line.ratio is None if np.isnan(theirs_ratio) else line.ratio == pytest.approx(theirs_ratio)
