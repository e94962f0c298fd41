"""The section on options compared: what each costs and prevents, which is worth it, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.economics.decisions import DOING_WITHOUT
from evalkit.report import decisionwords, formats, moneywords
from evalkit.report.blocks import Block, Grid, Listing, Note, Paragraph, Picture, Section
from evalkit.report.front import unit_of

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
    if options.preference is not None:
        blocks.append(Paragraph(head="Which watches less", text=formats.sentence(options.preference.reason)))
    if options.portfolio is not None:
        told = decisionwords.portfolio(options.portfolio, options.currency, options.barred)
        blocks.append(Paragraph(head="Under the budget", text=told))
    blocks += [_assumptions(evaluation, options), *(Note(text=text) for text in options.warnings)]
    return (Section(key="options", title=_TITLE, blocks=tuple(blocks)),)


def _what(options: OptionsCompared) -> str:
    return (
        "Every option is reckoned against doing without, on the same draws as the measure: with the same prices, the "
        "same worth of a crime and, where an option’s effect is a share of the measure’s, the same uncertainty of it. "
        f"Amounts are present values of the {options.scenario}, in prices of {options.price_year}; events are "
        f"{options.events_are}.{_taxed(options)}"
    )


def _taxed(options: OptionsCompared) -> str:
    if all(each.tax_loss_draws is None for each in options.appraisals.values()):
        return ""
    return (
        " Extra costs, what one more prevented event costs and the pictures hold what is lost by taxing for the costs; "
        "the column of costs is what is paid, and that loss is taken off the net benefit."
    )


def _answer(evaluation: Evaluation, options: OptionsCompared) -> str:
    told = decisionwords.answer(options)
    rests_on = moneywords.condition(evaluation)
    return f"{told} This holds {rests_on}." if rests_on else told


def _each(options: OptionsCompared) -> Grid:
    unit = max((unit_of(each) for each in options.appraisals.values()), default=1.0)
    rows = [
        (
            name,
            _with_range(appraisal.cost, unit),
            _events(appraisal.prevented),
            _with_range(options.expected_net_benefit(name), unit),
            _best(options, name),
        )
        for name, appraisal in options.appraisals.items()
    ]
    nothing = "0" if options.net_benefit is not None else formats.NOTHING
    rows.append((DOING_WITHOUT, "0", "0", nothing, _best(options, DOING_WITHOUT)))
    return Grid(
        caption=f"{formats.currency_name(options.currency, unit)}, each option against doing without; means, with "
        f"{formats.level(options.level)} ranges",
        columns=("Option", "Cost", "Prevented", "Net benefit", "Chance that it is best"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3}),
    )


def _with_range(part: Amount | None, unit: float) -> str:
    if part is None:
        return formats.NOTHING
    if part.lower == part.upper:
        return formats.full_money(part.mean, unit)
    lower, upper = formats.full_money(part.lower, unit), formats.full_money(part.upper, unit)
    return f"{formats.full_money(part.mean, unit)} ({lower} to {upper})"


def _events(part: Amount) -> str:
    return f"{formats.number(part.mean)} ({formats.number(part.lower)} to {formats.number(part.upper)})"


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
                f"{line.status}, {formats.chance(line.chances[line.status])}",
                formats.full_money(line.extra_cost) if line.extra_cost is not None else formats.NOTHING,
                formats.number(line.extra_effect) if line.extra_effect is not None else formats.NOTHING,
                value,
                remark,
            )
        )
    return Grid(
        caption="Each option compared with its neighbour among those worth a thought, the one that prevents least "
        "first; by the averages in present value, with the chance of that status",
        columns=("Comparison", "Status and its chance", "Extra cost", "Extra prevented", "For one more", "Remark"),
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
