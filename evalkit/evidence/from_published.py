"""Effects from what papers print: an interval, a p-value, or means with their standard deviations."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import Any, Literal

from evalkit.errors import EvidenceError
from evalkit.evidence.effect_size import EffectSize, Good, Scale, quantile

__all__ = ["facing", "from_interval", "from_means", "from_p_value", "small_sample_factor"]

type GivenAs = Literal["log", "ratio"]

# Limits of an interval are off from the middle by no more than this share of its half, beyond rounding; past it
# the interval was made on another scale, and half its width is no multiple of the standard error on this one.
_LOPSIDED = 0.1


def from_interval(
    study: str,
    *,
    estimate: float,
    lower: float,
    upper: float,
    scale: Scale,
    level: float = 0.95,
    given_as: GivenAs = "log",
    degrees_of_freedom: float | None = None,
    good: Good = "fewer",
    **labels: Any,
) -> EffectSize:
    """Make an effect from an estimate and its confidence interval, as published.

    The standard error is half the width over the quantile, on the log for ratios. The estimate must lie in the middle,
    but for what rounding of the printed digits explains: an interval that is lopsided on the scale it is read on
    was made on another, and its error would be wrong.

    Parameters
    ----------
    study : its name
    estimate, lower, upper : as printed, digits and all: 0.45 is taken to be rounded to two decimals
    scale : of the effect
    level : of the interval
    given_as : "ratio" where ratios such as 0.72 are printed and `scale` is a log, "log" where they are on `scale`
    degrees_of_freedom : of the t distribution that the paper used; None for a normal
    good : which direction of what was measured is an improvement
    labels : further fields of `EffectSize`

    >>> effect = from_interval(
    ...     "Larson", estimate=0.72, lower=0.55, upper=0.94, scale="log_odds_ratio", given_as="ratio"
    ... )
    >>> round(effect.estimate, 3), round(effect.error, 3)
    (-0.329, 0.137)
    """
    printed = {"lower": lower, "estimate": estimate, "upper": upper}
    low, middle, high = _on_scale(study, printed, scale, given_as)
    if not low <= middle <= high or low == high:
        raise EvidenceError(
            f"study {study!r}: the interval from {lower:g} to {upper:g} does not hold its estimate {estimate:g}; "
            "were columns exchanged, or is one of the three on another scale?"
        )
    _require_even(study, printed, (low, middle, high), scale, given_as)
    spread = quantile(level, degrees_of_freedom)
    return EffectSize(
        study=study,
        estimate=facing(study, middle, scale, good),
        error=(high - low) / (2 * spread),
        scale=scale,
        degrees_of_freedom=degrees_of_freedom,
        **_labels(labels, f"estimate and its {100 * level:g} % interval", good),
    )


def _on_scale(study: str, printed: dict[str, float], scale: str, given_as: str) -> tuple[float, float, float]:
    """Take printed numbers to the effect's scale, in the order lower, estimate, upper."""
    if given_as not in {"log", "ratio"}:
        raise EvidenceError(f"study {study!r}: given_as is 'log' or 'ratio'; there is {given_as!r}")
    for name, value in printed.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise EvidenceError(f"study {study!r}: {name} is a finite number; there is {value!r}")
    if given_as == "ratio":
        if not scale.startswith("log_"):
            raise EvidenceError(f"study {study!r}: a {scale.replace('_', ' ')} is not a ratio; use given_as = 'log'")
        for name, value in printed.items():
            if value <= 0:
                raise EvidenceError(
                    f"study {study!r}: {name} of a ratio is above 0; there is {value:g}: are these logs already?"
                )
        printed = {name: math.log(value) for name, value in printed.items()}
    return printed["lower"], printed["estimate"], printed["upper"]


def _require_even(
    study: str, printed: dict[str, float], ends: tuple[float, float, float], scale: str, given_as: str
) -> None:
    """Refuse an interval whose estimate is not in its middle, beyond what rounding explains."""
    low, middle, high = ends
    off = abs((high - middle) - (middle - low))
    # Excel and pandas drop closing zeros, so that the longest of the three tells how many decimals were printed.
    decimals = max(
        0, *(-int(Decimal(repr(float(value))).normalize().as_tuple().exponent) for value in printed.values())
    )
    rounded = 0.5 * 10.0**-decimals
    sizes = [1 / value for value in printed.values()] if given_as == "ratio" else [1.0] * 3
    if off <= _LOPSIDED * (high - low) / 2 + rounded * (sizes[0] + 2 * sizes[1] + sizes[2]):
        return
    hint = "it is even on the ratio itself, so its error was not made on the log" if given_as == "ratio" else ""
    if given_as == "ratio" and not _even(list(printed.values())):
        hint = "check the three numbers"
    if given_as == "log" and scale.startswith("log_") and min(printed.values()) > 0:
        hint = "these look like ratios: use given_as = 'ratio'"
    raise EvidenceError(
        f"study {study!r}: the estimate {printed['estimate']:g} is not in the middle of its interval from "
        f"{printed['lower']:g} to {printed['upper']:g} on the scale it is read on, so the width gives no standard "
        f"error; {hint or 'check the three numbers'}"
    )


def _even(values: list[float]) -> bool:
    low, middle, high = values
    return abs((high - middle) - (middle - low)) <= _LOPSIDED * (high - low) / 2


