"""What there is to say of files of counts once they are laid out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evalkit.data.counts.cells import COUNTED, MISSING, SUPPRESSED
from evalkit.data.counts.records import CountRecords
from evalkit.data.counts.rows import REASONS, CountRows
from evalkit.data.findings import FINDINGS
from evalkit.data.quality import Finding
from evalkit.domain.periods import Periods
from evalkit.errors import first_of

__all__ = ["Laid", "count_findings", "gaps_of"]

# A first or last period is taken for part of one where it has less than this share of the least among its neighbours.
_PART = 2 / 3
_NEIGHBOURS = 12
_FEWEST = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Laid:
    """Counts laid out, shapes (areas, periods, crimes); `there` says which cells had a row."""

    areas: tuple[str, ...]
    periods: Periods
    crimes: tuple[str, ...]
    counts: np.ndarray
    states: np.ndarray
    there: np.ndarray


def count_findings(records: CountRecords, rows: CountRows, laid: Laid, form: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give every finding, in the order of `FINDINGS`."""
    found = [*form, *_left_out(records, rows), *_noted(rows), *_cells(laid, rows), *_periods(laid)]
    merged: dict[str, Finding] = {}
    for each in found:
        if not each.rows:
            continue
        before = merged.get(each.name)
        merged[each.name] = (
            each
            if before is None
            else Finding(
                name=each.name,
                rows=before.rows + each.rows,
                detail="; ".join(dict.fromkeys((before.detail, each.detail))),
            )
        )
    return tuple(merged[name] for name in FINDINGS if name in merged)


def gaps_of(laid: Laid) -> dict[str, tuple[str, ...]]:
    """Give periods of which no area has a row, under the name "all areas"."""
    empty = ~laid.there.any(axis=(0, 2))
    labels = tuple(label for label, gone in zip(laid.periods.labels, empty, strict=True) if gone)
    return {"all areas": labels} if labels else {}


def _left_out(records: CountRecords, rows: CountRows) -> Iterable[Finding]:
    often = np.bincount(records.reasons, minlength=len(REASONS))
    for reason, count in zip(REASONS, often, strict=True):
        if reason and count:
            yield Finding(name=reason, rows=int(count), detail=_examples(rows, reason))


def _noted(rows: CountRows) -> Iterable[Finding]:
    for name, count in rows.columns.noted.items():
        if name not in REASONS:
            yield Finding(name=name, rows=count, detail=_examples(rows, name))
    yield from _unknown_crimes(rows)


def _examples(rows: CountRows, name: str) -> str:
    examples = sorted(rows.columns.details.get(name, ()))
    return ", ".join(examples[:3]) + (f" and {len(examples) - 3} more" if len(examples) > 3 else "")


def _unknown_crimes(rows: CountRows) -> Iterable[Finding]:
    preset = rows.preset
    if not preset.crimes.classes or preset.crimes.nested:
        return  # keys that contain each other are hundreds, and only the wanted ones are in a preset
    unknown = [
        name
        for name in rows.columns.crimes.texts
        if preset.crime_class(*name.split(": ", 1)) is None and not preset.is_total(name.split(": ", 1)[0])
    ]
    if unknown:
        numbers = [rows.columns.crimes.places[name] for name in unknown]
        pairs = zip(rows.records["crime"], rows.records["row"], strict=True)
        often = sum(len(np.unique(row[np.isin(crime, numbers)])) for crime, row in pairs)
        yield Finding(name="unknown-crime", rows=often, distinct=len(unknown), detail=first_of(sorted(unknown)))


def _cells(laid: Laid, rows: CountRows) -> Iterable[Finding]:
    suppressed, missing = laid.states == SUPPRESSED, laid.states == MISSING
    yield Finding(name="suppressed", rows=int(suppressed.sum()), detail=_where(laid, suppressed))
    absent = missing & ~laid.there
    detail = f"{int(absent.sum())} of them have no row" if absent.any() else ""
    yield Finding(name="missing", rows=int(missing.sum()), detail=detail or _where(laid, missing))
    cells = rows.cells
    if cells.not_counts:
        detail = first_of(sorted(cells.not_counts))
        yield Finding(name="not-a-count", rows=cells.not_counts.total(), detail=detail)
    if cells.flagged:
        detail = ", ".join(f"{often} {says}" for says, often in cells.flagged.most_common())
        yield Finding(name="flagged", rows=cells.flagged.total(), detail=detail)
    yield Finding(name="thousands-mark", rows=cells.thousands)
    yield Finding(name="decimal-comma", rows=cells.decimals)


def _where(laid: Laid, at: np.ndarray) -> str:
    areas = [laid.areas[place] for place in np.flatnonzero(at.any(axis=(1, 2)))]
    return f"in {len(areas)} area{'s' * (len(areas) > 1)}: {first_of(areas)}" if areas else ""


def _periods(laid: Laid) -> Iterable[Finding]:
    gaps = gaps_of(laid).get("all areas", ())
    inner = laid.there.any(axis=(0, 2))
    has = np.flatnonzero(inner)
    between = [label for place, label in enumerate(laid.periods.labels) if label in gaps and has[0] < place < has[-1]]
    yield Finding(name="source-gap", rows=len(between), detail=first_of(between))
    yield Finding(
        name="source-ends", rows=len(gaps) - len(between), detail=first_of([g for g in gaps if g not in between])
    )
    for label, total, least in _partial(laid):
        detail = f"{label} has {total} events, and the fewest among its neighbours is {least}"
        yield Finding(name="partial-period", rows=1, detail=detail)


def _partial(laid: Laid) -> Iterable[tuple[str, int, int]]:
    """Find a last or a first period that seems to be cut off: it has far fewer events than any near it."""
    totals = laid.counts.sum(axis=(0, 2))
    whole = np.flatnonzero((laid.states == COUNTED).any(axis=(0, 2)))
    if len(whole) <= _FEWEST:
        return
    for end, near in ((whole[-1], whole[:-1][-_NEIGHBOURS:]), (whole[0], whole[1:][:_NEIGHBOURS])):
        least, total = int(totals[near].min()), int(totals[end])
        # three standard deviations of a Poisson count, so that few events are not called a part
        if total < _PART * least and total < least - 3 * np.sqrt(least):
            yield laid.periods.labels[end], total, least
