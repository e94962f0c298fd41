"""Numbers of metafor are those that its manual prints, on the pages rma.uni, confint, predict, blup and leave1out."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from evalkit.errors import EvidenceError
from evalkit.evidence import (
    EffectSize,
    between_variance,
    from_rates,
    opposite_studies,
    random_effects,
    without_each,
)
from evalkit.evidence.between_studies import log_likelihood, weighted_fit


def ends(interval):
    """Give the ends of an interval as a pair."""
    return interval.lower, interval.upper


@pytest.fixture(scope="module")
def restricted(bcg):
    """Give the BCG trials pooled by REML with normal errors, as metafor does."""
    return random_effects(bcg, test="normal")


def test_one_true_effect_as_metafor_prints_it(bcg):
    """`rma(yi, vi, method = "EE")`."""
    found = random_effects(bcg, method="common")
    expected = found.expected()
    assert expected.estimate == pytest.approx(-0.4303, abs=5e-5)
    assert ends(expected.interval()) == pytest.approx((-0.5097, -0.3509), abs=5e-5)
    assert (found.q, found.q_degrees_of_freedom) == (pytest.approx(152.2330, abs=5e-5), 12)
    assert found.q_p_value == pytest.approx(stats.chi2.sf(found.q, 12))
    assert (found.tau2, found.test) == (0, "normal")


def test_dersimonian_laird_as_metafor_prints_it(bcg):
    """`rma(yi, vi, method = "DL")`."""
    found = random_effects(bcg, method="DL", test="normal")
    assert found.tau2 == pytest.approx(0.3088, abs=5e-5)
    assert found.i2 == pytest.approx(92.1173, abs=5e-5)
    assert found.expected().estimate == pytest.approx(-0.7141, abs=5e-5)
    assert ends(found.expected().interval()) == pytest.approx((-1.0644, -0.3638), abs=5e-5)


def test_restricted_likelihood_as_metafor_prints_it(restricted):
    """`rma(yi, vi)`, `confint` and `predict`."""
    assert restricted.tau2 == pytest.approx(0.3132, abs=5e-5)
    assert restricted.tau2_error == pytest.approx(0.1664, abs=5e-5)
    assert restricted.tau == pytest.approx(0.5597, abs=5e-5)
    assert (restricted.i2, restricted.h2) == pytest.approx((92.22, 12.86), abs=5e-3)
    assert restricted.errors == pytest.approx([0.1798], abs=5e-5)
    assert restricted.coefficients / restricted.errors == pytest.approx([-3.9744], abs=5e-5)
    assert ends(restricted.expected().interval()) == pytest.approx((-1.0669, -0.3622), abs=5e-5)
    assert ends(restricted.expected().prediction_interval()) == pytest.approx((-1.87, 0.44), abs=5e-3)
    assert ends(restricted.tau2_interval()) == pytest.approx((0.1197, 1.1115), abs=5e-5)


def test_maximum_likelihood_of_log_odds_as_metafor_prints_it(bcg_odds):
    """`rma(measure = "OR", ..., method = "ML")` of the BCG trials."""
    found = random_effects(bcg_odds, method="ML", test="normal")
    assert found.tau2 == pytest.approx(0.3025, abs=5e-5)
    assert (found.expected().estimate, found.expected().error) == pytest.approx((-0.7420, 0.1780), abs=5e-5)
    assert ends(found.expected().prediction_interval()) == pytest.approx((-1.875, 0.391), abs=5e-4)


def test_shrunk_effects_as_metafor_prints_them(restricted):
    """`blup(res, transf = exp)`."""
    published = (
        0.4492, 0.2860, 0.3727, 0.2471, 0.7502, 0.4563, 0.2882, 1.0029, 0.6024, 0.2873, 0.7021, 0.7522, 0.8635,
    )  # fmt: skip
    assert np.exp(restricted.shrunk().estimates) == pytest.approx(published, abs=5e-5)


def test_a_shrunk_effect_is_what_the_joint_normal_gives(restricted):
    """Prediction and error are those of the true effect given all estimates, with a flat prior on the mean."""
    y, v, X = restricted.arrays
    variance = np.diag(v) + restricted.tau2 * np.eye(13)
    inverse = np.linalg.inv(variance)
    flat = np.linalg.inv(X.T @ inverse @ X)
    P = inverse - inverse @ X @ flat @ X.T @ inverse
    found = restricted.shrunk()
    assert found.estimates == pytest.approx(y - v * (P @ y), rel=1e-10)
    # the error of predicting theta by y - D P y, with D the sampling variances, has variance D - D P D
    assert found.errors**2 == pytest.approx(v - v**2 * np.diag(P), rel=1e-10)


def test_leaving_each_out_as_metafor_prints_it(restricted):
    """`leave1out(res)`: tau2 and estimate."""
    tau2 = (
        0.3362, 0.2926, 0.3207, 0.2628, 0.3278, 0.3596, 0.2930, 0.2732, 0.3495, 0.2987, 0.3405, 0.3082, 0.3037,
    )  # fmt: skip
    middle = (
        -0.7071, -0.6540, -0.6856, -0.6284, -0.7642, -0.7109, -0.6552, -0.7948, -0.7412, -0.6530, -0.7579, -0.7598,
        -0.7775,
    )  # fmt: skip
    found = without_each(restricted)
    assert found.tau2 == pytest.approx(tau2, abs=5e-5)
    assert found.coefficients[:, 0] == pytest.approx(middle, abs=5e-5)


@pytest.mark.parametrize("test", ["normal", "hartung-knapp"])
def test_leaving_each_out_is_pooling_the_others(bcg, test):
    """All at once gives what one after the other does; a residual is of what the others predict."""
    pooled = random_effects(bcg, test=test, moderators=("ablat",))
    found = without_each(pooled)
    for place in (0, 6, 12):
        others = random_effects([*bcg[:place], *bcg[place + 1 :]], test=test, moderators=("ablat",))
        assert found.coefficients[place] == pytest.approx(others.coefficients, rel=1e-9)
        assert found.errors[place] == pytest.approx(others.errors, rel=1e-9)
        at = others.expected({"ablat": bcg[place].moderators["ablat"]})
        assert found.lower[place, 0] < others.coefficients[0] < found.upper[place, 0]
        plain = math.sqrt(bcg[place].variance + others.tau2 + (at.error**2 / others.scaled_by))
        assert found.residuals[place] == pytest.approx((bcg[place].estimate - at.estimate) / plain, rel=1e-9)
        moved = pooled.coefficients - others.coefficients
        assert found.cook[place] == pytest.approx(
            moved @ np.linalg.inv(pooled.covariance / pooled.scaled_by) @ moved, rel=1e-9
        )


def test_regression_on_latitude_as_metafor_prints_it(bcg):
    """`rma(yi, vi, mods = ~ ablat)`, its predictions from 10 to 60 degrees with both intervals, and `confint`."""
    found = random_effects(bcg, test="normal", moderators=("ablat",))
    published = {
        10: (0.9612, 0.6668, 1.3857, 0.5000, 1.8478), 20: (0.7185, 0.5526, 0.9343, 0.3936, 1.3117),
        30: (0.5371, 0.4355, 0.6623, 0.3005, 0.9600), 40: (0.4015, 0.3151, 0.5115, 0.2218, 0.7266),
        50: (0.3001, 0.2144, 0.4201, 0.1586, 0.5678), 60: (0.2243, 0.1423, 0.3538, 0.1105, 0.4552),
    }  # fmt: skip
    # Fisher scoring stops there at steps below 1e-5, at 0.0763547, before the top of the likelihood at 0.0763480.
    assert found.tau2 == pytest.approx(0.0763547, abs=1e-5)
    # Its root finder stops within 1.2e-4 of the end; here the weighted squares are the quantiles to rounding.
    assert ends(found.tau2_interval()) == pytest.approx((0.0167, 0.7849), abs=1.2e-4)
    squares = [float(weighted_fit(*found.arrays, end).q) for end in ends(found.tau2_interval())]
    assert squares == pytest.approx(stats.chi2.ppf([0.975, 0.025], 11), rel=1e-9)
    fit = weighted_fit(*found.arrays, 0.0763547)
    there = replace(found, tau2=0.0763547, coefficients=fit.coefficients, covariance=fit.covariance)
    for latitude, numbers in published.items():
        at = there.expected({"ablat": latitude})
        assert found.expected({"ablat": latitude}).interval().upper == pytest.approx(at.interval().upper, abs=1e-4)
        all_five = (at.estimate, *ends(at.interval()), *ends(at.prediction_interval()))
        assert np.exp(all_five) == pytest.approx(numbers, abs=5e-5)


def test_regression_on_latitude_and_year_as_metafor_prints_it(bcg):
    """`rma(yi, vi, mods = ~ ablat + year)`."""
    found = random_effects(bcg, test="normal", moderators=("ablat", "year"))
    assert found.columns.names == ("intercept", "ablat", "year")
    assert found.tau2 == pytest.approx(0.1108, abs=5e-5)
    assert found.coefficients[1:] == pytest.approx([-0.0280, 0.0019], abs=5e-5)
    assert found.errors[1:] == pytest.approx([0.0102, 0.0147], abs=5e-5)


def test_landenberger_and_lipsey_as_published(landenberger):
    """`dat.landenberger2005` in metadat, printed of not reoffending, here of reoffending, so all signs are turned."""
    found = random_effects(landenberger, test="normal")
    expected = found.expected()
    assert (found.tau2, found.tau2_error) == pytest.approx((0.1046, 0.0352), abs=5e-5)
    assert found.i2 == pytest.approx(70.62, abs=5e-3)
    assert found.q == pytest.approx(213.6898, abs=5e-5)
    assert (expected.estimate, expected.error) == pytest.approx((-0.4226, 0.0605), abs=5e-5)
    assert ends(expected.interval()) == pytest.approx((-0.5411, -0.3041), abs=5e-5)
    odds = np.exp([-expected.estimate, -expected.interval().upper, -expected.interval().lower])
    assert odds == pytest.approx((1.53, 1.36, 1.72), abs=5e-3)
    new = expected.prediction_interval()
    assert np.exp([-new.upper, -new.lower]) == pytest.approx((0.80, 2.91), abs=5e-3)
    assert expected.prob_new_harm == pytest.approx(stats.norm.sf(0.422597, scale=0.329035), abs=1e-5)
    assert opposite_studies(landenberger) == ()


def test_sessions_of_landenberger_and_lipsey_as_published(landenberger):
    """`rma(yi, vi, mods = ~ sessions)` and its predictions at 1, 2, 5 and 10 sessions a week."""
    found = random_effects(landenberger, test="normal", moderators=("sessions",))
    assert found.tau2 == pytest.approx(0.0761, abs=5e-5)
    assert found.r2 == pytest.approx(27.27, abs=5e-3)
    assert found.coefficients == pytest.approx([-0.2022, -0.0695], abs=5e-5)
    assert found.errors == pytest.approx([0.1015, 0.0282], abs=5e-5)
    published = {
        1: (1.31, 1.12, 1.53, 0.75, 2.30), 2: (1.41, 1.25, 1.59, 0.81, 2.45), 5: (1.73, 1.49, 2.02, 0.99, 3.04),
        10: (2.45, 1.64, 3.66, 1.25, 4.80),
    }  # fmt: skip
    for sessions, numbers in published.items():
        at = found.expected({"sessions": sessions})
        mean, new = at.interval(), at.prediction_interval()
        assert np.exp([-at.estimate, -mean.upper, -mean.lower, -new.upper, -new.lower]) == pytest.approx(
            numbers, abs=5e-3
        )


def test_statsmodels_gives_the_same(bcg):
    """`combine_effects`: DerSimonian-Laird, Paule-Mandel iterated to the end, and Hartung-Knapp without its floor."""
    from statsmodels.stats.meta_analysis import combine_effects

    y, v = np.array([(each.estimate, each.variance) for each in bcg]).T
    for method, theirs in (("DL", "dl"), ("PM", "iterated")):
        found = random_effects(bcg, method=method, test="hartung-knapp without floor")
        peer = combine_effects(y, v, method_re=theirs, use_t=True, atol=1e-12)
        assert found.tau2 == pytest.approx(peer.tau2, rel=1e-6)
        assert found.expected().estimate == pytest.approx(peer.mean_effect_re, rel=1e-6)
        assert found.expected().error == pytest.approx(peer.sd_eff_w_re_hksj, rel=1e-6)
        assert ends(found.expected().interval()) == pytest.approx(peer.conf_int()[3], rel=1e-6)


# Niel-Weise et al. 2008, doi:10.1016/j.jhin.2008.02.020: infections and catheter days, with treated catheters and not.
NIELWEISE = (
    ("Bong 2003", 7, 1344, 11, 1988), ("Ciresi 1996", 8, 1600, 8, 1461), ("Hanna 2004", 3, 12012, 14, 10962),
    ("Harter 2002", 6, 1536, 10, 1503), ("Jaeger 2001", 1, 370, 1, 483), ("Jaeger 2005", 1, 729, 8, 913),
    ("Logghe 1997", 17, 6760, 15, 6840), ("Ostendorf 2005", 3, 1107, 7, 1015), ("Pemberton 1996", 2, 320, 3, 440),
)  # fmt: skip


def test_incidence_rates_as_metafor_prints_them():
    """`rma(measure = "IRR", ...)` of nine trials: their mean, its error, and tau; the first is -.0605 (.2338)."""
    effects = [
        from_rates(name, treated_events=a, treated_exposure=t, comparison_events=b, comparison_exposure=u)
        for name, a, t, b, u in NIELWEISE
    ]
    assert (effects[0].estimate, effects[0].variance) == pytest.approx((-0.0605, 0.2338), abs=5e-5)
    found = random_effects(effects, test="normal")
    assert (found.expected().estimate, found.expected().error) == pytest.approx((-0.3963, 0.2268), abs=5e-5)
    assert found.tau == pytest.approx(0.3060, abs=5e-5)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_the_likelihood_is_at_its_top(method):
    """A bounded search finds no better variance than the estimate in 40 simulated data sets, with and without tau."""
    rng = np.random.default_rng(3)
    v = rng.uniform(0.01, 0.2, (40, 7))
    y = rng.normal(0, np.sqrt(v + np.repeat([0.0, 0.1], 20)[:, None]))
    X = np.column_stack([np.ones(7), np.arange(7)])
    found, is_restricted = between_variance(y, v, X, method), method == "REML"
    for i in range(40):
        here = log_likelihood(y[i], v[i], X, found[i], restricted=is_restricted)
        best = optimize.minimize_scalar(
            lambda t, i=i: -log_likelihood(y[i], v[i], X, t, restricted=is_restricted),
            bounds=(0, 3),
            method="bounded",
            options={"xatol": 1e-10},
        )
        assert here >= -best.fun - 1e-9
    assert (found == 0).any()
    assert (found > 0).any()


def test_the_restricted_likelihood_is_that_of_contrasts():
    """It is, but for a constant, the density of estimates from which the regression was swept by any basis."""
    rng = np.random.default_rng(4)
    v, X = rng.uniform(0.1, 1, 6), np.column_stack([np.ones(6), rng.normal(size=6)])
    y = rng.normal(size=6)
    basis = np.linalg.svd(X)[0][:, 2:]
    gaps = [
        float(log_likelihood(y, v, X, tau2))
        - stats.multivariate_normal(np.zeros(4), basis.T @ np.diag(v + tau2) @ basis).logpdf(basis.T @ y)
        for tau2 in (0.0, 0.3, 2.0)
    ]
    assert np.ptp(gaps) < 1e-10


def test_data_sets_are_pooled_at_once_as_one_by_one():
    """The leading dimension changes nothing."""
    rng = np.random.default_rng(5)
    v = rng.uniform(0.01, 0.2, (12, 6))
    y = rng.normal(0, np.sqrt(v + 0.05))
    X = np.ones((6, 1))
    for method in ("DL", "PM", "REML", "ML", "common"):
        together = between_variance(y, v, X, method)
        apart = [float(between_variance(y[i], v[i], X, method)) for i in range(12)]
        assert together == pytest.approx(apart, rel=1e-9, abs=1e-12)


def test_paule_mandel_is_where_q_is_its_expectation(bcg):
    """The squares weighted by its answer are the number of studies less one."""
    y, v = np.array([(each.estimate, each.variance) for each in bcg]).T
    tau2 = between_variance(y, v, np.ones((13, 1)), "PM")
    assert float(weighted_fit(y, v, np.ones((13, 1)), tau2).q) == pytest.approx(12, rel=1e-10)


def test_hartung_knapp_keeps_its_floor():
    """Where studies agree better than chance lets them, the plain form is narrower than the common effect's."""
    alike = [EffectSize(study=str(i), estimate=-0.2 + 0.01 * i, error=0.1, scale="log_rate_ratio") for i in range(5)]
    plain, floored = (random_effects(alike, test=test) for test in ("hartung-knapp without floor", "hartung-knapp"))
    normal = random_effects(alike, test="normal").expected().error
    assert plain.expected().error < 0.3 * normal
    assert (floored.scaled_by, floored.expected().error) == (1.0, pytest.approx(normal))
    assert floored.expected().interval().upper == pytest.approx(
        floored.expected().estimate + normal * stats.t.ppf(0.975, 4)
    )
    assert ends(floored.tau2_interval()) == (0.0, pytest.approx(0.0, abs=1e-9))


