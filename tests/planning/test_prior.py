import numpy as np
import pytest
from scipy.special import ndtr, ndtri

import evalkit as ek
from evalkit.domain import Outcome
from evalkit.planning.chances import assurance
from evalkit.planning.closed_form import TableChances
from evalkit.planning.expected import ExpectedTable
from evalkit.planning.worth import share_resolved
from evalkit.study_plan import settings_from_mapping
from evalkit.study_prior import Prior

# So many events before that the error hardly moves with the effect: that of the comparison after.
STEADY = TableChances(
    expected=ExpectedTable(outcome=Outcome(name="crime"), treated=(1e9, 1e9), comparison=(1e9, 100.0))
)


def test_assurance_is_the_closed_normal_form():
    """Mean power over a normal prior is Phi((-m - z s) / sqrt(s^2 + v^2)) (O'Hagan, Stevens and Campbell 2005)."""
    prior = Prior(mean=-0.2, sd=0.1)
    found = assurance(STEADY, prior.draws(20_000, np.random.default_rng(1)))
    error, z = 0.1, ndtri(0.975)
    assert found.prevents == pytest.approx(ndtr((0.2 - z * error) / np.hypot(error, 0.1)), abs=2e-4)
    assert found.harms == pytest.approx(ndtr((-0.2 - z * error) / np.hypot(error, 0.1)), abs=2e-4)
    assert found.prevents + found.harms + found.inconclusive == pytest.approx(1)


def test_without_doubt_assurance_is_power():
    """A prior without spread is one effect."""
    found = assurance(STEADY, Prior(mean=-0.28, sd=0.0).draws(100, np.random.default_rng(1)))
    assert found.prevents == pytest.approx(float(STEADY.prevents(np.array(-0.28))))


def test_a_range_in_percent_holds_95_percent():
    """Ends come back; the middle is the geometric one."""
    prior = Prior.from_percent(-40, 0)
    assert np.expm1(prior.ends) * 100 == pytest.approx([-40, 0], abs=1e-9)
    assert prior.probability_of_at_most(np.log(0.6)) == pytest.approx(0.025)
    assert prior.probability_of_at_most(0.0) == pytest.approx(0.975)


def test_the_doubt_that_a_study_takes_away_is_that_of_a_normal_update():
    """v^2 / (v^2 + s^2)."""
    assert share_resolved(STEADY, -0.2, 0.1) == pytest.approx(0.5, abs=1e-6)
    assert share_resolved(STEADY, -0.2, 0.0) == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"effects": {}}, r"has no key 'effects'; did you mean 'effect'"),
        ({"sites": 4, "treated": 9}, r"treated \(9\) is fewer than sites \(4\)"),
        ({"sites": 4, "treated": 4}, r"treated \(4\) is fewer than sites \(4\)"),
        ({"events": 0}, "events is above zero"),
        ({"events": -3}, "events is the number expected in a site and period, above zero; there is -3"),
        ({"events": float("nan")}, "events is the number expected"),
        ({"dispersion": -1}, r"dispersion is 1 \(chance alone\) or more; there is -1"),
        ({"site_shift": -0.1}, "site_shift is a standard deviation of logs"),
        ({"periods_after": 0}, "periods_after is a whole number, 1 or more"),
        ({"periods_after": True}, "periods_after is a whole number"),
        ({"periods_after": 10**12}, "at most 100,000"),
        ({"sites": "ten"}, "sites is a whole number"),
        ({"alpha": 1}, "alpha is a share"),
        ({"power": 1.0}, "power is a share"),
        ({"study_cost": -1}, "study_cost is an amount, zero or more"),
        ({"period": "fortnight"}, "no period 'fortnight'"),
        ({"effect": {"mean": -0.2, "sd": -0.1}}, "sd of the prior effect is a number from 0 to 3"),
        ({"effect": {"mean": -20, "sd": 1}}, "mean of the prior effect is a number from -3 to 3"),
        ({"effect": {"mean": -0.2}}, r"effect is a table such as \{ mean = ..., sd = ... \}"),
        ({"effect": -0.2}, "effect is a table"),
        ({"percent": {"low": -100, "high": 0}}, "percent: low is a number above -100"),
        ({"percent": {"low": 10, "high": -10}}, r"low \(10\) is above high \(-10\)"),
        ({"effect": {"mean": 0, "sd": 1}, "percent": {"low": -1, "high": 0}}, "say the same: keep one"),
        ({"source": "somebody"}, "give effect or percent too"),
        ({"percent": {"low": -40, "high": 0}, "source": 3}, "source is text in quotes"),
        ({"percent": {"low": -40, "high": 0}, "origin": "evidence"}, "a prior from evidence names its source"),
        ({"percent": {"low": -40, "high": 0}, "origin": "hearsay"}, "no origin 'hearsay'"),
    ],
)
def test_what_a_plan_is_told_wrongly_is_said_once(table, said):
    """One clear message: what, what was wanted."""
    with pytest.raises(ek.EvalkitError, match=said):
        settings_from_mapping(table)


def test_every_fault_of_the_table_is_told_at_once():
    """Three faults, three sentences."""
    with pytest.raises(ek.EvalkitError) as caught:
        settings_from_mapping({"event": 3, "dispersion": 0, "effect": {"mean": -9, "sd": 1}})
    assert len(caught.value.faults) == 3
