"""What an effect is made of besides its draws: checks, paths, parts by site and cohort, displacement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.quantiles import quantiles

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["Cells", "Check", "Cohorts", "Displacement", "Dynamics", "Paths", "TrendSensitivity"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """Something an evaluator must know before believing a number.

    Attributes
    ----------
    name : what was looked at
    passed : True, False, or None where it informs and cannot fail
    detail : what was seen, in a sentence that a reader without statistics can follow
    """

    name: str
    passed: bool | None
    detail: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Paths:
    """What was recorded in the treated sites in every period, and what the model puts before the start.

    Attributes
    ----------
    periods : labels, shape (periods,)
    recorded : events recorded in the treated sites, shape (periods,)
    fitted : the model's expectation without the measure, shape (periods,); read before the start only, as
        after it the expectation is `recorded` plus the draws of events prevented
    """

    periods: tuple[str, ...]
    recorded: FloatArray
    fitted: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """What was recorded and expected in every treated site and period, at the estimate.

    Sums over `treated` cells are those of the effect's events prevented at its estimate. The range of one
    cell is not told: the change is one number for all, and a single cell varies by chance besides.

    Attributes
    ----------
    sites, periods : names of the treated sites and of all periods
    treated : which cells count as treated, shape (sites, periods)
    recorded, expected : events recorded, and expected without the measure, shape (sites, periods); equal
        where a cell is not treated
    """

    sites: tuple[str, ...]
    periods: tuple[str, ...]
    treated: np.ndarray
    recorded: FloatArray
    expected: FloatArray

    @property
    def prevented(self) -> FloatArray:
        """Events prevented, shape (sites, periods); negative where there were more than expected."""
        return np.asarray(self.expected - self.recorded)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dynamics:
    """The effect by time since the start.

    Attributes
    ----------
    times : periods since the first treated one; negative before, `reference` is left out
    draws : on the effect's own scale, shape (draws, times); rows stay together
    reference : the time that the others are compared with, such as the last period before the start; None
        where each is compared with what was expected without the measure
    """

    times: tuple[int, ...]
    draws: FloatArray
    reference: int | None = -1

    def band(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Give the ends of a band that holds all times at once with probability `level`, each shape (times,).

        Every time keeps its own quantiles, at one tail for all: the tail outside which, at some time, a row in
        1 / (1 - level) comes to lie (Montiel Olea and Plagborg-Moller 2019, doi:10.1002/jae.2656). Times
        with few degrees of freedom then widen themselves only.
        """
        columns = np.ascontiguousarray(self.draws.T)
        order = np.argsort(columns, axis=1)
        ranks = np.empty_like(columns)
        np.put_along_axis(ranks, order, (np.arange(len(self.draws)) + 0.5) / len(self.draws), axis=1)
        (tail,) = quantiles(np.minimum(ranks, 1 - ranks).min(axis=0), (1 - level,))
        lower, upper = np.transpose([quantiles(column, (tail, 1 - tail)) for column in columns])
        return lower, upper


@dataclass(frozen=True, kw_only=True, eq=False)
class Cohorts:
    """The effect in each group of sites that started together, from the same draws as the whole.

    Attributes
    ----------
    labels : first treated period of each cohort
    change : on the effect's own scale, shape (draws, cohorts); row i goes with row i of the effect
    prevented : events prevented in the cohort over all its treated periods, shape (draws, cohorts), summing
        to the effect's own total; None where the outcome is not a count of events
    recorded : events recorded in those cells, shape (cohorts,), or None
    shared : what was estimated for all cohorts together, in a sentence; empty where each was estimated by itself
    """

    labels: tuple[str, ...]
    change: FloatArray
    prevented: FloatArray | None = None
    recorded: FloatArray | None = None
    shared: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrendSensitivity:
    """What is left of the effect if treated and comparison sites did not quite move together.

    Rambachan and Roth 2023, doi:10.1093/restud/rdad018.

    Attributes
    ----------
    kind : "relative magnitudes" (after the start they part by at most `bounds` times the most that they
        parted between two neighbouring periods before it) or "smoothness" (the slope of their difference
        bends by at most `bounds` a period, on the effect's own scale)
    target : what the intervals are of, in words
    level : of the intervals
    bounds : shape (m,), rising
    lower, upper : ends of the interval at each bound, shape (m,)
    breakdown : the largest bound at which the interval leaves no change outside; None where none does
    detail : the breakdown value in a sentence
    """

    kind: Literal["relative magnitudes", "smoothness"]
    target: str
    level: float
    bounds: FloatArray
    lower: FloatArray
    upper: FloatArray
    breakdown: float | None
    detail: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Displacement:
    """What happened in the buffer: crime that moved there, or a benefit that spread.

    Attributes
    ----------
    change : change in the buffer on the scale of the effect, shape (draws,); positive is more crime
    prevented : events prevented in the buffer, shape (draws, periods), negative where crime moved there;
        row i goes with row i of the effect
    wdq : weighted displacement quotient (Bowers and Johnson 2003), or None
    wdq_reason : why there is none, or how to read it
    details : further figures of the method by name, such as a total net effect
    """

    change: FloatArray
    prevented: FloatArray | None
    wdq: float | None = None
    wdq_reason: str = ""
    details: tuple[tuple[str, float], ...] = ()
