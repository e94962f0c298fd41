"""How much more counts vary than chance makes them: known, estimated from the periods before, or uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from evalkit.errors import EvidenceError

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["Dispersion", "pearson_excess"]

_SWEEPS = 200
_SETTLED = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Dispersion:
    """The excess of the variance of counts over their mean: variance = mean (1 + excess), in every period and total.

    This is the negative binomial of Hausman, Hall and Griliches (1984, doi:10.2307/1911191), whose totals have the
    excess of their months; given a total, its split is beta-binomial. Where the variance rises with the square of
    the mean instead, sites with more crime have a larger excess, and one number is an average.

    Attributes
    ----------
    excess : one value, or several that are possible, shape (values,), zero or more
    weights : how likely each is, shape (values,), adding up to 1
    """

    excess: FloatArray
    weights: FloatArray

    def __post_init__(self) -> None:
        excess, weights = np.atleast_1d(np.asarray(self.excess, float)), np.atleast_1d(np.asarray(self.weights, float))
        if excess.shape != weights.shape or excess.ndim != 1 or not (np.isfinite(excess) & (excess >= 0)).all():
            msg = f"the excess of the variance is zero or more, one weight for each value; there is {excess.tolist()}"
            raise EvidenceError(msg)
        if not (weights > 0).all() or abs(weights.sum() - 1) > 1e-9:
            msg = f"weights of a dispersion are above zero and add up to 1; there is {weights.tolist()}"
            raise EvidenceError(msg)
        object.__setattr__(self, "excess", excess)
        object.__setattr__(self, "weights", weights)

    @classmethod
    def of(cls, excess: float) -> Self:
        """Take one value for known.

        >>> Dispersion.of(0.5).excess.tolist()
        [0.5]
        """
        return cls(excess=np.array([excess]), weights=np.ones(1))

    @classmethod
    def from_panel(cls, counts: Any, *, exposure: Any = None, values: int = 7) -> Self:
        """Learn it from the periods before the start, with what these leave open.

        Squared residuals around site times period follow (1 + excess) times a chi-square, to a good approximation
        where most cells have an event or more. `values` mid-quantiles of what follows for the excess are integrated
        over; 1 takes the estimate for known.

        Parameters
        ----------
        counts : shape (sites, periods), all before the start
        exposure : same shape
        values : how many
        """
        from scipy.stats import chi2

        squares, freedom = _pearson(counts, exposure)
        if values == 1:
            return cls.of(max(squares / freedom - 1, 0.0))
        shares = (np.arange(values) + 0.5) / values
        excess = np.maximum(squares / chi2(freedom).isf(shares) - 1, 0.0)
        distinct, times = np.unique(excess, return_counts=True)
        return cls(excess=distinct, weights=times / values)


def pearson_excess(counts: Any, exposure: Any = None) -> float:
    """Estimate the excess: squared residuals over what chance makes them, less one; negative where they are calmer.

    Parameters
    ----------
    counts, exposure : shape (sites, periods)
    """
    squares, freedom = _pearson(counts, exposure)
    return squares / freedom - 1


def _pearson(counts: Any, exposure: Any) -> tuple[float, int]:
    """Give the sum of squared Pearson residuals around site times period, and its degrees of freedom."""
    y = np.asarray(counts, float)
    size = np.ones_like(y) if exposure is None else np.asarray(exposure, float)
    if y.ndim != 2 or min(y.shape) < 2 or size.shape != y.shape:
        msg = f"two sites and two periods at least teach the dispersion, shape (sites, periods); there is {y.shape}"
        raise EvidenceError(msg)
    if not (np.isfinite(y) & (y >= 0)).all() or not (np.isfinite(size) & (size > 0)).all():
        msg = "counts are zero or more and exposures above zero, all of them finite"
        raise EvidenceError(msg)
    y, size = (each[y.sum(axis=1) > 0][:, y.sum(axis=0) > 0] for each in (y, size))
    if min(y.shape) < 2:
        msg = "the dispersion is learnt from two sites and two periods with events at least"
        raise EvidenceError(msg)
    expected = size * y.sum() / size.sum()
    for _ in range(_SWEEPS):
        before = expected
        expected = expected * (y.sum(axis=1) / expected.sum(axis=1))[:, None]
        expected = expected * (y.sum(axis=0) / expected.sum(axis=0))
        if np.abs(expected - before).max() <= _SETTLED * expected.max():
            break
    return float(((y - expected) ** 2 / expected).sum()), (y.shape[0] - 1) * (y.shape[1] - 1)
