"""What is told twice is told alike: identities between the parts of one result, over studies made at random."""

import json
from itertools import pairwise

import numpy as np
import pytest

import evalkit as ek
from evalkit.report.figures import all_figures
from evalkit.report.tables import all_tables
from evalkit.result import result_document

SEEDS = range(4)


def ledger(rng):
    """Give flows of every kind, some uncertain, of public, private and own bearers."""
    low = rng.integers(10, 60) * 1000
    wardens = f"amount = {{ low = {low}, high = {2 * low} }}"
    yield f'what = "wardens"\n{wardens}\nbearer = "city"\nkind = "running"\nyears = [1, 2, 3]'
    yield (
        f'what = "cameras"\namount = {rng.integers(20, 90)}_000\nbearer = "police"\nkind = "capital"\n'
        f"life = {rng.integers(2, 9)}\nannualise = {rng.choice(['true', 'false'])}"
    )
    yield 'what = "radios"\namount = { mean = 12_000, sd = 4_000 }\nbearer = "housing fund"\nkind = "capital"'
    yield 'what = "grant"\namount = 20_000\nbearer = "national taxpayer"\nkind = "one-off"\nreceived_by = "city"'
    yield 'what = "walkers"\namount = 5_000\nbearer = "parish"\nkind = "in kind"\nyears = [1, 2]'
    saving = rng.integers(1, 9)
    yield (
        f'what = "contract ended"\namount = {saving}_000\nbearer = "city"\nkind = "running"\nsaving = true\n'
        f"cashable = {rng.choice(['true', 'false'])}\nyears = [1, 2]"
    )
    yield 'what = "old control room"\namount = 300_000\nbearer = "city"\nkind = "capital"\nsunk = true'


def counts(rng):
    """Give the four cells of a table and of its buffer; crime may as well have risen."""
    before = rng.integers(300, 900)
    after = int(before * rng.uniform(0.6, 1.05))
    near = rng.integers(200, 500)
    return (
        f"treated = [{before}, {after}]\ncomparison = [{rng.integers(700, 900)}, {rng.integers(700, 900)}]\n"
        f'buffer = [{near}, {int(near * rng.uniform(0.9, 1.1))}]\nbuffer_comparison = "shared"'
    )


def a_study(seed):
    """Write a study with everything that money is told about; what is in it hangs on the seed."""
    rng = np.random.default_rng(seed)
    flows = "\n".join(f'[[costs.flows]]\n{flow}\nsource = "accounts"' for flow in ledger(rng))
    poorer = rng.uniform(0.2, 0.8)
    return f"""
[study]
title = "One figure, told once"
primary = "burglary"
draws = 400
seed = {seed + 1}
[intervention]
name = "patrols"
[outcomes.burglary]
crime = "burglary"
[outcomes.burglary.table]
{counts(rng)}
[outcomes.robbery]
crime = "robbery"
[outcomes.robbery.table]
{counts(rng)}
[costs]
currency = "USD"
year = 2010
bearers = {{ "housing fund" = "public", "parish" = "private" }}
{flows}
[prices]
schedule = "mccollister-2010"
multipliers = {{ burglary = {{ low = 1.4, high = 2.2 }}, robbery = {{ mean = 1.6, sd = 0.2 }} }}
[appraisal]
horizon = 4
retention = {{ low = 0.5, high = 0.9 }}
period_years = 1.0
stop = {{ year = 2, retention = {{ low = 0.2, high = 0.6 }} }}
deadweight = {rng.choice(["0.0", "{ low = 0.1, mode = 0.3, high = 0.5 }"])}
[incidence]
median_income = 30_000
source = "office"
[incidence.groups.poorer]
income = 15_000
shares = {{ victims = {poorer:.3f}, city = 0.2 }}
source = "survey"
[incidence.groups.richer]
income = 40_000
shares = {{ victims = {1 - poorer:.3f}, city = 0.8 }}
source = "survey"
[intrusion]
exposed_residents = {{ value = 9000, source = "register" }}
[learning]
roll_out = {{ sites = 40, years = 5 }}
[options.lighting]
flows = [{{ what = "lamps", amount = 60_000, bearer = "city", kind = "capital", source = "offer" }}]
share_of_effect = {{ low = 0.2, mode = 0.5, high = 0.9 }}
source = "judgement"
[options."the same"]
flows = [{{ what = "lamps", amount = 1, bearer = "city", kind = "capital", source = "offer" }}]
share_of_effect = 1.0
source = "judgement"
"""


@pytest.fixture(scope="module", params=SEEDS)
def told(request, tmp_path_factory):
    """Give an evaluation and its result as other programs read it."""
    file = tmp_path_factory.mktemp("study") / "study.toml"
    file.write_text(a_study(request.param), encoding="utf-8")
    evaluation = ek.load_study(file).run()
    return evaluation, json.loads(json.dumps(result_document(evaluation)))


