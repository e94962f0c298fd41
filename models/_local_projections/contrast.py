"""Averages of clean comparisons: linear functions of long differences, with errors by site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._inference.cluster import MANY, Errors
from evalkit.models._local_projections.stack import Stack

__all__ = ["Averages", "Contrasts", "Weighting", "average", "infer_contrasts"]

type Weighting = Literal["sites", "variance"]

# A leverage this near to one, or a share of a variance this small, is one, or nothing, but for rounding.
_NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Averages:
    """The effect by kind and time, each an average over starts, and what inference needs of it.

    Attributes
    ----------
    made : the comparisons
    member : which comparison is in which average, 0 or 1, shape (g, averages)
    effects : shape (averages,)
    sizes : weight of the treated sites in each, shape (averages,)
    function : coefficient of each long difference in the average it belongs to, shape (sites, g)
    residuals : shape (sites, g), zero where a site is not in a comparison
    leverage : of each long difference on its own residual, same shape
    control_share : share of each site in the comparison's mean, same shape
    slopes : coefficient of each long difference in each covariate's slope, shape (c, sites, g)
    centred : covariates less their mean in the comparison sites, shape (sites, g, c)
    """

    made: Stack
    member: FloatArray
    effects: FloatArray
    sizes: FloatArray
    function: FloatArray
    residuals: FloatArray
    leverage: FloatArray
    control_share: FloatArray
    slopes: FloatArray
    centred: FloatArray


@dataclass(frozen=True, kw_only=True)
class Contrasts:
    """Weighted sums of averages and how precisely they are known.

    Attributes
    ----------
    kind : "CR1" or "CR2"
    estimates : shape (k,)
    covariance : shape (k, k)
    degrees_of_freedom : shape (k,)
    influence : each site's contribution, shape (sites, k)
    told : does anything tell the error? shape (k,)
    """

    kind: Literal["CR1", "CR2"]
    estimates: FloatArray
    covariance: FloatArray
    degrees_of_freedom: FloatArray
    influence: FloatArray
    told: np.ndarray

    @property
    def std_errors(self) -> FloatArray:
        """Shape (k,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def average(made: Stack, group: np.ndarray, weighting: Weighting) -> Averages:
    """Average comparisons of one kind and time over starts, adjusted for covariates where there are any.

    "sites" counts every treated site alike; "variance" counts a comparison as least squares with period
    effects does, by n1 n0 / (n1 + n0): more precise, and an answer for where there is most to compare. Slopes of
    covariates are fitted in the comparison sites alone, so that they hold nothing of the effect.

    Parameters
    ----------
    group : number of the average that each comparison belongs to, shape (g,)
    """
    member = (group[:, None] == np.arange(group.max() + 1)).astype(float)
    treated, control = made.treated.sum(axis=0), made.control.sum(axis=0)
    each = treated if weighting == "sites" else treated * control / (treated + control)
    share = each / (member @ (each @ member))
    own, other = made.treated / treated, made.control / control
    centred = made.covariates - np.einsum("ig,igc->gc", other, made.covariates)[None]
    centred = centred * ((own + other) > 0)[:, :, None]
    slopes, lifted = _slopes(made.control, centred, member)
    gap = member.T @ (share[:, None] * np.einsum("ig,igc->gc", own, centred))
    function = share * (own - other) - np.einsum("gc,cig->ig", member @ gap, slopes)
    effects = (function * made.difference).sum(axis=0) @ member
    fitted = np.einsum("igc,gc->ig", centred, member @ np.einsum("cig,ig,gh->hc", slopes, made.difference, member))
    residuals = made.difference - (other * made.difference).sum(axis=0) - fitted - (own > 0) * (member @ effects)
    return Averages(
        made=made,
        member=member,
        effects=effects,
        sizes=treated @ member,
        function=function,
        residuals=residuals * ((own + other) > 0),
        leverage=share * own + other + lifted,
        control_share=other,
        slopes=slopes,
        centred=centred,
    )


def _slopes(control: FloatArray, centred: FloatArray, member: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients of long differences in each average's slopes, shape (c, sites, g), and their leverage."""
    weighted = control[:, :, None] * centred
    gram = np.einsum("igc,igd,gh->hcd", weighted, centred, member, optimize=True)
    if centred.shape[2] and (np.linalg.cond(gram) > 1 / _NOTHING).any():
        msg = (
            "the comparison sites are too few, or too alike in the covariates, to tell what goes with them: leave a "
            "covariate out"
        )
        raise EstimationError(msg)
    inverse = np.einsum("gh,hcd->gcd", member, np.linalg.inv(gram) if centred.shape[2] else gram)
    slopes = np.einsum("gcd,igd->cig", inverse, weighted, optimize=True)
    return slopes, np.einsum("cig,igc->ig", slopes, centred)


def infer_contrasts(found: Averages, weights: FloatArray, errors: Errors) -> Contrasts:
    """Give weighted sums of averages, shape (k, averages), robust to whatever goes on within a site.

    Residuals of comparison sites are taken from their mean in each comparison. Those of treated sites, less that
    mean, are taken from the average they belong to: a site that starts alone shows its noise too. CR2 divides
    each by the root of one less its leverage, and scales the sum to be unbiased where outcomes vary independently
    and alike; degrees of freedom are Satterthwaite's under the same model (Bell and McCaffrey 2002; Pustejovsky
    and Tipton 2018, doi:10.1080/07350015.2016.1247004). With one treated site and one period after, that
    is the pooled two-sample t test of differences. "auto" is CR2 unless both sides have 50 sites.
    """
    sides = [int((side > 0).any(axis=1).sum()) for side in (found.made.treated, found.made.control)]
    kind: Literal["CR1", "CR2"] = "CR1" if errors == "CR1" or (errors == "auto" and min(sides) >= MANY) else "CR2"
    spare = np.where(found.leverage < 1 - _NOTHING, 1 - found.leverage, np.inf)
    adjust = 1 / np.sqrt(spare) if kind == "CR2" else np.ones_like(spare)
    influence = (found.function * adjust * found.residuals) @ found.member @ weights.T
    clusters = int((found.function != 0).any(axis=1).sum())
    covariance = influence.T @ influence
    if kind == "CR1":
        scale = np.full(len(weights), clusters / max(clusters - 1, 1))
        free = np.full(len(weights), max(clusters - 1.0, 1.0))
    else:
        scale, free = _working(found, weights, adjust)
    rounding = _NOTHING**2 * float((found.made.difference**2).max())
    told = np.isfinite(scale) & (np.diag(covariance) > rounding) & (clusters > 1)
    scale = np.where(told, scale, 0.0)
    return Contrasts(
        kind=kind,
        estimates=weights @ found.effects,
        covariance=covariance * np.sqrt(np.outer(scale, scale)),
        degrees_of_freedom=np.where(told, free, 1.0),
        influence=influence,
        told=told,
    )


def _working(found: Averages, weights: FloatArray, adjust: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scale that makes each variance unbiased, infinite where nothing is seen, and degrees of freedom, shape (k,).

    Under the working model a contribution is c_i'(d_i - m - slopes - effects): the covariance Omega of all sites'
    contributions is made from the covariance of long differences, `shared`, and of the means in them.
    """
    shared = found.made.long @ found.made.long.T
    loadings = [found.function, *found.slopes]
    other, member = found.control_share, found.member
    means = (other.T @ other) * shared
    mixed = np.concatenate([(shared * (other.T @ load)) @ member for load in loadings], axis=1)
    crossed = np.block([[member.T @ (shared * (one.T @ two)) @ member for two in loadings] for one in loadings])
    scale, free = np.full(len(weights), np.inf), np.ones(len(weights))
    for place, weight in enumerate(weights):
        spread_over = member @ weight
        c = spread_over * found.function * adjust
        own = c @ shared
        coefficients = -np.concatenate(
            [(c * layer) @ member for layer in (found.made.treated > 0, *np.moveaxis(found.centred, 2, 0))], axis=1
        )
        with_others = np.concatenate([(own * load) @ member for load in loadings], axis=1)
        half = -(own * other) @ c.T + (with_others - c @ mixed) @ coefficients.T
        omega = half + half.T + c @ means @ c.T + coefficients @ crossed @ coefficients.T
        omega[np.diag_indices(len(c))] += (own * c).sum(axis=1)
        trace, square = float(np.trace(omega)), float((omega**2).sum())
        plain = spread_over * found.function
        working = float(((plain @ shared) * plain).sum())
        if trace > _NOTHING * working:
            scale[place], free[place] = working / trace, trace**2 / square
    return scale, free
