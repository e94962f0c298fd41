"""What one study found, in one direction: negative is less crime or harm, on every scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from evalkit.domain.text import one_line
from evalkit.draws import FloatArray, Interval
from evalkit.errors import EvidenceError, nearest

__all__ = [
    "SCALE_NAMES",
    "EffectSize",
    "Good",
    "Moderator",
    "Scale",
    "estimates_and_errors",
    "opposite_studies",
    "require_independent",
    "require_one_scale",
]

type Scale = Literal[
    "log_rate_ratio",
    "log_risk_ratio",
    "log_odds_ratio",
    "log_hazard_ratio",
    "risk_difference",
    "standardised_mean_difference",
    "rate_difference",
    "mean_difference",
]
type Good = Literal["fewer", "more"]
type Moderator = float | str

SCALE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "log_rate_ratio": "log of a ratio of rates",
        "log_risk_ratio": "log of a ratio of risks",
        "log_odds_ratio": "log of a ratio of odds",
        "log_hazard_ratio": "log of a ratio of hazards",
        "risk_difference": "difference of risks",
        "standardised_mean_difference": "difference of means in standard deviations",
        "rate_difference": "difference of rates",
        "mean_difference": "difference of means",
    }
)
# A difference of rates per 1,000 homes is no difference of rates per month: these carry their unit.
_IN_UNITS = frozenset({"rate_difference", "mean_difference"})
# Beyond e^10 = 22,000 times as many a number is a percentage or a count that was taken for a log.
_LARGEST_LOG = 10.0


@dataclass(frozen=True, kw_only=True)
class EffectSize:
    """One effect of one study, with its standard error.

    Attributes
    ----------
    study : title or authors and year, as a forest plot names it
    estimate : on `scale`; negative is less crime or harm, whatever was measured
    error : standard error of the estimate, on the same scale, above zero
    scale : of estimate and error; logs are natural
    unit : of a difference of rates or means, such as "burglaries per 1,000 homes a year"; empty otherwise
    outcome : what was measured
    cluster : effects with the same are not independent, such as several outcomes of one study; the study itself
        where it is not named
    country, year : of the study; empty and None where they are not known
    methods_level : level of the Scientific Methods Scale, 1 to 5, or None
    degrees_of_freedom : of the estimate's t distribution; None for a normal
    moderators : what effects may differ by, name to number or text
    made_from : how estimate and error came about, in words
    notes : what a reader must know of it, such as a half added to an empty cell
    """

    study: str
    estimate: float
    error: float
    scale: Scale
    unit: str = ""
    outcome: str = ""
    cluster: str = ""
    country: str = ""
    year: int | None = None
    methods_level: int | None = None
    degrees_of_freedom: float | None = None
    moderators: Mapping[str, Moderator] = field(default_factory=dict)
    made_from: str = "estimate and standard error as given"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("study", "unit", "outcome", "cluster", "country", "made_from"):
            object.__setattr__(self, name, self._text(name))
        if not self.study:
            raise EvidenceError("an effect of a study has the study's name; there is an empty one: fill in 'study'")
        if not self.cluster:
            object.__setattr__(self, "cluster", self.study)
        object.__setattr__(self, "moderators", MappingProxyType(self._checked_moderators()))
        object.__setattr__(self, "notes", tuple(one_line(note) for note in self.notes))
        self._check_scale()
        self._check_numbers()
        self._check_labels()

    def _text(self, name: str) -> str:
        value = getattr(self, name)
        if not isinstance(value, str):
            raise EvidenceError(f"{name} of an effect is text; there is {value!r}")
        return one_line(value)

    def _checked_moderators(self) -> dict[str, Moderator]:
        found: dict[str, Moderator] = {}
        for name, value in self.moderators.items():
            if isinstance(value, str):
                found[one_line(str(name))] = one_line(value)
            elif isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
                found[one_line(str(name))] = float(value)
            else:
                raise EvidenceError(
                    f"study {self.study!r}, moderator {name!r}: wanted is a number or a text; there is {value!r}; "
                    "leave a moderator out where it is not known"
                )
        return found

    def _check_scale(self) -> None:
        if self.scale not in get_args(Scale.__value__):
            raise EvidenceError(
                f"study {self.study!r}: no scale {self.scale!r}; {nearest(self.scale, get_args(Scale.__value__))}"
            )
        if self.scale in _IN_UNITS and not self.unit:
            raise EvidenceError(
                f"study {self.study!r}: a {SCALE_NAMES[self.scale]} has a unit, and 'unit' is empty: say what it is "
                "counted in, such as 'burglaries per 1,000 homes a year'"
            )

    def _check_numbers(self) -> None:
        estimate, error = (self._number(name) for name in ("estimate", "error"))
        object.__setattr__(self, "estimate", estimate)
        object.__setattr__(self, "error", error)
        if error == 0:
            raise EvidenceError(
                f"study {self.study!r}: the standard error is 0, which says that nothing was left to chance; give the "
                "counts, an interval or a p-value instead"
            )
        if error < 0:
            raise EvidenceError(f"study {self.study!r}: a standard error is above 0; there is {error:g}")
        if self.scale.startswith("log_") and abs(estimate) > _LARGEST_LOG:
            raise EvidenceError(
                f"study {self.study!r}: an estimate of {estimate:g} as a {SCALE_NAMES[self.scale]} would be a factor "
                f"of {math.exp(min(abs(estimate), 700)):.3g}; give the natural log and not a percentage or the ratio"
            )
        if self.scale == "risk_difference" and abs(estimate) > 1:
            raise EvidenceError(
                f"study {self.study!r}: a difference of risks lies between -1 and 1; there is {estimate:g}: divide "
                "percentage points by 100"
            )

    def _number(self, name: str) -> float:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise EvidenceError(f"study {self.study!r}: {name} is a finite number; there is {value!r}")
        return float(value)

    def _check_labels(self) -> None:
        whole = {"year": (1700, 2200), "methods_level": (1, 5)}
        for name, (low, high) in whole.items():
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int) and low <= value <= high):
                raise EvidenceError(
                    f"study {self.study!r}: {name} is a whole number from {low} to {high}; there is {value!r}"
                )
        free = self.degrees_of_freedom
        if free is not None and not free > 0:
            raise EvidenceError(f"study {self.study!r}: degrees_of_freedom are above 0; there is {free!r}")

    @property
    def variance(self) -> float:
        """Square of the standard error."""
        return self.error**2

    @property
    def is_ratio(self) -> bool:
        """Is the effect the log of a ratio, so that its exponential reads as one?"""
        return self.scale.startswith("log_")

    def interval(self, level: float = 0.95) -> Interval:
        """Give the confidence interval on the effect's own scale: t where degrees of freedom are known, else normal."""
        half = self.error * quantile(level, self.degrees_of_freedom)
        return Interval(level=level, lower=self.estimate - half, upper=self.estimate + half)


