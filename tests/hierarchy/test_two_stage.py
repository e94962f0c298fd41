import numpy as np
import pytest

from evalkit.errors import EvidenceError
from evalkit.hierarchy import estimate_sites


def panel(seed, sites=6, months=24, level=8.0, size=4.0):
    """Make treated and comparison series without an effect, negative binomial."""
    rng = np.random.default_rng(seed)
    expected = level * np.exp(rng.normal(0, 0.3, (2, sites, 1)) + rng.normal(0, 0.1, months))
    return tuple(rng.poisson(rng.gamma(size, expected / size)))


def test_the_estimate_is_the_log_ratio_of_ratios_of_totals():
    """With a half added to every total."""
    treated, comparison = panel(1)
    found = estimate_sites(treated, comparison, 10)
    t, c = ((each[:, 10:].sum(axis=1) + 0.5) / (each[:, :10].sum(axis=1) + 0.5) for each in (treated, comparison))
    assert found.estimates == pytest.approx(np.log(t / c), abs=1e-12)


def test_by_chance_alone_the_error_is_that_of_the_totals():
    """The sum of one over each total, to within the halves."""
    treated, comparison = panel(2)
    found = estimate_sites(treated, comparison, 12, variance="poisson")
    parts = [each[:, part].sum(axis=1) for each in (treated, comparison) for part in (slice(12), slice(12, None))]
    assert found.errors**2 == pytest.approx(sum(1 / part for part in parts), rel=0.02)


def test_the_dispersion_that_was_put_in_comes_back():
    """Alpha is one over the size of the gamma, 0.25; the ratio of variance to mean is 1 + 8 / 4 at that level or so."""
    treated, comparison = panel(3, sites=60, months=48)
    assert estimate_sites(treated, comparison, 24).dispersion == pytest.approx(0.25, abs=0.02)
    quasi = estimate_sites(treated, comparison, 24, variance="quasi").dispersion
    assert quasi == pytest.approx(3.1, abs=0.3)


def test_errors_are_those_of_repeated_panels():
    """Over 400 panels the spread of a site's estimate is what its error says."""
    found = [estimate_sites(*panel(seed), 12) for seed in range(400)]
    spread = np.std([each.estimates for each in found])
    assert np.sqrt(np.mean([each.errors**2 for each in found])) == pytest.approx(spread, rel=0.05)


def test_a_shared_comparison_makes_errors_go_together():
    """The covariance is the comparison's own variance, and plain errors are refused."""
    treated, comparison = panel(4)
    found = estimate_sites(treated, comparison[0], 12)
    outside = found.covariance[~np.eye(6, dtype=bool)]
    assert (outside == outside[0]).all()
    assert outside[0] > 0
    assert any("share a comparison" in each for each in found.cautions)
    with pytest.raises(EvidenceError, match="share a comparison area"):
        _ = found.errors


def test_series_without_events_are_not_taken_for_shared():
    """Two comparison areas with no or one event may have the same series by chance."""
    treated, comparison = panel(8)
    comparison = comparison.copy()
    comparison[:3] = 0
    assert len(estimate_sites(treated, comparison, 12).cautions) == 1


def test_a_site_without_events_has_the_largest_error():
    """Nothing is known of it, and not all."""
    treated, comparison = panel(9)
    treated, comparison = treated.copy(), comparison.copy()
    treated[0], comparison[0] = 0, 0
    found = estimate_sites(treated, comparison, 12)
    assert found.errors.argmax() == 0
    assert found.errors[0] == pytest.approx(np.sqrt(8), rel=1e-9)


def test_few_events_and_months_that_hang_together_are_told():
    """Each in a sentence that names where."""
    treated, comparison = panel(5)
    treated = treated.copy()
    treated[2, 12:] = 0
    assert any("'site 3'" in each for each in estimate_sites(treated, comparison, 12).cautions)
    rng = np.random.default_rng(6)
    noise = np.repeat(rng.normal(0, 0.7, (2, 20, 12)), 4, axis=2)
    found = estimate_sites(*rng.poisson(8 * np.exp(noise)), 24)
    assert any("hang together" in each for each in found.cautions)


def test_independent_months_are_not_said_to_hang_together():
    """By chance 1 in 370 is; of 200 panels no more than three are."""
    told = [bool(estimate_sites(*panel(seed, months=12), 6).cautions) for seed in range(200)]
    assert sum(told) <= 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": [10, 12, 12, 12, 12, 12]}, "start at 2 different times"),
        ({"start": 23}, "two periods before and after"),
        ({"variance": "negative binomial"}, "did you mean 'negative-binomial'"),
        ({"names": ["a"]}, "one name for each of 6 sites"),
        ({"comparison": np.ones((2, 24))}, "shape"),
        ({"comparison": np.ones((6, 24))}, "same comparison series"),
        ({"comparison": np.full((6, 24), np.nan)}, "a missing count is not a zero"),
    ],
)
def test_what_cannot_be_used_is_told(change, words):
    """One message: what, where, and what was wanted."""
    treated, comparison = panel(7)
    given = {"treated": treated, "comparison": comparison, "start": 12} | change
    with pytest.raises(EvidenceError, match=words):
        estimate_sites(**given)
