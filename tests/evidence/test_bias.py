import math

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import ndtr

from evalkit.errors import EvidenceError
from evalkit.evidence import (
    EffectSize,
    from_interval,
    from_two_by_two,
    funnel,
    random_effects,
    selection_model,
    small_studies,
)
from evalkit.evidence.selection import _log_likelihood, _ranges

# Egger, Davey Smith and Altman 2001, Systematic Reviews in Health Care, on magnesium after a heart attack: deaths and
# patients with and without.
MAGNESIUM = (
    (1, 40, 2, 36), (9, 135, 23, 135), (2, 200, 7, 200), (1, 48, 1, 46), (10, 150, 8, 148), (1, 59, 9, 56),
    (1, 25, 3, 23), (0, 22, 1, 21), (6, 76, 11, 75), (1, 27, 7, 27), (2, 89, 12, 80), (5, 23, 13, 33), (4, 130, 8, 122),
    (90, 1159, 118, 1157), (4, 107, 17, 108), (2216, 29011, 2103, 29039),
)  # fmt: skip

# Hackshaw 1998, doi:10.1177/096228029800700203, on passive smoking: odds ratios of lung cancer with 95 % limits.
SMOKING = (
    (1.18, 0.90, 1.54), (1.45, 1.02, 2.08), (2.02, 0.48, 8.56), (1.20, 0.80, 1.60), (0.75, 0.43, 1.30),
    (2.07, 0.81, 5.25), (2.13, 1.19, 3.83), (0.80, 0.34, 1.90), (0.79, 0.25, 2.45), (2.01, 1.09, 3.72),
    (1.23, 0.81, 1.87), (1.20, 0.50, 3.30), (1.52, 0.87, 2.63), (1.03, 0.41, 2.55), (1.55, 0.90, 2.67),
    (1.03, 0.61, 1.74), (2.34, 0.81, 6.75), (1.65, 1.16, 2.35), (1.19, 0.82, 1.73), (1.52, 0.39, 5.96),
    (2.16, 1.08, 4.29), (1.08, 0.64, 1.82), (2.55, 0.74, 8.78), (1.62, 0.90, 2.91), (1.06, 0.74, 1.52),
    (0.79, 0.62, 1.02), (0.74, 0.32, 1.69), (2.27, 0.75, 6.82), (0.97, 0.78, 1.21), (1.60, 0.80, 3.00),
    (1.19, 0.66, 2.13), (1.66, 0.73, 3.78), (1.26, 1.04, 1.54), (1.10, 0.62, 1.96), (1.66, 1.12, 2.45),
    (1.16, 0.80, 1.69), (1.11, 0.67, 1.84),
)  # fmt: skip


@pytest.fixture(scope="module")
def magnesium():
    """Give the sixteen trials as log odds ratios."""
    return tuple(
        from_two_by_two(str(i), treated_events=a, treated_total=n, comparison_events=c, comparison_total=m)
        for i, (a, n, c, m) in enumerate(MAGNESIUM)
    )


@pytest.fixture(scope="module")
def smoking():
    """Give the 37 studies, turned so that the published direction, more cancer, is the negative one."""
    return tuple(
        from_interval(str(i), estimate=a, lower=low, upper=high, scale="log_odds_ratio", given_as="ratio", good="more")
        for i, (a, low, high) in enumerate(SMOKING)
    )


def test_the_slant_of_a_funnel_as_in_metafors_own_tests(magnesium):
    """`regtest(res)` of dat.egger2001: z = -4.6686."""
    found = small_studies(magnesium, test="normal")
    assert found.slope / found.slope_error == pytest.approx(-4.6686, abs=5e-5)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(4.6686), rel=1e-3)
    assert found.degrees_of_freedom is None
    assert len(found.limits) == 2


def test_the_slant_knows_its_limits(magnesium):
    """Few studies say so; equal errors, too few and several effects of a study are refused."""
    assert "With 6 studies the test sees little" in small_studies(magnesium[:6]).limits[1]
    equal = [EffectSize(study=str(i), estimate=-0.1 * i, error=0.1, scale="log_rate_ratio") for i in range(5)]
    with pytest.raises(EvidenceError, match="same standard error"):
        small_studies(equal)
    with pytest.raises(EvidenceError, match="at least 4 studies"):
        small_studies(magnesium[:3])
    with pytest.raises(EvidenceError, match="not independent"):
        small_studies([*magnesium, magnesium[0]])


def test_a_funnel_draws_significance_and_the_cone(magnesium):
    """A point on the 95 % contour has p = .05; the cone stands on the common effect."""
    found = funnel(magnesium)
    assert found.centre == pytest.approx(random_effects(magnesium, method="common").expected().estimate)
    assert found.grid[-1] > found.errors.max()
    edge = found.contours[1, 50] / found.grid[50]
    assert 2 * stats.norm.sf(edge) == pytest.approx(0.05)
    assert found.cone_upper - found.cone_lower == pytest.approx(2 * 1.959964 * found.grid, abs=1e-6)
    assert found.levels == (0.9, 0.95, 0.99)


