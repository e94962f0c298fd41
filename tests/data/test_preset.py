"""A layout is a data file: names of columns, formats, classes and caveats."""

import pytest

from evalkit.data import load_preset, presets
from evalkit.errors import DataError

OWN = """
title = "our own export"
kind = "incidents"
required = ["period", "area"]
[columns]
period = ["Tatzeit"]
area = ["Bezirk", "~bezirk\\\\d{4}"]
[period]
formats = ["%d.%m.%Y"]
"""

TYPES = (
    "Anti-social behaviour",
    "Bicycle theft",
    "Burglary",
    "Criminal damage and arson",
    "Drugs",
    "Other crime",
    "Other theft",
    "Possession of weapons",
    "Public order",
    "Robbery",
    "Shoplifting",
    "Theft from the person",
    "Vehicle crime",
    "Violence and sexual offences",
)


def own(tmp_path, text=OWN):
    """Give a preset from a file of one's own."""
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    return load_preset(file)


def test_adding_a_layout_is_writing_one_file(tmp_path):
    """It is read by its path, and no code knows of it."""
    preset = own(tmp_path)
    assert preset.name == "own"
    assert preset.locate(["BEZIRK ", "tatzeit"]) == {"period": "tatzeit", "area": "BEZIRK "}
    assert preset.period.place("12.11.2018") == 2018 * 12 + 10


def test_a_column_that_every_edition_renames_is_found_by_its_pattern(tmp_path):
    """Names are compared without case, accents, blanks and marks."""
    assert own(tmp_path).locate(["Bezirk_2024", "Tatzeit"])["area"] == "Bezirk_2024"


def test_a_file_in_another_layout_is_refused_by_what_it_lacks(tmp_path):
    """The message says what the column is called there, and what the file has."""
    with pytest.raises(DataError, match=r"has no area \('Bezirk', .*\); it has 'Tatzeit', 'Wache'"):
        own(tmp_path).require(["Tatzeit", "Wache"], "export.csv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind =", "sort ="), "no key 'sort'"),
        (('"incidents"', '"incident"'), "kind: Input should be 'incidents'"),
        (('["period", "area"]', '["perod"]'), "no column 'perod'; did you mean 'period'"),
        (("[period]", "[period]\nfrequenzy = 'month'"), "no key 'period.frequenzy'; did you mean 'frequency'"),
        (("[period]", "[crimes.classes]\nRaub = 'robery'\n[period]"), "no class of crime 'robery'; did you mean"),
        (('"Bezirk"', '"~(Bezirk"'), "is not a regular expression"),
        (('"incidents"', '"counts-wide"'), "wide = '...' names the columns"),
        (("[period]", "[period"), "own.toml is not TOML"),
    ],
)
def test_a_fault_of_a_preset_is_named(tmp_path, change, message):
    """Each with what was wanted."""
    with pytest.raises(DataError, match=message.replace("[", r"\[").replace("(", r"\(")):
        own(tmp_path, OWN.replace(*change))


def test_a_preset_that_is_not_there_names_the_nearest():
    """Those that ship are listed."""
    with pytest.raises(DataError, match="no preset 'police-uk'; did you mean 'police_uk'"):
        load_preset("police-uk")


def test_police_uk_knows_its_fourteen_types():
    """As the publisher writes them, https://data.police.uk/about/."""
    preset = presets()["police_uk"]
    assert len(TYPES) == 14
    assert None not in {preset.crime_class(each) for each in TYPES}
    assert preset.crime_class("BURGLARY ") == "burglary"
    assert preset.crime_class("Vehicle crime") == ""  # theft of and from vehicles together: no class is its equal
    assert preset.crime_class("Piracy") is None


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_preset_says_who_publishes_it_and_what_to_know(name):
    """A layout for any file has no publisher."""
    preset = presets()[name]
    assert preset.caveats
    assert preset.general or (preset.publisher and preset.licence and preset.address.startswith("https://"))
    assert {"period"} <= {*preset.columns} or preset.wide_is == "period"
