"""Many sets of estimates, or one under many priors or with sites left out, fitted in one pass over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.between import BetweenPrior, Fixed, NormalPrior
from evalkit.hierarchy.given import Beliefs, Given, given_beliefs
from evalkit.hierarchy.mixtures import NormalMixtures
from evalkit.hierarchy.panels import Panels, resolved
from evalkit.hierarchy.quadrature import Axis, usual_distance

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["NormalHierarchies", "Problems", "fit_many", "integrated"]

# Rows of arrays that are worked on at once hold some 2 million numbers, which a processor's cache nearly holds.
_BLOCK = 2_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Problems:
    """Sets of estimates that are fitted together.

    Attributes
    ----------
    estimates, errors : shape (sets, sites)
    included : which sites say anything, same shape; None for all
    design : shape (sites, coefficients)
    beliefs : priors of the coefficients, shape (sets, coefficients)
    between : prior of the deviation between sites, one for each set, or one for all
    """

    estimates: FloatArray
    errors: FloatArray
    included: np.ndarray | None
    design: FloatArray
    beliefs: Beliefs
    between: tuple[BetweenPrior, ...]

    @cached_property
    def axis(self) -> Axis:
        """Give how deviations are laid out in each set."""
        scales = np.array([prior.scale for prior in self.between])
        upper = np.array([prior.upper for prior in self.between])
        return Axis(
            upper=float(upper[0]) if len(upper) == 1 else upper,
            size=1 / (1 / usual_distance(self.errors, self.estimates) + 1 / scales),
        )

    def axis_of(self, owner: np.ndarray) -> Axis:
        """Give the same for a row of panels that belong to these sets."""
        upper = self.axis.upper
        return Axis(upper=upper if np.ndim(upper) == 0 else np.asarray(upper)[owner], size=self.axis.size[owner])

    def given(self, owner: np.ndarray, deviations: FloatArray) -> Given:
        """Give what is known where the deviations, shape (rows, nodes), are those of sets, shape (rows,)."""
        return given_beliefs(
            self.estimates[owner],
            self.errors[owner],
            self.design,
            Beliefs(means=self.beliefs.means[owner], precisions=self.beliefs.precisions[owner]),
            deviations,
            included=None if self.included is None else self.included[owner],
        )

    def log_prior(self, owner: np.ndarray, deviations: FloatArray) -> FloatArray:
        """Give the log prior density of deviations, shape (rows, nodes)."""
        if len(self.between) == 1:
            return self.between[0].log_density(deviations)
        out = np.empty_like(deviations)
        for index, prior in enumerate(self.between):
            rows = owner == index
            out[rows] = prior.log_density(deviations[rows])
        return out


def integrated(problems: Problems) -> tuple[Panels, FloatArray, Given]:
    """Cut the posteriors of the deviation between sites into panels, all sets together.

    Returns
    -------
    the panels, the deviations at their nodes, shape (sets, nodes), and what is known of the coefficients there
    """
    block = max(1, _BLOCK // (96 * problems.estimates.shape[1]))
    sets = np.arange(len(problems.estimates))
    looked: list[Given] = []

    def log_density(owner: np.ndarray, places: FloatArray) -> FloatArray:
        out = np.empty_like(places)
        for first in range(0, len(owner), block):
            rows = slice(first, first + block)
            axis = problems.axis_of(owner[rows])
            deviations = axis.deviation(places[rows])
            given = problems.given(owner[rows], deviations)
            looked[min(len(looked), 1) :] = [given]  # a second look is enough to know that there was one
            prior = problems.log_prior(owner[rows], deviations)
            out[rows] = given.log_evidence + prior + axis.log_slope(places[rows])
        return out

    errors = problems.errors
    what = f"the deviation between sites (errors from {errors.min():.3g} to {errors.max():.3g})"
    panels = resolved(log_density, len(sets), what=what)
    deviations = panels.by_owner(problems.axis_of(panels.owner).deviation(panels.places))
    # where one look was enough, what it saw is the answer
    return panels, deviations, looked[0] if len(looked) == 1 else _in_blocks(problems, sets, deviations)


@dataclass(frozen=True, kw_only=True, eq=False)
class NormalHierarchies:
    """Fits of many sets of estimates, everything exact as in `NormalHierarchy`.

    Attributes
    ----------
    problems : what was fitted
    panels : posteriors of the deviations; None where the deviation was given
    deviations, weights : of the quadrature, shape (sets, nodes); a set with fewer nodes ends in weights of zero
    given : what is known of the coefficients at each node
    """

    problems: Problems
    panels: Panels | None
    deviations: FloatArray
    weights: FloatArray
    given: Given

    @property
    def log_total(self) -> FloatArray:
        """Log of what prior times likelihood adds up to, constants of flat priors left out, shape (sets,)."""
        return self.given.log_evidence[:, 0] if self.panels is None else self.panels.log_total

    @property
    def mean(self) -> NormalMixtures:
        """Give the first coefficient of each set: the mean effect where there are no moderators."""
        return self.at(np.eye(self.problems.design.shape[1])[0])

    def at(self, moderators: FloatArray) -> NormalMixtures:
        """Give the mean effect at moderators of shape (coefficients,) or (sets, coefficients)."""
        means, variances = self._line(moderators)
        return NormalMixtures(weights=self.weights, means=means, deviations=np.sqrt(variances))

    def new_site(self, moderators: FloatArray | None = None) -> NormalMixtures:
        """Give the effect to expect in a site that is not among these."""
        means, variances = self._line(self._row(moderators))
        return NormalMixtures(weights=self.weights, means=means, deviations=np.sqrt(variances + self.deviations**2))

    def site(self, index: int) -> NormalMixtures:
        """Give the effect in one site of each set, drawn towards what the others say."""
        means, variances = self._line(self.problems.design[index])
        own = self.problems.errors[:, index, None] ** 2
        pulled = own / (own + self.deviations**2)
        estimate = self.problems.estimates[:, index, None]
        return NormalMixtures(
            weights=self.weights,
            means=(1 - pulled) * estimate + pulled * means,
            deviations=np.sqrt((1 - pulled) * own + pulled**2 * variances),
        )

    @property
    def between_mean(self) -> FloatArray:
        """Mean of the deviation between sites, shape (sets,); see `moments` for whether it exists."""
        return np.asarray((self.weights * self.deviations).sum(-1))

    def between_below(self, value: Any) -> FloatArray:
        """Give the probability that the deviation is below values of shape (), (sets,) or (sets, n); same shape."""
        panels, sets = self._known, len(self.weights)
        asked = np.asarray(value, float)
        columns = asked if asked.ndim == 2 else asked.reshape(-1, 1)
        rows = np.broadcast_to(columns, (sets, columns.shape[1]))
        places = self.problems.axis_of(np.arange(sets)).place(rows)
        below = panels.below(np.repeat(np.arange(sets), rows.shape[1]), places.ravel()).reshape(rows.shape)
        return below if asked.ndim == 2 else below[:, 0]

    def between_ppf(self, probability: float) -> FloatArray:
        """Give a quantile of the deviation of each set, shape (sets,)."""
        panels, sets = self._known, np.arange(len(self.weights))
        places = panels.quantile(sets, np.full(len(sets), float(probability)))
        return np.asarray(self.problems.axis_of(sets).deviation(places[:, None])[:, 0])

    @property
    def _known(self) -> Panels:
        if self.panels is None:
            msg = "the deviation between sites was given: nothing is to be learnt of it"
            raise EvidenceError(msg)
        return self.panels

    def _row(self, moderators: FloatArray | None) -> FloatArray:
        size = self.problems.design.shape[1]
        if moderators is None and size > 1:
            msg = f"the effect depends on moderators: give {size} numbers, the constant 1 first"
            raise EvidenceError(msg)
        return np.ones(1) if moderators is None else moderators

    def _line(self, row: FloatArray) -> tuple[FloatArray, FloatArray]:
        rows = np.broadcast_to(row, (len(self.weights), self.problems.design.shape[1]))
        return (
            np.einsum("bnp,bp->bn", self.given.means, rows),
            np.einsum("bnpq,bp,bq->bn", self.given.covariances, rows, rows),
        )


def fit_many(
    estimates: Any,
    errors: Any,
    *,
    design: Any = None,
    mean: Sequence[Sequence[NormalPrior]] | Sequence[NormalPrior] | NormalPrior,
    between: Sequence[BetweenPrior] | BetweenPrior,
    included: Any = None,
) -> NormalHierarchies:
    """Fit many sets of estimates at once: for a simulation, a sweep over priors, or with sites left out in turn.

    Parameters
    ----------
    estimates, errors : shape (sets, sites), or (sites,) where all sets are of the same estimates
    design : moderators, shape (sites, coefficients); None for a common mean
    mean : prior of every coefficient of every set; or one for each coefficient; or a list of such, one for each set
    between : prior of the deviation between sites; or a list, one for each set
    included : shape (sets, sites); a site that is not included says nothing
    """
    y, s = np.atleast_2d(np.asarray(estimates, float)), np.atleast_2d(np.asarray(errors, float))
    used = None if included is None else np.atleast_2d(np.asarray(included, bool))
    if y.shape[1] != s.shape[1] or not np.isfinite(y).all() or not (np.isfinite(s) & (s > 0)).all():
        msg = f"estimates and errors are finite, errors above zero, of one shape; there are {y.shape} and {s.shape}"
        raise EvidenceError(msg)
    x = np.ones((y.shape[1], 1)) if design is None else np.asarray(design, float)
    priors = (between,) if isinstance(between, BetweenPrior) else tuple(between)
    if len({isinstance(prior, Fixed) for prior in priors}) > 1:
        msg = "priors of the deviation between sites are all Fixed, or none is: fit the fixed ones by themselves"
        raise EvidenceError(msg)
    beliefs = _beliefs(mean, x.shape[1])
    sizes = {len(y), len(s), len(beliefs.means), len(priors), 1 if used is None else len(used)} - {1}
    if len(sizes) > 1:
        msg = f"estimates, errors, priors and what is included are of one number of sets; there are {sorted(sizes)}"
        raise EvidenceError(msg)
    sets = max(sizes, default=1)
    problems = Problems(
        estimates=np.broadcast_to(y, (sets, y.shape[1])),
        errors=np.broadcast_to(s, (sets, y.shape[1])),
        included=None if used is None else np.broadcast_to(used, (sets, y.shape[1])),
        design=x,
        beliefs=Beliefs(
            means=np.broadcast_to(beliefs.means, (sets, x.shape[1])),
            precisions=np.broadcast_to(beliefs.precisions, (sets, x.shape[1])),
        ),
        between=priors,
    )
    return _fitted(problems)


def _fitted(problems: Problems) -> NormalHierarchies:
    sets = np.arange(len(problems.estimates))
    fixed = [prior.value for prior in problems.between if isinstance(prior, Fixed)]
    if fixed:
        deviations = np.broadcast_to(np.array(fixed)[:, None], (len(sets), 1))
        given = _in_blocks(problems, sets, deviations)
        weights = np.ones((len(sets), 1))
        return NormalHierarchies(problems=problems, panels=None, deviations=deviations, weights=weights, given=given)
    panels, deviations, given = integrated(problems)
    return NormalHierarchies(
        problems=problems,
        panels=panels,
        deviations=deviations,
        weights=panels.by_owner(panels.weights),
        given=given,
    )


def _in_blocks(problems: Problems, sets: np.ndarray, deviations: FloatArray) -> Given:
    block = max(1, _BLOCK // (deviations.shape[1] * problems.estimates.shape[1]))
    parts = [
        problems.given(sets[first : first + block], deviations[first : first + block])
        for first in range(0, len(sets), block)
    ]
    if len(parts) == 1:
        return parts[0]
    return Given(
        log_evidence=np.concatenate([part.log_evidence for part in parts]),
        means=np.concatenate([part.means for part in parts]),
        covariances=np.concatenate([part.covariances for part in parts]),
    )


def _beliefs(mean: Sequence[Sequence[NormalPrior]] | Sequence[NormalPrior] | NormalPrior, coefficients: int) -> Beliefs:
    rows: list[Sequence[NormalPrior]]
    if isinstance(mean, NormalPrior):
        rows = [[mean] * coefficients]
    elif all(isinstance(each, NormalPrior) for each in mean):
        rows = [[each for each in mean if isinstance(each, NormalPrior)]]
    else:
        rows = [row for row in mean if not isinstance(row, NormalPrior)]
    if any(len(row) != coefficients for row in rows):
        msg = f"every set has a prior for each of {coefficients} coefficients; there are {sorted({*map(len, rows)})}"
        raise EvidenceError(msg)
    parts = [Beliefs.of(row) for row in rows]
    return Beliefs(
        means=np.stack([part.means for part in parts]), precisions=np.stack([part.precisions for part in parts])
    )
