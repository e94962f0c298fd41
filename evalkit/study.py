"""A study: the question, what it is judged by, the designs, and how they are estimated and costed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from numbers import Integral
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain import Design, Effect, Estimator, Intervention
from evalkit.domain.text import one_line
from evalkit.draws import DEFAULT_DRAWS, couple
from evalkit.errors import EvalkitError, StudyError, nearest
from evalkit.evaluation import Evaluation, Provenance, Refusal, library_versions
from evalkit.registry import estimator as find_estimator
from evalkit.study_feelings import check_perception
from evalkit.study_money import (
    appraise_study,
    check_assumptions,
    compare_assumptions,
    money_of_other_estimators,
    value_of_learning,
    weigh_harm,
)
from evalkit.study_options import check_options, compare_study_options
from evalkit.study_unpriced import find_unpriced

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.data import DataQuality
    from evalkit.economics import Costs, HarmWeights, Learning, Prices
    from evalkit.economics.decisions import Option
    from evalkit.economics.unpriced import Intrusion, Perception
    from evalkit.estimation_cache import EstimationCache

__all__ = ["Study"]

type Progress = Callable[[str], None]

# enough draws for an uncertain amount to take its extremes in a rehearsal
_REHEARSAL = 200
_UNCOUPLED = (
    "The outcomes' estimates were drawn independently of each other, as nothing tells how they vary together; "
    "the ranges of sums over outcomes may be too narrow or too wide."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """An evaluation before it is run; everything that is decided in advance.

    Attributes
    ----------
    title, question : for people
    primary : the outcome that the study is judged by, named in advance
    designs : by outcome
    estimator : an estimator, or its name
    sensitivity : further estimators, by the name they are reported under, or a sequence of names
    judged_by : name of the estimate that a secondary outcome is judged by, by outcome; by default the primary one's.
        A survey scale beside counts needs one, as no estimator is right for both
    costs, prices : the ledger and what one crime costs; without costs there is no appraisal
    appraisal : keyword arguments of `evalkit.economics.appraise`, such as horizon, discounting, deadweight
    intrusion : who is watched, how much, and by which rules; never in money
    perception : a feeling that a survey asked for, set against the costs in points
    learning : what is decided with the study, and ways to learn more before; without it there is no roll-out
    assumptions : a set of assumptions by name, which holds where `appraisal` does not say otherwise
    assumption_sets : sets of the study's own, by name; each a mapping of choices, and `says` and `source` in words
    compared_sets : names of the sets that a table compares; by default all that ship, and the study's own
    options : what else could be done, by name; compared with the measure on the same draws
    decision : keyword arguments of `evalkit.economics.compare_options`, such as budget, comparator
    seed, draws, level : of the randomness, the number of draws, and the intervals
    suggestion : what the evaluator suggests in place of the sentence that a rule would write
    harm : tables of harm weights; by default those that ship, where two or more outcomes have a weight in each
    harm_weights : weight of one event of an outcome, by outcome; one more table, under the name "own"
    data_quality : what became of every row of the files that the counts come from, where a preset read them
    inputs : files whose hashes go into the result
    folder : where the study lives
    """

    title: str
    primary: str
    designs: Mapping[str, Design]
    question: str = ""
    estimator: str | Estimator = "did-poisson"
    sensitivity: Mapping[str, Estimator | str] | Sequence[str] = ()
    costs: Costs | None = None
    prices: Prices | None = None
    learning: Learning | None = None
    appraisal: Mapping[str, Any] = field(default_factory=dict)
    intrusion: Intrusion | None = None
    perception: Perception | None = None
    assumptions: str | None = None
    assumption_sets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    compared_sets: Sequence[str] | None = None
    options: Mapping[str, Option] = field(default_factory=dict)
    decision: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 1
    draws: int = DEFAULT_DRAWS
    level: float = 0.95
    suggestion: str = ""
    harm: Sequence[HarmWeights] | None = None
    harm_weights: Mapping[str, float] = field(default_factory=dict)
    judged_by: Mapping[str, str] = field(default_factory=dict)
    data_quality: tuple[DataQuality, ...] = ()
    inputs: tuple[Path, ...] = ()
    folder: Path | None = None

    def __post_init__(self) -> None:
        for name in ("title", "question", "suggestion"):
            object.__setattr__(self, name, one_line(getattr(self, name)))
        for name in ("designs", "appraisal", "assumption_sets", "options", "decision", "harm_weights", "judged_by"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        faults = [*self._structure_faults()]
        if not faults:
            try:
                faults += self._shape_faults()
            except EvalkitError as problem:
                faults.append(str(problem))
            faults += self._money_faults()
        if faults:
            raise StudyError(faults, where=f"study {self.title!r}")

    def _structure_faults(self) -> list[str]:
        faults = []
        if not self.title:
            faults.append("a study has a title; there is an empty one")
        if not self.designs:
            faults.append("a study has at least one outcome with a design; there is none")
        elif self.primary not in self.designs:
            faults.append(f"primary outcome {self.primary!r} is not measured; {nearest(self.primary, self.designs)}")
        if not 0 < self.level < 1:
            faults.append(f"level is a share between 0 and 1, such as 0.95; there is {self.level}")
        if self.draws < 100:
            faults.append(f"draws is 100 or more; there is {self.draws}")
        if self.seed < 0:
            faults.append(f"seed is a whole number, zero or more; there is {self.seed}")
        faults += [
            f"harm weight of {name!r}, which is not an outcome; {nearest(name, self.designs)}"
            for name in self.harm_weights
            if name not in self.designs
        ]
        return faults

    def _shape_faults(self) -> list[str]:
        """Look every estimator up, and see that what an outcome is judged by takes what its design rests on."""
        if faults := list(self._judged_by_faults()):
            return faults
        return [
            f"outcome {outcome!r} is a {shape}, and {name!r} takes {' or '.join(shapes)}; "
            f"evalkit models lists what takes a {shape}"
            for outcome, design in self.designs.items()
            if (shape := "table" if design.panel is None else "panel")
            not in (shapes := self.estimators[name := self.estimates_of(outcome)[0]].card.shapes)
        ]

    def _judged_by_faults(self) -> Iterator[str]:
        for outcome, name in self.judged_by.items():
            if outcome not in self.designs:
                yield f"judged_by names {outcome!r}, which is not an outcome; {nearest(outcome, self.designs)}"
            elif outcome == self.primary:
                yield f"the primary outcome {outcome!r} is judged by [analysis] estimator; leave its 'estimate' out"
            elif name not in self.estimators:
                yield (
                    f"outcome {outcome!r} is judged by the estimate {name!r}, which is not made: name it in [analysis] "
                    f"sensitivity; {nearest(name, self.estimators)}"
                )

    def estimates_of(self, outcome: str) -> tuple[str, ...]:
        """Give the names of an outcome's estimates, the one that it is judged by first."""
        first = self.judged_by.get(outcome, next(iter(self.estimators)))
        return (first, *(name for name in self.estimators if name != first))

    def _money_faults(self) -> list[str]:
        """Rehearse the appraisal with effects of nothing, so that a fault is found before a long run."""
        nothing = {
            outcome: {
                "rehearsal": Effect(
                    outcome=design.outcome,
                    estimator="rehearsal",
                    scale="count_difference",
                    change=np.zeros(_REHEARSAL),
                    prevented=np.zeros((_REHEARSAL, len(design.periods_after))),
                    periods=design.periods_after,
                    estimand="nothing",
                    assumption="nothing",
                )
            }
            for outcome, design in self.designs.items()
            if design.outcome.counts_events
        }
        try:
            check_perception(self, {name: each["rehearsal"] for name, each in nothing.items()})
            check_assumptions(self)
            appraisal, _ = appraise_study(self, nothing, np.random.default_rng(0))
            if self.learning is not None:
                value_of_learning(self, appraisal, 0)
            weigh_harm(self, nothing, appraisal)
            check_options(self, appraisal)
        except EvalkitError as problem:
            return [str(problem)]
        except TypeError as problem:
            return [f"appraisal: {problem}"]
        return []

    @property
    def intervention(self) -> Intervention:
        """What was done."""
        return self.designs[self.primary].intervention

    @cached_property
    def estimators(self) -> dict[str, Estimator]:
        """Every estimator by the name that its effects are reported under; the primary one first."""
        primary = _instance(self.estimator)
        name = self.estimator if isinstance(self.estimator, str) else _name_of(self.estimator)
        if not isinstance(self.sensitivity, Mapping) and len(set(self.sensitivity)) < len(self.sensitivity):
            msg = f"sensitivity names an estimator twice: {', '.join(map(repr, self.sensitivity))}"
            raise StudyError(msg)
        named = self.sensitivity if isinstance(self.sensitivity, Mapping) else {each: each for each in self.sensitivity}
        if name in named:
            msg = f"sensitivity names {name!r}, which is the primary estimator; give it another name or leave it out"
            raise StudyError(msg)
        return {name: primary, **{each: _instance(value) for each, value in named.items()}}

    def run(
        self,
        *,
        seed: int | None = None,
        draws: int | None = None,
        jobs: int = 1,
        progress: Progress | None = None,
        cache: Path | None = None,
    ) -> Evaluation:
        """Estimate every effect, cost what can be costed, and judge; the same seed gives the same numbers.

        Parameters
        ----------
        seed, draws : in place of the study's own
        jobs : how many effects are estimated at once; the numbers do not depend on it
        progress : called with a sentence before each step
        cache : folder in which estimates are kept by the content of all that they rest on, so that a run which
            changes none of it (another cost, another price) finds them there; the numbers are the same
        """
        seed = self.seed if seed is None else seed
        draws = self.draws if draws is None else draws
        faults = _randomness_faults(seed, draws)
        if faults:
            raise StudyError(faults, where=f"study {self.title!r}")
        effects, refusals = self._estimate(seed, draws, jobs, progress or (lambda _: None), cache)
        coupled, warnings = _coupled(effects, self.designs, np.random.default_rng([seed, zlib.crc32(b"coupling")]))
        money_seed = [seed, zlib.crc32(b"money")]
        appraisal, reason = appraise_study(self, coupled, np.random.default_rng(money_seed))
        unpriced = find_unpriced(
            self, coupled, appraisal, reason, np.random.default_rng([seed, zlib.crc32(b"unpriced")])
        )
        information, ignorance = value_of_learning(self, appraisal, seed)
        harm, no_harm = weigh_harm(self, coupled, appraisal)
        options, options_reason = compare_study_options(self, appraisal, seed)
        return Evaluation(
            study=self,
            effects=coupled,
            refusals=refusals,
            appraisal=appraisal,
            appraisal_reason=reason,
            unpriced=unpriced,
            information=information,
            information_reason=ignorance,
            warnings=tuple(
                dict.fromkeys(
                    (*unpriced.warnings, *warnings, *self._cautions(), *(appraisal.warnings if appraisal else ()))
                )
            ),
            harm=harm,
            harm_reason=no_harm,
            options=options,
            options_reason=options_reason,
            money_by_estimator=money_of_other_estimators(self, coupled, appraisal, money_seed),
            by_assumptions=compare_assumptions(self, coupled, appraisal, money_seed),
            provenance=Provenance(versions=library_versions(), seed=seed, draws=draws, inputs=self._hashes()),
        )

    def _estimate(
        self, seed: int, draws: int, jobs: int, progress: Progress, cache: Path | None
    ) -> tuple[dict[str, dict[str, Effect]], tuple[Refusal, ...]]:
        tasks = [(outcome, name) for outcome in self.designs for name in self.estimates_of(outcome)]
        kept = None if cache is None else _cache(cache)

        def estimate(task: tuple[str, str]) -> Effect | Refusal:
            outcome, name = task
            progress(f"{outcome}: {name}")
            # each estimate has a stream of its own, so that order and number of workers change nothing
            rng = np.random.default_rng([seed, zlib.crc32(outcome.encode()), zlib.crc32(name.encode())])
            estimator, design = self.estimators[name], self.designs[outcome]
            make = partial(estimator.estimate, design, rng=rng, draws=draws)
            try:
                return make() if kept is None else kept.effect((design, estimator, outcome, name, seed, draws), make)
            except EvalkitError as problem:
                if name == self.estimates_of(outcome)[0]:
                    msg = f"outcome {outcome!r}, estimator {name!r}: {problem}{_other_estimate(outcome, self.primary)}"
                    raise StudyError(msg) from problem
                return Refusal(outcome=outcome, estimator=name, reason=str(problem))

        with ThreadPoolExecutor(max_workers=max(jobs, 1)) as workers:
            answers = dict(zip(tasks, workers.map(estimate, tasks), strict=True))
        if kept is not None:
            kept.forget_others()
        effects: dict[str, dict[str, Effect]] = {outcome: {} for outcome in self.designs}
        for (outcome, name), answer in answers.items():
            if isinstance(answer, Effect):
                effects[outcome][name] = answer
        return effects, tuple(answer for answer in answers.values() if isinstance(answer, Refusal))

    def _cautions(self) -> list[str]:
        """Say what the measure itself, and the files, may do to the counts, whether there is money or not."""
        found = (design.outcome.reporting_caution for design in self.designs.values())
        of_data = (sentence for quality in self.data_quality for sentence in quality.cautions)
        return [sentence for sentence in (*found, *of_data) if sentence]

    def _hashes(self) -> dict[str, str]:
        folder = None if self.folder is None else self.folder.resolve()
        files = {path.resolve() for path in self.inputs}
        return {
            path.relative_to(folder).as_posix()
            if folder and path.is_relative_to(folder)
            else path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(files)
        }


