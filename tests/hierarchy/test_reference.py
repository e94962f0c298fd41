"""Posteriors of published data: those of other software, and those of an integration a hundred times finer."""

import math

import numpy as np
import pytest

from evalkit.hierarchy import Flat, HalfCauchy, HalfNormal, NormalPrior, Uniform, fit_normal

SCHOOLS = ([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])
# Rubin 1981, doi:10.3102/10769986006004377, with two decimals.
RUBIN = ([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16], [14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])
# Yusuf and others 1985, doi:10.1016/S0033-0620(85)80003-7: deaths under beta blockers, as baggr has them.
YUSUF = np.array(
    [
        [14, 56, 15, 58],
        [18, 66, 19, 64],
        [15, 100, 12, 95],
        [10, 52, 12, 47],
        [21, 226, 24, 228],
        [3, 38, 6, 31],
        [2, 20, 3, 20],
    ],
    float,
)
# Six trials in Crohn's disease, change in the activity index on placebo (RBesT, data set crohn): mean and patients.
CROHN = ([-51, -49, -36, -47, -90, -54], 88 / np.sqrt([74, 166, 328, 20, 25, 58]))


def flat():
    """A prior that favours no mean."""
    return NormalPrior(deviation=math.inf)


def log_odds_ratios():
    """Log odds ratios of death in the seven trials."""
    a, n, c, m = YUSUF.T
    counts = np.column_stack([a, n - a, c, m - c])
    return np.log(a / (n - a)) - np.log(c / (m - c)), np.sqrt((1 / counts).sum(axis=1))


CASES = {
    "8s_N05_HC5": (SCHOOLS, NormalPrior(deviation=5), HalfCauchy(scale=5)),
    "8s_N05_HN5": (SCHOOLS, NormalPrior(deviation=5), HalfNormal(scale=5)),
    "8s_flat_flat": (SCHOOLS, flat(), Flat()),
    "8s_baggr": (SCHOOLS, NormalPrior(deviation=280), Uniform(upper=104.437)),
    "8s_rubin_HC25": (RUBIN, flat(), HalfCauchy(scale=25)),
    "yusuf_baggr": (log_odds_ratios(), NormalPrior(deviation=10.296), Uniform(upper=3.944)),
    "bcg_HN05": ("bcg", flat(), HalfNormal(scale=0.5)),
    "bcg_HN1_N2": ("bcg", NormalPrior(deviation=2), HalfNormal(scale=1)),
    "bcg_flat": ("bcg", flat(), Flat()),
    "land_HN05": ("landenberger", NormalPrior(deviation=1), HalfNormal(scale=0.5)),
    "crohn": (CROHN, NormalPrior(deviation=88), HalfNormal(scale=44)),
}


@pytest.mark.parametrize("name", CASES)
def test_every_margin_agrees_with_a_finer_integration(name, reference, request):
    """Means, deviations and probabilities to 1e-6 or what was written down, quantiles to their six digits.

    The reference of a prior with an end was integrated across its kink, which leaves 1e-4 of its scale.
    """
    data, mean, between = CASES[name]
    fit = fit_normal(*(request.getfixturevalue(data) if isinstance(data, str) else data), mean=mean, between=between)
    wanted = reference[name]
    near = 2e-4 if isinstance(between, Uniform) else 1e-6
    assert fit.between.mean == pytest.approx(wanted["tau_mean"], rel=near)
    if fit.between.deviation is not None:
        assert fit.between.deviation == pytest.approx(wanted["tau_sd"], rel=near)
    quantiles = [wanted["tau_q025"], wanted["tau_med"], wanted["tau_q975"]]
    assert fit.between.ppf([0.025, 0.5, 0.975]) == pytest.approx(quantiles, rel=near)
    assert fit.mean.mean == pytest.approx(wanted["mu_mean"], rel=near)
    assert fit.mean.deviation == pytest.approx(wanted["mu_sd"], rel=near)
    assert fit.mean.ppf([0.025, 0.05, 0.5, 0.95, 0.975]) == pytest.approx(wanted["mu_q"], rel=near, abs=1e-6)
    new = fit.new_site()
    assert new.deviation == pytest.approx(wanted["new_sd"], rel=near)
    assert new.ppf([0.025, 0.5, 0.975]) == pytest.approx(wanted["new_q"], rel=near, abs=1e-6)
    assert float(fit.mean.below(0)) == pytest.approx(wanted["P_mu<0"], abs=near)
    assert float(new.below(0)) == pytest.approx(wanted["P_new<0"], abs=near)
    assert [site.mean for site in fit.sites] == pytest.approx(wanted["theta_mean"], rel=near, abs=6e-6)
    assert [site.deviation for site in fit.sites] == pytest.approx(wanted["theta_sd"], rel=near, abs=6e-6)
    if between.is_proper and not mean.is_flat:
        assert fit.log_evidence == pytest.approx(wanted["logZ"], abs=near)


