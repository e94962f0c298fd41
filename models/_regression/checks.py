"""What an evaluator must know before believing a difference-in-differences."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check
from evalkit.models._inference.cluster import Inference
from evalkit.models._inference.student import FEW_DEGREES, FEW_DEGREES_SAY
from evalkit.models._regression.bacon import KINDS, bacon_sentence, shares_of_starts
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.sample import Sample

__all__ = [
    "clusters_check",
    "forbidden_share",
    "lone_size_check",
    "overdispersion_check",
    "sites_in_words",
    "staggered_check",
]

_NOTABLE = 0.01
# Share of the weight on sites already treated: with effects that grow, 95 % ranges held 94 to 96 times in 100 with a
# share of 8 %, and 85 to 90 times with one of 19 % (the grid's scenarios of growing effects).
_MUCH_FORBIDDEN = 0.1
# A lone treated site this many times larger than the others: at 10 times, 33 to 41 % of true nulls are rejected.
_FAR_IN_SIZE = 3
_SEEN = 0.99


def sites_in_words(sample: Sample) -> str:
    """Say how many sites there are of each kind."""
    parts = [f"{sample.treated_count} treated", f"{sample.comparison_count} comparison"]
    if sample.is_buffer.any():
        parts.append(f"{int(sample.is_buffer.sum())} buffer")
    return f"{', '.join(parts)} sites"


def clusters_check(sample: Sample, inference: Inference, reason: str = "") -> Check:
    """Say how many sites the error rests on, how many it is worth, and by which rule it was chosen."""
    free = float(inference.degrees_of_freedom[0])
    detail = (
        f"The error is robust to what goes on within a site ({inference.kind}; {sites_in_words(sample)}) and "
        f"read from a t distribution with {free:.1f} degrees of freedom."
    )
    if reason:
        detail += f" This was chosen because {reason}."
    lone = bool(inference.seen[0] < _SEEN)
    if lone:
        detail += (
            " The estimate rests on one site, whose own noise cannot be seen; it was taken to be like that of the "
            "other sites."
        )
    if free < FEW_DEGREES:
        detail += FEW_DEGREES_SAY
    return Check(name="number of sites", passed=False if lone or free < FEW_DEGREES else None, detail=detail)


def lone_size_check(fit: Fit, sample: Sample, inference: Inference) -> Check | None:
    """Say where the estimate rests on one site that is much larger, or smaller, than the others.

    Its own noise is not seen. A Poisson fit takes it from the others by its size; what the fit says of size, a
    chance part that falls with it and a part that does not, is known from the others only roughly. Least
    squares takes all sites to vary alike.
    """
    if inference.seen[0] >= _SEEN or sample.treated_count != 1:
        return None
    sizes = fit.weights.sum(axis=1)
    ratio = float(sizes[sample.ever_treated][0] / np.median(sizes[~sample.ever_treated & ~sample.is_buffer]))
    if 1 / _FAR_IN_SIZE <= ratio <= _FAR_IN_SIZE:
        return None
    larger = ratio > 1
    return Check(
        name="size of the one site",
        passed=False,
        detail=f"The estimate rests on one site, which expects {_times(ratio)} as many events as the "
        "comparison site in the middle, and whose own noise was taken from the others by that size. "
        + (
            "Where its swings are not those of its size, the interval is too narrow: at 10 times the size, 12 to 13 % "
            "of true nulls were rejected at 5 %. Compare with 'did-ols', which takes all sites to vary alike."
            if larger
            else "If its rate swings as theirs do, and not more for its size, the interval is too wide, and an effect "
            "is easily missed."
        ),
    )


def _times(ratio: float) -> str:
    return f"{ratio:.3g} times" if ratio > 1 else f"one {1 / ratio:.3g}th"


def forbidden_share(fit: Fit, treated: np.ndarray) -> tuple[float, int, int]:
    """Sum of the negative weights that treated cells get, how many they are, and of how many.

    The estimate is a weighted sum of the effects in treated cells, with weights proportional to the cell's
    residual treatment (de Chaisemartin and D'Haultfoeuille 2020, doi:10.1257/aer.20181169, theorem 1);
    they sum to one.
    """
    raw = (fit.weights * fit.regressors[:][:, :, 0])[treated]
    shares = raw / raw.sum()
    negative = shares < -1e-12
    return float(-shares[negative].sum()), int(negative.sum()), len(shares)


def staggered_check(fit: Fit, sample: Sample) -> Check | None:
    """Warn where sites that are already treated serve as comparison."""
    if not sample.design.is_staggered:
        return None
    total, cells, of = forbidden_share(fit, sample.treated)
    compared = shares_of_starts(sample)
    much = compared is not None and compared[KINDS[2]] > _MUCH_FORBIDDEN
    start = "Sites started at different times, so some are compared with sites that were already treated."
    if cells:
        seen = (
            f"{cells} of {of} treated site-periods count with the wrong sign (their weights sum to -{total:.2f}, all "
            "to 1)"
        )
    else:
        seen = "No treated site-period counts with the wrong sign"
    return Check(
        name="staggered start",
        passed=False if total > _NOTABLE or much else None,
        detail=f"{start} {seen}; that is harmless only if the effect is the same everywhere and at all times."
        f"{bacon_sentence(compared)} Compare with an estimator that avoids it.",
    )


def overdispersion_check(ratio: float | None) -> Check | None:
    """Say how much more the counts vary than chance makes them; the errors allow for it."""
    if ratio is None:
        return None
    return Check(
        name="overdispersion",
        passed=None,
        detail=f"Counts vary {ratio:.2f} times as much as pure chance would make them (Pearson chi-squared over its "
        "degrees of freedom); the errors allow for it.",
    )
