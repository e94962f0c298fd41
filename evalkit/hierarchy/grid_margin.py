"""What is known of one number, from its density on points: the counterpart of a mixture of normals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.draws import Interval
from evalkit.errors import EvidenceError

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["GridMargin"]

# Points lie densely around the mean and ever more thinly away from it, so that a sharp peak and long tails both have
# theirs: the place is sinh of an even step.
_POINTS, _FAR = 601, 60.0
_STEPS, _SETTLED = 60, 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class GridMargin:
    """The posterior of an effect, on the scale of the counts' log ratio: negative where there was less crime.

    It has `ppf`, so that `evalkit.draws.spread` lays draws on its quantiles as it does for any distribution.

    Attributes
    ----------
    mean, deviation : mean and standard deviation
    density : gives the density at values of any shape
    """

    mean: float
    deviation: float
    density: Callable[[Any], FloatArray]

    @property
    def median(self) -> float:
        """Median."""
        return float(self.ppf(0.5))

    def below(self, value: Any) -> FloatArray:
        """Give the probability of less than `value`, same shape."""
        return np.clip(self._reached(self._place(np.asarray(value, float))), 0.0, 1.0)

    def above(self, value: Any) -> FloatArray:
        """Give the probability of more than `value`, same shape."""
        return np.asarray(1 - self.below(value))

    def ppf(self, probability: Any, /) -> FloatArray:
        """Give the quantiles at probabilities between 0 and 1, same shape."""
        asked = np.asarray(probability, float)
        if not ((asked > 0) & (asked < 1)).all():
            outside = asked[~((asked > 0) & (asked < 1))].flat[0]
            msg = f"a probability lies between 0 and 1, exclusive; there is {outside}"
            raise EvidenceError(msg)
        places, reached = self._table
        low = np.clip(np.searchsorted(reached, asked.ravel()) - 1, 0, len(places) - 2)
        lower, upper = places[low], places[low + 1]
        for _ in range(_STEPS):
            middle = 0.5 * (lower + upper)
            short = self._reached(middle) < asked.ravel()
            lower, upper = np.where(short, middle, lower), np.where(short, upper, middle)
            if (upper - lower).max() < _SETTLED:
                break
        return np.asarray(self._value(0.5 * (lower + upper)).reshape(asked.shape))

    def interval(self, level: float = 0.95) -> Interval:
        """Give the equal-tailed interval."""
        lower, upper = self.ppf([(1 - level) / 2, (1 + level) / 2])
        return Interval(level=level, lower=float(lower), upper=float(upper))

    def _value(self, place: FloatArray) -> FloatArray:
        return np.asarray(self.mean + self.deviation * np.sinh(place))

    def _place(self, value: FloatArray) -> FloatArray:
        return np.asarray(np.arcsinh((value - self.mean) / self.deviation))

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray]:
        """Give places and the probability below each."""
        end = float(np.arcsinh(_FAR))
        places = np.linspace(-end, end, _POINTS)
        return places, self._reached(places)

    @cached_property
    def _reached(self) -> Callable[[FloatArray], FloatArray]:
        from scipy.interpolate import PPoly, make_interp_spline

        end = float(np.arcsinh(_FAR))
        places = np.linspace(-end, end, _POINTS)
        slope = self.density(self._value(places)) * self.deviation * np.cosh(places)
        whole = PPoly.from_spline(make_interp_spline(places, slope, k=5).tck).antiderivative()
        start, total = whole(-end), whole(end) - whole(-end)
        return lambda place: (whole(np.clip(place, -end, end)) - start) / total
