import numpy as np
import pytest

from evalkit.errors import EstimationError
from evalkit.models._regression.absorb import absorb, require_connected
from evalkit.models._regression.linear import fit_linear


def by_dummies(weights, column):
    """Residuals of weighted least squares on explicit dummies."""
    sites, periods = weights.shape
    dummies = np.column_stack([np.kron(np.eye(sites), np.ones((periods, 1))), np.tile(np.eye(periods), (sites, 1))])
    root = np.sqrt(weights.reshape(-1))
    solution = np.linalg.lstsq(root[:, None] * dummies, root * column.reshape(-1), rcond=None)[0]
    return (column.reshape(-1) - dummies @ solution).reshape(sites, periods)


@pytest.mark.parametrize("shape", [(12, 5), (4, 9), (6, 6)])
@pytest.mark.parametrize("zeros", [0, 7])
def test_absorbing_leaves_what_dummies_leave(shape, zeros):
    """Residuals equal those of explicit dummies, for more sites or more periods, and with weights of zero."""
    rng = np.random.default_rng(3)
    weights = rng.gamma(0.5, size=shape) + 1e-3
    weights.reshape(-1)[rng.permutation(weights.size)[:zeros]] = 0
    columns = rng.normal(size=(*shape, 2)) * [1, 1e4]
    left = absorb(weights, columns)
    for j in range(2):
        wanted = by_dummies(weights, columns[:, :, j])
        np.testing.assert_allclose(
            (left[:][:, :, j])[weights > 0], wanted[weights > 0], atol=1e-10 * np.abs(columns[:, :, j]).max()
        )


def test_residuals_and_effects_add_up_to_the_column():
    """What was taken out is given back, so that nothing is lost."""
    rng = np.random.default_rng(4)
    columns = rng.normal(size=(5, 8, 3))
    left = absorb(rng.random((5, 8)), columns)
    again = left[:] + left.site_effects[:, None, :] + left.period_effects[None, :, :]
    np.testing.assert_allclose(again, columns, atol=1e-12)


def test_effects_alone_leave_nothing():
    """A column made of site and period effects is absorbed whole, also with very uneven weights."""
    rng = np.random.default_rng(5)
    column = rng.normal(size=(30, 1)) * 100 + rng.normal(size=(1, 12))
    weights = np.exp(rng.normal(0, 4, (30, 12)))
    assert np.abs(absorb(weights, column[:, :, None])[:]).max() < 1e-9


def test_groups_that_share_no_period_are_refused():
    """Sites that are never weighted in the same period cannot be compared, and the message names one."""
    weights = np.zeros((4, 4))
    weights[:2, :2] = weights[2:, 2:] = 1
    with pytest.raises(EstimationError, match=r"2 groups that share no period \(site 'c'"):
        require_connected(weights, ("a", "b", "c", "d"), ("1", "2", "3", "4"))


def test_a_regressor_that_never_varies_between_sites_is_named():
    """A column that is the same in all sites is a period effect and says nothing."""
    rng = np.random.default_rng(6)
    columns = np.stack([rng.normal(size=(6, 4)), np.tile(rng.normal(size=4), (6, 1))], axis=2)
    with pytest.raises(EstimationError, match="'weather': nothing is left"):
        fit_linear(rng.normal(size=(6, 4)), columns, np.ones((6, 4)), ["x", "weather"])


def test_regressors_that_say_the_same_are_named_together():
    """Of two proportional columns none can be estimated."""
    rng = np.random.default_rng(7)
    column = rng.normal(size=(6, 4))
    columns = np.stack([column, rng.normal(size=(6, 4)), 2 * column], axis=2)
    with pytest.raises(EstimationError, match=r"cannot be told apart.*'x', 'z'"):
        fit_linear(rng.normal(size=(6, 4)), columns, np.ones((6, 4)), ["x", "y", "z"])
