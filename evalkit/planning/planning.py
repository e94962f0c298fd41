"""The plan of a study: everything that can be said before the money is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.planning.chances import Chances, Conclusive, Detectable, assurance
from evalkit.planning.closed_form import TableChances, detectable_in_table
from evalkit.planning.curve import SimulatedChances, detectable_by_simulation
from evalkit.planning.expected import ExpectedPanel
from evalkit.planning.money import BreakEvenEffect, appraise_belief, break_even_effect
from evalkit.planning.plan_file import PlannedStudy
from evalkit.planning.simulated import DEFAULT_RUNS, Trials, try_changes
from evalkit.planning.worth import StudyWorth, worth_of_study

if TYPE_CHECKING:
    from evalkit.economics import Appraisal

__all__ = ["StudyPlan", "plan_ahead"]

type Progress = Callable[[str], None]

# Enough for a mean over a grid of quantiles.
_BELIEFS = 10_000
_NO_PRIOR = "no prior effect is given: say what is believed with effect or percent in [plan]"
_LARGE_MISFIT = 0.08
_MANY_REFUSED = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyPlan:
    """What can be said before the study.

    Attributes
    ----------
    planned : what it rests on
    chances : how often the study concludes, by the true change
    trials : the simulated panels; None where the chances have a closed form
    detectable : smallest fall that is found with the wanted power
    conclusive : probability of each conclusion, over the prior; None with `no_prior`
    break_even : the fall that pays
    appraisal : of the measure on the prior; None with `no_appraisal`
    worth : what it is worth to run the study before a roll-out; None with `no_worth`
    notes : sentences that a reader must see
    seed, runs : of the simulation
    """

    planned: PlannedStudy
    chances: Chances
    trials: Trials | None
    detectable: Detectable
    conclusive: Conclusive | None
    no_prior: str
    break_even: BreakEvenEffect
    appraisal: Appraisal | None
    no_appraisal: str
    worth: StudyWorth | None
    no_worth: str
    notes: tuple[str, ...]
    seed: int
    runs: int


def plan_ahead(
    planned: PlannedStudy, *, seed: int | None = None, runs: int = DEFAULT_RUNS, progress: Progress | None = None
) -> StudyPlan:
    """Say what a study can be expected to show and to be worth; the same seed gives the same numbers.

    Parameters
    ----------
    seed : in place of the study's own
    runs : panels that are simulated at each of nine effects, three times as many where there is none
    progress : called with a sentence before each step

    Raises
    ------
    StudyError
        The estimator has no answer for such a design.
    CostError
        The money of the study does not add up.
    """
    seed = planned.seed if seed is None else seed
    expected, settings = planned.expected, planned.settings
    chances, trials, detectable = _chances(planned, seed, runs, progress)
    conclusive = None
    if settings.prior is not None:
        conclusive = assurance(chances, settings.prior.draws(_BELIEFS, np.random.default_rng(seed)))
    appraisal, why = appraise_belief(
        expected,
        settings.prior,
        costs=planned.costs,
        prices=planned.prices,
        options={"level": planned.level, **planned.appraisal},
        draws=planned.draws,
        seed=seed,
    )
    worth, no_worth = worth_of_study(
        appraisal,
        why,
        chances=chances,
        settings=settings,
        learning=planned.learning,
        treated=expected.treated if isinstance(expected, ExpectedPanel) else expected.areas[0],
    )
    return StudyPlan(
        planned=planned,
        chances=chances,
        trials=trials,
        detectable=detectable,
        conclusive=conclusive,
        no_prior="" if settings.prior is not None else _NO_PRIOR,
        break_even=break_even_effect(appraisal, why, expected, settings.prior),
        appraisal=appraisal if settings.prior is not None else None,
        no_appraisal=why or ("" if settings.prior is not None else _NO_PRIOR),
        worth=worth,
        no_worth=no_worth,
        notes=(*expected.notes, *_notes(planned, trials, chances)),
        seed=seed,
        runs=runs,
    )


def _chances(
    planned: PlannedStudy, seed: int, runs: int, progress: Progress | None
) -> tuple[Chances, Trials | None, Detectable]:
    expected, settings = planned.expected, planned.settings
    if not isinstance(expected, ExpectedPanel):
        measure = getattr(planned.estimator, "measure", "ratio")
        table = TableChances(
            expected=expected, alpha=settings.alpha, measure="difference" if measure == "auto" else measure
        )
        return table, None, detectable_in_table(table, settings.power)
    trials = try_changes(expected, planned.estimator, alpha=settings.alpha, runs=runs, seed=seed, progress=progress)
    curves = SimulatedChances.of(trials)
    return curves, trials, detectable_by_simulation(curves, settings.power)


def _notes(planned: PlannedStudy, trials: Trials | None, chances: Chances) -> list[str]:
    notes = []
    if planned.other_outcomes:
        notes.append(
            f"The plan is about the primary outcome only; what {', '.join(planned.other_outcomes)} would add to the "
            "benefits is not counted."
        )
    if trials is not None and trials.refused.sum() > _MANY_REFUSED * trials.runs.sum():
        share = 100 * trials.refused.sum() / trials.runs.sum()
        notes.append(
            f"In {share:.0f} % of the simulated panels the estimator had no answer, which counts as "
            f"inconclusive: {trials.reason}."
        )
    if trials is not None and abs(trials.size - planned.settings.alpha) > 3 * trials.size_error:
        notes.append(
            f"Without any effect {100 * trials.size:.1f} % of the simulated studies conclude that there is one, where "
            f"{100 * planned.settings.alpha:.1f} % should: what they conclude is believed too much or too little."
        )
    if isinstance(chances, SimulatedChances) and chances.prevented.misfit > _LARGE_MISFIT:
        notes.append(
            f"The curve through the simulated shares misses one by {100 * chances.prevented.misfit:.0f} points, so the "
            "figures read from it are rough."
        )
    return notes
