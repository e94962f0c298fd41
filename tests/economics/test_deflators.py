import pytest

from evalkit.economics import Deflator, appraise, deflators, uprate
from evalkit.economics.deflators import uprating
from evalkit.errors import CostError


def test_united_states_cpi_u_takes_2007_to_2010_as_rand_did():
    """RAND 2010 to RAND 2014: 87,238 x CPI 2010/2007 is the published 91,694 within 0.2 %."""
    found = uprate(87_238, 2007, 2010, Deflator.load("USA", "cpi-u"))
    assert found == pytest.approx(91_694, rel=0.002)


def test_the_uk_deflator_is_the_world_banks():
    """World Bank NY.GDP.DEFL.KD.ZG chained: 108.10814 in 2019, 2015 = 100."""
    assert uprate(100, 2015, 2019, Deflator.load("GBR")) == pytest.approx(108.10814)


def test_there_and_back_is_nothing():
    """Uprating is a ratio of levels, so it can be undone."""
    table = Deflator.load("DEU")
    assert uprate(uprate(1, 2005, 2020, table), 2020, 2005, table) == pytest.approx(1)
    assert uprate(5, 2005, "2005", table) == 5


def test_a_missing_year_is_not_carried_forward():
    """2025 has eleven months of prices in the United States and so is no year."""
    with pytest.raises(CostError, match=r"has no year 2025; there is 1980 to 2024"):
        uprate(1, 2010, 2025, Deflator.load("USA", "cpi-u"))


def test_a_financial_year_is_not_a_calendar_year():
    """2015/16 is read as 2015 or as 2016 only where that is said."""
    table = Deflator.load("GBR")
    with pytest.raises(CostError, match="say financial_year_as = 'first' or 'second'"):
        uprate(1, "2015/16", 2018, table)
    first = uprating("2015/16", 2018, table, financial_year_as="first")
    second = uprating("2015/16", 2018, table, financial_year_as="second")
    assert first.factor == pytest.approx(105.85041 / 100)
    assert second.factor == pytest.approx(105.85041 / 101.96415)
    assert "2015/16 read as 2015" in first.words
    assert uprate(7, "2015/16", "2015/16", table) == 7


def test_a_table_of_financial_years_is_read_as_it_is(tmp_path):
    """The user's own deflator may have financial years; then nothing has to be said."""
    path = tmp_path / "hmt.csv"
    path.write_text("year,value\n2015/16,80\n2018/19,88\n")
    table = Deflator.from_csv(path, country="GBR")
    assert uprate(100, "2015/16", "2018/19", table) == pytest.approx(110)
    with pytest.raises(CostError, match="has no year 2016"):
        uprate(100, 2016, "2018/19", table)


@pytest.mark.parametrize("years", [(2019, 2020), (2021, 2023)])
def test_the_break_of_the_uk_deflator_is_warned_of(years):
    """2020 and 2021 are broken by how public output was measured; other years are not warned of."""
    assert "broken in 2020 and 2021" in uprating(*years, Deflator.load("GBR")).warnings[0]
    assert not uprating(2015, 2019, Deflator.load("GBR")).warnings
    assert not uprating(*years, Deflator.load("USA")).warnings


def test_every_shipped_index_says_where_it_is_from_and_under_which_licence():
    """Attribution stands with the data."""
    for country, index in deflators():
        table = Deflator.load(country, index)
        assert table.source
        assert table.licence in {"CC BY 4.0", "public domain"}


def test_a_price_year_that_cannot_be_is_refused():
    """A financial year is two years that follow each other."""
    for wrong in ("2015/17", "15/16", 20.5, None, True):
        with pytest.raises(CostError, match="a price year is"):
            uprate(1, wrong, 2018, Deflator.load("GBR"))


def test_an_unknown_country_or_index_names_what_there_is():
    """The message leads on."""
    with pytest.raises(CostError, match="no deflator for the country 'UK'"):
        Deflator.load("UK")
    with pytest.raises(CostError, match=r"no index 'rpi' for GBR; .*here is: 'cpi', 'gdp-deflator'"):
        Deflator.load("GBR", "rpi")


def test_a_step_across_the_break_of_the_uk_deflator_is_warned_of_too(tmp_path):
    """2019 to 2023 carries the rise of both years; consumer prices do not measure public services."""
    crossing = uprating(2019, 2023, Deflator.load("GBR")).warnings
    assert len(crossing) == 1
    assert "across these years" in crossing[0]
    assert not uprating(2019, 2023, Deflator.load("GBR", "cpi")).warnings
    path = tmp_path / "hmt.csv"
    path.write_text("year,value\n2015/16,80\n2019/20,86\n2023/24,99\n")
    own = Deflator.from_csv(path, country="GBR")
    assert "from or to these years" in uprating("2015/16", "2019/20", own).warnings[0]
    assert "across these years" in uprating("2015/16", "2023/24", own).warnings[0]


def test_unit_costs_are_uprated_once_only(make_effect, make_costs, make_prices):
    """Pitfall 10: real or nominal, financial or calendar year; a unit cost is uprated once."""
    levels = Deflator.load("USA").levels
    once = levels["2018"] / levels["2008"]
    found = appraise(
        {"robbery": make_effect()}, costs=make_costs(price_year=2018), prices=make_prices(beside=()), price_year=2018
    )
    assert found.by_crime[0].unit_value == pytest.approx(12_000 * once)
    assert found.cost.mean == 100_000
    (step,) = [each for each in found.assumptions if each.what == "price year of the unit costs"]
    assert f"× {once:.4f}" in step.value
    assert "World Bank" in step.source
