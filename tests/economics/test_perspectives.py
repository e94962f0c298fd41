"""Perspectives as filters over one set of draws; pitfalls 13 and 17."""

import numpy as np
import pytest

from evalkit.economics import CostFaultsError, Costs, Flow, Prices, UnitCost, appraise
from evalkit.errors import CostError

SPLIT = {"robbery": {"victims": 8_000, "police": 3_000, "city": 1_000}}


def flow(what="patrols", amount=60_000, **changes):
    """Give a running cost of the city with some of it changed."""
    return Flow(
        **({"what": what, "amount": amount, "bearer": "city", "kind": "running", "source": "invoice"} | changes)
    )


def ledger(*flows, **more):
    """Give a ledger of these flows."""
    return Costs(**({"currency": "USD", "price_year": 2008, "flows": flows} | more))


def by_name(found):
    """Give the lines of the table by perspective."""
    return {line.perspective: line for line in found.perspectives}


def test_every_perspective_of_the_table_is_what_an_appraisal_from_it_gives(make_effect, make_prices):
    """The table is read from the same draws: whoever looks, each sum is the same to the last digit."""
    uncertain = {
        "robbery": {"victims": {"low": 1_000, "high": 9_000}, "police": 3_000, "city": {"mean": 900, "sd": 90}}
    }
    options = {
        "costs": ledger(
            flow(amount={"low": 40_000, "high": 80_000}),
            flow("liaison", {"mean": 20_000, "sd": 4_000}, bearer="police", kind="in kind"),
            flow("grant", 10_000, bearer="national taxpayer", kind="one-off", received_by="city"),
        ),
        "prices": make_prices(uncertain),
    }
    effects = {"robbery": make_effect(periods=("2007", "2008"))}
    tables = {}
    for name in ("society", "public purse", "city", "police", "national taxpayer", "victims"):
        found = appraise(effects, perspective=name, rng=np.random.default_rng(3), **options)
        line = by_name(found)[name]
        assert line.cost.mean == pytest.approx(found.cost.mean)
        assert line.benefit.mean == pytest.approx(found.benefit.mean)
        assert (line.net.lower, line.net.upper) == pytest.approx((found.net_benefit.lower, found.net_benefit.upper))
        assert line.prob_net_benefit == found.prob_net_benefit
        tables[name] = found.perspectives
    assert all(table == tables["society"] for table in tables.values())


def test_bearers_add_up_to_society(make_effect, make_prices):
    """Without transfers and taxes, what all bearers pay and gain is what society does."""
    costs = ledger(
        flow(), flow("liaison", 9_000, bearer="police", kind="in kind"), flow("watch", 500, bearer="volunteers")
    )
    lines = by_name(appraise({"robbery": make_effect()}, costs=costs, prices=make_prices(SPLIT)))
    alone = [line for name, line in lines.items() if name not in {"society", "public purse"}]
    assert sum(line.net.mean for line in alone) == pytest.approx(lines["society"].net.mean)
    public = [line for line in alone if line.perspective in {"city", "police"}]
    assert sum(line.cost.mean for line in public) == pytest.approx(lines["public purse"].cost.mean) == 69_000


