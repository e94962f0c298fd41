"""What an evaluation found, with everything needed to check it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

from evalkit.comparison import Comparison, compare
from evalkit.domain import Design, Effect
from evalkit.judgement import Finding, judge
from evalkit.money_by_estimator import EstimatorMoney
from evalkit.study_unpriced import Unpriced

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.economics import Appraisal, Harm, Information, SetLine
    from evalkit.economics.decisions import OptionsCompared
    from evalkit.study import Study

__all__ = ["Evaluation", "Provenance", "Refusal", "Role", "library_versions"]

_LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels")

type Role = Literal["primary", "sensitivity", "robustness"]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What made the numbers: enough to make them again.

    Attributes
    ----------
    versions : of evalkit, Python and the libraries, by name
    seed, draws : what the randomness started from, and how many draws there are
    inputs : sha256 of every input file, by its path relative to the study
    """

    versions: Mapping[str, str]
    seed: int
    draws: int
    inputs: Mapping[str, str] = field(default_factory=dict)


def library_versions() -> dict[str, str]:
    """Give the versions of evalkit, Python and the libraries that make numbers, by name."""
    return dict(_versions())


# asked for by every effect that is kept, and every time read from files
@cache
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        found[name] = version(name)
    try:
        found["evalkit"] = version("evalkit-prevention")
    except PackageNotFoundError:  # run from a source tree that was never installed
        found["evalkit"] = "not installed"
    return dict(sorted(found.items()))


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An estimator that had no answer, and why; it is reported, not hidden.

    Attributes
    ----------
    outcome, estimator : what was asked of whom
    reason : what the estimator said, in a sentence
    """

    outcome: str
    estimator: str
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """What a study found.

    Attributes
    ----------
    study : the question, and all that was decided in advance
    effects : by outcome, then by name of the estimate; the first of each outcome is the primary one
    provenance : versions, seed, draws and hashes of the input files
    refusals : sensitivity estimators that gave no answer
    appraisal : costs and benefits, or None where the study has no costs or nothing that can be priced
    appraisal_reason : why there is no appraisal
    unpriced : what was found that has no price
    information : what it is worth to know more, or None with `information_reason`
    harm : events prevented weighed by the harm they do, or None with `harm_reason`
    options : the measure beside doing without and beside every other option; None where there is no appraisal,
        or with `options_reason` where the other options could not be appraised
    by_assumptions : the money under every set of assumptions, the study's own choices first
    money_by_estimator : mean net benefit with every other estimator's effects, where other schedules of prices stand
        beside the chosen one
    warnings : sentences that a reader must see
    """

    study: Study
    effects: Mapping[str, Mapping[str, Effect]]
    provenance: Provenance
    refusals: tuple[Refusal, ...] = ()
    appraisal: Appraisal | None = None
    appraisal_reason: str = ""
    unpriced: Unpriced = field(default_factory=Unpriced)
    information: Information | None = None
    information_reason: str = ""
    harm: Harm | None = None
    harm_reason: str = ""
    options: OptionsCompared | None = None
    options_reason: str = ""
    by_assumptions: tuple[SetLine, ...] = ()
    money_by_estimator: tuple[EstimatorMoney, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def primary(self) -> Effect:
        """The effect that the study is judged by."""
        return self.primary_of(self.study.primary)

    def primary_of(self, outcome: str) -> Effect:
        """Give the primary effect on one outcome."""
        return next(iter(self.effects[outcome].values()))

    def role(self, outcome: str, name: str) -> Role:
        """Say what part an effect plays."""
        return "primary" if name == next(iter(self.effects[outcome])) else "sensitivity"

    def design(self, outcome: str) -> Design:
        """Give the design behind the effects on one outcome."""
        return self.study.designs[outcome]

    @cached_property
    def findings(self) -> Mapping[str, Finding]:
        """The verdict on each outcome, by its primary effect."""
        return {outcome: self._judge(outcome) for outcome in self.effects}

    def _judge(self, outcome: str) -> Finding:
        (_, primary), *others = self.effects[outcome].items()
        return judge(primary, self.design(outcome), self.study.level, dict(others))

    @cached_property
    def comparisons(self) -> Mapping[str, Comparison]:
        """How the estimates of each outcome agree, where there are two or more to compare."""
        compared = {outcome: compare(effects, self.study.level) for outcome, effects in self.effects.items()}
        return {outcome: found for outcome, found in compared.items() if found is not None}

    @property
    def finding(self) -> Finding:
        """The verdict on the primary outcome."""
        return self.findings[self.study.primary]

    def write(
        self, folder: str | Path, formats: tuple[str, ...] = ("html", "json"), *, cache: Path | None = None
    ) -> tuple[Path, ...]:
        """Write the result, the report, and the tables and figures behind them; give the paths.

        Files appear under their names only when all of them are complete.

        Parameters
        ----------
        formats : of the report, any of "html", "md", "json"
        cache : folder in which pictures are kept by the content of all that they are drawn from, so that one which
            would be the same is not drawn again; the files are the same
        """
        from evalkit.output import write_evaluation

        return write_evaluation(self, folder, formats, cache)

    def __repr__(self) -> str:
        """First line: the sentence that answers."""
        from evalkit.report.wording import headline

        return f"<Evaluation {self.study.title!r}: {headline(self)}>"
