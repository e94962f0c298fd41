"""Effects from counts: events among people, events over time, and counts before and after."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Literal, cast

from evalkit.errors import EvidenceError, nearest
from evalkit.evidence.effect_size import EffectSize, Good

__all__ = ["from_before_after", "from_rates", "from_two_by_two"]

type TwoByTwoScale = Literal["log_odds_ratio", "log_risk_ratio", "risk_difference"]
_HALVES = "0.5 was added to each of the four cells, as one of them is 0"


def from_two_by_two(
    study: str,
    *,
    treated_events: float,
    treated_total: float,
    comparison_events: float,
    comparison_total: float,
    scale: TwoByTwoScale = "log_odds_ratio",
    good: Good = "fewer",
    **labels: Any,
) -> EffectSize:
    """Make an effect from how many of each group had the event.

    A half is added to all four cells only where one is 0 (Haldane and Anscombe), which `notes` then says. A difference
    of risks keeps its estimate, and takes only its error from the cells with the halves.

    Parameters
    ----------
    study : its name
    treated_events, comparison_events : people with the event, such as reconvicted
    treated_total, comparison_total : people in the group
    scale : "log_odds_ratio", "log_risk_ratio" or "risk_difference"
    good : "fewer" events, or "more" where the event is a success, such as not reconvicted; the table is then turned
        over and the effect is that on the failures
    labels : further fields of `EffectSize`

    >>> effect = from_two_by_two(
    ...     "Aronson", treated_events=4, treated_total=123, comparison_events=11, comparison_total=139,
    ...     scale="log_risk_ratio",
    ... )
    >>> round(effect.estimate, 4), round(effect.variance, 4)
    (-0.8893, 0.3256)
    """
    counts = {"treated": (treated_events, treated_total), "comparison": (comparison_events, comparison_total)}
    for group, (events, total) in counts.items():
        _require_count(study, f"{group}_events", events)
        _require_count(study, f"{group}_total", total)
        if events > total or total == 0:
            raise EvidenceError(
                f"study {study!r}: {group}_events is {events:g} of {group}_total {total:g}; a total is above 0 and no "
                "smaller than the events: were events and those without exchanged?"
            )
    _require_good(study, good)
    (a, n1), (c, n2) = ((total - events if good == "more" else events, total) for events, total in counts.values())
    _require_told_apart(study, scale, (a, n1), (c, n2))
    cells, notes = _without_zeros((a, n1 - a, c, n2 - c))
    estimate, variance = _TWO_BY_TWO[scale](*cells)
    return EffectSize(
        study=study,
        estimate=a / n1 - c / n2 if scale == "risk_difference" else estimate,
        error=math.sqrt(variance),
        scale=scale,
        **_labels(labels, "counts of a two-by-two table", (*notes, *_turned(good))),
    )


def _odds(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    return math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def _risks(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    return math.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def _risk_difference(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    return a / (a + b) - c / (c + d), a * b / (a + b) ** 3 + c * d / (c + d) ** 3


_TWO_BY_TWO = {"log_odds_ratio": _odds, "log_risk_ratio": _risks, "risk_difference": _risk_difference}


def _require_told_apart(study: str, scale: str, treated: tuple[float, float], comparison: tuple[float, float]) -> None:
    """Refuse a scale that there is not, and a table that says nothing of a ratio."""
    (a, n1), (c, n2) = treated, comparison
    if scale not in _TWO_BY_TWO:
        raise EvidenceError(f"study {study!r}: no scale {scale!r} of a two-by-two table; {nearest(scale, _TWO_BY_TWO)}")
    if scale == "risk_difference":
        return
    if a == c == 0 or (a == n1 and c == n2):
        what = "nobody had the event" if a == 0 else "everybody had the event"
        raise EvidenceError(
            f"study {study!r}: {what} in either group, which says nothing of a ratio; leave the study out and say so, "
            "or use scale 'risk_difference'"
        )


def from_rates(
    study: str,
    *,
    treated_events: float,
    treated_exposure: float,
    comparison_events: float,
    comparison_exposure: float,
    dispersion: float = 1.0,
    good: Good = "fewer",
    **labels: Any,
) -> EffectSize:
    """Make a log rate ratio from events and what they happened over (person-years, homes, area and time).

    The variance is `dispersion` times the sum of one over the two counts; a half is added to both where one is 0.

    Parameters
    ----------
    study : its name
    treated_events, comparison_events : counts
    treated_exposure, comparison_exposure : in the same unit for both, above 0
    dispersion : variance of a count over its mean, 1 or more; see `from_before_after`
    good : which direction is an improvement
    labels : further fields of `EffectSize`
    """
    _require_good(study, good)
    _require_dispersion(study, dispersion)
    counts = {"treated_events": treated_events, "comparison_events": comparison_events}
    for name, count in counts.items():
        _require_count(study, name, count)
    for name, size in (("treated_exposure", treated_exposure), ("comparison_exposure", comparison_exposure)):
        if not size > 0 or not math.isfinite(size):
            raise EvidenceError(f"study {study!r}: {name} is above 0; there is {size!r}")
    _require_some_events(study, counts)
    (x, y), notes = _without_zeros(tuple(counts.values()), "0.5 was added to both counts, as one of them is 0")
    estimate = math.log(x / treated_exposure / (y / comparison_exposure))
    return EffectSize(
        study=study,
        estimate=_signed(estimate, good),
        error=math.sqrt(dispersion * (1 / x + 1 / y)),
        scale="log_rate_ratio",
        **_labels(labels, "counts and their exposure", (*notes, *_dispersed(dispersion), *_turned(good))),
    )


def from_before_after(
    study: str,
    *,
    treated_before: float,
    treated_after: float,
    comparison_before: float,
    comparison_after: float,
    dispersion: float = 1.0,
    good: Good = "fewer",
    **labels: Any,
) -> EffectSize:
    """Make a log ratio of rate ratios: the change of the treated area over that of the comparison area.

    Sizes of the areas and lengths of the times cancel, where both areas were counted over the same times. The variance
    is `dispersion` times the sum of one over the four counts (Wilson 2022, doi:10.1007/s10940-021-09494-w); a half is
    added to all four where one is 0.

    Parameters
    ----------
    study : its name
    treated_before, treated_after, comparison_before, comparison_after : counts
    dispersion : variance of a count over its mean, 1 or more. Four counts do not show it, and 1 is not believed of
        crime: it is what the table itself supports, `notes` says so, and what it leaves out goes into the spread
        between studies. Where periods or sites were published, give their own.
    good : which direction is an improvement
    labels : further fields of `EffectSize`

    >>> effect = from_before_after(
    ...     "Hot spots", treated_before=207, treated_after=110, comparison_before=308, comparison_after=318
    ... )
    >>> round(effect.estimate, 4), round(effect.error, 4)
    (-0.6642, 0.1425)
    """
    _require_good(study, good)
    _require_dispersion(study, dispersion)
    counts = {
        "treated_after": treated_after,
        "treated_before": treated_before,
        "comparison_after": comparison_after,
        "comparison_before": comparison_before,
    }
    for name, count in counts.items():
        _require_count(study, name, count)
    for group in ("treated", "comparison"):
        _require_some_events(study, {name: count for name, count in counts.items() if name.startswith(group)})
    (a, b, c, d), notes = _without_zeros(tuple(counts.values()))
    return EffectSize(
        study=study,
        estimate=_signed(math.log(a * d / (b * c)), good),
        error=math.sqrt(dispersion * (1 / a + 1 / b + 1 / c + 1 / d)),
        scale="log_rate_ratio",
        **_labels(labels, "counts before and after", (*notes, *_dispersed(dispersion), *_turned(good))),
    )


def _require_count(study: str, name: str, value: object) -> None:
    """Refuse what is no count; half events exist where periods were split, so whole numbers are not asked for."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < math.inf:
        raise EvidenceError(f"study {study!r}: {name} is a count, 0 or more; there is {value!r}")


