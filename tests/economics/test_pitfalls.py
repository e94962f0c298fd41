"""The pitfalls of appraising prevention, each with its sentence, end to end; two more stand in `test_perspectives.py`.

The last test holds that every one of the 21 has a test.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evalkit as ek
from evalkit.economics import Flow, Prices, UnitCost, appraise, value_of_information
from evalkit.errors import CostError
from evalkit.report import html, markdown, text
from evalkit.report.figures import all_figures
from evalkit.result import result_document

STUDY = """
[study]
title = "Patrols"
primary = "burglary"
draws = 1000
[intervention]
name = "patrols"
[outcomes.burglary]
crime = "burglary"
[outcomes.burglary.table]
treated = [{before}, {after}]
comparison = [308, 318]
[costs]
currency = "GBP"
year = 2015
flows = [{{ what = "wardens", amount = {cost}, bearer = "city", kind = "running", source = "accounts"{more} }}]
[prices]
name = "own"
country = "GBR"
currency = "GBP"
price_year = 2015
basis = "recorded"
unit_costs = [{{ crime = "burglary", component = "loss", value = 2000, bearer = "victims" }}]
{below}
"""


def rng():
    """Give a stream that starts anew."""
    return np.random.default_rng(11)  # not that of an effect made with seed 1


@pytest.fixture
def told(tmp_path):
    """Give a maker of every form in which a study is told, by name, and the evaluation."""

    def make(*, before=207, after=110, cost=20_000, more="", below=""):
        file = tmp_path / "study.toml"
        file.write_text(STUDY.format(before=before, after=after, cost=cost, more=more, below=below), encoding="utf-8")
        evaluation = ek.load_study(file).run()
        return evaluation, {
            "html": html.render(evaluation),
            "md": markdown.render(evaluation),
            "text": text.render(evaluation, bold=False),
            "json": json.dumps(result_document(evaluation)),
        }

    return make


def plain(form):
    """Give the words of a form on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", form).split())


def test_pitfall_01_sign(make_effect, make_costs, make_prices):
    """Sign: effect is negative, crimes prevented positive; INB = lambda N - C. Test quadrants."""
    for mean, cost, saving, quarter in (
        (10.0, 1000.0, False, "prevents_and_costs"),
        (10.0, 1000.0, True, "prevents_and_saves"),
        (-10.0, 1000.0, False, "does_not_prevent_and_costs"),
        (-10.0, 1000.0, True, "does_not_prevent_and_saves"),
    ):
        effect = make_effect(mean=mean, sd=0)
        flow = replace(make_costs(cost).flows[0], saving=saving)
        found = appraise({"robbery": effect}, costs=replace(make_costs(), flows=(flow,)), prices=make_prices())
        assert np.sign(effect.change.mean()) == -np.sign(mean)
        assert getattr(found.quadrants, quarter) == 1
        assert found.net_benefit.mean == pytest.approx(12_000 * mean - cost * flow.sign)


def test_pitfall_02_log_scale(tmp_path):
    """log-scale effect on counts: prevented = y (exp(-b) - 1), not mu b."""
    rows = []
    for site, year in np.ndindex(12, 10):
        halved = site > 3 and year > 4
        n = (20 + (site + year) % 3 - 1) if halved else (40 + (site * year) % 3 - 1)
        rows.append(f"{site},{2000 + year},{n},{2005 if site > 3 else ''}")
    (tmp_path / "counts.csv").write_text("site,year,n,began\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "Half"\nprimary = "theft"\ndraws = 400\n[intervention]\nname = "x"\n[data]\n'
        'file = "counts.csv"\nsite = "site"\nperiod = "year"\nbegan = "began"\n[outcomes.theft]\ncount = "n"\n'
        '[analysis]\nestimator = "did-poisson"\n[costs]\ncurrency = "GBP"\nyear = 2015\n'
        'flows = [{ what = "w", amount = 1, bearer = "city", kind = "running" }]\n',
        encoding="utf-8",
    )
    found = ek.load_study(tmp_path).run()
    # 8 sites for 5 years had 20 each where 40 were to be expected: b = log(1/2), and as many were prevented as happened
    assert np.median(found.primary.change) == pytest.approx(np.log(0.5), abs=0.02)
    assert found.appraisal.prevented.mean == pytest.approx(8 * 5 * 20, rel=0.03)
    by_the_slip = 8 * 5 * 20 * np.log(2)
    assert abs(found.appraisal.prevented.mean - by_the_slip) > 200


