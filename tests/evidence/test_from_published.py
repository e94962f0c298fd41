import math

import numpy as np
import pytest

from evalkit.errors import EvidenceError
from evalkit.evidence import (
    EffectSize,
    converted,
    from_interval,
    from_means,
    from_p_value,
    from_two_by_two,
    small_sample_factor,
)


def test_an_interval_gives_back_the_error_it_was_made_from(bcg):
    """Limits of each BCG trial as ratios, rounded to four digits, give estimate and error again to three."""
    for each in bcg:
        ends = each.interval(0.9)
        printed = {
            name: round(math.exp(value), 4)
            for name, value in (("estimate", each.estimate), ("lower", ends.lower), ("upper", ends.upper))
        }
        back = from_interval(each.study, **printed, scale="log_risk_ratio", level=0.9, given_as="ratio")
        assert back.estimate == pytest.approx(each.estimate, abs=5e-4)
        assert back.error == pytest.approx(each.error, abs=5e-4)


def test_an_interval_of_a_t_distribution_is_narrower_in_errors():
    """With 4 degrees of freedom 2.776445 errors lie either side."""
    effect = from_interval(
        "A", estimate=-1, lower=-3.776445, upper=1.776445, scale="log_odds_ratio", degrees_of_freedom=4
    )
    assert effect.error == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ({"estimate": 0.5, "lower": 0.6, "upper": 0.9}, "does not hold its estimate 0.5"),
        ({"estimate": 0.70, "lower": 0.52, "upper": 0.88}, "even on the ratio itself"),
        ({"estimate": 0.70, "lower": 0.52, "upper": 0.71}, "check the three numbers"),
        ({"estimate": -0.3, "lower": -0.5, "upper": -0.1}, "above 0; there is -0.5: are these logs already"),
        ({"estimate": 0.5, "lower": 0.5, "upper": 0.5}, "does not hold"),
        ({"estimate": math.nan, "lower": 0.5, "upper": 0.6}, "estimate is a finite number"),
    ],
)
def test_three_numbers_that_do_not_go_together_are_refused(printed, words):
    """An error from the width of an interval made on another scale would be wrong."""
    with pytest.raises(EvidenceError, match=words):
        from_interval("A", **printed, scale="log_rate_ratio", given_as="ratio")


def test_ratios_read_as_logs_are_noticed_and_rounding_is_allowed():
    """0.72 (0.45 to 1.16) is even as a log; 0.98 (0.97 to 0.99) is so as far as its two digits tell."""
    with pytest.raises(EvidenceError, match="these look like ratios"):
        from_interval("A", estimate=0.72, lower=0.45, upper=1.16, scale="log_rate_ratio")
    narrow = from_interval("A", estimate=0.98, lower=0.97, upper=1.0, scale="log_rate_ratio", given_as="ratio")
    assert narrow.error == pytest.approx((math.log(1.0) - math.log(0.97)) / (2 * 1.959964), rel=1e-6)


def test_a_p_value_gives_back_the_error_and_an_inequality_does_not():
    """The estimate over its error is the quantile of the p-value, normal or t."""
    from scipy import stats

    assert from_p_value("A", estimate=-0.4, p_value=2 * stats.norm.sf(2), scale="log_rate_ratio").error == (
        pytest.approx(0.2)
    )
    t = from_p_value("A", estimate=-0.4, p_value=2 * stats.t.sf(2, 7), scale="log_rate_ratio", degrees_of_freedom=7)
    assert t.error == pytest.approx(0.2)
    for wrong, words in (({"p_value": 0}, "gives no standard error"), ({"estimate": 0}, "give the interval")):
        with pytest.raises(EvidenceError, match=words):
            from_p_value("A", **{"estimate": -0.4, "p_value": 0.1, "scale": "log_rate_ratio", **wrong})


def test_the_small_sample_factor_is_hedges_and_removes_the_bias():
    """Hedges 1981, table 1: c(2) = .5642, c(10) = .9228, c(50) = .9849; d times it is right on average."""
    assert [round(small_sample_factor(m), 4) for m in (2, 10, 50)] == [0.5642, 0.9227, 0.9849]
    rng = np.random.default_rng(2)
    treated, comparison = rng.normal(0.8, 1, (2, 60_000, 5))
    comparison -= 0.8
    pooled = np.sqrt((treated.var(axis=1, ddof=1) + comparison.var(axis=1, ddof=1)) / 2)
    d = (treated.mean(axis=1) - comparison.mean(axis=1)) / pooled
    assert d.mean() > 0.87
    assert small_sample_factor(8) * d.mean() == pytest.approx(0.8, abs=0.01)


