"""The wild bootstrap by site, against fitting every draw anew with all patterns of signs."""

import numpy as np
import pytest

from evalkit.errors import EstimationError
from evalkit.models._inference.wild import bootstrap, signs
from evalkit.models._regression.linear import fit_linear
from evalkit.models.did_ols import LinearDifferenceInDifferences

SITES, PERIODS = 8, 5


def simulate(*, weighted):
    """Make an outcome, columns (a treatment and a covariate) and weights with a missing cell."""
    rng = np.random.default_rng(7)
    columns = rng.normal(size=(SITES, PERIODS, 2))
    columns[:, :, 0] = (np.arange(SITES)[:, None] < 3) & (np.arange(PERIODS) >= 2)
    weights = rng.gamma(2, size=(SITES, PERIODS)) if weighted else np.ones((SITES, PERIODS))
    weights[5, 2] = 0 if weighted else 1
    return rng.normal(size=(SITES, PERIODS)), columns, weights


def t_value(outcome, columns, weights, effect):
    """Give the t of one effect with plain errors by site."""
    fit = fit_linear(outcome, columns, weights, ["d", "z"])
    shares = ((fit.residuals * weights)[:, None, :] @ fit.regressors[:])[:, 0] @ fit.bread
    return (fit.coefficients[0] - effect) / np.sqrt((shares[:, 0] ** 2).sum())


def slow_p_value(outcome, columns, weights, effect, *, restricted):
    """Fit every draw anew."""
    fit = fit_linear(outcome, columns, weights, ["d", "z"])
    centre = fit.coefficients[0]
    if restricted:
        fit = fit_linear(outcome - effect * columns[:, :, 0], columns[:, :, 1:], weights, ["z"])
        fit, centre = (fit.fitted + effect * columns[:, :, 0], fit.residuals), effect
    else:
        fit = (fit.fitted, fit.residuals)
    patterns, _ = signs(SITES, 2**SITES, np.random.default_rng(1))
    drawn = [t_value(fit[0] + row[:, None] * fit[1], columns, weights, centre) for row in patterns]
    return np.mean(np.abs(drawn) >= abs(t_value(outcome, columns, weights, effect)) * (1 - 1e-9))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("restricted", [False, True])
def test_array_operations_give_what_fitting_every_draw_gives(weighted, restricted):
    """With all 256 patterns of signs the p-value is the same number, also with weights and a missing cell."""
    outcome, columns, weights = simulate(weighted=weighted)
    fit = fit_linear(outcome, columns, weights, ["d", "z"])
    found = bootstrap(fit, 999, np.random.default_rng(1), restricted=restricted)
    assert found.p_value == pytest.approx(slow_p_value(outcome, columns, weights, 0.0, restricted=restricted))
    effect = fit.coefficients[0] + 0.8
    slow = slow_p_value(outcome, columns, weights, effect, restricted=restricted)
    # where a draw speaks for effects on both sides of others, it counts for those between: no less than the test
    assert slow - 1e-12 <= found.distribution.p_value(effect) <= slow + 0.03


def test_signs_are_enumerated_where_they_can_be():
    """All patterns once, or random ones; few sites with few draws take Webb's six points."""
    rng = np.random.default_rng(8)
    every, words = signs(4, 16, rng)
    assert len(np.unique(every, axis=0)) == 16
    assert words == "all 16 patterns of signs of 4 sites"
    some, _ = signs(40, 50, rng)
    assert some.shape == (50, 40)
    assert set(np.abs(some).ravel()) == {1.0}
    webb, words = signs(10, 600, rng)
    np.testing.assert_allclose(np.unique(np.abs(webb)) ** 2, [0.5, 1, 1.5])
    assert "Webb" in words


def test_too_few_draws_are_refused():
    """A bootstrap of ten draws tells nothing at 5 %."""
    with pytest.raises(EstimationError, match="takes 99 draws or more"):
        LinearDifferenceInDifferences(errors="wild", bootstrap=10)
