"""An estimator of somebody else's is found, listed and run like those that come with evalkit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLE = Path(__file__).parent / "plugin_example"

STUDY = """
[study]
title = "Lighting in twelve streets"
primary = "burglary"
draws = 1000

[intervention]
name = "lighting"
approach = "situational"

[data]
file = "counts.csv"
site = "street"
period = "year"
began = "began"

[outcomes.burglary]
count = "burglaries"
crime = "burglary"

[analysis]
estimator = "rank-shift"
options = { largest_tail = 0.01 }
sensitivity = ["did-poisson"]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Give a folder with the example installed, built without a network and apart from everything else."""
    pytest.importorskip("pip", reason="this environment has no pip to install a plug-in with")
    sources = tmp_path_factory.mktemp("sources") / "plugin"
    shutil.copytree(EXAMPLE, sources, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("target")
    command = (sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index")
    succeed(*command, "--disable-pip-version-check", "--target", target, sources, cwd=sources)
    return target


def succeed(*command, cwd, **variables):
    """Run a command that must succeed as a user would, and give what it printed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | {"OMP_NUM_THREADS": "1"} | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def evalkit(*arguments, cwd, installed):
    """Run the command line with the plug-in beside it."""
    return succeed(sys.executable, "-m", "evalkit", *arguments, cwd=cwd, PYTHONPATH=str(installed))


def write_study(folder, *, factor, sites=6, seed=3):
    """Write a study of some treated and as many comparison streets over four years, with its counts."""
    rng = np.random.default_rng(seed)
    lines = ["street,year,burglaries,began"]
    for site in range(2 * sites):
        treated = site < sites
        for year in range(2018, 2022):
            mean = 60 * (factor if treated and year >= 2020 else 1)
            lines.append(f"S{site:02d},{year},{rng.poisson(mean)},{2020 if treated else ''}")
    (folder / "counts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")


@pytest.mark.slow
def test_an_installed_plug_in_is_listed_with_its_card(installed, tmp_path):
    """`evalkit models` shows what is installed, whoever wrote it."""
    assert "rank-shift" in evalkit("models", cwd=tmp_path, installed=installed)
    card = evalkit("models", "rank-shift", cwd=tmp_path, installed=installed)
    assert "largest_tail" in card
    assert "Hodges and Lehmann 1963" in card


@pytest.mark.slow
def test_a_study_names_a_plug_in_like_any_other(installed, tmp_path):
    """Its estimate stands in the result with its options, its checks and its p-value."""
    write_study(tmp_path, factor=0.5)
    evalkit("run", ".", "--out", "out", "--format", "json", cwd=tmp_path, installed=installed)
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    ours, peer = result["effects"]
    assert (ours["estimator"], ours["role"], ours["basis"]) == ("rank-shift", "primary", "randomisation")
    assert ours["lower"] < np.log(0.5) < ours["upper"] < 0
    assert ours["lower"] < peer["estimate"] < ours["upper"]
    assert ours["prevented"]["lower"] > 0
    assert ours["p_value"] == pytest.approx(2 / 924)  # C(12, 6) ways, of which this is the most extreme
    assert [check["name"] for check in ours["checks"]] == ["reach of the test"]


@pytest.fixture
def rank_shift(monkeypatch):
    """Give the example's class without installing it."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    import evalkit_rank_shift

    yield evalkit_rank_shift
    sys.modules.pop("evalkit_rank_shift", None)


def test_the_example_gives_the_classical_interval(rank_shift):
    """Limits are the pairs of Lehmann's table: of 6 and 6 sites the 6th and the 31st of 36 for 95 %."""
    from scipy.stats import mannwhitneyu

    from evalkit.draws import interval, spread

    rng = np.random.default_rng(1)
    treated, comparison = rng.normal(-0.4, 1, 6), rng.normal(0, 1, 6)
    shifts = rank_shift._Shifts.between(treated, comparison)
    ends = interval(spread(shifts, 4000, rng), 0.95)
    assert (ends.lower, ends.upper) == (shifts.differences[5], shifts.differences[30])
    assert shifts.p_value == pytest.approx(mannwhitneyu(treated, comparison, method="exact").pvalue)


def test_the_example_covers_a_shift_of_nothing(rank_shift):
    """Of random assignments at least 95 of 100 intervals hold zero, whatever the changes are distributed like."""
    from evalkit.draws import interval, spread

    rng = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        changes = rng.standard_t(2, 14)
        shifts = rank_shift._Shifts.between(changes[:6], changes[6:])
        held += not interval(spread(shifts, 1000, rng), 0.95).excludes(0)
    assert held >= 400 * 0.95 - 2 * np.sqrt(400 * 0.95 * 0.05)


def test_the_example_refuses_what_it_cannot_answer(rank_shift, tmp_path):
    """Three sites against three have no interval at 95 %, and the message says what is wanted."""
    import pandas as pd

    import evalkit as ek

    write_study(tmp_path, factor=1.0, sites=3)
    frame = pd.read_csv(tmp_path / "counts.csv")
    outcome = ek.Outcome(name="burglary", crime="burglary")
    panel = ek.Panel.from_long(frame, site="street", period="year", count="burglaries", outcome=outcome)
    lights = ek.Intervention(name="lighting", began={"S00": "2020", "S01": "2020", "S02": "2020"})
    design = ek.Design(panel=panel, intervention=lights)
    with pytest.raises(ek.EvalkitError, match="wanted are more sites"):
        rank_shift.RankShift().estimate(design, rng=np.random.default_rng(1))
