import dataclasses
import json
import re

import numpy as np
import pytest

import evalkit as ek
from evalkit.__main__ import main
from evalkit.new_study import write_new_study
from evalkit.planning import load_plan, plan_ahead
from evalkit.planning.plan_document import plan_document, plan_text
from evalkit.report.plan_text import render_plan

RUNS = 50
# To see that it goes through; no figure is read from so few.
FEW = 4
# Twelve sites by twelve years; the last four hold what must not be looked at.
COUNTS = [
    (f"a{site}", year, 30 + site + (year * year + 3 * site * site + year * site) % 9, 2008 if site < 6 else "")
    for site in range(12)
    for year in range(2000, 2012)
]
STUDY = """
[study]
title = "Wardens"
primary = "theft"
draws = 1000

[intervention]
name = "wardens"

[data]
file = "counts.csv"
site = "area"
period = "year"
began = "began"

[outcomes.theft]
count = "n"
crime = "theft"

[plan]
effect = { mean = -0.2, sd = 0.1 }
"""
TABLE = """
[study]
title = "Eight counts"
primary = "crime"
draws = 2000

[intervention]
name = "patrols"

[outcomes.crime]
crime = "burglary"

[outcomes.crime.table]
treated = [207, 0]
comparison = [308, 0]

[costs]
currency = "GBP"
year = 2023
flows = [ { what = "wardens", amount = 100000, bearer = "city", kind = "running", year = 1, source = "accounts" } ]

[prices]
country = "GBR"
currency = "GBP"
price_year = 2023
basis = "recorded"
unit_costs = [ { crime = "burglary", component = "consequence", value = 4000, bearer = "victims", source = "here" } ]

[appraisal]
multipliers = "none"

[plan]
effect = { mean = -0.2, sd = 0.1 }
"""
TABLE = TABLE.replace('[appraisal]\nmultipliers = "none"\n\n', "")
NO_DATA = """
sites = 20
treated = 10
periods_before = 6
periods_after = 6
events = 30
"""


