"""The part of the section on money that says whose prices were taken, how sure they are, and what others would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.money_by_estimator import spread_of_choices
from evalkit.report import formats
from evalkit.report.amounts import mean_cell, range_cell
from evalkit.report.blocks import Block, Grid, Paragraph
from evalkit.report.front import unit_of

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, Beside, Prices
    from evalkit.evaluation import Evaluation

__all__ = ["price_blocks"]

_COLUMNS = ("Schedule", "Benefit", "Net benefit", "Range of net benefit", "Chance of a net benefit", "Remark")
_BASES = {"recorded": "a recorded crime", "actual": "a crime that happened, recorded or not"}


def price_blocks(evaluation: Evaluation, appraisal: Appraisal) -> list[Block]:
    """Give whose prices were taken and the same effect under others; nothing without prices."""
    prices = evaluation.study.prices
    if prices is None or appraisal.benefit is None:
        return []
    blocks: list[Block] = [_sources(prices, appraisal)]
    if appraisal.beside:
        blocks += [
            _beside(prices, appraisal),
            Paragraph(head="What the choice of prices moves", text=_moves(evaluation)),
        ]
    else:
        blocks.append(
            Paragraph(
                head="One schedule only",
                text="No other schedule stands beside this one, so how far the choice of prices moves the answer is "
                "not known. Where two schedules exist, the choice can move it more than the choice of estimator does.",
            )
        )
    return blocks


def _sources(prices: Prices, appraisal: Appraisal) -> Grid:
    from evalkit.economics.price_words import certainty_words

    used = {line.priced_as for line in appraisal.by_crime if line.priced_as is not None}
    lines = [line for line in prices.unit_costs if line.crime in used] or list(prices.unit_costs)
    rows: list[tuple[str, ...]] = [
        (prices.name, prices.source, prices.region, str(prices.price_year), prices.basis, certainty_words(lines))
    ]
    rows += [
        (each.schedule, each.source, each.region, each.price_year, each.basis, each.certainty)
        for each in appraisal.beside
    ]
    return Grid(
        caption="Whose prices: the schedule that was chosen, then those beside it",
        columns=("Schedule", "Source", "Place", "Prices of", "Cost of", "How sure"),
        rows=tuple(
            (name, source or "no source", place or formats.NOTHING, year, _BASES[basis], sure)
            for name, source, place, year, basis, sure in rows
        ),
    )


def _beside(prices: Prices, appraisal: Appraisal) -> Grid:
    unit = unit_of(appraisal)
    currency = formats.currency_name(appraisal.currency, unit)
    chosen = (
        f"{prices.name} (chosen)",
        mean_cell(appraisal.benefit, unit),
        mean_cell(appraisal.net_benefit, unit),
        range_cell(appraisal.net_benefit, unit),
        _chance(appraisal.prob_net_benefit),
        "",
    )
    rows = (chosen, *(_row(each, unit) for each in appraisal.beside))
    width = len(_COLUMNS) if any(row[-1] for row in rows) else len(_COLUMNS) - 1
    return Grid(
        caption=f"The same effect under another schedule. {currency}, prices of {appraisal.price_year}; means, with "
        f"{formats.level(appraisal.level)} ranges. Effects, costs and multipliers are the same draws",
        columns=_COLUMNS[:width],
        rows=tuple(row[:width] for row in rows),
        numeric=frozenset({1, 2, 3, 4}),
    )


def _row(line: Beside, unit: float) -> tuple[str, ...]:
    remark = formats.sentence(line.reason)
    if line.unpriced:
        remark = f"It has no price for {', '.join(line.unpriced)}, so the sums do not compare."
    return (
        line.schedule,
        mean_cell(line.benefit, unit),
        mean_cell(line.net_benefit, unit),
        range_cell(line.net_benefit, unit),
        _chance(line.prob_net_benefit),
        remark,
    )


def _moves(evaluation: Evaluation) -> str:
    appraisal = evaluation.appraisal
    if appraisal is None:
        return ""
    spread = spread_of_choices(appraisal, evaluation.money_by_estimator)
    if spread.by_schedule is None:
        return "No other schedule prices the same outcomes, so how far the choice moves the answer is not known."
    schedule = formats.money(spread.by_schedule, appraisal.currency)
    told = f"The choice of schedule moves the mean net benefit by {schedule}"
    if spread.by_estimator is None:
        return f"{told}. No other estimator gives an answer to hold that against."
    estimator = formats.money(spread.by_estimator, appraisal.currency)
    larger = "more" if spread.by_schedule > spread.by_estimator else "less"
    return (
        f"{told}; the choice of estimator moves it by {estimator}. So whose prices one believes matters {larger} than "
        "how the effect was estimated. Neither is in the ranges above."
    )


def _chance(share: float | None) -> str:
    return formats.NOTHING if share is None else formats.chance(share)
