"""Two schedules where there are two: the same draws, priced again."""

from dataclasses import replace

import numpy as np
import pytest

from evalkit.economics import CostFaultsError, Deflator, Prices, appraise
from evalkit.errors import CostError


def delisi(**changes):
    """Give a schedule of the United States that has a second one beside it."""
    return replace(Prices.load("delisi-2010"), **({"multipliers": {"robbery": {"low": 1.5, "high": 3.0}}} | changes))


def test_another_schedule_of_the_country_is_taken_by_itself(make_effect, make_costs):
    """McCollister's robbery is 42,310 dollars (Table 5, less 1 of rounding where summed), DeLisi's 335,733."""
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=delisi(), rng=np.random.default_rng(1))
    (beside,) = found.beside
    assert (beside.schedule, beside.certainty) == (
        "mccollister-2010",
        "unverified: read in a source that quotes it",
    )
    # same draws of events and multipliers: the benefits are in the ratio of the unit costs, draw by draw
    assert beside.benefit.mean / found.benefit.mean == pytest.approx(42_310 / 335_733, rel=1e-12)
    assert beside.benefit.lower / found.benefit.lower == pytest.approx(42_310 / 335_733, rel=1e-12)
    assert beside.net_benefit_moves == pytest.approx(beside.net_benefit.mean - found.net_benefit.mean)
    again = found.benefit_draws * 42_310 / 335_733 - found.cost_draws
    assert beside.prob_net_benefit == np.mean(again > 0)


def test_a_schedule_beside_moves_nothing_else(make_effect, make_costs):
    """It is drawn after all else, also where a later year is extrapolated."""
    options = {"costs": make_costs({"low": 9e4, "high": 2e5}), "horizon": 3, "retention": {"low": 0.5, "high": 0.9}}
    effects = {"robbery": make_effect()}
    alone, both = (
        appraise(effects, prices=delisi(beside=chosen), rng=np.random.default_rng(5), **options)
        for chosen in ((), None)
    )
    assert (alone.beside, len(both.beside), len(both.extrapolation.beside)) == ((), 1, 1)
    np.testing.assert_array_equal(alone.net_benefit_draws, both.net_benefit_draws)
    np.testing.assert_array_equal(alone.extrapolation.net_benefit_draws, both.extrapolation.net_benefit_draws)
    assert both.extrapolation.beside[0].benefit.mean > both.beside[0].benefit.mean


def test_both_british_schedules_are_printed(make_effect, make_costs):
    """7,282 pounds of 2003 and 11,320 of 2015/16, each uprated once to 2018 with the deflator of its own years."""
    prices = replace(Prices.load("home-office-2018"), multipliers="none")
    costs = make_costs(currency="GBP", price_year=2018)
    found = appraise({"robbery": make_effect()}, costs=costs, prices=prices, financial_year_as="first")
    assert [line.schedule for line in found.beside] == ["home-office-2005"]
    prevented = found.prevented.mean
    # World Bank GDP deflator of the United Kingdom, 2015 = 100
    assert found.benefit.mean == pytest.approx(prevented * 11_320 * 105.85041 / 100)
    levels = Deflator.load("GBR").levels
    assert found.beside[0].benefit.mean / prevented == pytest.approx(7_282 * 105.85041 / levels["2003"])


def test_only_a_schedule_that_prices_the_same_is_taken_by_itself(make_effect, make_costs):
    """Sums over different crimes do not compare."""
    effects = {"robbery": make_effect(), "theft": make_effect("theft")}
    prices = replace(Prices.load("mccollister-2010"), multipliers="none")
    assert appraise(effects, costs=make_costs(), prices=prices).beside == ()
    asked = replace(prices, beside=(Prices.load("delisi-2010"),))
    (line,) = appraise(effects, costs=make_costs(), prices=asked).beside
    assert (line.unpriced, line.net_benefit_moves) == (("theft",), None)


def test_own_prices_of_a_recorded_crime_say_why_a_schedule_beside_cannot_be_used(make_effect, make_costs, make_prices):
    """The shipped schedules are of crimes that happened, and nobody gave a multiplier."""
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=make_prices())
    assert {line.schedule for line in found.beside} == {"delisi-2010", "mccollister-2010"}
    assert all(line.benefit is None and "no multiplier for 'robbery'" in line.reason for line in found.beside)
    asked = make_prices(beside=(Prices.load("delisi-2010"),))
    with pytest.raises(CostError, match=r"beside 'delisi-2010': .*no multiplier for 'robbery'"):
        appraise({"robbery": make_effect()}, costs=make_costs(), prices=asked)
    ready = make_prices(beside=(delisi(multipliers={"robbery": 2.0}),))
    (line,) = appraise({"robbery": make_effect()}, costs=make_costs(), prices=ready).beside
    assert line.benefit.mean == pytest.approx(20 * 2 * 335_733, rel=1e-3)


def test_stand_ins_go_over_to_the_schedule_beside(make_effect, make_costs):
    """An assault priced as a robbery is priced so in both."""
    prices = delisi(multipliers="none", priced_as={"assault": "robbery"})
    (line,) = appraise({"assault": make_effect("assault")}, costs=make_costs(), prices=prices).beside
    assert line.benefit.mean == pytest.approx(20 * 42_310, rel=1e-3)


def test_schedules_beside_are_read_from_a_study_file():
    """By name, or as tables with choices of their own."""
    prices = Prices.from_mapping(
        {"schedule": "delisi-2010", "beside": [{"schedule": "mccollister-2010", "justice": "none"}]}
    )
    assert [(each.name, each.justice) for each in prices.beside] == [("mccollister-2010", "none")]
    assert Prices.from_mapping({"schedule": "delisi-2010", "beside": []}).beside == ()
    for wrong, told in (
        (["mccolister-2010"], "did you mean 'mccollister-2010'"),
        (["delisi-2010"], "twice"),
        ("mccollister-2010", "is a list"),
        ([3], "is a list of schedules"),
        ([{"schedule": "mccollister-2010", "beside": []}], "is a list of schedules"),
    ):
        with pytest.raises(CostFaultsError, match=told):
            Prices.from_mapping({"schedule": "delisi-2010", "beside": wrong})


def test_a_schedule_beside_in_another_currency_is_refused(make_effect, make_costs):
    """Amounts are not exchanged."""
    asked = delisi(beside=(Prices.load("home-office-2018"),))
    with pytest.raises(CostError, match=r"beside 'home-office-2018': its amounts are in GBP and the costs in USD"):
        appraise({"robbery": make_effect()}, costs=make_costs(), prices=asked, rng=np.random.default_rng(1))
