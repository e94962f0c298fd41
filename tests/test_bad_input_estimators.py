"""Whatever is wrong with the data, every estimator says so: no silent other answer, and no dead process.

What the data layer catches is caught before any estimator can run, with the file's row or the site and period.
What is left are panels that hold nothing wrong and yet cannot be answered, or only in part: these go to every
installed estimator of panels, those of other packages too.
"""

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.errors import DataError, DesignError, EvalkitError

SITES, PERIODS = 30, 20
START = 14
# What an estimator can take beyond the common design; one that is not listed here is held to a refusal.
WITHOUT_COMPARISON = {"empirical-bayes", "interrupted-time-series", "table"}
MAY_END = {"local-projections"}
# Options without which the common design, four treated sites and thirteen periods before, is too much or too little.
OPTIONS = {"balancing-weights": {"lag_periods": 13}}
ESTIMATORS = [name for name in ek.models() if "panel" in ek.estimator(name).card.shapes]


def counts():
    """Counts without zeros, of sites by periods."""
    rng = np.random.default_rng(7)
    level = rng.normal(0, 0.3, (SITES, 1)) + 0.1 * np.sin(np.arange(PERIODS))
    return rng.poisson(60 * np.exp(level) * rng.gamma(20, 1 / 20, (SITES, PERIODS))) + 1.0


def panel(values, **more):
    """Give a panel of sites s00, s01, ..."""
    values = np.asarray(values, float)
    return Panel(
        outcome=Outcome(name="theft"),
        sites=tuple(f"s{row:02d}" for row in range(len(values))),
        periods=Periods(frequency="number", first=1, count=values.shape[1]),
        values=values,
        **more,
    )


def design(values, began=None, *, weights=None, **more):
    """Lay a measure in the first four sites from period 14 on over the counts."""
    began = {f"s{row:02d}": str(START) for row in range(4)} if began is None else began
    done = Intervention(
        name="patrols", began=began, **{key: more.pop(key) for key in ("ended", "resumed") if key in more}
    )
    exposure = more.pop("exposure", None)
    return Design(panel=panel(values, weights=weights, exposure=exposure), intervention=done, **more)


def answer(name, made):
    """Give the effect, or the refusal; anything else is a fault of the estimator."""
    try:
        return ek.estimator(name)(**OPTIONS.get(name, {})).estimate(made, rng=np.random.default_rng(1), draws=100)
    except EvalkitError as refusal:
        return refusal


def told(effect):
    """Everything that an effect says in words."""
    return " ".join(check.detail for check in effect.checks)


# --- what the data layer catches, before any estimator ------------------------------------------------


def rows():
    """A table with a row for each site and period."""
    return pd.DataFrame(
        [
            {
                "area": f"a{site}",
                "year": 2000 + year,
                "n": 10 + site + year,
                "homes": 100.0,
                "began": 2004 if site < 2 else None,
            }
            for site in range(5)
            for year in range(8)
        ]
    )


def changed(column, at, value):
    """Give the table with some entries replaced."""
    frame = rows()
    frame[column] = frame[column].astype(object)
    frame.loc[at, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (changed("n", 3, None), r"the table, row 3: column 'n' holds nothing \(a0, 2003\); .* not a zero"),
        (changed("n", 3, np.nan), r"row 3: column 'n' holds nothing \(a0, 2003\)"),
        (pd.concat([rows(), rows().iloc[[9]]]), "more than one row for a1 in 2001"),
        (
            rows().drop(index=[4, 5, 12, 20]),
            "no row for a0 in 2004; a0 in 2005; a1 in 2004 and 1 more; a missing row is not",
        ),
        (changed("year", 3, "spring"), "column 'year': .*'spring'"),
        (
            rows().rename(columns={"n": "m"}),
            "the table has no column 'n'; there is: 'area', 'began', 'homes', 'm', 'year'",
        ),
        (changed("n", 3, "many"), r"row 3: column 'n' holds 'many' \(a0, 2003\); wanted is a number"),
        (changed("n", slice(None), np.inf), r"row 0, 1, 2 and 37 more: column 'n' holds inf \(a0, 2000\)"),
        (changed("n", 3, -1), r"negative counts: a0 in 2003 \(-1\); wanted is zero or more"),
        (changed("n", 3, 2.5), r"counts that are not whole: a0 in 2003 \(2.5\)"),
        (changed("homes", 3, np.nan), r"row 3: column 'homes' holds nothing \(a0, 2003\)"),
        (changed("homes", 3, 0), r"exposure that is not above zero: a0 in 2003 \(0\)"),
        (changed("homes", 3, -5), r"exposure that is not above zero: a0 in 2003 \(-5\)"),
        (changed("area", 3, None), "row 3: column 'area' is empty; wanted is a site in every row"),
    ],
)
def test_a_table_at_fault_is_refused_with_its_place(frame, says):
    """The row, or the site and the period, and what was wanted; no estimator sees it."""
    with pytest.raises(DataError, match=says):
        Panel.from_long(frame, site="area", period="year", count="n", exposure="homes", outcome=Outcome(name="theft"))


