"""Two inputs at a time: where the measure pays and where it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray, interval
from evalkit.economics.reckoning import Reckoning
from evalkit.economics.sensitivity.named import NamedInput, named_inputs
from evalkit.errors import CostError, nearest

__all__ = ["TwoWay", "two_way"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoWay:
    """Mean net benefit over a grid of two inputs.

    Attributes
    ----------
    names : of the two
    first, second : their values, shapes (rows,) and (columns,)
    net_benefit : mean, in present value, shape (rows, columns)
    """

    names: tuple[str, str]
    first: FloatArray
    second: FloatArray
    net_benefit: FloatArray

    @property
    def share_that_pays(self) -> float:
        """Share of the grid's cells in which the measure pays on average."""
        return float(np.mean(self.net_benefit > 0))


def two_way(reckoning: Reckoning, first: str, second: str, *, steps: int = 5, level: float = 0.95) -> TwoWay:
    """Put two inputs at every pair of values between the ends of their ranges, all else as it was.

    A certain input runs from half to one and a half times its value.

    Raises
    ------
    CostError
        A name that is no input, or the same name twice.
    """
    known = [each.name for each in named_inputs(reckoning)]
    for name in (first, second):
        if name not in known:
            raise CostError(f"no input {name!r} to vary; {nearest(name, known, 20)}")
    if first == second:
        raise CostError(f"two inputs are varied against each other; there is {first!r} twice")
    rows = _values(_of(reckoning, first), steps, level)
    columns = _values(_of(reckoning, second), steps, level)
    table = np.empty((steps, steps))
    for row, value in enumerate(rows):
        changed = _of(reckoning, first).put(float(value))
        other = _of(changed, second)
        table[row] = [other.put(float(each)).net_benefit().mean() for each in columns]
    return TwoWay(names=(first, second), first=rows, second=columns, net_benefit=table)


def _of(reckoning: Reckoning, name: str) -> NamedInput:
    return next(each for each in named_inputs(reckoning) if each.name == name)


def _values(named: NamedInput, steps: int, level: float) -> FloatArray:
    if named.is_certain:
        mean = float(named.draws.mean())
        return np.linspace(0.5 * mean, 1.5 * mean, steps)
    ends = interval(named.draws, level)
    return np.linspace(ends.lower, ends.upper, steps)
