"""The test of the periods before the start, fitted to untreated cells only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Check
from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._imputation.cells import Imputable, cut
from evalkit.models._imputation.errors import Spread
from evalkit.models._imputation.figures import Figure
from evalkit.models._imputation.untreated import Untreated
from evalkit.models._regression.absorb import absorb
from evalkit.models._regression.columns import Columns, indicators, totals
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.sample import Sample

if TYPE_CHECKING:
    from evalkit.models._inference.cluster import Inference

__all__ = ["Leads", "require_leads", "steepness", "trace_leads"]

# Of a period: a trend of one a period that moves the change by less is made of levels of sites and periods.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Leads:
    """Differences before the start, by time, and what they say.

    Attributes
    ----------
    figures : (time, figure) pairs
    reference : the time, with all before it, that they are compared with; None where there are none
    """

    figures: tuple[tuple[int, Figure], ...]
    reference: int | None
    check: Check


def require_leads(leads: int | None) -> None:
    """Refuse a number of leads that there cannot be."""
    if leads is not None and leads < 1:
        msg = f"leads = {leads}; wanted is 1 or more, or event_study = false"
        raise EstimationError(msg)


def steepness(fit: Untreated, sample: Sample, towards: FloatArray, change: float) -> float:
    """Slope a period of the difference in trends that would give the whole change by itself.

    Not a number where sites that are all treated in the end leave such a trend to the levels of sites and periods.

    Parameters
    ----------
    towards : weight of each cell in the change, shape (sites, periods), up to a constant
    """
    since = _since(sample).astype(float)
    rows, places = (fit.weights.sum(axis=axis) > 0 for axis in (1, 0))
    own = np.ix_(rows, places)
    left = absorb(fit.weights[own], since[own][:, :, None])
    moved = float(totals(left, towards[own])[0] / towards.sum())
    return change / moved if abs(moved) > _ROUNDING * len(sample.places) else np.nan


def _since(sample: Sample) -> np.ndarray:
    """Give the periods since the start, 0 in sites never treated, shape (sites, periods)."""
    return np.where(sample.ever_treated[:, None], sample.places[None, :] - sample.starts[:, None], 0)


def trace_leads(
    chosen: Imputable,
    regress: Callable[[Sample, Columns, FloatArray, tuple[str, ...]], Fit],
    steep: float,
    leads: int | None,
    *,
    need_events: bool,
) -> Leads:
    """Regress untreated cells on the times before the start, and test these together.

    The regression of Borusyak, Jaravel and Spiess 2024 (doi:10.1093/restud/rdae007, section 4.4): as treated cells
    have no say in it, the test is independent of the estimate where errors are normal and alike. By default it
    goes back as far as two treated sites have one period more to be compared with (`_told` where
    no site is never treated).

    Parameters
    ----------
    steep : from `steepness`
    regress : from sample, columns, weights (zero in treated cells) and names to a fit
    """
    # these rest on scipy.stats, which takes longer to import than most estimates without a test take
    from evalkit.models._inference.cluster import infer
    from evalkit.models._regression.event_study import EventTimes, leads_check

    say = chosen.untreated & (chosen.sample.values > 0) if need_events else chosen.untreated
    rows, places = say.any(axis=1), say.any(axis=0)
    sample = cut(chosen.sample, rows, places)
    reach = np.sort(sample.starts[sample.ever_treated])[::-1]
    longest = int(reach[min(1, len(reach) - 1)]) - 1 if len(reach) else 0
    number = min(longest, _told(sample)) if leads is None else min(leads, longest)
    times = tuple(range(-number, 0))
    if not times:
        return _untraced(
            "there is no second period before the start to compare the last one with"
            if longest < 1
            else "without a site that is never treated, a trend in treated sites cannot be told from site and period "
            "effects, and there is no further period before the start"
        )
    columns = indicators(_since(sample), times, sample.covariates)
    names = (*[f"time {time}" for time in times], *sample.covariate_names)
    try:
        fit = regress(sample, columns, np.where(sample.treated, 0.0, sample.weights), names)
        found = infer(fit, "auto", "none", treated=sample.treated_count, comparison=sample.comparison_count)
    except EstimationError as problem:
        return _untraced(str(problem))
    check = leads_check(fit, found, sample, EventTimes(times=times), steep)
    figures = tuple((time, _figure(fit, found, place, rows)) for place, time in enumerate(times))
    return Leads(figures=figures, reference=-number - 1, check=check)


def _told(sample: Sample) -> int:
    """How many leads can be told from site and period effects.

    Where no site is never treated, a straight line cannot, nor what repeats itself at the distance between starts:
    if the reference holds one time more than the greatest common divisor of these, it settles both.
    """
    first = int((sample.starts[sample.ever_treated] - sample.places[0]).max(initial=0))
    apart = int(np.gcd.reduce(np.diff(np.unique(sample.starts)))) if sample.ever_treated.all() else 0
    return first - 1 - apart


def _figure(fit: Fit, found: Inference, place: int, rows: np.ndarray) -> Figure:
    """Give one coefficient; `rows` are the sites in the regression, whose reach is not asked for."""
    influence = np.zeros(len(rows))
    influence[rows] = found.influence[:, place]
    spread = Spread(error=float(found.std_errors[place]), degrees_of_freedom=float(found.degrees_of_freedom[place]))
    nothing = np.broadcast_to(0.0, len(rows))
    return Figure(value=float(fit.coefficients[place]), influence=influence, sizes=nothing, spread=spread)


def _untraced(why: str) -> Leads:
    detail = f"The periods before the start could not be compared one by one: {why}."
    return Leads(figures=(), reference=None, check=Check(name="leads", passed=None, detail=detail))
