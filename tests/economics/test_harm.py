"""Harm prevented: weights by type of crime, combined in draws, never without the total that leaves homicide out."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evalkit.domain import Outcome
from evalkit.draws import couple, spread
from evalkit.economics import HarmWeight, HarmWeights, harm_prevented, harm_tables, weigh_harm
from evalkit.economics.harm_tables import default_weights
from evalkit.errors import CostError

DRAWS = 4000
# Ten of weight 10 and twenty-five of weight 4 are the same harm.
TEN_AND_FOUR = HarmWeights(
    name="two", unit="points", weights=(HarmWeight(crime="robbery", weight=10), HarmWeight(crime="theft", weight=4))
)


def recorded(effect, events):
    """Give the effect with what was recorded in the treated sites."""
    return replace(effect, recorded=np.full(len(effect.periods), events / len(effect.periods)))


@pytest.fixture
def pair(make_effect):
    """Robberies and thefts prevented, each with its own spread, drawn independently."""
    return {
        "robbery": make_effect("robbery", mean=10, sd=3, seed=1),
        "theft": make_effect("theft", mean=25, sd=5, seed=2),
    }


def coupled(pair, correlation):
    """Order the rows of two effects so that what they prevented has that correlation."""
    orders = couple(
        [each.change for each in pair.values()], [[1, correlation], [correlation, 1]], np.random.default_rng(3)
    )
    return {name: each.reorder(order) for (name, each), order in zip(pair.items(), orders, strict=True)}


@pytest.mark.parametrize("correlation", [-0.7, 0.0, 0.7])
def test_the_covariance_between_crimes_is_kept(pair, correlation):
    """Pitfall 4: cross-type covariance kept; summing independent intervals is wrong: Var = w' Sigma w."""
    total = harm_prevented(coupled(pair, correlation), TEN_AND_FOUR).total
    wanted = (10 * 3) ** 2 + (4 * 5) ** 2 + 2 * correlation * 10 * 3 * 4 * 5
    assert total.draws.var() == pytest.approx(wanted, rel=0.02)
    assert total.prevented.mean == pytest.approx(200, abs=0.01)


def test_weights_go_on_by_type_before_the_sum(make_effect):
    """Ten crimes of weight 10 and twenty-five of weight 4 are the same harm and not the same variance."""
    ten = {"robbery": make_effect("robbery", mean=10, sd=np.sqrt(10))}
    more = {"theft": make_effect("theft", mean=25, sd=np.sqrt(25))}
    one, other = (harm_prevented(each, TEN_AND_FOUR).total for each in (ten, more))
    assert one.prevented.mean == pytest.approx(other.prevented.mean) == pytest.approx(100)
    assert one.draws.var() / other.draws.var() == pytest.approx(100 * 10 / (16 * 25), rel=1e-6)


def test_shares_are_those_of_the_covariance_and_add_up_to_one(pair):
    """A crime owns its covariance with the total, over the total's variance."""
    found = harm_prevented(coupled(pair, 0.5), TEN_AND_FOUR)
    robbery, theft = found.lines
    cross = 0.5 * 30 * 20
    assert robbery.share_of_variance == pytest.approx((900 + cross) / (900 + 400 + 2 * cross), abs=0.01)
    assert robbery.share_of_variance + theft.share_of_variance == pytest.approx(1)
    assert (robbery.share_of_mean, theft.share_of_mean) == (pytest.approx(0.5, abs=1e-3), pytest.approx(0.5, abs=1e-3))
    assert found.owner is robbery


def test_parts_that_cancel_own_no_share_of_the_mean(make_effect):
    """Where one crime fell and another rose, a share of the sum would say nothing, and is none."""
    effects = {"robbery": make_effect("robbery", mean=10), "theft": make_effect("theft", mean=-20)}
    assert [line.share_of_mean for line in harm_prevented(effects, TEN_AND_FOUR).lines] == [None, None]


