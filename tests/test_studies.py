"""Every shipped study runs, and gives what it says it gives."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import evalkit as ek
from evalkit.__main__ import main
from evalkit.result import result_document, result_text


@pytest.fixture(scope="module")
def studies(repo, tmp_path_factory):
    """Give a copy of the shipped studies, so that nothing is written beside the originals."""
    folder = tmp_path_factory.mktemp("studies")
    shutil.copytree(
        repo / "studies", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("report", "__pycache__")
    )
    return folder


@pytest.fixture(scope="module")
def castle(studies):
    """Give the evaluation of the castle-doctrine laws."""
    return ek.load_study(studies / "castle_doctrine").run()


@pytest.mark.parametrize(
    "name",
    [
        "castle_doctrine/study.toml",
        "castle_doctrine/published.toml",
        "castle_doctrine/study.py",
        "hot_spots_table/study.toml",
    ],
)
def test_a_study_runs_from_the_command_line(name, studies, tmp_path, capsys):
    """It writes all that it promises, and its result keeps the schema."""
    out = tmp_path / "out"
    assert main(["run", str(studies / name), "--out", str(out), "--format", "html,md,json", "--draws", "400"]) == 0
    assert {"result.json", "report.html", "report.md"} <= {file.name for file in out.iterdir()}
    document = json.loads((out / "result.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert result_text(document) == (out / "result.json").read_text(encoding="utf-8")
    assert not list(out.rglob("*.part"))
    assert document["study"]["title"] in capsys.readouterr().out


def test_every_shipped_study_is_run(studies):
    """The list above holds every study file of the folder."""
    # evidence files are run by tests/evidence/test_evidence_studies.py, which holds them all
    files = (file for file in studies.rglob("*.toml") if file.name != "evidence.toml")
    found = {f"{file.parent.name}/{file.name}" for file in files}
    assert found == {"castle_doctrine/study.toml", "castle_doctrine/published.toml", "hot_spots_table/study.toml"}


def test_the_published_log_rate_estimates_come_back(studies):
    """Cheng and Hoekstra 2013 with errors for few clusters: peers' figures to the digits they print."""
    effects = ek.load_study(studies / "castle_doctrine" / "published.toml").run().effects
    weighted, unweighted = effects["weighted"], effects["unweighted"]
    nested, full = "CR1, nested effects not counted", "CR1, all effects counted"
    got = {
        (name, kind): (round(effect.estimate, 4), round(effect.std_error, 4))
        for name, named in (("weighted", weighted), ("unweighted", unweighted))
        for kind, effect in named.items()
    }
    assert got == {
        ("weighted", "did-ols"): (0.0755, 0.036),
        ("weighted", nested): (0.0755, 0.0332),
        ("weighted", full): (0.0755, 0.0348),
        ("unweighted", "did-ols"): (0.0694, 0.0561),
        ("unweighted", nested): (0.0694, 0.0559),
        ("unweighted", full): (0.0694, 0.0586),
    }
    assert round(weighted["did-ols"].degrees_of_freedom, 1) == 7.1
    assert round(weighted["did-ols"].p_value, 4) == 0.0735
    assert round(unweighted["did-ols"].degrees_of_freedom, 1) == 36.8


def test_the_published_eight_counts_come_back(studies):
    """Wheeler and Ratcliffe 2018: -118, standard error 39.598, z -2.980, 95 % interval -195.6 to -40.4."""
    effect = ek.load_study(studies / "hot_spots_table").run().primary
    total = replace(effect, change=effect.change + effect.displacement.change, displacement=None)
    ends = total.interval()
    assert (round(total.estimate, 3), round(total.std_error, 3)) == (-118, 39.598)
    assert round(total.estimate / total.std_error, 3) == -2.98
    assert (round(ends.lower, 1), round(ends.upper, 1)) == (-195.6, -40.4)


def test_study_toml_and_study_py_are_the_same_study(studies, castle):
    """The same seed gives the same numbers, whichever way the study was written."""
    program = ek.load_study(studies / "castle_doctrine" / "study.py").run()
    one, other = result_document(castle), result_document(program)
    for document in (one, other):
        document["provenance"].pop("inputs")
    assert one == other


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(studies, castle):
    """Each estimate has a random stream of its own."""
    again = ek.load_study(studies / "castle_doctrine").run(jobs=3)
    assert result_text(result_document(again)) == result_text(result_document(castle))


def test_another_seed_moves_no_margin(studies, castle):
    """Draws are spread, not sampled: the order changes and the interval does not."""
    other = ek.load_study(studies / "castle_doctrine").run(seed=99)
    assert other.primary.interval() == castle.primary.interval()
    assert not np.array_equal(other.primary.change, castle.primary.change)


