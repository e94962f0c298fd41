"""Pictures of an effect: recorded against expected, over time, and next door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Dynamics, Effect
from evalkit.draws import FloatArray, interval
from evalkit.report import formats
from evalkit.report.axes import (
    ROUND_STEPS,
    from_zero,
    label_ends,
    lying,
    mark_zero,
    number_ticks,
    period_ticks,
    range_marks,
)
from evalkit.report.drawing import BLUE, LINE, RUST, SOFT, WASH, Cell, Figure, Layout, figure
from evalkit.report.reading import things

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.evaluation import Evaluation

__all__ = ["displacement", "event_study", "paths", "slope"]


def paths(evaluation: Evaluation) -> Figure | None:
    """Recorded events in the treated sites, and what was to be expected without the measure."""
    effect, level = evaluation.primary, evaluation.study.level
    if effect.paths is None or effect.prevented is None:
        return None
    labels, recorded = effect.paths.periods, np.asarray(effect.paths.recorded, float)
    middle, lower, upper = _expected(effect, level)
    start = labels.index(effect.periods[0])
    counted = things(effect.outcome)

    def draw(axes: Axes, layout: Layout) -> None:
        x = np.arange(len(labels))
        after = x[start - 1 :] if start else x
        axes.axvspan(start - 0.5, len(labels) - 0.5, color=WASH, zorder=0, linewidth=0)
        axes.fill_between(after, lower[after], upper[after], color=RUST, alpha=0.16, linewidth=0)
        axes.plot(x[: start + 0], middle[:start], color=RUST, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(after, middle[after], color=RUST, linewidth=2.2, linestyle=(0, (4, 2)))
        axes.plot(x, recorded, color=BLUE, linewidth=2.2, clip_on=False)
        from_zero(axes, float(max(recorded.max(), np.nanmax(upper), middle.max())))
        axes.set_xlim(-0.3, len(labels) - 0.5)
        period_ticks(axes, labels, layout.ticks)
        label_ends(axes, len(labels) - 0.5, [(middle[-1], "expected", RUST), (recorded[-1], "recorded", BLUE)])
        axes.set_title("measure running", loc="right", color=SOFT, pad=4)

    rows: list[tuple[Cell, ...]] = [
        (label, recorded[i], middle[i], lower[i] if i >= start else None, upper[i] if i >= start else None)
        for i, label in enumerate(labels)
    ]
    below, above = ((recorded[start:] < middle[start:]).sum(), (recorded[start:] > middle[start:]).sum())
    return figure(
        "paths",
        draw,
        title=f"{formats.capital(counted)} by period, and expected without the measure",
        alt=f"Of the {len(labels) - start} periods after the start, {counted} lie below what was expected in {below} "
        f"and above it in {above}.",
        caption=(
            f"{formats.capital(counted)} in the treated sites (solid) and what the estimate gives for them without the "
            f"measure (dashed; after the start with its {level:.0%} range)."
        ).replace("%", f"{formats.FIXED}%"),
        columns=("period", "recorded", "expected", "expected, lower", "expected, upper"),
        rows=rows,
    )


def _expected(effect: Effect, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give what was expected in every period, with its range after the start; each shape (periods,)."""
    assert effect.paths is not None  # noqa: S101 - its callers asked
    assert effect.prevented is not None  # noqa: S101 - its callers asked
    middle = np.array(effect.paths.fitted, float)
    lower, upper = middle.copy(), middle.copy()
    for column, label in enumerate(effect.periods):
        place = effect.paths.periods.index(label)
        drawn = effect.paths.recorded[place] + effect.prevented[:, column]
        held = interval(drawn, level)
        middle[place], lower[place], upper[place] = np.median(drawn), held.lower, held.upper
    return middle, lower, upper


def slope(evaluation: Evaluation) -> Figure | None:
    """Before and after in the treated area, and what the estimate gives for it without the measure."""
    table, effect, level = evaluation.design(evaluation.study.primary).table, evaluation.primary, evaluation.study.level
    if table is None or effect.total_prevented is None:
        return None
    # both periods at the length of the one after, so that the slope shows a change and not a calendar
    before = table.treated[0] * table.lengths[1] / table.lengths[0]
    after = table.treated[1]
    drawn = after + effect.total_prevented
    expected, held = float(np.median(drawn)), interval(drawn, level)
    counted = things(effect.outcome)

    def draw(axes: Axes, _: Layout) -> None:
        axes.plot([0, 1], [before, expected], color=RUST, linestyle=(0, (4, 2)), linewidth=2.2)
        axes.plot([1, 1], [max(held.lower, 0), held.upper], color=RUST, linewidth=6, alpha=0.3, solid_capstyle="butt")
        # a count of zero lies on the edge, and its mark is to be seen whole
        axes.plot([0, 1], [before, after], color=BLUE, marker="o", markersize=6, clip_on=False, zorder=3)
        axes.plot([1], [expected], color=RUST, marker="s", markersize=6, clip_on=False, zorder=3)
        from_zero(axes, max(before, after, held.upper))
        axes.set_xlim(-0.12, 1.1)
        axes.set_xticks([0, 1], ["before", "after"])
        label_ends(
            axes,
            1.02,
            [
                (expected, f"expected {formats.events(expected)}", RUST),
                (after, f"recorded {formats.count(after)}", BLUE),
            ],
        )

    scaled = "" if table.lengths[0] == table.lengths[1] else " Before is scaled to the length of the period after."
    return figure(
        "slope",
        draw,
        title=f"{formats.capital(counted)} before and after in the treated area",
        alt=(
            f"From {formats.count(round(before))} before, {formats.count(after)} were recorded after, where about "
            f"{formats.events(expected)} were expected."
        ),
        caption=f"{formats.capital(counted)} in the treated area (solid) and what the estimate gives for it without "
        f"the measure (dashed, with its {formats.level(level)} range).{scaled}",
        columns=("when", "recorded", "expected", "expected, lower", "expected, upper"),
        rows=[("before", before, None, None, None), ("after", after, expected, held.lower, held.upper)],
    )


