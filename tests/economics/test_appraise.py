from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.domain import Effect, Outcome
from evalkit.draws import Quantity, spread
from evalkit.economics import Amount, Costs, Deflator, Flow, Multiplier, NoMeanError, Prices, UnitCost, appraise
from evalkit.errors import CostError


def test_wsipp_program_236_is_reproduced(make_effect, make_costs, make_prices):
    """WSIPP, one more officer with hot-spot strategies (2022 dollars): indirect -17,614, ratio 5.32.

    http://www.wsipp.wa.gov/BenefitCost/Program/236: taxpayers 78,568, victims 544,074, programme 113,796;
    the deadweight of taxation is 50 cents for each dollar taxed net.
    """
    found = appraise(
        {"robbery": make_effect(mean=1.0, sd=0)},
        costs=make_costs(113_796, bearer="national taxpayer", price_year=2022),
        prices=make_prices({"robbery": {"national taxpayer": 78_568, "victims": 544_074}}, price_year=2022),
        deadweight=0.5,
    )
    by_bearer = {line.bearer: line for line in found.by_bearer}
    assert by_bearer["deadweight of taxation"].benefit.mean == pytest.approx(-17_614)
    assert by_bearer["victims"].net.mean == pytest.approx(544_074)
    assert by_bearer["national taxpayer"].net.mean == pytest.approx(78_568 - 113_796)
    assert found.benefit.mean == pytest.approx(605_028)
    assert found.net_benefit.mean == pytest.approx(491_232)
    assert round(found.benefit_cost_ratio, 2) == 5.32
    assert found.prob_net_benefit == 1.0


def test_a_closed_form_appraisal_is_reproduced(make_effect, make_costs, make_prices):
    """12,000 x N(20, 8) less 100,000: mean 140,000, probability that it pays P(N > 8.33)."""
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=make_prices())
    assert found.net_benefit.mean == pytest.approx(140_000, rel=1e-3)
    assert found.net_benefit.lower == pytest.approx(12_000 * (20 - 1.959964 * 8) - 100_000, rel=1e-4)
    assert found.prob_net_benefit == pytest.approx(0.92767, abs=5e-4)
    assert found.benefit_cost_ratio == pytest.approx(2.4, rel=1e-3)
    assert found.cost_per_crime_prevented.estimate == pytest.approx(5000, rel=1e-3)
    assert found.break_even.events == pytest.approx(100_000 / 12_000)
    assert found.break_even.value_per_event == pytest.approx(5000, rel=1e-3)
    assert found.by_crime[0].unit_value == 12_000


def test_years_are_discounted_from_year_one(make_effect, make_costs, make_prices):
    """Year 1 counts in full, year 2 is divided by 1.035, for costs and for benefits."""
    found = appraise(
        {"robbery": make_effect(mean=2, sd=0, periods=("2007", "2008"))},
        costs=make_costs(1035, years=(1, 2)),
        prices=make_prices({"robbery": {"victims": 2070}}),
    )
    assert [line.cost.mean for line in found.by_year] == pytest.approx([1035, 1000])
    assert [line.benefit.mean for line in found.by_year] == pytest.approx([2070, 2000])
    assert not any(line.extrapolated for line in found.by_year)


def test_displacement_stands_in_the_sum(make_effect, make_costs):
    """What moved to the buffer is taken off before any money is counted."""
    found = appraise({"robbery": make_effect(mean=20, sd=0, moved=-5)}, costs=make_costs(30_000))
    assert found.prevented.mean == 15
    assert found.cost_per_crime_prevented.estimate == pytest.approx(2000)


def test_without_prices_there_is_a_cost_and_no_benefit(make_effect, make_costs):
    """Nothing is worth nothing by default: the benefit is absent, with the reason."""
    found = appraise({"robbery": make_effect()}, costs=make_costs())
    assert found.benefit is None
    assert found.net_benefit is None
    assert found.prob_net_benefit is None
    assert found.benefit_cost_ratio is None
    assert found.benefit_cost_reason == "no prices were given, so the prevented events have no worth in money"
    assert found.break_even.events is None
    assert found.cost.mean == 100_000


