"""Each site foreseen by the others, and what is left of the answer without it: exact, all sites in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.many import NormalHierarchies, fit_many
from evalkit.hierarchy.mixtures import NormalMixtures

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.normal import NormalHierarchy

__all__ = ["LeftOut", "leave_one_site_out"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LeftOut:
    """A fit without each of its sites in turn.

    Attributes
    ----------
    whole : the fit with all sites
    log_predictive : log density of each site's estimate under the fit to the others, shape (sites,)
    fits : the fits, one for each site that was left out
    """

    whole: NormalHierarchy
    log_predictive: FloatArray
    fits: NormalHierarchies

    @property
    def elpd(self) -> float:
        """Sum of the log predictive densities: the higher, the better sites are foreseen."""
        return float(self.log_predictive.sum())

    @property
    def standard_error(self) -> float | None:
        """Standard error of that sum over sites; None for fewer than two."""
        sites = len(self.log_predictive)
        return math.sqrt(sites * self.log_predictive.var(ddof=1)) if sites > 1 else None

    @cached_property
    def foreseen(self) -> NormalMixtures:
        """Give what the others say of each site's estimate, its own error included."""
        effect = self.fits.new_site(self.whole.design)
        deviations = np.hypot(effect.deviations, self.whole.errors[:, None])
        return NormalMixtures(weights=effect.weights, means=effect.means, deviations=deviations)

    @property
    def rank(self) -> FloatArray:
        """Probability, by the others, of an estimate below the site's own, shape (sites,); a surprise near 0 or 1."""
        return self.foreseen.below(self.whole.estimates)

    @property
    def shift(self) -> FloatArray:
        """How far the mean moves without each site, in standard deviations of the mean of all, shape (sites,)."""
        return np.asarray((self.fits.mean.mean - self.whole.mean.mean) / self.whole.mean.deviation)


def leave_one_site_out(fit: NormalHierarchy) -> LeftOut:
    """Foresee each site by the others: exactly, and not by importance weights that fail for the site that stands out.

    The log predictive density is the log evidence of all sites less that of the others.

    Raises
    ------
    EvidenceError
        Where what is left would not say anything: one site, or flat priors with too few.
    """
    sites = len(fit.estimates)
    flat = sum(prior.is_flat for prior in fit.priors)
    least = flat + 1 + (0 if fit.between_prior.is_proper else 2 + math.isinf(fit.between_prior.upper))
    if sites < max(least, 2):
        msg = f"to leave a site out takes {max(least, 2)} sites with these priors; there are {sites}"
        raise EvidenceError(msg)
    included = ~np.eye(sites, dtype=bool)
    columns = [index for index, prior in enumerate(fit.priors) if prior.is_flat]
    alone = [
        site for site in range(sites) if np.linalg.matrix_rank(fit.design[included[site]][:, columns]) < len(columns)
    ]
    if alone:
        msg = f"without site {alone[0] + 1} the others do not tell the moderators apart: give these priors"
        raise EvidenceError(msg)
    fits = fit_many(
        fit.estimates,
        fit.errors,
        design=fit.design,
        mean=fit.priors,
        between=fit.between_prior,
        included=included,
    )
    return LeftOut(whole=fit, log_predictive=fit.log_total - fits.log_total, fits=fits)