def test_intervals_hold_as_often_as_is_said():
    """2,000 data sets of 10 studies, tau 0.3: about .94 of intervals of the mean, .90 of predictions of a new study."""
    rng = np.random.default_rng(6)
    v = rng.lognormal(np.log(0.2), 0.5, (2000, 10)) ** 2
    y = rng.normal(-0.2, np.sqrt(0.09 + v))
    X = np.ones((10, 1))
    tau2 = between_variance(y, v, X)
    fit = weighted_fit(y, v, X, tau2)
    error2 = fit.covariance[:, 0, 0] * np.maximum(1, fit.q / 9)
    middle = fit.coefficients[:, 0]
    held = np.abs(middle + 0.2) < stats.t.ppf(0.975, 9) * np.sqrt(error2)
    half = stats.t.ppf(0.975, 8) * np.sqrt(error2 + tau2)
    new = stats.norm.cdf((middle + half + 0.2) / 0.3) - stats.norm.cdf((middle - half + 0.2) / 0.3)
    assert 0.93 < held.mean() < 0.955
    assert 0.89 < new.mean() < 0.925


def test_turning_scaling_and_order_change_nothing_else(bcg):
    """Signs and units carry through; the order of studies does not matter."""
    found = random_effects(bcg, moderators=("ablat",))
    turned = random_effects(
        [replace(each, estimate=-2 * each.estimate, error=2 * each.error) for each in bcg[::-1]], moderators=("ablat",)
    )
    assert turned.coefficients == pytest.approx(-2 * found.coefficients)
    assert turned.covariance == pytest.approx(4 * found.covariance)
    assert (turned.tau2, turned.i2) == pytest.approx((4 * found.tau2, found.i2))


