"""A site-period that was not recorded: from a file, a frame or an array to an answer that knows nothing of it."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import statsmodels.api as sm

import evalkit as ek
from evalkit.domain import Design, Intervention, Outcome, Panel
from evalkit.errors import DataError, StudyError

# Cells (site, year) that were not recorded: treated after the start and before it, and in a comparison site.
LOST = (("a1", 2006), ("a2", 2001), ("a7", 2004))
THEFT = Outcome(name="theft", crime="theft")

STUDY = """
[study]
title = "lights"
primary = "theft"
draws = 200

[intervention]
name = "lights"

[data]
file = "counts.csv"
site = "area"
period = "year"
began = "began"
weight = "known"

[outcomes.theft]
count = "n"
exposure = "homes"
"""


def rows():
    """Counts of ten areas in eight years, four treated from 2005 on; every count but those lost is known."""
    rng = np.random.default_rng(11)
    table = pd.DataFrame(
        [
            {
                "area": f"a{site}",
                "year": 2000 + year,
                "homes": 100.0 + 10 * site + year,
                "began": 2005 if site < 4 else "",
            }
            for site in range(10)
            for year in range(8)
        ]
    )
    table["n"] = rng.poisson(0.3 * table["homes"])
    table["known"] = 1
    table.loc[is_lost(table), "known"] = 0
    return table


def is_lost(table):
    """Which rows are of lost cells."""
    return np.array([cell in LOST for cell in zip(table["area"], table["year"], strict=True)])


def with_gaps():
    """The same, with an empty count where it was lost."""
    table = rows()
    table["n"] = table["n"].astype(float).where(table["known"] == 1)
    return table


def read(table, **more):
    """Read it as a panel."""
    columns = {"site": "area", "period": "year", "count": "n", "exposure": "homes", "weight": "known"}
    return Panel.from_long(table, outcome=THEFT, **{**columns, **more})


def fit(panel, name="did-poisson"):
    """Fit the panel."""
    done = Intervention(name="lights", began={f"a{site}": "2005" for site in range(4)})
    return ek.estimator(name)().estimate(Design(panel=panel, intervention=done), rng=np.random.default_rng(1))


def without_those_rows():
    """Log of the rate ratio by statsmodels, with a dummy for each area and year, from the rows that were recorded."""
    table = rows()
    table = table[~is_lost(table)]
    treated = ((table["began"] == 2005) & (table["year"] >= 2005)).astype(float).rename("treated")
    dummies = pd.get_dummies(table[["area", "year"]].astype(str), drop_first=True, dtype=float)
    columns = sm.add_constant(pd.concat([treated, dummies], axis=1))
    model = sm.GLM(table["n"], columns, family=sm.families.Poisson(), offset=np.log(table["homes"]))
    return model.fit(tol=1e-12).params["treated"]


@pytest.mark.parametrize(
    "convert",
    [lambda table: table, lambda table: pl.from_pandas(table, nan_to_null=True), pa.Table.from_pandas],
    ids=["pandas", "polars", "pyarrow"],
)
def test_an_empty_count_of_weight_zero_is_a_cell_that_nobody_sees(convert):
    """It is kept as 0 with weight 0, so that nothing downstream meets a NaN; the other cells are as they were."""
    panel = read(convert(with_gaps().drop(columns="began")))
    full = read(rows())
    assert np.isfinite(panel.values).all()
    np.testing.assert_array_equal(panel.weights, full.weights)
    np.testing.assert_array_equal(panel.values, full.values * full.weights)
    assert (panel.weights == 0).sum() == len(LOST)


def test_whole_numbers_with_gaps_are_read_too():
    """A column of nullable integers, as other software exports it."""
    panel = read(with_gaps().astype({"n": "Int64"}))
    assert panel.values[1, 6] == 0
    assert panel.values.sum() == rows().query("known == 1")["n"].sum()


def test_a_panel_made_of_arrays_takes_nan_with_weight_zero():
    """The constructor keeps it as 0, as the reader does, and changes nothing in the caller's array."""
    full = read(rows())
    values = np.where(full.weights > 0, full.values, np.nan)
    panel = Panel(
        outcome=THEFT,
        sites=full.sites,
        periods=full.periods,
        values=values,
        exposure=full.exposure,
        weights=full.weights,
    )
    np.testing.assert_array_equal(panel.values, np.nan_to_num(values))
    assert np.isnan(values).sum() == len(LOST)


