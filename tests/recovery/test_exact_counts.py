"""The record of simulations of counts is of the cases as they are, and holds what the manual says of it.

The record is made by make_exact_counts.py beside this file; these tests read it and simulate nothing.
"""

import datetime as dt
import importlib.util
import json
from dataclasses import asdict
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RECORD = json.loads((HERE / "exact_counts.json").read_text(encoding="utf-8"))
ROWS = {row["key"]: row for row in RECORD["cases"]}
COUNTS = [key for key, row in ROWS.items() if row["process"] != "panel" and not row["told"]]
PANELS = [key for key, row in ROWS.items() if row["process"] == "panel" and not row["told"]]


@pytest.fixture(scope="module")
def made():
    """Give the script that made the record."""
    spec = importlib.util.spec_from_file_location("make_exact_counts", HERE / "make_exact_counts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_record_is_of_the_cases_as_they_are(made):
    """A case that was changed since has to be tried again."""
    kept = [{name: row[name] for name in asdict(case)} for case, row in zip(made.CASES, RECORD["cases"], strict=True)]
    assert kept == [asdict(case) for case in made.CASES]
    assert all(row["runs"] >= row["least"] >= made.RUNS for row in RECORD["cases"])
    assert dt.date.fromisoformat(RECORD["made"]) >= dt.date(2026, 11, 1)


@pytest.mark.parametrize("key", COUNTS)
def test_truths_lie_everywhere_alike_in_posteriors_of_counts(key, made):
    """90 % intervals hold the truth in 87 to 93 of 100 data sets, and no part of a posterior is favoured."""
    for name in made.TRUTHS:
        assert made.LEAST <= ROWS[key][name]["coverage"] <= made.MOST, name
        # twenty-four tests, of which one in 24 would be below 0.002 by chance
        assert ROWS[key][name]["p"] > 0.002, name


@pytest.mark.parametrize("key", PANELS)
def test_two_stages_hold_the_truth_where_nothing_is_told(key, made):
    """At one truth a prior shows: intervals of the deviation are wide, and none holds less than 84 of 100."""
    assert min(ROWS[key][name]["coverage"] for name in made.TRUTHS) >= 0.84
    assert ROWS[key]["cautioned"] < 0.05


def test_a_total_that_says_something_shifts_the_mean_of_overdispersed_counts(made):
    """Where sites are alike, beta-binomial splits put the mean too high; ranges hold."""
    for key in ("10 sites alike, twice the variance", "10 sites, learnt variance"):
        assert ROWS[key]["mean"]["p"] < 0.002
        assert all(made.LEAST <= ROWS[key][name]["coverage"] <= made.MOST for name in made.TRUTHS)
    assert 0.42 < ROWS["10 sites alike, twice the variance"]["mean"]["place"] < 0.47


def test_a_variance_by_chance_alone_is_wrong_where_counts_vary_more():
    """Left out, the excess is taken for differences between sites: why it may not be left out."""
    told = ROWS["10 sites, variance not told"]
    assert told["between"]["coverage"] < 0.8
    assert told["mean_of_between"] > ROWS["10 sites alike, twice the variance"]["mean_of_between"]
    assert all(row["between"]["coverage"] < 0.87 for row in ROWS.values() if row["model"] == "poisson")


@pytest.mark.parametrize("key", ["40 sites by 48 months, 2 events a cell", "40 sites by 48 months that hang together"])
def test_panels_outside_of_the_domain_are_told(key):
    """Nearly every one carries a caution."""
    assert ROWS[key]["cautioned"] > 0.95


def test_the_manual_shows_the_record(made, repo):
    """To the digit."""
    page = repo.joinpath("docs", "exact_models.md").read_text(encoding="utf-8")
    for table in made.tables_of(RECORD):
        assert table in page
