import numpy as np
import pytest
from scipy import integrate, special, stats

from evalkit.errors import EvidenceError
from evalkit.hierarchy import (
    Dispersion,
    Exponential,
    Fixed,
    Flat,
    HalfCauchy,
    HalfNormal,
    NormalPrior,
    Uniform,
    fit_counts,
    fit_normal,
    maximise_counts,
    odds_ratios,
    rate_ratios,
    ratios_of_ratios,
    single_table,
)

# Niel-Weise and others 2008, doi:10.1016/j.jhin.2008.02.020: infections and catheter-days, treated and control.
CATHETER_DAYS = np.array(
    [
        (7, 1344, 11, 1988),
        (8, 1600, 8, 1461),
        (3, 12012, 14, 10962),
        (6, 1536, 10, 1503),
        (1, 370, 1, 483),
        (1, 729, 8, 913),
        (17, 6760, 15, 6840),
        (3, 1107, 7, 1015),
        (2, 320, 3, 440),
    ]
)
# Niel-Weise and others 2007, doi:10.1093/jac/dkm022: infections among catheters, control and treated.
CATHETERS = np.array(
    [
        (3, 117, 0, 116),
        (3, 35, 1, 44),
        (9, 195, 2, 208),
        (7, 136, 0, 130),
        (6, 157, 5, 151),
        (4, 139, 1, 98),
        (3, 177, 1, 174),
        (2, 39, 1, 74),
        (19, 103, 1, 97),
        (2, 122, 1, 113),
        (7, 64, 0, 66),
        (1, 58, 0, 70),
        (5, 175, 3, 188),
        (11, 180, 6, 187),
        (0, 105, 0, 118),
        (1, 262, 0, 252),
        (3, 362, 1, 345),
        (1, 69, 4, 64),
    ]
)
# Colditz and others 1994, doi:10.1001/jama.1994.03510330076038: tuberculosis, with and without, vaccinated and not.
VACCINE = np.array(
    [
        (4, 119, 11, 128),
        (6, 300, 29, 274),
        (3, 228, 11, 209),
        (62, 13536, 248, 12619),
        (33, 5036, 47, 5761),
        (180, 1361, 372, 1079),
        (8, 2537, 10, 619),
        (505, 87886, 499, 87892),
        (29, 7470, 45, 7232),
        (17, 1699, 65, 1600),
        (186, 50448, 141, 27197),
        (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    ]
)
MIXED = ratios_of_ratios(
    [[30, 20], [12, 9], [0, 3], [2, 0], [4000, 3500], [0, 0]],
    [[25, 26], [14, 15], [3, 4], [6, 5], [3000, 3100], [4, 2]],
    names=["a", "b", "c", "d", "e", "f"],
)
SMALL = ratios_of_ratios([[3, 1], [5, 4]], [[4, 6], [0, 2]])


def simulated(sites, level, seed):
    """Make tables by chance, with effects around -0.2."""
    rng = np.random.default_rng(seed)
    levels = rng.gamma(4, level / 4, (sites, 2))
    treated = np.column_stack([levels[:, 0], levels[:, 0] * np.exp(rng.normal(-0.2, 0.2, sites))])
    return ratios_of_ratios(rng.poisson(treated), rng.poisson(np.column_stack([levels[:, 1], levels[:, 1]])))


def seen(fit):
    """Give what is known of everything, as numbers."""
    margins = [fit.mean, fit.new_site, *fit.sites[:4], fit.between]
    rows = [[each.mean, each.deviation, *each.ppf([0.025, 0.5, 0.975]), each.below(0.1)] for each in margins]
    return np.append(np.array(rows, float).ravel(), fit._log_total)


def test_published_rate_ratios_come_back():
    """Metafor's conditional model with exact likelihood: -0.4762, error 0.2377, deviation 0.3501 (rma.glmm)."""
    x = CATHETER_DAYS
    found = maximise_counts(rate_ratios(x[:, 0], x[:, 2], exposure=x[:, 1], comparison_exposure=x[:, 3]))
    assert (found.mean, found.mean_error, found.between) == pytest.approx((-0.4762, 0.2377, 0.3501), abs=5e-5)


def test_published_odds_ratios_come_back():
    """rma.glmm on 18 trials, many without an event: -1.353158, variance 0.12323, squared deviation 0.6935."""
    x = CATHETERS
    found = maximise_counts(odds_ratios(x[:, 2], x[:, 3], x[:, 0], x[:, 1]))
    assert found.mean == pytest.approx(-1.353158, abs=5e-6)
    assert found.between**2 == pytest.approx(0.6935, abs=5e-5)
    # its derivatives are taken by differences of the likelihood; the third digit of the error is agreed on
    assert found.mean_error**2 == pytest.approx(0.12323, abs=2e-5)


def test_published_vaccine_trials_come_back():
    """rma.glmm on the 13 trials of the vaccine: -0.7538, error 0.1801, squared deviation 0.3116."""
    x = VACCINE
    found = maximise_counts(odds_ratios(x[:, 0], x[:, 0] + x[:, 1], x[:, 2], x[:, 2] + x[:, 3]))
    assert (found.mean, found.mean_error, found.between**2) == pytest.approx((-0.7538, 0.1801, 0.3116), abs=5e-5)


def test_a_maximum_without_deviation_is_that_of_one_effect():
    """Two tables that say the same leave no deviation between sites, and the error of both together."""
    found = maximise_counts(rate_ratios([20, 20], [30, 30]))
    assert (found.between, found.between_error) == (0, None)
    assert found.mean == pytest.approx(np.log(2 / 3), abs=1e-6)
    assert found.mean_error == pytest.approx(np.sqrt((1 / 20 + 1 / 30) / 2), rel=1e-4)


@pytest.mark.parametrize("tables", [rate_ratios([0, 0], [3, 4]), ratios_of_ratios([[3, 0], [2, 0]], [[4, 5], [5, 6]])])
def test_a_likelihood_without_a_maximum_is_refused(tables):
    """A zero on the same side in every site lets the likelihood rise without end."""
    with pytest.raises(EvidenceError, match="no maximum"):
        maximise_counts(tables)


@pytest.mark.parametrize(
    ("cells", "mean", "deviation"), [((40, 30, 20, 25), -0.5108, 0.3851), ((10, 3, 6, 8), -1.4870, 0.8494)]
)
def test_one_table_is_a_sum_of_logs_of_gammas(cells, mean, deviation):
    """Mean and deviation are exact, and draws have them."""
    table = single_table(cells[:2], cells[2:])
    assert (table.mean, table.deviation) == pytest.approx((mean, deviation), abs=5e-5)
    draws = table.sample(200_000, np.random.default_rng(1))
    assert draws.mean() == pytest.approx(table.mean, abs=4 * table.deviation / 200_000**0.5)
    assert draws.std() == pytest.approx(table.deviation, rel=0.01)


def test_one_table_without_events_has_draws_too():
    """The log of a gamma with shape a half is finite, though the gamma itself comes out as zero at times."""
    assert np.isfinite(single_table((0, 0), (0, 0)).sample(100_000, np.random.default_rng(1))).all()


def test_exposure_moves_an_effect_by_its_log():
    """Twice the months after are half the rate, for one table and for many."""
    plain, longer = single_table((10, 3), (6, 8)), single_table((10, 3), (6, 8), treated_exposure=(1, 2))
    assert longer.mean == pytest.approx(plain.mean - np.log(2), abs=1e-12)
    one, two = (ratios_of_ratios([[10, 3]], [[6, 8]], treated_exposure=each) for each in (None, (1, 2)))
    at = np.linspace(-3, 3, 7)
    assert two.likelihoods[0].log_likelihood(at - np.log(2)) == pytest.approx(one.likelihoods[0].log_likelihood(at))


def test_a_table_given_its_margins_says_what_another_program_says():
    """(3, 10, 8, 6) under a normal prior of deviation 10: mean -1.501, deviation 0.859, and 96.6 % below nothing.

    The figures were made on a grid of 641 points by another program. A flat prior gives -1.513 and 0.864.
    """
    tables = ratios_of_ratios([[10, 3]], [[6, 8]])
    known = fit_counts(tables, mean=NormalPrior(deviation=10.0), between=Fixed(value=0.0)).mean
    assert (known.mean, known.deviation) == pytest.approx((-1.501, 0.859), abs=5e-4)
    assert known.below(0.0) == pytest.approx(0.966, abs=5e-4)


@pytest.mark.parametrize("cells", [(10, 3, 6, 8), (0, 3, 5, 0), (1, 0, 40, 60), (300, 200, 5, 4)])
def test_a_table_given_its_margins_is_fishers_noncentral_hypergeometric(cells):
    """The same distribution as in scipy, by another way."""
    b, a, d, c = cells
    at = np.linspace(-3, 3, 13)
    found = ratios_of_ratios([[b, a]], [[d, c]]).likelihoods[0].log_likelihood(at)
    peer = stats.nchypergeom_fisher.logpmf(a, a + b + c + d, a + b, a + c, np.exp(at))
    assert found == pytest.approx(peer, abs=1e-9)


def test_large_tables_leave_nothing_out():
    """With 100,000 a cell the sum over a window of tables is that over all of them."""
    site = ratios_of_ratios([[100_000, 90_000]], [[100_000, 99_000]]).likelihoods[0]
    at = np.linspace(-0.2, 0.0, 5)
    k = np.arange(189_001, dtype=float)
    first, second, column = 190_000, 199_000, 189_000
    logs = -sum(special.gammaln(each + 1) for each in (k, first - k, column - k, second - column + k))
    whole = logs[90_000] + 90_000 * at - special.logsumexp(logs + at[:, None] * k, axis=1)
    assert site.log_likelihood(at) == pytest.approx(whole, abs=1e-7)


def test_two_rates_given_their_total_are_binomial():
    """The same distribution as in scipy."""
    site = rate_ratios([7], [11], exposure=1344, comparison_exposure=1988).likelihoods[0]
    at = np.linspace(-2, 2, 9)
    assert site.log_likelihood(at) == pytest.approx(
        stats.binom.logpmf(7, 18, special.expit(at + np.log(1344 / 1988))), abs=1e-12
    )


def test_the_posterior_is_that_of_a_plain_integral():
    """Two sites, summed over a plain grid of mean, deviation and effect with scipy's distribution."""
    fit = fit_counts(SMALL)
    nodes, shares = np.polynomial.hermite_e.hermegauss(40)
    points, widths = np.polynomial.legendre.leggauss(40)
    means, betweens = (3.5 * points)[:, None, None], (1.05 * (points + 1))[:, None]
    odds = np.exp(means + betweens * nodes)
    joint = np.exp(-0.5 * (means / 0.5) ** 2 - 0.5 * (betweens / 0.3) ** 2)[..., 0] / (np.pi * 0.5 * 0.3)
    for (b, a), (d, c) in zip(SMALL.treated.astype(int), SMALL.comparison.astype(int), strict=True):
        joint = joint * (stats.nchypergeom_fisher.pmf(a, a + b + c + d, a + b, a + c, odds) @ (shares / shares.sum()))
    weights = joint * np.multiply.outer(3.5 * widths, 1.05 * widths)
    evidence = weights.sum()
    assert fit.log_evidence == pytest.approx(np.log(evidence), abs=1e-6)
    assert fit.mean.mean == pytest.approx((weights * means[..., 0]).sum() / evidence, abs=1e-6)
    assert fit.between.mean == pytest.approx((weights * betweens[:, 0]).sum() / evidence, abs=1e-6)


@pytest.mark.parametrize(
    ("tables", "mean", "between"),
    [
        (SMALL, NormalPrior(deviation=0.5), HalfNormal(scale=0.3)),
        (MIXED, NormalPrior(deviation=0.5), HalfNormal(scale=0.3)),
        (MIXED, NormalPrior(deviation=np.inf), HalfCauchy(scale=0.3)),
        (MIXED, NormalPrior(deviation=2.0), Uniform(upper=1.0)),
        (simulated(10, 3, 1), NormalPrior(deviation=0.5), Exponential(scale=0.2)),
        (simulated(40, 1000, 2), NormalPrior(deviation=0.5), HalfNormal(scale=0.3)),
        (simulated(8, 20_000, 3), NormalPrior(deviation=np.inf), Flat()),
    ],
    ids=["two small", "mixed", "flat mean", "bounded", "few events", "many sites", "large counts"],
)
def test_finer_sums_change_nothing(tables, mean, between):
    """Every mean, deviation, quantile and probability, and the evidence, stay within a millionth."""
    one, two = (fit_counts(tables, mean=mean, between=between, fineness=each) for each in (1.0, 2.0))
    assert seen(one) == pytest.approx(seen(two), abs=1e-6, rel=1e-6)


def test_finer_sums_change_nothing_under_overdispersion():
    """The same with beta-binomial splits, and an uncertain dispersion."""
    dispersion = Dispersion(excess=[0.2, 1.5], weights=[0.5, 0.5])
    one, two = (fit_counts(MIXED, dispersion=dispersion, fineness=each) for each in (1.0, 2.0))
    assert seen(one) == pytest.approx(seen(two), abs=1e-6, rel=1e-6)


def test_large_counts_are_what_the_normal_model_says():
    """With 20,000 events a cell log ratios are normal to 1 % of their errors."""
    tables = simulated(10, 20_000, 4)
    (b, a), (d, c) = tables.treated.T, tables.comparison.T
    errors = np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    normal, exact = fit_normal(np.log(a * d / (b * c)), errors), fit_counts(tables)
    assert exact.mean.mean == pytest.approx(normal.mean.mean, abs=0.01 * normal.mean.deviation)
    assert exact.between.mean == pytest.approx(normal.between.mean, rel=1e-3)
    assert exact.site("site 1").mean == pytest.approx(normal.site(0).mean, abs=0.01 * normal.site(0).deviation)
    assert exact.new_site.deviation == pytest.approx(normal.new_site().deviation, rel=1e-3)


def test_a_site_is_foreseen_from_the_others():
    """What a site adds to the evidence is its probability under what the others leave open, by another sum."""
    fit = fit_counts(MIXED)
    rest = fit.without("a")
    lattice, site = rest.posterior.lattice, fit.tables.likelihoods[0]
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    effects = lattice.means[..., None] + lattice.nodes.deviations[:, None, None] * nodes
    said = np.exp(site.log_likelihood(effects.ravel())).reshape(effects.shape) @ (weights / weights.sum())
    assert fit.log_predictive("a") == pytest.approx(np.log((rest.weights[0] * said).sum()), abs=1e-6)


def test_a_site_without_events_says_nothing():
    """It is named, changes nothing, and has the effect of a new site."""
    fit, rest = fit_counts(MIXED), fit_counts(MIXED.without("f"))
    assert fit.silent == ("f",)
    assert fit.log_evidence == pytest.approx(rest.log_evidence, abs=1e-12)
    assert fit.site("f").mean == fit.new_site.mean
    assert fit.mean.median == pytest.approx(rest.mean.median, abs=1e-9)


def test_an_empty_cell_says_that_the_effect_is_not_large():
    """A site with no events after points to a fall, and one with none before to a rise, without a half added."""
    fit = fit_counts(MIXED)
    assert fit.site("d").mean < fit.new_site.mean < fit.site("c").mean


def test_the_order_of_sites_changes_nothing():
    """Sites keep what is known of them when they change places."""
    back = ratios_of_ratios(MIXED.treated[::-1], MIXED.comparison[::-1], names=MIXED.names[::-1])
    one, two = fit_counts(MIXED), fit_counts(back)
    assert [two.site(name).mean for name in MIXED.names] == pytest.approx([one.site(n).mean for n in MIXED.names])
    assert one.log_evidence == pytest.approx(two.log_evidence, abs=1e-10)


def test_exchanging_before_and_after_turns_the_sign():
    """The same table read backwards has the opposite effect."""
    back = ratios_of_ratios(MIXED.treated[:, ::-1], MIXED.comparison[:, ::-1])
    one, two = fit_counts(MIXED), fit_counts(back)
    assert one.mean.mean == pytest.approx(-two.mean.mean, abs=1e-8)
    assert one.mean.below(-0.1) == pytest.approx(two.mean.above(0.1), abs=1e-8)


def test_without_deviation_all_sites_have_one_effect():
    """A deviation of zero pools fully."""
    fit = fit_counts(MIXED, between=Fixed(value=0.0))
    assert fit.site("a").mean == pytest.approx(fit.mean.mean, abs=1e-9)
    assert fit.new_site.deviation == pytest.approx(fit.mean.deviation, abs=1e-9)
    draws = fit.draw(500, np.random.default_rng(1))
    assert draws.sites == pytest.approx(draws.mean[:, None] * np.ones(6), abs=1e-9)


def test_draws_are_from_what_is_known():
    """Places of draws in their margins are uniform, for the mean, the deviation, sites and a new site."""
    fit = fit_counts(MIXED)
    draws = fit.draw(20_000, np.random.default_rng(7), new_sites=2)
    columns = [(fit.mean, draws.mean), (fit.new_site, draws.new[:, 0])]
    columns += [(fit.site(name), draws.sites[:, column]) for column, name in enumerate(MIXED.names)]
    for margin, column in columns:
        assert stats.kstest(margin.below(column), "uniform").pvalue > 1e-3
    assert stats.kstest(fit.between.below(draws.between[:500]), "uniform").pvalue > 1e-3


def test_draws_of_a_row_go_together():
    """Two new sites correlate by the variance of the mean over that and the mean squared deviation."""
    fit = fit_counts(simulated(10, 15, 5))
    draws = fit.draw(30_000, np.random.default_rng(3), new_sites=2)
    squared = fit.between.mean**2 + fit.between.deviation**2
    wanted = fit.mean.deviation**2 / (fit.mean.deviation**2 + squared)
    assert np.corrcoef(draws.new.T)[0, 1] == pytest.approx(wanted, abs=0.025)
    joint = (fit.weights[0] * fit.posterior.site_means[0, 0] * fit.posterior.lattice.means).sum()
    covariance = joint - fit.mean.mean * fit.site("site 1").mean
    assert np.cov(draws.mean, draws.sites[:, 0])[0, 1] == pytest.approx(covariance, rel=0.08)


def test_the_same_seed_gives_the_same_draws():
    """To the last bit."""
    one, two = (fit_counts(MIXED).draw(100, np.random.default_rng(5)) for _ in range(2))
    assert (one.sites == two.sites).all()
    assert (one.between == two.between).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ratios_of_ratios([[1, 2]], [[3, 4], [5, 6]]), "1 and 2 rows"),
        (lambda: ratios_of_ratios([[1.5, 2]], [[3, 4]]), r"whole numbers, zero or more; site 1 has \[1.5, 2.0\]"),
        (lambda: ratios_of_ratios([[1, -2]], [[3, 4]]), "whole numbers"),
        (lambda: ratios_of_ratios([[1, np.nan]], [[3, 4]]), "whole numbers"),
        (lambda: ratios_of_ratios([[1, 2e7]], [[3, 4]]), "exact up to 10,000,000"),
        (lambda: ratios_of_ratios([[1, 2]], [[3, 4]], treated_exposure=(1, 0)), "treated_exposure is above zero"),
        (lambda: ratios_of_ratios([[1, 2], [1, 2]], [[3, 4], [3, 4]], names=["a", "a"]), "twice 'a'"),
        (lambda: odds_ratios([5], [4], [1], [4]), "5 events among 4 people"),
        (lambda: fit_counts(ratios_of_ratios([[0, 0]], [[3, 4]])), "none of 1 sites says anything"),
        (lambda: fit_counts(SMALL, between=Flat()), "needs 3 sites"),
        (lambda: fit_counts(SMALL).site("site 3"), "did you mean"),
        (lambda: fit_counts(SMALL, dispersion=Dispersion.of(-1.0)), "zero or more"),
        (
            lambda: fit_counts(odds_ratios([1], [4], [2], [4]), dispersion=Dispersion.of(1.0)),
            "odds ratios count people once each",
        ),
        (lambda: fit_counts(rate_ratios([0, 0], [3, 4]), mean=NormalPrior(deviation=np.inf)), "give the mean a prior"),
    ],
)
def test_what_cannot_be_used_is_told(make, words):
    """One message: what, where, and what was wanted."""
    with pytest.raises(EvidenceError, match=words):
        make()


