"""From many sites to one city: prediction, events, money, weights and places."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

import evalkit as ek
from evalkit.economics import value_of_information
from evalkit.economics.information import expected_value_of_sample_information
from evalkit.errors import EvidenceError
from evalkit.evidence import (
    expected_events,
    predict_city,
    predicted_effect,
    rank_areas,
    share_resolved,
    transport_weights,
)
from evalkit.hierarchy import HalfNormal, NormalMixture, NormalPrior, fit_normal

ROBBERY = ek.Outcome(name="robbery", crime="robbery")
# Colditz and others 1994, doi:10.1001/jama.1994.03510330076038: log risk ratios, errors, latitude.
VACCINE = (
    [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713, -0.3394, 0.4459, -0.0173],
    [0.5706, 0.4411, 0.6445, 0.1415, 0.2263, 0.0831, 0.4722, 0.0629, 0.2376, 0.2702, 0.1114, 0.7297, 0.2672],
)
LATITUDE = np.array([44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33], float)


@pytest.fixture
def rng():
    """The same random numbers in every test."""
    return np.random.default_rng(8)


@pytest.fixture
def vaccine():
    """Effects by latitude."""
    return fit_normal(
        *VACCINE,
        design=np.column_stack([np.ones(13), LATITUDE]),
        names=("constant", "latitude"),
        mean=[NormalPrior(deviation=2), NormalPrior(deviation=0.1)],
        between=HalfNormal(scale=0.5),
    )


def test_a_city_among_the_sites_is_foreseen(vaccine):
    """The prediction is that of the fit at its latitude, and the checks say that it lies within."""
    found = predict_city(vaccine, {"latitude": 30})
    assert found.effect.mean == pytest.approx(vaccine.new_site([1, 30]).mean, abs=1e-12)
    assert found.effect.deviation > found.mean.deviation
    assert [(check.name, check.passed) for check in found.checks] == [("extrapolation", True), ("leverage", True)]
    assert found.moderators == {"latitude": 30}


def test_a_city_beyond_the_sites_is_refused_or_told(vaccine):
    """No range around a line holds the error of the line beyond its data."""
    with pytest.raises(EvidenceError, match=r"beyond all 13 sites in 'latitude \(70\)'"):
        predict_city(vaccine, {"latitude": 70})
    told = predict_city(vaccine, {"latitude": 70}, outside="tell")
    assert [check.passed for check in told.checks] == [False, False]
    with pytest.raises(EvidenceError, match="did you mean 'latitude'"):
        predict_city(vaccine, {"lattitude": 30})
    with pytest.raises(EvidenceError, match="give the city's 'latitude'"):
        predict_city(vaccine)


def test_a_city_between_sites_that_no_mixture_of_them_is_like():
    """Within every characteristic by itself, and outside of all together."""
    x = np.column_stack([np.ones(6), [0, 1, 2, 3, 4, 5], [0, 1.1, 2, 3.1, 4, 5]])
    fit = fit_normal(np.linspace(-0.3, 0.1, 6), [0.1] * 6, design=x, names=("constant", "poverty", "density"))
    with pytest.raises(EvidenceError, match="no mixture of the 6 sites has the city's 'poverty', 'density' together"):
        predict_city(fit, {"poverty": 1, "density": 4})


def test_events_prevented_are_means_over_draws_and_not_at_the_mean(rng):
    """The vaccine trials: 0.60 of the cases are left in a new place, where the median says 0.49."""
    fit = fit_normal(*VACCINE, mean=NormalPrior(deviation=math.inf), between=HalfNormal(scale=0.5))
    expected = expected_events([100.0], draws=40_000, rng=rng)
    effect = predicted_effect(fit.new_site(), outcome=ROBBERY, expected=expected, periods=["2027"], rng=rng)
    left = 100 - float(effect.total_prevented.mean())
    assert left / 100 == pytest.approx(fit.mean_new_ratio().value, abs=2e-3)
    assert left > 100 * math.exp(effect.estimate) + 5
    assert effect.interval(0.95).upper == pytest.approx(float(fit.new_site().ppf(0.975)), abs=2e-3)
    assert effect.basis == "posterior"


def test_a_predicted_effect_is_appraised_as_any_other(rng):
    """Crimes prevented and their cost in one's own city, and what a pilot would be worth before the roll-out."""
    fit = fit_normal([-0.35, -0.1, -0.25, -0.3, 0.0], [0.1, 0.12, 0.1, 0.15, 0.1])
    expected = expected_events(
        [{"mean": 400, "sd": 30}, {"mean": 380, "sd": 30}], level={"low": 0.9, "high": 1.1}, dispersion=0.02, rng=rng
    )
    effect = predicted_effect(
        fit.new_site(), outcome=ROBBERY, expected=expected, periods=["2027", "2028"], rng=rng, checks=()
    )
    flow = ek.Flow(what="wardens", amount=120_000, bearer="city", kind="running", source="tender")
    appraisal = ek.appraise(
        {"robbery": effect},
        costs=ek.Costs(currency="GBP", price_year="2015/16", flows=(flow,)),
        prices=ek.Prices.load("home-office-2018"),
        multipliers="none",
        rng=rng,
    )
    prevented = float(effect.total_prevented.mean())
    assert appraisal.cost_per_crime_prevented.estimate == pytest.approx(120_000 / prevented, rel=0.03)
    assert appraisal.cost_per_crime_prevented.prob_prevents == pytest.approx(
        1 - float(fit.new_site().above(0)), abs=1e-3
    )
    known = value_of_information(appraisal)
    pilots = [share_resolved(fit.new_site(), error) for error in (1e-4, 0.15, 10.0)]
    net = appraisal.net_benefit_draws
    values = expected_value_of_sample_information(net, effect.change, pilots)
    assert known.perfect >= values[0] > values[1] > values[2] >= 0


