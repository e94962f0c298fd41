"""The record of the grid is whole for whom it holds, and no estimator claims what it does not hold.

The record is made by make_calibration.py beside this file; these tests read it and simulate nothing.
"""

import csv
from importlib.resources import files

import numpy as np
import pytest

import evalkit as ek

# Every estimator of the project's own that takes a panel.
TRIED = [
    name
    for name in ek.models()
    if "panel" in ek.estimator(name).card.shapes and ek.estimator(name).__module__.startswith("evalkit.models.")
]


@pytest.mark.parametrize("name", TRIED)
def test_every_estimator_was_tried_on_every_scenario(name, scenarios):
    """The list of scenarios and what they are is that of the grid, none left out and none more."""
    found = ek.estimator(name).card.simulations
    assert [(each.scenario, each.breaks) for each in found] == [
        (scenario.words, scenario.breaks) for scenario in scenarios.grid_of(name)
    ]
    text = files("evalkit.models").joinpath("calibration.csv").read_text(encoding="utf-8")
    made_of = [row["fingerprint"] for row in csv.DictReader(text.splitlines()) if row["estimator"] == name]
    assert made_of == [scenario.fingerprint for scenario in scenarios.grid_of(name)]


@pytest.mark.parametrize("name", TRIED)
def test_every_estimator_holds_its_level_warns_or_refuses(name):
    """95 % ranges hold the truth in 93 % or more, and 6 % of true nulls are rejected at most, or a reader is told."""
    found = ek.estimator(name).card.simulations
    assert not [each.scenario for each in found if each.standing == "fails"]
    assert all(each.reason for each in found if each.standing == "refuses")


@pytest.mark.parametrize("name", TRIED)
def test_every_figure_rests_on_enough_panels(name, scenarios):
    """A refusal is known sooner."""
    for each, scenario in zip(ek.estimator(name).card.simulations, scenarios.grid_of(name), strict=True):
        assert each.standing == "refuses" or each.runs >= scenarios.runs_of(name, scenario.key)


def test_every_scenario_is_held_by_an_estimator(scenarios):
    """No design of the grid is without an estimator to be trusted there, but for those that no data could show.

    Ranges that hold the truth more often than they say are wide, and may be trusted.
    """
    for scenario in scenarios.GRID:
        standings = {
            each.standing
            for name in TRIED
            for each in ek.estimator(name).card.simulations
            if each.scenario == scenario.words
        }
        assert scenario.breaks or standings & {"holds", "conservative"}, scenario.key


def test_the_truth_of_a_scenario_is_what_is_put_in(scenarios):
    """Ratios of expected events, and the mean of the changes, are those of the simulated cells."""
    for scenario in scenarios.GRID:
        made = scenarios.simulate(scenario, np.random.default_rng(3), effect=scenarios.FALL)
        assert made.design.treatment.sum(axis=1).max() == scenario.periods - scenario.start
        if not scenario.growing:
            assert made.by_cell == pytest.approx(scenarios.FALL)
            assert made.by_events == pytest.approx(scenarios.FALL)
        nothing = scenarios.simulate(scenario, np.random.default_rng(3), effect=0.0)
        assert (nothing.by_cell, nothing.by_events) == (0, 0)
