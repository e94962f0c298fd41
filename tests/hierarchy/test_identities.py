"""What must hold exactly, whatever the data: the tolerance is rounding's."""

import math

import numpy as np
import pytest
from scipy import stats

from evalkit.errors import EvidenceError
from evalkit.hierarchy import (
    PRIORS,
    Exponential,
    Fixed,
    Flat,
    HalfCauchy,
    HalfNormal,
    NormalPrior,
    PriorSet,
    Uniform,
    fit_many,
    fit_normal,
    leave_one_site_out,
    power_scaling,
    sweep,
)

SCHOOLS = ([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])
SCEPTIC = {"mean": NormalPrior(deviation=5), "between": HalfNormal(scale=5)}
SHAPES = [HalfNormal(scale=0.3), HalfCauchy(scale=0.3), Exponential(scale=0.3), Uniform(upper=2.0)]


@pytest.fixture
def sites():
    """Nine sites with errors from small to large."""
    rng = np.random.default_rng(11)
    errors = rng.uniform(0.05, 0.5, 9)
    return rng.normal(-0.2, 0.25, 9) + errors * rng.standard_normal(9), errors


@pytest.mark.parametrize("between", SHAPES)
def test_each_site_left_out_is_foreseen_by_the_fit_without_it(sites, between):
    """Exact in one pass as one by one: its density before is what the evidence gains by it."""
    fit = fit_normal(*sites, between=between)
    left = leave_one_site_out(fit)
    for index in range(9):
        rest = fit_normal(*(np.delete(each, index) for each in sites), between=between)
        _, log_density = rest.new_site().updated(sites[0][index], sites[1][index])
        assert left.log_predictive[index] == pytest.approx(log_density, abs=1e-8)
        assert left.fits.mean[index].mean == pytest.approx(rest.mean.mean, abs=1e-8)
        assert left.fits.new_site().ppf(0.9)[index] == pytest.approx(rest.new_site().ppf(0.9), abs=1e-8)
        assert left.fits.between_below(0.1)[index] == pytest.approx(float(rest.between.below(0.1)), abs=1e-8)
        seen = rest.new_site()
        standard = (sites[0][index] - seen.means) / np.hypot(seen.deviations, sites[1][index])
        assert left.rank[index] == pytest.approx(seen.weights @ stats.norm.cdf(standard), abs=1e-8)


def test_schools_left_out_agree_with_a_finer_integration():
    """The sum of log predictive densities, and its error; importance weights give -30.65 and are unsure of one."""
    left = leave_one_site_out(fit_normal(*SCHOOLS, **SCEPTIC))
    assert left.elpd == pytest.approx(-30.6694, abs=5e-5)
    assert left.standard_error == pytest.approx(1.478, abs=5e-4)
    heavy = leave_one_site_out(fit_normal(*SCHOOLS, mean=NormalPrior(deviation=5), between=HalfCauchy(scale=5)))
    assert heavy.elpd == pytest.approx(-30.7419, abs=5e-5)


@pytest.mark.parametrize("between", SHAPES)
def test_the_evidence_is_that_of_a_general_quadrature(sites, between):
    """Scipy's quadrature over the deviation, of a joint normal whose covariance is written out."""
    from scipy.integrate import quad

    y, s = sites[0][:4], sites[1][:4]

    def joint(deviation):
        covariance = np.diag(s**2 + deviation**2) + 0.5**2
        density = stats.multivariate_normal(np.zeros(4), covariance).pdf(y)
        return density * math.exp(between.log_density(np.array([deviation]))[0])

    end = between.upper
    total = quad(joint, 0, 1, epsabs=0, epsrel=1e-11)[0] + quad(joint, 1, end, epsabs=0, epsrel=1e-9)[0]
    assert fit_normal(y, s, between=between).log_evidence == pytest.approx(math.log(total), abs=1e-9)


def test_without_deviation_sites_are_one(sites):
    """A prior that is nearly zero pools all: inverse-variance weights, with the prior as one more site."""
    y, s = sites
    precision = (s**-2).sum() + 4.0
    for between in (Fixed(value=0.0), HalfNormal(scale=1e-9)):
        fit = fit_normal(y, s, between=between)
        assert fit.mean.mean == pytest.approx((y / s**2).sum() / precision, abs=1e-10)
        assert fit.mean.deviation == pytest.approx(precision**-0.5, abs=1e-10)
        assert [site.mean for site in fit.sites] == pytest.approx([fit.mean.mean] * 9, abs=1e-8)


def test_with_endless_deviation_sites_are_left_to_themselves(sites):
    """Nothing is pooled, and nothing is known of the mean but its prior."""
    fit = fit_normal(*sites, between=Fixed(value=1e7))
    assert [site.mean for site in fit.sites] == pytest.approx(sites[0], abs=1e-10)
    assert [site.deviation for site in fit.sites] == pytest.approx(sites[1], abs=1e-10)
    assert (fit.mean.mean, fit.mean.deviation) == (pytest.approx(0, abs=1e-10), pytest.approx(0.5, abs=1e-10))


def test_the_order_of_sites_changes_nothing(sites):
    """Nor does it for what each is drawn to."""
    order = np.random.default_rng(1).permutation(9)
    one, other = fit_normal(*sites), fit_normal(sites[0][order], sites[1][order])
    assert other.log_evidence == pytest.approx(one.log_evidence, abs=1e-10)
    assert [site.mean for site in other.sites] == pytest.approx([one.site(index).mean for index in order], abs=1e-10)


