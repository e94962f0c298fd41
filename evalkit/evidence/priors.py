"""What is believed before any study is read: the named priors of a ratio, brought to the scale of the effects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.errors import EvidenceError, nearest
from evalkit.evidence.effect_size import SCALE_NAMES, Scale
from evalkit.hierarchy import (
    PRIORS,
    Fixed,
    Flat,
    HalfCauchy,
    HalfNormal,
    NormalMixture,
    NormalPrior,
    PriorSet,
    named_prior,
    prior_predictive,
    prior_set_from_mapping,
)

__all__ = ["DEFAULT_PRIOR", "FLAT", "before_any_study", "believed", "named_for", "slope_prior"]

DEFAULT_PRIOR = "weakly informative"
FLAT = PriorSet(
    name="flat",
    mean=NormalPrior(deviation=math.inf),
    between=Flat(),
    reason="every mean and every spread is as likely as another; it needs at least four studies, and favours nothing",
)
# A log odds of 1 is 0.55 standard deviations (Hasselblad and Hedges 1995, doi:10.1037/0033-2909.117.1.167), and moves
# a risk by a quarter at most.
_PER_LOG = {"standardised_mean_difference": math.sqrt(3) / math.pi, "risk_difference": 0.25}
_IN_UNITS = frozenset({"rate_difference", "mean_difference"})
# A moderator that is one standard deviation higher changes the log of a ratio by 0.3 or less in two of three cases,
# where the mean effect has a standard deviation of 0.5.
_SLOPE = 0.6


def believed(given: str | Mapping[str, Any] | PriorSet, scale: Scale) -> PriorSet:
    """Give the prior for effects on a scale: by name, written out as a table, or made.

    Named priors are stated for logs of ratios. For standardised differences they shrink by sqrt(3) / pi, by which a
    log odds becomes one, and for differences of risks by a quarter, the most that a change of the log odds can move a
    risk. One that is written out is taken as it stands, on the scale of the effects.

    Raises
    ------
    EvidenceError
        There is no such prior; it leaves nothing to learn; or effects are in units of their own, for which only "flat"
        or one that is written out has a meaning.
    """
    if not isinstance(given, str):
        made = given if isinstance(given, PriorSet) else prior_set_from_mapping(given)
        return _learns(made)
    if given == FLAT.name:
        return FLAT
    if given not in PRIORS:
        raise EvidenceError(f"no prior {given!r}; {nearest(given, [*PRIORS, FLAT.name])}")
    if scale in _IN_UNITS:
        raise EvidenceError(
            f"prior {given!r} is stated for ratios and says nothing of a {SCALE_NAMES[scale]} in units of its own: use "
            "prior 'flat', or write one out with mean and between"
        )
    return _shrunk(named_prior(given), _PER_LOG.get(scale, 1.0))


def named_for(scale: Scale) -> dict[str, PriorSet]:
    """Give every named prior that has a meaning for a scale, the flat one left out."""
    return (
        {} if scale in _IN_UNITS else {name: _shrunk(each, _PER_LOG.get(scale, 1.0)) for name, each in PRIORS.items()}
    )


def _learns(prior: PriorSet) -> PriorSet:
    if isinstance(prior.between, Fixed):
        raise EvidenceError(
            f"prior {prior.name!r} takes the spread between studies as known ({prior.between.value:g}), so that "
            "nothing could be learnt of it; give a distribution (for one effect common to all see the table of methods)"
        )
    return prior


def _shrunk(prior: PriorSet, factor: float) -> PriorSet:
    between = prior.between
    if factor == 1 or not isinstance(between, HalfNormal | HalfCauchy):
        return prior
    return replace(
        prior,
        mean=NormalPrior(deviation=prior.mean.deviation * factor),
        between=type(between)(scale=between.scale * factor),
        reason=f"{prior.reason} (stated for the log of a ratio; here {factor:.2f} times as wide)",
    )


def before_any_study(prior: PriorSet) -> NormalMixture | None:
    """Give what a prior expects of one programme before any study is read; None where it is flat."""
    if prior.mean.is_flat or not prior.between.is_proper:
        return None
    return prior_predictive(prior).effect


def slope_prior(prior: PriorSet, spread: float) -> NormalPrior:
    """Give the prior of a coefficient whose column has a standard deviation `spread` over the studies."""
    return NormalPrior(deviation=_SLOPE * prior.mean.deviation / spread)
