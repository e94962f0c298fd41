"""The section on what has no price: gates first, then exposure, then feelings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import Quantity, interval
from evalkit.report import formats, moneywords
from evalkit.report.blocks import Block, Checks, Grid, Mark, Note, Paragraph, Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalkit.economics import Amount
    from evalkit.economics.unpriced import ExposureLine, Gate, PrivacyBreakEven
    from evalkit.evaluation import Evaluation
    from evalkit.study_feelings import FoundPerception
    from evalkit.study_unpriced import FoundIntrusion

__all__ = ["unpriced_sections"]

_SIGNS = {"pass": ("✓", "kept"), "fail": ("✗", "not kept"), "not answered": ("?", "not answered")}
_ASSUMED = "ASSUMED, without a source"


def unpriced_sections(evaluation: Evaluation) -> tuple[Section, ...]:
    """Give the section on what has no price, where the study asks for it."""
    found = evaluation.unpriced
    blocks: list[Block] = []
    if found.intrusion is not None:
        blocks += _intrusion(evaluation, found.intrusion)
    if found.perception is not None:
        blocks += _perception(evaluation, found.perception)
    return (Section(key="unpriced", title="What has no price", blocks=tuple(blocks)),) if blocks else ()


def _intrusion(evaluation: Evaluation, found: FoundIntrusion) -> list[Block]:
    given = found.intrusion
    blocks: list[Block] = [Note(text=text) for text in given.findings]
    blocks += [
        Paragraph(
            head="Surveillance",
            text="Being watched is told in physical units and is not turned into money. No net benefit makes up for a "
            "rule that is not kept.",
        ),
        _exposures(found),
    ]
    blocks += [_groups(line) for line in found.exposures if line.groups]
    blocks += [*_break_even(evaluation, found), Paragraph(head="Rules of law", text=""), _marks(given.gates)]
    blocks += [
        Paragraph(head="Principles of the charter", text="Charter for a democratic use of video surveillance (Efus)."),
        _marks(given.principles),
    ]
    return blocks


def _marks(gates: Iterable[Gate]) -> Checks:
    marks = [
        Mark(
            sign=_SIGNS[gate.answer][0],
            word=_SIGNS[gate.answer][1],
            name=gate.label,
            detail=gate.evidence or "No evidence was given.",
        )
        for gate in gates
    ]
    return Checks(marks=tuple(marks))


def _exposures(found: FoundIntrusion) -> Grid:
    given = found.intrusion
    years = (
        "" if found.years is None else f", over {formats.number(found.years, 3)} year{'' if found.years == 1 else 's'}"
    )
    rows = [
        (
            "residents exposed",
            formats.number(Quantity.of(given.exposed_residents).mean),
            Quantity.of(given.exposed_residents).describe(),
            given.residents_source or _ASSUMED,
        ),
        *(
            (line.unit, formats.number(line.amount.mean), _span(line.amount), line.source or _ASSUMED)
            for line in found.exposures
        ),
    ]
    return Grid(
        caption=f"Exposure{years}; means, with {formats.level(_level(found))} ranges",
        columns=("What", "Amount", "Range", "Source"),
        rows=tuple(rows),
        numeric=frozenset({1}),
    )


def _level(found: FoundIntrusion) -> float:
    return next((line.amount.level for line in found.exposures), 0.95)


def _span(amount: Amount) -> str:
    if amount.lower == amount.upper:
        return "known"
    return f"{formats.number(amount.lower)} to {formats.number(amount.upper)}"


def _groups(line: ExposureLine) -> Grid:
    rows = [
        (
            each.group,
            formats.number(each.amount.mean),
            formats.NOTHING
            if each.share is None
            else f"{formats.percent(100 * each.share.mean)} ({_shares(each.share)})",
            formats.NOTHING if each.of_population is None else formats.percent(100 * each.of_population),
            formats.NOTHING if each.times is None else formats.number(each.times, 2),
        )
        for each in line.groups
    ]
    return Grid(
        caption=f"Whom it falls on: {line.unit}; 1 in the last column is as much as the group's part of the population",
        columns=("Group", "Amount", "Share of it (range)", "Share of the population", "Times its part"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3, 4}),
    )


def _shares(share: Amount) -> str:
    if share.lower == share.upper:
        return "known"
    return f"{formats.percent(100 * share.lower)} to {formats.percent(100 * share.upper)}"


def _break_even(evaluation: Evaluation, found: FoundIntrusion) -> list[Block]:
    if not found.break_even:
        told = f"There is no net benefit to hold privacy against: {found.break_even_reason.rstrip('.')}."
        return [Paragraph(head="What privacy may be worth", text=told)]
    appraisal = evaluation.appraisal
    currency = formats.NO_CURRENCY if appraisal is None else appraisal.currency
    blocks: list[Block] = [
        Paragraph(head="What privacy may be worth", text=f"{_threshold(name, each, currency)}{_condition(evaluation)}")
        for name, each in found.break_even.items()
    ]
    if found.caution:
        blocks.append(Note(text=found.caution))
    rows = [
        (name, formats.chance(probability), "not even at nothing" if value is None else formats.amount(value, currency))
        for name, each in found.break_even.items()
        for probability, value in each.sure_at.items()
    ]
    grid = Grid(
        caption="Value of privacy, for each exposed person and year, below which the measure pays",
        columns=("Scenario", "Wanted chance that it pays", "Privacy is worth less than"),
        rows=tuple(rows),
        numeric=frozenset({2}),
    )
    return [*blocks, grid]


def _condition(evaluation: Evaluation) -> str:
    rests_on = moneywords.condition(evaluation)
    return f" This holds {rests_on}." if rests_on else ""


def _threshold(name: str, each: PrivacyBreakEven, currency: str) -> str:
    chance = formats.chance(each.prob_pays_for_nothing)
    scenario = f"{formats.capital(name)}: "
    if each.estimate is None:
        return f"{scenario}{each.reason} (chance that it pays then: {chance})."
    low = "nothing" if each.lower is None else formats.amount(each.lower, currency)
    high = "nothing" if each.upper is None else formats.amount(each.upper, currency)
    return (
        f"{scenario}the measure pays only if being watched is worth less than "
        f"{formats.amount(each.estimate, currency)} to each exposed person in a year ({formats.level(each.level)} "
        f"range {low} to {high}). If privacy were worth nothing, the chance that it pays would be {chance}. What it is "
        "worth is for people to say."
    )


def _perception(evaluation: Evaluation, found: FoundPerception) -> list[Block]:
    name = found.perception.outcome
    if found.improvement is None:
        return [Paragraph(head=name, text=found.reason)]
    level = evaluation.study.level
    blocks: list[Block] = [
        Paragraph(
            head=name,
            text=f"Feelings improved with a probability of {formats.chance(float(np.mean(found.improvement > 0)))}. "
            "The whole cost of the measure stands against it here, although the same money also bought what is under "
            f"“Costs and benefits”.{_condition(evaluation)}",
        )
    ]
    rows = [
        (
            f"Improvement in {found.unit}",
            formats.number(float(np.median(found.improvement))),
            formats.full_range(interval(found.improvement, level)),
        ),
        *_points(evaluation, found),
        *_worth(evaluation, found),
    ]
    blocks.append(
        Grid(
            caption=f"{name}, estimated by {found.estimate}, with {formats.level(level)} ranges",
            columns=("Figure", "Value", "Range or remark"),
            rows=tuple(rows),
            numeric=frozenset({1}),
        )
    )
    return blocks


def _currency(evaluation: Evaluation) -> str:
    costs = evaluation.study.costs
    return formats.NO_CURRENCY if costs is None else costs.currency


def _points(evaluation: Evaluation, found: FoundPerception) -> list[tuple[str, str, str]]:
    currency, points = _currency(evaluation), found.points
    if points is None:
        return [("Points for the money", "none", found.points_reason)]
    spread = (
        f"{formats.number(points.lower)} to {formats.number(points.upper)}"
        if points.lower is not None and points.upper is not None
        else points.reason
    )
    each = points.cost
    reach = [
        f"{formats.amount(value, currency)} to be {formats.chance(probability)} sure"
        if value is not None
        else f"no worth makes it {formats.chance(probability)} sure"
        for probability, value in each.acceptable_at.items()
    ]
    return [
        (
            f"{formats.capital(found.unit)} for {formats.amount(1000, currency)}",
            "none" if points.per_thousand is None else formats.number(points.per_thousand),
            spread,
        ),
        (
            "Cost of one point",
            "none" if each.estimate is None else formats.amount(each.estimate, currency),
            each.reason or "mean cost over mean improvement",
        ),
        ("A point must be worth, for it alone to pay", "", "; ".join(reach)),
    ]


def _worth(evaluation: Evaluation, found: FoundPerception) -> list[tuple[str, str, str]]:
    currency = _currency(evaluation)
    if found.worth is None:
        return [("Worth in money", "none", found.worth_reason)]
    rows = [("Worth in money, by choice and apart from the benefits", *_money(found.worth, currency))]
    if found.net_benefit_with is not None:
        rows.append(("Net benefit with it", *_money(found.net_benefit_with, currency)))
    return [*rows, ("Value that was chosen", "", found.value)]


def _money(amount: Amount, currency: str) -> tuple[str, str]:
    ends = f"{formats.amount(amount.lower, currency)} to {formats.amount(amount.upper, currency)}"
    return formats.amount(amount.mean, currency), ends
