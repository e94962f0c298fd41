"""`evalkit pool`: files in, an answer in the terminal, and files that keep their promises."""

import json
import math
import re

import numpy as np
import pytest

import evalkit as ek
from evalkit.__main__ import AT_FAULT, DONE, main
from evalkit.checked_json import checked_json
from evalkit.errors import EvidenceError, ReportError, StudyError
from evalkit.evidence import EffectSize
from evalkit.pooling.document import pool_document, pool_text

ROWS = """study,estimate,std_error,country
Ashby,-0.31,0.10,UK
Birkdal,-0.08,0.12,DK
Colne,-0.22,0.09,UK
Dunmore,0.05,0.15,IE
"""

FILE = """
[evidence]
title = "Lights in car parks"
good = "fewer"
scale = "log_rate_ratio"
files = ["effects.csv"]
draws = 500
"""

PREDICT = """
[predict]
place = "Elland"
outcome = "vehicle theft"
crime = "vehicle-theft"
periods = ["2027", "2028"]
expected = [400, { mean = 400, sd = 40 }]
expected_error = 0.1
"""

MONEY = """
[costs]
currency = "GBP"
year = 2020
flows = [{ what = "lights", amount = 60000, bearer = "city", kind = "capital", year = 1, assumed = true }]

[prices]
country = "GBR"
currency = "GBP"
price_year = 2020
basis = "recorded"
unit_costs = [{ crime = "vehicle-theft", component = "total", value = 1000, bearer = "victims", source = "invented" }]

[pilot]
error = 0.2
cost = 5000
periods = 1
"""


