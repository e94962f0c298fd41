import numpy as np
import pytest
from scipy import stats

from evalkit.draws import spread
from evalkit.economics.unpriced import Exposure, Intrusion, break_even_privacy, exposure_lines, present_years
from evalkit.errors import CostError


def normal(mean, sd, draws=4000):
    """Give draws of a normal."""
    return spread(stats.norm(mean, sd), draws, np.random.default_rng(1))


def test_break_even_by_hand():
    """120,000 gained over 10,000 residents and two years: 6 for each exposed person and year."""
    found = break_even_privacy(normal(120_000, 20_000), 10_000 * 2)
    assert found.estimate == pytest.approx(6.0, abs=1e-9)
    assert found.median == pytest.approx(6.0, abs=1e-3)
    # dividing by a constant leaves the quantiles of a normal: 6 -/+ 1.959964 x 1
    assert (found.lower, found.upper) == pytest.approx((6 - 1.959964, 6 + 1.959964), abs=2e-3)
    # P(net - 20,000 v > 0) = 0.8 at v = 6 - 0.841621
    assert found.sure_at[0.8] == pytest.approx(6 - 0.841621, abs=2e-3)


def test_at_the_break_even_the_mean_net_benefit_is_nothing_and_below_sure_at_enough_draws_pay():
    """The figures are what they say, with person-years that vary together with nothing."""
    rng = np.random.default_rng(2)
    net, watched = normal(50_000, 60_000), rng.uniform(8_000, 12_000, 4000)
    found = break_even_privacy(net, watched)
    assert np.mean(net - found.estimate * watched) == pytest.approx(0, abs=1e-6)
    value = found.sure_at[0.5]
    assert np.mean(net - 0.9999 * value * watched > 0) >= 0.5
    assert np.mean(net - 1.01 * value * watched > 0) < 0.5
    assert found.sure_at[0.95] is None  # one net benefit in five is negative
    assert found.lower is None


def test_the_ratio_is_one_of_means_and_not_the_mean_of_ratios():
    """Ratio of means, not mean of ratios: by hand 30 / 3, where the mean of the ratios is 14."""
    found = break_even_privacy([20.0, 40.0], [1.0, 5.0])
    assert found.estimate == 10.0
    assert np.mean([20 / 1, 40 / 5]) == 14.0


def test_where_the_measure_loses_there_is_no_break_even_and_never_a_negative_one():
    """A loss must not be shown as a privacy of negative worth."""
    found = break_even_privacy(normal(-10_000, 1_000), 5_000)
    assert found.reason == "on average the measure does not pay even if privacy were worth nothing"
    assert [found.estimate, found.median, found.lower, found.upper, *found.sure_at.values()] == [None] * 7
    assert found.prob_pays_for_nothing == 0.0


def test_where_nobody_is_exposed_there_is_no_value_for_each():
    """Nothing over nothing does not exist, and neither does something over nothing."""
    found = break_even_privacy(normal(10_000, 1_000), 0.0)
    assert found.estimate is None
    assert "nobody is exposed" in found.reason
    assert found.prob_pays_for_nothing == 1.0
    some = break_even_privacy([1.0, 2.0, 3.0], [0.0, 1.0, 1.0])
    assert "nobody" in some.reason


def test_a_net_benefit_without_a_mean_has_no_break_even():
    """A few extreme draws do not decide a threshold."""
    heavy = np.concatenate([np.linspace(1, 2, 999), [1e12]])
    found = break_even_privacy(heavy, 1.0)
    assert found.estimate is None
    assert "extreme draws" in found.reason


def test_person_years_are_in_present_value_as_the_money_is():
    """Otherwise a year of being watched later would weigh more than the money of that year."""
    assert present_years(3, 0.035) == pytest.approx(1 + 1 / 1.035 + 1 / 1.035**2)
    assert present_years(2.25, 0.1) == pytest.approx(1 + 1 / 1.1 + 0.25 / 1.21)
    # the same gain each year, discounted: the threshold is the undiscounted one
    gain = 60_000 * present_years(3, 0.035)
    assert break_even_privacy(np.full(10, gain), 10_000 * present_years(3, 0.035)).estimate == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("net", "watched", "said"),
    [
        ([1.0, np.nan], 1.0, "not finite"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "same draws"),
        ([1.0, 2.0], -1.0, "zero or more"),
        ([], 1.0, "same draws"),
    ],
)
def test_draws_that_do_not_go_together_are_refused(net, watched, said):
    """Rows of net benefit and exposure belong together."""
    with pytest.raises(CostError, match=said):
        break_even_privacy(net, watched)


def test_shares_of_exposure_stand_beside_shares_of_the_population():
    """A group of a quarter of the people that has three quarters of the stops has three times its part."""
    stops = Exposure(measure="stops_caused", by_group={"young": 300, "others": 100}, source="log")
    given = Intrusion(exposed_residents=10_000, exposures=(stops,), population={"young": 2_500, "others": 7_500})
    (line,) = exposure_lines(given, 100, np.random.default_rng(1))
    young, others = line.groups
    assert line.amount.mean == 400
    assert (young.share.mean, young.of_population, young.times) == (0.75, 0.25, 3.0)
    assert others.times == pytest.approx(1 / 3)


def test_uncertain_groups_add_up_draw_by_draw():
    """Shares of every draw add up to one, so the ranges mirror each other."""
    stops = Exposure(measure="stops_caused", by_group={"a": {"low": 100, "high": 300}, "b": {"mean": 200, "sd": 50}})
    (line,) = exposure_lines(Intrusion(exposed_residents=1, exposures=(stops,)), 4000, np.random.default_rng(1))
    a, b = line.groups
    assert line.amount.mean == pytest.approx(a.amount.mean + b.amount.mean)
    assert a.share.lower + b.share.upper == pytest.approx(1.0)
    assert a.of_population is None
    assert a.times is None


def test_a_group_of_something_that_did_not_happen_has_no_share():
    """Nothing is shared out of nothing."""
    none = Exposure(measure="false_alerts", by_group={"a": 0, "b": 0})
    (line,) = exposure_lines(Intrusion(exposed_residents=1, exposures=(none,)), 10, np.random.default_rng(1))
    assert [each.share for each in line.groups] == [None, None]


@pytest.mark.parametrize(
    ("exposure", "said"),
    [
        ({"measure": "person_hours", "amount": 1}, "did you mean 'person_hours_observed'"),
        ({"measure": "false_alerts"}, "one of the two"),
        ({"measure": "false_alerts", "amount": 1, "by_group": {"a": 1}}, "one of the two"),
        ({"measure": "false_alerts", "amount": -3}, "zero or more"),
        ({"measure": "retention_days", "by_group": {"a": 1}}, "length of time"),
    ],
)
def test_an_exposure_that_makes_no_sense_is_refused(exposure, said):
    """Units have names, amounts are not negative, and a total is given once."""
    with pytest.raises(CostError, match=said):
        Exposure(**exposure)


@pytest.mark.parametrize(
    ("groups", "said"), [({"yung": 1, "others": 2}, "did you mean 'young'"), ({"young": 1}, "no amount for 'others'")]
)
def test_groups_are_those_of_the_population(groups, said):
    """A share of exposure is held against the same group's share of the people."""
    with pytest.raises(CostError, match=said):
        Intrusion(
            exposed_residents=1,
            population={"young": 1, "others": 3},
            exposures=(Exposure(measure="stops_caused", by_group=groups),),
        )
