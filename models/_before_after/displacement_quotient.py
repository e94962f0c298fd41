"""The weighted displacement quotient of Bowers and Johnson (2003)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.domain.table import Counts
from evalkit.models._before_after.cells import table_of

__all__ = ["DisplacementQuotient", "displacement_quotient"]

# A quotient has a bounded range only where its denominator is away from zero at the same level
# (Fieller 1954), so below this many standard errors there is nothing to interpret.
CLEARLY_BELOW = 1.96

_NO_INTERVAL = (
    "No valid interval exists for this quotient; the change in the buffer and the total, with their "
    "ranges, carry the evidence."
)


@dataclass(frozen=True, kw_only=True)
class DisplacementQuotient:
    """The quotient with its parts.

    Attributes
    ----------
    gross_effect : T0 - T1
    net_effect : T0/C0 - T1/C1, or None where nothing was counted in the comparison area
    success : T1/C1 - T0/C0; below zero where the treated area did better than its comparison
    success_std_error : by the delta method, of Poisson counts times the dispersion
    buffer : D1/C1 - D0/C0; below zero where crime fell there too
    wdq : buffer / success, or None where it cannot be interpreted
    reason : how to read it, or why there is none
    total_net_effect : crimes prevented in the treated area and its buffer together, each against
        what the comparison's proportional change leads to expect; negative where there were more
    """

    gross_effect: float
    net_effect: float | None
    success: float | None
    success_std_error: float | None
    buffer: float | None
    wdq: float | None
    reason: str
    total_net_effect: float | None


def displacement_quotient(
    treated: Counts, buffer: Counts, comparison: Counts, *, dispersion: float = 1.0
) -> DisplacementQuotient:
    """Give the weighted displacement quotient and the total net effect of (before, after) counts.

    One comparison area serves both, as in the source; lengths of periods cancel. There is a quotient
    only where `success` is below zero by 1.96 standard errors: for a measure that failed, the same
    quotient turns its sign (a failure with a worse buffer reads as "diffusion of benefits"), and near
    zero it can be anything.

    References
    ----------
    Bowers and Johnson 2003, doi:10.1023/A:1024909009240; Guerette 2009, POP Guide 10, for
    the total net effect.

    Examples
    --------
    >>> found = displacement_quotient((207, 110), (178, 157), (308, 318))
    >>> round(found.wdq, 3), found.total_net_effect
    (0.258, 130.5)
    """
    table_of(treated, comparison, buffer, "shared")
    gross = float(treated[0] - treated[1])
    if min(comparison) <= 0:
        return _undefined(gross)
    success = _share_change(treated, comparison)
    moved = _share_change(buffer, comparison)
    error = math.sqrt(dispersion * _share_variance(treated, comparison))
    clear = success < 0 and -success >= CLEARLY_BELOW * error
    wdq = moved / success if clear else None
    growth = comparison[1] / comparison[0]
    return DisplacementQuotient(
        gross_effect=gross,
        net_effect=-success,
        success=success,
        success_std_error=error,
        buffer=moved,
        wdq=wdq,
        reason=_unclear(success, error) if wdq is None else f"{_reading(wdq)} {_NO_INTERVAL}",
        total_net_effect=treated[0] * growth - treated[1] + buffer[0] * growth - buffer[1],
    )


def _share_change(area: Counts, comparison: Counts) -> float:
    return area[1] / comparison[1] - area[0] / comparison[0]


def _share_variance(area: Counts, comparison: Counts) -> float:
    """Variance of the change of a share; x/c has x/c^2 + x^2/c^3, which also stands for x = 0."""
    return sum(x / c**2 + x**2 / c**3 for x, c in zip(area, comparison, strict=True))


def _unclear(success: float, error: float) -> str:
    if success >= 0:
        return (
            "There is no quotient: the treated area did no better than its comparison, and a quotient "
            "of a failure has the wrong sign."
        )
    return (
        f"There is no quotient: the treated area's advantage ({success:.3f}, standard error {error:.3f}) "
        "cannot be told from none, and dividing by it could give anything."
    )


def _reading(wdq: float) -> str:
    if wdq > 1:
        return "Crime fell in the buffer by more than in the treated area: benefits spread."
    if wdq > 0:
        return "Crime fell in the buffer too, by less than in the treated area: benefits spread."
    if wdq == 0:
        return "The buffer changed as its comparison did: neither displacement nor spread is seen."
    if wdq > -1:
        return "Crime rose in the buffer, by less than it fell in the treated area: some moved."
    if wdq == -1:
        return "Crime rose in the buffer by as much as it fell in the treated area: nothing was won."
    return "Crime rose in the buffer by more than it fell in the treated area: the gain is undone."


def _undefined(gross: float) -> DisplacementQuotient:
    return DisplacementQuotient(
        gross_effect=gross,
        net_effect=None,
        success=None,
        success_std_error=None,
        buffer=None,
        wdq=None,
        reason="There is no quotient: nothing was counted in the comparison area before or after, "
        "and the quotient divides by it.",
        total_net_effect=None,
    )
