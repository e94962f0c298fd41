from dataclasses import replace

import numpy as np
import pytest

from evalkit.economics import (
    Costs,
    Flow,
    Learning,
    Multiplier,
    Observed,
    Plan,
    RollOut,
    appraise,
    discount_factors,
    value_of_information,
    why_no_information,
)
from evalkit.economics.information.plan_file import learning_from_mapping
from evalkit.errors import CostError


@pytest.fixture
def appraised(make_effect, make_costs, make_prices):
    """Give a maker of appraisals in which effect, cost and worth of an event are uncertain."""

    def make(*, priced=True, **options):
        effect = make_effect(mean=20, sd=8, periods=options.pop("periods", ("2007",)))
        prices = make_prices({"robbery": {"victims": {"low": 4000, "high": 12_000}}}) if priced else None
        costs = make_costs({"low": 80_000, "high": 200_000})
        return appraise({"robbery": effect}, costs=costs, prices=prices, rng=np.random.default_rng(1), **options)

    return make


@pytest.fixture
def learn(appraised):
    """Give the value of plans to learn more, for a roll-out to 40 sites and 5 years after 4 sites and a year."""

    def value(*plans, observed=None, appraisal=None, **options):
        learning = Learning(roll_out=RollOut(sites=40, years=5), plans=plans, **options)
        seen = observed or Observed(sites=4, months=12)
        return value_of_information(appraisal or appraised(discounting=0.0), learning=learning, observed=seen)

    return value


def test_net_benefit_is_made_of_the_named_inputs_row_by_row(make_effect, make_costs, make_prices):
    """Every uncertain thing has a name, and its draws are those that the appraisal reckoned with."""
    found = appraise(
        {"robbery": make_effect()},
        costs=make_costs({"low": 50_000, "high": 150_000}, bearer="city"),
        prices=make_prices(
            {"robbery": {"victims": {"low": 1000, "high": 3000}, "police": {"mean": 900, "sd": 300}}},
            basis="actual",
            multipliers={"robbery": Multiplier(crime="robbery", amount={"low": 1.5, "high": 3.0})},
        ),
        deadweight={"low": 0.1, "high": 0.5},
        rng=np.random.default_rng(2),
    )
    named = found.named_inputs
    assert set(named) == {
        "effect on robbery",
        "cost: patrols",
        "unit cost of robbery: victims",
        "unit cost of robbery: police",
        "multiplier of robbery",
        "deadweight of taxation",
    }
    events = named["effect on robbery"] * named["multiplier of robbery"]
    victims, police = (events * named[f"unit cost of robbery: {bearer}"] for bearer in ("victims", "police"))
    cost = named["cost: patrols"]
    lost = named["deadweight of taxation"] * (police - cost)
    assert victims + police + lost - cost == pytest.approx(found.net_benefit_draws)


def test_what_is_certain_has_no_name_and_two_flows_of_one_name_have_two(make_effect, make_prices):
    """Only what is uncertain can be learnt; flows of one name are told apart; one after the years does not count."""
    flow = Flow(what="patrols", amount={"low": 1, "high": 3}, bearer="city", kind="running")
    late = replace(flow, what="late", years=(3,))
    costs = Costs(
        currency="USD", price_year=2008, flows=(flow, replace(flow, saving=True), replace(flow, source="offer"), late)
    )
    found = appraise({"robbery": make_effect()}, costs=costs, prices=make_prices(), rng=np.random.default_rng(1))
    assert list(found.named_inputs) == ["effect on robbery", "cost: patrols", "saving: patrols", "cost: patrols (2)"]


def test_retention_is_an_input_of_the_extrapolation_only(appraised):
    """What is kept after the window is uncertain only where there is something after it; the effect stands apart."""
    found = appraised(horizon=4, retention={"low": 0.3, "high": 1.0})
    assert "retention" not in found.named_inputs
    further = found.extrapolation.named_inputs
    assert "retention" in further
    effect = found.named_inputs["effect on robbery"]
    assert np.corrcoef(further["effect on robbery"], effect)[0, 1] == pytest.approx(1)
    assert further["effect on robbery"].mean() > 2 * effect.mean()


def test_inputs_are_sorted_by_what_it_is_worth_to_know_them(appraised):
    """The effect leads; all are on the scale of what was appraised and none is above perfect information."""
    found = value_of_information(appraised())
    values = [each.value for each in found.inputs]
    assert values == sorted(values, reverse=True)
    assert {each.name for each in found.inputs} == set(appraised().named_inputs)
    assert max(values) <= found.perfect
    assert found.effects == next(each for each in found.inputs if each.name == "effect on robbery")
    assert found.best == "adopt"
    assert found.plans == ()
    assert found.perfect_for_roll_out is None


def test_without_prices_there_is_no_value_and_a_reason(appraised):
    """Without a net benefit nothing is reckoned, and the reason names what is missing."""
    without = appraised(priced=False)
    assert why_no_information(without).startswith("no prices were given")
    with pytest.raises(CostError, match=r"no prices were given.*no decision that knowing more could better"):
        value_of_information(without)
    assert why_no_information(appraised()) == ""


def test_a_mean_that_a_few_draws_decide_gives_no_value(appraised):
    """Means over heavy tails are refused here as everywhere."""
    wild = np.random.default_rng(1).standard_cauchy(4000) ** 3
    found = replace(appraised(), benefit_draws=wild)
    assert "a few extreme draws" in why_no_information(found)
    with pytest.raises(CostError, match="a few extreme draws"):
        value_of_information(found)


def test_the_roll_out_scales_by_sites_and_years(learn):
    """40 sites for 5 years are 50 times 4 sites for one; without discounting nothing else enters."""
    found = learn()
    assert found.scale == pytest.approx(50)
    assert found.perfect_for_roll_out == pytest.approx(50 * found.perfect)


