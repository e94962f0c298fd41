"""Where figures are drawn: laid out and written with one renderer, and every text measured once.

To save a figure, matplotlib lays it out with a renderer, draws it to nothing with the same, and draws it again with
another one, which measures every text anew. The picture is the same to the byte; the way here takes half the time.
"""

from __future__ import annotations

from functools import cache, lru_cache
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

__all__ = ["svg_of"]

# Points to the inch: what SVG counts in, and what matplotlib sets for it.
_POINTS = 72


def svg_of(sheet: Figure) -> str:
    """Give a figure of matplotlib as SVG without a background; the figure's own canvas is replaced."""
    canvas, renderer = _kinds()
    sheet.dpi = _POINTS
    sheet.patch.set(facecolor="none", edgecolor="none")
    for axes in sheet.axes:
        axes.patch.set(facecolor="none", edgecolor="none")
    out = StringIO()
    width, height = _POINTS * sheet.get_size_inches()
    pen = renderer(width, height, out, image_dpi=_POINTS, metadata={"Date": None, "Creator": None})
    canvas(sheet).pen = pen
    sheet.draw(pen)
    pen.finalize()
    return out.getvalue()


@cache
def _kinds() -> tuple[Any, Any]:
    """Give the classes of canvas and renderer, which rest on matplotlib and so are made when first needed."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG

    class Canvas(FigureCanvasSVG):
        """A canvas that lays its figure out with the renderer that draws it."""

        pen: Any = None

        def get_renderer(self) -> Any:
            return self.pen

    class Renderer(RendererSVG):
        """A renderer that remembers the size of a text from one figure to the next."""

        def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> Any:
            return _measured(s, prop.copy(), ismath)

    return Canvas, Renderer


# A font keeps the letters of one size only, so that to measure again costs as much as to measure at first.
@lru_cache(maxsize=4096)
def _measured(text: str, font: FontProperties, is_math: Any) -> tuple[float, float, float]:
    from matplotlib.textpath import TextToPath

    width, height, descent = TextToPath().get_text_width_height_descent(text, font, is_math)
    return float(width), float(height), float(descent)
