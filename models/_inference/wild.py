"""Wild cluster bootstrap: the residuals of whole sites change sign, as array operations on the sites' scores.

Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414; Roodman, MacKinnon, Nielsen and Webb 2019,
doi:10.1177/1536867X19830877. Restricted (the effect that is tested is imposed before residuals are taken), or
unrestricted. For a Poisson fit the scores of the working regression are used, not new counts (Kline and Santos
2012, doi:10.1515/2156-6674.1006).

A draw's t is made of scores K v, with v the sites' signs and K, shape (sites, sites), diagonal plus low rank. The
residuals under an effect tau are e + (estimate - tau) x, so that numerator and scores of all draws are linear in
tau: what each draw says of every tau is a polynomial, and the test is inverted without drawing again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._inference.jackknife import moments
from evalkit.models._inference.randomise import ConfidenceDistribution
from evalkit.models._regression.columns import combine
from evalkit.models._regression.linear import Fit

__all__ = ["Bootstrapped", "bootstrap", "signs"]

# Below this many sites two signs give too few different draws (Webb 2023, doi:10.1111/caje.12661).
_FEW = 12
_ROUNDING = 1e-9
_WEBB = np.sqrt([0.5, 1.0, 1.5])


@dataclass(frozen=True, kw_only=True, eq=False)
class Bootstrapped:
    """What the bootstrap says of one coefficient.

    Attributes
    ----------
    distribution : of the effects that its test does not reject
    p_value : of no effect
    words : what was drawn, in words
    """

    distribution: ConfidenceDistribution
    p_value: float
    words: str


def signs(sites: int, draws: int, rng: np.random.Generator) -> tuple[FloatArray, str]:
    """Give what residuals of sites are multiplied by, shape (m, sites), and say it.

    All patterns of signs (Rademacher) where they are no more than `draws`; random ones otherwise; with fewer
    than 12 sites and more patterns than draws, Webb's six points. Residuals all kept are not among random ones.
    """
    if sites < 63 and 2**sites <= draws:
        every = np.arange(2**sites)[:, None] >> np.arange(sites)
        return np.asarray(1.0 - 2.0 * (every & 1), float), f"all {2**sites:,} patterns of signs of {sites} sites"
    either = np.asarray(1.0 - 2.0 * rng.integers(0, 2, (draws, sites)), float)
    if sites < _FEW:
        return either * _WEBB[
            rng.integers(0, 3, (draws, sites))
        ], f"{draws:,} draws of Webb's six points for {sites} sites"
    return either, f"{draws:,} random patterns of signs of {sites} sites"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scores:
    """Sites' shares in the estimate, and how signs of sites move the scores that its error is made of.

    Attributes
    ----------
    shares : shape (sites,)
    moved : K, shape (sites, sites)
    """

    shares: FloatArray
    moved: FloatArray


def _scores(fit: Fit, treatment: FloatArray, residuals: FloatArray) -> _Scores:
    """Scores of signs times `residuals`, shape (sites, periods), for a treatment with all else taken out."""
    stacked, weighted = moments(fit)
    crossed = np.tensordot(stacked, weighted, axes=([0, 1], [0, 1]))
    size = np.sqrt(np.diag(crossed))
    influence = treatment * fit.weights
    influence /= (influence * treatment).sum()
    left = np.einsum("it,itq->iq", influence, stacked) / size
    right = np.einsum("itq,it->iq", weighted, residuals) / size
    shares = (influence * residuals).sum(axis=1)
    moved = np.diag(shares) - left @ np.linalg.solve(crossed / np.outer(size, size), right.T)
    return _Scores(shares=shares, moved=moved)


def bootstrap(fit: Fit, draws: int, rng: np.random.Generator, *, restricted: bool) -> Bootstrapped:
    """Bootstrap the first coefficient of a fit, studentised by errors by site.

    The factor of small samples is the same for all draws and for the estimate, and cancels.
    """
    used = fit.weights.sum(axis=1) > 0
    multipliers, words = signs(int(used.sum()), draws, rng)
    estimate, treatment = float(fit.coefficients[0]), _treatment(fit)
    kept = _scores(fit, treatment, fit.residuals)
    variance = float((kept.shares**2).sum())
    if variance <= 0:
        msg = "the sites leave no variation to tell the error from: wild bootstrap has nothing to draw"
        raise EstimationError(msg)
    noise = _Drawn.of(multipliers, kept)
    if not restricted:
        reach = np.sqrt(variance * noise.change**2 / _positive((noise.scores**2).sum(axis=1)))
        p_value = float(np.mean(reach >= abs(estimate) * (1 - _ROUNDING)))
        return _give(estimate, -reach, reach, p_value, words + ", around the estimate")
    imposed = _Drawn.of(multipliers, _scores(fit, treatment, treatment))
    law = _Law.of(noise, imposed, variance)
    lower, upper = law.ends()
    return _give(estimate, lower, upper, law.p_value(estimate), words + ", with the effect tested imposed")


def _give(estimate: float, lower: FloatArray, upper: FloatArray, p_value: float, words: str) -> Bootstrapped:
    found = ConfidenceDistribution(
        estimate=estimate, lower=np.sort(estimate + lower), upper=np.sort(estimate + upper)[::-1]
    )
    return Bootstrapped(distribution=found, p_value=p_value, words=words)


def _treatment(fit: Fit) -> FloatArray:
    """Take the other regressors out of the first: what the bread makes of all is its multiple."""
    return combine(fit.regressors, fit.bread[:, 0] / fit.bread[0, 0])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawn:
    """Changes of the estimate, shape (m,), and scores of sites, shape (m, sites), of every draw."""

    change: FloatArray
    scores: FloatArray

    @classmethod
    def of(cls, multipliers: FloatArray, scores: _Scores) -> _Drawn:
        return cls(change=multipliers @ scores.shares, scores=multipliers @ scores.moved.T)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Law:
    """Of each draw: change n0 + d n1 and squared error a0 + 2 d a1 + d^2 a2, with d the estimate less the effect."""

    n0: FloatArray
    n1: FloatArray
    a0: FloatArray
    a1: FloatArray
    a2: FloatArray
    variance: float

    @classmethod
    def of(cls, noise: _Drawn, imposed: _Drawn, variance: float) -> _Law:
        a0, a1, a2 = (
            np.einsum("mi,mi->m", left, right)
            for left, right in (
                (noise.scores, noise.scores),
                (noise.scores, imposed.scores),
                (imposed.scores, imposed.scores),
            )
        )
        return cls(n0=noise.change, n1=imposed.change, a0=a0, a1=a1, a2=a2, variance=variance)

    def p_value(self, estimate: float) -> float:
        """Share of the draws whose t is at least the actual one, with no effect imposed."""
        squared = (self.n0 + estimate * self.n1) ** 2
        error = self.a0 + 2 * estimate * self.a1 + estimate**2 * self.a2
        return float(np.mean(squared * self.variance >= estimate**2 * error * (1 - _ROUNDING)))

    def ends(self) -> tuple[FloatArray, FloatArray]:
        """Give the outermost d, below and above, at which each draw's t is at least the actual one."""
        unit = np.sqrt(self.variance)  # d in standard errors, so that the polynomial is of order one
        n0, n1 = self.n0 / unit, self.n1
        a0, a1, a2 = self.a0 / self.variance, self.a1 / unit, self.a2
        telling = a2 > _ROUNDING
        lead = np.where(telling, a2, 1.0)
        # d^4 + c3 d^3 + ...: the draw speaks for d where it is at most zero
        terms = np.stack([2 * a1, a0 - n1**2, -2 * n0 * n1, -(n0**2)], axis=1) / lead[:, None]
        companion = np.zeros((len(n0), 4, 4))
        companion[:, 0, :] = -terms
        companion[:, [1, 2, 3], [0, 1, 2]] = 1.0
        roots = np.linalg.eigvals(companion)
        real = np.where(np.abs(roots.imag) <= 1e-7 * (1 + np.abs(roots)), roots.real, 0.0)
        # an effect above the estimate is a negative d
        lower = np.where(telling, -real.max(axis=1).clip(min=0), -np.inf)
        upper = np.where(telling, -real.min(axis=1).clip(max=0), np.inf)
        return lower * unit, upper * unit


def _positive(values: FloatArray) -> FloatArray:
    return np.where(values > 0, values, np.inf)
