"""The conditional least-favourable test that several jointly normal numbers all have means of zero or less.

Andrews, Roth and Pakes 2023, doi:10.1093/restud/rdac067, in the form of their vertices: the largest number is
compared with what a normal gives between the values at which another number would be the largest.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from evalkit.draws import FloatArray

__all__ = ["FIRST_STAGE", "critical_values", "is_kept", "most_critical"]

# Share of the size that the least-favourable first stage takes: a tenth, as Rambachan and Roth 2023 (section 5.3).
FIRST_STAGE = 0.1
# Directions over which the first stage is integrated: the critical value is then known to 1e-4 or better.
_ANGLES = 360
# Steps to the critical value, which come from below: the error after them is below 1e-9 of it.
_NEWTON = 7
# Numbers that move with the largest one to within this share of its variance neither bound it nor are bounded.
_TOGETHER = 1e-9


def critical_values(directions: FloatArray, size: float) -> FloatArray:
    """Give what the largest of several normals with means zero exceeds with probability `size`, shape (rows,).

    The normals are linear forms of two independent standard normals, a length times a direction on the
    circle, so the probability is an integral over the circle and nothing is simulated.

    Parameters
    ----------
    directions : the forms, shape (rows, forms, 2); a form of length zero has no say
    """
    angles = (np.arange(_ANGLES) + 0.5) * (2 * np.pi / _ANGLES)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    highest = (directions @ circle).max(axis=1)
    # a length beyond the edge has probability exp(-edge^2 / 2); where no form points, never
    points = highest > 0
    steep = 0.5 / np.where(points, highest, 1.0) ** 2
    # no less than the widest form alone
    widest = np.sqrt((directions**2).sum(axis=2)).max(axis=1)
    square = (special.ndtri(size) * widest) ** 2
    for _ in range(_NEWTON):
        # the log of a sum of exponentials is convex, so that steps never go too far
        chance = np.exp(-square[:, None] * steep) * points
        square = square + np.log(chance.mean(axis=1) / size) * chance.sum(axis=1) / (chance * steep).sum(axis=1)
    return np.asarray(np.sqrt(square))


def most_critical(directions: FloatArray, size: float) -> FloatArray:
    """Give what `critical_values` cannot exceed: the length of the two standard normals times the width."""
    return np.asarray(np.sqrt(-2 * np.log(size) * (directions**2).sum(axis=2).max(axis=1)))


def is_kept(values: FloatArray, covariance: FloatArray, critical: FloatArray, size: float) -> np.ndarray:
    """Tell which hypotheses the test of that size does not reject, shape (rows, points).

    Parameters
    ----------
    values : the numbers, shape (rows, points, forms); minus infinity for one that has no say
    covariance : of the numbers in each row, shape (rows, forms, forms)
    critical : of the first stage, shape (rows,), from `critical_values` for FIRST_STAGE times the size
    """
    first = FIRST_STAGE * size
    second = (size - first) / (1 - first)
    top = values.argmax(axis=2)
    largest = values.max(axis=2)
    row = np.arange(len(values))[:, None]
    variance = covariance[row, top, top]
    slopes = covariance[row, top] / variance[:, :, None]
    # with all else about the data fixed, another number is a line in the largest one
    with np.errstate(divide="ignore", invalid="ignore"):
        meets = (values - slopes * largest[:, :, None]) / (1 - slopes)
    says = np.isfinite(values)
    lower = np.where(says & (slopes < 1 - _TOGETHER), meets, -np.inf).max(axis=2)
    upper = np.where(says & (slopes > 1 + _TOGETHER), meets, np.inf).min(axis=2)
    upper = np.minimum(upper, critical[:, None])
    error = np.sqrt(variance)
    beyond = _share_beyond(largest / error, lower / error, upper / error)
    return np.asarray((largest <= 0) | ((largest < critical[:, None]) & (beyond >= second)))


def _share_beyond(value: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Probability that a standard normal between two ends lies beyond a value."""
    at, low, high = (special.log_ndtr(-each) for each in (value, np.minimum(lower, value), np.maximum(upper, value)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.exp(at - low) * -np.expm1(high - at) / -np.expm1(high - low)
    return np.where(high < low, share, 0.0)