def test_events_without_the_measure_have_their_own_uncertainty(rng):
    """What is not known of the city moves all periods together; chance and dispersion each by itself."""
    known = expected_events([100.0, 100.0], draws=50_000, rng=rng, level={"mean": 1.0, "sd": 0.2})
    assert np.corrcoef(known.T)[0, 1] == pytest.approx(1, abs=1e-9)
    counts = expected_events([100.0, 50.0], draws=50_000, rng=rng, dispersion=0.1)
    assert counts.mean(axis=0) == pytest.approx([100, 50], rel=0.01)
    assert counts.var(axis=0) == pytest.approx([100 + 0.1 * 100**2, 50 + 0.1 * 50**2], rel=0.03)
    with pytest.raises(EvidenceError, match="zero or more in every draw"):
        expected_events([{"shape": "normal", "mean": 1, "sd": 5}], rng=rng)
    with pytest.raises(EvidenceError, match="dispersion of counts"):
        expected_events([1.0], dispersion=-1.0, rng=rng)
    with pytest.raises(EvidenceError, match="no period"):
        expected_events([], rng=rng)


def test_a_pilot_takes_away_what_bayes_rule_says(rng):
    """For a mixture, against the mean of what remains over 20,000 simulated pilots."""
    known = fit_normal([-0.4, 0.1, 0.3], [0.05, 0.05, 0.1]).new_site()
    truths = known.sample(20_000, rng)
    seen = truths + 0.2 * rng.standard_normal(20_000)
    wide = np.hypot(known.deviations, 0.2)
    parts = known.weights * np.exp(-0.5 * ((seen[:, None] - known.means) / wide) ** 2) / wide
    means = known.means + (known.deviations / wide) ** 2 * (seen[:, None] - known.means)
    believed = (parts * means).sum(1) / parts.sum(1)
    assert share_resolved(known, 0.2) == pytest.approx(1 - ((truths - believed) ** 2).mean() / known.variance, abs=0.02)


def test_effects_too_wide_for_numbers_are_refused(rng):
    """A city that would have more robberies than there are numbers is a prior's fault."""
    wide = NormalMixture(weights=[1.0], means=[0.0], deviations=[1e3])
    with pytest.raises(EvidenceError, match="so wide"):
        predicted_effect(wide, outcome=ROBBERY, expected=np.ones((4000, 1)), periods=["a"], rng=rng)


def test_sites_are_weighed_as_a_general_optimiser_weighs_them(rng):
    """The dual against scipy's constrained search for the least sum of w log w."""
    x, target = rng.normal(0, 1, (12, 2)) * [1, 100], np.array([0.3, -20.0])
    found = transport_weights(x, target)
    searched = minimize(
        lambda w: (w * np.log(w)).sum(),
        np.full(12, 1 / 12),
        jac=lambda w: np.log(w) + 1,
        bounds=[(1e-9, 1)] * 12,
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 1},
            {"type": "eq", "fun": lambda w: (x / [1, 100]).T @ w - target / [1, 100]},
        ],
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert found.weights @ x == pytest.approx(target, abs=1e-6)
    assert found.weights == pytest.approx(searched.x, abs=1e-5)
    assert found.effective_sites == pytest.approx(1 / (searched.x**2).sum(), abs=1e-3)


