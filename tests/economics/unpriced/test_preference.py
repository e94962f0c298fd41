import numpy as np
import pytest
from scipy import stats

from evalkit.economics.unpriced import less_intrusive, prefer_less_intrusive
from evalkit.errors import CostError

MEASURES = ("person_hours_observed", "false_alerts")


def prefer(*means, sd=10.0, exposures, options=("cameras", "lighting", "patrols"), **more):
    """Choose among options with normal net benefits that are independent of each other."""
    rng = np.random.default_rng(1)
    net = np.array(means) + sd * rng.standard_normal((4000, len(means)))
    return prefer_less_intrusive(net, exposures, options=options[: len(means)], measures=MEASURES, **more)


def test_cameras_and_lighting_of_equal_net_benefit_the_less_intrusive_is_preferred():
    """Equal within the uncertainty: lighting watches nobody, and the words say why it is taken."""
    found = prefer(101, 100, exposures=[[1e6, 50], [0, 0]])
    (lighting,) = found.comparisons
    assert (found.best, found.preferred) == ("cameras", "lighting")
    # two independent normals with sd 10, one lower: P(better) = Phi(-1 / sqrt(200))
    assert lighting.prob_better == pytest.approx(stats.norm.cdf(-1 / np.sqrt(200)), abs=0.02)
    assert lighting.difference.mean == pytest.approx(-1, abs=0.5)
    assert "it intrudes less" in found.reason


def test_where_money_can_tell_them_apart_money_decides():
    """Three standard deviations apart are not equal."""
    found = prefer(160, 100, exposures=[[1e6, 50], [0, 0]])
    assert found.preferred == "cameras"
    assert "no other option's net benefit is within the uncertainty" in found.reason


def test_units_are_not_added_up_so_some_options_cannot_be_compared():
    """Fewer hours and more false alerts: no weight turns one into the other."""
    found = prefer(101, 100, exposures=[[1e6, 50], [1e5, 80]])
    (other,) = found.comparisons
    assert found.preferred == "cameras"
    assert other.ordering == "not comparable"
    assert "less of person_hours_observed and more of false_alerts" in found.reason
    assert "for people to decide" in found.reason


def test_what_was_not_measured_is_not_taken_for_nothing():
    """An exposure that nobody counted does not make an option the gentler one."""
    assert less_intrusive([np.nan, 0], [5, 5], MEASURES) == (
        "not comparable",
        "not measured for both: person_hours_observed",
    )
    assert prefer(101, 100, exposures=[[1e6, 50], [0, np.nan]]).preferred == "cameras"


def test_an_option_that_fails_a_gate_is_not_bought_back_by_money():
    """Gates come before money, however large the net benefit."""
    found = prefer(10_000, 100, 50, exposures=[[1e6, 50], [9, 9], [0, 0]], barred=["cameras"])
    assert found.best == "lighting"
    assert found.barred == ("cameras",)
    assert found.reason.startswith("cameras does not pass every gate.")


def test_of_several_gentler_ones_the_undominated_one_is_taken():
    """Lighting intrudes less than cameras, patrols less than lighting, and all are equal in money."""
    found = prefer(102, 100, 101, exposures=[[1e6, 50], [1e5, 10], [0, 0]])
    assert found.preferred == "patrols"
    swapped = prefer(102, 101, 100, exposures=[[1e6, 50], [0, 10], [10, 0]])
    assert swapped.preferred == "lighting"  # neither gentler one dominates the other: the higher mean


def test_nothing_changes_when_options_are_named_in_another_order():
    """The choice does not hang on the order of the columns."""
    rng = np.random.default_rng(3)
    net, watched = rng.normal([5, 6, 5.5], 4, (2000, 3)), np.array([[0, 0], [9, 9], [1, 1]])
    names = np.array(["a", "b", "c"])
    chosen = {
        prefer_less_intrusive(net[:, order], watched[order], options=tuple(names[order]), measures=MEASURES).preferred
        for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2])
    }
    assert chosen == {"a"}


def test_the_same_draws_are_a_tie_and_count_half():
    """Two options that are one and the same are equal with a probability of one half."""
    same = np.tile(np.linspace(0, 1, 100)[:, None], (1, 2))
    found = prefer_less_intrusive(same, [[2, 2], [1, 2]], options=("a", "b"), measures=MEASURES)
    assert found.comparisons[0].prob_better == 0.5
    assert found.preferred == "b"


def test_draws_of_exposures_are_compared_by_their_means():
    """A third axis of draws comes from uncertain exposures."""
    watched = np.random.default_rng(1).uniform(0, 1, (500, 2, 2)) + np.array([[10, 10], [0, 0]])
    net = np.zeros((500, 2))
    assert prefer_less_intrusive(net, watched, options=("a", "b"), measures=MEASURES).preferred == "b"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"options": ("a", "a")}, "different options"),
        ({"exposures": [[1, 2]]}, "a row an option"),
        ({"exposures": [[1, -2], [0, 0]]}, "zero or more"),
        ({"equal_between": (0.6, 0.8)}, "around 0.5"),
        ({"barred": ["c"]}, "no option 'c'"),
        ({"barred": ["a", "b"]}, "every option fails"),
        ({"net_benefits": np.array([[0, 1]] * 999 + [[1e12, 2]]) + np.arange(1000)[:, None]}, "extreme draws"),
    ],
)
def test_a_choice_that_cannot_be_made_says_why(changes, said):
    """Shapes, names, bounds and means are checked before anything is preferred."""
    options = {
        "net_benefits": np.arange(20.0).reshape(10, 2),
        "exposures": [[1, 2], [0, 0]],
        "options": ("a", "b"),
        "measures": MEASURES,
    } | changes
    with pytest.raises(CostError, match=said):
        prefer_less_intrusive(options.pop("net_benefits"), options.pop("exposures"), **options)