def quantile(level: float, degrees_of_freedom: float | None = None) -> float:
    """Give how many standard errors either side hold `level`.

    >>> round(quantile(0.95), 4), round(quantile(0.95, 10), 4)
    (1.96, 2.2281)
    """
    from scipy.special import ndtri, stdtrit

    if not 0 < level < 1:
        raise EvidenceError(f"the level of an interval lies between 0 and 1, such as 0.95; there is {level!r}")
    probability = (1 + level) / 2
    return float(ndtri(probability) if degrees_of_freedom is None else stdtrit(degrees_of_freedom, probability))


def estimates_and_errors(effects: Sequence[EffectSize]) -> tuple[FloatArray, FloatArray]:
    """Give estimates and standard errors, each of shape (effects,), of effects that may be pooled.

    Raises
    ------
    EvidenceError
        There is no effect, or they are on different scales or in different units.
    """
    require_one_scale(effects)
    return np.array([each.estimate for each in effects]), np.array([each.error for each in effects])


def require_one_scale(effects: Sequence[EffectSize]) -> Scale:
    """Give the scale that all effects share.

    Raises
    ------
    EvidenceError
        There is no effect, or two are on different scales or in different units; the message names both.
    """
    if not effects:
        raise EvidenceError("there is no effect to pool; give at least one study")
    first = effects[0]
    for each in effects[1:]:
        if each.scale != first.scale:
            raise EvidenceError(
                f"study {first.study!r} gives a {SCALE_NAMES[first.scale]} ({first.scale}) and study {each.study!r} "
                f"a {SCALE_NAMES[each.scale]} ({each.scale}), which are not pooled together: {_way_out(first, each)}"
            )
        if each.unit != first.unit:
            raise EvidenceError(
                f"study {first.study!r} counts in {first.unit!r} and study {each.study!r} in {each.unit!r}, which are "
                "not pooled together: bring both to one unit"
            )
    return first.scale


def _way_out(first: EffectSize, second: EffectSize) -> str:
    scales = {first.scale, second.scale}
    if scales == {"log_odds_ratio", "standardised_mean_difference"}:
        return "convert one with evidence.converted, which needs nothing else"
    if scales <= {"log_odds_ratio", "log_risk_ratio", "log_hazard_ratio", "risk_difference"}:
        return "convert one with evidence.converted, which needs the risk in the comparison group (base_risk)"
    return "no formula takes one to the other; pool them apart, or take both from their counts"


def require_independent(effects: Sequence[EffectSize]) -> None:
    """Refuse several effects of one study where a method takes all to be independent.

    Raises
    ------
    EvidenceError
        Two effects have the same `cluster`.
    """
    seen: set[str] = set()
    for each in effects:
        if each.cluster in seen:
            raise EvidenceError(
                f"there are several effects of {each.cluster!r}, which are not independent: pool them with multilevel, "
                "choose one a study, or name their cluster where they are of different studies"
            )
        seen.add(each.cluster)


def opposite_studies(effects: Sequence[EffectSize], level: float = 0.95) -> tuple[str, ...]:
    """Name the studies that see more harm where all together see less, or the other way round, beyond chance.

    Of a study so far on the other side either the measure did something else there, or its direction was entered the
    wrong way round; only its source tells which.
    """
    values, errors = estimates_and_errors(effects)
    weights = errors**-2
    side = float(np.sign(np.sum(weights * values)))
    beyond = [each.interval(level) for each in effects]
    return tuple(
        each.study
        for each, ends in zip(effects, beyond, strict=True)
        if (side < 0 and ends.lower > 0) or (side > 0 and ends.upper < 0)
    )
