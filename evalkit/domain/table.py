"""Before/after counts in a treated area, a comparison area and, where there are any, buffers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.domain.outcome import Outcome
from evalkit.draws import is_number
from evalkit.errors import DataError

__all__ = ["Counts", "Table"]

type Counts = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Table:
    """The eight integers: counts (before, after) in each kind of area.

    Attributes
    ----------
    outcome : what was counted
    treated, comparison, buffer, buffer_comparison : (before, after) counts; `comparison` may be absent,
        and then the design says so
    buffer_comparison : the buffer's own comparison area, or "shared" where one area serves both
    lengths : length of the before and the after period in the same unit, such as (63, 69) months
    areas : relative size of each kind of area by its name; 1 where it is not given
    """

    outcome: Outcome
    treated: Counts
    comparison: Counts | None = None
    buffer: Counts | None = None
    buffer_comparison: Counts | Literal["shared"] | None = None
    lengths: tuple[float, float] = (1.0, 1.0)
    areas: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        for name in ("treated", "comparison", "buffer", "buffer_comparison"):
            cells = getattr(self, name)
            if cells is None or (name == "buffer_comparison" and cells == "shared"):
                continue
            object.__setattr__(self, name, _pair(name, cells))
        if self.buffer is None and self.buffer_comparison is not None:
            msg = "there are counts for the buffer's comparison area but none for the buffer: give both or neither"
            raise DataError(msg)
        if self.buffer is not None and self.buffer_comparison is None:
            msg = (
                "there are counts for the buffer but none for what it is compared with: give buffer_comparison, "
                "or 'shared' where the comparison area serves both"
            )
            raise DataError(msg)
        if self.buffer_comparison == "shared" and self.comparison is None:
            msg = "buffer_comparison is 'shared', but there is no comparison area to share"
            raise DataError(msg)
        object.__setattr__(self, "lengths", _positive_pair(self.lengths))
        known = ("treated", "comparison", "buffer", "buffer_comparison")
        for name, size in self.areas:
            if name not in known or not (is_number(size) and size > 0):
                msg = f"areas gives a size above zero for each of {', '.join(known)}; there is {name!r} = {size!r}"
                raise DataError(msg)

    def size(self, name: str) -> float:
        """Give the relative size of a kind of area."""
        return dict(self.areas).get(name, 1.0)


def _pair(name: str, cells: object) -> Counts:
    if not isinstance(cells, tuple | list) or len(cells) != 2:
        msg = f"{name} is two counts, before and after; there is {cells!r}"
        raise DataError(msg)
    for when, cell in zip(("before", "after"), cells, strict=True):
        if not is_number(cell):
            msg = f"the count {when} in {name} is a number; there is {cell!r}"
            raise DataError(msg)
        if cell < 0:
            msg = f"the count {when} in {name} is zero or more; there is {cell:g}"
            raise DataError(msg)
        if cell != int(cell):
            msg = f"the count {when} in {name} is a whole number; there is {cell:g}: give counts, not rates"
            raise DataError(msg)
    return (float(cells[0]), float(cells[1]))


def _positive_pair(lengths: object) -> tuple[float, float]:
    if not isinstance(lengths, tuple | list) or len(lengths) != 2 or not all(is_number(x) and x > 0 for x in lengths):
        msg = f"the lengths of the periods are two numbers above zero, before and after; there is {lengths!r}"
        raise DataError(msg)
    return (float(lengths[0]), float(lengths[1]))
