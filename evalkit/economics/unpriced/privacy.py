"""What privacy may be worth before a measure stops to pay: a threshold, and no price."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import FloatArray, interval, settled_mean
from evalkit.economics.cost_per_crime import ACCEPTABLE_AT, finite_ratio
from evalkit.economics.discounting import Discounting, discount_factors
from evalkit.errors import CostError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["PrivacyBreakEven", "break_even_privacy", "present_years"]

NOT_EVEN_FOR_NOTHING = "on average the measure does not pay even if privacy were worth nothing"


@dataclass(frozen=True, kw_only=True)
class PrivacyBreakEven:
    """The value of privacy, for each exposed person and year, at which the measure stops to pay.

    Every figure is zero or more; where one would lie below, the measure does not pay even if privacy were
    worth nothing, and the figure is None.

    Attributes
    ----------
    estimate : mean net benefit over mean exposed person-years; None with `reason`
    prob_pays_for_nothing : probability that the measure pays where privacy is worth nothing; read it first
    median, lower, upper : of the value over the draws, at `level`
    sure_at : by probability, the value below which the measure pays with at least that probability
    person_years : mean, in present value as the net benefit is
    """

    estimate: float | None
    reason: str
    prob_pays_for_nothing: float
    median: float | None
    level: float
    lower: float | None
    upper: float | None
    sure_at: Mapping[float, float | None]
    person_years: float


def present_years(years: float, discounting: str | float | Discounting) -> float:
    """Give a length of time in present value: each year of it counts as much as its money does.

    >>> round(present_years(2, 0.035), 6), present_years(1.5, 0.0)
    (1.966184, 1.5)
    """
    each = np.arange(math.ceil(years))
    return float(np.clip(years - each, 0, 1) @ discount_factors(discounting, each))


def break_even_privacy(net_benefit: ArrayLike, person_years: ArrayLike, *, level: float = 0.95) -> PrivacyBreakEven:
    """Give the value of privacy at which a measure stops to pay.

    At this value, net benefit less value times person-years is nothing. It needs no price of privacy, which
    nobody has found: the social costs of policing practices are missing from appraisals (Ponomarenko and
    Friedman 2017, doi:10.1017/bca.2017.28).

    Parameters
    ----------
    net_benefit : in money, without privacy, shape (draws,); negative where the measure loses
    person_years : exposed persons times years, in present value too, shape (draws,) or a number

    Raises
    ------
    CostError
        Draws that do not go together, are not finite, or person-years below zero.

    >>> found = break_even_privacy([100_000.0, 120_000.0, 140_000.0], 20_000)
    >>> found.estimate, found.prob_pays_for_nothing
    (6.0, 1.0)
    """
    net, exposed = _pairs(net_benefit, person_years)
    mean = settled_mean(net)
    paying = float(np.mean(net > 0))
    if exposed.min() <= 0:
        reason = "nobody is exposed, or in some draws nobody, so a value for each exposed person-year does not exist"
        return _nothing(reason, paying, level, float(exposed.mean()))
    worth = net / exposed
    estimate, reason = None, ""
    if mean is None:
        reason = "the net benefit is so uncertain that a few extreme draws decide its mean"
    elif mean <= 0:
        reason = NOT_EVEN_FOR_NOTHING
    else:
        estimate = finite_ratio(mean, float(exposed.mean()))
        reason = "" if estimate is not None else "next to nobody is exposed"
    ends = interval(worth, level)
    return PrivacyBreakEven(
        estimate=estimate,
        reason=reason,
        prob_pays_for_nothing=paying,
        median=_above(float(np.median(worth))),
        level=level,
        lower=_above(ends.lower),
        upper=_above(ends.upper),
        sure_at={p: _sure(worth, p) for p in ACCEPTABLE_AT},
        person_years=float(exposed.mean()),
    )


def _pairs(net_benefit: ArrayLike, person_years: ArrayLike) -> tuple[FloatArray, FloatArray]:
    net, exposed = np.asarray(net_benefit, float), np.asarray(person_years, float)
    if net.ndim != 1 or not net.size or exposed.shape not in {(), net.shape}:
        raise CostError(
            f"net benefit and person-years have the same draws, one number each; there is {net.shape} and "
            f"{exposed.shape}"
        )
    exposed = np.broadcast_to(exposed, net.shape)
    if not (np.isfinite(net).all() and np.isfinite(exposed).all()):
        raise CostError("some draws of net benefit or of person-years are not finite numbers")
    if exposed.min() < 0:
        raise CostError(f"exposed person-years are zero or more; there is {exposed.min():g}")
    return net, exposed


def _above(value: float) -> float | None:
    return value if value > 0 and math.isfinite(value) else None


def _sure(worth: FloatArray, probability: float) -> float | None:
    """Give the value below which at least this share of the draws pays."""
    wanted = math.ceil(probability * worth.size - 1e-9)
    return _above(float(np.sort(worth)[worth.size - wanted]))


def _nothing(reason: str, paying: float, level: float, person_years: float) -> PrivacyBreakEven:
    return PrivacyBreakEven(
        estimate=None,
        reason=reason,
        prob_pays_for_nothing=paying,
        median=None,
        level=level,
        lower=None,
        upper=None,
        sure_at=dict.fromkeys(ACCEPTABLE_AT),
        person_years=person_years,
    )
