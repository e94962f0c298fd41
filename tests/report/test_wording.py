import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import evalkit.models
from evalkit.domain import Check
from evalkit.judgement import CERTAINTIES
from evalkit.report import markdown, text, wording
from evalkit.report import support as rules
from evalkit.report.figures import all_figures
from evalkit.report.front import first_page
from evalkit.report.reading import read
from evalkit.report.support import supports

NOT_A_NUMBER = re.compile(r"\b(nan|inf|None|NaN)\b")


def words_of(page):
    """Give every sentence of a first page."""
    facts = [text for fact in page.facts for text in (fact.label, fact.value, fact.detail)]
    support = (page.support.advice, page.support.may_say, page.support.may_not_say)
    told = (page.headline, page.compared, page.displacement, page.money_missing, page.certainty)
    return " ".join([*told, *facts, *page.reasons, *support])


@pytest.mark.parametrize("certainty", CERTAINTIES)
@pytest.mark.parametrize("movement", ["fewer", "more", "little", "unclear"])
def test_every_case_has_a_sentence_for_every_certainty(movement, certainty):
    """Whatever is found can be said."""
    sentence = wording.VERDICTS[movement, certainty].format(things="recorded crimes")
    assert sentence.endswith("recorded crimes.")
    assert "{" not in sentence


def test_certainty_picks_the_verb():
    """The surer, the plainer; a study that cannot tell says so at every certainty."""
    verbs = [wording.VERDICTS["more", certainty] for certainty in CERTAINTIES]
    assert [verb.split(" {")[0] for verb in verbs] == [
        "We do not know whether the measure increased",
        "The measure may have increased",
        "The measure probably increased",
        "The measure increased",
    ]
    assert len({wording.VERDICTS["unclear", certainty] for certainty in CERTAINTIES}) == 1


@pytest.mark.parametrize(
    ("centre", "error", "start"),
    [
        (-0.223, 0.04, "A fall in recorded crimes went together with the measure."),
        (0.12, 0.02, "A rise in recorded crimes went together with the measure."),
        (0.0, 0.01, "Little or no change in recorded crimes went together with the measure."),
        (-0.1, 0.2, "This study cannot tell whether recorded crimes changed at all"),
    ],
)
@pytest.mark.parametrize("compared", [0, 36])
def test_without_a_comparison_the_words_are_of_an_association(make, centre, error, start, compared):
    """Nothing to compare with, by design or because the method leaves it aside: no form of the report names a cause."""
    outcome = make["crime"]
    effect = replace(make["panel_effect"](outcome, centre, error), methods_cap=2)
    design = make["panel_design"](outcome, compared=compared)
    evaluation = make["evaluate"]({"crime": {"a": effect}}, {"crime": design})
    assert read(evaluation, "crime").is_association
    assert wording.headline(evaluation).startswith(start)
    assert wording.compared(evaluation).startswith("Compared with its own past only")
    assert wording.certainty(evaluation)[0].startswith("Only the treated area was looked at")
    for form in (markdown.render(evaluation), text.render(evaluation, bold=False)):
        found = " ".join(form.split())
        assert start in found
        assert not re.search(r"measure (probably )?(reduced|increased|may have)", found)


def test_a_check_of_the_design_that_the_method_allows_for_is_not_held_against_it(make):
    """The effect's check of the same name stands in its place, in the design, the limits and the certainty."""
    outcome = make["crime"]
    design = replace(make["panel_design"](outcome), selection_window=("2023Q1", "2023Q4"))
    effect = make["panel_effect"](outcome, -0.223, 0.04)
    allowed = Check(name="selection window", passed=None, detail="The method allows for how sites were chosen.")
    warned = "Sites were chosen for being bad in 2023Q1 to 2023Q4"
    for checks, is_warned in ((effect.checks, True), ((*effect.checks, allowed), False)):
        named = {"crime": {"a": replace(effect, checks=checks)}}
        form = markdown.render(make["evaluate"](named, {"crime": design}))
        assert (warned in " ".join(form.split())) is is_warned


def test_a_first_page_says_no_statistical_jargon(evaluation):
    """The first page never says "significant", never that there was no effect, and prints no missing number."""
    page = words_of(first_page(evaluation, all_figures(evaluation)))
    assert "signific" not in page.lower()
    assert "no effect" not in page.lower()
    assert "crime fell" not in page.lower()
    assert not NOT_A_NUMBER.search(page)


def test_no_form_of_a_report_prints_a_missing_number(evaluation):
    """What does not exist is said in words."""
    for form in (markdown.render(evaluation), text.render(evaluation, bold=False)):
        assert not NOT_A_NUMBER.search(form)


