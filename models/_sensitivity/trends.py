"""What is left of an event study if trends were not quite parallel, from its coefficients alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import special

from evalkit.domain import Check, TrendSensitivity
from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of
from evalkit.models._sensitivity import relative_magnitudes, smoothness
from evalkit.models._sensitivity.words import relative_sentence, smoothness_sentence, target_words

__all__ = [
    "RELATIVE_BOUNDS",
    "EventStudy",
    "Target",
    "event_study_of",
    "sensitivity_or_reason",
    "sensitivity_to_trends",
]

type Target = Literal["average", "first"]
type Margin = Callable[[FloatArray], FloatArray]

# The bounds of the worked example of Rambachan and Roth 2023 with parallel trends before them. Trends may be
# asked to part by up to ten times as much as before; who needs more has no doubt about them.
RELATIVE_BOUNDS = (0.0, 0.5, 1.0, 1.5, 2.0)
_LARGEST = 10.0
# A breakdown value is told to this part of the step in which it was found.
_PARTS = 256
# Bounds on bends, as shares of the breakdown value (rounded to a digit): some that hold and some that do not.
_SHARES = (0.0, 0.5, 1.0, 1.5, 2.0)
# With fewer degrees of freedom the errors themselves are hardly known.
_FEW_DEGREES = 4.0
# Degrees of freedom for each lead that the smoothness interval weighs by the covariance of the leads; with
# fewer, the estimated covariance promises more than there is.
_DEGREES_PER_LEAD = 4
# A correlation of the leads with a direction smaller than this has lost a dimension.
_SINGULAR = 1e-8


@dataclass(frozen=True, kw_only=True)
class EventStudy:
    """Coefficients around the start, in the order of time.

    Attributes
    ----------
    before, after : shapes (pre,) and (post,); the reference, zero, lies between
    covariance : of both, shape (pre + post, pre + post)
    weights : of the target on those after the start, shape (post,)
    degrees_of_freedom : of the target; None where errors are taken as known
    """

    before: FloatArray
    after: FloatArray
    covariance: FloatArray
    weights: FloatArray
    degrees_of_freedom: float | None

    def widening(self, level: float, used: int = 0) -> float:
        """Give the quantile of t over that of a normal, `used` degrees of freedom being spent."""
        if self.degrees_of_freedom is None:
            return 1.0
        tail = (1 + level) / 2
        return float(special.stdtrit(self.degrees_of_freedom - used, tail) / special.ndtri(tail))

    def latest(self, leads: int) -> EventStudy:
        """Leave out all but the latest leads."""
        drop = len(self.before) - leads
        return replace(self, before=self.before[drop:], covariance=self.covariance[drop:, drop:])


def sensitivity_to_trends(
    coefficients: FloatArray,
    covariance: FloatArray,
    times: Sequence[int],
    *,
    reference: int = -1,
    target: Target = "average",
    degrees_of_freedom: float | None = None,
    level: float = 0.95,
    bounds: Sequence[float] = RELATIVE_BOUNDS,
    is_log: bool = False,
) -> tuple[TrendSensitivity, ...]:
    """Give the sensitivity of an event study to a difference in trends, of both kinds.

    Relative magnitudes by the conditional least-favourable test, smoothness by the shortest interval of fixed
    length (Rambachan and Roth 2023, doi:10.1093/restud/rdad018). Both take coefficients to be jointly normal.
    Where `degrees_of_freedom` are given, errors are widened by the quantile of t over that of a normal, so that
    parallel trends give the t interval of the target. For smoothness also for having
    weighed the leads by a covariance that was estimated (Rao 1959, doi:10.1093/biomet/46.1-2.49).

    Parameters
    ----------
    coefficients : against the reference, shape (times,)
    covariance : shape (times, times)
    times : periods since the first treated one, without the reference and without pooled ends
    reference : the last period before the start; those between it and 0 (anticipation) count as after
    target : average over all periods after the start, each counting alike, or the first of them
    degrees_of_freedom : of the target; None takes the errors as known
    bounds : for relative magnitudes, from 0; those for smoothness follow the breakdown value
    is_log : are coefficients logs, so that a bend is told in percentage points?

    Raises
    ------
    EstimationError
        There is no lead, times are not neighbours, or errors are not known well enough.
    """
    study = event_study_of(
        coefficients, covariance, times, reference=reference, target=target, degrees_of_freedom=degrees_of_freedom
    )
    words = target_words(len(study.after), target)
    given = _known_bounds(bounds)
    return _relative(study, given, level, words), _smooth(study, level, words, is_log=is_log)


def sensitivity_or_reason(
    coefficients: FloatArray,
    covariance: FloatArray,
    times: Sequence[int],
    *,
    degrees_of_freedom: float | None,
    is_log: bool,
) -> tuple[tuple[TrendSensitivity, ...], Check | None]:
    """Give the sensitivity as `sensitivity_to_trends` does, or a check that says why there is none."""
    try:
        return (
            sensitivity_to_trends(
                coefficients, covariance, times, degrees_of_freedom=degrees_of_freedom, is_log=is_log
            ),
            None,
        )
    except EstimationError as problem:
        detail = f"How far trends could have parted before the answer falls was not worked out: {problem}."
        return (), Check(name="sensitivity to trends", passed=None, detail=detail)


def event_study_of(
    coefficients: FloatArray,
    covariance: FloatArray,
    times: Sequence[int],
    *,
    reference: int = -1,
    target: Target = "average",
    degrees_of_freedom: float | None = None,
) -> EventStudy:
    """Put coefficients in the order of time, and refuse what the intervals could not be built on."""
    order = np.argsort(times)
    at = np.asarray(times)[order]
    before = at < reference
    pre, post = int(before.sum()), int((~before).sum())
    if not pre or not post:
        msg = (
            f"sensitivity to trends needs a period before the reference ({reference}) and one after it; "
            f"there are {pre} and {post}"
        )
        raise EstimationError(msg)
    expected = [time for time in range(reference - pre, reference + post + 1) if time != reference]
    if list(at) != expected:
        msg = f"sensitivity to trends needs neighbouring periods; there are {first_of([str(time) for time in at], 9)}"
        raise EstimationError(msg)
    if degrees_of_freedom is not None and degrees_of_freedom < _FEW_DEGREES:
        msg = (
            f"errors rest on {degrees_of_freedom:.1f} degrees of freedom, too few sites to tell how far trends may "
            f"part; wanted are {_FEW_DEGREES:g}"
        )
        raise EstimationError(msg)
    estimates, errors = np.asarray(coefficients, float)[order], np.asarray(covariance, float)[np.ix_(order, order)]
    changes = np.diff(np.insert(np.eye(pre + post), pre, 0.0, axis=0), axis=0)
    if not (np.isfinite(estimates).all() and np.isfinite(errors).all()):
        msg = "sensitivity to trends needs finite coefficients and covariances"
        raise EstimationError(msg)
    if not (np.einsum("ri,ij,rj->r", changes, errors, changes) > 0).all():
        msg = "a change between neighbouring periods has no error of its own: the sites are too few"
        raise EstimationError(msg)
    weights = np.full(post, 1 / post) if target == "average" else np.eye(post)[0]
    return EventStudy(
        before=estimates[:pre],
        after=estimates[pre:],
        covariance=errors,
        weights=weights,
        degrees_of_freedom=degrees_of_freedom,
    )


def _known_bounds(bounds: Sequence[float]) -> FloatArray:
    out = np.asarray(bounds, float)
    if not out.size or not np.isfinite(out).all() or out[0] < 0 or (np.diff(out) <= 0).any():
        msg = f"bounds are zero or more and rise, such as 0, 0.5, 1; there is {list(bounds)}"
        raise EstimationError(msg)
    return out


def _relative(study: EventStudy, bounds: FloatArray, level: float, target: str) -> TrendSensitivity:
    changes = relative_magnitudes.changes_of(
        study.before, study.after, study.covariance * study.widening(level) ** 2, study.weights
    )
    known = np.union1d(bounds, RELATIVE_BOUNDS)
    lower, upper = relative_magnitudes.interval_at(changes, known, level)
    is_upper = changes.target < 0

    def margin(more: FloatArray) -> FloatArray:
        ends = relative_magnitudes.end_at(changes, more, level, upper=is_upper)
        return -ends if is_upper else ends

    steps, own = np.array(RELATIVE_BOUNDS), np.searchsorted(known, RELATIVE_BOUNDS)
    margins = _margins(lower[own], upper[own])
    if (margins > 0).all():
        further = np.arange(3, _LARGEST + 1)
        steps, margins = np.append(steps, further), np.append(margins, margin(further))
    breakdown = _breakdown(margin, steps, margins)
    chosen = np.searchsorted(known, bounds)
    return TrendSensitivity(
        kind="relative magnitudes",
        target=target,
        level=level,
        bounds=bounds,
        lower=lower[chosen],
        upper=upper[chosen],
        breakdown=breakdown,
        detail=f"{relative_sentence(breakdown, _LARGEST, len(study.before), target)} "
        f"(Conditional least-favourable intervals, {_errors_words(study)}.)",
    )


def _smooth(study: EventStudy, level: float, target: str, *, is_log: bool) -> TrendSensitivity:
    used = study.latest(_leads_used(study))
    along = smoothness.compromises(used.before, used.after, used.covariance, used.weights)
    free, known = along.free, study.degrees_of_freedom
    # the least variance of `free` + 1 directions is too small by chance, and its weights err themselves
    spent = 1.0 if known is None else known / (known - free) * (1 + free / (known - free - 1))
    wider = spent * study.widening(level, free) ** 2
    along = replace(along, variances=along.variances * wider, neighbours=along.neighbours * wider)

    def margin(bounds: FloatArray) -> FloatArray:
        return _margins(*smoothness.interval_at(along, bounds, level))

    step = float(np.sqrt(along.variances.min()) / along.biases.min())
    steps = np.array([0.0, *(step * 2.0 ** np.arange(-3, 12))])
    breakdown = _breakdown(margin, steps, margin(steps))
    unit = _one_digit(breakdown or step)
    left_out = len(study.before) - len(used.before)
    which = f"of the latest {len(used.before)} periods before the start" if left_out else "of all periods before it"
    bounds = unit * np.array(_SHARES)
    lower, upper = smoothness.interval_at(along, bounds, level)
    return TrendSensitivity(
        kind="smoothness",
        target=target,
        level=level,
        bounds=bounds,
        lower=lower,
        upper=upper,
        breakdown=breakdown,
        detail=f"{smoothness_sentence(breakdown, target, is_log=is_log)} "
        f"(Shortest intervals of fixed length, {which}; {_errors_words(study)}.)",
    )


def _leads_used(study: EventStudy) -> int:
    """How many of the latest leads the sites can weigh against each other."""
    pre = len(study.before)
    if study.degrees_of_freedom is not None:
        pre = max(1, min(pre, int(study.degrees_of_freedom / _DEGREES_PER_LEAD)))
    while pre > 1:
        own = study.latest(pre).covariance[:pre, :pre]
        errors = np.sqrt(np.diag(own))
        if np.linalg.eigvalsh(own / np.outer(errors, errors))[0] > _SINGULAR:
            break
        pre -= 1
    return pre


def _margins(lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Give how far no change lies outside an interval, below zero where it lies inside."""
    return np.maximum(lower, -upper)


