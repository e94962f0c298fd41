"""What is compared: costs and effects of several options, row by row, checked once for all that reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import CostError, first_of, nearest

__all__ = ["DOING_WITHOUT", "Draws", "compared_with", "place_of", "read_draws"]

DOING_WITHOUT = "doing without"


@dataclass(frozen=True, kw_only=True, eq=False)
class Draws:
    """Costs and effects of options on the same rows.

    Attributes
    ----------
    names : of the options, shape (options,)
    cost : present value, shape (draws, options); negative where an option saves money
    effect : events prevented in present value, shape (draws, options); negative where an option did harm
    """

    names: tuple[str, ...]
    cost: FloatArray
    effect: FloatArray


def read_draws(names: Sequence[str], cost: FloatArray, effect: FloatArray) -> Draws:
    """Check names and arrays, each shape (draws, options).

    Raises
    ------
    CostError
        A name twice or empty, shapes that do not go together, or numbers that are not finite.
    """
    told = tuple(str(name) for name in names)
    if not told or not all(name.strip() for name in told) or len(set(told)) < len(told):
        raise CostError(f"options have names, each once and none empty; there is {first_of(told, 20)}")
    money, events = np.asarray(cost, float), np.asarray(effect, float)
    wanted = f"(draws, {len(told)})"
    for what, array in (("cost", money), ("effect", events)):
        if array.ndim != 2 or array.shape[1] != len(told) or not array.size:
            raise CostError(f"{what} of the options has the shape {wanted}; there is {array.shape}")
        if not np.isfinite(array).all():
            bad = [name for name, fine in zip(told, np.isfinite(array).all(axis=0), strict=True) if not fine]
            raise CostError(f"some draws of the {what} of {first_of(bad)} are not finite numbers")
    if money.shape != events.shape:
        raise CostError(f"cost and effect have the same draws; there is {money.shape} and {events.shape}")
    return Draws(names=told, cost=money, effect=events)


def place_of(name: str, names: Sequence[str], what: str = "comparator") -> int:
    """Say where an option stands, or that there is none of this name."""
    if name not in names:
        raise CostError(f"no option {name!r} ({what}); {nearest(name, names, 20)}")
    return list(names).index(name)


def compared_with(option: str, comparator: str) -> str:
    """Name a comparison so that nobody takes it the other way round.

    >>> compared_with("lighting", "patrols")
    'lighting compared with patrols'
    """
    return f"{option} compared with {comparator}"
