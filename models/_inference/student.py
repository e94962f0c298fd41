"""Student's t distribution by its quantiles alone: that of scipy.stats takes half a second to import."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from evalkit.draws import FloatArray

__all__ = ["StudentT"]


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
