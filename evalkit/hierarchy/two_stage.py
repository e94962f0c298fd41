"""Large panels in two stages: first each site's own estimate and error, which the normal model then pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evalkit.errors import EvidenceError, first_of, nearest

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["PanelEstimates", "Variance", "estimate_sites"]

type Variance = Literal["negative-binomial", "quasi", "poisson"]

# Of events in a site's period before or after, in either area: with fewer a log ratio is no longer near normal.
FEWEST_EVENTS = 5
# In standard errors: three are reached by chance in 1 of 370 panels.
_BEYOND_CHANCE = 3.0
_LARGEST = 1e4
# Series with fewer events, such as none, may be the same by chance.
_TELLING = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class PanelEstimates:
    """Estimates of sites from their own series, for `fit_normal`.

    Attributes
    ----------
    names : of the sites
    estimates : log ratio of ratios of totals, shape (sites,); negative where events fell by more than in the comparison
    covariance : shape (sites, sites); beside the diagonal it is what a shared comparison puts there
    dispersion : of the variance that was asked for: alpha of mean + alpha mean^2, or variance over mean; None for
        "poisson"
    cautions : where the panel is outside of what the two stages are calibrated for, in sentences
    """

    names: tuple[str, ...]
    estimates: FloatArray
    covariance: FloatArray
    dispersion: float | None
    cautions: tuple[str, ...]

    @property
    def errors(self) -> FloatArray:
        """Standard errors, shape (sites,); refused where sites share a comparison: they would leave something out."""
        diagonal = np.diag(self.covariance)
        if (self.covariance != np.diag(diagonal)).any():
            msg = (
                "sites share a comparison area, so their errors go together and pooling them as if they did not would "
                "overstate what is known: use `covariance` with a model that takes it, or a comparison for each site"
            )
            raise EvidenceError(msg)
        return np.asarray(np.sqrt(diagonal))


def estimate_sites(
    treated: Any,
    comparison: Any,
    start: Any,
    *,
    variance: Variance = "negative-binomial",
    names: Sequence[str] = (),
) -> PanelEstimates:
    """Estimate each site's log ratio of ratios and its error, for the normal hierarchical model.

    The estimate is of totals before and after, with a half added to each. The variance of a total comes from a
    dispersion that all series share, around the cell's mean times a factor of the period that all have, corrected
    for what these use up.

    It is calibrated for sites with some 5 events or more in every period before and after, that start together and
    each have a comparison of their own, with months that do not hang together; docs/exact_models.md has the figures.
    With fewer events use `fit_counts`; with starts at different times, serial correlation or one comparison for all
    a full model of the panel. Variances by chance alone ("poisson") are there to be compared with: on crime they make
    sites look more different than they are.

    Parameters
    ----------
    treated : counts, shape (sites, periods)
    comparison : the same of each site's comparison area, or shape (periods,) where all sites share one
    start : place of the first period with the measure, counted from 0, the same in all sites
    variance : how counts vary
    names : of the sites

    >>> rng = np.random.default_rng(1)
    >>> found = estimate_sites(rng.poisson(9, (4, 24)), rng.poisson(9, (4, 24)), 12)
    >>> found.estimates.shape, found.cautions
    ((4,), ())
    """
    if variance not in {"negative-binomial", "quasi", "poisson"}:
        known = ("negative-binomial", "quasi", "poisson")
        msg = f"no variance {variance!r}; {nearest(variance, known)}"
        raise EvidenceError(msg)
    own, others = _series(treated, comparison)
    began = _common_start(start, own.shape)
    series = np.concatenate([own, others])
    after = np.arange(own.shape[1]) >= began
    expected = _expected(series, after)
    dispersion, variances = _variances(series, expected, after, variance)
    totals = np.stack([series[:, ~after].sum(axis=1), series[:, after].sum(axis=1)], axis=1) + 0.5
    logs = np.log(totals[:, 1] / totals[:, 0])
    each = (variances / totals**2).sum(axis=1)
    sites, shared = len(own), len(others) == 1
    covariance = np.diag(each[:sites] + (0.0 if shared else each[sites:]))
    labels = tuple(names) or tuple(f"site {number}" for number in range(1, sites + 1))
    if len(labels) != sites:
        msg = f"names has one name for each of {sites} sites; there are {len(labels)}"
        raise EvidenceError(msg)
    return PanelEstimates(
        names=labels,
        estimates=logs[:sites] - (logs[-1] if shared else logs[sites:]),
        covariance=covariance + (each[-1] if shared else 0.0),
        dispersion=dispersion,
        cautions=_cautions(labels, totals - 0.5, series, expected, after),
    )


def _series(treated: Any, comparison: Any) -> tuple[FloatArray, FloatArray]:
    own, others = np.asarray(treated, float), np.atleast_2d(np.asarray(comparison, float))
    if own.ndim != 2 or others.shape[-1] != own.shape[1] or len(others) not in {1, len(own)}:
        msg = (
            f"treated has shape (sites, periods) and comparison the same, or (periods,) where it is shared; there are "
            f"{own.shape} and {np.shape(comparison)}"
        )
        raise EvidenceError(msg)
    for what, counts in (("treated", own), ("comparison", others)):
        if not (np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts))).all():
            msg = f"{what} holds whole numbers, zero or more, and no gaps: a missing count is not a zero"
            raise EvidenceError(msg)
    telling = others[others.sum(axis=1) >= _TELLING]
    if len(others) > 1 and len(np.unique(telling, axis=0)) < len(telling):
        msg = (
            "two sites have the same comparison series: if they share it, their errors go together; give a comparison "
            "that all share once, with shape (periods,), or use a full model of the panel"
        )
        raise EvidenceError(msg)
    return own, others


def _common_start(start: Any, shape: tuple[int, ...]) -> int:
    places = np.unique(np.asarray(start))
    if len(places) != 1:
        msg = (
            f"sites start at {len(places)} different times: totals before and after then cover other months in every "
            "site; use a full model of the panel, or an estimator for starts at different times such as "
            "'callaway-santanna'"
        )
        raise EvidenceError(msg)
    place = places[0]
    if place != int(place) or not 2 <= place <= shape[1] - 2:
        msg = f"start leaves two periods before and after, of {shape[1]}; there is {place}"
        raise EvidenceError(msg)
    return int(place)


def _expected(series: FloatArray, after: np.ndarray) -> FloatArray:
    """Give the cell's mean times the period's factor, shape (series, periods)."""
    expected = np.empty_like(series)
    for part in (after, ~after):
        counts = series[:, part]
        total = counts.sum()
        expected[:, part] = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total if total else 0.0
    return expected


def _variances(
    series: FloatArray, expected: FloatArray, after: np.ndarray, variance: Variance
) -> tuple[float | None, FloatArray]:
    """Give the dispersion and the variance of each series' totals, shape (series, 2)."""
    # with the half that the ratio has: a cell without events is not known without error
    totals = np.stack([expected[:, ~after].sum(axis=1), expected[:, after].sum(axis=1)], axis=1) + 0.5
    if variance == "poisson":
        return None, totals
    alpha_of_none = _pearson(series, expected, 0.0) - _freedom(expected, after)
    if variance == "quasi":
        ratio = max(1 + alpha_of_none / _freedom(expected, after), 1.0)
        return ratio, ratio * totals
    squares = np.stack([(expected[:, part] ** 2).sum(axis=1) for part in (~after, after)], axis=1)
    alpha = _alpha(series, expected, _freedom(expected, after))
    return alpha, totals + alpha * squares


