import csv
from importlib.resources import files

import pytest

from evalkit.economics import CostFaultsError, Multiplier, Prices, UnitCost, price_schedules
from evalkit.errors import CostError

# McCollister, French and Fang 2010, Table 5, 2008 dollars (doi:10.1016/j.drugalcdep.2009.12.002), as read in
# a second source.
TOTALS = {
    "homicide": 8_982_907,
    "rape": 240_776,
    "aggravated-assault": 107_020,
    "robbery": 42_310,
    "vehicle-theft": 10_772,
    "arson": 21_103,
    "burglary": 6_462,
    "theft": 3_532,
    "stolen-property": 7_974,
    "criminal-damage": 4_860,
    "forgery": 5_265,
    "embezzlement": 5_480,
    "fraud": 5_032,
}


def test_at_least_two_schedules_ship_and_each_says_where_it_is_from():
    """A schedule moves the answer more than the estimator does, so there are several."""
    assert price_schedules() == ("delisi-2010", "home-office-2005", "home-office-2018", "mccollister-2010")
    for name in price_schedules():
        prices = Prices.load(name)
        assert all((prices.source, prices.link, prices.includes, prices.cautions))


def test_no_row_from_memory_ships():
    """Every shipped figure was read, in the source or in a second one; none is remembered."""
    for name in price_schedules():
        prices = Prices.load(name)
        found = {line.certainty for line in (*prices.unit_costs, *prices.reference)}
        assert found <= {"primary", "secondary"}
        assert not prices.is_verified
    assert "burglary" not in Prices.load("home-office-2018").crimes
    assert "homicide" not in Prices.load("home-office-2018").crimes


def test_mccollister_components_add_up_to_the_published_totals():
    """Tangible less the uncorrected risk of homicide plus intangible is Table 5, within 1 dollar."""
    prices = Prices.load("mccollister-2010")
    assert (prices.currency, prices.price_year, prices.basis) == ("USD", "2008", "actual")
    for crime, total in TOTALS.items():
        assert sum(line.quantity.mean for line in prices.of(crime)) == pytest.approx(total, abs=1)
    totals = {line.crime: line.quantity.mean for line in prices.reference if line.component == "total"}
    assert totals == TOTALS


def test_the_published_victim_cost_cannot_be_added_to_the_intangible_cost():
    """Table 3 holds an uncorrected risk of homicide that Table 4 values anew: the trap of the paper."""
    prices = Prices.load("mccollister-2010")
    with pytest.raises(CostError, match=r"'.*: victim as published' already holds '.*: intangible'"):
        prices.using("victim as published", "criminal justice", "crime career", "intangible")
    tangible = prices.using("victim as published", "criminal justice", "crime career")
    assert sum(line.quantity.mean for line in tangible.of("robbery")) == 3299 + 13827 + 4272


def test_a_total_and_its_parts_are_never_added():
    """The message names the two lines."""
    with pytest.raises(CostError, match="'rape: total' already holds 'rape: police'"):
        Prices.load("home-office-2018").using("total", "police")
    lines = (
        UnitCost(crime="theft", amount=10, component="Total cost"),
        UnitCost(crime="theft", amount=4, component="police", bearer="police"),
    )
    with pytest.raises(CostError, match="counts it twice"):
        own(unit_costs=lines)


def own(**changes):
    """Give own prices with some of them changed."""
    return Prices(
        **(
            {
                "name": "own",
                "country": "NLD",
                "currency": "EUR",
                "price_year": 2020,
                "basis": "recorded",
                "unit_costs": (UnitCost(crime="theft", amount=10),),
            }
            | changes
        )
    )


def test_home_office_totals_are_the_quoted_ones():
    """Heeks and others 2018 (RR99), 2015/16 pounds, as quoted by the South Wales Echo of 2 August 2019."""
    prices = Prices.load("home-office-2018")
    found = {line.crime: line.quantity.mean for line in prices.unit_costs}
    assert found == {
        "rape": 39_360,
        "violence-with-injury": 14_050,
        "robbery": 11_320,
        "vehicle-theft": 10_290,
        "arson": 8_420,
        "other-sexual-offences": 6_520,
        "cyber-crime": 550,
        "theft-from-vehicle": 870,
        "criminal-damage": 1_350,
    }
    assert (prices.currency, prices.price_year, prices.basis) == ("GBP", "2015/16", "actual")


def test_delisi_figures_are_the_quoted_ones():
    """DeLisi and others 2010: five crimes, willingness to pay in them."""
    found = {line.crime: line.quantity.mean for line in Prices.load("delisi-2010").unit_costs}
    assert found == {
        "homicide": 17_252_656,
        "rape": 448_532,
        "robbery": 335_733,
        "aggravated-assault": 145_379,
        "burglary": 41_288,
    }


