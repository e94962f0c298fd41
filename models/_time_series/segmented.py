"""Segmented regression of a count series, with errors that may go together in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._time_series.mixture import Mixture

__all__ = ["Errors", "Regression", "fit_segmented"]

type Errors = Literal["autoregressive", "newey-west", "independent"]

# Shares of the variance that are noise with a memory, and how much of it is left a period later. Every pair
# is as likely as any other before the data are seen.
_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_MEMORIES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Regression:
    """A fitted series; arrays cover the periods in use.

    Attributes
    ----------
    mixture : the law of all coefficients
    predictor : log rate with the measure, shape (periods,)
    residuals : Pearson's, shape (periods,), uncorrected for what the fit took
    dispersion : Pearson's chi-squared over its degrees of freedom
    memory : correlation of neighbouring periods' noise, at its mean over the laws; None for other errors
    """

    mixture: Mixture
    predictor: FloatArray
    residuals: FloatArray
    dispersion: float
    memory: float | None


def fit_segmented(
    counts: FloatArray, exposure: FloatArray, columns: FloatArray, places: np.ndarray, errors: Errors
) -> Regression:
    """Fit log E[count] = log exposure + columns by quasi-Poisson, and give the law of the coefficients.

    "independent": t(n - k) with the dispersion of Pearson. "newey-west": a Bartlett window of
    floor(4 (n/100)^(2/9)) lags (Newey and West 1994, doi:10.2307/2297912) with the factor n / (n - k).
    "autoregressive": counts vary by chance around a rate whose noise is AR(1) (Zeger 1988,
    doi:10.1093/biomet/75.4.621); its share and memory are averaged over by their restricted likelihood.

    Parameters
    ----------
    counts, exposure : shape (periods,)
    columns : shape (periods, k)
    places : of the periods in the calendar, shape (periods,); a gap is a longer distance
    """
    free = len(counts) - columns.shape[1]
    fit, scale = _glm(counts, exposure, columns)
    expected = np.asarray(fit.mu, float)
    residuals = (counts - expected) / np.sqrt(expected)
    memory = None
    if errors == "autoregressive":
        working = fit.predict(columns, which="linear") + counts / expected - 1
        mixture, memory = _averaged(working, columns, expected, places)
    else:
        covariance = scale * np.asarray(fit.normalized_cov_params)
        if errors == "newey-west":
            covariance = _newey_west(columns, counts - expected, np.asarray(fit.normalized_cov_params))
        mixture = Mixture(
            shares=np.ones(1), means=np.asarray(fit.params)[None], covariances=covariance[None], freedom=float(free)
        )
    return Regression(
        mixture=mixture,
        predictor=columns @ mixture.mean,
        residuals=residuals,
        dispersion=scale,
        memory=memory,
    )


def _glm(counts: FloatArray, exposure: FloatArray, columns: FloatArray):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Fit the quasi-Poisson regression of statsmodels; give it with Pearson's dispersion."""
    import warnings

    import statsmodels.api as sm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is refused below, with a reason
        model = sm.GLM(counts, columns, family=sm.families.Poisson(), offset=np.log(exposure))
        fit = model.fit(scale="X2", tol=1e-12, tol_criterion="params")
    if not fit.converged or not np.isfinite(fit.params).all() or np.abs(fit.params).max() > 50:
        raise EstimationError(
            "the Poisson regression of the series did not settle: too few events for its trend, season and changes; "
            "use longer periods, or leave out the season, a covariate or another event"
        )
    return fit, float(fit.scale)


def _newey_west(columns: FloatArray, left: FloatArray, bread: FloatArray) -> FloatArray:
    scores = columns * left[:, None]
    n, k = columns.shape
    lags = int(4 * (n / 100) ** (2 / 9))
    meat = scores.T @ scores
    for lag in range(1, lags + 1):
        crossed = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (lags + 1)) * (crossed + crossed.T)
    return np.asarray(n / (n - k) * bread @ meat @ bread)


def _averaged(
    working: FloatArray, columns: FloatArray, expected: FloatArray, places: np.ndarray
) -> tuple[Mixture, float]:
    """Regress the working response under each law of the noise, and weigh the laws.

    A law says that the covariance of the working response is, up to one constant that is averaged over too,
    (1 - share) / expected on the diagonal plus share times memory to the power of the distance in time.
    """
    from scipy.linalg import cholesky, solve_triangular

    apart = np.abs(places[:, None] - places[None, :])
    chance, typical = np.diag(1 / expected), float((1 / expected).mean())
    fading = {memory: np.where(apart == 0, 1.0, memory**apart) for memory in _MEMORIES}
    laws = [(0.0, 0.0), *((share, memory) for share in _SHARES[1:] for memory in _MEMORIES)]
    n, k = columns.shape
    means, covariances, heights, neighbours = [], [], [], []
    for share, memory in laws:
        root = cholesky((1 - share) * chance + share * typical * fading[memory], lower=True)
        white = solve_triangular(root, np.column_stack([columns, working]), lower=True)
        upper = np.linalg.qr(white, mode="r")
        inverse = solve_triangular(upper[:k, :k], np.eye(k))
        left = float(upper[k, k] ** 2)
        means.append(inverse @ upper[:k, k])
        covariances.append(left / (n - k) * inverse @ inverse.T)
        log_size = np.log(np.diag(root)).sum() + np.log(np.abs(np.diag(upper)[:k])).sum()
        heights.append(-log_size - (n - k) / 2 * np.log(left))
        neighbours.append(share * memory)
    # no share of noise with a memory is one law, but a whole row of the grid
    prior = np.array([len(_MEMORIES), *np.ones(len(laws) - 1)])
    shares = prior * np.exp(np.array(heights) - max(heights))
    shares /= shares.sum()
    mixture = Mixture(shares=shares, means=np.array(means), covariances=np.array(covariances), freedom=float(n - k))
    return mixture, float(shares @ np.array(neighbours))