def test_an_outcome_without_a_price_is_named_and_not_nothing(make_effect, make_costs, make_prices):
    """Its worth is missing from the benefits, and a reader is told."""
    found = appraise(
        {"robbery": make_effect(), "drugs": make_effect("drugs")}, costs=make_costs(), prices=make_prices()
    )
    assert found.unpriced == ("drugs",)
    assert any("no unit cost for 'drugs'" in sentence for sentence in found.warnings)
    line = found.by_crime[1]
    assert (line.unit_value, line.benefit, line.reason) == (None, None, "it has no price")


def test_what_is_no_count_of_events_does_not_reach_the_till(make_effect, make_costs):
    """A survey answer has no price."""
    with pytest.raises(CostError, match=r"'fear' has no events prevented \(score\)"):
        appraise({"fear": make_effect(None, name="fear", kind="score")}, costs=make_costs())


def test_a_total_and_a_part_of_it_are_not_added(make_effect, make_costs):
    """All crime together already holds the burglaries."""
    with pytest.raises(CostError, match="'crime' is all crime together and already holds 'burglary'"):
        appraise({"crime": make_effect("crime"), "burglary": make_effect("burglary")}, costs=make_costs())


def test_one_class_counted_twice_is_refused_until_it_is_said_to_be_disjoint(make_effect, make_costs):
    """Two burglary outcomes may be dwellings and shops, or the same events twice."""
    two = {"homes": make_effect("burglary", name="homes"), "shops": make_effect("burglary", name="shops")}
    with pytest.raises(CostError, match="both count burglary"):
        appraise(two, costs=make_costs())
    found = appraise(two, costs=make_costs(), disjoint=True)
    assert found.prevented.mean == pytest.approx(40, rel=1e-3)
    theft = {"theft": make_effect("theft"), "cars": make_effect("vehicle-theft", name="cars")}
    assert any("may hold" in sentence for sentence in appraise(theft, costs=make_costs()).warnings)


def test_a_price_of_an_actual_crime_needs_a_multiplier(make_effect, make_costs, make_prices):
    """Recorded counts times the cost of a crime that happened understates, so nothing is left unsaid."""
    effects, costs = {"robbery": make_effect(mean=10, sd=0)}, make_costs()
    prices = make_prices(basis="actual")
    with pytest.raises(CostError, match="no multiplier for 'robbery'"):
        appraise(effects, costs=costs, prices=prices)
    plain = appraise(effects, costs=costs, prices=prices, multipliers="none")
    assert plain.benefit.mean == 120_000
    said = "no multipliers were chosen, so crimes that nobody recorded count for nothing, on either side."
    assert any(sentence.endswith(said) for sentence in plain.warnings)
    source = Multiplier(crime="robbery", amount=6.2, source="Smith and others 2014 (AIC)")
    more = appraise(effects, costs=costs, prices=prices, multipliers={"robbery": source})
    assert more.benefit.mean == pytest.approx(6.2 * 120_000)
    assert not more.warnings


def test_a_price_of_a_recorded_crime_refuses_a_multiplier(make_effect, make_costs, make_prices):
    """It would count unrecorded crime twice."""
    with pytest.raises(CostError, match="counts unrecorded crime twice"):
        appraise({"robbery": make_effect()}, costs=make_costs(), prices=make_prices(), multipliers={"robbery": 2})


def test_a_multiplier_for_a_crime_that_has_no_price_is_a_slip(make_effect, make_costs, make_prices):
    """The nearest is named."""
    with pytest.raises(CostError, match="did you mean 'robbery'"):
        appraise(
            {"robbery": make_effect()},
            costs=make_costs(),
            prices=make_prices(basis="actual"),
            multipliers={"roberry": 2},
        )


def test_the_risk_of_homicide_is_not_paid_twice(make_effect, make_costs):
    """McCollister's intangible cost of robbery holds the risk of being killed."""
    effects = {"homicide": make_effect("homicide"), "robbery": make_effect()}
    prices = Prices.load("mccollister-2010")
    with pytest.raises(CostError, match="'robbery: intangible' holds a part of the cost of homicide"):
        appraise(effects, costs=make_costs(), prices=prices, multipliers="none")
    found = appraise(
        effects,
        costs=make_costs(),
        prices=prices.without("intangible", crimes=["robbery"]),
        multipliers="none",
    )
    assert any("Homicides are few and dear" in sentence for sentence in found.warnings)
    assert (
        "The benefits leave out 'intangible' of robbery: it holds a part of the cost of homicide, counted by itself. "
        "What else it holds is not counted." in found.warnings
    )
    (left,) = (line for line in found.assumptions if line.what.startswith("left out"))
    assert left.what == "left out of the unit costs: intangible"
    assert left.value.startswith("robbery 22,575 USD in prices of 2008; it holds a part of the cost of homicide")
    assert left.certainty == "chosen"