def test_outcomes_measured_in_the_same_states_vary_together(castle):
    """The states' influence on two estimates says how these vary together, and the draws do so."""
    primaries = [castle.primary_of(outcome) for outcome in castle.effects]
    influence = np.array([effect.influence for effect in primaries])
    lengths = np.linalg.norm(influence, axis=1)
    wanted = influence @ influence.T / np.outer(lengths, lengths)
    drawn = np.corrcoef([effect.change for effect in primaries])
    assert np.abs(wanted - np.eye(4)).max() > 0.5
    # 4,000 rows in an order made for it; margins that are not normal move a correlation a little
    assert drawn == pytest.approx(wanted, abs=0.02)


def test_events_are_told_by_site_and_period_and_add_up_to_the_total(castle):
    """Expected and prevented of every state and year; the sum is the total at the estimate."""
    effect = castle.primary
    assert effect.cells.expected.shape == (21, 11)
    assert effect.cells.sites[:2] == ("Alabama", "Alaska")
    assert effect.cells.treated.sum(axis=1).min() == 1  # Montana's only full year under the law is 2010
    assert effect.cells.prevented[~effect.cells.treated].max() == 0
    assert effect.cells.prevented.sum() == pytest.approx(np.median(effect.total_prevented), rel=1e-9)
    by_period = effect.cells.prevented.sum(axis=0)[-len(effect.periods) :]
    assert by_period == pytest.approx(np.median(effect.prevented, axis=0), rel=1e-9)


def test_harm_has_no_price_for_each_crime_prevented(castle):
    """Nothing was prevented, so there is a reason in place of a number, and never a bargain."""
    per_crime = castle.appraisal.cost_per_crime_prevented
    assert (per_crime.estimate, per_crime.upper, per_crime.acceptable_at[0.95]) == (None, None, None)
    assert "no crime was prevented" in per_crime.reason
    assert castle.appraisal.prob_net_benefit < 0.1


def test_what_few_effective_states_carry_cannot_be_told(castle):
    """Fifty states are worth 8.3 degrees of freedom, so the interval holds no change (by population: p .0735)."""
    assert castle.primary.degrees_of_freedom == pytest.approx(8.3, abs=0.05)
    assert castle.primary.p_value == pytest.approx(0.075, abs=5e-4)
    assert (castle.finding.case, castle.finding.certainty) == ("unclear", "low")


def test_the_new_study_runs_as_it_stands(tmp_path, capsys):
    """Its known effect, a fall of 22 %, is found."""
    assert main(["new", str(tmp_path / "mine")]) == 0
    assert main(["check", str(tmp_path / "mine")]) == 0
    assert main(["run", str(tmp_path / "mine")]) == 0
    document = json.loads((tmp_path / "mine" / "report" / "result.json").read_text(encoding="utf-8"))
    change = document["effects"][0]["percent_change"]
    assert change["lower"] < -22 < change["upper"] < 0
    assert "burglary" in capsys.readouterr().out


def test_quick_answers_eight_integers_and_a_cost(capsys):
    """One comparison area for both is not counted twice: standard error 56.18, not 43.63."""
    given = "quick --treated 207 110 --comparison 308 318 --buffer 178 157 --buffer-comparison 308 318 --cost 100000"
    assert main(given.split()) == 0
    shown = capsys.readouterr().out
    # 207 - 110 + 178 - 157 + 2 (318 - 308) = 138, and 138 - 1.96 x 56.18 = 27.9
    assert "138" in shown
    assert "27.89" in shown


def test_a_second_run_leaves_nothing_of_the_first(studies, tmp_path):
    """A table or a report of another run beside a new result would be taken for its own."""
    evaluation = ek.load_study(studies / "hot_spots_table").run(draws=200)
    evaluation.write(tmp_path, formats=("html", "md"))
    (tmp_path / "tables" / "left-over.csv").write_text("x")
    (tmp_path / "notes.txt").write_text("mine")
    evaluation.write(tmp_path, formats=("json",))
    left = {file.name for file in tmp_path.rglob("*") if file.is_file()}
    assert "result.json" in left
    assert "notes.txt" in left
    assert not left & {"report.html", "report.md", "left-over.csv"}


def test_nothing_is_left_when_a_file_cannot_be_written(studies, tmp_path, monkeypatch):
    """A run that fails half-way leaves no file under its final name."""
    from pathlib import Path

    from evalkit.errors import ReportError

    evaluation = ek.load_study(studies / "hot_spots_table").run(draws=200)
    whole = Path.write_text

    def full_disk(self, text, **more):
        if self.name.startswith("report"):
            raise OSError(28, "No space left on device")
        return whole(self, text, **more)

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(ReportError, match="No space left on device"):
        evaluation.write(tmp_path / "out")
    assert [file for file in (tmp_path / "out").rglob("*") if file.is_file()] == []
