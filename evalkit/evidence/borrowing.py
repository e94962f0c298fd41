"""One's own estimate together with what others found: borrowed as far as the two agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy import BetweenPrior, Fixed, NormalHierarchy, NormalMixture
from evalkit.hierarchy.quadrature import Axis

__all__ = [
    "POWER_PRIOR_WARNING",
    "Borrowed",
    "Literature",
    "commensurate",
    "power_prior",
    "predictive_prior",
    "robust",
    "without_borrowing",
]

POWER_PRIOR_WARNING = (
    "A power prior on the mean of other sites takes this one to have their mean: however small its power, it draws "
    "towards the mean and not towards what a single site may be. Where sites differ, use predictive_prior: the "
    "deviation between sites then says how far the others may be believed here."
)
# Where a conflict is told: the part that stands apart has gained more than this, or is likelier than not.
_GAINED, _LIKELY = 1.5, 0.5
_NODES = 48


@dataclass(frozen=True, kw_only=True, eq=False)
class Literature:
    """What others found, as a prior for one's own effect.

    Attributes
    ----------
    known : the whole prior
    apart : how many components, the last ones, say that this site is unlike the others; 0 where none does
    how : in words
    warning : what must be known before it is used; empty where nothing
    """

    known: NormalMixture
    apart: int = 0
    how: str
    warning: str = ""

    @property
    def weight_apart(self) -> float:
        """Probability, before, that the others say nothing of this site."""
        return float(self.known.weights[len(self.known.weights) - self.apart :].sum())

    def combined(self, estimate: float, error: float) -> Borrowed:
        """Take in one's own estimate and its standard error."""
        after, log_density = self.known.updated(estimate, error)
        return Borrowed(literature=self, estimate=estimate, error=error, known=after, log_density=log_density)


@dataclass(frozen=True, kw_only=True, eq=False)
class Borrowed:
    """One's own effect, others taken into account.

    Attributes
    ----------
    literature : what was believed before
    estimate, error : one's own
    known : the effect, given both
    log_density : log density of the estimate under what was believed
    """

    literature: Literature
    estimate: float
    error: float
    known: NormalMixture
    log_density: float

    @property
    def weight_apart(self) -> float | None:
        """Probability, given the estimate, that the others say nothing of this site; None where that had no part."""
        if not self.literature.apart:
            return None
        return float(self.known.weights[len(self.known.weights) - self.literature.apart :].sum())

    @property
    def surprise(self) -> float:
        """Probability, by what was believed, of an estimate as far out as one's own, on either side."""
        prior = self.literature.known
        noisy = NormalMixture(
            weights=prior.weights, means=prior.means, deviations=np.hypot(prior.deviations, self.error)
        )
        below = float(noisy.below(self.estimate))
        return 2 * min(below, 1 - below)

    @property
    def in_conflict(self) -> bool:
        """Do the estimate and the others disagree?"""
        if self.weight_apart is None:
            return self.surprise < 0.05
        return self.weight_apart > max(_LIKELY, min(_GAINED * self.literature.weight_apart, 0.95))

    @property
    def sentence(self) -> str:
        """Say whether one's own estimate fits what others found."""
        if self.weight_apart is None:
            found = f"an estimate as far out would be seen in {_percent(self.surprise)} of such sites"
        else:
            before, after = _percent(self.literature.weight_apart), _percent(self.weight_apart)
            found = f"the probability that the others say nothing of it goes from {before} to {after}"
        if self.in_conflict:
            return f"This site's own estimate and the others disagree: {found}, so that little is borrowed."
        return f"This site's own estimate fits what others found: {found}."


def predictive_prior(fit: NormalHierarchy, moderators: object = None) -> Literature:
    """Take what is to be expected in a site that is not among those of a fit (meta-analytic predictive prior).

    To combine it with an estimate is the same as to fit all sites and this one together (Schmidli and others 2014,
    doi:10.1111/biom.12242).
    """
    return Literature(known=fit.new_site(moderators), how=f"prediction for a new site from {len(fit.estimates)} sites")