def test_a_transfer_counts_for_who_pays_and_who_receives_it_and_not_for_society(make_effect, make_prices):
    """A grant of the state to the city costs nobody anything, and the city less; one to residents leaves the purse."""
    costs = ledger(
        flow(),
        flow("grant", 25_000, bearer="national taxpayer", kind="one-off", received_by="city"),
        flow("reward", 5_000, bearer="city", kind="one-off", received_by="residents"),
        flow("fine", 2_000, bearer="city", kind="one-off", transfer=True, saving=True),
    )
    found = appraise({"robbery": make_effect()}, costs=costs, prices=make_prices(SPLIT))
    cost = {name: line.cost.mean for name, line in by_name(found).items()}
    assert found.cost.mean == cost["society"] == 60_000
    assert cost["city"] == 60_000 - 25_000 + 5_000 - 2_000
    assert cost["national taxpayer"] == 25_000
    assert cost["residents"] == -5_000
    assert cost["public purse"] == 60_000 + 5_000 - 2_000
    assert found.city.net_cost.mean == cost["city"]
    assert found.city.cashable_saving.mean == 27_000
    # who bears what is the same in every table, and still adds up to what society pays; the fine is paid by somebody
    borne = {line.bearer: line.cost.mean for line in found.by_bearer if line.cost.mean}
    assert borne == {name: cost[name] for name in ("city", "national taxpayer", "residents")} | {
        "others, not named": 2_000
    }
    assert sum(borne.values()) == found.cost.mean
    assert sum(line.net.mean for line in found.by_bearer) == pytest.approx(found.net_benefit.mean)
    parts = found.incidence.payers_and_gainers
    assert parts.payers == pytest.approx({"city": 38 / 65, "national taxpayer": 25 / 65, "others, not named": 2 / 65})
    # year for year too: what leaves the public purse is its cost
    assert found.cash_flows[1].years[-1].total.mean == pytest.approx(by_name(found)["public purse"].net.mean)


def test_optimism_bias_adds_to_costs_and_not_to_what_only_moves(make_effect, make_prices):
    """A grant is what the deed says; a city whose patrols turn out dearer does not receive more."""
    costs = ledger(flow(), flow("grant", 25_000, bearer="national taxpayer", kind="one-off", received_by="city"))
    found = appraise({"robbery": make_effect()}, costs=costs, prices=make_prices(SPLIT), optimism_bias=0.1)
    cost = {name: line.cost.mean for name, line in by_name(found).items()}
    assert (cost["city"], cost["national taxpayer"]) == (pytest.approx(66_000 - 25_000), 25_000)


def test_a_transfer_has_to_be_taxed_for(make_effect, make_prices):
    """Money handed on is no cost to society, and raising it is: half of it is lost at a deadweight of 0.5."""
    options = {"prices": make_prices(SPLIT), "deadweight": 0.5}
    plain = appraise({"robbery": make_effect()}, costs=ledger(flow()), **options)
    reward = flow("reward", 5_000, kind="one-off", received_by="residents")
    found = appraise({"robbery": make_effect()}, costs=ledger(flow(), reward), **options)
    assert plain.net_benefit.mean - found.net_benefit.mean == pytest.approx(2_500)
    between = flow("grant", 5_000, kind="one-off", received_by="police")
    found = appraise({"robbery": make_effect()}, costs=ledger(flow(), between), **options)
    assert found.net_benefit.mean == pytest.approx(plain.net_benefit.mean)


def test_a_unit_cost_that_is_a_transfer_counts_until_it_is_left_out(make_effect):
    """By default what changes hands counts for its bearer and for society, the convention of the Home Office."""
    prices = Prices(
        name="own", country="USA", currency="USD", price_year=2008, basis="recorded",
        unit_costs=(
            UnitCost(crime="robbery", component="loss", amount=4_000, bearer="victims"),
            UnitCost(crime="robbery", component="claim", amount=1_000, bearer="insurers", transfer=True),
        ),
    )  # fmt: skip
    for schedule, insurers in ((prices, 10_000), (prices.without_transfers(), 0)):
        found = appraise({"robbery": make_effect(mean=10, sd=0)}, costs=ledger(flow()), prices=schedule)
        benefit = {name: line.benefit.mean for name, line in by_name(found).items()}
        assert found.benefit.mean == benefit["society"] == 40_000 + insurers
        assert benefit.get("insurers", 0) == insurers


