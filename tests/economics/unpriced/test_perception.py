from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evalkit.domain import Effect, Outcome
from evalkit.draws import spread
from evalkit.economics import Prices, UnitCost, fieller, uprate
from evalkit.economics.deflators import Deflator
from evalkit.economics.unpriced import (
    WELLBY,
    FeelingValue,
    Perception,
    PointsForMoney,
    check_feelings,
    improvement_of,
    present_years,
    refuse_beside_victim_harm,
    step_of,
    worth_of_feelings,
)
from evalkit.errors import CostError

OWN = FeelingValue(amount=40, source="contingent valuation 2022")
RNG = np.random.default_rng(1)


def effect(change, *, kind="score", good="more", scale="mean_difference"):
    """Give an effect on a survey answer."""
    return Effect(
        outcome=Outcome(name="feeling", kind=kind, good=good),
        estimator="did-ols",
        scale=scale,
        change=np.asarray(change, float),
        estimand="average difference",
        assumption="made up",
    )


def priced(**line):
    """Give prices of one crime with one line."""
    return Prices(
        name="own", country="GBR", currency="GBP", price_year=2019, basis="recorded",
        unit_costs=(UnitCost(**({"crime": "robbery", "amount": 100} | line)),),
    )  # fmt: skip


def test_wellby_of_the_guidance():
    """0.2 points of life satisfaction: 0.2 x 13,000 = 2,600 a person and year; twice that over two years."""
    value = replace(WELLBY, life_satisfaction_per_point=1.0, conversion_source="the survey asked for it")
    asked = Perception(outcome="life satisfaction", residents=1, value=value)
    a_year = worth_of_feelings(np.full(4, 0.2), asked, 1.0, 1.0, RNG)
    assert a_year == pytest.approx(np.full(4, 2600.0))
    assert worth_of_feelings(np.full(4, 0.2), asked, present_years(2, 0.0), 1.0, RNG).mean() == pytest.approx(5200)
    assert worth_of_feelings(np.full(4, -0.2), asked, 1.0, 1.0, RNG).mean() == pytest.approx(-2600)


def test_a_wellby_of_another_scale_needs_the_step_between_the_two():
    """13,000 is for life satisfaction from 0 to 10, and no other scale has its size."""
    asked = Perception(outcome="fear", residents=10, value=WELLBY)
    with pytest.raises(CostError, match="life_satisfaction_per_point"):
        worth_of_feelings(np.ones(3), asked, 1.0, 1.0, RNG)
    with pytest.raises(CostError, match="names its source"):
        replace(WELLBY, life_satisfaction_per_point=0.1)


def test_only_the_central_wellby_ships_and_says_how_it_was_read(make_costs):
    """What was not read anywhere is no default, and prices of 2019 are uprated once."""
    assert (WELLBY.amount.mean, WELLBY.amount.is_certain, WELLBY.certainty) == (13_000, True, "secondary")
    factor, words = step_of(WELLBY, make_costs(currency="GBP", price_year=2015), None)
    assert factor * 13_000 == pytest.approx(uprate(13_000, 2019, 2015, Deflator.load("GBR")))
    assert "prices of 2019 to prices of 2015" in words


@pytest.mark.parametrize(
    ("kind", "good", "change", "improved", "unit"),
    [
        ("score", "more", 0.3, 0.3, "points"),
        ("score", "fewer", -0.3, 0.3, "points"),
        ("proportion", "fewer", -0.05, 5.0, "percentage points"),
        ("proportion", "more", -0.05, -5.0, "percentage points"),
    ],
)
def test_improvement_is_positive_whichever_direction_is_good(kind, good, change, improved, unit):
    """Less fear and more safety are both better; a share is told in percentage points."""
    found, what = improvement_of(effect([change] * 3, kind=kind, good=good))
    assert found == pytest.approx(np.full(3, improved))
    assert what == unit


def test_a_ratio_and_a_count_have_no_points():
    """A percentage of an unknown level is no change of a scale, and a crime is no feeling."""
    with pytest.raises(CostError, match="log rate ratio and has no points"):
        improvement_of(effect([0.1, 0.2], kind="proportion", scale="log_rate_ratio"))
    with pytest.raises(CostError, match="is a count"):
        improvement_of(effect([0.1, 0.2], kind="count", scale="count_difference"))