def test_a_step_function_as_in_metafors_own_tests(smoking):
    """`selmodel(res, type = "stepfun", steps = c(0.05, 0.10, 0.50, 1.00))`, file test_misc_selmodel.r."""
    found = selection_model(smoking, steps=(0.05, 0.10, 0.50))
    assert found.weights == pytest.approx([1, 2.422079, 0.977543, 0.396713], rel=1e-5)
    assert found.weight_errors[1:] == pytest.approx([1.66085, 0.820387, 0.469235], rel=1e-4)
    assert (found.statistic, found.degrees_of_freedom) == (pytest.approx(7.066137, abs=1e-5), 3)
    assert found.p_value == pytest.approx(stats.chi2.sf(7.066137, 3), rel=1e-5)
    assert found.tau2 == pytest.approx(0.03071325, rel=1e-5)
    assert found.counts.tolist() == [7, 8, 16, 6]


def test_what_is_seen_adds_up_to_one():
    """The density of what is seen, by its definition, integrates to 1 for any mean, spread and weights."""
    errors, ends = np.array([0.2]), (0.025, 0.5, 1.0)

    def density(y):
        values = np.array([y])
        place = _ranges(values, errors, ends)
        likely = _log_likelihood(values, errors, ends, place)(np.array([-0.15, 0.02, math.log(0.4), math.log(1.3)]))
        return math.exp(likely) / math.sqrt(2 * math.pi)

    edges = (0.2 * stats.norm.ppf(0.025), 0.0)
    assert integrate.quad(density, -3, 3, points=edges, limit=200)[0] == pytest.approx(1, abs=1e-7)


def test_without_selection_the_likelihood_is_the_plain_one(smoking):
    """With all weights 1 mean and variance are those of maximum likelihood."""
    found = selection_model(smoking)
    plain = random_effects(smoking, method="ML", test="normal")
    assert found.plain_tau2 == pytest.approx(plain.tau2)
    assert found.plain_estimate == pytest.approx(plain.expected().estimate)
    y, v, _ = plain.arrays
    at = np.array([found.plain_estimate, found.plain_tau2, 0.0])
    here = _log_likelihood(y, np.sqrt(v), (0.025, 1.0), _ranges(y, np.sqrt(v), (0.025, 1.0)))(at)
    density = stats.norm.logpdf(y, at[0], np.sqrt(v + at[1])).sum() + 0.5 * len(y) * math.log(2 * math.pi)
    assert here == pytest.approx(density)


def published(rng, studies, seen):
    """Give studies with a mean of -0.1 and tau 0.1, of which those without benefit at 5 % show with a chance `seen`."""
    out = []
    while len(out) < studies:
        error = rng.uniform(0.08, 0.35)
        estimate = rng.normal(-0.1, math.hypot(0.1, error))
        if ndtr(estimate / error) < 0.025 or rng.random() < seen:
            out.append(EffectSize(study=str(len(out)), estimate=estimate, error=error, scale="log_rate_ratio"))
    return out


@pytest.mark.slow
def test_known_selection_is_found_and_allowed_for():
    """40 bodies of 80 studies, three in ten of the rest seen: plain pooling says -.17, the model -.1, as is true."""
    rng = np.random.default_rng(3)
    found = [selection_model(published(rng, 80, 0.3)) for _ in range(40)]
    assert np.mean([each.plain_estimate for each in found]) < -0.15
    assert np.mean([each.estimate for each in found]) == pytest.approx(-0.1, abs=0.016)
    assert np.median([each.weights[1] for each in found]) == pytest.approx(0.3, abs=0.09)
    assert np.mean([each.p_value < 0.05 for each in found]) > 0.6
    assert np.mean([not each.interval().excludes(-0.1) for each in found]) >= 0.875


@pytest.mark.slow
def test_where_all_is_seen_the_model_leaves_the_mean():
    """40 bodies of 80 studies without selection: both means are right, and the test rejects seldom."""
    rng = np.random.default_rng(4)
    found = [selection_model(published(rng, 80, 1.0)) for _ in range(40)]
    assert np.mean([each.estimate for each in found]) == pytest.approx(-0.1, abs=0.016)
    assert np.mean([each.p_value < 0.05 for each in found]) < 0.2


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((), "steps rise"),
        ((0.5, 0.025), "steps rise"),
        ((1.0,), "steps rise"),
        ((1e-9, 0.5), "no study has a one-sided p-value of benefit from '0 to 1e-09'"),
    ],
)
def test_steps_that_cannot_be_are_refused(smoking, steps, words):
    """Also a range of p-values that no study fell into."""
    with pytest.raises(EvidenceError, match=words):
        selection_model(smoking, steps=steps)
    with pytest.raises(EvidenceError, match="not independent"):
        selection_model([*smoking, smoking[0]])
