"""What is known of the deviation between sites: a density on zero and above, with exact quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.draws import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.draws import FloatArray
    from evalkit.hierarchy.quadrature import Axis

__all__ = ["BetweenMargin"]

# Nodes of a probability: the integrand is smooth, and 64 leave an error of rounding.
_NODES = 64
# Panels of the table that quantiles start from; three nodes each.
_PANELS = 1024
_STEPS = 60
_SETTLED = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class BetweenMargin:
    """The posterior of the deviation between sites, on the scale of the effects.

    Attributes
    ----------
    log_density : gives the log of the density at deviations of shape (n,)
    axis : how the deviations are laid out
    mean, deviation : mean and standard deviation; None where prior and data are too wide for them to exist
    """

    log_density: Callable[[FloatArray], FloatArray]
    axis: Axis
    mean: float | None
    deviation: float | None

    def density(self, value: Any) -> FloatArray:
        """Give the density at deviations of zero or more, same shape."""
        asked = np.asarray(value, float)
        return np.exp(self.log_density(asked.ravel())).reshape(asked.shape)

    def below(self, value: Any) -> FloatArray:
        """Give the probability of less than `value`, same shape."""
        asked = np.asarray(value, float)
        return self._reached(self.axis.place(np.maximum(asked.ravel(), 0.0))).reshape(asked.shape)

    def above(self, value: Any) -> FloatArray:
        """Give the probability of more than `value`, same shape."""
        asked = np.asarray(value, float)
        places = self.axis.place(np.maximum(asked.ravel(), 0.0))
        return self._mass(places, np.ones_like(places), _NODES).reshape(asked.shape)

    def ppf(self, probability: Any, /) -> FloatArray:
        """Give the quantiles at probabilities between 0 and 1, same shape.

        More than a thousand at once are read between the rows of a table, which tells them apart to the sixth digit.
        """
        asked = np.asarray(probability, float)
        places = np.interp(asked.ravel(), *self._table)
        if asked.size <= _PANELS:
            places = self._settled(asked.ravel(), places)
        return self.axis.deviation(places).reshape(asked.shape)

    @property
    def median(self) -> float:
        """Median."""
        return float(self.ppf(0.5))

    @cached_property
    def mode(self) -> float:
        """Likeliest deviation."""
        from scipy.optimize import minimize_scalar

        table = self.axis.deviation(np.linspace(0.0, 1.0, _PANELS + 1)[:-1])
        best = int(np.argmax(self.log_density(table)))
        ends = (table[max(best - 1, 0)], table[min(best + 1, len(table) - 1)])
        found = minimize_scalar(
            lambda each: -self.log_density(np.array([each]))[0], bounds=ends, method="bounded", options={"xatol": 1e-10}
        )
        return float(found.x)

    def interval(self, level: float = 0.95) -> Interval:
        """Give the equal-tailed interval."""
        lower, upper = self.ppf([(1 - level) / 2, (1 + level) / 2])
        return Interval(level=level, lower=float(lower), upper=float(upper))

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray]:
        """Give probabilities and the places to which they belong, both rising."""
        places = np.linspace(0.0, 1.0, _PANELS + 1)
        reached = np.concatenate([[0.0], np.cumsum(self._mass(places[:-1], places[1:], 3))])
        rising = np.concatenate([[True], np.diff(reached) > 0])
        return reached[rising] / reached[-1], places[rising]

    def _settled(self, asked: FloatArray, places: FloatArray) -> FloatArray:
        """Move places until as much lies below as was asked, by Newton's steps kept inside the range."""
        places = np.clip(places, 1e-12, 1 - 1e-12)
        for _ in range(_STEPS):
            slope = np.exp(self.log_density(self.axis.deviation(places)) + self.axis.log_slope(places))
            newer = places - (self._reached(places) - asked) / np.maximum(slope, 1e-300)
            newer = np.clip(newer, 0.5 * places, 0.5 * (1 + places))
            moved, places = np.abs(newer - places), newer
            if (moved < _SETTLED).all():
                break
        return places

    def _reached(self, places: FloatArray) -> FloatArray:
        return self._mass(np.zeros_like(places), places, _NODES)

    def _mass(self, start: FloatArray, end: FloatArray, count: int) -> FloatArray:
        """Integrate the density from place to place, shape (places,)."""
        nodes = self.axis.nodes(count, start[:, None], end[:, None])
        joint = self.log_density(nodes.deviations.ravel()).reshape(nodes.deviations.shape)
        return np.asarray(np.exp(joint + nodes.log_widths).sum(axis=1))
