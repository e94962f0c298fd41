"""Which of many areas fared best, and how little may be known of it: no place in a table without its range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.draws import Interval
from evalkit.errors import EvidenceError, first_of

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["RankLine", "Ranking", "rank_areas"]


@dataclass(frozen=True, kw_only=True)
class RankLine:
    """One area.

    Attributes
    ----------
    name : of the area
    estimate : median of its effect, drawn towards the others
    effect : range of the effect
    place : expected place, 1 is best
    places : range of its places, whole numbers
    best : probability of being best of all
    among_best : probability of being among the best `Ranking.among`
    benefit : probability that it is better than no change
    """

    name: str
    estimate: float
    effect: Interval
    place: float
    places: Interval
    best: float
    among_best: float
    benefit: float


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Areas by expected place, the best first.

    Attributes
    ----------
    lines : one for each area
    among : how many `among_best` counts
    level : of every range
    """

    lines: tuple[RankLine, ...]
    among: int
    level: float

    @property
    def apart(self) -> int:
        """How many pairs of neighbours in the table have ranges of places that do not overlap."""
        pairs = zip(self.lines, self.lines[1:], strict=False)
        return sum(better.places.upper < worse.places.lower for better, worse in pairs)

    @property
    def sentence(self) -> str:
        """Say how much may be read into the order."""
        first, areas = self.lines[0], len(self.lines)
        told = sum(line.benefit > self.level for line in self.lines)
        head = (
            f"{first.name} comes first, with a probability of {100 * first.best:.0f} % of being the best of {areas}; "
            f"its place may be anything from {first.places.lower:.0f} to {first.places.upper:.0f}."
        )
        wide = np.mean([line.places.upper - line.places.lower + 1 for line in self.lines])
        if wide > areas / 2:
            head += f" The order says little: on average an area may stand on {wide:.0f} of {areas} places."
        return head + f" In {told} of {areas} areas a change for the better has a probability above {self.level:g}."


def rank_areas(
    draws: FloatArray,
    names: Sequence[str],
    *,
    good: Literal["lower", "higher"] = "lower",
    among: int = 3,
    level: float = 0.95,
) -> Ranking:
    """Rank areas by draws of their effects, which are drawn together and towards one another.

    Draws of estimates that were not pooled make the smallest areas best and worst (Goldstein and Spiegelhalter 1996,
    doi:10.2307/2983325); `NormalHierarchy.draw(...).sites` are pooled.

    Parameters
    ----------
    draws : shape (draws, areas); row i goes together
    names : of the areas
    good : "lower" where a fall is the aim (log rate ratios of crime), "higher" otherwise
    among : how many are the best few
    level : of every range

    >>> lines = rank_areas(np.array([[-0.3, 0.1], [-0.2, -0.1], [-0.4, 0.2]]), ["A", "B"], among=1).lines
    >>> [(line.name, line.best, round(line.benefit, 2)) for line in lines]
    [('A', 1.0, 1.0), ('B', 0.0, 0.33)]
    """
    effects = _checked(draws, names, among, level)
    turned = effects if good == "lower" else -effects
    places = turned.argsort(axis=1).argsort(axis=1) + 1
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, middle, high = np.quantile(effects, [tails[0], 0.5, tails[1]], axis=0, method="hazen")
    first, last = np.quantile(places, tails, axis=0, method="inverted_cdf")
    expected = places.mean(axis=0)
    columns = {
        "best": (places == 1).mean(axis=0),
        "among_best": (places <= among).mean(axis=0),
        "benefit": (turned < 0).mean(axis=0),
    }
    lines = tuple(
        RankLine(
            name=names[index],
            estimate=float(middle[index]),
            effect=Interval(level=level, lower=float(low[index]), upper=float(high[index])),
            place=float(expected[index]),
            places=Interval(level=level, lower=float(first[index]), upper=float(last[index])),
            **{key: float(values[index]) for key, values in columns.items()},
        )
        for index in np.argsort(expected, kind="stable").tolist()
    )
    return Ranking(lines=lines, among=among, level=level)


def _checked(draws: FloatArray, names: Sequence[str], among: int, level: float) -> FloatArray:
    effects = np.asarray(draws, float)
    if effects.ndim != 2 or effects.shape[1] != len(names) or not effects.size:
        msg = f"draws have shape (draws, areas) with a name for each area; there are {effects.shape} and {len(names)}"
        raise EvidenceError(msg)
    if not np.isfinite(effects).all():
        bad = [names[index] for index in np.flatnonzero(~np.isfinite(effects).all(axis=0)).tolist()]
        msg = f"draws of {first_of(bad)} are not finite: leave out areas that have no estimate"
        raise EvidenceError(msg)
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        msg = f"areas have names of their own; {first_of(repeated)} stand for more than one"
        raise EvidenceError(msg)
    if len(names) < 2:
        msg = "one area has no place among others: rank two or more"
        raise EvidenceError(msg)
    if not 1 <= among <= len(names) or not 0 < level < 1:
        msg = f"among is from 1 to {len(names)} and level between 0 and 1; there are {among} and {level}"
        raise EvidenceError(msg)
    return effects