def _require_some_events(study: str, counts: dict[str, float]) -> None:
    if not any(counts.values()):
        raise EvidenceError(
            f"study {study!r}: {' and '.join(counts)} are both 0, which says nothing of a ratio; leave the study out "
            "and say so"
        )


def _require_good(study: str, good: str) -> None:
    if good not in {"fewer", "more"}:
        raise EvidenceError(f"study {study!r}: good is 'fewer' or 'more' of what was counted; there is {good!r}")


def _require_dispersion(study: str, dispersion: float) -> None:
    if isinstance(dispersion, bool) or not isinstance(dispersion, Real) or not 1 <= float(dispersion) < math.inf:
        raise EvidenceError(
            f"study {study!r}: dispersion is 1 (counts vary as chance alone makes them) or more; there is "
            f"{dispersion!r}"
        )


def _without_zeros[Cells: tuple[float, ...]](cells: Cells, note: str = _HALVES) -> tuple[Cells, tuple[str, ...]]:
    """Add a half to every cell where one is empty, and say so."""
    if all(cells):
        return cells, ()
    return cast("Cells", tuple(cell + 0.5 for cell in cells)), (note,)


def _signed(estimate: float, good: Good) -> float:
    return -estimate if good == "more" else estimate


def _turned(good: Good) -> tuple[str, ...]:
    return ("more of what was counted is good, so the effect was turned round",) if good == "more" else ()


def _dispersed(dispersion: float) -> tuple[str, ...]:
    if dispersion == 1:
        return ("the error takes counts to vary as chance alone makes them, and counts of crime vary more",)
    return (f"the error takes counts to vary {dispersion:g} times as much as by chance alone",)


def _labels(labels: dict[str, Any], made_from: str, notes: tuple[str, ...]) -> dict[str, Any]:
    """Add how it was made and what must be known to the labels that were given."""
    return {"made_from": made_from, **labels, "notes": (*labels.get("notes", ()), *notes)}
