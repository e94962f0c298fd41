"""What is known of the deviation between sites: a density on zero and above, with exact quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.draws import Interval
from evalkit.hierarchy.panels import Panels, resolved

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.draws import FloatArray
    from evalkit.hierarchy.quadrature import Axis

__all__ = ["BetweenMargin"]

# Beyond so many quantiles a table is quicker; it has so many rows for each node.
_MANY, _FINER = 256, 16


@dataclass(frozen=True, kw_only=True, eq=False)
class BetweenMargin:
    """The posterior of the deviation between sites, on the scale of the effects.

    Attributes
    ----------
    log_density : gives the log of the density at deviations of shape (n,)
    axis : how the deviations are laid out
    mean, deviation : mean and standard deviation; None where prior and data are too wide for them to exist
    panels : the density on that axis, where it was integrated already
    """

    log_density: Callable[[FloatArray], FloatArray]
    axis: Axis
    mean: float | None
    deviation: float | None
    panels: Panels | None = None

    def density(self, value: Any) -> FloatArray:
        """Give the density at deviations of zero or more, same shape."""
        asked = np.asarray(value, float)
        return np.exp(self.log_density(asked.ravel())).reshape(asked.shape)

    def below(self, value: Any) -> FloatArray:
        """Give the probability of less than `value`, same shape."""
        asked = np.asarray(value, float)
        places = self.axis.place(np.maximum(asked.ravel(), 0.0))
        return self._panels.below(np.zeros(places.size, int), places).reshape(asked.shape)

    def above(self, value: Any) -> FloatArray:
        """Give the probability of more than `value`, same shape."""
        return np.asarray(1 - self.below(value))

    def ppf(self, probability: Any, /) -> FloatArray:
        """Give the quantiles at probabilities between 0 and 1, same shape.

        Many at once are read between the rows of a table, which tells them apart to the fourth digit.
        """
        asked = np.asarray(probability, float)
        if asked.size > _MANY:
            return self.axis.deviation(np.interp(asked.ravel(), *self._table)).reshape(asked.shape)
        places = self._panels.quantile(np.zeros(asked.size, int), asked.ravel())
        return self.axis.deviation(places).reshape(asked.shape)

    @property
    def median(self) -> float:
        """Median."""
        return float(self.ppf(0.5))

    @cached_property
    def mode(self) -> float:
        """Likeliest deviation; 0 where the density falls from there on."""
        from scipy.optimize import minimize_scalar

        table = np.concatenate([[0.0], self.axis.deviation(self._panels.places).ravel()])
        heights = self.log_density(table)
        best = int(np.argmax(heights))
        ends = (table[max(best - 1, 0)], table[min(best + 1, len(table) - 1)])
        found = minimize_scalar(
            lambda each: -self.log_density(np.array([each]))[0],
            bounds=ends,
            method="bounded",
            options={"xatol": 1e-10 * ends[1]},
        )
        return 0.0 if heights[0] >= -found.fun - 1e-12 else float(found.x)

    def interval(self, level: float = 0.95) -> Interval:
        """Give the equal-tailed interval."""
        lower, upper = self.ppf([(1 - level) / 2, (1 + level) / 2])
        return Interval(level=level, lower=float(lower), upper=float(upper))

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray]:
        """Give probabilities and the places to which they belong, both rising: quarters of the steps of the nodes."""
        nodes = np.concatenate([[0.0], self._panels.places.ravel(), [1.0]])
        places = np.interp(np.arange(_FINER * len(nodes)) / _FINER, np.arange(len(nodes)), nodes)
        return np.maximum.accumulate(self._panels.below(np.zeros(len(places), int), places)), places

    @cached_property
    def _panels(self) -> Panels:
        if self.panels is not None:
            return self.panels

        def on_the_axis(_: np.ndarray, places: FloatArray) -> FloatArray:
            logs = self.log_density(self.axis.deviation(places).ravel()).reshape(places.shape)
            return np.asarray(logs + self.axis.log_slope(places))

        return resolved(on_the_axis, strict=False)
