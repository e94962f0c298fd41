"""When a measure has paid back, draw by draw."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evalkit.economics import Costs, Flow, appraise

YEARS = tuple(str(year) for year in range(2010, 2016))


def oracle(prevented, costs, price, rate):
    """Go through draws and years one by one: the year from which the sum stays at zero or above, or None."""
    paid = []
    for row in prevented:
        sums, stands = [], 0.0
        for year, events in enumerate(row):
            stands += (events * price - costs.get(year + 1, 0.0)) / (1 + rate) ** year
            sums.append(stands)
        place = next((y + 1 for y in range(len(sums)) if all(each >= 0 for each in sums[y:])), None)
        paid.append(place)
    return paid


@pytest.fixture
def replaced():
    """Give a ledger that buys in year 1 and again in year 4."""
    flows = (
        Flow(what="cameras", amount=100_000, bearer="city", kind="capital", years=(1,), source="invoice"),
        Flow(what="new cameras", amount=70_000, bearer="city", kind="capital", years=(4,), source="offer"),
    )
    return Costs(currency="USD", price_year=2008, flows=flows)


def test_shares_paid_back_are_those_of_going_through_draws_one_by_one(make_effect, make_prices, replaced):
    """A draw that slips below zero when cameras are bought anew had not paid back; never stays never."""
    effect = make_effect(mean=18.0, sd=9.0, periods=YEARS, draws=400)
    found = appraise(
        {"robbery": effect}, costs=replaced, prices=make_prices({"robbery": {"victims": 12_000}}), discounting=0.05
    )
    paid = oracle(effect.prevented, {1: 100_000.0, 4: 70_000.0}, 12_000, 0.05)
    flow = found.cash_flows[0]
    shares = [sum(p is not None and p <= year for p in paid) / 400 for year in range(1, 7)]
    assert [line.paid_back for line in flow.years] == pytest.approx(shares)
    assert 0 < flow.prob_paid_back < 1
    assert flow.prob_paid_back == pytest.approx(float(np.mean(found.net_benefit_draws >= 0)))
    assert flow.payback_year == next(year for year, share in enumerate(shares, 1) if share >= 0.5)


def test_the_median_payback_is_the_closed_form(make_effect, make_prices, make_costs):
    """N(3, 1) crimes a year of 10,000 against 100,000: by year t it has paid back with 10 / t a year or more."""
    effect = make_effect(mean=18.0, sd=6.0, periods=YEARS)  # 3 a year, standard deviation 1
    found = appraise(
        {"robbery": effect}, costs=make_costs(100_000), prices=make_prices({"robbery": {"victims": 10_000}}),
        discounting=0.0,
    )  # fmt: skip
    flow = found.cash_flows[0]
    exact = [stats.norm.sf((100_000 / 10_000 / year - 3) / 1) for year in range(1, 7)]
    assert [line.paid_back for line in flow.years] == pytest.approx(exact, abs=5e-4)
    assert flow.payback_year == 4  # 10 crimes at 3 a year


def test_no_median_payback_has_its_reason(make_effect, make_prices, make_costs):
    """Where fewer than half of the draws ever pay back there is no year."""
    effect = make_effect(mean=2.0, sd=1.0, periods=YEARS)
    flow = appraise({"robbery": effect}, costs=make_costs(), prices=make_prices()).cash_flows[0]
    assert flow.payback_year is None
    assert flow.payback_reason == "fewer than half of the draws pay back within the 6 years that are counted"


def test_the_public_purse_has_a_payback_of_its_own(make_effect, make_prices, make_costs):
    """Victims gain at once; the public purse gets 20,000 a year back and is out of pocket for years."""
    effect = make_effect(mean=60.0, sd=0.0, periods=YEARS)
    prices = make_prices({"robbery": {"victims": 12_000, "police": 2_000}})
    found = appraise({"robbery": effect}, costs=make_costs(50_000), prices=prices, discounting=0.0, deadweight=0.2)
    society, public = found.cash_flows
    assert (society.whose, public.whose) == ("society", "public purse")
    # society: 140,000 a year and a fifth of what the public gains, against 50,000 and a fifth of it
    assert society.years[0].total.mean == pytest.approx(10 * 14_000 + 0.2 * 20_000 - 1.2 * 50_000)
    assert [year.total.mean for year in public.years] == pytest.approx([20_000 * t - 50_000 for t in range(1, 7)])
    assert (society.payback_year, public.payback_year) == (1, 3)
    last = society.years[-1].total
    assert last == found.net_benefit


def test_costs_not_split_by_bearer_give_no_public_purse(make_effect, make_prices, make_costs):
    """What nobody in particular gains cannot be told apart."""
    prices = make_prices({"robbery": {"not split by bearer": 12_000}})
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=prices)
    assert [flow.whose for flow in found.cash_flows] == ["society"]


def test_without_prices_there_is_no_cash_flow(make_effect, make_costs):
    """There is nothing to pay back with."""
    assert appraise({"robbery": make_effect()}, costs=make_costs()).cash_flows == ()


def test_years_beyond_the_window_are_marked(make_effect, make_prices, make_costs):
    """A payback that rests on years nobody has seen says so."""
    found = appraise(
        {"robbery": make_effect(mean=10.0, sd=1.0, periods=("2010",))}, costs=make_costs(250_000),
        prices=make_prices(), horizon=5, retention=1.0,
    )  # fmt: skip
    flow = found.extrapolation.cash_flows[0]
    assert [year.extrapolated for year in flow.years] == [False, True, True, True, True]
    assert (flow.payback_year, flow.payback_extrapolated) == (3, True)
    assert found.cash_flows[0].payback_year is None


def test_displacement_is_netted_from_the_same_draw(make_effect, make_prices, make_costs):
    """What moved next door in draw i comes off what draw i prevented: with moved = -prevented nothing is left."""
    effect = make_effect(mean=20.0, sd=8.0, moved=-1)
    mirrored = replace(effect, displacement=replace(effect.displacement, prevented=-0.75 * effect.prevented))
    found = appraise({"robbery": mirrored}, costs=make_costs(), prices=make_prices())
    assert found.prevented_draws == pytest.approx(0.25 * effect.prevented[:, 0])
    shuffled = np.random.default_rng(2).permutation(mirrored.displacement.prevented)
    apart = replace(effect, displacement=replace(effect.displacement, prevented=shuffled))
    spread = appraise({"robbery": apart}, costs=make_costs(), prices=make_prices())
    assert found.prevented_draws.std() == pytest.approx(0.25 * 8, rel=0.01)
    assert spread.prevented_draws.std() == pytest.approx(8 * np.hypot(1, 0.75), rel=0.02)
