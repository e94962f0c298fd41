"""Other options beside the measure: appraised on its draws, compared, and told in a study."""

import json
from dataclasses import replace

import numpy as np
import pytest

import evalkit as ek
from evalkit.economics import Costs, Flow, Option, appraise, appraise_option, compare_options
from evalkit.errors import CostError, StudyError
from evalkit.result import result_document, result_text

LAMPS = Flow(what="lamps", amount=40_000, bearer="city", kind="capital", source="offer")


def an_option(**more):
    """Give an option that prevents half as much as the measure."""
    costs = Costs(currency="USD", price_year=2008, flows=(LAMPS,))
    effect = {} if "prevented" in more else {"share_of_effect": 0.5}
    return Option(**({"costs": costs, "source": "Welsh and Farrington 2008"} | effect | more))


@pytest.fixture
def measure(make_effect, make_costs, make_prices):
    """Give an appraisal with an uncertain price, over three years of which two were seen."""
    return appraise(
        {"robbery": make_effect(periods=("2007", "2008"))},
        costs=make_costs({"mean": 100_000, "sd": 10_000}, years=(1, 2, 3)),
        prices=make_prices({"robbery": {"victims": {"mean": 12_000, "sd": 6_000}}}),
        horizon=3,
        retention={"low": 0.5, "high": 1.0},
        rng=np.random.default_rng(1),
    )


def rng():
    """Give the stream of one option."""
    return np.random.default_rng(7)


def test_a_share_of_one_at_the_same_cost_is_the_measure_itself(measure, make_costs):
    """All the measure's draws are shared: effect, price, retention; only the costs are drawn anew."""
    costs = make_costs(100_000.0, years=(1, 2, 3))
    same = appraise_option(measure, an_option(costs=costs, share_of_effect=1.0), rng=rng())
    assert np.array_equal(same.benefit_draws, measure.benefit_draws)
    assert np.array_equal(same.prevented_draws, measure.prevented_draws)
    assert np.array_equal(same.extrapolation.benefit_draws, measure.extrapolation.benefit_draws)
    assert same.cost.mean == pytest.approx(300_000 - 100_000 - 100_000 * (1 - 1 / 1.035), rel=1e-6)


def test_half_of_the_effect_is_half_of_the_benefit_row_by_row(measure):
    """A share multiplies each draw, so an option that shares the effect shares its uncertainty."""
    half = appraise_option(measure, an_option(), rng=rng())
    assert half.benefit_draws == pytest.approx(measure.benefit_draws / 2)
    assert half.cost_draws == pytest.approx(np.full(4000, 40_000.0))
    assert [each.what for each in half.assumptions] == ["effect", "cost: lamps"]
    assert half.assumptions[0].source == "Welsh and Farrington 2008"


def test_events_a_year_are_counted_for_the_time_that_was_seen(measure):
    """Thirty a year are sixty in a window of two years, and harm is possible: {mean, sd} is normal here."""
    given = appraise_option(measure, an_option(prevented={"robbery": {"mean": 30, "sd": 40}}), rng=rng())
    assert given.prevented.mean == pytest.approx(60, rel=1e-3)
    assert given.prevented_draws.std() == pytest.approx(80, rel=1e-2)
    assert given.prevented_draws.min() < 0
    certain = appraise_option(measure, an_option(prevented={"robbery": 30}), rng=rng())
    worth = measure.inputs.worth["robbery"].lines[0].draws
    assert certain.benefit_draws == pytest.approx(worth * 30 * (1 + 1 / 1.035))


def test_an_option_moves_no_draw_of_another(measure):
    """Each has a stream of its own."""
    one = appraise_option(measure, an_option(share_of_effect={"low": 0.2, "high": 0.8}), rng=rng())
    again = appraise_option(measure, an_option(share_of_effect={"low": 0.2, "high": 0.8}), rng=rng())
    assert np.array_equal(one.benefit_draws, again.benefit_draws)


def test_shared_prices_do_not_blur_a_difference(measure):
    """Less of the effect at the same cost is better only where the effect is harm; prices drawn apart would blur it."""
    costs = replace(measure.inputs.costs, flows=(replace(LAMPS, amount=100_000),))
    worse = appraise_option(measure, an_option(costs=costs, share_of_effect=0.9), rng=rng())
    better = appraise_option(measure, an_option(costs=costs, share_of_effect=1.0), rng=rng())
    found = compare_options({"worse": worse, "better": better})
    harmed = np.mean(measure.prevented_draws <= 0)
    assert np.mean(worse.net_benefit_draws > better.net_benefit_draws) == pytest.approx(harmed, abs=1e-3)
    assert found.warnings == ()


