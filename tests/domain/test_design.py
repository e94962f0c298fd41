"""A design knows what it compares, and what that can show."""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods, Table
from evalkit.errors import DesignError, DomainError

OUTCOME = Outcome(name="burglary", crime="burglary")


def panel(sites=6, first=2000, periods=8, frequency="year"):
    """Give a panel of ones."""
    return Panel(
        outcome=OUTCOME,
        sites=tuple(f"s{place}" for place in range(sites)),
        periods=Periods(frequency=frequency, first=first, count=periods),
        values=np.ones((sites, periods)),
    )


def design(began=None, **more):
    """Give a design with two treated sites."""
    done = Intervention(name="patrols", began=began or {"s0": "2004", "s1": "2004"})
    return Design(**{"panel": panel(), "intervention": done, **more})


def test_treated_site_periods_follow_from_the_starts():
    """A site is treated from its first treated period on."""
    made = design({"s0": "2004", "s1": "2006"})
    assert made.treatment.sum(axis=1).tolist() == [4, 2, 0, 0, 0, 0]
    assert made.cohorts == ("2004", "2006")
    assert made.is_staggered
    assert made.comparison_sites == ("s2", "s3", "s4", "s5")


def test_a_buffer_is_never_comparison():
    """Crime may have moved there."""
    assert design(buffer=("s2",)).comparison_sites == ("s3", "s4", "s5")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"began": {"s9": "2004"}}, "treated site 's9' is not in the data; there is: 's0', 's1'"),
        ({"buffer": ("s0",)}, "named both as treated and as buffer"),
        ({"comparison": ("s2", "x")}, "comparison site 'x' is not in the data"),
        ({"began": {"s0": "2010"}}, r"start after the last period of the data \(2007\): s0 \(2010\)"),
        ({"began": {"s0": "2000"}}, "there is no period before the start"),
        ({"began": {"s0": "spring"}}, "start of site 's0': 'spring' is not a year"),
        ({"selection_window": ("2003", "2001")}, "ends .* before it begins"),
        ({"assignment": "random"}, "did you mean 'randomised'"),
        ({"table": Table(outcome=OUTCOME, treated=(1, 2))}, "exactly one shape of data"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused(more, says):
    """The message names the site or period."""
    with pytest.raises(DesignError, match=says):
        design(**more)


def surge(ended, resumed=None, began=None):
    """Give a design of a measure that ended."""
    began = began or {"s0": "2002", "s1": "2003"}
    done = Intervention(name="surge", began=began, ended=ended, resumed=resumed or {})
    return Design(panel=panel(), intervention=done)


def test_a_measure_that_ended_is_off_until_it_resumes():
    """Spells are read from starts and ends; the start of a site stays its first."""
    made = surge({"s0": ("2004", "2007"), "s1": "2005"}, {"s0": "2006"})
    assert made.treatment[:2].astype(int).tolist() == [[0, 0, 1, 1, 0, 0, 1, 0], [0, 0, 0, 1, 1, 0, 0, 0]]
    assert not made.treatment[2:].any()
    assert made.starts[:2].tolist() == [2, 3]
    assert made.intervention.spells("s0") == (("2002", "2004"), ("2006", "2007"))
    assert made.intervention.spells("s5") == ()
    assert made.switches_off
    assert not design().switches_off
    assert made.periods_after == ("2002", "2003", "2004", "2005", "2006", "2007")


def test_an_end_beyond_the_data_is_none():
    """What ends later has not ended yet."""
    made = surge({"s0": "2030"})
    assert not made.switches_off
    assert made.treatment[0].sum() == 6
    assert "measure ended" not in {check.name for check in made.checks}


def test_an_end_is_told():
    """The reader learns that later periods do not count as treated."""
    (check,) = [each for each in surge({"s0": ("2004", "2007")}, {"s0": "2006"}).checks if each.name == "measure ended"]
    assert check.passed is None
    assert "ended in 1 of 2 treated sites within the data, and came back in 1" in check.detail


def test_a_method_for_measures_that_last_is_refused_the_panel():
    """Its answer would be to another question, and nobody would see that."""
    made = surge({"s0": "2004", "s1": "2005"})
    with pytest.raises(DesignError, match=r"a ratio takes the measure to go on .* ended in s0 \(2004\), s1 \(2005\)"):
        made.require_panel("a ratio")
    assert made.require_panel("a ratio", may_end=True) is made.panel


@pytest.mark.parametrize(
    ("ended", "resumed", "says"),
    [
        ({"s0": "2002"}, {}, "ends in site 's0' in 2002, and begins there in 2002"),
        ({"s0": "2001"}, {}, "ends in site 's0' in 2001"),
        ({"s0": "2004"}, {"s0": "2003"}, "begins again in site 's0' in 2003, and ended there in 2004"),
        ({"s0": "spring"}, {}, "end of site 's0': 'spring' is not a year"),
        ({"s9": "2004"}, {}, "ended in site 's9', but is not said to have begun there; there is: 's0', 's1'"),
        ({"s0": "2004"}, {"s1": "2006"}, "resumed in site 's1', but is not said to have ended there"),
        ({"s0": ("2004", "2006")}, {}, "ended 2 times in site 's0' and resumed 0 times"),
        ({"s0": "2004"}, {"s0": ("2005", "2006")}, "ended 1 times in site 's0' and resumed 2 times"),
    ],
)
def test_ends_that_make_no_sense_are_refused(ended, resumed, says):
    """The message names the site and the period."""
    with pytest.raises(ValueError, match=says):
        surge(ended, resumed)


def test_a_table_has_no_place_for_an_end():
    """It has one period before and one after."""
    done = Intervention(name="surge", began={"treated": "after"}, ended={"treated": "later"})
    with pytest.raises(DesignError, match="a measure that ended needs a panel"):
        Design(table=Table(outcome=OUTCOME, treated=(1, 2)), intervention=done)


def test_an_intervention_begins_somewhere():
    """Without a treated site there is nothing to evaluate."""
    with pytest.raises(DomainError, match="began nowhere"):
        Intervention(name="patrols", began={})


@pytest.mark.parametrize(
    ("made", "level"),
    [
        (design(), 4),
        (design(assignment="randomised"), 5),
        (design({"s0": "2004"}), 3),
        (design({"s0": "2001", "s1": "2001"}), 3),
        (design({f"s{place}": "2004" for place in range(6)}), 2),
        (design({f"s{place}": str(2003 + place % 2) for place in range(6)}), 3),
        (
            Design(
                table=Table(outcome=OUTCOME, treated=(9, 8), comparison=(9, 9)),
                intervention=Intervention(name="x", began={"treated": "after"}),
            ),
            3,
        ),
        (
            Design(
                table=Table(outcome=OUTCOME, treated=(9, 8)),
                intervention=Intervention(name="x", began={"treated": "after"}),
            ),
            2,
        ),
    ],
)
def test_the_methods_level_is_derived_from_what_the_design_is(made, level):
    """Nobody types it in; the reason is a sentence."""
    assert made.methods_level.level == level
    assert len(made.methods_level.reason) > 30


def test_choosing_sites_for_a_bad_spell_is_told():
    """Part of a fall after a bad spell comes by itself."""
    names = {check.name: check.passed for check in design(selection_window=("2002", "2003")).checks}
    assert names["selection window"] is False
    early = {check.name: check.passed for check in design(selection_window=("1990", "1992")).checks}
    assert early["selection window"] is True


def test_unequal_seasons_are_told():
    """A winter compared with a summer needs comparison sites that had the same seasons."""
    quarters = panel(first=2000 * 4, periods=8, frequency="quarter")
    made = Design(panel=quarters, intervention=Intervention(name="x", began={"s0": "2000Q3"}))
    assert "seasons" in {check.name for check in made.checks}


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"treated": (1,)}, "treated is two counts"),
        ({"treated": (1, -2)}, "count after in treated is zero or more; there is -2"),
        ({"treated": (1, 2.5)}, "whole number"),
        ({"treated": (1, True)}, "is a number"),
        ({"treated": (1, 2), "buffer": (3, 4)}, "none for what it is compared with"),
        ({"treated": (1, 2), "buffer_comparison": (3, 4)}, "none for the buffer"),
        ({"treated": (1, 2), "buffer": (3, 4), "buffer_comparison": "shared"}, "no comparison area to share"),
        ({"treated": (1, 2), "lengths": (0, 1)}, "two numbers above zero"),
        ({"treated": (1, 2), "areas": (("teated", 2.0),)}, "areas gives a size"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(cells, says):
    """Each cell is checked where it is given."""
    with pytest.raises(ValueError, match=says):
        Table(outcome=OUTCOME, **cells)
