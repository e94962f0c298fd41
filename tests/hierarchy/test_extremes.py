"""Data and priors at the edge: an exact answer, or a message; never a number that is none."""

import math

import numpy as np
import pytest

from evalkit.errors import EvidenceError
from evalkit.hierarchy import (
    PRIORS,
    Exponential,
    Fixed,
    Flat,
    HalfCauchy,
    HalfNormal,
    NormalMixture,
    NormalPrior,
    PriorSet,
    Uniform,
    fit_many,
    fit_normal,
    leave_one_site_out,
    prior_predictive,
    prior_set_from_mapping,
)

FLAT = NormalPrior(deviation=math.inf)


def by_logarithms(y, s, scale, mean_deviation=0.5):
    """Integrate over the log of the deviation by a sum of 200,000 terms, as an independent oracle."""
    x = np.linspace(-40, 12, 40_001)
    tau = np.exp(x)
    logs = np.empty_like(x)
    for index in range(0, len(x), 10_000):
        v = np.asarray(s) ** 2 + tau[index : index + 10_000, None] ** 2
        precision = (1 / v).sum(1) + mean_deviation**-2
        middle = (np.asarray(y) / v).sum(1) / precision
        square = ((np.asarray(y) - middle[:, None]) ** 2 / v).sum(1) + middle**2 / mean_deviation**2
        logs[index : index + 10_000] = -0.5 * (np.log(v).sum(1) + np.log(precision) + square)
    logs += -0.5 * (tau / scale) ** 2 + x
    weights = np.exp(logs - logs.max())
    return float(weights @ tau / weights.sum()), weights / weights.sum(), tau


@pytest.mark.parametrize(
    ("y", "s", "scale"),
    [
        ([-0.2, 0.3, 5.0, 0.1], [1e-8, 1e3, 10.0, 0.1], 0.3),  # errors eleven orders apart
        ([-0.2, -0.2000001, 0.1, 0.3], [1e-7, 1e-7, 0.2, 0.2], 0.3),  # two that are nearly one, and two that are not
        ([-0.2, 0.2], [1e-9, 1e-9], 0.3),
        ([-0.2, 0.3, 0.1], [0.1, 0.1, 0.1], 1e-6),
        ([-200.0, 300.0, 100.0], [0.1, 0.1, 0.1], 0.3),  # against all that the prior believes
        ([-0.2], [0.1], 0.3),
        (np.random.default_rng(1).normal(0, 0.3, 800), np.full(800, 0.1), 0.3),
    ],
)
def test_unequal_few_many_and_absurd_sites_are_integrated_exactly(y, s, scale):
    """Mean and quantiles of the deviation are those of a sum over its logarithm."""
    fit = fit_normal(y, s, between=HalfNormal(scale=scale))
    mean, weights, tau = by_logarithms(y, s, scale)
    assert fit.between.mean == pytest.approx(mean, rel=1e-6)
    middle = float(np.interp(0.5, np.cumsum(weights), tau))
    assert fit.between.median == pytest.approx(middle, rel=2e-3)
    assert float(fit.between.below(fit.between.ppf(0.2))) == pytest.approx(0.2, abs=1e-10)
    assert fit.weights.sum() == pytest.approx(1, abs=1e-12)


def test_the_deviation_of_equal_sites_is_likeliest_nothing():
    """The mode is zero, and not what a search left of it."""
    assert fit_normal([-0.2] * 6, [0.1] * 6).between.mode == 0.0


def test_many_sets_are_fitted_as_each_alone():
    """Sharp and wide ones together, each as if it were by itself."""
    rng = np.random.default_rng(4)
    errors = rng.uniform(0.02, 2.0, (40, 7)) * 10 ** rng.uniform(-3, 1, (40, 1))
    estimates = rng.normal(0, 0.4, (40, 7)) + errors * rng.standard_normal((40, 7))
    together = fit_many(estimates, errors, mean=NormalPrior(deviation=0.5), between=HalfNormal(scale=0.3))
    alone = [fit_normal(y, s) for y, s in zip(estimates, errors, strict=True)]
    assert together.log_total == pytest.approx([fit.log_total for fit in alone], abs=1e-9)
    assert together.mean.ppf([0.05, 0.95])[:, 1] == pytest.approx(
        [float(fit.mean.ppf(0.95)) for fit in alone], abs=1e-9
    )
    assert together.between_ppf(0.9) == pytest.approx([float(fit.between.ppf(0.9)) for fit in alone], rel=1e-8)
    assert together.site(3).below(0.1) == pytest.approx([float(fit.site(3).below(0.1)) for fit in alone], abs=1e-10)