def test_points_per_thousand_and_cost_per_point_by_hand():
    """5 points for 50,000: 0.1 points for each 1,000, and 10,000 for one."""
    points = spread(stats.norm(5, 1), 4000, np.random.default_rng(1))
    found = PointsForMoney.of(points, np.full(4000, 50_000.0))
    assert found.per_thousand == pytest.approx(0.1)
    assert (found.lower, found.upper) == pytest.approx((0.1 - 0.0391993, 0.1 + 0.0391993), abs=5e-5)
    assert found.cost.estimate == pytest.approx(10_000)
    limits = fieller((50_000, 0), (5, 1))
    assert (found.cost.lower, found.cost.upper) == pytest.approx((limits.lower, limits.upper), rel=5e-3)


def test_feelings_that_did_not_improve_have_no_cost_for_each_point_and_never_a_negative_one():
    """Never let a null or harmful result render as a negative, and so attractive, cost."""
    worse = spread(stats.norm(-2, 1), 4000, np.random.default_rng(1))
    found = PointsForMoney.of(worse, np.full(4000, 50_000.0))
    assert found.cost.estimate is None
    assert "did not improve" in found.cost.reason
    assert found.per_thousand == pytest.approx(-0.04)
    assert found.prob_improved == pytest.approx(stats.norm.sf(2), abs=3e-4)
    assert [found.cost.acceptable_at[p] for p in (0.5, 0.8, 0.95)] == [None] * 3
    assert found.cost.upper is None


def test_a_measure_that_saves_money_has_no_points_for_money():
    """Points for a cost below nothing mean nothing."""
    found = PointsForMoney.of(np.full(9, 2.0), np.full(9, -10.0))
    assert found.per_thousand is None
    assert "saves money" in found.reason
    assert found.cost.estimate is None


def test_a_value_of_feelings_is_refused_beside_intangible_victim_harm_and_both_lines_are_named():
    """Heeks totals and a separate value of fear hold the same harm: an error, unless components are chosen."""
    for name, crime in (("home-office-2018", "robbery"), ("mccollister-2010", "robbery"), ("delisi-2010", "robbery")):
        with pytest.raises(CostError) as caught:
            refuse_beside_victim_harm(OWN, Prices.load(name), [crime])
        assert "[perception] value, contingent valuation 2022" in str(caught.value)
        assert f"'{crime}: " in str(caught.value)
    tangible = Prices.load("mccollister-2010").without("intangible")
    refuse_beside_victim_harm(OWN, tangible, ["robbery"])
    refuse_beside_victim_harm(OWN, Prices.load("home-office-2018"), [])  # nothing of it is priced


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ({"bearer": "victims", "tangible": False}, True),
        ({"bearer": "victims"}, True),
        ({"bearer": "victims", "tangible": True}, False),
        ({"bearer": "victims", "tangible": True, "stage": "anticipation"}, True),
        ({"bearer": "businesses", "stage": "anticipation"}, True),
        ({"bearer": "police", "stage": "response"}, False),
        ({"bearer": "health"}, False),
        ({"stage": "response"}, False),
        ({}, True),
    ],
)
def test_what_lies_inside_a_feeling_is_read_from_the_marks_of_a_unit_cost(line, refused):
    """Intangible or unmarked harm of victims, and what is done out of fear; not what police or hospitals spend."""
    if refused:
        with pytest.raises(CostError, match="the same harm twice"):
            refuse_beside_victim_harm(OWN, priced(**line), ["robbery"])
    else:
        refuse_beside_victim_harm(OWN, priced(**line), ["robbery"])


def test_without_a_value_nothing_is_refused(make_costs):
    """Points and prices stand side by side; only money would count twice."""
    check_feelings(Perception(outcome="fear"), costs=make_costs(), prices=priced(), crimes=["robbery"])


@pytest.mark.parametrize(
    ("perception", "perspective", "said"),
    [
        ({"residents": 10, "value": OWN}, "city", "does not count them"),
        ({"residents": 10, "value": replace(OWN, currency="GBP")}, "society", "not exchanged"),
        ({"residents": 10, "value": WELLBY}, "society", "not exchanged"),
    ],
)
def test_a_value_in_another_currency_or_for_nobody_is_refused(make_costs, perception, perspective, said):
    """Costs are in dollars here, and a city does not feel."""
    asked = Perception(outcome="fear", **perception)
    with pytest.raises(CostError, match=said):
        check_feelings(asked, costs=make_costs(), prices=None, crimes=[], perspective=perspective)


def test_a_value_needs_residents_and_a_source():
    """Money for nobody in particular, or from nowhere, is not taken."""
    with pytest.raises(CostError, match="needs residents"):
        Perception(outcome="fear", value=OWN)
    with pytest.raises(CostError, match="names its source"):
        FeelingValue(amount=3, source=" ")
