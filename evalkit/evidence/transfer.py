"""What to expect of a measure in a city where it has not been tried, in events, as an effect that can be appraised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evalkit.domain import Check, Effect, Outcome
from evalkit.draws import DEFAULT_DRAWS, Quantity, spread
from evalkit.errors import EvidenceError, first_of, nearest
from evalkit.evidence.support import distance, is_inside, leverage, outside_alone
from evalkit.hierarchy import NormalHierarchy, NormalMixture

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = [
    "TRANSFER_ASSUMPTIONS",
    "Prediction",
    "expected_events",
    "predict_city",
    "predicted_effect",
    "share_resolved",
]

TRANSFER_ASSUMPTIONS = (
    "Apart from what the moderators say, nobody could have told beforehand whether it does better or worse there.",
    "It is the same measure, done as well as it was done there.",
    "Studies were not chosen, published or reported for what they found.",
    "Effects are ratios: the same share of more crime is more crimes.",
)
# Estimates that a pilot may give, laid on their quantiles.
_PILOTS = 4001


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """The effect to expect in a city.

    Attributes
    ----------
    effect : in the city itself, on the scale of the estimates: the mean, and how far a site lies from it
    mean : of all sites like the city, which is surer and answers another question
    moderators : values at the city, by name; empty where the fit has none
    checks : whether the city lies among the sites
    assumptions : what must be true, in sentences
    """

    effect: NormalMixture
    mean: NormalMixture
    moderators: Mapping[str, float]
    checks: tuple[Check, ...]
    assumptions: tuple[str, ...] = TRANSFER_ASSUMPTIONS


def predict_city(
    fit: NormalHierarchy,
    moderators: Mapping[str, float] | None = None,
    *,
    outside: Literal["refuse", "tell"] = "refuse",
) -> Prediction:
    """Give what to expect in a city with these moderators.

    Outside of what was studied the line of a moderator is a guess, and the range around it does not hold the error of
    that guess: nothing in the data says how much wider it would have to be. So such a city is refused, and the answer
    that the data do support is the prediction of a fit without the moderator, which is wider.

    Parameters
    ----------
    fit : of sites' effects
    moderators : of the city, by the names of the fit's coefficients, without the constant
    outside : "refuse" a city beyond the sites, or "tell" so by a failed check
    """
    row = _row(fit, moderators)
    checks = _checks(fit, row) if len(row) > 1 else ()
    failed = [check.detail for check in checks if check.passed is False]
    if failed and outside == "refuse":
        msg = (
            f"{failed[0]}; a line beyond its data has an error that its range does not hold: fit without the "
            "moderator, or ask for the prediction all the same with outside='tell'"
        )
        raise EvidenceError(msg)
    values = dict(zip(fit.names[1:], row[1:].tolist(), strict=True))
    return Prediction(effect=fit.new_site(row), mean=fit.at(row), moderators=values, checks=checks)


def expected_events(
    events: Sequence[Any],
    *,
    level: Any = 1.0,
    dispersion: float | None = None,
    draws: int = DEFAULT_DRAWS,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the events that a city would have without the measure, shape (draws, periods).

    Parameters
    ----------
    events : expected in each period: numbers, or quantities such as {mean = 100, sd = 10}, drawn by themselves
    level : a factor on all periods, which is what is not known of the city as a whole
    dispersion : variance beyond chance, of counts with variance mean + dispersion * mean**2; 0 for chance alone;
        None where events are expectations and no counts are to be drawn
    """
    if not len(events):
        msg = "there is no period in which events are expected: give what is expected in each"
        raise EvidenceError(msg)
    columns = [Quantity.of(each).draw(draws, rng) for each in events]
    expected = np.column_stack(columns) * Quantity.of(level).draw(draws, rng)[:, None]
    if not (np.isfinite(expected) & (expected >= 0)).all():
        msg = "events that are expected are zero or more in every draw: take a lognormal or gamma quantity"
        raise EvidenceError(msg)
    if dispersion is None:
        return expected
    if not 0 <= dispersion < np.inf:
        msg = f"the dispersion of counts is zero or more; there is {dispersion}"
        raise EvidenceError(msg)
    rates = expected if dispersion == 0 else expected * rng.gamma(1 / dispersion, dispersion, expected.shape)
    return np.asarray(rng.poisson(rates), float)