def test_what_is_left_out_by_choice_is_told_as_a_choice(make_effect, make_costs, make_prices):
    """A reader sees an omission that no overlap calls for; one that touches no outcome is not told."""
    whole = make_prices({"robbery": {"victims": 10, "police": 5, "health": 2}, "arson": {"victims": 7, "police": 1}})
    options = {"costs": make_costs(1)}
    for chosen in (whole.without("police"), whole.using("victims", "health")):
        assert [line.name for line in chosen.left_out] == ["'robbery: police'", "'arson: police'"]
        found = appraise({"robbery": make_effect()}, prices=chosen, **options)
        (left,) = (line.value for line in found.assumptions if line.what == "left out of the unit costs: police")
        assert left == "robbery 5 USD in prices of 2008; a choice: no overlap with what is counted calls for it"
        assert any(line.startswith("The benefits leave out 'police' of robbery: a choice") for line in found.warnings)
    for told in (whole, whole.without("police", crimes=["arson"])):
        found = appraise({"robbery": make_effect()}, prices=told, **options)
        assert not any("leave out" in line for line in found.warnings)
    again = whole.without("police").using("victims", "police", "health")
    assert again.left_out == ()
    victims = appraise({"robbery": make_effect()}, prices=whole.without("police"), perspective="victims", **options)
    assert not any("leave out" in line for line in victims.warnings)


def test_a_total_that_stands_for_its_parts_leaves_nothing_out():
    """The parts are in it."""
    assert not Prices.load("mccollister-2010").using("total").left_out


def test_harm_has_no_ratio_of_benefit_to_cost(make_effect, make_costs, make_prices):
    """A ratio below zero would rank a dear harm above a cheap one."""
    options = {"costs": make_costs(1000), "prices": make_prices()}
    found = appraise({"robbery": make_effect(mean=-5)}, **options)
    assert found.benefit.mean < 0
    assert found.benefit_cost_ratio is None
    assert found.benefit_cost_reason == (
        "on average the measure did harm, so there is no benefit to set against a unit of cost"
    )
    taxed = appraise(
        {"robbery": make_effect(mean=5, sd=0)},
        costs=make_costs(1e6),
        prices=make_prices(),
        deadweight=0.5,
    )
    assert taxed.benefit.mean == 60_000 - 500_000
    assert taxed.benefit_cost_ratio is None
    assert taxed.benefit_cost_reason.startswith("on average taxing for the measure loses more than")


def test_unverified_prices_are_said_to_be_unverified(make_effect, make_costs):
    """Every appraisal that uses a schedule read in a second source carries the sentence."""
    found = appraise(
        {"robbery": make_effect()},
        costs=make_costs(),
        prices=Prices.load("mccollister-2010"),
        multipliers={"robbery": 1},
    )
    assert any("unverified" in sentence for sentence in found.warnings)
    assert found.by_crime[0].unit_value == pytest.approx(42_310, abs=1)
    assert {line.bearer for line in found.by_bearer} == {
        "city",
        "victims",
        "police, courts and prisons",
        "offenders and participants",
    }
    secondary = [line for line in found.assumptions if line.certainty == "secondary"]
    assert len([line for line in secondary if line.what.startswith("unit cost")]) == 4


def test_prices_are_uprated_once_to_the_year_of_the_costs(make_effect, make_costs):
    """McCollister's 2008 dollars in 2010 dollars by the GDP deflator: 92.104071 / 90.440364."""
    found = appraise(
        {"robbery": make_effect()},
        costs=make_costs(price_year=2010),
        prices=Prices.load("mccollister-2010"),
        multipliers={"robbery": 1},
    )
    factor = 92.104071 / 90.440364
    assert found.by_crime[0].unit_value == pytest.approx(42_310 * factor, rel=1e-5)
    assert found.cost.mean == 100_000
    assert found.price_year == "2010"
    cpi = appraise(
        {"robbery": make_effect()}, costs=make_costs(), deflator=Deflator.load("USA", "cpi-u"), price_year=2010
    )
    assert cpi.cost.mean == pytest.approx(100_000 * 1.0127866606)