def test_the_middle_of_the_sites_weighs_all_alike():
    """Nothing is lost where the city is the average."""
    x = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 3.0]])
    found = transport_weights(x, x.mean(axis=0))
    assert found.weights == pytest.approx([0.25] * 4, abs=1e-9)
    assert (found.effective_sites, found.check.passed) == (pytest.approx(4), True)
    assert transport_weights(np.ones((5, 1)), [1.0]).weights == pytest.approx([0.2] * 5)


def test_a_city_unlike_all_sites_has_no_weights():
    """Beyond them, or between them in a way that no average is."""
    x = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(EvidenceError, match=r"beyond all of them in 'poverty \(2\)'"):
        transport_weights(x, [2.0, 0.5], names=("poverty", "density"))
    with pytest.raises(EvidenceError, match="no site combines"):
        transport_weights(x, [0.9, 0.9])
    corner = transport_weights(np.vstack([x, [[0.4, 0.4]]]), [1.0, 0.0])
    assert (corner.effective_sites, corner.check.passed) == (pytest.approx(1, abs=1e-6), False)
    few = transport_weights(np.vstack([x, [[0.4, 0.4]]]), [0.97, 0.01], sites=("A", "B", "C", "D"))
    assert few.check.passed is False
    assert "B, has" in few.check.detail


def test_the_effect_in_a_city_is_that_of_sites_like_it(rng):
    """Weighted row by row, with a deviation of its own: mean and variance as reckoned from the draws."""
    fit = fit_normal([-0.4, -0.3, -0.1, 0.0, 0.05], [0.05] * 5, between=HalfNormal(scale=0.5))
    drawn = fit.draw(100_000, rng)
    weights = transport_weights(np.arange(5.0)[:, None], [1.0])
    effect = weights.effect(drawn, rng)
    middle = drawn.sites @ weights.weights
    assert effect.mean() == pytest.approx(middle.mean(), abs=0.005)
    assert effect.var() == pytest.approx(middle.var() + (drawn.between**2).mean(), rel=0.03)
    with pytest.raises(EvidenceError, match="weights for 5 sites and draws of 4"):
        weights.effect(fit_normal([0.1] * 4, [0.1] * 4).draw(10, rng), rng)


def test_places_of_areas_that_are_alike_are_wide_open(rng):
    """Twenty areas without a difference: none is best with any confidence, and every range of places is wide."""
    fit = fit_normal(rng.normal(0, 0.2, 20), [0.2] * 20)
    drawn = fit.draw(4000, rng).sites
    table = rank_areas(drawn, [f"area {number}" for number in range(20)])
    assert sum(line.best for line in table.lines) == pytest.approx(1, abs=1e-9)
    assert sum(line.among_best for line in table.lines) == pytest.approx(3, abs=1e-9)
    assert sum(line.place for line in table.lines) == pytest.approx(210, abs=1e-6)
    assert max(line.best for line in table.lines) < 0.4
    assert "The order says little" in table.sentence
    assert table.apart == 0


def test_places_agree_with_normal_effects_known_apart(rng):
    """Two independent normals: the probability that one is lower has a closed form."""
    drawn = np.column_stack([rng.normal(-0.2, 0.1, 200_000), rng.normal(-0.1, 0.2, 200_000)])
    first = rank_areas(drawn, ["A", "B"], among=1).lines[0]
    from scipy.stats import norm

    assert first.name == "A"
    assert first.best == pytest.approx(norm.cdf(0.1 / math.hypot(0.1, 0.2)), abs=0.004)
    assert first.benefit == pytest.approx(norm.cdf(2.0), abs=0.002)
    assert first.effect.lower == pytest.approx(-0.2 - 1.96 * 0.1, abs=0.003)
    turned = rank_areas(-drawn, ["A", "B"], among=1, good="higher").lines[0]
    assert (turned.name, turned.best, turned.benefit) == (first.name, first.best, first.benefit)


def test_areas_that_cannot_be_ranked_are_refused():
    """One area, a name twice, draws that are none."""
    drawn = np.zeros((5, 2))
    for names, array, said in (
        (["A"], drawn, "a name for each area"),
        (["A", "A"], drawn, "'A' stand for more than one"),
        (["A", "B"], np.full((5, 2), np.nan), "draws of 'A', 'B' are not finite"),
        (["A"], drawn[:, :1], "one area has no place"),
    ):
        with pytest.raises(EvidenceError, match=said):
            rank_areas(array, names)
    with pytest.raises(EvidenceError, match="among is from 1 to 2"):
        rank_areas(drawn, ["A", "B"])
