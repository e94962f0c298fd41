"""The effect in one cohort and one period: a difference-in-differences of two periods, and each site's influence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of
from evalkit.models._group_time.nuisance import Nuisance, fit_nuisance
from evalkit.models._group_time.sample import GroupTimeSample

__all__ = ["BasePeriod", "Cells", "Control", "Method", "estimate_cells", "influence_blocks"]

type Control = Literal["never-treated", "not-yet-treated"]
type Method = Literal["doubly-robust", "regression", "inverse-probability"]
type BasePeriod = Literal["varying", "universal"]

# Numbers that a block of sites by cells holds at a time (2 MB): memory then does not grow with the cells.
_BLOCK = 250_000


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Group-time effects, and what each site's influence on them is reckoned from.

    Attributes
    ----------
    cohort : place of the cell's cohort among the sample's starts, shape (cells,)
    period, base : places of the two periods that are compared, shape (cells,)
    start : place of the cohort's start, shape (cells,)
    effect : shape (cells,)
    last_treated : a site that is first treated later than this serves as comparison, shape (cells,); under
        "never-treated" beyond every start
    nuisance : what was fitted in each cell
    lost : sentences on cells that could not be told
    """

    cohort: np.ndarray
    period: np.ndarray
    base: np.ndarray
    start: np.ndarray
    effect: FloatArray
    last_treated: np.ndarray
    nuisance: tuple[Nuisance, ...]
    lost: tuple[str, ...]

    @property
    def is_after(self) -> np.ndarray:
        """Is the cohort treated in the period? Shape (cells,)."""
        return np.asarray(self.period >= self.start)

    @property
    def time(self) -> np.ndarray:
        """Periods since the start, shape (cells,)."""
        return np.asarray(self.period - self.start)


def plan(starts: np.ndarray, periods: int, base_period: BasePeriod, anticipation: int) -> list[tuple[int, int, int]]:
    """Give (cohort, period, base) of every cell, as R's `did` does.

    From the first period that could be anticipated, the base is the last one before it. Earlier periods are
    compared with the one just before them ("varying") or with that same base ("universal").
    """
    cells = []
    for cohort, start in enumerate(starts):
        fixed = int(start) - 1 - anticipation
        for period in range(periods):
            early = period <= fixed
            if base_period == "varying" and early:
                if period:
                    cells.append((cohort, period, period - 1))
            elif period != fixed:
                cells.append((cohort, period, fixed))
    return cells


def estimate_cells(
    sample: GroupTimeSample, control: Control, method: Method, base_period: BasePeriod, anticipation: int
) -> Cells:
    """Estimate every group-time effect that there are sites for."""
    found: list[tuple[int, int, int, int, Nuisance]] = []
    lost = []
    periods = sample.outcome.shape[1]
    for cohort, period, base in plan(sample.starts, periods, base_period, anticipation):
        later = max(period, base) + anticipation if control == "not-yet-treated" else periods
        used = sample.weights * (sample.seen[:, period] & sample.seen[:, base])
        own = sample.cohort == cohort
        treated, compared = used * own, used * (~own & (sample.first_treated > later))
        if not treated.any() or not compared.any():
            lost.append((cohort, period))
            continue
        change = sample.outcome[:, period] - sample.outcome[:, base]
        fitted = fit_nuisance(
            change,
            _design(sample, min(period, base)),
            treated,
            compared,
            method=method if sample.covariate_names else "none",
            where=_where(sample, cohort, period),
        )
        found.append((cohort, period, base, later, fitted))
    if not any(period >= sample.starts[cohort] for cohort, period, *_ in found):
        msg = (
            "no cohort can be compared after its start: there is no period in which sites of the cohort and "
            f"{_compared_with(control)} have a weight above zero, as they have in the period before the start"
        )
        raise EstimationError(msg)
    return _collect(sample, found, _lost(sample, lost, found))


def _collect(sample: GroupTimeSample, found: list[tuple[int, int, int, int, Nuisance]], lost: tuple[str, ...]) -> Cells:
    cohort, period, base, later = (np.array([each[k] for each in found], dtype=np.intp) for k in range(4))
    nuisance = tuple(each[4] for each in found)
    return Cells(
        cohort=cohort,
        period=period,
        base=base,
        start=sample.starts[cohort],
        effect=np.array([fitted.effect for fitted in nuisance]),
        last_treated=later,
        nuisance=nuisance,
        lost=lost,
    )


def _compared_with(control: Control) -> str:
    return "sites that were never treated" if control == "never-treated" else "sites that are not yet treated"


def _design(sample: GroupTimeSample, place: int) -> FloatArray:
    """Give a constant and the covariates of the earlier period, shape (sites, 1 + c)."""
    return np.column_stack([np.ones(len(sample.rows)), sample.covariates[:, place]])


def _where(sample: GroupTimeSample, cohort: int, period: int) -> str:
    return f"sites that start in {sample.label(sample.starts[cohort])} seen in {sample.label(period)}"


def _lost(
    sample: GroupTimeSample, lost: list[tuple[int, int]], found: list[tuple[int, int, int, int, Nuisance]]
) -> tuple[str, ...]:
    """Say which treated cells had nothing to be compared with; a cohort that has none after its start is named."""
    after = [(cohort, period) for cohort, period in lost if period >= sample.starts[cohort]]
    if not after:
        return ()
    told = {cohort for cohort, period, *_ in found if period >= sample.starts[cohort]}
    whole = sorted({cohort for cohort, _ in after} - told)
    names = [
        f"{sample.label(sample.starts[cohort])} in {sample.label(period)}" for cohort, period in after if cohort in told
    ]
    parts = []
    if whole:
        parts.append(
            f"the effect in sites that start in {first_of([sample.label(sample.starts[cohort]) for cohort in whole])}, "
            "as no site is left to compare them with (they still serve as comparison before their start)"
        )
    if names:
        parts.append(f"the effect in sites that start in {first_of(names)}, for which no site is left to compare with")
    return tuple(parts)


def influence_blocks(sample: GroupTimeSample, cells: Cells, leverage: float) -> Iterator[tuple[slice, FloatArray]]:
    """Give each site's influence on each cell, a block of sites at a time: (sites of the block, (block, cells)).

    A sum of squares over all sites is the variance. With `leverage` 0 that is the influence function of
    Callaway and Sant'Anna (over n); with 1/2 each residual is divided by the root of one less its leverage, which
    makes the variance unbiased if sites vary alike (CR2); with 1 by one less its leverage: what leaving the site
    out would change (jackknife).
    """
    step = max(1, _BLOCK // max(1, len(cells.effect)))
    for first in range(0, len(sample.rows), step):
        block = slice(first, first + step)
        out = np.empty((len(sample.rows[block]), len(cells.effect)))
        for cell in range(len(cells.effect)):
            out[:, cell] = _influence(sample, cells, cell, block, leverage)
        yield block, out


def _influence(sample: GroupTimeSample, cells: Cells, cell: int, block: slice, leverage: float) -> FloatArray:
    period, base = cells.period[cell], cells.base[cell]
    used = sample.weights[block] * (sample.seen[block, period] & sample.seen[block, base])
    own = sample.cohort[block] == cells.cohort[cell]
    compared = ~own & (sample.first_treated[block] > cells.last_treated[cell])
    change = sample.outcome[block, period] - sample.outcome[block, base]
    covariates = sample.covariates[block, min(period, base)]
    return cells.nuisance[cell].influence(change, covariates, used * own, used * compared, leverage)
