"""What several estimates of one effect say together: do they agree in sign, and in size?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evalkit.domain import Effect
from evalkit.draws import FloatArray, Interval, middle_and_interval

__all__ = ["Agreement", "Compared", "Comparison", "compare"]

type Agreement = Literal["agree", "size", "sign"]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One estimate among several: its name, its middle and its range, all in the same unit."""

    name: str
    middle: float
    held: Interval


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Several estimates of one effect in one unit.

    Attributes
    ----------
    unit : "percent" of what was expected, or the scale that all estimates share
    estimates : the primary one first
    agreement : "sign" where some ranges lie wholly below and others wholly above no change, or middles lie on
        both sides with one of their ranges leaving no change outside; "size" where the middle of one lies
        outside the range of the primary one and the primary's middle outside its; "agree" otherwise
    apart : names of the estimates that part from the primary one, in sign or in size
    left_out : names of the estimates that have no number in that unit
    """

    unit: str
    estimates: tuple[Compared, ...]
    agreement: Agreement
    apart: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def lowest(self) -> Compared:
        """The estimate with the lowest middle."""
        return min(self.estimates, key=lambda each: each.middle)

    @property
    def highest(self) -> Compared:
        """The estimate with the highest middle."""
        return max(self.estimates, key=lambda each: each.middle)


def compare(effects: Mapping[str, Effect], level: float) -> Comparison | None:
    """Compare estimates of one outcome, the primary one first; None where there are not two to compare.

    Estimates made on the same data go together, so that the usual test of a difference between independent
    numbers would find too little: two estimates part in size where neither holds the other's middle.
    """
    unit, drawn = _in_one_unit(effects)
    if len(drawn) < 2 or next(iter(effects)) not in drawn:
        return None
    read = {name: middle_and_interval(draws, level) for name, draws in drawn.items()}
    estimates = tuple(Compared(name=name, middle=middle, held=held) for name, (middle, held) in read.items())
    primary, *others = estimates
    in_sign = tuple(each.name for each in others if _part_in_sign(primary, each))
    in_size = tuple(each.name for each in others if _part_in_size(primary, each))
    return Comparison(
        unit=unit,
        estimates=estimates,
        agreement="sign" if in_sign else "size" if in_size else "agree",
        apart=in_sign or in_size,
        left_out=tuple(name for name in effects if name not in drawn),
    )


def _in_one_unit(effects: Mapping[str, Effect]) -> tuple[str, dict[str, FloatArray]]:
    percent = {name: effect.percent_draws for name, effect in effects.items()}
    if next(iter(percent.values()), None) is not None:
        return "percent", {name: draws for name, draws in percent.items() if draws is not None}
    scale = next(iter(effects.values())).scale
    return scale, {name: effect.change for name, effect in effects.items() if effect.scale == scale}


def _part_in_sign(one: Compared, other: Compared) -> bool:
    opposite = one.middle * other.middle < 0
    return opposite and (one.held.excludes(0) or other.held.excludes(0))


def _part_in_size(one: Compared, other: Compared) -> bool:
    return one.held.excludes(other.middle) and other.held.excludes(one.middle)
