"""Joint tests of several coefficients with errors by site, and the power they had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.draws import FloatArray
from evalkit.models._cluster import Inference, satterthwaite
from evalkit.models._cr2 import quadratic_forms
from evalkit.models._fit import Fit

__all__ = ["JointTest", "joint_test", "trend_test"]

# Coefficients times rank of the design above which the Gram matrices of the Hotelling degrees of freedom
# take longer than the fit (1,500 squared is 18 MB).
_LARGEST_GRAM = 1500
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
    power : probability that the test at 5 % would have noticed the departure that was asked about
    numerator, denominator : degrees of freedom of the F distribution
    """

    p_value: float
    method: str
    power: float
    numerator: float
    denominator: float


def joint_test(fit: Fit, inference: Inference, which: np.ndarray, departure: FloatArray) -> JointTest | None:
    """Test that the coefficients `which` are all zero; None where the sites are too few for so many.

    Too few means fewer than 4 denominator degrees of freedom; `trend_test` then asks for less.

    With CR2: the approximate Hotelling test of Pustejovsky and Tipton 2018 (HTZ,
    doi:10.1080/07350015.2016.1247004), F = (eta - q + 1) / (eta q) Q on q and eta - q + 1 degrees of
    freedom. With CR1, or with so many coefficients and periods that eta is out of reach, the Wald test Q / q
    on F(q, G - 1).

    Parameters
    ----------
    departure : values of the coefficients whose detection `power` is about, shape (q,)
    """
    q = len(which)
    covariance = inference.covariance[np.ix_(which, which)]
    if np.linalg.matrix_rank(covariance, hermitian=True) < q:
        return None
    estimate = fit.coefficients[which]
    statistic = float(estimate @ np.linalg.solve(covariance, estimate))
    noncentral = float(departure @ np.linalg.solve(covariance, departure))
    adjusted = inference.adjusted
    if adjusted is not None and q * 2 * len(adjusted.projection.middle) <= _LARGEST_GRAM:
        eta = hotelling_degrees(fit, inference, which)
        denominator = eta - q + 1
        scale = denominator / (max(eta, 1) * q)
        method = "approximate Hotelling (HTZ) test"
    else:
        denominator, scale = inference.clusters - 1.0, 1 / q
        method = "Wald test"
    if denominator < _FEW_DEGREES:
        return None
    return _read(scale * statistic, noncentral, q, denominator, method)


def _read(f: float, noncentral: float, q: int, denominator: float, method: str) -> JointTest:
    critical = stats.f.ppf(0.95, q, denominator)
    power = stats.ncf.sf(critical, q, denominator, noncentral) if noncentral > 0 else 0.05
    if not np.isfinite(power):  # scipy's series gives up where the power is one to every digit
        power = 1.0
    return JointTest(
        p_value=float(stats.f.sf(f, q, denominator)),
        method=method,
        power=float(np.clip(power, 0.05, 1)),
        numerator=q,
        denominator=float(denominator),
    )


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
    values, vectors = np.linalg.eigh(forms.diagonal.sum(axis=0))
    if values[0] <= _SINGULAR * values[-1]:
        return 0.0
    root = vectors / np.sqrt(values)
    own = root.T @ forms.own @ root
    left, right = forms.left @ root, forms.right @ root
    crossed = left.swapaxes(1, 2) @ right
    total = _products(own, own + 2 * crossed) + _all_pairs(left, right)
    return q * (q + 1) / total


def _products(one: FloatArray, other: FloatArray) -> float:
    """Sum tr(A) tr(B) + tr(A B) over pairs of matrices, each of shape (sites, q, q)."""
    traces = np.einsum("iss->i", one) * np.einsum("iss->i", other)
    return float(traces.sum() + np.einsum("ist,its->", one, other, optimize=True))


def _all_pairs(left: FloatArray, right: FloatArray) -> float:
    """Sum tr(F)^2 + tr(F F) over all pairs of sites, F_ij = left_i' right_j, without making any F.

    With A_st = sum_i left_is left_it' and B_st likewise on the right, the sums over pairs are
    sum_st <A_st, B_st> + <A_st, B_ts>.
    """
    sites, rank, q = left.shape
    grams = []
    for side in (left, right):
        flat = side.swapaxes(1, 2).reshape(sites, q * rank)
        grams.append((flat.T @ flat).reshape(q, rank, q, rank))
    one, other = grams
    return float((one * other).sum() + np.einsum("satb,tasb->", one, other, optimize=True))


def trend_test(fit: Fit, inference: Inference, which: np.ndarray, departure: FloatArray) -> JointTest | None:
    """Test the one combination of coefficients that is most sensitive to a departure of that shape.

    For where the sites are too few to test all at once: the generalised least-squares slope of the
    coefficients on `departure`, weighed by their covariance under the working model.
    """
    working = fit.bread[np.ix_(which, which)]
    weights = np.linalg.solve(working, departure)
    scale = float(weights @ departure)
    if scale <= 0:
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
    return _read(slope**2 / variance, 1 / variance, 1, denominator, "test of a linear trend")
