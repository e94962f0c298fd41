"""Money over time in the result and the report: an extrapolation always looks and reads like one."""

import json

import pytest

from evalkit.report import markdown
from evalkit.report.figures import all_figures
from evalkit.study_file import load_study

STUDY = """
[study]
title = "Patrols"
primary = "burglary"
seed = 3
draws = 500
[intervention]
name = "patrols"
[outcomes.burglary]
crime = "burglary"
source = "police"
changes_reporting = "more"
[outcomes.burglary.table]
treated = [410, 300]
comparison = [400, 405]
[costs]
currency = "GBP"
year = "2015/16"
flows = [
  { what = "patrols", amount = 90000, bearer = "city", kind = "running", years = [1, 2, 3, 4, 5], source = "accounts" },
  { what = "radios <b>", amount = 50000, bearer = "police", kind = "capital", years = [1, 4], source = "offer" },
]
[prices]
name = "own"
country = "GBR"
currency = "GBP"
price_year = "2015/16"
basis = "recorded"
unit_costs = [
  { crime = "burglary", component = "harm", value = 900, sd = 200, bearer = "victims" },
  { crime = "burglary", component = "police", value = 500, bearer = "police" },
]
[appraisal]
horizon = 5
retention = { low = 0.7, high = 1.0 }
deadweight = "wsipp"
period_years = 1.0
health_discounting = { schedule = "green-book-2026-health", components = ["harm"] }
stop = { year = 2, retention = { low = 0.2, high = 0.6 } }
[appraisal.discounting]
name = "city 2026"
edition = "2026"
source = "treasurer"
rates = [ { from = 1, to = 2, rate = 0.04 }, { from = 3, rate = 0.03 } ]
"""


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    """Give a study file that uses every key on time, run."""
    folder = tmp_path_factory.mktemp("time")
    (folder / "study.toml").write_text(STUDY)
    return load_study(folder).run()


def test_the_result_holds_rates_running_sums_and_stopping(evaluation, tmp_path):
    """Every part keeps the shipped schema, which is checked on writing."""
    evaluation.write(tmp_path, formats=("json",))
    found = json.loads((tmp_path / "result.json").read_text())
    rates = found["appraisal"]["discount_rates"]
    assert rates["rates"] == [{"from": 1, "to": 2, "rate": 0.04}, {"from": 3, "to": None, "rate": 0.03}]
    assert (rates["edition"], rates["source"], rates["certainty"]) == ("2026", "treasurer", "own")
    society, public = found["extrapolation"]["cash_flow"]
    assert (society["whose"], public["whose"]) == ("society", "public purse")
    assert [year["extrapolated"] for year in society["years"]] == [False, True, True, True, True]
    assert society["years"][-1]["total"] == pytest.approx(found["extrapolation"]["net_benefit"])
    stopping = found["stopping"]
    assert stopping["scenario"] == "extrapolation"
    assert [line["year"] for line in stopping["by_year"]] == [3, 4, 5]
    assert stopping["stays"] == ["radios <b>"]
    assert sum(each.startswith("The measure may make people report more") for each in found["warnings"]) == 1


def test_extrapolated_years_look_different(evaluation):
    """Pitfall: extrapolated years visibly different in charts. They are hatched, open and labelled."""
    figures = {figure.name: figure for figure in all_figures(evaluation)}
    for name in ("cash-flow", "cash-flow-public"):
        figure = figures[name]
        for picture in (figure.svg, figure.narrow):
            assert "extrapolated, not seen" in picture
            assert "<pattern" in picture
        assert [row[1] for row in figure.rows] == ["observed", *["extrapolated"] * 4]
        assert "hatched years with open marks lie beyond the observed window" in figure.caption


def test_what_was_seen_alone_is_not_hatched(evaluation):
    """Without years beyond the window there is nothing to mark, and one year is no course."""
    from dataclasses import replace

    from evalkit.report import figures_time

    window = replace(evaluation, appraisal=replace(evaluation.appraisal, extrapolation=None))
    assert figures_time.cash_flow(window) is None
    flow = evaluation.appraisal.extrapolation.cash_flows[0]
    seen = replace(flow, years=tuple(replace(year, extrapolated=False) for year in flow.years))
    window = replace(evaluation, appraisal=replace(evaluation.appraisal, extrapolation=None, cash_flows=(seen,)))
    figure = figures_time.cash_flow(window)
    assert "<pattern" not in figure.svg
    assert "extrapolated" not in figure.svg


def test_the_report_tells_year_0_both_horizons_and_stopping(evaluation, tmp_path):
    """In words, with what is not seen called so, and with hostile text escaped."""
    evaluation.write(tmp_path, formats=("html", "md"))
    told = (tmp_path / "report.md").read_text()
    assert "0, the first year of the measure" in told
    assert "Short and long horizon side by side" in told
    assert "Stopping: extrapolation, not seen" in told
    assert "What stopping saves and loses was not observed" in told
    page = (tmp_path / "report.html").read_text()
    assert "radios <b>" not in page
    assert "radios &lt;b&gt;" in page


@pytest.fixture(scope="module")
def harmed(tmp_path_factory):
    """Give the same study of a measure after which crime rose, run."""
    folder = tmp_path_factory.mktemp("harm")
    (folder / "study.toml").write_text(STUDY.replace("[410, 300]", "[300, 410]"), encoding="utf-8")
    return load_study(folder).run()


def test_stopping_what_did_harm_is_told_as_fewer_crimes_and_a_gain(harmed):
    """No minus sign and no loss of something that is gained."""
    told = next(line for line in markdown.render(harmed).splitlines() if line.startswith("**Stopping"))
    assert "burglaries fewer than by going on" in told
    assert "What is gained by it is worth £" in told
    assert "−" not in told