def test_pitfall_03_shared_draws(make_effect, make_costs, make_prices):
    """Draw index must be shared; shuffling draws between effect and cost must change EVPPI (test it does)."""
    effect = make_effect(mean=9, sd=8)
    found = appraise(
        {"robbery": effect},
        costs=make_costs({"mean": 100_000, "sd": 30_000}),
        prices=make_prices({"robbery": {"victims": {"mean": 12_000, "sd": 6_000}}}),
        rng=rng(),
    )
    worth = found.inputs.worth["robbery"].lines[0].draws
    cost = found.inputs.flows[0].draws
    assert found.net_benefit_draws == pytest.approx(effect.prevented.sum(axis=1) * worth - cost)
    # a cost that rises with what is prevented takes back what an event is worth, if its rows stay with it
    tied = 100_000 + 10_000 * (effect.prevented.sum(axis=1) - 9)
    known = {}
    for name, rows in (("together", tied), ("shuffled", rng().permutation(tied))):
        drawn = (replace(found.inputs.flows[0], draws=rows),)
        inputs = replace(found.inputs, flows=drawn)
        net = effect.prevented.sum(axis=1) * worth - inputs.flows[0].draws
        known[name] = ek.economics.expected_value_of_partial_information(net, effect.prevented.sum(axis=1), rng=rng())
    assert known["shuffled"].value > 1.5 * known["together"].value


def test_pitfall_04_covariance(make_effect, make_costs, make_prices):
    """Cross-type covariance kept; summing independent intervals is wrong."""
    one, two = make_effect("robbery", mean=40, seed=1), make_effect("burglary", mean=40, seed=1)
    apart = make_effect("burglary", mean=40, seed=2)
    prices = make_prices({"robbery": {"victims": 1000}, "burglary": {"victims": 1000}})
    spread_of = {}
    for name, other in (("together", two), ("apart", apart)):
        found = appraise({"robbery": one, "burglary": other}, costs=make_costs(1.0), prices=prices)
        spread_of[name] = found.benefit_draws.std()
    assert spread_of["together"] == pytest.approx(2 * 8 * 1000, rel=1e-2)
    assert spread_of["apart"] == pytest.approx(np.sqrt(2) * 8 * 1000, rel=0.05)


def test_pitfall_05_ratio_of_means(make_effect, make_costs, make_prices):
    """Ratio of means, not mean of ratios (also BCR)."""
    found = appraise(
        {"robbery": make_effect(mean=20, sd=4)},
        costs=make_costs({"shape": "gamma", "mean": 100_000, "sd": 50_000}),
        prices=make_prices(),
        rng=rng(),
    )
    events, cost, benefit = found.prevented_draws, found.cost_draws, found.benefit_draws
    assert found.cost_per_crime_prevented.estimate == pytest.approx(cost.mean() / events.mean())
    assert found.benefit_cost_ratio == pytest.approx(benefit.mean() / cost.mean())
    assert (cost / events).mean() > 1.02 * found.cost_per_crime_prevented.estimate
    assert (benefit / cost).mean() > 1.1 * found.benefit_cost_ratio


def test_pitfall_06_none_and_no_nan(make_effect, make_costs, told):
    """Fieller exclusive and whole line cases handled; None quantiles printed, not NaN."""
    found = appraise({"robbery": make_effect(mean=10, sd=8)}, costs=make_costs(100_000.0)).cost_per_crime_prevented
    assert (found.acceptable_at[0.95], found.upper) == (None, None)
    assert found.lower == pytest.approx(100_000 / (10 + 1.96 * 8), rel=1e-2)
    _, forms = told(before=150, after=140)
    assert json.loads(forms["json"])["appraisal"]["cost_per_crime_prevented"]["acceptable_at"]["0.95"] is None
    assert "no value makes it this likely" in plain(forms["html"])
    for form in forms.values():
        assert not re.search(r"\b(nan|NaN|inf|Infinity)\b", plain(form))


