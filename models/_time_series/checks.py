"""What an evaluator must know before believing an interrupted time series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.domain import Check, Design
from evalkit.draws import FloatArray, interval
from evalkit.errors import first_of
from evalkit.models._time_series.answer import Answer
from evalkit.models._time_series.regressors import Columns, Event
from evalkit.models._time_series.series import Series

__all__ = [
    "autocorrelation_check",
    "change_check",
    "comparison_checks",
    "dispersion_check",
    "events_check",
    "leads_check",
    "season_check",
]

# With fewer residuals a test of how they go together has no power to speak of.
_ENOUGH_RESIDUALS = 20


def comparison_checks(design: Design) -> tuple[Check, ...]:
    """Say that nothing was compared with, and where that was a choice."""
    alone = Check(
        name="comparison",
        passed=False,
        detail="There is no comparison area. The figure is an association: the series is held against what its own "
        "past leads to expect, and nothing shows that the measure made the difference.",
    )
    sites = design.comparison_sites
    if not sites:
        return (alone,)
    return (
        alone,
        Check(
            name="comparison sites not used",
            passed=False,
            detail=f"The data hold {len(sites)} comparison site{'s' if len(sites) > 1 else ''} ({first_of(sites)}), "
            "which this method leaves aside. They show what changed everywhere: 'did-poisson' uses them, and is the "
            "better answer.",
        ),
    )


def change_check(series: Series, columns: Columns, answer: Answer, *, trend: bool) -> Check:
    """Say by how much level and slope changed at the start, each with its own range."""
    first = columns.without.shape[1]
    own = range(first, first + columns.change.shape[1])
    against = " against the trend before it" if trend else ""
    averaged = {
        "change of level": "",
        "change of slope": " The estimate averages this over the events after the start.",
    }.get(", ".join(columns.names[first:]), " The estimate averages both over the events after the start.")
    return Check(
        name="level and slope",
        passed=None,
        detail=f"At the start ({series.periods.labels[series.start]}) {_sizes(series, columns, answer, own)}{against}; "
        f"in brackets 95 % ranges.{averaged}",
    )


def events_check(series: Series, columns: Columns, answer: Answer, others: Sequence[Event]) -> Check:
    """Say what else was allowed for and how large it was, and that nothing rules the rest out."""
    told = [
        f"{event[0]} ({' to '.join(event[1:])}): {_sizes(series, columns, answer, places, f'{event[0]}: ')}"
        for event, places in zip(others, columns.events, strict=True)
    ]
    named = f"Allowed for: {'; '.join(told)}; in brackets 95 % ranges." if told else "No other event was allowed for."
    return Check(
        name="other events",
        passed=None,
        detail=f"{named} Whatever else began with the measure, such as a new way of recording or another programme, "
        "cannot be told from it in one series.",
    )


def _sizes(series: Series, columns: Columns, answer: Answer, places: range, prefix: str = "") -> str:
    """Say in percent what the coefficients of a change are, level before slope, each with the range of its own law.

    `prefix` stands before "change of slope" in the names of the columns.
    """
    unit = {"date": "day", "number": "period"}.get(series.periods.frequency, series.periods.frequency)
    told = []
    for place in places:
        law = answer.coefficients.along(np.eye(answer.coefficients.means.shape[1])[place])
        low, middle, high = (_percent(end) for end in law.ppf(np.array([0.025, 0.5, 0.975])))
        size = f"by {middle} % ({low} to {high} %)"
        if columns.names[place] != f"{prefix}change of slope":
            told.append(f"the level changed {size}")
        elif told:
            told.append(f"then {size} a {unit}")
        else:
            told.append(f"the slope changed {size} a {unit}")
    return ", ".join(told)


def _percent(log_ratio: float) -> str:
    value = 100 * float(np.expm1(log_ratio))
    return f"{value:+,.0f}" if abs(value) >= 10 else f"{value:+.2g}"


def season_check(series: Series, columns: Columns) -> Check | None:
    """Say how the season enters, and which seasons the periods before do not show."""
    seasons = series.periods.seasons
    if columns.season == "no season":
        if seasons is None or len(set(seasons)) == 1:
            return None
        return Check(
            name="season",
            passed=None,
            detail="No season was allowed for: if the periods after the start fall in other seasons than those before, "
            "that counts as a change.",
        )
    cycles = int(series.before.sum()) / (len(set(seasons)) if seasons else 1)
    told = f", read from {cycles:.1f} years before the start and from what came after" if seasons else ""
    return Check(name="season", passed=None, detail=f"The season is {columns.season}{told}, alike in every year.")


def autocorrelation_check(answer: Answer, *, allowed: bool) -> Check | None:
    """Test whether residuals of neighbouring periods go together (Ljung and Box 1978, doi:10.1093/biomet/65.2.297)."""
    from statsmodels.stats.diagnostic import acorr_ljungbox

    if len(answer.residuals) < _ENOUGH_RESIDUALS:
        return Check(
            name="autocorrelation",
            passed=None,
            detail=f"{len(answer.residuals)} periods are too few to test whether neighbouring ones go together; "
            f"{answer.noise}.",
        )
    lags = min(12, len(answer.residuals) // 5)
    p_value = float(acorr_ljungbox(answer.residuals, lags=[lags])["lb_pvalue"].iloc[0])
    shown = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2f}"
    seen = "go together more than chance makes them" if p_value < 0.05 else "were not seen to go together"
    return Check(
        name="autocorrelation",
        passed=None if allowed else p_value >= 0.05,
        detail=f"What the fit leaves of neighbouring periods: they {seen} (Ljung-Box over {lags} lags, {shown}); "
        f"{answer.noise}.",
    )


def dispersion_check(answer: Answer) -> Check | None:
    """Say how much more the counts vary than chance makes them; the errors allow for it."""
    if answer.dispersion is None:
        return None
    return Check(
        name="overdispersion",
        passed=None,
        detail=f"Around trend, season and changes, counts vary {answer.dispersion:.2f} times as much as pure chance "
        "would make them (Pearson chi-squared over its degrees of freedom); the errors allow for it.",
    )


def leads_check(change: FloatArray | None, when: str) -> Check:
    """Say what the same method finds at a start that never was.

    Parameters
    ----------
    change : draws of the change at that start, from the periods before the true one only; None where there are
        too few of them
    when : label of that start
    """
    if change is None:
        return Check(
            name="leads",
            passed=None,
            detail="There are too few periods before the start to try the method on a start that never was.",
        )
    held = interval(change)
    low, middle, high = (100 * float(np.expm1(value)) for value in (held.lower, np.median(change), held.upper))
    found = f"{middle:+.0f} % ({low:+.0f} to {high:+.0f} %)"
    if held.excludes(0):
        return Check(
            name="leads",
            passed=False,
            detail=f"The method finds a change where there was none: at {when}, with only the periods before the true "
            f"start, {found}. The series does not follow its trend and season closely enough for this method.",
        )
    return Check(
        name="leads",
        passed=None,
        detail=f"At a start that never was ({when}), with only the periods before the true one, the method finds "
        f"{found}: no more than chance makes.",
    )
