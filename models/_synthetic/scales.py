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

type PlaceboScale = Literal["held out", "fit", "none"]
# Error of matching one site by a pool before a start, from (target, pool, start).
type ErrorOfOne = Callable[[FloatArray, FloatArray, int], float]

# Six blocks: with them 4 to 6 % of true nulls were rejected in six designs and 9 % in a seventh; with errors of the
# fit itself 6 to 11 % (see the card). Blocks, not single periods, because neighbouring periods are alike.
_BLOCKS = 6


def blocks_before(start: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Part the periods before the start into (kept, held out), each held out once."""
    before = np.arange(start)
    for block in np.array_split(before, min(_BLOCKS, start)):
        yield np.setdiff1d(before, block), block


def placebo_scales(sample: Sample, placements: Placements, error: ErrorOfOne) -> FloatArray:
    """Give the error of the treated sites before the start over that of each placement, shape (placements,).

    Parameters
    ----------
    error : of matching one site, as the method matches it
    """
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
    return np.asarray(np.sqrt((own**2).mean() / (placed**2).mean(axis=1)))


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
