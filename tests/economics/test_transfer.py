"""Pitfall 16: benefit transfer between countries: PPP, income elasticity, flagged."""

import numpy as np
import pytest

from evalkit.economics import CostFaultsError, Deflator, Prices, Transfer, appraise
from evalkit.errors import CostError

GERMANY = {"to": "DEU", "currency": "EUR", "ppp": 0.8, "source": "own parity"}
RICHER = GERMANY | {"income_elasticity": 1.5, "income_ratio": 0.81}


def carried(schedule="mccollister-2010", transfer=RICHER, **more):
    """Give prices carried to Germany."""
    return Prices.from_mapping({"schedule": schedule, "multipliers": "none", "transfer": transfer, **more})


def test_only_the_intangible_part_follows_income(make_effect, make_costs):
    """Value there = value here x PPP x (income there / income here) ^ elasticity; 0.81 to the 1.5 is 0.729."""
    costs = make_costs(currency="EUR", price_year=2008)
    found = appraise({"robbery": make_effect()}, costs=costs, prices=carried())
    tangible, intangible = 1_636 + 13_827 + 4_272, 22_575
    assert found.by_crime[0].unit_value == pytest.approx(0.8 * (tangible + 0.729 * intangible))
    assert found.beside == ()


def test_a_benefit_transfer_is_flagged(make_effect, make_costs):
    """Benefit transfer between countries: PPP, income elasticity, flagged; amounts stand as they were published."""
    found = appraise({"robbery": make_effect()}, costs=make_costs(currency="EUR"), prices=carried())
    assert any(warning.startswith("The unit costs are a benefit transfer") for warning in found.warnings)
    (step,) = [each for each in found.assumptions if each.what == "unit costs of another country"]
    assert step.source == "own parity"
    assert step.value == (
        "benefit transfer from USA to DEU: × 0.8 EUR for one USD; the intangible part also × 0.81 to the power of 1.5"
    )
    assert any("22575 USD in prices of 2008" in each.value.replace(",", "") for each in found.assumptions)


def test_amounts_are_carried_in_their_own_year_and_uprated_once_there(make_effect, make_costs):
    """Pitfall 10: unit costs uprated once only, with the deflator of the country they are carried to."""
    prices = carried(transfer=GERMANY | {"income_elasticity": 0})
    found = appraise({"robbery": make_effect()}, costs=make_costs(currency="EUR", price_year=2018), prices=prices)
    levels = Deflator.load("DEU").levels
    assert found.by_crime[0].unit_value == pytest.approx(42_310 * 0.8 * levels["2018"] / levels["2008"])
    assert any("not adjusted for income" in warning for warning in found.warnings)


def test_an_uncertain_elasticity_is_one_unknown_for_all_crimes(make_effect, make_costs):
    """It is drawn once, so that two crimes without spread of their own vary together to the last digit."""
    effects = {name: make_effect(name, sd=0) for name in ("robbery", "burglary")}
    prices = carried(transfer=RICHER | {"income_elasticity": {"low": 0.5, "high": 2.0}}).using("intangible")
    found = appraise(effects, costs=make_costs(currency="EUR"), prices=prices, rng=np.random.default_rng(1))
    robbery, burglary = (line.benefit for line in found.by_crime)
    assert robbery.upper / robbery.lower == pytest.approx(burglary.upper / burglary.lower)
    assert robbery.upper / robbery.lower == pytest.approx(0.81 ** -(1.5 * 0.95), rel=0.01)


@pytest.mark.parametrize(
    ("transfer", "told"),
    [
        ({"to": "DEU", "currency": "EUR"}, "needs ppp, source: no table of purchasing power"),
        (GERMANY | {"to": "DE"}, "three capital letters such as 'DEU'"),
        (GERMANY, "income_elasticity = 0"),
        (GERMANY | {"income_elasticity": 1}, "needs income_ratio"),
        (RICHER | {"ppp": 0}, "above zero"),
        (RICHER | {"ppp": -1}, "zero or more"),
        (RICHER | {"pp": 1}, "did you mean 'ppp'"),
        (RICHER | {"to": "USA"}, "already"),
        ("DEU", "is a table"),
    ],
)
def test_what_a_transfer_lacks_is_told(transfer, told):
    """One message each."""
    with pytest.raises(CostFaultsError, match=told):
        carried(transfer=transfer)


def test_a_total_takes_no_elasticity():
    """How much of it is pain and suffering is not said."""
    with pytest.raises(CostFaultsError, match=r"'rape: total' .* tangible and intangible together"):
        carried("home-office-2018")
    plain = carried("home-office-2018", GERMANY | {"income_elasticity": 0})
    assert (plain.country, plain.currency) == ("DEU", "EUR")
    with pytest.raises(CostError, match="carried once"):
        plain.transferred(Transfer(**(GERMANY | {"to": "FRA", "income_elasticity": 0})))
