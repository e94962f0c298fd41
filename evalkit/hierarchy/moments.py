"""Which means exist: a posterior with a heavy tail has an average of draws, and no mean that it goes to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.normal import NormalHierarchy

__all__ = ["Moment", "ratio_of_mean", "ratio_of_new_site", "tail_moments"]

_LARGEST_LOG = 700.0


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A mean that may not exist.

    Attributes
    ----------
    value : the mean, or None
    reason : why there is none; empty where there is one
    """

    value: float | None
    reason: str = ""


def tail_moments(fit: NormalHierarchy) -> tuple[Moment, Moment]:
    """Give mean and standard deviation of the deviation between sites, each where it exists.

    Far out the likelihood falls as deviation**-(sites - flat coefficients) and the prior by its own power.
    """
    flat = sum(prior.is_flat for prior in fit.priors)
    power = fit.between_prior.tail + len(fit.estimates) - flat
    mean = float(fit.weights @ fit.deviations)
    spread = math.sqrt(max(float(fit.weights @ (fit.deviations - mean) ** 2), 0.0))
    return (
        _where(exists=power > 2, value=mean, power=power, wanted=2),
        _where(exists=power > 3, value=spread, power=power, wanted=3),
    )


def _where(*, exists: bool, value: float, power: float, wanted: int) -> Moment:
    if exists:
        return Moment(value=value)
    reason = (
        f"with so few sites and this prior the deviation between sites falls as its power {-power:g}, and the mean of "
        f"it{' squared' if wanted == 3 else ''} needs less than {-wanted}: read the median and the interval"
    )
    return Moment(value=None, reason=reason)


def ratio_of_mean(fit: NormalHierarchy, row: FloatArray) -> Moment:
    """Give the mean of exp of the mean effect at moderators, shape (coefficients,)."""
    means, variances = fit.line(row)
    return _ratio(fit, means + variances / 2, _widening(fit, row), "the mean effect")


def ratio_of_new_site(fit: NormalHierarchy, row: FloatArray) -> Moment:
    """Give the mean of exp of a new site's effect at moderators, shape (coefficients,)."""
    means, variances = fit.line(row)
    return _ratio(fit, means + (variances + fit.deviations**2) / 2, 1 + _widening(fit, row), "a new site's effect")


def _ratio(fit: NormalHierarchy, logs: FloatArray, widening: float, what: str) -> Moment:
    """Far out the variance is `widening` times the squared deviation; exp of half of it meets the prior's decay."""
    if widening > 0 and fit.between_prior.decay <= widening / 2:
        reason = (
            f"the mean rate ratio of {what} does not exist under {fit.between_prior}: large deviations between sites "
            "fall off more slowly than exp of the effect rises; read the median, or take a half-normal prior with a "
            f"scale below {math.sqrt(1 / widening):.2g}"
        )
        return Moment(value=None, reason=reason)
    # of all nodes: those that are too light for a probability are not for exp of half a large variance
    log = float(logsumexp(logs, b=fit.weights))
    if log > _LARGEST_LOG:
        return Moment(value=None, reason=f"the mean rate ratio of {what} is beyond every number: read the median")
    return Moment(value=math.exp(log))


def _widening(fit: NormalHierarchy, row: FloatArray) -> float:
    """Give what the variance of a mean effect goes to, in squared deviations: only flat coefficients follow them."""
    flat = np.array([prior.is_flat for prior in fit.priors])
    if not flat.any():
        return 0.0
    columns = fit.design[:, flat]
    return float(row[flat] @ np.linalg.solve(columns.T @ columns, row[flat]))
