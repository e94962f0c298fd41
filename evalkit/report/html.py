"""One self-contained page: no script, no network, everything of it readable without seeing it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from evalkit.report import formats
from evalkit.report.drawing import Cell
from evalkit.report.evidence_figures import evidence_figures
from evalkit.report.evidence_page import evidence_page
from evalkit.report.evidence_sections import evidence_sections
from evalkit.report.figures import all_figures
from evalkit.report.front import first_page
from evalkit.report.sections import technical_sections

if TYPE_CHECKING:
    from jinja2 import Environment

    from evalkit.evaluation import Evaluation
    from evalkit.pooling import Synthesis

__all__ = ["render", "render_evidence"]


def render(evaluation: Evaluation) -> str:
    """Give the report as one HTML file; the same evaluation gives the same bytes."""
    from markupsafe import Markup

    figures = all_figures(evaluation)
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            page=first_page(evaluation, figures),
            sections=technical_sections(evaluation, figures),
            made=evaluation.provenance,
            drawing=Markup,  # pictures are our own; titles and labels in them were escaped when drawn
        )
    )
    return f"{page.strip()}\n"


def render_evidence(synthesis: Synthesis) -> str:
    """Give the report of pooled evidence as one HTML file; the same evidence gives the same bytes."""
    from markupsafe import Markup

    figures = evidence_figures(synthesis)
    page = (
        _environment()
        .get_template("evidence.html.j2")
        .render(
            page=evidence_page(synthesis, figures),
            sections=evidence_sections(synthesis, figures),
            made=synthesis.provenance,
            drawing=Markup,
        )
    )
    return f"{page.strip()}\n"


def cell(value: Cell) -> str:
    """Write a cell of the figures behind a picture."""
    if value is None:
        return formats.NOTHING
    return value if isinstance(value, str) else formats.number(float(value))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("evalkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_unbroken,
    )
    environment.filters["cell"] = cell
    environment.filters["words"] = words
    return environment


def words(command: str) -> list[str]:
    """Part a command where a line may end: before an option, never within one or before its value.

    >>> words("evalkit run STUDY --seed 1 --draws 4000")
    ['evalkit', 'run', 'STUDY', '--seed 1', '--draws 4000']
    """
    return re.findall(r"--\S+ [^\s-]\S*|\S+", command)


_SIGNED = re.compile(r"(?<=[−+])(?=[$£€\d])")
_PERCENT = re.compile(r"(?<=\d) (?=%)")


def _unbroken(value: object) -> object:
    """Keep a sign on the line of its number or amount."""
    return _PERCENT.sub(formats.FIXED, _SIGNED.sub("\u2060", value)) if type(value) is str else value