def test_rubins_schools_agree_with_bayesmeta():
    """As bayesmeta 3.4 prints them: the deviation to all digits, the mean within what its grid leaves (4e-4)."""
    fit = fit_normal(*RUBIN, mean=NormalPrior(deviation=50), between=HalfCauchy(scale=25))
    between = fit.between
    assert [between.median, between.mean] == pytest.approx([4.758539, 5.884511], abs=1e-6)
    assert between.deviation == pytest.approx(4.869904, abs=1e-5)
    assert between.ppf([0.025, 0.95, 0.975]) == pytest.approx([0.2199559, 15.165894, 18.0531718], abs=1e-6)
    assert fit.mean.mean == pytest.approx(7.985729, abs=4e-4)
    assert fit.mean.deviation == pytest.approx(4.995762, abs=4e-4)
    assert float(fit.mean.above(0)) == pytest.approx(0.9487521, abs=4e-5)
    assert fit.site(0).mean == pytest.approx(11.0953, abs=5e-3)


def test_landenbergers_therapies_are_believed_as_they_should_be(landenberger):
    """The mean is sure, a new programme is not: one in ten is to be feared to work the wrong way."""
    fit = fit_normal(*landenberger, mean=NormalPrior(deviation=1), between=HalfNormal(scale=0.5))
    assert fit.mean.mean == pytest.approx(0.422376, abs=1e-6)
    assert fit.mean.deviation == pytest.approx(0.062679, abs=1e-6)
    assert fit.between.mean == pytest.approx(0.332702, abs=1e-6)
    assert fit.between.deviation == pytest.approx(0.054769, abs=1e-6)
    assert fit.new_site().deviation == pytest.approx(0.342957, abs=1e-6)
    assert float(fit.new_site().below(0)) == pytest.approx(0.1043, abs=5e-5)


@pytest.mark.parametrize(
    ("latitude", "expected"),
    [
        (10, ((0.967, 0.595, 1.453), (0.399, 2.154), 0.538)),
        (30, ((0.542, 0.414, 0.682), (0.248, 1.131), 0.958)),
        (50, ((0.304, 0.205, 0.448), (0.134, 0.685), 0.994)),
    ],
)
def test_a_moderator_says_what_to_expect_at_its_value(bcg, bcg_latitude, latitude, expected):
    """The vaccine helps more the further from the equator; to the three digits that a finer integration gave."""
    ratio, new, probability = expected
    x = np.column_stack([bcg_latitude[:, 0], (bcg_latitude[:, 1] - bcg_latitude[:, 1].mean()) / 10])
    priors = [NormalPrior(deviation=2), NormalPrior(deviation=1)]
    fit = fit_normal(*bcg, design=x, names=("constant", "latitude"), mean=priors, between=HalfNormal(scale=0.5))
    at = [1, (latitude - bcg_latitude[:, 1].mean()) / 10]
    assert np.exp(fit.at(at).ppf([0.5, 0.025, 0.975])) == pytest.approx(ratio, abs=6e-4)
    assert np.exp(fit.new_site(at).ppf([0.025, 0.975])) == pytest.approx(new, abs=6e-4)
    assert float(fit.new_site(at).below(0)) == pytest.approx(probability, abs=6e-4)
    slope = fit.coefficient("latitude")
    assert [slope.mean, slope.deviation] == pytest.approx([-0.2866, 0.0831], abs=6e-5)
    assert fit.between.mean == pytest.approx(0.313, abs=6e-4)


def test_means_of_rate_ratios_are_not_ratios_of_means(bcg):
    """What is expected in a new city is worse than the median says: 0.60 and not 0.49."""
    fit = fit_normal(*bcg, mean=flat(), between=HalfNormal(scale=0.5))
    assert math.exp(fit.mean.median) == pytest.approx(0.4920, abs=1e-4)
    assert fit.mean_ratio().value == pytest.approx(0.5, abs=5e-3)
    assert fit.mean_new_ratio().value > 0.58


def test_metafors_moderators_come_back_without_priors(bcg, bcg_latitude):
    """At metafor's own deviation and without priors the model is its weighted regression."""
    from evalkit.hierarchy import Fixed

    fit = fit_normal(
        *bcg,
        design=bcg_latitude,
        names=("constant", "ablat"),
        mean=[flat(), flat()],
        between=Fixed(value=math.sqrt(0.0764)),
    )
    published = {10: (0.9612, 0.6668, 1.3857), 30: (0.5371, 0.4355, 0.6623), 50: (0.3001, 0.2144, 0.4201)}
    for latitude, expected in published.items():
        assert np.exp(fit.at([1, latitude]).ppf([0.5, 0.025, 0.975])) == pytest.approx(expected, abs=2e-4)
