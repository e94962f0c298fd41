"""The numbers behind a report, for a spreadsheet: raw, one table a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import middle_and_interval
from evalkit.report.drawing import Cell
from evalkit.report.figures import all_figures
from evalkit.report.tables_incidence import incidence_tables

if TYPE_CHECKING:
    from evalkit.domain import Effect
    from evalkit.economics.appraisal import Amount, Appraisal
    from evalkit.evaluation import Evaluation

__all__ = ["ExportTable", "all_tables", "safe_cell"]

# A spreadsheet reads text that begins so as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class ExportTable:
    """A table to be written to a file of its own; a cell that does not exist is None."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def safe_cell(cell: Cell) -> Cell:
    """Keep text from becoming a formula in a spreadsheet; numbers stay numbers.

    >>> safe_cell("=HYPERLINK(1)"), safe_cell(-1.5)
    ("'=HYPERLINK(1)", -1.5)
    """
    if not isinstance(cell, str):
        return cell
    # blanks before it do not keep a spreadsheet from reading a formula
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip(" \n").startswith(_FORMULA) else cell


def all_tables(evaluation: Evaluation) -> tuple[ExportTable, ...]:
    """Give every table of numbers, and the figures behind every picture."""
    appraisal = evaluation.appraisal
    money = () if appraisal is None else (*_money(appraisal, ""), *_scenario(appraisal))
    pictures = tuple(
        ExportTable(name=f"figure-{figure.name}", columns=figure.columns, rows=figure.rows)
        for figure in all_figures(evaluation)
    )
    effects = (_effects(evaluation), _prevented(evaluation), _by_site(evaluation))
    sets = (_sets(evaluation),) if evaluation.by_assumptions else ()
    return (*effects, _checks(evaluation), _refusals(evaluation), *money, *sets, *pictures)


def _sets(evaluation: Evaluation) -> ExportTable:
    rows = [
        (
            line.name,
            "yes" if line.chosen else "no",
            line.scenario,
            line.horizon,
            *(cell for part in (line.cost, line.benefit, line.net_benefit) for cell in _triple(part)),
            line.prob_net_benefit,
            line.reason,
        )
        for line in evaluation.by_assumptions
    ]
    amounts = [f"{what}{end}" for what in ("cost", "benefit", "net_benefit") for end in ("", "_lower", "_upper")]
    return ExportTable(
        name="assumption-sets",
        columns=("assumptions", "chosen", "scenario", "horizon", *amounts, "prob_net_benefit", "reason"),
        rows=tuple(rows),
    )


