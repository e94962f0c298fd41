"""Counts of many sites, and what each site's own counts say of its effect once all nuisances are conditioned away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from scipy.special import gammaln, log_expit

from evalkit.errors import EvidenceError, first_of

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = [
    "MOST_EVENTS",
    "Binomial",
    "CountTables",
    "Hypergeometric",
    "SiteLikelihood",
    "odds_ratios",
    "rate_ratios",
    "ratios_of_ratios",
]

type Measure = Literal["ratio of ratios", "rate ratio", "odds ratio"]

# The sum over tables that share the margins has some 60 standard deviations of terms: 200,000 for so many events.
MOST_EVENTS = 10_000_000
# Terms of that sum beyond so many standard deviations are below rounding, also where the distribution is skewed.
_REACH, _MORE = 14.0, 40.0
# Beyond it a ratio is 0 or infinite for any table.
_STEEPEST = 300.0


class SiteLikelihood(Protocol):
    """What one site says of its own effect."""

    @property
    def centre(self) -> float:
        """Give an effect where the likelihood is high: where to look, and no estimate."""
        ...

    @property
    def scale(self) -> float:
        """Give about how wide the likelihood is: how finely to look."""
        ...

    def log_likelihood(self, effect: FloatArray, /) -> FloatArray:
        """Give the log of the probability of the counts at effects of shape (n,)."""
        ...


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


@dataclass(frozen=True, kw_only=True)
class Binomial:
    """Two rates given their total: the share of events that falls on the second is binomial."""

    events: int
    total: int
    offset: float = 0.0

    @property
    def centre(self) -> float:
        """Give about where the likelihood is highest."""
        return float(np.log((self.events + 0.5) / (self.total - self.events + 0.5))) - self.offset

    @property
    def scale(self) -> float:
        """Give about how wide the likelihood is."""
        return float(np.sqrt(1 / (self.events + 0.5) + 1 / (self.total - self.events + 0.5)))

    def log_likelihood(self, effect: FloatArray, /) -> FloatArray:
        """Give the log probability of the events, given the total, at effects of shape (n,)."""
        place = np.asarray(effect, float) + self.offset
        other = self.total - self.events
        ways = gammaln(self.total + 1.0) - gammaln(self.events + 1.0) - gammaln(other + 1.0)
        return np.asarray(ways + self.events * log_expit(place) + other * log_expit(-place))


@dataclass(frozen=True, kw_only=True)
class Hypergeometric:
    """A two-by-two table given its margins: Fisher's noncentral hypergeometric distribution.

    Given how many events the treated area had, how many the comparison area, and how many fell after, the treated
    area's events after depend on the effect alone: the level of either area and the change that both have are gone
    (Stijnen, Hamza and Özdemir 2010, doi:10.1002/sim.4040). No cell needs a half added.
    """

    treated: tuple[int, int]
    comparison: tuple[int, int]
    offset: float = 0.0

    @property
    def centre(self) -> float:
        """Give about where the likelihood is highest."""
        (b, a), (d, c) = self.treated, self.comparison
        return float(np.log((a + 0.5) / (b + 0.5) * (d + 0.5) / (c + 0.5))) - self.offset

    @property
    def scale(self) -> float:
        """Give about how wide the likelihood is."""
        return float(np.sqrt(sum(1 / (cell + 0.5) for cell in (*self.treated, *self.comparison))))

    def log_likelihood(self, effect: FloatArray, /) -> FloatArray:
        """Give the log probability of the table, given its margins, at effects of shape (n,)."""
        place = np.asarray(effect, float) + self.offset
        cell, first, second, column = self._margins
        low, high = self._window(float(place.min()), float(place.max()))
        # ratios of neighbours, added up from the table itself: no large number is taken from another
        at = np.arange(low, high, dtype=float)
        ratio = (first - at) * (column - at) / ((at + 1) * (second - column + at + 1))
        logs = np.concatenate([[0.0], np.cumsum(np.log(ratio))])
        logs -= logs[cell - low]
        terms = logs + np.multiply.outer(place, np.arange(low - cell, high - cell + 1, dtype=float))
        highest = terms.max(axis=1)
        return np.asarray(-highest - np.log(np.exp(terms - highest[:, None]).sum(axis=1)))

    @property
    def _margins(self) -> tuple[int, int, int, int]:
        return self.treated[1], sum(self.treated), sum(self.comparison), self.treated[1] + self.comparison[1]

    def _window(self, lowest: float, highest: float) -> tuple[int, int]:
        """Give the first and last count that matter for effects from lowest to highest."""
        cell, first, second, column = self._margins
        start, end = max(0, column - second), min(first, column)
        ends = []
        for place, side in ((lowest, -1), (highest, 1)):
            mode = _mode(place, first, second, column)
            cells = np.array([mode, first - mode, column - mode, second - column + mode])
            ends.append(mode + side * (_REACH / np.sqrt((1 / (np.maximum(cells, 0) + 1)).sum()) + _MORE))
        return max(start, min(int(ends[0]), cell)), min(end, max(int(ends[1]) + 1, cell))


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


def _mode(place: float, first: int, second: int, column: int) -> float:
    """Give about the likeliest count: where the ratio of neighbouring tables is one."""
    odds = float(np.exp(np.clip(place, -_STEEPEST, _STEEPEST)))
    low = max(0, column - second)
    # counted from the least that is possible, so that all but the last of these are zero or above
    one, two, left, right = first - low, column - low, low, second - column + low
    a, b = odds - 1, (one + two) * odds + 2 + left + right
    c = one * two * odds - (1.0 + left) * (1 + right)
    return low + 2 * c / (b + float(np.sqrt(max(b * b - 4 * a * c, 0.0))))


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
            "beyond it give fit_normal the log ratio and its error, which differ from the exact answer by less than "
            "a thousandth of the error"
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
