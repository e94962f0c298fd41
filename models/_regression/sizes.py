"""Is the effect the same in large and in small sites?"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from evalkit.domain import Check
from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._inference.cluster import Inference, infer
from evalkit.models._regression.linear import Fit, fit_linear
from evalkit.models._regression.sample import Sample

__all__ = ["same_in_all_sizes", "sizes"]

_NAME = "same effect in large and small sites"
_SIGNIFICANT = 0.05
# A slope on size and its error take three treated sites at the least.
_FEWEST = 3


def same_in_all_sizes(sample: Sample, fit: Fit) -> Check | None:
    """Test whether the log ratio goes with the size of the treated site, and say what that does to the total.

    A proportion that is an average over sites gives the right number of events only if it is the same in
    large and small ones. The fit is repeated with the treatment times the site's log size beside the
    treatment, and the coefficient tested with CR2; beside it stands the change where sites count by
    their events, whose total does not take the proportion to be the same.
    """
    if not sample.panel.outcome.counts_events or sample.treated_count < 2:
        return None
    size = sizes(sample)
    found = _slope(sample, fit, size)
    by_events = _by_events(sample, fit, size)
    if found is None or by_events is None:
        return Check(
            name=_NAME,
            passed=None,
            detail="Events prevented take the proportion to be the same in every treated site; these are too few, or "
            "too alike in size, to tell whether it is.",
        )
    p_value, steepness = found
    shown = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
    own = float(fit.coefficients[0])
    beside = (
        f"Counted by site the change is {100 * np.expm1(own):+.1f} %, counted by expected events "
        f"{100 * np.expm1(by_events):+.1f} %"
    )
    if p_value < _SIGNIFICANT:
        return Check(
            name=_NAME,
            passed=False,
            detail=f"The effect is not the same in large and small sites ({shown}; at ten times the size the "
            f"rate ratio is {np.exp(np.log(10) * steepness):.2f} times as high). {beside}. Do not use the number of "
            "events prevented, which takes the proportion to be the same in every treated site; 'did-poisson' "
            "counts by events.",
        )
    return Check(
        name=_NAME,
        passed=None,
        detail=f"No more difference than chance makes was seen between large and small treated sites ({shown}). "
        f"{beside}; events prevented take the proportion to be the same in every one.",
    )


def sizes(sample: Sample) -> FloatArray:
    """Give the log of each site's typical count, centred over the treated sites, shape (sites,).

    Midway between the logs before and after (the first) start, so that a site that was high by chance on one
    side does not seem to have changed for its size.
    """
    logs = np.log(np.where(sample.weights > 0, sample.values, 1))
    first = np.where(sample.ever_treated, sample.starts, sample.starts.min())
    after = sample.places[None, :] >= first[:, None]
    halves = []
    for side in (~after, after):
        used = side & (sample.weights > 0)
        halves.append(
            np.divide(
                (logs * used).sum(axis=1), used.sum(axis=1), where=used.any(axis=1), out=np.full(len(logs), np.nan)
            )
        )
    size = np.nanmean(halves, axis=0)
    return np.asarray(size - size[sample.ever_treated].mean())


def _slope(sample: Sample, fit: Fit, size: FloatArray) -> tuple[float, float] | None:
    """p-value and coefficient of the treatment times log size; None where it cannot be told."""
    if sample.treated_count < _FEWEST:
        return None
    columns, names = sample.columns
    crossed = (sample.treated * size[:, None])[:, :, None]
    try:
        wider = fit_linear(
            fit.fitted + fit.residuals,
            np.concatenate([columns, crossed], axis=2),
            sample.weights,
            (*names, "the treatment by size"),
        )
        found: Inference = infer(
            wider, "auto", "nested", treated=sample.treated_count, comparison=sample.comparison_count
        )
    except EstimationError:
        return None
    slope = float(wider.coefficients[-1])
    ratio = abs(slope) / float(found.std_errors[-1])
    return float(2 * stdtr(found.degrees_of_freedom[-1], -ratio)), slope


def _by_events(sample: Sample, fit: Fit, size: FloatArray) -> float | None:
    """The change where every cell counts by the events of its site."""
    columns, names = sample.columns
    try:
        weights = sample.weights * np.exp(size)[:, None]
        return float(fit_linear(fit.fitted + fit.residuals, columns, weights, names).coefficients[0])
    except EstimationError:
        return None