def test_options_whose_prices_were_drawn_apart_are_warned_of(make_effect, make_costs, make_prices):
    """Two appraisals with streams of their own do not share the worth of a crime."""
    prices = make_prices({"robbery": {"victims": {"mean": 12_000, "sd": 6_000}}})
    one, two = (
        appraise({"robbery": make_effect()}, costs=make_costs(), prices=prices, rng=np.random.default_rng(seed))
        for seed in (1, 2)
    )
    assert "drawn for two apart from one" in compare_options({"one": one, "two": two}).warnings[0]


def test_everything_is_told_as_compared_with_the_comparator(measure):
    """The comparator is named, doing without is always there, and each plane says which way round it is."""
    half = appraise_option(measure, an_option(), rng=rng())
    found = compare_options({"patrols": measure, "lighting": half}, comparator="lighting")
    assert found.names == ("doing without", "patrols", "lighting")
    assert [plane.label for plane in found.planes] == [
        "doing without compared with lighting",
        "patrols compared with lighting",
    ]
    difference = measure.discounted_prevented_draws - half.discounted_prevented_draws
    assert found.planes[1].extra_effect.mean == pytest.approx(difference.mean())
    assert found.prob_best.sum() == pytest.approx(1)
    assert found.expected_net_benefit("patrols").mean == pytest.approx(measure.net_benefit.mean)
    assert found.expected_net_benefit("doing without").mean == 0


def test_a_budget_counts_the_costs_of_the_bearer_who_has_it(measure):
    """Lamps paid by the businesses leave the city's budget alone."""
    lamps = Costs(currency="USD", price_year=2008, flows=(replace(LAMPS, bearer="businesses"),))
    half = appraise_option(measure, an_option(costs=lamps, prevented={"robbery": 60}), rng=rng())
    options = {"patrols": measure, "lighting": half}
    assert compare_options(options, budget=0, budget_of="city").portfolio.chosen == ("lighting",)
    assert compare_options(options, budget=30_000).portfolio.chosen == ()
    assert compare_options(options, budget=50_000).portfolio.chosen == ("lighting",)


def test_a_grant_leaves_the_budget_of_the_city_alone(measure):
    """What others pay to the city is not the city's to find."""
    grant = replace(LAMPS, what="grant", amount=40_000, bearer="national taxpayer", received_by="city")
    costs = Costs(currency="USD", price_year=2008, flows=(LAMPS, grant))
    given = appraise_option(measure, an_option(costs=costs, prevented={"robbery": 60}), rng=rng())
    found = compare_options({"lighting": given}, budget=10_000, budget_of="city").portfolio
    assert (found.chosen, found.cost) == (("lighting",), LAMPS.quantity.mean - 40_000)
    assert compare_options({"lighting": given}, budget=10_000).portfolio.chosen == ()


def test_the_extrapolation_is_compared_when_asked_for(measure):
    """A longer life changes what an option is worth, and which scenario is compared is said."""
    half = appraise_option(measure, an_option(), rng=rng())
    found = compare_options({"patrols": measure, "lighting": half}, scenario="extrapolation")
    assert found.scenario == "extrapolation"
    assert found.expected_net_benefit("lighting").mean == pytest.approx(half.extrapolation.net_benefit.mean)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"source": " "}, "says where its effect is from; there is no 'source'"),
        ({"share_of_effect": None}, "one of them; there is neither"),
        ({"share_of_effect": 0.5, "prevented": {"robbery": 3}}, "one of them; there is both"),
        ({"share_of_effect": 60}, "a share, such as 0.6; there is 60"),
        ({"share_of_effect": -0.5}, "share_of_effect is an amount of zero or more"),
        ({"prevented": {"robbery": "many"}}, "prevented of 'robbery'.*there is 'many'"),
        ({"prevented": {"robbery": float("inf")}}, "prevented of 'robbery'"),
    ],
)
def test_an_option_that_cannot_be_is_refused(more, words):
    """Its effect is given once, from somewhere, and within reason."""
    with pytest.raises(CostError, match=words):
        an_option(**more)