def _other_estimate(outcome: str, primary: str) -> str:
    """Say how a secondary outcome is judged by another estimate than the primary outcome."""
    if outcome == primary:
        return ""
    return (
        ". To judge this outcome by another estimate, name one in [analysis] sensitivity and under "
        f"[outcomes.{outcome}]: estimate = its name"
    )


def _randomness_faults(seed: object, draws: object) -> list[str]:
    faults = []
    # a 95 % limit of fewer draws would rest on two of them
    for name, value, least in (("draws", draws, 100), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            faults.append(f"{name} is a whole number, {least} or more; there is {value!r}")
    return faults


def _instance(estimator: str | Estimator) -> Estimator:
    if isinstance(estimator, str):
        return find_estimator(estimator)()
    if isinstance(estimator, type) or not hasattr(estimator, "estimate"):
        msg = f"an estimator is given by its name, or made: estimator('did-poisson')(); there is {estimator!r}"
        raise StudyError(msg)
    return estimator


def _name_of(estimator: Estimator) -> str:
    from evalkit.registry import models

    return next((name for name in models() if find_estimator(name) is type(estimator)), type(estimator).__name__)


def _coupled(
    effects: dict[str, dict[str, Effect]], designs: Mapping[str, Design], rng: np.random.Generator
) -> tuple[dict[str, dict[str, Effect]], tuple[str, ...]]:
    """Order the primary effects' rows so that outcomes measured in the same sites vary together."""
    primaries = {outcome: next(iter(named.values())) for outcome, named in effects.items()}
    if len(primaries) == 1:
        return effects, ()
    by_site = [_by_site(effect, designs[outcome]) for outcome, effect in primaries.items()]
    influences = [found for found in by_site if found is not None]
    if len(influences) < len(primaries):
        return effects, (_UNCOUPLED,)
    sites = list(dict.fromkeys(site for found in influences for site in found))
    stacked = np.array([[found.get(site, 0.0) for site in sites] for found in influences])
    lengths = np.linalg.norm(stacked, axis=1, keepdims=True)
    correlation = (stacked / lengths) @ (stacked / lengths).T
    orders = couple([effect.change for effect in primaries.values()], correlation, rng)
    for order, (outcome, effect) in zip(orders, primaries.items(), strict=True):
        name = next(iter(effects[outcome]))
        effects[outcome][name] = effect.reorder(order)
    return effects, ()


def _by_site(effect: Effect, design: Design) -> dict[str, float] | None:
    """Give each site's influence on a change by the site's name; None where it is not known, or is nothing."""
    if effect.influence is None or design.panel is None or not effect.influence.any():
        return None
    if len(effect.influence) != len(design.panel.sites):
        msg = (
            f"{effect.estimator} gives the influence of {len(effect.influence)} sites; the panel of "
            f"{effect.outcome.name!r} has {len(design.panel.sites)}"
        )
        raise StudyError(msg)
    return dict(zip(design.panel.sites, effect.influence.tolist(), strict=True))


def _cache(folder: Path) -> EstimationCache:
    from evalkit.estimation_cache import EstimationCache

    return EstimationCache(folder=folder)
