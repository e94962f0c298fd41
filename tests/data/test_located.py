"""A share without a place that changes over time is told from one that does not."""

import numpy as np
import pytest
from scipy import stats

from evalkit.data.located import located_change


def test_the_trend_is_that_of_cochran_and_armitage():
    """Its square is the number of rows times the squared correlation of period and missing place."""
    rows, lost = [100, 120, 90, 110], [5, 9, 10, 15]
    when = np.repeat(range(4), rows)
    without = np.concatenate([np.arange(n) < k for n, k in zip(rows, lost, strict=True)])
    square = len(when) * np.corrcoef(when, without)[0, 1] ** 2
    assert located_change(rows, lost).p_value == pytest.approx(stats.chi2(1).sf(square), rel=1e-12)


def test_a_change_is_told_where_it_is_neither_small_nor_chance():
    """Half a point over a million rows is no matter; five points over a hundred rows may be chance."""
    assert located_change([10_000] * 6, [300, 300, 300, 800, 800, 800]).changes
    assert not located_change([1_000_000] * 6, [30_000] * 3 + [35_000] * 3).changes
    assert not located_change([20] * 6, [1, 1, 1, 2, 2, 2]).changes


def test_there_is_no_change_where_every_row_has_a_place():
    """Nor where none has, nor within one period."""
    assert located_change([10, 10], [0, 0]) is None
    assert located_change([10, 10], [10, 10]) is None
    assert located_change([10], [5]) is None


def test_under_no_change_one_in_a_hundred_is_told_at_most():
    """The size of the test, on 2,000 simulated series of 24 months."""
    rng = np.random.default_rng(6)
    lost = rng.binomial(500, 0.08, size=(2_000, 24))
    told = np.mean([located_change([500] * 24, each).p_value < 0.01 for each in lost.tolist()])
    assert told < 0.01 + 3 * np.sqrt(0.01 * 0.99 / 2_000)