def test_an_option_on_what_was_not_appraised_is_refused(measure):
    """The nearest outcome is named."""
    with pytest.raises(CostError, match="prevented of 'robery', which is not appraised; did you mean 'robbery'"):
        appraise_option(measure, an_option(prevented={"robery": 3}), rng=rng())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"comparator": "lights"}, "no option 'lights' .comparator.; did you mean 'lighting'"),
        ({"exclusive": [["patrols", "lighting"]]}, "there is no 'budget'"),
        ({"budget": 5, "budget_of": "health"}, "no option costs 'health' anything .budget_of."),
        ({"scenario": "for ever"}, "has no scenario 'for ever'"),
        ({"values": [float("nan")]}, "amounts of zero or more"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused(measure, change, words):
    """What is wrong is named."""
    half = appraise_option(measure, an_option(), rng=rng())
    with pytest.raises(CostError, match=words):
        compare_options({"patrols": measure, "lighting": half}, **change)


def test_appraisals_that_do_not_go_together_are_refused(measure, make_effect, make_costs):
    """One currency, one perspective, one horizon for all; without prices no budget can be spent."""
    other = appraise({"robbery": make_effect()}, costs=make_costs())
    with pytest.raises(CostError, match="'a' and 'b' differ in horizon: 2 and 1"):
        compare_options({"a": measure, "b": other})
    with pytest.raises(CostError, match="nothing has a price: give prices, or no budget"):
        compare_options({"b": other}, budget=10)
    assert compare_options({"b": other}).net_benefit is None


STUDY = """
[study]
title = "Patrols, lighting, wardens"
primary = "crime"
seed = 4
draws = 500

[intervention]
name = "patrols"
approach = "enforcement"
mechanism = "risk of being caught"
target = "place"

[outcomes.crime]
crime = "robbery"
source = "police"

[outcomes.crime.table]
treated = [207, 110]
comparison = [308, 318]

[analysis]
estimator = "table"

[costs]
currency = "USD"
year = 2008
flows = [{ what = "patrols", amount = { mean = 100_000, sd = 9_000 }, bearer = "city", kind = "running", source = "s" }]
"""
OPTIONS = """
[options.lighting]
flows = [{ what = "<b>lamps</b>", amount = 60_000, bearer = "city", kind = "capital", source = "offer" }]
share_of_effect = { low = 0.2, mode = 0.5, high = 0.9 }
source = "<script>alert(1)</script>"

[options.wardens]
flows = [{ what = "wardens", amount = 150_000, bearer = "city", kind = "running", source = "offer" }]
prevented = { crime = { mean = 90, sd = 40 } }
source = "a trial"

[decision]
comparator = "lighting"
"""


def load(folder, text):
    """Read a study from its text."""
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return ek.load_study(folder)


def test_a_study_with_options_tells_them_in_the_result_and_in_the_report(tmp_path):
    """Section, figures and result.json hold the same comparison; text of the study stays text."""
    evaluation = load(tmp_path, STUDY + OPTIONS).run()
    found = json.loads(result_text(result_document(evaluation)))["options"]
    assert {line["option"] for line in found["lines"]} == {"doing without", "patrols", "lighting", "wardens"}
    assert [plane["label"] for plane in found["planes"]][1] == "patrols compared with lighting"
    assert len(found["acceptability"]["frontier"]) == len(found["acceptability"]["values"]) == 101
    assert found["portfolio"] is None
    evaluation.write(tmp_path / "out", formats=("html", "md"))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Options compared" in page
    assert "Patrols compared with lighting: prevents more and costs more in" in page
    assert "probability that the option is" in page
    assert "<script>alert" not in page
    assert "<b>lamps" not in page
    for name in ("acceptability", "expected-loss", "options-frontier"):
        assert (tmp_path / "out" / "figures" / f"{name}.svg").is_file()
        assert (tmp_path / "out" / "tables" / f"figure-{name}.csv").is_file()


def test_a_study_without_options_has_the_same_numbers_as_with_them(tmp_path):
    """Options draw from streams of their own, so declaring one moves nothing of the measure."""
    plain, more = (result_document(load(tmp_path, text).run()) for text in (STUDY, STUDY + OPTIONS))
    for key in ("effects", "appraisal", "extrapolation", "findings", "warnings"):
        assert plain[key] == more[key]
    assert [line["option"] for line in plain["options"]["lines"]] == ["doing without", "patrols"]


def test_the_curve_of_one_measure_says_that_it_pays(tmp_path):
    """Pitfall 7, label: with one measure the axis reads "probability that it pays at this value"."""
    evaluation = load(tmp_path, STUDY).run()
    evaluation.write(tmp_path / "out", formats=("html",))
    drawn = (tmp_path / "out" / "figures" / "acceptability.svg").read_text(encoding="utf-8")
    assert "probability that it pays" in drawn
    assert "Options compared" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_measure_not_shown_to_prevent_crime_has_no_cost_for_each_beside_its_options(tmp_path):
    """Pitfalls 20 and 21: where crime rather rose, no cost of a prevented crime is told, and none below zero."""
    text = (STUDY + OPTIONS).replace("treated = [207, 110]", "treated = [207, 240]")
    evaluation = load(
        tmp_path, text.replace("prevented = { crime = { mean = 90", "prevented = { crime = { mean = -9")
    ).run()
    assert evaluation.appraisal.cost_per_crime_prevented.prob_prevents < 0.5
    assert all(line.ratio is None or line.ratio > 0 for line in evaluation.options.incremental.lines)
    assert evaluation.options.incremental.frontier == ("doing without",)
    evaluation.write(tmp_path / "out", formats=("md",))
    page = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "cost per crime prevented" not in page.lower() or "not shown to prevent crime" in page
    assert "It is not shown to prevent crime. The measure compared with doing without" in page
    assert "there it pays at no value" in page
    assert "At every value that was looked at, doing without is best on average." in page


def test_a_ratio_that_rests_on_few_draws_is_not_told():
    """Pitfall 20, between options: where most draws prevent no more than the neighbour, there is no figure."""
    from evalkit.economics.decisions import incremental, read_draws
    from evalkit.report.decisionwords import ratio

    effect = np.column_stack([np.zeros(10), np.array([-1.0] * 6 + [9.0] * 4)])
    line = incremental(read_draws(("a", "b"), np.column_stack([np.zeros(10), np.full(10, 5.0)]), effect)).lines[1]
    assert line.ratio == pytest.approx(5 / 3)
    assert line.prob_prevents_more == pytest.approx(0.4)
    assert ratio(line, "USD") == ("no figure", "Not shown to prevent crime beyond a.")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("share_of_effect = {", "share_of_efect = {", "no key 'share_of_efect'; did you mean 'share_of_effect'"),
        ('bearer = "city", kind = "capital"', 'bearer = "citi", kind = "capital"', "no bearer 'citi'"),
        ('comparator = "lighting"', 'comparator = "lightning"', "did you mean 'lighting'"),
        ('comparator = "lighting"', "budget = 1000", "nothing has a price: give prices, or no budget"),
        ('comparator = "lighting"', "ref = 1", "has no key 'ref'"),
        ("prevented = { crime", "prevented = { crimes", "did you mean 'crime'"),
        ("[options.wardens]", "[options.patrols]", "the name of the measure itself"),
        ('source = "a trial"', "", "there is no 'source'"),
        ("prevented = { crime = { mean = 90, sd = 40 } }", "prevented = 3", "prevented is a table by outcome"),
        ("[options.wardens]", '[options."doing without"]', "which is there already"),
    ],
)
def test_a_fault_of_options_is_found_before_the_run(tmp_path, old, new, words):
    """Each names the option and what was wanted."""
    text = STUDY + OPTIONS
    assert old in text
    with pytest.raises(StudyError, match=words):
        load(tmp_path, text.replace(old, new))


def test_options_without_costs_are_refused(tmp_path):
    """There is nothing to compare them with."""
    text = STUDY[: STUDY.index("[costs]")] + OPTIONS
    with pytest.raises(StudyError, match=r"there are \[options\] but no \[costs\]"):
        load(tmp_path, text)


def test_the_measures_own_plane_is_that_of_the_options(make_effect, make_costs, make_prices):
    """One cost for both planes, with what taxing for it loses, and events in present value."""
    found = appraise(
        {"robbery": make_effect(mean=2, sd=8, periods=("2007", "2008"))},
        costs=make_costs({"low": 10_000, "high": 90_000}, years=(1, 2)),
        prices=make_prices(),
        deadweight={"low": 0.2, "high": 0.8},
        rng=rng(),
    )
    (plane,) = compare_options({"patrols": found}).planes
    assert plane.quadrants == found.quadrants
    assert np.array_equal(plane.cost, found.full_cost_draws)
    assert np.array_equal(plane.effect, found.present_events_draws)
    assert plane.extra_cost.mean == pytest.approx(found.cost.mean + found.tax_loss_draws.mean())
