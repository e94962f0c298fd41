"""From events recorded and expected, and each site's part in their error, to draws of a ratio and of events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from evalkit.draws import FloatArray, spread, spread_parts

__all__ = ["Ratio", "draw_ratio", "effective_number", "ratio_of"]


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """Log of events recorded over events expected in the treated sites, and how well it is known.

    Attributes
    ----------
    log_ratio, std_error, degrees_of_freedom : of the whole time after the start
    recorded, expected : events by period, shape (periods,)
    influence : each site's part in the error of the log ratio, shape (sites,); squares sum to its variance
    covariance : of events expected less recorded, shape (periods, periods)
    """

    log_ratio: float
    std_error: float
    degrees_of_freedom: float
    recorded: FloatArray
    expected: FloatArray
    influence: FloatArray
    covariance: FloatArray

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no change."""
        return float(2 * stdtr(self.degrees_of_freedom, -abs(self.log_ratio) / self.std_error))


def effective_number(amounts: FloatArray) -> float:
    """How many equal parts vary as these do: square of the sum over the sum of squares (Kish 1965)."""
    return float(amounts.sum() ** 2 / (amounts**2).sum()) if amounts.any() else 0.0


def ratio_of(
    recorded: FloatArray,
    expected: FloatArray,
    contributions: FloatArray,
    treated: np.ndarray,
    numbers: tuple[float, float],
) -> Ratio:
    """Combine each site's contribution to the error of events expected less recorded.

    Parameters
    ----------
    recorded, expected : events in the treated sites by period, shape (periods,), sums above zero
    contributions : shape (sites, periods); over the periods they sum to minus `expected` times the site's
        influence on the log ratio
    treated : which sites are treated, shape (sites,)
    numbers : sites that the variances of treated and of comparison sites are worth; the degrees of freedom
        are those of Welch 1947, doi:10.1093/biomet/34.1-2.28
    """
    influence = -contributions.sum(axis=1) / expected.sum()
    parts = np.array([(influence[treated] ** 2).sum(), (influence[~treated] ** 2).sum()])
    free = np.maximum(np.array(numbers) - 1, 1.0)
    return Ratio(
        log_ratio=float(np.log(recorded.sum() / expected.sum())),
        std_error=float(np.sqrt(parts.sum())),
        degrees_of_freedom=float(parts.sum() ** 2 / (parts**2 / free).sum()),
        recorded=recorded,
        expected=expected,
        influence=influence,
        covariance=contributions.T @ contributions,
    )


def draw_ratio(found: Ratio, draws: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Spread the log ratio as t, shape (draws,), and events prevented by period, shape (draws, periods).

    Every row of events adds up to recorded times (exp(-change) - 1), so that both tell the same.
    """
    from scipy import stats

    change = spread(stats.t(found.degrees_of_freedom, found.log_ratio, found.std_error), draws, rng)
    total = found.recorded.sum() * np.expm1(-change)
    mean = found.expected - found.recorded
    return change, spread_parts(total, mean, found.covariance, np.ones(len(mean)), rng)
