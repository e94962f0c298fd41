"""What priors say before any data are seen, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evalkit.draws import Interval
from evalkit.errors import EvidenceError
from evalkit.hierarchy.many import fit_many
from evalkit.hierarchy.mixture import NormalMixture
from evalkit.hierarchy.named import PriorSet

__all__ = ["PriorPredictive", "prior_predictive"]

# A programme that leaves a fifth or five times of what there was is not heard of: most of a prior lies between.
_SMALLEST_RATIO, _LARGEST_RATIO = 0.2, 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PriorPredictive:
    """What priors say of a programme's effect before any data.

    Attributes
    ----------
    effect : in a site, on the log scale
    level : of the ranges
    """

    effect: NormalMixture
    level: float

    @property
    def interval(self) -> Interval:
        """Range of the effect, on the log scale."""
        return self.effect.interval(self.level)

    @property
    def plausible(self) -> float:
        """Probability of a rate ratio from a fifth to five times."""
        return float(np.diff(self.effect.below(np.log([_SMALLEST_RATIO, _LARGEST_RATIO])))[0])

    @property
    def sentence(self) -> str:
        """Say it on the scale of a rate ratio."""
        outer, inner = self.interval, self.effect.interval(0.5)
        said = (
            f"Before seeing data this says that {100 * self.level:.3g} % of programmes change crime by between "
            f"{_percent(outer.lower)} and {_percent(outer.upper)}, and half of them by between "
            f"{_percent(inner.lower)} and {_percent(inner.upper)}."
        )
        if self.plausible < self.level:
            said += (
                f" It leaves {100 * (1 - self.plausible):.0f} % for effects that no programme is known to have (a "
                "fifth of the crime, or five times as much): take a smaller scale, or say why not."
            )
        return said


def prior_predictive(priors: PriorSet, *, level: float = 0.95) -> PriorPredictive:
    """Say in words what priors mean for the effect of a programme.

    >>> from evalkit.hierarchy.named import PRIORS
    >>> print(prior_predictive(PRIORS["sceptical"]).sentence)
    Before seeing data this says that 95 % of programmes change crime by between -34 % and +53 %, and half of them by \
between -12 % and +14 %.
    """
    if priors.mean.is_flat or not priors.between.is_proper:
        msg = f"flat priors ({priors.name}) say nothing before there are data, so there is nothing to put in words"
        raise EvidenceError(msg)
    before = fit_many([0.0], [1.0], mean=priors.mean, between=priors.between, included=[[False]])
    return PriorPredictive(effect=before.new_site()[0], level=level)


def _percent(log_ratio: float) -> str:
    if log_ratio > math.log(100):
        return f"{math.exp(min(log_ratio, 700)):.2g} times"
    return f"{100 * math.expm1(log_ratio):+.0f} %"
