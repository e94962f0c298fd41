"""The full honest answer on one screen of a terminal: 80 columns, plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from evalkit.domain import Effect
from evalkit.draws import Interval, interval
from evalkit.judgement import probability_in_words
from evalkit.report import formats, moneywords, wording
from evalkit.report.reading import counted_as, estimated, read
from evalkit.report.support import supports

if TYPE_CHECKING:
    from evalkit.domain import Table
    from evalkit.economics import Appraisal
    from evalkit.evaluation import Evaluation

__all__ = ["render", "titled", "wrapped"]

_WIDTH = 80
# What a title could otherwise do to a terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def render(evaluation: Evaluation, *, bold: bool) -> str:
    """Give the summary for a terminal.

    Parameters
    ----------
    bold : may headings be bold? The caller knows whether anybody looks, and of NO_COLOR
    """
    lines = [*wrapped(evaluation.study.title, bold=bold), ""]
    lines += wrapped(wording.headline(evaluation), bold=bold)
    lines += [*wrapped(wording.compared(evaluation)), ""]
    for head, body in _parts(evaluation):
        lines += [*titled(head, body, bold=bold)]
    return "\n".join(lines).rstrip() + "\n"


def _parts(evaluation: Evaluation) -> Iterator[tuple[str, list[str]]]:
    """Give every part with its heading; a body is paragraphs, or lines that begin with a blank and stay."""
    table = evaluation.design(evaluation.study.primary).table
    if table is not None:
        yield "Counts", _counts(table)
    yield "Effect", _effect(evaluation)
    if evaluation.primary.trend_sensitivity:
        yield "Trends", [each.detail for each in evaluation.primary.trend_sensitivity]
    yield "Next door", [wording.displacement(evaluation), *_quotient(evaluation)]
    yield "Money", _money(evaluation)
    yield "Certainty", [f"{evaluation.finding.certainty}. {' '.join(wording.certainty(evaluation))}"]
    others = [name for name in evaluation.effects if name != evaluation.study.primary]
    if others:
        yield "Also", [wording.SECONDARY, *(f"{name}: {wording.answer(evaluation, name)}" for name in others)]
    failed = [check for check in evaluation.primary.checks if check.passed is False]
    if failed:
        yield "Failed", [f"{check.name}: {check.detail}" for check in failed]
    if evaluation.warnings:
        yield "Note", list(dict.fromkeys(evaluation.warnings))
    support = supports(evaluation)
    yield "Supports", [support.advice, f"{support.may_say} {support.may_not_say}"]


def _counts(table: Table) -> list[str]:
    rows = [
        ("treated", table.treated),
        ("comparison", table.comparison),
        ("nearby", table.buffer),
        ("compared with", table.buffer_comparison),
    ]
    lines = [f" {'':<16}{'before':>10}{'after':>10}"]
    for name, cells in rows:
        if isinstance(cells, tuple):
            lines.append(f" {name:<16}{formats.count(cells[0]):>10}{formats.count(cells[1]):>10}")
        elif cells == "shared":
            lines.append(f" {name:<16}{'the same comparison':>20}")
    if table.lengths[0] != table.lengths[1]:
        lines.append(f" {'length':<16}{formats.number(table.lengths[0]):>10}{formats.number(table.lengths[1]):>10}")
    return lines


def _effect(evaluation: Evaluation) -> list[str]:
    level = evaluation.study.level
    reading = read(evaluation, evaluation.study.primary)
    small = reading.base_is_small
    lines = [f" {'':<34}{'':>9}  {formats.level(level)} range"]
    named = evaluation.effects[evaluation.study.primary]
    for name, effect in named.items():
        lines += [
            f" {label:<34}{middle:>9}  {ends}" for label, middle, ends in _lines_of(name, effect, level, is_small=small)
        ]
    primary = evaluation.primary
    chance = primary.prob_reduction
    rests_on = ", if the comparison is right" if primary.basis == "sampling" else ""
    notes = [f"Chance that there was less: {formats.chance(chance)}, {probability_in_words(chance)}{rests_on}."]
    notes += [f"{name} assumes: {effect.assumption}" for name, effect in named.items()]
    if without := wording.why_no_percentage(reading):
        notes.append(without)
    return [*lines, *notes]


def _lines_of(name: str, effect: Effect, level: float, *, is_small: bool) -> Iterator[tuple[str, str, str]]:
    told, sign = counted_as(effect.outcome)
    if effect.total_prevented is not None:
        middle, held = estimated(sign * effect.total_prevented, level)
        yield f"{name}: {told}", formats.number(middle), formats.full_range(held)
    if effect.net_prevented is not None and effect.displacement is not None:
        middle, held = estimated(sign * effect.net_prevented.sum(axis=1), level)
        yield "  with nearby areas", formats.number(middle), formats.full_range(held)
    if effect.scale.startswith("log"):
        yield _ratio_line(name, effect, level)
    elif effect.percent_draws is not None and not is_small:
        middle, held = estimated(effect.percent_draws, level)
        yield f"{name}: change in percent", formats.number(middle), formats.full_range(held)
    elif effect.total_prevented is None:
        yield f"{name}: change", formats.number(effect.estimate), formats.full_range(effect.interval(level))


_RATIOS = {"log_rate_ratio": "rate ratio", "log_odds_ratio": "odds ratio", "log_hazard_ratio": "hazard ratio"}


def _ratio_line(name: str, effect: Effect, level: float) -> tuple[str, str, str]:
    import numpy as np

    held = effect.interval(level)
    ends = Interval(level=level, lower=float(np.exp(held.lower)), upper=float(np.exp(held.upper)))
    return (
        f"{name}: {_RATIOS[effect.scale]}",
        formats.number(float(np.exp(effect.estimate)), 3),
        formats.full_range(ends),
    )


def _quotient(evaluation: Evaluation) -> list[str]:
    moved = evaluation.primary.displacement
    if moved is None:
        return []
    lines = []
    if moved.prevented is not None:
        held = interval(moved.prevented.sum(axis=1), evaluation.study.level)
        lines.append(f" nearby, fewer than expected: {formats.full_range(held)}")
    shown, how = wording.quotient(evaluation)
    lines.append(f"Weighted displacement quotient: {shown}. {how}")
    return lines


def _money(evaluation: Evaluation) -> list[str]:
    appraisal = evaluation.appraisal
    if appraisal is None:
        return [moneywords.why_no_money(evaluation)]
    value, detail = moneywords.cost_of_one(evaluation, appraisal)
    lines = [
        *(part for part in (moneywords.city_line(appraisal),) if part),
        *moneywords.costs_read(evaluation),
        f"Cost of preventing {moneywords.one_of(appraisal)}: {value}. {detail}",
    ]
    lines += _acceptable(appraisal)
    if appraisal.net_benefit is not None:
        gain, word = moneywords.chance_of_gain(evaluation, appraisal)
        lines.append(f"{moneywords.net_sentence(appraisal)} Benefits exceed costs: {gain}, {word}.")
    else:
        lines.append(moneywords.net_sentence(appraisal))
    later = appraisal.extrapolation
    if later is not None and later.net_benefit is not None:
        years = formats.plural(later.horizon, "year", "years")
        lines.append(f"Extrapolation over {years}, not seen: {moneywords.net_sentence(later)}")
    return lines


def _acceptable(appraisal: Appraisal) -> list[str]:
    at = appraisal.cost_per_crime_prevented.acceptable_at
    if all(worth is None for worth in at.values()):
        return [part for part in (moneywords.never_pays(appraisal),) if part]
    return [
        f" {formats.chance(probability)} that it pays, if one is worth {formats.amount(worth, appraisal.currency)}"
        if worth is not None
        else f" {formats.chance(probability)} that it pays: at no value of a crime"
        for probability, worth in at.items()
    ]


def titled(head: str, body: Iterable[str], *, bold: bool) -> Iterator[str]:
    """Give a heading in a column of its own, and what belongs to it beside it."""
    indent = 11
    shown = f"{head:<{indent}}"
    for text in body:
        is_fixed = text.startswith(" ")
        pieces = [_clean(text[1:])] if is_fixed else wrap(_clean(text), _WIDTH - indent, break_on_hyphens=False)
        for piece in pieces:
            yield f"{_bold(shown) if bold and shown.strip() else shown}{piece}".rstrip()
            shown = " " * indent
    yield ""


def wrapped(text: str, *, bold: bool = False) -> list[str]:
    """Break a text into lines of a terminal."""
    lines = wrap(_clean(text), _WIDTH, break_on_hyphens=False)
    return [_bold(line) for line in lines] if bold else lines


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m"


def _clean(text: str) -> str:
    return _CONTROL.sub("", " ".join(text.split(" ")))
