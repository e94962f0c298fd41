import json

import pytest

import evalkit as ek
from evalkit.errors import EvidenceError
from evalkit.evidence import (
    FORMS,
    EffectSize,
    from_before_after,
    from_two_by_two,
    read_effects,
    read_result,
    read_results,
)


@pytest.fixture(scope="module")
def hot_spots(repo, tmp_path_factory):
    """Give the result.json of the shipped study of eight counts, and its evaluation."""
    folder = tmp_path_factory.mktemp("hot_spots")
    found = ek.load_study(repo / "studies/hot_spots_table").run()
    found.write(folder)
    return folder / "result.json", found


def changed(path, to, change):
    """Write a result with something changed."""
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    to.write_text(json.dumps(document), encoding="utf-8")
    return to


def test_a_result_gives_the_effect_that_was_found(hot_spots):
    """Estimate and error are those of the effect, with the study's title, level and what it was."""
    path, found = hot_spots
    effect = read_result(path, estimator="ratio")
    own = found.effects["crime"]["ratio"]
    assert (effect.estimate, effect.error) == pytest.approx((own.estimate, own.std_error))
    assert (effect.study, effect.outcome, effect.scale) == (found.study.title, "crime", "log_rate_ratio")
    assert (effect.methods_level, effect.moderators["approach"]) == (3, "enforcement")


def test_a_difference_of_counts_is_refused_with_the_ratio_that_is_there(hot_spots):
    """A number of crimes depends on how many there were; the message names the estimator to use."""
    with pytest.raises(EvidenceError, match=r"count difference.*'ratio' on a log scale"):
        read_result(hot_spots[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"outcome": "crimes"}, "did you mean 'crime'"),
        ({"estimator": "ration"}, "did you mean 'ratio'"),
        ({"estimator": "ratio", "good": "more"}, "'fewer' of 'crime' is an improvement by the file"),
        ({"estimator": "ratio", "good": "less"}, "good is 'fewer' or 'more'"),
    ],
)
def test_what_a_result_does_not_hold_is_named(hot_spots, options, words):
    """With the nearest that there is."""
    with pytest.raises(EvidenceError, match=words):
        read_result(hot_spots[0], **options)


def test_more_of_a_good_thing_is_turned_round_and_a_silent_file_is_asked(hot_spots, tmp_path):
    """A file of an earlier version does not say which direction is good: then the caller has to."""
    file = tmp_path / "result.json"
    effect = read_result(hot_spots[0], estimator="ratio")
    changed(hot_spots[0], file, lambda found: [each.update(good="more") for each in found["effects"]])
    assert read_result(file, estimator="ratio").estimate == -effect.estimate
    changed(hot_spots[0], file, lambda found: [each.pop("good") for each in found["effects"]])
    with pytest.raises(EvidenceError, match="does not say whether fewer or more"):
        read_result(file, estimator="ratio")
    assert read_result(file, estimator="ratio", good="fewer").estimate == effect.estimate


def test_failed_checks_come_along(hot_spots, tmp_path):
    """A study's doubts stand in the notes of its effect."""

    def fail(document):
        document["effects"][1]["checks"][0]["passed"] = False

    file = changed(hot_spots[0], tmp_path / "result.json", fail)
    assert read_result(file, estimator="ratio").notes[0].startswith("failed in the study: parallel trends")


def test_files_on_two_scales_are_both_named_and_a_file_counts_once(hot_spots, tmp_path):
    """A message about two files says which two."""

    def turn(document):
        document["effects"][1]["scale"] = "log_odds_ratio"

    other = changed(hot_spots[0], tmp_path / "other.json", turn)
    with pytest.raises(EvidenceError, match="not pooled together") as told:
        read_results([hot_spots[0], other], estimator="ratio")
    assert str(hot_spots[0]) in str(told.value)
    assert str(other) in str(told.value)
    with pytest.raises(EvidenceError, match="counts once"):
        read_results([hot_spots[0], hot_spots[0]], estimator="ratio")
    with pytest.raises(EvidenceError, match="no file to read"):
        read_results([])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON text"),
        ("[1, 2]", "schema is None"),
        ('{"schema": "other/1"}', "schema is 'other/1'"),
        ('{"schema": "evalkit.result/1"}', "no table 'study'"),
        ('{"schema": "evalkit.result/1", "study": {}, "design": {}}', "'primary' is a text"),
        ('{"schema": NaN}', "NaN is no number"),
        ("[" * 100_000, "no JSON text"),
        ('{"schema": "evalkit.result/1", "study": {"primary": "a"}, "design": {}, "effects": 3}', "no effect on"),
    ],
)  # fmt: skip
def test_what_is_no_result_is_refused(tmp_path, text, words):
    """Whatever the file holds, the message says what is wrong with it."""
    file = tmp_path / "result.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=words):
        read_result(file)
    with pytest.raises(EvidenceError, match="cannot read"):
        read_result(tmp_path / "none.json")


def table(tmp_path, *lines):
    """Write a table of effects."""
    file = tmp_path / "effects.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_counts_before_and_after_are_recognised(tmp_path):
    """Labels, moderators and the dispersion of a row are read; what was understood is told."""
    file = table(
        tmp_path,
        "study,treated_before,treated_after,comparison_before,comparison_after,dispersion,country,year,lighting,arm",
        "North,207,110,308,318,2,UK,2004,1.5,",
        "South,50,40,60,61,,US,2010,,b",
    )
    found = read_effects(file, good="fewer")
    north = from_before_after(
        "North", treated_before=207, treated_after=110, comparison_before=308, comparison_after=318, dispersion=2
    )
    first, second = found.effects
    assert (first.estimate, first.error, first.country, first.year) == (north.estimate, north.error, "UK", 2004)
    assert (dict(first.moderators), dict(second.moderators)) == (
        {"lighting": 1.5},
        {"arm": "b"},
    )
    assert "2 effects of 2 studies, read as 'before and after' from treated_before" in found.told