def test_the_roll_out_is_discounted_as_the_appraisal_is(learn, appraised):
    """Five years at 10 % are worth 4.17 of the first one."""
    found = learn(appraisal=appraised(discounting=0.1))
    assert found.scale == pytest.approx(10 * discount_factors(0.1, np.arange(5)).sum())


def test_learning_pays_for_what_is_left_and_loses_what_waits(learn, appraised):
    """A year of waiting leaves 4 of 5 years, and costs a fifth of the net benefit of adopting at once."""
    plan = Plan(name="a year more", months=12, cost=100_000)
    found = learn(plan)
    (valued,) = found.plans
    assert valued.resolved == pytest.approx(0.5)
    assert valued.value == pytest.approx(40 * valued.sample)
    assert valued.forgone == pytest.approx(10 * appraised(discounting=0.0).net_benefit.mean)
    assert valued.net == pytest.approx(valued.value - 100_000 - valued.forgone)
    (meanwhile,) = learn(plan, waits=False).plans
    assert meanwhile.forgone == 0
    assert meanwhile.net == pytest.approx(valued.value - 100_000)


def test_an_answer_that_comes_after_the_roll_out_is_worth_nothing(learn):
    """Where nothing is left to decide, learning only costs."""
    (valued,) = learn(Plan(name="ten years", months=120, cost=5)).plans
    assert valued.value == 0
    assert not valued.is_worth_it


def test_the_best_length_lies_between_nothing_and_all(learn):
    """Longer learns more of less that is left: the net value rises, falls, and the best plan is its top."""
    plans = [Plan(name=f"{months}", months=months, cost=2000 * months) for months in range(1, 49)]
    found = learn(*plans, waits=False)
    net = [each.net for each in found.plans]
    top = int(np.argmax(net))
    assert 0 < top < len(net) - 1
    assert (np.diff(net[: top + 1]) > 0).all()
    assert (np.diff(net[top:]) < 0).all()
    assert found.best_plan.plan.name == f"{top + 1}"
    assert learn(Plan(name="dear", months=6, cost=1e12)).best_plan is None


def test_of_two_outcomes_the_plans_speak_of_both(make_effect, make_costs, make_prices):
    """Sites that are watched longer teach about every outcome; knowing both is worth more than either."""
    effects = {"robbery": make_effect(), "burglary": make_effect("burglary", mean=30, sd=20, seed=2)}
    prices = make_prices({"robbery": {"victims": 6000}, "burglary": {"victims": 3000}})
    appraisal = appraise(effects, costs=make_costs(180_000), prices=prices)
    found = value_of_information(
        appraisal,
        learning=Learning(roll_out=RollOut(sites=4, years=1), plans=(Plan(name="more", sites=1e9),)),
        observed=Observed(sites=4, months=12),
    )
    assert found.effects.name == "all effects together"
    # nothing else is uncertain, so that knowing both effects is knowing everything
    assert found.effects.value == pytest.approx(found.perfect, rel=0.01)
    assert found.effects.value > max(each.value for each in found.inputs)
    assert found.plans[0].sample == pytest.approx(found.effects.value, rel=1e-6)


def test_learning_may_be_decided_by_the_extrapolation(learn, appraised):
    """The longer horizon is chosen by name, and refused where there is none."""
    longer = appraised(discounting=0.0, horizon=3, retention=0.9)
    found = learn(appraisal=longer, scenario="extrapolation")
    assert found.scenario == "extrapolation"
    assert found.scale == pytest.approx(40 * 5 / (4 * 3))
    with pytest.raises(CostError, match="nothing is extrapolated; wanted is a horizon beyond"):
        learn(scenario="extrapolation")


def test_what_the_present_estimate_saw_is_needed(appraised):
    """Without it nobody can tell what more data would add."""
    with pytest.raises(CostError, match="give observed"):
        value_of_information(appraised(), learning=Learning(roll_out=RollOut(sites=1, years=1)))


def test_a_list_of_months_stands_for_a_plan_each():
    """The grid of a study file: fixed cost, cost by month and by site; an uncertain cost counts with its mean."""
    found = learning_from_mapping(
        {
            "roll_out": {"sites": 40, "years": 5},
            "plans": [
                {"name": "longer", "months": [3, 6], "cost": {"low": 0, "high": 20}, "cost_per_month": 100},
                {"name": "more", "sites": 2, "cost_per_site": 7},
            ],
        }
    )
    assert [(plan.name, plan.months, plan.sites, plan.cost) for plan in found.plans] == [
        ("longer, 3 months", 3, 0, 310),
        ("longer, 6 months", 6, 0, 610),
        ("more", 0, 2, 14),
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RollOut(sites=-1, years=5), "sites of a roll-out is a number above zero; there is -1"),
        (lambda: RollOut(sites=1, years=500), "100 years at most; there is 500"),
        (lambda: Plan(name="none"), "'none' adds neither months nor sites"),
        (lambda: Plan(name="odd", months=float("nan")), "months of the plan 'odd' is a number"),
        (lambda: Plan(name="odd", months=1, cost=-3), "cost of the plan 'odd' is a number, zero or more; there is -3"),
        (
            lambda: Learning(roll_out=RollOut(sites=1, years=1), plans=(Plan(name="a", months=1),) * 2),
            "two plans to learn more are called 'a'",
        ),
        (
            lambda: learning_from_mapping(
                {"roll_out": {"sites": 1, "years": 1}, "plans": [{"name": "a", "months": []}]}
            ),
            "months of the plan 'a' is an empty list",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused(make, said):
    """Each fault names the plan, what is wanted and what there is."""
    with pytest.raises(CostError, match=said):
        make()
