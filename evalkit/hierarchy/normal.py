"""Estimates of many sites, pooled partly: the normal-normal hierarchical model, by quadrature and without sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.between import BetweenPrior, Fixed, HalfNormal, NormalPrior
from evalkit.hierarchy.given import Beliefs, Given, given_between
from evalkit.hierarchy.many import Problems, integrated
from evalkit.hierarchy.margin import BetweenMargin
from evalkit.hierarchy.mixture import NormalMixture
from evalkit.hierarchy.moments import Moment, ratio_of_mean, ratio_of_new_site, tail_moments
from evalkit.hierarchy.panels import Panels

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["BETWEEN_PRIOR", "MEAN_PRIOR", "HierarchyDraws", "NormalHierarchy", "fit_normal"]

# Half of all programmes then leave between 0.71 and 1.4 times as much crime, and 95 % between 0.38 and 2.7 times.
MEAN_PRIOR = NormalPrior(deviation=0.5)
# The middle of it is 0.2: 95 % of the sites then lie within a factor of 1.5 of the mean.
BETWEEN_PRIOR = HalfNormal(scale=0.3)

# Squares of errors outside of this are no numbers of the machine any more.
_SMALLEST, _LARGEST = 1e-100, 1e100
# A component that weighs less than rounding adds nothing to any margin.
_LIGHTEST = 1e-18


@dataclass(frozen=True, kw_only=True, eq=False)
class HierarchyDraws:
    """Independent draws of everything that is not known; row i of each array goes together.

    Attributes
    ----------
    coefficients : shape (draws, coefficients); the first is the mean where there are no moderators
    between : deviation between sites, shape (draws,)
    sites : effect in each site, shape (draws, sites)
    new : effect in new sites, shape (draws, new sites); they share the row's mean and deviation
    """

    coefficients: FloatArray
    between: FloatArray
    sites: FloatArray
    new: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class NormalHierarchy:
    """What is known of sites' effects and of their mean, all margins exact.

    Effects are on the scale of the estimates (a log rate ratio: negative where there was less crime).

    Attributes
    ----------
    estimates, errors : of the sites, shape (sites,)
    design : moderators, the constant among them, shape (sites, coefficients)
    names : of the coefficients
    priors : of the coefficients
    between_prior : of the deviation between sites
    deviations : of the quadrature, shape (nodes,)
    weights : how likely each deviation is, shape (nodes,), adding up to 1
    given : what is known of the coefficients at each node
    log_total : log of what prior times likelihood adds up to, constants of flat priors left out
    panels : posterior of the deviation between sites on its axis; None where the deviation was given
    """

    estimates: FloatArray
    errors: FloatArray
    design: FloatArray
    names: tuple[str, ...]
    priors: tuple[NormalPrior, ...]
    between_prior: BetweenPrior
    deviations: FloatArray
    weights: FloatArray
    given: Given
    log_total: float
    panels: Panels | None = None

    @property
    def log_evidence(self) -> float | None:
        """Log density of the estimates under the priors; None where a prior is flat, as its constant has no value."""
        proper = self.between_prior.is_proper and not any(prior.is_flat for prior in self.priors)
        return self.log_total if proper else None

    @property
    def mean(self) -> NormalMixture:
        """Give the mean effect: the first coefficient, which is the effect where every moderator is zero."""
        return self.coefficient(self.names[0])

    def coefficient(self, name: str) -> NormalMixture:
        """Give what is known of a coefficient."""
        if name not in self.names:
            msg = f"no coefficient {name!r}; there are {list(self.names)}"
            raise EvidenceError(msg)
        row = np.zeros(len(self.names))
        row[self.names.index(name)] = 1.0
        return self.at(row)

    def at(self, moderators: Any = None) -> NormalMixture:
        """Give the mean effect of sites with these moderators, shape (coefficients,), the constant first."""
        return self._mixture(*self.line(self.row(moderators)))

    def new_site(self, moderators: Any = None) -> NormalMixture:
        """Give the effect to expect in a site that is not among these: the mean, and how far sites lie from it."""
        means, variances = self.line(self.row(moderators))
        return self._mixture(means, variances + self.deviations**2)

    def site(self, index: int) -> NormalMixture:
        """Give the effect in a site, drawn towards what the others say."""
        means, variances = self.line(self.design[index])
        own = self.errors[index] ** 2
        pulled = own / (own + self.deviations**2)
        return self._mixture(
            (1 - pulled) * self.estimates[index] + pulled * means, (1 - pulled) * own + pulled**2 * variances
        )

    @property
    def sites(self) -> tuple[NormalMixture, ...]:
        """Give the effect in each site."""
        return tuple(self.site(index) for index in range(len(self.estimates)))

    @cached_property
    def between(self) -> BetweenMargin:
        """Give what is known of the deviation between sites."""
        if isinstance(self.between_prior, Fixed):
            msg = f"the deviation between sites was given, {self.between_prior.value:g}: nothing is to be learnt of it"
            raise EvidenceError(msg)
        mean, deviation = tail_moments(self)
        return BetweenMargin(
            log_density=lambda at: self._log_joint(at) - self.log_total,
            axis=self._problems.axis_of(np.zeros(1, int)),
            mean=mean.value,
            deviation=deviation.value,
            panels=self.panels,
        )

    def mean_ratio(self, moderators: Any = None) -> Moment:
        """Give the mean of exp of the mean effect (the mean rate ratio), or say why it has none."""
        return ratio_of_mean(self, self.row(moderators))

    def mean_new_ratio(self, moderators: Any = None) -> Moment:
        """Give the mean of exp of a new site's effect, or say why it has none: its tail is decided by priors."""
        return ratio_of_new_site(self, self.row(moderators))

    @property
    def pooling(self) -> FloatArray:
        """Share of a site's own error in what sets its estimate apart, mean over draws, shape (sites,).

        0 leaves the site to itself, 1 takes the mean of all in its stead (Gelman and Pardoe 2006,
        doi:10.1198/004017005000000517).
        """
        own = self.errors[:, None] ** 2
        return np.asarray((own / (own + self.deviations**2)) @ self.weights)

    def draw(
        self, draws: int, rng: np.random.Generator, *, new_sites: int = 1, moderators: Any = None
    ) -> HierarchyDraws:
        """Draw everything together, each row by itself from the posterior."""
        if isinstance(self.between_prior, Fixed):
            between = np.full(draws, self.between_prior.value)
        else:
            between = self.between.ppf(rng.permutation((np.arange(draws) + 0.5) / draws))
        given = self._given(between)
        roots = np.linalg.cholesky(given.covariances)
        coefficients = given.means + (roots @ rng.standard_normal((draws, len(self.names), 1)))[..., 0]
        own = self.errors**2
        pulled = own / (own + between[:, None] ** 2)
        sites = (1 - pulled) * self.estimates + pulled * (coefficients @ self.design.T)
        sites += np.sqrt((1 - pulled) * own) * rng.standard_normal(sites.shape)
        middle = coefficients @ self.row(moderators)
        new = middle[:, None] + between[:, None] * rng.standard_normal((draws, new_sites))
        return HierarchyDraws(coefficients=coefficients, between=between, sites=sites, new=new)

    def with_power(self, *, prior: float = 1.0, likelihood: float = 1.0) -> NormalHierarchy:
        """Fit again with priors and likelihood raised to powers: how much of the answer is either's.

        A prior to the power of 0.5 is half as sure, the likelihood to the power of 2 has seen the data twice
        (Kallioinen and others 2024, doi:10.1007/s11222-023-10366-5).
        """
        return fit_normal(
            self.estimates,
            self.errors / math.sqrt(likelihood),  # a normal density to a power is one with a smaller error
            design=self.design,
            names=self.names,
            mean=[replace(each, deviation=each.deviation / math.sqrt(prior)) for each in self.priors],
            between=Powered(prior=self.between_prior, power=prior) if prior != 1 else self.between_prior,
        )

    def row(self, moderators: Any = None) -> FloatArray:
        """Give checked moderators, shape (coefficients,); None is the constant, where there are no moderators."""
        if moderators is None:
            if len(self.names) > 1:
                msg = f"the effect depends on {list(self.names[1:])}: give a value of each, the constant 1 first"
                raise EvidenceError(msg)
            return np.ones(1)
        row = np.asarray(moderators, float)
        if row.shape != (len(self.names),) or not np.isfinite(row).all():
            msg = f"moderators are finite numbers, one for each of {list(self.names)}; there is {row.tolist()}"
            raise EvidenceError(msg)
        return row

    def line(self, row: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give mean and variance of a combination of coefficients at each node, each of shape (nodes,)."""
        return self.given.means @ row, np.einsum("npq,p,q->n", self.given.covariances, row, row)

    def _mixture(self, means: FloatArray, variances: FloatArray) -> NormalMixture:
        heavy = self.weights > _LIGHTEST
        weights = self.weights[heavy]
        return NormalMixture(weights=weights / weights.sum(), means=means[heavy], deviations=np.sqrt(variances[heavy]))

    @property
    def _problems(self) -> Problems:
        return _problems(self.estimates, self.errors, self.design, self.priors, self.between_prior)

    def _given(self, deviations: FloatArray) -> Given:
        return given_between(self.estimates, self.errors, self.design, self.priors, deviations)

    def _log_joint(self, deviations: FloatArray) -> FloatArray:
        return np.asarray(self._given(deviations).log_evidence + self.between_prior.log_density(deviations))


def fit_normal(
    estimates: Any,
    errors: Any,
    *,
    design: Any = None,
    names: Sequence[str] = (),
    mean: NormalPrior | Sequence[NormalPrior] = MEAN_PRIOR,
    between: BetweenPrior = BETWEEN_PRIOR,
) -> NormalHierarchy:
    """Pool sites' estimates partly: estimate ~ normal(effect, error), effect ~ normal(mean, between).

    The mean (or the coefficients of moderators) is integrated out in closed form, the deviation between sites by
    quadrature, so that every margin is a finite mixture of normals (Röver 2020, doi:10.18637/jss.v093.i06). Nothing is
    sampled, and nothing can fail to converge: nodes are doubled until the answer does not move.

    Parameters
    ----------
    estimates : one for each site, shape (sites,); a log rate ratio is negative where there was less crime
    errors : their standard errors, same shape, above zero
    design : moderators, the constant first, shape (sites, coefficients); None for a common mean
    names : of its columns
    mean : prior of the mean, or one for each coefficient
    between : prior of the deviation between sites

    >>> fit = fit_normal([-0.3, -0.1, -0.2], [0.1, 0.15, 0.1])
    >>> round(fit.mean.mean, 3), round(float(fit.mean.below(0)), 3), round(float(fit.new_site().below(0)), 3)
    (-0.204, 0.96, 0.897)
    """
    y, s, x = _checked(estimates, errors, design)
    labels = tuple(names) or ("mean", *(f"moderator {number}" for number in range(1, x.shape[1])))
    priors = (mean,) * x.shape[1] if isinstance(mean, NormalPrior) else tuple(mean)
    _require_known(y, x, labels, priors, between)

    problems = _problems(y, s, x, priors, between)
    if isinstance(between, Fixed):
        panels, deviations, weights = None, np.array([[between.value]]), np.ones(1)
        given = problems.given(np.zeros(1, int), deviations)
    else:
        panels, deviations, given = integrated(problems)
        weights = panels.weights.ravel()
    return NormalHierarchy(
        estimates=y,
        errors=s,
        design=x,
        names=labels,
        priors=priors,
        between_prior=between,
        deviations=deviations[0],
        weights=weights,
        given=given.first,
        log_total=float(given.log_evidence[0, 0] if panels is None else panels.log_total[0]),
        panels=panels,
    )


def _problems(
    y: FloatArray, s: FloatArray, x: FloatArray, priors: tuple[NormalPrior, ...], between: BetweenPrior
) -> Problems:
    beliefs = Beliefs.of(priors)
    return Problems(
        estimates=y[None],
        errors=s[None],
        included=None,
        design=x,
        beliefs=Beliefs(means=beliefs.means[None], precisions=beliefs.precisions[None]),
        between=(between,),
    )


@dataclass(frozen=True, kw_only=True)
class Powered:
    """A prior raised to a power."""

    prior: BetweenPrior
    power: float

    is_proper = False  # its constant is not known

    @property
    def decay(self) -> float:
        return self.prior.decay * self.power

    @property
    def upper(self) -> float:
        return self.prior.upper

    @property
    def scale(self) -> float:
        return self.prior.scale

    @property
    def tail(self) -> float:
        return self.prior.tail * self.power

    def log_density(self, deviation: FloatArray, /) -> FloatArray:
        return np.asarray(self.power * self.prior.log_density(deviation))


def _checked(estimates: Any, errors: Any, design: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    y, s = np.asarray(estimates, float), np.asarray(errors, float)
    if y.ndim != 1 or y.shape != s.shape or not y.size:
        msg = f"estimates and errors have one number for each site; there are shapes {y.shape} and {s.shape}"
        raise EvidenceError(msg)
    bad = ~np.isfinite(y) | ~np.isfinite(s) | ~(s > _SMALLEST) | ~(s < _LARGEST) | ~(np.abs(y) < _LARGEST)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        msg = (
            f"site {first + 1} of {len(y)} has estimate {y[first]:g} with error {s[first]:g}; wanted are a finite "
            "estimate and an error above zero: an effect that is known without error is not an estimate"
        )
        raise EvidenceError(msg)
    x = np.ones((len(y), 1)) if design is None else np.asarray(design, float)
    if x.ndim != 2 or len(x) != len(y) or not np.isfinite(x).all():
        msg = f"moderators are finite numbers of shape (sites, coefficients), with {len(y)} rows; there is {x.shape}"
        raise EvidenceError(msg)
    return y, s, x


def _require_known(
    y: FloatArray, x: FloatArray, names: tuple[str, ...], priors: tuple[NormalPrior, ...], between: BetweenPrior
) -> None:
    if not len(names) == len(priors) == x.shape[1]:
        msg = f"{x.shape[1]} coefficients need as many names and priors; there are {len(names)} and {len(priors)}"
        raise EvidenceError(msg)
    flat = [index for index, prior in enumerate(priors) if prior.is_flat]
    if np.linalg.matrix_rank(x[:, flat]) < len(flat) if flat else False:
        msg = (
            f"{len(y)} sites do not tell the coefficients {[names[index] for index in flat]} apart: give them priors "
            "with a deviation, or leave a moderator out"
        )
        raise EvidenceError(msg)
    wanted = len(flat) + 2 + (math.isinf(between.upper))
    if not between.is_proper and not isinstance(between, Powered) and len(y) < wanted:
        msg = (
            f"a flat prior of the deviation between sites needs {wanted} sites here; there are {len(y)}: use "
            "HalfNormal(scale=0.3), which says that sites seldom differ by more than a factor of two"
        )
        raise EvidenceError(msg)
