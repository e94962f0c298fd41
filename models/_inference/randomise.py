"""Randomisation inference that follows the assignment: the same sites and starts, laid out in every other way.

If the measure changed nothing, the sites that got it might as well have been others. The estimate is compared
with those that the other placements of the same starts give ("placebo in space" where one site was
treated). Taking the effect to be tau leaves outcomes Y - tau D, so that each tau can be tested; those that are
not rejected are the interval. For an estimator that is linear in the outcomes, all of this has a closed form.

Fisher 1935 (The Design of Experiments); Abadie, Diamond and Hainmueller 2010, doi:10.1198/jasa.2009.ap08746;
MacKinnon and Webb 2020, doi:10.1016/j.jeconom.2020.04.024.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, prod

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError

__all__ = [
    "ENUMERATE_UP_TO",
    "ConfidenceDistribution",
    "Placements",
    "confidence_distribution",
    "count_placements",
    "placements",
    "smallest_share",
]

# Up to so many placements all of them are taken, beyond it as many random ones: a share of .05 is then known to
# .0022 (one standard error).
ENUMERATE_UP_TO = 10_000
# A placement whose estimate moves one for one with the effect (itself, its mirror image) never tells against it.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Placements:
    """The ways in which the same starts could have fallen on the same sites.

    Attributes
    ----------
    starts : each row gives every site a start, shape (m, sites); the first row is what happened
    of : how many different ones there are
    words : what the reference set is, in words
    """

    starts: np.ndarray
    of: int
    words: str

    @property
    def is_exhaustive(self) -> bool:
        """Are all of them there?"""
        return len(self.starts) == self.of


def placements(starts: np.ndarray, never: int, rng: np.random.Generator, limit: int = ENUMERATE_UP_TO) -> Placements:
    """Give the ways in which these starts could have fallen on these sites: all, or `limit` with the actual one.

    Parameters
    ----------
    starts : first treated period of each site that takes part (treated and comparison, no buffer), shape (sites,)
    never : the value that means "never treated"
    rng : used only where there are more than `limit`

    >>> found = placements(np.array([3, 9, 9]), 9, np.random.default_rng(1))
    >>> found.starts.tolist(), found.words
    ([[3, 9, 9], [9, 3, 9], [9, 9, 3]], 'all 3 ways to choose the 1 treated of 3 sites')
    """
    labels, counts = np.unique(starts, return_counts=True)
    total = count_placements(starts)
    if total <= limit:
        rows = _all_of(labels, counts)
        same = (rows == starts).all(axis=1)  # what happened comes first
        rows = np.concatenate([rows[same], rows[~same]])
    else:
        rows = _some_of(starts, limit, rng)
    return Placements(starts=rows, of=total, words=_words(labels, counts, never, total, len(rows)))


def count_placements(starts: np.ndarray) -> int:
    """Count the different ways, a multinomial number."""
    counts = np.unique(starts, return_counts=True)[1].tolist()
    return prod(comb(sum(counts[: place + 1]), count) for place, count in enumerate(counts))


def smallest_share(starts: np.ndarray, never: int) -> float:
    """Smallest two-sided p-value that placements could give: the actual one, and its mirror image where it has one."""
    labels, counts = np.unique(starts, return_counts=True)
    mirrored = len(labels) == 2 and labels[-1] == never and counts[0] == counts[1]
    return (2 if mirrored else 1) / count_placements(starts)


def _all_of(labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Lay one label after the other over the places that are left, shape (m, sites)."""
    size = int(counts.sum())
    rows, free = np.empty((1, size), dtype=np.intp), np.arange(size)[None, :]
    for label, count in zip(labels, counts.tolist(), strict=True):
        left = free.shape[1]
        picked = np.array(list(combinations(range(left), count)), dtype=np.intp)
        taken = np.zeros((len(picked), left), dtype=bool)
        np.put_along_axis(taken, picked, values=True, axis=1)
        others = np.nonzero(~taken)[1].reshape(len(picked), left - count)
        rows = np.repeat(rows, len(picked), axis=0)
        np.put_along_axis(rows, free[:, picked].reshape(len(rows), count), label, axis=1)
        free = free[:, others].reshape(len(rows), left - count)
    return rows


