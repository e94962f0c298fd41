"""Every row of a file is counted, or left out for a reason that has a name."""

import pytest

from evalkit.data.quality import DataQuality, Finding, SourceFile, UnlocatedShare, combined
from evalkit.errors import DataError


def seen(name, **more):
    """Give what was seen in a file of ten rows."""
    return DataQuality(
        preset="police_uk",
        files=(SourceFile(name=name, sha256="0" * 64, rows=10),),
        rows_read=10,
        rows_counted=8,
        events=8,
        findings=(
            Finding(name="repeated-id", rows=2, detail="'a', 'b'"),
            Finding(name="without-id", rows=3, detail=name),
        ),
        unlocated=(UnlocatedShare(period="2018-04", rows=10, unlocated=1),),
        **more,
    )


def test_rows_that_are_neither_counted_nor_left_out_are_refused():
    """A reader cannot lose a row without saying so."""
    with pytest.raises(DataError, match="10 rows were read, 8 counted and 1 left out"):
        DataQuality(preset="x", rows_read=10, rows_counted=8, findings=(Finding(name="total", rows=1),))


def test_a_finding_has_a_name_that_is_known():
    """Names are a vocabulary, so that programs can rely on them."""
    with pytest.raises(DataError, match="no finding 'repeated_id'; did you mean 'repeated-id'"):
        Finding(name="repeated_id", rows=1)


def test_files_add_up():
    """Rows, findings and shares without a place."""
    both = combined([seen("a.csv", gaps={"x": ("2018-05",)}), seen("b.csv", gaps={"x": ("2018-04",)})])
    assert (both.rows_read, both.rows_counted, both.rows_dropped, both.events) == (20, 16, 4, 16)
    assert both.rows("without-id") == 6
    assert both.findings[-1].detail == "a.csv; b.csv"
    assert both.unlocated == (UnlocatedShare(period="2018-04", rows=20, unlocated=2),)
    assert both.gaps == {"x": ("2018-04", "2018-05")}
    assert [file.name for file in both.files] == ["a.csv", "b.csv"]


def test_files_of_two_layouts_do_not_add_up():
    """Their rows are not the same thing."""
    with pytest.raises(DataError, match="one layout"):
        combined([seen("a.csv"), DataQuality(preset="chicago", rows_read=0, rows_counted=0)])
