"""How the manual is built: `make docs`; needs no network."""

from __future__ import annotations

import dataclasses
from importlib import metadata
from pathlib import Path

from evalkit.domain import Simulation

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


def write_cards(app: object) -> None:
    """Write a page for every estimator that comes with evalkit, so that the manual says what the code says."""
    from evalkit.registry import estimator, models

    folder = Path(app.srcdir) / "models"  # type: ignore[attr-defined]
    folder.mkdir(exist_ok=True)
    found = {name: estimator(name) for name in models()}
    own = {name: each for name, each in found.items() if each.__module__.startswith("evalkit.")}
    pages = {name: _card(name, each) for name, each in own.items()}
    pages["on_the_grid"] = _side_by_side({name: each.card.simulations for name, each in own.items()})
    for stale in folder.glob("*.md"):
        if stale.stem not in pages:
            stale.unlink()
    for name, text in pages.items():
        page = folder / f"{name}.md"
        if not page.exists() or page.read_text(encoding="utf-8") != text:  # an untouched page is not built again
            page.write_text(text, encoding="utf-8")


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
    lines = [f"# `{name}`", "", f"{card.title}.", "", "| | |", "| --- | --- |"]
    lines += [f"| {key} | {_cell(value)} |" for key, value in rows.items()]
    lines += ["", "## How it was checked", ""]
    if card.calibration:
        lines += ["| what was checked | against | result |", "| --- | --- | --- |"]
        lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in card.calibration]
    else:
        lines += ["The card holds no calibration yet: nothing is claimed about how often its intervals cover."]
    return "\n".join([*lines, "", *_simulations(card.simulations)])


def _simulations(found: tuple[Simulation, ...]) -> list[str]:
    if not found:
        return []
    lines = ["## On the grid of simulated designs", "", _GRID, ""]
    lines += ["| design | panels | bias | covers | rejects | standing |", "| --- | --- | --- | --- | --- | --- |"]
    for each in found:
        told = [
            "" if value is None else f"{scale * value:.{digits}f}{unit}"
            for value, scale, digits, unit in (
                (each.bias, 1, 3, ""),
                (each.coverage, 100, 1, " %"),
                (each.rejected, 100, 1, " %"),
            )
        ]
        why = each.reason if each.standing == "refuses" else each.breaks
        standing = f"{each.standing}: {why}" if why else each.standing
        lines.append(f"| {' | '.join([_cell(each.scenario), f'{each.runs:,}', *told, _cell(standing)])} |")
    return [*lines, ""]


def _side_by_side(found: dict[str, tuple[Simulation, ...]]) -> str:
    """Which estimators are to be trusted on which design."""
    by_design: dict[str, dict[str, Simulation]] = {}
    for name, rows in found.items():
        for each in rows:
            by_design.setdefault(each.scenario, {})[name] = each
    lines = ["# On simulated designs, side by side", "", _GRID, "", _MARKS, ""]
    lines += ["| design | holds, or is conservative | warns, or cannot tell | refuses |", "| --- | --- | --- | --- |"]
    for design, rows in by_design.items():
        columns: list[list[str]] = [[], [], []]
        for name, each in rows.items():
            place = 0 if each.standing in {"holds", "conservative"} else 2 if each.standing == "refuses" else 1
            columns[place].append(_mark(name, each))
        lines.append(f"| {' | '.join([_cell(design), *(', '.join(column) for column in columns)])} |")
    return "\n".join([*lines, ""])


def _mark(name: str, each: Simulation) -> str:
    if each.coverage is None or each.rejected is None:
        return name
    standing = "" if each.standing in {"holds", "conservative"} else f", {each.standing}"
    return f"{name} ({100 * each.coverage:.0f} / {100 * each.rejected:.0f}{standing})"


_MARKS = "In brackets stand the percentages *covers / rejects*, whole."

_GRID = (
    "With its defaults (but no event study and no sensitivity to trends, which have no part in the range, and 199 "
    "placebos in place of 1,000); half of the panels without an effect, half with a fall of 26 %. *Covers* is the "
    "share of 95 % ranges that hold the truth, *rejects* the share of the panels without an effect in which there "
    "seemed to be one. It *holds* where it covers 93 to 97 % and rejects 6 % at most, and is *conservative* where "
    "ranges are wider than they need be; elsewhere it refuses, says that nothing can be told at 95 %, or warns by "
    "a failed check. *Assumption broken* is what no data could show."
)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def setup(app: object) -> None:
    """Tell Sphinx."""
    app.connect("builder-inited", write_cards)  # type: ignore[attr-defined]
