"""What is asked of the evidence, and what it answers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain import Effect
from evalkit.domain.text import one_line, sentence
from evalkit.draws import DEFAULT_DRAWS
from evalkit.evaluation import Provenance, library_versions
from evalkit.evidence.body import BodyOfEvidence
from evalkit.evidence.body import pool as pool_effects
from evalkit.evidence.priors import DEFAULT_PRIOR
from evalkit.hierarchy import PriorSet
from evalkit.pooling.pilot import Pilot, PilotValue, value_of_pilot
from evalkit.pooling.place import Place, predicted_effect
from evalkit.pooling.sources import Sources

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, Costs, Prices

__all__ = ["Evidence", "Synthesis"]

_NO_MEAN = (
    "Under this prior of the spread between programmes the ratio to expect in a new place has no mean, and money rests "
    "on means: take a half-normal one, such as prior 'default'."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """Studies and what is asked of them, before anything is pooled.

    Attributes
    ----------
    title, question : of the review
    measure : what the programmes do, such as "prison visits"; "the measure" where it is empty
    sources : the effects, and how they were read
    prior : by name, or written out
    moderators : what effects may differ by
    correlation : between errors of several effects of one study
    place : the new place, or None
    costs, prices, appraisal : of the measure in the new place; see `evalkit.economics.appraise`
    pilot : a trial there, or None
    inputs : sha256 of every file, by its name
    suggestion : advice in the evaluator's own words; empty for the rule's
    """

    title: str
    sources: Sources
    question: str = ""
    measure: str = ""
    prior: str | Mapping[str, Any] | PriorSet = DEFAULT_PRIOR
    moderators: tuple[str, ...] = ()
    correlation: float = 0.8
    place: Place | None = None
    costs: Costs | None = None
    prices: Prices | None = None
    appraisal: Mapping[str, Any] = field(default_factory=dict)
    pilot: Pilot | None = None
    seed: int = 1
    draws: int = DEFAULT_DRAWS
    level: float = 0.95
    inputs: Mapping[str, str] = field(default_factory=dict)
    suggestion: str = ""

    def __post_init__(self) -> None:
        for name in ("title", "question", "measure", "suggestion"):
            object.__setattr__(self, name, one_line(getattr(self, name)))

    def synthesise(self, *, seed: int | None = None, draws: int | None = None) -> Synthesis:
        """Pool the studies, carry them to the new place and appraise the measure there, as far as was asked.

        Parameters
        ----------
        seed, draws : in place of the file's own

        Raises
        ------
        EvidenceError
            The studies cannot be pooled, or not be carried to that place.
        """
        chosen, count = self.seed if seed is None else seed, self.draws if draws is None else draws
        body = pool_effects(
            self.sources.effects,
            prior=self.prior,
            moderators=self.moderators,
            correlation=self.correlation,
            level=self.level,
            counts=self.sources.counts,
            form=self.sources.form,
        )
        predicted = None if self.place is None else predicted_effect(body, self.place, count, _rng(chosen, "place"))
        appraisal, reason = self._appraised(body, predicted, chosen)
        pilot, no_pilot = self._piloted(predicted, appraisal)
        return Synthesis(
            evidence=self,
            body=body,
            predicted=predicted,
            appraisal=appraisal,
            appraisal_reason=reason,
            pilot=pilot,
            pilot_reason=no_pilot,
            provenance=Provenance(versions=library_versions(), seed=chosen, draws=count, inputs=self.inputs),
        )

    def _appraised(self, body: BodyOfEvidence, predicted: Effect | None, seed: int) -> tuple[Appraisal | None, str]:
        if predicted is None:
            return None, "No new place was named, so nothing can be said about money there."
        if self.costs is None:
            return None, "No costs were given, so nothing can be said about what a prevented crime would cost."
        if predicted.prevented is None:
            return None, "It is not said how many events are expected in the new place, so none can be counted."
        if not body.has_mean_ratio:
            return None, _NO_MEAN
        from evalkit.economics import NoMeanError, appraise

        effects = {predicted.outcome.name: predicted}
        options = {"level": self.level, **self.appraisal}
        try:
            return appraise(effects, costs=self.costs, prices=self.prices, rng=_rng(seed, "money"), **options), ""
        except NoMeanError as problem:  # a finding: what is known is too little for a mean
            return None, sentence(str(problem))

    def _piloted(self, predicted: Effect | None, appraisal: Appraisal | None) -> tuple[PilotValue | None, str]:
        if self.pilot is None or predicted is None or self.place is None:
            return None, ""
        if appraisal is None:
            return None, "Without an appraisal there is no decision in money that a pilot could better."
        counts = np.array([each.mean for each in self.place.expected])
        left = float(counts[self.pilot.periods :].sum() / counts.sum())
        found, reason = value_of_pilot(appraisal, self.pilot, predicted.change, left)
        return found, sentence(reason)


@dataclass(frozen=True, kw_only=True, eq=False)
class Synthesis:
    """What the studies say together, and what to expect in the new place.

    Attributes
    ----------
    evidence : what was asked
    body : the pooled effects
    predicted : the effect to expect in the new place, or None
    appraisal : of the measure there, or None with `appraisal_reason`
    pilot : what a trial there is worth, or None with `pilot_reason`
    provenance : what made the numbers
    """

    evidence: Evidence
    body: BodyOfEvidence
    predicted: Effect | None
    appraisal: Appraisal | None
    appraisal_reason: str
    pilot: PilotValue | None
    pilot_reason: str
    provenance: Provenance

    @property
    def warnings(self) -> tuple[str, ...]:
        """Give every sentence that a reader must see."""
        failed = [check.detail for check in self.body.checks if check.passed is False]
        if self.predicted is not None:
            failed += [check.detail for check in self.predicted.checks if check.passed is False]
        money = () if self.appraisal is None else self.appraisal.warnings
        return tuple(dict.fromkeys((*failed, *money)))

    def write(self, folder: str | Path, formats: tuple[str, ...] = ("html", "json")) -> tuple[Path, ...]:
        """Write pool.json, the report in the formats asked for, and the figures behind it."""
        from evalkit.output import write_synthesis

        return write_synthesis(self, folder, formats)


def _rng(seed: int, name: str) -> np.random.Generator:
    # a stream of its own for each, so that asking for money moves no prediction
    return np.random.default_rng([seed, zlib.crc32(b"pool"), zlib.crc32(name.encode())])
