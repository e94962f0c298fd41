from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evalkit.errors import EstimationError
from evalkit.models._inference import cluster as _cluster
from evalkit.models._inference import wald as _wald
from evalkit.models._regression.linear import fit_linear


def castle():
    """State by year: log homicide, `post` and population, of Cheng and Hoekstra 2013."""
    from causaldata import castle as source

    frame = source.load_pandas().data[["sid", "year", "l_homicide", "post", "popwt"]].sort_values(["sid", "year"])
    return tuple(frame[name].to_numpy(float).reshape(50, 11) for name in ("l_homicide", "post", "popwt"))


def infer(fit, errors, rule="nested"):
    """Infer with the number of states."""
    return _cluster.infer(fit, errors, rule, treated=21, comparison=29)


@pytest.mark.parametrize(
    ("weighted", "errors", "rule", "estimate", "error", "free"),
    [
        (True, "CR1", "nested", 0.0755, 0.0332, 49),
        (True, "CR1", "full", 0.0755, 0.0348, 49),
        (True, "CR2", "nested", 0.0755, 0.0360, 7.1),
        (False, "CR1", "nested", 0.0694, 0.0559, 49),
        (False, "CR1", "full", 0.0694, 0.0586, 49),
        (False, "CR2", "nested", 0.0694, 0.0561, 36.8),
    ],
)
def test_castle_doctrine_figures_come_out(*, weighted, errors, rule, estimate, error, free):
    """Estimates and errors of the castle panel agree with fixest's, Stata's and clubSandwich's rules."""
    outcome, post, population = castle()
    weights = population if weighted else np.ones_like(post)
    fit = fit_linear(outcome, post[:, :, None], weights, ["post"])
    found = infer(fit, errors, rule)
    assert fit.coefficients[0] == pytest.approx(estimate, abs=5e-5)
    assert found.std_errors[0] == pytest.approx(error, abs=5e-5)
    assert found.degrees_of_freedom[0] == pytest.approx(free, abs=0.05)


def test_castle_p_value_with_few_effective_states():
    """With weights the 50 states are worth 7.1 degrees of freedom, and p is .0735 rather than .027."""
    outcome, post, population = castle()
    fit = fit_linear(outcome, post[:, :, None], population, ["post"])
    found = infer(fit, "CR2")
    p_value = 2 * stats.t.sf(fit.coefficients[0] / found.std_errors[0], found.degrees_of_freedom[0])
    assert p_value == pytest.approx(0.0735, abs=5e-5)


def simulate(rng, sites=9, periods=5, k=2):
    """Make an outcome without structure, a treatment of every second site and further regressors."""
    columns = rng.normal(size=(sites, periods, k))
    columns[:, :, 0] = (np.arange(sites)[:, None] % 2 == 1) & (np.arange(periods) >= 2)
    return rng.normal(size=(sites, periods)), columns


