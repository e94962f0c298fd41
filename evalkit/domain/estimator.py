"""What every estimator is, whoever wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from evalkit.draws import DEFAULT_DRAWS

if TYPE_CHECKING:
    import numpy as np

    from evalkit.domain.design import Design
    from evalkit.domain.effect import Effect

__all__ = ["Card", "Estimator", "Shape"]

type Shape = Literal["panel", "table"]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a reader must know of an estimator before trusting it.

    Attributes
    ----------
    title : what it is, in a line
    shapes : the shapes of data it takes
    needs : what the design must have, in plain words
    assumes : what must be true of the world for the answer to be causal, in a sentence
    calibration : how well it did, as (what was checked, against what, result) rows
    source : paper or book, with DOI
    """

    title: str
    shapes: tuple[Shape, ...]
    needs: str
    assumes: str
    source: str
    calibration: tuple[tuple[str, str, str], ...] = ()


@runtime_checkable
class Estimator(Protocol):
    """A frozen dataclass of options with one method; it holds no state and no result."""

    card: ClassVar[Card]

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the effect of the design's intervention on its outcome, as `draws` draws."""
        ...
