"""How the manual is built: `make docs`; needs no network."""

from __future__ import annotations

import dataclasses
from importlib import metadata

project = "evalkit"
author = "the evalkit authors"
copyright = "the evalkit authors"  # noqa: A001 - the name that Sphinx reads
release = metadata.version("evalkit-prevention")

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build"]

# Docstrings mark names with single backticks.
default_role = "code"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# The signature says the types; the attributes of a class stand in its docstring.
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = f"evalkit {release}"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"secondary_sidebar_items": ["page-toc"], "navigation_with_keys": False}
# Pages have no pages below them: an empty column would only narrow the examples.
html_sidebars: dict[str, list[str]] = {"**": []}


def cards() -> str:
    """Give the cards of the estimators that come with evalkit, as text."""
    from evalkit.registry import estimator, models

    found = {name: estimator(name) for name in models()}
    return "\n".join(_card(name, each) for name, each in found.items() if each.__module__.startswith("evalkit."))


def _card(name: str, found: type) -> str:
    card = found.card
    options = [f"`{each.name}` ({each.default!r})" for each in dataclasses.fields(found)]
    rows = {
        "takes": " or ".join(f"a {shape}" for shape in card.shapes),
        "needs": card.needs,
        "assumes": card.assumes,
        "source": card.source,
        "options (default)": ", ".join(options) or "none",
    }
    lines = [f"### `{name}`", "", f"{card.title}.", "", "| | |", "| --- | --- |"]
    lines += [f"| {key} | {_cell(value)} |" for key, value in rows.items()]
    if card.calibration:
        lines += ["", "| what was checked | against | result |", "| --- | --- | --- |"]
        lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in card.calibration]
    else:
        lines += ["", "The card holds no calibration yet: nothing is claimed about how often its intervals cover."]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def put_cards(_app: object, page: str, source: list[str]) -> None:
    """Put the cards into the page on estimators, so that the manual says what the code says."""
    if page == "estimators":
        source[0] = source[0].replace("<!-- cards -->", cards())


def setup(app: object) -> None:
    """Tell Sphinx."""
    app.connect("source-read", put_cards)  # type: ignore[attr-defined]
