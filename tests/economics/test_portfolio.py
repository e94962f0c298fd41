"""The best set of options under a budget, against every set there is."""

import itertools

import numpy as np
import pytest

from evalkit.economics.decisions import Rules, best_portfolio
from evalkit.errors import CostError


def names_of(number):
    """Name so many options."""
    return tuple(f"option {place}" for place in range(number))


def allowed_sets(names, cost, budget, rules):
    """List every set that keeps the budget and the rules, the slow and obvious way."""
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(range(len(names)), size):
            taken = {names[place] for place in chosen}
            if sum(cost[place] for place in chosen) > budget:
                continue
            if any(len(taken & set(group)) > 1 for group in rules.exclusive):
                continue
            if any(option in taken and not set(needed) <= taken for option, needed in rules.requires.items()):
                continue
            yield list(chosen)


def make_case(seed, options=7, draws=60):
    """Give options of which some save money, some exclude each other and some need another."""
    rng = np.random.default_rng(seed)
    names = names_of(options)
    cost = rng.integers(1, 40, options) * 1000.0 * rng.choice([1, 1, 1, -0.2], options)
    net = rng.normal(2_000, 9_000, options) + rng.normal(0, 8_000, (draws, options))
    rules = Rules(
        exclusive=((names[0], names[1], names[2]),) if seed % 2 else (),
        requires={names[3]: (names[4],)} if seed % 3 else {},
    )
    return names, net, cost, float(rng.integers(0, 90) * 1000), rules


@pytest.mark.parametrize("seed", range(40))
def test_no_set_that_is_allowed_is_better_than_the_one_chosen(seed):
    """The choice is exact: brute force over all subsets finds no better one."""
    names, net, cost, budget, rules = make_case(seed)
    found = best_portfolio(names, net, cost, budget=budget, rules=rules)
    sets = list(allowed_sets(names, cost, budget, rules))
    assert [names.index(name) for name in found.chosen] in sets
    assert found.net_benefit == pytest.approx(max(net.mean(axis=0)[each].sum() for each in sets), rel=1e-9, abs=1e-6)
    assert found.cost == pytest.approx(sum(cost[names.index(name)] for name in found.chosen))


@pytest.mark.parametrize("seed", range(40))
def test_the_integer_programme_chooses_what_the_list_of_all_sets_chooses(seed, monkeypatch):
    """More options than can be listed are chosen from in another way, with the same answer."""
    names, net, cost, budget, rules = make_case(seed)
    listed = best_portfolio(names, net, cost, budget=budget, rules=rules)
    monkeypatch.setattr("evalkit.economics.decisions.portfolio._MOST_LISTED", 0)
    assert best_portfolio(names, net, cost, budget=budget, rules=rules).chosen == listed.chosen


