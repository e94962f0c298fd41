"""The model of untreated cells: site and period effects and covariates, and what they pull on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._regression.absorb import absorb, period_inverse
from evalkit.models._regression.columns import blocks
from evalkit.models._regression.linear import fit_linear
from evalkit.models._regression.poisson import fit_poisson
from evalkit.models._regression.profile import profile_poisson

__all__ = ["Untreated", "fit_linear_untreated", "fit_poisson_untreated"]


@dataclass(frozen=True, kw_only=True)
class Untreated:
    """A fit of untreated cells, and what it says of all cells.

    Attributes
    ----------
    imputed : what every cell would hold untreated, shape (sites, periods): the outcome on its scale for a linear
        fit, expected events for a Poisson fit
    weights : of the (working) regression, shape (sites, periods); zero in treated cells and in those without say
    residuals : (working) residuals, shape (sites, periods), zero where the weight is
    columns : what the effects leave of each covariate, shape (sites, periods, k)
    """

    imputed: FloatArray
    weights: FloatArray
    residuals: FloatArray
    columns: FloatArray

    @cached_property
    def _totals(self) -> FloatArray:
        """Weight of each site, one where it has none, shape (sites,)."""
        totals = self.weights.sum(axis=1)
        return np.asarray(np.where(totals > 0, totals, 1.0))

    @cached_property
    def _inverse(self) -> FloatArray:
        """Inverse of the period effects' equations, zero for periods without say."""
        own = self.weights.sum(axis=0) > 0
        rows = self.weights.sum(axis=1) > 0
        out = np.zeros((len(own), len(own)))
        out[np.ix_(own, own)] = period_inverse(self.weights[np.ix_(rows, own)])
        return out

    @cached_property
    def _bread(self) -> FloatArray:
        flat = self.columns.reshape(-1, self.columns.shape[2])
        return np.linalg.inv((flat * self.weights.reshape(-1, 1)).T @ flat)

    def pull(self, towards: FloatArray) -> FloatArray:
        """Influence of each site's untreated cells on a weighted sum of imputed predictors, shape (sites,).

        Parameters
        ----------
        towards : weight of each cell's predictor in the sum, shape (sites, periods)
        """
        by_period, by_column = self._directions(towards)
        out = np.empty(len(towards))
        for rows in blocks(self.weights[:, :, None]):
            scores = self.weights[rows] * self.residuals[rows]
            out[rows] = scores @ by_period
            if len(by_column):
                out[rows] += np.einsum("it,itk->ik", scores, self.columns[rows]) @ by_column
        return out

    def reach(self, towards: FloatArray) -> FloatArray:
        """How far a lasting shift of each site moves that sum less the cells' own outcomes, shape (sites,).

        Half the sum of the absolute weights of the site's cells, treated and untreated: as a site's weights sum to
        zero, that is what lies on one side of a shift.
        """
        out = np.empty(len(towards))
        for rows, rests in self._rests_on(towards):
            out[rows] = np.abs(rests).sum(axis=1)
            out[rows] += np.abs(towards[rows]).sum(axis=1, where=self.weights[rows] <= 0)
        return out / 2

    def rests_on(self, towards: FloatArray, labels: np.ndarray, number: int) -> FloatArray:
        """Tell how far a weighted sum of imputed predictors rests on the outcomes of each kind of untreated cell.

        Parameters
        ----------
        towards : weight of each cell's predictor in the sum, shape (sites, periods)
        labels : kind of each cell, from 0, same shape
        number : of kinds

        Returns
        -------
        sum of the coefficients of the cells' outcomes, shape (number,)
        """
        out = np.zeros(number)
        for rows, rests in self._rests_on(towards):
            out += np.bincount(labels[rows].ravel(), rests.ravel(), minlength=number)
        return out

    def _rests_on(self, towards: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
        """Give each untreated cell's coefficient in that sum, by blocks of sites."""
        by_period, by_column = self._directions(towards)
        by_site = (towards.sum(axis=1) - self.weights @ by_period) / self._totals
        for rows in blocks(self.weights[:, :, None]):
            untreated = by_site[rows, None] + by_period
            if len(by_column):
                untreated += self.columns[rows] @ by_column
            untreated *= self.weights[rows]
            yield rows, untreated

    def _directions(self, towards: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Solve the normal equations for the sum's gradient: parts of period effects and of covariates."""
        gradient = towards.sum(axis=0) - (towards.sum(axis=1) / self._totals) @ self.weights
        by_period = self._inverse @ gradient
        if not self.columns.shape[2]:
            return by_period, np.empty(0)
        return by_period, self._bread @ np.einsum("it,itk->k", towards, self.columns)


def fit_linear_untreated(
    outcome: FloatArray, columns: FloatArray, weights: FloatArray, names: Sequence[str]
) -> Untreated:
    """Fit by least squares; `weights` are zero in treated cells, and every site and period has one above zero."""
    if columns.shape[2]:
        fit = fit_linear(outcome, columns, weights, names)
        regressors, residuals, fitted = fit.regressors[:], fit.residuals, fit.fitted
    else:
        residuals = absorb(weights, outcome[:, :, None])[:][:, :, 0]
        regressors, fitted = columns, outcome - residuals
    return Untreated(
        imputed=fitted,
        weights=weights,
        residuals=np.where(weights > 0, residuals, 0.0),
        columns=regressors,
    )


def fit_poisson_untreated(
    counts: FloatArray, exposure: FloatArray, columns: FloatArray, weights: FloatArray, names: Sequence[str]
) -> Untreated:
    """Fit by Poisson pseudo-likelihood; sites and periods without an untreated event expect none.

    A site whose untreated cells hold no event has an expectation of zero, which is the likelihood's own answer.
    To leave it out with what it recorded later would keep the sites that happened to record something before,
    and expect too much of them.
    """
    seen = counts * weights
    rows, places = seen.sum(axis=1) > 0, seen.sum(axis=0) > 0
    # all of them most of the time: then without copies, for arrays are large
    own: Any = (slice(None), slice(None)) if rows.all() and places.all() else np.ix_(rows, places)
    left = np.zeros(columns.shape)
    if columns.shape[2]:
        fit = fit_poisson(counts[own], exposure[own], columns[own], weights[own], names)
        predictor = fit.fitted
        left[own] = fit.regressors[:]
    else:
        found = profile_poisson(counts[own], exposure[own], columns[own], weights[own])
        if not found.still:
            msg = "the Poisson fit of untreated cells did not settle; use longer periods or larger sites"
            raise EstimationError(msg)
        predictor = found.predictor
    expected = np.zeros_like(counts)
    np.exp(predictor, out=predictor)
    predictor *= exposure[own]
    expected[own] = predictor
    working = weights * expected
    residuals = np.ones_like(counts)
    np.divide(counts, expected, out=residuals, where=working > 0)
    residuals -= 1
    return Untreated(
        imputed=expected,
        weights=working,
        residuals=residuals,
        columns=left,
    )
