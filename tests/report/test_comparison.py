"""Estimates side by side: the sentence, the picture, and the table of how each was made."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evalkit.comparison import compare
from evalkit.domain import Cohorts, Effect, Outcome
from evalkit.draws import spread
from evalkit.report import formats
from evalkit.report.figures_comparison import forest
from evalkit.report.sections_comparison import comparison_sections, how_they_compare


def effect(middle, error, **more):
    """Give an effect on two hundred recorded events."""
    change = spread(stats.norm(middle, error), 1000, np.random.default_rng(1))
    made = Effect(
        outcome=Outcome(name="burglary", crime="burglary"),
        estimator="made",
        scale="log_rate_ratio",
        change=change,
        prevented=np.outer(np.expm1(-change), [100.0, 100.0]),
        recorded=np.array([100.0, 100.0]),
        periods=("2020", "2021"),
        estimand="A change",
        assumption="Nothing else happened.",
    )
    return replace(made, **more)


class Found:
    """As much of an evaluation as these sections read."""

    def __init__(self, **effects):
        self.effects = {"burglary": effects}
        self.study = type("Study", (), {"level": 0.95, "primary": "burglary"})()
        compared = compare(effects, 0.95)
        self.comparisons = {"burglary": compared} if compared else {}


@pytest.mark.parametrize(
    ("other", "begins"),
    [
        (effect(-0.25, 0.05), "The methods do not part: their estimates lie from −22 % (other) to −18 % (first)"),
        (
            effect(-0.7, 0.05),
            "The methods agree on the direction but not on the size of the change: from −50 % (other)",
        ),
        (effect(0.1, 0.05), "The methods do not agree on the direction of the change: from −18 % (first) to +11 %"),
    ],
)
def test_one_sentence_says_whether_methods_part(other, begins):
    """In sign, in size, or not at all; the ends are named."""
    told = how_they_compare(compare({"first": effect(-0.2, 0.05), "other": other}, 0.95))
    assert told.replace("\N{NO-BREAK SPACE}", " ").startswith(begins)


def test_the_table_holds_every_item_that_some_estimate_tells():
    """A row an item in the order of reading, a column an estimate; what one does not tell is a dash."""
    found = Found(
        first=effect(-0.2, 0.05, specification=(("errors", "CR2"), ("averages over", "events"))),
        other=effect(-0.2, 0.05, specification=(("compared with", "never treated"),)),
    )
    (section,) = comparison_sections(found, {})
    grid = next(block for block in section.blocks if block.kind == "grid")
    assert grid.columns == ("Item", "first", "other")
    assert grid.rows[1:] == (
        ("averages over", "events", "—"),
        ("compared with", "—", "never treated"),
        ("errors", "CR2", "—"),
    )


def test_the_forest_shows_what_each_estimate_averages_over():
    """Methods may part because they answer different questions."""
    drawn = forest(Found(first=effect(-0.2, 0.05, specification=(("averages over", "events"),)), b=effect(-0.3, 0.1)))
    assert [row[:2] for row in drawn.rows] == [("first", "events"), ("b", "")]
    assert "1 of 2" not in drawn.alt
    assert drawn.alt == "2 of 2 ranges lie wholly below zero and 0 wholly above it."


def test_cohorts_and_weights_have_tables_of_their_own():
    """Weights beyond the tenth are summed up."""
    made = effect(-0.2, 0.05)
    cohorts = Cohorts(
        labels=("2020", "2021"), change=np.column_stack([made.change, made.change]), prevented=made.prevented
    )
    weights = tuple((f"site {i}", 0.04) for i in range(25))
    (section,) = comparison_sections(Found(first=replace(made, cohorts=cohorts, comparison_weights=weights)), {})
    starts, comparison = section.blocks
    assert [row[0] for row in starts.rows] == ["2020", "2021"]
    assert len(comparison.rows) == 11
    assert comparison.rows[-1] == ("15 more sites", "0.6")


def test_what_cohorts_share_is_said_before_their_table():
    """Rows of one change for all are not read as if each start had been found to have it."""
    made = effect(-0.2, 0.05)
    cohorts = Cohorts(
        labels=("2020", "2021"),
        change=np.column_stack([made.change, made.change]),
        prevented=made.prevented,
        shared="One change is estimated for all starts.",
    )
    (section,) = comparison_sections(Found(first=replace(made, cohorts=cohorts)), {})
    said, starts = section.blocks
    assert said.text == "One change is estimated for all starts."
    middle, events = np.median(made.change), np.median(made.prevented[:, 0])
    numbers = [row[1:6:2] for row in starts.rows]
    assert numbers == [tuple(formats.number(value) for value in (middle, 100 * np.expm1(middle), events))] * 2


def test_one_estimate_alone_is_compared_with_nothing():
    """There is no section then."""
    assert comparison_sections(Found(first=effect(-0.2, 0.05)), {}) == ()
