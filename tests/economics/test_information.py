import numpy as np
import pytest
from scipy import integrate, stats

from evalkit.draws import spread
from evalkit.economics import (
    expected_value_of_partial_information,
    expected_value_of_perfect_information,
    expected_value_of_sample_information,
)
from evalkit.economics.information import INDISTINGUISHABLE, Observed
from evalkit.errors import CostError

DRAWS = 4000


def normal_loss(mean, sd):
    """Give E[max(X, 0)] - max(E[X], 0) of a normal X in closed form: the unit normal linear loss."""
    z = mean / sd
    return sd * stats.norm.pdf(z) + mean * stats.norm.cdf(z) - max(mean, 0.0)


def evppi(net, inputs, **more):
    """Give what it is worth to know some inputs."""
    return expected_value_of_partial_information(net, inputs, **more)


@pytest.fixture
def money():
    """Give events prevented, worth of one and cost: normal, independent, and spread over their quantiles."""
    rng = np.random.default_rng(7)
    return {
        "events": spread(stats.norm(20, 8), DRAWS, rng),
        "worth": spread(stats.norm(8000, 3000), DRAWS, rng),
        "cost": spread(stats.norm(120_000, 10_000), DRAWS, rng),
        "noise": spread(stats.norm(0, 1), DRAWS, rng),
    }


def net_of(money):
    """Give the net benefit of every draw."""
    return money["events"] * money["worth"] - money["cost"]


def test_the_analytic_case_is_reproduced():
    """Two options worth 0 and X, X standard normal: knowing X is worth 1/sqrt(2 pi) = .3989422804."""
    x = spread(stats.norm(), DRAWS, np.random.default_rng(1))
    found = evppi(np.column_stack([np.zeros(DRAWS), x]), x)
    assert found.value == pytest.approx(0.3989422804, rel=1e-3)
    assert expected_value_of_perfect_information(x) == pytest.approx(0.3989422804, rel=1e-3)
    assert found.is_distinguishable


def test_perfect_information_of_a_normal_net_benefit_is_reproduced():
    """12,000 x N(20, 8) less N(100,000, 10,000): mean 140,000, sd 96,519.43, EVPI 3,163.663770673856."""
    net = spread(stats.norm(140_000, 96_519.42809610923), 100_000, np.random.default_rng(1))
    assert expected_value_of_perfect_information(net) == pytest.approx(3163.663770673856, rel=1e-3)


@pytest.mark.parametrize(("name", "sd"), [("events", 8 * 8000), ("worth", 20 * 3000)])
def test_an_input_of_a_product_comes_to_its_closed_form(money, name, sd):
    """E[net | input] is linear in a factor of a product of independent factors, so the value is the normal loss."""
    found = evppi(net_of(money), money[name], name=name)
    assert found.value == pytest.approx(normal_loss(40_000, sd), rel=0.03)
    assert found.is_distinguishable
    assert found.name == name


def test_a_set_holds_the_product_of_its_inputs(money):
    """Knowing events and worth together leaves cost only: the double integral over both is the reference."""
    known = np.column_stack([money["events"], money["worth"]])

    def gain(events):
        mean, sd = events * 8000 - 120_000, abs(events) * 3000
        return (normal_loss(mean, sd) + max(mean, 0)) * stats.norm.pdf(events, 20, 8)

    truth = integrate.quad(gain, -25, 65, points=[0, 15])[0] - 40_000
    together = evppi(net_of(money), known)
    assert together.value == pytest.approx(truth, rel=0.03)
    assert together.value > max(evppi(net_of(money), column).value for column in known.T)


def test_three_options_are_compared_at_once():
    """Options worth 0, X and 2X - 1: the best by X is a kinked line, whose mean is an integral."""
    rng = np.random.default_rng(2)
    x, noise = (spread(stats.norm(0.3, 1), DRAWS, rng), rng.standard_normal((DRAWS, 3)))
    net = np.column_stack([np.zeros(DRAWS), x, 2 * x - 1]) + 0.5 * noise
    truth = integrate.quad(lambda v: max(0, v, 2 * v - 1) * stats.norm.pdf(v, 0.3, 1), -8, 9, points=[0, 1])[0] - 0.3
    assert evppi(net, x).value == pytest.approx(truth, rel=0.03)


def test_a_curve_that_is_not_straight_is_followed():
    """What matters may turn: net benefit X squared less 1, seen through noise."""
    rng = np.random.default_rng(3)
    x = spread(stats.norm(), DRAWS, rng)
    truth = 2 * stats.norm.pdf(1)  # E[(X^2 - 1) above 0] = 2 phi(1)
    assert evppi(x**2 - 1 + rng.standard_normal(DRAWS), x).value == pytest.approx(truth, rel=0.03)