@pytest.fixture
def write(tmp_path):
    """Write a study, and counts where it has some."""

    def make(text=STUDY, rows=COUNTS):
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        if rows is not None:
            lines = ["area,year,n,began", *(",".join(map(str, row)) for row in rows)]
            (tmp_path / "counts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path

    return make


def said(capsys, *arguments, status=0):
    """Run the command; give what it said where, in one line."""
    assert main(list(map(str, arguments))) == status
    shown = capsys.readouterr()
    return " ".join((shown.out if status == 0 else shown.err).split())


def test_a_new_study_is_planned_from_end_to_end(tmp_path, capsys):
    """The study that `evalkit new` writes has a plan in words and as a file, and the same seed gives the same."""
    write_new_study(tmp_path / "new")
    told = said(capsys, "plan", tmp_path / "new", "--runs", RUNS, "--out", tmp_path / "out")
    for part in ("What it can detect", "Will it be conclusive?", "The measure pays if it prevents", "worth to learn"):
        assert part in told
    assert "\x1b" not in told
    document = json.loads((tmp_path / "out" / "plan.json").read_bytes())
    assert document["schema"] == "evalkit.plan/1"
    assert -60 < document["smallest_detectable"]["percent"] < -5
    assert sum(document["conclusive"].values()) == pytest.approx(1)
    assert document["learning"]["value_of_study"] <= document["learning"]["value_of_perfect_information"]
    one, other = (plan_text(plan_ahead(load_plan(tmp_path / "new"), runs=FEW, seed=3)) for _ in range(2))
    assert one == other
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["plan.json"]


@pytest.mark.parametrize("change", ["other counts", "no number at all", "gone"])
def test_a_plan_never_reads_what_came_after_the_start(write, change):
    """Whatever stands after the start, or nothing: the plan is the same to the last digit."""
    told = "periods_after = 4\n"
    before = load_plan(write(STUDY + told))
    other = {"other counts": 7, "no number at all": "secret"}
    rows = [(site, year, n if year < 2008 else other.get(change), began) for site, year, n, began in COUNTS]
    if change == "gone":
        rows = [row for row in rows if row[1] < 2008]
    now = load_plan(write(STUDY + told, rows))
    for field in dataclasses.fields(now.expected):
        one, other = (getattr(each.expected, field.name) for each in (before, now))
        assert np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other, field.name
    assert now.settings == before.settings


def test_a_study_without_data_is_planned_from_what_it_says(write, capsys):
    """The data file need not be there; what is assumed is said."""
    folder = write(STUDY + NO_DATA, rows=None)
    told = " ".join(render_plan(plan_ahead(load_plan(folder), runs=FEW), bold=False).split())
    assert "10 treated sites and 10 to compare with, 6 periods before the start and 6 after" in told
    assert "There are no data" in told
    assert "about 1,800 thefts are expected" in told
    assert "The study gives no costs." in told
    assert said(capsys, "run", folder, status=2).startswith("evalkit: ")


def test_where_nobody_knows_yet_which_sites_are_treated_they_are_drawn(write):
    """A panel without any start needs the number of treated sites and of periods after, and has both."""
    rows = [(site, year, n, "") for site, year, n, _ in COUNTS]
    planned = load_plan(write(STUDY + "treated = 4\nperiods_after = 6\n", rows))
    assert planned.expected.any_treated
    assert planned.expected.treated == 4
    assert planned.expected.before == 12
    last_year = sum(n for _, year, n, _ in COUNTS if year == 2011)
    assert planned.expected.by_period.sum() == pytest.approx(last_year / 12 * 4 * 6)
    assert plan_ahead(planned, runs=FEW).detectable.percent is not None


def test_break_even_is_cost_over_price(write):
    """100,000 of cost at 4,000 a burglary is 25 burglaries of the 207 that are expected."""
    plan = plan_ahead(load_plan(write(TABLE, rows=None)))
    assert plan.break_even.events == pytest.approx(25, rel=1e-3)
    assert plan.break_even.percent == pytest.approx(-100 * 25 / 207, rel=1e-3)
    from scipy.special import ndtr

    assert plan.break_even.probability == pytest.approx(ndtr((np.log1p(-25 / 207) + 0.2) / 0.1), abs=1e-3)
    assert plan.trials is None


def test_what_the_study_is_worth_is_the_closed_form(write):
    """EVSI of a normal prior on a net benefit that is linear in it is s (phi(d) - d Phi(-d)), d = |mean| / s.

    Net benefit is 4,000 x 207 x (1 - exp(effect)) - 100,000, nearly linear over the prior; s is its standard
    deviation times the root of the variance that goes.
    """
    from scipy import stats

    worth = plan_ahead(load_plan(write(TABLE.replace("sd = 0.1", "sd = 0.05"), rows=None))).worth
    effects = stats.norm(-0.2, 0.05).ppf((np.arange(4000) + 0.5) / 4000)
    net = 4000 * 207 * -np.expm1(effects) - 100_000
    s = net.std() * np.sqrt(worth.resolved)
    d = abs(net.mean()) / s
    assert worth.net_benefit == pytest.approx(net.mean(), rel=1e-3)
    assert worth.sample == pytest.approx(s * (stats.norm.pdf(d) - d * stats.norm.sf(d)), rel=0.25, abs=20)
    assert worth.sample <= worth.perfect
    assert worth.net is None


def test_a_roll_out_makes_learning_worth_its_price(write):
    """On the margin of paying, study first; with a price beyond the worth of all knowledge, decide now."""
    roll = "[learning]\nroll_out = { sites = 200, years = 20 }\n"
    close = TABLE.replace("amount = 100000", "amount = 155000")
    found = plan_ahead(load_plan(write(close + roll, rows=None))).worth
    assert found.best_now == "do without"
    assert found.net == pytest.approx(found.sample - found.price - found.forgone)
    assert found.forgone == 0
    assert found.price == pytest.approx(-found.net_benefit)
    assert found.net > 0
    dear = plan_ahead(load_plan(write(close + "study_cost = 1e12\n" + roll, rows=None))).worth
    assert dear.price == pytest.approx(found.price + 1e12)
    assert dear.net < 0


@pytest.mark.parametrize(
    ("text", "rows", "wanted"),
    [
        (STUDY + "tretaed = 3\n", COUNTS, r"\[plan\] has no key 'tretaed'; did you mean 'treated'"),
        (STUDY + "events = 3\n", COUNTS, r"\[plan\] gives events, which the data before the start show"),
        (STUDY + "treated = 3\n", COUNTS, r"\[plan\] gives treated, which the data before the start show"),
        (STUDY + "periods_after = 0\n", COUNTS, r"\[plan\] periods_after is a whole number"),
        (STUDY, None, r"\[plan\] needs sites and treated and periods_before and periods_after and events"),
        (
            STUDY + NO_DATA.replace("treated = 10", "treated = 20"),
            None,
            "treated \\(20\\) is fewer than sites \\(20\\)",
        ),
        (STUDY, [(s, y, n, "") for s, y, n, _ in COUNTS], "no site is treated in the data: say how many will be"),
        (STUDY, [(s, y, 0, b) for s, y, n, b in COUNTS], "there is no event before the start"),
        (STUDY, [(s, y, n, b and 2000) for s, y, n, b in COUNTS], "no period before the first start"),
        (STUDY, [(s, y, n, b and 2030) for s, y, n, b in COUNTS], "Wardens|needs periods_after"),
        (STUDY.replace('count = "n"', 'score = "n"'), COUNTS, "a primary outcome that counts events"),
        (STUDY.replace("[plan]", '[analysis]\nestimator = "table"\n[plan]') + "sites = 9\n", None, "needs treated"),
        (TABLE + "sites = 4\n", None, "gives sites, which the before/after table says"),
        (TABLE.replace("[207, 0]", "[0, 0]"), None, "nothing was counted before the start in the treated area"),
        (TABLE.replace("effect =", "percent ="), None, r"percent is a table such as \{ low = ..., high = ... \}"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_one_message(write, capsys, text, rows, wanted):
    """Exit status 2, what and where and what to do, and no traceback."""
    told = said(capsys, "plan", write(text, rows), "--runs", RUNS, status=2)
    assert told.startswith("evalkit: study.toml: ")
    assert re.search(wanted, told), told
    assert "Traceback" not in told


def test_a_faulty_plan_is_told_by_the_other_commands_too(write, capsys):
    """A study with a key that nobody knows does not run, whichever table it stands in."""
    assert "[plan] has no key 'tretaed'" in said(capsys, "check", write(STUDY + "tretaed = 3\n"), status=2)


def test_a_program_has_no_plan(tmp_path, capsys):
    """A study.py is not run for it."""
    (tmp_path / "study.py").write_text("raise SystemExit(9)", encoding="utf-8")
    assert "a plan is read from a study.toml" in said(capsys, "plan", tmp_path, status=2)


def test_a_hostile_title_does_nothing_to_a_terminal(write, capsys):
    """Control characters of texts do not reach the screen."""
    text = TABLE.replace('"Eight counts"', '"\\u001b[2JEight"').replace(
        "sd = 0.1 }", 'sd = 0.1 }\nsource = "\\u001b[31m"'
    )
    assert main(["plan", str(write(text, rows=None))]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_plan_without_a_prior_says_what_is_missing(write):
    """What can be said without a belief is said; the rest is None, with the reason."""
    document = plan_document(
        plan_ahead(load_plan(write(TABLE.replace("effect = { mean = -0.2, sd = 0.1 }", ""), rows=None)))
    )
    assert document["smallest_detectable"]["percent"] < 0
    assert document["break_even"]["events"] == pytest.approx(25, rel=1e-3)
    assert document["break_even"]["probability"] is None
    for part in ("conclusive", "appraisal", "learning"):
        assert document[part] is None
        assert "no prior effect is given" in document[f"{part}_reason"]


def test_a_measure_that_could_never_pay_is_told_so(write):
    """More than all events would have to be prevented: no percentage, and why."""
    plan = plan_ahead(load_plan(write(TABLE.replace("amount = 100000", "amount = 1e11"), rows=None)))
    assert plan.break_even.change is None
    assert plan.break_even.probability == 0
    assert "not even an end of all of them would pay" in plan.break_even.reason


def test_the_library_gives_the_same_as_the_command(write):
    """A plan from Python is an object with its parts."""
    plan = plan_ahead(load_plan(write(TABLE, rows=None)))
    assert isinstance(plan.appraisal, ek.Appraisal)
    assert plan.conclusive.prevents == pytest.approx(1 - plan.conclusive.inconclusive - plan.conclusive.harms)


def test_a_plan_is_appraised_under_the_assumptions_that_the_study_names(write):
    """Taxing that loses half of what it raises makes 100,000 cost 150,000, which 37.5 burglaries pay."""
    text = TABLE.replace(
        "[costs]", '[appraisal]\nassumptions = "dear"\n\n[assumption_sets.dear]\ndeadweight = 0.5\n\n[costs]'
    )
    plan = plan_ahead(load_plan(write(text, rows=None)))
    assert plan.break_even.events == pytest.approx(37.5, rel=1e-3)
