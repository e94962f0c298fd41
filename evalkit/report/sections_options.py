"""The section on options compared: what each costs and prevents, which is worth it, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import decisionwords, formats, moneywords
from evalkit.report.blocks import Block, Grid, Listing, Note, Paragraph, Picture, Section

if TYPE_CHECKING:
    from evalkit.economics import Amount, OptionsCompared
    from evalkit.evaluation import Evaluation
    from evalkit.report.drawing import Figure

__all__ = ["options_sections"]

_TITLE = "Options compared"


def options_sections(evaluation: Evaluation, drawn: dict[str, Figure]) -> tuple[Section, ...]:
    """Give the section, where the study names other options."""
    options = evaluation.options
    if not evaluation.study.options:
        return ()
    if options is None:
        reason = evaluation.options_reason or moneywords.why_no_money(evaluation)
        return (Section(key="options", title=_TITLE, blocks=(Paragraph(text=reason),)),)
    blocks: list[Block] = [
        Paragraph(text=_what(options)),
        Paragraph(head="Best on average", text=_answer(evaluation, options)),
        _each(options),
        Paragraph(head="By what a prevented crime is worth", text=decisionwords.turns(options)),
        _neighbours(options),
        *(
            Picture(figure=drawn[name])
            for name in ("options-frontier", "acceptability", "expected-loss")
            if name in drawn
        ),
        Paragraph(head=f"Each compared with {options.comparator}", text=""),
        Listing(items=tuple(decisionwords.of_a_pair(plane) for plane in options.planes)),
    ]
    if options.portfolio is not None:
        told = decisionwords.portfolio(options.portfolio, options.currency)
        blocks.append(Paragraph(head="Under the budget", text=told))
    blocks += [_assumptions(evaluation, options), *(Note(text=text) for text in options.warnings)]
    return (Section(key="options", title=_TITLE, blocks=tuple(blocks)),)


def _what(options: OptionsCompared) -> str:
    return (
        "Every option is reckoned against doing without, on the same draws as the measure: with the same prices, the "
        "same worth of a crime and, where an option’s effect is a share of the measure’s, the same uncertainty of it. "
        f"Amounts are present values of the {options.scenario}, in prices of {options.price_year}; events are "
        f"{options.events_are}."
    )


def _answer(evaluation: Evaluation, options: OptionsCompared) -> str:
    told = decisionwords.answer(options)
    rests_on = moneywords.condition(evaluation)
    return f"{told} This holds {rests_on}." if rests_on else told


def _each(options: OptionsCompared) -> Grid:
    rows = []
    for name, appraisal in options.appraisals.items():
        net = options.expected_net_benefit(name)
        rows.append(
            (
                name,
                *_money(appraisal.cost),
                f"{formats.number(appraisal.prevented.mean)}",
                f"{formats.number(appraisal.prevented.lower)} to {formats.number(appraisal.prevented.upper)}",
                *(_money(net) if net is not None else (formats.NOTHING, formats.NOTHING)),
                _best(options, name),
            )
        )
    rows.append(
        (
            "doing without",
            "0",
            "",
            "0",
            "",
            "0" if options.net_benefit is not None else formats.NOTHING,
            "",
            _best(options, "doing without"),
        )
    )
    return Grid(
        caption=f"Each option against doing without, {formats.currency_name(options.currency)}; means, with "
        f"{formats.level(options.level)} ranges",
        columns=("Option", "Cost", "Range", "Prevented", "Range", "Net benefit", "Range", "Chance that it is best"),
        rows=tuple(rows),
        numeric=frozenset(range(1, 7)),
    )


def _money(part: Amount) -> tuple[str, str]:
    return formats.full_money(part.mean), f"{formats.full_money(part.lower)} to {formats.full_money(part.upper)}"


def _best(options: OptionsCompared, name: str) -> str:
    if options.prob_best is None:
        return formats.NOTHING
    return formats.chance(float(options.prob_best[options.names.index(name)]))


def _neighbours(options: OptionsCompared) -> Grid:
    rows = []
    for line in options.incremental.lines:
        value, remark = decisionwords.ratio(line, options.currency)
        rows.append(
            (
                line.label,
                line.status,
                formats.full_money(line.extra_cost) if line.extra_cost is not None else formats.NOTHING,
                formats.number(line.extra_effect) if line.extra_effect is not None else formats.NOTHING,
                value,
                formats.chance(line.chances["on the frontier"]),
                remark,
            )
        )
    return Grid(
        caption="Each option compared with its neighbour among those worth a thought, the one that prevents least "
        "first; by the averages, with the chance that it is worth a thought",
        columns=("Comparison", "Status", "Extra cost", "Extra prevented", "For one more", "On the frontier", "Remark"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4}),
    )


def _assumptions(evaluation: Evaluation, options: OptionsCompared) -> Grid:
    rows = [
        (name, each.what, each.value, each.source or "no source")
        for name, appraisal in options.appraisals.items()
        if name in evaluation.study.options
        for each in appraisal.assumptions
    ]
    return Grid(
        caption="What the other options rest on, beside what they share with the measure",
        columns=("Option", "What", "Value", "Source"),
        rows=tuple(rows),
    )
