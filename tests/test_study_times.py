"""When a measure began and ended can be said in a column of ones and zeros, in two columns, or by name."""

import json

import pytest

from evalkit import load_study
from evalkit.errors import StudyError

STUDY = """
[study]
title = "Surges"
primary = "burglary"
draws = 200

[intervention]
name = "patrol surge"

[data]
file = "counts.csv"
site = "area"
period = "year"
treated = "on"

[outcomes.burglary]
count = "n"

[analysis]
estimator = "local-projections"
"""
ON = {"a0": "0011100000", "a1": "0000110110", "a2": "0001111111"}
ENDS = {"a0": "2005", "a1": "2006", "a2": ""}
BEGAN = {"a0": "2002", "a1": "2004", "a2": "2003"}
COUNTS = "area,year,n,on,began,ended\n" + "".join(
    f"a{area},{2000 + year},{20 + area + (year * year + 3 * area * area + year * area) % 7},"
    f"{ON.get(f'a{area}', '0' * 10)[year]},{BEGAN.get(f'a{area}', '')},{ENDS.get(f'a{area}', '')}\n"
    for area in range(8)
    for year in range(10)
)
NAMED = """
[intervention.ended]
a0 = "2005"
a1 = [2006, 2009]

[intervention.resumed]
a1 = 2007
"""


def folder(path, study=STUDY, counts=COUNTS):
    """Write a study into a folder."""
    (path / "study.toml").write_text(study, encoding="utf-8")
    (path / "counts.csv").write_text(counts, encoding="utf-8")
    return path


def treatment(study):
    """Give the treated cells of a study as rows of text."""
    (design,) = study.designs.values()
    return dict(zip(design.panel.sites, ["".join(str(int(on)) for on in row) for row in design.treatment], strict=True))


def test_a_column_of_ones_and_zeros_says_every_spell(tmp_path):
    """Starts, ends and new starts are read from it."""
    made = load_study(folder(tmp_path))
    assert treatment(made) == {f"a{area}": ON.get(f"a{area}", "0" * 10) for area in range(8)}
    assert made.intervention.spells("a1") == (("2004", "2006"), ("2007", "2009"))
    assert made.intervention.spells("a2") == (("2003", None),)


def test_words_for_ones_and_zeros_are_read(tmp_path):
    """A column of True and False, as other programs write it, says the same."""
    lines = [line.split(",") for line in COUNTS.splitlines()]
    worded = [
        ",".join([*cells[:3], {"1": "True", "0": "False"}.get(cells[3], cells[3]), *cells[4:]]) for cells in lines
    ]
    assert treatment(load_study(folder(tmp_path, counts="\n".join(worded) + "\n")))["a1"] == ON["a1"]


def test_the_same_can_be_said_with_starts_and_ends_by_name(tmp_path):
    """A start column goes with ends and new starts in the intervention."""
    made = load_study(folder(tmp_path, STUDY.replace('treated = "on"', 'began = "began"') + NAMED))
    assert treatment(made) == {f"a{area}": ON.get(f"a{area}", "0" * 10) for area in range(8)}


def test_a_column_of_ends_stands_beside_that_of_starts(tmp_path):
    """One spell for each site needs two columns."""
    made = load_study(folder(tmp_path, STUDY.replace('treated = "on"', 'began = "began"\nended = "ended"')))
    assert treatment(made)["a0"] == ON["a0"]
    assert treatment(made)["a1"] == "0000110000"


def test_the_report_and_the_result_say_when_it_ended(tmp_path):
    """A reader learns that it ended, and where it came back."""
    written = load_study(folder(tmp_path)).run().write(tmp_path / "out", formats=("json", "md"))
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert result["study"]["intervention"]["ended"] == {"a0": ["2005"], "a1": ["2006", "2009"]}
    assert result["study"]["intervention"]["resumed"] == {"a1": ["2007"]}
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "2005 to 2009, 3 different ends (first period without it), in 2 sites; came back in 1 site" in report
    assert written


def test_estimators_for_measures_that_last_refuse_one_that_ended(tmp_path):
    """They name the sites, the periods, and the estimator that takes the design."""
    made = load_study(folder(tmp_path, STUDY.replace("local-projections", "did-poisson")))
    with pytest.raises(ValueError, match=r"'did-poisson' .* in a0 \(2005\), a1 \(2006\), a1 \(2009\): use 'local-p"):
        made.run()


@pytest.mark.parametrize(
    ("study", "counts", "says"),
    [
        (STUDY.replace('treated = "on"', 'treated = "no"'), COUNTS, "counts.csv has no column 'no'"),
        (STUDY, COUNTS.replace("a3,2002,24,0", "a3,2002,24,2").replace(",0,,\n", ",2,,\n", 1), "holds 2; wanted is 1"),
        (STUDY, COUNTS.replace(",0,,\n", ",,,\n", 1), "column 'on' is empty; wanted is 1"),
        (STUDY, COUNTS + "a7,2009,3,1,,\n", "more than one row for a7 in 2009"),
        (STUDY, COUNTS.replace(",1,", ",0,"), "began nowhere"),
        (STUDY, COUNTS.replace("a0,2000,20,0", "a0,2000,20,1"), "no period before the start of a0"),
        (
            STUDY + NAMED,
            COUNTS,
            "[data] treated says when the measure began and ended, and so does [intervention.en",
        ),
        (
            STUDY.replace('treated = "on"', 'began = "began"\nended = "ended"') + NAMED,
            COUNTS,
            "ends are given twice, by [data] ended and by [intervention.ended]: keep one",
        ),
        (
            STUDY.replace('treated = "on"', 'began = "began"\nended = "ended"'),
            COUNTS.replace(",2005\n", ",2006\n", 1),
            "has more than one end ('2006', '2005'); wanted is one for all its rows, or empty where never ended",
        ),
    ],
)
def test_what_is_wrong_with_ends_is_said(tmp_path, study, counts, says):
    """The message names the key, the column or the row."""
    with pytest.raises(StudyError) as problem:
        load_study(folder(tmp_path, study, counts))
    assert says in str(problem.value)