VALUES = {
    "treated_events": "10", "treated_total": "50", "comparison_events": "20", "comparison_total": "50",
    "treated_before": "30", "treated_after": "20", "comparison_before": "30", "comparison_after": "31",
    "treated_exposure": "100", "comparison_exposure": "110", "treated_mean": "1", "treated_sd": "2", "treated_n": "30",
    "comparison_mean": "2", "comparison_sd": "2", "comparison_n": "30", "estimate": "-0.3", "std_error": "0.1",
    "lower": "-0.5", "upper": "-0.1", "ratio": "0.7", "p_value": "0.04",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_for_what_it_is(tmp_path, form):
    """From its columns alone, and turned round where more is good."""
    values = dict(VALUES, lower="0.5", upper="0.98") if form == "interval of a ratio" else VALUES
    columns = FORMS[form]
    file = table(tmp_path, ",".join(("study", *columns)), ",".join(("A", *(values[name] for name in columns))))
    own = form in {"before and after", "rates", "means"}
    found, turned = (
        read_effects(file, good=good, scale=None if own else "log_odds_ratio") for good in ("fewer", "more")
    )
    assert found.form == form
    assert isinstance(found.effects[0], EffectSize)
    assert found.effects[0].estimate == pytest.approx(-turned.effects[0].estimate)
    assert found.effects[0].estimate < 0


def test_the_most_direct_of_what_is_printed_is_read_and_counts_must_be_asked_for(tmp_path):
    """A standard error goes before an interval; counts beside estimates are a choice that the caller makes."""
    file = table(tmp_path, "study,estimate,std_error,lower,upper", "A,-0.3,0.1,-0.5,-0.1")
    assert read_effects(file, good="fewer", scale="log_odds_ratio").form == "standard error"
    heading = "study,estimate,std_error,treated_events,treated_total,comparison_events,comparison_total"
    file = table(tmp_path, heading, "A,-0.3,0.1,10,50,20,50")
    with pytest.raises(EvidenceError, match="columns for 'two by two' and 'standard error': say with form"):
        read_effects(file, good="fewer")
    found = read_effects(file, good="fewer", form="two by two")
    same = from_two_by_two("A", treated_events=10, treated_total=50, comparison_events=20, comparison_total=50)
    assert found.effects[0].estimate == same.estimate


@pytest.mark.parametrize(
    ("lines", "options", "words"),
    [
        (("study,estimate,std_error", "A,-1,0.1", "B,x,0.1", "C,1,0"), {}, r"2 faults(?s:.*)row 2 \(line 3\)"),
        (("study,estimate,std_error", "A,-1,0.1"), {"scale": None}, "say with scale"),
        (("study,estimate,std_error", "A,-1"), {}, r"row 1 \(line 2\) has 2 cells and the heading 3"),
        (("study,estimate,std_error",), {}, "no rows"),
        (("name,estimate,std_error", "A,-1,0.1"), {}, "no column 'study'"),
        (("study,estimate,error", "A,-1,0.1"), {}, "no column 'std_error', which is nearest to 'standard error'"),
        (("study,study,std_error", "A,-1,0.1"), {}, "more than one column"),
        (("study;estimate;std_error", "A;-1;0.1"), {}, "say separator"),
        (("study,estimate,std_error", "A,-1,"), {}, "std_error is empty"),
        (("study,estimate,std_error", "A,nan,0.1"), {}, "estimate is a number"),
        (("study,estimate,std_error,year", "A,-1,0.1,2001.5"), {}, "year is a whole number"),
        (("study,estimate,std_error,good", "A,-1,0.1,up"), {}, "'fewer' or 'more'"),
        (("study,estimate,std_error", "A,-1,0.1"), {"form": "two"}, "no form 'two'"),
        (("study,estimate,std_error", "A,-1,0.1"), {"form": "interval"}, "no column 'lower'"),
        (("study,estimate,std_error", "A,-1,0.1"), {"good": "less"}, "'fewer' or 'more'"),
        (("study,estimate,std_error", ",-1,0.1"), {}, "has the study's name"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_says_where(tmp_path, lines, options, words):
    """Row, line, column and what to do."""
    with pytest.raises(EvidenceError, match=words):
        read_effects(table(tmp_path, *lines), **{"good": "fewer", "scale": "log_odds_ratio", **options})


def test_semicolons_and_decimal_commas_are_read_when_said(tmp_path):
    """As European spreadsheets write them."""
    file = table(tmp_path, "study;estimate;std_error", '"Köln; Mitte";-0,3;0,1')
    found = read_effects(file, good="fewer", scale="log_odds_ratio", separator=";", decimal=",")
    assert (found.effects[0].study, found.effects[0].estimate) == ("Köln; Mitte", -0.3)


def test_landenberger_and_lipsey_comes_back_from_a_table(landenberger, tmp_path):
    """58 effects of cognitive behavioural therapy, written as estimates with errors, are read as they were."""
    lines = [f'"{each.study}",{each.estimate!r},{each.error!r},{place}' for place, each in enumerate(landenberger)]
    found = read_effects(
        table(tmp_path, "study,estimate,std_error,cluster", *lines), good="fewer", scale="log_odds_ratio"
    )
    assert [(each.study, each.estimate, each.error) for each in found.effects] == [
        (each.study, each.estimate, each.error) for each in landenberger
    ]
