"""Real files read to the sums that were counted in them by other means; they are read where they are, never copied."""

from pathlib import Path

import pytest

from evalkit.data import presets
from evalkit.data.counts import read_counts
from evalkit.data.guess import guess
from evalkit.data.incident_look import look_at_incidents

DATA = Path(__file__).parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real files are not beside the repository (../shared/data): sums are not checked"
)


def test_city_of_london_reads_to_its_sums():
    """32 months of police.uk, 2018-04 to 2020-11 (data.police.uk, OGL v3.0)."""
    files = sorted((DATA / "police_uk" / "city-of-london").rglob("*-street.csv"))
    assert guess(files[0]).preset.name == "police_uk"
    quality = look_at_incidents(files, presets()["police_uk"])
    assert (len(quality.files), quality.rows_read, quality.first, quality.last) == (32, 22_111, "2018-04", "2020-11")
    found = {each.name: each for each in quality.findings}
    assert (found["without-id"].rows, found["without-id"].detail) == (3_013, "'Anti-social behaviour'")
    assert found["repeated-id"].distinct == 230
    assert found["without-point"].rows == 1_699
    assert quality.gaps == {}
    # 63 of the repeated ones have a row with a place and one without, and the one with a place is counted
    assert quality.rows("without-place") < 1_699
    assert quality.rows_counted == 22_111 - found["repeated-id"].rows - quality.rows("without-place")


@pytest.mark.parametrize(
    ("name", "rows", "months", "events"),
    [
        ("MPS Borough Level Crime (Historical).csv", 1_725, 136, 8_932_993),
        ("MPS Borough Level Crime (most recent 24 months).csv", 1_575, 24, 1_758_004),
    ],
)
def test_london_reads_to_its_sums(name, rows, months, events):
    """Boroughs by offence and month (Metropolitan Police, London Datastore, OGL v3.0)."""
    file = DATA / "london" / name
    assert guess(file).preset.name == "met_wide"
    counts = read_counts(file, presets()["met_wide"])
    assert (len(counts.areas), len(counts.periods)) == (33, months)
    assert (counts.quality.rows_read, counts.quality.events) == (rows, events)
    assert int(counts.counts.sum()) == events


def test_the_two_editions_of_london_make_one_series():
    """The later begins in the month after the earlier ends."""
    files = sorted((DATA / "london").glob("*.csv"))
    counts = read_counts(files, presets()["met_wide"])
    assert (counts.periods.labels[0], counts.periods.labels[-1]) == ("2010-04", "2023-07")
    assert counts.quality.events == 8_932_993 + 1_758_004


def test_seven_days_of_chicago_end_in_part_of_a_month():
    """November 2018 ends on the 12th (City of Chicago Data Portal)."""
    quality = look_at_incidents(sorted((DATA / "chicago" / "raw_days").glob("*.csv")), presets()["chicago"])
    assert (quality.rows_read, quality.rows("without-point")) == (5_105, 182)
    [partial] = [each for each in quality.findings if each.name == "partial-period"]
    assert "2018-11 ends on 2018-11-12" in partial.detail


def test_chicago_by_district_and_month_ends_in_part_of_a_month():
    """Counts have no days, but 8,187 against 17,205 in the least of the year before."""
    file = DATA / "chicago" / "chicago_district_month_type_2012_2018.csv.gz"
    counts = read_counts(file, presets()["generic_counts"])
    [partial] = [each for each in counts.quality.findings if each.name == "partial-period"]
    assert partial.detail == "2018-11 has 8187 events, and the fewest among its neighbours is 17205"
    assert "001" in counts.areas


def test_france_reads_with_its_codes_and_two_digit_years():
    """Départements 2016 to 2022 (SSMSI, Licence Ouverte 2.0): 101 of them, 12 indicators, 7 years."""
    [file] = (DATA / "france").glob("*.csv")
    assert guess(file).preset.name == "ssmsi_departements"
    counts = read_counts(file, presets()["ssmsi_departements"])
    assert counts.counts.shape == (101, 7, 12)
    assert {"01", "2A", "2B", "971"} <= set(counts.areas)
    assert counts.quality.rows("two-digit-year") == counts.quality.rows_read == 8_484
    # the first row of the file
    crime = counts.crimes.index("Coups et blessures volontaires")
    assert counts.counts[counts.areas.index("01"), 0, crime] == 1_437
    assert counts.exposure[counts.areas.index("01"), 0] == 638_425


def test_germany_reads_its_thousands():
    """All offences of 1987: 4,444,108 (Bundeskriminalamt, PKS series, dl-de/by-2-0)."""
    [file] = (DATA / "germany").glob("*.gz")
    assert guess(file).preset.name == "pks_series"
    counts = read_counts(file, presets()["pks_series"])
    assert counts.counts[0, 0, counts.crimes.index("------")] == 4_444_108
    assert "010000" in counts.crimes
    assert counts.counts[0, -1, counts.crimes.index("435*00")] == 77_819  # burglary of homes, 2023


def test_berlin_reads_its_150_areas():
    """150 areas, 2012 to 2019, in the layout of the Kriminalitätsatlas."""
    file = DATA / "berlin" / "Berlin_crimes.csv"
    assert guess(file).preset.name == "berlin"
    counts = read_counts(file, presets()["berlin"])
    assert counts.counts.shape == (150, 8, 16)
    assert counts.counts[counts.areas.index("010111"), 0, counts.crimes.index("Robbery")] == 70


def test_states_of_the_fbi_read_without_the_nation():
    """A row without a state is the sum of all of them."""
    counts = read_counts(DATA / "fbi" / "estimated_crimes_1979_2019.csv", presets()["fbi_states"])
    assert len(counts.areas) == 51
    assert counts.quality.rows("without-place") == 41
    assert counts.counts[counts.areas.index("AK"), 0, counts.crimes.index("burglary")] == 5_616
