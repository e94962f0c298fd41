"""Priors by name, each with its reason and source, to and from a table of a study file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from evalkit.draws import is_number
from evalkit.errors import EvidenceError, nearest
from evalkit.hierarchy.between import (
    BetweenPrior,
    Exponential,
    Fixed,
    Flat,
    HalfCauchy,
    HalfNormal,
    NormalPrior,
    Uniform,
)

__all__ = ["PRIORS", "PriorSet", "named_prior", "prior_set_from_mapping"]

_SHAPES: Mapping[str, tuple[type, str]] = MappingProxyType(
    {
        "half-normal": (HalfNormal, "scale"),
        "half-cauchy": (HalfCauchy, "scale"),
        "exponential": (Exponential, "scale"),
        "uniform": (Uniform, "upper"),
        "fixed": (Fixed, "value"),
        "flat": (Flat, ""),
    }
)


@dataclass(frozen=True, kw_only=True)
class PriorSet:
    """What is believed of programmes before their data are seen, on the scale of the log of the rate ratio.

    Attributes
    ----------
    name : by which it is asked for
    mean : of the mean effect; negative is less crime
    between : of the standard deviation between sites
    reason : why one may believe it
    source : where the reason comes from
    """

    name: str
    mean: NormalPrior
    between: BetweenPrior
    reason: str = ""
    source: str = ""

    def to_mapping(self) -> dict[str, Any]:
        """Give it as a table of a study file; `prior_set_from_mapping` reads it."""
        shape, key = next((shape, key) for shape, (kind, key) in _SHAPES.items() if isinstance(self.between, kind))
        between: dict[str, Any] = {"shape": shape}
        if key:
            between[key] = getattr(self.between, key)
        mean: Any = "flat" if self.mean.is_flat else {"mean": self.mean.mean, "deviation": self.mean.deviation}
        out = {"name": self.name, "mean": mean, "between": between, "reason": self.reason, "source": self.source}
        return {key: value for key, value in out.items() if value}


def _named(name: str, deviation: float, between: BetweenPrior, reason: str, source: str) -> tuple[str, PriorSet]:
    mean = NormalPrior(deviation=deviation)
    return name, PriorSet(name=name, mean=mean, between=between, reason=reason, source=source)


PRIORS: Mapping[str, PriorSet] = MappingProxyType(
    dict(
        [
            _named(
                "weakly informative",
                0.5,
                HalfNormal(scale=0.3),
                "the mean effect lies between -62 % and +166 %; half of all deviations between sites are below 0.2, "
                "with which 95 % of sites lie within a factor of 1.5 of the mean",
                "Röver and others 2021, doi:10.1002/jrsm.1475: half-normal, of a scale that leaves large differences "
                "possible and absurd ones rare",
            ),
            _named(
                "sceptical",
                0.15,
                HalfNormal(scale=0.15),
                "most programmes change little: the mean effect lies between -25 % and +34 %, and a larger one has to "
                "be shown by data",
                "Spiegelhalter, Freedman and Parmar 1994, doi:10.2307/2983527: a sceptical prior is centred at none",
            ),
            _named(
                "wide",
                1.0,
                HalfNormal(scale=0.5),
                "for programmes of very different kinds, or outcomes as odds ratios: sites may differ by a factor of "
                "2.7 and more from their mean",
                "Friede and others 2017, doi:10.1002/jrsm.1217: half-normal of scale 0.5 for log odds ratios",
            ),
            _named(
                "heavy tails",
                0.5,
                HalfCauchy(scale=0.3),
                "a site may be wholly unlike the others; the mean rate ratio of a new site then does not exist",
                "Gelman 2006, doi:10.1214/06-BA117A: a half-Cauchy where few groups should not be forced together",
            ),
        ]
    )
)


def named_prior(name: str) -> PriorSet:
    """Give priors by name."""
    if name not in PRIORS:
        msg = f"no priors {name!r}; {nearest(name, PRIORS)}"
        raise EvidenceError(msg)
    return PRIORS[name]


def prior_set_from_mapping(given: str | Mapping[str, Any]) -> PriorSet:
    """Read priors: a name, or a table with `mean` and `between`.

    Such as `mean = {deviation = 0.5}` and `between = {shape = "half-normal", scale = 0.3}`;
    `mean = "flat"` favours no mean effect. Unknown keys are errors.

    >>> prior_set_from_mapping("sceptical").mean.deviation
    0.15
    """
    if isinstance(given, str):
        return named_prior(given)
    _known(given, ("name", "mean", "between", "reason", "source"), "priors", needed=("mean", "between"))
    return PriorSet(
        name=str(given.get("name", "own")),
        mean=_mean(given["mean"]),
        between=_between(given["between"]),
        reason=str(given.get("reason", "")),
        source=str(given.get("source", "")),
    )


def _mean(given: Any) -> NormalPrior:
    if given == "flat":
        return NormalPrior(deviation=math.inf)
    _known(given, ("mean", "deviation"), "the prior of the mean", needed=("deviation",))
    values = {key: _number(value, f"{key} of the prior of the mean") for key, value in given.items()}
    return NormalPrior(**values)


def _between(given: Any) -> BetweenPrior:
    keys = ("shape", *sorted({key for _, key in _SHAPES.values() if key}))
    _known(given, keys, "the prior of the deviation between sites", needed=("shape",))
    shape = given["shape"]
    if shape not in _SHAPES:
        msg = f"no shape {shape!r} of the prior of the deviation between sites; {nearest(shape, _SHAPES)}"
        raise EvidenceError(msg)
    kind, key = _SHAPES[shape]
    if set(given) - {"shape"} != ({key} if key else set()):
        others = ", ".join(sorted(set(given) - {"shape"})) or "nothing"
        msg = f"a {shape} prior needs {key or 'nothing else'}; there is {others}"
        raise EvidenceError(msg)
    made = kind(**({key: _number(given[key], f"{key} of a {shape} prior")} if key else {}))
    if not isinstance(made, BetweenPrior):
        msg = f"{shape} is no prior of a deviation"
        raise EvidenceError(msg)
    return made


def _known(given: Any, keys: tuple[str, ...], what: str, *, needed: tuple[str, ...]) -> None:
    if not isinstance(given, Mapping):
        msg = f"{what} is a table with {', '.join(keys)}; there is {given!r}"
        raise EvidenceError(msg)
    for key in given:
        if key not in keys:
            msg = f"no key {key!r} of {what}; {nearest(key, keys)}"
            raise EvidenceError(msg)
    missing = [key for key in needed if key not in given]
    if missing:
        msg = f"{what} needs {', '.join(missing)}; there is {', '.join(map(str, given)) or 'nothing'}"
        raise EvidenceError(msg)


def _number(value: Any, what: str) -> float:
    if not is_number(value):
        msg = f"{what} is a finite number; there is {value!r}"
        raise EvidenceError(msg)
    return float(value)
