"""How often a study concludes, by the change that is true, and averaged over what is believed of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evalkit.draws import FloatArray

__all__ = ["Chances", "Conclusive", "Detectable", "assurance"]


class Chances(Protocol):
    """How often a study of this design concludes that there is an effect, by the true change of the log rate."""

    def prevents(self, change: FloatArray) -> FloatArray:
        """Share of studies that conclude that the measure prevents, shape of `change`."""
        ...

    def harms(self, change: FloatArray) -> FloatArray:
        """Share of studies that conclude that it harms, shape of `change`."""
        ...

    def error(self, change: float) -> float:
        """Give the standard error that such a study has of the change where this one is true."""
        ...


@dataclass(frozen=True, kw_only=True)
class Detectable:
    """The smallest fall that a study of this design finds with the wanted power.

    Attributes
    ----------
    change : of the log rate, below 0; None with `reason`
    error : standard error of `change` from the number of simulated panels; 0 where it was reckoned in closed form
    reason : why there is none
    """

    change: float | None
    error: float = 0.0
    reason: str = ""

    @property
    def percent(self) -> float | None:
        """The same in percent, below 0."""
        return None if self.change is None else float(100 * np.expm1(self.change))

    @property
    def percent_error(self) -> float | None:
        """Standard error of `percent`, in points."""
        return None if self.change is None else float(100 * np.exp(self.change) * self.error)


@dataclass(frozen=True, kw_only=True)
class Conclusive:
    """Probability of each conclusion, over what is believed of the effect (assurance); they add up to 1."""

    prevents: float
    harms: float

    @property
    def inconclusive(self) -> float:
        """Probability that the study cannot tell."""
        return max(1.0 - self.prevents - self.harms, 0.0)


def assurance(chances: Chances, believed: FloatArray) -> Conclusive:
    """Average the chances over what is believed of the change, shape (draws,).

    O'Hagan, Stevens and Campbell 2005, doi:10.1002/pst.175.
    """
    return Conclusive(
        prevents=float(np.mean(chances.prevents(believed))), harms=float(np.mean(chances.harms(believed)))
    )
