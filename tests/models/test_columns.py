"""Columns that are made by blocks of sites: the same answers as columns that are held, and no room for them."""

import tracemalloc

import numpy as np
import pytest

from evalkit.models._inference.cluster import infer
from evalkit.models._regression.columns import blocks, combine, indicators, take, totals, totals_by_site
from evalkit.models._regression.linear import fit_linear
from evalkit.models._regression.poisson import fit_poisson


def event_study(sites, periods, others=0):
    """Give counts, weights with a missing cell, and columns of an event study with two starts, with names."""
    rng = np.random.default_rng(21)
    start = np.where(np.arange(sites) < sites // 2, periods // 2 + np.arange(sites) % 2, periods)[:, None]
    since = np.where(start < periods, np.arange(periods) - start, periods)
    times = tuple(time for time in range(-(periods // 2), periods - periods // 2) if time != -1)
    columns = indicators(since, times, rng.normal(size=(sites, periods, others)))
    weights = rng.gamma(2, size=(sites, periods))
    weights[-1, 0] = 0
    return rng.poisson(9, (sites, periods)).astype(float), weights, columns, [str(j) for j in range(columns.shape[2])]


@pytest.mark.parametrize(("sites", "periods"), [(14, 6), (9, 12), (900, 12)])
@pytest.mark.parametrize("others", [0, 2])
def test_an_event_study_by_blocks_is_the_one_that_is_held(sites, periods, others):
    """Indicators made from codes give the fit and the errors of the same columns as an array."""
    counts, weights, columns, names = event_study(sites, periods, others)
    held = columns[:]
    assert held.shape == columns.shape
    assert set(np.unique(held[:, :, : held.shape[2] - others])) == {0, 1}
    exposure = 1 + weights
    for one, other in (
        (fit_linear(counts, columns, weights, names), fit_linear(counts, held, weights, names)),
        (fit_poisson(counts, exposure, columns, weights, names), fit_poisson(counts, exposure, held, weights, names)),
    ):
        np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(one.residuals, other.residuals, atol=1e-11)
        np.testing.assert_allclose(one.regressors[:], other.regressors[:], atol=1e-12)
        found, wanted = (infer(fit, "CR1", "none", treated=50, comparison=50) for fit in (one, other))
        np.testing.assert_allclose(found.covariance, wanted.covariance, rtol=1e-8, atol=1e-14)


def test_sums_by_blocks_are_sums():
    """Whatever the blocks, sums over cells and by site are those of the whole array."""
    _, weights, columns, _ = event_study(900, 12, 1)
    held = columns[:]
    assert len(list(blocks(columns))) > 1
    slopes = np.arange(held.shape[2])
    np.testing.assert_allclose(combine(columns, slopes), held @ slopes)
    np.testing.assert_allclose(totals(columns, weights), np.einsum("it,itk->k", weights, held))
    np.testing.assert_allclose(totals_by_site(columns, weights), np.einsum("it,itk->ik", weights, held))
    which = np.array([0, 1, 449, 899])
    np.testing.assert_array_equal(take(columns, which), held[which])


@pytest.mark.parametrize(("errors", "poisson"), [("CR1", False), ("CR1", True), ("CR2", False)])
def test_an_event_study_takes_no_room_for_its_columns(errors, poisson):
    """With 59 columns less is held than 9 arrays of the size of the outcome; the columns would be 59 of them."""
    counts, weights, columns, names = event_study(2_000, 60)
    weights = np.ones_like(weights)
    tracemalloc.start()
    try:
        if poisson:
            fit = fit_poisson(counts, weights, columns, weights, names)
        else:
            fit = fit_linear(counts, columns, weights, names)
        infer(fit, errors, "nested", treated=1_000, comparison=1_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 9 * counts.nbytes
