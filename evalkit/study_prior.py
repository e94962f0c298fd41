"""What is believed of an effect before the study: a normal for the log of the rate ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np

from evalkit.domain.text import one_line
from evalkit.draws import FloatArray, is_number, spread
from evalkit.errors import StudyError, nearest

__all__ = ["Origin", "Prior"]

type Origin = Literal["evidence", "stated"]

# A range in percent is read as the one that holds so much of what is believed.
_LEVEL = 0.95
# A change of twenty times, and a spread of that size, is no belief about prevention.
_LARGEST = 3.0


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What is believed of the effect, as a normal for the log of the rate ratio; below 0 it prevents.

    Attributes
    ----------
    mean, sd : of the log of the rate ratio; -0.22 is a fall of 20 %
    origin : "evidence" where it comes from earlier evaluations, "stated" where the user says so
    source : where from; needed for evidence
    """

    mean: float
    sd: float
    origin: Origin = "stated"
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", one_line(self.source))
        for name, least in (("mean", -_LARGEST), ("sd", 0.0)):
            value = getattr(self, name)
            if not is_number(value) or not least <= value <= _LARGEST:
                raise StudyError(
                    f"{name} of the prior effect is a number from {least:g} to {_LARGEST:g}, of the log of the rate "
                    f"ratio (-0.22 is a fall of 20 %); there is {value!r}"
                )
        if self.origin not in get_args(Origin.__value__):
            known = get_args(Origin.__value__)
            raise StudyError(f"no origin {self.origin!r} of a prior; {nearest(self.origin, known)}")
        if self.origin == "evidence" and not self.source:
            raise StudyError("a prior from evidence names its source: say which evaluations, or origin = 'stated'")

    @classmethod
    def from_percent(cls, low: float, high: float, *, origin: Origin = "stated", source: str = "") -> Self:
        """Read it from a range in percent that holds 95 % of what is believed, such as -40 to 0.

        >>> round(Prior.from_percent(-40, 0).mean, 3)
        -0.255
        """
        ends = {"low": low, "high": high}
        for name, value in ends.items():
            if not is_number(value) or value <= -100:
                raise StudyError(f"percent: {name} is a number above -100; there is {value!r}")
        if low > high:
            raise StudyError(f"percent: low ({low:g}) is above high ({high:g}); -40 is a larger fall than -10")
        from scipy.special import ndtri

        lower, upper = math.log1p(low / 100), math.log1p(high / 100)
        reach = 2 * float(ndtri((1 + _LEVEL) / 2))
        return cls(mean=(lower + upper) / 2, sd=(upper - lower) / reach, origin=origin, source=source)

    @property
    def ends(self) -> tuple[float, float]:
        """The two ends that hold 95 % of it."""
        from scipy.special import ndtri

        reach = float(ndtri((1 + _LEVEL) / 2)) * self.sd
        return (self.mean - reach, self.mean + reach)

    def draws(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Spread it over so many draws, shape (draws,)."""
        from scipy import stats

        return np.full(count, self.mean) if self.sd == 0 else spread(stats.norm(self.mean, self.sd), count, rng)

    def probability_of_at_most(self, change: float) -> float:
        """Probability that the true change is this one or lower (a larger fall)."""
        from scipy.special import ndtr

        return float(self.mean <= change) if self.sd == 0 else float(ndtr((change - self.mean) / self.sd))
