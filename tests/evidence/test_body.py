"""A body of evidence gives what reviews printed and what other ways give, and says when it stands on little."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from evalkit.errors import EvidenceError
from evalkit.evidence import EffectSize, from_two_by_two
from evalkit.evidence.body import pool
from evalkit.evidence.priors import before_any_study, believed
from evalkit.hierarchy import PRIORS, Fixed, HalfCauchy, HalfNormal, NormalPrior, PriorSet

FLAT_MEAN = PriorSet(name="own", mean=NormalPrior(deviation=math.inf), between=HalfNormal(scale=0.5))


def effects_of(values, errors, **more):
    """Give effects by name A, B, C and so on."""
    return [
        EffectSize(study=chr(65 + i), estimate=float(y), error=float(s), scale="log_rate_ratio", **more)
        for i, (y, s) in enumerate(zip(values, errors, strict=True))
    ]


def test_the_published_bayesian_pool_of_bcg_comes_back(bcg):
    """Exact reference with a flat mean and a half-normal spread of 0.5: mean -0.711860 (0.187327), new 0.618565."""
    body = pool(bcg, prior=FLAT_MEAN)
    assert body.mean.mean == pytest.approx(-0.711860, abs=1e-6)
    assert body.mean.deviation == pytest.approx(0.187327, abs=1e-6)
    assert body.new_programme.deviation == pytest.approx(0.618565, abs=1e-6)


def test_the_table_of_methods_gives_what_metafor_prints_of_bcg(bcg):
    """REML -0.7145 [-1.0669, -0.3622] with tau2 .3132, DL -0.7141 with .3088 (metafor's manual)."""
    by_name = {line.name: line for line in pool(bcg).methods}
    reml, moment = by_name["REML, normal"], by_name["DerSimonian-Laird, normal"]
    assert (reml.mean, reml.held.lower, reml.held.upper) == pytest.approx((-0.7145, -1.0669, -0.3622), abs=5e-5)
    assert reml.tau**2 == pytest.approx(0.3132, abs=5e-5)
    assert (moment.mean, moment.tau**2) == pytest.approx((-0.7141, 0.3088), abs=5e-5)


def test_mean_and_new_programme_are_what_quadrature_over_both_gives():
    """An independent way: the joint density of mean and spread on a grid, integrated by Simpson's rule."""
    y, s = np.array([-0.4, 0.1, -0.2, -0.6]), np.array([0.2, 0.15, 0.3, 0.25])
    body = pool(effects_of(y, s))
    mean, between = np.linspace(-2, 2, 1601)[:, None], np.linspace(0, 2.4, 1601)[None, :]
    log = stats.norm.logpdf(mean, 0, 0.5) + stats.halfnorm.logpdf(between, scale=0.3)
    for each, error in zip(y, s, strict=True):
        log = log + stats.norm.logpdf(each, mean, np.sqrt(error**2 + between**2))
    density = np.exp(log - log.max())

    def total(values):
        return integrate.simpson(integrate.simpson(values * density, x=between[0], axis=1), x=mean[:, 0])

    known = total(np.ones_like(density))
    assert body.mean.mean == pytest.approx(total(mean * np.ones_like(density)) / known, abs=1e-7)
    harm = total(stats.norm.sf(0, mean, np.maximum(between, 1e-9))) / known
    assert body.prob_new_harm == pytest.approx(harm, abs=2e-5)


def test_turning_every_effect_round_turns_the_answer_round():
    """Harm is the mirror of benefit: nothing in the priors favours a side."""
    y, s = [-0.4, 0.1, -0.2], [0.2, 0.15, 0.3]
    there, back = pool(effects_of(y, s)), pool(effects_of([-each for each in y], s))
    assert there.mean.mean == pytest.approx(-back.mean.mean, abs=1e-12)
    assert there.prob_new_harm == pytest.approx(1 - back.prob_new_harm, abs=1e-12)


def test_leaving_a_study_out_is_pooling_the_others(bcg):
    """Each line of the table without one study is a fit of the rest."""
    body = pool(bcg)
    rest = pool([each for each in bcg if each.study != bcg[3].study])
    line = body.without_each[3]
    assert line.study == bcg[3].study
    assert (line.mean, line.prob_new_harm) == pytest.approx((rest.mean.median, rest.prob_new_harm), abs=1e-12)


def test_one_study_is_no_body_of_evidence():
    """It says so, and what can be done."""
    with pytest.raises(EvidenceError, match=r"one study only \('A'\).*add a second study"):
        pool(effects_of([-0.3], [0.1]))


def test_two_effects_of_one_study_are_one_study():
    """Several outcomes of a study do not make a second study."""
    effects = effects_of([-0.3, -0.2], [0.1, 0.1], cluster="the same")
    with pytest.raises(EvidenceError, match="one study only"):
        pool(effects)


def test_effects_of_one_study_are_averaged_with_the_error_their_correlation_leaves():
    """Borenstein and others 2009, formula 24.4: two effects of variance v that correlate by r leave v (1 + r) / 2."""
    effects = [*effects_of([-0.3, -0.1], [0.2, 0.2], cluster="twice"), *effects_of([-0.2], [0.1], cluster="once")]
    body = pool(effects, correlation=0.6)
    twice = body.studies[0]
    assert (twice.study, twice.estimate) == ("twice", pytest.approx(-0.2))
    assert twice.variance == pytest.approx(0.2**2 * 1.6 / 2)
    assert [check.passed for check in body.checks if check.name == "several effects of a study"] == [None]


def test_effects_that_correlate_fully_gain_nothing_and_independent_ones_halve_the_variance():
    """The two ends of what a correlation can be."""
    effects = [*effects_of([-0.3, -0.1], [0.2, 0.2], cluster="twice"), *effects_of([-0.2], [0.1], cluster="once")]
    same, apart = (pool(effects, correlation=r).studies[0].variance for r in (1.0, 0.0))
    assert (same, apart) == pytest.approx((0.04, 0.02))


def test_a_moderator_explains_what_it_made():
    """Effects made by a slope of -0.1 without further spread: the slope comes back, and the spread goes down."""
    rng = np.random.default_rng(3)
    place = np.linspace(-2, 2, 20)
    values = -0.2 - 0.1 * place + rng.normal(0, 0.05, 20)
    effects = [
        EffectSize(study=f"s{i}", estimate=y, error=0.05, scale="log_rate_ratio", moderators={"place": x})
        for i, (x, y) in enumerate(zip(place, values, strict=True))
    ]
    body = pool(effects, moderators=["place"])
    slope = body.by_moderators.coefficient("place")
    assert not slope.interval(0.95).excludes(-0.1)
    assert slope.interval(0.95).excludes(0.0)
    assert body.by_moderators.between.ppf(0.5) < body.between[0] / 2
    at_two = body.expected({"place": 2.0})[0]
    assert not at_two.interval(0.95).excludes(-0.4)
    # centred columns leave the mean of the studies as the first coefficient
    assert body.by_moderators.mean.mean == pytest.approx(body.expected({"place": float(place.mean())})[0].mean)


def test_a_place_without_a_value_of_a_moderator_is_refused(bcg):
    """Nothing is filled in."""
    body = pool(bcg, moderators=["ablat"])
    with pytest.raises(EvidenceError, match="depends on 'ablat'"):
        body.expected({})
    with pytest.raises(EvidenceError, match="no moderator was fitted"):
        pool(bcg).expected({"ablat": 30})


def test_draws_of_a_new_programme_are_its_exact_quantiles(bcg):
    """What goes to the till is what the report prints."""
    body = pool(bcg)
    draws = body.draw_new(4000, np.random.default_rng(1))
    exact = body.new_programme.interval(0.95)
    # 4,000 mid-quantiles put limits within 5e-6 standard deviations of the exact ones; tails are heavier here
    assert np.quantile(draws, [0.025, 0.975], method="hazen") == pytest.approx([exact.lower, exact.upper], abs=1e-5)


def test_too_few_studies_settle_nothing():
    """Two studies that agree perfectly are still two studies."""
    assert not pool(effects_of([-0.5, -0.5], [0.05, 0.05])).is_settled
    assert pool(effects_of([-0.5, -0.5, -0.5, -0.5], [0.05] * 4)).is_settled


def test_a_study_on_which_everything_hangs_is_named():
    """One exact study among vague ones decides, and the check names it."""
    body = pool(effects_of([-0.6, 0.02, -0.02, 0.01], [0.05, 0.5, 0.5, 0.5]), level=0.95)
    check = next(each for each in body.checks if each.name == "one study decides")
    assert check.passed is False
    assert "'A'" in check.detail
    assert not body.is_settled


def test_a_study_whose_checks_failed_is_kept_and_said():
    """It is the reader who decides what to make of it."""
    effects = effects_of([-0.3, -0.2, -0.25, -0.2], [0.1] * 4)
    marred = [
        *effects[:3],
        EffectSize(
            study="D", estimate=-0.2, error=0.1, scale="log_rate_ratio", notes=("failed in the study: leads. 0.4",)
        ),
    ]
    body = pool(marred)
    assert len(body.studies) == 4
    check = next(each for each in body.checks if each.name == "checks of the studies")
    assert check.passed is None
    assert "1 of 4" in check.detail
    assert "'D'" in check.detail


def test_a_study_on_the_other_side_is_asked_about():
    """Entered the wrong way round, or really different: only its source tells."""
    body = pool(effects_of([-0.5, -0.4, -0.45, 0.5], [0.1] * 4))
    check = next(each for each in body.checks if each.name == "direction")
    assert check.passed is None
    assert "'D'" in check.detail


def test_the_default_prior_says_beforehand_what_its_docstring_says():
    """95 % of programmes within a factor of about 3.2, by simulation of the two priors."""
    rng = np.random.default_rng(5)
    simulated = rng.normal(0, 0.5, 400_000) + np.abs(rng.normal(0, 0.3, 400_000)) * rng.normal(0, 1, 400_000)
    held = before_any_study(PRIORS["weakly informative"]).interval(0.95)
    assert (held.lower, held.upper) == pytest.approx(tuple(np.quantile(simulated, [0.025, 0.975])), abs=0.012)


def test_the_flat_prior_says_nothing_beforehand_and_agrees_with_the_references():
    """Eight schools with flat priors: mean 7.932375 (5.178395)."""
    y, s = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]
    effects = [
        EffectSize(study=f"school {i}", estimate=a, error=b, scale="mean_difference", unit="points")
        for i, (a, b) in enumerate(zip(y, s, strict=True))
    ]
    body = pool(effects, prior="flat")
    assert (body.mean.mean, body.mean.deviation) == pytest.approx((7.932375, 5.178395), abs=1e-5)
    assert before_any_study(body.prior) is None
    assert not body.has_mean_ratio


