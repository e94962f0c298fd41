import math

import numpy as np
import pytest

from evalkit.errors import EvidenceError
from evalkit.evidence import EffectSize, estimates_and_errors, opposite_studies, require_one_scale


def effect(study="A", estimate=-0.2, error=0.1, scale="log_rate_ratio", **others):
    """Give an effect of a study."""
    return EffectSize(study=study, estimate=estimate, error=error, scale=scale, **others)


def test_an_effect_is_its_own_cluster_unless_it_shares_one():
    """Studies are independent of each other until somebody says that two are not."""
    assert effect().cluster == "A"
    assert effect(cluster="Boston").cluster == "Boston"


def test_an_interval_is_normal_or_t():
    """The limits of a normal at 95 % are 1.959964 errors away, those of t(4) 2.776445."""
    assert effect().interval().upper == pytest.approx(-0.2 + 0.1959964, abs=1e-7)
    assert effect(degrees_of_freedom=4).interval().lower == pytest.approx(-0.2 - 0.2776445, abs=1e-7)


def test_hostile_text_is_one_printable_line():
    """A name from a file cannot steer a terminal."""
    assert effect(study="Bad\x1b[31m\nname").study == "Bad [31m name"


def test_moderators_cannot_be_changed_afterwards():
    """An effect is a value."""
    given = {"dose": 3}
    made = effect(moderators=given)
    given["dose"] = 4
    assert dict(made.moderators) == {"dose": 3.0}
    with pytest.raises(TypeError):
        made.moderators["dose"] = 5


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"study": " "}, "has the study's name"),
        ({"study": 3}, "study of an effect is text"),
        ({"error": 0}, "standard error is 0.*give the counts"),
        ({"error": -0.1}, "above 0; there is -0.1"),
        ({"error": math.inf}, "error is a finite number"),
        ({"estimate": math.nan}, "estimate is a finite number"),
        ({"estimate": True}, "estimate is a finite number"),
        ({"estimate": -22}, "would be a factor of .*natural log and not a percentage"),
        ({"scale": "log_rate"}, "did you mean 'log_rate_ratio'"),
        ({"scale": "risk_difference", "estimate": -12}, "divide percentage points by 100"),
        ({"scale": "mean_difference"}, "'unit' is empty"),
        ({"year": 20}, "year is a whole number"),
        ({"methods_level": 6}, "methods_level is a whole number from 1 to 5"),
        ({"degrees_of_freedom": 0}, "degrees_of_freedom are above 0"),
        ({"moderators": {"dose": math.nan}}, "moderator 'dose'.*leave a moderator out"),
    ],
)
def test_an_effect_that_cannot_be_is_refused(fields, words):
    """The message says which study and which field, and what to do."""
    with pytest.raises(EvidenceError, match=words):
        effect(**fields)


def test_effects_on_one_scale_become_arrays():
    """In the order given."""
    values, errors = estimates_and_errors([effect(), effect("B", 0.1, 0.3)])
    np.testing.assert_array_equal(values, [-0.2, 0.1])
    np.testing.assert_array_equal(errors, [0.1, 0.3])


@pytest.mark.parametrize(
    ("scales", "words"),
    [
        (("log_rate_ratio", "log_odds_ratio"), "no formula takes one to the other"),
        (("log_risk_ratio", "log_odds_ratio"), "base_risk"),
        (("log_odds_ratio", "standardised_mean_difference"), "needs nothing else"),
    ],
)
def test_scales_are_not_mixed(scales, words):
    """A rate ratio and an odds ratio are not pooled; the message names both studies and the way out."""
    mixed = [effect("North", scale=scales[0]), effect("South", scale=scales[1])]
    with pytest.raises(EvidenceError, match=words) as told:
        require_one_scale(mixed)
    assert "'North'" in str(told.value)
    assert "'South'" in str(told.value)


def test_units_are_not_mixed_and_none_is_not_pooled():
    """A difference per home is no difference per month."""
    mixed = [effect("A", scale="rate_difference", unit="a home"), effect("B", scale="rate_difference", unit="a month")]
    with pytest.raises(EvidenceError, match=r"'a home'.*'a month'.*one unit"):
        require_one_scale(mixed)
    with pytest.raises(EvidenceError, match="no effect to pool"):
        require_one_scale([])


def test_a_study_that_points_the_other_way_beyond_chance_is_named():
    """One whose interval lies on the other side of none is either different or entered the wrong way round."""
    studies = [effect(str(i), -0.3, 0.05) for i in range(5)]
    assert opposite_studies([*studies, effect("unsure", 0.1, 0.2), effect("turned", 0.3, 0.05)]) == ("turned",)
    assert opposite_studies(studies) == ()