def event_study(evaluation: Evaluation) -> Figure | None:
    """The effect by time since the start, with the periods before it as a test of the comparison."""
    effect, level = evaluation.primary, evaluation.study.level
    if effect.dynamics is None:
        return None
    dynamics, is_ratio = effect.dynamics, effect.scale.startswith("log")
    drawn = 100 * np.expm1(dynamics.draws) if is_ratio else dynamics.draws
    unit = "percent" if is_ratio else (effect.outcome.unit or "its own unit")
    points = [
        (time, float(np.median(drawn[:, i])), interval(drawn[:, i], level)) for i, time in enumerate(dynamics.times)
    ]

    low, high = (100 * np.expm1(end) if is_ratio else end for end in dynamics.band(level))

    def draw(axes: Axes, layout: Layout) -> None:
        from matplotlib.ticker import MaxNLocator

        mark_zero(axes, vertical=False)
        axes.fill_between(dynamics.times, low, high, color=LINE, alpha=0.6, linewidth=0, zorder=0.5)
        axes.axvspan(-0.5, max(dynamics.times) + 0.5, color=WASH, zorder=0, linewidth=0)
        for time, middle, held in points:
            colour, mark = (BLUE, "o") if time >= 0 else (SOFT, "s")
            axes.plot([time, time], [held.lower, held.upper], color=colour, linewidth=1.8)
            axes.plot(
                [time], [middle], mark, color=colour, markersize=5.5, markerfacecolor=colour if time >= 0 else "white"
            )
        if dynamics.reference is not None:
            axes.plot([dynamics.reference], [0], "D", color=RUST, markersize=6)
        axes.xaxis.set_major_locator(MaxNLocator(layout.ticks, integer=True, steps=ROUND_STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=ROUND_STEPS))
        axes.set_xlim(min(dynamics.times) - 0.7, max(dynamics.times) + 0.5)
        axes.set_xlabel("periods since the start")
        axes.set_ylabel(f"change, {unit}")
        axes.set_title("after the start", loc="right", color=BLUE, pad=4)
        axes.set_title("before", loc="left", color=SOFT, pad=4)

    test = next((check.detail for check in effect.checks if check.name == "leads"), "No joint test of them was made.")
    before = [held for time, _, held in points if time < 0]
    off = sum(held.excludes(0) for held in before)
    return figure(
        "event-study",
        draw,
        title="The effect by time since the start",
        alt=f"Before the start, {off} of {len(before)} periods differ clearly from {_against(dynamics)[0]}; the later "
        f"ones show how the "
        "effect developed.",
        caption=f"Change against {_against(dynamics)[1]}, with {formats.level(level)} "
        f"ranges. Squares lie before the "
        f"start and should scatter about zero; circles lie after it. The grey band holds the whole course with the "
        f"same probability. {test}",
        columns=("periods since start", f"change ({unit})", "lower", "upper", "band, lower", "band, upper"),
        rows=[
            (time, middle, held.lower, held.upper, float(low[i]), float(high[i]))
            for i, (time, middle, held) in enumerate(points)
        ],
    )


def _against(dynamics: Dynamics) -> tuple[str, str]:
    """What the effect at each time is compared with, shortly and in full."""
    if dynamics.reference is None:
        return "what was expected", "what was expected without the measure"
    return "the reference", "the last period before the start (the diamond)"


def displacement(evaluation: Evaluation) -> Figure | None:
    """Events fewer than expected in the treated sites, in nearby areas, and in both together."""
    effect, level = evaluation.primary, evaluation.study.level
    moved = effect.displacement
    if moved is None or moved.prevented is None or effect.total_prevented is None:
        return None
    near = moved.prevented.sum(axis=1)
    parts = [
        ("treated", effect.total_prevented, BLUE),
        ("nearby", near, RUST),
        ("together", effect.total_prevented + near, BLUE),
    ]
    read = [(name, float(np.median(each)), interval(each, level), colour) for name, each, colour in parts]

    def draw(axes: Axes, layout: Layout) -> None:
        lying(axes, [name for name, *_ in read])
        mark_zero(axes, vertical=True)
        marks = [(float(i), held.lower, middle, held.upper, colour) for i, (_, middle, held, colour) in enumerate(read)]
        range_marks(axes, marks, hollow=[False, True, False])
        axes.set_xlabel("← more than expected · fewer than expected →" if not layout.is_narrow else "← more · fewer →")
        number_ticks(axes, layout)

    counted = things(effect.outcome)
    near_middle = read[1][1]
    return figure(
        "displacement",
        draw,
        title=f"{formats.capital(counted)} against what was expected: here, nearby, and together",
        alt=f"Nearby areas had about {formats.events(near_middle)} "
        f"{'fewer' if near_middle > 0 else 'more'} than expected; "
        f"together about {formats.events(read[2][1])} {'fewer' if read[2][1] > 0 else 'more'}.",
        caption=f"Fewer {counted} than expected lie to the right of the dotted line, more to its left; "
        f"{formats.level(level)} ranges.",
        columns=("area", "fewer than expected", "lower", "upper"),
        rows=[(name, middle, held.lower, held.upper) for name, middle, held, _ in read],
        heights=(1.7, 1.9),
    )
