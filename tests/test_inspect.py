"""`evalkit inspect` says what a file is before anything is made of it."""

import json
from pathlib import Path

import pytest

from evalkit.__main__ import main
from evalkit.data import load_preset

LAYOUTS = Path(__file__).parent / "data" / "layouts"


def inspect(capsys, *arguments):
    """Run the command; give its status and what it wrote."""
    status = main(["inspect", *map(str, arguments)])
    return status, capsys.readouterr()


def test_it_says_the_layout_and_every_finding(capsys):
    """And the columns, before they are used."""
    status, said = inspect(capsys, LAYOUTS / "chicago" / "nasty.csv")
    assert status == 0
    assert said.out.startswith("nasty.csv: Chicago, crimes from 2001 (ijzp-q8t2) (preset chicago)")
    assert "period = 'date'" in said.out
    assert "30 read, 27 counted, 3 left out" in said.out
    assert "2018-11 ends on 2018-11-08: 22 days have no row" in said.out


def test_it_says_the_same_as_plain_data(capsys):
    """For other programs."""
    status, said = inspect(capsys, LAYOUTS / "cbs_politie" / "nasty.csv", "--json")
    document = json.loads(said.out)
    assert (status, document["preset"], document["frequency"]) == (0, "cbs_politie", "month")
    assert document["quality"]["gaps"] == {"all areas": ["2022-03"]}


def test_a_folder_is_read_whole(capsys):
    """All its files that are named as the layout's are."""
    _, said = inspect(capsys, LAYOUTS / "police_uk" / "nasty")
    assert "40 read, 31 counted, 9 left out" in said.out
    assert "North Look Police: '2020-03'" in said.out


@pytest.mark.parametrize("name", ["met_wide", "generic_counts", "generic_incidents", "ssmsi_communes"])
def test_the_layout_that_was_seen_can_be_kept_and_corrected(capsys, tmp_path, name):
    """The file reads the same in it."""
    file, own = LAYOUTS / name / "nasty.csv", tmp_path / "own.toml"
    _, first = inspect(capsys, file, "--write", own, "--json")
    preset = load_preset(own)
    assert not preset.general
    _, again = inspect(capsys, file, "--preset", own, "--json")
    before, after = (json.loads(said.out)["quality"] for said in (first, again))
    told = {"renamed-column", "unknown-crime"}  # names and types of the file are now those of its own layout
    for document in (before, after):
        document["findings"] = [each for each in document["findings"] if each["name"] not in told]
        document["preset"] = ""
    assert {**after, "caveats": []} == {**before, "caveats": []}
    status, said = inspect(capsys, file, "--write", own)
    assert (status, "is there already" in said.err) == (2, True)


def test_a_file_that_no_layout_fits_says_what_is_lacking(capsys, tmp_path):
    """One message, and how to go on."""
    file = tmp_path / "people.csv"
    file.write_text("name,height\nAda,165\n", encoding="utf-8")
    status, said = inspect(capsys, file)
    assert status == 2
    assert "no layout fits people.csv" in said.err
    assert "Name its columns in a preset of your own" in said.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"area,month,count\n", "headings but no rows"),
        (b"PK\x03\x04\x00\x00\x00\x00", "is not a text file"),
        (b"area,month,count\n\xff\xfe,2023-01,5\n", "2023-01 to 2023-01"),
    ],
    ids=["empty", "no rows", "not text", "cp1252"],
)
def test_odd_files_are_answered_in_a_sentence(capsys, tmp_path, content, message):
    """Never with a traceback."""
    file = tmp_path / "odd.csv"
    file.write_bytes(content)
    _, said = inspect(capsys, file, "--preset", "generic_counts")
    assert message in said.out + said.err
    assert "Traceback" not in said.err


def test_control_characters_of_a_file_do_not_reach_the_terminal(capsys, tmp_path):
    """What a file holds is shown on one line, and cannot move the cursor."""
    file = tmp_path / "counts.csv"
    file.write_text('area,month,count,"\x1b[2Jx"\na,2023-01,"\x1b[31mred",1\n', encoding="utf-8")
    _, said = inspect(capsys, file)
    assert "\x1b" not in said.out