def test_financial_years_are_not_mixed_with_calendar_years(make_effect, make_costs):
    """Home Office prices are of 2015/16; a ledger of 2018 has to say how that is read."""
    options = {
        "costs": make_costs(currency="GBP", price_year=2018),
        "prices": Prices.load("home-office-2018"),
        "multipliers": "none",
    }
    with pytest.raises(CostError, match="financial_year_as"):
        appraise({"robbery": make_effect()}, **options)
    found = appraise({"robbery": make_effect()}, **options, financial_year_as="first")
    assert found.by_crime[0].unit_value == pytest.approx(11_320 * 1.0585041)


def test_currencies_are_not_mixed(make_effect, make_costs):
    """A transfer between countries is the user's to make and to state."""
    with pytest.raises(CostError, match="costs are in EUR and prices 'mccollister-2010' in USD"):
        appraise(
            {"robbery": make_effect()},
            costs=make_costs(currency="EUR"),
            prices=Prices.load("mccollister-2010"),
        )


def test_the_horizon_is_a_second_appraisal_that_says_what_it_is(make_effect, make_costs, make_prices):
    """Half of the effect is kept each year: 10 a year seen, then 5 and 2.5; the window stays as it is."""
    found = appraise(
        {"robbery": make_effect(mean=20, sd=0, periods=("2007", "2008"))},
        costs=make_costs(1000, years=(1, 2)),
        prices=make_prices({"robbery": {"victims": 100}}),
        discounting=0.0,
        horizon=4,
        retention=0.5,
    )
    later = found.extrapolation
    assert (found.scenario, later.scenario) == ("observed window", "extrapolation")
    assert found.benefit.mean == 2000
    assert [line.benefit.mean for line in later.by_year] == pytest.approx([1000, 1000, 500, 250])
    assert [line.extrapolated for line in later.by_year] == [False, False, True, True]
    assert any("in years 3 to 4 is extrapolated" in sentence for sentence in later.warnings)
    assert any("no running costs in year 3, 4" in sentence for sentence in later.warnings)
    assert later.cost.mean == 2000
    assert list(found.scenarios) == ["observed window", "extrapolation"]


def test_retention_may_be_uncertain_and_is_a_share(make_effect, make_costs):
    """It is drawn on the rows of the effect, and never above 1."""
    options = {"costs": make_costs(), "horizon": 3, "rng": np.random.default_rng(1)}
    found = appraise({"robbery": make_effect(sd=0)}, retention={"low": 0.5, "high": 1.0}, **options)
    later = found.extrapolation.prevented
    assert later.lower < later.mean < later.upper
    assert later.mean == pytest.approx(20 * (1 + 0.75 + (1 - 0.125) / 1.5), rel=1e-3)
    with pytest.raises(CostError, match="a share between 0 and 1"):
        appraise({"robbery": make_effect()}, retention=1.1, **options)


def test_a_horizon_without_a_retention_or_a_length_is_refused(make_effect, make_costs):
    """Nothing is extrapolated on an unsaid choice."""
    with pytest.raises(CostError, match="kept from each year to the next"):
        appraise({"robbery": make_effect()}, costs=make_costs(), horizon=3)
    with pytest.raises(CostError, match="with period_years"):
        appraise({"robbery": make_effect(periods=("after",))}, costs=make_costs(), horizon=3, retention=1)
    with pytest.raises(CostError, match="the observed window"):
        appraise({"robbery": make_effect(periods=("2007", "2008"))}, costs=make_costs(), horizon=1)


def test_costs_outside_the_window_are_named_and_not_counted(make_effect, make_costs):
    """The window of one year has the costs of one year."""
    found = appraise({"robbery": make_effect()}, costs=make_costs(100, years=(1, 2, 3)))
    assert found.cost.mean == 100
    assert any("after year 1" in sentence for sentence in found.warnings)


def test_running_costs_that_stop_before_the_benefits_are_warned_of(make_effect, make_costs):
    """One year's patrols beside four years of effects would look four times as cheap."""
    found = appraise({"robbery": make_effect(periods=("2007", "2008", "2009", "2010"))}, costs=make_costs(100))
    assert any("no running costs in year 2, 3, 4" in sentence for sentence in found.warnings)


