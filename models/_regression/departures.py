"""How far trends may have parted before an event study of a regression says nothing any more."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check, TrendSensitivity
from evalkit.models._inference.cluster import Inference, satterthwaite
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.sample import Sample
from evalkit.models._sensitivity.trends import sensitivity_or_reason

__all__ = ["trend_sensitivity"]


def trend_sensitivity(
    fit: Fit, inference: Inference, sample: Sample, times: tuple[int, ...], *, log: bool
) -> tuple[tuple[TrendSensitivity, ...], Check | None]:
    """Give the sensitivity to a difference in trends, or a check that says why there is none.

    Times that pool all beyond them are left out: to their neighbours it is more than one period.
    """
    which = _single(sample, times)
    return sensitivity_or_reason(
        fit.coefficients[which],
        inference.covariance[np.ix_(which, which)],
        [times[j] for j in which],
        degrees_of_freedom=_degrees(fit, inference, [j for j in which if times[j] >= 0]),
        is_log=log,
    )


def _single(sample: Sample, times: tuple[int, ...]) -> list[int]:
    """Tell which times are one period and not all from there on."""
    own = sample.ever_treated
    since = (sample.places[None, :] - sample.starts[own, None])[sample.weights[own] > 0]
    return [
        j for j, time in enumerate(times) if not (since.min() < time == times[0] or since.max() > time == times[-1])
    ]


def _degrees(fit: Fit, inference: Inference, after: list[int]) -> float | None:
    """Degrees of freedom of the average over the periods after the start."""
    if inference.adjusted is None or not after:
        return inference.clusters - 1.0
    contrast = np.zeros(len(fit.coefficients))
    contrast[after] = 1 / len(after)
    return satterthwaite(fit, inference.adjusted, inference.adjusted.functions @ contrast)