def predicted_effect(
    known: NormalMixture | FloatArray,
    *,
    outcome: Outcome,
    expected: FloatArray,
    periods: Sequence[str],
    rng: np.random.Generator,
    estimand: str = "the change to expect in a city where the measure has not been tried",
    assumptions: Sequence[str] = TRANSFER_ASSUMPTIONS,
    checks: Sequence[Check] = (),
) -> Effect:
    """Turn what is known of a log rate ratio into an effect of a city, with draws of events prevented.

    Row by row what is expected, times what the measure takes away: a mean of rate ratios over draws, and not the ratio
    at the mean effect, which promises too much (in the vaccine trials of Colditz and others 0.49 in place of 0.60).

    Parameters
    ----------
    known : the log of the rate ratio in the city, as a distribution or draws of shape (draws,)
    expected : events without the measure, shape (draws, periods)
    periods : labels, shape (periods,)
    checks : of the prediction, such as `Prediction.checks`
    """
    events = np.asarray(expected, float)
    if events.ndim != 2 or events.shape[1] != len(periods):
        msg = f"expected events have shape (draws, periods), with {len(periods)} periods; there is {events.shape}"
        raise EvidenceError(msg)
    change = spread(known, len(events), rng) if isinstance(known, NormalMixture) else np.asarray(known, float)
    if change.shape != events.shape[:1]:
        msg = f"there are {change.shape} draws of the effect and {len(events)} of expected events: draw as many"
        raise EvidenceError(msg)
    with np.errstate(over="ignore"):
        prevented = -events * np.expm1(change)[:, None]
    if not np.isfinite(prevented).all():
        msg = (
            "what is known of the effect is so wide that some draws have more events than there are numbers for: take "
            "a prior that a programme could have (prior_predictive says what one means)"
        )
        raise EvidenceError(msg)
    return Effect(
        outcome=outcome,
        estimator="prediction",
        scale="log_rate_ratio",
        change=change,
        prevented=prevented,
        periods=tuple(periods),
        basis="posterior",
        estimand=estimand,
        assumption=" ".join(assumptions),
        checks=tuple(checks),
        methods_cap=1,  # nothing was compared in this city
    )


def share_resolved(known: NormalMixture, error: float) -> float:
    """Give the share of the variance of a city's effect that a pilot with this standard error would take away.

    It is what `expected_value_of_sample_information` takes as `resolved`: the variance, over estimates that the pilot
    may give, of the mean that would then be believed, as a share of the variance now.

    >>> round(share_resolved(NormalMixture(weights=[1.0], means=[-0.2], deviations=[0.3]), 0.3), 6)
    0.5
    """
    if not 0 < error < np.inf:
        msg = f"the standard error of a pilot is above zero and finite; there is {error}"
        raise EvidenceError(msg)
    wide = np.hypot(known.deviations, error)
    seen = NormalMixture(weights=known.weights, means=known.means, deviations=wide)
    estimates = seen.ppf((np.arange(_PILOTS) + 0.5) / _PILOTS)
    standard = (estimates[:, None] - known.means) / wide
    parts = known.weights * np.exp(-0.5 * standard**2) / wide
    pull = (known.deviations / wide) ** 2
    believed = (parts * (known.means + pull * (estimates[:, None] - known.means))).sum(-1) / parts.sum(-1)
    return float(min(believed.var() / known.variance, 1.0))


def _row(fit: NormalHierarchy, moderators: Mapping[str, float] | None) -> FloatArray:
    given = dict(moderators or {})
    wanted = fit.names[1:]
    for name in given:
        if name not in wanted:
            msg = f"no moderator {name!r} in the fit; {nearest(name, wanted)}"
            raise EvidenceError(msg)
    missing = [name for name in wanted if name not in given]
    if missing:
        msg = f"the effect depends on {first_of(wanted)}: give the city's {first_of(missing)}"
        raise EvidenceError(msg)
    return fit.row([1.0, *(given[name] for name in wanted)])


def _checks(fit: NormalHierarchy, row: FloatArray) -> tuple[Check, ...]:
    sites, city = fit.design[:, 1:], row[1:]
    inside = is_inside(sites, city)
    if inside:
        detail = f"the city lies among the {len(sites)} sites in {first_of(fit.names[1:])}"
    elif alone := outside_alone(sites, city, fit.names[1:]):
        detail = f"the city lies beyond all {len(sites)} sites in {first_of(alone)}"
    else:
        detail = f"no mixture of the {len(sites)} sites has the city's {first_of(fit.names[1:])} together"
    weights = 1 / (fit.errors**2 + float(fit.weights @ fit.deviations) ** 2)
    own, others = leverage(fit.design, weights, row), [leverage(fit.design, weights, each) for each in fit.design]
    far = (
        f"the city's leverage is {own:.2g}, the largest of a site {max(others):.2g}; it lies "
        f"{distance(sites, city):.1f} standard deviations from the middle of the sites"
    )
    return (
        Check(name="extrapolation", passed=inside, detail=detail),
        Check(name="leverage", passed=bool(own <= max(others) * (1 + 1e-9)), detail=far),
    )
