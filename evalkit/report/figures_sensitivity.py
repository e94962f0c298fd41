"""Pictures of what the money hangs on: a bar for every input, and a chequer of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import formats
from evalkit.report.axes import in_lines, lying
from evalkit.report.drawing import BLUE, INK, RUST, SOFT, Figure, Layout, figure
from evalkit.report.figures_money import short_money, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.economics import Bar, TwoWay
    from evalkit.evaluation import Evaluation

__all__ = ["tornado", "two_way", "value_words"]

# The table holds the rest.
_MOST = 10


def value_words(value: float, kind: str) -> str:
    """Write a value of an input as what it is: events, money, a factor or a share."""
    if kind == "share":
        return formats.percent(100 * value)
    return formats.full_money(value) if kind == "money" and abs(value) >= 1000 else formats.number(value)


def tornado(evaluation: Evaluation) -> Figure | None:
    """Net benefit from the low to the high value of one input after the other."""
    appraisal = evaluation.appraisal
    found = None if appraisal is None else appraisal.sensitivity
    if appraisal is None or found is None or not found.bars or appraisal.net_benefit is None:
        return None
    shown, middle, currency = found.bars[:_MOST], appraisal.net_benefit.mean, appraisal.currency

    def draw(axes: Axes, layout: Layout) -> None:
        lying(axes, [in_lines(bar.name, 18 if layout.is_narrow else 30) for bar in shown])
        for place, bar in enumerate(shown):
            for value, end, colour in ((bar.low, bar.at_low, RUST), (bar.high, bar.at_high, BLUE)):
                axes.barh(
                    place,
                    end - middle,
                    left=middle,
                    height=0.62,
                    color=colour if colour == BLUE else "white",
                    edgecolor=colour,
                    linewidth=1.4,
                    hatch="////" if colour == RUST else None,
                )
                axes.annotate(
                    value_words(value, bar.kind),
                    (end, place),
                    xytext=(4 if end >= middle else -4, 0),
                    textcoords="offset points",
                    ha="left" if end >= middle else "right",
                    va="center",
                    color=SOFT,
                    annotation_clip=False,
                )
        axes.axvline(middle, color=INK, linewidth=1)
        axes.axvline(0, color=INK, linewidth=1, linestyle=(0, (1, 2)))
        axes.margins(x=0.3 if layout.is_narrow else 0.16)
        thousands(axes, layout.ticks - 1, "x")
        axes.set_xlabel(f"net benefit, {formats.currency_name(currency)}")

    first = shown[0]
    return figure(
        "tornado",
        draw,
        title="What the net benefit hangs on most",
        alt=_tornado_words(first, currency),
        caption=f"{_tornado_words(first, currency)} Each bar moves one input from the low end of its range (hatched) "
        "to the high end (filled) and leaves all others as they are; the upright line is the mean net benefit, the "
        "dotted one nothing.",
        columns=("input", "mean", "low", "high", "net benefit at low", "net benefit at high", "switching value"),
        rows=[(bar.name, bar.mean, bar.low, bar.high, bar.at_low, bar.at_high, _switching(bar)) for bar in found.bars],
        heights=(0.9 + 0.4 * len(shown), 1.0 + 0.46 * len(shown)),
    )


def _tornado_words(first: Bar, currency: str) -> str:
    turns = "enough to turn the answer" if first.turns_the_answer else "not enough to turn the answer"
    return (
        f"Most hangs on “{first.name}”: between {value_words(first.low, first.kind)} and "
        f"{value_words(first.high, first.kind)} the net benefit moves from {formats.money(first.at_low, currency)} to "
        f"{formats.money(first.at_high, currency)}, {turns}."
    )


def _switching(bar: Bar) -> float | str:
    return bar.switching.reason if bar.switching.value is None else bar.switching.value


def two_way(evaluation: Evaluation) -> Figure | None:
    """Mean net benefit over a grid of the two inputs that matter most, or that were asked for."""
    appraisal = evaluation.appraisal
    found = None if appraisal is None else appraisal.sensitivity
    pair = None if found is None else found.two_way
    if appraisal is None or found is None or pair is None:
        return None
    kinds = {bar.name: bar.kind for bar in found.bars}
    rows, columns = ([value_words(value, kinds.get(name, "money")) for value in values]
                     for name, values in zip(pair.names, (pair.first, pair.second), strict=True))  # fmt: skip

    def draw(axes: Axes, layout: Layout) -> None:
        for row, line in enumerate(pair.net_benefit):
            for column, value in enumerate(line):
                pays = value > 0
                axes.barh(
                    row,
                    0.94,
                    left=column - 0.47,
                    height=0.9,
                    color=BLUE if pays else "white",
                    alpha=0.25 if pays else 1.0,
                    edgecolor=BLUE if pays else RUST,
                    hatch=None if pays else "////",
                )
                axes.annotate(
                    short_money(float(value)),
                    (column, row),
                    ha="center",
                    va="center",
                    color=INK,
                    fontsize=7 if layout.is_narrow else 9,
                    bbox=None if pays else {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"},
                )
        axes.grid(visible=False)
        axes.set_xlim(-0.55, len(columns) - 0.45)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_xticks(range(len(columns)), columns, rotation=30 if layout.is_narrow else 0)
        axes.set_xlabel(in_lines(pair.names[1], 40))
        axes.set_ylabel(in_lines(pair.names[0], 24))

    return figure(
        "two-way",
        draw,
        title="Where it pays and where not, as two inputs change together",
        alt=_two_way_words(pair),
        caption=f"{_two_way_words(pair)} Filled cells pay on average, hatched ones do not; the numbers are mean net "
        f"benefits in {formats.currency_name(appraisal.currency)}.",
        columns=(pair.names[0], pair.names[1], "net benefit"),
        rows=[
            (float(first), float(second), float(pair.net_benefit[row, column]))
            for row, first in enumerate(pair.first)
            for column, second in enumerate(pair.second)
        ],
        heights=(3.4, 3.8),
    )


def _two_way_words(pair: TwoWay) -> str:
    share = pair.share_that_pays
    names = f"“{pair.names[0]}” and “{pair.names[1]}”"
    if share == 1:
        return f"The measure pays on average at every pair of values of {names} within their ranges."
    if share == 0:
        return f"The measure pays at no pair of values of {names} within their ranges."
    return f"The measure pays on average in {formats.percent(100 * share)} of the pairs of values of {names}."
