from dataclasses import replace

import numpy as np
import pytest

from evalkit.economics.ledger import Costs, Flow
from evalkit.judgement import Finding
from evalkit.report import formats, moneywords, text
from evalkit.report.figures import all_figures
from evalkit.report.front import first_page


def with_certainty(monkeypatch, certainty):
    """Let every finding rest on this certainty."""
    honest = Finding.__init__

    def init(self, **fields):
        honest(self, **{**fields, "certainty": certainty})

    monkeypatch.setattr(Finding, "__init__", init)


def test_break_even_holds_priced_events_against_priced_events(cases):
    """The number needed, the range beside it and the picture are of the outcomes that have a price, and say so."""
    evaluation = cases["benefit with money"]()
    appraisal = evaluation.appraisal
    # more was counted than has a price
    mixed = replace(appraisal, prevented_draws=appraisal.prevented_draws * 10)
    prevented = moneywords.priced_prevented(evaluation, mixed)
    assert np.array_equal(prevented, evaluation.primary.net_prevented.sum(axis=1))
    told = moneywords.break_even(evaluation, mixed)
    assert told == moneywords.break_even(evaluation, appraisal)
    assert "drug offences" in told
    figure = next(each for each in all_figures(evaluation) if each.name == "break-even")
    assert figure.rows[0][0] == pytest.approx(float(prevented.min()))


def test_without_the_draws_of_what_is_priced_there_is_no_break_even_to_show(cases):
    """A needed number with nothing of its own kind to hold it against is left out."""
    evaluation = cases["benefit with money"]()
    line = replace(evaluation.appraisal.by_crime[0], outcome="another")
    assert moneywords.break_even(evaluation, replace(evaluation.appraisal, by_crime=(line,))) == ""


@pytest.mark.parametrize(("chance_of_gain", "said"), [(0.1, True), (0.9, False)])
def test_no_value_of_a_crime_pays_is_not_said_beside_benefits_that_pay(cases, chance_of_gain, said):
    """Where benefits in money probably exceed the costs, no sentence denies it."""
    evaluation = cases["harm with money"]()
    draws = evaluation.appraisal.cost_draws + np.where(np.arange(1000) < 1000 * chance_of_gain, 1.0, -1.0)
    evaluation = replace(evaluation, appraisal=replace(evaluation.appraisal, benefit_draws=draws))
    shown = " ".join(text.render(evaluation, bold=False).split())
    assert ("No value of a prevented crime makes it pay with a chance of 50 in 100." in shown) is said


@pytest.mark.parametrize(
    ("certainty", "condition"),
    [
        ("very low", "only if the measure was the reason, which this design cannot show"),
        ("low", "if the measure was the reason"),
        ("moderate", ""),
    ],
)
def test_money_is_no_surer_than_the_effect(cases, monkeypatch, certainty, condition):
    """Cost of one and the chance of a gain carry what they rest on, on the first page and in a terminal."""
    with_certainty(monkeypatch, certainty)
    evaluation = cases["benefit with money"]()
    _, cost, gain = first_page(evaluation, ()).facts
    shown = " ".join(text.render(evaluation, bold=False).split())
    if condition:
        assert condition in cost.detail.lower()
        assert gain.detail.endswith(condition)
        assert shown.lower().count(condition) == 2
    else:
        assert "was the reason" not in f"{cost.detail} {gain.detail}"


def test_several_outcomes_are_named_as_counted_together(cases):
    """A cost of one of a mixture says of what."""
    evaluation = cases["benefit with money"]()
    mixed = replace(evaluation, appraisal=replace(evaluation.appraisal, events_are="crimes"))
    assert first_page(mixed, ()).facts[1].detail.startswith("One of the crimes counted together. ")
    assert "counted together" not in first_page(evaluation, ()).facts[1].detail


def test_the_terminal_says_what_lies_beyond_what_was_seen(cases):
    """The longer horizon has a line, and its name says that it is none of the findings."""
    assert "Extrapolation over 5 years, not seen:" in text.render(cases["benefit with money"](), bold=False)


@pytest.mark.parametrize(("value", "shown"), [(0.768, "$0.77"), (1.2, "$1.20"), (14, "$14"), (850.4, "$850")])
def test_small_amounts_keep_their_decimals(value, shown):
    """A crime worth 77 cents is not worth a dollar."""
    assert formats.amount(value, "USD") == shown


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (100_000, "USD", "Cost: USD 100,000 (city, year 1, prices of 2024)."),
        (100_000, "XXX", "Cost: 100,000 (city, year 1, prices of 2024)."),
        ({"low": 1, "high": 3}, "EUR", "Cost in EUR: between 1 and 3 (uniform), city, year 1, prices of 2024."),
    ],
)
def test_the_cost_that_was_read_is_repeated(cases, amount, currency, said):
    """A slip of the pen is seen before anything is divided by it."""
    evaluation = cases["benefit with money"]()
    flow = Flow(what="patrols", amount=amount, years=(1,), bearer="city", kind="one-off", source="as given")
    object.__setattr__(evaluation.study, "costs", Costs(currency=currency, price_year=2024, flows=(flow,)))
    shown = " ".join(text.render(evaluation, bold=False).split())
    assert f"Money {said} Cost of preventing one:" in shown
