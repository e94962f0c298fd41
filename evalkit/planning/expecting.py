"""From what a plan is told, and what the data before the start show, to what is expected without the measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Outcome, Panel, Periods, Table
from evalkit.draws import FloatArray
from evalkit.errors import StudyError
from evalkit.planning.baseline import Baseline, read_baseline
from evalkit.planning.expected import ExpectedPanel, ExpectedTable
from evalkit.study_plan import PlanSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["expect_from_panel", "expect_from_settings", "expect_from_table", "nominal_table"]

_SITE_SPREAD = 0.5
_SWING = 0.1
_NEEDED = ("sites", "treated", "periods_before", "periods_after", "events")
_PER_YEAR = {"year": 1, "quarter": 4, "month": 12, "week": 52}
# A calendar that nobody reads: it only gives periods their length.
_NOMINAL = {"year": "2001", "quarter": "2001Q1", "month": "2001-01", "week": "2001-W01"}


def expect_from_settings(settings: PlanSettings, outcome: Outcome) -> ExpectedPanel:
    """Expect what the settings say, where there are no data yet.

    Raises
    ------
    StudyError
        Settings that are needed and not there.
    """
    sites, treated, before, after, events = _complete(settings)
    length = settings.period or "month"
    periods = replace(Periods.spanning([_NOMINAL[length]]), count=before + after)
    starts = np.where(np.arange(sites) < treated, before, before + after)
    spread = _SITE_SPREAD if settings.site_spread is None else settings.site_spread
    told = f"There are no data: every site is expected to have {events:g} events a {length}, with levels that differ"
    notes = [f"{told} by {spread:g} (standard deviation of logs)."]
    if settings.dispersion is None:
        notes.append("No dispersion is given: counts vary as chance makes them, and crime usually varies more.")
    if settings.site_shift is None:
        notes.append("No site_shift is given: no site drifts of its own, and sites usually do.")
    return ExpectedPanel(
        outcome=outcome,
        periods=periods,
        counts=np.full((sites, before + after), float(events)),
        starts=starts,
        dispersion=settings.dispersion or 1.0,
        site_shift=settings.site_shift or 0.0,
        site_spread=spread,
        swing=_SWING,
        notes=tuple(notes),
    )


def _complete(settings: PlanSettings) -> tuple[int, int, int, int, float]:
    missing = [name for name in _NEEDED if getattr(settings, name) is None]
    if missing:
        raise StudyError(
            f"[plan] needs {' and '.join(missing)}, as there are no data before the start that would say it"
        )
    return tuple(getattr(settings, name) for name in _NEEDED)


def expect_from_panel(
    panel: Panel,
    settings: PlanSettings,
    *,
    began: Mapping[str, int],
    after: int,
    sites: Sequence[str],
) -> ExpectedPanel:
    """Expect what the periods before the start show.

    Parameters
    ----------
    panel : of the periods before the first start only
    began : periods from the first start to that of each treated site, 0 or more; empty where it is not known yet
    after : periods from the first start on that the data's calendar holds; `settings.periods_after` comes first
    sites : that take part, treated ones and those to compare with

    Raises
    ------
    StudyError
        Settings that contradict the data, or are needed beside them.
    """
    _refuse_twice(settings, panel, named=bool(began))
    after = settings.periods_after or after
    _require(after, began, settings, sites)
    rows = panel.rows(sites)
    exposure = None if panel.exposure is None else panel.exposure[rows]
    shown = read_baseline(panel.values[rows], exposure, None if panel.weights is None else panel.weights[rows])
    before = len(panel.periods)
    frequency = panel.periods.frequency
    swings = np.concatenate([shown.swings, _season(shown.swings, frequency, after)])
    if exposure is not None:
        exposure = np.hstack([exposure, np.repeat(exposure[:, -1:], after, axis=1)])
    starts = np.array([before + began.get(site, after) for site in sites])
    if not began:
        starts = np.where(np.arange(len(sites)) < (settings.treated or 0), before, before + after)
    at_risk = 1.0 if exposure is None else exposure
    dispersion, shift, notes = _variation(shown, settings)
    return ExpectedPanel(
        outcome=panel.outcome,
        periods=Periods(frequency=frequency, first=panel.periods.first, count=before + after),
        counts=np.asarray(shown.levels[:, None] * swings * at_risk),
        starts=starts,
        dispersion=dispersion,
        site_shift=shift,
        exposure=exposure,
        any_treated=not began,
        notes=notes,
    )


def _refuse_twice(settings: PlanSettings, panel: Panel, *, named: bool) -> None:
    shown = ["sites", "periods_before", "period", "events", "site_spread", *(["treated"] if named else [])]
    twice = [name for name in shown if getattr(settings, name) is not None]
    if twice:
        raise StudyError(
            f"[plan] gives {' and '.join(twice)}, which the data before the start show "
            f"({len(panel.sites)} sites, {len(panel.periods)} periods): leave it out"
        )


def _require(after: int, began: Mapping[str, int], settings: PlanSettings, sites: Sequence[str]) -> None:
    if after < 1:
        raise StudyError("[plan] needs periods_after: the data hold no period after the start that would say it")
    if not began and settings.treated is None:
        raise StudyError("[plan] needs treated, the number of sites, as nothing says yet where the measure begins")
    if not began and settings.treated is not None and settings.treated >= len(sites):
        raise StudyError(f"[plan] treated ({settings.treated}) is fewer than the {len(sites)} sites of the data")
    late = [site for site, place in began.items() if place >= after]
    if late:
        raise StudyError(
            f"{len(late)} of {len(began)} treated sites begin after the {after} periods that are planned, the first "
            f"of them {late[0]!r}: give a larger periods_after in [plan]"
        )


def _season(swings: FloatArray, frequency: str, after: int) -> FloatArray:
    """Repeat the last year's course after the start; level where a year is not there."""
    year = _PER_YEAR.get(frequency)
    if year is None or len(swings) < year:
        return np.ones(after)
    return np.resize(swings[-year:], after)


