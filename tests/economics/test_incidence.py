"""Who pays and who gains: bearers, areas, groups, direct and indirect."""

from dataclasses import replace

import numpy as np
import pytest

from evalkit.domain.effect_parts import Cells
from evalkit.economics import Costs, Flow, Group, Groups, appraise
from evalkit.errors import CostError

SITES = ("north", "south", "=cmd|calc", "<b>east</b>")
BEARERS = {"victims": 9_000, "residents": 1_000, "courts and prisons": {"low": 2_000, "high": 6_000}}


def add_cells(effect, recorded, expected):
    """Give the effect what was recorded and expected by site, in its own periods, after one before them."""
    before = np.full((len(recorded), 1), 7.0)
    cells = Cells(
        sites=SITES[: len(recorded)],
        periods=("2006", *effect.periods),
        treated=np.hstack([before < 0, np.ones(np.shape(recorded), bool)]),
        recorded=np.hstack([before, recorded]),
        expected=np.hstack([before, expected]),
    )
    return replace(effect, cells=cells)


@pytest.fixture
def sited(make_effect):
    """Give an effect over two years and four sites, one of which had more than expected; crime moved next door."""
    effect = make_effect(periods=("2007", "2008"), moved=-5.0, mean=20.0, sd=8.0)
    recorded = np.array([[10, 8], [20, 22], [5, 9], [0, 0]], float)
    expected = np.array([[14, 12], [24, 26], [7, 6], [1, 2]], float)
    return add_cells(effect, recorded, expected)


@pytest.fixture
def appraised(sited, make_prices):
    """Give an appraisal of it with uncertain prices, two payers, taxes and a discount rate."""
    costs = Costs(
        currency="USD",
        price_year=2008,
        flows=(
            Flow(what="patrols", amount={"mean": 90_000, "sd": 20_000}, bearer="city", kind="running", years=(1, 2)),
            Flow(what="cars", amount=30_000, bearer="police", kind="capital"),
        ),
    )
    prices = make_prices({"robbery": BEARERS})

    def make(**more):
        options = {"costs": costs, "prices": prices, "discounting": 0.04, "rng": np.random.default_rng(5)} | more
        return appraise({"robbery": sited}, **options)

    return make


def test_areas_add_up_to_the_benefits_of_each_bearer(appraised):
    """What sites and nearby areas gain is, bearer by bearer, what the bearer gains in all."""
    found = appraised()
    for line in found.by_bearer:
        gains = [area.gains.get(line.bearer, 0.0) for area in found.incidence.by_area]
        assert sum(gains) == pytest.approx(line.benefit.mean, rel=1e-12)
    assert sum(area.total for area in found.incidence.by_area) == pytest.approx(found.benefit.mean, rel=1e-12)


def test_a_sites_gain_is_its_events_at_the_estimate_times_the_mean_worth_of_one(sited, make_prices, make_costs):
    """Added up by hand, with what lies between estimate and mean shared out by the events expected."""
    price, rate = 10_000.0, 1.04
    found = appraise(
        {"robbery": sited}, costs=make_costs(), prices=make_prices({"robbery": {"victims": price}}), discounting=0.04
    )
    cells, mean_treated = sited.cells, price * (10 + 10 / rate)  # 20 events, half of them in each year
    value, weight = {}, {}
    for row, site in enumerate(cells.sites):
        value[site] = sum(price * cells.prevented[row, 1 + year] / rate**year for year in range(2))
        weight[site] = sum(cells.expected[row, 1 + year] / rate**year for year in range(2))
    rest = mean_treated - sum(value.values())
    for area in found.incidence.by_area:
        if area.kind == "treated site":
            by_hand = value[area.area] + rest * weight[area.area] / sum(weight.values())
            assert area.gains["victims"] == pytest.approx(by_hand, rel=1e-9)
    events = {area.area: area.events for area in found.incidence.by_area}
    assert [events[site] for site in SITES] == [8.0, 8.0, -1.0, 3.0]


