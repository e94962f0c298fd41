"""How noisy placebos are next to the treated sites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of
from evalkit.models._synthetic.fitted import Fitted
from evalkit.models._synthetic.placebos import Placements
from evalkit.models._synthetic.sample import Sample

__all__ = ["PlaceboScale", "blocks_before", "placebo_scales", "ratio_rank"]

type PlaceboScale = Literal["held out", "none"]
# Error of matching one site by a pool before a start, from (target, pool, start).
type ErrorOfOne = Callable[[FloatArray, FloatArray, int], float]

# Blocks, not single periods, because neighbouring periods are alike; and held out, because the error that a fit leaves
# is next to nothing where there are few periods to match.
_BLOCKS = 6


def blocks_before(start: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Part the periods before the start into (kept, held out), each held out once."""
    before = np.arange(start)
    for block in np.array_split(before, min(_BLOCKS, start)):
        yield np.setdiff1d(before, block), block


def placebo_scales(
    sample: Sample, fitted: Fitted, placements: Placements, changes: FloatArray, error: ErrorOfOne
) -> FloatArray:
    """Give by how much the change that each placement finds is to be larger or smaller, shape (placements,).

    Where the treated sites are foretold worse than those of a placement, what that found is made larger by as much.
    Where they are foretold better, it is made smaller by no more than noise from period to period explains: what
    lasts from the start on (each site changes by itself) does not fall as a site grows. Of the mean square of what
    placements find, noise is the part that errors of single periods come to in a change, and what lasts the rest.

    Parameters
    ----------
    fitted : of the treated sites
    changes : that placements find, as they are, shape (placements,)
    error : of matching one site, as the method matches it
    """
    own, placed = _squared_errors(sample, placements, error)
    single = _single_periods(fitted)
    lasting = max(0.0, float((changes**2 - single * placed).mean()))
    return np.asarray(np.sqrt(np.maximum(own / placed, (lasting + single * own) / (lasting + single * placed))))


def _single_periods(fitted: Fitted) -> float:
    """What part of the squared error of a single period of a single site is left in the mean change."""
    after = fitted.gaps.shape[1] - fitted.starts
    shares = fitted.sizes * after / (fitted.sizes * after).sum()
    return float((shares**2 * (1 / after + (fitted.times**2).sum(axis=1)) / fitted.sizes).sum())


def _squared_errors(sample: Sample, placements: Placements, error: ErrorOfOne) -> tuple[float, FloatArray]:
    """Mean squared errors before the start of the treated sites, and of those of each placement, (placements,)."""
    own = np.array([_error(sample, row, int(start), error) for row, start in enumerate(sample.starts)])
    starts, which = np.unique(sample.starts, return_inverse=True)
    table = np.array([[_error(sample, int(row), int(start), error) for row in sample.comparison] for start in starts])
    least = 1e-9 * float(np.median(table))
    flat = sorted({sample.names[sample.comparison[site]] for site in np.argwhere(table <= least)[:, 1]})
    flat += [sample.names[row] for row in np.flatnonzero(own <= least)]
    if flat:
        msg = (
            f"before the start site {first_of(flat)} is matched without any error, so placebos cannot be brought to "
            "one size: leave out sites whose outcomes do not vary, or use placebo_scale = 'none'"
        )
        raise EstimationError(msg)
    placed = table[which[None, :], placements.chosen]
    return float((own**2).mean()), np.asarray((placed**2).mean(axis=1))


def _error(sample: Sample, row: int, start: int, error: ErrorOfOne) -> float:
    return error(sample.outcomes[row], sample.outcomes[sample.comparison[sample.comparison != row]], start)


def ratio_rank(fitted: Fitted, placebos: FloatArray) -> tuple[int, int] | None:
    """Rank the gap after the start over that before it (root mean squares), and say among how many.

    Abadie, Diamond and Hainmueller 2010, doi:10.1198/jasa.2009.ap08746; of several treated sites the mean. None
    where the treated sites are fitted exactly.
    """
    after = np.arange(fitted.gaps.shape[1]) >= fitted.starts[:, None]
    gaps = np.concatenate([fitted.gaps[None], placebos]) ** 2
    inside = (gaps * ~after).sum(axis=2) / (~after).sum(axis=1)
    outside = (gaps * after).sum(axis=2) / after.sum(axis=1)
    if (inside[0] <= 1e-12 * outside[0]).any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.nan_to_num(np.sqrt(outside / inside), nan=0.0, posinf=np.inf).mean(axis=1)
    return int((ratios >= ratios[0] * (1 - 1e-9)).sum()), len(ratios)
