"""What is wrong with a study is said once, in words, and nothing is left behind."""

import pytest

from evalkit.__main__ import main

STUDY = """
[study]
title = "Patrols"
primary = "burglary"
draws = 200

[intervention]
name = "patrols"

[data]
file = "counts.csv"
site = "area"
period = "year"
began = "began"

[design]
assignment = "chosen"

[outcomes.burglary]
count = "n"
exposure = "homes"
crime = "burglary"

[analysis]
estimator = "did-poisson"
sensitivity = []

[costs]
currency = "GBP"
year = 2015
flows = [ { what = "wardens", amount = 1000, bearer = "city", kind = "running", year = 1, source = "accounts" } ]
"""

COUNTS = "area,year,n,homes,began\n" + "".join(
    f"a{area},{year},{10 + area + (year * year + 3 * area * area + year * area) % 7},100,{2005 if area < 3 else ''}\n"
    for area in range(8)
    for year in range(2000, 2010)
)

TABLE = """
[study]
title = "Eight counts"
primary = "crime"
draws = 200

[intervention]
name = "patrols"

[outcomes.crime.table]
treated = [207, 110]
comparison = [308, 318]
"""


def changed(old, new, text=STUDY):
    """Give a text with one passage replaced, and fail where the passage is not there."""
    assert old in text
    return text.replace(old, new, 1)


