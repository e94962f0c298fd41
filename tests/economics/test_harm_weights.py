"""Tables of harm weights: what ships, and what is read from a file."""

import csv
from pathlib import Path

import pytest

from evalkit.domain import Outcome, crime_classes
from evalkit.economics import CostFaultsError, HarmWeight, HarmWeights, harm_tables
from evalkit.errors import CostError

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "economics" / "harm_weights.csv"


@pytest.mark.parametrize("name", harm_tables())
def test_every_shipped_weight_has_a_source_and_none_is_from_memory(name):
    """What nobody looked up may not ship, and where weights hold is said with them."""
    table = HarmWeights.load(name)
    assert table.source
    assert table.link.startswith("https://")
    assert table.region == "England and Wales"
    assert "England and Wales" in table.cautions[0]
    assert {each.certainty for each in table.weights} <= {"primary", "secondary"}
    assert {each.crime for each in table.weights if each.crime} <= set(crime_classes())


@pytest.mark.parametrize(
    ("name", "crime", "weight"),
    [
        ("cambridge-chi", "homicide", 5475),
        ("cambridge-chi", "rape", 2555),
        ("cambridge-chi", "robbery", 365),
        ("cambridge-chi", "burglary", 273.5),
        ("cambridge-chi", "arson", 185),
        ("ons-severity", "homicide", 7978.79),
        ("ons-severity", "robbery", 746),
        ("ons-severity", "burglary", 438),
        ("ons-severity", "drugs", 3),
    ],
)
def test_published_weights(name, crime, weight):
    """CHI 2026 medians of the groups; ONS 2016 (homicide 7,979 and cannabis 3 as the press quoted them)."""
    assert HarmWeights.load(name).of_crime(crime).weight == weight


@pytest.mark.skipif(not SHARED.is_file(), reason="the collection of harm weights is not here")
@pytest.mark.parametrize(
    ("name", "schedule"), [("cambridge-chi", "CCHI2026_subgroup_median"), ("ons-severity", "ONS_CSS")]
)
def test_shipped_weights_are_those_that_were_collected(name, schedule):
    """Every shipped number stands in the collection under its schedule, to two decimals."""
    with SHARED.open(encoding="utf-8") as file:
        found = {round(float(row["weight"]), 2) for row in csv.DictReader(file) if row["schedule"] == schedule}
    assert {round(each.weight, 2) for each in HarmWeights.load(name).weights} <= found


def test_a_placeholder_is_no_weight():
    """The program from which the ONS weights were read puts 10 for anti-social behaviour; that is its own invention."""
    assert HarmWeights.load("ons-severity").of_crime("anti-social-behaviour") is None


def test_an_unknown_table_is_told_with_those_there_are():
    """The nearest name is offered."""
    with pytest.raises(CostError, match="no table of harm weights 'cambridge'; did you mean 'cambridge-chi'"):
        HarmWeights.load("cambridge")


def test_a_file_of_ones_own(tmp_path):
    """A header says what the unit is; without one, the file gives the name."""
    file = tmp_path / "ours.csv"
    file.write_text(
        '# unit = "months"\n# source = "our court"\ncrime,weight\nrobbery,12\ntheft,0.5\n', encoding="utf-8"
    )
    table = HarmWeights.from_csv(file)
    assert (table.name, table.unit, table.source) == ("ours", "months", "our court")
    assert table.of(Outcome(name="muggings", crime="robbery")).weight == 12


def test_every_fault_of_a_file_at_once(tmp_path):
    """Unknown crime, negative weight, no number, no weight and a duplicate are each named with their row."""
    file = tmp_path / "ours.csv"
    rows = ["crime,weight", "robery,1", "theft,-1", "fraud,much", "arson,", "burglary,3", "burglary,4", "drugs,inf"]
    file.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(CostFaultsError) as problem:
        HarmWeights.from_csv(file)
    told = problem.value.faults
    assert told[0].startswith("row 1: harm weight of 'robery', no class of crime; did you mean 'robbery'")
    assert told[1] == "row 2: the harm weight of 'theft' is zero or more; there is -1.0"
    assert told[2] == "row 3: weight is a number without separators or signs; there is 'much'"
    assert told[3] == "row 4: no weight"
    assert told[4] == "row 7: the harm weight of 'drugs' is zero or more; there is inf"
    assert told[5] == "'burglary' has two harm weights: keep one of them"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("crime,wieght\nrobbery,1\n", "no key 'wieght'"),
        ("", "at least one weight"),
        ('# colour = "red"\ncrime,weight\nrobbery,1\n', "header: no key 'colour'"),
        ("# unit = red\ncrime,weight\nrobbery,1\n", "not key = value in TOML"),
        ('# cautions = "one"\ncrime,weight\nrobbery,1\n', "cautions is a list of sentences"),
        ("crime,weight,certainty\nrobbery,1,sure\n", "no certainty 'sure'"),
        ("weight\n1\n", "a class of crime or of an offence"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path, text, told):
    """One sentence: what is wrong and what is wanted."""
    file = tmp_path / "ours.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CostError, match=told):
        HarmWeights.from_csv(file)


def test_files_that_are_not_there_or_no_text(tmp_path):
    """A missing file and one in another encoding are named."""
    with pytest.raises(CostError, match="cannot read the harm weights"):
        HarmWeights.from_csv(tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_bytes(b"crime,weight\nrobbery,\xff\n")
    with pytest.raises(CostError, match="not written in UTF-8"):
        HarmWeights.from_csv(tmp_path / "bad.csv")


def test_another_offence_may_stand_for_an_outcome():
    """A shop burglary is not weighed as one of a home; a table without that offence then has no weight for it."""
    shop = Outcome(name="shop burglary", crime="burglary")
    chi, ons = (HarmWeights.load(name).weighing({"shop burglary": "arson-endangering-life"}) for name in harm_tables())
    assert chi.of(shop) is None
    assert ons.of(shop).weight == 837
    assert chi.of(Outcome(name="other", crime="burglary")).weight == 273.5


def test_own_weights_are_by_outcome():
    """Weights that stand on the outcomes of a study need no class of crime."""
    own = HarmWeights.own({"noise": 2.0})
    assert own.of(Outcome(name="noise")) == HarmWeight(offence="noise", weight=2.0)
    assert own.of(Outcome(name="other")) is None
