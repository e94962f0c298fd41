"""Log densities on evenly spaced points, and what is left of them when a normal is spread over each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.draws import FloatArray
    from evalkit.hierarchy.conditional import SiteLikelihood

__all__ = ["LogTable", "Smoothed", "tabulated"]

# The sum over evenly spaced points is exact to exp(-2 pi^2 (width / step)^2): with half a width 1e-8 where a normal
# of the same step is multiplied in. Counts make likelihoods whose poles are pi away, so that 0.4 serves the widest.
_STEPS_A_WIDTH, _WIDEST_STEP = 2.0, 0.4
# Below it a normal falls between the points, and is laid on nodes of its own.
_NARROW = 1.1
_HERMITE = 7
# Where a likelihood is below exp(-34) of its highest, nothing of it is left in any sum.
_DROP = 34.0
_NEAR = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12])
# Only few events leave a likelihood that wide.
_FAR = np.array([15.0, 20, 25, 30, 40, 60, 100, 200, 1000])
_FINER, _FAR_OUT = 8, 1e3
_SMALLEST = 1e-300
_ROOT_OF_TWO_PI = float(np.sqrt(2 * np.pi))


class Smoothed(NamedTuple):
    """What a log density becomes under normals around points: each of the shape of the points.

    log_integral : log of the integral of density times normal
    means, variances : of the density times normal, made to integrate to 1
    """

    log_integral: FloatArray
    means: FloatArray
    variances: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class LogTable:
    """The log of a smooth function on evenly spaced points; beyond them it goes on as a straight line.

    Attributes
    ----------
    start, step : of the points
    values : shape (points,)
    """

    start: float
    step: float
    values: FloatArray

    @classmethod
    def of(cls, function: Callable[[FloatArray], FloatArray], low: float, high: float, step: float) -> LogTable:
        """Tabulate a function from low to high, in steps no larger than `step`."""
        # a spline of the fifth degree needs six points
        points = max(int(np.ceil((high - low) / step)) + 1, 8)
        grid = np.linspace(low, high, points)
        return cls(start=float(low), step=float(grid[1] - grid[0]), values=function(grid))

    @cached_property
    def points(self) -> FloatArray:
        """Give the points, shape (points,)."""
        return np.asarray(self.start + self.step * np.arange(len(self.values)), float)

    def __call__(self, value: FloatArray) -> FloatArray:
        """Give the log at values of any shape."""
        inside = np.clip(value, self.points[0], self.points[-1])
        found = self._spline(inside)
        first, last = self._slopes
        return np.asarray(found + np.where(value < inside, first, last) * (value - inside))

    def roughly(self, value: FloatArray) -> FloatArray:
        """Give the log at values of any shape to within 0.001, in a tenth of the time."""
        return np.interp(value, *self._finer)

    def smoothed(self, centres: FloatArray, deviations: FloatArray) -> Smoothed:
        """Integrate the function against normals.

        Parameters
        ----------
        centres : of the normals, shape (deviations, n)
        deviations : shape (deviations,), zero or more
        """
        found = [np.empty(centres.shape) for _ in range(3)]
        narrow = deviations < _NARROW * self.step
        for chosen, way in ((narrow, self._by_hermite), (~narrow, self._by_points)):
            if chosen.any():
                for whole, part in zip(found, way(centres[chosen], deviations[chosen, None]), strict=True):
                    whole[chosen] = part
        return Smoothed(*found)

    def _by_points(self, centres: FloatArray, deviations: FloatArray) -> Smoothed:
        highest = self.values.max()
        density = np.exp(self.values - highest)
        middle = float(density @ self.points / density.sum())
        away = self.points - middle
        powers = np.column_stack([density, density * away, density * away**2])
        kernel = (self.points - centres[..., None]) * (1 / deviations[..., None])
        np.square(kernel, out=kernel)
        kernel *= -0.5
        np.exp(kernel, out=kernel)
        zeroth, first, second = np.moveaxis(kernel @ powers, -1, 0)
        zeroth = np.maximum(zeroth, _SMALLEST)
        means = first / zeroth
        log_integral = np.log(zeroth) + highest + np.log(self.step / (_ROOT_OF_TWO_PI * deviations))
        return Smoothed(log_integral, means + middle, np.maximum(second / zeroth - means**2, 0.0))

    def _by_hermite(self, centres: FloatArray, deviations: FloatArray) -> Smoothed:
        nodes, weights = _hermite()
        away = deviations[..., None] * nodes
        logs = self(centres[..., None] + away)
        highest = logs.max(axis=-1)
        terms = np.exp(logs - highest[..., None]) * weights
        zeroth = terms.sum(axis=-1)
        means = (terms * away).sum(axis=-1) / zeroth
        variances = (terms * away**2).sum(axis=-1) / zeroth - means**2
        return Smoothed(np.log(zeroth) + highest, centres + means, np.maximum(variances, 0.0))

    @cached_property
    def _spline(self) -> Callable[[FloatArray], FloatArray]:
        from scipy.interpolate import PPoly, make_interp_spline

        # as polynomials it is read in a fifth of the time
        return PPoly.from_spline(make_interp_spline(self.points, self.values, k=5).tck)

    @cached_property
    def _finer(self) -> tuple[FloatArray, FloatArray]:
        fine = np.linspace(self.points[0], self.points[-1], _FINER * (len(self.values) - 1) + 1)
        ends = np.array([fine[0] - _FAR_OUT, fine[-1] + _FAR_OUT])
        places = np.concatenate([ends[:1], fine, ends[1:]])
        return places, self(places)

    @property
    def _slopes(self) -> tuple[float, float]:
        return (
            float((self.values[1] - self.values[0]) / self.step),
            float((self.values[-1] - self.values[-2]) / self.step),
        )


def tabulated(site: SiteLikelihood, low: float, high: float, *, fineness: float = 1.0) -> LogTable:
    """Tabulate what a site says between low and high, where that is anything at all.

    Centre and width are the site's own: a site with 10,000 events has a table as short as one with ten.
    """
    start, end = _ends(site, low, high)
    step = min(site.scale / _STEPS_A_WIDTH, _WIDEST_STEP) / fineness
    if end - start < 8 * step:  # the likelihood lies outside of where anybody looks: what is seen of it is a slope
        start, end = max(low, min(start, end - 8 * step)), min(high, max(end, start + 8 * step))
    if end <= start:
        start, end = low, high
    return LogTable.of(site.log_likelihood, start, end, step)


def _ends(site: SiteLikelihood, low: float, high: float) -> tuple[float, float]:
    """Give where the likelihood has dropped to nothing on either side, between low and high."""
    middle = float(np.clip(site.centre, low, high))
    near = np.clip(middle + site.scale * np.concatenate([-_NEAR[::-1], [0.0], _NEAR]), low, high)
    seen = site.log_likelihood(near)
    enough = seen.max() - _DROP
    ends = []
    for side in (-1, 1):
        places, logs = near[len(_NEAR) :: side], seen[len(_NEAR) :: side]
        if logs[-1] > enough and low < places[-1] < high:
            places = np.clip(middle + side * site.scale * _FAR, low, high)
            logs = site.log_likelihood(places)
        dropped = np.flatnonzero(logs <= enough)
        ends.append(float(places[dropped[0] if len(dropped) else -1]))
    return ends[0], ends[1]


@cache
def _hermite() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(_HERMITE)
    return nodes, weights / weights.sum()