def test_improper_priors_have_no_evidence():
    """Its constant is arbitrary, so that there is no number."""
    assert fit_counts(MIXED, mean=NormalPrior(deviation=np.inf)).log_evidence is None


def test_quantiles_are_the_inverse_of_probabilities():
    """For every margin, to 1e-9."""
    fit = fit_counts(MIXED)
    asked = np.array([0.001, 0.05, 0.5, 0.9, 0.999])
    for margin in (fit.mean, fit.new_site, fit.site("c")):
        assert margin.below(margin.ppf(asked)) == pytest.approx(asked, abs=1e-9)
    with pytest.raises(EvidenceError, match="between 0 and 1"):
        fit.mean.ppf(1.0)


def test_a_margin_integrates_to_its_own_moments():
    """The density of a site's effect, integrated by scipy, has the mean and deviation that the sums gave."""
    margin = fit_counts(MIXED).site("d")
    span = (margin.mean - 15 * margin.deviation, margin.mean + 15 * margin.deviation)
    total, first = (
        integrate.quad(lambda at, power=power: at**power * float(margin.density(at)), *span, limit=200)[0]
        for power in (0, 1)
    )
    assert total == pytest.approx(1, abs=1e-6)
    assert first == pytest.approx(margin.mean, abs=1e-6)
