"""Small things that several figures do to their axes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from evalkit.report import formats
from evalkit.report.drawing import INK, LINE, SOFT, Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ROUND_STEPS",
    "apart",
    "from_zero",
    "in_lines",
    "label_ends",
    "lying",
    "mark_zero",
    "number_ticks",
    "period_ticks",
    "range_marks",
]

# Distances between ticks that people count in.
ROUND_STEPS = (1, 2, 2.5, 5, 10)

_FIRST_OF_YEAR = re.compile(r"(\d{4})(?:Q1|-01|-W01)")


def period_ticks(axes: Axes, periods: Sequence[str], wanted: int) -> None:
    """Label real periods only, evenly and at most about as many as fit; whole years where there are some."""
    years = [(place, match[1]) for place, label in enumerate(periods) if (match := _FIRST_OF_YEAR.fullmatch(label))]
    shown = years if len(years) > 1 else list(enumerate(periods))
    step = -(-len(shown) // wanted)
    shown = shown[::step]
    axes.set_xticks([place for place, _ in shown], [label for _, label in shown])


def from_zero(axes: Axes, highest: float) -> None:
    """Begin a scale of counts at zero, with whole numbers on it."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_ylim(0, highest * 1.08 if highest > 0 else 1)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=ROUND_STEPS))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def apart(places: Sequence[float], distance: float) -> list[float]:
    """Move labels up and down until neighbours are `distance` apart.

    >>> apart([1.0, 1.1], 0.5)
    [0.8, 1.3]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for _ in range(20):
        for low, high in pairwise(order):
            missing = distance - (moved[high] - moved[low])
            if missing > 0:
                moved[low] -= missing / 2
                moved[high] += missing / 2
    return [round(place, 10) for place in moved]


def label_ends(axes: Axes, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write the name of each line at its end, in its colour; `ends` are (height, name, colour)."""
    low, high = axes.get_ylim()
    places = apart([height for height, _, _ in ends], (high - low) * 0.085)
    for place, (_, name, colour) in zip(places, ends, strict=True):
        axes.annotate(
            name,
            (x, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontweight="bold",
            annotation_clip=False,
        )


def mark_zero(axes: Axes, *, vertical: bool) -> None:
    """Draw the line of no change."""
    line: Any = axes.axvline if vertical else axes.axhline
    line(0, color=SOFT, linewidth=1.1, linestyle=(0, (2, 2)), zorder=1)


def range_marks(axes: Axes, rows: Sequence[tuple[float, float, float, float, str]], *, hollow: Sequence[bool]) -> None:
    """Draw ranges lying down; `rows` are (height, lower, middle, upper, colour), a hollow mark is not the main one."""
    for (height, lower, middle, upper, colour), is_hollow in zip(rows, hollow, strict=True):
        axes.plot([lower, upper], [height, height], color=colour, linewidth=2, solid_capstyle="butt")
        face = "white" if is_hollow else colour
        axes.plot([middle], [height], "s" if is_hollow else "o", color=colour, markerfacecolor=face, markersize=6.5)


def in_lines(text: str, width: int, lines: int = 2) -> str:
    r"""Break a name into lines of about a width, and cut what does not fit into them.

    >>> in_lines("cost: national taxpayer", 16)
    'cost: national\ntaxpayer'
    """
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder="…"))


def lying(axes: Axes, names: Sequence[str]) -> None:
    """Name rows from top to bottom, on an axis whose grid stands."""
    axes.set_yticks(range(len(names)), list(names), color=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LINE)
    axes.tick_params(axis="y", length=0)


def number_ticks(axes: Axes, layout: Layout) -> None:
    """Write numbers along a lying axis as the text writes them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(layout.ticks, steps=ROUND_STEPS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: formats.number(value)))
