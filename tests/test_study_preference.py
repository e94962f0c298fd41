"""Of options that cannot be told apart in money, a study's report prefers the one that watches less."""

import pytest

import evalkit as ek
from evalkit.errors import StudyError
from evalkit.report import html
from evalkit.result import result_document

STUDY = """
[study]
title = "Cameras or lamps"
primary = "robbery"
draws = 2000

[intervention]
name = "cameras"

[outcomes.robbery]
crime = "robbery"
[outcomes.robbery.table]
treated = [207, 110]
comparison = [308, 318]

[costs]
currency = "USD"
year = 2008
flows = [{ what = "cameras", amount = 100000, bearer = "city", kind = "running" }]

[prices]
name = "own"
country = "USA"
currency = "USD"
price_year = 2008
basis = "recorded"
unit_costs = [{ crime = "robbery", value = 10000, bearer = "victims" }]

[intrusion]
exposed_residents = 5000
[intrusion.exposures]
person_hours_observed = 90000
false_alerts = 40
GATES

[options.lamps]
flows = [{ what = "lamps", amount = 100000, bearer = "city", kind = "running" }]
prevented = { robbery = { mean = MEAN, sd = 40 } }
source = "an evaluation next door"
WATCH
"""


@pytest.fixture
def run(tmp_path):
    """Run the study by what lamps prevent, how much they watch, and which gates the cameras pass."""

    def make(mean=110, watch="exposures = { person_hours_observed = 0, false_alerts = 0 }", gates=""):
        file = tmp_path / "study.toml"
        text = STUDY.replace("MEAN", str(mean)).replace("WATCH", watch).replace("GATES", gates)
        file.write_text(text, encoding="utf-8")
        return ek.load_study(file).run()

    return make


def test_of_equals_the_one_that_watches_less_is_preferred(run):
    """Lamps prevent about as much; better by far or worse by far, money decides."""
    found = run().options.preference
    assert (found.best, found.preferred) in {("cameras", "lamps"), ("lamps", "lamps")}
    better = run(mean=-200).options.preference
    assert (better.best, better.preferred) == ("cameras", "cameras")


def test_the_report_and_the_document_say_so(run):
    """In the words of the preference."""
    evaluation = run(mean=100)
    preference = evaluation.options.preference
    assert (preference.best, preference.preferred) == ("cameras", "lamps")
    assert "Which watches less" in html.render(evaluation)
    document = result_document(evaluation)["options"]["preference"]
    assert document["preferred"] == "lamps"
    assert {each["option"]: each["ordering"] for each in document["comparisons"]}["lamps"] == "less"


def test_what_was_not_measured_is_not_comparable(run):
    """An option that says nothing of how much it watches is not taken for one that watches nobody."""
    found = run(mean=100, watch="").options.preference
    assert found.preferred == "cameras"
    lamps = next(each for each in found.comparisons if each.option == "lamps")
    assert lamps.ordering == "not comparable"
    assert "not measured" in lamps.reason


def test_a_gate_that_is_not_passed_bars_an_option_whatever_it_is_worth(run):
    """The measure by its own gates, another option by what it says of itself."""
    gates = '[intrusion.gates.impact_assessment]\nanswer = "fail"\nevidence = "none was made"\n'
    barred = run(mean=100, gates=gates).options.preference
    assert barred.barred == ("cameras",)
    assert barred.preferred == "lamps"
    lamps = 'fails = ["necessity"]\nexposures = { person_hours_observed = 0, false_alerts = 0 }'
    assert run(mean=500, watch=lamps).options.preference.barred == ("lamps",)


def test_what_does_not_pass_a_gate_is_not_bought_either(run):
    """The budget would do for both, and the report does not recommend in one place what it bars in another."""
    gates = (
        '[intrusion.gates.impact_assessment]\nanswer = "fail"\nevidence = "none was made"\n[decision]\nbudget = 1e6\n'
    )
    evaluation = run(gates=gates)
    found = evaluation.options
    assert found.net_benefit.mean(axis=0).min() >= 0
    assert (found.barred, found.portfolio.chosen) == (("cameras",), ("lamps",))
    page = html.render(evaluation)
    assert "Not looked at, as not every gate is passed: cameras." in page
    assert "of what may be done, lamps is best on average" in page
    assert result_document(evaluation)["options"]["barred"] == ["cameras"]


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        ("exposures = { person_hours = 0 }", "no measure of exposure 'person_hours'; did you mean"),
        ("exposures = { false_alerts = -3 }", "false_alerts is an amount of zero or more; there is -3"),
        ("exposures = 7", "exposures is a table by unit; there is 7"),
        ('fails = "necessity"', "fails is a list of the gates"),
    ],
)
def test_a_wrong_exposure_is_told(run, watch, said):
    """Naming the option."""
    with pytest.raises(StudyError, match=said):
        run(watch=watch)


def test_a_bearer_of_an_options_own_keeps_its_purse(run):
    """Public money of an option counts for the public purse."""
    added = (
        'exposures = { person_hours_observed = 0, false_alerts = 0 }\n[options.flats]\nsource = "a guess"\n'
        'share_of_effect = 1\nbearers = { "housing association" = "public" }\n'
        'flows = [{ what = "doors", amount = 5000, bearer = "housing association", kind = "running" }]'
    )
    lines = run(watch=added).options.appraisals["flats"].perspectives
    assert next(line for line in lines if line.perspective == "public purse").cost.mean == 5000
