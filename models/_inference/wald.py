"""Joint tests of several coefficients with errors by site, and the power they had."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._inference.cluster import Inference, satterthwaite
from evalkit.models._inference.cr2 import quadratic_forms
from evalkit.models._regression.columns import combine
from evalkit.models._regression.linear import Fit

__all__ = ["JointTest", "joint_test", "trend_test"]

# Multiplications above which the Hotelling degrees of freedom take longer than a reader waits: 25 s on one
# core. 5,000 sites by 40 periods with 20 leads need 6e10.
_MOST_WORK = 4e11
# Numbers held at a time while pairs of sites, or of coefficients, are gone through (64 MB).
_CHUNK = 8_000_000
# With fewer denominator degrees of freedom a joint test can hardly notice anything: on the castle panel
# (8 leads, 1.9 degrees) it would see a trend as large as the result with probability 7 %, one
# combination with 36 %.
_FEW_DEGREES = 4
# An expected covariance with a direction smaller than this share of its largest has lost a dimension.
_SINGULAR = 1e-10


@dataclass(frozen=True, kw_only=True)
class JointTest:
    """A test that several coefficients are zero together.

    Attributes
    ----------
    p_value : of no departure from zero
    method : its name, for readers of the details
    power : probability that the test at 5 % would have noticed the departure that was asked about; None
        where it is not known
    numerator, denominator : degrees of freedom of the F distribution
    independent : does the power take periods of a site to vary independently?
    """

    p_value: float
    method: str
    power: float | None
    numerator: float
    denominator: float
    independent: bool = False


def joint_test(fit: Fit, inference: Inference, which: np.ndarray, departure: FloatArray) -> JointTest | None:
    """Test that the coefficients `which` are all zero; None where the sites are too few for so many.

    Too few means fewer than 4 denominator degrees of freedom; `trend_test` then asks for less, as it does
    where sites and coefficients are so many that the degrees of freedom are out of reach.

    The approximate Hotelling test of Pustejovsky and Tipton 2018 (HTZ, doi:10.1080/07350015.2016.1247004),
    F = (eta - q + 1) / (eta q) Q on q and eta - q + 1 degrees of freedom, with CR2. There is no Wald test on
    F(q, G - 1): with 34 leads it rejects 57 % of true nulls at 55 + 55 sites, and 75 % with 22 leads at 20 + 30.

    Parameters
    ----------
    inference : of the kind CR2
    departure : values of the coefficients whose detection `power` is about, shape (q,); where they are not
        numbers it is not known
    """
    q = len(which)
    covariance = inference.covariance[np.ix_(which, which)]
    if np.linalg.matrix_rank(covariance, hermitian=True) < q or _work(fit, q) > _MOST_WORK:
        return None
    eta = hotelling_degrees(fit, inference, which)
    denominator = eta - q + 1
    if denominator < _FEW_DEGREES:
        return None
    estimate = fit.coefficients[which]
    statistic = float(estimate @ np.linalg.solve(covariance, estimate))
    # the inverse of an estimated covariance is too large on average, by eta / (eta - q - 1) if it is Wishart
    noncentral = float(departure @ np.linalg.solve(covariance, departure)) * (eta - q - 1) / eta
    known = noncentral if np.isfinite(noncentral) else None
    return _read(denominator / (eta * q) * statistic, known, q, denominator, "approximate Hotelling (HTZ) test")


def _work(fit: Fit, q: int) -> float:
    """Multiplications of the Hotelling degrees of freedom, by whichever way is the shorter."""
    rank = sum(fit.regressors.shape[1:]) * (1 if fit.variance_is_inverse_weight else 2)
    sites = len(fit.weights)
    return 2.0 * q**2 * sites * rank * min(sites, rank)


def _read(f: float, noncentral: float | None, q: int, denominator: float, method: str) -> JointTest:
    from scipy import stats  # takes longer to import than most fits take

    return JointTest(
        p_value=float(stats.f.sf(f, q, denominator)),
        method=method,
        power=None if noncentral is None else _power(noncentral, q, denominator),
        numerator=q,
        denominator=float(denominator),
    )


def _power(noncentral: float, q: int, denominator: float) -> float:
    from scipy import stats

    critical = stats.f.ppf(0.95, q, denominator)
    power = stats.ncf.sf(critical, q, denominator, noncentral) if noncentral > 0 else 0.05
    if not np.isfinite(power):  # scipy's series gives up where the power is one to every digit
        power = 1.0
    return float(np.clip(power, 0.05, 1))


def hotelling_degrees(fit: Fit, inference: Inference, which: np.ndarray) -> float:
    """Give eta = q (q + 1) / sum_st Var(d_st), d the CR2 covariance standardised by its expectation.

    The variances come from the covariances Omega_ij, shape (q, q), of the contributions of every pair of
    sites: sum_ij tr(Omega_ij)^2 + tr(Omega_ij Omega_ij). Zero where the sites cannot show all q at once.
    """
    adjusted = inference.adjusted
    if adjusted is None:
        msg = "the degrees of freedom of the joint test are those of CR2"
        raise TypeError(msg)
    q = len(which)
    functions = adjusted.functions[:, :, which]
    forms = quadratic_forms(fit, adjusted.projection, functions)
    values, vectors = np.linalg.eigh(np.tensordot(forms.sites, forms.diagonal, axes=1))
    if values[0] <= _SINGULAR * values[-1]:
        return 0.0
    root = vectors / np.sqrt(values)
    own = root.T @ forms.own @ root
    # sums over sites are sums over kinds of sites with the number of each
    number = forms.sites[:, None, None]
    left, right = np.sqrt(number) * (forms.left @ root), np.sqrt(number) * (forms.right @ root)
    crossed = left.swapaxes(1, 2) @ right
    total = _products(own, number * own + 2 * crossed) + _all_pairs(left, right)
    return q * (q + 1) / total


def _products(one: FloatArray, other: FloatArray) -> float:
    """Sum tr(A) tr(B) + tr(A B) over pairs of matrices, each of shape (sites, q, q)."""
    traces = np.einsum("iss->i", one) * np.einsum("iss->i", other)
    return float(traces.sum() + np.einsum("ist,its->", one, other, optimize=True))


def _all_pairs(left: FloatArray, right: FloatArray) -> float:
    """Sum tr(F)^2 + tr(F F) over all pairs of sites, F_ij = left_i' right_j of shape (q, q).

    By pairs of sites where these are fewer than the rank, by pairs of coefficients otherwise; either way a
    block of rows at a time.
    """
    sites, rank, _ = left.shape
    return _pairs_of_sites(left, right) if sites < rank else _pairs_of_coefficients(left, right)


def _pairs_of_sites(left: FloatArray, right: FloatArray) -> float:
    sites, rank, q = left.shape
    across = right.swapaxes(0, 1).reshape(rank, sites * q)
    step = max(1, _CHUNK // (q * q * sites))
    total = 0.0
    for start in range(0, sites, step):
        rows = left[start : start + step].swapaxes(1, 2).reshape(-1, rank)
        found = (rows @ across).reshape(-1, q, sites, q)
        total += float((np.einsum("isjs->ij", found) ** 2).sum())
        total += float(np.einsum("isjt,itjs->", found, found))
    return total


def _pairs_of_coefficients(left: FloatArray, right: FloatArray) -> float:
    """With A_st = sum_i left_is left_it' and B_st likewise on the right: sum_st <A_st, B_st> + <A_st, B_st'>."""
    sites, rank, q = left.shape
    one, other = (side.swapaxes(1, 2).reshape(sites, q * rank) for side in (left, right))
    step = max(1, _CHUNK // (rank * rank * q))
    total = 0.0
    for start in range(0, q, step):
        part = slice(start * rank, (start + step) * rank)
        a, b = ((flat[:, part].T @ flat).reshape(-1, rank, q, rank) for flat in (one, other))
        total += float((a * b).sum() + np.einsum("satb,sbta->", a, b))
    return total


def trend_test(fit: Fit, inference: Inference, which: np.ndarray, departure: FloatArray) -> JointTest | None:
    """Test the one combination of coefficients that is most sensitive to a departure of that shape.

    For where the sites are too few to test all at once: the generalised least-squares slope of the
    coefficients on `departure`, weighed by their covariance under the working model. With 4 degrees of
    freedom or fewer the power takes the working model's variance, under which periods of a site vary
    independently: the inverse of a sandwich on two degrees of freedom has no mean.
    """
    working = fit.bread[np.ix_(which, which)]
    weights = np.linalg.solve(working, departure)
    scale = float(weights @ departure)
    if not scale > 0:
        return None
    contrast = np.zeros(len(fit.coefficients))
    contrast[which] = weights / scale
    variance = float(contrast @ inference.covariance @ contrast)
    denominator = inference.clusters - 1.0
    if inference.adjusted is not None:
        function = inference.adjusted.functions @ contrast
        denominator = satterthwaite(fit, inference.adjusted, function)
    if variance <= 0 or denominator <= 0:
        return None
    slope = float(contrast @ fit.coefficients)
    few = denominator <= _FEW_DEGREES
    expected = _working_variance(fit, contrast) if few else variance * denominator / (denominator - 2)
    noncentral = 1 / expected if expected else None
    found = _read(slope**2 / variance, noncentral, 1, denominator, "test of a linear trend")
    return replace(found, independent=few)


def _working_variance(fit: Fit, contrast: FloatArray) -> float | None:
    """Variance of a combination if cells err independently; None where no residual tells how much."""
    used = fit.weights > 0
    sites, periods = (int(used.any(axis=axis).sum()) for axis in (1, 0))
    free = fit.observations - sites - periods + 1 - len(fit.coefficients)
    if free <= 0:
        return None
    if fit.variance_is_inverse_weight:
        each = float((fit.weights * fit.residuals**2)[used].sum()) / free
        return each * float(contrast @ fit.bread @ contrast)
    variance = np.ones_like(fit.weights) if fit.variance is None else fit.variance
    each = float((fit.residuals[used] ** 2 / variance[used]).sum()) / free
    return each * float(((fit.weights * combine(fit.regressors, fit.bread @ contrast)) ** 2 * variance).sum())