def from_p_value(
    study: str,
    *,
    estimate: float,
    p_value: float,
    scale: Scale,
    given_as: GivenAs = "log",
    degrees_of_freedom: float | None = None,
    good: Good = "fewer",
    **labels: Any,
) -> EffectSize:
    """Make an effect from an estimate and the two-sided p-value of no effect.

    The error is the size of the estimate over the quantile that the p-value stands for. A p-value printed as "p < .05"
    gives no error; nor does an estimate of nothing.

    Parameters
    ----------
    study : its name
    estimate : on `scale`, or a ratio where `given_as` says so
    p_value : two-sided, between 0 and 1
    scale, given_as, degrees_of_freedom, good, labels : see `from_interval`

    >>> round(from_p_value("A", estimate=-0.5, p_value=0.05, scale="log_odds_ratio").error, 4)
    0.2551
    """
    _, value, _ = _on_scale(study, dict.fromkeys(("lower", "estimate", "upper"), estimate), scale, given_as)
    if isinstance(p_value, bool) or not isinstance(p_value, Real) or not 0 < p_value < 1:
        raise EvidenceError(
            f"study {study!r}: p_value lies between 0 and 1; there is {p_value!r}. 'p < .05' gives no standard error: "
            "give the counts or the interval"
        )
    if value == 0:
        raise EvidenceError(
            f"study {study!r}: an estimate of no effect has no error that its p-value could give; give the interval"
        )
    return EffectSize(
        study=study,
        estimate=facing(study, value, scale, good),
        error=abs(value) / quantile(1 - p_value, degrees_of_freedom),
        scale=scale,
        degrees_of_freedom=degrees_of_freedom,
        **_labels(labels, "estimate and its p-value", good),
    )


def from_means(
    study: str,
    *,
    treated_mean: float,
    treated_sd: float,
    treated_n: float,
    comparison_mean: float,
    comparison_sd: float,
    comparison_n: float,
    good: Good = "fewer",
    **labels: Any,
) -> EffectSize:
    """Make a standardised mean difference: Hedges' g, with its exact small-sample factor.

    g is the difference over the pooled standard deviation times J (`small_sample_factor`); its variance is
    1/n1 + 1/n2 + g^2 / (2 (n1 + n2)) (Hedges 1982, doi:10.1037/0033-2909.92.2.490).

    Parameters
    ----------
    study : its name
    treated_mean, comparison_mean : of a score
    treated_sd, comparison_sd : standard deviations between people, above 0; not standard errors
    treated_n, comparison_n : people, 2 or more
    good : "fewer" where a low score is good, "more" where a high one is
    labels : further fields of `EffectSize`
    """
    spreads = {"treated_sd": treated_sd, "comparison_sd": comparison_sd}
    sizes = {"treated_n": treated_n, "comparison_n": comparison_n}
    least = {**dict.fromkeys(spreads, 0.0), **dict.fromkeys(sizes, 1.0)}
    for name, value in (spreads | sizes).items():
        if not isinstance(value, Real) or not math.isfinite(value) or value <= least[name]:
            raise EvidenceError(f"study {study!r}: {name} is above {least[name]:g}; there is {value!r}")
    free = treated_n + comparison_n - 2
    pooled = math.sqrt(((treated_n - 1) * treated_sd**2 + (comparison_n - 1) * comparison_sd**2) / free)
    g = small_sample_factor(free) * (treated_mean - comparison_mean) / pooled
    scale: Scale = "standardised_mean_difference"
    return EffectSize(
        study=study,
        estimate=facing(study, g, scale, good),
        error=math.sqrt(1 / treated_n + 1 / comparison_n + g**2 / (2 * (treated_n + comparison_n))),
        scale=scale,
        **_labels(labels, "means and standard deviations (Hedges' g)", good),
    )


def small_sample_factor(degrees_of_freedom: float) -> float:
    """Give Hedges' exact J(m) = gamma(m/2) / (sqrt(m/2) gamma((m-1)/2)), by which d is too large.

    Hedges 1981, doi:10.3102/10769986006002107; the usual 1 - 3 / (4 m - 1) is its approximation.

    >>> round(small_sample_factor(10), 6)
    0.922746
    """
    from scipy.special import gammaln

    m = degrees_of_freedom
    if not m > 1:
        raise EvidenceError(f"the small-sample factor needs more than 1 degree of freedom; there is {m!r}")
    return float(math.exp(gammaln(m / 2) - gammaln((m - 1) / 2)) / math.sqrt(m / 2))


def facing(study: str, estimate: float, scale: Scale, good: Good) -> float:
    """Give an estimate with less harm as negative, where `good` says that more or fewer of it is an improvement."""
    if good not in {"fewer", "more"}:
        raise EvidenceError(f"study {study!r}: good is 'fewer' or 'more' of what was measured; there is {good!r}")
    if good == "fewer":
        return estimate
    if scale == "log_risk_ratio":
        raise EvidenceError(
            f"study {study!r}: a ratio of the risk of success says nothing of the risk of failure without the counts, "
            "which are not one turned round; give the counts, or the odds ratio"
        )
    return -estimate


def _labels(labels: dict[str, Any], made_from: str, good: Good) -> dict[str, Any]:
    turned = ("more of what was measured is good, so the effect was turned round",) if good == "more" else ()
    return {"made_from": made_from, **labels, "notes": (*labels.get("notes", ()), *turned)}