def test_pitfall_13_sunk_vs_incremental_cost_in_kind_capital_annualised_and_police_time(make_effect, make_prices):
    """Pitfall 13: sunk vs incremental cost; in-kind; capital annualised; opportunity cost of police time."""
    costs = ledger(
        flow(),
        flow("control room of 2001", 900_000, kind="capital", sunk=True),
        flow("cameras", 100_000, kind="capital", life=10, annualise=True),
        flow("hours of officers", 30_000, bearer="police", kind="in kind"),
        flow("hours of volunteers", 4_000, bearer="volunteers", kind="in kind"),
        flow("data of the city", 3_000, kind="in kind"),
    )
    found = appraise({"robbery": make_effect()}, costs=costs, prices=make_prices(SPLIT))
    cost = {name: line.cost.mean for name, line in by_name(found).items()}
    annual = 100_000 * (0.035 / 1.035) / (1 - 1.035**-10)
    assert cost["society"] == pytest.approx(60_000 + annual + 30_000 + 4_000 + 3_000)
    assert cost["police"] == 30_000
    assert cost["public purse"] == pytest.approx(cost["society"] - 4_000)
    assert found.city.in_kind.mean == 3_000
    (sunk,) = (each for each in found.assumptions if "2001" in each.what)
    assert sunk.value.endswith("borne by city; not counted: it was spent whatever is decided")


def test_pitfall_17_cashable_vs_notional_and_no_saving_without_a_bearer(make_effect, make_prices):
    """Pitfall 17: cashable vs notional; "saves 1m" without bearer is banned."""
    with pytest.raises(CostError, match="names nobody who bears it"):
        flow("a million", 1_000_000, bearer=" ", saving=True)
    effects = {"robbery": make_effect(mean=10, sd=0)}
    freed = flow("overtime", 7_000, saving=True)
    found = appraise(effects, costs=ledger(flow(), freed), prices=make_prices(SPLIT))
    assert found.city.net_cost.mean == 60_000, "time that is freed is not money"
    assert found.public_saving.bearers == ("city", "police")
    assert found.public_saving.total.mean == 7_000 + 10 * (3_000 + 1_000)
    assert (found.public_saving.cashable.mean, found.public_saving.cashable_share) == (0, 0.0)
    cash = flow("contract ended", 7_000, saving=True, cashable=True)
    found = appraise(effects, costs=ledger(flow(), cash), prices=make_prices(SPLIT))
    assert found.city.net_cost.mean == 53_000
    assert found.public_saving.cashable_share == pytest.approx(7_000 / 47_000)
    # a total that does not say who bears it gives nobody a saving
    whole = make_prices({"robbery": {"not split by bearer": 11_320}})
    found = appraise(effects, costs=ledger(flow()), prices=whole)
    assert found.public_saving.total is None
    assert found.public_saving.total_reason == ("prices 'own' do not say who bears 'robbery: not split by bearer'")
    assert [line.perspective for line in found.perspectives if line.benefit is not None] == ["society"]


def test_a_schedule_may_say_what_is_cashable_and_harm_then_has_to_be_paid_for(make_effect):
    """Ten robberies less save the city 1,000 each in cash; five more cost it as much."""
    prices = Prices(
        name="own", country="USA", currency="USD", price_year=2008, basis="recorded",
        unit_costs=(
            UnitCost(crime="robbery", component="contractor", amount=1_000, bearer="city", cashable=True),
            UnitCost(crime="robbery", component="loss", amount=3_000, bearer="victims"),
        ),
    )  # fmt: skip
    good = appraise({"robbery": make_effect(mean=10, sd=0)}, costs=ledger(flow()), prices=prices)
    assert good.city.net_cost.mean == 50_000
    assert good.city.share_on_others == pytest.approx(0.75)
    bad = appraise({"robbery": make_effect(mean=-5, sd=0)}, costs=ledger(flow()), prices=prices)
    assert bad.city.net_cost.mean == 65_000
    assert bad.city.share_on_others is None
    assert bad.city.share_reason == "on average there is no benefit, so nothing of it falls on anybody"
    assert bad.public_saving.cashable_share is None


