"""A look-alike of every layout is recognised, and each fault that was planted in a nasty one has its finding."""

from pathlib import Path

import numpy as np
import pytest

from evalkit.data import load_preset, presets
from evalkit.data.chunks import read_chunks
from evalkit.data.counts import read_counts
from evalkit.data.counts.cells import COUNTED, MISSING, SUPPRESSED
from evalkit.data.guess import files_of, guess, quality_of
from evalkit.data.incident_look import look_at_incidents
from evalkit.errors import DataError

LAYOUTS = Path(__file__).parent / "layouts"

# What is true of every file of a source, clean or not: points that are moved, blanks in the heading.
ALWAYS = {
    "chicago": {"snapped": 12},
    "eurostat_tsv": {"padded-heading": 3},
    "los_angeles": {"snapped": 15},
    "new_york": {"snapped": 12},
    "philadelphia": {"snapped": 12},
    "police_uk": {"snapped": 15, "without-id": 3},
}

# Planted by hand; rows, cells or periods of each.
NASTY = {
    "berlin": {
        "repeated-cell": 1,
        "missing": 50,  # a year without rows: three areas, sixteen types; one empty cell, one without a number
        "not-a-count": 1,
        "source-gap": 1,
        "padded-heading": 1,
        "padded-code": 4,
        "lost-zeros": 13,
    },
    "cbs_politie": {
        "other-level": 12,
        "total": 13,  # twelve rows of all types together, one of a whole year
        "missing": 6,
        "source-gap": 1,
        "padded-code": 55,
    },
    "chicago": {
        "unreadable-period": 1,
        "repeated-id": 1,
        "without-place": 1,
        "without-point": 2,
        "unknown-crime": 1,
        "partial-period": 1,
        "byte-order-mark": 1,
        "padded-heading": 1,
        "lost-zeros": 1,
        "snapped": 28,
    },
    "eurostat_csv": {
        "unreadable-period": 1,
        "total": 1,
        "other-unit": 2,
        "repeated-cell": 1,
        "suppressed": 1,
        "missing": 3,
        "flagged": 3,
        "source-gap": 1,
        "byte-order-mark": 1,
    },
    "eurostat_tsv": {
        "other-level": 1,
        "total": 1,
        "other-unit": 2,
        "suppressed": 1,
        "missing": 2,
        "not-a-count": 1,
        "flagged": 3,
        "padded-heading": 3,
    },
    "fbi_states": {"unreadable-period": 1, "without-place": 4, "missing": 8, "thousands-mark": 1},
    "generic_counts": {
        "unreadable-period": 1,
        "repeated-cell": 1,
        "suppressed": 2,
        "missing": 5,
        "not-a-count": 1,
        "partial-period": 1,
        "source-gap": 1,
        "byte-order-mark": 1,
        "padded-heading": 2,
        "padded-code": 5,
        "thousands-mark": 9,
    },
    "generic_incidents": {
        "unreadable-period": 1,
        "repeated-id": 1,
        "without-place": 1,
        "without-id": 1,
        "without-point": 3,
        "byte-order-mark": 1,
        "padded-heading": 2,
        "padded-code": 1,
        "zero-point": 2,
    },
    "generic_wide": {
        "repeated-cell": 1,
        "suppressed": 1,
        "missing": 11,
        "not-a-count": 1,
        "source-gap": 1,
        "padded-heading": 1,
        "padded-code": 1,
        "decimal-comma": 1,
        "thousands-mark": 26,
    },
    "los_angeles": {
        "unreadable-period": 1,
        "repeated-id": 1,
        "without-point": 2,
        "unknown-crime": 1,
        "padded-heading": 1,
        "lost-zeros": 1,
        "zero-point": 2,
        "snapped": 19,
    },
    "met_wide": {
        "repeated-cell": 1,
        "unknown-crime": 1,
        "missing": 1,
        "partial-period": 1,
        "byte-order-mark": 1,
        "padded-heading": 1,
        "renamed-column": 2,
        "padded-code": 1,
        "thousands-mark": 1,
    },
    "new_york": {
        "unreadable-period": 2,  # one empty, one of the year 1019
        "repeated-id": 2,  # in both data sets
        "without-place": 1,
        "without-point": 1,
        "unknown-crime": 1,
        "snapped": 24,
    },
    "nibrs": {"unreadable-period": 1, "without-place": 1, "unknown-crime": 1, "repeated-id": 1},
    "philadelphia": {
        "unreadable-period": 1,
        "repeated-id": 1,
        "without-point": 1,
        "unknown-crime": 1,
        "lost-zeros": 1,
        "snapped": 16,
    },
    "pks_kreise": {
        "total": 4,
        "missing": 1,
        "renamed-column": 3,
        "heading-not-first": 1,
        "lost-zeros": 8,
        "thousands-mark": 4,
    },
    "pks_series": {
        "unreadable-period": 1,
        "missing": 3,
        "source-gap": 1,
        "heading-not-first": 1,
        "lost-zeros": 4,
        "thousands-mark": 8,
    },
    "police_uk": {
        "unreadable-period": 1,
        "repeated-id": 1,
        "without-place": 2,
        "revised": 5,
        "without-id": 8,
        "without-point": 4,
        "unknown-crime": 1,
        "source-gap": 1,
        "byte-order-mark": 1,
        "padded-heading": 1,
        "padded-code": 1,
        "zero-point": 1,
        "snapped": 36,
    },
    "ssmsi_communes": {"unknown-crime": 1, "suppressed": 2, "missing": 17, "renamed-column": 1, "lost-zeros": 2},
    "ssmsi_departements": {
        "repeated-cell": 1,
        "missing": 1,
        "byte-order-mark": 1,
        "renamed-column": 3,
        "lost-zeros": 5,
        "two-digit-year": 13,
    },
}


