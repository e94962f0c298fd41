"""The section on money: what it rests on, who pays, who gains, and how sure that is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.report import decisionwords, formats, moneywords
from evalkit.report.amounts import range_cell
from evalkit.report.blocks import Block, Grid, Listing, Note, Paragraph, Picture, Section
from evalkit.report.drawing import Figure
from evalkit.report.front import unit_of
from evalkit.report.sections_prices import price_blocks
from evalkit.report.sections_purses import perspective_blocks, purse_blocks
from evalkit.report.sections_time import time_blocks

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.economics.appraisal import Amount, Assumption
    from evalkit.evaluation import Evaluation

__all__ = ["money_section"]

_CERTAINTIES = {
    "primary": "read in the source itself",
    "secondary": "read in a source that quotes it",
    "memory": "from memory, not looked up",
    "own": "the study's own figure",
    "assumed": "ASSUMED, without a source",
    "chosen": "chosen by the evaluator",
}


def money_section(evaluation: Evaluation, drawn: dict[str, Figure]) -> Section:
    """Give the section on costs and benefits, or why there is none."""
    appraisal = evaluation.appraisal
    if appraisal is None:
        text = f"{moneywords.why_no_money(evaluation)} What is said above of the effect stands by itself."
        return Section(key="money", title="Costs and benefits", blocks=(Paragraph(text=text),))
    blocks: list[Block] = [
        *purse_blocks(appraisal),
        Paragraph(head="Net benefit", text=_answer(evaluation, appraisal)),
        _key_figures(evaluation, appraisal),
        *_pictures(drawn, "waterfall"),
        *perspective_blocks(appraisal),
        *_pictures(drawn, "plane"),
        *_plane_in_words(appraisal),
        *_curve(evaluation, drawn),
        *_acceptable(appraisal),
        *_pictures(drawn, "break-even"),
        *_scenario(appraisal),
        *time_blocks(appraisal, drawn),
        *price_blocks(evaluation, appraisal),
        Paragraph(head="Terms", text=_terms(appraisal)),
        _assumptions(appraisal),
        *(Note(text=text) for text in appraisal.warnings),
    ]
    return Section(key="money", title="Costs and benefits", blocks=tuple(blocks))


def _answer(evaluation: Evaluation, appraisal: Appraisal) -> str:
    """Say what is left and how surely anything is, on its condition."""
    net = moneywords.net_sentence(appraisal)
    if appraisal.net_benefit is None:
        return net
    gain, word = moneywords.chance_of_gain(evaluation, appraisal)
    return f"{net} Benefits exceed costs: {gain}, {word}. {moneywords.break_even(evaluation, appraisal)}".rstrip()


def _terms(appraisal: Appraisal) -> str:
    window = formats.number(appraisal.window, 3)
    return (
        f"Perspective: {appraisal.perspective}. Prices of {appraisal.price_year} in "
        f"{formats.currency_name(appraisal.currency)}. "
        f"Discounting: {appraisal.discounting}. Observed window: {window} year{'' if appraisal.window == 1 else 's'}. "
        f"Events counted are {appraisal.events_are}. Prices: {_prices(appraisal)}."
    )


def _prices(appraisal: Appraisal) -> str:
    return appraisal.schedule or ("none" if appraisal.benefit is None else "the study’s own")


def _key_figures(evaluation: Evaluation, appraisal: Appraisal) -> Grid:
    per_crime, even, currency = appraisal.cost_per_crime_prevented, appraisal.break_even, appraisal.currency
    unit = unit_of(appraisal)
    ratio = appraisal.benefit_cost_ratio
    chance = appraisal.prob_net_benefit
    value, detail = moneywords.cost_of_one(evaluation, appraisal)
    full = value
    if moneywords.is_cost_quotable(appraisal) and per_crime.estimate is not None:
        full = formats.amount(per_crime.estimate, currency)
    rows = [
        ("Cost", *_amount(appraisal.cost, unit)),
        ("Benefit", *_amount(appraisal.benefit, unit, appraisal.benefit_reason)),
        ("Net benefit", *_amount(appraisal.net_benefit, unit, appraisal.benefit_reason)),
        ("Benefit for each unit of cost", *(_known(ratio, appraisal.benefit_cost_reason))),
        ("Chance that benefits exceed costs", *(_chance(chance, appraisal.benefit_reason))),
        ("Chance that crime was prevented", formats.chance(per_crime.prob_prevents), "share of the possibilities"),
        (f"Cost of preventing {moneywords.one_of(appraisal)}", full, detail),
        (
            f"{formats.capital(moneywords.priced_things(evaluation, appraisal))} to prevent to break even",
            *(_known(even.events, even.reason)),
        ),
        ("Worth of a crime at which it pays", *(_known(even.value_per_event, even.value_reason))),
    ]
    if appraisal.net_benefit is None:
        # why is said once, above
        rows = [row for row in rows if row[1] != "none"]
    return Grid(
        caption=f"Key figures ({_lower(formats.currency_name(currency, unit))}, prices of {appraisal.price_year}); "
        f"means, with {formats.level(appraisal.level)} ranges",
        columns=("Figure", "Value", "Range or remark"),
        rows=tuple(rows),
        numeric=frozenset({1}),
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text.startswith("Millions") else text


def _amount(part: Amount | None, unit: float, reason: str = "") -> tuple[str, str]:
    if part is None:
        return "none", reason
    return formats.full_money(part.mean, unit), range_cell(part, unit)


def _known(value: float | None, reason: str) -> tuple[str, str]:
    return ("none", reason) if value is None else (formats.number(value), "")


def _chance(value: float | None, reason: str) -> tuple[str, str]:
    return ("none", reason) if value is None else (formats.chance(value), "share of the possibilities")


def _acceptable(appraisal: Appraisal) -> list[Block]:
    at = appraisal.cost_per_crime_prevented.acceptable_at
    if all(worth is None for worth in at.values()):
        never = moneywords.never_pays(appraisal)
        return [Paragraph(text=never)] if never else []
    rows = [
        (
            formats.chance(probability),
            formats.amount(worth, appraisal.currency) if worth is not None else "no value makes it this likely",
        )
        for probability, worth in at.items()
    ]
    grid = Grid(
        caption="How much a prevented crime must be worth for the measure to pay, by how sure one wants to be",
        columns=("Wanted chance that it pays", "A prevented crime is worth at least"),
        rows=tuple(rows),
        numeric=frozenset({1}),
    )
    return [grid]


def _pictures(drawn: dict[str, Figure], *names: str) -> list[Block]:
    return [Picture(figure=drawn[name]) for name in names if name in drawn]


def _plane_in_words(appraisal: Appraisal) -> list[Block]:
    prevents = appraisal.cost_per_crime_prevented
    lead = "It is not shown to prevent crime. " if prevents.caution else ""
    return [
        Paragraph(head="The four quarters", text=f"{lead}The measure compared with doing without:"),
        Listing(items=decisionwords.of_the_measure(appraisal)),
    ]


def _curve(evaluation: Evaluation, drawn: dict[str, Figure]) -> list[Block]:
    """Show how surely it pays; with several options the section about them does."""
    return [Picture(figure=drawn["acceptability"])] if "acceptability" in drawn and not evaluation.study.options else []


def _assumptions(appraisal: Appraisal) -> Grid:
    rows = [
        (each.what, each.value, each.source or "no source", _CERTAINTIES.get(each.certainty, each.certainty))
        for each in (*appraisal.assumptions, *_only_later(appraisal))
    ]
    many = len(rows) > _LONG
    return Grid(
        caption="Everything that the money rests on; what was assumed without a source says so",
        columns=("What", "Value", "Source", "How we know"),
        rows=tuple(rows) or (("nothing listed", *[formats.NOTHING] * 3),),
        fold=f"All {len(rows)} assumptions behind the money, with their sources" if many else "",
    )


# a longer table is for somebody who asks for it
_LONG = 15


def _only_later(appraisal: Appraisal) -> list[Assumption]:
    """Give what only the extrapolation rests on, and what rests otherwise there."""
    later = appraisal.extrapolation
    if later is None:
        return []
    return [
        replace(each, what=f"extrapolation: {each.what}")
        for each in later.assumptions
        if each not in appraisal.assumptions
    ]


def _scenario(appraisal: Appraisal) -> list[Block]:
    scenario = appraisal.extrapolation
    if scenario is None:
        return []
    years = formats.plural(scenario.horizon, "year", "years")
    return [
        Paragraph(
            head="Extrapolation, not seen",
            text=f"Over {years}, of which {formats.number(scenario.window, 3)} seen: "
            f"{moneywords.net_sentence(scenario)} "
            "The years after the observed window are a scenario and no finding.",
        ),
    ]
