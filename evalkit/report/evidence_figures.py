"""Pictures of a body of evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from evalkit.draws import Interval
from evalkit.report import evidence_words as words
from evalkit.report import formats
from evalkit.report.axes import in_lines, lying, mark_zero, number_ticks
from evalkit.report.drawing import BLUE, INK, LINE, RUST, SOFT, WASH, Figure, Layout, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.evidence.body import BodyOfEvidence
    from evalkit.pooling import Synthesis

__all__ = ["evidence_figures"]

_NAME, _NAME_NARROW = 36, 17
# Ratios that people read along an axis.
_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10, 20, 50, 100)
_FEW_RATIOS = (0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 100)
_MANY_ROWS = 20
# Ranges are cut where they reach so many times as far as the middle half of all ends.
_REACH = 1.6

_DRAWN: WeakKeyDictionary[Synthesis, tuple[Figure, ...]] = WeakKeyDictionary()


def evidence_figures(synthesis: Synthesis) -> tuple[Figure, ...]:
    """Draw every figure for which there are numbers; the first is the one for the first page."""
    if synthesis not in _DRAWN:
        made = (_forest(synthesis), _dropped(synthesis), _funnel(synthesis.body), _moderator(synthesis.body))
        _DRAWN[synthesis] = tuple(each for each in made if each is not None)
    return _DRAWN[synthesis]


def _forest(synthesis: Synthesis) -> Figure:
    """Every study as it found it and as the others make it, the mean, and what to expect of one more."""
    body = synthesis.body
    raw = [each.interval(body.level) for each in body.studies]
    shrunk = [known.interval(body.level) for known in body.overall.sites]
    middles = [known.median for known in body.overall.sites]
    below = [("Mean of all programmes", body.mean), ("One more programme", body.new_programme)]
    place = synthesis.evidence.place
    if place is not None and place.at:
        below.append((f"One more, in {place.name}", body.expected(place.at)[1]))
    new = below[-1][1].interval(body.level)
    ends = _limits([*raw, *(known.interval(body.level) for _, known in below)])
    names = [each.study for each in body.studies] + [name for name, _ in below]

    def draw(axes: Axes, layout: Layout) -> None:
        width = _NAME_NARROW if layout.is_narrow else _NAME
        lying(axes, [in_lines(name, width) for name in names])
        mark_zero(axes, vertical=True)
        axes.axvline(body.mean.median, color=BLUE, linewidth=1, alpha=0.5, zorder=1)
        for row, (each, held, drawn, middle) in enumerate(zip(body.studies, raw, shrunk, middles, strict=True)):
            _bar(axes, row - 0.17, held, each.estimate, colour=SOFT, sign="s", hollow=True, ends=ends)
            _bar(axes, row + 0.17, drawn, middle, ends=ends)
        axes.axhline(len(body.studies) - 0.5, color=LINE, linewidth=1.4)
        for row, (_, known) in enumerate(below, len(body.studies)):
            own, first = known.interval(body.level), row == len(body.studies)
            colour = INK if first else RUST
            _bar(axes, row, own, known.median, colour=colour, sign="D", hollow=not first, ends=ends)
        _scale(axes, body, layout, ends)

    level = formats.level(body.level)
    count = len(names)
    return figure(
        "studies",
        draw,
        title="What each study found, and all of them together",
        alt=f"{_sides(raw)} The mean is {words.change(body, body.mean.median)}; one more programme may lie anywhere "
        f"from {words.change_range(body, new)}.",
        caption=f"Left of the dotted line is less crime or harm. Squares: what each study found by itself, with its "
        f"{level} range. Circles: the same drawn towards the others, as far as chance explains the difference. Filled "
        f"diamond: the mean of all programmes. Open diamond: where the true effect of one more programme lies, which "
        f"is what to expect somewhere new.{_cut_note([*raw], ends)}",
        columns=("study", "estimate", "lower", "upper", "drawn towards the others", "lower", "upper"),
        rows=[
            *(
                (each.study, each.estimate, held.lower, held.upper, middle, drawn.lower, drawn.upper)
                for each, held, middle, drawn in zip(body.studies, raw, middles, shrunk, strict=True)
            ),
            *((name, None, None, None, known.median, *_both(known.interval(body.level))) for name, known in below),
        ],
        heights=_heights(count),
    )


def _heights(rows: int) -> tuple[float, float]:
    """Give heights for the page and a telephone; many rows stand closer, so that the page is not all picture."""
    wide, narrow = (0.36, 0.42) if rows <= _MANY_ROWS else (0.23, 0.3)
    return 0.9 + wide * rows, 1.0 + narrow * rows


def _both(held: Interval) -> tuple[float, float]:
    return held.lower, held.upper


def _limits(ranges: Sequence[Interval]) -> tuple[float, float]:
    """Give how far the axis goes: all of most ranges; what lies beyond is cut and marked."""
    lows, highs = (np.array([getattr(held, end) for held in ranges]) for end in ("lower", "upper"))
    low, high = float(np.quantile(lows, 0.1)), float(np.quantile(highs, 0.9))
    width = max(high - low, 1e-9)
    low, high = (
        max(float(lows.min()), low - (_REACH - 1) * width / 2),
        min(float(highs.max()), high + (_REACH - 1) * width / 2),
    )
    low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def _cut_note(ranges: Sequence[Interval], ends: tuple[float, float]) -> str:
    cut = sum(held.lower < ends[0] or held.upper > ends[1] for held in ranges)
    return (
        f" {formats.plural(cut, 'range goes', 'ranges go')} on beyond the picture, marked by an arrow." if cut else ""
    )


def _bar(
    axes: Axes,
    row: float,
    held: Interval,
    middle: float,
    *,
    colour: str = BLUE,
    sign: str = "o",
    hollow: bool = False,
    ends: tuple[float, float],
) -> None:
    """Draw a range with its middle, cut at the ends of the axis with an arrow."""
    low, high = max(held.lower, ends[0]), min(held.upper, ends[1])
    axes.plot([low, high], [row, row], color=colour, linewidth=1.6, solid_capstyle="butt", alpha=0.9)
    for place, beyond, arrow in ((ends[0], held.lower < ends[0], "<"), (ends[1], held.upper > ends[1], ">")):
        if beyond:
            axes.plot([place], [row], arrow, color=colour, markersize=5, clip_on=False)
    if ends[0] <= middle <= ends[1]:
        face = "white" if hollow else colour
        axes.plot([middle], [row], sign, color=colour, markerfacecolor=face, markersize=5.5)


def _scale(axes: Axes, body: BodyOfEvidence, layout: Layout, ends: tuple[float, float]) -> None:
    """Label the lying axis with ratios that people know, or with numbers."""
    axes.set_xlim(*ends)
    axes.set_xlabel(f"{words.ratio_name(body)}{' (log scale)' if body.is_ratio else ''}")
    if not body.is_ratio:
        number_ticks(axes, layout)
        return
    known = _FEW_RATIOS if layout.is_narrow else _RATIOS
    ticks = [value for value in known if ends[0] <= math.log(value) <= ends[1]]
    if len(ticks) < 3:
        fine = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.7, 2]
        ticks = [value for value in fine if ends[0] <= math.log(value) <= ends[1]]
    axes.set_xticks([math.log(value) for value in ticks], [f"{value:g}" for value in ticks])


def _sides(ranges: Sequence[Interval]) -> str:
    less, more = sum(held.upper < 0 for held in ranges), sum(held.lower > 0 for held in ranges)
    return (
        f"The ranges of {less} of {len(ranges)} studies lie wholly on the side of less and of {more} on that of more."
    )


def _dropped(synthesis: Synthesis) -> Figure | None:
    """Draw what the others say without each study."""
    body = synthesis.body
    dropped = body.without_each
    if not dropped:
        return None
    ends = _limits([each.held for each in dropped])

    def draw(axes: Axes, layout: Layout) -> None:
        width = _NAME_NARROW if layout.is_narrow else _NAME
        lying(axes, [in_lines(each.study, width) for each in dropped])
        mark_zero(axes, vertical=True)
        axes.axvline(body.mean.median, color=BLUE, linewidth=1, alpha=0.5, zorder=1)
        for row, each in enumerate(dropped):
            _bar(axes, row, each.held, each.mean, ends=ends)
        _scale(axes, body, layout, ends)

    means = [each.mean for each in dropped]
    return figure(
        "without-each",
        draw,
        title="The mean without each study",
        alt=f"Leaving out one study at a time, the mean lies between {words.change(body, min(means))} and "
        f"{words.change(body, max(means))}.",
        caption=f"The mean of all other studies, with its {formats.level(body.level)} range, when the one named is "
        "left out. The line is the mean of all.",
        columns=("without", "mean", "lower", "upper", "chance that a new programme does harm"),
        rows=[(each.study, each.mean, *_both(each.held), each.prob_new_harm) for each in dropped],
        heights=(0.75 + 0.3 * len(dropped), 0.9 + 0.36 * len(dropped)),
    )


def _funnel(body: BodyOfEvidence) -> Figure | None:
    """Draw studies by what they found and how exactly."""
    if len(body.studies) < 4:
        return None
    middle = body.mean.median
    errors = np.array([each.error for each in body.studies])
    found = np.array([each.estimate for each in body.studies])
    top = float(errors.max()) * 1.08

    def draw(axes: Axes, layout: Layout) -> None:
        axes.fill([middle, middle - 1.96 * top, middle + 1.96 * top], [0, top, top], color=WASH, zorder=0)
        axes.axvline(middle, color=BLUE, linewidth=1.2)
        mark_zero(axes, vertical=True)
        axes.plot(found, errors, "o", color=SOFT, markerfacecolor="white", markersize=6)
        axes.set_ylim(top, 0)
        axes.set_ylabel("standard error")
        low = min(float(found.min()), middle - 1.96 * top, 0.0)
        high = max(float(found.max()), middle + 1.96 * top, 0.0)
        _scale(axes, body, layout, (low, high))

    inside = int((np.abs(found - middle) < 1.96 * errors).sum())
    return figure(
        "funnel",
        draw,
        title="Do small studies find something else?",
        alt=f"{inside} of {len(found)} studies lie inside the funnel that chance alone would leave around the mean.",
        caption="Each circle is a study: the higher it stands, the more exact it is. Around one true effect, chance "
        "alone would leave 95 % of them inside the shaded funnel; true differences between programmes widen it. A side "
        "of it that is empty at the bottom can mean that small studies with such findings were not published, and "
        "other things besides.",
        columns=("study", "estimate", "standard error"),
        rows=[(each.study, each.estimate, each.error) for each in body.studies],
    )


def _moderator(body: BodyOfEvidence) -> Figure | None:
    """Draw effects over the first numeric moderator, with the line that goes through them."""
    fit, columns = body.by_moderators, body.columns
    if fit is None or columns is None:
        return None
    names = [name for name in columns.moderators if name not in columns.levels]
    if not names or len(columns.moderators) > 1:
        return None
    name = names[0]
    seen = np.array([float(each.moderators[name]) for each in body.studies])
    found = np.array([each.estimate for each in body.studies])
    along = np.linspace(seen.min(), seen.max(), 41)
    lines = [body.expected({name: float(value)}) for value in along]
    held = [mean.interval(body.level) for mean, _ in lines]
    new = [more.interval(body.level) for _, more in lines]

    def draw(axes: Axes, layout: Layout) -> None:
        _band(axes, along, new, WASH, 0)
        _band(axes, along, held, LINE, 1)
        axes.plot(along, [mean.median for mean, _ in lines], color=BLUE)
        mark_zero(axes, vertical=False)
        sizes = np.array([each.error for each in body.studies])
        axes.scatter(seen, found, s=90 * (sizes.min() / sizes), facecolor="white", edgecolor=SOFT, zorder=3)
        axes.set_xlabel(name)
        axes.set_ylabel(f"log {words.ratio_name(body)}" if body.is_ratio else words.ratio_name(body))
        number_ticks(axes, layout)

    return figure(
        "moderator",
        draw,
        title=f"Effects by {name}",
        alt=f"The mean goes from {words.change(body, lines[0][0].median)} where {name} is {seen.min():g} to "
        f"{words.change(body, lines[-1][0].median)} where it is {seen.max():g}.",
        caption=f"Each circle is a study, the larger the more exact. The line is the mean at each {name}, the darker "
        f"band its {formats.level(body.level)} range, and the lighter one that of a new programme. Studies were not "
        f"given their {name} by lot, so the line describes and does not explain.",
        columns=("study", name, "estimate", "standard error"),
        rows=[
            (each.study, float(value), each.estimate, each.error)
            for each, value in zip(body.studies, seen, strict=True)
        ],
    )


def _band(axes: Axes, along: np.ndarray, held: Sequence[Interval], colour: str, order: int) -> None:
    low, high = [each.lower for each in held], [each.upper for each in held]
    axes.fill_between(along, low, high, color=colour, zorder=order, linewidth=0)
