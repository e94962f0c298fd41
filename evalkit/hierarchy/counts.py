"""Counts of many sites, pooled partly: exact likelihoods of small counts in a hierarchical model, without sampling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from evalkit.errors import EvidenceError, nearest
from evalkit.hierarchy.between import BetweenPrior, Fixed, NormalPrior
from evalkit.hierarchy.conditional import SiteLikelihood
from evalkit.hierarchy.count_draws import CountDraws, draw_together
from evalkit.hierarchy.count_tables import CountTables
from evalkit.hierarchy.dispersion import Dispersion
from evalkit.hierarchy.grid_margin import GridMargin
from evalkit.hierarchy.lattice import Tabulation, integrate
from evalkit.hierarchy.margin import BetweenMargin
from evalkit.hierarchy.normal import BETWEEN_PRIOR, MEAN_PRIOR
from evalkit.hierarchy.overdispersed import COMMON_CHANGE, overdispersed
from evalkit.hierarchy.stretch import Stretch, interpolated
from evalkit.hierarchy.tabulated import LogTable

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["CountHierarchy", "fit_counts"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CountHierarchy:
    """What is known of sites' effects and of their mean, from counts.

    Effects are logs of a ratio of ratios, rate ratio or odds ratio (`tables.measure`): negative where there was less.

    Attributes
    ----------
    tables : the counts
    mean_prior : of the mean effect
    between_prior : of the deviation between sites; it ends at a deviation of 25
    dispersion : of the counts; None where chance alone makes them vary
    common_change : prior of the change that a site and its comparison share; used under overdispersion only, as
        otherwise the likelihood does not hold it
    posterior : the joint posterior of mean and deviation, and the sites' likelihoods
    """

    tables: CountTables
    mean_prior: NormalPrior
    between_prior: BetweenPrior
    dispersion: Dispersion | None
    common_change: NormalPrior
    posterior: Tabulation

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sites."""
        return self.tables.names

    @property
    def silent(self) -> tuple[str, ...]:
        """Sites that say nothing; of their effect is known what is known of a new site's."""
        return self.tables.silent

    @cached_property
    def log_evidence(self) -> float | None:
        """Log probability of the counts, given their margins; None where a prior is flat, as it has no value then."""
        proper = self.between_prior.is_proper and not self.mean_prior.is_flat
        return self._log_total if proper else None

    @cached_property
    def weights(self) -> FloatArray:
        """How likely each version of the dispersion, deviation and mean is, together; adds up to 1."""
        return np.exp(self.posterior.log_joint - self._log_total)

    @property
    def mean(self) -> GridMargin:
        """Give the mean effect of sites."""
        means = self.posterior.lattice.means
        centre, spread = _moments(self.weights, means, np.zeros_like(means))
        conditional = self._conditional(self.posterior.log_joint)

        def density(value: object) -> FloatArray:
            asked = np.asarray(value, float)
            points = np.broadcast_to(asked.ravel(), (len(conditional), asked.size))
            found = [np.exp(table(row)) for table, row in zip(conditional, self._standard(points), strict=True)]
            return np.asarray((np.array(found) / self._spreads).sum(axis=0).reshape(asked.shape))

        return GridMargin(mean=centre, deviation=spread, density=density)

    @property
    def new_site(self) -> GridMargin:
        """Give the effect to expect in a site that is not among these: the mean, and how far sites lie from it."""
        lattice = self.posterior.lattice
        variances = np.broadcast_to(lattice.nodes.deviations[:, None] ** 2, lattice.means.shape)
        centre, spread = _moments(self.weights, lattice.means, variances)
        conditional = self._conditional(self.posterior.log_joint)
        return GridMargin(mean=centre, deviation=spread, density=lambda value: self._spread_out(conditional, value))

    def site(self, name: str) -> GridMargin:
        """Give the effect in a site, drawn towards what the others say."""
        if name not in self.names:
            msg = f"no site {name!r}; {nearest(name, self.names)}"
            raise EvidenceError(msg)
        index, made = self.names.index(name), self.posterior
        if name in self.silent:
            return self.new_site
        centre, spread = _moments(self.weights, made.site_means[:, index], made.site_variances[:, index])
        others = [
            self._conditional((made.log_joint - made.log_sites[:, index])[[version]])
            for version in range(len(made.tables))
        ]

        def density(value: object) -> FloatArray:
            asked = np.asarray(value, float)
            parts = [
                np.exp(row[index](asked)) * self._spread_out(other, asked)  # type: ignore[misc]  # it is not silent
                for row, other in zip(made.tables, others, strict=True)
            ]
            return np.asarray(np.sum(parts, axis=0))

        return GridMargin(mean=centre, deviation=spread, density=density)

    @property
    def sites(self) -> tuple[GridMargin, ...]:
        """Give the effect in each site."""
        return tuple(self.site(name) for name in self.names)

    @cached_property
    def between(self) -> BetweenMargin:
        """Give what is known of the deviation between sites."""
        if isinstance(self.between_prior, Fixed):
            msg = f"the deviation between sites was given, {self.between_prior.value:g}: nothing is to be learnt of it"
            raise EvidenceError(msg)
        lattice = self.posterior.lattice
        nodes = lattice.nodes
        weights = self.weights.sum(axis=(0, 2))
        mean = float(weights @ nodes.deviations)
        logs = logsumexp(self.posterior.log_joint, axis=(0, 2)) - nodes.log_widths - self._log_total
        return BetweenMargin(
            log_density=interpolated(logs, lattice),
            axis=Stretch(upper=lattice.axis.upper, size=lattice.axis.size, ends=lattice.ends),
            mean=mean,
            deviation=math.sqrt(max(float(weights @ nodes.deviations**2) - mean**2, 0.0)),
        )

    def draw(self, draws: int, rng: np.random.Generator, *, new_sites: int = 1) -> CountDraws:
        """Draw everything together, each row by itself from the posterior."""
        between = None if isinstance(self.between_prior, Fixed) else self.between
        return draw_together(self.posterior, self.weights, between, draws, rng, new_sites=new_sites)

    def without(self, name: str) -> CountHierarchy:
        """Fit again without a site."""
        if name not in self.names:
            msg = f"no site {name!r}; {nearest(name, self.names)}"
            raise EvidenceError(msg)
        return fit_counts(
            self.tables.without(name),
            mean=self.mean_prior,
            between=self.between_prior,
            dispersion=self.dispersion,
            common_change=self.common_change,
        )

    def log_predictive(self, name: str) -> float:
        """Give the log probability of a site's counts, given its margins, as foreseen from all other sites."""
        other = self.without(name)
        return self._log_total - other._log_total  # noqa: SLF001 - of its own class

    @cached_property
    def _log_total(self) -> float:
        return float(logsumexp(self.posterior.log_joint))

    @property
    def _spreads(self) -> FloatArray:
        return self.posterior.lattice.spreads[:, None]

    def _standard(self, points: FloatArray) -> FloatArray:
        lattice = self.posterior.lattice
        return np.asarray((points - lattice.centres[:, None]) / lattice.spreads[:, None])

    def _conditional(self, log_joint: FloatArray) -> list[LogTable]:
        """Give, for each deviation, the log of its weight times the density of the mean in standard places."""
        lattice = self.posterior.lattice
        step = float(lattice.standard[1] - lattice.standard[0])
        logs = logsumexp(log_joint, axis=0) - (self._log_total + math.log(step))
        return [LogTable(start=float(lattice.standard[0]), step=step, values=row) for row in logs]

    def _spread_out(self, conditional: list[LogTable], value: object) -> FloatArray:
        """Give the density of a normal effect around the mean, both mean and deviation integrated out."""
        asked = np.asarray(value, float)
        deviations = self.posterior.lattice.nodes.deviations
        places = self._standard(np.broadcast_to(asked.ravel(), (len(deviations), asked.size)))
        total = np.zeros(asked.size)
        for table, row, deviation, spread in zip(conditional, places, deviations, self._spreads[:, 0], strict=True):
            total += np.exp(table.smoothed(row[None], np.array([deviation / spread])).log_integral[0]) / spread
        return total.reshape(asked.shape)


