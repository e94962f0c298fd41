import pytest

from evalkit.draws import Quantity
from evalkit.economics import CostFaultsError, Costs, Flow
from evalkit.errors import CostError


def flow(**changes):
    """Give a sound flow with some of it changed."""
    return Flow(
        **({"what": "patrols", "amount": 100, "bearer": "city", "kind": "running", "source": "invoice"} | changes)
    )


def test_the_flow_of_the_contract_is_read():
    """The minimal study file: one flow, without a source, which is therefore assumed."""
    costs = Costs.from_mapping(
        {
            "currency": "USD",
            "year": 2010,
            "flows": [{"what": "training", "amount": 100000, "bearer": "city", "kind": "running", "year": 1}],
        }
    )
    (found,) = costs.flows
    assert (costs.currency, costs.price_year, found.years) == ("USD", "2010", (1,))
    assert found.quantity.mean == 100000
    assert found.assumed


def test_a_flow_with_a_source_is_not_assumed_unless_it_says_so():
    """What no source gives is shown as assumed."""
    assert not flow().assumed
    assert flow(source="").assumed
    assert flow(assumed=True).assumed
    with pytest.raises(CostError, match="names no source"):
        flow(source=" ", assumed=False)


def test_an_amount_may_be_a_distribution():
    """Mean and sd are those of the amount, and lognormal, as money is not negative."""
    found = flow(amount={"mean": 100, "sd": 10})
    assert found.quantity == Quantity(shape="lognormal", parameters={"mean": 100, "sd": 10})


def test_a_negative_cost_is_a_saving_by_name():
    """A sign alone may be a slip, so a saving is a word."""
    with pytest.raises(CostError, match="write saving = true and the amount 100"):
        flow(amount=-100)
    assert flow(saving=True).sign == -1
    with pytest.raises(CostError, match="zero or more"):
        flow(amount={"low": -5, "high": 20})
    with pytest.raises(CostError, match="falls below zero"):
        flow(amount={"shape": "normal", "mean": 10, "sd": 10})


def test_a_flow_without_a_bearer_is_refused():
    """A saving of a million is banned where nobody says whose."""
    with pytest.raises(CostError, match="names nobody who bears it"):
        flow(bearer="")


def test_unknown_kinds_and_bearers_name_the_nearest():
    """A slip of the pen is told as one."""
    with pytest.raises(CostError, match="did you mean 'running'"):
        flow(kind="runing")
    with pytest.raises(CostError, match="did you mean 'police'"):
        Costs(currency="EUR", price_year=2020, flows=(flow(bearer="polise"),))


def test_own_bearers_are_declared():
    """A bearer that evalkit does not know is the user's own when it is declared."""
    Costs(currency="EUR", price_year=2020, flows=(flow(bearer="church"),), bearers=("church",))
    with pytest.raises(CostError, match="name your own in 'bearers'"):
        Costs(currency="EUR", price_year=2020, flows=(flow(bearer="church"),))


def test_mixed_price_years_and_currencies_are_refused():
    """A ledger has one of each."""
    with pytest.raises(CostError, match="in prices of 2012 and the ledger in prices of 2010"):
        Costs(currency="EUR", price_year=2010, flows=(flow(), flow(price_year=2012)))
    with pytest.raises(CostError, match="one currency"):
        Costs(currency="EUR", price_year=2010, flows=(flow(currency="GBP"),))
    with pytest.raises(CostError, match="three capital letters"):
        Costs(currency="euro", price_year=2010, flows=(flow(),))


def test_years_count_from_the_start():
    """Calendar years and year 0 are refused with what to write instead."""
    with pytest.raises(CostError, match="looks like a calendar year"):
        flow(years=(2012,))
    with pytest.raises(CostError, match="entered in year 1"):
        flow(years=(0,))
    with pytest.raises(CostError, match="once each"):
        flow(years=(1, 1))
    assert flow(years=(3, 1)).years == (1, 3)


def test_all_faults_of_a_ledger_are_told_at_once():
    """One reading of the message mends the whole table."""
    with pytest.raises(CostFaultsError) as caught:
        Costs.from_mapping(
            {
                "currency": "usd",
                "yer": 2010,
                "flows": [
                    {"what": "x", "amount": -3, "bearer": "cty", "kind": "runing", "year": 2012},
                    {"what": "y", "amount": 3, "bearer": "city", "kind": "running", "yeer": 1},
                    7,
                ],
            }
        )
    told = "\n".join(caught.value.faults)
    for part in (
        "did you mean 'year'?",
        "no 'year'",
        "did you mean 'city'?",
        "saving = true",
        "did you mean 'running'?",
        "calendar year",
        "flow 2: no key 'yeer'",
        "flow 3: is a table",
        "currency",
    ):
        assert part in told
    assert isinstance(caught.value, CostError)


def test_a_mixed_price_year_in_a_file_is_told_by_flow():
    """The place of the flow stands in the message."""
    sound = {"what": "x", "amount": 3, "bearer": "city", "kind": "running"}
    with pytest.raises(CostFaultsError, match="flow 2: flow 'x' is in prices of 2011"):
        Costs.from_mapping({"currency": "USD", "year": 2010, "flows": [sound, sound | {"price_year": 2011}]})
    with pytest.raises(CostFaultsError, match="is empty"):
        Costs.from_mapping({"currency": "USD", "year": 2010, "flows": []})
