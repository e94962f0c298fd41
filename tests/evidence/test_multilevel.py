import math

import numpy as np
import pytest
from scipy import stats

from evalkit.errors import EvidenceError
from evalkit.evidence import EffectSize, multilevel, random_effects
from evalkit.evidence.cluster_robust import robust_errors
from evalkit.evidence.three_level import (
    blocks_of,
    fit_three_levels,
    precision_blocks,
    restricted_log_likelihood,
)

# Assink and Wibbelink 2016, doi:10.20982/tqmp.12.3.p154: mental health and reoffending of young people; for each of 17
# studies its standardised mean differences and their sampling variances.
ASSINK = (
    ((0.9066, 0.074), (0.4295, 0.0398), (0.2679, 0.0481), (0.2078, 0.0239), (0.0526, 0.0331), (-0.0507, 0.0886)),
    ((0.5117, 0.0115), (0.4738, 0.0076), (0.3544, 0.0065)),
    ((2.2844, 0.3325), (2.1771, 0.3073), (1.7777, 0.2697), (1.548, 0.4533), (1.4855, 0.1167), (1.4836, 0.1706),
     (1.2777, 0.1538), (1.0311, 0.3132), (0.9409, 0.1487), (0.6263, 0.2139)),
    ((-0.0447, 0.0331),),
    ((1.549, 0.1384),),
    ((0.7516, 0.0477), (0.3979, 0.0449), (0.2062, 0.3533), (-0.2927, 0.0758), (-0.5067, 0.0314)),
    ((1.7083, 0.0729), (0.8003, 0.0815), (0.7268, 0.1394), (0.6569, 0.0943), (0.5569, 0.1355), (0.3504, 0.0763)),
    ((0.3695, 0.0199),),
    ((0.1048, 0.0331), (0.1748, 0.0346)),
    ((0.4549, 0.0278), (0.3161, 0.0185), (0.0826, 0.0328), (0.0221, 0.0612), (-0.0199, 0.0127)),
    ((2.358, 0.1226), (2.358, 0.1226), (2.3157, 0.2416), (2.0765, 0.0844), (2.0034, 0.078), (1.7716, 0.0723),
     (1.4918, 0.0701), (1.4476, 0.0422), (1.2897, 0.0663), (1.2637, 0.0935), (1.2423, 0.0392), (1.1769, 0.0387),
     (1.076, 0.0391), (1.0653, 0.038), (1.0379, 0.1651), (1.0101, 0.0586), (1.0087, 0.0386), (0.8765, 0.0893),
     (0.8615, 0.1591), (0.8531, 0.035), (0.6999, 0.0353), (0.6947, 0.0353)),
    ((0.2994, 0.0041), (0.2992, 0.0042), (0.2989, 0.0041), (0.291, 0.0042), (0.217, 0.0041)),
    ((0.3874, 0.0138), (0.2178, 0.0137)),
    ((0.4571, 0.01), (0.1947, 0.0059), (0.0239, 0.0025), (-0.0575, 0.0032), (-0.119, 0.0789), (-0.2945, 0.0179)),
    ((0.713, 0.1537), (0.399, 0.2334), (-0.7645, 0.1674)),
    ((0.7156, 0.0914), (0.7067, 0.0875), (0.6475, 0.033), (0.6428, 0.0861), (0.6271, 0.04), (0.6238, 0.068),
     (0.6025, 0.1287), (0.5763, 0.0332), (0.5171, 0.0517), (-0.3797, 0.039), (-0.4228, 0.0664), (-0.4245, 0.0809),
     (-0.4671, 0.0667), (-0.523, 0.0988), (-0.5675, 0.034), (-0.7586, 0.0437)),
    ((0.3453, 0.034), (0.1221, 0.0158), (0.0906, 0.0107), (0.004, 0.0208), (-0.0207, 0.0123), (-0.066, 0.01)),
)  # fmt: skip


