import json

import pytest

import evalkit as ek
from evalkit.errors import StudyError
from evalkit.report.figures import all_figures
from evalkit.report.sections_information import information_sections

STUDY = """
[study]
title = "Patrols"
primary = "robbery"
draws = 1000

[intervention]
name = "patrols"

[outcomes.robbery]
crime = "robbery"
[outcomes.robbery.table]
treated = [207, 160]
comparison = [308, 318]

[costs]
currency = "USD"
year = 2008
[[costs.flows]]
what = "<b>patrols</b>"
amount = { low = 300_000, high = 900_000 }
bearer = "city"
kind = "running"
year = 1
"""
PRICES = """
[prices]
name = "own"
country = "USA"
currency = "USD"
price_year = 2008
basis = "recorded"
source = "invented"
unit_costs = [{ crime = "robbery", component = "all", low = 4000, high = 20_000, bearer = "victims" }]
"""
LEARNING = """
[learning]
roll_out = { sites = 40, years = 5 }
share_lasting = 0.25
waits = false
plans = [{ name = "longer", months = [6, 12], cost_per_month = 20_000 }, { name = "dear", sites = 1, cost = 1e10 }]
"""


@pytest.fixture
def evaluate(tmp_path):
    """Give a way to run a study from its text."""

    def run(text):
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        return ek.load_study(tmp_path).run()

    return run


@pytest.fixture
def shown():
    """Give all words of the section of an evaluation, and its tables."""

    def read(evaluation):
        figures = {figure.name: figure for figure in all_figures(evaluation)}
        (section,) = information_sections(evaluation, figures)
        words = " ".join(getattr(block, "text", "") + " ".join(getattr(block, "items", ())) for block in section.blocks)
        return words, [block for block in section.blocks if block.kind == "grid"], figures

    return read


def test_the_result_holds_what_it_is_worth_to_know_more(evaluate, tmp_path):
    """result.json keeps its schema and the order of values: EVSI, EVPPI of the effect, EVPI."""
    evaluate(STUDY + PRICES + LEARNING).write(tmp_path / "out")
    found = json.loads((tmp_path / "out/result.json").read_text(encoding="utf-8"))
    information = found["information"]
    assert found["information_reason"] is None
    assert {each["input"] for each in information["evppi"]} == {
        "effect on robbery",
        "cost: <b>patrols</b>",
        "unit cost of robbery: all",
    }
    learning = information["learning"]
    assert learning["observed"] == {"sites": 1, "months": 12, "share_lasting": 0.25}
    assert [plan["name"] for plan in learning["plans"]] == ["longer, 6 months", "longer, 12 months", "dear"]
    assert [plan["cost"] for plan in learning["plans"]] == [120_000, 240_000, 1e10]
    six, twelve, _ = learning["plans"]
    assert six["variance_resolved"] == pytest.approx(0.75 / 3)
    assert 0 < six["evsi_pilot"] < twelve["evsi_pilot"] < information["effects"]["value"] < information["evpi"]
    assert six["enbs"] == pytest.approx(six["evsi"] - 120_000)
    assert learning["best_plan"] in {"longer, 6 months", "longer, 12 months"}
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "What is it worth to know more?" in page
    assert "<b>patrols" not in page


def test_the_section_answers_in_words(evaluate, shown):
    """The decision, its price, every plan with its verdict, and what the answer rests on."""
    words, (inputs, plans), figures = shown(evaluate(STUDY + PRICES + LEARNING))
    assert "at the worth of a crime in the prices “own”" in words
    assert "for the roll-out to 40 sites over 5 years" in words
    assert "Longer, 6 months: learning 6 months more is worth $" in words
    assert "at most; its cost is $120,000: worth it." in words
    assert "its cost is $10\N{NO-BREAK SPACE}billion: not worth it." in words
    assert "25\N{NO-BREAK SPACE}% of the variance of the present error is taken to last at a site" in words
    assert inputs.rows[0][0] == "effect on robbery"
    assert [row[-1] for row in plans.rows] == ["yes", "yes", "no"]
    assert figures["known-inputs"].rows[0][0] == "effect on robbery"


def test_an_input_that_does_not_matter_is_not_distinguishable_from_0(evaluate, shown):
    """A cost of a few cents cannot change the decision, and the table says so in words."""
    small = STUDY.replace("low = 300_000, high = 900_000", "low = 0.01, high = 0.05")
    _, (inputs, *_), _ = shown(evaluate(small + PRICES))
    cells = {row[0]: row[1] for row in inputs.rows}
    assert cells["cost: <b>patrols</b>"] == "not distinguishable from 0"


def test_without_prices_the_report_says_why_there_is_no_value(evaluate, shown):
    """No prices, no net benefit, no decision in money."""
    evaluation = evaluate(STUDY)
    assert evaluation.information is None
    words, grids, figures = shown(evaluation)
    assert words.startswith("No prices were given, so the prevented events have no worth in money")
    assert not grids
    assert "known-inputs" not in figures


def test_the_same_seed_gives_the_same_values(evaluate):
    """Noise floors come from permutations, which have a seed too."""
    assert evaluate(STUDY + PRICES + LEARNING).information == evaluate(STUDY + PRICES + LEARNING).information


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STUDY + LEARNING, "reckoned in money: give prices"),
        (STUDY[: STUDY.index("[costs]")] + LEARNING, "reckoned in money: give costs"),
        (STUDY + PRICES + LEARNING.replace("waits", "wait"), r"\[learning\] has no key 'wait'; did you mean 'waits'"),
        (STUDY + PRICES + "[learning]\nplans = []\n", r"\[learning\] needs the key 'roll_out'"),
        (STUDY + PRICES + LEARNING.replace("months = [6, 12]", "month = 6"), "has no key 'month'"),
        (STUDY + PRICES + LEARNING.replace("months = [6, 12]", "months = [6, -1]"), "there is -1"),
        (STUDY + PRICES + LEARNING.replace("40", "0"), "sites"),
        (STUDY + PRICES + LEARNING + 'scenario = "extrapolation"\n', "nothing is extrapolated"),
    ],
)
def test_faults_are_found_before_anything_is_estimated(tmp_path, text, said):
    """What is wrong with [learning] is told when the study is read."""
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=said):
        ek.load_study(tmp_path)