def test_the_share_on_others_is_a_ratio_of_means(make_effect):
    """Two crimes of which one is the city's loss: mean over mean, where the mean of the ratio has no meaning."""
    prices = Prices(
        name="own", country="USA", currency="USD", price_year=2008, basis="recorded",
        unit_costs=(
            UnitCost(crime="robbery", amount=1_000, component="loss", bearer="victims"),
            UnitCost(crime="arson", amount=3_000, component="repair", bearer="city"),
        ),
    )  # fmt: skip
    effects = {"robbery": make_effect(mean=9, sd=30), "arson": make_effect("arson", mean=1, sd=6, seed=2)}
    found = appraise(effects, costs=ledger(flow()), prices=prices)
    others, city = 1_000 * effects["robbery"].prevented.mean(), 3_000 * effects["arson"].prevented.mean()
    assert found.city.share_on_others == pytest.approx(others / (others + city))
    effects["arson"] = make_effect("arson", mean=-1, sd=0)
    found = appraise(effects, costs=ledger(flow()), prices=prices)
    assert found.city.share_on_others is None
    assert "do not both gain" in found.city.share_reason


def test_the_net_cost_to_the_city_keeps_its_range(make_effect, make_prices):
    """An uncertain cost and an uncertain cashable saving, row by row."""
    costs = ledger(flow(amount={"low": 40_000, "high": 80_000}), flow("lease", 5_000, saving=True, cashable=True))
    found = appraise({"robbery": make_effect()}, costs=costs, prices=make_prices(SPLIT), rng=np.random.default_rng(1))
    assert found.city.net_cost.mean == pytest.approx(55_000, rel=1e-3)
    assert (found.city.net_cost.lower, found.city.net_cost.upper) == pytest.approx((36_000, 74_000), rel=1e-3)


def test_without_prices_costs_stand_and_benefits_have_a_reason(make_effect):
    """And a city that pays nothing is told so."""
    found = appraise({"robbery": make_effect()}, costs=ledger(flow(bearer="national taxpayer")))
    assert found.city.net_cost.mean == 0
    assert found.city.remark == "nothing in the ledger is borne by the city"
    assert found.city.share_reason.startswith("no prices were given")
    assert all(line.benefit is None and line.reason.startswith("no prices") for line in found.perspectives)
    assert by_name(found)["public purse"].cost.mean == 60_000


def test_own_bearers_say_whose_purse_theirs_is(make_effect, make_prices):
    """A housing association counts in the public purse where it is said to be public."""
    for purse, cost in (("public", 60_000), ("private", 0)):
        costs = ledger(flow(bearer="housing association"), bearers={"housing association": purse})
        found = appraise({"robbery": make_effect()}, costs=costs, prices=make_prices(SPLIT), deadweight=0.5)
        assert by_name(found)["public purse"].cost.mean == cost
        assert by_name(found)["housing association"].cost.mean == 60_000
        loss = next(line for line in found.by_bearer if line.bearer == "deadweight of taxation").benefit.mean
        assert loss == pytest.approx(0.5 * (4_000 * 20 - cost), rel=1e-3)
    with pytest.raises(CostError, match="did you mean 'housing association'"):
        ledger(flow(bearer="housing asociation"), bearers={"housing association": "public"})


def test_a_bearer_is_declared_once_and_with_a_purse():
    """Each fault of the declaration has its sentence."""
    for bearers, said in (
        ({"church": "publik"}, "did you mean 'public'"),
        ({"city": "private"}, "known to evalkit as public"),
        ({"society": "public"}, "is a perspective and no bearer"),
        ({"": "public"}, "has a name"),
        ("church", "is a table such as"),
        ([["church"]], "has a name"),
    ):
        with pytest.raises(CostError, match=said):
            ledger(flow(), bearers=bearers)


