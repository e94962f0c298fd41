"""From the effects of a study to its money: the appraisal, other sets of assumptions, what to learn, and harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain import Effect
from evalkit.domain.text import sentence
from evalkit.errors import EvalkitError, StudyError
from evalkit.money_by_estimator import EstimatorMoney, money_by_estimator
from evalkit.study_harm import harm_of

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, AssumptionSet, Harm, Information, Observed, SetLine
    from evalkit.study import Study

__all__ = [
    "appraise_study",
    "check_assumptions",
    "compare_assumptions",
    "money_of_other_estimators",
    "value_of_learning",
    "weigh_harm",
]

type Effects = Mapping[str, Mapping[str, Effect]]


def appraise_study(
    study: Study,
    effects: Effects,
    rng: np.random.Generator,
    *,
    alone: bool = False,
    options: Mapping[str, Any] | None = None,
) -> tuple[Appraisal | None, str]:
    """Appraise the primary effects on everything that can be prevented; or say why that cannot be.

    Parameters
    ----------
    alone : under the chosen prices only, without the schedules that stand beside
    options : arguments of `appraise` in place of the study's
    """
    events = {
        outcome: effect
        for outcome, effect in _primaries(effects).items()
        if effect.prevented is not None and effect.outcome.good == "fewer"
    }
    if study.costs is None:
        return None, "The study gives no costs, so nothing can be said about what a prevented crime cost."
    if not events:
        return (
            None,
            "No outcome is a count of events that could be prevented, so there is nothing to divide the costs by.",
        )
    from evalkit.economics import NoMeanError, appraise

    chosen = {"level": study.level, **(appraisal_options(study) if options is None else options)}
    prices = replace(study.prices, beside=()) if study.prices and alone else study.prices
    try:
        return appraise(events, costs=study.costs, prices=prices, rng=rng, **chosen), ""
    except NoMeanError as problem:  # a finding, and no fault of the study
        return None, sentence(str(problem))


def appraisal_options(study: Study) -> dict[str, Any]:
    """Give the arguments of `appraise`: the set of assumptions that was chosen, where the study says nothing itself."""
    if study.assumptions is None:
        return dict(study.appraisal)
    from evalkit.economics import assumption_set

    return assumption_set(study.assumptions, study.assumption_sets).under(study.appraisal)


def check_assumptions(study: Study) -> None:
    """Refuse a set that is not known, or one that chooses what cannot be chosen.

    Raises
    ------
    CostError
        Naming the set.
    """
    from evalkit.economics import assumption_set, assumption_sets

    assumption_sets(study.assumption_sets)
    for name in (*([study.assumptions] if study.assumptions else ()), *(study.compared_sets or ())):
        assumption_set(name, study.assumption_sets)


def compare_assumptions(
    study: Study, effects: Effects, appraisal: Appraisal | None, seed: Sequence[int]
) -> tuple[SetLine, ...]:
    """Appraise the same effects under every set of assumptions, the study's own choices first; by scenario.

    Costs and prices are the draws of the appraisal, as the seed is the same; sets differ by what they choose alone.
    """
    if appraisal is None:
        return ()
    from evalkit.economics import AS_GIVEN, AssumptionSet, SetLine, assumption_sets

    known = assumption_sets(study.assumption_sets)
    names = list(known) if study.compared_sets is None else list(study.compared_sets)
    own = AssumptionSet(name=study.assumptions or AS_GIVEN, says="", source="", choices=_own_choices(study))
    if study.assumptions is not None:
        own = replace(own, says=known[study.assumptions].says, source=known[study.assumptions].source)
    unchanged = set(study.appraisal).isdisjoint(own.choices)
    if study.assumptions is not None and not unchanged:
        own = replace(own, name=f"{study.assumptions}, but for what the study says itself")
    lines = [*SetLine.of_all(own, appraisal, "", chosen=True)]
    alone = len(lines)
    for name in names:
        if name == study.assumptions and unchanged:
            continue
        lines += _lines(study, effects, known[name], seed)
    return tuple(lines) if len(lines) > alone else ()


def _own_choices(study: Study) -> dict[str, Any]:
    from evalkit.economics.assumption_sets import CHOICES

    return {key: value for key, value in appraisal_options(study).items() if key in CHOICES}


def _lines(study: Study, effects: Effects, which: AssumptionSet, seed: Sequence[int]) -> tuple[SetLine, ...]:
    from evalkit.economics import SetLine

    rng, options = np.random.default_rng(seed), which.apply(study.appraisal)
    try:
        found, reason = appraise_study(study, effects, rng, alone=True, options=options)
    except EvalkitError as problem:
        found, reason = None, sentence(str(problem))
    return SetLine.of_all(which, found, reason)


def money_of_other_estimators(
    study: Study, effects: Effects, appraisal: Appraisal | None, seed: Sequence[int]
) -> tuple[EstimatorMoney, ...]:
    """Give the mean net benefit with every other estimator's effects, under the chosen prices."""
    return money_by_estimator(effects, appraisal, partial(appraise_study, study, alone=True), seed)


def value_of_learning(study: Study, appraisal: Appraisal | None, seed: int) -> tuple[Information | None, str]:
    """Say what it is worth to know more before the measure is adopted or done without; or why that cannot be."""
    if study.learning is not None and (study.costs is None or study.prices is None):
        missing = "costs" if study.costs is None else "prices"
        msg = f"learning asks what it is worth to know more, which is reckoned in money: give {missing}"
        raise StudyError(msg)
    if appraisal is None:
        return None, "Without an appraisal there is no decision in money that knowing more could better."
    from evalkit.economics import value_of_information, why_no_information

    if reason := why_no_information(appraisal):
        return None, sentence(reason)
    observed = None if study.learning is None else _observed(study, appraisal, study.learning.share_lasting)
    return value_of_information(appraisal, learning=study.learning, observed=observed, seed=seed), ""


def _observed(study: Study, appraisal: Appraisal, share_lasting: float) -> Observed:
    """Say what the primary estimate rests on: treated sites, and their mean time under the measure."""
    from evalkit.economics import Observed

    design, months = study.designs[study.primary], 12 * appraisal.window
    if design.panel is None:
        return Observed(sites=1, months=months, share_lasting=share_lasting)
    under = design.treatment[design.treatment.any(axis=1)]
    share = under.sum() / (len(under) * len(design.periods_after))
    return Observed(sites=len(under), months=months * float(share), share_lasting=share_lasting)


def weigh_harm(study: Study, effects: Effects, appraisal: Appraisal | None) -> tuple[Harm | None, str]:
    """Weigh what the primary effects prevented by the harm it does; or say why that cannot be."""
    return harm_of(
        _primaries(effects),
        study.harm,
        study.harm_weights,
        cost=None if appraisal is None else appraisal.full_cost_draws,
        appraisal=study.appraisal,
        level=study.level,
    )


def _primaries(effects: Effects) -> dict[str, Effect]:
    return {outcome: next(iter(named.values())) for outcome, named in effects.items()}
