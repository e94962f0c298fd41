"""Sets of assumptions are whole, say what they are, and change nothing but what they name."""

import numpy as np
import pytest

from evalkit.economics import AS_GIVEN, appraise, assumption_set, assumption_sets
from evalkit.errors import CostError
from evalkit.report import html


def test_the_shipped_sets_say_what_they_stand_for():
    """The names that the manual promises, each with a sentence, a source and choices that appraise takes."""
    found = assumption_sets()
    assert set(found) == {"baseline", "cautious", "green-book", "wsipp"}
    for each in found.values():
        assert each.says.endswith(".")
        assert each.source
        assert each.choices


def test_every_shipped_set_is_appraised(make_effect, make_costs, make_prices):
    """Against the same sums by hand: rates, loss by taxation, dearer costs."""
    effect, costs = make_effect(mean=30, sd=0, periods=("2007", "2008")), make_costs(100_000, years=(1, 2))
    prices = make_prices({"robbery": {"victims": 10_000}})
    expected = {
        "baseline": (0.035, 0.0, 0.0),
        "green-book": (0.035, 0.0, 0.0),
        "cautious": (0.05, 0.0, 0.1),
        "wsipp": (0.035, 0.5, 0.0),
    }
    for name, (rate, loss, bias) in expected.items():
        options = assumption_set(name).apply({})
        found = appraise({"robbery": effect}, costs=costs, prices=prices, rng=np.random.default_rng(1), **options)
        factor = 1 + 1 / (1 + rate)
        cost = 100_000 * (1 + bias) * factor
        assert found.cost.mean == pytest.approx(cost)
        assert found.benefit.mean == pytest.approx(150_000 * factor - loss * cost, rel=1e-3)


def test_a_set_takes_the_place_of_every_assumption_and_of_nothing_else():
    """In a comparison it is the same in every study; under a study it gives way to what the study says."""
    study = {"discounting": 0.01, "retention": 0.5, "horizon": 9, "stop": {"year": 2}, "price_year": 2008}
    wsipp = assumption_set("wsipp")
    assert wsipp.apply(study) == {"price_year": 2008, **wsipp.choices}
    assert wsipp.under(study) == {**wsipp.choices, **study}
    assert wsipp.apply({"perspective": "city"})["perspective"] == "city"


def test_a_set_of_ones_own_is_read_and_a_wrong_one_is_told():
    """A key that no set chooses, a set that chooses nothing, and a name that is taken."""
    own = {"house": {"discounting": 0.04, "horizon": 10, "retention": 0.8, "says": "As the council decided in 2024."}}
    assert assumption_set("house", own).choices == {"discounting": 0.04, "horizon": 10, "retention": 0.8}
    for table, said in (
        ({"discountin": 0.04}, "has no choice 'discountin'; did you mean 'discounting'"),
        ({"says": "Nothing."}, "chooses nothing"),
        ({"says": 7, "horizon": 2}, "says of assumption set 'house' is text"),
    ):
        with pytest.raises(CostError, match=said):
            assumption_sets({"house": table})
    with pytest.raises(CostError, match="has the name of a shipped one"):
        assumption_sets({"wsipp": {"horizon": 2}})
    with pytest.raises(CostError, match="no assumption set 'wsip'; did you mean 'wsipp'"):
        assumption_set("wsip")


def test_pitfall_14_optimism_bias_stands_apart_from_uncertainty(make_effect, make_costs, make_prices):
    """Pitfall 14: optimism bias stated separately from uncertainty; it widens nothing but in proportion."""
    costs, prices = make_costs({"low": 80_000, "high": 120_000}), make_prices({"robbery": {"victims": 10_000}})
    plain, dearer = (
        appraise(
            {"robbery": make_effect()}, costs=costs, prices=prices, rng=np.random.default_rng(1), optimism_bias=bias
        )
        for bias in (0.0, 0.25)
    )
    np.testing.assert_allclose(dearer.cost_draws, 1.25 * plain.cost_draws)
    np.testing.assert_array_equal(dearer.benefit_draws, plain.benefit_draws)
    said = [each.value for each in dearer.assumptions if each.what == "optimism bias of costs"]
    assert said == ["25 % added to every cost as given, apart from its uncertainty"]
    assert not [each for each in plain.assumptions if "optimism" in each.what]
    for wrong in (-0.1, 3, "much", True):
        with pytest.raises(CostError, match="optimism_bias"):
            appraise({"robbery": make_effect()}, costs=costs, optimism_bias=wrong, rng=np.random.default_rng(1))


