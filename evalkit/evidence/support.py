"""Is a city among the sites that were studied, or beyond them?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["distance", "is_inside", "leverage", "outside_alone"]

# Of a standard deviation of a characteristic: a city on the edge is inside.
_ROUNDING = 1e-9


def is_inside(sites: FloatArray, city: FloatArray) -> bool:
    """Is a city, shape (characteristics,), some average of sites (in their hull), shape (sites, characteristics)?"""
    from scipy.optimize import linprog

    spread = sites.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    away = ((sites - city) / scale).T
    if sites.shape[1] == 1:
        return bool(away.min() <= _ROUNDING and away.max() >= -_ROUNDING)
    # the largest distance that some average of sites leaves in any characteristic, as small as it can be made
    rows, columns = away.shape
    lost = np.full((rows, 1), -1.0)
    found = linprog(
        np.append(np.zeros(columns), 1.0),
        A_ub=np.block([[away, lost], [-away, lost]]),
        b_ub=np.zeros(2 * rows),
        A_eq=np.append(np.ones(columns), 0.0)[None],
        b_eq=[1.0],
        method="highs",
    )
    return bool(found.status == 0 and found.fun is not None and found.fun <= 1e-7)


def outside_alone(sites: FloatArray, city: FloatArray, names: Sequence[str]) -> list[str]:
    """Name the characteristics in which a city lies beyond every site."""
    beyond = (city < sites.min(axis=0)) | (city > sites.max(axis=0))
    return [f"{names[index]} ({city[index]:g})" for index in np.flatnonzero(beyond).tolist()]


def leverage(design: FloatArray, weights: FloatArray, row: FloatArray) -> float:
    """Give x'(X'WX)^-1 x times the mean weight: how far out a row is among rows, shape (sites, coefficients)."""
    information = (design.T * weights) @ design
    return float(row @ np.linalg.pinv(information, hermitian=True) @ row * weights.mean())


def distance(sites: FloatArray, city: FloatArray) -> float:
    """Give Mahalanobis' distance of a city from the middle of the sites, in standard deviations."""
    away = city - sites.mean(axis=0)
    covariance = np.atleast_2d(np.cov(sites, rowvar=False))
    return math.sqrt(max(float(away @ np.linalg.pinv(covariance, hermitian=True) @ away), 0.0))