@pytest.mark.parametrize("kind", ["none", "constant in a site", "analytic", "with zeros", "poisson", "overdispersed"])
@pytest.mark.parametrize("shape", [(9, 5), (4, 7)])
def test_fast_cr2_is_the_slow_one(kind, shape, slow_cr2):
    """Low-rank algebra by site gives what whole matrices with explicit dummies give, to ten digits."""
    rng = np.random.default_rng(11)
    outcome, columns = simulate(rng, *shape)
    weights = {
        "none": np.ones(shape),
        "constant in a site": np.repeat(rng.gamma(2, size=(shape[0], 1)), shape[1], axis=1),
        "analytic": rng.gamma(2, size=shape),
        "with zeros": rng.gamma(2, size=shape) * (rng.random(shape) < 0.9),
        "poisson": rng.gamma(2, size=shape),
        "overdispersed": rng.gamma(2, size=shape),
    }[kind]
    inverse = kind in {"none", "poisson"}
    variance = 1 / weights if inverse else np.ones(shape)
    fit = fit_linear(outcome, columns, weights, ["x", "z"], variance_is_inverse_weight=inverse)
    if kind == "overdispersed":
        variance = 1 / weights + 0.3
        fit = replace(fit, variance=variance)
    fast, slow = infer(fit, "CR2"), slow_cr2(outcome, columns, weights, variance)
    np.testing.assert_allclose(fit.coefficients, slow.coefficients, rtol=1e-10)
    np.testing.assert_allclose(fit.residuals[weights > 0], slow.residuals, atol=1e-12)
    np.testing.assert_allclose(fast.seen, 1)
    np.testing.assert_allclose(fast.covariance, slow.covariance, rtol=1e-8)
    np.testing.assert_allclose(fast.degrees_of_freedom, slow.degrees_of_freedom, rtol=1e-8)
    assert _wald.hotelling_degrees(fit, fast, np.array([0, 1])) == pytest.approx(slow.eta, rel=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_cr2_of_sites_that_are_alike_is_the_slow_one(weighted, slow_cr2):
    """Sites of a cohort with the same weights are reckoned once, and count as many times as they are."""
    rng = np.random.default_rng(13)
    cohort, each = np.array([0, 1, 0, 2, 1, 0, 2, 1, 0, 0]), np.arange(5)
    columns = np.stack([(cohort[:, None] == 1) & (each >= 2), (cohort[:, None] == 2) & (each >= 3)], axis=2) * 1.0
    weights = rng.gamma(2, size=(3, 5))[cohort] if weighted else np.ones((10, 5))
    outcome = rng.normal(size=(10, 5))
    fit = fit_linear(outcome, columns, weights, ["x", "z"])
    fast, slow = infer(fit, "CR2"), slow_cr2(outcome, columns, weights, np.ones((10, 5)))
    assert fast.adjusted.functions.shape == (3, 5, 2)
    np.testing.assert_allclose(fast.covariance, slow.covariance, rtol=1e-8)
    np.testing.assert_allclose(fast.degrees_of_freedom, slow.degrees_of_freedom, rtol=1e-8)
    assert _wald.hotelling_degrees(fit, fast, np.array([0, 1])) == pytest.approx(slow.eta, rel=1e-8)


def test_cr2_is_unbiased_under_its_working_model():
    """The expected variance equals the true one when errors are alike and independent."""
    outcome, columns = simulate(np.random.default_rng(12))
    found = infer(fit_linear(outcome, columns, np.ones((9, 5)), ["x", "z"]), "CR2")
    np.testing.assert_allclose(found.seen, 1, rtol=1e-10)


def test_one_treated_site_is_judged_by_the_spread_of_the_others():
    """With one treated site, CR2 becomes the pooled two-sample t test of its change against the others' changes."""
    rng = np.random.default_rng(13)
    outcome = rng.normal(size=(12, 6))
    treated = np.zeros((12, 6, 1))
    treated[0, 3:] = 1
    found = infer(fit_linear(outcome, treated, np.ones((12, 6)), ["x"]), "CR2")
    changes = outcome[:, 3:].mean(axis=1) - outcome[:, :3].mean(axis=1)
    assert found.std_errors[0] == pytest.approx(np.sqrt(changes[1:].var(ddof=1) * (1 + 1 / 11)), rel=1e-10)
    assert found.degrees_of_freedom[0] == pytest.approx(10, rel=1e-8)
    assert found.seen[0] < 0.2


def test_one_site_of_each_kind_has_no_error():
    """With one treated and one comparison site nothing can be said about the error, so nothing is."""
    rng = np.random.default_rng(14)
    treated = np.zeros((2, 6, 1))
    treated[0, 3:] = 1
    fit = fit_linear(rng.normal(size=(2, 6)), treated, np.ones((2, 6)), ["x"])
    with pytest.raises(EstimationError, match="no variation to tell the error from"):
        infer(fit, "CR2")


def test_auto_takes_the_fast_rule_only_with_many_sites_on_both_sides():
    """CR1 needs 50 treated and 50 comparison sites; otherwise CR2."""
    outcome, columns = simulate(np.random.default_rng(15))
    fit = fit_linear(outcome, columns, np.ones((9, 5)), ["x", "z"])
    assert _cluster.infer(fit, "auto", "nested", treated=50, comparison=49).kind == "CR2"
    assert _cluster.infer(fit, "auto", "nested", treated=50, comparison=50).kind == "CR1"


def test_small_sample_rules_differ_only_in_what_they_count():
    """Nested counts 2 regressors and 5 periods; full adds 8 sites; none is no factor."""
    outcome, columns = simulate(np.random.default_rng(16))
    fit = fit_linear(outcome, columns, np.ones((9, 5)), ["x", "z"])
    assert _cluster.small_sample_factor(fit, "nested") == pytest.approx(9 / 8 * 44 / (45 - 7))
    assert _cluster.small_sample_factor(fit, "full") == pytest.approx(9 / 8 * 44 / (45 - 15))
    assert _cluster.small_sample_factor(fit, "none") == 1


def test_influence_gives_the_uncorrected_variance():
    """Each site's contribution to the estimate sums to nothing, and its squares to the plain sandwich."""
    outcome, columns = simulate(np.random.default_rng(17))
    found = infer(fit_linear(outcome, columns, np.ones((9, 5)), ["x", "z"]), "CR1", "none")
    np.testing.assert_allclose(found.influence.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((found.influence**2).sum(axis=0), np.diag(found.covariance), rtol=1e-12)


def test_joint_test_of_one_coefficient_is_its_t_test():
    """The approximate Hotelling test of one coefficient has the Satterthwaite degrees of freedom."""
    outcome, columns = simulate(np.random.default_rng(18), sites=20)
    fit = fit_linear(outcome, columns, np.ones((20, 5)), ["x", "z"])
    found = infer(fit, "CR2")
    joint = _wald.joint_test(fit, found, np.array([1]), np.array([0.1]))
    t = fit.coefficients[1] / found.std_errors[1]
    assert joint.denominator == pytest.approx(found.degrees_of_freedom[1], rel=1e-8)
    assert joint.p_value == pytest.approx(2 * stats.t.sf(abs(t), found.degrees_of_freedom[1]), rel=1e-8)


def test_power_of_the_joint_test_grows_with_what_it_is_to_notice():
    """Nothing is noticed at the size of the test, and something huge surely."""
    outcome, columns = simulate(np.random.default_rng(19), sites=30)
    fit = fit_linear(outcome, columns, np.ones((30, 5)), ["x", "z"])
    found = infer(fit, "CR2")
    powers = [
        _wald.joint_test(fit, found, np.array([0, 1]), np.array([size, size])).power for size in (0, 0.2, 0.5, 50)
    ]
    assert powers[0] == pytest.approx(0.05)
    assert powers == sorted(powers)
    assert powers[-1] == pytest.approx(1)


def test_pairs_of_sites_and_pairs_of_coefficients_give_the_same_sum(monkeypatch):
    """Both ways, in blocks of any size, give what the products of all pairs, written out, add up to."""
    rng = np.random.default_rng(20)
    left, right = rng.normal(size=(2, 7, 5, 3))
    products = np.einsum("irs,jrt->ijst", left, right)
    slow = (np.einsum("ijss->ij", products) ** 2).sum() + np.einsum("ijst,ijts->", products, products)
    for chunk in (1, 10**6):
        monkeypatch.setattr(_wald, "_CHUNK", chunk)
        assert _wald._pairs_of_sites(left, right) == pytest.approx(slow, rel=1e-12)
        # the second sum takes the products to be those of a symmetric whole, as a covariance is
        own = _wald._pairs_of_coefficients(left, right)
        assert own == pytest.approx(slow, rel=1e-12)


def test_power_takes_the_inverse_of_an_estimated_covariance_for_what_it_is():
    """The noncentrality is shrunk by (eta - q - 1) / eta, the mean of an inverse Wishart put right."""
    outcome, columns = simulate(np.random.default_rng(21), sites=30)
    fit = fit_linear(outcome, columns, np.ones((30, 5)), ["x", "z"])
    found, which, departure = infer(fit, "CR2"), np.array([0, 1]), np.array([0.3, 0.3])
    joint = _wald.joint_test(fit, found, which, departure)
    eta = joint.denominator + 1
    plain = departure @ np.linalg.solve(found.covariance, departure)
    wanted = stats.ncf.sf(stats.f.ppf(0.95, 2, joint.denominator), 2, joint.denominator, plain * (eta - 3) / eta)
    assert joint.power == pytest.approx(wanted)


def test_unknown_options_are_named():
    """A wrong name is answered with the names there are."""
    with pytest.raises(EstimationError, match=r"no errors 'HC3'.*'CR1', 'CR2', 'auto'"):
        _cluster.require_options("HC3", "nested")
