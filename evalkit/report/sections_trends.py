"""What the technical part says of a difference in trends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.draws import Interval
from evalkit.report import formats
from evalkit.report.blocks import Block, Grid, Paragraph, Picture, Section
from evalkit.report.drawing import Figure
from evalkit.report.figures_trends import in_percent

if TYPE_CHECKING:
    from evalkit.domain import Effect, TrendSensitivity
    from evalkit.evaluation import Evaluation

__all__ = ["trends_sections"]

_HEADS = {
    "relative magnitudes": "Trends part as they did before, or more",
    "smoothness": "The difference in trends bends",
}


def trends_sections(evaluation: Evaluation, drawn: dict[str, Figure]) -> tuple[Section, ...]:
    """Give the section on a difference in trends, where the primary effect tells of it."""
    effect = evaluation.primary
    if not effect.trend_sensitivity:
        return ()
    blocks: list[Block] = [
        Paragraph(
            text="The estimate takes treated and comparison sites to have moved alike but for the measure. The "
            "periods before the start cannot prove that for those after it; they can show how large a departure "
            "would be needed to overturn the answer."
        )
    ]
    blocks += [Paragraph(head=_HEADS[each.kind], text=each.detail) for each in effect.trend_sensitivity]
    if "trends" in drawn:
        blocks.append(Picture(figure=drawn["trends"]))
    blocks += [_grid(effect, each) for each in effect.trend_sensitivity]
    return (Section(key="trends", title="If trends were not quite parallel", blocks=tuple(blocks)),)


def _grid(effect: Effect, found: TrendSensitivity) -> Grid:
    lower, upper, unit = in_percent(effect, found)
    is_relative = found.kind == "relative magnitudes"
    scale = "" if is_relative else ", on the scale of the estimate"
    rows = [
        (f"{bound:g}", formats.full_range(Interval(level=found.level, lower=float(low), upper=float(high))))
        for bound, low, high in zip(found.bounds, lower, upper, strict=True)
    ]
    return Grid(
        caption=f"{_HEADS[found.kind]}: {formats.level(found.level)} ranges of {found.target}",
        columns=("Times the most before" if is_relative else f"Bend a period{scale}", f"Range ({unit})"),
        rows=tuple(rows),
        numeric=frozenset({0, 1}),
    )
