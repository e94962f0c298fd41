"""The picture of harm prevented: by crime and in all, with and without homicide, by every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import formats
from evalkit.report.axes import in_lines, lying, mark_zero, number_ticks
from evalkit.report.drawing import BLUE, INK, RUST, SOFT, Figure, Layout, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.economics import HarmPrevented, HarmTotal
    from evalkit.evaluation import Evaluation

__all__ = ["harm"]

_WITH, _WITHOUT = "all together", "without homicide"
_LOOKS = ((BLUE, BLUE, None), (RUST, "white", "////"), (SOFT, SOFT, None), (INK, "white", "...."))

# Label, value, lower and upper end; ends only of totals.
type Bar = tuple[str, float, tuple[float, float] | None]


def harm(evaluation: Evaluation) -> Figure | None:
    """Harm prevented in percent of what was expected: units of tables differ, shares of a whole can be compared."""
    found = evaluation.harm
    drawn = {} if found is None else {each.weights.name: _bars(each) for each in found.tables[: len(_LOOKS)]}
    bars = {name: made for name, made in drawn.items() if made}
    if not bars:
        return None
    labels = _in_order([label for made in bars.values() for label, *_ in made])

    def draw(axes: Axes, layout: Layout) -> None:
        lying(axes, [in_lines(label, 14 if layout.is_narrow else 26) for label in labels])
        height = 0.76 / len(bars)
        for place, (name, made) in enumerate(bars.items()):
            edge, face, hatch = _LOOKS[place]
            shift = (place - (len(bars) - 1) / 2) * height
            at = [labels.index(label) + shift for label, *_ in made]
            values = [value for _, value, _ in made]
            axes.barh(
                at, values, height=height * 0.86, color=face, edgecolor=edge, hatch=hatch, linewidth=1.2, label=name
            )
            for y, (_, _, ends) in zip(at, made, strict=True):
                if ends is not None:
                    axes.plot(ends, [y, y], color=INK, linewidth=1.4, solid_capstyle="butt")
        mark_zero(axes, vertical=True)
        number_ticks(axes, layout)
        axes.set_xlabel("percent of expected harm" if layout.is_narrow else "percent of the harm that was expected")
        # under the picture: no corner is sure to be free of bars
        axes.figure.legend(loc="outside lower center", ncols=1 if layout.is_narrow else len(bars), frameon=False)

    rows = len(labels)
    return figure(
        "harm",
        draw,
        title="Harm prevented, by crime and in all",
        alt=" ".join(_said(name, made) for name, made in bars.items()),
        caption="Bars to the right are harm prevented, to the left more harm, each in percent of all the harm that was "
        "expected in the treated sites by the same table; crimes add up to the bar for all together. Thin lines are "
        "the ranges of totals.",
        columns=("table", "outcome", "percent of the harm expected", "lower", "upper"),
        rows=[
            (name, label, value, *(ends or (None, None))) for name, made in bars.items() for label, value, ends in made
        ],
        heights=(1.0 + 0.42 * rows, 1.3 + 0.5 * rows),
    )


def _bars(found: HarmPrevented) -> list[Bar]:
    expected = [line.expected for line in found.lines]
    base = sum(each for each in expected if each is not None)
    if None in expected or base <= 0 or found.total.prevented is None:
        return []
    bars: list[Bar] = [
        (line.outcome, 100 * line.harm.mean / base, None) for line in found.lines if line.harm is not None
    ]
    totals = [(_WITH, found.total), (_WITHOUT, found.without_homicide)]
    return bars + [_total(label, total, base) for label, total in totals if total is not None]


def _total(label: str, total: HarmTotal, base: float) -> Bar:
    amount = total.prevented
    if amount is None:  # pragma: no cover - a part of a total that has a mean has one too
        return label, 0.0, None
    return label, 100 * amount.mean / base, (100 * amount.lower / base, 100 * amount.upper / base)


def _in_order(labels: list[str]) -> list[str]:
    crimes = [label for label in dict.fromkeys(labels) if label not in {_WITH, _WITHOUT}]
    return [*crimes, *(label for label in (_WITH, _WITHOUT) if label in labels)]


def _said(name: str, made: list[Bar]) -> str:
    told = [f"{label} {formats.percent(value, signed=True)}" for label, value, _ in made if label in {_WITH, _WITHOUT}]
    return f"By {name}: {', '.join(told)} of the expected harm prevented."
