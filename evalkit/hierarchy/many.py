"""Many sets of estimates, or one under many priors or with sites left out, fitted in one pass over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.between import BetweenPrior, Fixed
from evalkit.hierarchy.given import Given
from evalkit.hierarchy.mixtures import NormalMixtures
from evalkit.hierarchy.panels import Panels, resolved
from evalkit.hierarchy.problems import Priors, Problems, problems_of

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["NormalHierarchies", "fit_many", "integrated"]

# Rows of arrays that are worked on at once hold some 2 million numbers, which a processor's cache nearly holds.
_BLOCK = 2_000_000


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
    mean: Priors,
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
    return _fitted(problems_of(estimates, errors, design=design, mean=mean, between=between, included=included))


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
