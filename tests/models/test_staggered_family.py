"""What the estimators for different starts must share: totals, refusals, words, and each other's numbers."""

import numpy as np
import pytest

import evalkit as ek
from evalkit.errors import EstimationError

FAMILY = ("callaway-santanna", "imputation", "poisson-etwfe", "local-projections")
LOGS = ("callaway-santanna", "imputation", "local-projections")
ITEMS = [
    "estimator",
    "averages over",
    "outcome",
    "compared with",
    "sites",
    "periods",
    "effects removed",
    "covariates",
    "weights",
    "errors",
]


def estimate(name, design, draws=2000, **options):
    """One estimate with the same random numbers."""
    return ek.estimator(name)(**options).estimate(design, rng=np.random.default_rng(1), draws=draws)


def counts(sites=12, periods=8, mean=30.0, noise=0.1, seed=0):
    """Counts by site and period that follow one season."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 0.4, (sites, 1)) + 0.2 * np.sin(np.arange(periods))
    return rng.poisson(mean * np.exp(level + rng.normal(0, noise, (sites, periods)))).astype(float)


@pytest.mark.parametrize("name", FAMILY)
def test_the_table_of_specifications_has_every_item(panel_design, name):
    """Each item is there once, in the same order, with a short value."""
    found = estimate(name, panel_design(counts(), {0: 4, 1: 4, 2: 5, 3: 5})).specification
    assert [item for item, _ in found] == ITEMS
    assert all(0 < len(value) <= 80 for _, value in found)


@pytest.mark.parametrize("transform", ["log", "level"])
def test_two_periods_and_one_start_leave_nothing_to_choose(panel_design, transform):
    """All linear estimators are then one two-sample comparison, with one error and its degrees of freedom."""
    design = panel_design(counts(24, 2), dict.fromkeys(range(10), 1))
    simple = estimate("did-ols", design, transform=transform)
    for name in LOGS:
        effect = estimate(name, design, transform=transform)
        assert effect.estimate == pytest.approx(simple.estimate, rel=1e-9)
        assert effect.std_error == pytest.approx(simple.std_error, rel=1e-6)
        assert effect.degrees_of_freedom == pytest.approx(simple.degrees_of_freedom)


def test_two_periods_and_one_start_give_the_poisson_ratio(panel_design):
    """The extended model has then the one ratio of the plain one."""
    design = panel_design(counts(24, 2), dict.fromkeys(range(10), 1))
    assert estimate("poisson-etwfe", design).estimate == pytest.approx(estimate("did-poisson", design).estimate)


@pytest.mark.parametrize("name", FAMILY)
def test_the_middle_of_the_total_is_that_of_the_cells(panel_design, name):
    """Draws of many noisy cohort-periods do not push the total above what the estimate makes of it."""
    effect = estimate(name, panel_design(counts(), {0: 3, 1: 4, 2: 5, 3: 6}), draws=4000)
    total = effect.total_prevented
    lower, upper = np.quantile(total, [0.25, 0.75])
    assert abs(np.median(total) - effect.cells.prevented.sum()) < 0.15 * (upper - lower)
    if effect.cohorts is not None:
        np.testing.assert_allclose(effect.cohorts.prevented.sum(axis=1), total, atol=1e-6)


@pytest.mark.parametrize("name", LOGS)
def test_large_amounts_are_told_as_they_are(panel_design, name):
    """On levels nothing is bounded: ten thousand times the counts prevents ten thousand times as much."""
    values, began = counts(), {0: 4, 1: 4, 2: 5, 3: 5}
    small, large = (
        estimate(name, panel_design(values * scale, began), transform="level").total_prevented for scale in (1, 1e4)
    )
    np.testing.assert_allclose(large, 1e4 * small, rtol=1e-5, atol=1)


@pytest.mark.parametrize("name", FAMILY)
def test_counts_that_never_vary_have_no_error(panel_design, name):
    """An exact fit is refused, not told with an error of nothing."""
    design = panel_design(np.full((12, 8), 5.0), {0: 4, 1: 4, 2: 5, 3: 5})
    with pytest.raises(EstimationError, match="no variation to tell the error from"):
        estimate(name, design)


@pytest.mark.parametrize("name", LOGS)
def test_a_zero_is_sent_to_the_model_of_counts_for_different_starts(panel_design, name):
    """The message names the estimator that answers the same question with zeros."""
    values = counts()
    values[0, 6] = 0
    with pytest.raises(EstimationError, match="poisson-etwfe"):
        estimate(name, panel_design(values, {0: 4, 1: 4, 2: 5, 3: 5}))


@pytest.mark.parametrize("name", FAMILY)
def test_the_order_of_sites_changes_nothing(panel_design, name):
    """Estimate, error and total stay when rows are shuffled."""
    values, began = counts(20), {row: 4 + row % 2 for row in range(10)}
    order = np.random.default_rng(3).permutation(20)
    moved = {int(np.flatnonzero(order == row)[0]): start for row, start in began.items()}
    one, other = estimate(name, panel_design(values, began)), estimate(name, panel_design(values[order], moved))
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
    assert one.std_error == pytest.approx(other.std_error, rel=1e-9)
    np.testing.assert_allclose(one.influence[order], other.influence, atol=1e-12)


@pytest.mark.parametrize("leads", [None, 2])
@pytest.mark.parametrize("name", ["did-ols", "did-poisson", "did-negative-binomial", "imputation", "poisson-etwfe"])
def test_where_all_sites_start_in_the_end_no_trend_can_have_been_noticed(panel_design, name, leads):
    """A slope of the time since the start is then one of sites and periods: no chance of noticing it is told."""
    began = {site: 4 if site < 4 else 6 for site in range(12)}
    effect = estimate(name, panel_design(counts(noise=0.4, mean=60), began), leads=leads)
    said = next(check.detail for check in effect.checks if check.name == "leads")
    assert "noticed with probability" not in said
    # those fitted to untreated cells choose a reference by which a straight line is settled; the others ask for fewer
    settled = leads or name in {"imputation", "poisson-etwfe"}
    assert ("cannot be told from site and period effects" if settled else "cannot be told apart") in said


def test_columns_that_cannot_be_told_apart_are_named_before_the_likelihood_is_searched(panel_design, monkeypatch):
    """The negative binomial likelihood has no single maximum then, and looking for it takes seconds."""
    from evalkit.models._regression import negative_binomial

    searched = []
    maximise = negative_binomial.maximise
    monkeypatch.setattr(negative_binomial, "maximise", lambda *all_: searched.append(1) or maximise(*all_))
    began = {site: 4 if site < 4 else 6 for site in range(12)}
    effect = estimate("did-negative-binomial", panel_design(counts(noise=0.4, mean=60), began))
    assert "cannot be told apart" in next(check.detail for check in effect.checks if check.name == "leads")
    assert len(searched) == 1  # the one change, and no event study