def test_pitfall_07_frontier_and_label(told):
    """CEAF definition; deterministic ties; CEAC label."""
    lamps = (
        '[options.lamps]\nflows = [{ what = "lamps", amount = 40_000, bearer = "city", kind = "running" }]\n'
        'share_of_effect = { low = 0.1, high = 1.0 }\nsource = "judgement"\n'
    )
    evaluation, forms = told(below=lamps)
    curve = evaluation.options.acceptability
    best = np.array(curve.best_in_expectation)
    assert curve.frontier == pytest.approx(curve.best[np.arange(len(best)), best])
    assert forms["json"] == told(below=lamps)[1]["json"]
    assert "probability that it pays at this value" in plain(told()[1]["html"]).lower()


def test_pitfall_08_partial_information(make_effect, make_costs, make_prices):
    """EVPPI <= EVPI, >= 0, ~0 for irrelevant inputs within noise."""
    found = value_of_information(
        appraise(
            {"robbery": make_effect(mean=9)},
            costs=make_costs({"mean": 100_000, "sd": 100}),
            prices=make_prices({"robbery": {"victims": {"mean": 12_000, "sd": 4_000}}}),
            rng=rng(),
        )
    )
    assert all(0 <= each.value <= found.perfect for each in found.inputs)
    by_name = {each.name: each for each in found.inputs}
    assert not by_name["cost: patrols"].is_distinguishable
    assert by_name["effect on robbery"].is_distinguishable


def test_pitfall_09_year_0(make_effect, make_costs, make_prices):
    """Year-0 convention; switch at 30/31 and 75/76; health vs standard rate on the right lines."""
    effect = make_effect(mean=1, sd=0)
    for year, factor in ((1, 1.0), (2, 0.966184), (31, 0.356278), (32, 0.345901), (76, 0.094214), (77, 0.091916)):
        found = appraise({"robbery": effect}, costs=make_costs(1e6, years=(year,)), horizon=100, retention=1.0)
        assert found.extrapolation.cost.mean == pytest.approx(1e6 * factor, abs=0.6)
    prices = make_prices({"robbery": {"victims": 1000, "police": 100}})
    health = {"schedule": "green-book-2026-health", "components": ["victims"]}
    two = make_effect(mean=2, sd=0, periods=("2007", "2008"))
    found = appraise({"robbery": two}, costs=make_costs(1.0), prices=prices, health_discounting=health)
    gains = {line.bearer: line.benefit.mean for line in found.by_bearer}
    assert gains["victims"] == pytest.approx(1000 * (1 + 1 / 1.015))
    assert gains["police"] == pytest.approx(100 * (1 + 1 / 1.035))


def test_pitfall_10_uprated_once(make_effect, make_costs, make_prices):
    """Real vs nominal; financial vs calendar year; unit costs uprated once only."""
    effects = {"robbery": make_effect(mean=1, sd=0)}
    found = appraise(effects, costs=make_costs(price_year=2018), prices=make_prices(price_year=2008, beside=()))
    step = ek.economics.uprate(1.0, 2008, 2018, ek.economics.Deflator.load("USA"))
    assert found.benefit.mean == pytest.approx(12_000 * step)
    assert found.cost.mean == 100_000, "the costs are of that year already"
    with pytest.raises(CostError, match="financial year"):
        appraise(effects, costs=make_costs(price_year=2018), prices=make_prices(price_year="2008/09", beside=()))


