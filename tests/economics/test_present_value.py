"""What a measure must be worth to pay, where costs and events lie in several years."""

from dataclasses import replace

import numpy as np
import pytest

from evalkit.economics import CostPerCrimePrevented, appraise

YEARS = tuple(str(year) for year in range(2010, 2015))
RAMP = np.array([0.05, 0.3, 0.6, 1, 1])


@pytest.fixture
def appraised(make_effect, make_costs, make_prices, reshape):
    """Give a maker of appraisals of five years of a measure that sets in slowly, at a price of one robbery."""

    def make(price, *, horizon=None, **options):
        effect = reshape(make_effect(mean=20.0, sd=8.0, periods=YEARS), RAMP)
        found = appraise(
            {"robbery": effect},
            costs=make_costs({"low": 80_000, "high": 120_000}, years=(1, 2, 3, 4, 5)),
            prices=make_prices({"robbery": {"victims": price}}),
            rng=np.random.default_rng(3),
            **({} if horizon is None else {"horizon": horizon, "retention": {"low": 0.7, "high": 1.0}}),
            **options,
        )
        return found if horizon is None else found.extrapolation

    return make


@pytest.mark.parametrize("horizon", [None, 30])
@pytest.mark.parametrize("deadweight", [0.0, 0.5, {"low": 0.2, "high": 0.8}])
class TestAtTheValueThatBreaksEven:
    """The two identities: with a crime worth that much, the appraisal itself says that the measure just pays."""

    def test_net_benefit_is_nothing(self, appraised, horizon, deadweight):
        """At `value_per_event` the mean net benefit is 0, which is also the cost of one."""
        first = appraised(5000.0, horizon=horizon, deadweight=deadweight)
        value = first.break_even.value_per_event
        assert first.cost_per_crime_prevented.estimate == pytest.approx(value)
        at_value = appraised(value, horizon=horizon, deadweight=deadweight)
        assert at_value.net_benefit.mean == pytest.approx(0, abs=1e-6 * at_value.cost.mean)
        # and then the events that break even are those that were prevented
        assert at_value.break_even.events == pytest.approx(at_value.prevented.mean)

    @pytest.mark.parametrize("probability", [0.5, 0.8, 0.95])
    def test_the_probability_of_a_net_benefit_is_the_one_named(self, appraised, horizon, deadweight, probability):
        """At `acceptable_at[p]` it pays with probability p, to within one draw."""
        value = appraised(5000.0, horizon=horizon, deadweight=deadweight).cost_per_crime_prevented.acceptable_at
        at_value = appraised(value[probability], horizon=horizon, deadweight=deadweight)
        assert at_value.prob_net_benefit == pytest.approx(probability, abs=1.5 / 4000)


def test_two_outcomes_break_even_at_one_value_together(make_effect, make_costs, make_prices, reshape):
    """The value of a crime is that of each that was counted, whichever it is."""
    effects = {
        "robbery": reshape(make_effect(periods=YEARS), RAMP),
        "burglary": make_effect("burglary", mean=30, periods=YEARS, seed=4),
    }
    options = {"costs": make_costs(50_000, years=(1, 2, 3)), "deadweight": 0.3}
    value = appraise(effects, **options).break_even.value_per_event
    prices = make_prices({"robbery": {"victims": value}, "burglary": {"victims": value}})
    assert appraise(effects, prices=prices, **options).net_benefit.mean == pytest.approx(0, abs=1e-6)


def test_in_one_year_nothing_is_discounted(make_effect, make_costs):
    """All costs and all crimes lie in year 1."""
    found = appraise({"robbery": make_effect()}, costs=make_costs())
    assert found.discounted_prevented_draws is None
    assert found.tax_loss_draws is None
    assert found.cost_per_crime_prevented == CostPerCrimePrevented.of(found.prevented_draws, found.cost_draws)


