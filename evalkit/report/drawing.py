"""What all figures share: the palette, two layouts, and the way from matplotlib to accessible SVG."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.report.kept_pictures import KeptPictures

__all__ = [
    "BLUE",
    "INK",
    "LINE",
    "NARROW",
    "PALETTE",
    "RUST",
    "SOFT",
    "WASH",
    "WIDE",
    "Cell",
    "Draw",
    "Figure",
    "Layout",
]

# Contrast on white, measured: 10.0, 5.0, 17.2, 7.0; the wash and the lines carry no text and no meaning alone.
BLUE, RUST, INK, SOFT = "#0b3d91", "#b3541e", "#1b1b1b", "#595959"
WASH, LINE = "#e8eef8", "#d9d9d6"
PALETTE = {"blue": BLUE, "rust": RUST, "ink": INK, "soft": SOFT}

# What browsers take for the interface of their system; measured here with a font at least as wide.
FONTS = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"

type Cell = str | float | None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A size for one kind of screen, in inches, such that a point of text is 1.4 pixels on it.

    Attributes
    ----------
    ticks : about how many labels fit along the horizontal axis
    """

    name: str
    width: float
    height: float
    ticks: int

    @property
    def is_narrow(self) -> bool:
        """Is it for a telephone?"""
        return self.name == "narrow"


WIDE = Layout(name="wide", width=7.1, height=3.1, ticks=9)
NARROW = Layout(name="narrow", width=3.5, height=2.9, ticks=4)

type Draw = Callable[[Axes, Layout], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """A picture, drawn when it is first looked at, with everything that stands for it where it cannot be seen.

    Attributes
    ----------
    name : key of the figure, unique in a report; also the prefix of every id in it
    title : what it shows, in a line
    alt : what there is to see, in one sentence
    caption : how to read it
    columns, rows : the figures behind the picture
    draw : puts everything on the axes, for either layout; what it shows is in what it encloses
    heights : of the picture on a page and on a telephone, in inches
    kept : where pictures of earlier runs are looked for
    """

    name: str
    title: str
    alt: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    draw: Draw
    heights: tuple[float, float]
    kept: KeptPictures | None = None

    @cached_property
    def svg(self) -> str:
        """The picture for a page, complete in itself."""
        return self._picture(WIDE, self.heights[0])

    @cached_property
    def narrow(self) -> str:
        """The same picture for a telephone, complete in itself."""
        return self._picture(NARROW, self.heights[1])

    def _picture(self, layout: Layout, height: float) -> str:
        size = replace(layout, height=height)

        def make() -> str:
            return _accessible(_rendered(self.draw, size), f"{self.name}-{size.name}", self.title, self.alt)

        if self.kept is None:
            return make()
        return self.kept.picture(self.draw, (_STYLE, size, self.name, self.title, self.alt), make)

    @property
    def data(self) -> tuple[tuple[Cell, ...], ...]:
        """The figures behind the picture, the names of the columns first."""
        return (self.columns, *self.rows)


def figure(
    name: str,
    draw: Draw,
    *,
    title: str,
    alt: str,
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    heights: tuple[float, float] = (WIDE.height, NARROW.height),
) -> Figure:
    """Give a figure, which is drawn in both layouts when they are asked for."""
    return Figure(
        name=name,
        title=title,
        alt=alt,
        caption=caption,
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in rows),
        draw=draw,
        heights=heights,
    )


def _rendered(draw: Draw, layout: Layout) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure as Sheet

    from evalkit.report.canvas import svg_of

    # Text stays text (searchable, in the reader's font), a dollar is a dollar, and the same picture has the same bytes.
    # The reader's own settings are set aside, but for the back-end, which rc_context would not give back.
    defaults: dict[Any, Any] = {name: value for name, value in mpl.rcParamsDefault.items() if name != "backend"}
    with mpl.rc_context(defaults | _STYLE):
        sheet = Sheet(figsize=(layout.width, layout.height), layout="constrained")
        axes = sheet.add_subplot()
        draw(axes, layout)
        return svg_of(sheet)


_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "evalkit",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.02,
    "font.family": "DejaVu Sans",
    "font.size": 9.2,
    "axes.titlesize": 9.2,
    "axes.labelsize": 9.2,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "ytick.left": False,
    "lines.linewidth": 2.0,
    "lines.solid_joinstyle": "round",
}

_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r'(\bid="|url\(#|\bhref="#)')
_SIZE = re.compile(r"<svg[^>]*viewBox=\"([^\"]*)\"[^>]*>")
_BALLAST = re.compile(
    r"<metadata>.*?</metadata>\s*|<defs>\s*<style.*?</style>\s*</defs>\s*|<!--.*?-->\s*", flags=re.DOTALL
)
_FONT = re.compile(r"font-family: [^;\"]*")


def _accessible(svg: str, prefix: str, title: str, alt: str) -> str:
    """Give the drawing a name, a description, ids of its own, and the width of its place."""
    body = svg[svg.index("<svg") :]
    # inside tags only: matplotlib escapes angle brackets in text and in attributes, so that tags are well apart
    body = _TAG.sub(lambda tag: _ID.sub(rf"\1{prefix}-", tag[0]), body)
    body = _BALLAST.sub("", body)
    body = body.replace("xlink:href", "href")
    body = _TAG.sub(lambda tag: _FONT.sub(f"font-family: {FONTS}", tag[0]), body)
    opening = _SIZE.search(body)
    box = opening[1] if opening else ""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="100%" role="img" '
        f'aria-labelledby="{prefix}-title {prefix}-desc" stroke-linejoin="round">'
        f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-desc">{escape(alt)}</desc>'
    )
    return _SIZE.sub(lambda _: head, body, count=1).strip()