# (what is wrong, study.toml, counts.csv or bytes or None, what the message says)
CASES = [
    # the file itself
    ("not toml", "[study\n", COUNTS, "study.toml is not TOML"),
    ("an impossible date", changed("draws = 200", "draws = 2019-04-31"), COUNTS, "is not TOML"),
    ("an unknown section", STUDY + "\n[outcome]\nx = 1\n", COUNTS, "has no key 'outcome'; did you mean 'outcomes'?"),
    ("an unknown key", changed("site =", "sites ="), COUNTS, "[data] has no key 'sites'; did you mean 'site'?"),
    (
        "an unknown key of an outcome",
        changed("count =", "cuont ="),
        COUNTS,
        "[outcomes.burglary] has no key 'cuont'; did you mean 'count'?",
    ),
    ("a missing key", changed('title = "Patrols"', ""), COUNTS, "[study] needs the key 'title'"),
    ("an empty title", changed('"Patrols"', '""'), COUNTS, "[study] title"),
    (
        "a number as text",
        changed("draws = 200", 'draws = "200"'),
        COUNTS,
        "[study] draws: wanted is a whole number; there is '200'",
    ),
    ("too few draws", changed("draws = 200", "draws = 5"), COUNTS, "[study] draws"),
    ("a level in percent", changed("draws = 200", "level = 95.0"), COUNTS, "[study] level"),
    ("a negative seed", changed("draws = 200", "seed = -1"), COUNTS, "[study] seed"),
    ("no outcome", changed("[outcomes.burglary]\ncount", "[outcomes]\n[x]\ncount"), COUNTS, "outcomes"),
    ("two kinds of one outcome", changed('count = "n"', 'count = "n"\nrate = "n"'), COUNTS, "there is count and rate"),
    ("no kind of outcome", changed('count = "n"', ""), COUNTS, "exactly one of count, rate"),
    (
        "a primary outcome that is not measured",
        changed('primary = "burglary"', 'primary = "burglry"'),
        COUNTS,
        "did you mean 'burglary'",
    ),
    (
        "an unknown class of crime",
        changed('crime = "burglary"', 'crime = "burglery"'),
        COUNTS,
        "no class of crime 'burglery'",
    ),
    (
        "an unknown approach",
        changed('name = "patrols"', 'name = "patrols"\napproach = "socail"'),
        COUNTS,
        "did you mean 'social'",
    ),
    ("an unknown estimator", changed('"did-poisson"', '"did-poison"'), COUNTS, "did you mean 'did-poisson'"),
    (
        "an unknown sensitivity estimator",
        changed("sensitivity = []", 'sensitivity = ["did-olss"]'),
        COUNTS,
        "did you mean 'did-ols'",
    ),
    (
        "an unknown option",
        changed("sensitivity = []", 'options = { eror = "CR1" }'),
        COUNTS,
        "did-poisson has no option 'eror'; did you mean 'errors'?",
    ),
    ("an option of the wrong value", changed("sensitivity = []", 'options = { errors = "CR9" }'), COUNTS, "CR9"),
    (
        "one estimator twice",
        changed("sensitivity = []", 'sensitivity = ["did-poisson"]'),
        COUNTS,
        "which is the primary estimator",
    ),
    ("harm without a weight above zero", changed('crime = "burglary"', "harm_weight = 0"), COUNTS, "harm_weight"),
    # the data file
    ("a file that is not there", changed("counts.csv", "count.csv"), COUNTS, "no file 'count.csv'"),
    ("a path out of the folder", changed("counts.csv", "../secret.csv"), COUNTS, "leads out of the study's folder"),
    ("an absolute path", changed("counts.csv", "/etc/passwd"), COUNTS, "leads out of the study's folder"),
    ("an unknown file type", changed("counts.csv", "study.toml"), COUNTS, "cannot read a file of type .toml"),
    ("an empty file", STUDY, "", "counts.csv is empty"),
    ("a heading without rows", STUDY, "area,year,n,homes,began\n", "has a heading but no rows"),
    ("another separator", STUDY, COUNTS.replace(",", ";"), "say separator = ';'"),
    ("another encoding", STUDY, COUNTS.replace("a0", "Zürich").encode("cp1252"), "say encoding = 'cp1252'"),
    (
        "an encoding that does not exist",
        changed('site = "area"', 'site = "area"\nencoding = "utf9"'),
        COUNTS,
        "no encoding 'utf9'",
    ),
    (
        "rows with too many cells",
        STUDY,
        COUNTS + "a9,2000,1,2,,9,9,9\n",
        "rows do not have as many cells as the heading",
    ),
    ("a column twice", STUDY, changed("n,homes", "n,n", COUNTS), "more than one column named 'n'"),
    ("a column that is not there", changed('count = "n"', 'count = "m"'), COUNTS, "counts.csv has no column 'm'"),
    ("a start column that is not there", changed('began = "began"', 'began = "start"'), COUNTS, "no column 'start'"),
    ("no start at all", changed('began = "began"', ""), COUNTS, "[data] needs the key 'began'"),
    ("nobody treated", STUDY, COUNTS.replace(",2005\n", ",\n"), "began nowhere"),
    ("a site with two starts", STUDY, COUNTS.replace(",2005\n", ",2004\n", 1), "site 'a0' has more than one start"),
    ("a missing count", STUDY, changed("a0,2000,14", "a0,2000,", COUNTS), "a missing count is not a zero"),
    (
        "a count that is text",
        STUDY,
        changed("a0,2000,14", "a0,2000,many", COUNTS),
        "row 2: column 'n' holds 'many' (a0, 2000)",
    ),
    ("a negative count", STUDY, changed("a0,2000,14", "a0,2000,-4", COUNTS), "negative counts: a0 in 2000 (-4)"),
    ("a count with decimals", STUDY, changed("a0,2000,14", "a0,2000,10.5", COUNTS), "counts that are not whole"),
    (
        "a gap",
        STUDY,
        "\n".join(line for line in COUNTS.splitlines() if not line.startswith("a4,2003")) + "\n",
        "no row for a4 in 2003",
    ),
    (
        "a year that is missing everywhere",
        STUDY,
        "\n".join(line for line in COUNTS.splitlines() if ",2003," not in line) + "\n",
        "no row at all for '2003'",
    ),
    ("a repeated row", STUDY, COUNTS + "a7,2009,3,100,\n", "more than one row for a7 in 2009"),
    ("exposure of nobody", STUDY, COUNTS.replace(",100,", ",0,", 1), "exposure that is not above zero: a0 in 2000"),
    ("periods of several lengths", STUDY, COUNTS.replace("a0,2000,", "a0,2000-01,"), "periods of several lengths"),
    ("periods that are only numbered", STUDY, COUNTS.replace(",20", ","), "say frequency = 'number'"),
    (
        "a start that is not a period",
        STUDY,
        COUNTS.replace(",2005\n", ",spring\n"),
        "start of site 'a0': 'spring' is not a year",
    ),
    ("a start before the data", STUDY, COUNTS.replace(",2005\n", ",1999\n"), "no period before the start"),
    (
        "a start after the data",
        STUDY,
        COUNTS.replace(",2005\n", ",2031\n"),
        "start after the last period of the data (2009): a0 (2031), a1 (2031), a2 (2031)",
    ),
    ("a workbook that is none", changed("counts.csv", "counts.xlsx"), None, "not a workbook that can be read"),
    ("a parquet file that is none", changed("counts.csv", "counts.parquet"), None, "not a Parquet file"),
    # the design
    (
        "a comparison site that is not in the data",
        changed('assignment = "chosen"', 'comparison = ["a9"]'),
        COUNTS,
        "comparison site 'a9' is not in the data",
    ),
    (
        "a site with two roles",
        changed('assignment = "chosen"', 'buffer = ["a0"]'),
        COUNTS,
        "named both as treated and as buffer",
    ),
    (
        "a selection window the wrong way round",
        changed('assignment = "chosen"', "selection_window = [2004, 2001]"),
        COUNTS,
        "before it begins",
    ),
    ("everybody treated at once", STUDY, COUNTS.replace(",100,\n", ",100,2005\n"), "compar"),
    # tables
    ("a negative cell", changed("207", "-207", TABLE), None, "zero or more; there is -207"),
    ("three cells", changed("[207, 110]", "[207, 110, 4]", TABLE), None, "treated is two counts"),
    ("a buffer without a comparison", TABLE + "buffer = [1, 2]\n", None, "none for what it is compared with"),
    ("a table for an estimator of panels", TABLE + '[analysis]\nestimator = "did-poisson"\n', None, "table"),
    ("a design that names sites of a table", TABLE + '[design]\nbuffer = ["x"]\n', None, "there is no [data] file"),
    # the money
    ("a flow without a bearer", changed('bearer = "city", ', ""), COUNTS, "bearer"),
    ("an unknown bearer", changed('bearer = "city"', 'bearer = "ctiy"'), COUNTS, "did you mean 'city'"),
    ("an amount that is text", changed("amount = 1000", 'amount = "1000"'), COUNTS, "an amount is a number"),
    ("a calendar year in a flow", changed("year = 1,", "year = 2015,"), COUNTS, "looks like a calendar year"),
    ("a currency in words", changed('"GBP"', '"pounds"'), COUNTS, "code of three"),
    (
        "an unknown price schedule",
        STUDY + '[prices]\nschedule = "home-office"\n',
        COUNTS,
        "did you mean 'home-office-2018'",
    ),
    (
        "a price file out of the folder",
        STUDY + '[prices]\nschedule = "../prices.csv"\n',
        COUNTS,
        "leads out of the study's folder",
    ),
    (
        "prices without costs",
        STUDY[: STUDY.index("[costs]")] + '[prices]\nschedule = "delisi-2010"\n',
        COUNTS,
        "no [costs]",
    ),
    (
        "prices in another currency",
        STUDY + '[prices]\nschedule = "delisi-2010"\nmultipliers = "none"\n',
        COUNTS,
        "amounts are not exchanged",
    ),
    ("a horizon without retention", STUDY + "[appraisal]\nhorizon = 20\n", COUNTS, "retention"),
    ("an unknown discount schedule", STUDY + '[appraisal]\ndiscounting = "green-book"\n', COUNTS, "did you mean"),
]


