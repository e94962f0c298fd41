"""Sites weighed so that together they look like the city that asks: entropy balancing, with what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain import Check
from evalkit.errors import EvidenceError, first_of
from evalkit.evidence.support import is_inside, outside_alone

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy import HierarchyDraws

__all__ = ["TRANSPORT_ASSUMPTIONS", "Transport", "transport_weights"]

TRANSPORT_ASSUMPTIONS = (
    "Sites that are alike in the characteristics used are alike in what the measure does there.",
    "Some sites are as the city is: its characteristics lie within theirs.",
    "It is the same measure, done as well as it was done there.",
    "Characteristics of areas speak for areas: what differs between the people in them is not taken out.",
)
_BALANCED = 1e-8
# Below so many sites' worth, or where one site is half of all, the answer is a few sites' and not the evidence's.
_FEWEST, _HEAVIEST = 3.0, 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Transport:
    """Weights of the sites.

    Attributes
    ----------
    sites : names
    weights : shape (sites,), zero or more, adding up to 1
    names : of the characteristics
    profile : characteristics of the city, shape (characteristics,)
    """

    sites: tuple[str, ...]
    weights: FloatArray
    names: tuple[str, ...]
    profile: FloatArray

    @property
    def effective_sites(self) -> float:
        """Sites of equal weight that would be worth as much: 1 / sum of squared weights."""
        return float(1 / (self.weights**2).sum())

    @property
    def check(self) -> Check:
        """Say how many sites the answer rests on."""
        heaviest = int(np.argmax(self.weights))
        passed = self.effective_sites >= _FEWEST and self.weights[heaviest] <= _HEAVIEST
        detail = (
            f"weighed to look like the city, {len(self.weights)} sites are worth {self.effective_sites:.1f}; the "
            f"heaviest, {self.sites[heaviest]}, has {100 * self.weights[heaviest]:.0f} % of the weight"
        )
        return Check(name="effective sites", passed=bool(passed), detail=detail)

    def effect(self, drawn: HierarchyDraws, rng: np.random.Generator) -> FloatArray:
        """Give draws of the effect in the city, shape (draws,): that of sites like it, and how far one site lies off.

        The weighted mean of the sites' own effects, row by row, and a deviation of the city's own with the row's
        deviation between sites.
        """
        if drawn.sites.shape[1] != len(self.weights):
            msg = f"there are weights for {len(self.weights)} sites and draws of {drawn.sites.shape[1]}"
            raise EvidenceError(msg)
        return np.asarray(drawn.sites @ self.weights + drawn.between * rng.standard_normal(len(drawn.between)))


def transport_weights(
    characteristics: Any, profile: Any, *, names: Sequence[str] = (), sites: Sequence[str] = ()
) -> Transport:
    """Weigh sites so that their characteristics have the city's values on average, and weights are as equal as can be.

    Minimises sum w log w where sum w = 1 and sum w x = the city's x, by its dual, which is convex and without bounds
    (Hainmueller 2012, doi:10.1093/pan/mpr025).

    Parameters
    ----------
    characteristics : of the sites, without a constant, shape (sites, characteristics)
    profile : of the city, shape (characteristics,)
    names, sites : for messages

    Raises
    ------
    EvidenceError
        Where the city lies outside all averages of sites: no weights exist, and none are made up.

    >>> found = transport_weights([[0.0], [1.0], [2.0]], [1.0])
    >>> found.weights.round(3).tolist(), round(found.effective_sites, 3)
    ([0.333, 0.333, 0.333], 3.0)
    """
    x, target = np.asarray(characteristics, float), np.asarray(profile, float)
    if x.ndim != 2 or target.shape != x.shape[1:] or not (np.isfinite(x).all() and np.isfinite(target).all()):
        msg = f"characteristics are finite, of shape (sites, n) and (n,); there are {x.shape} and {target.shape}"
        raise EvidenceError(msg)
    labels = tuple(names) or tuple(f"characteristic {number}" for number in range(1, x.shape[1] + 1))
    if not is_inside(x, target):
        alone = outside_alone(x, target, labels)
        msg = (
            f"no weighing of the {len(x)} sites looks like the city: "
            + (f"it lies beyond all of them in {first_of(alone)}" if alone else "no site combines its characteristics")
            + "; leave out a characteristic and say why it does not matter, or ask for the prediction of all sites"
        )
        raise EvidenceError(msg)
    return Transport(
        sites=tuple(sites) or tuple(f"site {number}" for number in range(1, len(x) + 1)),
        weights=_balanced(x, target),
        names=labels,
        profile=target,
    )


def _balanced(x: FloatArray, target: FloatArray) -> FloatArray:
    from scipy.optimize import minimize
    from scipy.special import logsumexp, softmax

    spread = x.std(axis=0)
    used = spread > 0
    if not used.any():  # nothing tells sites apart, nor them from the city
        return np.full(len(x), 1 / len(x))
    away = (x[:, used] - target[used]) / spread[used]

    def dual(multipliers: FloatArray) -> float:
        return float(logsumexp(away @ multipliers))

    def slope(multipliers: FloatArray) -> FloatArray:
        return np.asarray(softmax(away @ multipliers) @ away)

    def curvature(multipliers: FloatArray) -> FloatArray:
        weights = softmax(away @ multipliers)
        middle = weights @ away
        return np.asarray((away.T * weights) @ away - np.outer(middle, middle))

    start = np.zeros(away.shape[1])
    found = minimize(dual, start, jac=slope, hess=curvature, method="trust-exact", options={"gtol": 1e-10})
    weights = np.asarray(softmax(away @ found.x))
    left = np.abs(weights @ away).max(initial=0.0)
    if left > _BALANCED:
        msg = (
            f"the city lies on the edge of what sites combine: weights leave {left:.1e} standard deviations, as nearly "
            "all weight goes to a few sites; leave out a characteristic"
        )
        raise EvidenceError(msg)
    return weights
