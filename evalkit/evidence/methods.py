"""The same mean by other methods: what the choice of method moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import FloatArray, Interval
from evalkit.errors import EvidenceError
from evalkit.evidence.classical import random_effects
from evalkit.evidence.effect_size import EffectSize
from evalkit.evidence.multilevel import multilevel
from evalkit.hierarchy import fit_counts, odds_ratios

if TYPE_CHECKING:
    from evalkit.evidence.between_studies import BetweenMethod
    from evalkit.evidence.pooled import Test
    from evalkit.hierarchy import NormalHierarchy

__all__ = ["EXACT_COUNTS", "MethodLine", "lines_of_methods"]

EXACT = "exact Bayes"
EXACT_COUNTS = "exact Bayes of the counts"
_COMMON = "takes every programme to have the same effect, so it says nothing of a new one"


@dataclass(frozen=True, kw_only=True)
class MethodLine:
    """What one method says of the mean and of a new programme; None with `reason` where it says nothing.

    Attributes
    ----------
    name : of the method
    mean, held : of the mean effect and its interval, on the scale of the effects; of the exact one its middle
    new : interval of a new programme's true effect; None where the method has none
    tau : standard deviation of true effects between programmes
    prob_new_harm : probability that a new programme does harm, by this method
    reason : why something is not there
    """

    name: str
    mean: float | None = None
    held: Interval | None = None
    new: Interval | None = None
    tau: float | None = None
    prob_new_harm: float | None = None
    reason: str = ""


_CLASSICAL: tuple[tuple[str, BetweenMethod, Test], ...] = (
    ("REML, Hartung-Knapp", "REML", "hartung-knapp"),
    ("REML, normal", "REML", "normal"),
    ("DerSimonian-Laird, normal", "DL", "normal"),
    ("Paule-Mandel, Hartung-Knapp", "PM", "hartung-knapp"),
    ("common effect", "common", "normal"),
)


def lines_of_methods(
    effects: Sequence[EffectSize],
    studies: Sequence[EffectSize],
    overall: NormalHierarchy,
    level: float,
    *,
    counts: FloatArray | None = None,
    form: str = "",
) -> tuple[MethodLine, ...]:
    """Give the mean by every method, the exact one first; a method without an answer says why.

    Parameters
    ----------
    effects : all of them, for the method that takes several a study
    studies : one effect a study
    overall : the exact fit of `studies`
    counts, form : behind the effects, where they are known
    """
    new = overall.new_site()
    exact = MethodLine(
        name=EXACT,
        mean=overall.mean.median,
        held=overall.mean.interval(level),
        new=new.interval(level),
        tau=float(overall.between.ppf(0.5)),
        prob_new_harm=float(new.above(0.0)),
    )
    classical = (_classical(name, studies, method, test, level) for name, method, test in _CLASSICAL)
    several = [_multilevel(effects, level)] if len(effects) > len(studies) else []
    lines = (exact, *classical, *several)
    if counts is None or form != "two by two" or studies[0].scale != "log_odds_ratio" or several:
        return lines
    return (*lines, _mantel_haenszel(counts, level), _exact_counts(counts, overall, level))


def _exact_counts(counts: FloatArray, overall: NormalHierarchy, level: float) -> MethodLine:
    """Give the same model from the counts' own likelihood, which takes few events for what they are."""
    try:
        found = fit_counts(odds_ratios(*counts.T), mean=overall.priors[0], between=overall.between_prior)
    except EvidenceError as problem:
        return MethodLine(name=EXACT_COUNTS, reason=str(problem))
    return MethodLine(
        name=EXACT_COUNTS,
        mean=found.mean.median,
        held=found.mean.interval(level),
        new=found.new_site.interval(level),
        tau=float(found.between.ppf(0.5)),
        prob_new_harm=float(found.new_site.above(0.0)),
    )


def _multilevel(effects: Sequence[EffectSize], level: float) -> MethodLine:
    """Give the mean of all effects, on three levels and with errors that know which belong together."""
    name = "three levels, CR2 errors by study"
    try:
        found = multilevel(effects)
        expected = found.expected()
    except EvidenceError as problem:
        return MethodLine(name=name, reason=str(problem))
    return MethodLine(
        name=name,
        mean=expected.estimate,
        held=expected.interval(level),
        new=expected.prediction_interval(level),
        tau=math.sqrt(found.tau2_between + found.tau2_within),
        prob_new_harm=expected.prob_new_harm,
    )


def _mantel_haenszel(counts: FloatArray, level: float) -> MethodLine:
    """Give the common odds ratio of two-by-two tables, which needs no error of each and takes cells of zero."""
    from statsmodels.stats.contingency_tables import StratifiedTable

    events, totals = counts[:, [0, 2]], counts[:, [1, 3]]
    found = StratifiedTable(np.stack([events, totals - events], axis=-1).transpose(1, 2, 0))
    lower, upper = found.logodds_pooled_confint(alpha=1 - level)
    return MethodLine(
        name="Mantel-Haenszel, common effect",
        mean=float(found.logodds_pooled),
        held=Interval(level=level, lower=float(lower), upper=float(upper)),
        tau=0.0,
        reason=_COMMON,
    )


def _classical(name: str, studies: Sequence[EffectSize], method: BetweenMethod, test: Test, level: float) -> MethodLine:
    try:
        found = random_effects(studies, method=method, test=test)
        expected = found.expected()
    except EvidenceError as problem:
        return MethodLine(name=name, reason=str(problem))
    is_common = method == "common"
    return MethodLine(
        name=name,
        mean=expected.estimate,
        held=expected.interval(level),
        new=None if is_common else expected.prediction_interval(level),
        tau=math.sqrt(found.tau2),
        prob_new_harm=None if is_common else expected.prob_new_harm,
        reason=_COMMON if is_common else "",
    )
