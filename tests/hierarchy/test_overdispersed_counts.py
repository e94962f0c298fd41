import functools

import numpy as np
import pytest
from scipy import integrate, special, stats

from evalkit.errors import EvidenceError
from evalkit.hierarchy import Dispersion, NormalPrior, fit_counts, rate_ratios, ratios_of_ratios
from evalkit.hierarchy.dispersion import pearson_excess
from evalkit.hierarchy.overdispersed import beta_binomial, overdispersed, split_log_probability


@pytest.mark.parametrize("counts", [(3, 5), (0, 4), (7, 0), (40, 60)])
def test_a_split_of_known_concentration_is_beta_binomial(counts):
    """The same distribution as in scipy."""
    at, concentration = np.linspace(-3, 3, 7), 4.0
    share = special.expit(at)
    peer = stats.betabinom.logpmf(counts[1], sum(counts), concentration * share, concentration * (1 - share))
    assert beta_binomial(counts, at, np.array(concentration)) == pytest.approx(peer, abs=1e-10)


@pytest.mark.parametrize("excess", [0.0, 0.01, 0.5, 4.0, 30.0])
def test_the_splits_of_a_total_have_probability_one(excess):
    """Over all splits of eleven events, wherever the share lies."""
    at = np.array([-4.0, -0.3, 2.0])
    total = sum(np.exp(split_log_probability((11 - count, count), at, excess)) for count in range(12))
    assert total == pytest.approx(np.ones(3), abs=1e-10)


@pytest.mark.parametrize("counts", [(3, 5), (1, 1), (0, 4), (7, 6)])
@pytest.mark.parametrize("excess", [0.1, 1.5, 20.0])
def test_the_level_is_integrated_over(counts, excess):
    """With few events the probability is a polynomial in the concentration, and each power a gamma function."""
    share, rate = special.expit(0.4), np.log1p(excess)

    def rising(count, part):
        return functools.reduce(np.polynomial.polynomial.polymul, ([step, part] for step in range(count)), [1.0])

    def over_levels(powers):
        return sum(each * special.gamma(power) / rate**power for power, each in enumerate(powers) if power)

    first, second = counts
    split = np.polynomial.polynomial.polymul(rising(first, 1 - share), rising(second, share))
    wanted = special.comb(sum(counts), second) * over_levels(split) / over_levels(rising(sum(counts), 1.0))
    assert split_log_probability(counts, np.array([0.4]), excess)[0] == pytest.approx(np.log(wanted), abs=1e-8)


def test_the_shared_change_is_integrated_over():
    """A site with its comparison, by scipy's quadrature over the change that both have."""
    prior = NormalPrior(mean=0.1, deviation=0.6)
    tables = ratios_of_ratios([[9, 4]], [[6, 8]], treated_exposure=(12, 6))
    site = overdispersed(tables, 0.8, prior)[0]
    at = np.array([-1.2, 0.3])

    def product(change, effect):
        said = split_log_probability((9, 4), np.array([effect + change + np.log(0.5)]), 0.8)
        said = said + split_log_probability((6, 8), np.array([change]), 0.8)
        return float(np.exp(said[0])) * stats.norm.pdf(change, 0.1, 0.6)

    wanted = [np.log(integrate.quad(product, -6, 6, args=(effect,), epsabs=1e-13)[0]) for effect in at]
    assert site.log_likelihood(at) == pytest.approx(wanted, abs=1e-6)


def test_without_excess_two_rates_are_as_by_chance():
    """Beta-binomial splits become binomial ones, and the whole answer with them."""
    tables = rate_ratios([7, 3, 12], [11, 8, 9])
    plain, none = fit_counts(tables), fit_counts(tables, dispersion=Dispersion.of(1e-10))
    assert none.log_evidence == pytest.approx(plain.log_evidence, abs=1e-6)
    assert none.mean.ppf([0.05, 0.95]) == pytest.approx(plain.mean.ppf([0.05, 0.95]), abs=1e-6)


def test_excess_makes_less_sure():
    """Counts that vary twice as much as by chance say less of the mean and of every site."""
    tables = ratios_of_ratios([[30, 20], [12, 3], [8, 9], [50, 30]], [[25, 26], [14, 15], [9, 10], [40, 47]])
    plain, more = fit_counts(tables), fit_counts(tables, dispersion=Dispersion.of(1.0))
    assert more.mean.deviation > 1.1 * plain.mean.deviation
    for name in tables.names:
        assert more.site(name).deviation > plain.site(name).deviation


def test_an_uncertain_dispersion_is_a_mixture_by_evidence():
    """Two values that are as likely before weigh after by how well each foresaw the counts."""
    tables = ratios_of_ratios([[30, 20], [12, 3]], [[25, 26], [14, 15]])
    one, two = (fit_counts(tables, dispersion=Dispersion.of(each)) for each in (0.5, 2.0))
    both = fit_counts(tables, dispersion=Dispersion(excess=[0.5, 2.0], weights=[0.5, 0.5]))
    share = 1 / (1 + np.exp(two.log_evidence - one.log_evidence))
    assert both.weights.sum(axis=(1, 2)) == pytest.approx([share, 1 - share], abs=1e-6)
    assert both.mean.mean == pytest.approx(share * one.mean.mean + (1 - share) * two.mean.mean, abs=1e-6)
    site = [each.site("site 1").below(-0.2) for each in (both, one, two)]
    assert site[0] == pytest.approx(share * site[1] + (1 - share) * site[2], abs=1e-6)
    draws = both.draw(20_000, np.random.default_rng(1))
    assert (draws.version == 0).mean() == pytest.approx(share, abs=0.015)


def test_the_months_before_say_how_much_counts_vary():
    """The excess of simulated months comes back, and the values that are integrated over surround it."""
    rng = np.random.default_rng(3)
    expected = np.exp(rng.normal(1.5, 0.5, (60, 1)) + rng.normal(0, 0.2, 36))
    counts = rng.poisson(rng.gamma(expected / 0.8, 0.8))
    assert pearson_excess(counts) == pytest.approx(0.8, abs=0.15)
    found = Dispersion.from_panel(counts)
    assert found.excess.min() < pearson_excess(counts) < found.excess.max()
    assert found.weights.sum() == pytest.approx(1)


def test_exposure_is_taken_off_before_counts_are_said_to_vary():
    """Months that differ by their exposure alone have no excess."""
    rng = np.random.default_rng(4)
    exposure = rng.uniform(0.2, 3, (40, 30))
    assert pearson_excess(rng.poisson(20 * exposure), exposure) == pytest.approx(0, abs=0.12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Dispersion(excess=[1.0], weights=[0.5]), "add up to 1"),
        (lambda: Dispersion.from_panel([[1, 2, 3]]), "two sites and two periods"),
        (lambda: Dispersion.from_panel([[1, 2], [3, np.nan]]), "zero or more"),
        (lambda: Dispersion.from_panel([[0, 0], [3, 4]]), "with events at least"),
        (
            lambda: fit_counts(
                ratios_of_ratios([[3, 4]], [[5, 6]]),
                dispersion=Dispersion.of(1.0),
                common_change=NormalPrior(deviation=np.inf),
            ),
            "needs a prior",
        ),
    ],
)
def test_what_cannot_be_used_is_told(make, words):
    """One message: what, where, and what was wanted."""
    with pytest.raises(EvidenceError, match=words):
        make()
