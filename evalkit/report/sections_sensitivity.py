"""The section on what the money hangs on: one input, two inputs, and whole sets of assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.domain.text import listed
from evalkit.report import formats
from evalkit.report.amounts import mean_cell, range_cell
from evalkit.report.blocks import Block, Grid, Listing, Paragraph, Picture, Section
from evalkit.report.drawing import Figure
from evalkit.report.figures_sensitivity import value_words
from evalkit.report.front import unit_of

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, Bar, SetLine
    from evalkit.evaluation import Evaluation

__all__ = ["sensitivity_sections"]


def sensitivity_sections(evaluation: Evaluation, drawn: dict[str, Figure]) -> tuple[Section, ...]:
    """Give the section; none where there is no net benefit that could hang on anything."""
    appraisal = evaluation.appraisal
    if appraisal is None or appraisal.sensitivity is None:
        return ()
    blocks: list[Block] = [
        *_one_way(appraisal, drawn),
        *(Picture(figure=drawn[name]) for name in ("two-way",) if name in drawn),
        *_sets(evaluation.by_assumptions, appraisal),
    ]
    return (Section(key="sensitivity", title="What does the money hang on?", blocks=tuple(blocks)),) if blocks else ()


def _one_way(appraisal: Appraisal, drawn: dict[str, Figure]) -> list[Block]:
    found = appraisal.sensitivity
    if found is None or not found.bars:
        return [Paragraph(text="Nothing that the money rests on was given as uncertain, so there is nothing to vary.")]
    text = "Within its range no single input turns the answer."
    if turning := [f"“{bar.name}”" for bar in found.bars if bar.turns_the_answer]:
        whose = "its range" if len(turning) == 1 else "their ranges"
        text = f"{listed(turning)} can turn the answer within {whose}, all else being as it is."
    return [
        Paragraph(head="One input at a time", text=text),
        *(Picture(figure=drawn[name]) for name in ("tornado",) if name in drawn),
        Grid(
            caption="Each input from the low to the high end of its range, and the value at which the measure would "
            f"neither pay nor cost on average; net benefit in {formats.currency_name(appraisal.currency)}",
            columns=("Input", "Mean", "Range", "Net benefit at its ends", "Switching value"),
            rows=tuple(_row(bar) for bar in found.bars),
            numeric=frozenset({1}),
        ),
    ]


def _row(bar: Bar) -> tuple[str, ...]:
    held = f"{value_words(bar.low, bar.kind)} to {value_words(bar.high, bar.kind)}"
    return (
        bar.name,
        value_words(bar.mean, bar.kind),
        f"{held} (certain; moved by a share)" if bar.certain else held,
        f"{formats.full_money(bar.at_low)} to {formats.full_money(bar.at_high)}",
        _switching(bar),
    )


def _switching(bar: Bar) -> str:
    found = bar.switching
    if found.value is None:
        return f"none: {found.reason}"
    times = "" if found.times is None else f" ({formats.number(found.times)} times the mean)"
    return f"{value_words(found.value, bar.kind)}{times}"


def _sets(lines: Sequence[SetLine], appraisal: Appraisal) -> list[Block]:
    if not lines:
        return []
    unit = unit_of(appraisal)
    rows = [
        (
            f"{line.name}{' (chosen)' if line.chosen else ''}{', extrapolated' if _is_beyond(line) else ''}",
            mean_cell(line.cost, unit),
            mean_cell(line.benefit, unit),
            mean_cell(line.net_benefit, unit),
            "" if line.net_benefit is None else range_cell(line.net_benefit, unit),
            formats.NOTHING if line.prob_net_benefit is None else formats.chance(line.prob_net_benefit),
            line.reason or (f"{line.horizon} years" if line.horizon != 1 else "1 year"),
        )
        for line in lines
    ]
    grid = Grid(
        caption=f"The same effects under whole sets of assumptions, {formats.currency_name(appraisal.currency, unit)}, "
        "present value",
        columns=("Assumptions", "Cost", "Benefit", "Net benefit", "Range of it", "Chance that it pays", "Counted"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3, 5}),
    )
    said = tuple(_said(line) for line in lines if (line.says or line.choices) and not _is_beyond(line))
    return [Paragraph(head="Other assumptions", text=_verdict(lines)), grid, Listing(items=said)]


def _is_beyond(line: SetLine) -> bool:
    return line.scenario == "extrapolation"


def _said(line: SetLine) -> str:
    parts = [part for part in (line.says, f"It sets {'; '.join(line.choices)}." if line.choices else "") if part]
    source = f" Source: {line.source}." if line.source else ""
    return f"{formats.capital(line.name)}: {' '.join(parts)}{source}"


def _verdict(lines: Sequence[SetLine]) -> str:
    """Say whether the sets agree that the measure pays in the years that were observed, which all of them have."""
    observed = [line for line in lines if not _is_beyond(line)]
    nets = {line.name: line.net_benefit.mean for line in observed if line.net_benefit is not None}
    if len(nets) < 2:
        return "What other sets of assumptions make of it cannot be told."
    pays, costs = [name for name, net in nets.items() if net > 0], [name for name, net in nets.items() if net <= 0]
    if pays and costs:
        told = (
            f"Whether the measure pays depends on the set of assumptions: on average it does under {', '.join(pays)}, "
            f"and not under {', '.join(costs)}."
        )
    else:
        which = "each" if pays else "none"
        told = f"On average the measure pays under {which} of the {len(nets)} sets of assumptions."
    return told + _turned_beyond(lines, nets)


def _turned_beyond(lines: Sequence[SetLine], nets: Mapping[str, float]) -> str:
    """Say under which sets the years after the observed window turn the answer."""
    turned = [
        line.name
        for line in lines
        if _is_beyond(line) and line.net_benefit is not None and (line.net_benefit.mean > 0) != (nets[line.name] > 0)
    ]
    return f" With years that were not observed the answer turns under {', '.join(turned)}." if turned else ""