def test_text_moderators_are_levels_and_only_studied_levels_predict(bcg):
    """Two groups by regression, with one tau2, are two means; a level that nobody studied is refused."""
    where = [replace(each, moderators={"far": "far" if each.moderators["ablat"] > 30 else "near"}) for each in bcg]
    found = random_effects(where, method="common", moderators=("far",))
    assert found.columns.names == ("intercept", "far: near")
    near = [each for each in where if each.moderators["far"] == "near"]
    apart = random_effects(near, method="common").expected()
    together = found.expected({"far": "near"})
    assert (together.estimate, together.error) == pytest.approx((apart.estimate, apart.error))
    with pytest.raises(EvidenceError, match="no study has 'far' as 'fra'"):
        found.expected({"far": "fra"})


def test_labels_of_a_study_are_moderators_too(bcg):
    """The year that a trial carries as a label regresses as the one given as a moderator does."""
    bare = [replace(each, moderators={}) for each in bcg]
    found, given = (random_effects(effects, moderators=("year",)) for effects in (bare, bcg))
    assert found.coefficients == pytest.approx(given.coefficients)


def study(name="A", estimate=-0.2, error=0.1, **others):
    """Give an effect of a study."""
    return EffectSize(study=name, estimate=estimate, error=error, scale="log_rate_ratio", **others)


