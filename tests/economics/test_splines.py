"""Splines over draws are those of scipy."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from evalkit.economics.information.splines import bending, cubic_splines


def knots_of(x, inner):
    """Lay inner knots at quantiles, and the ends four times."""
    between = np.unique(np.quantile(x, np.arange(1, inner + 1) / (inner + 1)))
    between = between[(between > x.min()) & (between < x.max())]
    return np.concatenate([np.repeat(x.min(), 4), between, np.repeat(x.max(), 4)])


@pytest.mark.parametrize("inner", [0, 1, 12])
@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(1).normal(size=4000),
        np.random.default_rng(2).lognormal(0, 2, size=4000),
        np.round(np.random.default_rng(3).normal(size=4000), 1),
        np.random.default_rng(4).integers(0, 3, 4000).astype(float),
    ],
    ids=["normal", "skewed", "rounded", "three values"],
)
def test_splines_and_their_bending_are_those_of_scipy(x, inner):
    """At every draw, both ends among them, and where draws repeat so that knots do."""
    knots = knots_of(x, inner)
    peer = BSpline(knots, np.eye(len(knots) - 4), 3)
    np.testing.assert_allclose(cubic_splines(x, knots), peer(x), rtol=1e-14, atol=1e-15)
    points = np.linspace(x.min(), x.max(), 101)
    np.testing.assert_allclose(
        bending(points, knots), peer(points, nu=2), rtol=1e-12, atol=1e-12 * np.abs(peer(points, nu=2)).max()
    )


def test_splines_add_up_to_one():
    """At every point, so that a level is never bent."""
    x = np.random.default_rng(5).gamma(2, size=500)
    knots = knots_of(x, 12)
    np.testing.assert_allclose(cubic_splines(x, knots).sum(axis=1), 1, rtol=1e-14)
    bent = bending(x, knots)
    np.testing.assert_allclose(bent.sum(axis=1), 0, atol=1e-12 * np.abs(bent).max())
