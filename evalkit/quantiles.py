"""Quantiles of draws, read between mid-ranks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["quantiles"]


def quantiles(draws: ArrayLike, shares: Sequence[float], *, median: bool = False) -> list[float]:
    """Give quantiles between mid-ranks (Hazen 1914, definition 5 of Hyndman and Fan 1996, doi:10.2307/2684934).

    They are those of `numpy.quantile(draws, shares, method="hazen")` to the last bit, and the median that of
    `numpy.median`. A report reads thousands of them, and for some thousand draws numpy takes most of its time to find
    out what it was given.

    Parameters
    ----------
    draws : array, of any shape; at least one draw
    shares : of the draws that lie below, each between 0 and 1
    median : give the median too, after all others, from the same look at the draws

    >>> quantiles([4.0, 1.0, 2.0, 3.0], [0.25, 0.75], median=True)
    [1.5, 3.5, 2.5]
    """
    array = np.asarray(draws, float).ravel()
    last = array.size - 1
    places = [array.size * share + 0.5 - 1 for share in shares]
    below = [min(max(math.floor(place), 0), last) for place in places]
    above = [min(math.floor(place) + 1, last) if place >= 0 else 0 for place in places]
    middle = (last // 2, (last + 1) // 2) if median else ()
    ordered = np.partition(array, sorted({0, last, *below, *above, *middle}))
    if math.isnan(ordered[last]):
        return [math.nan] * (len(places) + median)
    found = [
        _between(float(ordered[low]), float(ordered[high]), place - low)
        for low, high, place in zip(below, above, places, strict=True)
    ]
    return [*found, *([(float(ordered[middle[0]]) + float(ordered[middle[1]])) / 2] if middle else [])]


def _between(low: float, high: float, part: float) -> float:
    # from the nearer end, as numpy does
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part
