"""Pictures of money over time: what stands after each year, and when it has paid back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.report import formats
from evalkit.report.axes import ROUND_STEPS, mark_zero
from evalkit.report.drawing import BLUE, RUST, SOFT, Figure, Layout, figure
from evalkit.report.figures_money import short_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from evalkit.economics import CashFlow, CashYear
    from evalkit.evaluation import Evaluation

__all__ = ["cash_flow", "cash_flow_public", "payback_sentence"]


def cash_flow(evaluation: Evaluation) -> Figure | None:
    """What all who are counted have gained less what they have spent, after each year."""
    return _fan(evaluation, 0, "cash-flow")


def cash_flow_public(evaluation: Evaluation) -> Figure | None:
    """The same for the public purse."""
    return _fan(evaluation, 1, "cash-flow-public")


def payback_sentence(flow: CashFlow) -> str:
    """Say when half of the possibilities have paid back, and how many ever do within the years counted."""
    chance = formats.chance(flow.prob_paid_back)
    if flow.payback_year is None:
        over = formats.plural(len(flow.years), "year", "years")
        return f"Fewer than half of the possibilities pay back within the {over} counted: {chance} do."
    unseen = ", a year that was not observed" if flow.payback_extrapolated else ""
    return (
        f"Half of the possibilities have paid back by the end of year {flow.payback_year}{unseen}; "
        f"by the last year {chance}."
    )


def _fan(evaluation: Evaluation, place: int, name: str) -> Figure | None:
    appraisal = evaluation.appraisal
    if appraisal is None:
        return None
    counted = appraisal.extrapolation or appraisal
    if len(counted.cash_flows) <= place or len(counted.cash_flows[place].years) < 2:
        return None
    flow, unit = counted.cash_flows[place], formats.currency_name(counted.currency)
    seen = [year for year in flow.years if not year.extrapolated]
    unseen = [year for year in flow.years if year.extrapolated]

    def draw(axes: Axes, layout: Layout) -> None:
        _bands(axes, seen, is_seen=True)
        _bands(axes, unseen, is_seen=False)
        mark_zero(axes, vertical=False)
        if seen and unseen:
            axes.axvline(seen[-1].year + 0.5, color=SOFT, linewidth=1.1)
        _scales(axes, layout, len(flow.years))
        _labels(axes, seen, unseen)
        axes.set_xlabel("year of the measure")
        axes.set_ylabel(unit)

    last = flow.years[-1].total
    ends = f"between {formats.money(last.lower, counted.currency)} and {formats.money(last.upper, counted.currency)}"
    parted = (
        " Filled blue years were observed; hatched years with open marks lie beyond the observed window and are a "
        "scenario."
        if unseen
        else ""
    )
    return figure(
        name,
        draw,
        title=f"Benefits less costs added up from year to year: {flow.whose}",
        alt=f"After year {flow.years[-1].year} the sum stands {ends}. {payback_sentence(flow)}",
        caption=f"{'To be read as the picture before.' if place else _how_to_read(last.level)}{parted} "
        f"{payback_sentence(flow)}",
        columns=("year", "seen", "mean", "lower", "quarter", "median", "three quarters", "upper", "share paid back"),
        rows=[
            (year.year, "extrapolated" if year.extrapolated else "observed", year.total.mean, year.total.lower,
             year.low, year.median, year.high, year.total.upper, year.paid_back)
            for year in flow.years
        ],
    )  # fmt: skip


def _how_to_read(level: float) -> str:
    return (
        "Each step is where the sum stands at the end of a year, in present value: the outer band holds "
        f"{formats.level(level)} of the possibilities, the inner one half of them, the mark is their middle. "
        "Above the dotted line the measure has paid back."
    )


def _bands(axes: Axes, years: Sequence[CashYear], *, is_seen: bool) -> None:
    """Draw years as steps: filled where they were seen, hatched and open where they were not."""
    if not years:
        return
    edges = np.array([years[0].year - 0.5, *(year.year + 0.5 for year in years)])
    lower, upper = ([getattr(year.total, end) for year in years] for end in ("lower", "upper"))
    low, high = ([getattr(year, end) for year in years] for end in ("low", "high"))
    colour = BLUE if is_seen else RUST
    for bottom, top, strength in ((lower, upper, 0.2), (low, high, 0.35)):
        if is_seen:
            axes.stairs(top, edges, baseline=bottom, fill=True, color=colour, alpha=strength)
        else:
            axes.stairs(
                top, edges, baseline=bottom, fill=True, facecolor="white", edgecolor=colour, linewidth=0.8,
                linestyle=(0, (3, 2)), hatch="////" if strength > 0.3 else None,
            )  # fmt: skip
    axes.plot(
        [year.year for year in years],
        [year.median for year in years],
        "o" if is_seen else "s",
        color=colour,
        markerfacecolor=colour if is_seen else "white",
        markersize=5,
        zorder=3,
    )


def _scales(axes: Axes, layout: Layout, years: int) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0.4, years + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(layout.ticks, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=ROUND_STEPS))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short_money(value)))


def _labels(axes: Axes, seen: Sequence[CashYear], unseen: Sequence[CashYear]) -> None:
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.14 * (high - low))
    border = seen[-1].year + 0.5 if seen else 0.5
    words = [("observed", border, "right", -5, BLUE)] if seen and len(seen) > 1 else []
    words += [("extrapolated, not seen", border, "left", 5, RUST)] if unseen else []
    for text, x, side, gap, colour in words:
        axes.annotate(
            text, (x, high + 0.05 * (high - low)), xytext=(gap, 0), textcoords="offset points", ha=side,
            color=colour, fontweight="bold", annotation_clip=False,
        )  # fmt: skip
