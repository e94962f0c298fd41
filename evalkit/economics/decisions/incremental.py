"""More than two options: which are worth a thought, and what each prevents for its extra cost.

An option is *dominated* where another prevents at least as much for no more money. It is *dominated by
extension* where a mixture of two others prevents as much for less (Drummond and others 2015, chapter 4;
Cantor 1994, doi:10.1177/0272989X9401400309). What is left is the frontier: along it each option has a
cost for each further prevented crime, compared with its neighbour and never with doing without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.cost_per_crime import finite_ratio
from evalkit.economics.decisions.compared import Draws, compared_with

__all__ = ["DOMINATED", "DOMINATED_BY_EXTENSION", "ON_FRONTIER", "Incremental", "IncrementalLine", "incremental"]

ON_FRONTIER = "on the frontier"
DOMINATED = "dominated"
DOMINATED_BY_EXTENSION = "dominated by extension"
_STATUSES = (ON_FRONTIER, DOMINATED, DOMINATED_BY_EXTENSION)
# Share of an amount that is no difference but rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class IncrementalLine:
    """Where one option stands.

    Attributes
    ----------
    option : its name
    cost, effect : means, in present value; effect in events prevented
    status : "on the frontier", "dominated" or "dominated by extension", by the means
    because : the option that dominates it, or the two neighbours on the frontier whose mixture does
    comparator : the neighbour on the frontier that it is compared with; None where there is none
    extra_cost, extra_effect : compared with that neighbour
    ratio : extra cost of one more prevented event; a ratio of means. None with `reason`
    reason : why there is no ratio
    prob_prevents_more : share of the draws in which it prevents more than that neighbour; read it before the
        ratio. None where it is compared with none
    chances : probability of each status over the draws, by status; they add up to 1
    """

    option: str
    cost: float
    effect: float
    status: str
    because: tuple[str, ...]
    comparator: str | None
    extra_cost: float | None
    extra_effect: float | None
    ratio: float | None
    reason: str
    prob_prevents_more: float | None
    chances: Mapping[str, float]

    @property
    def label(self) -> str:
        """Name the comparison; the option alone where it is compared with none."""
        return self.option if self.comparator is None else compared_with(self.option, self.comparator)


@dataclass(frozen=True, kw_only=True)
class Incremental:
    """All options, by what they prevent, least first; the cheaper first where they prevent the same."""

    lines: tuple[IncrementalLine, ...]

    @property
    def frontier(self) -> tuple[str, ...]:
        """The options worth a thought, by what they prevent, least first."""
        return tuple(line.option for line in self.lines if line.status == ON_FRONTIER)


def incremental(draws: Draws, *, with_chances: bool = True) -> Incremental:
    """Compare each option with its neighbour on the frontier, by the means; and say how sure each status is.

    Of options that are alike in cost and effect the first is kept. An option that lies just on the line
    between two others stays on the frontier.
    """
    cost, effect = draws.cost.mean(axis=0), draws.effect.mean(axis=0)
    status = _statuses(cost[None], effect[None])
    order = [int(place) for place in np.lexsort((cost, effect))]
    every = _statuses(draws.cost, draws.effect) if with_chances else status
    means = _Means(
        cost=cost,
        effect=effect,
        status=status[0],
        frontier=tuple(place for place in order if status[0, place] == 0),
        chances=np.stack([(every == code).mean(axis=0) for code in range(len(_STATUSES))]),
    )
    return Incremental(lines=tuple(_line(draws, means, place) for place in order))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Means:
    """Means of the options and what follows from them, each shape (options,).

    Attributes
    ----------
    status : place among the three
    frontier : places of the options on it, by what they prevent
    chances : of each status over the draws, shape (statuses, options)
    """

    cost: FloatArray
    effect: FloatArray
    status: np.ndarray
    frontier: tuple[int, ...]
    chances: FloatArray


def _statuses(cost: FloatArray, effect: FloatArray) -> np.ndarray:
    """Give the status of each option in each draw as its place among the three, shape (draws, options)."""
    options = cost.shape[1]
    dominated = np.zeros(cost.shape, bool)
    for i in range(options):
        for j in range(options):
            if i != j:
                no_worse = (cost[:, j] <= cost[:, i]) & (effect[:, j] >= effect[:, i])
                better = (cost[:, j] < cost[:, i]) | (effect[:, j] > effect[:, i])
                dominated[:, i] |= no_worse & (better | (j < i))
    extended = np.zeros(cost.shape, bool)
    for i, j, k in permutations(range(options), 3):
        between = (effect[:, j] < effect[:, i]) & (effect[:, i] < effect[:, k])
        # above the line from one to the other in cost, without dividing by a difference that may be nothing
        dear = (cost[:, i] - cost[:, j]) * (effect[:, k] - effect[:, i])
        cheap = (cost[:, k] - cost[:, i]) * (effect[:, i] - effect[:, j])
        above = dear > cheap + _ROUNDING * (np.abs(dear) + np.abs(cheap))
        extended[:, i] |= between & above & ~dominated[:, j] & ~dominated[:, k]
    return np.where(dominated, 1, np.where(extended, 2, 0))


def _line(draws: Draws, means: _Means, place: int) -> IncrementalLine:
    found: dict[str, Any] = dict.fromkeys(("comparator", "extra_cost", "extra_effect", "ratio", "prob_prevents_more"))
    status = int(means.status[place])
    if status == 0:
        found |= _compared(draws, means, place)
    else:
        found["reason"] = _REASONS[status]
    return IncrementalLine(
        option=draws.names[place],
        cost=float(means.cost[place]),
        effect=float(means.effect[place]),
        status=_STATUSES[status],
        because=tuple(draws.names[j] for j in _because(means, place)),
        chances={name: float(share) for name, share in zip(_STATUSES, means.chances[:, place], strict=True)},
        **found,
    )


_REASONS = {
    1: "another option prevents at least as much for no more money",
    2: "a mixture of two others prevents as much for less money",
}


def _because(means: _Means, place: int) -> tuple[int, ...]:
    """Give the places of the options that dominate one; none where it is on the frontier."""
    cost, effect = means.cost, means.effect
    if means.status[place] == 0:
        return ()
    if means.status[place] == 1:
        undominated = (int(j) for j in np.lexsort((effect, cost)) if means.status[j] != 1)
        return (next(j for j in undominated if cost[j] <= cost[place] and effect[j] >= effect[place]),)
    below = [j for j in means.frontier if effect[j] < effect[place]]
    return below[-1], next(j for j in means.frontier if effect[j] > effect[place])


def _compared(draws: Draws, means: _Means, place: int) -> dict[str, Any]:
    """Compare an option on the frontier with the one before it."""
    rank = means.frontier.index(place)
    if rank == 0:
        return {"reason": "the cheapest option, which the others are compared with in turn"}
    before = means.frontier[rank - 1]
    extra_cost = float(means.cost[place] - means.cost[before])
    extra_effect = float(means.effect[place] - means.effect[before])
    ratio = finite_ratio(extra_cost, extra_effect)
    return {
        "comparator": draws.names[before],
        "prob_prevents_more": float(np.mean(draws.effect[:, place] > draws.effect[:, before])),
        "extra_cost": extra_cost,
        "extra_effect": extra_effect,
        "ratio": ratio,
        "reason": "" if ratio is not None else "it prevents next to nothing more than its neighbour",
    }
