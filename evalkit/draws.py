"""Draws, the one currency: how distributions become draws, and how draws are read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, Self, TypeGuard

import numpy as np

from evalkit.errors import DomainError, nearest
from evalkit.quantiles import quantiles

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "DEFAULT_DRAWS",
    "Distribution",
    "FloatArray",
    "Interval",
    "Quantity",
    "bounded_interval",
    "couple",
    "interval",
    "is_number",
    "middle_and_interval",
    "settled_mean",
    "spread",
    "spread_jointly",
    "spread_parts",
]

type FloatArray = NDArray[np.float64]

# 4,000 mid-quantiles put the 95 % limits of a normal within 5e-6 standard errors of the exact ones,
# and a probability within 0.00025; more only costs memory.
DEFAULT_DRAWS = 4000

# After some twenty sweeps no draw of a combination changes its rank any more.
_SWEEPS = 30
# Share of the largest variance that is none but for rounding.
_ROUNDING = 1e-13


class Distribution(Protocol):
    """Anything with a quantile function, such as a frozen distribution of scipy.stats."""

    def ppf(self, q: Any, /) -> Any:
        """Give the quantiles at probabilities `q`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An equal-tailed interval and the level it holds, from one call so that they cannot part.

    Attributes
    ----------
    level : share of the distribution between the ends, such as 0.95
    lower, upper : the ends, in the unit of what was drawn
    """

    level: float
    lower: float
    upper: float

    def excludes(self, value: float) -> bool:
        """Is `value` outside?"""
        return not self.lower <= value <= self.upper


def interval(draws: ArrayLike, level: float = 0.95) -> Interval:
    """Give the equal-tailed interval that holds `level` of the draws.

    Quantiles are read between mid-ranks (Hazen 1914), the inverse of how `spread` lays draws, so that
    classical limits come back as they went in.

    Parameters
    ----------
    draws : array, shape (draws,)
    level : float
        Between 0 and 1, exclusive.
    """
    lower, upper = quantiles(draws, _ends(level))
    return Interval(level=level, lower=lower, upper=upper)


def middle_and_interval(draws: ArrayLike, level: float = 0.95) -> tuple[float, Interval]:
    """Give the median with the interval, from one look at the draws.

    >>> middle_and_interval([1, 2, 3, 4, 5], 0.6)
    (3.0, Interval(level=0.6, lower=1.5, upper=4.5))
    """
    lower, upper, middle = quantiles(draws, _ends(level), median=True)
    return middle, Interval(level=level, lower=lower, upper=upper)


def _ends(level: float) -> tuple[float, float]:
    if not 0 < level < 1:
        msg = f"the level of an interval lies between 0 and 1, such as 0.95; there is {level}"
        raise DomainError(msg)
    tail = (1 - level) / 2
    return tail, 1 - tail


def bounded_interval(draws: ArrayLike, level: float = 0.95) -> tuple[float, Interval] | None:
    """Give the median and the interval of draws of which some are infinite; None where one of the three is.

    >>> bounded_interval([1, 2, 3, 4, 5, 6, 7, np.inf], 0.5)
    (4.5, Interval(level=0.5, lower=2.5, upper=6.5))
    """
    middle, ends = middle_and_interval(draws, level)
    # between two infinite draws there is no number, which is said by None
    return (middle, ends) if all(map(math.isfinite, (middle, ends.lower, ends.upper))) else None


def settled_mean(draws: ArrayLike) -> float | None:
    """Give the mean of draws, or None where a few extreme draws decide it.

    The exponential of a t distribution has no mean: what an average of its draws shows is how far the last
    draw lies out. A mean that is more than half an interquartile range from the median is taken for such.
    A normal passes, a lognormal up to a standard deviation of the log of 1, where the mean is 1.6 times
    the median.

    Parameters
    ----------
    draws : array, shape (draws,)

    >>> settled_mean([1.0, 2.0, 3.0, 4.0]), settled_mean([1.0, 2.0, 3.0, 1e9])
    (2.5, None)
    """
    array = np.asarray(draws, float)
    lower, middle, upper = quantiles(array, (0.25, 0.5, 0.75))
    mean = float(array.mean())
    if upper == lower:  # most draws are one number, such as none of a rare event: the rest is bounded, not extreme
        return mean
    # rounding must not part the mean of equal draws from themselves
    return mean if abs(mean - middle) <= (upper - lower) / 2 + 1e-9 * abs(middle) else None


def spread(distribution: Distribution, draws: int, rng: np.random.Generator) -> FloatArray:
    """Spread a distribution over its mid-quantiles, in random order: a Latin hypercube sample.

    Shape (draws,). The margins are the distribution's own to within the grid, so an interval read from
    the draws is the classical interval (McKay, Beckman and Conover 1979, doi:10.1080/00401706.1979.10489755).
    """
    grid = (np.arange(draws) + 0.5) / draws
    return rng.permutation(np.asarray(distribution.ppf(grid), float))


def spread_jointly(
    mean: ArrayLike, covariance: ArrayLike, combinations: ArrayLike, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Spread a joint normal so that each of the given linear combinations is spread over its quantiles.

    A plain sample of a joint normal gives every sum a sampling error of its own. Here rows stay together
    (a sum of columns is the draw of the sum) and the sorted draws of every combination are moved, in
    turn, onto that combination's own mid-quantiles. The last combination ends exactly there; as a finite
    cloud of points cannot serve all directions at once, limits of the others stay within 0.3 % of a
    standard error at 4,000 draws (a plain sample: 4 %).

    Parameters
    ----------
    mean : shape (k,)
    covariance : shape (k, k)
        May be singular.
    combinations : shape (m, k)
        The combinations that will be reported, such as [[1, 0], [0, 1], [1, 1]]; the one that matters
        most comes last.

    Returns
    -------
    array, shape (draws, k)
    """
    from scipy.special import ndtri

    centre, spread_of, wanted = (np.asarray(a, float) for a in (mean, covariance, combinations))
    values, vectors = np.linalg.eigh(spread_of)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    grid = ndtri((np.arange(draws) + 0.5) / draws)
    standard = np.column_stack([rng.permutation(grid) for _ in centre])
    # in standard coordinates a combination is a direction: move along it only
    directions = wanted @ root
    lengths = np.linalg.norm(directions, axis=1)
    directions = directions[lengths > 0] / lengths[lengths > 0, None]
    for _ in range(_SWEEPS):
        for direction in directions:
            along = standard @ direction
            target = np.empty(draws)
            target[np.argsort(along, kind="stable")] = grid
            standard += np.outer(target - along, direction)
    return np.asarray(centre + standard @ root.T)


