"""A panel is whole, or says which cell is not."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from evalkit.domain import Outcome, Panel
from evalkit.errors import DataError

OUTCOME = Outcome(name="burglary", crime="burglary")


def frame(**changes):
    """Give a small table: three areas by four years."""
    table = pd.DataFrame(
        {
            "area": np.repeat(["007", "2A004", "b"], 4),
            "year": [2001, 2002, 2003, 2004] * 3,
            "n": np.arange(12),
            "homes": np.repeat([100.0, 200.0, 300.0], 4),
        }
    )
    return table.assign(**changes)


def read(table, **more):
    """Read it."""
    columns = {"site": "area", "period": "year", "count": "n", "outcome": OUTCOME, **more}
    return Panel.from_long(table, **columns)


def test_rows_may_stand_in_any_order():
    """Sites and periods are sorted; values go to their cells."""
    panel = read(frame().sample(frac=1, random_state=3), exposure="homes")
    assert panel.sites == ("007", "2A004", "b")
    assert panel.periods.labels == ("2001", "2002", "2003", "2004")
    assert np.array_equal(panel.values, np.arange(12).reshape(3, 4))
    assert np.array_equal(panel.exposure[:, 0], [100, 200, 300])


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda t: pl.from_pandas(t).lazy(), pa.Table.from_pandas])
def test_any_dataframe_is_read(convert):
    """What narwhals knows is as good as pandas."""
    assert np.array_equal(read(convert(frame())).values, read(frame()).values)


def test_codes_stay_text():
    """Leading zeros are part of a code; whole numbers stored as decimals lose their point and nothing else."""
    assert read(frame()).sites[0] == "007"
    numbered = frame(area=np.repeat([120710001022000.0, 120710001022001.0, 3.0], 4))
    assert read(numbered).sites == ("120710001022000", "120710001022001", "3")


def test_exposure_may_be_one_number_for_each_site():
    """It then holds for every period."""
    panel = read(frame(), exposure={"007": 10, "2A004": 20, "b": 30})
    assert np.array_equal(panel.exposure, np.repeat([[10.0], [20.0], [30.0]], 4, axis=1))


def test_a_panel_cannot_be_changed():
    """Arrays are frozen with their panel."""
    panel = read(frame())
    with pytest.raises(ValueError, match="read-only"):
        panel.values[0, 0] = 1


@pytest.mark.parametrize(
    ("table", "more", "says"),
    [
        (frame().drop(index=5), {}, "no row for 2A004 in 2002; a missing row is not a zero"),
        (frame()[frame().year != 2003], {}, "no row at all for '2003'"),
        (
            pd.concat([frame(), frame().iloc[[3, 6]]]),
            {},
            "more than one row for 2A004 in 2003; 007 in 2004|more than one row for 007 in 2004; 2A004 in 2003",
        ),
        (frame(n=np.arange(12) - 1), {}, r"negative counts: 007 in 2001 \(-1\)"),
        (frame(n=np.arange(12) / 2), {}, "counts that are not whole: 007 in 2002"),
        (frame(n=["x"] + ["1"] * 11), {}, r"row 0: column 'n' holds 'x' \(007, 2001\); wanted is a number"),
        (frame(n=["1,5"] + ["1"] * 11), {}, "wanted is a number with a point for decimals"),
        (frame(n=[None] + [1.0] * 11), {}, "a missing count is not a zero"),
        (frame(n=["inf"] + ["1"] * 11), {}, "column 'n' holds 'inf'"),
        (frame(area=[""] + ["a"] * 11), {}, "row 0: column 'area' is empty"),
        (frame(area=[1.5] * 12), {}, "holds decimal numbers"),
        (frame(year=["2001", "spring"] * 6), {}, "column 'year': cannot tell what period 'spring' is"),
        (frame(), {"exposure": "population"}, "has no column 'population'"),
        (frame(), {"exposure": "home"}, "did you mean 'homes'"),
        (frame(homes=0.0), {"exposure": "homes"}, "exposure that is not above zero: 007 in 2001"),
        (frame(homes=-1.0), {"weight": "homes"}, "negative weights"),
        (frame(), {"exposure": {"007": 1}}, "no exposure for site '2A004', 'b'"),
        (frame().iloc[:0], {}, "has no rows"),
        (frame(), {"count": None}, "name one column of the outcome"),
        ([1, 2], {}, "a panel is read from a table"),
    ],
)
def test_what_is_not_whole_is_refused_with_its_place(table, more, says):
    """The message names the first rows or cells at fault and what was wanted."""
    with pytest.raises(DataError, match=says):
        read(table, **more)


def test_rows_are_counted_as_the_file_counts_them():
    """With a heading in row 1 the first row of data is row 2."""
    with pytest.raises(DataError, match=r"counts\.csv, row 2: column 'n' holds 'x'"):
        read(frame(n=["x"] + ["1"] * 11), source="counts.csv", first_row=2)


def test_proportions_lie_between_0_and_1():
    """A share of 35 is a percentage."""
    with pytest.raises(DataError, match="proportions outside 0 to 1"):
        Panel.from_long(
            frame(n=35.0),
            site="area",
            period="year",
            value="n",
            outcome=Outcome(name="safe", kind="proportion", good="more"),
        )
