"""Harm in a study: the rule by default, the table [harm] of a study file, and the older weights on outcomes."""

import json

import numpy as np
import pytest

import evalkit as ek
from evalkit.errors import StudyError

HEAD = """
[study]
title = "Patrols"
primary = "burglary"
draws = 500
[intervention]
name = "patrols"
"""
CELLS = {"burglary": (207, 110, 308, 318), "robbery": (90, 84, 120, 118), "theft": (900, 990, 1300, 1290)}


def outcome(name, *more, crime=None):
    """Give the sections of an outcome with its eight integers."""
    before, after, other_before, other_after = CELLS[crime or name]
    lines = [f'[outcomes."{name}"]', f'crime = "{crime or name}"', *more, f'[outcomes."{name}".table]']
    return "\n".join([*lines, f"treated = [{before}, {after}]", f"comparison = [{other_before}, {other_after}]", ""])


def write(folder, *parts):
    """Write a study file and give its folder."""
    (folder / "study.toml").write_text("\n".join([HEAD, *parts]), encoding="utf-8")
    return folder


BOTH = (outcome("burglary"), outcome("robbery"))


def test_both_shipped_tables_by_default(tmp_path):
    """Two crimes that both tables weigh are weighed by both, without being asked for."""
    done = ek.load_study(write(tmp_path, *BOTH)).run()
    assert [each.weights.name for each in done.harm.tables] == ["cambridge-chi", "ons-severity"]
    chi = done.harm.tables[0]
    events = [done.primary_of(name).total_prevented for name in ("burglary", "robbery")]
    assert chi.total.draws == pytest.approx(273.5 * events[0] + 365 * events[1])


def test_one_crime_is_not_weighed_and_the_result_says_why(tmp_path):
    """One crime by one weight says nothing that its count does not."""
    done = ek.load_study(write(tmp_path, outcome("burglary"))).run()
    assert done.harm is None
    assert "Fewer than two outcomes" in done.harm_reason


def test_an_empty_list_turns_it_off(tmp_path):
    """Nobody has to weigh harm."""
    done = ek.load_study(write(tmp_path, *BOTH, "[harm]", "weights = []")).run()
    assert (done.harm, done.harm_reason) == (None, "")


def test_what_nobody_asked_for_stops_no_study(tmp_path):
    """Two outcomes of one class may hold the same events: no harm by default, a fault where it was asked for."""
    twice = (outcome("burglary"), outcome("north", crime="burglary"), outcome("robbery"))
    done = ek.load_study(write(tmp_path, *twice)).run()
    assert done.harm is None
    assert "both count burglary" in done.harm_reason
    asked = write(tmp_path, *twice, "[harm]", 'weights = ["cambridge-chi"]')
    with pytest.raises(StudyError, match="both count burglary"):
        ek.load_study(asked)


def test_older_weights_on_outcomes_keep_working_and_are_one_more_table(tmp_path):
    """`harm_weighted` is as it was, and the table "own" gives the same total."""
    found = write(tmp_path, outcome("burglary", "harm_weight = 3"), outcome("robbery", "harm_weight = 7"))
    done = ek.load_study(found).run()
    (*_, own) = done.harm.tables
    assert own.weights.name == "own"
    events = [done.primary_of(name).total_prevented for name in ("burglary", "robbery")]
    assert own.total.draws == pytest.approx(3 * events[0] + 7 * events[1])
    done.write(tmp_path / "out", formats=("json",))
    document = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert document["harm_weighted"]["weights"] == {"burglary": 3, "robbery": 7}
    assert document["harm_weighted"]["prevented"]["estimate"] == pytest.approx(float(np.median(own.total.draws)))


def test_a_file_of_ones_own_beside_a_shipped_table(tmp_path):
    """The file is one of the study's inputs, with its hash; its offence may stand for an outcome."""
    (tmp_path / "ours.csv").write_text("crime,offence,weight\nburglary,home,3\n,shop,2\n", encoding="utf-8")
    harm = ("[harm]", 'weights = ["ons-severity", "ours.csv"]', 'weighed_as = { burglary = "shop" }')
    done = ek.load_study(write(tmp_path, *BOTH, *harm)).run()
    ons, ours = done.harm.tables
    assert ours.lines[0].weight.weight == 2
    assert ons.left_out == {"burglary": "it has no weight in ons-severity"}
    assert "ours.csv" in done.provenance.inputs


def test_cost_of_a_unit_comes_with_costs(tmp_path):
    """The cost is that of the appraisal, over harm prevented."""
    flows = 'flows = [{ what = "patrols", amount = 50_000, bearer = "city", kind = "running", source = "x" }]'
    done = ek.load_study(write(tmp_path, *BOTH, "[costs]", 'currency = "GBP"', "year = 2020", flows)).run()
    total = done.harm.tables[0].total
    assert total.cost.estimate == pytest.approx(50_000 / total.draws.mean())


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ('weights = ["cambridge"]', "did you mean 'cambridge-chi'"),
        ('weights = ["../ours.csv"]', "leads out of the study's folder"),
        ('weights = ["none.csv"]', "cannot read the harm weights"),
        ('weighed_as = { burglry = "robbery" }', "which is not an outcome; did you mean 'burglary'"),
        ('weighed_as = { burglary = "robery" }', "no table has the offence 'robery'; did you mean 'robbery'"),
        ('tables = ["cambridge-chi"]', "has no key 'tables'"),
        ("weights = 3", "wanted is a list"),
    ],
)
def test_faults_of_the_table_are_told(tmp_path, harm, told):
    """What is wrong, and what there is."""
    with pytest.raises(StudyError) as problem:
        ek.load_study(write(tmp_path, *BOTH, "[harm]", harm))
    assert told in str(problem.value)


def test_a_table_that_was_asked_for_and_weighs_nothing_is_a_fault(tmp_path):
    """A study is told before it runs that a table has nothing to say of it."""
    (tmp_path / "ours.csv").write_text("crime,weight\narson,3\n", encoding="utf-8")
    with pytest.raises(StudyError, match="no outcome has a weight in 'ours'"):
        ek.load_study(write(tmp_path, *BOTH, "[harm]", 'weights = ["ours.csv"]'))