def test_where_crime_moved_the_nearby_areas_lose(appraised):
    """Crime that moved next door is a loss there, with the range that its draws give."""
    nearby = appraised().incidence.by_area[-1]
    assert (nearby.kind, nearby.known, nearby.events) == ("nearby areas", "draws", pytest.approx(-5.0))
    assert all(amount < 0 for amount in nearby.gains.values())
    assert nearby.gain.mean == pytest.approx(nearby.total)
    assert nearby.local == pytest.approx(nearby.gains["victims"] + nearby.gains["residents"])


def test_a_site_known_at_the_estimate_has_no_range(appraised):
    """No range is made up for a site: only the effect on all of them has draws."""
    sites = [area for area in appraised().incidence.by_area if area.kind == "treated site"]
    assert [(site.known, site.gain) for site in sites] == [("estimate", None)] * 4


def test_one_treated_site_has_the_range_of_the_whole(make_effect, make_prices, make_costs):
    """Where there is one site, what is known of all is known of it."""
    effect = add_cells(make_effect(mean=20.0, sd=8.0), np.array([[30.0]]), np.array([[50.0]]))
    found = appraise({"robbery": effect}, costs=make_costs(), prices=make_prices())
    (site,) = found.incidence.by_area
    assert (site.area, site.known) == ("north", "draws")
    assert site.gain == found.benefit


def test_without_sites_the_treated_areas_stand_together(make_effect, make_prices, make_costs):
    """An effect that tells nothing by site has one line for all treated areas, with a range."""
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=make_prices())
    (whole,) = found.incidence.by_area
    assert (whole.area, whole.kind, whole.gain) == ("treated areas", "treated areas", found.benefit)


def test_an_estimate_of_nothing_with_a_mean_above_shares_out_without_dividing_by_it(
    make_effect, make_prices, make_costs
):
    """Sites that cancel at the estimate still add up to the mean, and no gain explodes."""
    effect = add_cells(make_effect(mean=2.0, sd=8.0), np.array([[9.0], [11.0]]), np.array([[10.0], [10.0]]))
    found = appraise({"robbery": effect}, costs=make_costs(), prices=make_prices())
    assert [area.gains["victims"] for area in found.incidence.by_area] == pytest.approx([24_000, 0], abs=1e-6)


def test_direct_and_indirect_parts_add_up_to_the_net_benefit(appraised):
    """Crimes and costs of the treated areas, displacement and what taxing loses leave the net benefit."""
    found = appraised(deadweight=0.2)
    parts = found.incidence.direct
    assert [part.direct for part in parts] == [True, True, False, False]
    assert sum(part.amount.mean for part in parts) == pytest.approx(found.net_benefit.mean, rel=1e-12)
    assert parts[2].amount.mean < 0
    assert parts[3].amount.mean == pytest.approx(-0.2 * (found.cost.mean - _of(found, "courts and prisons").mean))


def _of(found, bearer):
    return next(line.benefit for line in found.by_bearer if line.bearer == bearer)


def test_what_was_not_measured_is_no_zero(make_effect, make_prices, make_costs):
    """Without a buffer displacement has no amount, and the reason stands in its place."""
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=make_prices())
    moved, taxed = found.incidence.direct[2:]
    assert (moved.amount, taxed.amount) == (None, None)
    assert "not measured" in moved.reason
    assert "set to 0" in taxed.reason


def test_the_extrapolation_parts_the_same_way_and_tells_no_area(appraised):
    """Later years are parted into direct and indirect too; which site keeps the effect is not known."""
    later = appraised(horizon=5, retention={"low": 0.5, "high": 1.0}).extrapolation
    told = [part.amount.mean for part in later.incidence.direct if part.amount]
    assert sum(told) == pytest.approx(later.net_benefit.mean, rel=1e-12)
    assert later.incidence.by_area == ()
    assert "not known" in later.incidence.areas_reason


