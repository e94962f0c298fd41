"""What a report and result.json say of harm prevented."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from evalkit.domain import Outcome
from evalkit.economics import HarmWeights, weigh_harm
from evalkit.report import html
from evalkit.report.figures_harm import harm as draw_harm
from evalkit.report.sections_harm import harm_sections
from evalkit.result import result_document, result_text

OUTCOMES = {"burglary": "burglary", "killings": "homicide", "theft": "theft", "<b>forgery</b>": "fraud"}
MIDDLES = {"burglary": -0.25, "killings": 0.0, "theft": 0.01, "<b>forgery</b>": 0.0}


@pytest.fixture
def study_of_four(make):
    """Give an evaluation of four crimes, the last of which no table weighs, with harm by both shipped tables."""

    def build(*, cost=None, middles=MIDDLES, names=tuple(OUTCOMES), **more):
        outcomes = {name: Outcome(name=name, crime=OUTCOMES[name], source="police") for name in names}
        effects = {
            name: {"did-poisson": make["panel_effect"](each, middles[name], 0.05, seed=place)}
            for place, (name, each) in enumerate(outcomes.items())
        }
        designs = {name: make["panel_design"](each) for name, each in outcomes.items()}
        tables = [HarmWeights.load(name) for name in ("cambridge-chi", "ons-severity")]
        found = weigh_harm({name: named["did-poisson"] for name, named in effects.items()}, tables, cost=cost)
        return make["evaluate"](effects, designs, harm=found, **more)

    return build


def words(evaluation):
    """Give all text of the section on harm."""
    (section,) = harm_sections(evaluation, {})
    found = []
    for block in section.blocks:
        found += [getattr(block, "head", ""), getattr(block, "text", ""), getattr(block, "caption", "")]
        found += [cell for row in getattr(block, "rows", ()) for cell in row]
    return "\n".join(found)


def test_both_tables_stand_with_and_without_homicide(study_of_four):
    """Pitfall 15: rare events (homicide) shown separately; and each table says where its weights hold."""
    told = words(study_of_four())
    for table in ("cambridge-chi", "ons-severity"):
        assert f"{table}: with homicide" in told
        assert f"{table}: without homicide" in told
        assert f"Not in the harm by {table}: <b>forgery</b> (it has no weight in {table})." in told
    assert "Killings owns" in told
    assert "starting points of sentences in England and Wales" in told


def test_without_homicide_among_the_outcomes_that_is_said(study_of_four):
    """A total that holds no homicide is called so."""
    told = words(study_of_four(names=("burglary", "theft")))
    assert "Homicide is not among the outcomes" in told
    assert "with homicide" not in told


def test_names_are_escaped_on_the_page(study_of_four):
    """A name from a study file cannot become a tag, in the table or in the picture."""
    page = html.render(study_of_four(names=("<b>forgery</b>", "burglary", "theft")))
    assert "<b>forgery" not in page
    assert "&lt;b&gt;forgery" in page


def test_no_cost_of_a_unit_where_harm_may_not_have_been_prevented(study_of_four, cases):
    """Pitfalls 20 and 21: no cost, and never a negative one, where harm is not shown to have been prevented."""
    costs = np.full(4000, 1e6)
    appraisal = cases["benefit with money"]().appraisal
    draws = len(appraisal.cost_draws)
    rising = dict.fromkeys(OUTCOMES, 0.3)
    told = words(study_of_four(cost=costs[:draws], middles=rising, appraisal=appraisal))
    assert "It is not shown to prevent harm." in told
    assert not re.search(r"[−-]\$", told)
    falling = {**MIDDLES, "killings": -0.3}
    assert "$" in words(study_of_four(cost=costs[:draws], middles=falling, appraisal=appraisal))


def test_the_picture_adds_up_and_says_so_in_words(study_of_four):
    """Bars of crimes add up to the bar for all together, of each table."""
    drawn = draw_harm(study_of_four())
    for table in ("cambridge-chi", "ons-severity"):
        values = {row[1]: row[2] for row in drawn.rows if row[0] == table}
        crimes = [values[name] for name in ("burglary", "killings", "theft")]
        assert sum(crimes) == pytest.approx(values["all together"])
        assert values["without homicide"] == pytest.approx(values["all together"] - values["killings"])
        assert f"By {table}: all together" in drawn.alt


def test_there_is_no_section_without_harm(make):
    """A study with nothing to weigh has no section, no picture, and null with the reason in its result."""
    outcome = make["crime"]
    effects = {outcome.name: {"did-poisson": make["panel_effect"](outcome, -0.1, 0.1)}}
    bare = make["evaluate"](effects, {outcome.name: make["panel_design"](outcome)}, harm_reason="Nothing to weigh.")
    assert harm_sections(bare, {}) == ()
    assert draw_harm(bare) is None
    document = result_document(bare)
    assert (document["harm"], document["harm_reason"]) == (None, "Nothing to weigh.")


def test_the_result_keeps_its_schema_and_holds_what_the_report_says(study_of_four):
    """Every table with its totals, shares, source and certainty is in result.json."""
    found = study_of_four(cost=np.full(2000, 1e6)[: len(study_of_four().primary.change)])
    document = json.loads(result_text(result_document(found)))
    chi, ons = document["harm"]["tables"]
    assert (chi["name"], chi["unit"], ons["unit"]) == ("cambridge-chi", "days of sentence", "points of severity")
    for table in (chi, ons):
        assert table["total"]["prevented"]["mean"] == pytest.approx(
            sum(each["harm"]["mean"] for each in table["by_crime"])
        )
        assert sum(each["share_of_variance"] for each in table["by_crime"]) == pytest.approx(1)
        assert {each["weight"]["certainty"] for each in table["by_crime"]} == {"secondary"}
        assert set(table["left_out"]) == {"<b>forgery</b>"}


def test_tables_that_disagree_are_told_apart_in_the_report(study_of_four):
    """The sentence on the disagreement is a note that cannot be missed."""
    found = study_of_four()
    told = replace(found, harm=replace(found.harm, disagreements=("They disagree on the sign.",)))
    assert "They disagree on the sign." in words(told)
