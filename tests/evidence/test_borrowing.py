"""One's own estimate with what others found: published figures, identities, and the signal of a conflict."""

import math

import numpy as np
import pytest
from scipy import stats

from evalkit.errors import EvidenceError
from evalkit.evidence import (
    Literature,
    commensurate,
    effective_size_by_curvature,
    effective_size_by_variance,
    power_prior,
    predictive_prior,
    robust,
    without_borrowing,
)
from evalkit.hierarchy import Fixed, Flat, HalfNormal, NormalMixture, NormalPrior, Uniform, fit_normal
from evalkit.hierarchy.beta_mixture import BetaMixture

# Landenberger and Lipsey 2005 under N(0, 1) and a half-normal of 0.5: mean and new programme, exact to the digits.
MEAN, MEAN_ERROR, NEW = 0.4223762, 0.0626792, 0.3429566
OWN = (-0.10, 0.20)

# Mixtures that RBesT 1.9 ships: remission in ankylosing spondylitis, change of an index in Crohn's disease.
SPONDYLITIS = BetaMixture(
    weights=[0.4612914, 0.1917812, 0.1893896, 0.1575378],
    successes=[33.9513487, 19.4400089, 12.269231, 2.2521243],
    failures=[103.0146367, 41.5205219, 55.9202833, 5.4812202],
)
CROHN = NormalMixture(
    weights=np.array([0.50104846, 0.41871594, 0.08023561]) / 1.00000001,
    means=[-51.42408665, -47.25917128, -55.07086416],
    deviations=[19.04525409, 7.85193726, 44.57325],
)


def one_normal(mean, deviation):
    """What others found, as one normal."""
    return Literature(known=NormalMixture(weights=[1.0], means=[mean], deviations=[deviation]), how="by hand")


def test_the_prediction_updated_is_the_joint_fit():
    """Others first and then one's own is all at once, to rounding."""
    sites = ([-0.3, 0.1, -0.2, 0.4], [0.1, 0.2, 0.15, 0.3])
    fit = fit_normal(*sites)
    borrowed = predictive_prior(fit).combined(*OWN)
    joint = fit_normal([*sites[0], OWN[0]], [*sites[1], OWN[1]])
    assert borrowed.known.mean == pytest.approx(joint.site(4).mean, abs=1e-10)
    assert borrowed.known.ppf([0.01, 0.6]) == pytest.approx(joint.site(4).ppf([0.01, 0.6]), abs=1e-9)
    assert borrowed.log_density == pytest.approx(joint.log_evidence - fit.log_evidence, abs=1e-10)


def test_one_estimate_and_the_therapies_of_landenberger_and_lipsey():
    """Own -.10 (.20) beside 58 studies: as reckoned apart from this project, the mixture taken for one normal."""
    literature = one_normal(MEAN, NEW)
    plain = literature.combined(*OWN)
    assert [plain.known.mean, plain.known.deviation] == pytest.approx([0.0326, 0.1728], abs=5e-5)
    for weight, mean, after in ((0.1, 0.0261, 0.050), (0.2, 0.0188, 0.105), (0.5, -0.0094, 0.319)):
        found = robust(literature, weight=weight, deviation=2.0).combined(*OWN)
        assert found.known.mean == pytest.approx(mean, abs=5e-5)
        assert found.weight_apart == pytest.approx(after, abs=5e-4)
        assert not found.in_conflict
    for power, mean in ((1, 0.376), (0.5, 0.337), (0.1, 0.164)):
        prior = power_prior(MEAN, MEAN_ERROR, power)
        assert prior.combined(*OWN).known.mean == pytest.approx(mean, abs=5e-4)
        assert "towards the mean" in prior.warning


def test_a_site_far_from_the_others_keeps_its_own_estimate():
    """The further out, the less is borrowed, and the sentence says that the two disagree."""
    literature = robust(one_normal(-0.3, 0.1), weight=0.2, deviation=1.0)
    means, apart = [], []
    for estimate in (-0.3, 0.2, 0.8, 2.0):
        found = literature.combined(estimate, 0.15)
        means.append(abs(found.known.mean - estimate))
        apart.append(found.weight_apart)
    assert apart == sorted(apart)
    assert apart[-1] > 0.999
    assert means[-1] < 0.06
    assert found.sentence == (
        "This site's own estimate and the others disagree: the probability that the others say nothing of it goes from "
        "20 % to more than 99 %, so that little is borrowed."
    )
    near = literature.combined(-0.3, 0.15)
    assert near.weight_apart < 0.2
    assert near.sentence.startswith("This site's own estimate fits what others found")


def test_without_a_part_that_stands_apart_the_surprise_tells():
    """A two-sided probability of the estimate, its own error included."""
    found = one_normal(-0.3, 0.3).combined(0.7, 0.4)
    assert found.surprise == pytest.approx(2 * stats.norm.sf(1.0 / 0.5), abs=1e-12)
    assert found.in_conflict
    assert found.weight_apart is None


