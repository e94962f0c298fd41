"""Curves through draws: what is expected of a net benefit where some inputs are known.

A curve is a cubic spline whose bending is penalised (O'Sullivan 1986); for several inputs it is a sum of
one curve each and of the products of pairs, as net benefit is made of prices times events. How much it may
bend is chosen by generalised cross-validation. What is handed on for a draw never rests on that draw itself,
so that a curve that follows noise cannot gain by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.information.splines import bending, cubic_splines
from evalkit.errors import CostError

__all__ = ["Smoother", "smoother"]

# Inner knots at quantiles: the curve of a net benefit over one input bends once or twice.
_KNOTS = 12
# With more inputs, pairs would outgrow what some thousand draws can tell.
_MOST_PAIRED = 8
# From no bending at all to none that is held back.
_PENALTIES = np.concatenate([np.logspace(-8, 8, 49), [np.inf]])
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Smoother:
    """A penalised regression on given inputs, ready for any net benefit of the same draws.

    Attributes
    ----------
    basis : orthonormal columns in which the penalty stands alone, shape (draws, terms)
    roughness : of each column, shape (terms,); 0 where it is not penalised
    """

    basis: FloatArray
    roughness: FloatArray

    def predictions(self, values: FloatArray) -> FloatArray:
        """Give what is expected in every draw by a fit to all the others.

        Parameters
        ----------
        values : shape (draws, columns), each column fitted by itself

        Returns
        -------
        array, shape (draws, columns)
        """
        draws = len(values)
        middle = values.mean(axis=0)
        centred = values - middle
        parts = self.basis.T @ centred
        kept = self._kept()
        # sums of squares of the residuals by penalty, without a residual being formed
        lost = np.sum(centred**2, axis=0) - np.einsum("lt,tc->lc", kept * (2 - kept), parts**2)
        freedom = draws - 1 - kept.sum(axis=1)
        with np.errstate(divide="ignore"):
            scores = np.where(freedom[:, None] > 0, np.clip(lost, 0, None) / freedom[:, None] ** 2, np.inf)
        chosen = kept[np.argmin(scores, axis=0)]
        # the fit that leaves out a draw, in closed form, as the fit is linear in the values; in place, as many
        # columns of permuted values go through here
        leverage = self.basis**2 @ chosen.T
        leverage += 1 / draws
        np.minimum(leverage, 1 - _ROUNDING, out=leverage)
        left_out = centred - self.basis @ (chosen.T * parts)
        left_out /= np.subtract(1, leverage, out=leverage)
        centred += middle
        centred -= left_out
        return np.asarray(centred)

    def _kept(self) -> FloatArray:
        """Share of each term that a penalty leaves, shape (penalties, terms)."""
        kept = np.ones((len(_PENALTIES), len(self.roughness)))
        bends = self.roughness > 0
        kept[:, bends] = 1 / (1 + np.multiply.outer(_PENALTIES, self.roughness[bends]))
        return kept


def smoother(inputs: FloatArray) -> Smoother | None:
    """Prepare a regression on one input or several; None where none of them varies.

    Parameters
    ----------
    inputs : shape (draws,) or (draws, inputs)
    """
    columns = _varying(inputs)
    if not columns.shape[1]:
        return None
    blocks = [_spline(column) for column in columns.T]
    terms = [block for block, _ in blocks]
    rough = [penalty for _, penalty in blocks]
    if 1 < columns.shape[1] <= _MOST_PAIRED:
        pairs = np.column_stack([columns[:, a] * columns[:, b] for a, b in combinations(range(columns.shape[1]), 2)])
        terms.append(pairs)
        rough.append(np.zeros((pairs.shape[1], pairs.shape[1])))
    return _orthogonal(np.column_stack(terms), _along_the_diagonal(rough))


def _varying(inputs: FloatArray) -> FloatArray:
    """Give the inputs that vary, each with mean 0 and deviation 1, shape (draws, inputs)."""
    given = np.asarray(inputs, float)
    columns = given[:, None] if given.ndim == 1 else given
    if columns.ndim != 2 or len(columns) < 2 or not np.isfinite(columns).all():
        raise CostError(
            "the draws of an input are finite numbers of shape (draws,), or (draws, inputs) for several; there is "
            f"{given.shape}"
        )
    centred = columns - columns.mean(axis=0)
    size = centred.std(axis=0)
    varies = size > _ROUNDING * np.abs(columns).max(axis=0)
    return np.asarray(centred[:, varies] / size[varies])


def _spline(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give a cubic spline over one input, shape (draws, terms), and its penalty: the integral of its bending."""
    inner = np.unique(np.quantile(x, np.arange(1, _KNOTS + 1) / (_KNOTS + 1)))
    inner = inner[(inner > x.min()) & (inner < x.max())]
    knots = np.concatenate([np.repeat(x.min(), 4), inner, np.repeat(x.max(), 4)])
    edges = np.unique(knots)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    # two points of Gauss in each piece are exact for the square of a straight second derivative
    points = np.concatenate([middle - half / np.sqrt(3), middle + half / np.sqrt(3)])
    bent = bending(points, knots) * np.sqrt(np.tile(half, 2))[:, None]
    return cubic_splines(x, knots), np.asarray(bent.T @ bent)


def _along_the_diagonal(blocks: list[FloatArray]) -> FloatArray:
    from scipy.linalg import block_diag

    return np.asarray(block_diag(*blocks))


def _orthogonal(terms: FloatArray, penalty: FloatArray) -> Smoother:
    """Turn terms so that they are orthonormal and the penalty has no products (Demmler and Reinsch 1975)."""
    left, sizes, right = np.linalg.svd(terms - terms.mean(axis=0), full_matrices=False)
    real = sizes > _ROUNDING * sizes.max()
    turned = right[real].T / sizes[real]
    rough, turn = np.linalg.eigh(turned.T @ penalty @ turned)
    rough[rough < _ROUNDING * max(rough.max(), 1e-300)] = 0
    scale = rough[rough > 0].min() if rough.any() else 1.0
    return Smoother(basis=np.asarray(left[:, real] @ turn), roughness=np.asarray(rough / scale))