def test_perspectives_are_filters(make_effect, make_costs, make_prices):
    """The payer is often not the gainer: the city pays, victims and prisons gain."""
    prices = make_prices({"robbery": {"victims": 500, "courts and prisons": 300}})
    options = {"costs": make_costs(1000), "prices": prices}
    means = {
        view: appraise({"robbery": make_effect(mean=2, sd=0)}, perspective=view, **options).net_benefit.mean
        for view in ("society", "public purse", "city", "victims")
    }
    assert means == {"society": 600, "public purse": -400, "city": -1000, "victims": 1000}
    with pytest.raises(CostError, match="did you mean 'victims'"):
        appraise({"robbery": make_effect()}, perspective="victim", **options)


def test_a_total_that_is_not_split_has_no_perspective_but_society(make_effect, make_costs):
    """Home Office totals do not say who bears them here."""
    with pytest.raises(CostError, match="do not say who bears 'robbery: total'"):
        appraise(
            {"robbery": make_effect()},
            costs=make_costs(currency="GBP", price_year="2015/16"),
            prices=Prices.load("home-office-2018"),
            multipliers="none",
            perspective="city",
        )


def test_assumed_costs_are_told(make_effect):
    """An amount that no source gives is seen among the assumptions and in a warning."""
    costs = Costs(
        currency="USD",
        price_year=2010,
        flows=(Flow(what="cameras", amount=1000, bearer="city", kind="capital"),),
    )
    found = appraise({"robbery": make_effect()}, costs=costs)
    assert any("assumed and not from a source: 'cameras'" in sentence for sentence in found.warnings)
    assert [line.certainty for line in found.assumptions if line.what == "cost: cameras"] == ["assumed"]


def test_a_saving_is_taken_off_the_costs(make_effect):
    """A ratio to a cost below zero has no meaning and is not given."""
    flows = (
        Flow(what="guards", amount=100, bearer="city", kind="running", source="invoice"),
        Flow(what="fewer calls", amount=300, bearer="police", kind="running", source="log", saving=True),
    )
    found = appraise({"robbery": make_effect()}, costs=Costs(currency="USD", price_year=2010, flows=flows))
    assert found.cost.mean == -200
    assert found.quadrants.prevents_and_saves > 0.99
    assert found.cost_per_crime_prevented.estimate is None


