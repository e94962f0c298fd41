"""The joint posterior of mean and deviation between sites, on points that are laid where it lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.between import BetweenPrior, Fixed, NormalPrior
from evalkit.hierarchy.given import given_between
from evalkit.hierarchy.quadrature import Axis, Nodes
from evalkit.hierarchy.tabulated import LogTable, tabulated

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.conditional import SiteLikelihood

__all__ = ["LARGEST_DEVIATION", "Lattice", "Tabulation", "integrate"]

# On a log scale: sites that differ by a factor of 10^10 are no sites of one programme. Priors end here.
LARGEST_DEVIATION = 25.0
# Deviations are looked for where the posterior is above exp(-30) of its highest.
_DROP = 30.0
_SCAN = 400
# A heavy tail of the prior takes more of them.
_DEVIATIONS, _FOR_A_TAIL = 32, 48
# Means, in standard deviations around their middle given the deviation: step and reach.
_STEP, _REACH = 0.5, 8.0
# The step holds where the standard deviation is at least this share of the one it was laid for.
_LEAST, _WIDEST = 0.6, 2.5
_EDGE, _MATTERS = -21.0, 1e-9
_PASSES = 8
# At an end of the deviations the density is below exp(-16) of its highest, or the end is zero or the prior's.
_END = -16.0
_BEYOND = 8.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """Points of mean and deviation: for each deviation, means around where they are likely.

    Attributes
    ----------
    nodes : deviations and the widths they stand for, shape (deviations,)
    axis : how deviations are laid out
    ends : first and last place on that axis
    guess : gives the log density of deviations, shape (n,), if sites' likelihoods were normal; near, up to a constant
    centres, spreads : of the means, shape (deviations,)
    standard : places of the means, in spreads from the centre, evenly spaced, shape (means,)
    """

    nodes: Nodes
    axis: Axis
    ends: tuple[float, float]
    guess: Callable[[FloatArray], FloatArray]
    centres: FloatArray
    spreads: FloatArray
    standard: FloatArray

    @property
    def means(self) -> FloatArray:
        """Give the means, shape (deviations, means)."""
        return self.centres[:, None] + self.spreads[:, None] * self.standard

    @property
    def log_widths(self) -> FloatArray:
        """Give the log of what each point stands for, shape (deviations, 1)."""
        step = self.standard[1] - self.standard[0]
        return np.asarray((self.nodes.log_widths + np.log(self.spreads * step))[:, None])

    @property
    def reach(self) -> tuple[float, float]:
        """Give the least and the largest effect that a site can have."""
        beyond = _BEYOND * self.nodes.deviations[:, None]
        return float((self.means - beyond).min()), float((self.means + beyond).max())


@dataclass(frozen=True, kw_only=True, eq=False)
class Tabulation:
    """A lattice, and what every site says at each of its points.

    Attributes
    ----------
    lattice : the points
    tables : log likelihoods, one for each version of the likelihood and each site; None for a site that says nothing
    log_sites : log probability of a site's counts, shape (versions, sites, deviations, means)
    site_means, site_variances : of a site's effect where mean and deviation are given, same shape
    log_joint : log of prior times likelihood times the width of the point, shape (versions, deviations, means)
    """

    lattice: Lattice
    tables: tuple[tuple[LogTable | None, ...], ...]
    log_sites: FloatArray
    site_means: FloatArray
    site_variances: FloatArray
    log_joint: FloatArray


def integrate(
    versions: Sequence[Sequence[SiteLikelihood | None]],
    log_weights: FloatArray,
    mean: NormalPrior,
    between: BetweenPrior,
    *,
    fineness: float = 1.0,
) -> Tabulation:
    """Lay the lattice where the posterior lies, and reckon the posterior there.

    Where to lay it is guessed from normal likelihoods of the sites' centres and widths. The guess decides where is
    looked and nothing else; where the posterior turns out to lie elsewhere, the lattice is laid anew.

    Parameters
    ----------
    versions : likelihoods of the sites, under one or more values of the dispersion
    log_weights : log prior of the versions, shape (versions,)
    mean, between : priors
    fineness : how many times finer than by default
    """
    drop = _DROP
    lattice = _guessed(versions[0], mean, between, fineness, drop)
    for _ in range(_PASSES):
        made = _made(versions, log_weights, (mean, between), lattice, fineness)
        newer = _moved(made)
        if newer is None and _ends_matter(made, between):
            drop *= 2
            newer = _guessed(versions[0], mean, between, fineness, drop)
        if newer is None:
            return made
        lattice = newer
    msg = (
        "the counts and the priors do not say where the mean effect lies: every site that says anything has a count of "
        "zero on one side, or the priors are flat; give the mean a prior, such as NormalPrior(deviation=0.5)"
    )
    raise EvidenceError(msg)


def _guessed(
    sites: Sequence[SiteLikelihood | None], mean: NormalPrior, between: BetweenPrior, fineness: float, drop: float
) -> Lattice:
    known = [site for site in sites if site is not None]
    centres, scales = np.array([[site.centre, site.scale] for site in known]).T
    fixed = isinstance(between, Fixed)
    axis = Axis(upper=1.0, size=np.ones(())) if fixed else Axis.of(between, scales)

    def at(deviations: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        given = given_between(centres, scales, np.ones((len(known), 1)), (mean,), deviations)
        return given.log_evidence + between.log_density(deviations), given.means[:, 0], given.covariances[:, 0, 0]

    nodes, ends = _deviations(axis, between, at, fineness, drop)
    _, middles, variances = at(nodes.deviations)
    points = 2 * int(np.ceil(fineness * _REACH / _STEP)) + 1
    return Lattice(
        nodes=nodes,
        axis=axis,
        ends=ends,
        guess=lambda deviations: at(deviations)[0],
        centres=middles,
        spreads=np.sqrt(variances),
        standard=np.linspace(-_REACH, _REACH, points),
    )


def _deviations(
    axis: Axis, between: BetweenPrior, at: Callable[[FloatArray], Sequence[FloatArray]], fineness: float, drop: float
) -> tuple[Nodes, tuple[float, float]]:
    """Lay nodes where the deviation may lie by the guess; the prior's own ends are kept."""
    if isinstance(between, Fixed):
        return Nodes(np.array([between.value]), np.zeros(1)), (0.0, 1.0)
    most = _last_place(axis, between)
    places = most * (np.arange(_SCAN) + 0.5) / _SCAN
    logs = at(axis.deviation(places))[0] + axis.log_slope(places)
    likely = np.flatnonzero(logs > logs.max() - drop)
    start = 0.0 if likely[0] == 0 else places[likely[0] - 1]
    end = most if likely[-1] == _SCAN - 1 else places[likely[-1] + 1]
    count = _DEVIATIONS if math.isinf(between.tail) else _FOR_A_TAIL
    return axis.nodes(int(np.ceil(fineness * count)), start, end), (float(start), float(end))


