"""Finite mixtures of beta distributions: what is known of a share, such as of those who offend again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betainc, betaln, gammaln, logsumexp

from evalkit.draws import is_number
from evalkit.errors import EvidenceError

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["BetaMixture"]


@dataclass(frozen=True, kw_only=True, eq=False)
class BetaMixture:
    """A distribution of a share between 0 and 1 made of betas; counts update it in closed form.

    Attributes
    ----------
    weights : shape (components,), adding up to 1
    successes, failures : parameters of the betas, shape (components,), above zero

    >>> known = BetaMixture(weights=[1.0], successes=[3.0], failures=[7.0])
    >>> known.mean, round(known.updated(5, 10)[0].mean, 3)
    (0.3, 0.4)
    """

    weights: FloatArray
    successes: FloatArray
    failures: FloatArray

    def __post_init__(self) -> None:
        w, a, b = (np.atleast_1d(np.asarray(each, float)) for each in (self.weights, self.successes, self.failures))
        if w.ndim != 1 or not w.shape == a.shape == b.shape or not np.isfinite([w, a, b]).all():
            msg = f"a mixture of betas has finite numbers of one shape; there are {w.shape}, {a.shape} and {b.shape}"
            raise EvidenceError(msg)
        if (w < 0).any() or abs(w.sum() - 1) > 1e-6 or not (a > 0).all() or not (b > 0).all():
            msg = f"weights are zero or more and add up to 1 (there is {w.sum():.6g}), parameters of betas above zero"
            raise EvidenceError(msg)
        for name, array in {"weights": w / w.sum(), "successes": a, "failures": b}.items():
            object.__setattr__(self, name, array)

    @property
    def mean(self) -> float:
        """Mean share."""
        return float(self.weights @ (self.successes / (self.successes + self.failures)))

    @property
    def variance(self) -> float:
        """Variance, that between the components with that within them."""
        total = self.successes + self.failures
        means = self.successes / total
        within = means * (1 - means) / (total + 1)
        return float(self.weights @ (within + (means - self.mean) ** 2))

    def below(self, value: Any) -> FloatArray:
        """Give the probability of a share below `value`, same shape."""
        asked = np.clip(np.asarray(value, float), 0, 1)[..., None]
        return np.asarray(betainc(self.successes, self.failures, asked) @ self.weights)

    def log_density(self, value: Any) -> FloatArray:
        """Give the log of the density at shares between 0 and 1, exclusive, same shape."""
        at = np.asarray(value, float)[..., None]
        each = (self.successes - 1) * np.log(at) + (self.failures - 1) * np.log1p(-at)
        return np.asarray(logsumexp(each - betaln(self.successes, self.failures), b=self.weights, axis=-1))

    def updated(self, events: float, of: float) -> tuple[BetaMixture, float]:
        """Take in so many events of so many, and give what is then known, with the log probability of them before."""
        if not (is_number(events) and is_number(of) and 0 <= events <= of):
            msg = f"events are between none and all of those at risk; there are {events} of {of}"
            raise EvidenceError(msg)
        a, b = self.successes + events, self.failures + of - events
        ways = gammaln(of + 1) - gammaln(events + 1) - gammaln(of - events + 1)
        logs = np.log(self.weights) + betaln(a, b) - betaln(self.successes, self.failures) + ways
        total = float(logsumexp(logs))
        return BetaMixture(weights=np.exp(logs - total), successes=a, failures=b), total
