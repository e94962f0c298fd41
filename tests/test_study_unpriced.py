import json

import numpy as np
import pytest

import evalkit as ek
from evalkit.economics.unpriced import break_even_privacy, present_years
from evalkit.report import html, markdown
from evalkit.result import result_document, result_text

STUDY = """
[study]
title = "Cameras in the centre"
primary = "robbery"
draws = 400

[intervention]
name = "cameras"

[data]
file = "counts.csv"
site = "area"
period = "year"
began = "began"

[outcomes.robbery]
count = "n"
exposure = "homes"
crime = "robbery"

[outcomes.unsafe]
proportion = "unsafe"

[analysis]
estimator = "did-poisson"
sensitivity = [ { estimator = "did-ols", name = "levels", transform = "level" } ]

[costs]
currency = "GBP"
year = 2019
flows = [ { what = "cameras", amount = 100000, bearer = "city", kind = "capital", source = "accounts" } ]

[prices]
country = "GBR"
currency = "GBP"
price_year = 2019
basis = "recorded"
unit_costs = [ { crime = "robbery", value = 9000, component = "property", tangible = TANGIBLE, bearer = "victims" } ]
"""
INTRUSION = """
[intrusion]
exposed_residents = { value = 10000, source = "register" }
[intrusion.exposures]
person_hours_observed = { low = 1e6, high = 2e6, source = "camera plan" }
retention_days = 30
stops_caused = { by_group = { young = 300, others = 100 } }
[intrusion.population]
residents = { young = 2500, others = 7500 }
[intrusion.principles]
necessity = { answer = "fail", evidence = "<script>nothing else was tried</script>" }
"""
PERCEPTION = """
[perception]
outcome = "unsafe"
residents = 10000
"""
WELLBY = """
value = "wellby"
life_satisfaction_per_point = { value = 0.002, source = "household panel" }
"""


@pytest.fixture
def load(tmp_path):
    """Give a way to read the study above with more sections, and run it."""
    rng = np.random.default_rng(3)
    rows = ["area,year,n,homes,unsafe,began"]
    for area in range(16):
        for year in range(2003, 2010):
            on = area < 6 and year >= 2007
            unsafe = 0.4 + 0.02 * (area % 5) - 0.05 * on + rng.normal(0, 0.01)
            rows.append(f"a{area},{year},{rng.poisson(60 - 20 * on)},100,{unsafe:.4f},{2007 if area < 6 else ''}")
    (tmp_path / "counts.csv").write_text("\n".join(rows), encoding="utf-8")

    def read(*more, tangible=True):
        text = STUDY.replace("TANGIBLE", "true" if tangible else "false") + "".join(more)
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        return ek.load_study(tmp_path)

    return read


def test_a_study_that_does_not_ask_has_the_same_result_but_for_what_is_asked(load):
    """Exposure and feelings have a stream of their own: no other number moves."""
    plain, asked = (
        json.loads(result_text(result_document(load(*more).run()))) for more in ((), (INTRUSION, PERCEPTION))
    )
    assert plain.pop("intrusion") is None
    assert plain.pop("perception") is None
    assert asked.pop("intrusion") is not None
    assert asked.pop("perception")["worth"] is None
    # doing without watches nobody, and is preferred where the measure cannot be told from it
    assert plain["options"].pop("preference") is None
    assert asked["options"].pop("preference")["best"] in {"doing without", asked["study"]["intervention"]["name"]}
    # and the principle that is not kept bars the measure
    assert (plain["options"].pop("barred"), asked["options"].pop("barred")) == ([], ["cameras"])
    for each in (plain, asked):
        each["provenance"].pop("inputs")
        each.pop("warnings")
    assert plain == asked


def test_the_break_even_of_a_study_is_that_of_its_net_benefit(load):
    """Three years of 10,000 people, discounted as the money is."""
    found = load(INTRUSION).run()
    expected = break_even_privacy(found.appraisal.net_benefit_draws, 10_000 * present_years(3, "green-book-2026"))
    assert found.unpriced.intrusion.break_even["observed window"] == expected
    assert result_document(found)["intrusion"]["break_even"]["observed window"]["estimate"] == expected.estimate


def test_gates_stand_first_among_the_warnings_and_hostile_text_stays_text(load):
    """A rule that is not kept is told before anything about money, and cannot write the page."""
    found = load(INTRUSION).run()
    assert found.warnings[0].startswith("Not kept: Necessity")
    page = html.render(found)
    section = page[page.index('<h3 id="unpriced">') :]
    assert section.index("Not kept") < section.index("What privacy may be worth")
    assert "<script>nothing" not in page
    assert "<script>nothing" not in markdown.render(found)


