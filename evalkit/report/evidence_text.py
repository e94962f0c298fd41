"""Pooled evidence for a terminal: `evalkit pool`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evalkit.report import evidence_words as words
from evalkit.report import formats
from evalkit.report.evidence_money import place_rows
from evalkit.report.evidence_support import supported
from evalkit.report.text import titled, wrapped

if TYPE_CHECKING:
    from evalkit.evidence.body import BodyOfEvidence
    from evalkit.hierarchy import NormalMixture
    from evalkit.pooling import Synthesis

__all__ = ["render_evidence"]

_NAME, _TRACK = 26, 31
# Falls that somebody may want to count on.
_FALLS = (0, 10, 20, 30, 50)


def render_evidence(synthesis: Synthesis, *, bold: bool, predict: bool = False) -> str:
    """Give the evidence for a terminal, 80 columns wide.

    Parameters
    ----------
    bold : may headings be bold? The caller knows whether anybody looks, and of NO_COLOR
    predict : say more of what to expect somewhere new
    """
    lines = [*wrapped(synthesis.evidence.title, bold=bold), "", *wrapped(words.headline(synthesis), bold=bold), ""]
    lines += [*_forest(synthesis), ""]
    for head, text in _parts(synthesis, predict=predict):
        lines += [*titled(head, text, bold=bold)]
    return "\n".join(lines).rstrip() + "\n"


def _parts(synthesis: Synthesis, *, predict: bool) -> Iterator[tuple[str, list[str]]]:
    body = synthesis.body
    on_average, of_one = formats.chance(body.prob_mean_harm), formats.chance(body.prob_new_harm)
    yield "Harm", [f"Chance that programmes do harm on average: {on_average}; that one more does harm: {of_one}."]
    yield "Methods", _methods(body)
    yield "Spread", [words.differ(body)]
    yield "Sure?", list(words.how_sure(body))
    yield "Prior", [words.prior_sentence(body)]
    if predict:
        place = synthesis.evidence.place
        yield "New place", _expect(body, body.expected(place.at or None if place else None)[1])
    if synthesis.evidence.place is not None:
        yield "There", [words.in_a_new_place(synthesis), *_there(synthesis)]
    beyond = [] if synthesis.predicted is None else synthesis.predicted.checks
    if told := [check.detail for check in beyond if check.passed is False]:
        yield "Beyond", told
    notes = [check.detail for check in body.checks if check.passed is None]
    notes += words.notes_of_studies(body)
    if notes:
        yield "Notes", notes
    support = supported(synthesis)
    yield "Supports", [support.advice, f"{support.may_say} {support.may_not_say}"]


def _there(synthesis: Synthesis) -> list[str]:
    return [f"{name}{'' if name.endswith('?') else ':'} {text}" for name, text in place_rows(synthesis)]


def _methods(body: BodyOfEvidence) -> list[str]:
    lines = [f" {words.ratio_name(body):<32}{'mean':>7}  {formats.level(body.level)} range"]
    lines += [
        f" {line.name:<32}{words.as_ratio(body, line.mean):>7}  {words.ratio_range(body, line.held)}"
        for line in body.methods
        if line.mean is not None
    ]
    return [line.replace(formats.FIXED, " ") for line in lines]


def _expect(body: BodyOfEvidence, new: NormalMixture) -> list[str]:
    if not body.is_ratio:
        return [f"Chance of less: {formats.chance(float(new.below(0.0)))}."]
    lines = []
    for fall in _FALLS:
        what = "any fall" if fall == 0 else f"a fall of {fall} % or more"
        lines.append(f" {what:<32}{formats.chance(float(new.below(math.log1p(-fall / 100)))):>14}")
    ratio = new.mean_exponential() if body.has_mean_ratio else None
    if ratio is not None:
        lines.append(f"Mean ratio to reckon events with: {formats.number(ratio, 3)}.")
    return lines


def _forest(synthesis: Synthesis) -> list[str]:
    """Draw every study, the mean and what to expect as text: o found, * drawn towards the others, | no change."""
    body = synthesis.body
    rows = [
        (each.study, each.interval(body.level), each.estimate, shrunk.median)
        for each, shrunk in zip(body.studies, body.overall.sites, strict=True)
    ]
    below = [("mean of all", body.mean), ("one more programme", body.new_programme)]
    held = [known.interval(body.level) for _, known in below]
    low = min([0.0, *(max(row[1].lower, 2 * held[1].lower) for row in rows), held[1].lower])
    high = max([0.0, *(min(row[1].upper, 2 * held[1].upper) for row in rows), held[1].upper])
    lines = [f"{'':<{_NAME}} {'o found, * drawn, | no change':<{_TRACK}}  {words.ratio_name(body)}"]
    for name, ends, middle, drawn in rows:
        track = _track((low, high), (ends.lower, ends.upper), [(middle, "o"), (drawn, "*")])
        lines.append(_line(name, track, f"{words.as_ratio(body, middle)} ({words.ratio_range(body, ends)})"))
    for (name, known), ends in zip(below, held, strict=True):
        track = _track((low, high), (ends.lower, ends.upper), [(known.median, "#")])
        lines.append(_line(name, track, f"{words.as_ratio(body, known.median)} ({words.ratio_range(body, ends)})"))
    return [line.rstrip() for line in lines]


def _line(name: str, track: str, numbers: str) -> str:
    clean = "".join(sign if sign.isprintable() else " " for sign in name)
    shown = clean if len(clean) <= _NAME else f"{clean[: _NAME - 1]}…"
    return f"{shown:<{_NAME}} {track}  {numbers.replace(' to ', '-') if len(numbers) > 22 else numbers}"


def _track(scale: tuple[float, float], ends: tuple[float, float], marks: Sequence[tuple[float, str]]) -> str:
    low, high = scale
    step = (high - low) / (_TRACK - 1) or 1.0

    def column(value: float) -> int:
        return max(0, min(_TRACK - 1, round((value - low) / step)))

    signs = [" "] * _TRACK
    for place in range(column(ends[0]), column(ends[1]) + 1):
        signs[place] = "-"
    signs[column(0.0)] = "|"
    if ends[0] < low:
        signs[0] = "<"
    if ends[1] > high:
        signs[-1] = ">"
    for value, sign in marks:
        signs[column(value)] = sign
    return "".join(signs)
