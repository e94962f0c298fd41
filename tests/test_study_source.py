"""A study that names a layout reads files of counts as they were published, and says what became of their rows."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import evalkit as ek
from evalkit.errors import StudyError

LAYOUTS = Path(__file__).parent / "data" / "layouts"

STUDY = """
[study]
title = "Locks"
primary = "burglary"
draws = 400

[intervention]
name = "locks"
[intervention.began]
Camden = "2022-04"

[data]
preset = "met_wide"
file = "counts.csv"
KEYS

[outcomes.burglary]
crime = "burglary"

[outcomes.domestic]
crime = "burglary"
types = ["Domestic Burglary"]
"""


def study(tmp_path, layout="met_wide/clean.csv", keys="", text=STUDY):
    """Write a study beside a look-alike and give its folder."""
    shutil.copy(LAYOUTS / layout, tmp_path / "counts.csv")
    (tmp_path / "study.toml").write_text(text.replace("KEYS", keys), encoding="utf-8")
    return tmp_path


def test_outcomes_are_types_of_the_source(tmp_path):
    """By their class, or by their own names."""
    loaded = ek.load_study(study(tmp_path))
    both, one = (loaded.designs[name].panel for name in ("burglary", "domestic"))
    assert both.sites == ("Barnet", "Camden", "Hackney")
    assert both.periods.labels == tuple(f"2022-0{month}" for month in range(1, 7))
    # the first row of the file is domestic burglary in Barnet, the second burglary of businesses
    rows = (LAYOUTS / "met_wide" / "clean.csv").read_text(encoding="utf-8").splitlines()
    first, second = (np.array(line.split(",")[3:], float) for line in rows[1:3])
    assert np.array_equal(one.values[0], first)
    assert np.array_equal(both.values[0], first + second)
    assert loaded.data_quality[0].rows_read == 15


def test_what_became_of_every_row_is_in_the_result_and_the_report(tmp_path):
    """With the columns that were read, and what to know of the source."""
    folder = study(tmp_path, keys='window = ["2022-01", "2022-05"]')
    evaluation = ek.load_study(folder).run()
    evaluation.write(tmp_path / "out", formats=("html", "json", "md"))
    [quality] = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["data_quality"]
    assert (quality["preset"], quality["rows_read"], quality["rows_dropped"]) == ("met_wide", 15, 0)
    assert quality["last_period"] == "2022-05"
    assert quality["columns"]["area"] == "LookUp_BoroughName"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "What became of every row, read in the layout met_wide" in page
    assert "The City of London has a police force of its own" in page


def test_counts_that_are_missing_are_refused_until_somebody_says_what_to_do(tmp_path):
    """Missing is not zero, and what to do with it is the evaluator's choice."""
    began = STUDY.replace('Camden = "2022-04"', 'HACKNEY = "2022-04"')
    folder = study(tmp_path, "met_wide/nasty.csv", text=began.replace("burglary", "robbery").replace("Domestic B", "B"))
    text = (folder / "study.toml").read_text(encoding="utf-8").replace('types = ["Burglary"]', "")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=r"robbery: 1 of 18 counts were not published .*BARNET in 2022-03.*missing = "):
        ek.load_study(folder)
    for choice, sites in (("weight", 3), ("drop", 2)):
        said = text.replace('file = "counts.csv"', f'file = "counts.csv"\nmissing = "{choice}"')
        (folder / "study.toml").write_text(said, encoding="utf-8")
        panel = ek.load_study(folder).designs["robbery"].panel
        assert len(panel.sites) == sites
        assert (panel.weights is None or bool(panel.weights.all())) is (choice == "drop")


def test_a_period_that_is_part_of_one_is_a_warning(tmp_path):
    """It looks like a fall."""
    began = STUDY.replace("Camden", "CAMDEN")
    loaded = ek.load_study(study(tmp_path, "met_wide/nasty.csv", keys='missing = "weight"', text=began))
    warnings = " ".join(loaded.run().warnings)
    assert "'counts.csv': a period is not covered whole, so that its counts are too low (2022-06 has" in warnings


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('site = "area"', r"\[data\] site names a column, and preset = 'met_wide' knows the columns"),
        ('began = "start"', r"\[intervention.began\] says when the measure began"),
        ('files = ["counts.csv"]', "wanted is one of the two"),
        ('level = "ward"', "no level of areas 'ward'"),
        ('window = ["2022-05", "2022-01"]', "the window ends"),
        ('missing = "zero"', "wanted is 'refuse', 'drop' or 'weight'"),
        ('areas = "list.csv"', "no file 'list.csv'"),
    ],
)
def test_a_fault_of_data_is_named(tmp_path, keys, message):
    """Each by its key."""
    with pytest.raises(StudyError, match=message):
        ek.load_study(study(tmp_path, keys=keys))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"met_wide"', '"met_wid"'), "no preset 'met_wid'; did you mean 'met_wide'"),
        (('"met_wide"', '"chicago"'), "preset 'chicago' has a row for each incident"),
        (('"met_wide"', '"berlin"'), "counts.csv is not in the layout 'berlin'"),
        (('"Domestic Burglary"', '"Domestic"'), "no type of crime 'Domestic'"),
        (('crime = "burglary"\ntypes', 'crime = "burglary"\ncount = "n"\ntypes'), "count names a column"),
        (('preset = "met_wide"\n', ""), "needs the key 'site', which is not there"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, message):
    """With what there is."""
    with pytest.raises(StudyError, match=message):
        ek.load_study(study(tmp_path, text=STUDY.replace(*change)))


def test_a_layout_of_ones_own_and_a_list_of_areas_lie_beside_the_study(tmp_path):
    """Neither needs code; an area that the file does not have is there, with missing counts."""
    folder = study(
        tmp_path, keys='areas = "areas.csv"\nmissing = "weight"', text=STUDY.replace('"met_wide"', '"own.toml"')
    )
    (folder / "areas.csv").write_text("area\nBarnet\nCamden\nHackney\nEaling\n", encoding="utf-8")
    (folder / "own.toml").write_text(
        """
title = "our own"
kind = "counts-wide"
required = ["area", "crime"]
wide = '\\d{6}'
[columns]
area = ["LookUp_BoroughName"]
crime = ["MajorText"]
crime_detail = ["MinorText"]
[crimes.classes]
Burglary = "burglary"
""",
        encoding="utf-8",
    )
    with pytest.raises(StudyError, match="no preset"):
        ek.load_study(study(tmp_path, text=STUDY.replace('"met_wide"', '"own"')))
    study(tmp_path, keys='areas = "areas.csv"\nmissing = "weight"', text=STUDY.replace('"met_wide"', '"own.toml"'))
    panel = ek.load_study(folder).designs["burglary"].panel
    assert panel.sites == ("Barnet", "Camden", "Hackney")  # of Ealing nothing is known in any month
    assert panel.weights is None or panel.weights.all()


def test_a_plan_reads_the_rows_before_the_start(tmp_path):
    """It takes them from the same table."""
    from evalkit.planning import load_plan

    assert load_plan(study(tmp_path)) is not None
