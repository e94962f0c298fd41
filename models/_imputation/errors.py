"""Errors by site of what was imputed, with the effect allowed to differ between cohorts and periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of, nearest

__all__ = [
    "Errors",
    "Spread",
    "Strata",
    "choose_strata",
    "covariance_of",
    "group_sums",
    "require_errors",
    "spread_of",
    "with_errors",
]

type Errors = Literal["stratified", "leave-one-out", "BJS"]

# What centring leaves of a site that makes up its whole stratum is rounding.
_NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Strata:
    """Sites that are taken to vary alike around what they share.

    Attributes
    ----------
    of : stratum of each site, shape (sites,); 0 is that of the sites never treated
    pooled : the stratum that cohorts of a single site share, or None
    """

    of: np.ndarray
    pooled: int | None


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Standard error and degrees of freedom of one figure."""

    error: float
    degrees_of_freedom: float


def require_errors(errors: str) -> None:
    """Refuse a name that there is not."""
    known = get_args(Errors.__value__)
    if errors not in known:
        msg = f"no errors {errors!r}; {nearest(errors, known)}"
        raise EstimationError(msg)


def choose_strata(starts: np.ndarray, never: int, names: tuple[str, ...], errors: Errors) -> Strata:
    """Let a cohort be a stratum; cohorts of a single site go together, a lone one with the nearest cohort.

    A single site shows no variation around itself, and the averages by cohort and period of Borusyak, Jaravel and
    Spiess take it to have none; only "BJS" leaves it at that.
    """
    cohorts, counts = np.unique(starts[starts < never], return_counts=True)
    for sites, what in ((int(counts.sum()), "treated"), (int((starts == never).sum()), "comparison")):
        if sites == 1:
            which = starts < never if what == "treated" else starts == never
            msg = (
                f"there is one {what} site ({first_of(np.array(names)[which].tolist())}), whose own variation cannot "
                "be seen, so imputation has no error to give; 'did-poisson' and 'did-ols' take it to vary like the "
                "other sites, and a placebo or synthetic-control method compares it with them"
            )
            raise EstimationError(msg)
    lone = cohorts[counts == 1]
    of, pooled = np.zeros(len(starts), dtype=np.intp), None
    for label, cohort in enumerate(cohorts.tolist(), start=1):
        of[starts == cohort] = label
    if len(lone) and len(cohorts) > 1 and errors != "BJS":
        if len(lone) == 1:
            others = cohorts[counts > 1]
            lone = np.append(lone, others[np.argmin(np.abs(others - lone[0]))])
        pooled = len(cohorts) + 1
        of[np.isin(starts, lone)] = pooled
    return Strata(of=of, pooled=pooled)


def group_sums(values: FloatArray, treated: np.ndarray, strata: Strata) -> FloatArray:
    """Sum of values over each treated cell's group, shape (sites, periods).

    A group is a cohort in a period; in the stratum of pooled cohorts it is the whole stratum, whose sites are
    seldom treated for equally long.
    """
    out = np.zeros_like(values)
    for label in np.unique(strata.of[treated.any(axis=1)]):
        rows = strata.of == label
        total = np.where(treated[rows], values[rows], 0.0).sum(axis=0)
        out[rows] = total.sum() if label == strata.pooled else total
    return out


def spread_of(influence: FloatArray, sizes: FloatArray, strata: Strata, errors: Errors) -> Spread:
    """Error and degrees of freedom of one figure.

    "stratified" takes each site's influence against its share, by size, of its stratum's sum, and divides its
    square by what this leaves of it on average under a working model: Welch's error for one start and equal sites.
    In the model a site's variance is in equal parts proportional to its size, as chance makes it, and to the square,
    as swings by a proportion make it. The degrees of freedom are Satterthwaite's under it. The other kinds sum
    squares, with t(G - 1).

    Parameters
    ----------
    influence : shape (sites,)
    sizes : how far a lasting shift of each site moves the figure, shape (sites,)
    """
    if errors != "stratified":
        return Spread(error=float(np.sqrt((influence**2).sum())), degrees_of_freedom=len(influence) - 1.0)
    error = float(np.sqrt(covariance_of(influence[:, None], sizes, strata, errors)[0, 0]))
    within = _within(sizes, strata)
    trace = sum(float(each.variances.sum()) for each in within)
    square = sum(_squared(each) for each in within)
    return Spread(error=error, degrees_of_freedom=trace**2 / square if square > 0 else 1.0)


def covariance_of(influences: FloatArray, sizes: FloatArray, strata: Strata, errors: Errors) -> FloatArray:
    """Covariance of several figures from their influences, shape (sites, figures); see `spread_of`."""
    if errors != "stratified":
        return np.asarray(influences.T @ influences)
    out = np.zeros((influences.shape[1],) * 2)
    for each in _within(sizes, strata):
        own = influences[each.rows]
        left = own - np.outer(each.shares, own.sum(axis=0))
        out += left.T @ (left * each.factors[:, None])
    return out


@dataclass(frozen=True, kw_only=True, eq=False)
class _Within:
    """A stratum: its sites, their shares of its size, working variances, and one over what centring leaves of them."""

    rows: np.ndarray
    shares: FloatArray
    variances: FloatArray
    factors: FloatArray


def _within(sizes: FloatArray, strata: Strata) -> list[_Within]:
    out = []
    for label in np.unique(strata.of):
        rows = strata.of == label
        own = sizes[rows]
        if not own.any():  # a stratum without a say in the figure still has period effects to tell
            own = np.ones(len(own)) * _NOTHING
        shares = own / own.sum()
        variances = own * (own.mean() + own)
        left = variances * (1 - 2 * shares) + shares**2 * variances.sum()
        # what a site without size adds is its own: its share of the stratum's sum is none
        factors = np.where(own > 0, 0.0, 1.0)
        np.divide(variances, left, out=factors, where=left > _NOTHING * variances.sum())
        out.append(_Within(rows=rows, shares=shares, variances=variances, factors=factors))
    return out


def _squared(each: _Within) -> float:
    """Sum of squares of the centred sites' covariance, which is diagonal plus low rank: D - uw' - wu' + k uu'."""
    root, k = np.sqrt(each.factors), float(each.variances.sum())
    diagonal, u, w = each.factors * each.variances, root * each.shares, root * each.variances
    uu, uw, ww = float(u @ u), float(u @ w), float(w @ w)
    low = 2 * uw**2 + 2 * uu * ww + k**2 * uu**2 - 4 * k * uw * uu
    return float((diagonal**2).sum() + 2 * (diagonal * (k * u**2 - 2 * u * w)).sum()) + low


def with_errors(covariance: FloatArray, errors: FloatArray) -> FloatArray:
    """Give a covariance, shape (q, q), other standard errors, shape (q,); what has no variance keeps none."""
    found = np.sqrt(np.diag(covariance))
    scale = np.divide(errors, found, out=np.zeros_like(found), where=found > 0)
    return np.asarray(covariance * np.outer(scale, scale))
