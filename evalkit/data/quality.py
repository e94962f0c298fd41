"""What became of every row of a file: counted, or left out for a reason that has a name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from evalkit.data.findings import FINDINGS
from evalkit.data.located import LocatedChange, located_change
from evalkit.errors import DataError, first_of, nearest

__all__ = [
    "FINDINGS",
    "DataQuality",
    "Finding",
    "SourceFile",
    "UnlocatedShare",
    "combined",
    "findings_together",
    "source_file",
]


# Findings that move counts over time, as an effect does.
_CAUTIONS = {
    "partial-period": "a period is not covered whole, so that its counts are too low",
    "source-gap": "there are periods without rows, which are missing and not zero",
    "source-ends": "there are periods without rows, which are missing and not zero",
    "suppressed": "counts were not published, which are missing and not zero",
    "not-a-count": "cells hold no count, which are missing and not zero",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something to know about the rows of a file.

    Attributes
    ----------
    name : of `FINDINGS`
    rows : how many rows (or cells, periods, columns: `unit`)
    distinct : how many different ids (areas, types, periods) these are, where that is worth telling
    detail : which, in words; the first few by name
    """

    name: str
    rows: int
    distinct: int | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if self.name not in FINDINGS:
            msg = f"no finding {self.name!r}; {nearest(self.name, FINDINGS, 40)}"
            raise DataError(msg)
        if self.rows < 0:
            msg = f"finding {self.name!r} counts zero or more; there is {self.rows}"
            raise DataError(msg)

    @property
    def drops(self) -> bool:
        """Are these rows left out of the counts?"""
        return FINDINGS[self.name].drops

    @property
    def unit(self) -> str:
        """What is counted: rows, cells, periods, columns."""
        return FINDINGS[self.name].unit

    @property
    def says(self) -> str:
        """What it means."""
        return FINDINGS[self.name].says


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file that was read.

    Attributes
    ----------
    name : without its folder
    sha256 : of its bytes
    rows : below the heading
    """

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class UnlocatedShare:
    """How many rows of a period have no place; a share that changes over time looks like an effect.

    Attributes
    ----------
    period : its label
    rows : that have a period, whether they have a place or not
    unlocated : of them, without a place
    """

    period: str
    rows: int
    unlocated: int

    @property
    def share(self) -> float | None:
        """Share without a place, or None where there are no rows."""
        return self.unlocated / self.rows if self.rows else None


@dataclass(frozen=True, kw_only=True)
class DataQuality:
    """What a reader saw, and what became of it.

    Attributes
    ----------
    preset : the layout that was read
    files : in the order in which they were read
    rows_read : below the heading, of all files
    rows_counted : that are in the counts
    events : what the counts add up to; for incidents, as many as rows counted
    findings : those of `drops` add up to the rows that were not counted
    unlocated : by period, in order; empty where a row always has its place
    gaps : periods without rows, by source
    columns : names of the columns in the (first) file, by ours
    first, last : labels of the first and the last period that is counted; empty where none is
    caveats : what an evaluator must know of this source, a sentence each
    """

    preset: str
    files: tuple[SourceFile, ...] = ()
    rows_read: int
    rows_counted: int
    events: int | None = None
    findings: tuple[Finding, ...] = ()
    unlocated: tuple[UnlocatedShare, ...] = ()
    gaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    caveats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [finding.name for finding in self.findings]
        if len(set(names)) < len(names):
            msg = f"a finding stands twice: {names}"
            raise DataError(msg)
        if self.rows_read != self.rows_counted + self.rows_dropped:
            msg = (
                f"{self.rows_read} rows were read, {self.rows_counted} counted and {self.rows_dropped} left out for a "
                "reason: every row is one or the other"
            )
            raise DataError(msg)

    @property
    def rows_dropped(self) -> int:
        """How many rows are not in the counts."""
        return sum(finding.rows for finding in self.findings if finding.drops)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What may look like an effect and is none, a sentence each."""
        files = first_of([file.name for file in self.files], 2)
        said = [f"{files}: {_CAUTIONS[each.name]} ({each.detail})." for each in self.findings if each.name in _CAUTIONS]
        change = self.located_change
        if change is not None and change.changes:
            said.append(f"{files}: {change.says}.")
        return tuple(said)

    @cached_property
    def located_change(self) -> LocatedChange | None:
        """Whether the share without a place changes over time; None where every row has one."""
        shares = [each for each in self.unlocated if each.rows]
        return located_change([each.rows for each in shares], [each.unlocated for each in shares])

    def rows(self, name: str) -> int:
        """Give how many rows (cells, periods, ...) a finding has; 0 where it was not made.

        Raises
        ------
        DataError
            No finding has this name.
        """
        if name not in FINDINGS:
            msg = f"no finding {name!r}; {nearest(name, FINDINGS, 40)}"
            raise DataError(msg)
        return next((finding.rows for finding in self.findings if finding.name == name), 0)


