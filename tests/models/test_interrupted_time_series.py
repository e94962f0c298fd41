import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import evalkit as ek
from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.errors import DesignError, EstimationError
from evalkit.models._time_series.mixture import MixtureOfT
from evalkit.models._time_series.segmented import fit_segmented
from evalkit.models._time_series.state_space import forecast
from evalkit.models.interrupted_time_series import InterruptedTimeSeries

SICILY = json.loads((Path(__file__).parents[1] / "reference" / "sicily.json").read_text(encoding="utf-8"))
EVENTS, POPULATION = (np.array(SICILY[name], float) for name in ("events", "population"))
SPELL = ("2020-01", "2020-03")
PLAIN = {"errors": "independent", "change": "level", "placebo": False}


def design_of(values, start, *, exposure=None, first=2015 * 12, frequency="month", treated=1, **panel):
    """The first sites treated from one period; others, if any, to compare with."""
    values = np.atleast_2d(np.asarray(values, float))
    sites = tuple(f"s{row}" for row in range(len(values)))
    periods = Periods(frequency=frequency, first=first, count=values.shape[1])
    exposure = None if exposure is None else np.atleast_2d(exposure)
    data = Panel(outcome=Outcome(name="theft"), sites=sites, periods=periods, values=values, exposure=exposure, **panel)
    began = dict.fromkeys(sites[:treated], periods.labels[start])
    return Design(panel=data, intervention=Intervention(name="patrol", began=began))


def sicily():
    """The tutorial's series."""
    return design_of(EVENTS, 36, exposure=POPULATION, first=2002 * 12)


def estimate(design, draws=400, **options):
    """Estimate with a fixed seed, without the placebo unless it is asked for."""
    estimator = InterruptedTimeSeries(**{"placebo": False, **options})
    return estimator.estimate(design, rng=np.random.default_rng(1), draws=draws)


def series(rng=None, *, mean=60.0, before=48, after=24, effect=-0.3, slope=0.0):
    """Poisson counts with a trend, a season and a change."""
    rng = rng or np.random.default_rng(3)
    time = np.arange(before + after)
    since = time - before
    added = (since >= 0) * (effect + slope * since)
    return rng.poisson(mean * np.exp(0.004 * since + 0.2 * np.cos(time * np.pi / 6) + added)).astype(float)


def test_the_tutorials_rate_ratio_comes_back():
    """Trend and step, Poisson: the smoking ban's 0.894 (0.864 to 0.925), as published."""
    effect = estimate(sicily(), season="none", **PLAIN)
    ratio, low, high = SICILY["published"]["rate ratio, trend, Poisson"]
    dispersion = SICILY["statsmodels"]["trend"]["dispersion"]
    assert np.exp(effect.estimate) == pytest.approx(ratio, abs=5e-4)
    assert np.exp(effect.estimate) == pytest.approx(SICILY["statsmodels"]["trend"]["rate ratio"][0], rel=1e-8)
    check = next(check for check in effect.checks if check.name == "overdispersion")
    by_chance = effect.std_error / np.sqrt(dispersion)
    assert "3.56 times" in check.detail
    ends = np.exp(effect.estimate + stats.norm.ppf([0.025, 0.975]) * by_chance)
    np.testing.assert_allclose(ends, [low, high], atol=1e-3)  # 0.8647 was printed as 0.864


def test_with_two_waves_it_is_the_quasi_poisson_of_the_tutorial():
    """With a season of two waves the ratio is 0.885 and its interval, on a normal, 0.839 to 0.933, by statsmodels."""
    effect = estimate(sicily(), **PLAIN)
    ratio, *wanted = SICILY["statsmodels"]["trend, two waves"]["rate ratio"]
    ends = np.exp(effect.estimate + stats.norm.ppf([0.025, 0.975]) * effect.std_error)
    assert np.exp(effect.estimate) == pytest.approx(ratio, rel=1e-6)
    np.testing.assert_allclose(ends, wanted, atol=5e-5)