def test_uncertain_amounts_need_a_generator_and_the_same_seed_gives_the_same(make_effect, make_costs):
    """Seeds live in studies."""
    costs = make_costs({"mean": 1000, "sd": 100})
    with pytest.raises(CostError, match="give rng"):
        appraise({"robbery": make_effect()}, costs=costs)
    one, two = (appraise({"robbery": make_effect()}, costs=costs, rng=np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.cost_draws, two.cost_draws)
    assert one.cost.mean == pytest.approx(1000, rel=1e-3)


def test_a_crime_without_a_price_may_be_priced_as_another_when_that_is_said(make_effect, make_costs):
    """Violence with injury stands in for assault, and the line says so."""
    prices = Prices.from_mapping(
        {
            "schedule": "home-office-2018",
            "priced_as": {"assault": "violence-with-injury"},
            "multipliers": {"violence-with-injury": 2.0},
        }
    )
    costs = make_costs(currency="GBP", price_year="2015/16")
    found = appraise({"assault": make_effect("assault")}, costs=costs, prices=prices)
    assert found.by_crime[0].priced_as == "violence-with-injury"
    assert found.by_crime[0].unit_value == 28_100


def test_effects_with_different_draws_are_not_added(make_effect, make_costs):
    """Rows that do not go together have no sum."""
    with pytest.raises(CostError, match="the same number of draws"):
        appraise({"robbery": make_effect(), "burglary": make_effect("burglary", draws=100)}, costs=make_costs())


def test_shuffling_rows_changes_the_joint_and_no_margin(make_effect, make_costs, make_prices):
    """Two crimes that fall together make the sum less certain than two that do not."""
    prices = make_prices({"robbery": {"victims": 10}, "burglary": {"victims": 10}})
    one, other = make_effect(), make_effect("burglary")
    order = np.random.default_rng(5).permutation(one.draws)
    together = appraise({"a": one, "b": other}, costs=make_costs(1), prices=prices)
    apart = appraise({"a": one, "b": other.reorder(order)}, costs=make_costs(1), prices=prices)
    for first, second in zip(together.by_crime, apart.by_crime, strict=True):
        assert first.benefit.mean == pytest.approx(second.benefit.mean)
        assert first.benefit.lower == pytest.approx(second.benefit.lower)
    assert together.benefit.mean == pytest.approx(apart.benefit.mean)
    width = {name: x.benefit.upper - x.benefit.lower for name, x in (("t", together), ("a", apart))}
    assert width["a"] == pytest.approx(width["t"] / np.sqrt(2), rel=0.05)


def falls(log_change, *, crime="homicide", recorded=100.0, periods=("2007",)):
    """Give an effect on 100 recorded events from draws of a change of the log, shape (draws,)."""
    prevented = np.outer(recorded * np.expm1(-log_change), np.full(len(periods), 1 / len(periods)))
    return Effect(
        outcome=Outcome(name=crime, crime=crime),
        estimator="made up",
        scale="log_rate_ratio",
        change=log_change,
        estimand="",
        assumption="",
        prevented=prevented,
        periods=tuple(periods),
    )


def test_an_effect_without_a_mean_is_not_put_into_money(make_costs, make_effect):
    """The exponential of a t with 1.4 degrees of freedom has no mean: its average is one draw's accident."""
    wild = falls(spread(stats.t(1.4, -0.66, 0.1), 4000, np.random.default_rng(1)))
    with pytest.raises(NoMeanError, match="the estimate of homicides prevented is so uncertain") as caught:
        appraise({"burglary": make_effect("burglary"), "killings": wild}, costs=make_costs())
    assert isinstance(caught.value, CostError)
    assert caught.value.outcome == "killings"
    assert caught.value.median == pytest.approx(93, abs=1)
    assert caught.value.mean > 1e6
    assert "(median 93, mean " in str(caught.value)
    assert str(caught.value).endswith("there is no expected value to set against the costs")
    endless = falls(np.r_[np.zeros(30), np.full(10, -703.0)])
    with pytest.raises(NoMeanError, match="mean beyond any number"):
        appraise({"killings": endless}, costs=make_costs())


@pytest.mark.parametrize("change", [stats.norm(-0.3, 0.4), stats.norm(0.1, 0.7), stats.t(5, -0.3, 0.2)])
def test_a_skewed_effect_that_has_a_mean_is_put_into_money(change, make_costs, make_prices):
    """Every amount that is shown then has its mean in its own interval."""
    draws = spread(change, 4000, np.random.default_rng(1))
    found = appraise(
        {"robbery": falls(draws, crime="robbery", periods=("2007", "2008"))},
        costs=make_costs({"mean": 1000, "sd": 300}, years=(1, 2)),
        prices=make_prices({"robbery": {"victims": {"mean": 900, "sd": 400}, "police": 100}}),
        deadweight=0.3,
        horizon=4,
        retention={"low": 0.5, "high": 1.0},
        rng=np.random.default_rng(2),
    )
    for scenario in found.scenarios.values():
        shown = [*amounts(scenario), scenario.cost, scenario.benefit, scenario.net_benefit, scenario.prevented]
        assert len(shown) > 15
        for amount in shown:
            # an amount without any spread is itself, but for rounding
            assert amount.lower - 1e-9 <= amount.mean <= amount.upper + 1e-9


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50))
def test_a_mean_lies_between_the_smallest_and_the_largest_draw(draws):
    """Whatever the draws are."""
    mean = Amount.of(np.array(draws), 0.95).mean
    allowed = 1e-9 * max(abs(draw) for draw in draws)
    assert min(draws) - allowed <= mean <= max(draws) + allowed