@pytest.fixture
def folder(tmp_path):
    """Give a folder with a table of effects and an evidence file."""
    (tmp_path / "effects.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "evidence.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def said(capsys, *arguments):
    """Run the command and give its exit status and what it wrote to each stream."""
    status = main(["pool", *map(str, arguments)])
    streams = capsys.readouterr()
    return status, streams.out, streams.err


def flat(text):
    """Give a text on one line."""
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_a_table_is_pooled_in_the_terminal_and_nothing_is_written(folder, capsys, monkeypatch):
    """Without --out, files given by name leave the disk as it was."""
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    status, out, err = said(capsys, "effects.csv", "--good", "fewer", "--scale", "log_rate_ratio")
    assert (status, err) == (DONE, "")
    for part in ("Ashby", "mean of all", "one more programme", "exact Bayes", "REML, Hartung-Knapp", "does harm"):
        assert part in out
    assert max(map(len, out.splitlines())) <= 84
    assert sorted(folder.rglob("*")) == before


def test_the_numbers_of_the_terminal_are_those_of_the_document(folder, capsys):
    """Mean, range and chance of harm: read from one fit."""
    _, out, _ = said(
        capsys, folder / "effects.csv", "--good", "fewer", "--scale", "log_rate_ratio", "--out", folder / "o"
    )
    document = json.loads((folder / "o" / "pool.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    mean, chance = document["mean"], document["new_programme"]["prob_harm"]
    ratios = [math.exp(mean[key]) for key in ("median", "lower", "upper")]
    line = next(row for row in out.splitlines() if row.startswith("mean of all"))
    shown = [float(number) for number in re.findall(r"\d+\.\d+", line)]
    assert shown == pytest.approx(ratios, rel=5e-3)
    assert f"{round(100 * chance)} in 100" in flat(out)


def test_the_document_keeps_its_schema_and_the_bytes_of_a_seed(folder):
    """It is checked on every write; the same seed gives the same file."""
    first, again, other = (ek.load_evidence(folder).synthesise(seed=seed) for seed in (4, 4, 5))
    assert pool_text(first) == pool_text(again)
    document = json.loads(pool_text(first), parse_constant=pytest.fail)
    assert document == pool_document(first)
    assert document["mean"] == pool_document(other)["mean"]  # the fit itself draws nothing


def test_an_evidence_file_writes_its_report_beside_itself(folder, capsys):
    """As a study does."""
    status, out, _ = said(capsys, folder)
    assert status == DONE
    written = {file.name for file in (folder / "report").iterdir()}
    assert {"pool.json", "report.html", "report.md", "figures", "tables"} <= written
    assert str(folder / "report" / "pool.json") in out
    assert not list(folder.rglob("*.part"))


def test_a_format_that_is_not_asked_for_is_not_written_and_an_old_one_goes(folder, capsys):
    """A report of an earlier run does not stand beside new numbers."""
    assert said(capsys, folder)[0] == DONE
    assert said(capsys, folder, "--format", "md")[0] == DONE
    assert not (folder / "report" / "report.html").exists()
    assert (folder / "report" / "report.md").exists()


def test_a_new_place_is_predicted_appraised_and_a_pilot_weighed(folder, capsys):
    """Expected events times what the measure takes away, row by row, and money on their mean."""
    (folder / "evidence.toml").write_text(FILE + PREDICT + MONEY, encoding="utf-8")
    status, out, _ = said(capsys, folder)
    assert status == DONE
    assert "Elland" in out
    found = json.loads((folder / "report" / "pool.json").read_text(encoding="utf-8"))
    synthesis = ek.load_evidence(folder).synthesise()
    predicted, appraisal = synthesis.predicted, synthesis.appraisal
    assert found["prediction"]["prevented"]["mean"] == pytest.approx(predicted.total_prevented.mean())
    # 800 are expected; the mean of the ratio is that of the exact mixture
    ratio = synthesis.body.overall.mean_new_ratio().value
    assert predicted.total_prevented.mean() == pytest.approx(800 * (1 - ratio), abs=12)
    one = found["appraisal"]["cost_per_crime_prevented"]
    assert one["prob_prevents"] == pytest.approx(float((predicted.total_prevented > 0).mean()))
    assert found["appraisal"]["prob_net_benefit"] == appraisal.prob_net_benefit
    pilot = found["pilot"]
    assert 0 <= pilot["sample"] <= pilot["perfect"]
    assert pilot["net"] == pytest.approx(pilot["sample"] - pilot["cost"] - pilot["forgone"])
    assert pilot["left"] == pytest.approx(0.5)


def test_a_pilot_that_shows_everything_is_worth_what_knowing_the_effect_is(folder):
    """The value of a sample rises with its exactness and ends at that of the effect; a vague one is worth nothing."""
    worths = []
    for error in ("10.0", "0.2", "0.0001"):
        text = (
            (FILE + PREDICT + MONEY)
            .replace("error = 0.2\n", f"error = {error}\n")
            .replace("draws = 500", "draws = 4000")
        )
        (folder / "evidence.toml").write_text(text, encoding="utf-8")
        worths.append(ek.load_evidence(folder).synthesise().pilot)
    vague, some, full = worths
    assert vague.sample < some.sample < full.sample <= full.perfect
    assert vague.resolved < 0.01
    assert full.resolved > 0.999


def test_odds_become_people_through_the_risk_there():
    """A half of the odds where half are at risk: a third of people in place of a half, so a third fewer."""
    from evalkit.pooling.place import events_ratio

    assert events_ratio(np.log([0.5]), "log_odds_ratio", 0.5) == pytest.approx([2 / 3])
    assert events_ratio(np.log([2.0]), "log_hazard_ratio", 0.5) == pytest.approx([1.5])
    assert events_ratio(np.log([0.7]), "log_rate_ratio", None) == pytest.approx([0.7])
    with pytest.raises(EvidenceError, match="give base_risk"):
        events_ratio(np.log([0.5]), "log_odds_ratio", None)
    with pytest.raises(EvidenceError, match="does not say how many events"):
        events_ratio(np.array([0.1]), "risk_difference", 0.5)


def test_money_under_a_heavy_tail_is_refused_with_the_reason(folder):
    """There is no mean, so there is no sum."""
    text = FILE + '[pooling]\nprior = "heavy tails"\n' + PREDICT + MONEY
    (folder / "evidence.toml").write_text(text, encoding="utf-8")
    synthesis = ek.load_evidence(folder).synthesise()
    assert synthesis.appraisal is None
    assert "has no mean" in synthesis.appraisal_reason
    document = json.loads(pool_text(synthesis), parse_constant=pytest.fail)
    assert document["prediction"]["prevented"]["mean"] is None


def test_rows_may_stand_in_the_file_itself(tmp_path):
    """Inline studies give what the same rows in a table give."""
    rows = "".join(
        f'[[evidence.studies]]\nstudy = "{name}"\nestimate = {estimate}\nstd_error = {error}\n'
        for name, estimate, error, _ in (line.split(",") for line in ROWS.splitlines()[1:])
    )
    (tmp_path / "evidence.toml").write_text(FILE.replace('files = ["effects.csv"]\n', "") + rows, encoding="utf-8")
    inline = ek.load_evidence(tmp_path).synthesise()
    (tmp_path / "effects.csv").write_text(ROWS, encoding="utf-8")
    table = ek.pool([tmp_path / "effects.csv"], good="fewer", scale="log_rate_ratio")
    assert inline.body.mean.mean == pytest.approx(table.body.mean.mean, abs=1e-12)


def test_results_of_evalkit_are_pooled_and_their_failed_checks_said(tmp_path, capsys):
    """Two studies by the table of counts; what failed in one stands in the notes."""
    for number, treated in enumerate(([207, 110], [190, 150])):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "study.toml").write_text(
            f"""
[study]
title = "Patrols {number}"
primary = "crime"
draws = 400

[intervention]
name = "patrols"

[outcomes.crime.table]
treated = {treated}
comparison = [308, 318]

[analysis]
estimator = "table"
options = {{ measure = "ratio" }}
""",
            encoding="utf-8",
        )
        assert main(["run", str(folder), "--format", "json"]) == DONE
    capsys.readouterr()
    files = [tmp_path / str(number) / "report" / "result.json" for number in range(2)]
    status, out, err = said(capsys, *files)
    assert (status, err) == (DONE, "")
    assert "Patrols 0" in out
    body = ek.pool(files).body
    log_ratio = math.log(110 / 207 * 308 / 318)
    assert body.studies[0].estimate == pytest.approx(log_ratio, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["effects.csv"], "does not say whether fewer or more"),
        (["effects.csv", "--good", "fewer"], "no scale"),
        (["effects.csv", "./effects.csv", "--good", "fewer", "--scale", "log_rate_ratio"], "named twice"),
        (["nowhere.csv", "--good", "fewer"], "cannot read"),
        (["picture.png"], "neither a result nor a table"),
        (["other.json"], "is not a result of evalkit"),
        (["one.csv", "--good", "fewer", "--scale", "log_rate_ratio"], "one study only"),
        (["zero.csv", "--good", "fewer", "--scale", "log_rate_ratio"], "standard error is 0"),
        (["mixed.csv", "--good", "fewer"], "which are not pooled together"),
        (["twice.csv", "--good", "fewer", "--scale", "log_rate_ratio"], "gives the same effect"),
        (["effects.csv", "--good", "fewer", "--scale", "log_rat_ratio"], "did you mean"),
        (
            ["effects.csv", "--good", "fewer", "--scale", "log_rate_ratio", "--prior", "sceptcal"],
            "did you mean 'sceptical'",
        ),
        (
            ["effects.csv", "--good", "fewer", "--scale", "log_rate_ratio", "--moderators", "contry"],
            "did you mean 'country'",
        ),
        (["effects.csv", "--good", "fewer", "--scale", "log_rate_ratio", "--at", "x=1"], "no moderator was fitted"),
        ([".", "--prior", "wide"], "says --prior itself"),
        ([".", "effects.csv"], "says itself which studies"),
        (["study.toml"], "is a study and not evidence"),
    ],
)
def test_what_cannot_be_pooled_ends_in_one_message(folder, capsys, monkeypatch, arguments, wanted):
    """Exit status 2, what and where, and no traceback."""
    monkeypatch.chdir(folder)
    head = "study,estimate,std_error\n"
    files = {
        "one.csv": f"{head}A,-0.1,0.1\n",
        "zero.csv": f"{head}A,-0.1,0.1\nB,-0.2,0\n",
        "mixed.csv": "study,estimate,std_error,scale\nA,-0.1,0.1,log_rate_ratio\nB,-0.2,0.1,log_odds_ratio\n",
        "twice.csv": f"{head}A,-0.1,0.1\nA,-0.1,0.1\n",
        "other.json": "{}",
        "picture.png": "no picture",
        "study.toml": '[study]\ntitle = "x"\n',
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    status, out, err = said(capsys, *arguments)
    assert (status, out) == (AT_FAULT, "")
    assert wanted in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (FILE.replace("title", "titel"), "did you mean 'title'"),
        (FILE.replace('["effects.csv"]', "[]"), "there are no studies"),
        (FILE.replace("effects.csv", "../effects.csv"), "leads out of the folder"),
        (FILE + "[pooling]\nmoderater = ['x']\n", "did you mean 'moderators'"),
        (FILE + PREDICT.replace("expected = [400, { mean = 400, sd = 40 }]", "expected = [400]"), "2 periods and 1"),
        (FILE + PREDICT.replace("place", "plase"), "did you mean 'place'"),
        (FILE + PREDICT.replace("vehicle-theft", "vehicle-thef"), "did you mean 'vehicle-theft'"),
        (FILE + MONEY, "name the new place"),
        (FILE + PREDICT + MONEY.replace("periods = 1", "periods = 2"), "leaves none"),
        (FILE + PREDICT + MONEY.replace("error = 0.2\n", "events = 40\n"), "comparison_events and dispersion"),
        (FILE + PREDICT + MONEY.split("[prices]")[1].join(["[prices]", ""]), "but no [costs]"),
        ("title = ", "is not TOML"),
    ],
)
def test_a_fault_of_the_file_is_named_with_its_key(folder, text, wanted):
    """Unknown keys are errors that name the nearest one."""
    (folder / "evidence.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=re.escape(wanted)):
        ek.load_evidence(folder)


def test_every_fault_of_the_file_is_told_at_once(folder):
    """Nobody has to run it three times to hear three things."""
    text = FILE + '[pooling]\nprior = { mean = "flat" }\n' + PREDICT.replace("vehicle-theft", "vehicle-thef")
    (folder / "evidence.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as problem:
        ek.load_evidence(folder)
    assert len(problem.value.faults) == 2


def test_a_place_beyond_the_studies_is_flagged_and_advice_follows(tmp_path):
    """A line beyond its data is a guess; the range around it does not hold the error of that guess."""
    rng = np.random.default_rng(2)
    rows = "".join(f"s{i},{-0.2 + 0.05 * rng.normal():.3f},0.05,{i % 5}\n" for i in range(12))
    (tmp_path / "effects.csv").write_text(f"study,estimate,std_error,size\n{rows}", encoding="utf-8")
    text = FILE + '[pooling]\nmoderators = ["size"]\n[predict]\nplace = "Far"\nat = { size = 9 }\n'
    (tmp_path / "evidence.toml").write_text(text, encoding="utf-8")
    synthesis = ek.load_evidence(tmp_path).synthesise()
    failed = [check for check in synthesis.predicted.checks if check.passed is False]
    assert [check.name for check in failed] == ["like the studies: size"]
    assert "0 to 4 in the studies" in failed[0].detail
    assert any("extrapolation" in warning for warning in synthesis.warnings)
    from evalkit.report.evidence_support import supported

    assert "outside what was studied" in supported(synthesis).advice


def test_effects_made_in_python_are_pooled_as_files_are():
    """The door of Python takes both, and not a mixture of them."""
    effects = [
        EffectSize(study=name, estimate=float(estimate), error=float(error), scale="log_rate_ratio")
        for name, estimate, error, _ in (line.split(",") for line in ROWS.splitlines()[1:])
    ]
    assert ek.pool(effects).body.mean.mean < 0
    with pytest.raises(EvidenceError, match="and not both"):
        ek.pool([*effects, "effects.csv"])
    with pytest.raises(EvidenceError, match="'good' says how files are read"):
        ek.pool(effects, good="fewer")


def test_the_schema_refuses_what_it_does_not_know(folder):
    """A schema that lets everything through would promise nothing."""
    document = pool_document(ek.load_evidence(folder).synthesise())
    assert json.loads(checked_json(document, "pool", "pool.json")) == document
    for spoiled in ({**document, "extra": 1}, {**document, "mean": {}}, {**document, "studies": []}):
        with pytest.raises(ReportError, match="does not keep its own schema"):
            checked_json(spoiled, "pool", "pool.json")
