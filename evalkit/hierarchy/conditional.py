"""What a site's own counts say of its effect, once all that is not asked for is conditioned away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import gammaln, log_expit

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["Binomial", "Hypergeometric", "SiteLikelihood"]

# Terms of that sum beyond so many standard deviations are below rounding, also where the distribution is skewed.
_REACH, _MORE = 14.0, 40.0
# Beyond it a ratio is 0 or infinite for any table.
_STEEPEST = 300.0


class SiteLikelihood(Protocol):
    """What one site says of its own effect."""

    @property
    def centre(self) -> float:
        """Give an effect where the likelihood is high: where to look, and no estimate."""
        ...

    @property
    def scale(self) -> float:
        """Give about how wide the likelihood is: how finely to look."""
        ...

    def log_likelihood(self, effect: FloatArray, /) -> FloatArray:
        """Give the log of the probability of the counts at effects of shape (n,)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Binomial:
    """Two rates given their total: the share of events that falls on the second is binomial."""

    events: int
    total: int
    offset: float = 0.0

    @property
    def centre(self) -> float:
        """Give about where the likelihood is highest."""
        return float(np.log((self.events + 0.5) / (self.total - self.events + 0.5))) - self.offset

    @property
    def scale(self) -> float:
        """Give about how wide the likelihood is."""
        return float(np.sqrt(1 / (self.events + 0.5) + 1 / (self.total - self.events + 0.5)))

    def log_likelihood(self, effect: FloatArray, /) -> FloatArray:
        """Give the log probability of the events, given the total, at effects of shape (n,)."""
        place = np.asarray(effect, float) + self.offset
        other = self.total - self.events
        ways = gammaln(self.total + 1.0) - gammaln(self.events + 1.0) - gammaln(other + 1.0)
        return np.asarray(ways + self.events * log_expit(place) + other * log_expit(-place))


@dataclass(frozen=True, kw_only=True)
class Hypergeometric:
    """A two-by-two table given its margins: Fisher's noncentral hypergeometric distribution.

    Given how many events the treated area had, how many the comparison area, and how many fell after, the treated
    area's events after depend on the effect alone: the level of either area and the change that both have are gone
    (Stijnen, Hamza and Özdemir 2010, doi:10.1002/sim.4040). No cell needs a half added.
    """

    treated: tuple[int, int]
    comparison: tuple[int, int]
    offset: float = 0.0

    @property
    def centre(self) -> float:
        """Give about where the likelihood is highest."""
        (b, a), (d, c) = self.treated, self.comparison
        return float(np.log((a + 0.5) / (b + 0.5) * (d + 0.5) / (c + 0.5))) - self.offset

    @property
    def scale(self) -> float:
        """Give about how wide the likelihood is."""
        return float(np.sqrt(sum(1 / (cell + 0.5) for cell in (*self.treated, *self.comparison))))

    def log_likelihood(self, effect: FloatArray, /) -> FloatArray:
        """Give the log probability of the table, given its margins, at effects of shape (n,)."""
        place = np.asarray(effect, float) + self.offset
        cell, first, second, column = self._margins
        low, high = self._window(float(place.min()), float(place.max()))
        # ratios of neighbours, added up from the table itself: no large number is taken from another
        at = np.arange(low, high, dtype=float)
        ratio = (first - at) * (column - at) / ((at + 1) * (second - column + at + 1))
        logs = np.concatenate([[0.0], np.cumsum(np.log(ratio))])
        logs -= logs[cell - low]
        terms = logs + np.multiply.outer(place, np.arange(low - cell, high - cell + 1, dtype=float))
        highest = terms.max(axis=1)
        return np.asarray(-highest - np.log(np.exp(terms - highest[:, None]).sum(axis=1)))

    @property
    def _margins(self) -> tuple[int, int, int, int]:
        return self.treated[1], sum(self.treated), sum(self.comparison), self.treated[1] + self.comparison[1]

    def _window(self, lowest: float, highest: float) -> tuple[int, int]:
        """Give the first and last count that matter for effects from lowest to highest."""
        cell, first, second, column = self._margins
        start, end = max(0, column - second), min(first, column)
        ends = []
        for place, side in ((lowest, -1), (highest, 1)):
            mode = _mode(place, first, second, column)
            cells = np.array([mode, first - mode, column - mode, second - column + mode])
            ends.append(mode + side * (_REACH / np.sqrt((1 / (np.maximum(cells, 0) + 1)).sum()) + _MORE))
        return max(start, min(int(ends[0]), cell)), min(end, max(int(ends[1]) + 1, cell))


def _mode(place: float, first: int, second: int, column: int) -> float:
    """Give about the likeliest count: where the ratio of neighbouring tables is one."""
    odds = float(np.exp(np.clip(place, -_STEEPEST, _STEEPEST)))
    low = max(0, column - second)
    # counted from the least that is possible, so that all but the last of these are zero or above
    one, two, left, right = first - low, column - low, low, second - column + low
    a, b = odds - 1, (one + two) * odds + 2 + left + right
    c = one * two * odds - (1.0 + left) * (1 + right)
    return low + 2 * c / (b + float(np.sqrt(max(b * b - 4 * a * c, 0.0))))