@pytest.fixture(scope="module")
def assink():
    """Give the hundred effects of seventeen studies."""
    return tuple(
        EffectSize(
            study=f"study {place}",
            estimate=estimate,
            error=math.sqrt(variance),
            scale="standardised_mean_difference",
            moderators={"several": float(len(study) > 2)},
        )
        for place, study in enumerate(ASSINK, 1)
        for estimate, variance in study
    )


def test_three_levels_as_metafor_prints_them(assink):
    """`rma.mv(yi, vi, random = ~ 1 | study/esid)` of the example, errors by the model."""
    found = multilevel(assink, errors="model")
    assert len(assink) == 100
    assert found.coefficients == pytest.approx([0.4268], abs=5e-5)
    assert found.errors == pytest.approx([0.1184], abs=5e-5)
    assert (found.tau2_between, found.tau2_within) == pytest.approx((0.1879, 0.1120), abs=5e-5)
    assert found.expected().degrees_of_freedom is None


def test_errors_by_study_as_clubsandwich_prints_them(assink):
    """`robust(res, cluster = study, clubSandwich = TRUE)`."""
    found = multilevel(assink)
    assert found.errors == pytest.approx([0.1186], abs=5e-5)
    assert found.degrees_of_freedom == pytest.approx([15.45], abs=5e-3)
    (ends,) = found.intervals()
    assert (ends.lower, ends.upper) == pytest.approx((0.1745, 0.6791), abs=5e-5)
    assert found.p_values == pytest.approx(2 * stats.t.sf(found.coefficients / found.errors, 15.4476), rel=1e-4)
    assert found.expected().interval() == ends


@pytest.mark.parametrize(
    ("moderators", "errors", "free"),
    [
        ((), [math.sqrt(0.03229357)], [11.04125]),
        (("ablat", "year"), [33.655367, 0.011994, 0.016963], [2.724625, 2.112895, 2.745919]),
    ],
)
def test_cr2_of_the_bcg_trials_as_in_metafors_own_tests(bcg, moderators, errors, free):
    """Every trial its own study: `robust(..., clubSandwich = TRUE)`, file test_misc_robust.r, to the digits there."""
    pooled = random_effects(bcg, test="normal", moderators=moderators)
    y, v, X = pooled.arrays
    blocks = blocks_of([each.study for each in bcg], y, np.sqrt(v), X, 0.0)
    found = robust_errors(blocks, precision_blocks(blocks, pooled.tau2, 0.0), pooled.coefficients, pooled.covariance)
    # printed to some six digits, of which the end of metafor's iterations leaves four or five
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(errors, rel=2e-4)
    assert found.degrees_of_freedom == pytest.approx(free, rel=2e-4)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_the_likelihood_is_that_of_contrasts(assink, correlation):
    """But for a constant it is the density of effects from which the mean was swept, all held in one matrix."""
    some = assink[:40]
    y, errors = (np.array([getattr(each, name) for each in some]) for name in ("estimate", "error"))
    clusters = [each.cluster for each in some]
    blocks = blocks_of(clusters, y, errors, np.ones((40, 1)), correlation)
    same = np.equal.outer(clusters, clusters)
    sampling = np.outer(errors, errors) * np.where(np.eye(40, dtype=bool), 1.0, correlation * same)
    basis = np.linalg.svd(np.ones((40, 1)))[0][:, 1:]
    gaps = [
        restricted_log_likelihood(blocks, between, within)
        - stats.multivariate_normal(
            np.zeros(39), basis.T @ (sampling + between * same + within * np.eye(40)) @ basis
        ).logpdf(basis.T @ y)
        for between, within in ((0.0, 0.1), (0.3, 0.05), (1.0, 0.4))
    ]
    assert np.ptp(gaps) < 1e-9