def test_a_start_that_varies_within_a_site_is_refused_with_both():
    """Which of them would be taken, nobody could know."""
    from evalkit.data import began_by_site

    with pytest.raises(DataError, match=r"column 'began': site 'a0' has more than one start \('2004.0', '2006'\)"):
        began_by_site(changed("began", 3, 2006), site="area", began="began", source="counts.csv")


@pytest.mark.parametrize(
    ("began", "values", "says"),
    [
        ({"s00": "1"}, counts(), r"no period before the start of s00 \(1\): the data begin in 1"),
        ({"s00": "99"}, counts(), r"start after the last period of the data \(20\): s00 \(99\)"),
        ({"s00": "1"}, counts()[:, :1], r"no period before the start of s00 \(1\)"),
        ({"s99": "14"}, counts(), "treated site 's99' is not in the data"),
    ],
    ids=["always treated", "never in the data", "one period only", "a site that is not there"],
)
def test_a_start_that_cannot_be_evaluated_is_refused_by_the_design(began, values, says):
    """The message names the site and its start."""
    with pytest.raises(DesignError, match=says):
        design(values, began)


# --- what reaches the estimators ----------------------------------------------------------------------


def test_there_are_estimators_to_hold():
    """The lists of abilities name installed estimators only."""
    assert len(ESTIMATORS) > 3
    assert set(ek.models()) >= WITHOUT_COMPARISON | MAY_END


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_sound_panel_has_an_answer(name):
    """The panel that the others are made from is not refused, but where an estimator wants one treated series."""
    found = answer(name, design(counts()))
    if isinstance(found, EvalkitError):
        found = answer(name, design(counts(), {"s00": str(START)}))
    assert isinstance(found, ek.Effect), found
    assert np.isfinite(found.change).all()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_no_events_at_all_is_refused(name):
    """Nothing was recorded, so nothing can have changed."""
    found = answer(name, design(np.zeros((SITES, PERIODS))))
    assert isinstance(found, EvalkitError), found


@pytest.mark.parametrize("name", ESTIMATORS)
def test_treated_sites_without_events_after_the_start_have_no_silent_answer(name):
    """A logarithm of nothing is refused; who answers gives finite numbers with a range."""
    values = counts()
    values[:4, START - 1 :] = 0
    found = answer(name, design(values))
    if isinstance(found, ek.Effect):
        assert found.std_error > 0
        assert np.isfinite(found.change).all()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_comparison_site_without_events_is_named_or_kept(name):
    """Where a method has no use for it, the check says which site and how many events; a logarithm names it too."""
    values = counts()
    values[9] = 0
    found = answer(name, design(values))
    without = answer(name, design(np.delete(values, 9, axis=0)))
    if isinstance(found, EvalkitError):
        assert "s09" in str(found) or isinstance(without, EvalkitError), found
    elif isinstance(without, ek.Effect) and found.estimate == pytest.approx(without.estimate, rel=1e-6):
        assert "s09" in told(found) or name in WITHOUT_COMPARISON, told(found)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_site_alone_is_refused_by_all_that_compare(name):
    """One site, treated: only a method that needs no comparison may answer, and then as level 2."""
    made = design(counts()[:1], {"s00": str(START)})
    found = answer(name, made)
    assert made.methods_level.level == 2
    if name not in WITHOUT_COMPARISON:
        assert isinstance(found, EvalkitError), found


@pytest.mark.parametrize("name", ESTIMATORS)
def test_everybody_treated_at_once_is_refused_by_all_that_compare(name):
    """There is no untreated site-period after the start."""
    found = answer(name, design(counts(), {f"s{row:02d}": str(START) for row in range(SITES)}))
    if name not in WITHOUT_COMPARISON:
        assert isinstance(found, EvalkitError), found