def _some_of(starts: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    """What happened, and random placements: counted together they keep the test exact (Phipson and Smyth 2010)."""
    rows = rng.permuted(np.tile(starts, (limit - 1, 1)), axis=1)
    return np.concatenate([starts[None, :], rows])


def _words(labels: np.ndarray, counts: np.ndarray, never: int, total: int, kept: int) -> str:
    sites, treated = int(counts.sum()), int(counts[labels != never].sum())
    cohorts = int((labels != never).sum())
    which = f"all {total:,}" if kept == total else f"{kept:,} of the {_big(total)}"
    if treated < sites:
        what = f"choose the {treated} treated of {sites} sites"
        return f"{which} ways to {what}" + (f" and their {cohorts} starts" if cohorts > 1 else "")
    return f"{which} ways to lay the {cohorts} starts over {sites} sites"


def _big(number: int) -> str:
    return f"{number:,}" if number < 10**9 else f"{number:.1e}"


@dataclass(frozen=True, kw_only=True, eq=False)
class ConfidenceDistribution:
    """What a two-sided randomisation test does not reject, at every level at once.

    Placement j speaks for an effect of tau where its estimate is at least as far from nothing as the actual
    one, both reckoned from Y - tau D. These tau lie between two ends around the estimate, so the p-value of
    tau is the share of placements whose range holds it, one at the estimate and falling away from it.

    Attributes
    ----------
    estimate : the actual one
    lower, upper : ends of the range of each placement, sorted outside in, shape (m,); infinite for the
        actual placement and those that cannot tell against any effect
    """

    estimate: float
    lower: FloatArray
    upper: FloatArray

    def p_value(self, effect: float = 0.0) -> float:
        """Two-sided p-value of an effect."""
        held = self.lower <= effect if effect <= self.estimate else self.upper >= effect
        return float(np.mean(held))

    @property
    def smallest_p_value(self) -> float:
        """The p-value of the most extreme effect there is."""
        return float(np.mean(np.isinf(self.lower)))

    def draw(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Lay the distribution over its quantiles in random order, shape (draws,); their median is the estimate.

        The interval read from the draws at a level 1 - alpha holds exactly what the test does not reject at
        alpha. Where alpha is below the smallest p-value the test has no limits; draws that would lie
        beyond stand at its outermost limit, and must not be read as one (`Effect.smallest_p_value`).
        """
        m = len(self.lower)
        if not np.isfinite(self.lower).any():
            msg = "no placement of the treatment tells against any effect, so no error can be given"
            raise EstimationError(msg)
        half = (draws + 1) // 2
        tail = (np.arange(half) + 1.0) / draws  # the inner end of each draw's share: limits come back as they are
        place = np.minimum(np.floor(2 * m * tail + _ROUNDING * m).astype(np.intp), m - 1)
        below, above = _finite(self.lower)[place], _finite(self.upper)[place]
        below[-1] = above[-1] = self.estimate
        laid = np.concatenate([below, above[: draws - half][::-1] if draws % 2 else above[::-1]])
        return rng.permutation(laid)


def _finite(ends: FloatArray) -> FloatArray:
    """Put what has no limit at the outermost limit there is."""
    inside = int(np.isinf(ends).sum())
    return np.where(np.isinf(ends), ends[min(inside, len(ends) - 1)], ends)


def confidence_distribution(
    estimate: float, a: FloatArray, b: FloatArray | None = None, scale: FloatArray | None = None
) -> ConfidenceDistribution:
    """Invert the test that compares the estimate with those of all placements.

    Placement j gives a_j - tau b_j from Y - tau D, over `scale`_j; it speaks for tau where that is at least
    as far from zero as the actual (estimate - tau) / scale_0. The ends are the two roots of the equation.

    Parameters
    ----------
    estimate : a_0
    a : estimates of all placements from Y, the actual one first, shape (m,)
    b : estimates from D itself, b_0 = 1; None for placements that hold no treated site (placebos), b_j = 0
    scale : standard deviation of each, up to a constant; None where they are alike

    >>> found = confidence_distribution(3.0, np.array([3.0, -1.0, 0.5, 2.0]))
    >>> found.p_value(), found.lower.tolist()
    (0.25, [-inf, 1.0, 2.0, 2.5])
    """
    ratio = np.ones(len(a)) if scale is None else scale[0] / scale
    own = np.zeros(len(a)) if b is None else b * ratio
    if b is None:
        own[0] = 1.0
    moved = a * ratio
    telling = np.abs(own) < 1 - _ROUNDING
    down = np.where(telling, 1 - own, 1.0)
    up = np.where(telling, 1 + own, 1.0)
    roots = np.stack([(estimate - moved) / down, (estimate + moved) / up])
    lower = np.where(telling, np.minimum(roots.min(axis=0), estimate), -np.inf)
    upper = np.where(telling, np.maximum(roots.max(axis=0), estimate), np.inf)
    return ConfidenceDistribution(estimate=float(estimate), lower=np.sort(lower), upper=np.sort(upper)[::-1])