def fit_counts(
    tables: CountTables,
    *,
    mean: NormalPrior = MEAN_PRIOR,
    between: BetweenPrior = BETWEEN_PRIOR,
    dispersion: Dispersion | None = None,
    common_change: NormalPrior = COMMON_CHANGE,
    fineness: float = 1.0,
) -> CountHierarchy:
    """Pool sites' counts partly: counts ~ their exact conditional distribution, effect ~ normal(mean, between).

    No half is added to any cell: a site with an empty cell says what it says, and one whose counts would be the same
    under any effect is named in `silent`. Sums over mean, deviation and effect are exact to 1e-6 and better; where to
    look is found from the counts.

    Parameters
    ----------
    tables : from `ratios_of_ratios`, `rate_ratios` or `odds_ratios`
    mean : prior of the mean effect, on the log scale
    between : prior of the deviation between sites, cut off at 25
    dispersion : how much more counts vary than by chance; None for not at all. The conditional distribution is then
        beta-binomial (see `Dispersion`), and where sites are alike in how much crime they have the mean comes out too
        high by about a fifth of its deviation
    common_change : prior of the log change that a site shares with its comparison, used with `dispersion` only
    fineness : how many times finer the sums are made than by default, to see that it makes no difference

    >>> from evalkit.hierarchy.count_tables import ratios_of_ratios
    >>> tables = ratios_of_ratios([[30, 20], [12, 9], [8, 3]], [[25, 26], [14, 15], [9, 10]])
    >>> fit = fit_counts(tables)
    >>> round(fit.mean.mean, 3), round(float(fit.mean.below(0)), 3), round(float(fit.new_site.below(0)), 3)
    (-0.377, 0.929, 0.861)
    """
    if not tables.informs.any():
        msg = (
            f"none of {len(tables)} sites says anything: their counts would be the same under any effect, "
            "having no events on one side"
        )
        raise EvidenceError(msg)
    if not between.is_proper and int(tables.informs.sum()) < 3 + mean.is_flat:
        msg = (
            f"a flat prior of the deviation between sites needs {3 + mean.is_flat} sites that say something; there are "
            f"{int(tables.informs.sum())}: use HalfNormal(scale=0.3)"
        )
        raise EvidenceError(msg)
    versions, log_weights = _versions(tables, dispersion, common_change)
    return CountHierarchy(
        tables=tables,
        mean_prior=mean,
        between_prior=between,
        dispersion=dispersion,
        common_change=common_change,
        posterior=integrate(versions, log_weights, mean, between, fineness=fineness),
    )


def _versions(
    tables: CountTables, dispersion: Dispersion | None, common_change: NormalPrior
) -> tuple[list[list[SiteLikelihood | None]], FloatArray]:
    if dispersion is None:
        rows: list[tuple[SiteLikelihood, ...]] = [tables.likelihoods]
        log_weights = np.zeros(1)
    else:
        rows = [overdispersed(tables, excess, common_change) for excess in dispersion.excess]
        log_weights = np.log(dispersion.weights)
    known = tables.informs
    return [[site if says else None for site, says in zip(row, known, strict=True)] for row in rows], log_weights


def _moments(weights: FloatArray, means: FloatArray, variances: FloatArray) -> tuple[float, float]:
    """Give mean and standard deviation of a mixture; weights shape (versions, deviations, means), others broadcast."""
    centre = float((weights * means).sum())
    return centre, math.sqrt(float((weights * (variances + (means - centre) ** 2)).sum()))
