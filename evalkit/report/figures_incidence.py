"""Picture of who gains: what the events prevented in each area are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.report import formats
from evalkit.report.axes import in_lines, lying, mark_zero
from evalkit.report.drawing import BLUE, INK, RUST, SOFT, Cell, Figure, Layout, figure
from evalkit.report.figures_money import short_money, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.economics import AreaLine
    from evalkit.evaluation import Evaluation

__all__ = ["UNCHANGED", "areas"]

# More bars than these cannot be read; the table behind the picture has all areas.
_MOST = 12
UNCHANGED = "comparison areas"


def areas(evaluation: Evaluation) -> Figure | None:
    """What each area gains, the largest first; nearby areas and the comparison stand last."""
    appraisal = evaluation.appraisal
    found = None if appraisal is None else appraisal.incidence
    if appraisal is None or found is None or not any(line.gains for line in found.by_area):
        return None
    bars, rest = _bars(found.by_area, has_comparison=evaluation.design(evaluation.study.primary).has_comparison)
    currency = appraisal.currency
    unit = f"{formats.currency_name(currency)}, prices of {appraisal.price_year}"

    def draw(axes: Axes, layout: Layout) -> None:
        lying(axes, [in_lines(name, 16 if layout.is_narrow else 30) for name, _ in bars])
        for place, (name, amount) in enumerate(bars):
            loses = amount < 0
            axes.barh(
                place,
                # no bar at all, as even one of no length would leave a mark
                np.nan if name == UNCHANGED else amount,
                height=0.62,
                color="white" if loses else BLUE,
                edgecolor=RUST if loses else BLUE,
                linewidth=1.6,
                hatch="////" if loses else None,
            )
            axes.annotate(
                "no change assumed" if name == UNCHANGED else short_money(amount),
                (max(amount, 0), place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                color=SOFT if name == UNCHANGED else INK,
                annotation_clip=False,
            )
        mark_zero(axes, vertical=True)
        axes.margins(x=0.3 if layout.is_narrow else 0.12)
        thousands(axes, layout.ticks - 1, "x")
        axes.set_xlabel(unit)

    gaining, losing = ([line for line in found.by_area if sign * (line.total or 0) > 0] for sign in (1, -1))
    return figure(
        "areas",
        draw,
        title="What the events prevented in each area are worth",
        alt=" ".join(
            f"{formats.plural(len(lines), *verb)} {formats.money(abs(_sum(lines)), currency)}."
            for lines, verb in (
                (gaining, ("area gains", "areas gain together")),
                (losing, ("area loses", "areas lose together")),
            )
            if lines
        ),
        caption="Expected worth to everybody, wherever they are; costs are not taken off. Filled bars are gains, "
        "hatched bars losses. Comparison areas are what the others are held against and are taken not to change by "
        f"the measure.{rest}",
        columns=("area", "kind", "worth"),
        rows=_rows(found.by_area),
        heights=(0.8 + 0.4 * len(bars), 0.9 + 0.42 * len(bars)),
    )


def _bars(lines: tuple[AreaLine, ...], *, has_comparison: bool) -> tuple[list[tuple[str, float]], str]:
    """Give name and height of each bar, and a sentence on those that have none of their own."""
    treated = sorted((line for line in lines if line.kind != "nearby areas"), key=lambda line: -(line.total or 0))
    shown, left = (treated, []) if len(treated) <= _MOST else (treated[: _MOST - 1], treated[_MOST - 1 :])
    bars = [(line.area, line.total or 0.0) for line in shown]
    if left:
        bars.append((f"{len(left)} further treated sites", _sum(left)))
    bars += [(line.area, line.total or 0.0) for line in lines if line.kind == "nearby areas"]
    if has_comparison:
        bars.append((UNCHANGED, 0.0))
    return bars, f" {len(left)} sites that gain least stand in one bar." if left else ""


def _sum(lines: list[AreaLine]) -> float:
    return sum(line.total or 0.0 for line in lines)


def _rows(lines: tuple[AreaLine, ...]) -> list[tuple[Cell, ...]]:
    return [(line.area, line.kind, line.total) for line in lines]
