"""A price index of the study's own, from a file beside it."""

import pytest

import evalkit as ek
from evalkit.errors import StudyError

STUDY = """
[study]
title = "Patrols"
primary = "robbery"
draws = 200

[intervention]
name = "patrols"

[outcomes.robbery]
crime = "robbery"
[outcomes.robbery.table]
treated = [207, 110]
comparison = [308, 318]

[costs]
currency = "EUR"
year = "2024/25"
flows = [{ what = "patrols", amount = 100000, bearer = "city", kind = "running", source = "accounts" }]

[prices]
name = "own"
country = "PRT"
currency = "EUR"
price_year = 2010
basis = "recorded"
unit_costs = [{ crime = "robbery", value = 10000, bearer = "victims" }]

[appraisal]
deflator = "index.csv"
"""


@pytest.fixture
def load(tmp_path):
    """Give a way to read the study with an index, and with something of it changed."""

    def read(index="year,value\n2010,80\n2024/25,120\n", change=("", "")):
        (tmp_path / "index.csv").write_text(index, encoding="utf-8")
        (tmp_path / "study.toml").write_text(STUDY.replace(*change), encoding="utf-8")
        return ek.load_study(tmp_path)

    return read


def test_an_index_of_ones_own_takes_prices_to_a_year_and_a_country_that_do_not_ship(load):
    """From 80 to 120: half as much again, said where it is from and held by its hash."""
    found = load().run()
    assert found.appraisal.benefit.mean == pytest.approx(1.5 * 10_000 * found.appraisal.prevented.mean)
    step = next(each for each in found.appraisal.assumptions if each.what == "price year of the unit costs")
    assert "index.csv of PRT" in step.value
    assert (step.source, step.certainty) == ("index.csv", "own")
    assert "index.csv" in found.provenance.inputs


@pytest.mark.parametrize(
    ("index", "change", "said"),
    [
        ("year,level\n2010,80\n", ("", ""), "has the columns year and value"),
        ("year,value\n2010,eighty\n", ("", ""), "is not a number"),
        ("year,value\n2010,80\n2023/24,110\n", ("", ""), "has no year 2024/25"),
        ("year,value\n2010,-80\n2024/25,110\n", ("", ""), "has levels above zero"),
        ("year,value\n", ("index.csv", "../index.csv"), "leads out of the study's folder"),
        ("year,value\n", ("index.csv", "none.csv"), "cannot read the deflator"),
        ("year,value\n", ('deflator = "index.csv"', ""), "give your own, in a study file as deflator"),
    ],
)
def test_an_index_that_cannot_be_used_is_told_when_the_study_is_read(load, index, change, said):
    """What is wrong, and what to give."""
    with pytest.raises(StudyError, match=said):
        load(index, change)
