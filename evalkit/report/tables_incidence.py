"""The numbers behind who gains and who pays, for a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.drawing import Cell

if TYPE_CHECKING:
    from evalkit.economics import Amount, Appraisal, Incidence

__all__ = ["incidence_tables"]

type Sheet = tuple[str, tuple[str, ...], tuple[tuple[Cell, ...], ...]]


def incidence_tables(appraisal: Appraisal, suffix: str) -> tuple[Sheet, ...]:
    """Give name, columns and rows of each table."""
    found = appraisal.incidence
    if found is None:
        return ()
    sheets = [_direct(found, suffix), _matrix(found, suffix)]
    if found.by_area:
        sheets.append(_areas(found, suffix))
    if found.groups is not None:
        sheets.append(_groups(found, suffix))
    return tuple(sheets)


def _three(part: Amount | None) -> tuple[Cell, Cell, Cell]:
    return (None, None, None) if part is None else (part.mean, part.lower, part.upper)


def _direct(found: Incidence, suffix: str) -> Sheet:
    rows = tuple(
        (line.what, "direct" if line.direct else "indirect", *_three(line.amount), line.reason) for line in found.direct
    )
    return f"direct-indirect{suffix}", ("what", "direct", "amount", "lower", "upper", "reason"), rows


def _matrix(found: Incidence, suffix: str) -> Sheet:
    both = found.payers_and_gainers
    rows = tuple(
        (payer, gainer, share)
        for payer, row in zip(both.payers, both.matrix, strict=False)
        for gainer, share in zip(both.gainers, row, strict=True)
    )
    return f"payers-gainers{suffix}", ("payer", "gainer", "share"), rows


def _areas(found: Incidence, suffix: str) -> Sheet:
    bearers = tuple(dict.fromkeys(bearer for line in found.by_area for bearer in line.gains))
    rows = tuple(
        (
            line.area, line.kind, line.known, line.events, line.total,
            *(_three(line.gain)[1:]), *(line.gains.get(bearer) for bearer in bearers),
        )
        for line in found.by_area
    )  # fmt: skip
    columns = ("area", "kind", "known", "events", "gain", "gain_lower", "gain_upper")
    return f"by-area{suffix}", (*columns, *(f"gain: {bearer}" for bearer in bearers)), rows


def _groups(found: Incidence, suffix: str) -> Sheet:
    lines = () if found.groups is None else found.groups.lines
    rows = tuple(
        (
            line.group, line.population, line.income, *_three(line.cost), *_three(line.benefit), *_three(line.net),
            line.weight, *_three(line.weighted),
        )
        for line in lines
    )  # fmt: skip
    amounts = tuple(f"{what}{end}" for what in ("cost", "benefit", "net") for end in ("", "_lower", "_upper"))
    ends = ("weight", "weighted", "weighted_lower", "weighted_upper")
    return f"by-group{suffix}", ("group", "population", "income", *amounts, *ends), rows