STUDY = """
[study]
title = "A table"
primary = "robbery"
draws = 400

[intervention]
name = "patrol"

[outcomes.robbery]
crime = "robbery"
[outcomes.robbery.table]
treated = [207, 110]
comparison = [308, 318]

[costs]
currency = "USD"
year = 2008
flows = [{ what = "patrols", amount = { low = 200000, high = 400000 }, bearer = "city", kind = "running", year = 1 }]

[prices]
schedule = "mccollister-2010"
multipliers = "none"
beside = []
leave_out = []
"""


@pytest.fixture
def study_of(tmp_path):
    """Give a maker of a study from its file and what is added to it."""
    import evalkit as ek

    def make(added=""):
        file = tmp_path / "study.toml"
        file.write_text(STUDY + added, encoding="utf-8")
        return ek.load_study(file)

    return make


def test_one_word_chooses_a_set_and_the_report_lists_it(study_of):
    """The headline is that of the set, the other sets stand beside it, and draws are the same in all."""
    plain = study_of().run()
    chosen = study_of('\n[appraisal]\nassumptions = "wsipp"\n').run()
    lines = {line.name: line for line in plain.by_assumptions}
    assert list(lines) == [AS_GIVEN, "baseline", "cautious", "green-book", "wsipp"]
    assert lines[AS_GIVEN].chosen
    assert lines["baseline"].net_benefit == lines[AS_GIVEN].net_benefit == plain.appraisal.net_benefit
    assert [line.name for line in chosen.by_assumptions] == ["wsipp", "baseline", "cautious", "green-book"]
    assert chosen.appraisal.net_benefit.mean == pytest.approx(lines["wsipp"].net_benefit.mean)
    deadweight = next(each for each in chosen.appraisal.assumptions if each.what == "deadweight of taxation")
    assert "0.5" in deadweight.value
    assert lines["cautious"].cost.mean == pytest.approx(1.1 * lines["baseline"].cost.mean)


def test_what_the_study_says_itself_holds_over_its_set(study_of):
    """The set is then shown beside it once more, whole."""
    found = study_of('\n[appraisal]\nassumptions = "wsipp"\ndeadweight = 0.0\ncompare = ["wsipp"]\n').run()
    first, second = found.by_assumptions
    assert (first.name, first.chosen) == ("wsipp, but for what the study says itself", True)
    assert (second.name, second.chosen) == ("wsipp", False)
    assert "deadweight: 0" in first.choices
    # more is saved by police, courts and prisons than the patrols cost, so that taxing less is a gain
    assert first.benefit.mean < second.benefit.mean


def test_a_set_of_the_studys_own_with_a_horizon(study_of):
    """The years that every set has are compared, and what its horizon adds stands beside them."""
    found = study_of(
        "\n[appraisal]\nperiod_years = 1\n[assumption_sets.house]\nhorizon = 5\nretention = 0.5\n"
        'says = "Five years, half kept each year."\n'
    ).run()
    seen, beyond = (each for each in found.by_assumptions if each.name == "house")
    assert (seen.scenario, beyond.scenario, beyond.horizon) == ("observed window", "extrapolation", 5)
    assert beyond.benefit.mean > seen.benefit.mean == pytest.approx(found.appraisal.benefit.mean)
    assert {each.horizon for each in found.by_assumptions if each is not beyond} == {found.appraisal.horizon}
    page = html.render(found)
    assert "house, extrapolated" in page


def test_a_set_that_cannot_be_appraised_says_why(study_of):
    """The loss by taxation is one to society: the other lines stand."""
    found = study_of("\n[appraisal]\ndeadweight = 0.0\n[assumption_sets.odd]\nhorizon = 5\nretention = 0.5\n").run()
    line = next(each for each in found.by_assumptions if each.name == "odd")
    assert line.net_benefit is None
    assert "how long it is in years with period_years" in line.reason


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('[appraisal]\nassumptions = "wsip"', "no assumption set 'wsip'; did you mean 'wsipp'"),
        ('[appraisal]\ncompare = ["cautios"]', "no assumption set 'cautios'; did you mean 'cautious'"),
        ("[assumption_sets.wsipp]\nhorizon = 2", "has the name of a shipped one"),
        ("[assumption_sets.own]\nhorizn = 2", "has no choice 'horizn'"),
        ("[appraisal]\noptimism_bias = 7.0", "optimism_bias is the share"),
        ('[appraisal]\nsensitivity = { two_way = ["a", "b"] }', "two_way: no input 'a'"),
    ],
)
def test_a_wrong_set_is_told_before_anything_is_run(study_of, added, said):
    """With the name that was meant."""
    with pytest.raises(Exception, match=said):
        study_of("\n" + added + "\n")


def test_no_set_is_compared_where_none_is_wanted(study_of):
    """An empty list turns the table off."""
    assert study_of("\n[appraisal]\ncompare = []\n").run().by_assumptions == ()