def look_alike(name, kind):
    """Give the file or folder of a look-alike."""
    found = [each for each in (LAYOUTS / name).iterdir() if each.stem.startswith(kind)]
    return found[0] if found else next(each for each in (LAYOUTS / name).iterdir() if not each.stem.startswith("nasty"))


def seen(name, kind):
    """Give the guessed layout, and what became of every row."""
    files = files_of(look_alike(name, kind), load_preset(name))
    found = guess(files[0])
    return found, quality_of(files, found.preset)


def test_every_layout_has_its_look_alikes():
    """The annual table of the Dutch police differs from the monthly one in its periods only."""
    assert (
        set(NASTY)
        == set(presets()) - {"cbs_politie_year"}
        == {each.name for each in LAYOUTS.iterdir() if each.is_dir()}
    )


@pytest.mark.parametrize("name", sorted(NASTY))
def test_a_clean_file_is_recognised_and_has_nothing_to_find(name):
    """But for what all files of the source have."""
    found, quality = seen(name, "clean")
    assert found.preset.name == name
    assert {each.name: each.rows for each in quality.findings} == ALWAYS.get(name, {})
    assert quality.rows_counted == quality.rows_read >= 6


@pytest.mark.parametrize("name", sorted(NASTY))
def test_each_planted_fault_has_its_finding(name):
    """By its name, with how many; and nothing is found that was not planted."""
    found, quality = seen(name, "nasty")
    assert found.preset.name == name
    assert {each.name: each.rows for each in quality.findings} == NASTY[name]
    assert quality.rows_read == quality.rows_counted + quality.rows_dropped


@pytest.mark.parametrize("name", sorted(name for name in NASTY if presets()[name].kind != "incidents"))
def test_codes_stay_codes(name):
    """With their zeros, as text."""
    counts = read_counts(look_alike(name, "clean"), presets()[name])
    again = read_counts(look_alike(name, "nasty"), presets()[name])
    assert all(isinstance(area, str) and area == area.strip() for area in (*counts.areas, *again.areas))
    width = presets()[name].areas.width
    assert width is None or all(len(area) >= width for area in again.areas)


def test_the_three_states_of_a_cell_stay_apart():
    """Published, a published zero, and not published, which is neither zero nor small."""
    counts = read_counts(look_alike("ssmsi_communes", "nasty"), presets()["ssmsi_communes"])
    crime = counts.crimes.index("Cambriolages de logement")
    theft = counts.crimes.index("Vols dans les véhicules")
    row, zero = counts.areas.index("01004"), counts.areas.index("2A004")
    assert counts.states[row, :, crime].tolist() == [SUPPRESSED, SUPPRESSED, COUNTED]
    assert (counts.counts[zero, 0, theft], counts.states[zero, 0, theft]) == (0, COUNTED)
    assert counts.states[counts.areas.index("01005"), 0, crime] == MISSING  # no row


def test_a_later_archive_revises_a_month_and_nothing_else():
    """Six rows of the second archive stand in place of five of the first."""
    files = files_of(look_alike("police_uk", "nasty"), presets()["police_uk"])
    first = [each for each in files if "archive-2020-02" in each.parts]
    quality = look_at_incidents(first, presets()["police_uk"])
    assert (quality.rows("revised"), quality.rows_counted) == (0, 10)
    both = look_at_incidents(files, presets()["police_uk"])
    assert both.rows("revised") == 5
    assert both.gaps == {"North Look Police": ("2020-03",)}
    [month] = [each for each in both.unlocated if each.period == "2020-02"]
    assert month.rows == 6 + 3


def test_of_two_rows_with_one_number_the_one_with_a_place_is_counted():
    """Whichever comes first in the file."""
    folder = look_alike("police_uk", "nasty")
    file = next(folder.rglob("2020-04-north-look-street.csv"))
    quality = look_at_incidents(file, presets()["police_uk"])
    assert quality.rows("repeated-id") == 1
    assert quality.rows("without-place") == 1  # the other crime that never had one


def test_one_cell_with_two_counts_in_one_file_is_refused(tmp_path):
    """Nobody can tell which of them is right."""
    file = tmp_path / "counts.csv"
    file.write_text("area,month,count\na,2023-01,5\na,2023-01,6\n", encoding="utf-8")
    with pytest.raises(DataError, match="two counts for 'crime' in area 'a' in 2023-01: 5 and 6"):
        read_counts(file, presets()["generic_counts"])


