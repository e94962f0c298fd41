"""How noisy placebos are next to the treated sites."""

from __future__ import annotations

from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of
from evalkit.models._synthetic.control import ControlFitter, fit_control, held_out_error
from evalkit.models._synthetic.fitted import Fitted
from evalkit.models._synthetic.placebos import Placements
from evalkit.models._synthetic.sample import Sample

__all__ = ["PlaceboScale", "placebo_scales", "ratio_rank"]

type PlaceboScale = Literal["held out", "fit", "none"]


def placebo_scales(
    sample: Sample, placements: Placements, options: ControlFitter, how: PlaceboScale
) -> FloatArray | None:
    """Give the error of the treated sites before the start over that of each placement, shape (placements,).

    "held out" is the error with which blocks of periods before the start are foretold by the others, "fit" what
    the fit itself leaves; None where placebos are taken as they are.
    """
    if how == "none":
        return None
    own = np.array([_error(sample, row, int(start), options, how) for row, start in enumerate(sample.starts)])
    starts, which = np.unique(sample.starts, return_inverse=True)
    table = np.array(
        [[_error(sample, int(row), int(start), options, how) for row in sample.comparison] for start in starts]
    )
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


def _error(sample: Sample, row: int, start: int, options: ControlFitter, how: PlaceboScale) -> float:
    pool = sample.outcomes[sample.comparison[sample.comparison != row]]
    if how == "held out":
        return held_out_error(sample.outcomes[row], pool, start, options)
    gaps = fit_control(sample.outcomes[row], pool, start, options).gaps[:start]
    return float(np.sqrt((gaps**2).mean()))


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
