"""How far the sites of a panel differ in their change, and what that makes of the error of a table."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Design
from evalkit.draws import FloatArray
from evalkit.models._before_after.cells import Cells, SiteCounts, site_counts
from evalkit.models._before_after.dispersion import Dispersion, baseline_dispersion
from evalkit.models._before_after.draws import Measure

__all__ = ["chance_of_change", "dispersion_of", "spread_of_change"]

# Sites of the other kind from which the spread of a lone site is taken: fewer tell next to nothing of it.
_ENOUGH_FOR_ONE = 5


def dispersion_of(design: Design, cells: Cells, measure: Measure) -> Dispersion:
    """Give the dispersion from the sites' own changes where it can be told, otherwise from the baseline.

    Sites that each keep a shift of their own after the start make their sum vary more than periods
    before it can show. With two or more treated and two or more comparison sites, the variance is that of
    clusters drawn: the spread of the sites' changes within each kind, with Welch's degrees of freedom. A lone
    site shows no spread; its change is then taken to vary, against chance, as those of the other kind do.
    It is used as a multiple of chance, at least one, so that all figures of a table share it.
    """
    known = baseline_dispersion(design)
    if design.panel is None or cells.zeros or not cells.has_comparison:
        return known
    sites = site_counts(design)
    own = cells.without_buffer()
    counts = tuple(len(sites[name].counts) for name in own.names)
    if max(counts) < 2 or (min(counts) < 2 and max(counts) < _ENOUGH_FOR_ONE):
        return known
    shown = [sites[name] for name, count in zip(own.names, counts, strict=True) if count > 1]
    spreads = [spread_of_change(each, measure) for each in shown]
    variances, freedoms = (np.array(side) for side in zip(*spreads, strict=True))
    by_chance = sum(chance_of_change(each, measure) for each in shown)
    total = float(variances.sum())
    welch = total**2 / float((variances**2 / freedoms).sum()) if total > 0 else float(freedoms.min())
    return Dispersion(
        value=max(1.0, total / by_chance),
        origin="sites",
        degrees_of_freedom=welch,
        estimate=total / by_chance,
        periods=known.periods,
        sites=counts,
        baseline=known,
    )


def chance_of_change(sites: SiteCounts, measure: Measure) -> float:
    """Give the variance that chance alone makes of an area's change of rate (or of its logarithm)."""
    totals, at_risk = sites.counts.sum(axis=0), sites.weights.sum(axis=0)
    return float((totals / at_risk**2 if measure == "difference" else 1 / totals).sum())


def spread_of_change(sites: SiteCounts, measure: Measure) -> tuple[float, float]:
    """Give the variance of an area's change of rate (or of its logarithm), and its degrees of freedom.

    A site's part is what its counts, less those that the area's rates lead to expect, add to the change:
    p_i (d_i - d), d_i being the site's own change and p_i its share. Were the d_i equally variable, its
    square would be 1 - 2 p_i + sum p^2 too small, and is divided by that; the degrees of freedom are
    Satterthwaite's. For n sites of one size that is the sample variance over n, on n - 1.
    """
    totals, at_risk = sites.counts.sum(axis=0), sites.weights.sum(axis=0)
    left = sites.counts - sites.weights * (totals / at_risk)
    if measure == "difference":
        parts, shares = left / at_risk, (sites.weights / at_risk).mean(axis=1)
    else:
        parts, shares = left / totals, (sites.counts / totals).mean(axis=1)
    own = (parts[:, 1] - parts[:, 0]) ** 2
    seen = 1 - 2 * shares + (shares**2).sum()
    scale = np.divide(1, seen, out=np.zeros_like(seen), where=seen > 1e-12)
    return float(own @ scale), _satterthwaite(shares, shares**2 * scale)


def _satterthwaite(shares: FloatArray, factors: FloatArray) -> float:
    """Degrees of freedom of sum_i c_i (d_i - sum_j p_j d_j)^2 with equal variances: tr(A)^2 / tr(A^2).

    A = diag(c) - c p' - p c' + (sum c) p p', so only products of vectors are needed.
    """
    total = factors.sum()
    pair = np.column_stack([factors, shares])
    core = np.array([[0.0, -1.0], [-1.0, total]])
    gram = pair.T @ pair
    trace = total + np.trace(core @ gram)
    square = (factors**2).sum() + 2 * np.trace(core @ (pair.T @ (factors[:, None] * pair)))
    square += np.trace(core @ gram @ core @ gram)
    return float(trace**2 / square)
