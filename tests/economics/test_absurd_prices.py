"""Hostile and absurd prices get one clear message each."""

import numpy as np
import pytest

from evalkit.domain import Outcome
from evalkit.economics import CostFaultsError, Prices, UnitCost, appraise
from evalkit.errors import CostError, DomainError


def table(**row):
    """Give the table of a study file with one unit cost."""
    head = {"country": "USA", "currency": "USD", "price_year": 2008, "basis": "recorded"}
    return head | {"unit_costs": [{"crime": "robbery", "value": 10, "bearer": "victims"} | row]}


@pytest.mark.parametrize("value", [1e12, 5e300, float("inf"), float("nan")])
def test_no_crime_costs_a_million_million(value):
    """Sums for a country, slipped units and what is no number are refused in any currency."""
    with pytest.raises(CostFaultsError, match=r"none costs 1e\+12 or more|an amount is a number .* there is (inf|nan)"):
        Prices.from_mapping(table(value=value))
    with pytest.raises(CostFaultsError, match=r"none costs 1e\+12|finite number"):
        Prices.from_mapping(table(low=1, high=value) | {"unit_costs": [{"crime": "theft", "low": 1, "high": value}]})


def test_a_unit_cost_far_above_every_published_one_is_warned_of(make_effect, make_costs, make_prices):
    """A stated bound: three times the dearest that was published."""
    costly = make_prices({"robbery": {"victims": 6e7}})
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=costly)
    assert any("'robbery: victims' is 60,000,000 USD, about three times" in warning for warning in found.warnings)
    dear = appraise({"robbery": make_effect()}, costs=make_costs(), prices=make_prices({"robbery": {"victims": 1.8e7}}))
    assert not any("three times" in warning for warning in dear.warnings)


def test_a_negative_price_is_refused():
    """A crime that is good for somebody is no price of a crime."""
    with pytest.raises(CostFaultsError, match="zero or more; there is -5"):
        Prices.from_mapping(table(value=-5))


def test_a_distribution_without_a_mean_is_refused(make_effect, make_costs, make_prices):
    """By its name, and by what it draws: means add up money."""
    with pytest.raises(CostError, match="no distribution 'cauchy'"):
        UnitCost(crime="theft", amount={"shape": "cauchy", "mean": 1, "sd": 1})
    wild = make_prices({"robbery": {"victims": {"mean": 1_000, "sd": 1_000_000}}})
    with pytest.raises(CostError, match=r"'robbery: victims' is .* a few extreme draws decide its mean"):
        appraise({"robbery": make_effect()}, costs=make_costs(), prices=wild, rng=np.random.default_rng(1))


def test_a_country_without_a_deflator_is_refused_where_one_is_needed(make_effect, make_costs, make_prices):
    """And not where prices and costs are of one year."""
    prices = make_prices(country="ATA", beside=())
    assert appraise({"robbery": make_effect()}, costs=make_costs(), prices=prices).benefit is not None
    with pytest.raises(CostError, match=r"no deflator for the country 'ATA'.*Deflator\.from_csv"):
        appraise({"robbery": make_effect()}, costs=make_costs(price_year=2018), prices=prices)


def test_a_year_before_the_index_is_refused(make_effect, make_costs, make_prices):
    """Years are not carried back."""
    with pytest.raises(CostError, match=r"has no year 1950; there is \d+ to \d+"):
        appraise(
            {"robbery": make_effect()},
            costs=make_costs(),
            prices=make_prices(price_year=1950, beside=()),
            price_year=2008,
        )


def test_a_crime_that_is_no_class_of_crime_is_refused(make_effect, make_costs, make_prices):
    """In the outcome at once; in the prices where an outcome is without a price because of it."""
    with pytest.raises(DomainError, match="did you mean 'robbery'"):
        Outcome(name="x", crime="robery")
    with pytest.raises(CostError, match=r"unit cost of 'robery', which is no class of crime .* did you mean 'robbery'"):
        appraise({"robbery": make_effect()}, costs=make_costs(), prices=make_prices({"robery": {"victims": 5}}))
    own = make_prices({"bicycle-theft": {"victims": 5}})
    assert appraise({"robbery": make_effect()}, costs=make_costs(), prices=own).unpriced == ("robbery",)


def test_a_component_with_a_slip_in_its_crime_is_not_left_out_unseen(make_effect, make_costs, make_prices):
    """Half of the worth of a burglary would be gone without a word; a crime of a name of its own may stay."""
    effects = {"burglary": make_effect("burglary")}
    amounts = {"burglary": {"police": 900}, "burgling": {"victims": 3_000}}
    with pytest.raises(CostError, match=r"unit cost of 'burgling'.*did you mean 'burglary'"):
        appraise(effects, costs=make_costs(), prices=make_prices(amounts))
    for other in ("burglary-attempted", "cyber-crime", "robbery"):
        prices = make_prices({"burglary": {"police": 900}, other: {"victims": 3_000}})
        assert appraise(effects, costs=make_costs(), prices=prices).benefit.mean == pytest.approx(900 * 20, rel=0.01)