def test_newey_west_is_that_of_statsmodels():
    """The window of lags gives the covariance that statsmodels gives with the same factor."""
    import statsmodels.api as sm

    time = np.arange(59.0)
    columns = np.column_stack([np.ones(59), time / 100, time >= 36])
    fit = sm.GLM(EVENTS, columns, family=sm.families.Poisson(), offset=np.log(POPULATION)).fit(
        cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": True}
    )
    found = fit_segmented(EVENTS, POPULATION, columns, np.arange(59), "newey-west")
    np.testing.assert_allclose(found.mixture.covariance, fit.cov_params(), rtol=1e-6)


def test_laws_of_noise_are_weighed_by_the_restricted_likelihood():
    """Shares, estimates and errors of every law are those of whole matrices inverted."""
    rng = np.random.default_rng(5)
    time = np.arange(40)
    columns = np.column_stack([np.ones(40), time / 40, time >= 25])
    counts, exposure = rng.poisson(30, 40).astype(float), rng.uniform(0.5, 1.5, 40)
    found = fit_segmented(counts, exposure, columns, time, "autoregressive").mixture
    plain = fit_segmented(counts, exposure, columns, time, "independent")
    expected = exposure * np.exp(plain.predictor)
    working = plain.predictor + counts / expected - 1
    heights = []
    for at, (share, memory) in enumerate(
        [(0, 0)] + [(s, m) for s in np.arange(1, 11) / 10 for m in (*np.arange(10) / 10, 0.95)]
    ):
        noise = np.where(np.eye(40) == 1, 1.0, float(memory) ** np.abs(time[:, None] - time))
        whole = (1 - share) * np.diag(1 / expected) + share * (1 / expected).mean() * noise
        inverse = np.linalg.inv(whole)
        information = columns.T @ inverse @ columns
        estimate_ = np.linalg.solve(information, columns.T @ inverse @ working)
        left = working - columns @ estimate_
        squares = left @ inverse @ left
        sizes = np.linalg.slogdet(whole)[1] + np.linalg.slogdet(information)[1]
        heights.append(-sizes / 2 - 37 / 2 * np.log(squares) + (np.log(11) if at == 0 else 0))
        np.testing.assert_allclose(found.means[at], estimate_, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(found.covariances[at], squares / 37 * np.linalg.inv(information), rtol=1e-6)
    shares = np.exp(np.array(heights) - max(heights))
    np.testing.assert_allclose(found.shares, shares / shares.sum(), rtol=1e-5)


def test_the_state_space_is_least_squares_with_a_wandering_level():
    """The filter's forecast, its joint covariance and the weights of the laws are those of whole matrices."""
    rng = np.random.default_rng(6)
    logs, columns = rng.normal(0, 1, 30).cumsum() / 5 + rng.normal(0, 1, 30), rng.normal(0, 1, (36, 2))
    found = forecast(logs, columns[:30], columns[30:])
    regressors = np.column_stack([np.ones(36), columns])
    wander = np.minimum.outer(np.arange(36), np.arange(36))
    heights = []
    for at, ratio in enumerate(np.linspace(0, 0.8, 17)):
        whole = np.eye(36) + ratio**2 * wander
        own, cross = whole[:30, :30], whole[30:, :30]
        x, later, inverse = regressors[:30], regressors[30:], np.linalg.inv(whole[:30, :30])
        information = x.T @ inverse @ x
        b = np.linalg.solve(information, x.T @ inverse @ logs)
        left = logs - x @ b
        squares = left @ inverse @ left
        rest = later - cross @ inverse @ x
        law = whole[30:, 30:] - cross @ inverse @ cross.T + rest @ np.linalg.inv(information) @ rest.T
        np.testing.assert_allclose(found.mixture.means[at], later @ b + cross @ inverse @ left, rtol=1e-6)
        np.testing.assert_allclose(found.mixture.covariances[at], squares / 27 * law, rtol=1e-5)
        sizes = np.linalg.slogdet(own)[1] + np.linalg.slogdet(information)[1]
        heights.append(-sizes / 2 - 27 / 2 * np.log(squares) + np.log(0.05) / 0.6 * ratio)
    shares = np.exp(np.array(heights) - max(heights))
    np.testing.assert_allclose(found.mixture.shares, shares / shares.sum(), rtol=1e-5)


def test_quantiles_of_a_mixture_are_where_its_probability_says():
    """Each quantile, put back, gives its probability; one law alone is the t distribution itself."""
    law = MixtureOfT(shares=np.array([0.6, 0.4]), means=np.array([0.0, 0.3]), scales=np.array([0.1, 0.5]), freedom=20.0)
    at = np.array([0.0001, 0.025, 0.3, 0.5, 0.975, 0.9999])
    np.testing.assert_allclose(law.cdf(law.ppf(at)), at, rtol=2e-3)
    alone = MixtureOfT(shares=np.ones(1), means=np.zeros(1), scales=np.ones(1), freedom=9.0)
    np.testing.assert_allclose(alone.ppf(at), stats.t.ppf(at, 9))


@pytest.mark.parametrize(
    "options",
    [{}, {"change": "level"}, {"change": "slope"}, {"errors": "newey-west"}, {"method": "state-space"}],
    ids=str,
)
def test_change_and_events_prevented_are_one_answer(options):
    """In every draw the change is the log of recorded over recorded plus prevented."""
    effect = estimate(design_of(series(), 48), **options)
    recorded = effect.recorded.sum()
    np.testing.assert_allclose(np.log(recorded / (recorded + effect.total_prevented)), effect.change, rtol=1e-9)
    assert effect.interval().lower < -0.3 < effect.interval().upper


@pytest.mark.parametrize("method", ["segmented", "state-space"])
def test_the_unit_of_exposure_leaves_the_ratio(method):
    """Counting people in thousands changes neither the change nor the events prevented."""
    counts, people = series(), np.linspace(900, 1100, 72)
    one = estimate(design_of(counts, 48, exposure=people), method=method)
    other = estimate(design_of(counts, 48, exposure=people / 1000), method=method)
    np.testing.assert_allclose(one.change, other.change, atol=1e-6)
    np.testing.assert_allclose(one.prevented, other.prevented, atol=1e-3)


def test_sites_are_added_up_in_any_order():
    """Two treated sites are one series, whatever they are called; a check says so."""
    rng = np.random.default_rng(8)
    both = np.stack([series(rng), series(rng, mean=20)])
    one = estimate(design_of(both, 48, treated=2))
    other = estimate(design_of(both[::-1], 48, treated=2))
    alone = estimate(design_of(both.sum(axis=0), 48))
    np.testing.assert_allclose(one.change, other.change)
    np.testing.assert_allclose(one.change, alone.change)
    assert any(check.name == "sites added up" for check in one.checks)


def test_another_event_is_told_from_the_measure():
    """A fall that began before the measure is not taken for its work once it is named."""
    counts = series(effect=0.0)
    counts[36:] = np.random.default_rng(9).poisson(counts[36:] * 0.5)
    design = design_of(counts, 48)
    named = estimate(design, change="level", trend=False, others=[["new counting", "2018-01"]])
    blind = estimate(design, change="level", trend=False)
    assert not named.interval().excludes(0)
    assert blind.estimate < named.estimate - 0.1
    spell = counts.copy()
    spell[52:55] = 1
    held = estimate(design_of(spell, 48), change="level", others=(("lockdown", "2019-05", "2019-07"),))
    assert held.estimate > estimate(design_of(spell, 48), change="level").estimate
    assert "lockdown (2019-05 to 2019-07)" in next(c.detail for c in held.checks if c.name == "other events")


def test_a_period_without_weight_has_no_say():
    """What stands in a missing period changes nothing, and nothing is prevented in it."""
    counts, weights = series(), np.ones((1, 72))
    weights[0, [10, 50]] = 0
    wild = counts.copy()
    wild[[10, 50]] = 9999
    for method in ("segmented", "state-space"):
        one = estimate(design_of(counts, 48, weights=weights), method=method)
        other = estimate(design_of(wild, 48, weights=weights), method=method)
        np.testing.assert_allclose(one.change, other.change)
        assert (one.prevented[:, 2] == 0).all()
        assert one.recorded[2] == 0
        (named,) = (check.detail for check in other.checks if check.name == "left out")
        assert "2 periods in which a treated site has weight zero" in named
        assert "held 19,998 " in named


def test_a_covariate_takes_its_part():
    """A driver of the counts that jumped with the measure is not the measure's work."""
    rng = np.random.default_rng(10)
    driver = rng.normal(0, 1, 72) + 1.5 * (np.arange(72) >= 48)
    counts = rng.poisson(60 * np.exp(0.3 * driver)).astype(float)
    design = design_of(counts, 48, covariates={"heat": driver[None]})
    with_it = estimate(design, change="level", trend=False)
    without = estimate(design, change="level", trend=False, covariates=())
    assert not with_it.interval().excludes(0)
    assert without.interval().excludes(0)


def test_a_placebo_start_finds_what_the_model_misses():
    """A step in the middle of the baseline fails the check of leads; a series that follows its course does not."""
    broken = series(effect=0.0)
    broken[32:] = np.random.default_rng(11).poisson(broken[32:] * 0.4)
    checks = {check.name: check for check in estimate(design_of(broken, 48), placebo=True).checks}
    assert checks["leads"].passed is False
    steady = {check.name: check for check in estimate(design_of(series(), 48), placebo=True).checks}
    assert steady["leads"].passed is None
    assert "2017-09" in steady["leads"].detail


def test_the_answer_is_graded_and_worded_as_an_association():
    """However good the design, the method supports level 2; with comparison sites it says that a better one exists."""
    rng = np.random.default_rng(12)
    values = np.stack([series(rng, effect=-0.6) for _ in range(2)] + [series(rng, effect=0.0) for _ in range(6)])
    design = design_of(values, 48, treated=2)
    study = ek.Study(title="x", primary="theft", designs={"theft": design}, estimator=InterruptedTimeSeries())
    found = study.run()
    assert design.methods_level.level == 4
    assert found.primary.methods_cap == 2
    assert found.finding.certainty == "very low"
    assert "makes no use of comparison sites" in found.finding.reasons[1]
    assert "association" in found.primary.assumption
    names = {check.name: check for check in found.primary.checks}
    assert names["comparison"].passed is False
    assert "did-poisson" in names["comparison sites not used"].detail


def test_without_a_comparison_there_is_a_report_that_claims_no_cause(tmp_path):
    """A design of one site can be made, run and written; the page says that nothing shows the reason."""
    design = replace(sicily(), comparison=())
    study = ek.Study(title="Ban", primary="theft", designs={"theft": design}, estimator=InterruptedTimeSeries())
    evaluation = study.run()
    assert evaluation.finding.case == "benefit"
    evaluation.write(tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "A fall in recorded" in page or "A fall in “" in page
    assert "went together with the measure" in page
    assert "measure reduced" not in page
    assert "association" in page


@pytest.mark.parametrize(
    ("design", "options", "error", "words"),
    [
        (lambda: design_of(series(before=20), 20), {}, EstimationError, "20 periods before the start.*24 or more"),
        (lambda: design_of(series(after=3), 48), {}, EstimationError, "3 periods after the start.*change = 'level'"),
        (lambda: design_of(series(before=10), 10), {"season": "none"}, EstimationError, "10 periods.*12 or more"),
        (lambda: design_of(series(mean=3.0), 48), {"method": "state-space"}, EstimationError, "5 events a period"),
        (lambda: design_of(series() * (np.arange(72) < 48), 48), {}, EstimationError, "no event at all.*after"),
        (lambda: design_of(series(), 48), {"others": [["works", "2019-01"]]}, EstimationError, "cannot be told apart"),
        (lambda: design_of(series(), 48), {"others": [["works", "2030-01"]]}, EstimationError, "outside the periods"),
        (lambda: design_of(series(), 48), {"others": [["works", "May"]]}, EstimationError, "works.*not a month"),
        (lambda: design_of(series(), 48), {"others": ["works"]}, EstimationError, "another event is"),
        (lambda: design_of(series(), 48), {"season": "weekly"}, EstimationError, "no season 'weekly'"),
        (lambda: design_of(series(), 48), {"season": 6}, EstimationError, "6 waves a year need more than 12"),
        (lambda: design_of(series(), 48), {"method": "arima"}, EstimationError, "no method 'arima'"),
        (lambda: design_of(series(), 48, frequency="number"), {"season": 2}, EstimationError, "have no season"),
        (lambda: design_of(series(), 48), {"covariates": ("heat",)}, EstimationError, "no covariate 'heat'"),
    ],
    ids=range(14),
)
def test_what_cannot_be_answered_is_refused_with_numbers(design, options, error, words):
    """Too short, too rare, inseparable or unknown: the message says what there is and what was wanted."""
    with pytest.raises(error, match=words):
        estimate(design(), **options)


def test_different_starts_are_refused():
    """A series has one start; the message names those that there are."""
    values = np.stack([series(), series()])
    panel = design_of(values, 48, treated=2).panel
    began = {"s0": panel.periods.labels[40], "s1": panel.periods.labels[48]}
    design = Design(panel=panel, intervention=Intervention(name="x", began=began))
    with pytest.raises(DesignError, match=r"one start.*2018-05"):
        estimate(design)


@pytest.mark.parametrize(
    ("frequency", "season", "first", "regressors"),
    [("quarter", "auto", 2001 * 4, 3), ("month", "dummies", 2015 * 12, 11)],
)
def test_seasons_by_dummies(frequency, season, first, regressors):
    """A level for each quarter or month; the specification says so."""
    effect = estimate(design_of(series(), 48, frequency=frequency, first=first), season=season)
    assert dict(effect.specification)["effects removed"] == f"trend, a level for each {frequency} of the year"
    from evalkit.models._time_series.regressors import season_columns

    assert season_columns(Periods(frequency=frequency, first=0, count=24), season)[0].shape == (24, regressors)


def detail(effect, name):
    """What a check says."""
    return next(check.detail for check in effect.checks if check.name == name)


def told(middle, error, freedom):
    """A coefficient in words: percent with its range, from an estimate and its error."""
    ends = middle + stats.t.ppf([0.5, 0.025, 0.975], freedom) * error
    shown = [f"{value:+.0f}" if abs(value) >= 10 else f"{value:+.2g}" for value in 100 * np.expm1(ends)]
    return "by {} % ({} to {} %)".format(*shown)


@pytest.mark.parametrize("change", ["both", "level", "slope"])
def test_level_and_slope_are_told_as_statsmodels_has_them(change):
    """Change of level and of slope, and those of another event, are coefficients of one quasi-Poisson regression."""
    import statsmodels.api as sm

    counts, time = series(slope=-0.01), np.arange(72.0)
    options = {"errors": "independent", "season": "none", "others": [("counting", "2017-01"), ("lockdown", *SPELL)]}
    effect = estimate(design_of(counts, 48), change=change, **options)
    slopes = [(time >= at) * (time - at + (change == "slope")) for at in (24, 48)]
    levels = [(time >= at).astype(float) for at in (24, 48)]
    lasting = {"both": [levels, slopes], "level": [levels], "slope": [slopes]}[change]
    spell = ((time >= 60) & (time <= 62)).astype(float)
    parts = [np.ones(72), time, spell, *(kind[event] for event in (0, 1) for kind in lasting)]
    fit = sm.GLM(counts, np.column_stack(parts), family=sm.families.Poisson()).fit(scale="X2")
    words = [told(b, se, 72 - len(parts)) for b, se in zip(fit.params, fit.bse, strict=True)]

    def sized(own):
        if change == "both":
            return f"the level changed {own[0]}, then {own[1]} a month"
        return f"the {change} changed {own[0]}" + (" a month" if change == "slope" else "")

    kinds = len(lasting)
    assert f"At the start (2019-01) {sized(words[3 + kinds :])} against the trend before it;" in detail(
        effect, "level and slope"
    )
    assert (
        f"Allowed for: counting (2017-01): {sized(words[3 : 3 + kinds])}; lockdown (2020-01 to 2020-03): the level "
        in (detail(effect, "other events"))
    )
    assert f"2020-03): the level changed {words[2]}; in brackets" in detail(effect, "other events")


def holds(pattern, words, truth, width):
    """A range in words holds the truth and is no wider than that."""
    low, high = (float(end) for end in re.search(pattern, words).groups())
    assert low <= truth <= high <= low + width


@pytest.mark.parametrize("method", ["segmented", "state-space"])
def test_sizes_that_were_put_in_come_back(method):
    """With many counts the words hold what the series was made of."""
    time = np.arange(96)
    since = time - 60
    log_rate = 9 + 0.002 * time + np.log(1.3) * (time >= 24)
    if method == "segmented":
        log_rate = log_rate + (since >= 0) * (np.log(0.8) + np.log(0.99) * since)
    counts = np.random.default_rng(4).poisson(np.exp(log_rate)).astype(float)
    options = {"method": method, "season": "none", "others": [("counting", "2017-01")]}
    effect = estimate(design_of(counts, 60), **options)
    holds(
        r"counting \(2017-01\): the level changed by \S+ % \((\S+) to (\S+) %\)", detail(effect, "other events"), 30, 5
    )
    if method == "segmented":
        words = detail(effect, "level and slope")
        holds(r"the level changed by \S+ % \((\S+) to (\S+) %\), then", words, -20, 5)
        holds(r"then by \S+ % \((\S+) to (\S+) %\) a month", words, -1, 0.3)
    else:
        assert all(check.name != "level and slope" for check in effect.checks)


def test_a_level_that_wanders_tells_regressors_as_least_squares_does():
    """The law of the coefficients is that of whole matrices, law by law."""
    rng = np.random.default_rng(6)
    logs, columns = rng.normal(0, 1, 30).cumsum() / 5 + rng.normal(0, 1, 30), rng.normal(0, 1, (36, 2))
    found = forecast(logs, columns[:30], columns[30:]).coefficients
    x, wander = np.column_stack([np.ones(30), columns[:30]]), np.minimum.outer(np.arange(30), np.arange(30))
    for at, ratio in enumerate(np.linspace(0, 0.8, 17)):
        inverse = np.linalg.inv(np.eye(30) + ratio**2 * wander)
        information = x.T @ inverse @ x
        b = np.linalg.solve(information, x.T @ inverse @ logs)
        left = logs - x @ b
        law = (left @ inverse @ left) / 27 * np.linalg.inv(information)
        np.testing.assert_allclose(found.means[at, 1:], b[1:], rtol=1e-6)
        np.testing.assert_allclose(found.covariances[at][1:, 1:], law[1:, 1:], rtol=1e-5)


def test_the_specification_names_covariates_that_were_used():
    """Those of the panel are taken where none is named, and none where none is wanted."""
    heat = np.random.default_rng(2).normal(0, 1, (1, 72))
    design = design_of(series(), 48, covariates={"heat": heat})
    for options, named in (({}, "heat"), ({"covariates": ()}, "none"), ({"others": [("new", "2017-01")]}, "heat, new")):
        assert dict(estimate(design, **options).specification)["covariates"] == named
