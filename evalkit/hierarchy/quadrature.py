"""Where the deviation between sites is integrated over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.between import BetweenPrior

__all__ = ["Axis", "Nodes", "legendre", "usual_distance"]


class Nodes(NamedTuple):
    """Deviations to integrate at, and the log of the width that each stands for, both of shape (..., nodes)."""

    deviations: FloatArray
    log_widths: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Axis:
    """The deviations that are possible, laid out on 0 to 1: size u / (1 - u) where none is too large.

    An upper end is reached at 1 by the same curve, bent less, so that most places are about where data speak,
    however far the prior reaches.

    Attributes
    ----------
    upper : largest deviation that is possible, a number or shape (...)
    size : a usual deviation, a number or shape (...), one for each set of data
    """

    upper: float | FloatArray
    size: FloatArray

    @classmethod
    def of(cls, prior: BetweenPrior, errors: FloatArray, estimates: FloatArray | None = None) -> Axis:
        """Lay out what a prior allows, given standard errors and estimates of shape (..., sites).

        The size is below both the prior's scale and what estimates usually lie apart, so that neither falls between
        two nodes.
        """
        return cls(upper=prior.upper, size=np.asarray(1 / (1 / usual_distance(errors, estimates) + 1 / prior.scale)))

    @property
    def _bend(self) -> FloatArray:
        return np.asarray(1 - self.size / self.upper)[..., None]

    def deviation(self, place: FloatArray) -> FloatArray:
        """Give the deviations at places of shape (..., n)."""
        return np.asarray(self.size[..., None] * place / (1 - self._bend * place))

    def place(self, deviation: FloatArray) -> FloatArray:
        """Give the places of deviations of shape (..., n), the inverse of `deviation`; 1 beyond the upper end."""
        with np.errstate(invalid="ignore"):
            inside = deviation / (self.size[..., None] + self._bend * deviation)
        return np.where(deviation >= np.asarray(self.upper)[..., None], 1.0, inside)

    def log_slope(self, place: FloatArray) -> FloatArray:
        """Give the log of how fast the deviation rises at places of shape (..., n)."""
        return np.asarray(np.log(self.size[..., None]) - 2 * np.log1p(-self._bend * place))

    def nodes(self, count: int, start: FloatArray | float = 0.0, end: FloatArray | float = 1.0) -> Nodes:
        """Lay Gauss-Legendre nodes from place `start` to place `end`, each a number or of shape (..., 1)."""
        points, weights = legendre(count)
        length = np.asarray(end) - np.asarray(start)
        places = start + length * points
        with np.errstate(divide="ignore"):  # a stretch without length holds nothing
            return Nodes(self.deviation(places), np.log(length * weights) + self.log_slope(places))


def usual_distance(errors: FloatArray, estimates: FloatArray | None = None) -> FloatArray:
    """Give how far estimates of shape (..., sites) usually lie from one another, shape (...)."""
    apart = np.median(errors, axis=-1)
    return np.asarray(apart if estimates is None else np.hypot(apart, np.std(estimates, axis=-1)))


@cache
def legendre(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Give nodes and weights of Gauss and Legendre on 0 to 1, each of shape (nodes,)."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return 0.5 * (points + 1), 0.5 * weights
