import json
from dataclasses import replace

import numpy as np
import pytest

from evalkit.economics import Costs, Flow, Prices, UnitCost, appraise
from evalkit.report.sections import technical_sections
from evalkit.report.tables import all_tables
from evalkit.result import result_document, result_text

FLOWS = (
    Flow(what="patrols", amount={"low": 40_000, "high": 80_000}, bearer="city", kind="running", source="invoice"),
    Flow(what="wardens", amount=6_000, bearer="city", kind="in kind", source="hours"),
    Flow(what="guards", amount=5_000, bearer="city", kind="running", source="contract", saving=True, cashable=True),
)
SPLIT = (
    UnitCost(crime="crime", component="loss", amount=900, bearer="victims"),
    UnitCost(crime="crime", component="response", amount=300, bearer="police"),
)
WHOLE = (UnitCost(crime="crime", amount=1_200),)


@pytest.fixture
def appraised(cases):
    """Give a maker of an evaluation whose money was reckoned, from flows and unit costs."""

    def make(flows=FLOWS, unit_costs=SPLIT, name="benefit with money", **more):
        evaluation = cases[name]()
        prices = Prices(
            name="own", country="USA", currency="USD", price_year=2024, basis="recorded", unit_costs=unit_costs
        )
        costs = Costs(currency="USD", price_year=2024, flows=flows, **more)
        effects = {"crime": evaluation.primary}
        rng = np.random.default_rng(1)
        return replace(evaluation, appraisal=appraise(effects, costs=costs, prices=prices, rng=rng))

    return make


def money_of(evaluation):
    """Give the blocks of the section on money."""
    (section,) = (each for each in technical_sections(evaluation, ()) if each.key == "money")
    return section.blocks


def perspectives_of(evaluation):
    """Give what is said of cash, and the table of every perspective."""
    blocks = money_of(evaluation)
    (cash,) = (block for block in blocks if getattr(block, "head", "") == "How much of the public saving is cash")
    (table,) = (block for block in blocks if getattr(block, "columns", ("",))[0] == "Perspective")
    return cash, table


def test_the_money_begins_with_what_the_city_pays_and_what_falls_on_others(appraised):
    """Before any sum of everybody: whose money it is."""
    evaluation = appraised()
    first, second = money_of(evaluation)[:2]
    third, table = perspectives_of(evaluation)
    assert first.head == "Net cost to the city"
    assert first.text == (
        "$61,000 (between $42,000 and $80,000), in present value. Of the $66,000 that the city bears, $6,000 is in "
        "kind: time and things that it cannot use for anything else, and no bill. $5,000 that it saves or receives in "
        "cash is taken off."
    )
    assert second.head == "Share of the benefit that falls on others"
    assert second.text.replace("\N{NO-BREAK SPACE}", " ").startswith("100 % on average")
    assert "For city and police a saving of" in third.text
    assert "the rest is notional: time and room for other work, which pays no bill." in third.text
    assert [row[0] for row in table.rows] == ["Society", "Public purse", "City", "Police", "Victims"]
    document = json.loads(result_text(result_document(evaluation)))["appraisal"]
    assert next(iter(document)) == "city"
    assert next(iter(document["city"])) == "net_cost"
    assert document["city"]["net_cost"]["mean"] == pytest.approx(61_000, rel=1e-3)
    assert [line["perspective"] for line in document["perspectives"]][:3] == ["society", "public purse", "city"]


def test_prices_that_are_not_split_give_a_reason_in_words(appraised):
    """No number stands where the schedule does not say who bears it."""
    evaluation = appraised(unit_costs=WHOLE)
    share = money_of(evaluation)[1]
    cash, table = perspectives_of(evaluation)
    (why,) = (block for block in money_of(evaluation) if getattr(block, "text", "").startswith("No benefit is given"))
    assert share.text == "No figure: prices 'own' do not say who bears 'crime: total'."
    assert cash.text.startswith(
        "$5,000 is cashable. What public bearers save in all has no figure: prices 'own' do not"
    )
    assert why.text == (
        "No benefit is given for public purse and city: prices 'own' do not say who bears 'crime: total'."
    )
    assert {row[0]: row[5] for row in table.rows}["City"] == "—"
    document = json.loads(result_text(result_document(evaluation)))["appraisal"]
    assert document["city"]["share_of_benefit_on_others"] is None
    assert "do not say who bears" in document["city"]["share_reason"]
    assert document["public_saving"]["total"] is None


def test_a_city_that_pays_nothing_or_gains_is_told_so(appraised):
    """A cost below zero is called what it is."""
    state = replace(FLOWS[0], bearer="national taxpayer")
    text = money_of(appraised(flows=(state,)))[0].text
    assert text.startswith("$0, in present value. Nothing in the ledger is borne by the city.")
    text = money_of(appraised(flows=(state, FLOWS[2])))[0].text
    assert text.startswith("−$5,000, in present value: the city saves more than it pays.")


def test_names_of_bearers_are_text_and_nothing_else(appraised):
    """A bearer of the user's own reaches the page as its name."""
    from evalkit.report import html

    hostile = "<script>alert(1)</script>"
    flow = replace(FLOWS[1], bearer=hostile, received_by="residents")
    evaluation = appraised(flows=(FLOWS[0], flow), bearers={hostile: "public"})
    page = html.render(evaluation)
    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page
    assert any(hostile in str(row) for row in next(t for t in all_tables(evaluation) if t.name == "perspectives").rows)


def test_harm_is_no_benefit_that_falls_on_anybody(appraised):
    """Where crime rose there is no share and no saving, and both say why."""
    evaluation = appraised(name="harm with money")
    share = money_of(evaluation)[1]
    cash, _ = perspectives_of(evaluation)
    assert share.text == "No figure: on average there is no benefit, so nothing of it falls on anybody."
    assert cash.text == "No figure: on average no public bearer saves anything."
