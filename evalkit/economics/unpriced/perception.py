"""Fear and the feeling of safety: points of a survey scale, and what a point cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray, Quantity, interval, is_number, settled_mean
from evalkit.economics.amounts import check_money_unit, read_amount
from evalkit.economics.cost_per_crime import ACCEPTABLE_AT, acceptable_value, finite_ratio
from evalkit.economics.price_years import read_price_year
from evalkit.errors import CostError

__all__ = ["WELLBY", "FeelingValue", "Perception", "PointCost", "PointsForMoney", "improvement_of"]

_KINDS = ("score", "proportion")


@dataclass(frozen=True, kw_only=True)
class FeelingValue:
    """What one point is worth for one person and one year: an explicit choice, never a default.

    Attributes
    ----------
    amount : a number or a distribution
    source : where it is from; needed
    per : a point of the "survey" scale (a percentage point of a share), or of "life satisfaction" (0 to 10)
    life_satisfaction_per_point : points of life satisfaction that one point of the survey scale brings; needed
        where `per` is "life satisfaction", and 1 where the survey asked for just that
    conversion_source : where that is from; needed likewise
    currency, price_year : of the amount; None for those of the ledger
    country : whose deflator takes it to another price year; None for that of the prices
    certainty : "primary", "secondary", "own"
    """

    amount: float | Mapping[str, Any] | Quantity
    source: str
    per: Literal["survey", "life satisfaction"] = "survey"
    life_satisfaction_per_point: float | Mapping[str, Any] | Quantity | None = None
    conversion_source: str = ""
    currency: str | None = None
    price_year: str | int | None = None
    country: str | None = None
    certainty: Literal["primary", "secondary", "own"] = "own"

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", read_amount(self.amount, "the value of a point"))
        if not self.source.strip():
            raise CostError("a value of feelings names its source; there is none, and no value is right everywhere")
        if self.currency is not None:
            check_money_unit(self.currency)
        if self.price_year is not None:
            object.__setattr__(self, "price_year", read_price_year(self.price_year))
        converted = self.life_satisfaction_per_point
        if converted is None:
            return
        if self.per != "life satisfaction":
            raise CostError("life_satisfaction_per_point goes with a value of life satisfaction; leave it out")
        what = "life_satisfaction_per_point"
        object.__setattr__(self, what, read_amount(converted, what))
        if not self.conversion_source.strip():
            raise CostError(f"{what} names its source: {{ value = ..., source = '...' }}")

    def per_survey_point(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Draw what a point of the survey scale is worth for a person and year, shape (draws,)."""
        worth = Quantity.of(self.amount).draw(draws, rng)
        if self.per == "survey":
            return worth
        if self.life_satisfaction_per_point is None:
            raise CostError(
                "the value is of a point of life satisfaction (0 to 10) and the survey asked something else: give "
                "life_satisfaction_per_point = { value = ..., source = '...' }, with 1 where it asked for just that"
            )
        return np.asarray(worth * Quantity.of(self.life_satisfaction_per_point).draw(draws, rng))


# The guidance has a low and a high value too; they were not read anywhere, and do not ship.
WELLBY = FeelingValue(
    amount=13_000.0,
    source="HM Treasury 2021, Wellbeing Guidance for Appraisal: Supplementary Green Book Guidance, as quoted by "
    "Simetrica-Jacobs (jacobs.com)",
    per="life satisfaction",
    currency="GBP",
    price_year="2019",
    country="GBR",
    certainty="secondary",
)


@dataclass(frozen=True, kw_only=True)
class Perception:
    """A feeling that a survey asked for, to be set against the costs, in points.

    Attributes
    ----------
    outcome : name of the outcome; a score or a proportion
    estimate : name of the estimate that is used; by default the first that is in points
    residents : persons who feel it; needed for a value in money only
    residents_source : where that number is from
    years : for which the feeling is counted in money; None for the length of the observed window
    value : what a point is worth; None, the default, keeps feelings out of money
    """

    outcome: str
    estimate: str | None = None
    residents: float | Mapping[str, Any] | Quantity | None = None
    residents_source: str = ""
    years: float | None = None
    value: FeelingValue | None = None

    def __post_init__(self) -> None:
        if self.residents is not None:
            object.__setattr__(self, "residents", read_amount(self.residents, "residents"))
        if self.years is not None and not (is_number(self.years) and 0 < self.years <= 100):
            raise CostError(f"years of a feeling are a number above 0, up to 100; there is {self.years!r}")
        if self.value is not None and self.residents is None:
            raise CostError("a feeling in money needs residents: how many persons feel it, with the source")