def test_pitfall_11_recorded_and_actual(make_effect, make_costs, make_prices, told):
    """Recorded vs actual basis; multiplier uncertain; reporting may rise because of the programme."""
    effects, costs = {"robbery": make_effect(mean=10, sd=0)}, make_costs()
    actual = make_prices(basis="actual", beside=())
    with pytest.raises(CostError, match="multiplier"):
        appraise(effects, costs=costs, prices=actual)
    found = appraise(effects, costs=costs, prices=actual, multipliers={"robbery": {"low": 2, "high": 6}}, rng=rng())
    assert found.benefit.mean == pytest.approx(4 * 120_000, rel=1e-6)
    assert found.benefit.upper > 1.4 * found.benefit.mean
    _, forms = told(below='[outcomes.theft]\nchanges_reporting = "more"\n[outcomes.theft.table]\ntreated = [90, 80]\n'
                          'comparison = [90, 95]\n')  # fmt: skip
    assert "what was prevented is understated" in plain(forms["html"])


def test_pitfall_12_double_counts(make_effect, make_costs, make_prices):
    """Double counts of section 1.6 raise errors."""
    effects = {"robbery": make_effect(mean=10, sd=0)}
    home = replace(Prices.load("home-office-2018"), multipliers="none", beside=())
    pounds = {"currency": "GBP", "price_year": "2015/16"}
    fear = Flow(what="less fear", amount=9, bearer="residents", kind="running", saving=True, tangible=False)
    jail = Flow(what="prison places", amount=9, bearer="courts and prisons", kind="running", saving=True)
    for flow in (fear, jail):
        costs = make_costs(**pounds)
        with pytest.raises(CostError, match=flow.what):
            appraise(effects, costs=replace(costs, flows=(*costs.flows, flow)), prices=home)
    with pytest.raises(CostError, match="recorded"):
        appraise(effects, costs=make_costs(), prices=make_prices(), multipliers={"robbery": 4})


def test_pitfall_14_optimism_bias(told):
    """Optimism bias stated separately from uncertainty; not applied twice with shrinkage."""
    cost = "{ low = 10_000, high = 30_000 }"
    plain_one, dearer = told(cost=cost), told(cost=cost, below="[appraisal]\noptimism_bias = 0.25\n")
    (before, _), (after, forms) = plain_one, dearer
    # the costs only, in proportion, and in words of its own; benefits are those of the draws, as they were
    assert after.appraisal.cost_draws == pytest.approx(1.25 * before.appraisal.cost_draws)
    assert np.array_equal(after.appraisal.benefit_draws, before.appraisal.benefit_draws)
    assert after.appraisal.benefit.mean == pytest.approx(2000 * after.primary.net_prevented.sum(axis=1).mean())
    assert "optimism bias of costs" in plain(forms["html"])
    rests_on = json.loads(forms["json"])["appraisal"]["assumptions"]
    assert [each["what"] for each in rests_on if "optimism" in each["what"]] == ["optimism bias of costs"]


def test_pitfall_15_rare_events(told):
    """Rare events (homicide) shown separately."""
    counts = "[outcomes.homicide.table]\ntreated = [3, 1]\ncomparison = [4, 4]\n"
    _, forms = told(below=f'[outcomes.homicide]\ncrime = "homicide"\n{counts}')
    tables = json.loads(forms["json"])["harm"]["tables"]
    assert all(table["has_homicide"] and table["without_homicide"]["outcomes"] == ["burglary"] for table in tables)
    assert "without homicide" in plain(forms["html"]).lower()


def test_pitfall_16_benefit_transfer(make_effect, make_costs, make_prices):
    """Benefit transfer between countries: PPP, income elasticity, flagged."""
    lines = (
        UnitCost(crime="robbery", component="loss", amount=1000, bearer="victims", tangible=True),
        UnitCost(crime="robbery", component="pain", amount=2000, bearer="victims", tangible=False),
    )
    move = ek.economics.Transfer(
        to="DEU", currency="EUR", ppp=0.8, source="own", income_elasticity=0.5, income_ratio=0.81
    )
    prices = replace(make_prices(beside=()), unit_costs=lines).transferred(move)
    found = appraise({"robbery": make_effect(mean=10, sd=0)}, costs=make_costs(currency="EUR"), prices=prices)
    assert found.benefit.mean == pytest.approx(10 * 0.8 * (1000 + 2000 * 0.81**0.5))
    assert any("benefit transfer" in warning.lower() for warning in found.warnings)