def test_commensurate_is_a_hierarchy_of_one_site():
    """Around a mean by a deviation with a prior: what a fit of the site alone with that mean's prior gives."""
    known = NormalMixture(weights=[1.0], means=[-0.2], deviations=[0.1])
    for between in (HalfNormal(scale=0.3), Uniform(upper=0.5)):
        found = commensurate(known, between).combined(*OWN)
        fit = fit_normal([OWN[0]], [OWN[1]], mean=NormalPrior(mean=-0.2, deviation=0.1), between=between)
        assert found.known.mean == pytest.approx(fit.site(0).mean, abs=1e-8)
        assert found.known.deviation == pytest.approx(fit.site(0).deviation, abs=1e-8)


def test_a_spike_that_fits_gains_weight():
    """The spike pools wholly, and its probability follows Bayes' rule."""
    known = NormalMixture(weights=[1.0], means=[-0.2], deviations=[0.1])
    found = commensurate(known, Fixed(value=1.0), alike=0.5).combined(-0.2, 0.1)
    spike, slab = stats.norm.pdf(0, 0, math.hypot(0.1, 0.1)), stats.norm.pdf(0, 0, math.sqrt(0.1**2 + 1 + 0.1**2))
    assert found.weight_apart == pytest.approx(slab / (spike + slab), abs=1e-12)
    with pytest.raises(EvidenceError, match="flat prior"):
        commensurate(known, Flat())


def test_what_a_prior_is_worth_agrees_with_rbest():
    """RBesT prints 38 and 24 patients, 27 with a robust part; 39, 21 and 28 in the other disease."""
    assert SPONDYLITIS.mean == pytest.approx(0.25545885, abs=1e-7)
    assert math.sqrt(SPONDYLITIS.variance) == pytest.approx(0.08662045, abs=1e-7)
    assert effective_size_by_curvature(SPONDYLITIS) == pytest.approx(37.61, abs=5e-3)
    assert effective_size_by_variance(SPONDYLITIS) == pytest.approx(24.35, abs=5e-3)
    assert math.ceil(effective_size_by_curvature(_with_flat_share(SPONDYLITIS, 0.2))) == 27
    assert effective_size_by_curvature(CROHN, 88) == pytest.approx(39.00, abs=5e-3)
    assert effective_size_by_variance(CROHN, 88) == pytest.approx(20.75, abs=5e-3)
    loosened = robust(Literature(known=CROHN, how=""), weight=0.2, mean=-50, deviation=88)
    assert effective_size_by_curvature(loosened.known, 88) == pytest.approx(28.14, abs=5e-3)


def test_decisions_agree_with_rbest():
    """Probabilities of its documentation: 14 of 24 treated against 1 of 6, and a difference in the index."""
    placebo = _with_flat_share(SPONDYLITIS, 0.2).updated(1, 6)[0]
    treated = BetaMixture(weights=[1.0], successes=[0.5], failures=[1.0]).updated(14, 24)[0]
    shares = (np.arange(200_000) + 0.5) / 200_000
    gain = float((placebo.below(shares) * np.gradient(treated.below(shares))).sum())
    assert gain == pytest.approx(0.9917197, abs=1e-3)


def _with_flat_share(known, weight):
    return BetaMixture(
        weights=np.append((1 - weight) * known.weights, weight),
        successes=np.append(known.successes, 1.0),
        failures=np.append(known.failures, 1.0),
    )


@pytest.mark.parametrize("observations", [5, 40])
def test_a_prior_that_has_seen_more_is_worth_that_much_more(observations):
    """The property that the curvature's measure has, on average over what may be seen (to 3 %)."""
    prior = NormalMixture(weights=[0.5, 0.5], means=[-0.5, 0.5], deviations=[0.3, 0.6])
    rng = np.random.default_rng(1)
    unit = 2.0
    before, after = effective_size_by_curvature(prior, unit), []
    for truth in prior.sample(300, rng):
        seen = truth + unit / math.sqrt(observations) * rng.standard_normal()
        after.append(effective_size_by_curvature(prior.updated(seen, unit / math.sqrt(observations))[0], unit))
    assert np.mean(after) == pytest.approx(before + observations, rel=0.03)


def test_what_cannot_be_borrowed_is_refused():
    """Weights, powers and units out of range, and room that was left twice."""
    literature = one_normal(0.0, 0.3)
    with pytest.raises(EvidenceError, match="between 0 and 1"):
        robust(literature, weight=1.0, deviation=1.0)
    with pytest.raises(EvidenceError, match="room was left already"):
        robust(robust(literature, weight=0.2, deviation=1.0), weight=0.2, deviation=1.0)
    with pytest.raises(EvidenceError, match="power of other data"):
        power_prior(0.0, 0.1, 0.0)
    with pytest.raises(EvidenceError, match="give unit"):
        effective_size_by_variance(literature.known)
    with pytest.raises(EvidenceError, match="events are between none and all"):
        SPONDYLITIS.updated(7, 6)
    assert without_borrowing(*OWN).mean == OWN[0]
