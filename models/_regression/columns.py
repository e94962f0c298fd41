"""Columns of a regression, of which a block of sites is held at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evalkit.draws import FloatArray

__all__ = [
    "Columns",
    "Indicators",
    "blocks",
    "blocks_of",
    "combine",
    "indicators",
    "part",
    "products",
    "sums",
    "take",
    "totals",
    "totals_by_site",
]

# Numbers held at a time while sites are gone through: 0.25 MB, which stays in a processor's cache.
_BLOCK = 32_768


class Columns(Protocol):
    """An array of shape (sites, periods, k), or what makes its blocks when asked.

    An event study has a column for each time since the start: held, they are some hundred times the data.
    `columns[rows]`, with a slice of sites, is an array of shape (rows, periods, k), not to be written to;
    `columns[:]` is all of it, for where sites are few.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Sites, periods, k."""

    def __getitem__(self, rows: slice, /) -> FloatArray:
        """Give a block of sites."""

    def swapaxes(self, first: int, second: int, /) -> Columns:
        """Give them with sites for periods, 0 and 1 being the only axes that are changed."""


def blocks(columns: Columns) -> Iterator[slice]:
    """Go through the sites of columns in parts that stay in cache."""
    return blocks_of(columns.shape)


def blocks_of(shape: tuple[int, ...]) -> Iterator[slice]:
    """Go through the sites of a shape (sites, periods, k) in parts that stay in cache."""
    sites, periods, k = shape
    step = max(1, _BLOCK // (periods * max(k, 1)))
    return (slice(start, start + step) for start in range(0, sites, step))


def take(columns: Columns, sites: np.ndarray) -> FloatArray:
    """Give the columns of some sites, in order of place, shape (sites, periods, k)."""
    out = np.empty((len(sites), *columns.shape[1:]))
    for rows in blocks(columns):
        own = slice(*np.searchsorted(sites, [rows.start, rows.stop]))
        if own.start < own.stop:
            out[own] = columns[rows][sites[own] - rows.start]
    return out


def combine(columns: Columns, coefficients: FloatArray) -> FloatArray:
    """Give the columns' sum by coefficients, shape (sites, periods)."""
    out = np.empty(columns.shape[:2])
    for rows in blocks(columns):
        out[rows] = part(columns[rows], coefficients)
    return out


def part(block: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Give a block's sum by coefficients; a single column needs no product of matrices, which is slow for it."""
    return block[:, :, 0] * coefficients[0] if len(coefficients) == 1 else block @ coefficients


def totals(columns: Columns, weights: FloatArray) -> FloatArray:
    """Give each column's sum by weights of shape (sites, periods), shape (k,)."""
    out = np.zeros(columns.shape[2])
    for rows in blocks(columns):
        out += np.tensordot(weights[rows], columns[rows], axes=2)
    return out


def sums(block: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give a block's sums by weights of shape (rows, periods): by site (rows, k), and by period (periods, k)."""
    if block.shape[2] == 1:
        weighted = weights * block[:, :, 0]
        return weighted.sum(axis=1)[:, None], weighted.sum(axis=0)[:, None]
    by_period = weights.T[:, None, :] @ block.swapaxes(0, 1)
    return (weights[:, None, :] @ block)[:, 0, :], by_period[:, 0, :]


def products(block: FloatArray, weights: FloatArray) -> FloatArray:
    """Give the sums by weights, zero or more, of products of each two columns of a block, shape (k, k)."""
    k = block.shape[2]
    if k == 1:
        return np.array([[np.vdot(weights * block[:, :, 0], block)]])
    rooted = (np.sqrt(weights)[:, :, None] * block).reshape(-1, k)
    return rooted.T @ rooted  # a matrix by itself takes half the work


def totals_by_site(columns: Columns, weights: FloatArray) -> FloatArray:
    """Give each column's sum in each site by weights of shape (sites, periods), shape (sites, k)."""
    out = np.empty((columns.shape[0], columns.shape[2]))
    for rows in blocks(columns):
        out[rows] = (weights[rows][:, None, :] @ columns[rows])[:, 0, :]
    return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Indicators:
    """A column of ones and zeros for each code, then others that are held.

    Attributes
    ----------
    codes : of the cell, shape (sites, periods); the number of codes where it has none
    rows_of : what a cell with each code holds in these columns, shape (codes + 1, codes)
    others : shape (sites, periods, c)
    """

    codes: np.ndarray
    rows_of: FloatArray
    others: FloatArray

    @property
    def shape(self) -> tuple[int, ...]:
        """Sites, periods, k."""
        return (*self.codes.shape, self.rows_of.shape[1] + self.others.shape[2])

    def __getitem__(self, rows: slice, /) -> FloatArray:
        made = self.rows_of.take(self.codes[rows], axis=0)
        return np.concatenate([made, self.others[rows]], axis=2) if self.others.shape[2] else made

    def swapaxes(self, first: int, second: int, /) -> Indicators:
        """Give them with sites for periods."""
        return Indicators(
            codes=self.codes.swapaxes(first, second),
            rows_of=self.rows_of,
            others=self.others.swapaxes(first, second),
        )


def indicators(values: np.ndarray, wanted: tuple[int, ...], others: FloatArray) -> Indicators:
    """Give a column for each wanted value, shape (sites, periods) being that of `values`, then the others."""
    codes = np.full(values.shape, len(wanted), dtype=np.int16)
    for code, value in enumerate(wanted):
        codes[values == value] = code
    return Indicators(codes=codes, rows_of=np.eye(len(wanted) + 1, len(wanted)), others=others)