def test_homicide_is_shown_separately(make_effect):
    """Pitfall 15: rare events (homicide) shown separately. One homicide outweighs twenty burglaries."""
    effects = {
        "burglary": make_effect("burglary", mean=20, sd=5),
        "homicide": make_effect("homicide", mean=0.2, sd=1.4, seed=2),
    }
    found = harm_prevented(effects, HarmWeights.load("cambridge-chi"))
    assert found.total.prevented.mean == pytest.approx(20 * 273.5 + 0.2 * 5475, rel=1e-3)
    assert found.without_homicide.prevented.mean == pytest.approx(20 * 273.5, rel=1e-3)
    assert found.total.prevented.lower < 0 < found.without_homicide.prevented.lower
    assert found.owner.crime == "homicide"
    assert found.owner.share_of_variance > 0.9


def test_without_homicide_there_is_one_total(pair):
    """Where homicide is not measured, there is no second total that would look like a finding."""
    found = harm_prevented(pair, TEN_AND_FOUR)
    assert (found.has_homicide, found.without_homicide) == (False, None)


def test_what_moved_next_door_is_netted(make_effect):
    """Displacement counts against harm prevented, draw by draw."""
    found = harm_prevented({"robbery": make_effect("robbery", mean=20, moved=-5)}, TEN_AND_FOUR)
    assert found.total.prevented.mean == pytest.approx(10 * 15)


def test_what_has_no_weight_is_named_and_left_out(pair, make_effect):
    """An outcome without a weight, one that is no count, and one of which more is good are not in the total."""
    score = make_effect("theft", name="fear", kind="score")
    weights = replace(TEN_AND_FOUR, by_outcome={"fear": HarmWeight(offence="fear", weight=1)})
    found = harm_prevented({**pair, "fraud": make_effect("fraud"), "fear": score}, weights)
    assert found.total.outcomes == ("robbery", "theft")
    assert set(found.left_out) == {"fraud", "fear"}
    assert found.left_out["fraud"] == "it has no weight in two"
    with pytest.raises(CostError, match="no outcome has a weight in 'two'"):
        harm_prevented({"fraud": make_effect("fraud")}, TEN_AND_FOUR)


def test_the_same_events_are_not_weighed_twice(make_effect):
    """Two outcomes of one class may hold the same events; the user has to say that they do not."""
    effects = {name: make_effect("robbery", name=name) for name in ("north", "south")}
    with pytest.raises(CostError, match="both count robbery"):
        harm_prevented(effects, TEN_AND_FOUR)
    assert harm_prevented(effects, TEN_AND_FOUR, disjoint=True).total.prevented.mean == pytest.approx(400, rel=1e-3)


def test_a_mean_that_does_not_exist_is_none_with_a_reason_and_the_rest_stands(make_effect):
    """A homicide effect that a few draws decide leaves the total without a mean, and the total without it whole."""
    wild = make_effect("homicide", mean=0, sd=1)
    draws = np.exp(3 * spread(stats.norm(), DRAWS, np.random.default_rng(4)))[:, None]
    found = harm_prevented(
        {"burglary": make_effect("burglary"), "homicide": replace(wild, prevented=draws)},
        HarmWeights.load("ons-severity"),
        cost=np.full(DRAWS, 1000.0),
    )
    assert (found.total.prevented, found.total.cost, found.total.percent) == (None, None, None)
    assert "homicide is so uncertain" in found.total.reason
    assert found.without_homicide.prevented.mean == pytest.approx(20 * 438, rel=1e-3)
    assert [line.share_of_variance for line in found.lines] == [None, None]


def test_cost_of_a_unit_is_a_ratio_of_means_and_its_limits_are_fiellers(make_effect):
    """The rules of cost per crime: 20 (SE 8) robberies at weight 10 for 100,000; acceptable at 50, 80 and 95 %."""
    cost = spread(stats.norm(100_000, 10_000), DRAWS, np.random.default_rng(5))
    found = harm_prevented({"robbery": make_effect("robbery")}, TEN_AND_FOUR, cost=cost).total.cost
    assert found.estimate == pytest.approx(500, rel=1e-4)
    # published for one crime: 5,000 / 7,589 / 14,719 and Fieller's 2,680.94 to 23,268.37; a tenth of each
    assert [found.acceptable_at[p] for p in (0.5, 0.8, 0.95)] == pytest.approx([500, 758.9, 1471.9], rel=0.02)
    assert (found.lower, found.upper) == pytest.approx((268.094, 2326.837), rel=0.05)