def near(value):
    """Give what a sum of the same draws in another order may be."""
    return pytest.approx(value, rel=1e-9, abs=1e-4)


def means(lines, key):
    """Add up the means of one key over lines."""
    return sum(line[key]["mean"] for line in lines)


def scenarios(document):
    """Give each scenario with its incidence."""
    yield document["appraisal"], document["incidence"]
    yield document["extrapolation"], document["incidence_extrapolation"]


def test_bearers_years_and_crimes_add_up_to_the_headline(told):
    """Parts of a sum are parts of the sum, in both scenarios."""
    for money, _ in scenarios(told[1]):
        for key, whole in (("cost", money["cost"]), ("benefit", money["benefit"]), ("net", money["net_benefit"])):
            assert means(money["by_bearer"], key) == near(whole["mean"])
            assert means(money["by_year"], key) == near(whole["mean"])
        taxed = [line for line in money["by_bearer"] if line["bearer"] == "deadweight of taxation"]
        assert means(money["by_crime"], "benefit") + means(taxed, "benefit") == near(money["benefit"]["mean"])


def test_the_line_of_society_is_the_headline_and_the_purses_are_its_parts(told):
    """Perspectives are filters of the same draws: ends of the range and probability too."""
    for money, _ in scenarios(told[1]):
        lines = {line["perspective"]: line for line in money["perspectives"]}
        society = lines["society"]
        assert society["prob_net_benefit"] == money["prob_net_benefit"]
        for key, whole in (("cost", money["cost"]), ("benefit", money["benefit"]), ("net", money["net_benefit"])):
            assert society[key] == {end: near(value) for end, value in whole.items()}
        # who pays a grant and who receives it see it; the society does not
        bearers = [line for name, line in lines.items() if name not in {"society", "public purse"}]
        loss = sum(line["benefit"]["mean"] for line in money["by_bearer"] if line["bearer"].startswith("deadweight"))
        assert means(bearers, "net") + loss == near(money["net_benefit"]["mean"])
        city = money["city"]
        assert city["cost"]["mean"] - city["cashable_saving"]["mean"] == near(city["net_cost"]["mean"])


def test_the_running_sum_ends_at_the_net_benefit(told):
    """Of society, and of the public purse, year by year."""
    for money, _ in scenarios(told[1]):
        whole, public = money["cash_flow"]
        sums = np.cumsum([line["net"]["mean"] for line in money["by_year"]])
        assert [year["total"]["mean"] for year in whole["years"]] == [near(each) for each in sums]
        assert whole["years"][-1]["total"] == {end: near(each) for end, each in money["net_benefit"].items()}
        assert whole["years"][-1]["paid_back"] >= money["prob_net_benefit"] - 1e-12
        purse = next(line for line in money["perspectives"] if line["perspective"] == "public purse")
        assert public["years"][-1]["total"]["mean"] == near(purse["net"]["mean"])


def test_incidence_shares_out_what_there_is_and_no_more(told):
    """By part, area, bearer and group."""
    for money, incidence in scenarios(told[1]):
        net = money["net_benefit"]["mean"]
        parts = [line["amount"]["mean"] for line in incidence["direct_and_indirect"] if line["amount"]]
        assert sum(parts) == near(net)
        both = incidence["payers_and_gainers"]
        assert sum(both["payers"].values()) == near(1)
        assert both["reason"] or sum(sum(row) for row in both["matrix"]) == near(1)
        groups = incidence["by_group"]
        for key, whole in (("cost", "cost"), ("benefit", "benefit"), ("net", "net_benefit")):
            assert means(groups["groups"], key) == near(money[whole]["mean"])
        assert groups["weighing"]["unweighted"] == {end: near(each) for end, each in money["net_benefit"].items()}
        assert means(groups["groups"], "weighted") == near(groups["weighing"]["weighted"]["mean"])
        for line in money["by_bearer"]:
            if incidence["by_area"] and not line["bearer"].startswith("deadweight"):
                there = sum(area["gain_by_bearer"].get(line["bearer"], 0.0) for area in incidence["by_area"])
                assert there == near(line["benefit"]["mean"])


def test_cost_per_crime_break_even_and_ratio_are_of_the_same_sums(told):
    """What one crime cost is what a crime has to be worth; what is lost by taxing is in both."""
    evaluation = told[0]
    for money in evaluation.appraisal.scenarios.values():
        each, even = money.cost_per_crime_prevented, money.break_even
        if each.estimate is not None:
            assert each.estimate == near(even.value_per_event)
        if money.benefit_cost_ratio is not None:
            assert money.benefit_cost_ratio == near(money.benefit.mean / money.cost.mean)
        worth = next((line.unit_value for line in money.by_crime if len(money.by_crime) == 1), None)
        assert worth is None or even.events is None or even.events * worth > 0