@given(centre=st.floats(-0.6, 0.6), error=st.floats(0.005, 0.5), moved=st.none() | st.floats(-0.5, 0.5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_benefit_is_claimed_only_where_the_range_leaves_none_and_harm_outside(make, centre, error, moved):
    """A sentence with "reduced" stands only beside a range without zero, or one that nearby areas take back."""
    outcome = make["crime"]
    effect = make["panel_effect"](outcome, centre, error, moved=moved)
    evaluation = make["evaluate"]({"crime": {"a": effect}}, {"crime": make["panel_design"](outcome, buffered=2)})
    told = wording.headline(evaluation)
    assert not NOT_A_NUMBER.search(told)
    held = effect.interval(0.95)
    if held.lower <= 0 <= held.upper:
        assert "reduced" not in told
        assert "increased" not in told
    elif "reduced" in told:
        assert held.upper < 0
        net = np.quantile(effect.net_prevented.sum(axis=1), 0.03)
        assert moved is None or net > 0 or "Counting nearby areas" in told
    if "cannot tell" in told:
        assert "about" not in told


@pytest.mark.parametrize(
    ("case", "start"),
    [
        ("benefit", "The measure probably reduced recorded crimes. There were about 200 fewer than expected"),
        ("harm", "The measure probably increased recorded crimes. There were about 120 more than expected"),
        ("unclear", "This study cannot tell whether the measure changed recorded crimes."),
        ("little", "The measure probably made little or no difference to recorded crimes."),
        ("displaced", "The measure may have reduced recorded burglaries."),
        ("small", "A fall in recorded burglaries went together with the measure."),
        ("survey", "The measure may have increased “feeling of safety”. It was about 0.4 higher"),
    ],
)
def test_the_answer_of_each_case(cases, case, start):
    """Direction, size and certainty of what is known are in the first sentence."""
    assert wording.headline(cases[case]()).startswith(start)


def test_no_percentage_of_a_handful(cases):
    """Where fewer than ten were to be expected, no share of them is quoted."""
    evaluation = cases["small"]()
    assert read(evaluation, "burglary").base_is_small
    page = first_page(evaluation, all_figures(evaluation))
    assert "%" not in page.headline
    assert page.facts[1].value == "not quoted"


def test_crime_that_may_have_moved_is_not_a_success(cases):
    """Where nearby areas take back the gain, the headline says so and the advice is to adapt."""
    evaluation = cases["displaced"]()
    assert "Counting nearby areas, it is anything from" in wording.headline(evaluation)
    assert supports(evaluation).action == "adapt"


def test_without_a_buffer_displacement_is_unknown(cases):
    """What was not measured is not denied."""
    assert "not measured" in wording.displacement(cases["unclear"]())


@pytest.mark.parametrize("case", ["harm with money", "unclear with money"])
def test_a_prevented_crime_has_no_price_where_none_may_have_been_prevented(cases, case):
    """Harm and doubt never look like cheap prevention: no figure or a lower bound, and the break-even."""
    fact = first_page(cases[case](), ()).facts[1]
    assert fact.value.startswith(("no figure", "at least "))
    assert "breaks even" in fact.detail
    assert "−" not in fact.value
    wanted = "not shown to prevent crime" if case.startswith("harm") else "may have prevented none"
    assert wanted in fact.detail


def test_a_clear_benefit_has_a_price_with_the_worth_at_which_it_pays(cases):
    """The cost of one, who paid, and how sure it is to pay at which worth."""
    fact = first_page(cases["benefit with money"](), ()).facts[1]
    assert fact.value == "$1,200"
    assert "95 in 100" in fact.detail


@pytest.mark.parametrize(
    ("case", "action"),
    [
        ("benefit", "continue"),
        ("benefit with money", "continue"),
        ("harm", "stop"),
        ("unclear", "evaluate better"),
        ("little", "stop"),
        ("small", "evaluate better"),
    ],
)
def test_the_advice_follows_the_rule(cases, case, action):
    """The rule that the report states is the one it uses."""
    assert supports(cases[case]()).action == action


def test_the_evaluators_own_advice_replaces_the_rules(cases):
    """A suggestion of the study stands in place of the rule's sentence, and is marked as such."""
    support = supports(cases["benefit"](suggestion="Wait a year."))
    assert (support.advice, support.is_own) == ("Wait a year.", True)
    assert "Nor about value for money." in support.may_not_say


@pytest.mark.parametrize(("centre", "claims"), [(-0.223, True), (-0.02, False), (0.25, False)])
def test_crime_moved_only_where_some_was_prevented(make, centre, claims):
    """A rise nearby is displacement only beside a reduction here, and no surer than that reduction."""
    effect = make["panel_effect"](make["crime"], centre, 0.05, moved=0.3)
    evaluation = make["evaluate"]({"crime": {"a": effect}}, {"crime": make["panel_design"](make["crime"], buffered=2)})
    told = wording.displacement(evaluation)
    assert re.search(r"Nearby areas had about [\d,]+ more recorded crimes than expected \(between", told)
    assert ("Some of it probably did." in told) is claims
    assert ("moved" in told or "Some of it" in told) is claims


@pytest.mark.parametrize(("moved", "is_chance"), [(-0.03, True), (-0.5, False)])
def test_the_displacement_quotient_claims_nothing_that_may_be_chance(make, moved, is_chance):
    """Where the range of the nearby area holds no change, the quotient stands without a reading."""
    effect = make["panel_effect"](make["crime"], -0.3, 0.085, moved=moved)
    evaluation = make["evaluate"]({"crime": {"a": effect}}, {"crime": make["panel_design"](make["crime"], buffered=2)})
    shown, how = wording.quotient(evaluation)
    assert shown == "0.26"
    assert (how == "But the change in the buffer may be chance.") is is_chance
    assert ("gained about a quarter" in how) is not is_chance


def test_what_is_wanted_is_never_prevented(make):
    """More arrests than expected are more, and good; nobody prevented a negative number of them."""
    arrests = replace(make["crime"], name="arrests", good="more", minimum_worthwhile=None)
    effect = make["panel_effect"](arrests, 0.5, 0.05)
    evaluation = make["evaluate"]({"arrests": {"a": effect}}, {"arrests": make["panel_design"](arrests)})
    shown = text.render(evaluation, bold=False)
    effects = shown[shown.index("\nEffect") : shown.index("\nNext door")]
    assert "prevented" not in effects
    assert re.search(r"more than expected \(good\) +\d", effects)
    page = first_page(evaluation, ())
    assert page.facts[0].label == "More than expected (good)"
    assert "| Prevented" not in markdown.render(evaluation)


def test_a_percentage_that_is_missing_is_explained(make):
    """Where nothing may have been expected, the events stand without a share, and the reason is given."""
    design = make["table_design"](treated=(20, 0), comparison=(20, 1))
    effect = make["table_effect"](design.table, centre=5, error=6)
    evaluation = make["evaluate"]({"burglary": {"table": effect}}, {"burglary": design})
    assert read(evaluation, "burglary").percent is None
    for form in (text.render(evaluation, bold=False), markdown.render(evaluation)):
        assert "No percentage is quoted" in form


def test_every_sentence_ends(evaluation):
    """What may be said, the advice, every answer and every reason end with a full stop."""
    support = supports(evaluation)
    told = [support.advice, support.may_say, support.may_not_say, wording.displacement(evaluation)]
    told += [wording.answer(evaluation, name) for name in evaluation.effects]
    told += wording.certainty(evaluation)
    assert [sentence for sentence in told if not sentence.endswith(".")] == []


def test_every_sentence_that_a_rule_can_pick_ends():
    """No row of the tables of sentences was cut short."""
    tables = [
        *(advice for _, advice in rules._ADVICE.values()),
        *rules._MAY_SAY.values(),
        *rules._MAY_SAY_OF_LITTLE.values(),
        rules._MAY_SAY_OF_UNCLEAR,
        *wording.VERDICTS.values(),
        *wording.ASSOCIATIONS.values(),
        *wording._SIZES.values(),
        *wording._DISPLACEMENT.values(),
        *wording._DISPLACEMENT_BY_LEVEL.values(),
        *wording._CLAIMS.values(),
        *wording._NET.values(),
    ]
    assert [sentence for sentence in tables if not sentence.endswith(".")] == []


def test_no_string_stands_alone_in_the_code():
    """A string that is a statement and no docstring is a sentence that was cut off from its own beginning."""
    folders = (Path(evalkit.__file__).parent, *map(Path, evalkit.models.__path__))
    paths = sorted({path.resolve() for folder in folders for path in folder.rglob("*.py")})
    assert any(path.name == "table.py" for path in paths)
    stray = [
        f"{path.name}:{node.lineno}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for each in ast.walk(node)
        if is_text(each) and each is not node.body[0] and not is_docstring_within(each, node)
    ]
    assert stray == []


def is_text(node):
    """Say whether a statement is nothing but a string."""
    return isinstance(node, ast.Expr) and (
        isinstance(node.value, ast.JoinedStr)
        or (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str))
    )


def is_docstring_within(statement, function):
    """Say whether a string is the docstring of something that is defined inside a function."""
    inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return any(each.body[0] is statement for each in ast.walk(function) if isinstance(each, inner))