def test_no_nearby_variances_are_likelier(assink):
    """The top is a top, also where a variance is 0."""
    y, errors = (np.array([getattr(each, name) for each in assink]) for name in ("estimate", "error"))
    for clusters in ([each.cluster for each in assink], [str(i % 20) for i in range(100)]):
        blocks = blocks_of(clusters, y, errors, np.ones((100, 1)), 0.0)
        fit = fit_three_levels(blocks)
        for up, across in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3), (1e-3, -1e-3)):
            between, within = max(0.0, fit.between + up), max(0.0, fit.within + across)
            assert restricted_log_likelihood(blocks, between, within) <= fit.log_likelihood + 1e-12


def test_study_names_and_order_change_nothing(assink):
    """Rows may come in any order, and a study be called anything."""
    found = multilevel(assink, moderators=("several",))
    turned = multilevel(assink[::-1], moderators=("several",))
    assert turned.coefficients == pytest.approx(found.coefficients, rel=1e-5)
    assert turned.errors == pytest.approx(found.errors, rel=1e-5)
    at = found.expected({"several": 1.0})
    assert at.estimate == pytest.approx(found.coefficients.sum())
    assert at.error**2 == pytest.approx(found.covariance.sum())
    assert at.deviation**2 == pytest.approx(found.covariance.sum() + found.tau2_between + found.tau2_within)


def test_effects_told_twice_tell_nothing_more():
    """Each effect twice, with sampling errors that go together nearly whole: the error of the mean stays as it was."""
    rng = np.random.default_rng(8)
    once = [
        EffectSize(study=f"{i // 2}", estimate=rng.normal(-0.2, 0.3), error=0.2, scale="log_rate_ratio")
        for i in range(24)
    ]
    alone = multilevel(once).errors[0]
    twice = multilevel([*once, *once], sampling_correlation=0.99).errors[0]
    assert twice == pytest.approx(alone, rel=0.02)
    as_if_apart = [
        EffectSize(study=f"{i}", estimate=e.estimate, error=0.2, scale=e.scale) for i, e in enumerate(once * 2)
    ]
    assert random_effects(as_if_apart).expected().error < 0.8 * alone


@pytest.mark.slow
def test_intervals_hold_where_sampling_errors_go_together_unknown_to_the_model():
    """300 bodies of 10 studies, errors correlated .7 within a study where the model takes 0: CR2 holds."""
    rng = np.random.default_rng(9)
    held = {"robust": [], "naive": []}
    for _ in range(300):
        effects = []
        for study in range(10):
            k = rng.integers(1, 7)
            shared = rng.normal(0, 0.2)
            own = 0.2 * (math.sqrt(0.7) * rng.normal() + math.sqrt(0.3) * rng.normal(size=k))
            effects += [
                EffectSize(study=f"{study}", estimate=-0.2 + shared + e, error=0.2, scale="log_rate_ratio") for e in own
            ]
        (ends,) = multilevel(effects).intervals()
        held["robust"].append(not ends.excludes(-0.2))
        apart = [
            EffectSize(study=f"{i}", estimate=e.estimate, error=e.error, scale=e.scale) for i, e in enumerate(effects)
        ]
        held["naive"].append(not random_effects(apart).expected().interval().excludes(-0.2))
    assert 0.92 < np.mean(held["robust"]) < 0.98
    assert np.mean(held["naive"]) < 0.88


def study(name, estimate=0.1):
    """Give an effect of a study."""
    return EffectSize(study=name, estimate=estimate, error=0.1, scale="log_rate_ratio")


@pytest.mark.parametrize(
    ("effects", "options", "words"),
    [
        ([study("A"), study("A", 0.2), study("B")], {}, "3 effects are of 2 studies.*at least 3"),
        ([study("A"), study("B", 0.2), study("C")], {}, "use random_effects"),
        ([study("A")] * 4, {"errors": "CR2"}, "no errors 'CR2'"),
        ([study("A")] * 4, {"sampling_correlation": 1}, "from 0 to below 1"),
    ],
)
def test_what_three_levels_cannot_tell_is_refused(effects, options, words):
    """With what to use instead."""
    with pytest.raises(EvidenceError, match=words):
        multilevel(effects, **options)
