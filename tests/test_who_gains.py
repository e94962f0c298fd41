"""Who gains and who pays, from a study file to the report, the tables and the result."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

import evalkit as ek
from evalkit.errors import StudyError
from evalkit.report import html
from evalkit.report.figures import all_figures
from evalkit.report.sections_incidence import who_is_who

FORMULA, MARKUP = "=HYPERLINK(1)", "<script>alert(1)</script>"

STUDY = """
[study]
title = "Patrols"
primary = "robbery"
draws = 500
[intervention]
name = "patrols"
[data]
file = "data.csv"
site = "site"
period = "period"
began = "began"
[design]
buffer = ["@near"]
[outcomes.robbery]
count = "n"
crime = "robbery"
[costs]
currency = "EUR"
year = 2020
flows = [{ what = "patrols", amount = 300_000, bearer = "city", kind = "running", source = "accounts" }]
[prices]
name = "own"
country = "DEU"
currency = "EUR"
price_year = 2020
basis = "recorded"
unit_costs = [
  { crime = "robbery", component = "harm", value = 9000, bearer = "victims" },
  { crime = "robbery", component = "justice", value = 4000, bearer = "courts and prisons" },
]
"""

GROUPS = """
[incidence]
median_income = 30000
[incidence.groups."=poor <b>"]
income = 15000
population = 0.3
shares = { victims = 0.6, city = 0.1 }
source = "<i>survey</i>"
[incidence.groups.others]
income = 36000
population = 0.7
shares = { victims = 0.4, city = 0.9 }
"""


@pytest.fixture
def make_study(tmp_path):
    """Give a maker of studies on a small panel whose sites have hostile names."""
    rng = np.random.default_rng(4)
    treated = [FORMULA, MARKUP, "north"]
    rows = [("site", "period", "began", "n")]
    for site in (*treated, "@near", *(f"c{i}" for i in range(8))):
        for year in range(2014, 2020):
            mean = 60 * (0.7 if site in treated and year == 2019 else 1.2 if site == "@near" and year == 2019 else 1)
            rows.append((site, year, 2019 if site in treated else "", rng.poisson(mean)))
    with (tmp_path / "data.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)

    def make(text):
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        return ek.load_study(tmp_path)

    return make


@pytest.fixture
def evaluation(make_study):
    """Give the evaluation with groups."""
    return make_study(STUDY + GROUPS).run()


def test_hostile_names_of_areas_and_groups_are_text_everywhere(evaluation, tmp_path):
    """No name becomes markup on the page or a formula in a spreadsheet."""
    evaluation.write(tmp_path / "out", formats=("html", "md", "json"))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "=poor <b>" not in page
    assert "=poor &lt;b&gt;" in page
    assert "<i>survey" not in page
    for name in ("by-area", "by-group", "figure-areas"):
        with (tmp_path / "out" / "tables" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            heads = [row[0] for row in csv.reader(file)]
        assert not [head for head in heads if head.startswith(("=", "@", "+", "-"))]
        assert ("'=poor <b>" if name == "by-group" else f"'{FORMULA}") in heads


def test_the_result_holds_the_incidence_and_nothing_else_moves(make_study, tmp_path):
    """Groups add keys to the result; every other figure is as without them, but for the list of assumptions."""
    found = {}
    for name, text in (("plain", STUDY), ("groups", STUDY + GROUPS)):
        make_study(text).run().write(tmp_path / name, formats=("json",))
        found[name] = json.loads((tmp_path / name / "result.json").read_text(encoding="utf-8"))
    plain, groups = found["plain"]["incidence"], found["groups"]["incidence"]
    assert plain["by_group"] is None
    assert plain["by_group_reason"] == "no groups were given"
    assert plain | {"by_group": 0, "by_group_reason": 0} == groups | {"by_group": 0, "by_group_reason": 0}
    weighing = groups["by_group"]["weighing"]
    assert weighing["exponent"] == 1.3
    assert (weighing["switching_exponent"] is None) == (weighing["switching_reason"] is not None)
    for key in ("effects", "displacement", "warnings"):
        assert found["plain"][key] == found["groups"][key]
    appraisals = [{**found[name]["appraisal"], "assumptions": 0} for name in found]
    assert appraisals[0] == appraisals[1]


def test_the_areas_of_the_result_add_up_to_its_bearers(evaluation):
    """With an estimator that ships: what the sites and the nearby area gain is what the bearers gain."""
    appraisal = evaluation.appraisal
    areas = appraisal.incidence.by_area
    assert [area.kind for area in areas] == ["treated site"] * 3 + ["nearby areas"]
    for line in appraisal.by_bearer:
        assert sum(area.gains.get(line.bearer, 0) for area in areas) == pytest.approx(line.benefit.mean, rel=1e-9)


def test_the_section_says_who_pays_and_who_gains(evaluation):
    """The payer is not the gainer, where the weights are from, and what is only known at the estimate."""
    page = html.render(evaluation)
    assert "Who gains, who pays" in page
    assert "Of every 100 of cost, 100 are paid by city." in page
    assert "The payer is not the gainer: all of it comes to those who pay nothing." in page
    assert "so a site has no range" in page
    assert "The Green Book" in page
    assert "Comparison areas are taken not to change" in page


def test_the_picture_says_in_words_what_it_shows(evaluation):
    """Gains and losses are told apart by more than colour, and the comparison is marked as assumed."""
    picture = next(each for each in all_figures(evaluation) if each.name == "areas")
    assert picture.alt.startswith("3 areas gain together €")
    assert "1 area loses €" in picture.alt
    assert "no change assumed" in picture.svg
    assert len(picture.rows) == 4


def test_shares_between_payers_are_told_as_some(evaluation):
    """Where the payer gains a part, the sentence says how much comes to others."""
    both = evaluation.appraisal.incidence.payers_and_gainers
    mixed = replace(both, gainers={"city": 0.25, "victims": 0.75}, to_others=0.75)
    assert "The payer is not always the gainer: 75 of 100 come to those who pay nothing." in who_is_who(mixed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STUDY + GROUPS.replace("victims = 0.6", "victims = 0.5"), "'victims' (shares) add up to 0.9"),
        (STUDY + GROUPS.replace("median_income", "median_incom"), "did you mean 'median_income'"),
        (STUDY + GROUPS.replace("victims", "victms"), "did you mean 'victims'"),
        (STUDY.split("[costs]", maxsplit=1)[0] + GROUPS, "there is [incidence] but no [costs]"),
    ],
)
def test_a_study_file_is_told_what_is_wrong_with_its_groups(make_study, text, said):
    """One message with the place and the remedy, before anything is estimated."""
    with pytest.raises(StudyError) as caught:
        make_study(text)
    assert said in str(caught.value)
