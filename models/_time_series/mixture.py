"""Mixtures of t distributions: what is left of an estimate when the parameters of its noise are averaged over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray, spread, spread_parts

__all__ = ["Mixture", "MixtureOfT", "joint_draws"]

# Beyond this the most heavy-tailed law in use, a t with 8 degrees of freedom, has less than a millionth of itself.
_REACH = 14.0
_GRID = 401
_NEGLIGIBLE = 1e-7


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixture:
    """Estimates under several laws of the noise, and how well each is borne out.

    Attributes
    ----------
    shares : of each law, summing to one, shape (laws,)
    means : shape (laws, k)
    covariances : squared scales of the t distributions, shape (laws, k, k)
    freedom : degrees of freedom of all of them
    """

    shares: FloatArray
    means: FloatArray
    covariances: FloatArray
    freedom: float

    @property
    def mean(self) -> FloatArray:
        """Shape (k,)."""
        return np.asarray(self.shares @ self.means)

    @property
    def covariance(self) -> FloatArray:
        """Squared scale of the whole: within laws and between them, shape (k, k)."""
        apart = self.means - self.mean
        within = np.einsum("g,gij->ij", self.shares, self.covariances)
        return np.asarray(within + np.einsum("g,gi,gj->ij", self.shares, apart, apart))

    def only(self, which: slice) -> Mixture:
        """Give the law of some of the parts."""
        return Mixture(
            shares=self.shares,
            means=self.means[:, which],
            covariances=self.covariances[:, which, which],
            freedom=self.freedom,
        )

    def along(self, weights: FloatArray) -> MixtureOfT:
        """Give the law of a weighted sum."""
        kept = self.shares > _NEGLIGIBLE * self.shares.max()
        squares = np.einsum("i,gij,j->g", weights, self.covariances[kept], weights)
        shares = self.shares[kept]
        return MixtureOfT(
            shares=shares / shares.sum(),
            means=self.means[kept] @ weights,
            scales=np.sqrt(squares),
            freedom=self.freedom,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class MixtureOfT:
    """A mixture of t distributions of one number; arrays have shape (laws,)."""

    shares: FloatArray
    means: FloatArray
    scales: FloatArray
    freedom: float

    def cdf(self, at: FloatArray) -> FloatArray:
        """Probability below each of `at`."""
        from scipy.special import stdtr

        return np.asarray(stdtr(self.freedom, (at[:, None] - self.means) / self.scales) @ self.shares)

    def ppf(self, probabilities: FloatArray) -> FloatArray:
        """Quantiles, read from a grid that is dense in the middle; between its points scores are all but straight."""
        from scipy.special import ndtri
        from scipy.stats import t

        if len(self.means) == 1:
            alone: FloatArray = t(self.freedom, self.means[0], self.scales[0]).ppf(probabilities)
            return alone
        centre, reach = float(self.shares @ self.means), _REACH * float(self.scales.max() + np.ptp(self.means))
        grid = centre + reach * np.sinh(np.linspace(-4, 4, _GRID)) / np.sinh(4)
        below, where = np.unique(self.cdf(grid).clip(1e-15, 1 - 1e-15), return_index=True)
        quantiles: FloatArray = np.interp(ndtri(probabilities), ndtri(below), grid[where])
        return quantiles


def joint_draws(mixture: Mixture, weights: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """Draw all parts so that their weighted sum has exactly its own law, shape (draws, k)."""
    headline = spread(mixture.along(weights), draws, rng)
    if len(weights) == 1:
        return np.asarray(headline[:, None] / weights[0])
    return spread_parts(headline, mixture.mean, mixture.covariance, weights, rng)
