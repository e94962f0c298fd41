"""Two-way fixed effects absorbed exactly, with weights, without dummies and without iterating to a limit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError

__all__ = ["Absorbed", "absorb", "blocks", "period_inverse", "require_connected"]

# Numbers held at a time while sites are gone through: 0.25 MB, which stays in a processor's cache.
_BLOCK = 32_768


@dataclass(frozen=True, kw_only=True)
class Absorbed:
    """What is left of each column, and what was taken out.

    Attributes
    ----------
    residuals : shape (sites, periods, k); for a cell of weight zero, its distance from the fit of the others
    site_effects : shape (sites, k)
    period_effects : shape (periods, k), up to a constant that the site effects carry
    """

    residuals: FloatArray
    site_effects: FloatArray
    period_effects: FloatArray


def absorb(weights: FloatArray, columns: FloatArray) -> Absorbed:
    """Take weighted site and period means out of every column, exactly.

    The effects of the longer side are profiled out, and the normal equations of the shorter side are
    solved directly: memory grows with the observations and the square of the shorter side
    (Frisch and Waugh 1933, doi:10.2307/1907330; Lovell 1963, doi:10.1080/01621459.1963.10480682).

    Parameters
    ----------
    weights : shape (sites, periods), zero or more
    columns : shape (sites, periods, k)
    """
    if weights.shape[0] >= weights.shape[1]:
        residuals, sites, periods = _absorb_long(weights, columns)
    else:
        turned, periods, sites = _absorb_long(weights.T, columns.swapaxes(0, 1))
        residuals = turned.swapaxes(0, 1)
    return Absorbed(residuals=residuals, site_effects=sites, period_effects=periods)


def blocks(columns: FloatArray) -> Iterator[slice]:
    """Go through the sites of columns of shape (sites, periods, k) in parts that stay in cache."""
    sites, periods, k = columns.shape
    step = max(1, _BLOCK // (periods * max(k, 1)))
    return (slice(start, start + step) for start in range(0, sites, step))


def _absorb_long(weights: FloatArray, columns: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Absorb with the row effects profiled out; the second pass removes what rounding left."""
    inverse = period_inverse(weights)
    rest = np.array(columns, order="C")
    row_effects, column_effects = _sweep(weights, inverse, rest)
    more_rows, more_columns = _sweep(weights, inverse, rest)
    return rest, row_effects + more_rows, column_effects + more_columns


def _sweep(weights: FloatArray, inverse: FloatArray, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Take the effects out of the columns, in place, and give them by row and by column."""
    totals = weights.sum(axis=1)
    safe = np.where(totals > 0, totals, 1)[:, None]
    means, by_column = np.empty((len(weights), columns.shape[2])), np.zeros(columns.shape[1:])
    for rows in blocks(columns):
        weighted = weights[rows][:, :, None] * columns[rows]
        means[rows] = weighted.sum(axis=1)
        by_column += weighted.sum(axis=0)
    means /= safe
    column_effects = inverse @ (by_column - weights.T @ means)
    row_effects = means - (weights @ column_effects) / safe
    for rows in blocks(columns):
        columns[rows] -= row_effects[rows][:, None, :]
        columns[rows] -= column_effects
    return row_effects, column_effects


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
