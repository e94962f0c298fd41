"""Placebos in time: a start before anything was done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check
from evalkit.draws import FloatArray
from evalkit.models._synthetic.fitted import Fitted, Fitter
from evalkit.models._synthetic.placebos import Placements, fit_placebos, two_sided_p_value
from evalkit.models._synthetic.replicates import freedom_of, refitted_jackknife
from evalkit.models._synthetic.sample import FEWEST_PERIODS, Sample

__all__ = ["Early", "early_start", "jackknife_errors", "leads_check", "placebo_errors"]

# More placements than this tell a p-value of .05 no better.
_ENOUGH_PLACEMENTS = 200
_ENOUGH_POWER = 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Early:
    """The same fit with every start moved back.

    Attributes
    ----------
    back : by how many periods
    starts : of the treated sites, shape (treated,)
    stop : periods from here on are not looked at
    fitted : gaps up to `stop`
    cells : weight of each gap in the mean over the periods held out, shape (groups, stop), summing to one
    """

    back: int
    starts: np.ndarray
    stop: int
    fitted: Fitted
    cells: FloatArray


def early_start(sample: Sample, fitter: Fitter) -> Early | None:
    """Move every start back by a third of the time before the first; None where too little is left to match."""
    back = int(sample.starts.min()) // 3
    if back < 1 or sample.starts.min() - back < FEWEST_PERIODS:
        return None
    starts, stop = sample.starts - back, int(sample.starts.max())
    fitted = fitter(sample.outcomes, sample.treated, starts, sample.comparison, stop)
    since = np.arange(stop) - fitted.starts[:, None]
    cells = ((since >= 0) & (since < back)) * fitted.sizes[:, None]
    return Early(back=back, starts=starts, stop=stop, fitted=fitted, cells=cells / cells.sum())


def placebo_errors(
    sample: Sample, fitter: Fitter, early: Early | None, placements: Placements, scales: FloatArray | None
) -> FloatArray | None:
    """Give what placebos find with the early start, brought to size as for the estimate, shape (placements,)."""
    if early is None:
        return None
    gaps = fit_placebos(
        fitter,
        sample.outcomes,
        early.starts,
        sample.comparison,
        placements,
        stop=early.stop,
        most=_ENOUGH_PLACEMENTS,
    )
    errors = (gaps * early.cells).sum(axis=(1, 2))
    return np.asarray(errors if scales is None else errors * scales[: len(errors)])


def jackknife_errors(
    sample: Sample, fitter: Fitter, early: Early | None, rng: np.random.Generator
) -> FloatArray | None:
    """Give quantiles of the jackknife's t distribution with the early start, in place of placebos."""
    if early is None:
        return None
    from scipy.special import stdtrit

    left = refitted_jackknife(
        fitter, sample.outcomes, sample.treated, early.starts, sample.comparison, rng=rng, stop=early.stop
    )
    parts = [(gaps * early.cells).sum(axis=(1, 2)) for gaps in left]
    quantiles = stdtrit(freedom_of(parts), (np.arange(999) + 0.5) / 999)
    return np.asarray(np.linalg.norm(np.concatenate(parts)) * quantiles)


def leads_check(sample: Sample, early: Early | None, errors: FloatArray | None, estimate: float) -> Check:
    """Say whether the method finds something where nothing had been done yet, and could have."""
    if early is None or errors is None:
        return Check(
            name="leads",
            passed=None,
            detail=f"With {int(sample.starts.min())} periods before the start none can be held out to see whether "
            "treated and synthetic paths went on alike.",
        )
    found = float((early.fitted.gaps * early.cells).sum())
    p_value = two_sided_p_value(found, errors)
    apart = p_value <= 0.05 + 1e-9
    power = _power(estimate, errors)
    shown = f"{100 * np.expm1(found):+.1f} %" if sample.is_log else f"{found:+.4g}"
    return Check(
        name="leads",
        passed=False if apart else (True if power >= _ENOUGH_POWER else None),
        detail=f"Started {early.back} period(s) too early, when nothing had been done, the method finds {shown}, "
        f"{'more' if apart else 'no more'} than chance makes (p = {p_value:.2f}). A difference as large as the whole "
        f"result would have been noticed with probability {100 * power:.0f} %.",
    )


def _power(estimate: float, errors: FloatArray) -> float:
    """How often a true difference of this size would be told from chance at 5 %, by the same errors."""
    ranks = np.sort(np.abs(errors))[::-1]
    needed = int(np.floor(0.05 * (len(ranks) + 1) + 1e-9))
    if needed < 1:
        return 0.0
    return float(np.mean(np.abs(estimate + np.concatenate([errors, -errors])) > ranks[needed - 1]))
