"""How precisely group-time effects and their averages are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._group_time.averages import Average
from evalkit.models._group_time.cells import Cells, influence_blocks
from evalkit.models._group_time.sample import GroupTimeSample

__all__ = ["Kind", "Precision", "joint_degrees_of_freedom", "measure", "signed_weights"]

type Kind = Literal["influence", "CR2", "jackknife", "bootstrap"]

_LEVERAGE: dict[str, float] = {"influence": 0.0, "bootstrap": 0.0, "CR2": 0.5, "jackknife": 1.0}
# An error relative to the outcome is rounding below this.
_ROUNDING = 1e-11
# A part of a variance is rounding below this.
_NOTHING = 1e-9
# Between the quartiles of a normal, in standard deviations.
_QUARTILES_APART = 1.3489795003921634
# The two points of Mammen 1993, doi:10.1214/aos/1176349025, and the probability of the lower one.
_MAMMEN = ((1 - np.sqrt(5)) / 2, (1 + np.sqrt(5)) / 2)
_LOWER = (np.sqrt(5) + 1) / (2 * np.sqrt(5))


@dataclass(frozen=True, kw_only=True)
class Precision:
    """The joint covariance of every cell and every average, q = cells + averages.

    Attributes
    ----------
    kind : how it was reckoned
    covariance : shape (q, q); the cells first
    degrees_of_freedom : of each one's t distribution, shape (q,); infinite for a normal
    influence : of each site on the first average, shape (sites,)
    seen : share of the variance, if all site-periods vary alike, of cohorts of two sites or more, shape (q,); a
        cohort of one site has no spread of its own
    """

    kind: Kind
    covariance: FloatArray
    degrees_of_freedom: FloatArray
    influence: FloatArray
    seen: FloatArray

    @property
    def std_errors(self) -> FloatArray:
        """Shape (q,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def measure(
    sample: GroupTimeSample,
    cells: Cells,
    averages: Average,
    *,
    kind: Kind,
    rng: np.random.Generator,
    multipliers: int,
) -> Precision:
    """Reckon the covariance of cells and averages from the influence functions of the cells.

    "influence" is Callaway and Sant'Anna's, read from a normal, as R's `did` gives it. "CR2" divides each
    residual by the root of one less its leverage, so that a variance is unbiased where sites vary alike, and reads
    it from a t distribution with Satterthwaite's degrees of freedom (Bell and McCaffrey 2002). "jackknife" divides by
    one less the leverage: what leaving each site out changes. Both take the shares of cohorts as those of the sites at
    hand; the others allow for another draw of sites. "bootstrap" multiplies influences by Mammen's two points
    `multipliers` times and reads errors from the quartiles, as `did`.

    Parameters
    ----------
    averages : stacked, k of them; the first is the headline
    """
    size = len(cells.effect) + len(averages.weights)
    total = np.zeros((size, size))
    replicates = np.zeros((multipliers, size)) if kind == "bootstrap" else None
    influence = np.empty(len(sample.rows))
    # for few sites the shares of cohorts are taken as they are: the noise of a small cohort's effect would count twice
    shares = np.vstack([averages.shares.T, np.zeros(len(averages.weights))]) * (kind in {"influence", "bootstrap"})
    for block, found in influence_blocks(sample, cells, _LEVERAGE[kind]):
        own = sample.weights[block, None] * shares[sample.cohort[block]]
        rows = np.concatenate([found, found @ averages.weights.T + own], axis=1)
        influence[block] = rows[:, len(cells.effect)]
        if replicates is None:
            total += rows.T @ rows
        else:
            replicates += _multipliers(multipliers, len(rows), rng) @ rows
    if replicates is not None:
        total = _from_replicates(replicates)
    headline = float(total[len(cells.effect), len(cells.effect)])
    if kind in {"influence", "bootstrap"}:
        _require_spread(sample)
        _require_variation(sample, headline)
        return Precision(
            kind=kind,
            covariance=total,
            degrees_of_freedom=np.full(size, np.inf),
            influence=influence,
            seen=np.ones(size),
        )
    free, seen = degrees_of_freedom(sample, cells, averages)
    _require_variation(sample, headline)
    scale = 1 / np.sqrt(seen)
    return Precision(
        kind=kind,
        covariance=total * np.outer(scale, scale),
        degrees_of_freedom=free,
        influence=influence,
        seen=seen,
    )


def _multipliers(draws: int, sites: int, rng: np.random.Generator) -> FloatArray:
    return np.asarray(np.where(rng.random((draws, sites)) < _LOWER, *_MAMMEN))


def _from_replicates(replicates: FloatArray) -> FloatArray:
    """Errors from the quartiles, correlations from all replicates."""
    lower, upper = np.quantile(replicates, [0.25, 0.75], axis=0)
    errors = (upper - lower) / _QUARTILES_APART
    moments = replicates.T @ replicates / len(replicates)
    deviations = np.sqrt(np.diag(moments))
    scale = np.divide(errors, deviations, out=np.zeros_like(errors), where=deviations > 0)
    return np.asarray(moments * np.outer(scale, scale))


def _require_variation(sample: GroupTimeSample, variance: float) -> None:
    """Refuse an exact fit, whose error is rounding."""
    if not variance > (_ROUNDING * float(np.abs(sample.outcome[sample.seen]).max())) ** 2:
        msg = (
            "the sites leave no variation to tell the error from: those that start together, and those compared with, "
            "all changed by exactly the same"
        )
        raise EstimationError(msg)


def _require_spread(sample: GroupTimeSample) -> None:
    """Refuse the errors of large samples where a cohort has one site: its influence is zero, and its noise unseen."""
    lone = np.flatnonzero(sample.cohort_sizes == 1)
    if len(lone):
        msg = (
            f"only one site starts in {sample.label(int(sample.starts[lone[0]]))}, and the influence function takes "
            "it for exact: use errors = 'CR2' or 'randomisation'"
        )
        raise EstimationError(msg)


def degrees_of_freedom(sample: GroupTimeSample, cells: Cells, averages: Average) -> tuple[FloatArray, FloatArray]:
    """Satterthwaite degrees of freedom of every cell and average, and the share of their variance that is seen.

    Where all site-periods vary alike, the part that a cohort (or the never treated) has in the variance goes with
    the squares of its sites' coefficients, and its own spread is known with one degree less than it has sites.
    Covariates are left out of account.
    """
    coefficients = np.concatenate([np.eye(len(cells.effect)), averages.weights])
    strata = len(sample.starts) + 1
    parts = np.zeros((strata, len(coefficients)))
    first, counts = _alike(sample)
    incidence = np.zeros((len(cells.effect), sample.outcome.shape[1]))
    every = np.arange(len(cells.effect))
    incidence[every, cells.period] = 1
    incidence[every, cells.base] = -1
    for site, count in zip(first.tolist(), counts.tolist(), strict=True):
        signed = signed_weights(sample, cells, site)
        active = np.flatnonzero(signed)
        onto = (coefficients[:, active] * signed[active]) @ incidence[active]
        parts[sample.cohort[site]] += count * (onto**2).sum(axis=1) / sample.weights[site]
    sizes = np.bincount(sample.cohort, minlength=strata)
    known = sizes >= 2
    total, visible = parts.sum(axis=0), parts[known].sum(axis=0)
    if visible[len(cells.effect)] <= 0:
        msg = (
            "no two sites are treated from the same period or serve as comparison throughout, so nothing shows how "
            "much sites differ by chance; wanted is a second comparison site, or a second site with one of the starts"
        )
        raise EstimationError(msg)
    spread = (parts[known] ** 2 / (sizes[known] - 1)[:, None]).sum(axis=0)
    free = np.divide(visible**2, spread, out=np.ones_like(total), where=spread > 0)
    seen = np.divide(visible, total, out=np.ones_like(total), where=(total > 0) & (visible > 0))
    return free, seen


def joint_degrees_of_freedom(sample: GroupTimeSample, cells: Cells, which: np.ndarray) -> float | None:
    """Degrees of freedom of the covariance of some cells as a whole, or None where it cannot be told from so few sites.

    Each cohort's part of it is a Wishart matrix of its own, with one degree less than it has sites; their sum is
    taken for one whose elements vary as much (eta of the Hotelling test of Pustejovsky and Tipton 2018,
    doi:10.1080/07350015.2016.1247004), where all site-periods vary alike.
    """
    q, sizes = len(which), np.bincount(sample.cohort, minlength=len(sample.starts) + 1)
    if q >= len(sample.rows):
        return None
    parts = np.zeros((len(sizes), q, q))
    incidence = np.zeros((q, sample.outcome.shape[1]))
    incidence[np.arange(q), cells.period[which]] = 1
    incidence[np.arange(q), cells.base[which]] = -1
    for site, count in zip(*(each.tolist() for each in _alike(sample)), strict=True):
        onto = signed_weights(sample, cells, site)[which][:, None] * incidence
        parts[sample.cohort[site]] += count / sample.weights[site] * (onto @ onto.T)
    known = sizes >= 2
    values, vectors = np.linalg.eigh(parts[known].sum(axis=0))
    if values[0] <= _NOTHING * values[-1]:
        return None
    root = vectors / np.sqrt(values)
    each = root.T @ parts[known] @ root
    varies = np.trace(each, axis1=1, axis2=2) ** 2 + (each**2).sum(axis=(1, 2))
    return float(q * (q + 1) / (varies / (sizes[known] - 1)).sum())


def _alike(sample: GroupTimeSample) -> tuple[np.ndarray, np.ndarray]:
    """Sites of one cohort, weight and set of periods have one set of coefficients: the first of each, and how many."""
    keys = np.column_stack([sample.cohort, sample.weights, sample.seen])
    _, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
    return first, counts


def signed_weights(sample: GroupTimeSample, cells: Cells, site: int) -> FloatArray:
    """Give the weight of a site in each cell: as treated, less as comparison, shape (cells,)."""
    mass, compared_weight = (
        np.array([getattr(fitted, name) for fitted in cells.nuisance]) for name in ("mass", "compared_weight")
    )
    used = sample.weights[site] * (sample.seen[site, cells.period] & sample.seen[site, cells.base])
    own = cells.cohort == sample.cohort[site]
    compared = ~own & (sample.first_treated[site] > cells.last_treated)
    return np.asarray(used * own / mass - used * compared / compared_weight)
