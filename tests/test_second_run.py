"""A second run from the command line: what it writes, when it answers, and what it does without."""

import subprocess
import sys

import pytest

from evalkit.__main__ import main
from evalkit.new_study import write_new_study

# What makes estimates, tables of data and pictures, and what words a fault: a run that finds all it needs loads none.
SPARED = ("matplotlib", "pandas", "scipy.interpolate", "scipy.optimize", "scipy.stats", "statsmodels")


@pytest.fixture
def study(tmp_path):
    """The study that `evalkit new` writes."""
    write_new_study(tmp_path / "study")
    return tmp_path / "study"


def files(folder):
    """Give what is in a folder, without what is kept there."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and ".estimates" not in file.parts
    }


def test_a_run_writes_the_same_with_and_without_what_was_kept(study, tmp_path):
    """Before and after a cost is changed; `--no-cache` keeps nothing and believes nothing."""
    run = ["run", str(study), "--draws", "200", "--format", "html,md,json"]
    kept, fresh = [*run, "--out", str(tmp_path / "kept")], [*run, "--no-cache", "--out", str(tmp_path / "fresh")]
    for amount in ("90000", "95000"):
        file = study / "study.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("amount = 90000", f"amount = {amount}"), "utf-8")
        assert [main(each) for each in (kept, kept, fresh)] == [0, 0, 0]
        assert files(tmp_path / "kept") == files(tmp_path / "fresh")
    assert {file.suffix for file in (tmp_path / "kept" / ".estimates").iterdir()} == {".designs", ".effect", ".svg"}
    assert not (tmp_path / "fresh" / ".estimates").exists()
    for file in (tmp_path / "kept" / ".estimates").iterdir():
        file.write_bytes(b"planted")
    assert main([*kept, "--no-cache"]) == 0
    assert {file.read_bytes() for file in (tmp_path / "kept" / ".estimates").iterdir()} == {b"planted"}
    assert main(kept) == 0
    assert files(tmp_path / "kept") == files(tmp_path / "fresh")


def test_a_run_that_finds_everything_loads_no_heavy_library(study, tmp_path):
    """Each takes as long to import as all the money of a study to reckon."""
    command = ["run", str(study), "--draws", "200", "--out", str(tmp_path / "out")]
    program = f"""
import sys
from evalkit.__main__ import main
assert main({command!r}) == 0
print("loaded:", *sorted(set({SPARED!r}) & set(sys.modules)))
"""
    for told in ("matplotlib", ""):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert told in done.stdout.splitlines()[-1]
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_the_answer_is_told_before_the_report_is_written(study, tmp_path, monkeypatch, capsys):
    """Who only looks at the terminal need not wait for the pictures."""
    from evalkit.evaluation import Evaluation

    told, write = [], Evaluation.write

    def looking(self, *rest, **options):
        told.append(capsys.readouterr().out)
        return write(self, *rest, **options)

    monkeypatch.setattr(Evaluation, "write", looking)
    assert main(["run", str(study), "--draws", "200", "--out", str(tmp_path / "out")]) == 0
    assert "The measure" in told[0]
    assert str(tmp_path / "out" / "report.html") in capsys.readouterr().out


def test_a_reader_who_leaves_early_keeps_no_report_from_being_written(study, tmp_path):
    """As `head` does."""
    command = [sys.executable, "-m", "evalkit", "run", str(study), "--draws", "200", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0
    assert (tmp_path / "out" / "report.html").is_file()