def test_means_become_hedges_g_in_the_good_direction():
    """Means 10 and 12 with pooled deviation 4 and 38 degrees of freedom: J(38) times -0.5."""
    given = {
        "treated_mean": 10, "treated_sd": 4, "treated_n": 20, "comparison_mean": 12, "comparison_sd": 4,
        "comparison_n": 20,
    }  # fmt: skip
    effect = from_means("A", **given)
    g = small_sample_factor(38) * -0.5
    assert (effect.estimate, effect.variance) == pytest.approx((g, 0.1 + g**2 / 80))
    assert from_means("A", **given, good="more").estimate == -effect.estimate
    with pytest.raises(EvidenceError, match="treated_sd is above 0"):
        from_means("A", **{**given, "treated_sd": 0})


def test_a_risk_ratio_of_success_is_not_turned_round():
    """Minus the log of it is no risk ratio of failure; an odds ratio is."""
    printed = {"estimate": 1.2, "lower": 1.0, "upper": 1.44, "given_as": "ratio", "good": "more"}
    with pytest.raises(EvidenceError, match="give the counts, or the odds ratio"):
        from_interval("A", **printed, scale="log_risk_ratio")
    assert from_interval("A", **printed, scale="log_odds_ratio").estimate == pytest.approx(-math.log(1.2))


FOUR = {"treated_events": 30, "treated_total": 100, "comparison_events": 45, "comparison_total": 100}
BY_RISK = ("log_odds_ratio", "log_risk_ratio", "risk_difference")


@pytest.mark.parametrize("start", BY_RISK)
@pytest.mark.parametrize("to", [*BY_RISK, "log_hazard_ratio"])
def test_conversions_give_what_the_counts_give(start, to):
    """With the comparison's own risk each scale's estimate is that of the table; and back again it is the same."""
    effect = from_two_by_two("A", **FOUR, scale=start)
    other = converted(effect, to, base_risk=0.45, follow_up="24 months")
    if to == "log_hazard_ratio":
        assert other.estimate == pytest.approx(math.log(math.log(0.7) / math.log(0.55)))
    else:
        assert other.estimate == pytest.approx(from_two_by_two("A", **FOUR, scale=to).estimate)
    back = converted(other, start, base_risk=0.45, follow_up="24 months")
    assert (back.estimate, back.error) == pytest.approx((effect.estimate, effect.error))


@pytest.mark.parametrize("start", [*BY_RISK, "log_hazard_ratio"])
@pytest.mark.parametrize("to", [*BY_RISK, "log_hazard_ratio"])
def test_the_error_follows_the_slope(start, to):
    """A conversion of the estimate a little higher moves by the ratio of the two errors."""
    step = 1e-6
    low, high = (
        converted(EffectSize(study="A", estimate=x, error=0.1, scale=start), to, base_risk=0.3, follow_up="a year")
        for x in (-0.2, -0.2 + step)
    )
    assert (high.estimate - low.estimate) / step == pytest.approx(low.error / 0.1, rel=1e-4)


def test_odds_and_standardised_differences_are_pi_over_root_three_apart():
    """Hasselblad and Hedges 1995: d = ln(OR) sqrt(3) / pi."""
    odds = EffectSize(study="A", estimate=-0.9, error=0.3, scale="log_odds_ratio")
    d = converted(odds, "standardised_mean_difference")
    assert (d.estimate, d.error) == pytest.approx((-0.9 / 1.813799364, 0.3 / 1.813799364))
    assert converted(d, "log_odds_ratio").estimate == pytest.approx(-0.9)


@pytest.mark.parametrize(
    ("start", "to", "options", "words"),
    [
        ("log_odds_ratio", "log_risk_ratio", {}, "give base_risk"),
        ("log_odds_ratio", "log_risk_ratio", {"base_risk": 40}, "between 0 and 1"),
        ("log_hazard_ratio", "log_risk_ratio", {"base_risk": 0.4}, "say with follow_up"),
        ("log_rate_ratio", "log_odds_ratio", {"base_risk": 0.4}, "there is no formula"),
        ("log_rate_ratio", "log_hazard_ratio", {"base_risk": 0.4}, "there is no formula"),
        ("log_odds_ratio", "log_rate", {}, "did you mean 'log_rate_ratio'"),
    ],
)
def test_what_has_no_formula_is_refused(start, to, options, words):
    """The message says what is missing."""
    effect = EffectSize(study="A", estimate=-0.4, error=0.1, scale=start)
    with pytest.raises(EvidenceError, match=words):
        converted(effect, to, **options)


def test_a_risk_above_one_is_refused():
    """A ratio of 3 of a risk of .5 is no risk."""
    effect = EffectSize(study="A", estimate=math.log(3), error=0.1, scale="log_risk_ratio")
    with pytest.raises(EvidenceError, match=r"makes a risk of 1\.5"):
        converted(effect, "log_odds_ratio", base_risk=0.5)