def test_the_answer_is_that_of_a_fit_without_those_rows():
    """The fit of what was recorded alone, by other software; totals leave the treated cell after the start out."""
    effect, table = fit(read(with_gaps())), rows()
    assert effect.estimate == pytest.approx(without_those_rows(), abs=1e-6)
    counted = table[(table["began"] == 2005) & (table["year"] >= 2005) & ~is_lost(table)]
    assert effect.recorded.sum() == counted["n"].sum()
    detail = next(check.detail for check in effect.checks if check.name == "cells without weight")
    assert "3 site-periods have weight zero, and so no say in the estimate" in detail
    assert "1 ('a1 in 2006') of treated sites after the start, with no thefts on record" in detail
    assert "1 ('a2 in 2001') of treated sites before the start" in detail
    assert "1 ('a7 in 2004') of comparison sites" in detail


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_a_study_file_takes_them_as_empty_entries(tmp_path, suffix):
    """An empty entry beside a 0 in the column of weights, in every kind of file."""
    table = with_gaps()
    file = tmp_path / f"counts.{suffix}"
    if suffix == "csv":
        table.astype({"n": "Int64"}).to_csv(file, index=False)
    elif suffix == "xlsx":
        table.to_excel(file, index=False)
    else:
        table.astype({"began": str, "year": str}).to_parquet(file)
    (tmp_path / "study.toml").write_text(STUDY.replace("counts.csv", file.name), encoding="utf-8")
    design = ek.load_study(tmp_path).designs["theft"]
    effect = ek.estimator("did-poisson")().estimate(design, rng=np.random.default_rng(1))
    assert effect.estimate == pytest.approx(without_those_rows(), abs=1e-6)


def test_a_study_with_gaps_goes_through_to_its_report(tmp_path):
    """The result and the report name the cells, and nothing on the way meets a NaN."""
    with_gaps().to_csv(tmp_path / "counts.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    written = ek.load_study(tmp_path).run().write(tmp_path / "out")
    assert len(written) >= 2
    for file in written:
        if file.suffix in {".json", ".html"}:
            assert "a1 in 2006" in file.read_text(encoding="utf-8"), file.name


def known(column):
    """Give the rows with an empty entry in a column where nothing was recorded."""
    table = rows()
    return table.assign(**{column: table[column].astype(float).where(table["known"] == 1)})


@pytest.mark.parametrize(
    ("table", "more", "says"),
    [
        (
            with_gaps(),
            {"weight": None},
            r"holds nothing \(a1, 2006\); .* not a zero: .* empty and give the row weight 0",
        ),
        (with_gaps().assign(known=1), {}, r"row 14, 17, 60: column 'n' holds nothing \(a1, 2006\)"),
        (
            rows().drop(index=[14]),
            {},
            r"no row for a1 in 2006; .* not recorded, give the row an empty count, and weight 0",
        ),
        (rows().query("year != 2003"), {}, r"no row at all for '2003'; .* give the row an empty count, and weight 0"),
        (with_gaps().astype({"n": object}).fillna({"n": "lost"}), {}, r"row 14.* holds 'lost'"),
        (with_gaps().fillna({"n": np.inf}), {}, r"row 14.* holds inf"),
        (with_gaps().fillna({"n": -1}), {}, r"negative counts: a1 in 2006"),
        (known("homes"), {}, "'homes' holds nothing .*; wanted is a number in every row"),
        (known("known"), {}, "'known' holds nothing"),
    ],
    ids=["no weights", "weight 1", "no row", "no period", "word", "infinite", "negative", "no exposure", "no weight"],
)
def test_what_does_not_say_that_it_is_missing_is_refused_with_the_remedy(table, more, says):
    """Only an empty entry beside weight 0 is a missing cell: a mistake stays a mistake."""
    with pytest.raises(DataError, match=says):
        read(table, **more)


@pytest.mark.parametrize(("weights", "says"), [(None, "or weight 0 beside"), (1.0, "or weight 0 beside")])
def test_arrays_with_nan_and_no_weight_zero_are_refused_with_the_remedy(weights, says):
    """The cell is named."""
    full = read(rows())
    values = np.array(full.values)
    values[1, 6] = np.nan
    given = None if weights is None else np.full(values.shape, weights)
    with pytest.raises(DataError, match=rf"not finite numbers: a1 in 2006 \(nan\); .*{says}"):
        Panel(outcome=THEFT, sites=full.sites, periods=full.periods, values=values, weights=given)


def test_a_study_file_with_an_empty_count_names_the_remedy(tmp_path):
    """The row of the file, and what to write there."""
    with_gaps().to_csv(tmp_path / "counts.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY.replace('weight = "known"\n', ""), encoding="utf-8")
    with pytest.raises(StudyError, match=r"counts\.csv, row 16, 19, 62: .* leave it empty and give the row weight 0"):
        ek.load_study(tmp_path)