@pytest.mark.parametrize("seed", range(12))
def test_the_probability_that_a_set_is_best_counts_the_draws_in_which_no_other_is_better(seed):
    """Brute force in every draw gives the same share."""
    names, net, cost, budget, rules = make_case(seed)
    found = best_portfolio(names, net, cost, budget=budget, rules=rules)
    every = np.array([net[:, each].sum(axis=1) for each in allowed_sets(names, cost, budget, rules)])
    own = net[:, [names.index(name) for name in found.chosen]].sum(axis=1)
    assert found.prob_best == pytest.approx(np.mean(own >= every.max(axis=0) - 1e-6), abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_next_budget_is_the_first_that_changes_the_choice(seed):
    """Below it nothing better fits; at it the gain that is named does."""
    names, net, cost, budget, rules = make_case(seed)
    found = best_portfolio(names, net, cost, budget=budget, rules=rules)
    mean = net.mean(axis=0)
    better = [each for each in allowed_sets(names, cost, np.inf, rules) if mean[each].sum() > found.net_benefit + 1e-4]
    if not better:
        assert found.next_budget is None
        assert found.value_of_more is None
        return
    smallest = min(cost[each].sum() for each in better)
    assert found.next_budget == pytest.approx(smallest)
    assert smallest > budget
    best_there = max(mean[each].sum() for each in better if cost[each].sum() <= smallest + 1e-6)
    assert found.next_gain == pytest.approx(best_there - found.net_benefit)
    assert found.value_of_more == pytest.approx(found.next_gain / (smallest - budget))


def test_the_worth_of_the_last_unit_of_budget_is_that_of_the_option_taken_in_part():
    """By hand: the second of two options fits by half, and gives 2 for each unit; a large budget gives nothing."""
    net, cost = np.array([[300.0, 200.0]]), np.array([100.0, 100.0])
    assert best_portfolio(("a", "b"), net, cost, budget=150).marginal_value == pytest.approx(2)
    assert best_portfolio(("a", "b"), net, cost, budget=500).marginal_value == 0


def test_a_budget_that_is_missed_by_a_cent_is_missed():
    """The tolerance of a solver is no budget: what exceeds it by a hundredth in a million is not taken."""
    net, cost = np.array([[5.0, 3.0]]), np.array([1_000_000.01, 900_000.0])
    assert best_portfolio(("dear", "cheap"), net, cost, budget=1_000_000).chosen == ("cheap",)
    assert best_portfolio(("dear", "cheap"), net, cost, budget=1_000_000.01).chosen == ("dear",)


def test_nothing_is_taken_where_nothing_is_worth_its_cost():
    """Doing without is always allowed, and best where every option does harm."""
    found = best_portfolio(("a", "b"), np.array([[-1.0, -2.0], [-1.0, 0.5]]), np.array([1.0, 1.0]), budget=10)
    assert (found.chosen, found.net_benefit, found.prob_best, found.next_budget) == ((), 0.0, 0.5, None)


def test_an_option_that_saves_money_pays_for_another():
    """A negative cost widens the budget."""
    found = best_portfolio(("saves", "costs"), np.array([[1.0, 5.0]]), np.array([-60.0, 100.0]), budget=40)
    assert found.chosen == ("saves", "costs")
    assert found.cost == pytest.approx(40)


def test_sixty_options_are_chosen_from_exactly():
    """More options than sets can be listed for: against dynamic programming over whole amounts."""
    rng = np.random.default_rng(5)
    cost, mean, budget = rng.integers(1, 60, 60), rng.integers(1, 900, 60), 400
    best = np.zeros(budget + 1)
    for one, gain in zip(cost, mean, strict=True):
        best[one:] = np.maximum(best[one:], best[:-one] + gain)
    found = best_portfolio(names_of(60), mean[None].astype(float), cost.astype(float), budget=budget)
    assert found.net_benefit == best[-1]
    assert found.prob_best is None
    assert "up to 16" in found.reason


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e12])
def test_the_unit_of_money_changes_nothing(scale):
    """Amounts in thousandths or in trillions give the same set."""
    names, net, cost, budget, rules = make_case(3)
    plain = best_portfolio(names, net, cost, budget=budget, rules=rules)
    scaled = best_portfolio(names, net * scale, cost * scale, budget=budget * scale, rules=rules)
    assert scaled.chosen == plain.chosen
    assert scaled.next_chosen == plain.next_chosen
    assert scaled.marginal_value == pytest.approx(plain.marginal_value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budget": -1}, "a budget is an amount of zero or more; there is -1"),
        ({"budget": float("nan")}, "a budget is an amount of zero or more"),
        ({"rules": Rules(exclusive=(("a", "c"),))}, "no option 'c' .exclusive.; there is: 'a', 'b'"),
        ({"rules": Rules(exclusive=(("a",),))}, "names two or more, each once"),
        ({"rules": Rules(requires={"a": ("a",)})}, "requires of 'a' is a list of other options"),
        ({"rules": Rules(requires={"a": ("bb",)})}, "did you mean 'b'"),
    ],
)
def test_a_budget_or_a_rule_that_cannot_be_is_refused(change, words):
    """What is wrong is named, with what there is."""
    with pytest.raises(CostError, match=words):
        best_portfolio(("a", "b"), np.ones((3, 2)), np.ones(2), **({"budget": 1.0} | change))