def test_the_measure_among_the_options_is_the_measure_appraised(told):
    """Row by row the same net benefit, and the same quarters of the plane."""
    evaluation, document = told
    money, options = document["appraisal"], document["options"]
    lines = {line["option"]: line for line in options["lines"]}
    assert lines["patrols"]["net_benefit"] == {end: near(each) for end, each in money["net_benefit"].items()}
    assert lines["doing without"]["net_benefit"]["mean"] == 0
    assert sum(line["prob_best"] for line in options["lines"]) == near(1)
    plane = next(each for each in options["planes"] if each["option"] == "patrols")
    assert plane["quadrants"] == money["plane"]
    full = evaluation.appraisal.full_cost_draws
    assert plane["extra_cost"]["mean"] == near(full.mean())
    same = evaluation.options.appraisals["the same"]
    lost = 0.0 if same.tax_loss_draws is None else same.tax_loss_draws.mean()
    assert same.net_benefit.mean + same.cost.mean + lost == near(money["net_benefit"]["mean"] + full.mean())


def test_what_stands_beside_starts_from_the_headline(told):
    """A schedule beside moves the net benefit by the difference to the one told; so does an estimator."""
    for money, _ in scenarios(told[1]):
        net = money["net_benefit"]["mean"]
        for line in money["schedules"]["beside"]:
            assert line["net_benefit"]["mean"] - net == near(line["net_benefit_moves"])
        moved = [abs(line["net_benefit_moves"]) for line in money["schedules"]["beside"]]
        assert money["schedules"]["moved_by_schedule"] == near(max(moved))


def test_stopping_adds_up_by_year_and_by_bearer(told):
    """Both lists part one sum, and the running sum ends at it."""
    stopped = told[1]["stopping"]
    for key in ("saved", "lost"):
        assert means(stopped["by_year"], key) == near(stopped[key]["mean"])
        assert means(stopped["by_bearer"], key) == near(stopped[key]["mean"])
    assert stopped["saved"]["mean"] - stopped["lost"]["mean"] == near(stopped["net"]["mean"])
    assert stopped["by_year"][-1]["total"]["mean"] == near(stopped["net"]["mean"])


def test_what_is_worth_knowing_is_at_most_everything(told):
    """By the net benefit of the appraisal, whose perfect information is the mean of what it loses."""
    evaluation, document = told
    net = evaluation.appraisal.net_benefit_draws
    known = document["information"]
    assert known["evpi"] == near(np.maximum(net, 0).mean() - max(net.mean(), 0))
    assert all(0 <= each["value"] <= known["evpi"] + 1e-9 for each in known["evppi"])
    worth = [each["value"] for each in known["evppi"]]
    assert all(one >= two for one, two in pairwise(worth))
    assert known["best"] == ("adopt" if net.mean() > 0 else "do without")


def test_the_value_of_privacy_at_which_it_breaks_even_is_the_net_benefit_shared_out(told):
    """Mean over mean, both in present value, in each scenario."""
    for money, _ in scenarios(told[1]):
        found = told[1]["intrusion"]["break_even"][money["scenario"]]
        if found["estimate"] is not None:
            assert found["estimate"] * found["person_years"] == near(money["net_benefit"]["mean"])
        assert found["prob_pays_for_nothing"] == money["prob_net_benefit"]


def test_harm_by_crime_adds_up_to_the_total(told):
    """For each table; shares of the variance add up too."""
    for table in told[1]["harm"]["tables"]:
        assert means(table["by_crime"], "harm") == near(table["total"]["prevented"]["mean"])
        assert sum(line["share_of_variance"] for line in table["by_crime"]) == near(1)
        events = {line["outcome"]: line["prevented"]["mean"] for line in told[1]["appraisal"]["by_crime"]}
        assert {line["outcome"]: near(line["events"]["mean"]) for line in table["by_crime"]} == events


def test_pictures_and_tables_hold_the_numbers_of_the_result(told):
    """The waterfall ends at the net benefit; the exported table of bearers is that of the result."""
    evaluation, document = told
    figures = {figure.name: figure for figure in all_figures(evaluation)}
    *steps, (_, _, left, _) = figures["waterfall"].rows
    assert left == near(document["appraisal"]["net_benefit"]["mean"])
    assert sum(amount for *_, amount in steps) == near(left)
    table = next(table for table in all_tables(evaluation) if table.name == "by-bearer")
    told_means = [(line["bearer"], near(line["cost"]["mean"])) for line in document["appraisal"]["by_bearer"]]
    assert [row[:2] for row in table.rows] == told_means
