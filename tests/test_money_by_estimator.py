"""The choice of prices beside the choice of estimator: in the study, result.json and the report."""

import json

import numpy as np
import pytest

import evalkit as ek
from evalkit.errors import StudyError

STUDY = """
[study]
title = "Guards"
primary = "robbery"
seed = 3
draws = 400

[intervention]
name = "guards"
approach = "situational"
mechanism = "deterrence"
target = "place"

[data]
file = "data.csv"
site = "site"
period = "year"
began = "began"

[outcomes.robbery]
count = "robbery"
crime = "robbery"
source = "police"

[analysis]
estimator = "did-poisson"
sensitivity = ["did-ols"]

[costs]
currency = "USD"
year = 2008
flows = [ { what = "guards", amount = 100000, bearer = "city", kind = "running", year = 1 } ]

[prices]
schedule = "mccollister-2010"
multipliers = { robbery = { low = 1.5, high = 2.5 } }
"""


@pytest.fixture
def write(tmp_path):
    """Give a writer of the study with more lines of prices."""

    def write(prices=""):
        rng = np.random.default_rng(7)
        rows = ["site,year,robbery,began"]
        for site in range(12):
            for year in range(2000, 2008):
                mean = (20 + 10 * site) * (0.7 if site < 6 and year >= 2004 else 1.0)
                rows.append(f"s{site},{year},{rng.poisson(mean)},{2004 if site < 6 else ''}")
        (tmp_path / "data.csv").write_text("\n".join(rows) + "\n")
        (tmp_path / "study.toml").write_text(STUDY + prices)
        return tmp_path / "study.toml"

    return write


def test_result_and_report_carry_both_schedules(write, tmp_path):
    """Both are printed, with how far the choice of each moves the answer."""
    evaluation = ek.load_study(write()).run()
    evaluation.write(tmp_path / "out", formats=("json", "md"))
    told = json.loads((tmp_path / "out" / "result.json").read_text())["appraisal"]["schedules"]
    assert told["chosen"]["schedule"] == "mccollister-2010"
    assert told["chosen"]["certainty"].startswith("unverified")
    (beside,) = told["beside"]
    chosen = evaluation.appraisal
    assert beside["benefit"]["mean"] == pytest.approx(chosen.benefit.mean * 335_733 / 42_310, rel=1e-12)
    assert told["moved_by_schedule"] == pytest.approx(abs(beside["net_benefit_moves"]))
    (other,) = told["by_estimator"]
    assert other["estimator"] == "did-ols"
    assert told["moved_by_estimator"] == pytest.approx(abs(other["net_benefit"] - chosen.net_benefit.mean))
    report = (tmp_path / "out" / "report.md").read_text()
    for part in ("The same effect under another schedule", "delisi-2010", "The choice of schedule moves the mean"):
        assert part in report
    assert (tmp_path / "out" / "tables" / "by-schedule.csv").is_file()


def test_another_estimator_is_priced_on_the_same_draws_of_costs_and_prices(write):
    """It is to the last digit what a study that names it as its own estimator finds."""
    evaluation = ek.load_study(write()).run()
    file = write()
    file.write_text(file.read_text().replace('"did-poisson"', '"did-ols"').replace('["did-ols"]', "[]"))
    named = ek.load_study(file).run()
    (other,) = evaluation.money_by_estimator
    assert (other.estimator, other.net_benefit) == ("did-ols", named.appraisal.net_benefit.mean)


def test_no_schedule_beside_changes_no_number(write):
    """The second schedule is drawn after all else."""
    both, alone = ek.load_study(write()).run(), ek.load_study(write("beside = []\n")).run()
    assert (len(both.appraisal.beside), alone.appraisal.beside, alone.money_by_estimator) == (1, (), ())
    np.testing.assert_array_equal(both.appraisal.net_benefit_draws, alone.appraisal.net_benefit_draws)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('beside = ["home-office-2018"]', "beside 'home-office-2018': its amounts are in GBP"),
        ('beside = ["../secret.csv"]', r"\[prices\] beside"),
        ('besid = ["delisi-2010"]', "did you mean 'beside'"),
        ('justice = "marginal"', "no marginal cost of justice of 'robbery' is known"),
        ('transfer = { to = "DEU", ppp = 0.8 }', "needs currency, source"),
        ('valued_apart = { guard = "fear" }', "did you mean 'guards'"),
        ('price_year = "1066"', "a shipped schedule has its own price_year"),
    ],
)
def test_a_fault_is_told_before_the_run(write, line, told):
    """The study file is refused with one message."""
    with pytest.raises(StudyError, match=told):
        ek.load_study(write(line + "\n"))


def test_a_schedule_in_a_file_is_among_the_hashed_inputs(write, tmp_path):
    """A file that is named beside is read from the study's folder and stands in the provenance."""
    (tmp_path / "own.csv").write_text(
        '# country = "USA"\n# currency = "USD"\n# price_year = 2008\n# basis = "actual"\ncrime,value\nrobbery,9000\n'
    )
    evaluation = ek.load_study(write('beside = ["own.csv"]\n')).run()
    assert "own.csv" in evaluation.provenance.inputs
    assert evaluation.appraisal.beside[0].benefit.mean == pytest.approx(
        evaluation.appraisal.benefit.mean * 9_000 / 42_310
    )
