"""Every figure of a report, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from evalkit.report import (
    figures_comparison,
    figures_effect,
    figures_harm,
    figures_incidence,
    figures_information,
    figures_money,
    figures_options,
    figures_sensitivity,
    figures_time,
    figures_trends,
)
from evalkit.report.drawing import Figure

if TYPE_CHECKING:
    from evalkit.evaluation import Evaluation
    from evalkit.report.kept_pictures import KeptPictures

__all__ = ["Figure", "all_figures", "front_figure"]


# The page, the text and the files ask for the same pictures; drawing them takes longer than all the rest.
_MADE: WeakKeyDictionary[Evaluation, tuple[Figure, ...]] = WeakKeyDictionary()


def all_figures(evaluation: Evaluation, kept: KeptPictures | None = None) -> tuple[Figure, ...]:
    """Give every figure for which the evaluation has the numbers, in the order of reading.

    Parameters
    ----------
    kept : where pictures of earlier runs are looked for, by who asks for the figures of this evaluation first
    """
    if evaluation not in _MADE:
        made = [make(evaluation) for make in _FIGURES]
        _MADE[evaluation] = tuple(replace(figure, kept=kept) for figure in made if figure is not None)
    return _MADE[evaluation]


def front_figure(figures: Iterable[Figure]) -> Figure | None:
    """Give the figure for the first page: the first there is of those that show the effect."""
    named = {figure.name: figure for figure in figures}
    return next((named[name] for name in _FRONT if name in named), None)


_FRONT = ("paths", "slope", "event-study", "forest", "outcomes")

_FIGURES = (
    figures_effect.paths,
    figures_effect.slope,
    figures_effect.event_study,
    figures_trends.trends,
    figures_effect.displacement,
    figures_comparison.forest,
    figures_comparison.outcomes,
    figures_money.waterfall,
    figures_money.break_even,
    figures_money.plane,
    figures_sensitivity.tornado,
    figures_sensitivity.two_way,
    figures_incidence.areas,
    figures_information.known_inputs,
    figures_harm.harm,
    figures_options.acceptability,
    figures_options.expected_loss,
    figures_options.frontier,
    figures_time.cash_flow,
    figures_time.cash_flow_public,
)
