import numpy as np
import pytest
from scipy.special import ndtri

import evalkit as ek
from evalkit.domain import Outcome, Periods
from evalkit.planning.baseline import read_baseline, two_way_means
from evalkit.planning.curve import ProbitCurve, SimulatedChances, detectable_by_simulation
from evalkit.planning.expected import ExpectedPanel
from evalkit.planning.simulated import simulate_counts, try_changes

THEFT = Outcome(name="theft", crime="theft")


def expected(sites=40, treated=20, before=6, after=6, events=30.0, **more):
    """Give a panel of one level, half of its sites treated."""
    return ExpectedPanel(
        outcome=THEFT,
        periods=Periods(frequency="number", first=1, count=before + after),
        counts=np.full((sites, before + after), events),
        starts=np.where(np.arange(sites) < treated, before, before + after),
        **more,
    )


def test_simulated_counts_have_the_mean_and_the_variance_that_are_said():
    """Mean as expected whatever varies around it; variance over mean as the dispersion; the effect where treated."""
    design = expected(dispersion=2.5)
    counts = simulate_counts(design, -0.5, 4000, np.random.default_rng(1))
    on = design.treatment
    assert counts[:, ~on].mean() == pytest.approx(30, rel=0.002)
    assert counts[:, on].mean() == pytest.approx(30 * np.exp(-0.5), rel=0.002)
    assert counts[:, 0, 0].var() / counts[:, 0, 0].mean() == pytest.approx(2.5, rel=0.1)


def test_a_lasting_shift_stays_with_its_site():
    """Logs of a site's sums after over before vary by the shift, and the mean stays."""
    design = expected(events=1e6, site_shift=0.2, site_spread=0.4)
    counts = simulate_counts(design, 0.0, 500, np.random.default_rng(1))
    ratio = np.log(counts[:, :, 6:].sum(axis=2) / counts[:, :, :6].sum(axis=2))
    assert ratio.std() == pytest.approx(0.2, rel=0.02)
    assert counts.mean() == pytest.approx(1e6, rel=0.01)


def test_the_periods_before_tell_dispersion_and_drift():
    """Averaged over panels with a known truth; period effects and levels are taken out."""
    rng = np.random.default_rng(2)
    design = expected(sites=60, before=12, after=12, events=50.0, dispersion=2.0, site_shift=0.15, site_spread=0.5)
    shown = [read_baseline(each, None) for each in simulate_counts(design, 0.0, 60, rng)]
    assert np.mean([each.dispersion for each in shown]) == pytest.approx(2.0, rel=0.03)
    assert np.mean([each.site_shift for each in shown]) == pytest.approx(0.15, rel=0.1)


def test_chance_is_not_taken_for_drift():
    """Pure Poisson panels: a dispersion of about one, and hardly any drift."""
    shown = [read_baseline(each, None) for each in simulate_counts(expected(), 0.0, 60, np.random.default_rng(3))]
    assert np.mean([each.dispersion for each in shown]) < 1.04
    assert np.mean([each.site_shift for each in shown]) < 0.03


def test_margins_are_those_of_a_poisson_regression():
    """Site and period means with an exposure that changes are those of statsmodels with dummies."""
    import statsmodels.api as sm

    rng = np.random.default_rng(4)
    at_risk = rng.gamma(5, 20, (6, 5))
    counts = rng.poisson(0.2 * at_risk).astype(float)
    levels, swings = two_way_means(counts, at_risk)
    site, period = np.indices(counts.shape)
    dummies = np.column_stack([np.eye(6)[site.ravel()], np.eye(5)[period.ravel()][:, 1:]])
    family = sm.families.Poisson()
    fit = sm.GLM(counts.ravel(), dummies, family=family, offset=np.log(at_risk.ravel())).fit(tol=1e-12)
    assert np.allclose((at_risk * levels[:, None] * swings).ravel(), fit.mu, rtol=1e-7)
    assert swings.mean() == pytest.approx(1)


def test_the_curve_is_the_probit_of_which_it_was_drawn():
    """Shares drawn from a known curve give it back, within its own error."""
    rng = np.random.default_rng(6)
    changes, runs = np.linspace(-0.5, 0.2, 9), np.full(9, 4000)
    from scipy.special import ndtr

    hits = rng.binomial(runs, ndtr(-1.96 - 10 * changes))
    curve = ProbitCurve.through(changes, hits, runs)
    errors = np.sqrt(np.diag(curve.covariance))
    assert abs(curve.intercept + 1.96) < 3 * errors[0]
    assert abs(curve.slope + 10) < 3 * errors[1]


def test_a_simulated_panel_agrees_with_the_closed_form_of_its_sums():
    """In a balanced Poisson panel the estimate is the log rate ratio of four sums, so its error is known.

    The smallest detectable fall is then (z of alpha + z of power) errors, with sums of 20 x 6 x 30 events and a
    drift of 20 sites on either side; allowed is what 100 panels an effect leave open, and a t for a normal.
    """
    design = expected(site_shift=0.1)
    estimator = ek.estimator("did-poisson")()
    trials = try_changes(design, estimator, alpha=0.05, runs=100, seed=1)
    chances = SimulatedChances.of(trials)
    found = detectable_by_simulation(chances, 0.8)
    error = np.sqrt(3 / 3600 + np.exp(-found.change) / 3600 + 0.1**2 * 2 / 20)
    wanted = -(ndtri(0.975) + ndtri(0.8)) * error
    assert abs(found.change / wanted - 1.03) < 0.03 + 2 * found.error / abs(wanted)
    assert chances.error(0.0) == pytest.approx(np.sqrt(4 / 3600 + 0.1**2 * 2 / 20), rel=0.12)
    assert abs(trials.size - 0.05) < 3 * trials.size_error
    assert 0 < found.error < 0.02


def test_what_can_never_be_told_from_chance_is_said_so():
    """One of six treated: no placement is rarer than one in six, so no fall is ever found at 5 %."""
    design = expected(sites=6, treated=1)
    trials = try_changes(design, ek.estimator("did-poisson")(), alpha=0.05, runs=20, seed=1)
    found = detectable_by_simulation(SimulatedChances.of(trials), 0.8)
    assert found.change is None
    assert "is found with a power of 0 %" in found.reason


def test_an_estimator_without_an_answer_says_why():
    """Nothing happens in such a panel: the message is the estimator's own."""
    with pytest.raises(ek.EvalkitError, match=r"no answer for a study of this design: .*event"):
        try_changes(expected(events=1e-9), ek.estimator("did-poisson")(), alpha=0.05, runs=50, seed=1)
