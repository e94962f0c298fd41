"""What one prevented crime cost, said so that a ratio never misleads.

The mean of cost divided by crimes prevented does not exist where the effect can be nothing, and its
negative draws mean more crime, not cheap prevention. So a ratio over draws is never offered. What is:
how sure it is that crime was prevented at all; the ratio of the means; and the value per crime at which
one can be 50, 80 or 95 per cent sure that the measure pays, which has no answer where none exists.

Both sides are in present value: a crime prevented next year counts for less than one this year, as a euro
does. Only so does the measure pay exactly where the value of a crime is above what one cost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import CostError

__all__ = [
    "HARM_CAME_FIRST",
    "CostPerCrimePrevented",
    "Fieller",
    "acceptable_value",
    "fieller",
    "finite_ratio",
]

ACCEPTABLE_AT = (0.5, 0.8, 0.95)

HARM_CAME_FIRST = (
    "on average crime rose before it fell, and in present value what was prevented later does not make up for it"
)


@dataclass(frozen=True, kw_only=True)
class CostPerCrimePrevented:
    """What one prevented crime cost.

    Attributes
    ----------
    estimate : mean cost over mean crimes prevented, both in present value; None with `reason` where it
        does not exist
    prob_prevents : share of the draws in which crime was prevented, as it was counted; read it first
    acceptable_at : by probability, the smallest value per crime at which the measure pays with at least
        that probability; None where no value does it
    level : of `lower` and `upper`
    lower, upper : the same for the ends of `level`; for normal draws Fieller's limits to within the step
        from one draw to the next. `upper` None where no value per crime is that certain
    """

    estimate: float | None
    reason: str
    prob_prevents: float
    acceptable_at: Mapping[float, float | None]
    level: float
    lower: float | None
    upper: float | None

    @classmethod
    def of(
        cls,
        prevented: FloatArray,
        cost: FloatArray,
        *,
        discounted: FloatArray | None = None,
        level: float = 0.95,
        thing: str = "crime",
    ) -> Self:
        """Read it from draws of crimes prevented and of cost, each shape (draws,), rows together.

        Parameters
        ----------
        prevented : as they were counted
        cost : present value
        discounted : crimes prevented in present value; by default `prevented`, for which all is in year 1
        thing : what is prevented, as reasons name it: "crime" or "harm"
        """
        counted, money = _pairs(prevented, cost)
        events = counted if discounted is None else _pairs(discounted, cost)[0]
        if not 0 < level < 1:
            raise CostError(f"a level lies between 0 and 1, such as 0.95; there is {level}")
        estimate, reason = _ratio_of_means(float(counted.mean()), float(events.mean()), float(money.mean()), thing)
        return cls(
            estimate=estimate,
            reason=reason,
            prob_prevents=float(np.mean(counted > 0)),
            acceptable_at={p: acceptable_value(events, money, p) for p in ACCEPTABLE_AT},
            level=level,
            lower=acceptable_value(events, money, (1 - level) / 2),
            upper=acceptable_value(events, money, (1 + level) / 2),
        )

    @property
    def caution(self) -> str:
        """What has to stand beside the words "cost per crime prevented"; empty where nothing has to."""
        return "not shown to prevent crime" if self.prob_prevents < 0.5 else ""


def _pairs(prevented: FloatArray, cost: FloatArray) -> tuple[FloatArray, FloatArray]:
    events, money = np.asarray(prevented, float), np.asarray(cost, float)
    if events.ndim != 1 or events.shape != money.shape or not events.size:
        raise CostError(
            f"crimes prevented and cost have the same draws, one number each; there is {events.shape} and {money.shape}"
        )
    if not (np.isfinite(events).all() and np.isfinite(money).all()):
        raise CostError("some draws of crimes prevented or of cost are not finite numbers")
    return events, money


def _ratio_of_means(counted: float, events: float, money: float, thing: str) -> tuple[float | None, str]:
    if counted <= 0:
        return None, f"on average no {thing} was prevented, so a cost for each does not exist"
    if events <= 0:
        return None, f"{HARM_CAME_FIRST.replace('crime', thing)}, so a cost for each does not exist"
    if money < 0:
        prevented = "a prevented crime" if thing == "crime" else f"prevented {thing}"
        return None, f"on average the measure saves money, so {prevented} has no cost"
    ratio = finite_ratio(money, events)
    return ratio, "" if ratio is not None else "on average next to nothing was prevented"


def finite_ratio(top: float, bottom: float) -> float | None:
    """Give a ratio of two means, or None where the lower one is so small that no number holds it."""
    with np.errstate(all="ignore"):
        ratio = float(np.float64(top) / np.float64(bottom))
    return ratio if math.isfinite(ratio) else None


def acceptable_value(prevented: FloatArray, cost: FloatArray, probability: float) -> float | None:
    """Give the smallest value per crime at which the measure pays with at least this probability.

    A draw pays at the value v where v × prevented > cost. With crimes prevented and a cost it pays above
    cost / prevented; with more crime and a saving below it; with more crime and a cost never. Walking
    through these turning points from v = 0 upwards gives the first v at which enough draws pay.

    Returns
    -------
    float or None
        Zero or more; None where no value is enough.
    """
    events, money = _pairs(prevented, cost)
    if not 0 < probability < 1:
        raise CostError(f"a probability lies between 0 and 1, such as 0.8; there is {probability}")
    wanted = math.ceil(probability * events.size - 1e-9)
    pays_for_nothing = money < 0
    if pays_for_nothing.sum() >= wanted:
        return 0.0
    begins = (events > 0) & ~pays_for_nothing
    ends = (events < 0) & pays_for_nothing
    with np.errstate(over="ignore"):  # a value that no number holds is never reached
        turns = np.concatenate([money[ends] / events[ends], money[begins] / events[begins]])
    steps = np.concatenate([np.full(ends.sum(), -1), np.full(begins.sum(), 1)])
    # stable, and those that end come first: at a tie no draw is counted that has stopped to pay
    order = np.argsort(turns, kind="stable")
    paying = pays_for_nothing.sum() + np.cumsum(steps[order])
    enough = np.flatnonzero((paying >= wanted) & np.isfinite(turns[order]))
    return float(turns[order][enough[0]]) if enough.size else None


@dataclass(frozen=True, kw_only=True)
class Fieller:
    """Limits of a ratio of two normal means (Fieller 1954).

    Attributes
    ----------
    kind : "interval" (the ratio lies between the limits), "exclusive" (it lies outside them) or
        "whole line" (nothing is excluded, and there are no limits)
    lower, upper : the limits, in money for each crime; None where there is none
    """

    kind: Literal["interval", "exclusive", "whole line"]
    lower: float | None
    upper: float | None


def fieller(
    cost: Sequence[float],
    prevented: Sequence[float],
    *,
    correlation: float = 0.0,
    level: float = 0.95,
) -> Fieller:
    """Give Fieller's limits of cost per crime prevented; the closed form that draws are checked with.

    Parameters
    ----------
    cost, prevented : (mean, standard error)
    correlation : of the two
    """
    from scipy.special import ndtri

    (c, sc), (n, sn) = cost, prevented
    z2 = float(ndtri((1 + level) / 2)) ** 2
    a, b, d = n**2 - z2 * sn**2, n * c - z2 * correlation * sc * sn, c**2 - z2 * sc**2
    inside = b**2 - a * d
    if inside < 0 or (a == 0 and b == 0):
        return Fieller(kind="whole line", lower=None, upper=None)
    if a == 0:
        end = d / (2 * b)
        return Fieller(kind="interval", lower=end if b > 0 else None, upper=end if b < 0 else None)
    ends = sorted(((b - math.sqrt(inside)) / a, (b + math.sqrt(inside)) / a))
    return Fieller(kind="interval" if a > 0 else "exclusive", lower=ends[0], upper=ends[1])
