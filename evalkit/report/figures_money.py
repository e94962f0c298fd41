"""Pictures of the money: what it takes to break even, who pays and what is gained, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.economics.tally import DEADWEIGHT
from evalkit.report import formats, moneywords
from evalkit.report.axes import ROUND_STEPS, in_lines, lying, mark_zero
from evalkit.report.drawing import BLUE, INK, RUST, SOFT, Cell, Figure, Layout, figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from evalkit.economics import Appraisal
    from evalkit.evaluation import Evaluation

__all__ = ["break_even", "plane", "short_money", "thousands", "waterfall"]

# Enough points to show a cloud, few enough that the page stays light.
_POINTS = 300


def break_even(evaluation: Evaluation) -> Figure | None:
    """How many crimes were prevented, beside how many it takes to pay."""
    appraisal = evaluation.appraisal
    if appraisal is None or appraisal.break_even.events is None:
        return None
    needed, draws = appraisal.break_even.events, moneywords.priced_prevented(evaluation, appraisal)
    if draws is None:
        return None
    counted = moneywords.priced_things(evaluation, appraisal)
    shares, edges = np.histogram(draws, bins=40)
    share = 100 * shares / len(draws)
    enough = float(np.mean(draws >= needed))

    def draw(axes: Axes, layout: Layout) -> None:
        axes.stairs(share, edges, fill=True, color=BLUE, alpha=0.25)
        axes.stairs(share, edges, color=BLUE, linewidth=1.2)
        axes.axvline(needed, color=RUST, linestyle=(0, (4, 2)), linewidth=2)
        mark_zero(axes, vertical=True)
        axes.set_ylim(0, share.max() * 1.22)
        axes.set_yticks([])
        is_left = needed > (edges[0] + edges[-1]) / 2
        axes.annotate(
            f"needed: {formats.events(needed)}",
            (needed, share.max() * 1.14),
            xytext=(-6 if is_left else 6, 0),
            textcoords="offset points",
            ha="right" if is_left else "left",
            color=RUST,
            fontweight="bold",
        )
        axes.set_xlabel(
            f"{counted} prevented"
            if layout.is_narrow
            else f"{counted} prevented (left of the dotted line: more of them)"
        )
        thousands(axes, layout.ticks, "x")

    return figure(
        "break-even",
        draw,
        title=f"{formats.capital(counted)} prevented, and how many it takes to break even",
        alt=f"About {formats.events(needed)} prevented {counted} pay for the measure; {formats.chance(enough)} of the "
        "possibilities reach that.",
        caption=f"The hill shows how plausible each number of prevented {counted} is; the dashed line is the "
        f"number that pays "
        f"for the measure at the mean worth of one. {formats.capital(formats.chance(enough))} of the possibilities "
        f"lie at or beyond it.",
        columns=("prevented, from", "prevented, to", "share of draws (percent)"),
        rows=[(float(a), float(b), float(c)) for a, b, c in zip(edges[:-1], edges[1:], share, strict=True)],
    )


def waterfall(evaluation: Evaluation) -> Figure | None:
    """Who gains, who pays, and what is left."""
    appraisal = evaluation.appraisal
    if appraisal is None or appraisal.net_benefit is None:
        return None
    steps = _steps(appraisal)
    unit = f"{formats.currency_name(appraisal.currency)}, prices of {appraisal.price_year}"

    def draw(axes: Axes, layout: Layout) -> None:
        lying(axes, [in_lines(name, 16 if layout.is_narrow else 26) for name, *_ in steps])
        for place, (_, start, end, colour) in enumerate(steps):
            axes.barh(
                place,
                end - start,
                left=start,
                height=0.62,
                color="white" if colour == RUST else colour,
                edgecolor=colour,
                linewidth=1.6,
                hatch="////" if colour == RUST else None,
            )
            axes.annotate(
                short_money(end - start, formats.rough),
                (max(start, end), place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                color=INK,
                annotation_clip=False,
            )
            if place + 1 < len(steps):
                axes.plot([end, end], [place, place + 1], color=SOFT, linewidth=0.8)
        mark_zero(axes, vertical=True)
        axes.margins(x=0.16 if layout.is_narrow else 0.09)
        thousands(axes, layout.ticks - 1, "x")
        axes.set_xlabel(unit)

    gained, paid = appraisal.benefit, appraisal.cost
    return figure(
        "waterfall",
        draw,
        title="From benefits and costs to the net benefit",
        alt=f"Benefits of {formats.money(gained.mean if gained else 0, appraisal.currency)} and costs of "
        f"{formats.money(paid.mean, appraisal.currency)} leave a net benefit of "
        f"{formats.money(appraisal.net_benefit.mean, appraisal.currency)}.",
        caption=f"Means, in present value. {_how_to_read(appraisal)} Each bar begins where the one above it ended; "
        "the dark bar is the net benefit.",
        columns=("item", "from", "to", "amount"),
        rows=[(name, start, end, end - start) for name, start, end, _ in steps],
        heights=(0.8 + 0.4 * len(steps), 0.9 + 0.42 * len(steps)),
    )


def _steps(appraisal: Appraisal) -> list[tuple[str, float, float, str]]:
    """Give name, start, end and colour of every bar."""
    parts = [(name, gain, BLUE if gain > 0 else RUST) for name, gain in _gains(appraisal) if gain]
    parts += [
        (f"cost: {line.bearer}", -line.cost.mean, RUST)
        if line.cost.mean > 0
        else (f"saved or received: {line.bearer}", -line.cost.mean, BLUE)
        for line in appraisal.by_bearer
        if line.cost.mean
    ]
    steps, level = [], 0.0
    for name, change, colour in parts:
        steps.append((name, level, level + change, colour))
        level += change
    return [*steps, ("net benefit", 0.0, level, INK)]


def _how_to_read(appraisal: Appraisal) -> str:
    if _knows_bearers(appraisal):
        return "Filled bars are what each gains, hatched bars what each pays or loses."
    return (
        "Filled bars are benefits by kind of crime, as the prices do not say who gains; hatched bars are losses, and "
        "costs by who pays."
    )


def _gains(appraisal: Appraisal) -> list[tuple[str, float]]:
    """Give what each gains; by kind of crime where the prices do not say who gains."""
    if _knows_bearers(appraisal):
        return [(line.bearer, line.benefit.mean) for line in appraisal.by_bearer if line.benefit is not None]
    crimes = [(line.outcome, line.benefit.mean) for line in appraisal.by_crime if line.benefit is not None]
    # what taxing loses is of no kind of crime, and without it the bars would not end at the net benefit
    total = appraisal.benefit.mean if appraisal.benefit else 0.0
    rest = total - sum(gain for _, gain in crimes)
    return [*crimes, *([(DEADWEIGHT, rest)] if abs(rest) > _ROUNDING * abs(total) else [])]


_ROUNDING = 1e-9


def _knows_bearers(appraisal: Appraisal) -> bool:
    from evalkit.economics.prices import NOT_SPLIT

    gainers = {line.bearer for line in appraisal.by_bearer if line.benefit is not None and line.benefit.mean}
    return bool(gainers) and NOT_SPLIT not in gainers


def plane(evaluation: Evaluation) -> Figure | None:
    """Every possibility as a point: crimes prevented across, cost upwards."""
    appraisal = evaluation.appraisal
    if appraisal is None:
        return None
    every = max(len(appraisal.cost_draws) // _POINTS, 1)
    x, y = appraisal.present_events_draws[::every], appraisal.full_cost_draws[::every]
    present = "" if appraisal.discounted_prevented_draws is None else ", present value"
    taxed = "" if appraisal.tax_loss_draws is None else " The cost holds what is lost by taxing for it."
    q = appraisal.quadrants
    across = f"{appraisal.events_are} prevented{present}"
    upwards = f"cost, {formats.currency_name(appraisal.currency)}"
    words: list[tuple[str, float, tuple[float, float]]] = [
        ("prevents, and costs money", q.prevents_and_costs, (1, 1)),
        ("prevents, and saves money", q.prevents_and_saves, (1, 0)),
        ("does not prevent, and costs money", q.does_not_prevent_and_costs, (0, 1)),
        ("does not prevent, and saves money", q.does_not_prevent_and_saves, (0, 0)),
    ]

    def draw(axes: Axes, layout: Layout) -> None:
        axes.scatter(x, y, s=9, color=BLUE, alpha=0.35, linewidths=0)
        wide, tall = float(np.abs(x).max()) * 1.1 or 1, float(np.abs(y).max()) or 1
        # half of the width and a margin of the height are the room for the words of each corner
        axes.set_xlim(-wide, wide)
        axes.set_ylim(min(float(y.min()), 0) - (0.5 if layout.is_narrow else 0.38) * tall, tall * 1.5)
        mark_zero(axes, vertical=True)
        mark_zero(axes, vertical=False)
        for text, share, (right, up) in words:
            broken = text.replace(", and ", ",\n") if layout.is_narrow else text
            axes.text(
                0.985 if right else 0.015,
                0.985 if up else 0.02,
                f"{broken}\n{formats.chance(share)}" if share else f"{broken}\nnone",
                transform=axes.transAxes,
                ha="right" if right else "left",
                va="top" if up else "bottom",
                color=INK if share >= 0.005 else SOFT,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
            )
        thousands(axes, layout.ticks, "x")
        thousands(axes, 5, "y")
        axes.set_xlabel(across)
        axes.set_ylabel(upwards)

    return figure(
        "plane",
        draw,
        title=f"{formats.capital(appraisal.events_are)} prevented and cost, possibility by possibility",
        alt="; ".join(f"{text}: {formats.chance(share) if share else 'none'}" for text, share, _ in words) + ".",
        caption="Each point is one possibility that fits the data; right of the dotted line crime was "
        "prevented, above the "
        f"other one it cost money. The shares count all possibilities.{taxed}",
        columns=("quadrant", "share of draws"),
        rows=_quadrant_rows(words),
        heights=(3.3, 3.4),
    )


def _quadrant_rows(words: list[tuple[str, float, tuple[float, float]]]) -> list[tuple[Cell, ...]]:
    return [(text, share) for text, share, _ in words]


def thousands(axes: Axes, ticks: int, which: str) -> None:
    """Write large numbers along an axis with a letter for thousands, millions and billions."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(min(ticks, 6), steps=ROUND_STEPS))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short_money(value)))


def short_money(value: float, write: Callable[[float], str] = formats.number) -> str:
    """Write an amount in thousands, millions or billions where it is large."""
    for scale, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= 10 * scale or (scale >= 1e6 and abs(value) >= scale):
            return f"{write(value / scale)}{formats.FIXED}{letter}"
    return write(value)