def _alpha(series: FloatArray, expected: FloatArray, freedom: int) -> float:
    """Give the alpha at which squared residuals over variances add up to their degrees of freedom; 0 if none does."""
    from scipy.optimize import brentq

    if _pearson(series, expected, 0.0) <= freedom:
        return 0.0
    if _pearson(series, expected, _LARGEST) > freedom:
        msg = "counts vary more than a negative binomial can: look at the series, a unit or a zero may be wrong"
        raise EvidenceError(msg)
    return float(brentq(lambda alpha: _pearson(series, expected, alpha) - freedom, 0.0, _LARGEST, xtol=1e-12))


def _pearson(series: FloatArray, expected: FloatArray, alpha: float) -> float:
    used = expected > 0
    mean = expected[used]
    return float(((series[used] - mean) ** 2 / (mean + alpha * mean**2)).sum())


def _freedom(expected: FloatArray, after: np.ndarray) -> int:
    """Count cells less what means and factors use up."""
    found = 0
    for part in (after, ~after):
        used = expected[:, part] > 0
        found += (int(used.any(axis=1).sum()) - 1) * (int(used.any(axis=0).sum()) - 1)
    if found < 1:
        msg = "there are too few series and periods with events to learn how much counts vary"
        raise EvidenceError(msg)
    return found


def _cautions(
    names: tuple[str, ...], totals: FloatArray, series: FloatArray, expected: FloatArray, after: np.ndarray
) -> tuple[str, ...]:
    found = []
    sites, shared = len(names), len(totals) == len(names) + 1
    fewest = np.minimum(totals[:sites].min(axis=1), totals[sites:].min(axis=1))
    few = [name for name, least in zip(names, fewest, strict=True) if least < FEWEST_EVENTS]
    if few:
        found.append(
            f"fewer than {FEWEST_EVENTS} events before or after in {first_of(few)}: a log ratio of so few is not near "
            "normal; use exact counts"
        )
    if shared:
        found.append("all sites share a comparison: their errors go together")
    correlation, error = _serial(series, expected, after)
    if abs(correlation) > _BEYOND_CHANCE * error:
        found.append(
            f"neighbouring periods hang together (correlation {correlation:.2f} of residuals, error {error:.2f}): "
            f"errors are too {'small' if correlation > 0 else 'large'}; use a full model of the panel"
        )
    return tuple(found)


def _serial(series: FloatArray, expected: FloatArray, after: np.ndarray) -> tuple[float, float]:
    """Give the correlation of neighbouring residuals, without what taking off the mean puts there, and its error."""
    sums, squares, pairs, off = 0.0, 0.0, 0, 0.0
    for part in (after, ~after):
        mean = expected[:, part]
        rest = (series[:, part] - mean) / np.sqrt(np.where(mean > 0, mean, 1.0))
        length = rest.shape[1]
        sums += float((rest[:, 1:] * rest[:, :-1]).sum()) * length / (length - 1)
        squares += float((rest**2).sum())
        pairs += rest[:, 1:].size
        off += rest.size / length
    cells = series.size
    return (sums / squares if squares else 0.0) + off / cells, float(pairs**-0.5)
