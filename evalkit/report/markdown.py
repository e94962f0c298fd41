"""The same report as GitHub-flavoured Markdown; hostile text stays text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalkit.report.blocks import Block, Checks, Grid, Listing, Note, Paragraph, Picture, Section
from evalkit.report.drawing import Figure
from evalkit.report.figures import all_figures
from evalkit.report.front import FirstPage, first_page
from evalkit.report.sections import technical_sections

if TYPE_CHECKING:
    from evalkit.evaluation import Evaluation, Provenance

__all__ = ["escape", "grid_lines", "made_by", "picture_lines", "render", "section_parts"]

# Everything that opens a construct of Markdown inside a line, and the bars that end a cell.
_INLINE = re.compile(r"([\\`*_{}\[\]<>|~$!&])")
# What opens one at the head of a line: headings, lists, quotes, rules, numbered items.
# Signs and digits of numbers do not: only a dot and a blank after them make an item of a list.
_OPENING = re.compile(r"^(\s*)([#=:]|-(?!\d)|\+(?!\d)|\d+(?=[.)](?:\s|$)))")
# Bare addresses become links by themselves.
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|www|javascript)([:.])")


def render(evaluation: Evaluation) -> str:
    """Give the report as Markdown; pictures are linked as files of the folder `figures`."""
    figures = all_figures(evaluation)
    page = first_page(evaluation, figures)
    parts = _front(page)
    parts.append("## Technical part")
    for section in technical_sections(evaluation, figures):
        parts += section_parts(section)
    parts.append(made_by(evaluation.provenance))
    return "\n\n".join(part for part in parts if part) + "\n"


def made_by(made: Provenance) -> str:
    """Say what made the report."""
    return f"---\n\nMade by evalkit {escape(made.versions.get('evalkit', ''))}, seed {made.seed}, {made.draws:,} draws."


def escape(text: str) -> str:
    r"""Keep text from becoming a heading, a link, a tag, a cell or code.

    >>> escape("[x](javascript:a)")
    '\\[x\\](javascript&#58;a)'
    """
    flat = " ".join(text.split())
    flat = _INLINE.sub(r"\\\1", flat)
    flat = _ADDRESS.sub(lambda found: f"{found[1]}{'&#58;' if found[2] == ':' else '&#46;'}", flat)
    flat = flat.replace("@", "&#64;")
    return _OPENING.sub(_opened, flat)


def _opened(found: re.Match[str]) -> str:
    blank, opening = found.groups()
    return f"{blank}{opening}&#8203;" if opening.isdigit() else f"{blank}\\{opening}"


def _front(page: FirstPage) -> list[str]:
    facts = [f"| {escape(fact.label)} | **{escape(fact.value)}** | {escape(fact.detail)} |" for fact in page.facts]
    dots = "●" * page.dots + "○" * (4 - page.dots)
    return [
        f"# {escape(page.title)}",
        escape(page.meta),
        f"> **{escape(page.headline)}**\n>\n> {escape(page.compared)}",
        "\n".join(["| | | |", "| --- | --- | --- |", *facts]),
        picture_lines(page.figure) if page.figure else "",
        "## Did crime move next door?",
        escape(page.displacement),
        "## How sure are we?",
        f"{dots} **{escape(page.certainty)}**",
        escape(" ".join(page.reasons)),
        *_others(page),
        "## Who pays, who gains",
        escape(page.city),
        grid_lines(page.bearers) if page.bearers else escape(page.money_missing),
        *(f"> **Note.** {escape(text)}" for text in page.notes),
        escape(page.more_notes),
        "## What this supports",
        escape(page.support.advice),
        escape(f"{page.support.may_say} {page.support.may_not_say}"),
        f"Every range is a {page.level} range.",
    ]


def _others(page: FirstPage) -> list[str]:
    if not page.others:
        return []
    told = [f"- **{escape(name)}**: {escape(text)}" for name, text in page.others]
    return ["## What else was measured", page.others_are, "\n".join(told)]


def section_parts(section: Section) -> list[str]:
    """Give a section with its heading."""
    return [f"### {escape(section.title)}", *(_block(block) for block in section.blocks)]


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return _paragraph(block)
        case Note(text=text):
            return f"> **Note.** {escape(text)}"
        case Listing(items=items):
            return "\n".join(f"- {escape(item)}" for item in items)
        case Checks(marks=marks):
            return "\n".join(
                f"- {mark.sign} **{escape(mark.name)}** ({mark.word}) {escape(mark.detail)}" for mark in marks
            )
        case Grid():
            return grid_lines(block)
        case Picture(figure=figure):
            return picture_lines(figure)


def _paragraph(block: Paragraph) -> str:
    told = f"`{block.text}`" if block.is_command else escape(block.text)
    return f"**{escape(block.head)}{'.' if block.text else ''}** {told}".rstrip() if block.head else told


def grid_lines(grid: Grid) -> str:
    """Give a table under its caption."""
    align = ["---:" if place in grid.numeric else "---" for place in range(len(grid.columns))]
    lines = [_row(grid.columns), f"| {' | '.join(align)} |"]
    for place, row in enumerate(grid.rows):
        is_sum = grid.totals and place == len(grid.rows) - 1
        lines.append(_row(row, bold=is_sum))
    return f"*{escape(grid.caption)}*\n\n" + "\n".join(lines)


def _row(cells: tuple[str, ...], *, bold: bool = False) -> str:
    shown = [escape(cell) for cell in cells]
    return f"| {' | '.join(f'**{cell}**' if bold and cell else cell for cell in shown)} |"


def picture_lines(figure: Figure) -> str:
    """Link a picture as a file of the folder `figures`, with its caption."""
    return f"![{escape(figure.alt)}](figures/{figure.name}.svg)\n\n*{escape(figure.caption)}*"
