import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.economics import Costs, Discounting, Flow, appraise, discount_factors, equivalent_annual_cost
from evalkit.errors import CostError


def cameras(amount=100_000, **changes):
    """Give capital of the city that lasts ten years and is spread over them."""
    given = {"life": 10, "annualise": True, "bearer": "city", "kind": "capital", "source": "invoice"} | changes
    return Flow(what="cameras", amount=amount, **given)


def ledger(*flows, **more):
    """Give a ledger of these flows."""
    return Costs(currency="USD", price_year=2008, flows=flows, **more)


def test_the_annual_cost_is_the_annuity_of_the_textbook():
    """10,000 over 10 years at 3.5 %: in arrears 1,202.41 a year; paid in advance that is divided by 1.035.

    The factor in arrears, r / (1 - (1 + r)^-n) = 0.120241, stands in every table of capital recovery.
    """
    arrears = 10_000 * 0.035 / (1 - 1.035**-10)
    assert arrears == pytest.approx(1_202.41, abs=0.005)
    assert equivalent_annual_cost(10_000, life=10, discounting=0.035) == pytest.approx(arrears / 1.035)
    assert equivalent_annual_cost(10_000, life=4, discounting=0.0) == pytest.approx(2_500)
    assert equivalent_annual_cost(10_000, life=1, discounting=0.2, year=7) == pytest.approx(10_000)


@settings(max_examples=50, deadline=None)
@given(life=st.integers(1, 90), year=st.integers(1, 60), rate=st.sampled_from(["green-book-2026", 0.0, 0.05, 0.3]))
def test_annual_costs_over_the_whole_life_have_the_present_value_of_the_purchase(life, year, rate):
    """Also where the rate of the schedule falls on the way, in years 31 and 76."""
    annual = equivalent_annual_cost(1_000, life=life, discounting=rate, year=year)
    factors = discount_factors(rate, np.arange(year - 1, year - 1 + life))
    assert annual * factors.sum() == pytest.approx(1_000 * factors[0])


def test_a_horizon_of_the_whole_life_costs_the_same_spread_or_not(make_effect):
    """Capital annualised: over the whole life nothing is gained or lost by spreading it."""
    effects = {"robbery": make_effect(periods=("2007", "2008", "2009", "2010"))}
    spread = appraise(effects, costs=ledger(cameras(life=4)))
    at_once = appraise(effects, costs=ledger(cameras(life=4, annualise=False)))
    assert spread.cost.mean == pytest.approx(at_once.cost.mean) == pytest.approx(100_000)
    later = appraise(effects, costs=ledger(cameras(life=2, years=(3,))))
    assert later.cost.mean == pytest.approx(100_000 / 1.035**2)
    undiscounted = [
        line.cost.mean / factor for line, factor in zip(spread.by_year, 1.035 ** -np.arange(4), strict=True)
    ]
    assert undiscounted == pytest.approx([undiscounted[0]] * 4)
    assert not any("apital" in sentence for sentence in (*spread.warnings, *at_once.warnings))


def test_a_horizon_shorter_than_the_life_counts_its_years_alone_and_says_so(make_effect):
    """Two of ten years are in the costs, and that rests on the other eight being of use."""
    found = appraise({"robbery": make_effect(periods=("2007", "2008"))}, costs=ledger(cameras()))
    annual = equivalent_annual_cost(100_000, life=10)
    assert found.cost.mean == pytest.approx(annual * (1 + 1 / 1.035))
    (told,) = found.warnings
    assert told == (
        "2 years are counted, and capital lasts longer: of 'cameras' (to year 10) only the annual cost of the years "
        "counted is in the costs. That holds if it serves, or can be sold, for the rest of its life."
    )
    (line,) = (each for each in found.assumptions if each.what == "cost: cameras")
    assert line.value == (
        "100,000 USD in prices of 2008, capital, spread over its life of 10 years at 11.62 % a year, year 1, "
        "borne by city"
    )


def test_what_capital_is_still_worth_at_the_end_is_not_credited_and_that_is_said(make_effect):
    """Bought at once with a life beyond the horizon: all of it is in the costs."""
    found = appraise({"robbery": make_effect()}, costs=ledger(cameras(annualise=False)))
    assert found.cost.mean == 100_000
    (told,) = found.warnings
    assert told == (
        "1 year is counted, and capital lasts longer: 'cameras' (to year 10) counts in full in the year it is bought, "
        "and what it is still worth at the end is not credited."
    )


def test_capital_that_wears_out_before_the_end_is_named(make_effect):
    """Nobody buys it again by default."""
    effects = {"robbery": make_effect(periods=("2007", "2008", "2009"))}
    found = appraise(effects, costs=ledger(cameras(life=2)))
    assert any("wears out within the 3 years counted" in sentence for sentence in found.warnings)
    again = appraise(effects, costs=ledger(cameras(life=2, years=(1, 3))))
    assert not any("wears out" in sentence for sentence in again.warnings)
    assert [line.cost.mean > 0 for line in again.by_year] == [True, True, True]


def test_an_uncertain_purchase_is_one_unknown_in_all_years_of_its_life(make_effect):
    """The years of one camera do not average its price out."""
    effects = {"robbery": make_effect(periods=("2007", "2008"))}
    flow = cameras({"low": 50_000, "high": 150_000}, life=2)
    found = appraise(effects, costs=ledger(flow), rng=np.random.default_rng(1))
    assert found.cost.lower == pytest.approx(52_500, rel=1e-3)
    assert found.cost.upper == pytest.approx(147_500, rel=1e-3)


def test_capital_that_is_no_capital_is_refused():
    """Each message says what was wanted."""
    for life in (0, -3, 2.5, True, 10**6):
        with pytest.raises(CostError, match="the life of flow 'cameras' is a whole number of years, 1 to 200"):
            cameras(life=life)
    with pytest.raises(CostError, match="say how many years that is in 'life'"):
        cameras(life=None)
    with pytest.raises(CostError, match="only capital lasts"):
        cameras(kind="running")
    with pytest.raises(CostError, match="life of capital is a whole number of 1 or more"):
        equivalent_annual_cost(1, life=0, discounting=Discounting.of(0.03))


def test_costs_of_a_year_of_which_a_part_was_seen_are_told(make_effect, make_costs):
    """Fifteen months of benefits beside two years of wages look dear; the ledger does not say what an amount is for."""
    quarters = tuple(f"2007Q{i}" for i in range(1, 5))
    costs = make_costs(years=(1, 2))
    part = appraise({"robbery": make_effect(periods=(*quarters, "2008Q1"))}, costs=costs)
    assert part.cost.mean == pytest.approx(100_000 * (1 + 1 / 1.035))
    told = [each for each in part.warnings if "3 months into year 2" in each]
    assert len(told) == 1
    assert "'patrols'" in told[0]
    for periods, years in ((quarters, (1,)), ((*quarters, "2008Q1"), (1,)), (("2007", "2008"), (1, 2))):
        whole = appraise({"robbery": make_effect(periods=periods)}, costs=make_costs(years=years))
        assert not any("into year" in each for each in whole.warnings)