def test_pitfall_18_deadweight(make_effect, make_costs, make_prices):
    """Deadweight: taxpayer line only; check against WSIPP test."""
    found = appraise(
        {"robbery": make_effect(mean=1, sd=0)},
        costs=make_costs(113_796, bearer="national taxpayer", price_year=2022),
        prices=make_prices({"robbery": {"national taxpayer": 78_568, "victims": 544_074}}, price_year=2022),
        deadweight=0.5,
    )
    lines = {line.bearer: line.net.mean for line in found.by_bearer}
    assert lines["deadweight of taxation"] == pytest.approx(-17_614)
    assert lines["victims"] == pytest.approx(544_074)
    assert (found.benefit.mean, found.net_benefit.mean) == (pytest.approx(605_028), pytest.approx(491_232))
    assert round(found.benefit_cost_ratio, 2) == 5.32


def test_pitfall_19_extrapolated_years(told):
    """Extrapolated years visibly different in charts."""
    evaluation, forms = told(below="[appraisal]\nhorizon = 4\nretention = 0.7\nperiod_years = 1.0\n")
    drawn = next(figure for figure in all_figures(evaluation) if figure.name == "cash-flow")
    assert "hatched years with open marks lie beyond the observed window" in drawn.caption
    assert "extrapolated, not seen" in drawn.svg
    assert "<pattern" in drawn.svg
    years = json.loads(forms["json"])["extrapolation"]["by_year"]
    assert [year["extrapolated"] for year in years] == [False, True, True, True]


CAUTION = "not shown to prevent crime"
# More crime than expected on average; and as good as nothing.
HARM, NULL = {"before": 110, "after": 207}, {"before": 207, "after": 218}


@pytest.mark.parametrize("counts", [HARM, NULL], ids=["harm", "null"])
def test_pitfall_20_not_shown(told, counts):
    """P(N>0) < .5: no words "cost per crime prevented" without "not shown to prevent crime"."""
    evaluation, forms = told(**counts)
    assert evaluation.appraisal.cost_per_crime_prevented.prob_prevents < 0.5
    for name, form in forms.items():
        words = plain(form).lower()
        assert re.search(r"cost[ _]per[ _]crime[ _]prevented|cost of preventing", words), name
        assert CAUTION in words, name
    found = json.loads(forms["json"])["appraisal"]["cost_per_crime_prevented"]
    assert (found["caution"], found["estimate"]) == (CAUTION, None)


@pytest.mark.parametrize("counts", [HARM, NULL], ids=["harm", "null"])
def test_pitfall_21_no_negative_cost_of_a_crime(told, counts):
    """Never let a null or harmful result render as a negative (i.e. attractive) cost per crime."""
    evaluation, forms = told(**counts)
    document = json.loads(forms["json"])
    found, even = document["appraisal"]["cost_per_crime_prevented"], document["appraisal"]["break_even"]
    values = [found["estimate"], found["lower"], found["upper"], *found["acceptable_at"].values()]
    values += [even["events"], even["value_per_event"]]
    assert all(value is None or value >= 0 for value in values)
    for name in ("html", "md", "text"):
        words = plain(forms[name])
        near = r"Cost of preventing (?:one|a)\b|worth at least|if one is worth"
        at = [place.end() for place in re.finditer(near, words)]
        assert at
        for place in at:
            assert not re.match(r"\W{0,12}[−-]\s?£?\d", words[place : place + 40]), words[place : place + 80]
    assert evaluation.appraisal.net_benefit.mean < 0


def test_every_pitfall_has_its_test():
    """One to twenty-one, over all files of the tests."""
    held = {}
    for file in sorted(Path(__file__).parents[1].rglob("test_*.py")):
        for number in re.findall(r"^def test_pitfall_(\d\d)_", file.read_text(encoding="utf-8"), re.MULTILINE):
            held.setdefault(int(number), []).append(file.name)
    assert sorted(held) == list(range(1, 22)), held
    assert held[13] == held[17] == ["test_perspectives.py"]