def _breakdown(margin: Margin, steps: FloatArray, margins: FloatArray) -> float | None:
    """Give the largest bound up to which the interval leaves no change outside; the last step if it never lets go.

    Between the last step that holds and the first that does not, the 256ths of it are searched by drawing a straight
    line between what is known on both sides, for ends of intervals hardly bend there.

    Parameters
    ----------
    margin : from bounds to `_margins`
    margins : at the steps
    """
    # where a test keeps nothing at all there is no interval, and so no conclusion
    holds = margins > 0
    if holds.all():
        return float(steps[-1])
    first = int(holds.argmin())
    if not first:
        return None
    start, width = float(steps[first - 1]), float(steps[first] - steps[first - 1])
    low, high = 0, _PARTS
    inside, outside = float(margins[first - 1]), float(margins[first])
    while high - low > 1:
        share = inside / (inside - outside) if np.isfinite(outside) else 0.5
        guess = low + int(np.clip(share * (high - low), 0, high - low - 1))
        tried = np.unique(np.clip([guess, guess + 1, (low + high) // 2], low + 1, high - 1))
        for place, found in zip(tried.tolist(), margin(start + width * tried / _PARTS).tolist(), strict=True):
            if not found > 0:
                high, outside = place, found
                break
            low, inside = place, found
    return start + width * low / _PARTS


def _errors_words(study: EventStudy) -> str:
    known = study.degrees_of_freedom
    return "estimates taken as normal" + (
        "" if known is None else f", errors widened for {known:.0f} degrees of freedom"
    )


def _one_digit(value: float) -> float:
    """Round to one digit, so that bounds are numbers that people say.

    >>> _one_digit(0.0137), _one_digit(2.6)
    (0.01, 3.0)
    """
    return float(f"{value:.0e}")