@pytest.mark.parametrize("name", ESTIMATORS)
def test_nobody_never_treated_gives_an_answer_for_what_can_be_told_or_a_refusal(name):
    """With two starts the later ones serve until they start; what lies beyond is named, or all of it is refused."""
    began = {f"s{row:02d}": "14" if row < 8 else "17" for row in range(SITES)}
    found = answer(name, design(counts(), began))
    if isinstance(found, ek.Effect):
        assert np.isfinite(found.change).all()
        assert found.checks


def assert_alike(one, other):
    """Two answers are the same, or both are refusals."""
    if isinstance(one, EvalkitError) or isinstance(other, EvalkitError):
        assert isinstance(one, EvalkitError), other
        assert isinstance(other, EvalkitError), one
        return
    assert other.estimate == pytest.approx(one.estimate, rel=1e-6)
    if one.prevented is not None:
        np.testing.assert_allclose(np.median(other.total_prevented), np.median(one.total_prevented), rtol=1e-6)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_cell_without_weight_may_hold_anything(name):
    """It is how a panel holds a missing cell: no value in it reaches the answer."""
    weights = np.ones((SITES, PERIODS))
    weights[7, 3] = weights[1, 15] = 0
    wild = counts()
    wild[7, 3] = wild[1, 15] = 5000
    one, other = (answer(name, design(values, weights=weights)) for values in (counts(), wild))
    assert_alike(one, other)


CELLS = {"treated, after": (1, 15), "treated, before": (1, 5), "comparison": (7, 3)}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_cell_without_weight_is_named_with_its_events(name, kind):
    """By the cell, or by the site or period that goes with it; or the estimator refuses and says which cell."""
    row, place = CELLS[kind]
    values, weights = counts(), np.ones((SITES, PERIODS))
    values[row, place], weights[row, place] = 4321, 0
    made = design(values, weights=weights)
    found, whole = answer(name, made), answer(name, design(counts()))
    if isinstance(found, EvalkitError):
        assert f"s{row:02d} in {place + 1}" in str(found) or isinstance(whole, EvalkitError), found
        return
    by_name = {check.name: check.detail for check in found.checks}
    if kind == "comparison" and "comparison sites not used" in by_name:
        return
    named = by_name.get("cells without weight", "") + by_name.get("left out", "")
    assert f"s{row:02d}" in named or f"('{place + 1}')" in named, found.checks
    if name not in {"synthetic-control", "synthetic-did"}:  # these say what is left out in all
        lost = values[row, place] if f"s{row:02d} in {place + 1}" in named else 0
        everywhere = (values[row].sum(), values[:4, place].sum(), lost)
        assert any(f"{held:,.0f} " in named for held in everywhere if held), named


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_empty_cell_of_weight_zero_changes_nothing(name):
    """A cell that was never recorded gives the answer that a count of weight zero in its place gives."""
    weights = np.ones((SITES, PERIODS))
    for cell in CELLS.values():
        weights[cell] = 0
    empty = np.where(weights > 0, counts(), np.nan)
    one, other = (answer(name, design(values, weights=weights)) for values in (counts(), empty))
    assert_alike(one, other)
    if not isinstance(one, EvalkitError) and one.prevented is not None:
        np.testing.assert_array_equal(other.recorded, one.recorded)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_weights_that_have_no_part_are_said_to_have_none(name):
    """Where they change nothing, a check says that they were not used; or they are refused."""
    weights = np.random.default_rng(3).uniform(0.5, 2, (SITES, PERIODS))
    for began in (None, {"s00": str(START)}):
        found, plain = answer(name, design(counts(), began, weights=weights)), answer(name, design(counts(), began))
        if isinstance(found, EvalkitError) or isinstance(plain, EvalkitError):
            continue
        unused = "weights not used" in {check.name for check in found.checks}
        assert unused == (found.estimate == pytest.approx(plain.estimate, rel=1e-9)), found.checks


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_measure_that_ended_is_refused_by_all_that_take_it_to_last(name):
    """The refusal names the sites and periods, and the estimator that follows a measure on and off."""
    made = design(counts(), {"s00": "14"}, ended={"s00": "17"})
    found = answer(name, made)
    if name in MAY_END:
        assert isinstance(found, ek.Effect), found
    else:
        assert isinstance(found, DesignError), found
        assert "ended in s00 (17): use 'local-projections'" in str(found)
