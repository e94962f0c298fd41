"""The shipped bodies of evidence give what was published, and hold the truth that they were made with."""

import csv
import importlib.util
import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import evalkit as ek
from evalkit.__main__ import DONE, main
from evalkit.evidence import from_before_after

NAMES = ("forty_sites", "scared_straight")


@pytest.fixture(scope="module")
def studies(repo, tmp_path_factory):
    """Give a copy of the evidence studies, so that nothing is written beside the originals."""
    folder = tmp_path_factory.mktemp("studies")
    for name in NAMES:
        shutil.copytree(repo / "studies" / name, folder / name, ignore=shutil.ignore_patterns("report", "__pycache__"))
    return folder


@pytest.fixture(scope="module")
def trials(studies):
    """Give the seven trials of prison visits, pooled."""
    return ek.load_evidence(studies / "scared_straight").synthesise()


@pytest.fixture(scope="module")
def beats(studies):
    """Give the forty beats, pooled, and carried to the new city."""
    return ek.load_evidence(studies / "forty_sites").synthesise()


@pytest.fixture(scope="module")
def truth(studies):
    """Give what the forty beats were made with, by name."""
    with (studies / "forty_sites" / "data" / "truth.csv").open(encoding="utf-8") as file:
        return {row["what"]: float(row["value"]) for row in csv.DictReader(file)}


