"""Two-way fixed effects absorbed exactly, with weights, without dummies and without iterating to a limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._regression.columns import Columns, blocks, sums

__all__ = ["Absorbed", "absorb", "period_inverse", "require_connected"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Absorbed:
    """What is left of each column once site and period effects are taken out; itself columns, made when asked.

    For a cell of weight zero, what is left is its distance from the fit of the others.

    Attributes
    ----------
    columns : what it was taken out of, shape (sites, periods, k)
    site_effects : shape (sites, k)
    period_effects : shape (periods, k), up to a constant that the site effects carry
    """

    columns: Columns
    site_effects: FloatArray
    period_effects: FloatArray

    @property
    def shape(self) -> tuple[int, ...]:
        """Sites, periods, k."""
        return self.columns.shape

    def __getitem__(self, rows: slice, /) -> FloatArray:
        left = self.columns[rows] - self.site_effects[rows][:, None, :]
        left -= self.period_effects
        return left

    def swapaxes(self, first: int, second: int, /) -> Absorbed:
        """Give them with sites for periods."""
        return Absorbed(
            columns=self.columns.swapaxes(first, second),
            site_effects=self.period_effects,
            period_effects=self.site_effects,
        )


def absorb(weights: FloatArray, columns: Columns) -> Absorbed:
    """Take weighted site and period means out of every column, exactly.

    The effects of the longer side are profiled out, and the normal equations of the shorter side are
    solved directly: memory grows with both sides and the square of the shorter one
    (Frisch and Waugh 1933, doi:10.2307/1907330; Lovell 1963, doi:10.1080/01621459.1963.10480682).

    Parameters
    ----------
    weights : shape (sites, periods), zero or more
    columns : shape (sites, periods, k)
    """
    if weights.shape[0] < weights.shape[1]:
        return absorb(weights.T, columns.swapaxes(0, 1)).swapaxes(0, 1)
    inverse = period_inverse(weights)
    found = _without_effects(weights, inverse, columns)
    # once more, for what rounding left
    again = _without_effects(weights, inverse, found)
    return Absorbed(
        columns=columns,
        site_effects=np.add(found.site_effects, again.site_effects, out=again.site_effects),
        period_effects=found.period_effects + again.period_effects,
    )


def _without_effects(weights: FloatArray, inverse: FloatArray, columns: Columns) -> Absorbed:
    totals = weights.sum(axis=1)
    safe = np.where(totals > 0, totals, 1)[:, None]
    means, by_period = np.empty((len(weights), columns.shape[2])), np.zeros(columns.shape[1:])
    for rows in blocks(columns):
        means[rows], summed = sums(columns[rows], weights[rows])
        by_period += summed
    means /= safe
    period_effects = inverse @ (by_period - weights.T @ means)
    among = weights @ period_effects
    among /= safe
    means -= among
    return Absorbed(columns=columns, site_effects=means, period_effects=period_effects)


def period_inverse(weights: FloatArray) -> FloatArray:
    """Invert the period effects' normal equations after site effects are profiled out.

    The equations are diag(sum_i w_it) - W' diag(1 / w_i.) W with the first period pinned at zero, so its
    row and column of the result, shape (periods, periods), are zero.
    """
    totals = weights.sum(axis=1)
    rooted = weights / np.sqrt(np.where(totals > 0, totals, 1))[:, None]
    laplacian = np.diag(weights.sum(axis=0)) - rooted.T @ rooted
    out = np.zeros_like(laplacian)
    try:
        root = np.linalg.inv(np.linalg.cholesky(laplacian[1:, 1:]))
    except np.linalg.LinAlgError as problem:
        msg = (
            "site and period effects cannot be told apart with these weights: the weights of some "
            "cells are too small against the rest"
        )
        raise EstimationError(msg) from problem
    out[1:, 1:] = root.T @ root
    return out


def require_connected(weights: FloatArray, sites: tuple[str, ...], periods: tuple[str, ...]) -> None:
    """Refuse a design whose sites fall into groups that share no period, for they cannot be compared."""
    seen = weights > 0
    if seen.any(axis=0).all() and seen.all(axis=0).any():  # a period that all are seen in holds them together
        return
    # seldom needed, and as long to import as the rest
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = np.nonzero(weights)
    size = sum(weights.shape)
    graph = coo_array((np.ones(len(rows)), (rows, columns + len(weights))), shape=(size, size))
    groups, member = connected_components(graph, directed=False)
    if groups == 1:
        return
    other = np.flatnonzero(member != member[0])
    site = next((sites[i] for i in other if i < len(weights)), None)
    where = f"site {site!r}" if site else f"period {periods[other[0] - len(weights)]!r}"
    msg = (
        f"with these weights the sites fall into {groups} groups that share no period ({where} is in "
        f"another group than site {sites[0]!r}): leave one group out, or weight some of its cells above zero"
    )
    raise EstimationError(msg)
