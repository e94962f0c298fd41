"""Pictures of a choice: how sure it is by what a crime is worth, what being wrong may cost, and the frontier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.report import decisionwords, formats
from evalkit.report.axes import in_lines, label_ends, number_ticks
from evalkit.report.drawing import BLUE, INK, RUST, SOFT, Cell, Figure, Layout, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes

    from evalkit.economics import OptionsCompared
    from evalkit.evaluation import Evaluation

__all__ = ["acceptability", "expected_loss", "frontier"]

# Told apart by the dashes as well as by the colour.
_LINES = ((BLUE, "-"), (RUST, (0, (5, 2))), (SOFT, (0, (1, 1.5))), (BLUE, (0, (3, 1, 1, 1))), (RUST, (0, (1, 1))))
# More curves than these cannot be told apart; all are in the table behind the picture.
_MOST = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ground:
    """What curves over the worth of a crime are drawn on: no more of a comparison than a picture of it shows."""

    names: tuple[str, ...]
    values: np.ndarray
    worth: float | None
    currency: str

    @classmethod
    def of(cls, options: OptionsCompared) -> _Ground:
        return cls(
            names=tuple(options.names),
            values=options.acceptability.values,
            worth=options.worth,
            currency=options.currency,
        )


def acceptability(evaluation: Evaluation) -> Figure | None:
    """How likely each option is to be best, by what a prevented crime is worth."""
    options = evaluation.options
    if options is None:
        return None
    found, pair, ground = options.acceptability, len(options.names) == 2, _Ground.of(options)
    shown = [1] if pair else _shown(options)
    what = "it pays at this value" if pair else "the option is best at this value"

    def draw(axes: Axes, layout: Layout) -> None:
        _curves(axes, layout, ground, 100 * found.best, shown)
        if not pair:
            axes.plot(found.values, 100 * found.frontier, color=INK, linewidth=4, alpha=0.25, solid_capstyle="round")
        axes.set_ylim(0, 104)
        axes.set_ylabel(in_lines(f"probability that {what}, percent", 30))
        _worth_axis(axes, layout, ground)

    wide = (
        ""
        if pair
        else (" The broad grey band is the frontier: the probability that the option which is best on average is best.")
    )
    left = len(options.names) - len(shown)
    rest = f" {left} options that are hardly ever best are not drawn." if not pair and left else ""
    columns = [f"probability that {name} is best" for name in options.names]
    return figure(
        "acceptability",
        draw,
        title=f"The probability that {what}" if not pair else f"The probability that {options.names[1]} pays",
        alt=_alt(options, pair=pair),
        caption=f"Across: what one prevented crime is taken to be worth. Upwards: the probability that {what}."
        f"{wide}{rest} {decisionwords.turns(options)} {decisionwords.how_chosen(found)}".rstrip(),
        columns=("value of a prevented crime", *columns, "best in expectation", "frontier"),
        rows=_rows(options, found.best),
        heights=(3.1, 3.0),
    )


def expected_loss(evaluation: Evaluation) -> Figure | None:
    """What choosing each option costs on average, against knowing which is best."""
    options = evaluation.options
    if options is None or len(options.names) < 3:
        return None
    found, shown, ground = options.acceptability, _shown(options), _Ground.of(options)

    def draw(axes: Axes, layout: Layout) -> None:
        _curves(axes, layout, ground, found.expected_loss, shown)
        axes.set_ylim(0, 1.05 * float(found.expected_loss[:, shown].max()) or 1)
        axes.set_ylabel(f"expected loss, {formats.currency_name(ground.currency)}")
        _money_ticks(axes, "y")
        _worth_axis(axes, layout, ground)

    lowest = float(found.perfect_information.max())
    return figure(
        "expected-loss",
        draw,
        title="What choosing each option may lose",
        alt=f"The lowest loss at any value that was looked at is at most {formats.money(lowest, options.currency)}.",
        caption="What choosing an option loses on average, against knowing which is best. The lowest curve belongs to "
        "the option to choose; its height is what it is worth to know for certain.",
        columns=("value of a prevented crime", *(f"expected loss of {n}" for n in options.names), "best", "lowest"),
        rows=[
            (*row[:-1], float(loss))
            for row, loss in zip(_rows(options, found.expected_loss), found.perfect_information, strict=True)
        ],
        heights=(3.1, 3.0),
    )


def frontier(evaluation: Evaluation) -> Figure | None:
    """What each option prevents and costs on average, and the line of those worth a thought."""
    options = evaluation.options
    if options is None or len(options.names) < 3:
        return None
    lines = options.incremental.lines
    kept = [line for line in lines if line.option in options.incremental.frontier]
    across = f"{_events(options)} prevented", f"{options.events_are} prevented"
    upwards = f"cost, {formats.currency_name(options.currency)}"

    def draw(axes: Axes, layout: Layout) -> None:
        axes.plot([line.effect for line in kept], [line.cost for line in kept], color=BLUE, linewidth=1.8)
        for place, line in enumerate(lines):
            # neighbours lie close, so that their names stand above and below by turns
            is_above, on = place % 2 == 1 or line is lines[-1], line in kept
            axes.plot(
                [line.effect], [line.cost], "o" if on else "s", color=BLUE if on else RUST,
                markerfacecolor=BLUE if on else "white", markersize=7,
            )  # fmt: skip
            axes.annotate(
                in_lines(line.option, 18),
                (line.effect, line.cost),
                xytext=(0, 8 if is_above else -8),
                textcoords="offset points",
                ha="center",
                va="bottom" if is_above else "top",
                color=INK if on else RUST,
            )
        axes.margins(x=0.16, y=0.24)
        axes.set_xlabel(across[layout.is_narrow])
        axes.set_ylabel(upwards)
        number_ticks(axes, layout)
        _money_ticks(axes, "y")

    out = [line.option for line in lines if line not in kept]
    return figure(
        "options-frontier",
        draw,
        title="What each option prevents and costs",
        alt=f"On the frontier: {', '.join(options.incremental.frontier)}."
        + (f" Not on it: {', '.join(out)}." if out else ""),
        caption="Averages, in present value. The line joins the options worth a thought; a hollow square prevents no "
        "more than another option, or than a mixture of two, for no less money.",
        columns=("option", "prevented", "cost", "status"),
        rows=[(line.option, line.effect, line.cost, line.status) for line in lines],
        heights=(3.2, 3.2),
    )


def _events(options: OptionsCompared) -> str:
    return f"{options.events_are}, counted against doing without,"


def _shown(options: OptionsCompared) -> list[int]:
    """Give the places of the options that are most often best somewhere, in their own order."""
    most = options.acceptability.best.max(axis=0)
    return sorted(sorted(range(len(most)), key=lambda place: -most[place])[:_MOST])


def _curves(axes: Axes, layout: Layout, ground: _Ground, heights: np.ndarray, shown: Sequence[int]) -> None:
    values = ground.values
    ends = []
    for rank, place in enumerate(shown):
        colour, dashes = _LINES[rank % len(_LINES)]
        axes.plot(values, heights[:, place], color=colour, linestyle=dashes, linewidth=1.8)
        ends.append(
            (float(heights[-1, place]), in_lines(ground.names[place], 16 if layout.is_narrow else 24, 1), colour)
        )
    if len(shown) > 1:
        axes.set_ylim(0, max(float(heights[:, shown].max()), 1e-9) * 1.04)
        label_ends(axes, float(values[-1]), ends)


def _worth_axis(axes: Axes, layout: Layout, ground: _Ground) -> None:
    axes.set_xlim(0, float(ground.values[-1]))
    axes.set_xlabel(f"worth of a prevented crime, {formats.currency_name(ground.currency)}")
    _money_ticks(axes, "x", layout.ticks - 1)
    if ground.worth is not None and 0 < ground.worth <= ground.values[-1]:
        axes.axvline(ground.worth, color=SOFT, linewidth=1.1, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(
            "the study’s price",
            (ground.worth, 0),
            xytext=(4, 4),
            textcoords="offset points",
            color=SOFT,
        )


def _money_ticks(axes: Axes, which: str, wanted: int = 5) -> None:
    from evalkit.report.figures_money import thousands

    thousands(axes, wanted, which)


def _rows(options: OptionsCompared, heights: np.ndarray) -> list[tuple[Cell, ...]]:
    found = options.acceptability
    return [
        (float(value), *(float(each) for each in row), options.names[place], float(held))
        for value, row, place, held in zip(
            found.values, heights, found.best_in_expectation, found.frontier, strict=True
        )
    ]


def _alt(options: OptionsCompared, *, pair: bool) -> str:
    found = options.acceptability
    last = found.values[-1]
    if pair:
        return (
            f"{decisionwords.turns(options)} At {formats.money(float(last), options.currency)} a crime the probability "
            f"that {options.names[1]} pays is {formats.chance(float(found.best[-1, 1]))}."
        )
    return (
        f"{decisionwords.turns(options)} At {formats.money(float(last), options.currency)} a crime the probability "
        f"that the choice is right is {formats.chance(float(found.frontier[-1]))}."
    )
