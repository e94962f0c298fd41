"""What may not be added: one test a row of the table of overlaps, each error naming the two lines."""

from dataclasses import replace

import pytest

from evalkit.economics import Costs, Flow, Prices, UnitCost, appraise
from evalkit.errors import CostError

PATROLS = Flow(what="patrols", amount=500, bearer="city", kind="running", source="invoice")


def ledger(*flows, currency="USD", price_year=2008):
    """Give a ledger of patrols and further amounts."""
    return Costs(currency=currency, price_year=price_year, flows=(PATROLS, *flows))


def saving(what, bearer="residents"):
    """Give an amount that is taken off the costs."""
    return Flow(what=what, amount=100, bearer=bearer, kind="running", source="survey", saving=True)


def british(**changes):
    """Give the totals of the Home Office with a multiplier."""
    return replace(Prices.load("home-office-2018"), multipliers={"robbery": 3.0}, beside=(), **changes)


def american(*components, **changes):
    """Give some components of McCollister's schedule, counting recorded crimes only."""
    prices = Prices.load("mccollister-2010")
    return replace(prices.using(*components) if components else prices, multipliers="none", beside=(), **changes)


def test_a_value_of_fear_beside_home_office_totals_is_refused(make_effect):
    """Harm and anticipation already inside: a separate value of fear counts them twice."""
    costs = ledger(saving("less fear of crime"), currency="GBP", price_year="2015/16")
    with pytest.raises(CostError, match=r"'less fear of crime' .* 'robbery: total' holds that already"):
        appraise({"robbery": make_effect()}, costs=costs, prices=british())
    lines = (
        UnitCost(crime="robbery", amount=11_320, component="total"),
        UnitCost(crime="robbery", amount=500, component="fear", bearer="residents"),
    )
    with pytest.raises(CostError, match="'robbery: total' already holds 'robbery: fear'"):
        british(unit_costs=lines)


def test_a_value_of_fear_is_counted_beside_components_without_harm(make_effect):
    """The rule of section 1.6 allows it where a subset of components was chosen."""
    costs = ledger(saving("less fear of crime"))
    tangible = american("victim", "criminal justice")
    found = appraise({"robbery": make_effect()}, costs=costs, prices=tangible)
    assert found.cost.mean == 400
    with pytest.raises(CostError, match="'robbery: intangible' holds that already"):
        appraise({"robbery": make_effect()}, costs=costs, prices=american())


def test_the_response_beside_modelled_savings_of_justice_is_refused(make_effect):
    """Criminal justice counts twice: drop the response where a model of it is on."""
    costs = ledger(saving("prison days not served", "courts and prisons"))
    with pytest.raises(CostError, match=r"'prison days not served' .* 'robbery: criminal justice' holds"):
        appraise({"robbery": make_effect()}, costs=costs, prices=american())
    without = american().with_justice("none")
    assert appraise({"robbery": make_effect()}, costs=costs, prices=without).cost.mean == 400


def test_the_response_in_a_total_cannot_be_dropped(make_effect):
    """A total that the source does not part is refused with a model of justice and with justice = 'none'."""
    costs = ledger(saving("prison days", "courts and prisons"), currency="GBP", price_year="2015/16")
    with pytest.raises(CostError, match=r"'prison days' .* 'robbery: total'"):
        appraise({"robbery": make_effect()}, costs=costs, prices=british())
    plain = ledger(currency="GBP", price_year="2015/16")
    with pytest.raises(CostError, match=r"justice = 'none' and 'robbery: total'"):
        appraise({"robbery": make_effect()}, costs=plain, prices=british().with_justice("none"))


def test_a_total_with_the_risk_of_death_beside_murder_is_refused(make_effect):
    """McCollister total with murder counted separately: the value of a life twice."""
    effects = {"robbery": make_effect(), "homicide": make_effect("homicide", mean=1, sd=0.1)}
    for prices, line in ((american(), "intangible"), (american("total"), "total")):
        with pytest.raises(
            CostError, match=rf"'robbery: {line}' holds a part of the cost of homicide, and 'homicide: "
        ):
            appraise(effects, costs=ledger(), prices=prices)


def test_a_cost_of_an_actual_crime_on_recorded_counts_is_refused(make_effect):
    """Without a multiplier it understates: both sides say what they are."""
    prices = replace(british(), multipliers=None)
    costs = ledger(currency="GBP", price_year="2015/16")
    with pytest.raises(CostError, match=r"the outcome 'robbery' would count recorded crimes at .* 'robbery: total'"):
        appraise({"robbery": make_effect()}, costs=costs, prices=prices)