def _made(
    versions: Sequence[Sequence[SiteLikelihood | None]],
    log_weights: FloatArray,
    priors: tuple[NormalPrior, BetweenPrior],
    lattice: Lattice,
    fineness: float,
) -> Tabulation:
    mean, between = priors
    means, deviations = lattice.means, lattice.nodes.deviations
    low, high = lattice.reach
    tables = tuple(
        tuple(None if site is None else tabulated(site, low, high, fineness=fineness) for site in sites)
        for sites in versions
    )
    shape = (len(versions), len(versions[0]), *means.shape)
    log_sites, site_means, site_variances = np.zeros(shape), np.empty(shape), np.empty(shape)
    site_means[:], site_variances[:] = means, deviations[:, None] ** 2
    for version, row in enumerate(tables):
        for site, table in enumerate(row):
            if table is not None:
                at = version, site
                log_sites[at], site_means[at], site_variances[at] = table.smoothed(means, deviations)
    prior = log_prior(mean, means) + between.log_density(deviations)[:, None] + lattice.log_widths
    return Tabulation(
        lattice=lattice,
        tables=tables,
        log_sites=log_sites,
        site_means=site_means,
        site_variances=site_variances,
        log_joint=log_sites.sum(axis=1) + prior + np.asarray(log_weights)[:, None, None],
    )


def _ends_matter(made: Tabulation, between: BetweenPrior) -> bool:
    """Is there anything left at an end of the deviations that is not the prior's own?"""
    lattice = made.lattice
    if len(lattice.nodes.deviations) == 1:
        return False
    most = _last_place(lattice.axis, between)
    density = np.exp(made.log_joint - made.log_joint.max()).sum(axis=(0, 2)) / np.exp(made.lattice.nodes.log_widths)
    first, last = density[[0, -1]] > np.exp(_END) * density.max()
    return bool((first and lattice.ends[0] > 0) or (last and lattice.ends[1] < most))


def _last_place(axis: Axis, between: BetweenPrior) -> float:
    return float(axis.place(np.array([min(between.upper, LARGEST_DEVIATION)]))[0])


def log_prior(mean: NormalPrior, at: FloatArray) -> FloatArray:
    """Give the log of a mean's prior density, 0 where it is flat."""
    if mean.is_flat:
        return np.zeros_like(at)
    standard = (at - mean.mean) / mean.deviation
    return np.asarray(-0.5 * standard**2 - math.log(mean.deviation) - 0.5 * math.log(2 * math.pi))


def _moved(made: Tabulation) -> Lattice | None:
    """Give a lattice that fits the posterior better, or None where this one fits."""
    lattice, standard = made.lattice, made.lattice.standard
    weights = np.exp(made.log_joint - made.log_joint.max()).sum(axis=0)
    total = weights.sum(axis=1)
    matters = total > _MATTERS * total.sum()
    total = np.where(matters, total, 1.0)
    shift = np.where(matters, weights @ standard / total, 0.0)
    spread = np.where(matters, np.sqrt(np.maximum(weights @ standard**2 / total - shift**2, 0.0)), 1.0)
    edge = np.maximum(weights[:, 0], weights[:, -1]) > np.exp(_EDGE) * weights.max(axis=1)
    if not (matters & (edge | (spread < _LEAST))).any():
        return None
    points, reach = len(standard), standard[-1]
    if np.abs(shift).max() < 1 and spread.min() >= _LEAST and spread.max() < 1 / _LEAST:
        # it lies in the right place, and its tails are longer than a normal's
        points, reach = 2 * int(np.ceil(0.75 * (points - 1))) + 1, 1.5 * reach
    return Lattice(
        nodes=lattice.nodes,
        axis=lattice.axis,
        ends=lattice.ends,
        guess=lattice.guess,
        centres=lattice.centres + lattice.spreads * shift,
        spreads=lattice.spreads * np.clip(spread, 0.3, _WIDEST),
        standard=np.linspace(-reach, reach, points),
    )