def test_a_prior_stated_for_ratios_is_refused_for_effects_in_units():
    """Half a point is not half a log."""
    with pytest.raises(EvidenceError, match="units of its own: use prior 'flat'"):
        believed("weakly informative", "mean_difference")


def test_standardised_differences_get_the_same_belief_on_their_scale():
    """A log odds is pi / sqrt(3) standard deviations (Hasselblad and Hedges 1995)."""
    ratio = believed("weakly informative", "log_odds_ratio").mean.deviation
    own = believed("weakly informative", "standardised_mean_difference").mean.deviation
    assert ratio / own == pytest.approx(math.pi / math.sqrt(3))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("wieght", "did you mean|there is"),
        ({"mean": "flat", "betwen": {"shape": "flat"}}, "did you mean 'between'"),
        ({"mean": {"deviation": 0.5}}, "needs between"),
        ({"mean": {"deviation": -1}, "between": {"shape": "half-normal", "scale": 0.3}}, "above zero"),
    ],
)
def test_a_prior_that_is_not_known_or_written_wrongly_is_told(given, wanted):
    """The key at fault is named."""
    with pytest.raises(EvidenceError, match=wanted):
        believed(given, "log_rate_ratio")


def test_a_spread_that_is_taken_as_known_is_no_prior():
    """Of what is given nothing can be learnt."""
    with pytest.raises(EvidenceError, match="nothing could be learnt"):
        believed(PriorSet(name="own", mean=NormalPrior(deviation=1), between=Fixed(value=0.1)), "log_rate_ratio")


