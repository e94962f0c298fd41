"""From cells to joint draws of changes and of crimes prevented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.domain.effect import Basis
from evalkit.draws import FloatArray, spread, spread_jointly
from evalkit.models._before_after.cells import Cells
from evalkit.models._before_after.dispersion import Dispersion
from evalkit.models._before_after.displacement_difference import weighted_changes
from evalkit.models._before_after.rate_ratio import log_ratio_changes

__all__ = ["ChangeDraws", "Measure", "draw_changes", "poisson_means", "spread_sampling"]

type Measure = Literal["difference", "ratio"]

# The treated area's change, the buffer's, and their sum: what is reported comes back exactly.
_REPORTED = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])

# A joint t has settled to a thousandth of a standard error by then; a joint normal comes settled.
_SETTLING_ROUNDS = 20

# A change on a log scale is bounded here, so that its exponential stays a number with two sites of a kind.
_LARGEST_LOG = 300.0

# Jeffreys' prior of a Poisson mean: it is to a zero count what half a crime would be.
JEFFREYS_SHAPE = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class ChangeDraws:
    """Draws of the treated area's change and the buffer's, rows together.

    Attributes
    ----------
    change : on the scale of the measure, shape (draws, changes)
    prevented : crimes prevented in each area, shape (draws, changes), negative where there were more;
        None where its mean does not exist
    basis : a posterior where a zero cell enters, else the sampling distribution
    degrees_of_freedom : of the t distribution; None for a normal or a posterior
    """

    change: FloatArray
    prevented: FloatArray | None
    basis: Basis
    degrees_of_freedom: float | None


def draw_changes(
    cells: Cells, measure: Measure, dispersion: Dispersion, draws: int, rng: np.random.Generator
) -> ChangeDraws:
    """Draw the changes: exactly spread sampling distributions, or a posterior where a cell is zero."""
    if cells.zeros:
        return _posterior(cells, measure, dispersion.value, draws, rng)
    moments = weighted_changes if measure == "difference" else log_ratio_changes
    mean, covariance = moments(cells, dispersion.value)
    freedom = dispersion.degrees_of_freedom
    change = spread_sampling(mean, covariance, freedom, draws, rng)
    if measure == "ratio":
        change = np.clip(change, -_LARGEST_LOG, _LARGEST_LOG)
    after = cells.counts[list(cells.targets), 1]
    prevented = -change if measure == "difference" else after * np.expm1(-change)
    return ChangeDraws(change=change, prevented=prevented, basis="sampling", degrees_of_freedom=freedom)


def spread_sampling(
    mean: FloatArray,
    covariance: FloatArray,
    freedom: float | None,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Spread one change, or two with their sum, over a normal or a t; shape (draws, changes)."""
    from scipy import stats

    if len(mean) == 1:
        scale = float(np.sqrt(covariance[0, 0]))
        law = stats.norm(mean[0], scale) if freedom is None else stats.t(freedom, mean[0], scale)
        return spread(law, draws, rng)[:, None]
    normal = spread_jointly(np.zeros_like(mean), covariance, _REPORTED, draws, rng)
    quantiles = np.asarray((stats.norm() if freedom is None else stats.t(freedom)).ppf(_grid(draws)))
    if freedom is not None:
        # one common stretch a row makes a joint normal a joint t (Kotz and Nadarajah 2004, chapter 1)
        normal *= np.sqrt(freedom / spread(stats.chi2(freedom), draws, rng))[:, None]
    return mean + _settled(normal, covariance, quantiles)


def _grid(draws: int) -> FloatArray:
    return np.asarray((np.arange(draws) + 0.5) / draws)


def _settled(sample: FloatArray, covariance: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Lay the reported combinations of a joint sample onto exact quantiles.

    Each is moved in turn along the direction in which it varies, which leaves what is uncorrelated
    with it where it was. Three margins of two columns cannot all be met to the last digit, so at the
    end the treated area's change and the total are, and the buffer's is what is left between them.
    """
    scales = np.sqrt(np.einsum("ci,ij,cj->c", _REPORTED, covariance, _REPORTED))
    for _ in range(_SETTLING_ROUNDS):
        for combination, scale in zip(_REPORTED, scales, strict=True):
            along = sample @ combination
            shift = _onto(along, scale * quantiles) - along
            if scale > 0:
                sample = sample + np.outer(shift, covariance @ combination / scale**2)
    local = _onto(sample[:, 0], scales[0] * quantiles)
    total = _onto(sample.sum(axis=1), scales[2] * quantiles)
    return np.column_stack([local, total - local])


def _onto(values: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Give each value the quantile of its rank."""
    out = np.empty_like(values)
    out[np.argsort(values, kind="stable")] = quantiles
    return out


def poisson_means(counts: FloatArray, dispersion: float, draws: int, rng: np.random.Generator) -> FloatArray:
    """Draw the posterior of each count's mean under Jeffreys' prior, shape (draws, *counts.shape).

    Gamma(x + 1/2, rate 1) for Poisson counts. With a dispersion the likelihood is raised to its
    inverse, as quasi-likelihood does: Gamma(x/dispersion + 1/2, rate 1/dispersion).
    """
    from scipy import stats

    shapes = counts.ravel() / dispersion + JEFFREYS_SHAPE
    columns = [spread(stats.gamma(shape, scale=dispersion), draws, rng) for shape in shapes]
    return np.column_stack(columns).reshape(draws, *counts.shape)


def _posterior(cells: Cells, measure: Measure, dispersion: float, draws: int, rng: np.random.Generator) -> ChangeDraws:
    means = poisson_means(cells.counts, dispersion, draws, rng)
    rates = means / cells.weights
    prevented: FloatArray | None
    if measure == "difference":
        change = np.einsum("kaj,naj->nk", cells.signs, rates) * cells.target_weights
        prevented = -change
    else:
        change = np.einsum("kaj,naj->nk", cells.signs, np.log(rates))
        after = means[:, list(cells.targets), 1]
        prevented = after * np.expm1(-change) if _has_mean(cells, dispersion) else None
    return ChangeDraws(change=change, prevented=prevented, basis="posterior", degrees_of_freedom=None)


def _has_mean(cells: Cells, dispersion: float) -> bool:
    """Has the expected number a mean? It divides by what is subtracted: each such mean's inverse.

    The inverse of a gamma has a mean only where its shape is above one.
    """
    divided = (cells.signs > 0).any(axis=0)
    divided[list(cells.targets), 1] = False  # the target's own after cell cancels
    shapes = cells.counts[divided] / dispersion + JEFFREYS_SHAPE
    return bool((shapes > 1).all())