def test_a_component_can_be_left_out_for_some_crimes():
    """What is left out is still shown, and not added."""
    prices = Prices.load("mccollister-2010").without("intangible", crimes=["robbery"])
    assert [line.component for line in prices.of("robbery")] == ["victim", "criminal justice", "crime career"]
    assert len(prices.of("burglary")) == 4
    with pytest.raises(CostError, match="nothing to leave out"):
        prices.without("intangible", crimes=["robbery"])


def test_own_prices_are_read_from_a_file(tmp_path):
    """A header, a row a component, and a range where one is known."""
    path = tmp_path / "own.csv"
    path.write_text(
        '# country = "DEU"\n# currency = "EUR"\n# price_year = 2020\n# basis = "recorded"\n'
        "crime,component,bearer,value,low,high,sd\n"
        "burglary,loss,victims,,1000,3000,\n"
        "burglary,police,police,500,,,50\n"
        "theft,loss,victims,80,20,200,\n"
    )
    prices = Prices.from_csv(path)
    assert prices.name == "own"
    assert prices.is_verified
    assert [line.quantity.shape for line in prices.unit_costs] == ["uniform", "lognormal", "triangular"]
    assert Prices.from_csv(path, basis="actual").basis == "actual"


def test_all_faults_of_a_price_file_are_told_at_once(tmp_path):
    """Rows are named by number."""
    path = tmp_path / "own.csv"
    path.write_text('# country = "DEU"\n# curency = "EUR"\ncrime,vlaue,bearer\n,3,victims\nburglary,x,victims\n')
    with pytest.raises(CostFaultsError) as caught:
        Prices.from_csv(path)
    told = "\n".join(caught.value.faults)
    for part in ("did you mean 'currency'", "did you mean 'value'", "row 1: no crime", "row 2:", "no 'basis'"):
        assert part in told
    with pytest.raises(CostError, match="cannot read the prices"):
        Prices.from_csv(tmp_path / "absent.csv")


def test_prices_are_read_from_a_study_file():
    """A schedule by name, with multipliers, components left out and stand-ins."""
    prices = Prices.from_mapping(
        {
            "schedule": "home-office-2018",
            "multipliers": {"robbery": {"value": 3.8, "source": "survey"}, "rape": {"low": 2, "high": 5}},
            "priced_as": {"assault": "violence-with-injury"},
        }
    )
    assert prices.multipliers["robbery"] == Multiplier(crime="robbery", amount=3.8, source="survey")
    assert prices.multipliers["rape"].quantity.shape == "uniform"
    inline = Prices.from_mapping(
        {
            "country": "DEU",
            "currency": "EUR",
            "price_year": 2020,
            "basis": "recorded",
            "unit_costs": [{"crime": "theft", "value": 80, "bearer": "victims"}],
        }
    )
    assert inline.of("theft")[0].quantity.mean == 80
    kept = Prices.from_mapping(
        {
            "schedule": "mccollister-2010",
            "multipliers": "none",
            "leave_out": [{"component": "intangible", "crimes": ["robbery"]}],
        }
    )
    assert (len(kept.of("robbery")), kept.multipliers) == (3, "none")


def test_all_faults_of_the_prices_of_a_study_file_are_told_at_once():
    """Keys, schedules, multipliers and stand-ins are each told."""
    with pytest.raises(CostFaultsError) as caught:
        Prices.from_mapping(
            {
                "schedule": "home-office-2018",
                "multiplier": 3,
                "multipliers": {"robbery": 0.5},
                "priced_as": {"assault": "violence"},
                "components": ["totl"],
            }
        )
    told = "\n".join(caught.value.faults)
    for part in ("did you mean 'multipliers'", "1 or more", "do not hold", "did you mean 'total'"):
        assert part in told
    with pytest.raises(CostFaultsError, match="did you mean 'mccollister-2010'"):
        Prices.from_mapping({"schedule": "mccolister-2010"})
    with pytest.raises(CostFaultsError, match="either 'schedule' or 'unit_costs'"):
        Prices.from_mapping({})


def test_values_outside_their_range_are_refused():
    """Each message says what was wanted."""
    with pytest.raises(CostError, match=r"'recorded' .* or 'actual'"):
        own(basis="police")
    with pytest.raises(CostError, match="zero or more"):
        UnitCost(crime="theft", amount=-1)
    with pytest.raises(CostError, match="did you mean 'victims'"):
        own(unit_costs=(UnitCost(crime="theft", amount=1, bearer="victim"),))
    with pytest.raises(CostError, match="stands twice"):
        own(unit_costs=(UnitCost(crime="theft", amount=1),) * 2)
    with pytest.raises(CostError, match="or 'none'"):
        own(multipliers="all")


def test_every_row_that_ships_is_in_the_form_that_users_write():
    """Shipped files have no columns of their own."""
    for name in price_schedules():
        text = files("evalkit.economics").joinpath("tables", f"prices_{name}.csv").read_text("utf-8")
        rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
        for row in rows:
            assert None not in row
            assert float(row["value"]) > 0
