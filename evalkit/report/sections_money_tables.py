"""The tables behind the section on money: the ledger, sums by crime, year and bearer, and the rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.draws import Quantity
from evalkit.report import formats
from evalkit.report.amounts import mean_cell, range_cell
from evalkit.report.blocks import Block, Grid, Section
from evalkit.report.front import unit_of, who_pays
from evalkit.report.sections_purses import perspective_grid
from evalkit.report.sections_time import rate_blocks

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.economics.appraisal import Amount
    from evalkit.evaluation import Evaluation

__all__ = ["money_table_sections"]


def money_table_sections(evaluation: Evaluation) -> tuple[Section, ...]:
    """Give the tables that somebody looks up; none where nothing was appraised."""
    appraisal = evaluation.appraisal
    if appraisal is None:
        return ()
    blocks: list[Block] = [
        _ledger(evaluation),
        _by_crime(appraisal),
        _by_year(appraisal.extrapolation or appraisal),
        *_by_bearer(appraisal),
        *rate_blocks(appraisal),
    ]
    return (Section(key="money-tables", title="Costs and benefits: tables", blocks=tuple(blocks)),)


def _by_bearer(appraisal: Appraisal) -> list[Block]:
    """Give who pays and gains in full where the perspectives do not tell it, and once more for the extrapolation."""
    blocks: list[Block] = [] if appraisal.perspectives else [who_pays(appraisal, rough=False)]
    later = appraisal.extrapolation
    if later is not None:
        blocks.append(perspective_grid(later) if later.perspectives else who_pays(later, rough=False))
    return blocks


def _ledger(evaluation: Evaluation) -> Grid:
    costs = evaluation.study.costs
    flows = () if costs is None else costs.flows
    rows = [
        (
            flow.what,
            flow.bearer,
            f"{flow.kind_in_words}{', saved' if flow.saving else ''}{', cashable' if flow.is_cash_saved else ''}",
            ", ".join(str(year) for year in flow.years),
            Quantity.of(flow.amount).describe(),
            flow.source or "ASSUMED, without a source",
        )
        for flow in flows
    ]
    return Grid(
        caption="The ledger as it was given",
        columns=("What", "Bearer", "Kind", "Year", "Amount", "Source"),
        rows=tuple(rows) or (("not listed in the study", *[formats.NOTHING] * 5),),
        numeric=frozenset({3}),
    )


def _by_crime(appraisal: Appraisal) -> Grid:
    unit = unit_of(appraisal)
    rows = [
        (
            line.outcome,
            f"{formats.number(line.prevented.mean)} ({_range_of_events(line.prevented)})",
            line.priced_as or "no price",
            formats.full_money(line.unit_value) if line.unit_value is not None else formats.NOTHING,
            f"{mean_cell(line.benefit, unit)} ({range_cell(line.benefit, unit)})"
            if line.benefit is not None
            else formats.NOTHING,
            formats.number(line.break_even) if line.break_even is not None else formats.NOTHING,
            line.reason,
        )
        for line in appraisal.by_crime
    ]
    return Grid(
        caption=f"By crime, {_lower(formats.currency_name(appraisal.currency, unit))}, the worth of one in single "
        f"units; break-even is what would have to be prevented "
        "of this kind alone",
        columns=(
            "Outcome",
            "Prevented (range)",
            "Priced as",
            "Worth of one",
            "Benefit (range)",
            "Break-even",
            "Remark",
        ),
        rows=tuple(rows),
        numeric=frozenset({1, 3, 4, 5}),
    )


def _range_of_events(part: Amount) -> str:
    return f"{formats.number(part.lower)} to {formats.number(part.upper)}"


def _by_year(appraisal: Appraisal) -> Grid:
    unit = unit_of(appraisal)
    rows = [
        (
            str(line.year),
            "extrapolated" if line.extrapolated else "observed",
            mean_cell(line.cost, unit),
            mean_cell(line.benefit, unit),
            mean_cell(line.net, unit),
            range_cell(line.net, unit),
        )
        for line in appraisal.by_year
    ]
    return Grid(
        caption=f"By year of the measure, {_lower(formats.currency_name(appraisal.currency, unit))}, present value",
        columns=("Year", "Seen or not", "Cost", "Benefit", "Net", "Range of net"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5}),
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text.startswith("Millions") else text