def spread_parts(
    headline: FloatArray, mean: ArrayLike, covariance: ArrayLike, weights: ArrayLike, rng: np.random.Generator
) -> FloatArray:
    """Draw the parts of a weighted sum so that every row adds up to the draw of the sum that is given.

    The sum keeps the draws that it has, whatever they are spread over (a t distribution, a confidence
    distribution); its parts follow the joint normal with that covariance, given the sum.

    Parameters
    ----------
    headline : draws of the weighted sum, shape (draws,), around `weights @ mean`
    mean, covariance : of the parts, shapes (k,) and (k, k); the covariance may be singular
    weights : shape (k,)

    Returns
    -------
    array, shape (draws, k); `rows @ weights` is `headline`

    >>> parts = spread_parts(np.array([1.0, 3.0]), [1, 1], np.eye(2), [1, 1], np.random.default_rng(1))
    >>> [round(float(total), 9) for total in parts.sum(axis=1)]
    [1.0, 3.0]
    """
    centre, spread_of, shares = (np.asarray(a, float) for a in (mean, covariance, weights))
    loading = spread_of @ shares
    variance = float(shares @ loading)
    if variance > 0:
        gain = loading / variance
    elif shares.any():  # a sum that is known exactly: its draws can only be shared out by weight
        gain = shares / float(shares @ shares)
    else:
        msg = "a weighted sum has at least one weight that is not zero; there is none"
        raise DomainError(msg)
    values, vectors = np.linalg.eigh(spread_of - variance * np.outer(gain, gain) if variance > 0 else spread_of)
    # what rounding leaves where parts determine one another would come out as the root of it
    root = vectors * np.sqrt(np.where(values > _ROUNDING * np.abs(values).max(), values, 0))
    rest = rng.standard_normal((len(headline), len(centre))) @ root.T
    rest -= np.outer(rest @ shares, gain)  # rounding of the root must not reach the sum
    return np.asarray(centre + np.outer(headline - shares @ centre, gain) + rest)


