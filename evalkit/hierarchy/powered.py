"""A prior raised to a power: as sure as if it had been told so many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.between import BetweenPrior

__all__ = ["Powered"]


@dataclass(frozen=True, kw_only=True)
class Powered:
    """A prior raised to a power."""

    prior: BetweenPrior
    power: float

    is_proper = False  # its constant is not known

    @property
    def decay(self) -> float:
        """Give the prior's, times the power."""
        return self.prior.decay * self.power

    @property
    def upper(self) -> float:
        """Give the prior's."""
        return self.prior.upper

    @property
    def scale(self) -> float:
        """Give the prior's."""
        return self.prior.scale

    @property
    def tail(self) -> float:
        """Give the prior's, times the power."""
        return self.prior.tail * self.power

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        """Give the log density up to a constant, same shape as `deviation`."""
        return np.asarray(self.power * self.prior.log_density(deviation))
