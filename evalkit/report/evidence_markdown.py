"""Pooled evidence as GitHub-flavoured Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.evidence_figures import evidence_figures
from evalkit.report.evidence_page import EvidencePage, evidence_page
from evalkit.report.evidence_sections import evidence_sections
from evalkit.report.markdown import escape, grid_lines, made_by, picture_lines, section_parts

if TYPE_CHECKING:
    from evalkit.pooling import Synthesis

__all__ = ["render_evidence"]


def render_evidence(synthesis: Synthesis) -> str:
    """Give the report as Markdown; pictures are linked as files of the folder `figures`."""
    figures = evidence_figures(synthesis)
    parts = _front(evidence_page(synthesis, figures))
    parts.append("## Technical part")
    for section in evidence_sections(synthesis, figures):
        parts += section_parts(section)
    parts.append(made_by(synthesis.provenance))
    return "\n\n".join(part for part in parts if part) + "\n"


def _front(page: EvidencePage) -> list[str]:
    facts = [f"| {escape(fact.label)} | **{escape(fact.value)}** | {escape(fact.detail)} |" for fact in page.facts]
    return [
        f"# {escape(page.title)}",
        escape(page.meta),
        f"> **{escape(page.headline)}**\n>\n> {escape(page.compared)}",
        "\n".join(["| | | |", "| --- | --- | --- |", *facts]),
        picture_lines(page.figure),
        "## Is it the same everywhere?",
        escape(page.differ),
        "## How sure are we?",
        escape(" ".join(page.reasons)),
        *_place(page),
        *(f"> **Note.** {escape(text)}" for text in page.notes),
        "## What this supports",
        escape(page.support.advice),
        escape(f"{page.support.may_say} {page.support.may_not_say}"),
        f"Every range is a {page.level} range. A minus is less crime or harm.",
    ]


def _place(page: EvidencePage) -> list[str]:
    if not page.place:
        return []
    told = "\n".join(f"- **{escape(name)}** {escape(text)}" for name, text in page.place_rows)
    return [f"## What to expect in {escape(page.place)}", told, *([grid_lines(page.bearers)] if page.bearers else [])]
