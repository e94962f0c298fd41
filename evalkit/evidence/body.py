"""A body of evidence: what many studies say together, what to expect of a new programme, and on what that rests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evalkit.domain import Check
from evalkit.draws import FloatArray, Interval
from evalkit.errors import EvidenceError
from evalkit.evidence.asymmetry import Asymmetry, asymmetry_of
from evalkit.evidence.body_checks import checks_of
from evalkit.evidence.classical import random_effects
from evalkit.evidence.dependence import one_a_study
from evalkit.evidence.effect_size import EffectSize, Moderator, Scale, estimates_and_errors, require_one_scale
from evalkit.evidence.methods import MethodLine, lines_of_methods
from evalkit.evidence.moderators import Columns, columns_of
from evalkit.evidence.priors import DEFAULT_PRIOR, believed, named_for, slope_prior
from evalkit.hierarchy import (
    NormalHierarchy,
    NormalMixture,
    NormalPrior,
    PowerScaling,
    PriorSet,
    SweepLine,
    fit_normal,
    power_scaling,
    sweep,
)

__all__ = ["BodyOfEvidence", "Dropped", "Spread", "pool"]

_ALONE = (
    "there is one study only ({study!r}), and nothing to pool: its own report says what it found. What it does "
    "not show is how much such programmes differ from place to place; add a second study, or state what is believed "
    "of the next place as a prior of its plan ([plan] prior)"
)


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """What the other studies say without one of them.

    Attributes
    ----------
    study : that is left out
    mean : middle of what is known of the mean effect, on the scale of the effects
    held : its interval
    prob_mean_harm, prob_new_harm : probability that the mean, and that a new programme, does harm
    """

    study: str
    mean: float
    held: Interval
    prob_mean_harm: float
    prob_new_harm: float


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How much estimates differ beyond chance, as reviews print it.

    Attributes
    ----------
    q, degrees_of_freedom, p_value : of Cochran's test of one effect for all
    i2 : share of the spread of estimates that is more than chance, in percent, by DerSimonian and Laird
    """

    q: float
    degrees_of_freedom: int
    p_value: float
    i2: float


@dataclass(frozen=True, kw_only=True, eq=False)
class BodyOfEvidence:
    """Effects of many studies and the exact Bayesian fit of them; negative is less crime or harm, on every scale.

    Attributes
    ----------
    effects : as they were given
    studies : one effect a study, in the order of their first one; several of a study are made into one
    scale, unit : of every effect
    prior : what was believed beforehand
    overall : the fit without moderators
    columns : of the moderators, or None
    by_moderators : the fit with moderators, their columns centred on the studies' mean; None without any
    correlation : taken between the errors of several effects of one study
    level : of every interval
    counts, form : behind the effects, shape (effects, 4), where they are known, and what they are
    """

    effects: tuple[EffectSize, ...]
    studies: tuple[EffectSize, ...]
    scale: Scale
    unit: str
    prior: PriorSet
    overall: NormalHierarchy
    columns: Columns | None
    by_moderators: NormalHierarchy | None
    correlation: float
    level: float
    counts: FloatArray | None = None
    form: str = ""

    @property
    def is_ratio(self) -> bool:
        """Are effects logs of ratios, so that their exponentials read as ratios?"""
        return self.studies[0].is_ratio

    @property
    def has_mean_ratio(self) -> bool:
        """Has the ratio of a new programme a mean, on which money could rest?

        Under a prior with a heavy tail the exponential of a new effect has none, however many studies there are.
        """
        return self.overall.mean_new_ratio().value is not None

    @property
    def mean(self) -> NormalMixture:
        """Give what is known of the mean effect of all programmes of this kind."""
        return self.overall.mean

    @property
    def new_programme(self) -> NormalMixture:
        """Give what to expect of one programme that is not among these, in a place of which nothing is known."""
        return self.overall.new_site()

    @property
    def prob_mean_harm(self) -> float:
        """Probability that programmes do harm on average."""
        return float(self.mean.above(0.0))

    @property
    def prob_new_harm(self) -> float:
        """Probability that a new programme does harm."""
        return float(self.new_programme.above(0.0))

    @property
    def between(self) -> tuple[float, Interval]:
        """Median and interval of the standard deviation of true effects between programmes."""
        margin = self.overall.between
        tail = (1 - self.level) / 2
        lower, middle, upper = (float(value) for value in margin.ppf(np.array([tail, 0.5, 1 - tail])))
        return middle, Interval(level=self.level, lower=lower, upper=upper)

    @cached_property
    def by_prior(self) -> tuple[SweepLine, ...]:
        """The answer under every named prior that has a meaning for the scale."""
        named = named_for(self.scale)
        return sweep(self.overall, named, level=self.level) if named else ()

    @cached_property
    def power(self) -> PowerScaling | None:
        """How far the answer moves if the prior or the studies count a little more; None under a flat prior."""
        is_flat = self.prior.mean.is_flat or not self.prior.between.is_proper
        return None if is_flat else power_scaling(self.overall)

    @cached_property
    def methods(self) -> tuple[MethodLine, ...]:
        """The same mean by other methods, the exact one first."""
        return lines_of_methods(
            self.effects, self.studies, self.overall, self.level, counts=self.counts, form=self.form
        )

    @cached_property
    def asymmetry(self) -> Asymmetry:
        """What the funnel shows, and what selective publication would change."""
        return asymmetry_of(self.studies)

    @cached_property
    def spread(self) -> Spread:
        """The classical measures of how much estimates differ beyond chance."""
        found = random_effects(self.studies, method="DL", test="normal")
        left = found.q_degrees_of_freedom
        return Spread(q=found.q, degrees_of_freedom=left, p_value=found.q_p_value or 0.0, i2=found.i2)

    @cached_property
    def without_each(self) -> tuple[Dropped, ...]:
        """Give what the others say without each study; empty where two studies are all there are."""
        if len(self.studies) < 3:
            return ()
        y, s = estimates_and_errors(self.studies)
        kept = ~np.eye(len(y), dtype=bool)
        return tuple(self._dropped(each.study, y[rest], s[rest]) for each, rest in zip(self.studies, kept, strict=True))

    def _dropped(self, study: str, y: FloatArray, s: FloatArray) -> Dropped:
        fit = fit_normal(y, s, mean=self.prior.mean, between=self.prior.between)
        return Dropped(
            study=study,
            mean=fit.mean.median,
            held=fit.mean.interval(self.level),
            prob_mean_harm=float(fit.mean.above(0.0)),
            prob_new_harm=float(fit.new_site().above(0.0)),
        )

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """What must be known before the answer is believed."""
        return checks_of(self)

    @property
    def is_settled(self) -> bool:
        """May a headline stand on it, or did a check fail without which there is none?"""
        return all(check.passed is not False for check in self.checks if check.name in HEADLINE_CHECKS)

    def expected(self, at: Mapping[str, Moderator] | None = None) -> tuple[NormalMixture, NormalMixture]:
        """Give the mean of programmes of a kind, and what to expect of a new one.

        Parameters
        ----------
        at : a value of every moderator; without moderators, or where it is None, all programmes together

        Raises
        ------
        EvidenceError
            A moderator that was not fitted, one without a value, or a level that no study has.
        """
        if at is None:
            return self.mean, self.new_programme
        row = self.row(at)
        fit = self.by_moderators
        return (self.mean, self.new_programme) if fit is None else (fit.at(row), fit.new_site(row))

    def draw_new(self, draws: int, rng: np.random.Generator, at: Mapping[str, Moderator] | None = None) -> FloatArray:
        """Draw the effect of a new programme, shape (draws,): its exact quantiles in random order."""
        from evalkit.draws import spread

        return spread(self.expected(at)[1], draws, rng)

    def row(self, at: Mapping[str, Moderator]) -> FloatArray:
        """Give the columns of a place in the fit with moderators, the constant first, shape (coefficients,)."""
        if self.columns is None:
            if at:
                raise EvidenceError(
                    f"a value of {next(iter(at))!r} is given for the new place, and no moderator was fitted: name it "
                    "among the moderators"
                )
            return np.ones(1)
        return np.asarray(self.columns.row(at) - _centre(self.columns))


