"""What became of every row of the files that the counts come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import formats
from evalkit.report.blocks import Block, Grid, Note, Paragraph

if TYPE_CHECKING:
    from evalkit.data import DataQuality
    from evalkit.evaluation import Evaluation

__all__ = ["quality_blocks"]


def quality_blocks(evaluation: Evaluation) -> tuple[Block, ...]:
    """Give a table for each layout that was read; nothing where the counts came laid out already."""
    return tuple(block for quality in evaluation.study.data_quality for block in _blocks(quality))


def _blocks(quality: DataQuality) -> list[Block]:
    rows = [
        ("Rows read", formats.count(quality.rows_read), formats.plural(len(quality.files), "file", "files")),
        ("Rows counted", formats.count(quality.rows_counted), f"{quality.first} to {quality.last}"),
        ("Rows left out", formats.count(quality.rows_dropped), _left_out(quality)),
    ]
    if quality.events is not None:
        rows.insert(2, ("Events in them", formats.count(quality.events), ""))
    rows += [
        (f"{each.unit.capitalize()}: {each.says}", formats.count(each.rows), each.detail) for each in quality.findings
    ]
    blocks: list[Block] = [
        Grid(
            caption=f"What became of every row, read in the layout {quality.preset}",
            columns=("What", "How many", "Which"),
            rows=tuple(rows),
            numeric=frozenset({1}),
        )
    ]
    if quality.located_change is not None:
        blocks.append(
            Paragraph(head="Places", text=f"{quality.located_change.says[0].upper()}{quality.located_change.says[1:]}.")
        )
    if quality.gaps:
        rows_of_gaps = tuple((source, ", ".join(periods)) for source, periods in quality.gaps.items())
        blocks.append(Grid(caption="Periods without rows", columns=("Source", "Periods"), rows=rows_of_gaps))
    if quality.columns:
        named = tuple((ours, theirs) for ours, theirs in quality.columns.items())
        blocks.append(Grid(caption="Columns as they were read", columns=("Read as", "Column"), rows=named))
    return [*blocks, *(Note(text=text) for text in quality.caveats)]


def _left_out(quality: DataQuality) -> str:
    reasons = [f"{formats.count(each.rows)} {each.name}" for each in quality.findings if each.drops]
    return ", ".join(reasons) or "none"