def write(folder, study, counts):
    """Lay a study into a folder; bytes that are no table where no counts are given."""
    folder.mkdir()
    (folder / "study.toml").write_text(study, encoding="utf-8")
    for name in ("counts.csv", "counts.xlsx", "counts.parquet"):
        data = b"PK\x03\x04 neither one nor the other" if counts is None or name != "counts.csv" else counts
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def test_the_study_that_the_cases_spoil_runs(tmp_path):
    """Each message below is about the one thing that was changed."""
    write(tmp_path / "study", STUDY, COUNTS)
    assert main(["check", str(tmp_path / "study")]) == 0


@pytest.mark.parametrize(("study", "counts", "says"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_fault_of_the_study_is_one_clear_message(study, counts, says, tmp_path, capsys):
    """Exit status 2, the place and the remedy on standard error, no traceback, and no file."""
    folder = tmp_path / "study"
    write(folder, study, counts)
    before = sorted(tmp_path.rglob("*"))
    assert main(["run", str(folder), "--format", "json"]) == 2
    shown = capsys.readouterr()
    assert says in " ".join(shown.err.split())
    assert shown.err.startswith("evalkit: ")
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_there_are_more_than_forty_kinds_of_fault():
    """A table that shrinks would test less without anybody seeing it."""
    assert len({case[0] for case in CASES}) == len(CASES) > 40


def test_all_faults_are_told_at_once(tmp_path, capsys):
    """Nobody should have to run a study five times to find five slips."""
    study = changed("site =", "sites =")
    for old, new in (("draws = 200", "draws = 5"), ("exposure =", "expousre =")):
        study = changed(old, new, study)
    write(tmp_path / "a", study, COUNTS)
    assert main(["check", str(tmp_path / "a")]) == 2
    shape = capsys.readouterr().err
    assert all(word in shape for word in ("4 faults", "'sites'", "'site'", "draws", "'expousre'"))
    study = changed('count = "n"', 'count = "m"')
    for old, new in (('"did-poisson"', '"did-poison"'), ('bearer = "city"', 'bearer = "ctiy"')):
        study = changed(old, new, study)
    write(tmp_path / "b", study, COUNTS)
    assert main(["check", str(tmp_path / "b")]) == 2
    content = capsys.readouterr().err
    assert all(word in content for word in ("3 faults", "'m'", "did-poison", "ctiy"))


def test_a_key_that_nobody_knows_hides_no_other_fault(tmp_path, capsys):
    """A slip in a key and a column that is not there are told in one message."""
    study = changed('count = "n"', 'count = "m"')
    for old, new in (("exposure =", "expousre ="), ('bearer = "city"', 'bearer = "ctiy"')):
        study = changed(old, new, study)
    write(tmp_path / "study", study, COUNTS)
    assert main(["check", str(tmp_path / "study")]) == 2
    shown = capsys.readouterr().err
    assert all(
        word in shown for word in ("3 faults", "did you mean 'exposure'", "no column 'm'", "did you mean 'city'")
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "nowhere"], "no study at nowhere"),
        (["run", "."], "no study in ./: wanted is a file study.toml or study.py"),
        (["run", "notes.txt"], "notes.txt is not a study"),
        (["models", "did"], "no estimator 'did'; did you mean"),
        (["quick", "--treated", "1", "2", "--prices", "delisi-2010"], "--prices without --cost"),
        (["quick", "--treated", "1", "2", "--cost", "5", "--prices", "delisi-2010"], "--prices without --crime"),
        (["new", "."], "not an empty folder"),
    ],
)
def test_a_fault_of_the_command_is_one_clear_message(arguments, says, tmp_path, monkeypatch, capsys):
    """The same holds for what stands on the command line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    assert main(arguments) == 2
    assert says in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["runn", "x"],
        ["run", "x", "--draws", "few"],
        ["run", "x", "--draws", "3"],
        ["quick", "--treated", "1"],
        ["run", "x", "--format", "pdf"],
    ],
)
def test_a_command_that_cannot_be_read_ends_with_status_2(arguments, capsys):
    """The parser says what it wanted."""
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: evalkit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("import nonexistent_module", "study.py, line 1: ModuleNotFoundError: No module named 'nonexistent_module'"),
        ("x = 1\nx = = 3", "study.py, line 2: SyntaxError"),
        ("\n\nopen('none.csv')", "study.py, line 3: FileNotFoundError"),
        ("import sys\nsys.exit(0)", "study.py, line 2: SystemExit: 0"),
        ("study = 5", "wanted is an evalkit.Study under the name 'study'; there is a int"),
        ("", "under the name 'study'; there is none"),
        ("import evalkit as ek\nek.Study(title='', primary='a', designs={})", "a study has a title"),
    ],
)
def test_a_fault_of_a_program_is_the_programs(program, says, tmp_path, capsys):
    """A study.py that fails is not called a fault of evalkit; its line is named."""
    (tmp_path / "study.py").write_text(program, encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert "Traceback" not in shown


def test_a_program_finds_what_lies_beside_it(tmp_path, capsys):
    """As it does when Python runs it."""
    (tmp_path / "helper_of_study.py").write_text("title = 'Patrols'", encoding="utf-8")
    (tmp_path / "study.py").write_text("import helper_of_study\nstudy = helper_of_study.title", encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 2
    assert "there is a str" in capsys.readouterr().err


def test_a_mark_at_the_head_of_a_study_file_does_no_harm(tmp_path):
    """Editors on Windows write one."""
    write(tmp_path / "study", "\ufeff" + STUDY, COUNTS)
    assert main(["check", str(tmp_path / "study")]) == 0


def test_a_link_does_not_lead_out_of_the_study(tmp_path, capsys):
    """Where a file really lies decides, and --allow-outside is the only way."""
    (tmp_path / "elsewhere.csv").write_text(COUNTS, encoding="utf-8")
    write(tmp_path / "study", STUDY, COUNTS)
    (tmp_path / "study" / "counts.csv").unlink()
    (tmp_path / "study" / "counts.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert main(["check", str(tmp_path / "study")]) == 2
    assert "leads out of the study's folder" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "study"), "--allow-outside"]) == 0


def test_control_characters_of_a_title_reach_no_terminal(tmp_path, capsys):
    """A title may come from anywhere."""
    write(tmp_path / "study", changed('"Patrols"', '"Pat\\u001b]0;rols\\u0007"'), COUNTS)
    assert main(["check", str(tmp_path / "study")]) == 0
    assert not any(ord(sign) < 32 and sign != "\n" for sign in capsys.readouterr().out)
