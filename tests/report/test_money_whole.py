"""The section on money as one reader's experience: order, one place for everything, and advice that heeds the law."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from evalkit.draws import Quantity
from evalkit.economics import Costs, Flow, Prices, UnitCost, appraise
from evalkit.report import html, markdown, text
from evalkit.report.figures import all_figures
from evalkit.report.front import first_page
from evalkit.report.sections import technical_sections
from evalkit.report.support import supports

PATROLS = Flow(what="patrols", amount=60_000, bearer="city", kind="running", source="invoice")
SPLIT = (
    UnitCost(crime="crime", component="loss", amount=900, bearer="victims"),
    UnitCost(crime="crime", component="response", amount=300, bearer="police"),
)
WHOLE = (UnitCost(crime="crime", amount=1_200),)


@pytest.fixture
def appraised(cases):
    """Give a maker of an evaluation whose money was reckoned from unit costs."""

    def make(unit_costs=SPLIT, name="benefit with money", flow=PATROLS, **more):
        evaluation = cases[name]()
        prices = Prices(
            name="own", country="USA", currency="USD", price_year=2024, basis="recorded", unit_costs=unit_costs
        )
        costs = Costs(currency="USD", price_year=2024, flows=(flow,))
        rng = np.random.default_rng(1)
        found = appraise({"crime": evaluation.primary}, costs=costs, prices=prices, rng=rng, **more)
        return replace(evaluation, appraisal=found)

    return make


def waterfall_of(evaluation):
    """Give the bars by name."""
    figure = next(each for each in all_figures(evaluation) if each.name == "waterfall")
    return {row[0]: row[3] for row in figure.rows}, figure


def test_the_waterfall_goes_by_bearer_where_prices_know_bearers(appraised):
    """Who gains and who pays, and the bars end at the net benefit."""
    evaluation = appraised()
    bars, figure = waterfall_of(evaluation)
    assert list(bars) == ["victims", "police", "cost: city", "net benefit"]
    assert bars["victims"] == pytest.approx(3 * bars["police"])
    assert bars["net benefit"] == pytest.approx(evaluation.appraisal.net_benefit.mean)
    assert bars["net benefit"] == pytest.approx(bars["police"] + bars["victims"] + bars["cost: city"])
    assert "what each gains" in figure.caption


def test_the_waterfall_goes_by_crime_where_they_do_not_and_still_ends_at_the_net_benefit(appraised):
    """No bearer is invented; what taxing loses has a bar of its own."""
    evaluation = appraised(unit_costs=WHOLE, deadweight=0.3)
    bars, figure = waterfall_of(evaluation)
    assert "crime" in bars
    assert "police" not in bars
    assert bars["net benefit"] == pytest.approx(evaluation.appraisal.net_benefit.mean)
    assert bars["net benefit"] == pytest.approx(sum(bars.values()) - bars["net benefit"])
    assert "do not say who gains" in figure.caption


def test_money_is_told_in_the_order_of_the_questions(appraised):
    """Whose money, what is left, who gains, how sure: and the look-up tables come at the end."""
    evaluation = appraised()
    sections = technical_sections(evaluation, all_figures(evaluation))
    keys = [section.key for section in sections]
    assert keys.index("money") < keys.index("money-tables") < keys.index("certainty")
    told = [
        getattr(block, "head", "") or (block.figure.name if block.kind == "picture" else "")
        for block in next(section for section in sections if section.key == "money").blocks
    ]
    wanted = ["Net cost to the city", "Share of the benefit that falls on others", "Net benefit", "waterfall", "plane"]
    assert [each for each in told if each in wanted] == wanted


@pytest.mark.parametrize("name", ["benefit with money", "harm with money"])
def test_no_table_and_no_picture_of_money_stands_twice(appraised, name):
    """A reader who has seen a table is not shown it again."""
    evaluation = appraised(name=name, horizon=4, retention=0.8)
    figures = all_figures(evaluation)
    blocks = [block for section in technical_sections(evaluation, figures) for block in section.blocks]
    captions = [block.caption for block in blocks if block.kind == "grid"]
    pictures = [block.figure.name for block in blocks if block.kind == "picture"]
    assert len(set(captions)) == len(captions)
    assert len(set(pictures)) == len(pictures)


def test_a_long_table_is_folded_and_still_in_the_page(appraised):
    """What is folded is behind its name in HTML, and open in Markdown."""
    evaluation = appraised()
    assumptions = evaluation.appraisal.assumptions
    many = replace(evaluation, appraisal=replace(evaluation.appraisal, assumptions=assumptions * 5))
    assert "assumptions behind the money, with their sources</summary>" in html.render(many)
    assert "Everything that the money rests on" in markdown.render(many)


def test_every_form_begins_the_money_with_the_city(appraised):
    """The first page, Markdown and the terminal say the same sentence."""
    evaluation = appraised()
    told = "Net cost to the city: $60,000. Share of the benefit that falls on others: 100"
    assert first_page(evaluation, ()).city.startswith(told)
    assert told.replace("$", "\\$") in markdown.render(evaluation)
    assert told in " ".join(text.render(evaluation, bold=False).split())


def test_a_city_that_pays_nothing_is_told_so(appraised):
    """Nothing is not an amount to be read as one."""
    evaluation = appraised(flow=replace(PATROLS, bearer="national taxpayer"))
    assert first_page(evaluation, ()).city == "The city itself pays nothing."


@pytest.fixture
def gated():
    """Give an evaluation's measure one rule of law with an answer."""

    def make(evaluation, answer):
        gate = SimpleNamespace(answer=answer, label="Necessity")
        intrusion = SimpleNamespace(intrusion=SimpleNamespace(gates=(gate,), principles=()))
        return replace(evaluation, unpriced=replace(evaluation.unpriced, intrusion=intrusion))

    return make


