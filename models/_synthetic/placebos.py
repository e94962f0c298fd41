"""Placebos in space: the same estimate where nothing was done."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._synthetic.fitted import Fitter

__all__ = ["LEAST_LEFT", "Placements", "fit_placebos", "place", "signed_rows", "two_sided_p_value"]

# Of fewer a synthetic comparison is no more than a pick.
LEAST_LEFT = 3
# A statistic that differs by rounding only is a tie.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Placements:
    """Where else the measure could have been: comparison sites in the place of the treated ones.

    Attributes
    ----------
    chosen : positions in the comparison, shape (placements, treated), in the order of the treated sites
    possible : how many there are; all were chosen where `chosen` has as many rows
    words : the reference set, the real placement among it
    """

    chosen: np.ndarray
    possible: int
    words: str

    @property
    def smallest_p_value(self) -> float:
        """The p-value of an estimate beyond all placebos."""
        return 1 / (len(self.chosen) + 1)


def place(starts: np.ndarray, comparison: int, most: int, rng: np.random.Generator) -> Placements:
    """Enumerate the placements of the treated sites' starts on comparison sites, or draw `most` of them by lot."""
    treated = len(starts)
    if comparison - treated < LEAST_LEFT:
        msg = (
            f"placebos put the measure on {treated} of {comparison} comparison site(s) and match them by the rest, "
            f"of which there must be {LEAST_LEFT} or more; with so few sites this method has no error to give"
        )
        raise EstimationError(msg)
    sizes = np.unique(starts, return_counts=True)[1].tolist()
    possible = math.perm(comparison, treated) // math.prod(math.factorial(size) for size in sizes)
    what = "one treated site" if treated == 1 else f"{treated} treated sites"
    if possible <= most:
        order = np.argsort(starts, kind="stable")
        chosen = np.empty((possible, treated), dtype=np.intp)
        chosen[:, order] = np.array(list(_arrangements(range(comparison), sizes)))
        return Placements(chosen=chosen, possible=possible, words=f"all {possible + 1:,} placements of {what}")
    chosen = rng.permuted(np.tile(np.arange(comparison), (most, 1)), axis=1)[:, :treated]
    words = f"{most + 1:,} of {possible + 1:,} placements of {what}, drawn by lot"
    return Placements(chosen=chosen, possible=possible, words=words)


def _arrangements(sites: Sequence[int], sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All ways to choose one group of sites after the other."""
    for group in combinations(sites, sizes[0]):
        if len(sizes) == 1:
            yield group
            continue
        rest = [site for site in sites if site not in group]
        for later in _arrangements(rest, sizes[1:]):
            yield (*group, *later)


def fit_placebos(
    fitter: Fitter,
    outcomes: FloatArray,
    starts: np.ndarray,
    comparison: np.ndarray,
    placements: Placements,
    *,
    stop: int | None = None,
    most: int | None = None,
) -> FloatArray:
    """Give the gaps of every placement, shape (placements, groups, periods).

    The treated sites are nowhere part of the comparison, and neither are the others of one placement. This
    is one quadratic program a site and placement, solved one after the other in compiled code: solving them
    together in arrays took longer, as each stops at its own set of sites.
    """
    return np.stack(
        [
            fitter(outcomes, comparison[chosen], starts, np.delete(comparison, chosen), stop).gaps
            for chosen in islice(placements.chosen, most)
        ]
    )


def two_sided_p_value(estimate: float, errors: FloatArray) -> float:
    """Share of placements, the real one among them, whose estimate is as far from zero."""
    far = np.abs(errors) >= abs(estimate) * (1 - _ROUNDING)
    return float((1 + far.sum()) / (len(errors) + 1))


def signed_rows(errors: FloatArray, draws: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give placements and signs that lay their errors out as the confidence distribution of the test.

    The test rejects a change at distance d from the estimate where the share of placements with an error of
    at least d, the real one counted in, is too small. Inverted, the interval of every level reaches as far
    on both sides as the error that ranks so. Where a level is asked that the placements cannot give (95 %
    with fewer than 19) there is no limit; the draws then stop at the largest error, and `smallest_p_value`
    says that this is not enough.

    Parameters
    ----------
    errors : of the headline, shape (placements,)

    Returns
    -------
    rows, signs
        Shape (draws,); `estimate + signs * errors[rows]` is the confidence distribution.
    """
    count = len(errors)
    descending = np.argsort(-np.abs(errors), kind="stable")
    place_of = np.arange(draws)
    from_end = np.minimum(place_of, draws - 1 - place_of) + 1
    rank = np.clip(np.floor(2 * from_end / draws * (count + 1) + _ROUNDING).astype(int), 1, count)
    rows = descending[rank - 1]
    side = np.where(place_of < draws / 2, -1.0, 1.0)
    signs = side * np.where(errors[rows] < 0, -1.0, 1.0)
    order = rng.permutation(draws)
    return rows[order], signs[order]