def test_a_year_beside_a_constant_is_told_apart():
    """Two thousand and the constant are nearly one column; turned and back the slope is that of centred years."""
    rng = np.random.default_rng(5)
    years = 1990.0 + np.arange(12)
    y, s = -0.2 - 0.05 * (years - 1995) + rng.normal(0, 0.1, 12), np.full(12, 0.1)
    raw = fit_normal(y, s, design=np.column_stack([np.ones(12), years]), mean=[FLAT, FLAT])
    centred = fit_normal(y, s, design=np.column_stack([np.ones(12), years - 1995]), mean=[FLAT, FLAT])
    assert raw.coefficient("moderator 1").mean == pytest.approx(centred.coefficient("moderator 1").mean, rel=1e-9)
    assert raw.at([1, 2010]).deviation == pytest.approx(centred.at([1, 15]).deviation, rel=1e-9)
    assert raw.log_total == pytest.approx(centred.log_total, abs=1e-8)


def test_more_moderators_than_sites_are_left_to_their_priors():
    """The coefficient that no site tells of keeps its prior."""
    design = [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    fit = fit_normal([-0.1, -0.3], [0.1, 0.1], design=design, mean=[NormalPrior(deviation=0.5)] * 3)
    assert fit.coefficient("moderator 2").mean == pytest.approx(0, abs=1e-12)
    assert fit.coefficient("moderator 2").deviation == pytest.approx(0.5, abs=1e-12)


def by_quadrature(fit):
    """Mean of exp of a new site's effect, by scipy's quadrature over the deviation."""
    from scipy.integrate import quad

    if isinstance(fit.between_prior, Fixed):
        return fit.new_site().mean_exponential()

    def amplified(deviation):
        at = fit_normal(fit.estimates, fit.errors, mean=fit.priors, between=Fixed(value=deviation))
        return float(fit.between.density(deviation)) * at.new_site().mean_exponential()

    end = min(fit.between_prior.upper, 15.0)
    return sum(quad(amplified, *ends, epsrel=1e-8)[0] for ends in ((0, 0.3), (0.3, 1.0), (1.0, end)))


@pytest.mark.parametrize(
    ("between", "mean", "exists"),
    [
        (HalfNormal(scale=0.3), NormalPrior(deviation=0.5), True),
        (HalfNormal(scale=1.2), NormalPrior(deviation=0.5), False),
        (HalfNormal(scale=0.9), FLAT, False),  # the mean itself follows the deviation, which brings the bound to 0.87
        (HalfNormal(scale=0.8), FLAT, True),
        (HalfCauchy(scale=0.1), NormalPrior(deviation=0.5), False),
        (Exponential(scale=0.1), NormalPrior(deviation=0.5), False),
        (Uniform(upper=1.0), FLAT, True),
        (Fixed(value=0.3), FLAT, True),
        (Fixed(value=1e9), FLAT, False),
    ],
)
def test_the_mean_rate_ratio_of_a_new_site_is_given_where_it_exists(between, mean, exists):
    """Otherwise there is None, and the reason."""
    fit = fit_normal([-0.3, -0.1, 0.0], [0.1, 0.1, 0.2], mean=mean, between=between)
    moment = fit.mean_new_ratio()
    assert (moment.value is not None) == exists
    assert bool(moment.reason) != exists
    if exists:
        assert moment.value == pytest.approx(by_quadrature(fit), rel=1e-6)


def test_moments_of_the_deviation_are_none_where_its_tail_is_too_heavy():
    """One site under a half-Cauchy has a mean deviation and no mean square; four sites under nothing neither."""
    alone = fit_normal([-0.2], [0.1], between=HalfCauchy(scale=0.3)).between
    assert alone.mean is not None
    assert alone.deviation is None
    flat = fit_normal([-0.2, 0.3, 0.1, 0.0], [0.1] * 4, mean=FLAT, between=Flat()).between
    assert (flat.mean is None, flat.deviation is None) == (False, True)


@pytest.mark.parametrize("between", [HalfNormal(scale=0.3), HalfCauchy(scale=1.0), Uniform(upper=50.0)])
def test_thousands_of_quantiles_are_those_of_the_mixture(between):
    """Each is where the probability says, in the tails too."""
    mixture = fit_normal([-0.3, -0.1, 0.4], [0.01, 0.1, 0.2], between=between).new_site()
    wanted = (np.arange(4000) + 0.5) / 4000
    assert np.abs(mixture.below(mixture.ppf(wanted)) / wanted - 1).max() < 1e-9


def test_quantiles_of_two_narrow_peaks_far_apart_are_found():
    """Between them there is no density to follow."""
    mixture = NormalMixture(weights=[0.3, 0.7], means=[-50.0, 60.0], deviations=[1e-3, 1e-2])
    wanted = np.linspace(0.001, 0.999, 998)
    found = mixture.ppf(wanted)
    assert (np.diff(found) > 0).all()
    assert mixture.below(found) == pytest.approx(wanted, abs=1e-9)


def test_priors_go_to_a_table_and_back():
    """Named ones, own ones and flat ones."""
    own = PriorSet(name="own", mean=NormalPrior(mean=-0.1, deviation=0.2), between=Uniform(upper=1.0), reason="because")
    flat = PriorSet(name="flat", mean=FLAT, between=Flat())
    for priors in (*PRIORS.values(), own, flat):
        assert prior_set_from_mapping(priors.to_mapping()) == priors
    assert prior_set_from_mapping("wide") is PRIORS["wide"]
    assert all(priors.reason and "doi:10." in priors.source for priors in PRIORS.values())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("skeptical", "did you mean 'sceptical'"),
        ({"mean": {"deviation": 0.5}}, "needs between"),
        ({"mean": {"sd": 0.5}, "between": {"shape": "flat"}}, "no key 'sd' of the prior of the mean"),
        ({"mean": "flat", "between": {"shape": "half-norml", "scale": 1}}, "did you mean 'half-normal'"),
        ({"mean": "flat", "between": {"shape": "half-normal", "upper": 1}}, "needs scale; there is upper"),
        ({"mean": {"deviation": "0.5"}, "between": {"shape": "flat"}}, "is a finite number; there is '0.5'"),
        ({"mean": {"deviation": -1}, "between": {"shape": "flat"}}, "above zero"),
        ({"mean": 0.5, "between": {"shape": "flat"}}, "is a table with"),
    ],
)
def test_a_table_of_priors_that_cannot_be_read_is_refused(given, said):
    """The message names the key and what there is."""
    with pytest.raises(EvidenceError, match=said):
        prior_set_from_mapping(given)


