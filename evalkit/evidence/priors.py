"""What is believed before any study is read: named priors, on the scale of a ratio, and what they say in percent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from evalkit.draws import is_number
from evalkit.errors import EvidenceError, nearest
from evalkit.evidence.effect_size import SCALE_NAMES, Scale
from evalkit.hierarchy import (
    BetweenPrior,
    Exponential,
    Fixed,
    Flat,
    HalfCauchy,
    HalfNormal,
    NormalMixture,
    NormalPrior,
    Uniform,
)

__all__ = ["PRIORS", "EvidencePrior", "named_prior", "prior_from_mapping"]

# A log odds of 1 is 0.55 standard deviations (pi / sqrt(3) the other way round), and at most a quarter of a risk.
_PER_LOG = {"standardised_mean_difference": math.sqrt(3) / math.pi, "risk_difference": 0.25}
_IN_UNITS = frozenset({"rate_difference", "mean_difference"})
# Half-widths of what a prior says are read from this many nodes over the deviation between studies.
_NODES = 400
_BETWEEN: Mapping[str, Callable[[float], BetweenPrior]] = {
    "half-normal": lambda size: HalfNormal(scale=size),
    "half-cauchy": lambda size: HalfCauchy(scale=size),
    "exponential": lambda size: Exponential(scale=size),
    "uniform": lambda size: Uniform(upper=size),
}
_KEYS = ("mean", "deviation", "between", "between_scale")


@dataclass(frozen=True, kw_only=True)
class EvidencePrior:
    """What is believed of the mean of all programmes, and of how far single ones lie from it.

    Attributes
    ----------
    name : by which study files ask for it; "own" for one that was written out
    mean : of the mean effect, on the scale of the effects; negative is less harm
    between : of the standard deviation of true effects between studies, same scale
    says : in words, where it comes from and for whom it is
    """

    name: str
    mean: NormalPrior
    between: BetweenPrior
    says: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.between, Fixed):
            raise EvidenceError(
                f"prior {self.name!r} takes the spread between studies as known ({self.between.value:g}), so that "
                "nothing could be learnt of it; give a distribution (for one effect common to all see the table of "
                "methods)"
            )

    @property
    def is_proper(self) -> bool:
        """Does it say anything before data are seen, so that it can be asked what?"""
        return not self.mean.is_flat and self.between.is_proper

    def new_study(self) -> NormalMixture | None:
        """Give what it expects of one programme before any study is read; None where it is flat."""
        if not self.is_proper:
            return None
        share = (np.arange(_NODES) + 0.5) / _NODES
        ends, size = self.between.upper, self.between.scale
        between = ends * share if math.isfinite(ends) else size * share / (1 - share)
        width = np.ones(_NODES) if math.isfinite(ends) else (1 - share) ** -2
        weights = np.exp(self.between.log_density(between)) * width
        return NormalMixture(
            weights=weights / weights.sum(),
            means=np.full(len(between), self.mean.mean),
            deviations=np.sqrt(self.mean.deviation**2 + between**2),
        )

    def slope(self, spread: float) -> NormalPrior:
        """Give the prior of a coefficient whose column has a standard deviation `spread` over the studies.

        A moderator that is one deviation higher changes the log ratio by 0.3 or less in two of three cases; other
        scales in proportion to the prior of the mean.
        """
        return NormalPrior(deviation=0.6 * self.mean.deviation / spread)


def _log_prior(name: str, deviation: float, between: float, says: str) -> EvidencePrior:
    return EvidencePrior(name=name, mean=NormalPrior(deviation=deviation), between=HalfNormal(scale=between), says=says)


PRIORS: Mapping[str, EvidencePrior] = MappingProxyType(
    {
        each.name: each
        for each in (
            _log_prior(
                "default", 0.5, 0.3,
                "no direction is favoured, halving or doubling of crime is unusual, and programmes of one kind mostly "
                "lie within a factor of 1.5 of their mean",
            ),
            _log_prior(
                "sceptical", 0.2, 0.15,
                "most programmes change little: a change of a third is already unusual, and programmes of one kind "
                "do much the same",
            ),
            _log_prior(
                "wide", 1.0, 0.5,
                "no direction is favoured, and changes by a factor of seven are possible",
            ),
            EvidencePrior(
                name="flat", mean=NormalPrior(deviation=math.inf), between=Flat(),
                says="every mean and every spread is as likely as another; needs at least four studies",
            ),
        )
    }
)  # fmt: skip


def named_prior(name: str, scale: Scale) -> EvidencePrior:
    """Give a named prior for effects on a scale.

    Priors are stated for logs of ratios. For standardised differences they shrink by sqrt(3) / pi, by which a log odds
    becomes one, and for differences of risks by a quarter, the most that a change of the log odds can move a risk.

    Raises
    ------
    EvidenceError
        There is no such prior; or effects are in units of their own, in which only the flat one is the same for all.
    """
    if name not in PRIORS:
        raise EvidenceError(f"no prior {name!r}; {nearest(name, PRIORS)}")
    prior = PRIORS[name]
    if scale in _IN_UNITS and name != "flat":
        raise EvidenceError(
            f"prior {name!r} is stated for ratios and says nothing of a {SCALE_NAMES[scale]} in units of its own: use "
            "prior 'flat', or write one out with mean, deviation, between and between_scale"
        )
    factor = _PER_LOG.get(scale, 1.0)
    return prior if factor == 1 or name == "flat" else _shrunk(prior, factor)


def _shrunk(prior: EvidencePrior, factor: float) -> EvidencePrior:
    return replace(
        prior,
        mean=NormalPrior(deviation=prior.mean.deviation * factor),
        between=HalfNormal(scale=prior.between.scale * factor),
    )


def prior_from_mapping(mapping: Mapping[str, Any]) -> EvidencePrior:
    """Read a prior that was written out: mean and deviation of a normal, kind and scale of the spread between studies.

    `between` is one of half-normal, half-cauchy, exponential and uniform (up to the scale).

    Raises
    ------
    EvidenceError
        Naming the key at fault.
    """
    for key in mapping:
        if key not in _KEYS:
            raise EvidenceError(f"a prior has no key {key!r}; {nearest(key, _KEYS)}")
    for key in ("deviation", "between_scale"):
        if key not in mapping:
            raise EvidenceError(f"a prior that is written out needs {key!r}, on the scale of the effects")
    numbers = {key: mapping.get(key, 0.0) for key in ("mean", "deviation", "between_scale")}
    for key, value in numbers.items():
        if not is_number(value):
            raise EvidenceError(f"{key} of a prior is a finite number; there is {value!r}")
    kind = mapping.get("between", "half-normal")
    if kind not in _BETWEEN:
        raise EvidenceError(f"no kind {kind!r} of prior for the spread between studies; {nearest(kind, _BETWEEN)}")
    return EvidencePrior(
        name="own",
        mean=NormalPrior(mean=float(numbers["mean"]), deviation=float(numbers["deviation"])),
        between=_BETWEEN[kind](float(numbers["between_scale"])),
        says="written out by the evaluator",
    )
