"""Priors: what is believed of a mean, and of how far sites differ, before their data are seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from evalkit.errors import EvidenceError

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["BetweenPrior", "Exponential", "Fixed", "Flat", "HalfCauchy", "HalfNormal", "NormalPrior", "Uniform"]


@dataclass(frozen=True, kw_only=True)
class NormalPrior:
    """What is believed of a mean or a coefficient: normal, or flat where the deviation is infinite.

    Attributes
    ----------
    mean : centre, on the scale of the effects (a log rate ratio: 0 is no change, a negative one a fall)
    deviation : standard deviation, same scale, above zero; `math.inf` for a flat (improper) prior

    >>> NormalPrior(deviation=0.5)
    NormalPrior(mean=0.0, deviation=0.5)
    """

    mean: float = 0.0
    deviation: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean):
            msg = f"the mean of a prior is a finite number; there is {self.mean}"
            raise EvidenceError(msg)
        _above_zero("the deviation of a normal prior", self.deviation, infinite=True)

    @property
    def is_flat(self) -> bool:
        """Does it favour no value at all?"""
        return math.isinf(self.deviation)


@runtime_checkable
class BetweenPrior(Protocol):
    """What is believed of the standard deviation between sites: a density on zero and above."""

    @property
    def upper(self) -> float:
        """Give the largest value that is possible, `math.inf` where there is none."""
        ...

    @property
    def scale(self) -> float:
        """Give the size of a usual value, `math.inf` where the prior has none."""
        ...

    @property
    def is_proper(self) -> bool:
        """Does the density integrate to 1?"""
        ...

    @property
    def tail(self) -> float:
        """Give the power of 1 / deviation by which the density falls far out, `math.inf` where it falls faster."""
        ...

    @property
    def decay(self) -> float:
        """Give c where the density falls as exp(-c deviation**2) far out: 0 where slower, `math.inf` where it ends.

        The mean of exp of an effect rises as exp of half its variance, so that it exists where c is large enough.
        """
        ...

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        """Give the log of the density at deviations of zero or more, same shape."""
        ...


@dataclass(frozen=True, kw_only=True)
class HalfNormal:
    """Absolute value of a normal: small deviations are likeliest, ones above 2 `scale` are rare (5 %)."""

    scale: float

    upper = math.inf
    is_proper = True
    tail = math.inf

    @property
    def decay(self) -> float:
        """Give 1 / (2 scale**2)."""
        return 0.5 / self.scale**2

    def __post_init__(self) -> None:
        _above_zero("the scale of a half-normal prior", self.scale)

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        """Give the log density, same shape as `deviation`."""
        standard = np.asarray(deviation, float) / self.scale
        return np.asarray(0.5 * math.log(2 / math.pi) - math.log(self.scale) - 0.5 * standard**2)


@dataclass(frozen=True, kw_only=True)
class HalfCauchy:
    """Absolute value of a Cauchy: half of its mass lies above `scale`, and its tail is so heavy that it has no mean."""

    scale: float

    upper = math.inf
    is_proper = True
    tail = 2.0
    decay = 0.0

    def __post_init__(self) -> None:
        _above_zero("the scale of a half-Cauchy prior", self.scale)

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        """Give the log density, same shape as `deviation`."""
        standard = np.asarray(deviation, float) / self.scale
        return np.asarray(math.log(2 / math.pi) - math.log(self.scale) - np.log1p(standard**2))


@dataclass(frozen=True, kw_only=True)
class Exponential:
    """Falls off from zero with mean `scale`."""

    scale: float

    upper = math.inf
    is_proper = True
    tail = math.inf
    decay = 0.0

    def __post_init__(self) -> None:
        _above_zero("the scale of an exponential prior", self.scale)

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        """Give the log density, same shape as `deviation`."""
        return np.asarray(-math.log(self.scale) - np.asarray(deviation, float) / self.scale)


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """Every deviation up to `upper` is as likely as another, and none above is possible."""

    upper: float

    is_proper = True
    tail = math.inf
    decay = math.inf

    def __post_init__(self) -> None:
        _above_zero("the upper end of a uniform prior", self.upper)

    @property
    def scale(self) -> float:
        """Give half the upper end."""
        return self.upper / 2

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        """Give the log density, same shape as `deviation`."""
        inside = np.asarray(deviation, float) <= self.upper
        return np.where(inside, -math.log(self.upper), -np.inf)


@dataclass(frozen=True, kw_only=True)
class Flat:
    """Every deviation is as likely as another: improper, so that it needs three sites at least, and has no evidence."""

    upper = math.inf
    scale = math.inf
    is_proper = False
    tail = 0.0
    decay = 0.0

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        """Give zero everywhere, same shape as `deviation`."""
        return np.zeros(np.shape(deviation))


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """The deviation is known: 0 pools all sites into one effect; a large one pools nothing."""

    value: float

    is_proper = True
    tail = math.inf
    decay = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.value < math.inf:
            msg = f"a fixed deviation between sites is zero or more and finite; there is {self.value}"
            raise EvidenceError(msg)

    @property
    def upper(self) -> float:
        """Give the value."""
        return self.value

    @property
    def scale(self) -> float:
        """Give the value."""
        return self.value

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        """Give 0 at the value, and minus infinity elsewhere."""
        return np.where(np.asarray(deviation, float) == self.value, 0.0, -np.inf)


def _above_zero(what: str, value: float, *, infinite: bool = False) -> None:
    if not value > 0 or (math.isinf(value) and not infinite):
        msg = f"{what} is above zero{'' if infinite else ' and finite'}; there is {value}"
        raise EvidenceError(msg)
