"""A picture of how much of an effect is left if trends were not quite parallel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.report import formats
from evalkit.report.axes import ROUND_STEPS, mark_zero
from evalkit.report.drawing import BLUE, RUST, SOFT, WASH, Figure, Layout, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.domain import Effect, TrendSensitivity
    from evalkit.draws import FloatArray
    from evalkit.evaluation import Evaluation

__all__ = ["in_percent", "trends"]


def trends(evaluation: Evaluation) -> Figure | None:
    """The interval for every bound on how far trends parted, with the bound at which it reaches no change."""
    effect = evaluation.primary
    found = next((each for each in effect.trend_sensitivity if each.kind == "relative magnitudes"), None)
    if found is None or len(found.bounds) < 2:
        return None
    lower, upper, unit = in_percent(effect, found)
    inside = (lower <= 0) & (upper >= 0)

    def draw(axes: Axes, layout: Layout) -> None:
        from matplotlib.ticker import MaxNLocator

        mark_zero(axes, vertical=False)
        step = float(found.bounds[1] - found.bounds[0])
        left, right = found.bounds[0] - step / 2, found.bounds[-1] + step / 2
        broken = found.breakdown
        if broken is not None and left < broken < right:
            axes.axvspan(left, broken, color=WASH, zorder=0, linewidth=0)
            axes.axvline(broken, color=RUST, linewidth=1.4, linestyle=(0, (4, 2)))
            axes.set_title(f"breaks down at {broken:.2g}", loc="right", color=RUST, pad=4)
        for bound, low, high, is_inside in zip(found.bounds, lower, upper, inside, strict=True):
            axes.plot([bound, bound], [low, high], color=SOFT if is_inside else BLUE, linewidth=3)
        axes.set_xlim(left, right)
        axes.set_xticks(list(found.bounds), [f"{bound:g}" for bound in found.bounds])
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=ROUND_STEPS))
        axes.set_xlabel(
            "times as much as before"
            if layout.is_narrow
            else "trends part after the start, times the most they did before it"
        )
        axes.set_ylabel(f"change, {unit}")

    held = int((~inside).sum())
    return figure(
        "trends",
        draw,
        title="What is left if trends were not quite parallel",
        alt=f"{held} of {len(inside)} ranges leave no change outside: those for trends that part after the start by at "
        f"most {found.breakdown:.2g} times as much as before it."
        if found.breakdown is not None and held
        else "Every range holds no change, even that for parallel trends.",
        caption=f"Range ({formats.level(found.level)}) of {found.target} if, from one period to the next, the "
        "treated and the comparison sites part by at most so many times the most they parted between two neighbouring "
        "periods before the start; 0 is parallel trends. Grey ranges hold no change.",
        columns=("times the most before", f"lower ({unit})", f"upper ({unit})"),
        rows=[
            (float(bound), float(low), float(high)) for bound, low, high in zip(found.bounds, lower, upper, strict=True)
        ],
    )


def in_percent(effect: Effect, found: TrendSensitivity) -> tuple[FloatArray, FloatArray, str]:
    """Give the ends in percent where the effect is a log ratio, otherwise on its own scale, with the unit."""
    if effect.scale.startswith("log"):
        return 100 * np.expm1(found.lower), 100 * np.expm1(found.upper), "percent"
    return found.lower, found.upper, effect.outcome.unit or "its own unit"