def combined(qualities: Sequence[DataQuality]) -> DataQuality:
    """Put what was seen in several files together.

    Raises
    ------
    DataError
        There is none, or they were read in different layouts.
    """
    layouts = {each.preset for each in qualities}
    if len(layouts) != 1:
        msg = f"wanted are files of one layout; there is {sorted(layouts) or 'none'}"
        raise DataError(msg)
    events = [each.events for each in qualities]
    return DataQuality(
        preset=qualities[0].preset,
        files=tuple(chain.from_iterable(each.files for each in qualities)),
        rows_read=sum(each.rows_read for each in qualities),
        rows_counted=sum(each.rows_counted for each in qualities),
        events=None if None in events else sum(each for each in events if each is not None),
        findings=findings_together(chain.from_iterable(each.findings for each in qualities)),
        unlocated=_shares_together(chain.from_iterable(each.unlocated for each in qualities)),
        gaps=_gaps_together(qualities),
        columns=qualities[0].columns,
        first=min((each.first for each in qualities if each.first), default=""),
        last=max(each.last for each in qualities),
        caveats=tuple(dict.fromkeys(chain.from_iterable(each.caveats for each in qualities))),
    )


def findings_together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Add up findings of one name, and give them in the order of `FINDINGS`."""
    by_name: dict[str, list[Finding]] = {}
    for finding in findings:
        by_name.setdefault(finding.name, []).append(finding)
    return tuple(
        Finding(
            name=name,
            rows=sum(each.rows for each in by_name[name]),
            # the same id may stand in two files: how many differ is no longer known
            distinct=by_name[name][0].distinct if len(by_name[name]) == 1 else None,
            detail="; ".join(dict.fromkeys(each.detail for each in by_name[name] if each.detail)),
        )
        for name in FINDINGS
        if name in by_name
    )


def _shares_together(shares: Iterable[UnlocatedShare]) -> tuple[UnlocatedShare, ...]:
    by_period: dict[str, list[UnlocatedShare]] = {}
    for share in shares:
        by_period.setdefault(share.period, []).append(share)
    return tuple(
        UnlocatedShare(
            period=period, rows=sum(each.rows for each in found), unlocated=sum(each.unlocated for each in found)
        )
        for period, found in sorted(by_period.items())
    )


def _gaps_together(qualities: Iterable[DataQuality]) -> dict[str, tuple[str, ...]]:
    gaps: dict[str, tuple[str, ...]] = {}
    for each in qualities:
        for source, periods in each.gaps.items():
            gaps[source] = tuple(sorted({*gaps.get(source, ()), *periods}))
    return gaps


def source_file(path: Path, rows: int) -> SourceFile:
    """Name a file with the hash of its bytes, which are read in blocks."""
    with path.open("rb") as file:
        return SourceFile(name=path.name, sha256=hashlib.file_digest(file, "sha256").hexdigest(), rows=rows)