def test_events_are_shown_as_they_were_counted(make_effect, make_costs):
    """4 a year are 20 in five years, and 18.69 in present value at 3.5 %."""
    found = appraise({"robbery": make_effect(sd=0, periods=YEARS)}, costs=make_costs(1000, years=(1, 2, 3, 4, 5)))
    assert found.prevented.mean == pytest.approx(20)
    factors = 1.035 ** -np.arange(5)
    assert found.discounted_prevented_draws.mean() == pytest.approx(4 * factors.sum())
    # costs that are spread as the events are cost the same each, discounted or not
    assert found.cost_per_crime_prevented.estimate == pytest.approx(250)


def test_later_years_start_from_the_last_observed_year(make_effect, make_costs, reshape):
    """A measure that sets in slowly prevents 20 a year at the end; year 6 begins there and not at 11.8."""
    effect = reshape(make_effect(mean=100.0, sd=0, periods=YEARS), RAMP)
    found = appraise({"robbery": effect}, costs=make_costs(), horizon=7, retention=0.5)
    assert found.prevented.mean == pytest.approx(59)
    assert found.extrapolation.prevented.mean == pytest.approx(59 + 10 + 5)
    kept = appraise({"robbery": effect}, costs=make_costs(), horizon=7, retention=1.0)
    assert kept.extrapolation.prevented.mean == pytest.approx(59 + 20 + 20)
    told = [line.value for line in kept.assumptions if line.what == "effect of the years after the window"]
    assert told[0].startswith("later years start from the last observed year")


@pytest.mark.parametrize(
    "weights",
    [
        # six quarters: the last four make the year
        {f"{2010 + q // 4}Q{q % 4 + 1}": max(q - 1, 0) for q in range(6)},
        # half a year, but for a day: twice what was seen
        {"2010Q1": 1, "2010Q2": 4},
        # undated periods of two years: half of the last
        {"1": 3, "2": 20},
    ],
)
def test_the_last_year_is_the_last_twelve_months(make_effect, make_costs, reshape, weights):
    """Periods shorter than a year are added up, and longer ones shared out; a short window is scaled."""
    effect = reshape(make_effect(mean=float(len(weights)), sd=0, periods=weights), np.array([*weights.values()]))
    length = {"period_years": 2.0} if "1" in weights else {}
    found = appraise({"robbery": effect}, costs=make_costs(), horizon=6, retention=1.0, **length)
    more = found.extrapolation.prevented.mean - found.prevented.mean
    assert more == pytest.approx(10 * (6 - found.window), rel=0.01)


def test_an_extrapolation_without_a_mean_is_left_out_and_that_is_said(make_effect, make_costs):
    """Where the last year alone is too uncertain, the observed window is appraised all the same."""
    effect = make_effect(mean=200.0, sd=20.0, periods=("2010", "2011"))
    last = effect.prevented[:, 1].copy()
    last[:30] *= 40
    first = np.random.default_rng(5).normal(300, 200, len(last))
    effect = replace(effect, prevented=np.column_stack([first, last]))
    options = {"costs": make_costs(years=(1, 2)), "horizon": 12, "retention": 1.0}
    found = appraise({"robbery": effect}, **options)
    assert found.extrapolation is None
    assert found.prevented.mean == pytest.approx(400 + 100 * 39 * 30 / 4000, rel=0.05)
    told = [line for line in found.warnings if line.startswith("Nothing is extrapolated: the estimate of robberies")]
    assert len(told) == 1


def test_crime_that_rose_before_it_fell_has_no_value_that_pays(make_effect, make_costs, reshape):
    """-20, then +20.1: more than nothing as counted and less than nothing in present value."""
    effect = reshape(make_effect(mean=2.0, sd=0, periods=("2010", "2011")), np.array([-20, 20.1]))
    found = appraise({"robbery": effect}, costs=make_costs(1000))
    assert found.prevented.mean == pytest.approx(0.1)
    assert found.break_even.value_per_event is None
    assert found.cost_per_crime_prevented.estimate is None
    for reason in (found.break_even.value_reason, found.cost_per_crime_prevented.reason):
        assert reason.startswith("on average crime rose before it fell, and in present value")