def test_without_prices_events_are_told_and_gains_are_not(sited, make_costs):
    """No price is no gain of zero."""
    groups = Groups(groups=(Group(name="all", shares={"city": 1.0}),))
    found = appraise({"robbery": sited}, costs=make_costs(), groups=groups).incidence
    assert [area.total for area in found.by_area] == [None] * 5
    assert found.by_area[0].events == 8.0
    assert found.payers_and_gainers.payers == {"city": 1.0}
    assert found.payers_and_gainers.to_others is None
    assert "no prices" in found.payers_and_gainers.reason
    assert found.groups is None
    assert "no prices" in found.groups_reason


def test_outcomes_of_one_site_are_added_and_a_shape_without_sites_stands_apart(make_effect, make_prices, make_costs):
    """One outcome known by site and one known as a whole leave both lines, which add up to all benefits."""
    sited = add_cells(make_effect(mean=6.0, sd=1.0), np.array([[3.0], [4.0]]), np.array([[5.0], [8.0]]))
    whole = make_effect("theft", mean=30.0, sd=3.0, seed=2)
    prices = make_prices({"robbery": {"victims": 12_000}, "theft": {"victims": 500}})
    found = appraise({"robbery": sited, "theft": whole}, costs=make_costs(), prices=prices)
    assert [area.kind for area in found.incidence.by_area] == ["treated site", "treated site", "treated areas"]
    assert sum(area.total for area in found.incidence.by_area) == pytest.approx(found.benefit.mean)


# --- payers and gainers ---------------------------------------------------------------------------------------------


def test_the_payer_is_often_not_the_gainer(appraised):
    """City and police pay all; victims, residents and courts gain all: nothing of it comes back to who pays."""
    both = appraised().incidence.payers_and_gainers
    assert set(both.payers) == {"city", "police"}
    assert both.to_others == pytest.approx(1.0)
    assert np.sum(both.matrix) == pytest.approx(1.0)
    assert np.sum(both.matrix, axis=1) == pytest.approx(list(both.payers.values()))
    assert np.sum(both.matrix, axis=0) == pytest.approx(list(both.gainers.values()))


def test_shares_are_ratios_of_means_and_not_means_of_ratios(appraised):
    """Pitfall: ratio of means, not mean of ratios (also BCR)."""
    found = appraised()
    shares = found.incidence.payers_and_gainers
    cost = {line.bearer: line.cost.mean for line in found.by_bearer}
    assert shares.payers["city"] == pytest.approx(cost["city"] / found.cost.mean, rel=1e-12)
    assert shares.gainers["victims"] == pytest.approx(_of(found, "victims").mean / found.benefit.mean, rel=1e-12)


def test_money_that_a_bearer_saves_is_a_gain_to_it(make_effect, make_prices, make_costs):
    """A bearer with a cost below zero is no payer of a negative share."""
    flows = (
        Flow(what="patrols", amount=100_000, bearer="city", kind="running"),
        Flow(what="guards", amount=60_000, bearer="businesses", kind="running", saving=True),
    )
    found = appraise({"robbery": make_effect()}, costs=make_costs(flows=flows), prices=make_prices())
    both = found.incidence.payers_and_gainers
    assert both.payers == {"city": 1.0}
    assert both.gainers["businesses"] == pytest.approx(60_000 / (60_000 + found.benefit.mean))


def test_where_the_measure_did_harm_nobody_gains_a_share(make_effect, make_prices, make_costs):
    """Pitfall: never let a harmful result render as an attractive figure. Losses are no negative shares."""
    found = appraise({"robbery": make_effect(mean=-20.0)}, costs=make_costs(), prices=make_prices())
    both = found.incidence.payers_and_gainers
    assert (both.gainers, both.matrix, both.to_others) == ({}, (), None)
    assert both.losers["victims"] == pytest.approx(240_000)
    assert "nobody gains" in both.reason


def test_one_bearers_view_does_not_pretend_to_be_the_whole(appraised):
    """With a perspective of one bearer the shares say what they leave out."""
    assert "not counted" in appraised(perspective="city").incidence.payers_and_gainers.reason


