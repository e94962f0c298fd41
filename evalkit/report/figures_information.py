"""Picture of what it is worth to know more: a bar for every input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import formats
from evalkit.report.axes import ROUND_STEPS, in_lines, lying
from evalkit.report.drawing import BLUE, INK, RUST, SOFT, Figure, Layout, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.evaluation import Evaluation

__all__ = ["known_inputs"]

# The table holds the rest.
_MOST = 10


def known_inputs(evaluation: Evaluation) -> Figure | None:
    """What it is worth to know each input before deciding, the largest first."""
    found = evaluation.information
    if found is None or not any(each.is_distinguishable for each in found.inputs):
        return None
    shown, currency = found.inputs[:_MOST], found.currency
    first = shown[0]

    def draw(axes: Axes, layout: Layout) -> None:
        lying(axes, [in_lines(each.name, 18 if layout.is_narrow else 30) for each in shown])
        for place, each in enumerate(shown):
            told = each.is_distinguishable
            axes.barh(
                place,
                each.value,
                height=0.62,
                color=BLUE if told else "white",
                edgecolor=BLUE if told else SOFT,
                linewidth=1.4,
            )
            axes.plot([each.noise_floor] * 2, [place - 0.38, place + 0.38], color=RUST, linewidth=2)
            text = formats.money(each.value, currency) if told else each.words
            axes.annotate(
                in_lines(text, 20 if layout.is_narrow else 40),
                (max(each.value, each.noise_floor), place),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=INK if told else SOFT,
                annotation_clip=False,
            )
        axes.set_xlim(0, max(first.value, *(each.noise_floor for each in shown)) * (1.9 if layout.is_narrow else 1.35))
        _money_ticks(axes, layout.ticks - 1)
        axes.set_xlabel(f"worth of knowing it, {formats.currency_name(currency)}")

    return figure(
        "known-inputs",
        draw,
        title="What it is worth to know each input before deciding",
        alt=f"Knowing “{first.name}” is worth most, {formats.money(first.value, currency)}; knowing everything "
        f"{formats.money(found.perfect, currency)}.",
        caption="Each bar is what it is worth to know one input before the measure is adopted or done without, on the "
        "scale of what was appraised. The short upright line is what an input without any part in the result could "
        "reach by chance; a hollow bar is not distinguishable from 0.",
        columns=("input", "worth of knowing it", "reached by chance alone", "distinguishable from 0"),
        rows=[
            (each.name, each.value, each.noise_floor, "yes" if each.is_distinguishable else "no")
            for each in found.inputs
        ],
        heights=(0.8 + 0.4 * len(shown), 0.9 + 0.44 * len(shown)),
    )


def _money_ticks(axes: Axes, ticks: int) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(min(ticks, 6), steps=ROUND_STEPS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: formats.unsigned(value) if value else "0"))