def test_feelings_are_in_points_by_default_and_in_money_by_choice_only(load):
    """5 percentage points for 100,000; a worth stands beside the net benefit and never in it."""
    points, money = load(PERCEPTION).run(), load(PERCEPTION, WELLBY).run()
    told, valued = points.unpriced.perception, money.unpriced.perception
    assert (told.estimate, told.unit) == ("levels", "percentage points")
    assert told.points.per_thousand == pytest.approx(told.improvement.mean() / 100)
    assert told.worth is None
    assert "no value was chosen" in told.worth_reason
    years = present_years(3, "green-book-2026")
    assert valued.worth.mean == pytest.approx(told.improvement.mean() * 0.002 * 13_000 * 10_000 * years)
    assert np.array_equal(points.appraisal.net_benefit_draws, money.appraisal.net_benefit_draws)
    assert valued.net_benefit_with.mean == pytest.approx(valued.worth.mean + money.appraisal.net_benefit.mean)
    assert any("by choice of the study" in each for each in money.warnings)


def test_a_survey_scale_stands_beside_counts_with_an_estimate_of_its_own(load, tmp_path):
    """Points by levels, crimes by proportions; what cannot take a scale is told to have no answer."""
    load(PERCEPTION)
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    scale = text.replace('proportion = "unsafe"', 'score = "unsafe"')
    (tmp_path / "study.toml").write_text(scale, encoding="utf-8")
    with pytest.raises(ek.EvalkitError, match=r"takes counts.*\[outcomes.unsafe\]: estimate = its name"):
        ek.load_study(tmp_path).run()
    own = scale.replace('score = "unsafe"', 'score = "unsafe"\nestimate = "levels"')
    (tmp_path / "study.toml").write_text(own, encoding="utf-8")
    found = ek.load_study(tmp_path).run()
    assert list(found.effects["robbery"]) == ["did-poisson", "levels"]
    assert list(found.effects["unsafe"]) == ["levels"]
    assert [(each.outcome, each.estimator) for each in found.refusals] == [("unsafe", "did-poisson")]
    assert found.findings["unsafe"].case == "benefit"
    assert found.unpriced.perception.estimate == "levels"
    assert "Estimators without an answer" in html.render(found)


@pytest.mark.parametrize(
    ("outcome", "name", "said"),
    [
        ("unsafe", "level", "is not made.*did you mean 'levels'"),
        ("robbery", "levels", "the primary outcome 'robbery' is judged by"),
    ],
)
def test_a_wrong_estimate_of_an_outcome_is_told_when_the_study_is_read(load, tmp_path, outcome, name, said):
    """A name that is not made, or an outcome that has its estimator already."""
    load()
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    head = f"[outcomes.{outcome}]\n"
    (tmp_path / "study.toml").write_text(text.replace(head, f'{head}estimate = "{name}"\n'), encoding="utf-8")
    with pytest.raises(ek.EvalkitError, match=said):
        ek.load_study(tmp_path)


def test_without_an_appraisal_points_stand_against_the_ledger(load, tmp_path):
    """A study of a feeling alone has no crime to appraise, and its costs all the same."""
    study = load(PERCEPTION + "years = 2\n")
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    text = text.replace('primary = "robbery"', 'primary = "unsafe"').replace(
        'estimator = "did-poisson"', 'estimator = "did-ols"\noptions = { transform = "level" }'
    )
    text = text.replace('sensitivity = [ { estimator = "did-ols", name = "levels", transform = "level" } ]', "")
    start, end = text.index("[outcomes.robbery]"), text.index("[outcomes.unsafe]")
    prices = text.index("[prices]"), text.index("[perception]")
    text = text[:start] + text[end : prices[0]] + text[prices[1] :]
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    found = ek.load_study(tmp_path).run()
    assert study.primary != found.study.primary
    assert found.appraisal is None
    told = found.unpriced.perception
    assert told.points.per_thousand == pytest.approx(told.improvement.mean() / 100)
    assert "What has no price" in html.render(found)


def test_a_value_of_feelings_beside_intangible_harm_is_refused_when_the_study_is_read(load):
    """Found before a long run, with both lines named."""
    with pytest.raises(ek.EvalkitError, match=r"(?s)\[perception\] value.*'robbery: property'.*the same harm twice"):
        load(PERCEPTION, WELLBY, tangible=False)
    load(PERCEPTION, tangible=False)