def improvement_of(effect: Effect) -> tuple[FloatArray, str]:
    """Give by how much a feeling improved, in points, shape (draws,), and what a point is.

    Positive is better, whichever direction the outcome calls good. A share is told in percentage points.

    Raises
    ------
    CostError
        A count of events, or an estimate that is a ratio and so has no points.
    """
    outcome = effect.outcome
    if outcome.kind not in _KINDS:
        raise CostError(
            f"outcome {outcome.name!r} is a {outcome.kind}; a feeling is a score or a proportion, asked in a survey"
        )
    if effect.scale != "mean_difference":
        raise CostError(
            f"the estimate {effect.estimator!r} of {outcome.name!r} is a {effect.scale.replace('_', ' ')} and has no "
            "points; wanted is one of levels, such as estimator = 'did-ols' with transform = 'level'"
        )
    better = effect.change if outcome.good == "more" else -effect.change
    is_share = outcome.kind == "proportion"
    return np.asarray(100 * better if is_share else better, float), "percentage points" if is_share else "points"


@dataclass(frozen=True, kw_only=True)
class PointCost:
    """What one point of improvement cost; a ratio of means, or none.

    Attributes
    ----------
    estimate : mean cost over mean improvement; None with `reason` where feelings did not improve on average
    acceptable_at : by probability, the smallest worth of a point at which the measure pays; None where none does
    lower, upper : the same for the ends of `level`; `upper` None where no worth is that certain
    """

    estimate: float | None
    reason: str
    acceptable_at: Mapping[float, float | None]
    level: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, kw_only=True)
class PointsForMoney:
    """A change of feeling beside the whole cost of the measure.

    Attributes
    ----------
    prob_improved : share of the draws in which feelings improved; read it first
    per_thousand : mean points for each 1,000 units of mean cost, negative where feelings got worse; None with
        `reason` where the measure costs nothing or saves
    lower, upper : its range over the draws at `level`; None where the cost may be nothing
    cost : of one point
    """

    prob_improved: float
    per_thousand: float | None
    reason: str
    level: float
    lower: float | None
    upper: float | None
    cost: PointCost

    @classmethod
    def of(cls, improvement: FloatArray, cost: FloatArray, *, level: float = 0.95) -> PointsForMoney:
        """Read it from draws of the improvement in points and of the cost in present value, each (draws,).

        >>> found = PointsForMoney.of(np.array([2.0, 4.0]), np.array([50_000.0, 50_000.0]))
        >>> round(found.per_thousand, 9), round(found.cost.estimate, 3)
        (0.06, 16666.667)
        """
        points, money = np.asarray(improvement, float), np.asarray(cost, float)
        if points.ndim != 1 or points.shape != money.shape or not points.size:
            raise CostError(f"improvement and cost have the same draws; there is {points.shape} and {money.shape}")
        mean, spent = settled_mean(points), settled_mean(money)
        reason = ""
        if mean is None or spent is None:
            reason = "the change or the cost is so uncertain that a few extreme draws decide its mean"
        elif spent <= 0:
            reason = "on average the measure costs nothing or saves money, so points for money have no meaning"
        ends = interval(1000 * points / money, level) if not reason and money.min() > 0 else None
        return cls(
            prob_improved=float(np.mean(points > 0)),
            per_thousand=None if reason or mean is None or spent is None else finite_ratio(1000 * mean, spent),
            reason=reason,
            level=level,
            lower=None if ends is None else ends.lower,
            upper=None if ends is None else ends.upper,
            cost=_point_cost(points, money, mean, spent, level),
        )


def _point_cost(
    points: FloatArray, money: FloatArray, mean: float | None, spent: float | None, level: float
) -> PointCost:
    estimate, reason = None, ""
    if mean is None or spent is None:
        reason = "the change or the cost is so uncertain that a few extreme draws decide its mean"
    elif mean <= 0:
        reason = "on average feelings did not improve, so a cost for each point does not exist"
    elif spent < 0:
        reason = "on average the measure saves money, so a point has no cost"
    else:
        estimate = finite_ratio(spent, mean)
        reason = "" if estimate is not None else "on average feelings improved by next to nothing"
    return PointCost(
        estimate=estimate,
        reason=reason,
        acceptable_at={p: acceptable_value(points, money, p) for p in ACCEPTABLE_AT},
        level=level,
        lower=acceptable_value(points, money, (1 - level) / 2),
        upper=acceptable_value(points, money, (1 + level) / 2),
    )
