"""Least squares with site and period effects, and the record that both estimators hand to inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of
from evalkit.models._regression.absorb import Absorbed, absorb
from evalkit.models._regression.columns import Columns, blocks, combine, products, totals

__all__ = ["Fit", "bread_of", "fit_linear"]

# Relative size of what absorbing leaves, below which a column is held to be made of fixed effects:
# rounding leaves about 1e-14, and a regressor with one part in 1e9 of its own is of no use.
_COLLINEAR = 1e-9


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A (working) least-squares fit with site and period effects absorbed.

    Attributes
    ----------
    coefficients : shape (k,)
    regressors : what the fixed effects leave of each regressor, shape (sites, periods, k), made by blocks of sites
    residuals : working residuals, shape (sites, periods)
    weights : shape (sites, periods)
    bread : inverse of the regressors' weighted cross-product, shape (k, k)
    fitted : linear predictor without offset, shape (sites, periods)
    variance_is_inverse_weight : is the working variance one over the weights (counts that vary as chance
        makes them, or no weights)?
    variance : working variance of each cell where it is not, up to a constant, shape (sites, periods); None
        where it is the same in every cell
    """

    coefficients: FloatArray
    regressors: Columns
    residuals: FloatArray
    weights: FloatArray
    bread: FloatArray
    fitted: FloatArray
    variance_is_inverse_weight: bool
    variance: FloatArray | None = None

    @property
    def observations(self) -> int:
        """Cells of a weight above zero."""
        return int(np.count_nonzero(self.weights))


def fit_linear(
    outcome: FloatArray,
    columns: Columns,
    weights: FloatArray,
    names: Sequence[str],
    *,
    variance_is_inverse_weight: bool | None = None,
) -> Fit:
    """Regress the outcome, shape (sites, periods), on the columns and site and period effects."""
    residuals = absorb(weights, outcome[:, :, None])[:][:, :, 0]
    regressors = absorb(weights, columns)
    bread = bread_of(regressors, weights, names)
    coefficients = bread @ totals(regressors, weights * residuals)
    residuals -= combine(regressors, coefficients)
    if variance_is_inverse_weight is None:
        used = weights[weights > 0]
        variance_is_inverse_weight = bool(used.min() == used.max())
    return Fit(
        coefficients=coefficients,
        regressors=regressors,
        residuals=residuals,
        weights=weights,
        bread=bread,
        fitted=outcome - residuals,
        variance_is_inverse_weight=variance_is_inverse_weight,
    )


def bread_of(regressors: Absorbed, weights: FloatArray, names: Sequence[str]) -> FloatArray:
    """Invert the weighted cross-product of what is left of the columns, shape (k, k), or say what is not told apart."""
    k = regressors.shape[2]
    gram, raw = np.zeros((k, k)), np.zeros(k)
    for rows in blocks(regressors):
        gram += products(regressors[rows], weights[rows])
        raw += np.tensordot(weights[rows], regressors.columns[rows] ** 2, axes=2)
    _require_rank(gram, raw, names)
    bread = np.linalg.inv(gram)
    return np.asarray((bread + bread.T) / 2)


def _require_rank(gram: FloatArray, raw: FloatArray, names: Sequence[str]) -> None:
    """Refuse columns of which nothing is left, `raw` being their own squares, and those that others make up."""
    alone = np.flatnonzero(np.diag(gram) <= _COLLINEAR**2 * raw).tolist()
    if alone:
        msg = (
            f"{first_of([names[j] for j in alone])}: nothing is left once each site's level and each "
            "period's level are taken out, so no change can be told from them; wanted is something "
            "that differs between sites in the same period"
        )
        raise EstimationError(msg)
    scale = 1 / np.sqrt(np.diag(gram))
    values, vectors = np.linalg.eigh(gram * np.outer(scale, scale))
    if len(values) and values[0] < _COLLINEAR:
        loads = np.abs(vectors[:, 0])
        among = [names[j] for j in np.flatnonzero(loads > 0.1 * loads.max()).tolist()]
        msg = f"these cannot be told apart, given site and period effects: {first_of(among, 6)}; leave one out"
        raise EstimationError(msg)