# Where one of these fails, no sentence says what programmes do.
HEADLINE_CHECKS = frozenset({"number of studies", "one study decides", "prior", "checks of the studies"})


def pool(
    effects: Sequence[EffectSize],
    *,
    prior: str | Mapping[str, Any] | PriorSet = DEFAULT_PRIOR,
    moderators: Sequence[str] = (),
    correlation: float = 0.8,
    level: float = 0.95,
    counts: FloatArray | None = None,
    form: str = "",
) -> BodyOfEvidence:
    """Pool effects of several studies, exactly and without sampling.

    Parameters
    ----------
    effects : on one scale; negative is less crime or harm
    prior : name of one of `evalkit.hierarchy.PRIORS`, "flat", or one that was written out, see `believed`
    moderators : names of what effects may differ by
    correlation : between the errors of several effects of one study, from 0 to 1. Few papers tell it; 0.8 is what
        Hedges, Tipton and Johnson 2010 take (doi:10.1002/jrsm.5), and a high one claims little
    level : of intervals
    counts, form : behind the effects, shape (effects, 4), and the key of `FORMS` that says what they are; they let
        methods stand beside that take counts themselves

    Raises
    ------
    EvidenceError
        There is one study only, effects are on different scales, or moderators are not known of all studies.
    """
    scale = require_one_scale(effects)
    before = believed(prior, scale)
    studies = one_a_study(effects, correlation)
    if len(studies) < 2:
        raise EvidenceError(_ALONE.format(study=studies[0].study))
    y, s = estimates_and_errors(studies)
    columns = columns_of(studies, moderators) if moderators else None
    return BodyOfEvidence(
        effects=tuple(effects),
        studies=studies,
        scale=scale,
        unit=studies[0].unit,
        prior=before,
        overall=fit_normal(y, s, mean=before.mean, between=before.between),
        columns=columns,
        by_moderators=None if columns is None else _with_moderators(y, s, columns, before),
        correlation=correlation,
        level=level,
        counts=counts,
        form=form,
    )


def _centre(columns: Columns) -> FloatArray:
    """Give what is taken off a row, so that the first coefficient is the mean of these studies."""
    return np.concatenate([[0.0], columns.values[:, 1:].mean(axis=0)])


def _with_moderators(y: FloatArray, s: FloatArray, columns: Columns, prior: PriorSet) -> NormalHierarchy:
    design = columns.values - _centre(columns)
    slopes: list[NormalPrior] = [slope_prior(prior, float(spread)) for spread in design[:, 1:].std(axis=0)]
    return fit_normal(
        y, s, design=design, names=("mean", *columns.names[1:]), mean=[prior.mean, *slopes], between=prior.between
    )
