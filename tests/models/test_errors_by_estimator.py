"""Every way to an error by site, asked of the estimators themselves, against dummies written out and fits made anew."""

import numpy as np
import pytest
import statsmodels.api as sm

import evalkit as ek

SITES, TREATED, PERIODS, START = 9, 4, 6, 3
PATTERNS = 1.0 - 2.0 * (np.arange(2**SITES)[:, None] >> np.arange(SITES) & 1)
ESTIMATORS = ("did-ols", "did-poisson", "did-negative-binomial")


@pytest.fixture(scope="module")
def panel():
    """Counts that vary more than chance makes them, with exposure, and a fall in the first four of nine sites."""
    rng = np.random.default_rng(12)
    exposure = rng.uniform(0.5, 2, (SITES, 1)) * np.linspace(1, 1.2, PERIODS)
    treated = (np.arange(SITES)[:, None] < TREATED) & (np.arange(PERIODS) >= START)
    level = 60 * exposure * np.exp(rng.normal(0, 0.3, (SITES, 1)) - 0.25 * treated)
    return rng.poisson(level * rng.gamma(8, 1 / 8, level.shape)) + 1.0, exposure


def cells_of(sites=SITES):
    """Regressors by cell, written out: the treatment, a level of each site, one of each period but the first."""
    site, period = np.divmod(np.arange(sites * PERIODS), PERIODS)
    treated = (site < TREATED) & (period >= START)
    return site, np.column_stack([treated, site[:, None] == np.arange(sites), period[:, None] == np.arange(1, PERIODS)])


def maximum(name, counts, exposure, x):
    """Fit by another library: outcome and weights, by cell, of the regression that errors are made from.

    Least squares has logs and no weights. A likelihood has its own working regression at the maximum, by the
    variance of a count: log(mu) + (y - mu) / mu, weighted with mu^2 / variance.
    """
    y, n = counts.ravel(), exposure.ravel()
    if name == "did-ols":
        return np.log(y / n), np.ones(len(y))
    poisson = sm.GLM(y, x, family=sm.families.Poisson(), offset=np.log(n)).fit(tol=1e-14)
    mu, alpha = poisson.mu, 0.0
    if name == "did-negative-binomial":
        model = sm.NegativeBinomial(y, x, offset=np.log(n))
        found = model.fit(start_params=np.append(poisson.params, 0.1), method="newton", maxiter=200, disp=0, tol=1e-12)
        assert np.abs(model.score(found.params)).max() < 1e-6
        mu, alpha = np.exp(x @ found.params[:-1] + np.log(n)), found.params[-1]
        assert alpha > 0.01
    return np.log(mu / n) + (y - mu) / mu, mu / (1 + alpha * mu)


def coefficient(outcome, weights, x, cells=slice(None)):
    """Weighted least squares of some cells, for the treatment and the residuals."""
    root = np.sqrt(weights[cells])
    solution = np.linalg.lstsq(x[cells] * root[:, None], outcome[cells] * root, rcond=None)[0]
    return solution[0], outcome[cells] - x[cells] @ solution


def t_values(outcomes, effect, weights, x, site):
    """Give t of one effect in each row of outcomes, shape (m, cells), with plain errors by site."""
    inverse = np.linalg.inv(x.T @ (weights[:, None] * x))
    coefficients = outcomes @ (weights[:, None] * x) @ inverse
    own = (outcomes - coefficients @ x.T) * weights * (x @ inverse[:, 0])
    shares = np.stack([own[:, site == each].sum(axis=1) for each in range(SITES)], axis=1)
    return (coefficients[:, 0] - effect) / np.sqrt((shares**2).sum(axis=1))


def effect_of(name, panel, panel_design, errors, draws=4000):
    """Ask the estimator."""
    counts, exposure = panel
    began = dict.fromkeys(range(TREATED), START)
    estimator = ek.estimator(name)(errors=errors, event_study=False)
    design = panel_design(counts, began, exposure=exposure)
    return estimator.estimate(design, rng=np.random.default_rng(1), draws=draws)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_cr3_is_made_of_fits_without_each_site(panel_design, panel, name):
    """Errors are those of nine regressions without a site each, on t(8); for logs these are the estimator's own."""
    effect = effect_of(name, panel, panel_design, "CR3")
    site, x = cells_of()
    outcome, weights = maximum(name, *panel, x)
    whole = coefficient(outcome, weights, x)[0]
    without = np.array([coefficient(outcome, weights, x, site != out)[0] for out in range(SITES)])
    assert effect.estimate == pytest.approx(whole, abs=1e-6)
    wanted = np.sqrt((SITES - 1) / SITES * ((without - whole) ** 2).sum())
    assert effect.std_error == pytest.approx(wanted, rel=1e-4)
    assert effect.degrees_of_freedom == SITES - 1
    assert dict(effect.specification)["errors"].startswith("CR3")


