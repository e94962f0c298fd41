"""The scale that least-squares methods work on, and the way back from it to events."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from evalkit.domain import Panel
from evalkit.domain.effect import Scale
from evalkit.draws import FloatArray
from evalkit.errors import DesignError, EstimationError, nearest

__all__ = [
    "Transform",
    "events_prevented",
    "require_positive",
    "require_transform",
    "scale_of",
    "subject_of",
    "to_scale",
]

type Transform = Literal["log", "level"]


def require_transform(transform: str, panel: Panel | None = None) -> None:
    """Refuse a transform that there is not, or a ratio of what has no zero of its own."""
    known = get_args(Transform.__value__)
    if transform not in known:
        msg = f"no transform {transform!r}; {nearest(transform, known)}"
        raise EstimationError(msg)
    if panel is not None and transform == "log" and panel.outcome.kind in {"score", "index"}:
        msg = (
            f"{panel.outcome.name!r} is of kind {panel.outcome.kind!r}, whose ratios mean nothing: "
            "use transform = 'level'"
        )
        raise DesignError(msg)


def scale_of(panel: Panel, transform: Transform) -> Scale:
    """Give the scale of a change: log rates, rates where there is an exposure, otherwise counts or means."""
    if transform == "log":
        return "log_rate_ratio"
    if panel.outcome.counts_events:
        return "count_difference" if panel.exposure is None else "rate_difference"
    return "rate_difference" if panel.outcome.kind == "rate" else "mean_difference"


def subject_of(panel: Panel) -> str:
    """Say what moves: rates where there is an exposure, otherwise the outcome itself."""
    return "rates" if panel.exposure is not None or panel.outcome.kind == "rate" else panel.outcome.plural


def to_scale(values: FloatArray, exposure: FloatArray, weights: FloatArray, transform: Transform) -> FloatArray:
    """Give values over exposure, or their logarithm; cells of weight zero may hold zeros and have no say."""
    rates = values / exposure
    return np.asarray(np.log(np.where(weights > 0, rates, 1.0)) if transform == "log" else rates)


def require_positive(
    panel: Panel,
    rows: np.ndarray,
    places: np.ndarray,
    values: FloatArray,
    weights: FloatArray,
    *,
    count_model: str | None = "did-poisson",
) -> None:
    """Refuse a cell without events, which has no logarithm, and name the estimator that takes zeros.

    `rows` and `places` are those of `values` in the panel; without a `count_model` there is no such estimator.
    """
    at_fault = np.argwhere((values <= 0) & (weights > 0))
    if not len(at_fault):
        return
    site, period = at_fault[0]
    where = f"{panel.sites[rows[site]]!r} in {panel.periods.labels[places[period]]}"
    more = f" and {len(at_fault) - 1} more cells" if len(at_fault) > 1 else ""
    instead = f"{count_model!r}, which takes zeros as they are, or " if count_model else ""
    msg = (
        f"{panel.outcome.name}: site {where}{more} recorded {values[site, period]:g}, which has no "
        f"logarithm: use {instead}transform = 'level'"
    )
    raise EstimationError(msg)


def events_prevented(
    change: FloatArray, amounts: FloatArray, *, is_log: bool, noise: FloatArray | float = 0.0
) -> FloatArray:
    """Turn changes by group into events expected without the measure less those recorded.

    Where every group has draws of its own, the exponential of their noise is above one on average, by half its
    variance on the log scale, and a sum over many groups would lie that much above the sum at the estimate.

    Parameters
    ----------
    change : shape (draws, groups); groups of cells that share a change
    amounts : shape (groups, columns): events recorded in the group's cells for logs, their exposure for levels,
        summed into columns such as calendar periods or cohorts
    noise : variance of each draw of a group around what the row's headline lets expect, shape (groups,) or
        (draws, groups), taken out for logs

    Returns
    -------
    FloatArray
        Shape (draws, columns); negative where there were more events than expected.
    """
    return np.asarray((np.expm1(-change - noise / 2) if is_log else -change) @ amounts)
