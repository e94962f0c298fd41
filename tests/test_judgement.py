"""Verdicts follow from intervals, designs and checks by a stated rule."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evalkit.domain import Check, Design, Effect, Intervention, Outcome, Panel, Periods
from evalkit.draws import spread
from evalkit.judgement import judge, probability_in_words

OUTCOME = Outcome(name="burglary", crime="burglary", minimum_worthwhile=5)


def design(**more):
    """Give a panel design of level 4."""
    panel = Panel(
        outcome=OUTCOME,
        sites=tuple("abcdefghij"),
        periods=Periods(frequency="year", first=2000, count=8),
        values=np.ones((10, 8)),
    )
    return Design(panel=panel, intervention=Intervention(name="x", began=dict.fromkeys("abcde", "2005")), **more)


SAW_TRENDS = Check(name="leads", passed=True, detail="No difference before the start, and one would have been seen.")


def effect(percent, error, outcome=OUTCOME, checks=(SAW_TRENDS,), **more):
    """Give an effect of so many percent, with a look at the time before the start that had power."""
    more["checks"] = checks
    change = spread(stats.norm(np.log1p(percent / 100), error), 4000, np.random.default_rng(1))
    return Effect(
        outcome=outcome,
        estimator="did-poisson",
        scale="log_rate_ratio",
        change=change,
        estimand="",
        assumption="",
        **more,
    )


@pytest.mark.parametrize(
    ("percent", "error", "case"),
    [
        (-20, 0.05, "benefit"),
        (20, 0.05, "harm"),
        (-20, 0.2, "unclear"),
        (-1, 0.01, "little"),
        (-4, 0.01, "unclear_or_benefit"),
    ],
)
def test_the_interval_alone_decides_the_case(percent, error, case):
    """A small effect is 'little' only where the whole interval is smaller than what would matter."""
    found = judge(effect(percent, error), design(), 0.95).case
    assert found in case.split("_or_")


def test_more_can_be_good():
    """For trust in the police a rise is the benefit."""
    trust = Outcome(name="trust", kind="proportion", good="more")
    assert judge(effect(20, 0.05, outcome=trust), design(), 0.95).case == "benefit"


def test_a_wide_interval_is_never_little_or_no_difference():
    """Without a smallest change that matters nothing is called small."""
    unnamed = Outcome(name="burglary", crime="burglary")
    assert judge(effect(-0.1, 0.0001, outcome=unnamed), design(), 0.95).case == "benefit"
    assert judge(effect(-0.1, 0.3), design(), 0.95).case == "unclear"


def test_certainty_starts_from_the_design_and_falls_with_doubts():
    """One step for each failed check that speaks against a causal reading, two at the most."""
    doubt = Check(name="leads", passed=False, detail="They differed before the start.")
    window = {"selection_window": ("2003", "2004")}
    assert judge(effect(-20, 0.05), design(), 0.95).certainty == "moderate"
    assert judge(effect(-20, 0.05), design(assignment="randomised"), 0.95).certainty == "high"
    assert judge(effect(-20, 0.05, checks=(doubt,)), design(), 0.95).certainty == "low"
    assert judge(effect(-20, 0.05, checks=(doubt,)), design(**window), 0.95).certainty == "very low"
    told = judge(effect(-20, 0.05, checks=(doubt,)), design(), 0.95)
    assert told.reasons[1] == "They differed before the start."
    assert told.dots == 2


def test_an_informative_check_costs_no_certainty():
    """Only a failure does."""
    note = Check(name="staggered start", passed=None, detail="Sites started at different times.")
    assert judge(effect(-20, 0.05, checks=(SAW_TRENDS, note)), design(), 0.95).certainty == "moderate"


@pytest.mark.parametrize("checks", [(), (Check(name="leads", passed=None, detail="The test had little power."),)])
def test_probably_needs_a_look_before_the_start_that_could_have_seen_something(checks):
    """Sites that drift apart would pass a test without power, or no test at all; a lottery needs none."""
    told = judge(effect(-20, 0.05, checks=checks), design(), 0.95)
    assert told.certainty == "low"
    assert "not shown" in told.reasons[-1]
    assert judge(effect(-20, 0.05, checks=checks), design(assignment="randomised"), 0.95).certainty == "high"


def test_a_method_that_adds_sites_up_claims_no_more_than_a_table():
    """However the sites were assigned."""
    capped = effect(-20, 0.05, methods_cap=3)
    assert judge(capped, design(), 0.95).certainty == "low"
    assert judge(capped, design(assignment="randomised"), 0.95).certainty == "low"


def test_one_weakness_seen_twice_counts_once():
    """Few treated sites show in the design and in the error's degrees of freedom."""
    few = Check(name="number of sites", passed=False, detail="Two sites carry the error.")
    panel = design().panel
    two = Design(panel=panel, intervention=Intervention(name="x", began=dict.fromkeys("ab", "2005")))
    told = judge(effect(-20, 0.05, checks=(SAW_TRENDS, few)), two, 0.95)
    assert told.certainty == "low"


def test_a_claim_that_other_methods_do_not_share_is_less_certain():
    """The method that disagrees is named; a study that cannot tell claims nothing and loses nothing."""
    others = {"did-ols": effect(-20, 0.2), "table": effect(-18, 0.05)}
    told = judge(effect(-20, 0.05), design(), 0.95, others)
    assert told.certainty == "low"
    assert "did-ols does not come to the same result" in told.reasons[-1]
    assert judge(effect(-20, 0.2), design(), 0.95, others).certainty == "moderate"


def test_displacement_counts_in_events_prevented():
    """The range of events is net of what moved next door."""
    from evalkit.domain import Displacement

    plain = effect(-20, 0.05, prevented=np.full((4000, 1), 50.0), periods=("2005",), recorded=np.array([200.0]))
    moved = replace(plain, displacement=Displacement(change=plain.change, prevented=np.full((4000, 1), -20.0)))
    assert judge(moved, design(), 0.95).prevented.upper == 30


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (0.995, "virtually certain"), (0.99, "very likely"), (0.91, "very likely"), (0.9, "likely"), (0.67, "likely"),
        (0.66, "about as likely as not"), (0.33, "about as likely as not"), (0.329, "unlikely"), (0.1, "very unlikely"),
        (0.05, "very unlikely"), (0.01, "exceptionally unlikely"), (0.0, "exceptionally unlikely"),
    ],
)  # fmt: skip
def test_words_of_probability_are_those_of_one_scale(probability, word):
    """The IPCC's, from end to end."""
    assert probability_in_words(probability) == word
