"""The normal hierarchical model where the deviation between sites is given: then all is normal, and closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.draws import FloatArray
    from evalkit.hierarchy.between import NormalPrior

__all__ = ["Given", "given_between"]

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
    precision = 1 / (errors[..., None, :] ** 2 + deviations[..., None] ** 2)
    used = np.ones(np.shape(errors), bool) if included is None else included
    weights = np.where(used[..., None, :], precision, 0.0)
    log_weights = np.where(used[..., None, :], np.log(precision), 0.0)
    coefficients = design.shape[1]
    flat = np.array([prior.is_flat for prior in priors])
    before = np.array([0.0 if prior.is_flat else prior.mean for prior in priors])
    known = np.array([0.0 if prior.is_flat else prior.deviation**-2 for prior in priors])

    pairs = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    information = (weights @ pairs).reshape(*weights.shape[:-1], coefficients, coefficients) + np.diag(known)
    covariances = np.linalg.inv(information)
    score = (weights * estimates[..., None, :]) @ design + known * before
    means = (covariances @ score[..., None])[..., 0]

    left = estimates[..., None, :] - means @ design.T
    squares = (weights * left**2).sum(-1) + (known * (means - before) ** 2).sum(-1)
    constant = (np.log(known[~flat]).sum() + flat.sum() * _LOG_TWO_PI) - used.sum(-1)[..., None] * _LOG_TWO_PI
    determinant = np.linalg.slogdet(information)[1]
    log_evidence = 0.5 * (log_weights.sum(-1) + constant - determinant - squares)
    return Given(log_evidence=log_evidence, means=means, covariances=covariances)