@pytest.mark.parametrize("scale", [1e-6, -3.0, 1e6])
def test_another_unit_changes_the_unit_alone(sites, scale):
    """Estimates, errors and priors in another unit, or turned round and moved: the answer with them."""
    one = fit_normal(*sites)
    mean = NormalPrior(mean=5 * scale, deviation=0.5 * abs(scale))
    y = (sites[0] + 5) * scale
    other = fit_normal(y, sites[1] * abs(scale), mean=mean, between=HalfNormal(scale=0.3 * abs(scale)))
    assert other.mean.mean == pytest.approx((one.mean.mean + 5) * scale, rel=1e-10)
    assert other.between.median == pytest.approx(one.between.median * abs(scale), rel=1e-9)
    tail = 0.975 if scale > 0 else 0.025
    assert float(other.new_site().ppf(tail)) == pytest.approx((float(one.new_site().ppf(0.975)) + 5) * scale, rel=1e-9)


def test_a_site_told_twice_is_a_site_of_half_the_variance(sites):
    """Where sites are one, and only there."""
    y, s = sites
    twice = fit_normal(np.append(y, y[0]), np.append(s, s[0]), between=Fixed(value=0.0))
    sharper = fit_normal(y, np.where(np.arange(9) == 0, s / 2**0.5, s), between=Fixed(value=0.0))
    assert twice.mean.mean == pytest.approx(sharper.mean.mean, abs=1e-12)
    assert twice.mean.deviation == pytest.approx(sharper.mean.deviation, abs=1e-12)


def test_powers_of_prior_and_likelihood_are_fits_of_their_own():
    """As a finer integration gave them for eight schools."""
    fit = fit_normal(*SCHOOLS, **SCEPTIC)
    for powers, mean, between in (
        ({}, 4.441, 3.290),
        ({"prior": 0.5}, 5.588, 4.042),
        ({"prior": 2}, 3.182, 2.563),
        ({"likelihood": 0.5}, 3.197, 3.362),
        ({"likelihood": 2}, 5.478, 3.737),
    ):
        scaled = fit.with_power(**powers)
        assert scaled.mean.mean == pytest.approx(mean, abs=6e-4)
        assert scaled.between.mean == pytest.approx(between, abs=6e-4)


def test_sensitivity_to_powers_is_that_of_weighted_draws():
    """The same distances from 100,000 draws, weighted, as arviz estimates them; within their noise."""
    from arviz_stats.base import array_stats

    fit = fit_normal(*SCHOOLS, **SCEPTIC)
    drawn = fit.draw(100_000, np.random.default_rng(5))
    log_prior = -0.5 * (drawn.coefficients[:, 0] / 5) ** 2 - 0.5 * (drawn.between / 5) ** 2
    log_likelihood = (-0.5 * ((drawn.sites - SCHOOLS[0]) / SCHOOLS[1]) ** 2).sum(axis=1)
    found = {line.quantity: line for line in power_scaling(fit).lines}
    values = {"mean effect": drawn.coefficients[:, 0], "deviation between sites": drawn.between}
    for quantity, draws in values.items():
        for logs, ours in ((log_prior, found[quantity].prior), (log_likelihood, found[quantity].likelihood)):
            weights = [np.exp(power * (logs - logs.max())) for power in (-0.01, 0.01)]
            lower, upper = (each / each.sum() for each in weights)
            theirs = array_stats._power_scale_sense(draws[None], lower[None], upper[None], 0.99, 1.01)
            assert ours == pytest.approx(theirs, abs=0.02)


def test_what_the_answer_rests_on_is_said():
    """Two sites say nothing of how sites differ; forty do."""
    few = power_scaling(fit_normal([-0.2, -0.1], [0.1, 0.1]))
    assert {line.quantity: line.diagnosis for line in few.lines}["deviation between sites"] == "rests on the prior"
    assert few.sentence.startswith("The answer rests on the prior for deviation between sites")
    rng = np.random.default_rng(2)
    many = power_scaling(fit_normal(rng.normal(-0.2, 0.3, 400), np.full(400, 0.1)))
    assert many.sentence.startswith("The answer rests on the data")


def test_a_sweep_gives_what_single_fits_give(sites):
    """A row a set of priors, flat ones without evidence."""
    flat = PriorSet(name="flat", mean=NormalPrior(deviation=math.inf), between=Flat())
    fit = fit_normal(*sites)
    for line in sweep(fit, {**PRIORS, "flat": flat}):
        priors = flat if line.name == "flat" else PRIORS[line.name]
        alone = fit_normal(*sites, mean=priors.mean, between=priors.between)
        assert line.mean == pytest.approx(alone.mean.mean, abs=1e-9)
        assert line.between_interval.upper == pytest.approx(alone.between.interval().upper, rel=1e-8)
        assert line.new_interval.lower == pytest.approx(alone.new_site().interval().lower, abs=1e-8)
        assert line.new_below == pytest.approx(float(alone.new_site().below(0)), abs=1e-9)
        assert (line.log_evidence is None) == (line.name == "flat")
    with pytest.raises(EvidenceError, match="at least one set of priors"):
        sweep(fit, {})


def test_two_new_cities_have_the_mean_in_common_and_nothing_else():
    """Their correlation, from draws, is the variance of the mean over that and the mean squared deviation."""
    fit = fit_normal(*SCHOOLS, **SCEPTIC)
    new = fit.draw(200_000, np.random.default_rng(3), new_sites=2).new
    expected = fit.mean.variance / (fit.mean.variance + fit.weights @ fit.deviations**2)
    assert np.corrcoef(new.T)[0, 1] == pytest.approx(expected, abs=0.01)
    rows = fit_many(*SCHOOLS, mean=NormalPrior(deviation=5), between=HalfNormal(scale=5))
    assert rows.new_site().deviation[0] == pytest.approx(fit.new_site().deviation, abs=1e-10)