def test_harm_that_rose_has_no_cost(make_effect):
    """Pitfall 21: never let a null or harmful result render as a negative (i.e. attractive) cost."""
    found = harm_prevented({"robbery": make_effect("robbery", mean=-20)}, TEN_AND_FOUR, cost=np.full(DRAWS, 1e5)).total
    assert found.cost.estimate is None
    assert found.cost.reason == "on average no harm was prevented, so a cost for each does not exist"
    assert found.cost.acceptable_at[0.95] is None


def test_cost_and_harm_are_both_in_present_value(make_effect, reshape):
    """Harm prevented in the third year of the measure counts for less, as money does."""
    years = reshape(make_effect("robbery", sd=0, periods=("2007", "2008", "2009")), np.array([0, 0, 3]))
    found = harm_prevented({"robbery": years}, TEN_AND_FOUR, cost=np.full(DRAWS, 1000.0), discounting=0.1).total
    assert found.prevented.mean == pytest.approx(200)
    assert found.cost.estimate == pytest.approx(1000 / (200 / 1.1**2))


def test_doubling_a_weight_doubles_the_harm_and_changes_no_verdict(pair):
    """The unit of a table is arbitrary: what is said without a unit does not depend on it."""
    twice = replace(TEN_AND_FOUR, weights=tuple(replace(each, weight=2 * each.weight) for each in TEN_AND_FOUR.weights))
    effects = {name: recorded(each, 100) for name, each in pair.items()}
    one, two = (harm_prevented(effects, weights).total for weights in (TEN_AND_FOUR, twice))
    assert two.prevented.mean == pytest.approx(2 * one.prevented.mean)
    assert (two.percent, two.prob_prevented) == (pytest.approx(one.percent), one.prob_prevented)
    assert one.percent == pytest.approx(100 * 200 / (10 * 110 + 4 * 125), rel=1e-3)


def test_tables_that_disagree_on_the_sign_say_so(make_effect):
    """Ashby 2017: tables differ substantially. 30 thefts more and one burglary fewer: CHI +214, ONS -552."""
    effects = {"burglary": make_effect("burglary", mean=1, sd=0.5), "theft": make_effect("theft", mean=-30, sd=5)}
    harm = weigh_harm(effects, [HarmWeights.load(name) for name in harm_tables()])
    assert [each.total.prevented.mean for each in harm.tables] == pytest.approx([213.5, -552], rel=0.01)
    (told,) = harm.disagreements
    assert "disagree on the sign" in told
    assert "by cambridge-chi harm was prevented on average, by ons-severity there was more" in told


def test_tables_that_differ_by_much_say_so_and_others_do_not(make_effect):
    """Percentages of the harm expected are compared, as units differ; what only one table weighs is left out of it."""
    effects = {
        "burglary": recorded(make_effect("burglary", mean=10, sd=1), 90),
        "theft": recorded(make_effect("theft", mean=0, sd=1), 2000),
        "weapons": recorded(make_effect("weapons", mean=50, sd=1), 50),
    }
    tables = [HarmWeights.load(name) for name in harm_tables()]
    (told,) = weigh_harm(effects, tables).disagreements
    # CHI 2,735 of 31,350; ONS 4,380 of 109,800
    assert "burglary and theft" in told
    assert "−8.7 % of what was expected by the one and −4 % by the other" in told
    alike = {"burglary": effects["burglary"], "robbery": recorded(make_effect("robbery", mean=10, sd=1), 90)}
    assert weigh_harm(alike, tables).disagreements == ()


def test_both_shipped_tables_or_neither_by_default(make_effect):
    """One table alone would hide that the choice matters, and one crime alone has nothing to be added to."""
    assert default_weights({"burglary": make_effect("burglary")}) == ()
    assert default_weights({"burglary": make_effect("burglary"), "weapons": make_effect("weapons")}) == ()
    both = default_weights({"burglary": make_effect("burglary"), "theft": make_effect("theft")})
    assert [each.name for each in both] == ["cambridge-chi", "ons-severity"]


def test_no_value_stands_for_a_survey_score(make_effect):
    """A score of burglary is no count of burglaries."""
    effects = {"burglary": make_effect("burglary", kind="score"), "theft": make_effect("theft")}
    assert default_weights(effects) == ()
    assert HarmWeights.load("cambridge-chi").of(Outcome(name="x")) is None
