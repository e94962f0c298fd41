"""What it costs later to stop, against going on."""

import numpy as np
import pytest

from evalkit.economics import Costs, Flow, appraise
from evalkit.errors import CostError


@pytest.fixture
def ledger():
    """Give a ledger with running costs for ten years and capital in years 1 and 4."""
    flows = (
        Flow(
            what="patrols", amount=50_000, bearer="city", kind="running", years=tuple(range(1, 11)), source="accounts"
        ),
        Flow(what="help", amount=10_000, bearer="volunteers", kind="in kind", years=tuple(range(1, 11)), source="list"),
        Flow(what="radios", amount=30_000, bearer="police", kind="capital", years=(1, 4), source="invoice"),
    )
    return Costs(currency="USD", price_year=2008, flows=flows)


@pytest.fixture
def options(ledger, make_prices):
    """Give what all questions here share: two observed years, ten counted."""
    return {
        "costs": ledger,
        "prices": make_prices({"robbery": {"victims": 9_000, "police": 1_000}}),
        "horizon": 10,
        "retention": 0.9,
        "discounting": 0.05,
    }


def test_stopping_is_the_closed_form(make_effect, options):
    """20 in year 2; going on keeps 0.9, stopped after year 3 keeps 0.5 of what stood in year 3."""
    effect = make_effect(mean=40.0, sd=0.0, periods=("2010", "2011"))
    found = appraise({"robbery": effect}, **options, stop={"year": 3, "retention": 0.5}).stopping
    lost = [20 * 0.9 * (0.9**k - 0.5**k) for k in range(1, 8)]
    factors = 1.05 ** -np.arange(3.0, 10.0)
    assert found.events.mean == pytest.approx(sum(lost))
    assert [line.year for line in found.by_year] == list(range(4, 11))
    assert [line.lost.mean for line in found.by_year] == pytest.approx(10_000 * np.array(lost) * factors)
    assert [line.saved.mean for line in found.by_year] == pytest.approx(60_000 * factors)
    net = 60_000 * factors - 10_000 * np.array(lost) * factors
    assert [line.total.mean for line in found.by_year] == pytest.approx(np.cumsum(net))
    assert found.net.mean == pytest.approx(net.sum())
    by_bearer = {line.bearer: line.net.mean for line in found.by_bearer}
    assert by_bearer["city"] == pytest.approx(50_000 * factors.sum())
    assert by_bearer["victims"] == pytest.approx(-9_000 * (lost * factors).sum())
    assert by_bearer["police"] == pytest.approx(-1_000 * (lost * factors).sum())
    assert sum(by_bearer.values()) == pytest.approx(found.net.mean)
    assert found.stays == ("radios",)


def test_going_on_less_stopping_is_what_two_appraisals_of_the_same_draws_say(make_effect, options):
    """Stopped at once and keeping nothing is the observed window alone, but for the running costs it has not seen."""
    effect = make_effect(mean=40.0, sd=9.0, periods=("2010", "2011"))
    found = appraise({"robbery": effect}, **options, stop={"year": 2, "retention": 0.0}, rng=np.random.default_rng(1))
    assert found.stopping.events.mean == pytest.approx(found.extrapolation.prevented.mean - found.prevented.mean)
    assert found.stopping.lost.mean == pytest.approx(found.extrapolation.benefit.mean - found.benefit.mean)
    assert found.stopping.lost.upper == pytest.approx(
        np.quantile(found.extrapolation.benefit_draws - found.benefit_draws, 0.975, method="hazen")
    )


def test_an_effect_that_is_kept_all_the_same_loses_nothing(make_effect, options):
    """What does not depend on going on is not lost by stopping; then stopping only saves."""
    found = appraise({"robbery": make_effect(periods=("2010", "2011"))}, **options, stop={"year": 4, "retention": 0.9})
    assert found.stopping.events.mean == pytest.approx(0, abs=1e-9)
    assert found.stopping.loses_from is None
    assert found.stopping.loses_reason.startswith("on average stopping saves more")
    assert found.stopping.prob_saves == 1.0


def test_money_is_saved_first_and_lost_later(make_effect, options):
    """At 40,000 saved and much crime to come back, the sum turns in a later year, which is named."""
    effect = make_effect(mean=24.0, sd=2.0, periods=("2010", "2011"))
    found = appraise({"robbery": effect}, **(options | {"retention": 1.0}), stop={"year": 2, "retention": 0.7}).stopping
    totals = [line.total.mean for line in found.by_year]
    assert totals[0] > 0 > totals[-1]
    assert found.by_year[totals.index(next(t for t in totals if t < 0))].year == found.loses_from


def test_deadweight_counts_on_the_public_side_of_stopping(make_effect, options):
    """A unit less of tax gains the deadweight; what the police no longer save costs it."""
    effect = {"robbery": make_effect(mean=40.0, sd=0.0, periods=("2010", "2011"))}
    plain = appraise(effect, **options, stop={"year": 3, "retention": 0.5}).stopping
    taxed = appraise(effect, **options, stop={"year": 3, "retention": 0.5}, deadweight=0.5).stopping
    nets = {line.bearer: line.net.mean for line in plain.by_bearer}
    assert taxed.net.mean - plain.net.mean == pytest.approx(0.5 * (nets["city"] + nets["police"]))


def test_asking_moves_no_other_number(make_effect, options):
    """The share kept after the stop is drawn last."""
    effect = {"robbery": make_effect(periods=("2010", "2011"))}
    options = options | {"retention": {"low": 0.5, "high": 1.0}, "deadweight": "wsipp"}
    plain = appraise(effect, **options, rng=np.random.default_rng(5))
    asked = appraise(
        effect, **options, stop={"year": 2, "retention": {"low": 0.1, "high": 0.4}}, rng=np.random.default_rng(5)
    )
    assert (plain.extrapolation.net_benefit_draws == asked.extrapolation.net_benefit_draws).all()
    assert plain.stopping is None


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        ({"year": 1, "retention": 0.5}, r"observed until year 2 .* stop\.year = 1"),
        ({"year": 10, "retention": 0.5}, "needs a horizon beyond it; there is 10"),
        ({"year": "2", "retention": 0.5}, r"stop\.year = '2'"),
        ({"year": 3}, r"such as \{ year = 2, retention = 0\.5 \}"),
        ({"year": 3, "retention": 1.5}, r"stop\.retention is a share between 0 and 1"),
    ],
)
def test_a_stop_that_cannot_be_asked_is_refused(make_effect, options, stop, said):
    """Not within what was observed, not after all that is counted, and with a share."""
    with pytest.raises(CostError, match=said):
        appraise({"robbery": make_effect(periods=("2010", "2011"))}, **options, stop=stop)


def test_without_prices_events_are_lost_and_no_money(make_effect, options):
    """The crimes that come back are told all the same."""
    found = appraise(
        {"robbery": make_effect(mean=40.0, sd=0.0, periods=("2010", "2011"))},
        **(options | {"prices": None}),
        stop={"year": 3, "retention": 0.5},
    ).stopping
    assert found.events.mean > 0
    assert (found.lost, found.net, found.prob_saves, found.loses_from) == (None, None, None, None)
    assert found.loses_reason == "without prices what is lost has no worth in money"