def couple(samples: Sequence[FloatArray], correlation: ArrayLike, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Give row orders that make separately drawn samples correlate as wanted; margins stay exact.

    Iman and Conover 1982, doi:10.1080/03610918208812265: only the order of the rows changes.

    Parameters
    ----------
    samples : k arrays, each shape (draws,)
    correlation : shape (k, k)

    Returns
    -------
    k index arrays, each shape (draws,); `samples[j][orders[j]]` go together row by row.
    """
    from scipy.special import ndtri

    wanted = np.asarray(correlation, float)
    draws = len(samples[0])
    grid = ndtri((np.arange(draws) + 0.5) / draws)
    scores = np.column_stack([rng.permutation(grid) for _ in samples])
    # remove the chance correlation of the permutations first, then put in the one that is wanted
    scores = scores @ np.linalg.inv(np.linalg.cholesky(np.corrcoef(scores, rowvar=False).reshape(wanted.shape))).T
    values, vectors = np.linalg.eigh(wanted)
    scores = scores @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    orders = []
    for sample, score in zip(samples, scores.T, strict=True):
        order = np.empty(draws, dtype=np.intp)
        order[np.argsort(score, kind="stable")] = np.argsort(sample, kind="stable")
        orders.append(order)
    return orders


type Shape = Literal["fixed", "normal", "lognormal", "gamma", "uniform", "triangular"]

_WANTED: dict[str, tuple[str, ...]] = {
    "fixed": ("value",),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
    "gamma": ("mean", "sd"),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
}


# Beyond it no number of draws has a mean, and the distribution itself cannot be reckoned.
_WILDEST = 1e4


def is_number(value: object) -> TypeGuard[float]:
    """Is it a finite number, of Python or of numpy, and not a truth value?"""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number that may be uncertain: an amount, a multiplier, a rate of decay.

    Attributes
    ----------
    shape : which distribution; "fixed" is a plain number
    parameters : its parameters by name, in the natural unit: `mean` and `sd` are those of the quantity
        itself, also for "lognormal" and "gamma".
    """

    shape: Shape
    parameters: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.shape not in _WANTED:
            msg = f"no distribution {self.shape!r}; {nearest(self.shape, _WANTED)}"
            raise DomainError(msg)
        wanted = _WANTED[self.shape]
        if set(self.parameters) != set(wanted):
            msg = (
                f"a {self.shape} quantity needs {', '.join(wanted)}; there is {', '.join(self.parameters) or 'nothing'}"
            )
            raise DomainError(msg)
        for name, value in self.parameters.items():
            if not is_number(value):
                msg = f"{name} of a {self.shape} quantity is a finite number; there is {value!r}"
                raise DomainError(msg)
        self._check_order()

    def _check_order(self) -> None:
        p = self.parameters
        if "sd" in p and p["sd"] < 0:
            msg = f"sd of a {self.shape} quantity is zero or more; there is {p['sd']:g}"
            raise DomainError(msg)
        if self.shape in {"lognormal", "gamma"} and p["mean"] <= 0:
            msg = f"mean of a {self.shape} quantity is above zero; there is {p['mean']:g}"
            raise DomainError(msg)
        if self.shape in {"lognormal", "gamma"} and p["sd"] > _WILDEST * p["mean"]:
            msg = (
                f"sd of a {self.shape} quantity is at most {_WILDEST:g} times its mean; "
                f"there is mean {p['mean']:g}, sd {p['sd']:g}"
            )
            raise DomainError(msg)
        if "low" in p and not p["low"] <= p.get("mode", p["low"]) <= p["high"]:
            msg = (
                f"a {self.shape} quantity needs low <= {'mode <= ' if 'mode' in p else ''}high; there is "
                + ", ".join(f"{name} {value:g}" for name, value in p.items())
            )
            raise DomainError(msg)

    @classmethod
    def of(cls, value: float | Mapping[str, Any] | Quantity) -> Self | Quantity:
        """Read a number, or a mapping such as `{mean = 100, sd = 10}` or `{low = 1, mode = 2, high = 4}`.

        Without `shape`, `mean` and `sd` are read as lognormal (an amount of money is not negative),
        `low`, `mode` and `high` as triangular, `low` and `high` as uniform.
        """
        if isinstance(value, Quantity):
            return value
        if isinstance(value, Mapping):
            parameters = {str(key): item for key, item in value.items() if key != "shape"}
            by_keys = {frozenset(keys): shape for shape, keys in reversed(_WANTED.items()) if shape != "normal"}
            by_keys[frozenset(("mean", "sd"))] = "lognormal"
            shape = value.get("shape") or by_keys.get(frozenset(parameters))
            if shape is None:
                msg = (
                    "a distribution is given as {mean, sd}, {low, high} or {low, mode, high}; "
                    f"there is {{{', '.join(parameters)}}}"
                )
                raise DomainError(msg)
            return cls(shape=shape, parameters=parameters)  # type: ignore[arg-type]  # refused below if unknown
        if not is_number(value):
            msg = f"an amount is a number or a distribution such as {{mean = 100, sd = 10}}; there is {value!r}"
            raise DomainError(msg)
        return cls(shape="fixed", parameters={"value": float(value)})

    @property
    def mean(self) -> float:
        """The expected value."""
        p = self.parameters
        if "value" in p:
            return float(p["value"])
        if "mean" in p:
            return float(p["mean"])
        points = [p["low"], p["high"], *([p["mode"]] if "mode" in p else [])]
        return float(sum(points) / len(points))

    @property
    def is_certain(self) -> bool:
        """Is it one number, known?"""
        p = self.parameters
        return self.shape == "fixed" or p.get("sd") == 0 or ("low" in p and p["low"] == p["high"])

    def draw(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Draw it, shape (draws,), by `spread`; a certain quantity is repeated."""
        if self.is_certain:
            return np.full(draws, self.mean)
        return spread(self._distribution(), draws, rng)

    def _distribution(self) -> Distribution:
        p = self.parameters
        if self.shape == "normal":
            return _Normal(p["mean"], p["sd"])
        if self.shape == "lognormal":
            sigma = math.sqrt(math.log1p((p["sd"] / p["mean"]) ** 2))
            return _Lognormal(sigma, scale=p["mean"] / math.exp(sigma**2 / 2))
        if self.shape == "gamma":
            return _Gamma((p["mean"] / p["sd"]) ** 2, scale=p["sd"] ** 2 / p["mean"])
        if self.shape == "uniform":
            return _Uniform(p["low"], p["high"])
        return _Triangular(p["low"], p["mode"], p["high"])

    def describe(self) -> str:
        """Say it in words, for a table of assumptions.

        >>> Quantity.of({"low": 2_000_000, "mode": 4_000_000.5, "high": 1e7}).describe()
        'between 2,000,000 and 10,000,000, most likely 4,000,000 (triangular)'
        """
        p = {name: _written(value) for name, value in self.parameters.items()}
        if self.is_certain:
            return _written(self.mean)
        if "sd" in p:
            return f"{p['mean']} (standard deviation {p['sd']}, {self.shape})"
        middle = f", most likely {p['mode']}" if "mode" in p else ""
        return f"between {p['low']} and {p['high']}{middle} ({self.shape})"


def _written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


# The quantiles of scipy.stats, from the functions that it takes them from: to import it takes longer than all the
# rest of an appraisal.


class _Normal(NamedTuple):
    mean: float
    sd: float

    def ppf(self, q: Any) -> Any:
        from scipy.special import ndtri

        return ndtri(q) * self.sd + self.mean


class _Lognormal(NamedTuple):
    sigma: float
    scale: float

    def ppf(self, q: Any) -> Any:
        from scipy.special import ndtri

        return np.exp(self.sigma * ndtri(q)) * self.scale


class _Gamma(NamedTuple):
    shape: float
    scale: float

    def ppf(self, q: Any) -> Any:
        from scipy.special import gammaincinv

        return gammaincinv(self.shape, q) * self.scale


class _Uniform(NamedTuple):
    low: float
    high: float

    def ppf(self, q: Any) -> Any:
        return q * (self.high - self.low) + self.low


class _Triangular(NamedTuple):
    low: float
    mode: float
    high: float

    def ppf(self, q: Any) -> Any:
        width = self.high - self.low
        turn = (self.mode - self.low) / width
        rising, falling = np.sqrt(turn * q), 1 - np.sqrt((1 - turn) * (1 - q))
        return np.where(q < turn, rising, falling) * width + self.low
