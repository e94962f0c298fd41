"""The probabilities that the exact hierarchy gives are kept: by the record, and by a thousand sets each time.

The record is made by make_calibration.py beside this file.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

HERE = Path(__file__).parent
RECORD = json.loads((HERE / "calibration.json").read_text(encoding="utf-8"))
QUANTITIES = {"mean", "deviation between sites", "first site", "new site"}


@pytest.fixture(scope="module")
def script():
    """The script that made the record."""
    spec = importlib.util.spec_from_file_location("make_hierarchy_calibration", HERE / "make_calibration.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_record_is_of_the_priors_that_are_the_default(script):
    """A default that was changed since is a record to be made anew."""
    assert RECORD["prior_of_mean"] == script.MEAN_PRIOR.deviation
    assert RECORD["prior_of_deviation"] == script.BETWEEN_PRIOR.scale
    assert [row["sites"] for row in RECORD["from_priors"]] == list(script.SITES)
    assert [(row["sites"], row["between"]) for row in RECORD["at_a_truth"]] == script.GRID


@pytest.mark.parametrize("row", RECORD["from_priors"], ids=lambda row: f"{row['sites']} sites")
def test_truths_from_the_priors_are_uniform_in_their_posteriors(row):
    """4,000 sets: 90 % ranges hold 87 to 93 %, and no test of uniformity at one in a hundred, eight taken together."""
    assert row["sets"] >= 4000
    assert set(row["coverage"]) == QUANTITIES
    assert all(0.87 <= share <= 0.93 for share in row["coverage"].values())
    for name in ("kolmogorov_smirnov_p", "chi_square_p"):
        assert min(row[name].values()) > 0.01 / 8


@pytest.mark.parametrize("row", RECORD["at_a_truth"], ids=lambda row: f"{row['sites']} sites, {row['between']}")
def test_ranges_at_one_truth_hold_it_nearly_as_often_as_they_say(row):
    """Never below 85 % and never below the classical range by more than chance; too often where sites do not differ.

    With few sites and none or little difference between them the prior's mass above zero makes ranges wide: they
    hold the truth in 93 to 100 of 100 sets. That is told in the manual.
    """
    chance = 3 * (0.1 * 0.9 / row["sets"]) ** 0.5
    assert row["sets"] >= 2000
    assert min(row["mean"], row["new_site"]) >= 0.85
    assert row["mean"] >= min(row["classical_mean"], 0.9) - chance
    if row["between"] == 0:
        assert min(row["mean"], row["new_site"]) >= 0.9 - chance


@pytest.mark.parametrize("sites", [5, 30])
def test_a_thousand_sets_are_uniform_now(script, sites):
    """The code of today, in a second: what the record says of the code of its date."""
    for found in script.probabilities(sites, 1000, np.random.default_rng(sites)).values():
        assert stats.kstest(found, "uniform").pvalue > 0.001
        assert 0.87 <= script.covered(found).mean() <= 0.93
