"""Pictures of several estimates side by side: one effect by several methods, and several outcomes by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import Interval, interval
from evalkit.report import formats
from evalkit.report.axes import in_lines, lying, mark_zero, number_ticks, range_marks
from evalkit.report.drawing import BLUE, SOFT, Figure, Layout, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.evaluation import Evaluation

__all__ = ["forest", "outcomes"]

# Letters that leave enough room for the ranges beside them.
_NAME, _NAME_NARROW = 38, 20

type Row = tuple[str, str, float, Interval]


def forest(evaluation: Evaluation) -> Figure | None:
    """One effect by every method that was asked, each with what it averages over."""
    level, primary = evaluation.study.level, evaluation.study.primary
    compared = evaluation.comparisons.get(primary)
    if compared is None:
        return None
    effects = evaluation.effects[primary]
    rows = [
        (each.name, dict(effects[each.name].specification).get("averages over", ""), each.middle, each.held)
        for each in compared.estimates
    ]
    unit = "percent of what was expected" if compared.unit == "percent" else formats.SCALES[compared.unit]
    gone = compared.left_out
    note = f" {', '.join(gone)}: on another scale, in the table only." if gone else ""
    return figure(
        "forest",
        lambda axes, layout: _draw(axes, layout, rows, f"change in {unit}", first_is_main=True),
        title=f"The change in {primary} by {len(rows)} methods",
        alt=_where_they_lie([held for *_, held in rows]),
        caption=f"Change in {unit} with {formats.level(level)} ranges. The circle is the estimate the study is judged "
        f"by; squares are those it is held against. Under each name stands what it averages over, where it says so: "
        f"methods may differ because they answer different questions.{note}",
        columns=("estimator", "averages over", f"change ({unit})", "lower", "upper"),
        rows=[(name, over, middle, held.lower, held.upper) for name, over, middle, held in rows],
        heights=(0.75 + 0.45 * len(rows), 0.9 + 0.6 * len(rows)),
    )


def outcomes(evaluation: Evaluation) -> Figure | None:
    """Every outcome by the estimator that was named first, in percent."""
    level, rows = evaluation.study.level, []
    for outcome in evaluation.effects:
        effect = evaluation.primary_of(outcome)
        if effect.percent_draws is not None:
            draws = effect.percent_draws
            rows.append((outcome, "", float(np.median(draws)), interval(draws, level)))
    if len(rows) < 2:
        return None
    gone = len(evaluation.effects) - len(rows)
    note = (
        f" {formats.plural(gone, 'outcome has', 'outcomes have')} no percentage and "
        f"{'stands' if gone == 1 else 'stand'} in the table only."
        if gone
        else ""
    )
    main = rows[0][0] == evaluation.study.primary
    return figure(
        "outcomes",
        lambda axes, layout: _draw(axes, layout, rows, "change in percent of what was expected", first_is_main=main),
        title="Every outcome",
        alt=_where_they_lie([held for *_, held in rows]),
        caption=f"Change in percent of what was expected, with {formats.level(level)} ranges, each by the "
        f"estimator that was named first. The study is judged by {evaluation.study.primary}; the ranges of the others "
        f"are not corrected for their number.{note}",
        columns=("outcome", "change (percent)", "lower", "upper"),
        rows=[(name, middle, held.lower, held.upper) for name, _, middle, held in rows],
        heights=(0.75 + 0.4 * len(rows), 0.9 + 0.55 * len(rows)),
    )


def _draw(axes: Axes, layout: Layout, rows: list[Row], label: str, *, first_is_main: bool) -> None:
    lying(axes, [_row_name(name, below, layout) for name, below, *_ in rows])
    mark_zero(axes, vertical=True)
    hollow = [not (first_is_main and i == 0) for i in range(len(rows))]
    marks = [
        (float(i), held.lower, middle, held.upper, SOFT if hollow[i] else BLUE)
        for i, (_, _, middle, held) in enumerate(rows)
    ]
    range_marks(axes, marks, hollow=hollow)
    axes.set_xlabel(label.removesuffix(" of what was expected") if layout.is_narrow else label)
    number_ticks(axes, layout)


def _row_name(name: str, below: str, layout: Layout) -> str:
    width = _NAME_NARROW if layout.is_narrow else _NAME
    lines = in_lines(name, width, 1 if below else 2)
    return f"{lines}\n{in_lines(below, width, 1)}" if below else lines


def _where_they_lie(ranges: list[Interval]) -> str:
    below, above = sum(held.upper < 0 for held in ranges), sum(held.lower > 0 for held in ranges)
    return f"{below} of {len(ranges)} ranges lie wholly below zero and {above} wholly above it."
