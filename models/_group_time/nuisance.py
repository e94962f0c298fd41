"""Comparison sites made like the treated ones in Sant'Anna and Zhao's three ways, and influence functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError

__all__ = ["Nuisance", "fit_nuisance"]

# R's DRDID: a comparison site this probably treated is trimmed, and a cell in which the covariates foretell
# treatment this well has no overlap.
_TRIM = 0.995
_NO_OVERLAP = 0.999
_NEARLY_ONE = 1 - 1e-6
_STEPS = 50
_CONVERGED = 1e-12
# A Gram matrix with a smaller reciprocal condition number is singular to rounding.
_SINGULAR = float(np.finfo(float).eps)


@dataclass(frozen=True, kw_only=True)
class Nuisance:
    """What was fitted in one cell: enough to reckon the influence of any site.

    With e = change - X b of a site, D its treatment, w its weight, and p its probability of treatment, its influence is
    D w (e - treated_mean) / mass - k (e - compared_mean) - w (D - p) X r - (1 - D) w e X q.

    Attributes
    ----------
    effect : the group-time effect
    outcome_slopes : b, shape (1 + c,), of the change in comparison sites; zero where no regression was made
    treatment_slopes : of the log odds of treatment, shape (1 + c,); None where no probability was fitted
    treated_mean, compared_mean : weighted means of e
    mass, compared_mass : sums of weights they were divided by
    compared_weight : sum of the comparison sites' own weights
    is_weighted : are comparison sites weighed (k = w p / (1 - p) / compared_mass), or not (k = 0)?
    probability_share, outcome_share : r and q, shape (1 + c,)
    gram : sum of w X X' over comparison sites, inverted, shape (1 + c, 1 + c); for leverages
    """

    effect: float
    outcome_slopes: FloatArray
    treatment_slopes: FloatArray | None
    treated_mean: float
    compared_mean: float
    mass: float
    compared_mass: float
    compared_weight: float
    is_weighted: bool
    probability_share: FloatArray
    outcome_share: FloatArray
    gram: FloatArray

    def influence(
        self, change: FloatArray, covariates: FloatArray, treated: FloatArray, compared: FloatArray, leverage: float
    ) -> FloatArray:
        """Give the influence of sites, shape (sites,).

        Parameters
        ----------
        change : shape (sites,)
        covariates : without the constant, shape (sites, c)
        treated, compared : weight as a treated and as a comparison site of the cell, shape (sites,)
        leverage : power of one less the leverage by which residuals are divided
        """
        if self.treatment_slopes is None and not covariates.shape[1]:
            return self._plain(change, treated, compared, leverage)
        X = np.column_stack([np.ones(len(change)), covariates])
        e = change - X @ self.outcome_slopes
        out = treated * (e - self.treated_mean) / self.mass - compared * e * (X @ self.outcome_share)
        if self.treatment_slopes is not None:
            p = np.minimum(expit(X @ self.treatment_slopes), _NEARLY_ONE)
            out -= ((1 - p) * treated - p * compared) * (X @ self.probability_share)
            odds = compared * (p < _TRIM) * p / (1 - p)
            if self.is_weighted:
                out -= odds * (e - self.compared_mean) / self.compared_mass
        return out / self._shrinkage(X, treated, compared) ** leverage if leverage else out

    def _plain(self, change: FloatArray, treated: FloatArray, compared: FloatArray, leverage: float) -> FloatArray:
        """Without covariates: two means."""
        own, other = treated / self.mass, compared / self.compared_mass
        out = own * (change - self.treated_mean) - other * (change - self.compared_mean)
        if not leverage:
            return out
        kept = 1 - own - other  # a site is on one side at most
        return np.asarray(np.where(kept > _SINGULAR * 8, out / np.maximum(kept, _SINGULAR) ** leverage, 0.0))

    def _shrinkage(self, X: FloatArray, treated: FloatArray, compared: FloatArray) -> FloatArray:
        """One less the leverage; 1 where the site is a mean of its own, whose residual is zero anyway."""
        kept = 1 - treated / self.mass - compared * ((X @ self.gram) * X).sum(axis=1)
        return np.where(kept > _SINGULAR * 8, kept, 1.0)


def fit_nuisance(
    change: FloatArray, X: FloatArray, treated: FloatArray, compared: FloatArray, *, method: str, where: str
) -> Nuisance:
    """Estimate one group-time effect.

    Sant'Anna and Zhao 2020, doi:10.1016/j.jeconom.2020.06.003, as in R's DRDID: `reg_did_panel`,
    `std_ipw_did_panel` and `drdid_panel` (the improved estimator is not among `did`'s).

    Parameters
    ----------
    change : shape (sites,)
    X : a constant and covariates, shape (sites, 1 + c)
    treated, compared : weights as treated and as comparison site, zero where the site is neither, shape (sites,)
    method : of `callaway-santanna`, or "none" for no covariates
    where : names the cell in messages
    """
    mass = float(treated.sum())
    if method == "none":
        return _means(change, treated, compared, X.shape[1])
    gram = _inverse(X.T @ (compared[:, None] * X), where, int((compared > 0).sum()), X.shape[1] - 1)
    zero = np.zeros(X.shape[1])
    slopes = zero if method == "inverse-probability" else gram @ (X.T @ (compared * change))
    e = change - X @ slopes
    treated_mean = float(treated @ e) / mass
    moment = X.T @ treated / mass
    if method == "regression":
        return Nuisance(
            effect=treated_mean,
            outcome_slopes=slopes,
            treatment_slopes=None,
            treated_mean=treated_mean,
            compared_mean=0.0,
            mass=mass,
            compared_mass=1.0,
            compared_weight=float(compared.sum()),
            is_weighted=False,
            probability_share=zero,
            outcome_share=gram @ moment,
            gram=gram,
        )
    logit, p, information = _logit(X, treated, compared, where)
    odds = compared * (p < _TRIM) * p / (1 - p)
    compared_mass = float(odds.sum())
    compared_mean = float(odds @ e) / compared_mass
    slope = X.T @ (odds * (e - compared_mean)) / compared_mass
    doubly = method == "doubly-robust"
    return Nuisance(
        effect=treated_mean - compared_mean,
        outcome_slopes=slopes,
        treatment_slopes=logit,
        treated_mean=treated_mean,
        compared_mean=compared_mean,
        mass=mass,
        compared_mass=compared_mass,
        compared_weight=float(compared.sum()),
        is_weighted=True,
        probability_share=information @ slope,
        outcome_share=gram @ (moment - X.T @ odds / compared_mass) if doubly else zero,
        gram=gram,
    )


def _means(change: FloatArray, treated: FloatArray, compared: FloatArray, k: int) -> Nuisance:
    mass, compared_mass = float(treated.sum()), float(compared.sum())
    own, other = float(treated @ change) / mass, float(compared @ change) / compared_mass
    zero = np.zeros(k)
    return Nuisance(
        effect=own - other,
        outcome_slopes=zero,
        treatment_slopes=None,
        treated_mean=own,
        compared_mean=other,
        mass=mass,
        compared_mass=compared_mass,
        compared_weight=compared_mass,
        is_weighted=True,
        probability_share=zero,
        outcome_share=zero,
        gram=np.full((k, k), 1 / compared_mass),
    )


def _inverse(gram: FloatArray, where: str, sites: int, covariates: int) -> FloatArray:
    scale = np.sqrt(np.diag(gram))
    scaled = gram / np.outer(scale, scale) if (scale > 0).all() else gram
    if not (scale > 0).all() or np.linalg.cond(scaled) > 1 / (_SINGULAR * 1e3):
        msg = (
            f"{where}: {sites} comparison sites cannot tell a constant and {covariates} covariate"
            f"{'s' if covariates > 1 else ''} apart; wanted are more comparison sites, or fewer covariates"
        )
        raise EstimationError(msg)
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale))


def _logit(
    X: FloatArray, treated: FloatArray, compared: FloatArray, where: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit the probability of treatment by Newton steps: slopes, probabilities, and the inverse information."""
    weights = treated + compared
    is_treated = (treated > 0).astype(float)
    used = weights > 0
    slopes = np.zeros(X.shape[1])
    slopes[0] = np.log(treated.sum() / compared.sum())
    for _ in range(_STEPS):
        p = expit(X @ slopes)
        information = X.T @ ((weights * p * (1 - p))[:, None] * X)
        if not np.isfinite(information).all() or np.linalg.cond(information) > 1 / _SINGULAR:
            break
        step = np.linalg.solve(information, X.T @ (weights * (is_treated - p)))
        slopes = slopes + step
        if np.abs(X @ step).max() < _CONVERGED:
            p = np.minimum(expit(X @ slopes), _NEARLY_ONE)
            if p[used].max() >= _NO_OVERLAP:
                break
            inverse = np.linalg.inv(X.T @ ((weights * p * (1 - p))[:, None] * X))
            return slopes, p, inverse
    msg = (
        f"{where}: the covariates foretell which sites are treated, so comparison sites like them are missing; "
        "wanted are fewer covariates, or method = 'regression', which extends the comparison's line to them"
    )
    raise EstimationError(msg)
