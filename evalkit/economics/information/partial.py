"""What it is worth to know one input, or a set of them, before deciding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.information.perfect import (
    expected_value_of_perfect_information,
    options_of,
    value_of_deciding,
)
from evalkit.economics.information.smooth import Smoother, smoother
from evalkit.errors import CostError

__all__ = [
    "INDISTINGUISHABLE",
    "PartialInformation",
    "expected_given",
    "expected_value_of_partial_information",
    "thinned",
]

INDISTINGUISHABLE = "not distinguishable from 0"

# A curve of a dozen knots is settled long before; more rows only cost time.
MOST_ROWS = 10_000
# Many inputs are looked at in one table: one in a hundred that has no part in the result may pass for one that has.
_FLOOR = 0.99
# Cells of permuted net benefit that are held at once.
_BATCH = 1_000_000
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class PartialInformation:
    """What it is worth to know some inputs before deciding (EVPPI), in the currency of the net benefit.

    Attributes
    ----------
    name : of the input, or of the set
    value : zero or more, and never above the value of perfect information
    noise_floor : what an input that has nothing to do with the result would reach by chance in 99 of 100 cases,
        found by permuting the rows of this one
    is_distinguishable : is `value` above the noise floor?
    """

    name: str
    value: float
    noise_floor: float
    is_distinguishable: bool

    @property
    def words(self) -> str:
        """The value, or that it cannot be told from nothing."""
        return f"{self.value:,.6g}" if self.is_distinguishable else INDISTINGUISHABLE


def expected_value_of_partial_information(
    net_benefit: FloatArray,
    inputs: FloatArray,
    *,
    name: str = "",
    rng: np.random.Generator | None = None,
    permutations: int = 100,
) -> PartialInformation:
    """Give what it is worth to know some inputs before deciding, by regression on draws.

    E[max over options of E(net benefit | inputs)] less the option that is best on average (Strong, Oakley and
    Brennan 2014, doi:10.1177/0272989X13505910). The curve is fitted without the draw that it speaks of, and its
    spread is set to what these left-out draws confirm, so that a curve which follows noise is worth nothing.

    Parameters
    ----------
    net_benefit : shape (draws,) against doing without the measure, or (draws, options)
    inputs : draws of one input, shape (draws,), or of a set, shape (draws, inputs); rows go with net benefit
    rng : of the permutations; by default a fixed one
    permutations : of the input's rows, for the noise floor

    Raises
    ------
    CostError
        Draws that are not finite, or of which there are not as many as of net benefit.
    """
    options, known = _together(net_benefit, inputs, name)
    most = expected_value_of_perfect_information(net_benefit)
    curve = smoother(known)
    if curve is None or most == 0:
        return PartialInformation(name=name, value=0.0, noise_floor=0.0, is_distinguishable=False)
    value = min(value_of_deciding(_expected(options, curve)), most)
    floor = _noise_floor(options, curve, rng or np.random.default_rng(0), permutations)
    least = max(floor, _ROUNDING * float(np.abs(options).max()))
    return PartialInformation(name=name, value=value, noise_floor=floor, is_distinguishable=value > least)


def expected_given(net_benefit: FloatArray, inputs: FloatArray, *, name: str = "") -> FloatArray:
    """Give net benefit as it is expected where the inputs are known, shape (draws used, options).

    One column is best; its net benefit stands as 0 and the others are held against it.
    """
    options, known = _together(net_benefit, inputs, name)
    curve = smoother(known)
    if curve is None:
        return np.zeros_like(options) + (options.mean(axis=0) - options.mean(axis=0).max())
    return _expected(options, curve)


def thinned(draws: FloatArray) -> FloatArray:
    """Give evenly spaced rows where there are more than a regression needs."""
    every = math.ceil(len(draws) / MOST_ROWS)
    return draws[::every]


def _together(net_benefit: FloatArray, inputs: FloatArray, name: str) -> tuple[FloatArray, FloatArray]:
    options, known = options_of(net_benefit), np.asarray(inputs, float)
    if known.ndim not in {1, 2} or len(known) != len(options):
        raise CostError(
            f"the input {name!r} has one draw, or one row, for each draw of net benefit, of which there are "
            f"{len(options)}; there is {known.shape}"
        )
    return thinned(options), thinned(known)


def _expected(options: FloatArray, curve: Smoother) -> FloatArray:
    best = int(np.argmax(options.mean(axis=0)))
    return _confirmed(options - options[:, [best]], curve)


def _confirmed(differences: FloatArray, curve: Smoother) -> FloatArray:
    """Give what is expected of each column, with the spread that draws which the fit left out confirm."""
    middle = differences.mean(axis=0)
    told = curve.predictions(differences)
    told -= told.mean(axis=0)
    confirmed = np.mean((differences - middle) * told, axis=0)
    spread = np.mean(told**2, axis=0)
    ratio = np.divide(confirmed, spread, out=np.zeros_like(spread), where=(spread > 0) & (confirmed > 0))
    told *= np.sqrt(ratio)
    told += middle
    return told


def _noise_floor(options: FloatArray, curve: Smoother, rng: np.random.Generator, permutations: int) -> float:
    """Give what permuted rows reach; permuting net benefit against the input is the same as the input against it."""
    rows, number = options.shape
    best = int(np.argmax(options.mean(axis=0)))
    others = np.delete(options - options[:, [best]], best, axis=1)
    if not others.shape[1]:
        return 0.0
    reached: list[FloatArray] = []
    size = max(1, _BATCH // (rows * number))
    for start in range(0, permutations, size):
        count = min(size, permutations - start)
        order = rng.permuted(np.tile(np.arange(rows), (count, 1)), axis=1).T
        told = _confirmed(others[order].reshape(rows, -1), curve).reshape(rows, count, -1)
        # the best option stands at 0, and so does what is gained by choosing it once for all
        reached.append(np.clip(told.max(axis=2), 0, None).mean(axis=0))
    return float(np.quantile(np.concatenate(reached), _FLOOR, method="hazen"))
