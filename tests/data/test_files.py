"""Tables come from files as they are written there."""

import pandas as pd
import pytest

from evalkit.data import Layout, began_by_site, read_table
from evalkit.errors import DataError

TABLE = pd.DataFrame({"area": ["007", "2A004"], "year": [2012, 2013], "n": [3, 4]})


def test_codes_keep_their_zeros_in_text_files(tmp_path):
    """Every cell is text until somebody asks for a number; a byte-order mark and blanks around names do no harm."""
    file = tmp_path / "counts.csv"
    file.write_text("\ufeffarea, year ,n\n007,2012,3\nNA,2013,\n", encoding="utf-8")
    table = read_table(file)
    assert list(table.columns) == ["area", "year", "n"]
    assert table["area"].tolist() == ["007", "NA"]
    assert table["n"].isna().tolist() == [False, True]


def test_a_workbook_gives_whole_numbers_without_a_point(tmp_path):
    """It stores the year 2012 as 2012.0."""
    file = tmp_path / "counts.xlsx"
    TABLE.to_excel(file, index=False, sheet_name="counts")
    table = read_table(file, Layout(sheet="counts"))
    assert table["year"].tolist() == ["2012", "2013"]
    assert table["area"].tolist() == ["007", "2A004"]
    with pytest.raises(DataError, match="no sheet 'count'; did you mean 'counts'"):
        read_table(file, Layout(sheet="count"))


def test_parquet_keeps_its_types(tmp_path):
    """Text stays text there by itself."""
    file = tmp_path / "counts.parquet"
    TABLE.to_parquet(file)
    assert read_table(file)["area"].tolist() == ["007", "2A004"]


def test_marks_inside_numbers_are_read_where_they_are_named(tmp_path):
    """Only in the columns of numbers: a code with a point stays as it is."""
    file = tmp_path / "counts.csv"
    file.write_text("area;n;homes\n1.004;1.234;12,5\nb;7;1.000.000,25\n", encoding="utf-8")
    table = read_table(file, Layout(separator=";", decimal=",", thousands="."), numbers=["n", "homes"])
    assert table["n"].tolist() == ["1234", "7"]
    assert table["homes"].tolist() == ["12.5", "1000000.25"]
    assert table["area"].tolist() == ["1.004", "b"]
    with pytest.raises(DataError, match="wanted are two different ones"):
        read_table(file, Layout(separator=";", decimal=".", thousands="."), numbers=["n"])


def test_tabs_separate_the_cells_of_a_tsv(tmp_path):
    """Nobody has to say so."""
    file = tmp_path / "counts.tsv"
    file.write_text("area\tn\na\t1\n", encoding="utf-8")
    assert read_table(file)["n"].tolist() == ["1"]


def test_starts_are_one_for_each_site():
    """Empty means never treated."""
    table = pd.DataFrame({"s": ["a", "a", "b", "c"], "start": ["2004", "2004", None, ""]})
    assert began_by_site(table, site="s", began="start", source="x.csv") == {"a": "2004"}


def test_starts_may_be_numbers():
    """A column of years with gaps is a column of decimals in many programs."""
    table = pd.DataFrame({"s": ["a", "b"], "start": [2004.0, None]})
    assert began_by_site(table, site="s", began="start", source="x.csv") == {"a": "2004.0"}


@pytest.mark.parametrize("kind", ["Int64", "float64", "string", "object"])
def test_starts_are_read_from_columns_of_any_type(kind):
    """A Parquet file keeps its own types, and its own kind of nothing."""
    values = ["2004", None] if kind in {"string", "object"} else [2004, None]
    table = pd.DataFrame({"s": [1.0, 2.0], "start": pd.array(values, dtype=kind)})
    starts = began_by_site(table, site="s", began="start", source="x")
    assert {site: start.removesuffix(".0") for site, start in starts.items()} == {"1": "2004"}


def test_sites_of_starts_are_named_as_the_panel_names_them():
    """Blanks around a name are no part of it."""
    table = pd.DataFrame({"s": [" a0 ", "b"], "start": ["2004", ""]})
    assert began_by_site(table, site="s", began="start", source="x") == {"a0": "2004"}
