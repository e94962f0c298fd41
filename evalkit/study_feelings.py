"""What a study found of a feeling that a survey asked for: in points, and in money where it chose to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray, Quantity
from evalkit.errors import CostError, StudyError, nearest

if TYPE_CHECKING:
    from evalkit.economics import Amount, Appraisal
    from evalkit.economics.unpriced import FeelingValue, Perception, PointsForMoney
    from evalkit.study import Study

__all__ = ["DISCOUNTING", "FoundPerception", "check_perception", "find_perception"]

DISCOUNTING = "green-book-2026"  # the default of `appraise`


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundPerception:
    """How a feeling changed, what a point cost, and, by explicit choice only, what it is worth.

    Attributes
    ----------
    perception : as it was given
    estimate : name of the estimate that was used
    improvement : in points, positive where feelings improved, shape (draws,); None with `reason`
    unit : what a point is
    points : for money; None with `points_reason`
    worth : in money, apart from the benefits; None with `worth_reason`
    net_benefit_with : net benefit with the worth added; None where either is missing
    value : what was chosen, in words; empty where nothing was
    """

    perception: Perception
    estimate: str
    improvement: FloatArray | None
    reason: str
    unit: str = ""
    points: PointsForMoney | None = None
    points_reason: str = ""
    worth: Amount | None = None
    worth_reason: str = ""
    net_benefit_with: Amount | None = None
    value: str = ""


def check_perception(study: Study, effects: Mapping[str, Effect]) -> None:
    """Refuse, before anything is run, what a study asks of feelings and cannot have.

    Parameters
    ----------
    effects : on outcomes whose events can be priced, by outcome

    Raises
    ------
    StudyError, CostError
    """
    asked = study.perception
    if asked is None:
        return
    from evalkit.economics.drawing import priced_crime
    from evalkit.economics.unpriced import check_feelings, step_of

    if asked.outcome not in study.designs:
        raise StudyError(
            f"perception: outcome {asked.outcome!r} is not measured; {nearest(asked.outcome, study.designs)}"
        )
    outcome = study.designs[asked.outcome].outcome
    if outcome.kind not in {"score", "proportion"}:
        raise StudyError(
            f"perception: outcome {outcome.name!r} is a {outcome.kind}; a feeling is a score or a proportion, asked in "
            "a survey"
        )
    if asked.estimate is not None and asked.estimate not in study.estimators:
        raise StudyError(f"perception: no estimate {asked.estimate!r}; {nearest(asked.estimate, study.estimators)}")
    crimes = [] if study.prices is None else [priced_crime(name, each, study.prices) for name, each in effects.items()]
    perspective = str(study.appraisal.get("perspective", "society"))
    check_feelings(asked, costs=study.costs, prices=study.prices, crimes=crimes, perspective=perspective)
    if asked.value is not None and study.costs is not None:
        step_of(asked.value, study.costs, study.prices, **_price_options(study))


def find_perception(
    study: Study, effects: Mapping[str, Mapping[str, Effect]], appraisal: Appraisal | None, rng: np.random.Generator
) -> FoundPerception:
    """Give what a study found of a feeling; `study.perception` is there.

    Parameters
    ----------
    effects : by outcome, then by name of the estimate
    """
    from evalkit.economics.unpriced import PointsForMoney, improvement_of

    asked = study.perception
    assert asked is not None  # noqa: S101 - its caller asked
    name, effect = _estimate_in_points(asked, effects[asked.outcome])
    if effect is None:
        return _without_points(asked, name, f"the estimator {name!r} had no answer for {asked.outcome!r}")
    try:
        improvement, unit = improvement_of(effect)
    except CostError as problem:
        return _without_points(asked, name, str(problem))
    cost, why = _cost_draws(study, asked, appraisal, effect.draws, rng)
    worth, worth_reason, value, total = _worth(study, asked, appraisal, improvement, rng)
    return FoundPerception(
        perception=asked,
        estimate=name,
        improvement=improvement,
        reason="",
        unit=unit,
        points=None if cost is None else PointsForMoney.of(improvement, cost, level=study.level),
        points_reason=why,
        worth=worth,
        worth_reason=worth_reason,
        net_benefit_with=total,
        value=value,
    )


def _without_points(asked: Perception, name: str, reason: str) -> FoundPerception:
    told = f"No estimate is in points: {reason}."
    return FoundPerception(
        perception=asked, estimate=name, improvement=None, reason=told, points_reason=told, worth_reason=told
    )


def _estimate_in_points(asked: Perception, named: Mapping[str, Effect]) -> tuple[str, Effect | None]:
    if asked.estimate is not None:  # the one that was asked for, or none: not another in its place
        return asked.estimate, named.get(asked.estimate)
    return next(
        ((name, effect) for name, effect in named.items() if effect.scale == "mean_difference"),
        next(iter(named.items())),
    )


def _cost_draws(
    study: Study, asked: Perception, appraisal: Appraisal | None, draws: int, rng: np.random.Generator
) -> tuple[FloatArray | None, str]:
    """Give the whole cost in present value; where nothing was appraised, that of the ledger by itself."""
    if appraisal is not None:
        return appraisal.full_cost_draws, ""
    if study.costs is None:
        return None, "the study gives no costs"
    if asked.years is None:
        return None, "nothing was appraised, so it is not known over how many years costs count: give years"
    from evalkit.economics import discount_factors
    from evalkit.economics.bearers import SOCIETY
    from evalkit.economics.capital import booked
    from evalkit.economics.checks import counts
    from evalkit.economics.discounting import Discounting
    from evalkit.economics.drawing import draw_costs, price_step

    options = _price_options(study)
    to_year = str(options.get("price_year") or study.costs.price_year)
    step = price_step(study.costs.price_year, to_year, options.get("deflator", "gdp-deflator"), None, None)
    schedule = Discounting.of(study.appraisal.get("discounting", DISCOUNTING))
    years, total = math.ceil(asked.years), np.zeros(draws)
    whose, public = str(study.appraisal.get("perspective", SOCIETY)), study.costs.public
    for drawn in booked(draw_costs(study.costs, step, draws, rng), schedule, years):
        if counts(drawn.flow, whose, public):
            counted = [year - 1 for year in drawn.flow.years if year <= years]
            total += drawn.draws * discount_factors(schedule, counted).sum()
    return total, ""


def _worth(
    study: Study, asked: Perception, appraisal: Appraisal | None, improvement: FloatArray, rng: np.random.Generator
) -> tuple[Amount | None, str, str, Amount | None]:
    if asked.value is None or study.costs is None:
        return None, "no value was chosen, and none is taken unasked", "", None
    years = asked.years if asked.years is not None else None if appraisal is None else appraisal.window
    if years is None:
        return (
            None,
            "nothing was appraised, so it is not known for how many years the feeling counts: give years",
            "",
            None,
        )
    from evalkit.economics import Amount
    from evalkit.economics.unpriced import present_years, step_of, worth_of_feelings

    factor, step = step_of(asked.value, study.costs, study.prices, **_price_options(study))
    lasts = present_years(years, study.appraisal.get("discounting", DISCOUNTING))
    draws = worth_of_feelings(improvement, asked, lasts, factor, rng)
    net = None if appraisal is None else appraisal.net_benefit_draws
    value = _value_in_words(asked.value, study.costs.currency, step)
    return (
        Amount.of(draws, study.level),
        "",
        value,
        None if net is None else Amount.of(np.asarray(net + draws), study.level),
    )


def _value_in_words(value: FeelingValue, currency: str, step: str) -> str:
    scale = "life satisfaction" if value.per == "life satisfaction" else "the survey's scale"
    read = ", read in a source that quotes it" if value.certainty == "secondary" else ""
    amount = Quantity.of(value.amount).describe()
    return f"{amount} {value.currency or currency} a point of {scale} and person-year, {step}; {value.source}{read}"


def _price_options(study: Study) -> dict[str, Any]:
    return {key: study.appraisal[key] for key in ("price_year", "deflator") if key in study.appraisal}
