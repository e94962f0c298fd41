"""Many mixtures of normals at once, one for each set of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp, ndtr

from evalkit.hierarchy.mixture import NormalMixture, mixture_quantile

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["NormalMixtures"]


@dataclass(frozen=True, kw_only=True, eq=False)
class NormalMixtures:
    """Mixtures of normals, one a row; what `NormalMixture` gives for one is given for all.

    Attributes
    ----------
    weights, means, deviations : shape (sets, components); weights of a row add up to 1
    """

    weights: FloatArray
    means: FloatArray
    deviations: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Means, shape (sets,)."""
        return np.asarray((self.weights * self.means).sum(-1))

    @property
    def deviation(self) -> FloatArray:
        """Standard deviations, shape (sets,)."""
        squares = self.deviations**2 + (self.means - self.mean[:, None]) ** 2
        return np.asarray(np.sqrt((self.weights * squares).sum(-1)))

    def below(self, value: Any) -> FloatArray:
        """Give the probability of less than values of shape () or (sets,), shape (sets,)."""
        asked = np.broadcast_to(np.asarray(value, float), self.weights.shape[:1])
        return np.asarray((self.weights * ndtr((asked[:, None] - self.means) / self.deviations)).sum(-1))

    def log_density(self, value: Any) -> FloatArray:
        """Give the log density at values of shape () or (sets,), shape (sets,)."""
        asked = np.broadcast_to(np.asarray(value, float), self.weights.shape[:1])
        standard = (asked[:, None] - self.means) / self.deviations
        each = -0.5 * standard**2 - np.log(self.deviations) - 0.5 * np.log(2 * np.pi)
        return np.asarray(logsumexp(each, b=self.weights, axis=-1))

    def ppf(self, probability: Any) -> FloatArray:
        """Give quantiles, shape (sets, probabilities), or (sets,) for one probability."""
        return mixture_quantile(probability, self.weights, self.means, self.deviations)

    def __getitem__(self, index: int) -> NormalMixture:
        """Give one of them."""
        used = self.weights[index] > 0
        weights = self.weights[index][used]
        return NormalMixture(
            weights=weights / weights.sum(), means=self.means[index][used], deviations=self.deviations[index][used]
        )
