"""Where the deviation between sites is integrated over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.between import BetweenPrior

__all__ = ["Axis", "Nodes"]


class Nodes(NamedTuple):
    """Deviations to integrate at, and the log of the width that each stands for, both of shape (..., nodes)."""

    deviations: FloatArray
    log_widths: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Axis:
    """The deviations that are possible, laid out on 0 to 1.

    One without an upper end is size u / (1 - u), one with an end is upper u.

    Attributes
    ----------
    upper : largest deviation that is possible
    size : a usual deviation, a number or shape (...), one for each set of data
    """

    upper: float
    size: FloatArray

    @classmethod
    def of(cls, prior: BetweenPrior, errors: FloatArray) -> Axis:
        """Lay out what a prior allows, given standard errors of shape (..., sites).

        The size is below both the middle error and the prior's scale, so that neither falls between two nodes.
        """
        return cls(upper=prior.upper, size=np.asarray(1 / (1 / np.median(errors, axis=-1) + 1 / prior.scale)))

    def deviation(self, place: FloatArray) -> FloatArray:
        """Give the deviations at places of shape (..., n)."""
        if math.isfinite(self.upper):
            return np.asarray(self.upper * place)
        return np.asarray(self.size[..., None] * place / (1 - place))

    def place(self, deviation: FloatArray) -> FloatArray:
        """Give the places of deviations of shape (..., n), the inverse of `deviation`."""
        if math.isfinite(self.upper):
            return np.asarray(np.minimum(deviation / self.upper, 1.0))
        with np.errstate(invalid="ignore"):
            return np.where(np.isinf(deviation), 1.0, deviation / (deviation + self.size[..., None]))

    def log_slope(self, place: FloatArray) -> FloatArray:
        """Give the log of how fast the deviation rises at places of shape (..., n)."""
        if math.isfinite(self.upper):
            return np.full(np.shape(place), math.log(self.upper))
        return np.asarray(np.log(self.size[..., None]) - 2 * np.log1p(-place))

    def nodes(self, count: int, start: FloatArray | float = 0.0, end: FloatArray | float = 1.0) -> Nodes:
        """Lay Gauss-Legendre nodes from place `start` to place `end`, each a number or of shape (..., 1)."""
        points, weights = _legendre(count)
        length = np.asarray(end) - np.asarray(start)
        places = start + length * points
        with np.errstate(divide="ignore"):  # a stretch without length holds nothing
            return Nodes(self.deviation(places), np.log(length * weights) + self.log_slope(places))


@cache
def _legendre(nodes: int) -> tuple[FloatArray, FloatArray]:
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return 0.5 * (points + 1), 0.5 * weights
