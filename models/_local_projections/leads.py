"""Did treated and comparison sites move together before the starts?"""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check, TrendSensitivity
from evalkit.draws import FloatArray
from evalkit.models._local_projections.contrast import Averages, Contrasts
from evalkit.models._local_projections.reading import Drawn
from evalkit.models._sensitivity.trends import sensitivity_or_reason

__all__ = ["departures", "leads_check"]

# An insignificant pre-trend says little unless a harmful one would mostly have been seen (Roth 2022).
_ENOUGH_POWER = 0.8


def leads_check(found: Averages, contrasts: Contrasts, drawn: Drawn) -> Check:
    """Test the periods before the start together, by the largest of them in its own errors.

    Draws less the estimates are what chance makes of all of them at once (sup-t; Montiel Olea and
    Plagborg-Moller 2019, doi:10.1002/jae.2656), with few sites too. The power is that against a trend steep
    enough to give the whole result (Roth 2022, doi:10.1257/aeri.20210236).
    """
    columns = drawn.of("before")
    if not len(columns):
        return Check(
            name="leads",
            passed=None,
            detail="With one period before the starts it cannot be seen whether the sites moved together before.",
        )
    rows = drawn.kept[columns]
    estimates, errors = contrasts.estimates[rows], contrasts.std_errors[rows]
    noise = (drawn.draws[:, columns] - estimates) / errors
    largest = np.abs(noise).max(axis=1)
    p_value = float((largest >= np.abs(estimates / errors).max()).mean())
    pull = _pull(found, contrasts, drawn)[drawn.averages[columns - 1]]
    power = float((np.abs(noise + pull / errors).max(axis=1) > np.quantile(largest, 0.95)).mean())
    return _say(p_value, power, len(columns))


def departures(contrasts: Contrasts, drawn: Drawn, *, log: bool) -> tuple[tuple[TrendSensitivity, ...], Check | None]:
    """Give how far trends may part before the answer falls, or a check that says why this is not known.

    Effects while the measure is on, and leads, are all against the last period before the start.
    """
    columns = np.concatenate([drawn.of("before"), drawn.of("on")])
    rows = drawn.kept[columns]
    return sensitivity_or_reason(
        contrasts.estimates[rows],
        contrasts.covariance[np.ix_(rows, rows)],
        drawn.times[columns].tolist(),
        degrees_of_freedom=float(contrasts.degrees_of_freedom[0]),
        is_log=log,
    )


def _pull(found: Averages, contrasts: Contrasts, drawn: Drawn) -> FloatArray:
    """What a trend that gives the whole headline would make of each average, shape (averages,)."""
    own = found.function * (found.made.treated > 0)
    trend = (own.sum(axis=0) * (found.made.long @ np.arange(found.made.long.shape[1]))) @ found.member
    on = np.where(drawn.labels.kinds == "on", found.sizes, 0.0)
    return np.asarray(trend * contrasts.estimates[0] / (on @ trend / on.sum()))


def _say(p_value: float, power: float, leads: int) -> Check:
    periods = f"{leads} earlier period{'s' if leads > 1 else ''}"
    shown = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}" if p_value < 0.05 else f"p = {p_value:.2f}"
    passed: bool | None = False
    seen = f"Treated and comparison sites already moved apart before the start ({periods}, {shown})."
    if p_value >= 0.05:
        passed = True if power >= _ENOUGH_POWER else None
        seen = (
            "Before the start no more difference than chance makes was seen between treated and comparison sites "
            f"({periods}, {shown})."
        )
    return Check(
        name="leads",
        passed=passed,
        detail=f"{seen} A trend steep enough to explain the whole result would have been noticed with probability "
        f"{100 * power:.0f} %. (Largest t value of all, by their joint distribution.)",
    )
