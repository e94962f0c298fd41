"""What every estimator is, whoever wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from evalkit.draws import DEFAULT_DRAWS

if TYPE_CHECKING:
    import numpy as np

    from evalkit.domain.design import Design
    from evalkit.domain.effect import Effect

__all__ = ["Card", "Estimator", "Shape", "Simulation", "Standing"]

type Shape = Literal["panel", "table"]


type Standing = Literal["holds", "conservative", "warns", "cannot tell", "refuses", "assumption broken", "fails"]

# Bounds of what an estimator may claim: its 95 % intervals hold the truth, and reject no effect, this often.
_COVERS = (0.93, 0.97)
_SIZE = 0.06
# A share of the runs that counts as all of them.
_NEARLY_ALL = 0.95


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """How an estimator did on one simulated design, with its defaults.

    Attributes
    ----------
    scenario : the design in words
    runs : how many were simulated
    coverage : share of the 95 % intervals that held the truth; None where there was no answer
    rejected : share of the runs without an effect in which there seemed to be one; None likewise
    bias : mean distance of the estimates from the truth, on the scale of a log rate; None likewise
    warned : share of the answers that came with a failed check
    untellable : share of the answers that said themselves that nothing can be told from chance at 95 %
    refused : share of the runs in which there was no answer
    reason : what the refusals said
    breaks : the assumption that the scenario breaks, unseen by any data; "" where it breaks none
    """

    scenario: str
    runs: int
    coverage: float | None
    rejected: float | None
    bias: float | None
    warned: float
    untellable: float
    refused: float
    reason: str = ""
    breaks: str = ""

    @property
    def standing(self) -> Standing:
        """Say what the figures come to.

        "holds" where coverage lies between 93 and 97 % and at most 6 % of true nulls are rejected,
        "conservative" where ranges are wider than they need be; otherwise the estimator must have refused,
        said that nothing can be told, or warned. An assumption that no data can show to be broken excuses.
        """
        if self.coverage is None or self.rejected is None or self.refused >= _NEARLY_ALL:
            return "refuses"
        if self.untellable >= _NEARLY_ALL:
            return "cannot tell"
        if self.breaks:
            return "assumption broken"
        if self.rejected <= _SIZE and self.coverage >= _COVERS[0]:
            return "holds" if self.coverage <= _COVERS[1] else "conservative"
        return "warns" if self.warned >= _NEARLY_ALL else "fails"


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
    simulations : how it did on a grid of simulated designs that is the same for every estimator
    """

    title: str
    shapes: tuple[Shape, ...]
    needs: str
    assumes: str
    source: str
    calibration: tuple[tuple[str, str, str], ...] = ()
    simulations: tuple[Simulation, ...] = ()


@runtime_checkable
class Estimator(Protocol):
    """A frozen dataclass of options with one method; it holds no state and no result."""

    card: ClassVar[Card]

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the effect of the design's intervention on its outcome, as `draws` draws."""
        ...