def test_a_cost_of_a_recorded_crime_with_a_multiplier_is_refused(make_effect, make_prices):
    """It overstates."""
    prices = make_prices(multipliers={"robbery": 3.0})
    with pytest.raises(CostError, match=r"multipliers for 'robbery': multiplying the unit cost 'robbery: victims'"):
        appraise({"robbery": make_effect()}, costs=ledger(), prices=prices)


def test_a_component_of_an_actual_crime_in_a_schedule_of_recorded_ones_is_refused(make_prices):
    """One component alone would understate the sum."""
    line = UnitCost(crime="robbery", amount=5, component="own survey", basis="actual")
    with pytest.raises(CostError, match="'robbery: own survey' is of a crime that happened"):
        make_prices(unit_costs=(line,))


def test_an_average_cost_of_justice_is_no_saving_of_a_budget(make_effect):
    """Average prison or police cost as a saving is not avoidable in the short run."""
    effects = {"robbery": make_effect()}
    with pytest.raises(CostError, match=r"'robbery: criminal justice' is an average and no saving.*'public purse'"):
        appraise(effects, costs=ledger(), prices=american(), perspective="public purse")
    chosen = american().with_justice("average")
    found = appraise(effects, costs=ledger(), prices=chosen, perspective="public purse")
    assert found.benefit.mean == pytest.approx(20 * 13_827, rel=1e-3)
    assert any(each.value.startswith("an average") for each in found.assumptions)


def test_stolen_property_beside_the_loss_of_the_victim_is_refused(make_effect):
    """Stolen goods are a transfer; by default the cost to the victim counts, once."""
    lost = Flow(what="loot forgone", amount=90, bearer="offenders and participants", kind="running", source="s")
    with pytest.raises(CostError, match=r"'loot forgone' .* 'robbery: victim' holds that already"):
        appraise({"robbery": make_effect()}, costs=ledger(lost), prices=american())


def test_transfers_are_left_out_where_they_are_marked(make_prices):
    """A transfer flag; the default counts the cost to the victim, the convention of the Home Office."""
    lines = (
        UnitCost(crime="theft", amount=80, component="goods", bearer="victims", transfer=True),
        UnitCost(crime="theft", amount=20, component="time", bearer="victims"),
    )
    prices = make_prices(unit_costs=lines)
    assert [line.component for line in prices.of("theft")] == ["goods", "time"]
    left = prices.without_transfers()
    assert [line.component for line in left.of("theft")] == ["time"]
    assert [line.component for line in left.left_out] == ["goods"]
    with pytest.raises(CostError, match="transfers cannot be left out of 'rape: total'"):
        british().without_transfers()
    with pytest.raises(CostError, match="no component that is marked a transfer"):
        american().without_transfers()


def test_property_values_beside_costs_of_victims_are_refused(make_effect):
    """They are an alternative to what victims lose, and not on top of it."""
    costs = ledger(saving("rise of house prices"))
    with pytest.raises(CostError, match=r"'rise of house prices' .* 'robbery: (victim|intangible)' holds that already"):
        appraise({"robbery": make_effect()}, costs=costs, prices=american())
    justice = american("criminal justice")
    assert appraise({"robbery": make_effect()}, costs=costs, prices=justice).cost.mean == 400


def test_what_an_amount_values_can_be_declared(make_effect):
    """A name may not tell, or tell wrongly; then the evaluator says it, and the report prints that."""
    costs = ledger(saving("Mietspiegel"))
    declared = american(valued_apart={"Mietspiegel": "property values"})
    with pytest.raises(CostError, match=r"'Mietspiegel' of the ledger values property values"):
        appraise({"robbery": make_effect()}, costs=costs, prices=declared)
    costs = ledger(saving("rents of the car park"))
    other = american(valued_apart={"rents of the car park": "nothing"})
    found = appraise({"robbery": make_effect()}, costs=costs, prices=other)
    assert any(each.what == "what is valued by 'rents of the car park'" for each in found.assumptions)
    with pytest.raises(CostError, match="did you mean 'patrols'"):
        appraise({"robbery": make_effect()}, costs=ledger(), prices=american(valued_apart={"patrol": "fear"}))
    with pytest.raises(CostError, match="did you mean 'fear'"):
        american(valued_apart={"patrols": "feer"})


def test_a_cost_is_not_taken_for_a_benefit_by_its_name(make_effect):
    """Only savings, and what offenders bear, are looked at: a campaign against fear is an expense."""
    campaign = Flow(what="campaign on fear and stolen bicycles", amount=9, bearer="city", kind="one-off", source="s")
    assert appraise({"robbery": make_effect()}, costs=ledger(campaign), prices=american()).cost.mean == 509
