"""An answer on its way to becoming an effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain import Design
from evalkit.draws import FloatArray, interval
from evalkit.models._before_after.cells import Cells
from evalkit.models._before_after.dispersion import Dispersion
from evalkit.models._before_after.draws import ChangeDraws, Measure, draw_changes
from evalkit.models._before_after.sites import dispersion_of

__all__ = ["TableAnswer", "in_events"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TableAnswer:
    """An answer on its way to becoming an effect, with what is needed to question it."""

    design: Design
    cells: Cells
    measure: Measure
    dispersion: Dispersion
    drawn: ChangeDraws

    def redrawn(
        self, rng: np.random.Generator, *, measure: Measure | None = None, times: float | None = None
    ) -> ChangeDraws:
        """Draw the treated area's change again: on the other scale, or with another dispersion."""
        dispersion = self.dispersion
        if times is not None:
            dispersion = Dispersion(value=times, origin="given")
        elif dispersion.origin == "sites" and measure not in {None, self.measure}:
            dispersion = dispersion_of(self.design, self.cells, measure or self.measure)
        cells = self.cells.without_buffer()
        return draw_changes(cells, measure or self.measure, dispersion, len(self.drawn.change), rng)


def in_events(drawn: ChangeDraws, answer: TableAnswer) -> str:
    """The treated area's answer in words: events prevented, or the ratio where they have no mean."""
    if drawn.prevented is None:
        return f"a rate ratio of {_numbers(np.exp(drawn.change[:, 0]), '.2f')}"
    return f"{_numbers(drawn.prevented[:, 0], ',.1f')} {answer.design.outcome.plural} prevented"


def _numbers(draws: FloatArray, form: str) -> str:
    middle, around = float(np.median(draws)), interval(draws)
    return f"{middle:{form}} ({around.lower:{form}} to {around.upper:{form}})"