def test_a_heavy_tail_leaves_no_mean_ratio(bcg):
    """Money rests on means, and there is none."""
    heavy = PriorSet(name="own", mean=NormalPrior(deviation=1), between=HalfCauchy(scale=0.3))
    assert not pool(bcg, prior=heavy).has_mean_ratio
    assert pool(bcg).has_mean_ratio


def test_counts_bring_the_odds_of_mantel_and_haenszel():
    """An independent calculation, from the formula of 1959, for two tables."""
    tables = np.array([[10, 50, 20, 50], [5, 40, 12, 45]])
    effects = [
        from_two_by_two(f"s{i}", treated_events=a, treated_total=n1, comparison_events=c, comparison_total=n2)
        for i, (a, n1, c, n2) in enumerate(tables)
    ]
    a, n1, c, n2 = tables.T
    odds = np.sum(a * (n2 - c) / (n1 + n2)) / np.sum((n1 - a) * c / (n1 + n2))
    lines = {line.name: line for line in pool(effects, counts=tables.astype(float), form="two by two").methods}
    line = lines["Mantel-Haenszel, common effect"]
    assert line.mean == pytest.approx(math.log(odds), abs=1e-12)


def test_counts_bring_the_exact_fit_of_the_counts_themselves():
    """With hundreds of events a cell it is the normal fit; with a handful it is its own."""
    large = np.array([[200, 900, 260, 900], [150, 700, 210, 720], [310, 1000, 330, 1000]])
    small = np.array([[1, 20, 4, 20], [0, 15, 3, 16], [2, 22, 2, 20]])
    for tables, alike in ((large, True), (small, False)):
        effects = [
            from_two_by_two(f"s{i}", treated_events=a, treated_total=n, comparison_events=c, comparison_total=m)
            for i, (a, n, c, m) in enumerate(tables)
        ]
        lines = {line.name: line for line in pool(effects, counts=tables.astype(float), form="two by two").methods}
        exact, counts = lines["exact Bayes"], lines["exact Bayes of the counts"]
        assert (abs(exact.mean - counts.mean) < 0.002) is alike