def test_what_a_prior_says_is_put_in_words():
    """The range is that of the predictive distribution, and an absurd one is called so."""
    narrow = prior_predictive(PriorSet(name="x", mean=NormalPrior(deviation=0.1), between=Fixed(value=0.1)))
    assert narrow.effect.deviation == pytest.approx(0.1 * 2**0.5, abs=1e-12)
    assert "change crime by between -24 % and +32 %" in narrow.sentence
    wide = prior_predictive(PRIORS["wide"])
    rng = np.random.default_rng(1)
    drawn = rng.normal(0, 1, 400_000) + np.abs(rng.normal(0, 0.5, 400_000)) * rng.standard_normal(400_000)
    assert wide.interval.upper == pytest.approx(np.quantile(drawn, 0.975), abs=0.02)
    assert "no programme is known to have" in wide.sentence
    with pytest.raises(EvidenceError, match="flat priors"):
        prior_predictive(PriorSet(name="flat", mean=FLAT, between=Flat()))


def test_leaving_out_needs_something_left():
    """One site, and flat priors with too few, are refused before anything is divided."""
    with pytest.raises(EvidenceError, match="takes 2 sites"):
        leave_one_site_out(fit_normal([-0.2], [0.1]))
    with pytest.raises(EvidenceError, match="takes 5 sites"):
        leave_one_site_out(fit_normal([-0.2, 0.1, 0.3, 0.0], [0.1] * 4, mean=FLAT, between=Flat()))