def _effects(evaluation: Evaluation) -> ExportTable:
    level = evaluation.study.level
    rows = [
        (outcome, name, evaluation.role(outcome, name), *_effect(effect, level))
        for outcome, named in evaluation.effects.items()
        for name, effect in named.items()
    ]
    return ExportTable(
        name="effects",
        columns=(
            "outcome", "estimator", "role", "scale", "estimate", "std_error", "level", "lower", "upper", "p_value",
            "prob_reduction", "percent", "percent_lower", "percent_upper",
            "prevented", "prevented_lower", "prevented_upper", "basis", "assumption",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _effect(effect: Effect, level: float) -> tuple[Cell, ...]:
    held = effect.interval(level)
    return (
        effect.scale,
        effect.estimate,
        effect.std_error,
        level,
        held.lower,
        held.upper,
        effect.p_value,
        effect.prob_reduction,
        *_summary(effect.percent_draws, level),
        *_summary(effect.total_prevented, level),
        effect.basis,
        effect.assumption,
    )


def _summary(draws: np.ndarray | None, level: float) -> tuple[Cell, Cell, Cell]:
    if draws is None:
        return (None, None, None)
    middle, held = middle_and_interval(draws, level)
    return middle, held.lower, held.upper


def _prevented(evaluation: Evaluation) -> ExportTable:
    level = evaluation.study.level
    rows: list[tuple[Cell, ...]] = []
    for outcome, named in evaluation.effects.items():
        for name, effect in named.items():
            if effect.prevented is None:
                continue
            for column, period in enumerate(effect.periods):
                recorded = None if effect.recorded is None else float(effect.recorded[column])
                rows.append((outcome, name, period, recorded, *_summary(effect.prevented[:, column], level)))
    columns = ("outcome", "estimator", "period", "recorded", "prevented", "prevented_lower", "prevented_upper")
    return ExportTable(name="prevented-by-period", columns=columns, rows=tuple(rows))


def _by_site(evaluation: Evaluation) -> ExportTable:
    """Give every treated site in every treated period, for the primary estimate of each outcome."""
    rows: list[tuple[Cell, ...]] = []
    for outcome in evaluation.effects:
        cells = evaluation.primary_of(outcome).cells
        if cells is None:
            continue
        for site, period in np.argwhere(cells.treated):
            of = (site, period)
            values = (float(cells.recorded[of]), float(cells.expected[of]), float(cells.prevented[of]))
            rows.append((outcome, cells.sites[site], cells.periods[period], *values))
    columns = ("outcome", "site", "period", "recorded", "expected", "prevented")
    return ExportTable(name="prevented-by-site", columns=columns, rows=tuple(rows))


_STATES = {True: "passed", False: "failed", None: "for information"}


def _checks(evaluation: Evaluation) -> ExportTable:
    rows: list[tuple[Cell, ...]] = [
        (outcome, "design", check.name, _STATES[check.passed], check.detail)
        for outcome, design in evaluation.study.designs.items()
        for check in design.checks
    ]
    rows += [
        (outcome, name, check.name, _STATES[check.passed], check.detail)
        for outcome, named in evaluation.effects.items()
        for name, effect in named.items()
        for check in effect.checks
    ]
    return ExportTable(name="checks", columns=("outcome", "of", "check", "state", "detail"), rows=tuple(rows))


def _refusals(evaluation: Evaluation) -> ExportTable:
    rows = tuple((each.outcome, each.estimator, each.reason) for each in evaluation.refusals)
    return ExportTable(name="refusals", columns=("outcome", "estimator", "reason"), rows=rows)


def _money(appraisal: Appraisal, suffix: str) -> tuple[ExportTable, ...]:
    return (
        _perspectives(appraisal, suffix),
        _by_bearer(appraisal, suffix),
        _by_crime(appraisal, suffix),
        _by_year(appraisal, suffix),
        *_by_schedule(appraisal, suffix),
        _assumed(appraisal, suffix),
        *(
            ExportTable(name=name, columns=columns, rows=rows)
            for name, columns, rows in incidence_tables(appraisal, suffix)
        ),
    )


def _scenario(appraisal: Appraisal) -> tuple[ExportTable, ...]:
    return () if appraisal.extrapolation is None else _money(appraisal.extrapolation, "-extrapolation")


def _triple(part: Amount | None) -> tuple[Cell, Cell, Cell]:
    return (None, None, None) if part is None else (part.mean, part.lower, part.upper)


_FLOWS = tuple(f"{what}{end}" for what in ("cost", "benefit", "net") for end in ("", "_lower", "_upper"))


def _perspectives(appraisal: Appraisal, suffix: str) -> ExportTable:
    rows = [
        (
            line.perspective,
            *_triple(line.cost),
            *_triple(line.benefit),
            *_triple(line.net),
            line.prob_net_benefit,
            line.reason,
        )
        for line in appraisal.perspectives
    ]
    columns = ("perspective", *_FLOWS, "prob_net_benefit", "reason")
    return ExportTable(name=f"perspectives{suffix}", columns=columns, rows=tuple(rows))


def _by_bearer(appraisal: Appraisal, suffix: str) -> ExportTable:
    rows = [
        (line.bearer, *_triple(line.cost), *_triple(line.benefit), *_triple(line.net)) for line in appraisal.by_bearer
    ]
    return ExportTable(name=f"by-bearer{suffix}", columns=("bearer", *_FLOWS), rows=tuple(rows))


def _by_crime(appraisal: Appraisal, suffix: str) -> ExportTable:
    rows = [
        (
            line.outcome,
            line.crime,
            line.priced_as,
            *_triple(line.prevented),
            line.unit_value,
            *_triple(line.benefit),
            line.break_even,
            line.reason,
        )
        for line in appraisal.by_crime
    ]
    columns = (
        "outcome", "crime", "priced_as", "prevented", "prevented_lower", "prevented_upper", "unit_value",
        "benefit", "benefit_lower", "benefit_upper", "break_even", "reason",
    )  # fmt: skip
    return ExportTable(name=f"by-crime{suffix}", columns=columns, rows=tuple(rows))


def _by_year(appraisal: Appraisal, suffix: str) -> ExportTable:
    rows = [
        (
            line.year,
            "extrapolated" if line.extrapolated else "observed",
            *_triple(line.cost),
            *_triple(line.benefit),
            *_triple(line.net),
        )
        for line in appraisal.by_year
    ]
    return ExportTable(name=f"by-year{suffix}", columns=("year", "seen", *_FLOWS), rows=tuple(rows))


def _by_schedule(appraisal: Appraisal, suffix: str) -> tuple[ExportTable, ...]:
    if not appraisal.beside:
        return ()
    chosen = (appraisal.schedule, *_triple(appraisal.benefit), *_triple(appraisal.net_benefit))
    rows = [(*chosen, appraisal.prob_net_benefit, "chosen")]
    rows += [
        (each.schedule, *_triple(each.benefit), *_triple(each.net_benefit), each.prob_net_benefit, each.reason)
        for each in appraisal.beside
    ]
    ends = ("mean", "lower", "upper")
    sums = tuple(f"{part}_{end}" for part in ("benefit", "net_benefit") for end in ends)
    columns = ("schedule", *sums, "prob_net_benefit", "remark")
    return (ExportTable(name=f"by-schedule{suffix}", columns=columns, rows=tuple(rows)),)


def _assumed(appraisal: Appraisal, suffix: str) -> ExportTable:
    rows = tuple((each.what, each.value, each.source, each.certainty) for each in appraisal.assumptions)
    return ExportTable(name=f"assumptions{suffix}", columns=("what", "value", "source", "certainty"), rows=rows)
