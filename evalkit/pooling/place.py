"""A new place: what is expected there without the measure, and what the evidence lets one expect with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from evalkit.domain import Check, Effect, Outcome
from evalkit.domain.text import one_line
from evalkit.draws import FloatArray, Quantity
from evalkit.errors import EvidenceError, first_of
from evalkit.evidence import SCALE_NAMES
from evalkit.evidence.body import BodyOfEvidence
from evalkit.evidence.effect_size import Moderator, Scale
from evalkit.evidence.transfer import TRANSFER_ASSUMPTIONS, expected_events, predict_city
from evalkit.evidence.transfer import predicted_effect as effect_of_city

__all__ = ["Place", "events_ratio", "predicted_effect"]

_NEEDS_RISK = ("log_odds_ratio", "log_hazard_ratio")
_RATIOS = ("log_rate_ratio", "log_risk_ratio", *_NEEDS_RISK)
# From two moderators on (and the intercept) a place can be usual in each and unlike all in both.
_JOINT = 3


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place that is not among the studies.

    Attributes
    ----------
    name : of the place
    at : value of every moderator there
    outcome : what would be prevented
    periods : labels of the periods in which the measure would run, such as years
    expected : events without the measure in each period, shape (periods,), each a number or a distribution
    expected_error : standard error of the level of all of them together, as a share of it: 0.1 is 10 %
    base_risk : share of people with the event without the measure; needed where effects are odds or hazards
    """

    name: str
    at: Mapping[str, Moderator] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=lambda: Outcome(name="events"))
    periods: tuple[str, ...] = ()
    expected: tuple[Quantity, ...] = ()
    expected_error: float = 0.0
    base_risk: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", one_line(self.name))
        object.__setattr__(self, "periods", tuple(one_line(label) for label in self.periods))
        if len(self.periods) != len(self.expected):
            raise EvidenceError(
                f"{self.name}: there are {len(self.periods)} periods and {len(self.expected)} expected counts; give "
                "one count for each period"
            )
        low = [label for label, each in zip(self.periods, self.expected, strict=True) if not each.mean > 0]
        if low:
            raise EvidenceError(f"{self.name}: the expected count in {first_of(low)} is above zero")

    @property
    def has_counts(self) -> bool:
        """Is it said how many events are expected there?"""
        return bool(self.expected)

    def draw_expected(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Draw the events expected without the measure, shape (draws, periods)."""
        level = {"mean": 1.0, "sd": self.expected_error, "shape": "lognormal"} if self.expected_error else 1.0
        return expected_events(self.expected, level=level, draws=draws, rng=rng)


def events_ratio(change: FloatArray, scale: Scale, base_risk: float | None) -> FloatArray:
    """Give how many times as many events there are with the measure, from draws of an effect, same shape.

    Ratios of rates and risks are that already. Odds and hazards go through the risk without the measure, which they
    need: the treated risk is p r / (1 - p + p r), and 1 - (1 - p)^r.

    Raises
    ------
    EvidenceError
        The scale is no ratio, or the risk is missing.
    """
    if scale not in _RATIOS:
        raise EvidenceError(
            f"a {SCALE_NAMES[scale]} does not say how many events there would be in a new place; pool ratios of rates, "
            "risks, odds or hazards for that (evidence.converted takes some of them to others)"
        )
    ratio = np.exp(change)
    if scale not in _NEEDS_RISK:
        return ratio
    if base_risk is None:
        raise EvidenceError(
            f"effects are a {SCALE_NAMES[scale]}: to say how many events there would be, give base_risk, the share of "
            "people in the new place who have the event without the measure"
        )
    if scale == "log_odds_ratio":
        return np.asarray(ratio / (1 - base_risk + base_risk * ratio))
    return np.asarray(-np.expm1(ratio * math.log1p(-base_risk)) / base_risk)


def predicted_effect(body: BodyOfEvidence, place: Place, draws: int, rng: np.random.Generator) -> Effect:
    """Give the effect to expect in a new place, as draws that an appraisal takes like those of any study.

    Row i holds one programme that might be: its own effect, and events expected without it. Events are counted in the
    place alone; what moves elsewhere is not foreseen.
    """
    change = np.log(events_ratio(body.draw_new(draws, rng, place.at or None), body.scale, place.base_risk))
    checks = extrapolation_checks(body, place)
    estimand = f"the change that a new programme of this kind would make in {place.name}"
    if place.has_counts:
        return effect_of_city(
            change,
            outcome=place.outcome,
            expected=place.draw_expected(draws, rng),
            periods=place.periods,
            rng=rng,
            estimand=estimand,
            checks=checks,
        )
    return Effect(
        outcome=place.outcome,
        estimator="prediction",
        scale="log_rate_ratio",
        change=change,
        basis="posterior",
        estimand=estimand,
        assumption=" ".join(TRANSFER_ASSUMPTIONS),
        checks=checks,
        methods_cap=1,
    )


def extrapolation_checks(body: BodyOfEvidence, place: Place) -> tuple[Check, ...]:
    """Say where the new place lies outside what was studied."""
    columns = body.columns
    if columns is None:
        return (
            Check(
                name="like the studies",
                passed=None,
                detail=f"Nothing is said of how {place.name} differs from the places studied: it is taken to be one "
                "more of them.",
            ),
        )
    alone = tuple(_inside(body, place, name) for name in columns.moderators)
    return alone if len(columns.names) < _JOINT else (*alone, *_together(body, place))


def _together(body: BodyOfEvidence, place: Place) -> tuple[Check, ...]:
    """Hold all moderators of the place together against the studies: each may be usual, and their mixture unknown."""
    fit = body.by_moderators
    if fit is None:
        return ()
    row = body.row(place.at)
    return predict_city(fit, dict(zip(fit.names[1:], row[1:].tolist(), strict=True)), outside="tell").checks


def _inside(body: BodyOfEvidence, place: Place, name: str) -> Check:
    """Hold one moderator of the place against those of the studies."""
    title, value = f"like the studies: {name}", place.at.get(name)
    seen = [each.moderators[name] for each in body.studies]
    if isinstance(value, str) or value is None:
        count = sum(other == value for other in seen)
        return Check(name=title, passed=count > 0, detail=f"{count} of {len(seen)} studies have {name} {value!r}.")
    low, high = min(map(float, seen)), max(map(float, seen))
    inside = low <= value <= high
    told = f"{name} is {value:g} in {place.name} and {low:g} to {high:g} in the studies"
    if inside:
        return Check(name=title, passed=True, detail=f"{told}.")
    return Check(
        name=title, passed=False, detail=f"{told}: an extrapolation, which rests on a straight line beyond all studies."
    )
