"""Independent draws from the posterior of counts, everything of a row together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from evalkit.draws import Distribution, FloatArray
    from evalkit.hierarchy.lattice import Tabulation
    from evalkit.hierarchy.tabulated import LogTable

__all__ = ["CountDraws", "draw_together"]

_FINER = 4
# Where a site's effect is looked for, in standard deviations around its middle given the mean and the deviation.
_LOCAL = np.linspace(-7, 7, 36)
_FLAT, _SMALLEST = 1e-6, 1e-300


@dataclass(frozen=True, kw_only=True, eq=False)
class CountDraws:
    """Independent draws of everything that is not known; row i of each array goes together.

    Attributes
    ----------
    mean : mean effect, shape (draws,)
    between : deviation between sites, shape (draws,)
    sites : effect in each site, shape (draws, sites)
    new : effect in new sites, shape (draws, new sites); they share the row's mean and deviation
    version : which value of the dispersion the row has, shape (draws,)
    """

    mean: FloatArray
    between: FloatArray
    sites: FloatArray
    new: FloatArray
    version: np.ndarray


def draw_together(
    made: Tabulation,
    weights: FloatArray,
    between: Distribution | None,
    draws: int,
    rng: np.random.Generator,
    *,
    new_sites: int,
) -> CountDraws:
    """Draw the deviation, then the mean given it, then the sites given both.

    Parameters
    ----------
    weights : posterior of the points, shape (versions, deviations, means)
    between : the posterior of the deviation, which is spread over its quantiles; None where it is known
    """
    lattice = made.lattice
    nodes = lattice.nodes.deviations
    if between is None:
        deviations = np.full(draws, nodes[0])
    else:
        deviations = np.asarray(between.ppf(rng.permutation((np.arange(draws) + 0.5) / draws)), float)
    row = _neighbour(deviations, nodes, rng)
    version = _version(weights.sum(axis=2), row, rng)
    standard = _standard_means(made, version, row, rng)
    means = _between_rows(lattice.centres, nodes, deviations) + standard * np.exp(
        _between_rows(np.log(lattice.spreads), nodes, deviations)
    )
    point = np.clip(np.rint((standard - lattice.standard[0]) / (lattice.standard[1] - lattice.standard[0])), 0, None)
    point = np.minimum(point.astype(int), len(lattice.standard) - 1)
    sites = np.empty((draws, made.log_sites.shape[1]))
    for site in range(sites.shape[1]):
        at = version, site, row, point
        near = made.site_means[at], made.site_variances[at], lattice.means[row, point], nodes[row]
        tables = tuple(each[site] for each in made.tables)
        sites[:, site] = _site(tables, version, _Given(means, deviations, *near), rng)
    return CountDraws(
        mean=means,
        between=deviations,
        sites=sites,
        new=means[:, None] + deviations[:, None] * rng.standard_normal((draws, new_sites)),
        version=version,
    )


def _neighbour(deviations: FloatArray, nodes: FloatArray, rng: np.random.Generator) -> np.ndarray:
    """Pick one of the two nodes around each deviation, the nearer one more often."""
    upper = np.clip(np.searchsorted(nodes, deviations), 1, max(len(nodes) - 1, 1))
    if len(nodes) == 1:
        return np.zeros(len(deviations), int)
    share = (deviations - nodes[upper - 1]) / (nodes[upper] - nodes[upper - 1])
    return np.asarray(np.where(rng.random(len(deviations)) < share, upper, upper - 1))


def _between_rows(values: FloatArray, nodes: FloatArray, deviations: FloatArray) -> FloatArray:
    return np.asarray(np.interp(deviations, nodes, values))


def _version(weights: FloatArray, row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pick a version of the dispersion, given the deviation; weights have shape (versions, deviations)."""
    shares = np.cumsum(weights / np.maximum(weights.sum(axis=0), np.finfo(float).tiny), axis=0)
    return np.asarray((rng.random(len(row)) > shares[:-1, row]).sum(axis=0))


def _standard_means(made: Tabulation, version: np.ndarray, row: np.ndarray, rng: np.random.Generator) -> FloatArray:
    """Draw the mean's place on the lattice, shape (draws,)."""
    from scipy.interpolate import make_interp_spline

    standard = made.lattice.standard
    fine = np.linspace(standard[0], standard[-1], _FINER * (len(standard) - 1) + 1)
    logs = make_interp_spline(standard, made.log_joint, k=5, axis=2)(fine)
    return _inverse(fine, logs[version, row], rng.random(len(row)))


class _Given(NamedTuple):
    """Mean and deviation of each draw, and at the nearest point of the lattice what says where to look for the effect.

    All have shape (draws,): mean and variance of the effect at that point, and the point's own mean and deviation.
    """

    means: FloatArray
    deviations: FloatArray
    near_effect: FloatArray
    near_variance: FloatArray
    near_mean: FloatArray
    near_deviation: FloatArray


def _site(
    tables: tuple[LogTable | None, ...], version: np.ndarray, given: _Given, rng: np.random.Generator
) -> FloatArray:
    """Draw a site's effect given mean and deviation, shape (draws,)."""
    means, deviations = given.means, given.deviations
    if tables[0] is None:
        return means + deviations * rng.standard_normal(len(means))
    share = given.near_variance / given.near_deviation**2 if given.near_deviation.all() else np.ones_like(means)
    centres = given.near_effect + share * (means - given.near_mean)
    scales = deviations * np.sqrt(share)
    points = centres[:, None] + scales[:, None] * _LOCAL
    logs = np.empty_like(points)
    for number, table in enumerate(tables):
        chosen = version == number
        if chosen.any() and table is not None:
            logs[chosen] = table.roughly(points[chosen])
    with np.errstate(divide="ignore", invalid="ignore"):
        logs -= 0.5 * ((points - means[:, None]) / deviations[:, None]) ** 2
    known = deviations > 0
    logs = np.where(known[:, None], logs, 0.0)
    drawn = _inverse(_LOCAL, logs, rng.random(len(means)))
    return np.where(known, centres + scales * drawn, means)


def _inverse(places: FloatArray, logs: FloatArray, probability: FloatArray) -> FloatArray:
    """Give quantiles of densities whose logs are straight between evenly spaced places.

    A straight density would make a normal's variance larger by a sixth of the squared step; a straight log makes every
    cell of a normal lighter by the same share.

    Parameters
    ----------
    places : shape (n,)
    logs : of the densities, one row for each probability, shape (draws, n)
    probability : shape (draws,)
    """
    density = np.exp(logs - logs.max(axis=1, keepdims=True))
    rise = np.diff(logs, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cells = np.where(
            np.abs(rise) > _FLAT, np.diff(density, axis=1) / rise, 0.5 * (density[:, 1:] + density[:, :-1])
        )
    reached = np.cumsum(np.nan_to_num(cells), axis=1)
    asked = probability * reached[:, -1]
    cell = np.minimum((reached < asked[:, None]).sum(axis=1), len(places) - 2)
    rows = np.arange(len(asked))
    left = (asked - np.where(cell > 0, reached[rows, cell - 1], 0.0)) / np.maximum(cells[rows, cell], _SMALLEST)
    slope = rise[rows, cell]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = np.where(np.abs(slope) > _FLAT, np.log1p(left * np.expm1(slope)) / slope, left)
    return np.asarray(places[cell] + (places[1] - places[0]) * np.clip(share, 0.0, 1.0))