def _variation(shown: Baseline, settings: PlanSettings) -> tuple[float, float, tuple[str, ...]]:
    notes = []
    dispersion, shift = settings.dispersion, settings.site_shift
    if dispersion is None:
        dispersion = shown.dispersion
        if dispersion is None:
            dispersion = 1.0
            notes.append("Too few cells before the start show how counts vary: they are taken to vary as chance does.")
    if shift is None:
        shift = shown.site_shift
        if shift is None:
            shift = 0.0
            notes.append(
                "Too few periods before the start show how sites drift of their own: they are taken not to drift, "
                "and sites usually do; give site_shift in [plan] if you know better."
            )
    return dispersion, shift, tuple(notes)


def nominal_table(settings: PlanSettings, outcome: Outcome) -> ExpectedTable:
    """Add up what the settings say to the four counts of a table."""
    sites, treated, before, after, events = _complete(settings)
    others = sites - treated
    return ExpectedTable(
        outcome=outcome,
        treated=(treated * before * events, treated * after * events),
        comparison=(others * before * events, others * after * events),
        lengths=(float(before), float(after)),
        sizes=treated / others,
        dispersion=settings.dispersion or 1.0,
        site_shift=settings.site_shift or 0.0,
        areas=(treated, others),
        years=after / _PER_YEAR[settings.period or "month"],
        notes=_table_notes(settings),
    )


def expect_from_table(table: Table, settings: PlanSettings) -> ExpectedTable:
    """Expect after the start what was counted before it, for the length of the period after.

    Raises
    ------
    StudyError
        Settings that contradict the table, or a count of zero before the start.
    """
    shown = [name for name in (*_NEEDED, "period", "site_spread") if getattr(settings, name) is not None]
    if shown:
        raise StudyError(f"[plan] gives {' and '.join(shown)}, which the before/after table says: leave it out")
    longer = table.lengths[1] / table.lengths[0]
    cells = {"treated area": table.treated[0]}
    if table.comparison is not None:
        cells["comparison area"] = table.comparison[0]
    empty = [name for name, count in cells.items() if count == 0]
    if empty:
        raise StudyError(f"nothing was counted before the start in the {empty[0]}, so nothing can be expected after")
    notes = list(_table_notes(settings))
    if table.comparison is None:
        notes.append("There is no comparison area: what is found is a change, and not what the measure did.")
    return ExpectedTable(
        outcome=table.outcome,
        treated=(table.treated[0], table.treated[0] * longer),
        comparison=None if table.comparison is None else (table.comparison[0], table.comparison[0] * longer),
        lengths=table.lengths,
        sizes=table.size("treated") / table.size("comparison"),
        dispersion=settings.dispersion or 1.0,
        site_shift=settings.site_shift or 0.0,
        notes=tuple(notes),
    )


def _table_notes(settings: PlanSettings) -> tuple[str, ...]:
    if settings.dispersion is not None:
        return ()
    return ("No dispersion is given: counts vary as chance makes them, and crime usually varies more.",)
