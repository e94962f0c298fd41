"""From a study file to what a plan rests on; of its data, only what lies before the start is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.domain import Estimator, Outcome, Periods
from evalkit.domain.panel import ColumnReader
from evalkit.errors import EvalkitError, StudyError, nearest
from evalkit.planning.expected import ExpectedPanel, ExpectedTable
from evalkit.planning.expecting import (
    expect_from_panel,
    expect_from_settings,
    expect_from_table,
    nominal_table,
)
from evalkit.registry import estimator as find_estimator
from evalkit.study_file import StudyParts, read_study_parts
from evalkit.study_plan import PlanSettings, settings_from_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.economics import Costs, Learning, Prices

__all__ = ["PlannedStudy", "load_plan"]


@dataclass(frozen=True, kw_only=True)
class PlannedStudy:
    """A study before its data are there, or before they are looked at.

    Attributes
    ----------
    expected : counts without the measure
    settings : what the plan is told
    appraisal : keyword arguments of `evalkit.economics.appraise`
    other_outcomes : of the study, which the plan is not about
    """

    title: str
    outcome: Outcome
    estimator_name: str
    estimator: Estimator
    expected: ExpectedPanel | ExpectedTable
    settings: PlanSettings
    costs: Costs | None
    prices: Prices | None
    appraisal: Mapping[str, Any]
    learning: Learning | None
    other_outcomes: tuple[str, ...]
    seed: int
    draws: int
    level: float


def load_plan(path: str | Path, *, allow_outside: bool = False) -> PlannedStudy:
    """Read the plan of a study.toml.

    Outcomes after the start, where the data file holds some, are dropped before anything is read from them.

    Raises
    ------
    StudyError
        Every fault of the file that was found.
    """
    parts = read_study_parts(path, allow_outside=allow_outside)
    try:
        return _planned(parts)
    except StudyError as problem:
        raise StudyError([_located(fault) for fault in problem.faults], where=parts.file.name) from problem
    except EvalkitError as problem:
        raise StudyError(str(problem), where=parts.file.name) from problem


def _located(fault: str) -> str:
    return fault if fault.startswith("[") else f"[plan] {fault}"


def _planned(parts: StudyParts) -> PlannedStudy:
    outcome, sections = parts.outcome, parts.sections
    if not outcome.counts_events or outcome.good != "fewer":
        raise StudyError(
            f"[outcomes.{outcome.name}] is a {outcome.kind} of which {outcome.good} is good; a plan is made for a "
            "primary outcome that counts events of which fewer is good"
        )
    name = sections.analysis.estimator or (parts.estimator if isinstance(parts.estimator, str) else "table")
    estimator = find_estimator(parts.estimator)() if isinstance(parts.estimator, str) else parts.estimator
    settings = settings_from_mapping(sections.plan or {})
    expected = _expected(parts, settings, name)
    shape = "panel" if isinstance(expected, ExpectedPanel) else "table"
    if shape not in estimator.card.shapes:
        raise StudyError(f"[analysis] {name!r} takes {' or '.join(estimator.card.shapes)}, and this is a {shape}")
    appraisal = dict(parts.appraisal)
    if isinstance(expected, ExpectedTable) and expected.years is not None:
        appraisal = {"period_years": expected.years} | appraisal
    return PlannedStudy(
        title=sections.study.title,
        outcome=outcome,
        estimator_name=name,
        estimator=estimator,
        expected=expected,
        settings=settings,
        costs=parts.costs,
        prices=parts.prices,
        appraisal=appraisal,
        learning=parts.learning,
        other_outcomes=tuple(other for other in sections.outcomes if other != outcome.name),
        seed=sections.study.seed,
        draws=sections.study.draws,
        level=sections.study.level,
    )


def _expected(parts: StudyParts, settings: PlanSettings, name: str) -> ExpectedPanel | ExpectedTable:
    if parts.counts is not None:
        return expect_from_table(parts.counts, settings)
    if parts.table is not None:
        return _expected_of_rows(parts, parts.table, settings)
    if name == "table":
        return nominal_table(settings, parts.outcome)
    return expect_from_settings(settings, parts.outcome)


def _expected_of_rows(parts: StudyParts, table: Any, settings: PlanSettings) -> ExpectedPanel:
    data, design = parts.sections.data, parts.sections.design
    if data is None:  # told to the type checker: rows come from the file that it names
        raise StudyError("rows without a [data] file")
    reader = ColumnReader(table, data.file, 2)
    when = reader.text(data.period, "a period")
    calendar = Periods.spanning(when.unique(), data.frequency)
    began = {} if parts.times is None else {site: calendar.place(start) for site, start in parts.times["began"].items()}
    if parts.times is not None and not began and settings.treated is None:
        raise StudyError("no site is treated in the data: say how many will be, with treated = ... in [plan]")
    first = min(began.values(), default=len(calendar))
    if first < 1:
        raise StudyError(f"[data] there is no period before the first start; the data begin in {calendar.labels[0]}")
    places = when.map({text: calendar.place(text) for text in when.unique()})
    panel = parts.panel(table[(places < first).to_numpy()])
    unknown = [site for site in (*began, *(design.comparison or ()), *design.buffer) if site not in panel.positions]
    if unknown:
        raise StudyError(f"[design] site {unknown[0]!r} is not in the data; {nearest(unknown[0], panel.sites)}")
    others = [site for site in panel.sites if site not in began and site not in design.buffer]
    compared = others if design.comparison is None else list(design.comparison)
    if not compared:
        raise StudyError("[design] there is no site to compare with")
    return expect_from_panel(
        panel,
        settings,
        began={site: place - first for site, place in began.items()},
        after=max(len(calendar) - first, 0),
        sites=[*began, *compared],
    )
