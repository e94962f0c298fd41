"""Quantiles of draws, read between mid-ranks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["quantiles"]

type FloatArray = NDArray[np.float64]


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
    array = np.array(draws, float).ravel()
    last = array.size - 1
    if math.isnan(array.max()):
        return [math.nan] * (len(shares) + median)
    places = [array.size * share + 0.5 - 1 for share in shares]
    below = [min(max(math.floor(place), 0), last) for place in places]
    found = _with_the_next(array, [*below, *([last // 2] if median else [])])
    read = [
        _between(found[low][0], found[low][place >= 0], place - low) for low, place in zip(below, places, strict=True)
    ]
    if median:
        middle, upper = found[last // 2]
        read.append((middle + upper) / 2 if last % 2 else middle)
    return read


def _with_the_next(array: FloatArray, ranks: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Give the draw of each rank with that of the next; the array is left in another order.

    To find one rank in what the rank before has left is quicker than to find all of them at once.
    """
    found, passed = {}, 0
    for rank in sorted(set(ranks)):
        array.partition(rank - passed)
        array, passed = array[rank - passed :], rank
        first = float(array[0])
        found[rank] = (first, float(array[1:].min()) if array.size > 1 else first)
    return found


def _between(low: float, high: float, part: float) -> float:
    # from the nearer end, as numpy does
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part
