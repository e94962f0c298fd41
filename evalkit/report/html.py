"""One self-contained page: no script, no network, everything of it readable without seeing it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from evalkit.report import formats
from evalkit.report.drawing import Cell
from evalkit.report.figures import all_figures
from evalkit.report.front import first_page
from evalkit.report.sections import technical_sections

if TYPE_CHECKING:
    from jinja2 import Environment

    from evalkit.evaluation import Evaluation

__all__ = ["render"]


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
    return environment


def _unbroken(value: object) -> object:
    """Keep a minus sign on the line of its amount."""
    return value.replace("−$", "−\u2060$") if type(value) is str else value
