"""The density of the deviation between sites, from its values at a few nodes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.hierarchy.quadrature import Axis

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.lattice import Lattice

__all__ = ["Stretch", "interpolated"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretch(Axis):
    """A stretch of an axis, laid out on 0 to 1: a posterior that is narrow fills it."""

    ends: tuple[float, float]

    def deviation(self, place: FloatArray) -> FloatArray:
        """Give the deviations at places of the stretch."""
        start, end = self.ends
        return super().deviation(start + (end - start) * place)

    def place(self, deviation: FloatArray) -> FloatArray:
        """Give the places of deviations; those outside of the stretch are at its ends."""
        start, end = self.ends
        return np.clip((super().place(deviation) - start) / (end - start), 0.0, 1.0)

    def log_slope(self, place: FloatArray) -> FloatArray:
        """Give the log of how fast the deviation rises."""
        start, end = self.ends
        return np.asarray(super().log_slope(start + (end - start) * place) + math.log(end - start))


def interpolated(log_joint: FloatArray, lattice: Lattice) -> Callable[[FloatArray], FloatArray]:
    """Give the log density of the deviation: the guess of it, and the polynomial through what it lacks at the nodes.

    Parameters
    ----------
    log_joint : of each deviation, less what its node stands for, shape (deviations,)
    """
    from numpy.polynomial import legendre

    axis, (start, end) = lattice.axis, lattice.ends

    def standard(deviations: FloatArray) -> FloatArray:
        return np.asarray(2 * (axis.place(deviations) - start) / (end - start) - 1)

    nodes = lattice.nodes.deviations
    powers = legendre.legvander(standard(nodes), len(nodes) - 1)
    coefficients = np.linalg.solve(powers, log_joint - lattice.guess(nodes))

    def log_density(at: FloatArray) -> FloatArray:
        places = standard(at)
        inside = np.abs(places) <= 1 + 1e-12
        found = legendre.legval(np.clip(places, -1, 1), coefficients) + lattice.guess(at)
        return np.where(inside, found, -np.inf)

    return log_density
