"""Counts of many sites, in tables of two rows and two columns, checked where they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evalkit.errors import EvidenceError, first_of
from evalkit.hierarchy.conditional import Binomial, Hypergeometric

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["MOST_EVENTS", "CountTables", "odds_ratios", "rate_ratios", "ratios_of_ratios"]

type Measure = Literal["ratio of ratios", "rate ratio", "odds ratio"]

# The sum over tables that share the margins has some 60 standard deviations of terms: 200,000 for so many events.
MOST_EVENTS = 10_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class CountTables:
    """Counts of every site, in two columns that are compared, and what they are a table of.

    Attributes
    ----------
    names : of the sites
    treated : counts, shape (sites, 2): before and after the start; without and with an event for odds ratios;
        comparison and treated for rate ratios
    comparison : the same of a comparison area or group, shape (sites, 2); None for rate ratios
    treated_offset, comparison_offset : log of the exposure of the second column over that of the first, shape (sites,)
    measure : what the effect is the log of; negative where there was less crime
    """

    names: tuple[str, ...]
    treated: FloatArray
    comparison: FloatArray | None
    treated_offset: FloatArray
    comparison_offset: FloatArray
    measure: Measure

    def __len__(self) -> int:
        """Give the number of sites."""
        return len(self.names)

    def without(self, name: str) -> CountTables:
        """Leave a site out."""
        kept = [index for index, other in enumerate(self.names) if other != name]
        return replace(
            self,
            names=tuple(self.names[index] for index in kept),
            treated=self.treated[kept],
            comparison=None if self.comparison is None else self.comparison[kept],
            treated_offset=self.treated_offset[kept],
            comparison_offset=self.comparison_offset[kept],
        )

    @cached_property
    def silent(self) -> tuple[str, ...]:
        """Sites whose counts are the same whatever the effect is: no events, or all of them on one side."""
        return tuple(name for name, known in zip(self.names, self.informs, strict=True) if not known)

    @cached_property
    def informs(self) -> np.ndarray:
        """Does a site say anything? Shape (sites,)."""
        both = self.treated.sum(axis=1) > 0
        if self.comparison is None:
            return np.asarray(both)
        sides = self.treated + self.comparison
        return np.asarray(both & (self.comparison.sum(axis=1) > 0) & (sides > 0).all(axis=1))

    @cached_property
    def likelihoods(self) -> tuple[Hypergeometric | Binomial, ...]:
        """Give the exact conditional likelihood of each site, without overdispersion."""
        if self.comparison is None:
            return tuple(
                Binomial(events=int(row[1]), total=int(row.sum()), offset=float(offset))
                for row, offset in zip(self.treated, self.treated_offset, strict=True)
            )
        offsets = self.treated_offset - self.comparison_offset
        return tuple(
            Hypergeometric(treated=(int(t[0]), int(t[1])), comparison=(int(c[0]), int(c[1])), offset=float(offset))
            for t, c, offset in zip(self.treated, self.comparison, offsets, strict=True)
        )


def ratios_of_ratios(
    treated: Any,
    comparison: Any,
    *,
    treated_exposure: Any = None,
    comparison_exposure: Any = None,
    names: Sequence[str] = (),
) -> CountTables:
    """Tables of events before and after, in an area with the measure and in one without, for many sites.

    The effect is the log of the ratio of ratios: negative where events fell by more than in the comparison area.

    Parameters
    ----------
    treated, comparison : whole numbers, (before, after), shape (sites, 2)
    treated_exposure, comparison_exposure : what the counts are over, such as months or person-years, shape (sites, 2)
        or (2,); 1 where it is not given
    names : of the sites

    >>> ratios_of_ratios([[30, 20], [0, 0]], [[25, 40], [3, 4]], names=["north", "south"]).silent
    ('south',)
    """
    counts, others = _counts("treated", treated), _counts("comparison", comparison)
    if len(counts) != len(others):
        msg = f"every site has treated and comparison counts; there are {len(counts)} and {len(others)} rows"
        raise EvidenceError(msg)
    return CountTables(
        names=_names(names, len(counts)),
        treated=counts,
        comparison=others,
        treated_offset=_offset("treated_exposure", treated_exposure, len(counts)),
        comparison_offset=_offset("comparison_exposure", comparison_exposure, len(counts)),
        measure="ratio of ratios",
    )


def rate_ratios(
    events: Any,
    comparison_events: Any,
    *,
    exposure: Any = None,
    comparison_exposure: Any = None,
    names: Sequence[str] = (),
) -> CountTables:
    """Events in two groups, or before and after in one area, with what they are over.

    The effect is the log of the first rate over the comparison's: negative where there were fewer events.

    Parameters
    ----------
    events, comparison_events : whole numbers, shape (sites,)
    exposure, comparison_exposure : person-years, months; shape (sites,) or a number; 1 where it is not given
    names : of the sites
    """
    counts = _counts("events and comparison_events", _columns(comparison_events, events))
    exposures = _columns(_or_one(comparison_exposure, len(counts)), _or_one(exposure, len(counts)))
    return CountTables(
        names=_names(names, len(counts)),
        treated=counts,
        comparison=None,
        treated_offset=_offset("exposure", exposures, len(counts)),
        comparison_offset=np.zeros(len(counts)),
        measure="rate ratio",
    )


def odds_ratios(
    events: Any, people: Any, comparison_events: Any, comparison_people: Any, *, names: Sequence[str] = ()
) -> CountTables:
    """People with an event, such as who offended again, of all in a group and in its comparison.

    The effect is the log of the odds ratio: negative where the event became rarer.

    Parameters
    ----------
    events, people, comparison_events, comparison_people : whole numbers, shape (sites,); events among the people
    names : of the sites
    """
    tables = []
    for what, with_event, all_people in (("", events, people), ("comparison_", comparison_events, comparison_people)):
        both = _counts(f"{what}events and {what}people", _columns(with_event, all_people))
        over = np.flatnonzero(both[:, 0] > both[:, 1])
        if len(over):
            row = int(over[0])
            msg = (
                f"site {row + 1} has {both[row, 0]:g} {what}events among {both[row, 1]:g} {what}people: odds ratios "
                "count people once each; use rate_ratios for events that a person can have several of"
            )
            raise EvidenceError(msg)
        tables.append(_columns(both[:, 1] - both[:, 0], both[:, 0]))
    sites = len(tables[0])
    if sites != len(tables[1]):
        msg = f"every site has a group and a comparison; there are {sites} and {len(tables[1])} rows"
        raise EvidenceError(msg)
    nothing = np.zeros(sites)
    return CountTables(
        names=_names(names, sites),
        treated=tables[0],
        comparison=tables[1],
        treated_offset=nothing,
        comparison_offset=nothing,
        measure="odds ratio",
    )


def _counts(what: str, values: Any) -> FloatArray:
    counts = np.asarray(values, float)
    if counts.ndim != 2 or counts.shape[1] != 2 or not len(counts):
        msg = f"{what} has two counts for each site, shape (sites, 2); there is {counts.shape}"
        raise EvidenceError(msg)
    bad = ~(np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts)))
    if bad.any():
        row = int(np.flatnonzero(bad.any(axis=1))[0])
        msg = f"{what} are whole numbers, zero or more; site {row + 1} has {counts[row].tolist()}"
        raise EvidenceError(msg)
    if counts.sum(axis=1).max() > MOST_EVENTS:
        row = int(counts.sum(axis=1).argmax())
        msg = (
            f"site {row + 1} has {counts[row].sum():,.0f} counts in {what}; tables are exact up to {MOST_EVENTS:,}: "
            "where every cell is large give fit_normal the log ratio and its error, and of few events among more "
            "people make rate_ratios, with the people as exposure"
        )
        raise EvidenceError(msg)
    return counts


def _columns(first: Any, second: Any) -> FloatArray:
    one, two = np.atleast_1d(np.asarray(first, float)), np.atleast_1d(np.asarray(second, float))
    if one.shape != two.shape or one.ndim != 1:
        msg = f"counts and what they are over have one number for each site; there are {one.shape} and {two.shape}"
        raise EvidenceError(msg)
    return np.column_stack([one, two])


def _or_one(exposure: Any, sites: int) -> FloatArray:
    return np.broadcast_to(np.asarray(1.0 if exposure is None else exposure, float), (sites,))


def _offset(what: str, exposure: Any, sites: int) -> FloatArray:
    if exposure is None:
        return np.zeros(sites)
    given = np.asarray(exposure, float)
    if given.shape not in {(2,), (sites, 2)} or not (np.isfinite(given) & (given > 0)).all():
        msg = f"{what} is above zero, one number for each count, shape ({sites}, 2) or (2,); there is {given.tolist()}"
        raise EvidenceError(msg)
    return np.broadcast_to(np.log(given[..., 1] / given[..., 0]), (sites,)).copy()


def _names(names: Sequence[str], sites: int) -> tuple[str, ...]:
    found = tuple(names) or tuple(f"site {number}" for number in range(1, sites + 1))
    if len(found) != sites or len(set(found)) != sites:
        twice = sorted({name for name in found if found.count(name) > 1})
        msg = f"names has one name for each of {sites} sites, none twice; there are {len(found)}" + (
            f", twice {first_of(twice)}" if twice else ""
        )
        raise EvidenceError(msg)
    return found
