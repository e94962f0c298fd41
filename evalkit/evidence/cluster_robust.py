"""CR2 errors by study with Satterthwaite degrees of freedom, for effects with a working covariance.

Bell and McCaffrey 2002; Pustejovsky and Tipton 2018, doi:10.1080/07350015.2016.1247004. Bodies of evidence are small,
so the projection of all effects on all is held whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EvidenceError
from evalkit.evidence.three_level import Blocks

__all__ = ["RobustErrors", "robust_errors"]

# An eigenvalue below this share of the largest belongs to a direction that the coefficients take up whole.
_NULL = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustErrors:
    """Covariance of the coefficients, whatever goes on within a study.

    Attributes
    ----------
    covariance : shape (p, p)
    degrees_of_freedom : of each coefficient, shape (p,)
    influence : linear functions of the effects, laid end to end by study, whose squares add up to the variance, shape
        (studies, effects, p)
    working : covariance of the effects under the model, shape (effects, effects)
    """

    covariance: FloatArray
    degrees_of_freedom: FloatArray
    influence: FloatArray
    working: FloatArray

    def degrees_of_freedom_of(self, row: FloatArray) -> float:
        """Give the degrees of freedom of a linear function of the coefficients, `row` of shape (p,)."""
        functions = self.influence @ row
        products = functions @ self.working @ functions.T
        return float(np.trace(products) ** 2 / np.sum(products**2))


def robust_errors(
    blocks: Blocks, precision: FloatArray, coefficients: FloatArray, covariance: FloatArray
) -> RobustErrors:
    """Give CR2 errors.

    Parameters
    ----------
    blocks : the effects by study
    precision : inverse working covariance of each study, shape (studies, largest, largest), 0 where no effect is
    coefficients, covariance : of the generalised least squares fit with it
    """
    used = blocks.used > 0
    y, X = blocks.y[used], blocks.X[used]
    study = np.nonzero(used)[0]
    weights = np.zeros((len(y), len(y)))
    working = np.zeros_like(weights)
    for place in range(len(used)):
        own = np.ix_(study == place, study == place)
        weights[own] = precision[place][np.ix_(used[place], used[place])]
        working[own] = np.linalg.inv(weights[own])
    keep = np.eye(len(y)) - X @ covariance @ X.T @ weights
    functions = np.zeros((len(used), len(y), X.shape[1]))
    for place in range(len(used)):
        own = study == place
        adjusted = _adjustment(working[np.ix_(own, own)], (keep @ working @ keep.T)[np.ix_(own, own)])
        functions[place] = keep[own].T @ adjusted.T @ weights[np.ix_(own, own)] @ X[own] @ covariance
    parts = np.einsum("skp,k->sp", functions, y)  # keep @ y are the residuals, so parts are those of the fit
    robust = parts.T @ parts
    if not np.all(np.diag(robust) > 0):
        raise EvidenceError("the studies leave no spread to tell errors from: every one lies on the fit")
    found = RobustErrors(covariance=robust, degrees_of_freedom=np.empty(0), influence=functions, working=working)
    free = np.array([found.degrees_of_freedom_of(row) for row in np.eye(len(coefficients))])
    return RobustErrors(covariance=robust, degrees_of_freedom=free, influence=functions, working=working)


def _adjustment(working: FloatArray, left: FloatArray) -> FloatArray:
    """Give A with A left A' = working, where the residuals' covariance under the model is `left`."""
    root = np.linalg.cholesky(working).T
    values, vectors = np.linalg.eigh(root @ left @ root.T)
    inverse = np.where(values > _NULL * max(values.max(), 1e-300), values, np.inf) ** -0.5
    return np.asarray(root.T @ (vectors * inverse) @ vectors.T @ root)
