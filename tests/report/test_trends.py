"""What a report says of a difference in trends."""

from dataclasses import replace

import numpy as np
import pytest

from evalkit.domain import TrendSensitivity
from evalkit.report import markdown, text
from evalkit.report.figures import all_figures


def sensitivity(**more):
    """An answer that stands trends which part up to 1.3 times as much as before."""
    bounds = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    given = {
        "kind": "relative magnitudes",
        "target": "the average change over the first 4 periods after the start",
        "level": 0.95,
        "bounds": bounds,
        "lower": -0.3 - 0.1 * bounds,
        "upper": -0.13 + 0.1 * bounds,
        "breakdown": 1.3,
        "detail": "The conclusion holds unless trends changed by more than 1.3 times the largest change before.",
    }
    return TrendSensitivity(**given | more)


@pytest.fixture
def told(cases):
    """Give an evaluation whose primary effect tells of its sensitivity."""

    def build(*found):
        evaluation = cases["benefit"]()
        effects = {outcome: dict(named) for outcome, named in evaluation.effects.items()}
        named = effects[evaluation.study.primary]
        first = next(iter(named))
        named[first] = replace(named[first], trend_sensitivity=found)
        return replace(evaluation, effects=effects)

    return build


def test_the_breakdown_value_stands_in_every_form(told):
    """The sentence is in the text and in Markdown, with the ranges in percent and a picture."""
    evaluation = told(sensitivity(), sensitivity(kind="smoothness", detail="Bends of 0.02 are allowed."))
    assert "more than 1.3 times" in " ".join(text.render(evaluation, bold=False).split())
    page = markdown.render(evaluation)
    assert "### If trends were not quite parallel" in page
    assert "Bends of 0.02 are allowed" in page
    assert "figures/trends.svg" in page
    assert "| 1.5 | −36.24 to 2.02 |" in page


def test_the_picture_marks_the_breakdown_value(told):
    """Its data are the ranges in percent, and its words say how many hold no change."""
    drawn = {figure.name: figure for figure in all_figures(told(sensitivity()))}["trends"]
    assert drawn.rows[0] == pytest.approx((0.0, -25.918, -12.190), abs=0.001)
    assert "breaks down at 1.3" in drawn.svg
    assert drawn.alt.startswith("3 of 5 ranges leave no change outside")


def test_an_answer_that_was_never_clear_has_no_mark(told):
    """Where even parallel trends leave no change inside, the picture says so."""
    found = sensitivity(upper=np.full(5, 0.1), breakdown=None)
    drawn = {figure.name: figure for figure in all_figures(told(found))}["trends"]
    assert "breaks down" not in drawn.svg
    assert drawn.alt.startswith("Every range holds no change")


def test_without_it_there_is_no_section(told):
    """An effect that tells nothing of it has neither section nor picture."""
    evaluation = told()
    assert "not quite parallel" not in markdown.render(evaluation)
    assert "trends" not in {figure.name for figure in all_figures(evaluation)}