def test_a_rule_that_is_not_kept_comes_before_the_money(appraised, gated):
    """No benefit makes up for it, so the advice does not say to go on."""
    evaluation = appraised()
    assert supports(gated(evaluation, "pass")) == supports(evaluation)
    found = supports(gated(evaluation, "fail"))
    assert "Necessity" in found.advice
    assert found.action == "adapt"


def test_a_rule_that_is_not_kept_does_not_hide_a_harm(cases, gated):
    """Where the figures say stop, the advice says stop, and that the rule is not kept either."""
    evaluation = cases["harm"]()
    plain, found = supports(evaluation), supports(gated(evaluation, "fail"))
    assert plain.action == found.action == "stop"
    assert found.advice.startswith(plain.advice)
    assert "Necessity" in found.advice
    assert "benefit" not in found.advice


def test_a_rule_that_is_not_kept_does_not_hide_a_doubt(cases, gated):
    """What would have to be done if it were kept is still said."""
    evaluation = cases["unclear"]()
    found = supports(gated(evaluation, "fail"))
    assert found.action == "adapt"
    assert supports(evaluation).advice[1:] in found.advice


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"mean": 5.0, "sd": 2.0, "shape": "normal"}, stats.norm(5, 2)),
        ({"mean": 5.0, "sd": 2.0, "shape": "gamma"}, stats.gamma(6.25, scale=0.8)),
        ({"low": 1.0, "high": 4.0}, stats.uniform(1, 3)),
        ({"low": 1.0, "mode": 2.0, "high": 4.0}, stats.triang(1 / 3, loc=1, scale=3)),
        (
            {"mean": 5.0, "sd": 2.0, "shape": "lognormal"},
            stats.lognorm(np.sqrt(np.log1p(0.16)), scale=5 / np.sqrt(1.16)),
        ),
    ],
)
def test_amounts_are_drawn_from_the_quantiles_of_scipy_stats(given, same):
    """The functions behind scipy.stats, without the second that it takes to import."""
    drawn = np.sort(Quantity.of(given).draw(1000, np.random.default_rng(1)))
    assert drawn == pytest.approx(same.ppf((np.arange(1000) + 0.5) / 1000), rel=1e-12)
