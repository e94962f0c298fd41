"""Student's t distribution by its quantiles alone: that of scipy.stats takes half a second to import."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from evalkit.draws import FloatArray

__all__ = ["FEW_DEGREES", "FEW_DEGREES_SAY", "StudentT"]

# Below this a t distribution has tails in which a mean of exponentials is lost, and CR2's own
# approximation is poor (Pustejovsky and Tipton 2018 advise care under 5).
FEW_DEGREES = 5
FEW_DEGREES_SAY = (
    " That is few: the interval is wide for it, and an average over the draws of events prevented, or of money, "
    "hangs on their far ends; read medians and intervals."
)


@dataclass(frozen=True)
class StudentT:
    """A t distribution around nothing, to be spread over its quantiles.

    >>> round(float(StudentT(5.0).ppf(np.array(0.975))), 4)
    2.5706
    """

    degrees_of_freedom: float

    def ppf(self, q: FloatArray) -> FloatArray:
        """Give the quantiles at probabilities `q`."""
        return np.asarray(stdtrit(self.degrees_of_freedom, q))
