"""What the answer hangs on, against sums made by hand."""

import numpy as np
import pytest

from evalkit.economics import appraise
from evalkit.economics.sensitivity import named_inputs, switching_value, tornado, two_way
from evalkit.errors import CostError


@pytest.fixture
def make(make_effect, make_costs, make_prices):
    """Give an appraisal of 20 +- 4 robberies prevented, a cost and a unit cost that may be uncertain."""

    def appraised(*, cost=100_000.0, unit=12_000.0, mean=20.0, periods=("2007", "2008"), years=(1, 2), **options):
        return appraise(
            {"robbery": make_effect(mean=mean, sd=4.0, periods=periods)},
            costs=make_costs(cost, years=years),
            prices=make_prices({"robbery": {"victims": unit}}),
            rng=np.random.default_rng(3),
            **options,
        )

    return appraised


def bar_of(appraisal, name, **options):
    """The bar of that name."""
    return next(bar for bar in tornado(appraisal.reckoning, **options) if bar.name.startswith(name))


def test_ends_of_a_bar_are_the_net_benefit_given_that_value(make):
    """Benefit and cost by hand at both ends of the range, discounted as the appraisal does."""
    appraisal = make(cost={"low": 80_000, "high": 120_000}, discounting=0.04)
    factor = 1 + 1 / 1.04
    events = appraisal.prevented_draws
    benefit = 12_000 * events.mean() / 2 * factor
    cost = bar_of(appraisal, "cost: patrols")
    assert cost.at_low == pytest.approx(benefit - cost.low * factor)
    assert cost.at_high == pytest.approx(benefit - cost.high * factor)
    effect = bar_of(appraisal, "effect on robbery")
    assert (effect.low, effect.high) == pytest.approx(np.quantile(events, [0.025, 0.975]), rel=1e-3)
    paid = float(appraisal.cost_draws.mean())
    assert effect.at_high == pytest.approx(12_000 * effect.high / 2 * factor - paid)
    assert [bar.swing for bar in tornado(appraisal.reckoning)] == sorted([effect.swing, cost.swing], reverse=True)


def test_given_a_value_of_one_input_the_others_keep_their_draws(make):
    """The mean at a value is that of the draws near it, where inputs are independent."""
    appraisal = make(cost={"low": 50_000, "high": 150_000}, unit={"mean": 12_000, "sd": 4_000})
    net, events = appraisal.net_benefit_draws, appraisal.prevented_draws
    bar = bar_of(appraisal, "effect on robbery", level=0.5)
    for value, found in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
        near = np.abs(events - value) < 0.5
        error = net[near].std() / np.sqrt(near.sum())
        assert abs(net[near].mean() - found) < 4 * error


def test_at_its_switching_value_an_input_leaves_nothing(make):
    """Put there, the mean net benefit is nothing; it is the break-even of the appraisal where that is one."""
    appraisal = make(cost={"low": 80_000, "high": 120_000}, unit={"mean": 12_000, "sd": 2_000}, discounting=0.0)
    for named in named_inputs(appraisal.reckoning):
        found = switching_value(named)
        if found.value is None:
            assert found.reason
            continue
        left = named.put(found.value).net_benefit().mean()
        assert abs(left) < 1e-6 * appraisal.cost.mean
    effect = bar_of(appraisal, "effect on robbery").switching
    assert effect.value == pytest.approx(appraisal.break_even.events, rel=0.02)
    assert effect.times == pytest.approx(effect.value / appraisal.prevented_draws.mean())


def test_the_share_that_is_kept_turns_the_answer_where_it_does(make):
    """Over ten years the effect pays for its cost only where enough of it is kept, found by hand."""
    appraisal = make(
        cost=600_000.0, years=(1,), periods=("2007",), horizon=10, retention={"low": 0.2, "high": 0.9}, discounting=0.0
    )
    scenario = appraisal.extrapolation
    bar = bar_of(scenario, "retention")
    yearly = 12_000 * scenario.reckoning.net["robbery"].sum(axis=1).mean()

    def net(kept):
        return yearly * sum(kept**year for year in range(10)) - 600_000

    assert bar.at_low == pytest.approx(net(bar.low), rel=1e-6)
    assert net(bar.switching.value) == pytest.approx(0, abs=1.0)
    assert bar.turns_the_answer
    assert not [bar for bar in appraisal.sensitivity.bars if bar.name == "retention"]


def test_certain_inputs_are_moved_only_by_a_stated_share(make):
    """Nothing that has no uncertainty is shown as if it had some."""
    appraisal = make()
    assert {bar.name.split(":")[0].split(" on ")[0] for bar in tornado(appraisal.reckoning)} == {"effect"}
    bars = tornado(appraisal.reckoning, vary_certain=0.2)
    cost = next(bar for bar in bars if bar.name == "cost: patrols")
    assert (cost.low, cost.high, cost.certain) == (80_000, 120_000, True)
    assert {bar.name for bar in bars} >= {"multiplier of robbery"}
    with pytest.raises(CostError, match="between 0 and 1"):
        tornado(appraisal.reckoning, vary_certain=20)


def test_two_at_a_time_is_the_plane_by_hand(make):
    """Every cell of the grid is benefit at one value less cost at the other."""
    appraisal = make(cost={"low": 80_000, "high": 400_000}, discounting=0.0)
    found = two_way(appraisal.reckoning, "effect on robbery", "cost: patrols", steps=4)
    np.testing.assert_allclose(found.net_benefit, 12_000 * found.first[:, None] - 2 * found.second[None, :])
    assert 0 < found.share_that_pays < 1
    with pytest.raises(CostError, match="no input 'cost: patrol' to vary; did you mean 'cost: patrols'"):
        two_way(appraisal.reckoning, "effect on robbery", "cost: patrol")
    with pytest.raises(CostError, match="twice"):
        two_way(appraisal.reckoning, "cost: patrols", "cost: patrols")


def test_nothing_hangs_on_anything_without_a_net_benefit(make_effect, make_costs):
    """Without prices there is no net benefit, and so no table of what moves it."""
    appraisal = appraise(
        {"robbery": make_effect()}, costs=make_costs({"low": 1.0, "high": 2.0}), rng=np.random.default_rng(1)
    )
    assert appraisal.sensitivity is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vary_certain": 20}, "vary_certain is a share between 0 and 1, such as 0.2; there is 20"),
        ({"vary_certan": 0.2}, "no key 'vary_certan'; did you mean 'vary_certain'"),
        ({"two_way": ["a"]}, "two_way is a list of the names of two inputs"),
        ({"two_way": ["effect on robery", "cost: patrols"]}, "no input 'effect on robery'; did you mean"),
    ],
)
def test_what_is_asked_wrongly_is_told_at_once(make, given, said):
    """Before anything long is run."""
    with pytest.raises(CostError, match=said):
        make(sensitivity=given)


def test_what_is_asked_is_answered(make):
    """The share and the pair of a study."""
    appraisal = make(
        cost={"low": 80_000, "high": 120_000},
        sensitivity={"vary_certain": 0.1, "two_way": ["cost: patrols", "effect on robbery"]},
    )
    assert appraisal.sensitivity.two_way.names == ("cost: patrols", "effect on robbery")
    assert any(bar.certain for bar in appraisal.sensitivity.bars)
