"""Which rate discounts what: schedules with their source, a schedule of one's own, and harm to health."""

import numpy as np
import pytest

from evalkit.economics import CostFaultsError, Discounting, appraise, discount_factors, discounting_schedules, read_own
from evalkit.errors import CostError


def test_the_rates_switch_after_years_30_and_75():
    """Pitfall: year-0 convention; switch at 30/31 and 75/76. Year 30 still has 3.5 %, year 31 3.0 %, year 76 2.5 %."""
    for name, before, between, after in (
        ("green-book-2026", 0.035, 0.03, 0.025),
        ("green-book-2026-health", 0.015, 0.0129, 0.0107),
        ("green-book-2026-sensitivity", 0.03, 0.0257, 0.0214),
    ):
        factors = discount_factors(name, np.arange(78))
        steps = factors[:-1] / factors[1:] - 1
        assert factors[0] == 1.0
        assert steps[[0, 29, 30, 74, 75]] == pytest.approx([before, before, between, between, after])


def test_a_rate_that_was_not_looked_up_is_no_default_and_says_so(make_effect, make_costs):
    """Figures from memory stand in schedules that are called unverified, and whoever uses one is told."""
    for name in discounting_schedules():
        assert (Discounting.load(name).certainty == "memory") == name.endswith("unverified")
    options = {"costs": make_costs(years=(1, 2))}
    effect = {"robbery": make_effect(periods=("2010", "2011"))}
    used = appraise(effect, discounting="eu-2014-cohesion-unverified", **options)
    assert any("'eu-2014-cohesion-unverified' are unverified" in told for told in used.warnings)
    assert used.cost.mean == pytest.approx(100_000 * (1 + 1 / 1.05))
    assert not appraise(effect, **options).warnings
    assert Discounting.load("eu-2014-other-unverified").steps == Discounting.load("eu-better-regulation").steps


def test_the_report_of_a_schedule_says_year_0_and_the_review(make_effect, make_costs):
    """The convention, and that the review of June 2026 is not known here, stand among the assumptions."""
    found = appraise({"robbery": make_effect()}, costs=make_costs())
    told = next(line for line in found.assumptions if line.what == "discounting")
    assert "year 1 of the measure is not discounted" in told.value
    assert "a review of this rate was due to report in June 2026 and its result is not known here" in told.value
    assert told.certainty == "secondary"
    assert found.rates.edition == "February 2026"


OWN = {
    "name": "city 2026",
    "edition": "2026",
    "source": "treasurer",
    "rates": [{"from": 1, "to": 2, "rate": 0.04}, {"from": 3, "rate": 0.02}],
}


def test_a_schedule_of_ones_own_is_by_spans_of_years(make_effect, make_costs):
    """4 % for two years after the first, then 2 %."""
    found = appraise({"robbery": make_effect(periods=tuple("12345")[:4])}, costs=make_costs(years=(1, 2, 3, 4)),
                     period_years=1.0, discounting=OWN)  # fmt: skip
    factors = [1, 1 / 1.04, 1 / 1.04**2, 1 / 1.04**2 / 1.02]
    assert [line.cost.mean / 100_000 for line in found.by_year] == pytest.approx(factors)
    assert (found.rates.name, found.rates.edition, found.rates.certainty) == ("city 2026", "2026", "own")
    assert read_own({"name": "x", "rates": [{"from": 1, "rate": 0.0}]}).certainty == "assumed"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "a name that carries its edition"),
        ({"rates": 0.03}, r"rates is a list such as"),
        ({"rates": []}, r"rates is a list such as"),
        ({"rates": [{"from": 2, "rate": 0.03}]}, r"rate 1: begins in year 1, .* from = 2"),
        ({"rates": [{"from": 1, "to": 5, "rate": 0.03}, {"from": 7, "rate": 0.03}]}, r"rate 2: begins in year 6"),
        ({"rates": [{"from": 1, "to": 5, "rate": 0.03}]}, r"rate 1: is the last and has no end"),
        ({"rates": [{"from": 1, "rate": 3.5}]}, r"rate is a share such as 0\.035 for 3\.5 %; there is 3\.5"),
        ({"rates": [{"from": 1, "rate": float("nan")}]}, r"rate is a share"),
        ({"rates": [{"from": True, "rate": 0.1}]}, r"begins in year 1"),
        ({"rates": ["3 %"]}, r"is a table such as"),
        ({"rats": 1}, r"no key 'rats'; did you mean 'rates'"),
    ],
)
def test_a_faulty_schedule_is_refused_with_the_place(change, said):
    """Every fault names what was wanted."""
    with pytest.raises(CostFaultsError, match=said):
        read_own(OWN | change)


@pytest.fixture
def by_hand(make_prices):
    """Give prices of a robbery with harm and money, both borne by whom they hit."""
    return make_prices({"robbery": {"victims": 3_000, "police": 1_000}})


def test_health_and_standard_rates_are_on_the_right_lines(make_effect, make_costs, by_hand):
    """Pitfall: health vs standard rate on the right lines. Harm at 1.5 %, police time and costs at 3.5 %."""
    found = appraise(
        {"robbery": make_effect(mean=30.0, sd=0.0, periods=("2010", "2011", "2012"))},
        costs=make_costs(5_000, years=(1, 2, 3)),
        prices=by_hand,
        health_discounting={"schedule": "green-book-2026-health", "components": ["victims"]},
        horizon=5,
        retention=0.5,
    )
    standard, health = 1.035 ** -np.arange(5.0), 1.015 ** -np.arange(5.0)
    events = np.array([10, 10, 10, 5, 2.5])
    for appraisal, years in ((found, 3), (found.extrapolation, 5)):
        lines = {line.bearer: line for line in appraisal.by_bearer}
        assert lines["victims"].benefit.mean == pytest.approx(3_000 * events[:years] @ health[:years])
        assert lines["police"].benefit.mean == pytest.approx(1_000 * events[:years] @ standard[:years])
        assert lines["city"].cost.mean == pytest.approx(5_000 * standard[:3].sum())
        by_year = 3_000 * events * health + 1_000 * events * standard
        assert [line.benefit.mean for line in appraisal.by_year] == pytest.approx(by_year[:years])
        # the events that break even, spread as those found, pay for it at both rates
        worth = appraisal.benefit.mean / events[:years].sum()
        assert appraisal.break_even.events == pytest.approx(appraisal.cost.mean / worth)
    told = next(line for line in found.assumptions if line.what == "discounting of harm to life and health")
    assert told.value.startswith("'victims' at green-book-2026-health: 1.5 %")


def test_a_component_that_no_price_has_is_refused(make_effect, make_costs, by_hand):
    """A slip of the pen would leave all at the standard rate without a word."""
    options = {"costs": make_costs(), "prices": by_hand}
    rates = {"schedule": "green-book-2026-health", "components": ["victim"]}
    with pytest.raises(CostError, match="no component 'victim' in prices 'own'; did you mean 'victims'"):
        appraise({"robbery": make_effect()}, **options, health_discounting=rates)
    with pytest.raises(CostError, match="a table such as"):
        appraise({"robbery": make_effect()}, **options, health_discounting={"schedule": "green-book-2026-health"})
    with pytest.raises(CostError, match="no prices were given"):
        appraise({"robbery": make_effect()}, costs=make_costs(), health_discounting=rates)
