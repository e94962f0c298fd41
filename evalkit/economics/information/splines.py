"""Cubic B-splines over draws: the basis and its second derivative."""

from __future__ import annotations

import numpy as np

from evalkit.draws import FloatArray

__all__ = ["bending", "cubic_splines"]

_DEGREE = 3


def cubic_splines(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Give every cubic B-spline at every point, shape (points, len(knots) - 4).

    The recursion of de Boor (1972, doi:10.1016/0021-9045(72)90080-9), over all points at once. The figures are those
    of `scipy.interpolate.BSpline`, which takes longer to import than all curves of an appraisal take to fit.

    Parameters
    ----------
    x : points from the first to the last knot
    knots : in order, the first and the last four times
    """
    return _spread(*_raised(x, knots, _DEGREE), knots)


def bending(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Give the second derivative of every cubic B-spline at every point, shape (points, len(knots) - 4)."""
    place, values = _raised(x, knots, _DEGREE - 2)
    for degree in (_DEGREE - 1, _DEGREE):
        slopes = np.zeros((degree + 1, len(x)))
        for step in range(1, degree + 1):
            width = knots[place + step] - knots[place + step - degree]
            share = np.divide(degree * values[step - 1], width, out=np.zeros(len(x)), where=width > 0)
            slopes[step - 1] -= share
            slopes[step] = share
        values = slopes
    return _spread(place, values, knots)


def _raised(x: FloatArray, knots: FloatArray, degree: int) -> tuple[np.ndarray, FloatArray]:
    """Give the piece that each point lies in, and the splines of a degree that are not zero there.

    Returns
    -------
    place, shape (points,), and values, shape (degree + 1, points)
    """
    # the last knot belongs to the last piece
    place = np.clip(np.searchsorted(knots, x, side="right") - 1, _DEGREE, len(knots) - _DEGREE - 2)
    values = np.ones((1, len(x)))
    for raised in range(1, degree + 1):
        higher = np.zeros((raised + 1, len(x)))
        for step in range(1, raised + 1):
            right, left = knots[place + step], knots[place + step - raised]
            share = np.divide(values[step - 1], right - left, out=np.zeros(len(x)), where=right > left)
            higher[step - 1] += share * (right - x)
            higher[step] = share * (x - left)
        values = higher
    return place, values


def _spread(place: np.ndarray, values: FloatArray, knots: FloatArray) -> FloatArray:
    """Lay the splines that are not zero out among all."""
    found = np.zeros((len(place), len(knots) - _DEGREE - 1))
    columns = place[:, None] + np.arange(-_DEGREE, 1)
    np.put_along_axis(found, columns, values.T, axis=1)
    return found
