import math

import numpy as np
import pytest

from evalkit.errors import EvidenceError
from evalkit.evidence import from_before_after, from_rates, from_two_by_two

FOUR = {"treated_events": 4, "treated_total": 123, "comparison_events": 11, "comparison_total": 139}


def test_log_risk_ratios_are_those_that_metafor_prints(bcg):
    """Viechtbauer 2010, section 3.1: `escalc(measure = "RR")` of the BCG trials, to four digits."""
    published = (
        (-0.8893, 0.3256), (-1.5854, 0.1946), (-1.3481, 0.4154), (-1.4416, 0.0200), (-0.2175, 0.0512),
        (-0.7861, 0.0069), (-1.6209, 0.2230), (0.0120, 0.0040), (-0.4694, 0.0564), (-1.3713, 0.0730),
        (-0.3394, 0.0124), (0.4459, 0.5325), (-0.0173, 0.0714),
    )  # fmt: skip
    assert [(round(each.estimate, 4), round(each.variance, 4)) for each in bcg] == list(published)


@pytest.mark.parametrize("scale", ["log_odds_ratio", "log_risk_ratio", "risk_difference"])
def test_counting_successes_or_failures_is_the_same_effect(scale):
    """Recidivism of 4 of 123 is no recidivism of 119 of 123: the effect is on recidivism both ways."""
    fewer = from_two_by_two("A", **FOUR, scale=scale)
    turned = {"treated_events": 119, "treated_total": 123, "comparison_events": 128, "comparison_total": 139}
    more = from_two_by_two("A", **turned, scale=scale, good="more")
    assert (more.estimate, more.error) == pytest.approx((fewer.estimate, fewer.error), rel=1e-14)
    assert "turned round" in more.notes[-1]


def test_only_a_table_with_an_empty_cell_gets_its_halves():
    """Three of 14 against none of 12 is ln(3.5 * 12.5 / (11.5 * 0.5)), and says so; without a zero nothing is added."""
    effect = from_two_by_two("A", treated_events=3, treated_total=14, comparison_events=0, comparison_total=12)
    assert effect.estimate == pytest.approx(math.log(3.5 * 12.5 / (11.5 * 0.5)))
    assert effect.error == pytest.approx(math.sqrt(1 / 3.5 + 1 / 11.5 + 1 / 0.5 + 1 / 12.5))
    assert "0.5 was added" in effect.notes[0]
    assert from_two_by_two("A", **FOUR).notes == ()


def test_a_difference_of_risks_keeps_its_estimate_where_a_cell_is_empty():
    """None of 20 against 5 of 20 is a quarter less; halves are for the error only."""
    effect = from_two_by_two(
        "A", treated_events=0, treated_total=20, comparison_events=5, comparison_total=20, scale="risk_difference"
    )
    assert effect.estimate == -0.25
    assert effect.error == pytest.approx(math.sqrt(0.5 * 20.5 / 21**3 + 5.5 * 15.5 / 21**3))


def test_a_ratio_of_changes_is_what_the_published_example_gives():
    """Wheeler and Ratcliffe's eight counts: ln((110/207) / (318/308)), error from one over each count."""
    counts = {"treated_before": 207, "treated_after": 110, "comparison_before": 308, "comparison_after": 318}
    effect = from_before_after("A", **counts)
    assert effect.estimate == pytest.approx(math.log(110 / 207 / (318 / 308)))
    assert effect.error**2 == pytest.approx(1 / 207 + 1 / 110 + 1 / 308 + 1 / 318)
    assert "chance alone" in effect.notes[0]
    twice = from_before_after("A", **counts, dispersion=2)
    assert twice.error == pytest.approx(math.sqrt(2) * effect.error)
    assert from_before_after("A", **counts, good="more").estimate == -effect.estimate


def test_rates_take_their_exposure():
    """Twice the events over twice the time is no effect; the error is that of the counts."""
    effect = from_rates(
        "A", treated_events=20, treated_exposure=200, comparison_events=10, comparison_exposure=100, year=1999
    )
    assert effect.estimate == pytest.approx(0, abs=1e-15)
    assert (effect.error**2, effect.year) == (pytest.approx(0.15), 1999)


def test_the_error_of_a_ratio_of_changes_is_that_of_repeated_counts():
    """Over 40,000 simulated tables with dispersion 2 the estimates vary as the error says, to 3 %."""
    rng = np.random.default_rng(1)
    means = np.array([200.0, 150.0, 300.0, 320.0])
    counts = rng.negative_binomial(means, 0.5, (40_000, 4))  # size = mean, p = 1/2: the variance is twice the mean
    logs = np.log(counts)
    spread = np.std(logs[:, 1] - logs[:, 0] - logs[:, 3] + logs[:, 2])
    effect = from_before_after(
        "A", treated_before=200, treated_after=150, comparison_before=300, comparison_after=320, dispersion=2
    )
    assert effect.error == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"treated_events": 124}, "treated_events is 124 of treated_total 123"),
        ({"treated_events": -1}, "treated_events is a count"),
        ({"treated_events": float("nan")}, "treated_events is a count"),
        ({"comparison_events": "11"}, "comparison_events is a count"),
        ({"comparison_total": 0, "comparison_events": 0}, "no smaller than the events|above 0"),
        ({"treated_events": 0, "comparison_events": 0}, "nobody had the event in either group"),
        ({"treated_events": 123, "comparison_events": 139}, "everybody had the event"),
        ({"scale": "log_odd_ratio"}, "did you mean 'log_odds_ratio'"),
        ({"good": "less"}, "'fewer' or 'more'"),
    ],
)
def test_a_table_that_cannot_be_is_refused_by_study_and_field(changes, words):
    """Each message names the study and what was wrong with it."""
    with pytest.raises(EvidenceError, match=words) as told:
        from_two_by_two("Aronson", **{**FOUR, **changes})
    assert "study 'Aronson'" in str(told.value)


def test_no_events_before_and_after_say_nothing_of_a_ratio():
    """An area without events is not a study."""
    with pytest.raises(EvidenceError, match="treated_after and treated_before are both 0"):
        from_before_after("A", treated_before=0, treated_after=0, comparison_before=3, comparison_after=4)
    with pytest.raises(EvidenceError, match="dispersion is 1"):
        from_before_after("A", treated_before=1, treated_after=2, comparison_before=3, comparison_after=4, dispersion=0)
    with pytest.raises(EvidenceError, match="treated_exposure is above 0"):
        from_rates("A", treated_events=1, treated_exposure=0, comparison_events=1, comparison_exposure=1)
