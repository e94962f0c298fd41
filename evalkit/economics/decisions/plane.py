"""The cost-effectiveness plane of one option compared with another."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Amount, Quadrants
from evalkit.economics.decisions.compared import Draws, compared_with, place_of
from evalkit.errors import CostError

__all__ = ["Plane", "plane"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """One option compared with another: what it prevents more and what it costs more.

    Attributes
    ----------
    option, comparator : "option compared with comparator", never the other way round
    cost, effect : of the option less that of the comparator, shape (draws,); the effect in events
        prevented, so that above zero is less crime
    quadrants : shares of the draws
    level : of the ranges
    """

    option: str
    comparator: str
    cost: FloatArray
    effect: FloatArray
    quadrants: Quadrants
    level: float

    @property
    def label(self) -> str:
        """Name the comparison."""
        return compared_with(self.option, self.comparator)

    @property
    def extra_cost(self) -> Amount:
        """What the option costs more; below zero where it is cheaper."""
        return Amount.of(self.cost, self.level)

    @property
    def extra_effect(self) -> Amount:
        """What the option prevents more, in present value; below zero where it prevents less."""
        return Amount.of(self.effect, self.level)


def plane(draws: Draws, option: str, *, comparator: str, level: float = 0.95) -> Plane:
    """Compare one option with another, draw by draw.

    Raises
    ------
    CostError
        An option that is not there, or one compared with itself.
    """
    here, there = place_of(option, draws.names, "option"), place_of(comparator, draws.names)
    if here == there:
        raise CostError(f"{option!r} is compared with itself; wanted is another option as comparator")
    cost = draws.cost[:, here] - draws.cost[:, there]
    effect = draws.effect[:, here] - draws.effect[:, there]
    return Plane(
        option=option,
        comparator=comparator,
        cost=cost,
        effect=effect,
        quadrants=Quadrants.of(effect, cost),
        level=level,
    )