@pytest.mark.parametrize(
    ("effects", "options", "words"),
    [
        ([], {}, "no effect to pool"),
        ([study()], {}, "1 study and 1 coefficient leave nothing"),
        ([study(), study(estimate=0.1)], {}, "several effects of 'A', which are not independent"),
        ([study(), study("B")], {"method": "reml"}, "no method 'reml'"),
        ([study(), study("B")], {"test": "t"}, "no test 't'"),
        ([study(), study("B"), study("C")], {"moderators": ("dose",)}, "no study has a moderator 'dose'"),
        (
            [study(moderators={"dose": 1}), study("B", moderators={"dose": 2}), study("C")],
            {"moderators": ("dose",)},
            "'dose' is not known of 'C'",
        ),
        (
            [study(moderators={"dose": 1}), study("B", moderators={"dose": "b"}), study("C", moderators={"dose": 2})],
            {"moderators": ("dose",)},
            "text in some studies and a number in others",
        ),
        ([study(str(i), moderators={"dose": 1}) for i in range(4)], {"moderators": ("dose",)}, "1.0 in every study"),
        (
            [study(str(i), moderators={"dose": i, "twice": 2 * i}) for i in range(5)],
            {"moderators": ("dose", "twice")},
            "repeat each other",
        ),
    ],
)
def test_what_cannot_be_pooled_is_refused(effects, options, words):
    """With what to do instead."""
    with pytest.raises(EvidenceError, match=words):
        random_effects(effects, **options)


def test_what_cannot_be_expected_is_refused(bcg):
    """A moderator that is missing, unknown or not a number; a new study's effect from two."""
    found = random_effects(bcg, moderators=("ablat",))
    for at, words in (({}, "depends on 'ablat'"), ({"lat": 3}, "no moderator 'lat'"), ({"ablat": "x"}, "is a number")):
        with pytest.raises(EvidenceError, match=words):
            found.expected(at)
    with pytest.raises(EvidenceError, match="two effects more than coefficients"):
        random_effects([study(), study("B", 0.1)]).expected()
    one = random_effects(
        [replace(each, moderators={"far": float(i == 0)}) for i, each in enumerate(bcg)], moderators=("far",)
    )
    with pytest.raises(EvidenceError, match="it alone carries"):
        without_each(one)
    with pytest.raises(EvidenceError, match="nothing is left"):
        without_each(random_effects([study(), study("B", 0.1)]))