def test_without_prices_there_is_no_threshold_and_the_reason_says_so(load, tmp_path):
    """Exposure is told whatever is known of money."""
    load(INTRUSION)
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    text = text[: text.index("[prices]")] + text[text.index("[intrusion]") :]
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    found = ek.load_study(tmp_path).run()
    assert found.unpriced.intrusion.break_even == {}
    assert found.unpriced.intrusion.break_even_reason
    assert "no net benefit to hold privacy against" in html.render(found)
    result_text(result_document(found))


def test_beyond_the_window_people_go_on_being_watched(load):
    """A longer horizon gains longer, and exposes longer."""
    found = load(INTRUSION, "\n[appraisal]\nhorizon = 5\nretention = 0.9\n").run()
    longer = found.unpriced.intrusion.break_even["extrapolation"]
    assert longer.person_years == pytest.approx(10_000 * present_years(5, "green-book-2026"))


def test_exposure_over_another_time_than_the_gain_is_said(load):
    """A threshold that mixes two lengths of time has to say it."""
    found = load(INTRUSION.replace('"register" }', '"register" }\nyears = 1')).run()
    assert "over different times (1 and 3 years)" in found.unpriced.intrusion.caution


def test_a_net_benefit_of_one_bearer_is_not_taken_for_that_of_all(load):
    """A city's net benefit says nothing of what those who are watched gain."""
    found = load(INTRUSION, "\n[appraisal]\nperspective = 'city'\n").run()
    assert "perspective “city” and not of society" in found.unpriced.intrusion.caution


def test_an_estimate_that_is_a_ratio_has_no_points_and_no_other_takes_its_place(load):
    """What was asked for is answered, or it is said why not."""
    found = load(PERCEPTION + "estimate = 'did-poisson'\n").run()
    told = found.unpriced.perception
    assert told.improvement is None
    assert "log rate ratio and has no points" in told.reason
    assert result_document(found)["perception"]["points_per_thousand"] is None
    assert "has no points" in html.render(found)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("[intrusion]\nvalue = 3", "prices nothing"),
        ("[intrusion]\nexposed_residents = 1\nyear = 2", "did you mean 'years'"),
        ("[intrusion]\nexposed_residents = -1", "zero or more"),
        ("[intrusion]\nexposed_residents = 1\nyears = 0", "above 0"),
        ("[intrusion]\nexposed_residents = 1\nexposures = 3", "is a table"),
        ("[intrusion]\nexposed_residents = 1\nexposures.false_alarms = 3", "did you mean 'false_alerts'"),
        ("[intrusion]\nexposed_residents = 1\nprinciples.legality = 'pass'", "no evidence"),
        ("[intrusion]\nexposed_residents = 1\nprinciples.legality = 3", "is a table such as"),
        ("[intrusion]\nexposed_residents = 1\ngates.impact_assessment.anser = 'fail'", "did you mean 'answer'"),
        ("[intrusion]\nexposed_residents = 1\npopulation = { young = 3 }", "population"),
        ("[intrusion]\nexposed_residents = 1\npopulation.residents = { young = 'many' }", "number of residents"),
        ("[perception]\noutcome = 'unsaf'", "did you mean 'unsafe'"),
        ("[perception]\noutcome = 'robbery'", "is a count"),
        ("[perception]\noutcome = 'unsafe'\nestimate = 'level'", "did you mean 'levels'"),
        ("[perception]\nresidents = 3", "no 'outcome'"),
        ("[perception]\noutcome = 'unsafe'\nvalue = 'wellby'", "needs residents"),
        ("[perception]\noutcome = 'unsafe'\nresidents = 3\nvalue = 'wellby'", "life_satisfaction_per_point"),
        ("[perception]\noutcome = 'unsafe'\nresidents = 3\nvalue = 40", "person-year"),
        ("[perception]\noutcome = 'unsafe'\nresidents = 3\nvalue = { value = 4 }", "names its source"),
        ("[perception]\noutcome = 'unsafe'\nresidents = 3\nvalue = { value = 4, source = 's', yr = 1 }", "no key 'yr'"),
        (
            """[perception]
            outcome = 'unsafe'
            residents = 3
            value = { value = 4, source = 's', price_year = 2015, country = 'XYZ' }""",
            "no deflator for the country 'XYZ'",
        ),
    ],
)
def test_what_is_wrong_in_these_sections_is_said_when_the_study_is_read(load, section, said):
    """One message: what, where, what was wanted."""
    with pytest.raises(ek.EvalkitError, match=said):
        load("\n" + section + "\n")
