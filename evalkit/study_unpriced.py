"""What a study found that has no price: exposure, gates, and feelings beside the money."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray, Quantity
from evalkit.errors import CostError, StudyError, nearest

if TYPE_CHECKING:
    from evalkit.economics import Amount, Appraisal
    from evalkit.economics.unpriced import (
        ExposureLine,
        FeelingValue,
        Intrusion,
        Perception,
        PointsForMoney,
        PrivacyBreakEven,
    )
    from evalkit.study import Study

__all__ = ["FoundIntrusion", "FoundPerception", "Unpriced", "check_unpriced", "find_unpriced"]

_DISCOUNTING = "green-book-2026"  # the default of `appraise`


@dataclass(frozen=True, kw_only=True)
class FoundIntrusion:
    """What a measure does to privacy, beside what it gains.

    Attributes
    ----------
    intrusion : as it was given
    exposures : with their ranges
    years : of exposure in the observed window
    break_even : value of privacy at which the measure stops to pay, by scenario of the appraisal; empty with
        `break_even_reason`
    caution : what has to stand beside the break-even; empty where nothing has to
    """

    intrusion: Intrusion
    exposures: tuple[ExposureLine, ...]
    years: float | None
    break_even: Mapping[str, PrivacyBreakEven]
    break_even_reason: str
    caution: str


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


@dataclass(frozen=True, kw_only=True)
class Unpriced:
    """All that was found beside the money; None where the study does not ask.

    Attributes
    ----------
    warnings : sentences that a reader must see; gates that are not passed come first
    """

    intrusion: FoundIntrusion | None = None
    perception: FoundPerception | None = None
    warnings: tuple[str, ...] = field(default=())


def check_unpriced(study: Study, effects: Mapping[str, Effect]) -> None:
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


def find_unpriced(
    study: Study,
    effects: Mapping[str, Mapping[str, Effect]],
    appraisal: Appraisal | None,
    reason: str,
    rng: np.random.Generator,
) -> Unpriced:
    """Give what a study found beside the money; no draw of an effect or of the appraisal is changed.

    Parameters
    ----------
    effects : by outcome, then by name of the estimate
    reason : why there is no appraisal
    """
    intrusion = _find_intrusion(study, effects, appraisal, reason, rng) if study.intrusion is not None else None
    perception = _find_perception(study, effects, appraisal, rng) if study.perception is not None else None
    warnings = () if intrusion is None else intrusion.intrusion.findings
    if perception is not None and perception.worth is not None:
        chosen = (
            f"A feeling was valued in money by choice of the study ({perception.value}). It stands apart from the "
            "benefits and from the net benefit."
        )
        warnings = (*warnings, chosen)
    return Unpriced(intrusion=intrusion, perception=perception, warnings=warnings)


def _find_intrusion(
    study: Study,
    effects: Mapping[str, Mapping[str, Effect]],
    appraisal: Appraisal | None,
    reason: str,
    rng: np.random.Generator,
) -> FoundIntrusion:
    from evalkit.economics.unpriced import break_even_privacy, exposure_lines, present_years

    given = study.intrusion
    assert given is not None  # noqa: S101 - its caller asked
    draws = next(iter(effects[study.primary].values())).draws
    residents = Quantity.of(given.exposed_residents).draw(draws, rng)
    years = given.years if given.years is not None else None if appraisal is None else appraisal.window
    found: dict[str, PrivacyBreakEven] = {}
    if appraisal is not None and years is not None:
        for name, scenario in appraisal.scenarios.items():
            net = scenario.net_benefit_draws
            if net is not None:
                # what lies beyond the window goes on as long as the benefits do
                lasts = years + (scenario.horizon - appraisal.window if name == "extrapolation" else 0.0)
                watched = residents * present_years(lasts, study.appraisal.get("discounting", _DISCOUNTING))
                found[name] = break_even_privacy(net, watched, level=study.level)
        reason = appraisal.benefit_reason
    return FoundIntrusion(
        intrusion=given,
        exposures=exposure_lines(given, draws, rng, level=study.level),
        years=years,
        break_even=found,
        break_even_reason="" if found else reason,
        caution=_caution(years, appraisal) if found else "",
    )


def _caution(years: float | None, appraisal: Appraisal | None) -> str:
    if appraisal is None or years is None or math.isclose(years, appraisal.window, rel_tol=0.01):
        return ""
    return (
        f"Exposure is counted for {years:g} years and net benefit for {appraisal.window:.3g}: the break-even holds "
        "only if this is how long people are exposed for what was gained."
    )


def _find_perception(
    study: Study, effects: Mapping[str, Mapping[str, Effect]], appraisal: Appraisal | None, rng: np.random.Generator
) -> FoundPerception:
    from evalkit.economics.unpriced import PointsForMoney, improvement_of

    asked = study.perception
    assert asked is not None  # noqa: S101 - its caller asked
    name, effect = _estimate_in_points(asked, effects[asked.outcome])
    try:
        improvement, unit = improvement_of(effect)
    except CostError as problem:
        told = f"No estimate is in points: {problem}."
        return FoundPerception(
            perception=asked, estimate=name, improvement=None, reason=told, points_reason=told, worth_reason=told
        )
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


def _estimate_in_points(asked: Perception, named: Mapping[str, Effect]) -> tuple[str, Effect]:
    if asked.estimate is not None and asked.estimate in named:
        return asked.estimate, named[asked.estimate]
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
    from evalkit.economics.drawing import draw_costs, price_step

    options = _price_options(study)
    to_year = str(options.get("price_year") or study.costs.price_year)
    step = price_step(study.costs.price_year, to_year, options.get("deflator", "gdp-deflator"), None, None)
    flows = draw_costs(study.costs, step, str(study.appraisal.get("perspective", "society")), draws, rng)
    schedule, total = study.appraisal.get("discounting", _DISCOUNTING), np.zeros(draws)
    for drawn in flows:
        counted = [year - 1 for year in drawn.flow.years if year <= math.ceil(asked.years)]
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
    lasts = present_years(years, study.appraisal.get("discounting", _DISCOUNTING))
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