@pytest.mark.parametrize(("name", "near"), [("did-ols", 1e-5), ("did-poisson", 0.05)])
def test_cr3_is_near_the_jackknife_of_the_whole_estimator(panel_design, panel, name, near):
    """Leaving sites out of the panel itself: the same for logs, and for counts but for steps after the first."""
    counts, exposure = panel
    without = []
    for out in range(SITES):
        began = dict.fromkeys(range(TREATED - (out < TREATED)), START)
        design = panel_design(np.delete(counts, out, axis=0), began, exposure=np.delete(exposure, out, axis=0))
        one = ek.estimator(name)(errors="CR1", event_study=False)
        without.append(one.estimate(design, rng=np.random.default_rng(1), draws=400).estimate)
    effect = effect_of(name, panel, panel_design, "CR3")
    wanted = np.sqrt((SITES - 1) / SITES * ((np.array(without) - effect.estimate) ** 2).sum())
    assert effect.std_error == pytest.approx(wanted, rel=near)


@pytest.mark.parametrize("errors", ["wild", "wild unrestricted"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_wild_p_values_are_those_of_estimating_every_pattern_anew(panel_design, panel, name, errors):
    """Residuals of the regression, without the effect where it is imposed, times each of 512 patterns of signs.

    For counts these are scores of the working regression at the maximum, fitted anew with its weights.
    """
    effect = effect_of(name, panel, panel_design, errors)
    site, x = cells_of()
    outcome, weights = maximum(name, *panel, x)
    whole, residuals = coefficient(outcome, weights, x)
    centre = whole
    if errors == "wild":
        centre, residuals = 0.0, coefficient(outcome, weights, x[:, 1:])[1]
    drawn = (outcome - residuals) + PATTERNS[:, site] * residuals
    actual = t_values(outcome[None, :], 0.0, weights, x, site)[0]
    reached = np.abs(t_values(drawn, centre, weights, x, site)) >= abs(actual) * (1 - 1e-7)
    assert effect.p_value == pytest.approx(reached.mean(), abs=1e-12)
    assert 2 / len(PATTERNS) < effect.p_value < 0.5  # neither end, where any code would be right
    assert effect.basis == "bootstrap"
    assert "all 512 patterns of signs of 9 sites" in effect.reference_set
    assert dict(effect.specification)["errors"].startswith(errors)


@pytest.mark.parametrize("errors", ["wild", "wild unrestricted"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_wild_limits_are_where_the_test_turns(panel_design, panel, name, errors):
    """Effects just outside the 90 % interval are rejected at 10 % by fits made anew, and those just within are not.

    With the effect imposed some patterns speak for effects on both sides of others, and count for those between: the
    interval then holds effects that the test by itself rejects, narrowly.
    """
    ends = effect_of(name, panel, panel_design, errors, draws=20_000).interval(0.9)
    site, x = cells_of()
    outcome, weights = maximum(name, *panel, x)
    whole, plain = coefficient(outcome, weights, x)

    def p_value(effect):
        rest, centre = plain, whole
        if errors == "wild":
            rest, centre = coefficient(outcome - effect * x[:, 0], weights, x[:, 1:])[1], effect
        actual = t_values(outcome[None, :], effect, weights, x, site)[0]
        drawn = t_values((outcome - rest) + PATTERNS[:, site] * rest, centre, weights, x, site)
        return np.mean(np.abs(drawn) >= abs(actual) * (1 - 1e-7))

    width = ends.upper - ends.lower
    for end, outwards in ((ends.lower, -1), (ends.upper, 1)):
        assert p_value(end - outwards * 0.03 * width) >= (0.1 - 0.03 if errors == "wild" else 0.1)
        assert p_value(end + outwards * 0.03 * width) <= 0.1
