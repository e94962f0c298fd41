"""Coverage of the sensitivity intervals when trends part exactly as far as they are allowed to.

The worst case for relative magnitudes is one change before the start that stands out from its error, and
changes of the allowed multiple of it in every period afterwards. Tolerances are three Monte-Carlo standard errors.
"""

import numpy as np
import pytest

from evalkit.models._sensitivity import relative_magnitudes, smoothness

RUNS = 300
TOLERANCE = 3 * np.sqrt(0.05 * 0.95 / RUNS)


def estimates(mean, error, rng):
    """Draw coefficients that share the error of their reference."""
    covariance = error**2 * (0.5 + 0.5 * np.eye(len(mean)))
    return rng.multivariate_normal(mean, covariance, RUNS), covariance


@pytest.mark.parametrize(("pre", "post", "bound", "size"), [(3, 2, 1.0, 0.5), (1, 3, 1.0, 1.0), (3, 2, 2.0, 0.05)])
def test_relative_magnitudes_cover_the_truth_in_the_worst_case(pre, post, bound, size):
    """With trends parting after the start by exactly the bound, 95 % or more of the intervals hold the truth."""
    steps = np.zeros(pre)
    steps[pre // 2] = size
    before = np.cumsum(np.insert(steps, 0, 0.0))
    mean = np.concatenate([(before - before[-1])[:-1], np.cumsum(np.full(post, bound * size))])
    drawn, covariance = estimates(mean, 0.05, np.random.default_rng(61))
    held = 0
    for each in drawn:
        changes = relative_magnitudes.changes_of(each[:pre], each[pre:], covariance, np.full(post, 1 / post))
        lower, upper = relative_magnitudes.interval_at(changes, bound, 0.95)
        held += lower <= 0 <= upper
    assert held / RUNS >= 0.95 - TOLERANCE
    if size == 0.5:
        assert held / RUNS <= 0.95 + TOLERANCE


@pytest.mark.parametrize("bound", [0.0, 0.02])
def test_smoothness_covers_the_truth_in_the_worst_case(bound):
    """With a difference in trends that bends as far as allowed, in the direction of the largest bias, 95 % hold."""
    pre, post = 4, 2
    weights = np.full(post, 1 / post)
    rng = np.random.default_rng(62)
    places = np.array([-4, -3, -2, -1, 1, 2.0])
    slope = 0.3 * places
    bent = slope + bound * places * (places + 1) / 2
    drawn, covariance = estimates(bent, 0.05, rng)
    held = 0
    for each in drawn:
        along = smoothness.compromises(each[:pre], each[pre:], covariance, weights)
        lower, upper = smoothness.interval_at(along, bound, 0.95)
        held += lower <= 0 <= upper
    assert held / RUNS >= 0.95 - TOLERANCE