def test_costs_and_prices_agree_on_a_bearer(make_effect, make_prices):
    """One that is public in one and private in the other would count by halves."""
    costs = ledger(flow(bearer="trust"), bearers={"trust": "public"})
    prices = make_prices({"robbery": {"trust": 5}}, bearers={"trust": "private"})
    with pytest.raises(CostError, match="the bearer 'trust' is public in one"):
        appraise({"robbery": make_effect()}, costs=costs, prices=prices)


def test_only_a_saving_of_public_money_is_cashable(make_prices):
    """A claim that cannot be is refused with the reason."""
    with pytest.raises(CostError, match="only a saving is cashable"):
        flow(cashable=True)
    with pytest.raises(CostError, match="'victims' is not public"):
        ledger(flow(bearer="victims", saving=True, cashable=True))
    with pytest.raises(CostError, match="no money in a budget"):
        ledger(flow(kind="in kind", saving=True, cashable=True))
    lines = (UnitCost(crime="robbery", amount=5, component="pain", bearer="victims", cashable=True),)
    with pytest.raises(CostError, match="'victims' is not public"):
        make_prices(unit_costs=lines)


def test_facts_that_are_no_facts_are_refused():
    """Words in place of true and false, and sides of a transfer that are none."""
    for name in ("transfer", "sunk", "annualise", "tangible", "saving", "cashable"):
        with pytest.raises(CostError, match=f"'{name}' of flow 'patrols' is true or false; there is 'yes'"):
            flow(**{name: "yes"})
    with pytest.raises(CostError, match="wanted is a bearer other than 'city'"):
        flow(received_by="city")
    with pytest.raises(CostError, match="only a cost is sunk"):
        flow(sunk=True, saving=True)
    with pytest.raises(CostError, match="did you mean 'residents'"):
        ledger(flow(received_by="residnts"))


def test_a_study_file_declares_all_of_it_and_tells_every_fault_at_once():
    """Own bearers in a table, and the facts of a flow beside its other keys."""
    sound = {"what": "cameras", "amount": 9, "bearer": "housing association", "kind": "capital"}
    head = {"currency": "USD", "year": 2010, "bearers": {"housing association": "public"}}
    found = Costs.from_mapping(head | {"flows": [sound | {"life": 8, "annualise": True}]})
    assert found.flows[0].kind_in_words == "capital, spread over its life of 8 years"
    assert "housing association" in found.public
    with pytest.raises(CostFaultsError) as caught:
        Costs.from_mapping(
            head | {"flows": [sound | {"bearer": "housing", "life": -1}, sound | {"received_by": "citty"}]}
        )
    told = "\n".join(caught.value.faults)
    for part in ("no bearer 'housing'", "life of flow", "flow 2: no bearer 'citty'; did you mean 'city'"):
        assert part in told


def test_a_price_file_says_what_is_cashable_and_a_transfer(tmp_path):
    """Columns of yes and no; a private cashable line is a fault of the file."""
    header = (
        '# country = "GBR"\n# currency = "GBP"\n# price_year = "2020"\n# basis = "recorded"\n'
        '# bearers = { "housing association" = "public" }\n'
        "crime,component,value,bearer,cashable,transfer\n"
    )
    path = tmp_path / "own.csv"
    path.write_text(header + "arson,repair,900,housing association,yes,\narson,claim,50,insurers,no,yes\n")
    repair, claim = Prices.from_csv(path).unit_costs
    assert (repair.cashable, repair.transfer, claim.cashable, claim.transfer) == (True, False, False, True)
    path.write_text(header + "arson,claim,50,insurers,yes,\n")
    with pytest.raises(CostError, match="'insurers' is not public"):
        Prices.from_csv(path)
    path.write_text(header + "arson,claim,50,insurers,maybe,\n")
    with pytest.raises(CostError, match="cashable is 'yes' or 'no'; there is 'maybe'"):
        Prices.from_csv(path)