def robust(literature: Literature, *, weight: float, deviation: float, mean: float = 0.0) -> Literature:
    """Leave room for a site that is unlike the others.

    Parameters
    ----------
    weight : probability that the others say nothing of this site, between 0 and 1; usual are .2 to .5
    deviation : standard deviation of what is then believed: that of one observation, such as
        error * sqrt(observations) of a site
    mean : its centre, by default no effect
    """
    if not 0 < weight < 1:
        msg = f"the weight of what stands apart lies between 0 and 1, exclusive; there is {weight}"
        raise EvidenceError(msg)
    if literature.apart:
        msg = "room was left already for a site that is unlike the others: change that weight"
        raise EvidenceError(msg)
    known = literature.known
    return Literature(
        known=NormalMixture(
            weights=np.append((1 - weight) * known.weights, weight),
            means=np.append(known.means, mean),
            deviations=np.append(known.deviations, deviation),
        ),
        apart=1,
        how=f"{literature.how}; with probability {weight:g} the site is unlike them",
    )


def commensurate(mean: NormalMixture, between: BetweenPrior, *, alike: float = 0.0) -> Literature:
    """Let one's own effect lie around a mean that others found, by a deviation of its own that is learnt from it.

    Hobbs, Carlin, Mandrekar and Sargent 2011, doi:10.1111/j.1541-0420.2011.01564.x. Use it where others give one
    pooled mean and not the sites; with sites `predictive_prior` knows their deviation.

    Parameters
    ----------
    mean : what is known of the others' mean
    between : prior of how far this site lies from it (the slab, where there is a spike)
    alike : probability that it does not differ at all (the spike), from 0 to below 1
    """
    if not 0 <= alike < 1:
        msg = f"the probability that a site does not differ at all is 0 or more and below 1; there is {alike}"
        raise EvidenceError(msg)
    if not between.is_proper:
        msg = "one site says nothing of how far it lies from others under a flat prior: take a half-normal one"
        raise EvidenceError(msg)
    deviations, shares = _grid(between, mean.deviation)
    wide = np.hypot(mean.deviations[:, None], deviations).ravel()
    weights = (mean.weights[:, None] * shares * (1 - alike)).ravel()
    parts = [(weights, np.repeat(mean.means, len(deviations)), wide)]
    if alike:
        parts.insert(0, (alike * mean.weights, mean.means, mean.deviations))
    joined = [np.concatenate(each) for each in zip(*parts, strict=True)]
    return Literature(
        known=NormalMixture(weights=joined[0] / joined[0].sum(), means=joined[1], deviations=joined[2]),
        apart=len(weights) if alike else 0,
        how=f"around the others' mean by {between}" + (f", or with probability {alike:g} not at all" if alike else ""),
    )


def power_prior(estimate: float, error: float, power: float) -> Literature:
    """Count others' data by a share of themselves: for one earlier study of the same site, and nothing else.

    Ibrahim and Chen 2000, doi:10.1214/ss/1009212673: the likelihood to a power from 0 to 1, here of a normal estimate.

    >>> round(power_prior(0.4224, 0.0627, 0.1).combined(-0.10, 0.20).known.mean, 2)
    0.16
    """
    if not 0 < power <= 1:
        msg = f"the power of other data lies above 0 and is at most 1; there is {power}"
        raise EvidenceError(msg)
    known = NormalMixture(weights=[1.0], means=[estimate], deviations=[error / math.sqrt(power)])  # type: ignore[arg-type]
    return Literature(known=known, how=f"earlier data to the power {power:g}", warning=POWER_PRIOR_WARNING)


def without_borrowing(estimate: float, error: float) -> NormalMixture:
    """Give one's own estimate by itself, to be shown beside what is borrowed."""
    return NormalMixture(weights=[1.0], means=[estimate], deviations=[error])  # type: ignore[arg-type]


def _grid(between: BetweenPrior, usual: float) -> tuple[np.ndarray, np.ndarray]:
    """Give deviations and their probabilities under a prior, each of shape (nodes,)."""
    if isinstance(between, Fixed):
        return np.array([between.value]), np.ones(1)
    nodes = Axis.of(between, np.array([usual])).nodes(_NODES)
    weights = np.exp(between.log_density(nodes.deviations) + nodes.log_widths)
    return nodes.deviations, weights / weights.sum()


def _percent(probability: float) -> str:
    if probability < 0.01:
        return "less than 1 %"
    return "more than 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"