def test_shuffling_changes_what_it_is_worth_to_know_the_effect():
    """Draw index must be shared; shuffling draws between effect and cost must change EVPPI."""
    rng = np.random.default_rng(4)
    events = spread(stats.norm(20, 8), DRAWS, rng)
    # a site with more to prevent costs more to serve, so that the cost takes back half of what an event is worth
    cost = 180_000 + 5000 * (events - 20) + spread(stats.norm(0, 20_000), DRAWS, rng)
    together = evppi(10_000 * events - cost, events)
    shuffled = evppi(10_000 * events - rng.permutation(cost), events)
    assert together.value == pytest.approx(normal_loss(20_000, 5000 * 8), rel=0.03)
    assert shuffled.value == pytest.approx(normal_loss(20_000, 10_000 * 8), rel=0.05)


@pytest.mark.parametrize("seed", range(8))
def test_partial_information_lies_between_nothing_and_perfect_information(seed):
    """EVPPI <= EVPI, >= 0, ~0 for irrelevant inputs within noise."""
    rng = np.random.default_rng(seed)
    parts = rng.standard_t(3, size=(400, 4))
    net = parts[:, 0] + 0.2 * parts[:, 1] * parts[:, 2] + rng.normal(0, 0.5)
    most = expected_value_of_perfect_information(net)
    for chosen in (parts[:, 0], parts[:, 1], parts[:, :3], parts):
        assert 0 <= evppi(net, chosen, permutations=20).value <= most
    assert not evppi(net, rng.standard_normal(400)).value > 0.1 * most


def test_an_input_without_a_part_in_the_result_is_not_distinguishable_from_0():
    """Where the decision hangs in the balance, a fitted curve is biased upwards most; few of 200 pass for relevant."""
    rng = np.random.default_rng(5)
    net = rng.standard_normal(500)
    found = [evppi(net, rng.standard_normal(500), rng=rng) for _ in range(200)]
    assert np.mean([each.is_distinguishable for each in found]) <= 0.04
    assert np.median([each.value for each in found]) < 0.01 * expected_value_of_perfect_information(net)
    assert {each.words for each in found if not each.is_distinguishable} == {"not distinguishable from 0"}
    assert INDISTINGUISHABLE == "not distinguishable from 0"


def test_a_certain_input_and_a_decision_that_is_clear_are_worth_nothing(money):
    """What is known already, and what changes no choice, has no worth, exactly."""
    net = net_of(money)
    certain = evppi(net, np.full(DRAWS, 3.0))
    assert (certain.value, certain.noise_floor, certain.is_distinguishable) == (0, 0, False)
    clear = evppi(np.abs(net) + 1, money["events"])
    assert (clear.value, clear.is_distinguishable) == (0, False)


def test_rescaling_an_input_changes_nothing_and_money_carries_through(money):
    """The unit of an input does not matter; in another currency the value is in that currency."""
    net = net_of(money)
    one = evppi(net, money["worth"]).value
    assert evppi(net, 1e6 * money["worth"] - 5).value == pytest.approx(one, rel=1e-6)
    assert evppi(1e9 * net, money["worth"]).value == pytest.approx(1e9 * one, rel=1e-6)


@pytest.mark.parametrize(
    ("net", "inputs", "said"),
    [
        ([1.0, np.nan], [1.0, 2.0], "1 of 2 draws of net benefit are not finite"),
        ([1.0, 2.0], [1.0, np.inf], "finite numbers"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "of which there are 2; there is \\(3,\\)"),
        ([], [], "there is \\(0,\\)"),
    ],
)
def test_draws_that_cannot_be_used_are_refused(net, inputs, said):
    """A draw that is no number, or rows that do not match, are named."""
    with pytest.raises(CostError, match=said):
        evppi(np.array(net), np.array(inputs), name="cost")


def test_sample_information_comes_to_its_closed_form():
    """Normal effect, normal data, two options: the preposterior mean is normal with the variance resolved."""
    rng = np.random.default_rng(6)
    events = spread(stats.norm(20, 8), DRAWS, rng)
    net = 10_000 * events - spread(stats.norm(180_000, 20_000), DRAWS, rng)
    shares = (0.0, 0.1, 0.25, 0.5, 0.8, 1.0)
    found = expected_value_of_sample_information(net, events, shares)
    wanted = [normal_loss(20_000, 80_000 * np.sqrt(share)) if share else 0 for share in shares]
    assert found == pytest.approx(wanted, rel=0.03)


def test_sample_information_rises_from_nothing_to_the_value_of_knowing_the_effect(money):
    """EVSI <= EVPPI of the effect <= EVPI; 0 with no data, EVPPI with data without end."""
    net, events = net_of(money), money["events"]
    found = expected_value_of_sample_information(net, events, np.linspace(0, 1, 21))
    assert found[0] == 0
    assert found[-1] == evppi(net, events).value
    assert (np.diff(found) >= 0).all()
    assert found[-1] <= expected_value_of_perfect_information(net)


