import numpy as np
import pytest
from scipy import stats

from evalkit.errors import DesignError, EstimationError
from evalkit.models._inference.cluster import infer
from evalkit.models._regression.negative_binomial import _slope_of_alpha, fit_negative_binomial, maximise
from evalkit.models.did_negative_binomial import NegativeBinomialDifferenceInDifferences
from evalkit.models.did_poisson import PoissonDifferenceInDifferences


def counts_of(rng=None, *, sites=16, periods=8, start=4, treated=6, effect=-0.4, mean=40.0, shape=20.0):
    """Negative binomial counts, with a fall in the first sites."""
    rng = rng or np.random.default_rng(23)
    post = np.zeros((sites, periods))
    post[:treated, start:] = 1
    levels = mean * np.exp(rng.normal(0, 0.5, (sites, 1)) + 0.05 * np.arange(periods) + effect * post)
    return rng.poisson(levels * rng.gamma(shape, 1 / shape, levels.shape)).astype(float)


def estimate(design, draws=300, **options):
    """Estimate the one change with a fixed seed."""
    estimator = NegativeBinomialDifferenceInDifferences(**{"event_study": False, **options})
    return estimator.estimate(design, rng=np.random.default_rng(1), draws=draws)


def test_the_working_regression_has_the_coefficients_of_the_likelihood():
    """What errors are made from is the maximum itself, and its sandwich is near that of the observed information."""
    counts, exposure = counts_of(), np.linspace(0.5, 2, 16)[:, None] * np.ones((16, 8))
    treated = np.zeros((16, 8, 1))
    treated[:6, 4:] = 1
    weights = np.ones((16, 8))
    weights[3, 2] = 0
    fit = fit_negative_binomial(counts, exposure, treated, weights, ["d"])
    whole = maximise(counts, exposure, treated, weights > 0)
    assert fit.coefficients[0] == pytest.approx(whole.coefficients[0], abs=1e-6)
    near = infer(fit, "CR1", "none", treated=6, comparison=10).std_errors[0]
    assert near == pytest.approx(np.sqrt(whole.covariance[0, 0] * 15 / 16), rel=0.1)


def test_it_finds_what_poisson_finds_in_sites_of_one_size(panel_design):
    """Where all cells expect alike they weigh alike, and both estimators give nearly one answer."""
    design = panel_design(counts_of(), dict.fromkeys(range(6), 4))
    poisson = PoissonDifferenceInDifferences(event_study=False).estimate(
        design, rng=np.random.default_rng(1), draws=300
    )
    effect = estimate(design)
    assert effect.estimate == pytest.approx(poisson.estimate, abs=0.08)
    assert effect.interval().lower < -0.4 < effect.interval().upper
    np.testing.assert_allclose(effect.prevented, np.outer(np.expm1(-effect.change), effect.recorded))


def test_the_unit_of_exposure_leaves_the_ratio(panel_design):
    """People or thousands of them: one ratio."""
    people = np.linspace(900, 2000, 16)[:, None] * np.ones((1, 8))
    one, other = (
        estimate(panel_design(counts_of(), dict.fromkeys(range(6), 4), exposure=people / unit)) for unit in (1, 1000)
    )
    np.testing.assert_allclose(one.change, other.change, atol=1e-5)


def test_what_it_does_not_take_is_refused(panel_design):
    """Many sites, weights, scores, and counts without an event: the message names the way to go."""
    many = panel_design(counts_of(sites=120), dict.fromkeys(range(6), 4))
    with pytest.raises(EstimationError, match="at most 100 sites; there are 120: use 'did-poisson'"):
        estimate(many)
    weighted = panel_design(counts_of(), {0: 4}, weights=np.arange(1.0, 129.0).reshape(16, 8))
    with pytest.raises(EstimationError, match="takes no weights"):
        estimate(weighted)
    with pytest.raises(DesignError, match="counts of events"):
        estimate(panel_design(counts_of(), {0: 4}, kind="score"))
    none = counts_of()
    none[:6, 4:] = 0
    with pytest.raises(EstimationError, match="separation"):
        estimate(panel_design(none, dict.fromkeys(range(6), 4)))


def test_counts_that_vary_as_chance_makes_them_are_refused_at_once(panel_design):
    """Where the likelihood only falls from alpha = 0 on, there is nothing to look for."""
    counts = np.random.default_rng(8).permuted(np.tile(np.repeat([9.0, 10.0, 11.0, 10.0], 2), (16, 1)), axis=1)
    with pytest.raises(EstimationError, match=r"vary no more than chance makes them, .*use 'did-poisson'"):
        estimate(panel_design(counts, dict.fromkeys(range(6), 4)))


def test_the_slope_by_alpha_is_that_of_the_likelihood():
    """The derivative against differences of scipy's log probabilities, and zero at the maximum."""
    rng = np.random.default_rng(9)
    mu = rng.gamma(5, 2, 60)
    y = rng.poisson(mu * rng.gamma(4, 0.25, 60)).astype(float)

    def height(alpha):
        return stats.nbinom(1 / alpha, 1 / (1 + alpha * mu)).logpmf(y).sum()

    for alpha in (0.01, 0.3, 2.0):
        step = 1e-4 * alpha
        assert _slope_of_alpha(y, mu, alpha) == pytest.approx(
            (height(alpha + step) - height(alpha - step)) / (2 * step), rel=1e-4
        )
