"""From one scale to another, where there is a formula, and a refusal where there is none."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real

from evalkit.errors import EvidenceError, nearest
from evalkit.evidence.effect_size import SCALE_NAMES, EffectSize, Scale

__all__ = ["converted"]

_BY_RISK = ("log_odds_ratio", "log_risk_ratio", "log_hazard_ratio", "risk_difference")
# Standard deviation of the logistic distribution.
_LOGISTIC = math.pi / math.sqrt(3)


def converted(effect: EffectSize, to: Scale, *, base_risk: float | None = None, follow_up: str = "") -> EffectSize:
    """Give an effect on another scale; its error by the delta method.

    Odds and standardised differences go into each other by pi / sqrt(3), which takes a logistic score behind the
    event (Hasselblad and Hedges 1995, doi:10.1037/0033-2909.117.1.167). Odds, risks, hazards and differences of risks
    go through the two risks: that of the comparison, `base_risk`, taken as known, and the one that the effect makes of
    it (for hazards 1 - (1 - base_risk)^ratio, which takes them proportional). Rates go into nothing else: events a year
    say nothing of how many people had one.

    Parameters
    ----------
    effect : what is converted
    to : the scale wanted
    base_risk : share of the comparison group with the event (the harm, such as reconviction), between 0 and 1
    follow_up : over what time that share is, such as "24 months"; needed for hazards, which have none of their own

    Raises
    ------
    EvidenceError
        There is no formula, or what it needs was not given; or the effect would make a risk above 1.

    >>> odds = EffectSize(study="A", estimate=-0.5, error=0.2, scale="log_odds_ratio")
    >>> round(converted(odds, "log_risk_ratio", base_risk=0.4).estimate, 4)
    -0.3288
    """
    if to not in SCALE_NAMES:
        raise EvidenceError(f"study {effect.study!r}: no scale {to!r}; {nearest(to, SCALE_NAMES)}")
    if to == effect.scale:
        return effect
    pair = (effect.scale, to)
    if pair == ("standardised_mean_difference", "log_odds_ratio"):
        return _stretched(effect, to, _LOGISTIC)
    if pair == ("log_odds_ratio", "standardised_mean_difference"):
        return _stretched(effect, to, 1 / _LOGISTIC)
    if effect.scale not in _BY_RISK or to not in _BY_RISK:
        raise EvidenceError(
            f"study {effect.study!r}: there is no formula from a {SCALE_NAMES[effect.scale]} to a {SCALE_NAMES[to]}; "
            "take the effect from its counts or means on the scale wanted, or pool it apart"
        )
    return _through_risk(effect, to, _required_risk(effect, to, base_risk, follow_up), follow_up)


def _stretched(effect: EffectSize, to: Scale, factor: float) -> EffectSize:
    note = f"a {SCALE_NAMES[effect.scale]} times {factor:.4f}, which takes a logistic score behind the event"
    return replace(
        effect,
        estimate=effect.estimate * factor,
        error=effect.error * factor,
        scale=to,
        notes=(*effect.notes, note),
    )


def _required_risk(effect: EffectSize, to: Scale, base_risk: float | None, follow_up: str) -> float:
    """Give the comparison's risk, or say that it is needed."""
    if base_risk is None:
        raise EvidenceError(
            f"study {effect.study!r}: from a {SCALE_NAMES[effect.scale]} to a {SCALE_NAMES[to]} the share of the "
            "comparison group with the event is needed: give base_risk"
        )
    if isinstance(base_risk, bool) or not isinstance(base_risk, Real) or not 0 < base_risk < 1:
        raise EvidenceError(f"study {effect.study!r}: base_risk lies between 0 and 1; there is {base_risk!r}")
    if "log_hazard_ratio" in {effect.scale, to} and not follow_up:
        raise EvidenceError(
            f"study {effect.study!r}: a hazard becomes a risk over some time: say with follow_up over what time "
            f"{base_risk:g} of the comparison group had the event, such as '24 months'"
        )
    return float(base_risk)


def _through_risk(effect: EffectSize, to: Scale, base: float, follow_up: str) -> EffectSize:
    treated, slope = _risk_of(effect, base)
    if not 0 < treated < 1:
        raise EvidenceError(
            f"study {effect.study!r}: with base_risk {base:g} the effect makes a risk of {treated:.3g}, and a risk "
            "lies between 0 and 1; give the base_risk of this study"
        )
    estimate, slope_back = _effect_of(treated, base, to)
    over = f" over {follow_up}" if follow_up else ""
    note = f"from a {SCALE_NAMES[effect.scale]}, with a risk of {base:g}{over} in the comparison group taken as known"
    return replace(
        effect,
        estimate=estimate,
        error=effect.error * slope * slope_back,
        scale=to,
        notes=(*effect.notes, note),
    )


def _risk_of(effect: EffectSize, base: float) -> tuple[float, float]:
    """Give the treated group's risk and how it moves with the effect."""
    if effect.scale == "risk_difference":
        return base + effect.estimate, 1.0
    ratio = math.exp(effect.estimate)
    if effect.scale == "log_risk_ratio":
        return base * ratio, base * ratio
    if effect.scale == "log_odds_ratio":
        risk = base * ratio / (1 - base + base * ratio)
        return risk, risk * (1 - risk)
    kept = (1 - base) ** ratio
    return 1 - kept, -kept * ratio * math.log1p(-base)


def _effect_of(treated: float, base: float, to: Scale) -> tuple[float, float]:
    """Give the effect of two risks and how it moves with the treated group's."""
    if to == "risk_difference":
        return treated - base, 1.0
    if to == "log_risk_ratio":
        return math.log(treated / base), 1 / treated
    if to == "log_odds_ratio":
        return math.log(treated * (1 - base) / ((1 - treated) * base)), 1 / (treated * (1 - treated))
    kept = math.log1p(-treated)
    return math.log(kept / math.log1p(-base)), -1 / ((1 - treated) * kept)