# --- groups ---------------------------------------------------------------------------------------------------------


def two_groups(**more):
    """Give a poorer and a richer group that share in victims and residents, and pay for the city."""
    poor = Group(
        name="poor", income=15_000, population=0.3, shares={"victims": 0.7, "residents": 0.3}, pays={"city": 0.1}
    )
    rich = Group(
        name="rich", income=45_000, population=0.7, shares={"victims": 0.3, "residents": 0.7}, pays={"city": 0.9}
    )
    return Groups(**({"groups": (poor, rich), "median_income": 30_000} | more))


def test_groups_and_what_is_given_to_none_add_up_to_the_net_benefit(appraised):
    """Nothing is lost and nothing counted twice between groups, deadweight among it."""
    found = appraised(groups=two_groups(), deadweight=0.1)
    table = found.incidence.groups
    assert sum(line.net.mean for line in table.lines) == pytest.approx(found.net_benefit.mean, rel=1e-12)
    assert sum(line.cost.mean for line in table.lines) == pytest.approx(found.cost.mean, rel=1e-12)
    assert set(table.left_over) == {"police", "courts and prisons", "deadweight of taxation"}
    assert table.lines[-1].weight == 1.0


def test_weights_are_applied_to_each_groups_net_benefit_draw_by_draw(make_effect, make_prices, make_costs):
    """Row by row by hand: the range and the probability are those of the weighted sum of each row."""
    effect = make_effect(mean=10.0, sd=8.0)
    found = appraise(
        {"robbery": effect}, costs=make_costs(90_000), prices=make_prices({"robbery": {"victims": 12_000}}),
        groups=two_groups(),
    )  # fmt: skip
    events = effect.prevented.sum(axis=1)
    rows = [
        2**1.3 * (0.7 * 12_000 * n - 0.1 * 90_000) + (2 / 3) ** 1.3 * (0.3 * 12_000 * n - 0.9 * 90_000) for n in events
    ]
    weighing = found.incidence.groups.weighing
    assert weighing.weighted.mean == pytest.approx(np.mean(rows), rel=1e-9)
    assert weighing.prob_weighted == np.mean(np.array(rows) > 0)
    assert weighing.weighted.upper == pytest.approx(np.quantile(rows, 0.975, method="hazen"), rel=1e-9)


def test_the_unweighted_figure_always_stands_beside_the_weighted_one(appraised):
    """Weights change no figure of the appraisal: the weighted one is beside it and never in its place."""
    plain, weighed = appraised(), appraised(groups=two_groups())
    assert weighed.net_benefit == plain.net_benefit
    assert weighed.by_bearer == plain.by_bearer
    unweighted = weighed.incidence.groups.weighing.unweighted
    ends = (unweighted.mean, unweighted.lower, unweighted.upper)
    assert ends == pytest.approx((plain.net_benefit.mean, plain.net_benefit.lower, plain.net_benefit.upper), rel=1e-9)


def test_equal_incomes_change_nothing(appraised):
    """Where every group has the median income each weight is 1, and the weighted figure is the unweighted one."""
    groups = two_groups()
    same = replace(groups, groups=tuple(replace(group, income=30_000) for group in groups.groups))
    weighing = appraised(groups=same).incidence.groups.weighing
    assert weighing.weighted.mean == pytest.approx(weighing.unweighted.mean, rel=1e-12)
    assert weighing.prob_weighted == weighing.prob_unweighted
    assert "median income" in weighing.switching.reason


def test_at_the_switching_exponent_the_mean_weighted_net_benefit_is_nothing(make_effect, make_prices, make_costs):
    """A measure that pays for the poorer only: weighed by the exponent found, nothing is left."""
    options = {"costs": make_costs(150_000), "prices": make_prices({"robbery": {"victims": 12_000}})}
    effects = {"robbery": make_effect(mean=10.0, sd=2.0)}
    first = appraise(effects, groups=two_groups(), **options).incidence.groups.weighing
    assert first.unweighted.mean < 0 < first.weighted.mean
    at = appraise(effects, groups=two_groups(exponent=first.switching.value), **options).incidence.groups.weighing
    assert at.weighted.mean == pytest.approx(0.0, abs=1e-3)


