"""Errors from leaving sites out or drawing them anew, where there is more than one treated site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, first_of
from evalkit.models._synthetic.fitted import Fitted, Fitter

__all__ = ["bootstrap", "covariance", "freedom_of", "jackknife", "refitted_jackknife", "require_several"]

# Of sites left out together: with 30 a side the t distribution is a normal but for 2 % of its width.
GROUPS = 30


def require_several(fitted: Fitted, what: str, labels: tuple[str, ...]) -> None:
    """Refuse to tell the error of one site from itself."""
    if fitted.weights.shape[1] < 2:
        msg = f"{what} needs two comparison sites or more; there is one, and this method has no error to give"
        raise EstimationError(msg)
    alone = [labels[start] for start, size in zip(fitted.starts, fitted.sizes, strict=True) if size < 2]
    if alone:
        whole = "one site was treated" if len(fitted.starts) == 1 else f"only one site started in {first_of(alone)}"
        msg = f"{what} needs two treated sites or more in each cohort, and {whole}: use errors = 'placebo'"
        raise EstimationError(msg)


def jackknife(outcomes: FloatArray, fitted: Fitted, treated: np.ndarray, comparison: np.ndarray) -> FloatArray:
    """Deviations of the gaps when a site is left out and weights stay, shape (sites, groups, periods).

    Arkhangelsky et al. 2021, doi:10.1257/aer.20190159, algorithm 3. Their squares, summed, are the variance.
    """
    groups = len(fitted.sizes)
    pool = outcomes[comparison]
    paths = np.stack([outcomes[treated[fitted.members == group]].mean(axis=0) for group in range(groups)])
    whole = fitted.weights @ pool
    left = 1 - fitted.weights
    if (left <= 0).any():
        msg = (
            "the jackknife leaves each comparison site out in turn, and one of them carries all the weight: "
            "use errors = 'placebo'"
        )
        raise EstimationError(msg)
    without_site = np.repeat((paths - whole)[None], len(treated), axis=0)
    for site, group in enumerate(fitted.members):
        size = fitted.sizes[group]
        without_site[site, group] += (paths[group] - outcomes[treated[site]]) / (size - 1)
    lighter = (whole[None] - fitted.weights.T[:, :, None] * pool[:, None, :]) / left.T[:, :, None]
    gaps = _held_against(np.concatenate([without_site, paths[None] - lighter]), fitted.times)
    count = len(gaps)
    return np.asarray((gaps - gaps.mean(axis=0)) * np.sqrt((count - 1) / count))


def refitted_jackknife(
    fitter: Fitter,
    outcomes: FloatArray,
    treated: np.ndarray,
    starts: np.ndarray,
    comparison: np.ndarray,
    *,
    rng: np.random.Generator,
    stop: int | None = None,
) -> tuple[FloatArray, ...]:
    """Deviations of the gaps when sites are left out and weights are fitted again, for each cohort and the comparison.

    Weights that stay have seen the site that is left out: those of periods are chosen for what comparison sites do
    after the start, so that these seem to part less than they do. Sites go one by one, or in as many random groups as
    `GROUPS` where there are more. Arrays have shape (groups left out, cohorts, periods); deviations are from the
    mean of each array, and squares, summed over all, are the variance (Kott 2001, Journal of Official Statistics 17).
    """
    whole, left = np.arange(len(treated)), []
    for start in np.unique(starts):
        kept = [np.setdiff1d(whole, group) for group in _groups(np.flatnonzero(starts == start), rng)]
        left.append([fitter(outcomes, treated[rest], starts[rest], comparison, stop).gaps for rest in kept])
    pools = [np.setdiff1d(comparison, group) for group in _groups(comparison, rng)]
    left.append([fitter(outcomes, treated, starts, pool, stop).gaps for pool in pools])
    return tuple((np.stack(gaps) - np.mean(gaps, axis=0)) * np.sqrt(1 - 1 / len(gaps)) for gaps in left)


def _groups(sites: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    return np.array_split(rng.permutation(sites), min(len(sites), GROUPS))


def freedom_of(parts: Sequence[FloatArray]) -> float:
    """Welch's degrees of freedom of a headline whose deviations come in these parts, each (groups,)."""
    squares, sizes = np.array([(part**2).sum() for part in parts]), np.array([len(part) for part in parts])
    return float(squares.sum() ** 2 / (squares**2 / (sizes - 1)).sum())


def bootstrap(
    fitter: Fitter,
    outcomes: FloatArray,
    treated: np.ndarray,
    starts: np.ndarray,
    comparison: np.ndarray,
    *,
    replicates: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Deviations of the gaps when sites are drawn anew, (replicates, groups, periods); squares sum to the variance.

    Sites are drawn within each cohort and within the comparison, so that no replicate is without one of them;
    weights are fitted again (algorithm 2 of the same paper, by strata).
    """
    strata = [treated[starts == start] for start in np.unique(starts)]
    ordered = np.sort(starts)
    gaps = []
    for _ in range(replicates):
        drawn = np.concatenate([rng.choice(stratum, len(stratum)) for stratum in strata])
        gaps.append(fitter(outcomes, drawn, ordered, rng.choice(comparison, len(comparison))).gaps)
    stacked = np.stack(gaps)
    return np.asarray((stacked - stacked.mean(axis=0)) / np.sqrt(replicates - 1))


def covariance(readings: FloatArray) -> FloatArray:
    """Covariance of readings (replicates, k) of such deviations, shape (k, k)."""
    return np.asarray(readings.T @ readings)


def _held_against(gaps: FloatArray, times: FloatArray) -> FloatArray:
    """Less the gap of the weighted periods before the start."""
    return np.asarray(gaps - (gaps * times).sum(axis=-1, keepdims=True))
