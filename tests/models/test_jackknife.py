"""Errors by leaving each site out, against fitting without it."""

import numpy as np
import pytest

from evalkit.errors import EstimationError
from evalkit.models._inference.cluster import infer
from evalkit.models._inference.jackknife import jackknife, left_out
from evalkit.models._regression.linear import fit_linear


def simulate(*, weighted, treated=4, sites=10, periods=6):
    """Make an outcome, columns and weights with a missing cell."""
    rng = np.random.default_rng(5)
    columns = rng.normal(size=(sites, periods, 2))
    columns[:, :, 0] = (np.arange(sites)[:, None] < treated) & (np.arange(periods) >= 3)
    weights = rng.gamma(2, size=(sites, periods)) if weighted else np.ones((sites, periods))
    weights[5, 2] = 0 if weighted else 1
    return rng.normal(size=(sites, periods)), columns, weights


@pytest.mark.parametrize("weighted", [False, True])
def test_leaving_out_is_fitting_without(weighted):
    """The closed form gives the coefficients of a fit to the other sites, and CR3 is made of them."""
    outcome, columns, weights = simulate(weighted=weighted)
    fit = fit_linear(outcome, columns, weights, ["d", "z"])
    slow = np.array(
        [
            fit_linear(
                *(np.delete(array, site, axis=0) for array in (outcome, columns, weights)), ["d", "z"]
            ).coefficients
            for site in range(10)
        ]
    )
    np.testing.assert_allclose(left_out(fit), slow, rtol=1e-10, atol=1e-12)
    found = infer(fit, "CR3", "nested", treated=4, comparison=6)
    np.testing.assert_allclose(found.covariance, 0.9 * (slow - fit.coefficients).T @ (slow - fit.coefficients))
    assert found.kind == "CR3"
    assert found.degrees_of_freedom[0] == 9


def test_a_lone_treated_site_is_refused():
    """Without it there is no treatment, so the jackknife has no error, and says what has."""
    outcome, columns, weights = simulate(weighted=False, treated=1)
    fit = fit_linear(outcome, columns, weights, ["d", "z"])
    with pytest.raises(EstimationError, match=r"leaves nothing to estimate from for 1 of 10 sites.*'randomisation'"):
        infer(fit, "CR3", "nested", treated=1, comparison=9)


def test_a_mean_has_the_error_that_textbooks_give():
    """Leaving values out of a mean gives s / sqrt(n)."""
    values = np.random.default_rng(6).normal(size=12)
    without = (values.sum() - values) / 11
    assert jackknife(values.mean(keepdims=True), without[:, None])[0, 0] == pytest.approx(values.var(ddof=1) / 12)