def test_costs_fall_on_groups_as_benefits_where_no_one_says_who_pays(appraised):
    """The members of a bearer are the same people when they pay and when they gain."""
    halves = Groups(
        groups=tuple(Group(name=name, shares={"city": share}) for name, share in (("a", 0.25), ("b", 0.75)))
    )
    found = appraised(groups=halves)
    paid = next(line.cost.mean for line in found.by_bearer if line.bearer == "city")
    assert found.incidence.groups.lines[0].cost.mean == pytest.approx(0.25 * paid)
    assert found.incidence.groups.weighing is None
    assert "no median income" in found.incidence.groups.weighing_reason


def test_thirds_with_three_digits_are_read_as_thirds(appraised):
    """Rounded shares still add up to the whole."""
    thirds = Groups(groups=tuple(Group(name=name, shares={"victims": 0.333}) for name in "abc"))
    found = appraised(groups=thirds)
    gained = sum(line.benefit.mean for line in found.incidence.groups.lines[:3])
    assert gained == pytest.approx(_of(found, "victims").mean, rel=1e-12)


def test_what_the_figures_by_group_rest_on_is_listed(appraised):
    """Shares without a source are called assumed; the exponent names the Green Book, another one names nobody."""
    listed = {each.what: each for each in appraised(groups=two_groups()).assumptions}
    assert listed["group 'poor'"].certainty == "assumed"
    assert "Green Book" in listed["distributional weights"].source
    other = {each.what: each for each in appraised(groups=two_groups(exponent=2.0)).assumptions}
    assert other["distributional weights"].certainty == "assumed"


GROUP = {"shares": {"victims": 1.0}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "there is no group"),
        ({"groups": {"a": {"shares": {"victims": 0.4}}, "b": {"shares": {"victims": 0.4}}}}, "add up to 0.8 over"),
        ({"groups": {"a": {"shares": {"victims": 0.0}}}}, "add up to 0 over"),
        ({"groups": {"a": {"shares": {"victims": 1.4}}}}, "from 0 to 1; there is 1.4"),
        ({"groups": {"a": {"shares": {"victims": float("nan")}}}}, "from 0 to 1; there is nan"),
        ({"groups": {"a": {"shares": {"victims": True}}}}, "from 0 to 1"),
        ({"groups": {"a": {"shares": 3}}}, "is a table such as"),
        ({"groups": {"a": GROUP | {"incom": 3}}}, "did you mean 'income'"),
        ({"groups": {"a": GROUP | {"income": 0}}}, "above zero"),
        ({"groups": {"a": GROUP | {"population": 0.4}}}, "populations of the groups add up to 0.4"),
        ({"groups": {"a": GROUP | {"population": 1.0}, "b": {}}}, "not for 'b'"),
        ({"groups": {"a": GROUP | {"income": 12}}, "median_income": 30_000}, "same currency and unit"),
        ({"groups": {"a": GROUP}, "median_income": "much"}, "median income is a number"),
        ({"groups": {"a": GROUP}, "exponent": -1}, "1.3 by the Green Book"),
        ({"groups": {" ": GROUP}}, "a group has a name"),
        ({"groups": [1]}, "is a table of groups"),
        ({"groups": {"a": GROUP}, "weight": 1}, "no key 'weight'"),
    ],
)
def test_every_fault_of_the_groups_is_told(given, said):
    """What is wrong, where, and what was wanted; shares of a bearer have to add up to 1."""
    with pytest.raises(CostError, match=said):
        Groups.from_mapping(given)


def test_shares_of_a_bearer_that_does_not_exist_are_refused(appraised):
    """The nearest bearer is named."""
    with pytest.raises(CostError, match="did you mean 'victims'"):
        appraised(groups=Groups(groups=(Group(name="a", shares={"victim": 1.0}),)))
