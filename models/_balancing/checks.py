"""What an evaluator must know before believing a weighted comparison."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check
from evalkit.models._balancing.comparison import Comparison
from evalkit.models._balancing.units import Balance, Units
from evalkit.models._inference.ratio import Ratio

__all__ = [
    "balance_check",
    "effective_check",
    "error_check",
    "fallback_check",
    "leads_check",
    "range_check",
    "untested",
]

# In standard deviations: the usual rule for matched groups (Stuart 2010, doi:10.1214/09-STS313).
_LARGEST = 0.1
# Below it the comparison is a handful of sites, whose luck is its luck.
_FEWEST = 10
_SIGNIFICANT = 0.05
_ENOUGH_POWER = 0.8


def leads_check(units: Units, found: Comparison, ratio: Ratio, held: int) -> Check:
    """Say what the comparison shows in the last periods before the start, after a balance on those before them.

    Balanced periods agree by construction and say nothing. Where treated sites were chosen for what lies
    behind their counts, their balanced comparison was high by luck and falls back; where they were chosen
    for a bad spell, they rise in it. Both show in the periods held out.
    """
    gap = found.ratio
    earlier = f"the last {held} period{'s' if held > 1 else ''} before the start"
    seen = (
        f"Weighed on the periods before them, treated sites recorded {100 * np.expm1(gap.log_ratio):+.0f} % against "
        f"their comparison in {earlier}, when nothing was done (p = {gap.p_value:.2f}; "
        f"{gap.recorded.sum():,.10g} against {gap.expected.sum():,.1f} {units.panel.outcome.plural})."
    )
    power = _power(abs(ratio.log_ratio) / gap.std_error, gap.degrees_of_freedom)
    chance = f" A gap as large as the result would have been noticed with probability {100 * power:.0f} %."
    if gap.p_value < _SIGNIFICANT:
        return Check(
            name="leads",
            passed=False,
            detail=f"{seen} So the balance does not hold even one step ahead: sites chosen for being bad fall back by "
            "themselves, or their comparison does (regression to the mean).",
        )
    return Check(name="leads", passed=True if power >= _ENOUGH_POWER else None, detail=seen + chance)


def _power(shift: float, free: float) -> float:
    """Probability that a t test at 5 % notices a shift of so many errors."""
    from scipy import stats

    bound = stats.t.ppf(1 - _SIGNIFICANT / 2, free)
    return float(stats.nct.sf(bound, free, shift) + stats.nct.cdf(-bound, free, shift))


def untested(why: str) -> Check:
    """Say why no periods could be held out."""
    return Check(name="leads", passed=None, detail=f"No periods before the start could be held out to test it: {why}.")


def balance_check(balance: Balance, found: Comparison) -> Check:
    """Say how well the weighted comparison agrees with the treated sites before the start."""
    worst = int(np.argmax(np.abs(found.imbalance)))
    size = abs(float(found.imbalance[worst]))
    columns = f"{len(balance.names)} column{'s' if len(balance.names) > 1 else ''} (periods before and covariates)"
    if size < 1e-5:
        return Check(
            name="balance", passed=True, detail=f"The weighted comparison agrees with the treated sites in {columns}."
        )
    return Check(
        name="balance",
        passed=size <= _LARGEST,
        detail=f"The weighted comparison does not agree with the treated sites in all of {columns}; it comes as near "
        "as weights of zero or more, and the slack, let it. The largest difference of means is "
        f"{size:.2g} standard deviations, in {balance.names[worst]}"
        f"{'' if size <= _LARGEST else ', and the result may be that difference'}.",
    )


def effective_check(units: Units, found: Comparison) -> Check:
    """Say how much of the comparison rests on how few."""
    top = np.argsort(-found.weights, kind="stable")[:3]
    named = ", ".join(f"{units.panel.sites[units.rows[row]]} ({found.weights[row]:.2f})" for row in top)
    return Check(
        name="effective comparison",
        passed=None if found.effective >= _FEWEST else False,
        detail=f"{found.carrying} of {(~units.treated).sum():,} comparison sites have a weight, and are worth "
        f"{found.effective:.0f} sites of even weight to {units.treated.sum()} treated ones; the heaviest are {named}.",
    )


def range_check(units: Units, balance: Balance) -> Check:
    """Say how many treated sites lie beyond every comparison site in something that is balanced."""
    own, others = balance.columns[units.treated], balance.columns[~units.treated]
    beyond = (own > others.max(axis=0)) | (own < others.min(axis=0))
    count = int(beyond.any(axis=1).sum())
    if not count:
        detail = "Every treated site lies within the range of the comparison sites in everything that is balanced."
    else:
        column = balance.names[int(np.argmax(beyond.sum(axis=0)))]
        detail = (
            f"{count} of {len(own)} treated sites {'lie' if count > 1 else 'lies'} beyond every comparison site in "
            f"something that is balanced (first in {column}): no site is like {'them' if count > 1 else 'it'}, and "
            "only their sum is compared."
        )
    return Check(name="overlap", passed=None, detail=detail)


def error_check(ratio: Ratio, groups: int | None) -> Check:
    """Say what the error rests on."""
    free = f"t distribution with {ratio.degrees_of_freedom:.1f} degrees of freedom"
    if groups is not None:
        detail = (
            f"The error is a jackknife's: sites were left out in {groups} groups, and weighed again each time; {free}."
        )
    else:
        detail = (
            "The error is what a regression on everything balanced leaves of the counts in treated and weighted "
            f"sites; {free}."
        )
    return Check(name="error", passed=None, detail=detail)


def fallback_check(units: Units) -> Check | None:
    """Say how far the comparison would fall back if treated sites were picked for what lies behind their counts.

    The weighted comparison is picked by its counts. The share of them that lasts is the mean covariance of two
    periods over the variance of a mean of all; the rest of what the comparison is above other sites goes.
    """
    past, own = units.values[:, : units.start], units.treated
    periods = past.shape[1]
    if periods < 2:
        return None
    totals = past[~own].sum(axis=1)
    variance = float(totals.var())
    lasting = float(variance - past[~own].var(axis=0).sum()) * periods / (periods - 1)
    share = min(max(lasting / variance, 0.0), 1.0) if variance > 0 else 0.0
    mean = float(past[own].sum(axis=1).mean())
    above = mean - float(totals.mean())
    fall = 100 * (1 - share) * above / mean if mean > 0 else 0.0
    detail = (
        f"Before the start treated sites recorded {mean:,.1f} {units.panel.outcome.plural} each, other sites "
        f"{totals.mean():,.1f}; {100 * share:.0f} % of how sites differ lasts. If sites were picked by these "
        "counts, the comparison is fair. If they were picked for something behind them, the weighted comparison was "
        f"high by luck and falls back by up to {fall:.0f} %, which hides as much of a fall in the treated sites."
        if fall > 0
        else f"Treated sites recorded no more than others before the start ({mean:,.1f} against {totals.mean():,.1f} "
        "each), so the comparison is not one of sites that were high by luck."
    )
    return Check(name="regression to the mean", passed=None, detail=detail)
