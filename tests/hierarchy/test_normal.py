"""Normal hierarchical models: published posteriors, identities, and what cannot be answered."""

import numpy as np
import pytest

from evalkit.errors import EvidenceError
from evalkit.hierarchy import Flat, HalfCauchy, HalfNormal, NormalPrior, Uniform, fit_normal

# Rubin 1981, doi:10.3102/10769986006004377: coaching in eight schools.
SCHOOLS = ([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])
# Crins and others 2014, doi:10.1111/petr.12362: acute rejections, as log odds ratios.
CRINS = (
    [-2.3097026, -0.4595323, -2.3025851, -1.7578579, -1.258461, -2.4178959],
    [0.5994763, 0.5563956, 0.8803408, 0.4558685, 0.6419962, 1.5288107],
)


@pytest.fixture(scope="module")
def crins():
    """Röver's example with its priors (doi:10.18637/jss.v093.i06)."""
    return fit_normal(*CRINS, mean=NormalPrior(deviation=4), between=HalfNormal(scale=0.5))


def test_the_deviation_between_studies_agrees_with_bayesmeta(crins):
    """To the digits that bayesmeta 3.4 prints, but for its upper limit, which its grid moves by 1e-5."""
    between = crins.between
    assert between.mode == pytest.approx(0.2453139, abs=2e-6)
    assert between.median == pytest.approx(0.3445023, abs=1e-6)
    assert between.mean == pytest.approx(0.3810562, abs=1e-6)
    assert between.deviation == pytest.approx(0.2593672, abs=1e-6)
    assert float(between.ppf(0.99)) == pytest.approx(1.109186, abs=1e-6)
    assert float(between.above(1.0)) == pytest.approx(0.02097488, abs=1e-7)
    ends = between.interval(0.99)
    assert [ends.lower, ends.upper] == pytest.approx([0.003547657, 1.205400562], abs=1e-7)


def test_the_mean_and_a_new_study_agree_with_bayesmeta(crins):
    """Within what bayesmeta's own grid leaves open (2e-4, 2e-3 for a new study)."""
    assert crins.mean.mean == pytest.approx(-1.5764365, abs=3e-4)
    assert crins.mean.deviation == pytest.approx(0.3295301, abs=3e-4)
    shortest = crins.mean.shortest(0.95)
    assert [shortest.lower, shortest.upper] == pytest.approx([-2.23113, -0.92631], abs=5e-4)
    assert crins.new_site().deviation == pytest.approx(0.5671855, abs=2e-3)
    assert float(crins.mean.above(0)) == pytest.approx(6.187e-5, abs=3e-6)


def test_eight_schools_agree_with_posteriordb():
    """Within four Monte Carlo errors of the reference draws of posteriordb."""
    fit = fit_normal(*SCHOOLS, mean=NormalPrior(deviation=5), between=HalfCauchy(scale=5))
    assert fit.mean.mean == pytest.approx(4.4105, abs=4 * 0.033)
    assert fit.between.mean == pytest.approx(3.6021, abs=4 * 0.032)
    published = [6.1505, 4.9396, 3.9059, 4.7960, 3.6144, 4.0511, 6.3172, 4.8840]
    assert [site.mean for site in fit.sites] == pytest.approx(published, abs=4 * 0.04)


def test_eight_schools_under_a_uniform_prior_agree_with_brms():
    """Within 0.05 of the 100,000 draws that baggr is tested with."""
    fit = fit_normal(*SCHOOLS, mean=NormalPrior(deviation=280), between=Uniform(upper=104.437))
    assert fit.mean.mean == pytest.approx(7.88433, abs=0.05)
    published = [11.38936, 7.86461, 6.08774, 7.63327, 5.10635, 6.12267, 10.64476, 8.41954]
    assert [site.mean for site in fit.sites] == pytest.approx(published, abs=0.05)


def test_a_site_taken_in_by_the_prediction_is_the_site_fitted_with_the_rest():
    """The prediction for a new site, updated with its estimate, is its margin in the joint fit."""
    estimates, errors = [-0.3, -0.1, -0.25, 0.05], [0.1, 0.2, 0.15, 0.2]
    foreseen = fit_normal(estimates[:3], errors[:3]).new_site()
    updated, log_density = foreseen.updated(estimates[3], errors[3])
    joint = fit_normal(estimates, errors)
    assert updated.mean == pytest.approx(joint.site(3).mean, abs=1e-9)
    assert updated.deviation == pytest.approx(joint.site(3).deviation, abs=1e-9)
    before = fit_normal(estimates[:3], errors[:3]).log_evidence
    assert joint.log_evidence - before == pytest.approx(log_density, abs=1e-8)


def test_draws_of_two_new_sites_hang_together_by_the_mean_alone():
    """Their correlation is the variance of the mean over that and the mean squared deviation."""
    fit = fit_normal(*CRINS, mean=NormalPrior(deviation=4), between=HalfNormal(scale=0.5))
    drawn = fit.draw(100_000, np.random.default_rng(3), new_sites=2)
    squared = float(fit.weights @ fit.deviations**2)
    expected = fit.mean.variance / (fit.mean.variance + squared)
    assert np.corrcoef(drawn.new.T)[0, 1] == pytest.approx(expected, abs=0.015)
    assert drawn.sites.mean(axis=0) == pytest.approx([site.mean for site in fit.sites], abs=0.01)


@pytest.mark.parametrize(
    ("estimates", "errors", "said"),
    [
        ([0.1, 0.2], [0.1, 0.0], "site 2 of 2 has estimate 0.2 with error 0; wanted are"),
        ([0.1, np.nan], [0.1, 0.1], "site 2 of 2 has estimate nan"),
        ([0.1, 0.2], [0.1], "one number for each site"),
        ([], [], "one number for each site"),
    ],
)
def test_estimates_that_are_none_are_refused(estimates, errors, said):
    """The message says which site, what it has, and what was wanted."""
    with pytest.raises(EvidenceError, match=said):
        fit_normal(estimates, errors)


def test_a_flat_deviation_needs_sites():
    """With two sites and nothing believed beforehand there is no answer."""
    with pytest.raises(EvidenceError, match="needs 4 sites here; there are 2"):
        fit_normal([0.1, 0.2], [0.1, 0.1], mean=NormalPrior(deviation=np.inf), between=Flat())