def test_sample_information_agrees_with_nested_simulation():
    """Brute force: draw an effect, draw data, draw from the posterior, decide, and repeat."""
    rng = np.random.default_rng(8)
    events, worth = spread(stats.norm(20, 8), 3000, rng), spread(stats.norm(8000, 3000), 3000, rng)
    found = expected_value_of_sample_information(events * worth - 140_000, events, [0.5])[0]
    # data as precise as what is known resolve half of the variance
    seen = rng.normal(20, 8, 20_000) + rng.normal(0, 8, 20_000)
    posterior = (seen + 20) / 2 + rng.normal(0, 8 * np.sqrt(0.5), (400, 20_000))
    gained = (posterior * rng.normal(8000, 3000, (400, 20_000)) - 140_000).mean(axis=0)
    assert found == pytest.approx(np.clip(gained, 0, None).mean() - 20_000, rel=0.03)


def test_sample_information_agrees_with_the_regression_on_simulated_data():
    """A skew effect: events y (exp(-b) - 1); regression on a summary of the data (doi:10.1177/0272989X15575286)."""
    rng = np.random.default_rng(9)
    b = spread(stats.norm(-0.15, 0.15), 20_000, rng)
    events = 150 * np.expm1(-b)
    net = 8000 * events - 150_000
    found = expected_value_of_sample_information(net, events, [0.5])[0]
    summary = b + rng.permutation(b) - b.mean()
    assert found == pytest.approx(evppi(net, summary).value, rel=0.05)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("months", "sites"), [(6, 0), (0, 3), (6, 3), (48, 10)])
def test_what_is_resolved_follows_from_shifts_of_sites_and_of_months(share, months, sites):
    """The variance of the best linear estimate from all site-months, by their covariance matrix, is the reference."""
    lasting, passing = share * 5, (1 - share) * 5 * 12
    lengths = [12] * 5, [12 + months] * 5 + [months or 12] * sites

    def variance(observed):
        precision = 0.0
        for length in observed:
            covariance = np.full((length, length), lasting) + passing * np.eye(length)
            precision += np.ones(length) @ np.linalg.pinv(covariance) @ np.ones(length)
        return 1 / precision

    resolved = Observed(sites=5, months=12, share_lasting=share).variance_resolved(months=months, sites=sites)
    assert resolved == pytest.approx(1 - variance(lengths[1]) / variance(lengths[0]), abs=1e-9)


def test_months_cannot_resolve_what_lasts_at_a_site():
    """Without end, months take away what passes and sites take away all."""
    seen = Observed(sites=5, months=12, share_lasting=0.3)
    assert seen.variance_resolved(months=1e9) == pytest.approx(0.7)
    assert seen.variance_resolved(sites=1e9) == pytest.approx(1.0)
    assert seen.variance_resolved() == pytest.approx(0.0)


@pytest.mark.parametrize("given", [{"sites": 0}, {"months": -1}, {"share_lasting": 1.2}, {"months": np.nan}])
def test_what_was_observed_is_refused_where_it_cannot_be(given):
    """No sites, negative months and shares above 1 are faults."""
    with pytest.raises(CostError, match=next(iter(given))):
        Observed(**({"sites": 1, "months": 12} | given))


def test_a_share_outside_its_range_is_refused(money):
    """No data resolve more than all of the variance."""
    with pytest.raises(CostError, match=r"between 0 and 1; there is 1\.5"):
        expected_value_of_sample_information(net_of(money), money["events"], [0.5, 1.5])


def test_heormodel_agrees(money):
    """The Python peer: the same EVPI to rounding; EVPPI and EVSI, which estimators make, within 3 per cent."""
    pandas = pytest.importorskip("pandas")
    models, voi = pytest.importorskip("heormodel.models"), pytest.importorskip("heormodel.voi")
    zero = np.zeros(DRAWS)
    costs = pandas.DataFrame({"without": zero, "patrols": money["cost"]})
    gains = pandas.DataFrame({"without": zero, "patrols": money["events"] * money["worth"]})
    outcomes = models.Outcomes.from_wide(costs, gains)
    net, draws = net_of(money), pandas.DataFrame(money, index=costs.index)
    assert voi.evpi(outcomes, 1.0) == pytest.approx(expected_value_of_perfect_information(net))
    for name in ("events", "worth"):
        assert voi.evppi(outcomes, draws, name, 1.0) == pytest.approx(evppi(net, money[name]).value, rel=0.03)
    seen = pandas.DataFrame({"seen": money["events"] + 8 * money["noise"]}, index=costs.index)
    ours = expected_value_of_sample_information(net, money["events"], [0.5])[0]
    assert voi.evsi_regression(outcomes, seen, 1.0) == pytest.approx(ours, rel=0.06)
