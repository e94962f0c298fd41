"""Sets of estimates with their priors, as arrays: what the integration works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.between import BetweenPrior, Fixed, NormalPrior
from evalkit.hierarchy.given import Beliefs, Given, given_beliefs
from evalkit.hierarchy.quadrature import Axis, usual_distance

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["Priors", "Problems", "problems_of"]

type Priors = Sequence[Sequence[NormalPrior]] | Sequence[NormalPrior] | NormalPrior


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


def problems_of(
    estimates: Any,
    errors: Any,
    *,
    design: Any,
    mean: Priors,
    between: Sequence[BetweenPrior] | BetweenPrior,
    included: Any = None,
) -> Problems:
    """Bring estimates and priors to one number of sets, and refuse what does not fit; arguments as `fit_many` has."""
    y, s = np.atleast_2d(np.asarray(estimates, float)), np.atleast_2d(np.asarray(errors, float))
    used = None if included is None else np.atleast_2d(np.asarray(included, bool))
    if not y.size or y.shape[1] != s.shape[1] or not np.isfinite(y).all() or not (np.isfinite(s) & (s > 0)).all():
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
    return Problems(
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
