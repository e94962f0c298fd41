"""What a report says of what its money hangs on."""

import json

import pytest

import evalkit as ek
from evalkit.report import html, markdown, tables
from evalkit.report.figures import all_figures
from evalkit.result import result_document, result_text

STUDY = """
[study]
title = "A table"
primary = "robbery"
draws = 400

[intervention]
name = "patrol"

[outcomes.robbery]
crime = "robbery"
[outcomes.robbery.table]
treated = [207, 110]
comparison = [308, 318]

[costs]
currency = "USD"
year = 2008
flows = [{ what = "<b>patrols</b>", amount = { low = 20000, high = COST }, bearer = "city", kind = "running" }]

[prices]
schedule = "prices.csv"

[assumption_sets."<i>own</i>"]
says = "As <script>we</script> think."
optimism_bias = 0.5
"""
PRICES = """# name = "own"
# country = "USA"
# currency = "USD"
# price_year = "2008"
# basis = "recorded"
crime,component,low,high,bearer,certainty
robbery,loss,1000,20000,victims,own
"""


@pytest.fixture
def evaluate(tmp_path):
    """Give a maker of evaluations by how dear the measure may be."""

    def make(cost):
        (tmp_path / "prices.csv").write_text(PRICES, encoding="utf-8")
        file = tmp_path / "study.toml"
        file.write_text(STUDY.replace("COST", str(cost)), encoding="utf-8")
        return ek.load_study(file).run()

    return make


def test_the_report_says_what_turns_the_answer(evaluate):
    """In words, for a measure that always pays and for one that may not."""
    safe, open_ = html.render(evaluate(30_000)), html.render(evaluate(3_000_000))
    assert "What does the money hang on?" in safe
    assert "The measure pays on average at every pair of values" in safe
    assert "“cost: &lt;b&gt;patrols&lt;/b&gt;”" in open_
    assert "can turn the answer within their ranges, all else being as it is." in open_
    assert "enough to turn the answer" in open_
    assert "of the pairs of values of" in open_


def test_names_from_the_study_are_text_in_every_form(evaluate):
    """A flow and a set may be called anything."""
    evaluation = evaluate(3_000_000)
    page = html.render(evaluation)
    assert "<b>patrols" not in page
    assert "<script>we" not in page
    assert "&lt;script&gt;we&lt;/script&gt;" in page
    assert "<script>we" not in markdown.render(evaluation)
    assert "<b>" not in "".join(
        figure.svg for figure in all_figures(evaluation) if figure.name in {"tornado", "two-way"}
    )
    exported = {table.name: table for table in tables.all_tables(evaluation)}
    assert {"figure-tornado", "figure-two-way"} <= set(exported)
    assert [row[0] for row in exported["assumption-sets"].rows][-1] == "<i>own</i>"


def test_the_document_holds_bars_grid_and_sets(evaluate):
    """As the schema has them; the chosen set is the appraisal."""
    document = json.loads(result_text(result_document(evaluate(3_000_000))))
    appraisal, sets = document["appraisal"], document["assumption_sets"]
    swings = [
        abs(bar["net_benefit_at_high"] - bar["net_benefit_at_low"]) for bar in appraisal["sensitivity"]["one_way"]
    ]
    assert swings == sorted(swings, reverse=True)
    assert len(appraisal["sensitivity"]["two_way"]["net_benefit"]) == 5
    assert [line["chosen"] for line in sets] == [True, *[False] * 5]
    assert sets[0]["net_benefit"] == appraisal["net_benefit"]
    own = sets[-1]
    assert own["name"] == "<i>own</i>"
    assert own["cost"]["mean"] == pytest.approx(1.5 * appraisal["cost"]["mean"])


def test_without_prices_there_is_no_such_section(tmp_path):
    """Nothing hangs on anything where there is no net benefit."""
    (tmp_path / "plain.toml").write_text(
        STUDY.replace("COST", "250000").replace('[prices]\nschedule = "prices.csv"\n', ""), encoding="utf-8"
    )
    evaluation = ek.load_study(tmp_path / "plain.toml").run()
    assert "What does the money hang on?" not in html.render(evaluation)
    assert result_document(evaluation)["appraisal"]["sensitivity"] is None
