"""Densities on 0 to 1, cut into panels until each is a polynomial to rounding: masses and quantiles are then exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.polynomial import legendre as series

from evalkit.errors import EvidenceError
from evalkit.hierarchy.quadrature import legendre

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

    type Owned = Callable[[np.ndarray, FloatArray], FloatArray]

__all__ = ["Panels", "resolved"]

# One panel of 96 nodes resolves what five to thirty sites say; sharper posteriors are cut where they are sharp.
_NODES = 96
# A panel is resolved where its last terms are below this share of the whole. Masses are then exact to its square.
_TOLERANCE = 1e-9
_LAST = 3
# Each round halves what is not resolved: after 50, a stretch of 1e-15 of the axis still is not.
_ROUNDS, _MOST = 50, 4096
# A step of Newton's that is this short leaves the square of it to go.
_STEPS, _SETTLED = 60, 1e-8


@dataclass(frozen=True, kw_only=True, eq=False)
class Panels:
    """Densities of one or many owners, each a chain of panels from 0 to 1, sorted by owner and place.

    Attributes
    ----------
    owner : whose density, shape (panels,), from 0 without a gap
    start, end : of the panels, shape (panels,)
    logs : log densities at the nodes, up to a constant, shape (panels, nodes)
    """

    owner: np.ndarray
    start: FloatArray
    end: FloatArray
    logs: FloatArray

    @property
    def places(self) -> FloatArray:
        """Give the nodes, shape (panels, nodes)."""
        return np.asarray(self.start[:, None] + (self.end - self.start)[:, None] * legendre(_NODES)[0])

    @cached_property
    def _sums(self) -> _Sums:
        return _sums(self)

    @property
    def log_total(self) -> FloatArray:
        """Give the log of what each density integrates to, shape (owners,)."""
        return np.asarray(self._sums.highest + np.log(self._sums.totals))

    @cached_property
    def weights(self) -> FloatArray:
        """Give the share of each node, shape (panels, nodes), adding up to 1 for each owner."""
        heights = self._sums.heights / self._sums.totals[self.owner, None]
        return np.asarray(heights * legendre(_NODES)[1] * (self.end - self.start)[:, None])

    def below(self, owner: np.ndarray, place: FloatArray) -> FloatArray:
        """Give the share below places, shape (n,), each of the density of its owner."""
        before, curves = self._cumulative
        row = np.searchsorted(self.owner + self.start, owner + np.clip(place, 0.0, 1 - 1e-16), side="right") - 1
        row = np.clip(row, *self._first_and_last(owner))
        inside = 2 * (place - self.start[row]) / (self.end - self.start)[row] - 1
        return np.clip(before[row] + series.legval(np.clip(inside, -1, 1), curves[:, row], tensor=False), 0.0, 1.0)

    def quantile(self, owner: np.ndarray, share: FloatArray) -> FloatArray:
        """Give the places below which shares lie, shape (n,), each of the density of its owner."""
        before, curves = self._cumulative
        row = np.searchsorted(self.owner + before, owner + share, side="right") - 1
        row = np.clip(row, *self._first_and_last(owner))
        slopes = (self.weights / legendre(_NODES)[1] / 2 @ _terms()).T[:, row]
        left = share - before[row]
        nearest = (np.cumsum(self.weights[row], axis=1) < left[:, None]).sum(axis=1).clip(max=_NODES - 1)
        inside = _inverted(curves[:, row], slopes, left, 2 * legendre(_NODES)[0][nearest] - 1)
        return np.asarray(self.start[row] + (self.end - self.start)[row] * 0.5 * (1 + inside))

    def by_owner(self, per_node: FloatArray, *, empty: float = 0.0) -> FloatArray:
        """Give what stands at nodes as one row an owner, shape (owners, most nodes); short rows end in `empty`."""
        panels = np.bincount(self.owner)
        if (panels == panels[0]).all():
            return per_node.reshape(len(panels), -1)
        column = np.arange(len(self.owner)) - np.repeat(np.cumsum(panels) - panels, panels)
        out = np.full((len(panels), panels.max(), per_node.shape[1]), empty)
        out[self.owner, column] = per_node
        return out.reshape(len(panels), -1)

    def _first_and_last(self, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        panels = np.bincount(self.owner)
        last = np.cumsum(panels) - 1
        return (last - panels + 1)[owner], last[owner]

    @cached_property
    def _cumulative(self) -> tuple[FloatArray, FloatArray]:
        """Give the share before each panel, and its share up to a place within, as terms of a series."""
        masses = self.weights.sum(axis=1)
        reached = np.cumsum(masses)
        first = np.searchsorted(self.owner, np.arange(self.owner[-1] + 1))
        before = reached - masses - (reached - masses)[first][self.owner]
        curves = (self.weights / legendre(_NODES)[1] / 2) @ _integrated_terms()
        return np.maximum(before, 0.0), np.asarray(curves.T)


class _Sums(NamedTuple):
    """Highest log of each owner, heights relative to it, masses of the panels and their totals by owner."""

    highest: FloatArray
    heights: FloatArray
    masses: FloatArray
    totals: FloatArray


def resolved(log_density: Owned, owners: int = 1, *, strict: bool = True, what: str = "a density") -> Panels:
    """Cut densities into panels, halving each until its last terms are nothing beside the whole.

    Parameters
    ----------
    log_density : takes owners, shape (panels,), and places, shape (panels, nodes), and gives the log of the density
    owners : how many densities
    strict : refuse what cannot be resolved; otherwise it is left as close as rounds allow (a density read from a
        table has kinks that no cutting removes)
    what : is integrated, for the message
    """
    panels = _evaluated(log_density, np.arange(owners), np.zeros(owners), np.ones(owners))
    for _ in range(_ROUNDS if strict else 8):
        coarse = _unresolved(panels)
        if not coarse.any():
            return panels
        if np.bincount(panels.owner[coarse]).max() > _MOST:
            break
        panels = _halved(log_density, panels, coarse)
    if strict:
        msg = f"{what} could not be integrated: it is rougher than {_NODES} nodes on 1e-15 of its axis can follow"
        raise EvidenceError(msg)
    return panels


def _evaluated(log_density: Owned, owner: np.ndarray, start: FloatArray, end: FloatArray) -> Panels:
    places = start[:, None] + (end - start)[:, None] * legendre(_NODES)[0]
    return Panels(owner=owner, start=start, end=end, logs=log_density(owner, places))


def _sums(panels: Panels) -> _Sums:
    highest = np.full(panels.owner[-1] + 1, -np.inf)
    np.maximum.at(highest, panels.owner, panels.logs.max(axis=1))
    if not np.isfinite(highest).all():
        msg = "what is to be integrated is nowhere above zero, or no number: prior and data contradict each other"
        raise EvidenceError(msg)
    heights = np.exp(panels.logs - highest[panels.owner, None])
    masses = (heights @ legendre(_NODES)[1]) * (panels.end - panels.start)
    return _Sums(highest, heights, masses, np.bincount(panels.owner, masses))


def _unresolved(panels: Panels) -> np.ndarray:
    """Say which panels are to be halved: rough ones, and the neighbour into which a rough one still rises."""
    sums = panels._sums  # noqa: SLF001 - of this file
    last = np.abs(sums.heights @ _terms()[:, -_LAST:]).max(axis=1) * (panels.end - panels.start)
    rough = last > _TOLERANCE * sums.totals[panels.owner]
    top = panels.logs.argmax(axis=1)
    same = panels.owner[1:] == panels.owner[:-1]
    out = rough.copy()
    out[:-1] |= rough[1:] & (top[1:] == 0) & same
    out[1:] |= rough[:-1] & (top[:-1] == _NODES - 1) & same
    return np.asarray(out)


def _halved(log_density: Owned, panels: Panels, coarse: np.ndarray) -> Panels:
    owner, start, end = panels.owner[coarse], panels.start[coarse], panels.end[coarse]
    middle = 0.5 * (start + end)
    newer = _evaluated(log_density, np.tile(owner, 2), np.concatenate([start, middle]), np.concatenate([middle, end]))
    kept = ~coarse
    owners = np.concatenate([panels.owner[kept], newer.owner])
    starts = np.concatenate([panels.start[kept], newer.start])
    order = np.lexsort([starts, owners])
    return Panels(
        owner=owners[order],
        start=starts[order],
        end=np.concatenate([panels.end[kept], newer.end])[order],
        logs=np.concatenate([panels.logs[kept], newer.logs])[order],
    )


def _inverted(curves: FloatArray, slopes: FloatArray, share: FloatArray, found: FloatArray) -> FloatArray:
    """Find where on -1 to 1 a rising series reaches a share, shape (n,), by Newton's steps kept inside a bracket."""
    low, high = np.full(share.shape, -1.0), np.ones(share.shape)
    for _ in range(_STEPS):
        over = series.legval(found, curves, tensor=False) - share
        low, high = np.where(over < 0, found, low), np.where(over < 0, high, found)
        with np.errstate(divide="ignore", invalid="ignore"):
            newer = found - over / series.legval(found, slopes, tensor=False)
        newer = np.where((newer >= low) & (newer <= high), newer, 0.5 * (low + high))
        moved, found = np.abs(newer - found).max(initial=0.0), newer
        if moved < _SETTLED:
            break
    return found


@cache
def _terms() -> FloatArray:
    """Give what turns values at the nodes into terms of Legendre's series on -1 to 1, shape (nodes, nodes)."""
    points, weights = legendre(_NODES)
    order = np.arange(_NODES)
    return np.asarray(series.legvander(2 * points - 1, _NODES - 1) * weights[:, None] * (2 * order + 1))


@cache
def _integrated_terms() -> FloatArray:
    """Give the same for the series' integral from -1, shape (nodes, nodes + 1)."""
    return np.asarray(series.legint(_terms(), lbnd=-1, axis=1))
