"""The normal hierarchical model where the deviation between sites is given: then all is normal, and closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.draws import FloatArray
    from evalkit.hierarchy.between import NormalPrior

__all__ = ["Beliefs", "Given", "given_beliefs", "given_between"]

_LOG_TWO_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """What is known of the coefficients, for each value of the deviation between sites.

    Attributes
    ----------
    log_evidence : log density of the estimates, coefficients integrated out, shape (..., deviations)
    means : of the coefficients, shape (..., deviations, coefficients)
    covariances : shape (..., deviations, coefficients, coefficients)
    """

    log_evidence: FloatArray
    means: FloatArray
    covariances: FloatArray

    @property
    def first(self) -> Given:
        """Give what is known of the first set, where there are several."""
        return Given(log_evidence=self.log_evidence[0], means=self.means[0], covariances=self.covariances[0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Beliefs:
    """Priors of the coefficients as arrays, shape (..., coefficients).

    Attributes
    ----------
    means : centres; 0 where the prior is flat
    precisions : 1 / deviation**2; 0 where the prior is flat
    """

    means: FloatArray
    precisions: FloatArray

    @classmethod
    def of(cls, priors: Sequence[NormalPrior]) -> Beliefs:
        """Take them from priors, one for each coefficient."""
        flat = np.array([prior.is_flat for prior in priors])
        return cls(
            means=np.where(flat, 0.0, [prior.mean for prior in priors]),
            precisions=np.array([0.0 if prior.is_flat else prior.deviation**-2 for prior in priors]),
        )


def given_between(
    estimates: FloatArray,
    errors: FloatArray,
    design: FloatArray,
    priors: Sequence[NormalPrior],
    deviations: FloatArray,
    *,
    included: np.ndarray | None = None,
) -> Given:
    """Integrate the coefficients out of estimates ~ normal(design @ coefficients, errors**2 + deviation**2).

    Parameters
    ----------
    estimates, errors : arrays, shape (..., sites)
    design : array, shape (sites, coefficients)
    priors : one for each coefficient; a flat one leaves out its constant
    deviations : of the sites around what the coefficients say, shape (..., deviations)
    included : shape (..., sites); a site that is not included says nothing
    """
    return given_beliefs(estimates, errors, design, Beliefs.of(priors), deviations, included=included)


def given_beliefs(
    estimates: FloatArray,
    errors: FloatArray,
    design: FloatArray,
    beliefs: Beliefs,
    deviations: FloatArray,
    *,
    included: np.ndarray | None = None,
) -> Given:
    """Do what `given_between` does for many sets of data, each with priors of its own."""
    precision = 1 / (errors[..., None, :] ** 2 + deviations[..., None] ** 2)
    weights = precision if included is None else np.where(included[..., None, :], precision, 0.0)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    if included is not None:
        log_weights = np.where(included[..., None, :], log_weights, 0.0)
    sites = np.asarray(estimates.shape[-1] if included is None else included.sum(-1))
    before, known = beliefs.means[..., None, :], beliefs.precisions[..., None, :]

    means, covariances, determinant = _coefficients(weights, estimates, design, before, known)
    left = estimates[..., None, :] - means @ design.T
    squares = (weights * left**2).sum(-1) + (known * (means - before) ** 2).sum(-1)
    proper = np.where(known > 0, known, 1.0)
    constant = np.log(proper).sum(-1) + (known == 0).sum(-1) * _LOG_TWO_PI - sites[..., None] * _LOG_TWO_PI
    log_evidence = 0.5 * (log_weights.sum(-1) + constant - determinant - squares)
    return Given(log_evidence=log_evidence, means=means, covariances=covariances)


def _coefficients(
    weights: FloatArray, estimates: FloatArray, design: FloatArray, before: FloatArray, known: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give means and covariances of the coefficients and the log determinant of their information."""
    if design.shape[1] == 1:
        column = design[:, 0]
        information = weights @ column**2 + known[..., 0]
        score = weights @ (estimates * column)[..., None]
        means = (score[..., 0] + (known * before)[..., 0]) / information
        return means[..., None], (1 / information)[..., None, None], np.log(information)
    # A year beside a constant is nearly one column: directions at right angles leave their information readable.
    turned, back = _at_right_angles(design)
    pairs = (turned[:, :, None] * turned[:, None, :]).reshape(len(turned), -1)
    size = back.shape[0]
    data = (weights @ pairs).reshape(*weights.shape[:-1], size, size)
    information = data + back.T @ (known[..., None] * back)
    score = (weights * estimates[..., None, :]) @ turned + (known * before) @ back
    inverse = np.linalg.inv(information)
    means = (inverse @ score[..., None])[..., 0] @ back.T
    determinant = np.linalg.slogdet(information)[1] - 2 * np.linalg.slogdet(back)[1]
    return means, back @ inverse @ back.T, determinant


def _at_right_angles(design: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give columns at right angles that say what a design says, and the matrix that turns their coefficients back."""
    size = design.shape[1]
    turned, triangle = np.linalg.qr(design) if len(design) >= size else (design, np.zeros((size, size)))
    diagonal = np.abs(np.diag(triangle))
    if diagonal.min() <= 1e-12 * diagonal.max():  # columns that do not tell apart: priors must
        return design, np.eye(size)
    return turned, np.linalg.inv(triangle)