def test_every_shipped_evidence_file_is_run(repo):
    """The list above holds every one of the folder."""
    assert {file.parent.name for file in (repo / "studies").rglob("evidence.toml")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_evidence_study_runs_from_the_command_line(name, studies, tmp_path, capsys):
    """It writes all that it promises."""
    assert main(["pool", str(studies / name), "--out", str(tmp_path), "--draws", "400"]) == DONE
    assert {"pool.json", "report.html", "report.md"} <= {file.name for file in tmp_path.iterdir()}
    document = json.loads((tmp_path / "pool.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert document["evidence"]["title"] in " ".join(capsys.readouterr().out.split())


def test_the_published_odds_ratios_of_the_seven_trials_come_back(trials):
    """Petrosino and others 2013: 1.68 (1.20 to 2.36) with fixed effects, 1.72 with random ones."""
    lines = {line.name: line for line in trials.body.methods}
    fixed, random = lines["Mantel-Haenszel, common effect"], lines["DerSimonian-Laird, normal"]
    ends = (fixed.mean, fixed.held.lower, fixed.held.upper)
    assert tuple(round(math.exp(value), 2) for value in ends) == (1.68, 1.20, 2.36)
    assert round(math.exp(random.mean), 2) == 1.72


def test_the_seven_trials_say_that_one_more_does_harm(trials):
    """The finding of the review: such visits do more harm than nothing."""
    from evalkit.report.evidence_support import supported

    assert trials.body.is_settled
    assert trials.body.prob_mean_harm > 0.975
    assert trials.body.prob_new_harm > 0.9
    assert trials.predicted.total_prevented.mean() < 0
    assert "Do not start" in supported(trials).advice


def script(folder, name):
    """Load a script of the study as a module."""
    place = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def test_the_data_of_the_forty_beats_are_made_by_their_script(studies):
    """The same seed gives the same files, and the same first stage the same effects."""
    folder = studies / "forty_sites"
    names = ("counts.csv", "beats.csv", "truth.csv", "effects.csv")
    before = {name: (folder / "data" / name).read_bytes() for name in names}
    for name in ("make_data", "evaluate"):
        script(folder, name).main()
    assert {name: (folder / "data" / name).read_bytes() for name in names} == before


def test_the_forty_beats_hold_the_truth_as_the_study_says(beats, truth):
    """Mean, spread and the new city lie in their 95 % ranges; the slope is the one in twenty that does not."""
    body = beats.body
    fit = body.by_moderators
    assert not body.expected({"deprivation": 0.0})[0].interval(0.95).excludes(truth["mean"])
    low, high = fit.between.ppf(np.array([0.025, 0.975]))
    assert low < truth["between"] < high
    assert not body.expected({"deprivation": 1.0})[1].interval(0.95).excludes(truth["new city"])
    slope = fit.coefficient("deprivation").interval(0.99)
    assert not slope.excludes(truth["slope"])
    assert body.by_moderators.coefficient("deprivation").interval(0.95).excludes(truth["slope"])
    held = [
        not site.interval(0.95).excludes(truth[each.study]) for site, each in zip(fit.sites, body.studies, strict=True)
    ]
    assert sum(held) == 35


def test_both_stages_hold_the_truth_as_often_as_promised_over_seeds(studies):
    """Mean, slope, spread and new city in their 95 % ranges in 60 programmes made like the one that is shipped."""
    folder = studies / "forty_sites"
    made, stage = script(folder, "make_data"), script(folder, "evaluate")
    seeds, inside = 60, np.zeros(4)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        deprivation = rng.normal(0.0, 1.0, made.SITES)
        effects = made.MEAN + made.SLOPE * deprivation + rng.normal(0.0, made.BETWEEN, made.SITES)
        new = made.MEAN + made.SLOPE * made.NEW_DEPRIVATION + rng.normal(0.0, made.BETWEEN)
        counts = made.simulated(rng, deprivation, effects)
        body = ek.pool(effects_of(counts, stage, made.BEFORE, deprivation), moderators=["place"]).body
        low, high = body.by_moderators.between.ppf(np.array([0.025, 0.975]))
        inside += [
            not body.expected({"place": 0.0})[0].interval(0.95).excludes(made.MEAN),
            not body.by_moderators.coefficient("place").interval(0.95).excludes(made.SLOPE),
            low < made.BETWEEN < high,
            not body.expected({"place": made.NEW_DEPRIVATION})[1].interval(0.95).excludes(new),
        ]
    lowest = stats.binom.ppf(0.001, seeds, 0.95) / seeds
    assert (inside / seeds >= lowest).all(), inside / seeds


def effects_of(counts, stage, before, places):
    """Make the first stage's effects of simulated counts, shape (sites, arms, months)."""
    sites, arms, months = np.indices(counts.shape)
    cells = pd.DataFrame(
        {
            "beat": sites.ravel(),
            "zone": arms.ravel(),
            "month": months.ravel(),
            "time": np.where(months.ravel() < before, "before", "after"),
            "damage": counts.ravel(),
        }
    )
    dispersion = stage.dispersion(cells)
    return [
        from_before_after(
            f"beat {site}",
            treated_before=float(own[1, :before].sum()),
            treated_after=float(own[1, before:].sum()),
            comparison_before=float(own[0, :before].sum()),
            comparison_after=float(own[0, before:].sum()),
            dispersion=dispersion,
            moderators={"place": float(place)},
        )
        for site, (own, place) in enumerate(zip(counts, places, strict=True))
    ]


def test_drawing_beats_together_comes_nearer_to_their_truth(beats, truth):
    """What partial pooling is for: the squared error of all beats falls by more than half."""
    body = beats.body
    known = np.array([truth[each.study] for each in body.studies])
    raw = np.array([each.estimate for each in body.studies])
    drawn = np.array([site.mean for site in body.by_moderators.sites])
    assert np.sum((drawn - known) ** 2) < 0.5 * np.sum((raw - known) ** 2)


def test_what_the_new_city_would_see_lies_in_what_was_foreseen(beats, truth):
    """With the city's true effect, 1,920 expected acts become so many fewer."""
    prevented = 1920 * -math.expm1(truth["new city"])
    lower, upper = np.quantile(beats.predicted.total_prevented, [0.025, 0.975])
    assert lower < prevented < upper
    assert beats.appraisal.net_benefit is not None
    assert beats.pilot.sample <= beats.pilot.perfect