def test_several_effects_a_study_bring_the_method_on_three_levels():
    """It stands beside the exact fit of one effect a study."""
    rng = np.random.default_rng(8)
    effects = [
        EffectSize(
            study=f"s{i}", outcome=f"o{j}", cluster=f"s{i}", scale="log_rate_ratio", error=0.1,
            estimate=float(-0.2 + rng.normal(0, 0.1)),
        )
        for i in range(6)
        for j in range(2)
    ]  # fmt: skip
    line = next(each for each in pool(effects).methods if each.name.startswith("three levels"))
    assert line.mean == pytest.approx(np.mean([each.estimate for each in effects]), abs=1e-6)


def test_ninety_percent_ranges_hold_the_truth_in_nine_of_ten_bodies():
    """Drawn from the priors, mean and new programme lie in their ranges as often as promised, in 400 bodies."""
    rng = np.random.default_rng(11)
    inside = np.zeros(2)
    bodies = 400
    for _ in range(bodies):
        mean, between = rng.normal(0, 0.5), abs(rng.normal(0, 0.3))
        errors = rng.uniform(0.1, 0.3, 8)
        body = pool(effects_of(rng.normal(mean, np.hypot(between, errors)), errors), level=0.9)
        new = rng.normal(mean, between)
        inside += [not body.mean.interval(0.9).excludes(mean), not body.new_programme.interval(0.9).excludes(new)]
    low, high = stats.binom.ppf([0.001, 0.999], bodies, 0.9) / bodies
    assert ((inside / bodies >= low) & (inside / bodies <= high)).all(), inside / bodies
