"""Poisson pseudo-likelihood with site and period effects, an exposure and analytic weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of
from evalkit.models._regression.absorb import absorb
from evalkit.models._regression.columns import Columns, totals
from evalkit.models._regression.linear import Fit, bread_of, fit_linear
from evalkit.models._regression.profile import profile_poisson

__all__ = ["allow_for_overdispersion", "dispersion", "fit_poisson", "require_events"]

# A cell expected to hold fewer events than this share of its recorded mean is running off to zero.
_VANISHING = 1e-6


def fit_poisson(
    counts: FloatArray,
    exposure: FloatArray,
    columns: Columns,
    weights: FloatArray,
    names: Sequence[str],
) -> Fit:
    """Fit log E[count] = log exposure + site + period + columns, by Newton's method.

    The estimate needs only the mean to be right, whatever the distribution of the counts (Gourieroux,
    Monfort and Trognon 1984, doi:10.2307/1913472), and site effects do not bias it (Wooldridge 1999,
    doi:10.1016/S0304-4076(98)00033-5).

    Parameters
    ----------
    counts, exposure, weights : shape (sites, periods); every site and period has an event
    columns : shape (sites, periods, k)

    Returns
    -------
    Fit
        of the working regression: residuals (y - mu) / mu, weights times mu, predictor without offset.
    """
    found = profile_poisson(counts, exposure, columns, weights)
    if not found.settled:
        predictor = np.log(exposure) + found.predictor
        _refuse(counts, columns, weights, names, predictor=predictor, used=weights > 0)
    working = np.exp(found.predictor)
    working *= exposure
    left = counts / working
    left -= 1
    working *= weights
    regressors = absorb(working, columns)
    bread = bread_of(regressors, working, names)
    return Fit(
        # one regression more at the last weights, so that coefficients and weights agree to rounding
        coefficients=found.slopes + bread @ totals(regressors, working * left),
        regressors=regressors,
        residuals=left,
        weights=working,
        bread=bread,
        fitted=found.predictor,
        variance_is_inverse_weight=True,
    )


def _vanishing(counts: FloatArray, predictor: FloatArray, used: np.ndarray) -> np.ndarray:
    typical = counts[used].mean()
    return np.asarray(used & (counts == 0) & (predictor < np.log(_VANISHING * typical)))


def _refuse(
    counts: FloatArray,
    columns: Columns,
    weights: FloatArray,
    names: Sequence[str],
    *,
    predictor: FloatArray,
    used: np.ndarray,
) -> NoReturn:
    """Say why there is no answer: separation, columns that cannot be told apart, or neither."""
    cells = int(_vanishing(counts, predictor, used).sum())
    if cells:
        msg = (
            f"the Poisson fit has no finite answer: it pushes the expected count of {cells} cell(s) without "
            "events to zero (separation), so that a ratio of zero or infinity fits best; use the estimator "
            "'table', which is exact with a zero cell, or longer periods or larger areas"
        )
        raise EstimationError(msg)
    # any weights show what cannot be told apart, and say which columns
    fit_linear(np.where(used, np.log1p(counts), 0.0), columns, weights, names)
    msg = "the Poisson fit did not settle; leave out covariates of extreme values, or use longer periods"
    raise EstimationError(msg)


def require_events(counts: FloatArray, weights: FloatArray, marked: np.ndarray, starts_at: str, what: str) -> None:
    """Refuse counts in which the marked cells, or their sites' other cells, hold no event.

    A rate ratio of zero or of infinity fits such counts best; software that does not look reports a large
    number with a small error.
    """
    seen = counts * (weights > 0)
    sites = marked.any(axis=1)
    after = float(seen[marked].sum())
    before = float(seen[sites].sum()) - after
    if after > 0 and before > 0:
        return
    when = "after" if after == 0 else "before"
    msg = (
        f"there is no event at all in the {what} sites {when} the start ({first_of([starts_at])}), against "
        f"{before if after == 0 else after:g} {'before' if after == 0 else 'after'} it: the rate ratio is "
        f"{'zero' if after == 0 else 'infinite'} and its error has no meaning (separation); use the estimator "
        "'table', which is exact with a zero cell"
    )
    raise EstimationError(msg)


def allow_for_overdispersion(fit: Fit, counts: FloatArray, exposure: FloatArray, weights: FloatArray) -> Fit:
    """Give the fit a working variance of counts that vary more than chance makes them.

    Errors by site are right in many sites whatever the variance, but CR2 and its degrees of freedom lean on a
    working one. A count that varies around its mean mu by mu + alpha mu^2, as crime counts do, has a working
    residual with variance 1 / mu + alpha; alpha is told from the residuals, and 0 where they vary by no
    more than chance. With chance alone large sites are taken for steadier than they are: 9 to 11 % of true
    nulls were rejected at 5 % with 3 or 8 of 40 sites treated that were ten times larger, and 36 % with one; with
    this 3 to 5 %, and 12 % with one (`benchmarks/few_treated.py`). The estimate is the same.
    """
    used = weights > 0
    expected = np.where(used, exposure * np.exp(fit.fitted), 1.0)
    free = int(used.sum()) - sum(counts.shape) + 1 - len(fit.coefficients)
    if free <= 0:
        return fit
    squares = float((weights * (counts - expected) ** 2)[used].sum()) * int(used.sum()) / free
    alpha = (squares - float((weights * expected)[used].sum())) / float((weights * expected**2)[used].sum())
    if alpha <= 0:
        return fit
    variance = np.where(used, (1 / expected + alpha) / np.where(used, weights, 1.0), 0.0)
    return replace(fit, variance_is_inverse_weight=False, variance=variance)


def dispersion(fit: Fit, counts: FloatArray, exposure: FloatArray, weights: FloatArray) -> float | None:
    """Pearson's chi-squared over its degrees of freedom; 1 where counts vary as chance makes them."""
    expected = exposure * np.exp(fit.fitted)
    used = weights > 0
    sites, periods = counts.shape
    free = int(used.sum()) - sites - periods + 1 - len(fit.coefficients)
    if free <= 0:
        return None
    return float((weights * (counts - expected) ** 2 / expected)[used].sum() / free)