def amounts(value):
    """Give every amount in a record, however deep."""
    if isinstance(value, Amount):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from amounts(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from amounts(getattr(value, name))


def numbers(value):
    """Give every number in a record, however deep."""
    if isinstance(value, bool | str) or value is None:
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, np.ndarray):
        yield from value.ravel()[:: max(1, value.size // 50)]
    elif isinstance(value, dict):
        for item in value.values():
            yield from numbers(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from numbers(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from numbers(getattr(value, name))


@settings(max_examples=40, deadline=None)
@given(
    mean=st.floats(-30, 30),
    sd=st.floats(0, 30),
    cost=st.floats(0, 1e6),
    price=st.floats(0, 1e5),
    options=st.tuples(st.sampled_from([0.0, 0.5]), st.booleans()),
)
def test_no_number_is_missing_or_endless(mean, sd, cost, price, options):
    """Whatever comes in, what goes out is finite or absent with a reason; and the sums agree."""
    deadweight, saving = options
    draws = np.random.default_rng(1).normal(mean, sd, 200)
    effect = Effect(
        outcome=Outcome(name="robbery", crime="robbery"),
        estimator="made up",
        scale="count_difference",
        change=-draws,
        estimand="",
        assumption="",
        prevented=draws[:, None],
        periods=("2007",),
    )
    flow = Flow(what="x", amount=cost, bearer="city", kind="running", source="s", saving=saving)
    lines = (
        UnitCost(crime="robbery", amount=price, component="a", bearer="victims"),
        UnitCost(crime="robbery", amount=Quantity.of(price / 2), component="b", bearer="police"),
    )
    prices = Prices(name="own", country="USA", currency="USD", price_year=2010, basis="recorded", unit_costs=lines)
    found = appraise(
        {"robbery": effect},
        costs=Costs(currency="USD", price_year=2010, flows=(flow,)),
        prices=prices,
        deadweight=deadweight,
        horizon=3,
        retention=0.5,
    )
    for scenario in found.scenarios.values():
        derived = (
            scenario.cost,
            scenario.net_benefit,
            scenario.benefit_cost_ratio,
            scenario.cost_per_crime_prevented,
            scenario.quadrants,
        )
        assert all(np.isfinite(number) for number in numbers((scenario, derived)))
        assert (scenario.benefit_cost_ratio is None) == bool(scenario.benefit_cost_reason)
        by_bearer = sum(line.net.mean for line in scenario.by_bearer)
        by_year = sum(line.net.mean for line in scenario.by_year)
        assert by_bearer == pytest.approx(scenario.net_benefit.mean, abs=1e-3)
        assert by_year == pytest.approx(scenario.net_benefit.mean, abs=1e-3)


@settings(deadline=None)
@given(st.floats(1, 50))
def test_break_even_events_make_the_net_benefit_nothing(mean):
    """Preventing exactly the events that break even gives a net benefit of 0, deadweight and all."""

    def effect(events):
        return Effect(
            outcome=Outcome(name="robbery", crime="robbery"),
            estimator="made up",
            scale="count_difference",
            change=np.full(10, -events),
            estimand="",
            assumption="",
            prevented=np.full((10, 2), events / 2),
            periods=("2007", "2008"),
        )

    lines = tuple(
        UnitCost(crime="robbery", amount=amount, component=bearer, bearer=bearer)
        for bearer, amount in (("victims", 900), ("police", 100))
    )
    options = {
        "costs": Costs(
            currency="USD",
            price_year=2010,
            flows=(Flow(what="x", amount=5000, bearer="city", kind="one-off", source="s"),),
        ),
        "prices": Prices(
            name="own", country="USA", currency="USD", price_year=2010, basis="recorded", unit_costs=lines
        ),
        "deadweight": 0.5,
    }
    needed = appraise({"robbery": effect(mean)}, **options).break_even.events
    assert appraise({"robbery": effect(needed)}, **options).net_benefit.mean == pytest.approx(0, abs=1e-6)


def test_a_saving_of_the_police_beside_what_the_police_save_by_crime_is_refused(make_effect, make_prices):
    """The response to a crime is in its unit cost; saved police time in the ledger is the same money."""
    flows = (
        Flow(what="guards", amount=500, bearer="city", kind="running", source="invoice"),
        Flow(what="fewer calls", amount=300, bearer="police", kind="running", source="log", saving=True),
    )
    costs = Costs(currency="USD", price_year=2008, flows=flows)
    police = make_prices({"robbery": {"victims": 10, "police": 5}})
    with pytest.raises(CostError, match=r"'fewer calls' .* 'robbery: police' holds that already"):
        appraise({"robbery": make_effect()}, costs=costs, prices=police)
    victims = appraise({"robbery": make_effect()}, costs=costs, prices=police.without("police"))
    assert victims.cost.mean == 200
    declared = replace(police, valued_apart={"fewer calls": "nothing"})
    assert appraise({"robbery": make_effect()}, costs=costs, prices=declared).cost.mean == 200


def test_years_seen_for_one_outcome_only_are_marked_as_extrapolated(make_effect, make_costs):
    """Where one outcome was observed for a year and the other for three, years 2 and 3 are not all observed."""
    effects = {
        "robbery": make_effect(periods=("2007", "2008", "2009"), sd=0),
        "burglary": make_effect("burglary", periods=("2007",), sd=0),
    }
    found = appraise(effects, costs=make_costs(), horizon=4, retention=1.0)
    assert [line.extrapolated for line in found.by_year] == [False] * 3
    assert [line.extrapolated for line in found.extrapolation.by_year] == [False, True, True, True]
    assert found.prevented.mean == 40
    assert found.extrapolation.prevented.mean == pytest.approx(20 + 20 / 3 + 4 * 20)


def test_the_sums_are_those_of_going_through_draws_periods_and_lines_one_by_one(make_effect):
    """A slow and obvious reckoning: two crimes by quarter, two bearers, a multiplier, two flows."""
    quarters = [f"{2010 + (2 + q) // 4}Q{(2 + q) % 4 + 1}" for q in range(7)]
    effects = {
        "robbery": make_effect(periods=quarters, draws=50),
        "burglary": make_effect("burglary", mean=5, periods=quarters[2:], draws=50, seed=2, moved=-1),
    }
    price = {("robbery", "victims"): 900, ("robbery", "police"): 70, ("burglary", "victims"): 300}
    multiplier = {"robbery": 3.0, "burglary": 2.0}
    lines = tuple(
        UnitCost(crime=crime, component=bearer, bearer=bearer, amount=value) for (crime, bearer), value in price.items()
    )
    prices = Prices(name="own", country="USA", currency="USD", price_year=2008, basis="actual", unit_costs=lines)
    flows = (
        Flow(what="a", amount=4000, bearer="city", kind="running", years=(1, 2), source="s"),
        Flow(what="b", amount=900, bearer="police", kind="capital", source="s"),
    )
    costs = Costs(currency="USD", price_year=2008, flows=flows)
    found = appraise(effects, costs=costs, prices=prices, multipliers=multiplier, discounting=0.1, deadweight=0.2)
    for draw in range(50):
        cost = 4000 + 4000 / 1.1 + 900
        benefit = -0.2 * cost
        for (crime, bearer), value in price.items():
            effect = effects[crime]
            for label, events in zip(effect.periods, effect.net_prevented[draw], strict=True):
                later = quarters.index(label) >= 4
                worth = events * multiplier[crime] * value / (1.1 if later else 1)
                benefit += worth * (1.2 if bearer == "police" else 1)
        assert found.cost_draws[draw] == pytest.approx(cost)
        assert found.benefit_draws[draw] == pytest.approx(benefit)


@pytest.mark.parametrize("deadweight", [0.0, 0.3])
def test_at_its_break_even_cost_the_measure_neither_pays_nor_costs(make_effect, make_costs, make_prices, deadweight):
    """Put in the place of the cost, it leaves a mean net benefit of nothing, with what is lost by taxing for it."""
    effects = {"robbery": make_effect(mean=30)}
    prices = make_prices({"robbery": {"victims": 5_000, "police": 1_000}})
    first = appraise(effects, costs=make_costs(100_000), prices=prices, deadweight=deadweight)
    again = appraise(effects, costs=make_costs(first.break_even.cost), prices=prices, deadweight=deadweight)
    assert again.net_benefit.mean == pytest.approx(0, abs=1e-6)
    assert first.break_even.cost_reason == ""


def test_a_break_even_cost_that_is_none_says_why(make_effect, make_costs, make_prices):
    """Harm pays at no cost, and without prices there is no worth to hold a cost against."""
    harm = appraise({"robbery": make_effect(mean=-30)}, costs=make_costs(), prices=make_prices())
    assert (harm.break_even.cost, harm.break_even.cost_reason[:30]) == (None, "on average the measure did har")
    bare = appraise({"robbery": make_effect()}, costs=make_costs())
    assert (bare.break_even.cost, bare.break_even.cost_reason) == (None, "no outcome has a price")