def test_a_later_edition_supersedes_an_earlier_one(tmp_path):
    """Where both have a cell; the row of the earlier is left out, and what only one of them has stays."""
    for name, rows in (("a.csv", "x,2023-01,5\nx,2023-02,6\n"), ("b.csv", "x,2023-02,7\nx,2023-03,8\n")):
        (tmp_path / name).write_text("area,month,count\n" + rows, encoding="utf-8")
    counts = read_counts([tmp_path / "a.csv", tmp_path / "b.csv"], presets()["generic_counts"])
    assert counts.counts[0, :, 0].tolist() == [5, 7, 8]
    assert counts.quality.rows("revised") == 1


def test_an_area_without_a_row_is_there_when_a_list_names_it(tmp_path):
    """And its counts are missing, not zero."""
    file = tmp_path / "counts.csv"
    file.write_text("area,month,count\na,2023-01,5\nz,2023-01,6\n", encoding="utf-8")
    counts = read_counts(file, presets()["generic_counts"], areas=["a", "b"])
    assert counts.areas == ("a", "b")
    assert counts.states[:, 0, 0].tolist() == [COUNTED, MISSING]
    assert counts.quality.rows("other-area") == 1


def test_a_date_that_reads_two_ways_is_asked_about():
    """Day first or month first is nobody's guess."""
    with pytest.raises(DataError, match="may be day or month first"):
        guess(LAYOUTS / "generic_incidents" / "slashes.csv")


def test_days_after_the_twelfth_settle_which_comes_first(tmp_path):
    """Only one of the two can be read."""
    file = tmp_path / "incidents.csv"
    file.write_text("id,date,area\n1,03/25/2023,a\n2,04/01/2023,a\n", encoding="utf-8")
    assert guess(file).preset.period.formats[0] == "%m/%d/%Y"


def test_a_workbook_reads_as_the_same_table(tmp_path):
    """With a title above its heading, and its numbers as they were."""
    import pandas as pd

    clean = look_alike("generic_counts", "clean")
    table = pd.read_csv(clean, dtype={"area": str})
    book = tmp_path / "counts.xlsx"
    with pd.ExcelWriter(book, engine="openpyxl") as writer:
        table.to_excel(writer, index=False, startrow=2, sheet_name="counts")
        writer.sheets["counts"]["A1"] = "Crimes by area and month"
    read, same = (read_counts(file, presets()["generic_counts"]) for file in (book, clean))
    assert read.areas == same.areas == ("001", "002", "003")
    assert np.array_equal(read.counts, same.counts)
    assert np.array_equal(read.exposure, same.exposure)
    assert read.quality.rows("heading-not-first") == 2


@pytest.mark.parametrize("chunk_rows", [1, 2, 5, 1000])
def test_the_size_of_a_chunk_changes_nothing(monkeypatch, chunk_rows):
    """Rows are the same, however many are read at a time."""
    from evalkit.data import incident_look
    from evalkit.data.counts import files

    whole = {name: seen(name, "nasty")[1] for name in ("generic_counts", "cbs_politie", "chicago", "police_uk")}
    for module in (files, incident_look):
        monkeypatch.setattr(module, "read_chunks", lambda *a, **k: read_chunks(*a, **{**k, "chunk_rows": chunk_rows}))
    parts = {name: seen(name, "nasty")[1] for name in whole}
    assert parts == whole


def test_lines_with_too_many_cells_are_refused(tmp_path):
    """A row that is cut to size would shift its columns."""
    file = tmp_path / "counts.csv"
    for rows in ("a,2023-01,5,9\n", "a,2023-01,5\na,2023-02,5,9\n"):
        file.write_text("area,month,count\n" + rows, encoding="utf-8")
        with pytest.raises(DataError, match="as many cells as the heading"):
            read_counts(file, presets()["generic_counts"])


def test_a_row_that_ends_early_has_empty_cells(tmp_path):
    """Spreadsheets leave separators out at the end of a row."""
    file = tmp_path / "counts.csv"
    file.write_text("area,month,count\na,2023-01,5\na,2023-02\n", encoding="utf-8")
    counts = read_counts(file, presets()["generic_counts"])
    assert counts.states[0, :, 0].tolist() == [COUNTED, MISSING]


def test_nibrs_is_joined_from_its_files(tmp_path):
    """One row for each offence, whose agency stands in another file; without that file it is refused."""
    quality = look_at_incidents(LAYOUTS / "nibrs" / "clean" / "NIBRS_incident.csv", presets()["nibrs"])
    assert (quality.rows_read, quality.events) == (11, 11)  # ten incidents, one with two offences
    alone = tmp_path / "NIBRS_incident.csv"
    alone.write_bytes((LAYOUTS / "nibrs" / "clean" / "NIBRS_incident.csv").read_bytes())
    with pytest.raises(DataError, match="says nothing of crime; wanted is a file beside it named like"):
        look_at_incidents(alone, presets()["nibrs"])
