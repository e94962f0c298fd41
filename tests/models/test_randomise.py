"""Randomisation inference: placements, the inversion of the test, and what the estimators make of both."""

import numpy as np
import pytest

from evalkit.draws import interval
from evalkit.errors import EstimationError
from evalkit.models._inference.choose import choose
from evalkit.models._inference.placed import SiteNoise, randomise
from evalkit.models._inference.randomise import confidence_distribution, count_placements, placements
from evalkit.models._regression.linear import fit_linear

NEVER = 6


def simulate(rng, starts, *, weighted):
    """Make an outcome, a treatment, a covariate and weights with a missing cell, (sites, periods)."""
    treated = (np.arange(NEVER) >= starts[:, None]).astype(float)
    covariate = rng.normal(size=treated.shape)
    weights = rng.gamma(2, size=treated.shape) if weighted else np.ones(treated.shape)
    weights[5, 2] = 0 if weighted else 1
    return rng.normal(size=treated.shape) + 0.5 * covariate, treated, covariate, weights


def coefficient(outcome, treated, covariate, weights):
    """Give the first coefficient of a fit."""
    return fit_linear(outcome, np.stack([treated, covariate], axis=2), weights, ["d", "z"]).coefficients[0]


def test_every_way_is_there_once_and_what_happened_comes_first():
    """Of 7 sites with two starts there are 105 different layouts."""
    starts = np.array([2, 2, 3, 9, 9, 9, 9])
    found = placements(starts, 9, np.random.default_rng(1))
    assert found.of == count_placements(starts) == len(found.starts) == len(np.unique(found.starts, axis=0)) == 105
    assert found.is_exhaustive
    np.testing.assert_array_equal(found.starts[0], starts)
    assert (np.sort(found.starts, axis=1) == np.sort(starts)).all()


def test_where_there_are_too_many_ways_a_random_part_with_the_actual_one_is_taken():
    """The same starts are laid out, as many times as was asked for, and the words say so."""
    starts = np.repeat([4, 9], 20)
    found = placements(starts, 9, np.random.default_rng(1), limit=500)
    assert found.starts.shape == (500, 40)
    assert not found.is_exhaustive
    np.testing.assert_array_equal(found.starts[0], starts)
    assert (found.starts == 4).sum(axis=1).tolist() == [20] * 500
    assert found.words == "500 of the 1.4e+11 ways to choose the 20 treated of 40 sites"


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("starts", [[3, 3, *[NEVER] * 6], [3, 3, 4, *[NEVER] * 5]])
def test_closed_form_is_fitting_every_placement_and_testing_every_effect(weighted, starts):
    """The p-value of any effect is the share of placements, each fitted anew to Y - tau D, that are as far out."""
    starts, rng = np.array(starts), np.random.default_rng(2)
    outcome, treated, covariate, weights = simulate(rng, starts, weighted=weighted)
    fit = fit_linear(outcome, np.stack([treated, covariate], axis=2), weights, ["d", "z"])
    ways = placements(starts, NEVER, rng)
    noise = SiteNoise()
    law = randomise(fit, np.arange(8), ways, np.arange(NEVER), compared=starts == NEVER, noise=noise)
    for effect in (-1.5, -0.4, 0.0, 0.3, 1.1):
        estimates, errors = [], []
        for row in ways.starts:
            placed = (np.arange(NEVER) >= row[:, None]).astype(float)
            estimates.append(coefficient(outcome - effect * treated, placed, covariate, weights))
            own = fit_linear(outcome, np.stack([placed, covariate], axis=2), weights, ["d", "z"])
            left = own.regressors[:] @ own.bread[:, 0] / own.bread[0, 0]
            errors.append(np.sqrt(((weights * left) ** 2).sum()) / (weights * left**2).sum())
        distance = np.abs(estimates) / errors
        assert law.p_value(effect) == pytest.approx(np.mean(distance >= distance[0] * (1 - 1e-9)))


@pytest.mark.parametrize("m", [20, 40, 41, 400])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_the_interval_of_the_draws_is_what_the_test_does_not_reject(m, level):
    """Inside the limits read from the draws p is above 1 - level, outside it is not; their median is the estimate."""
    rng = np.random.default_rng(3)
    estimates = rng.normal(size=m)
    law = confidence_distribution(
        estimates[0], estimates, rng.uniform(-0.5, 0.5, m) * (np.arange(m) > 0) + (np.arange(m) == 0)
    )
    drawn = law.draw(4000, rng)
    held = interval(drawn, level)
    assert np.isfinite(drawn).all()
    assert np.median(drawn) == law.estimate
    assert law.p_value(held.lower + 1e-9) > 1 - level >= law.p_value(held.lower - 1e-9) - 1e-9
    assert law.p_value(held.upper - 1e-9) > 1 - level >= law.p_value(held.upper + 1e-9) - 1e-9
    assert len(law.draw(201, rng)) == 201


def test_the_smallest_p_value_counts_the_mirror_image():
    """With half of the sites treated, the other half is as extreme: two of six placements."""
    starts = np.array([3, 3, NEVER, NEVER])
    rng = np.random.default_rng(4)
    outcome = rng.normal(size=(4, NEVER))
    treated = (np.arange(NEVER) >= starts[:, None]).astype(float)[:, :, None]
    fit = fit_linear(outcome, treated, np.ones((4, NEVER)), ["d"])
    law = randomise(
        fit, np.arange(4), placements(starts, NEVER, rng), np.arange(NEVER), compared=starts == NEVER, noise=SiteNoise()
    )
    assert law.smallest_p_value == pytest.approx(2 / 6)


def test_two_sites_tell_nothing():
    """One treated and one comparison site have only each other's mirror image, so there is no error."""
    law = confidence_distribution(1.0, np.array([1.0, -1.0]), np.array([1.0, -1.0]))
    with pytest.raises(EstimationError, match="no placement of the treatment tells against any effect"):
        law.draw(100, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("treated", "comparison", "smallest", "kind", "known"),
    [
        (50, 50, 1e-9, "CR1", True),
        (49, 500, 1e-9, "CR2", True),
        (21, 29, 1e-9, "CR2", True),
        (10, 10, 1e-5, "CR2", True),
        (9, 30, 1e-8, "randomisation", True),
        (37, 3, 1e-4, "randomisation", True),
        (6, 6, 2 / 924, "CR2", True),
        (4, 9, 1 / 715, "randomisation", True),
        (1, 19, 1 / 20, "randomisation", True),
        (1, 11, 1 / 12, "CR2", False),
        (3, 3, 2 / 20, "CR2", False),
        (12, 0, 1e-6, "CR2", True),
    ],
)
def test_the_rule_chooses_from_the_number_of_sites(treated, comparison, smallest, kind, known):
    """Many on both sides, enough of both, few with enough placements, and too few to know."""
    found = choose(treated, comparison, smallest)
    assert (found.kind, found.known) == (kind, known)
    assert found.reason
