"""What estimators ask of their options and of a design, refused in the same words by all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.domain import Check, Design, Panel
from evalkit.errors import DesignError, EstimationError, first_of, nearest

__all__ = [
    "as_names",
    "covariate_names",
    "left_out_sites",
    "require_counts",
    "require_no_weights",
    "require_one_start",
    "require_two_of_each",
    "require_whole",
]


def require_whole(name: str, value: object, least: int) -> None:
    """Refuse an option that is not a whole number of `least` or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        msg = f"{name} is a whole number of {least} or more; there is {value!r}"
        raise EstimationError(msg)


def as_names(covariates: Sequence[str] | None, option: str = "covariates") -> tuple[str, ...] | None:
    """Give names of covariates as a tuple, and refuse a single text."""
    if isinstance(covariates, str):
        msg = f"{option} are a list of names; there is one text, {covariates!r}"
        raise EstimationError(msg)
    return None if covariates is None else tuple(covariates)


def covariate_names(panel: Panel, wanted: Sequence[str] | None, purpose: str = "") -> tuple[str, ...]:
    """Give the covariates in use: those named, or all that the panel has."""
    if wanted is None:
        return tuple(panel.covariates)
    for name in wanted:
        if name not in panel.covariates:
            msg = f"the panel has no covariate {name!r}{purpose}; {nearest(name, panel.covariates)}"
            raise EstimationError(msg)
    return tuple(wanted)


def require_counts(panel: Panel, estimator: str, instead: str) -> None:
    """Refuse an outcome that is not a count of events; `instead` goes on after what it is."""
    if not panel.outcome.counts_events:
        msg = f"{estimator!r} takes counts of events; {panel.outcome.name!r} is of kind {panel.outcome.kind!r}{instead}"
        raise DesignError(msg)


def require_one_start(design: Design, estimator: str) -> None:
    """Refuse sites that started at different times."""
    if design.is_staggered:
        msg = (
            f"{estimator!r} takes one start, and sites started at {first_of(design.cohorts)}: evaluate each start by "
            "itself"
        )
        raise DesignError(msg)


def require_no_weights(panel: Panel, estimator: str, reason: str) -> None:
    """Refuse weights other than zero (a missing cell) and one value for all others."""
    if panel.weights is not None and len(np.unique(panel.weights[panel.weights > 0])) > 1:
        msg = f"{estimator!r} {reason}"
        raise DesignError(msg)


def require_two_of_each(treated: np.ndarray, estimator: str, lacking: str) -> None:
    """Refuse fewer than two treated or two comparison sites; `lacking` says with what."""
    for count, what in ((int(treated.sum()), "treated"), (int((~treated).sum()), "comparison")):
        if count < 2:
            msg = (
                f"{estimator!r} needs at least two {what} sites with {lacking}, to see how much they vary; there "
                f"{'is' if count == 1 else 'are'} {count}"
            )
            raise EstimationError(msg)


def left_out_sites(design: Design, panel: Panel, lost: np.ndarray, lacking: str) -> Check | None:
    """Name sites that were left out, with what they held, and those of the buffer, which none is compared with."""
    parts = []
    if lost.size:
        parts.append(
            f"{lost.size} site{'s' if lost.size > 1 else ''} {lacking} "
            f"({first_of([panel.sites[row] for row in lost])}), which held {panel.values[lost].sum():,.10g} "
            f"{panel.outcome.plural}"
        )
    if design.buffer:
        count = len(design.buffer)
        parts.append(
            f"{count} buffer site{'s' if count > 1 else ''} ({first_of(design.buffer)}): neither treated nor fit to be "
            "compared with"
        )
    return Check(name="left out", passed=None, detail=f"Left out: {'; and '.join(parts)}.") if parts else None
