"""Events prevented year after year, added up before they are ever spread out.

An array of every draw, outcome and year would hold 4.8 GB for a million draws of 20 crimes over 30 years. It
is never made: events of the observed window are a product of periods and years, and those after it the last
observed year times what is kept of it, which is one number a draw and year for all outcomes that end together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.clock import Span, year_shares

__all__ = ["Courses", "Fading", "Stopping", "courses_of", "window_end"]

# Rows that are worked on at once: an intermediate of 30 years then takes 4 MB and stays near the processor.
_ROWS = 16_384


@dataclass(frozen=True, kw_only=True, eq=False)
class Fading:
    """What is kept of an effect after its window, year for year.

    Attributes
    ----------
    retention : share kept from one year to the next, shape (draws,)
    """

    retention: FloatArray

    def years(self, end: float, years: int) -> Iterator[FloatArray | None]:
        """Give for each year how many years' worth of the last observed one it holds, shape (draws,).

        A year holds what is retained at its own end: retention to the power of the years since the window.
        None for a year that lies in the window, of which nothing has to be added.
        """
        kept: FloatArray | None = None
        for year in range(1, years + 1):
            since = year - end
            if since <= 0:
                yield None
                continue
            kept = self.retention**since if kept is None else kept * self.retention
            yield kept if since >= 1 else kept * since


@dataclass(frozen=True, kw_only=True, eq=False)
class Stopping:
    """What is lost of an effect that goes on when the measure is stopped at the end of a year.

    Attributes
    ----------
    retention, stopped : share kept from one year to the next while the measure goes on, and once it has
        stopped, shape (draws,)
    year : the last year of the measure; the window ends in it or before it
    """

    retention: FloatArray
    stopped: FloatArray
    year: int

    def years(self, end: float, years: int) -> Iterator[FloatArray | None]:
        """Give for each year what is lost in years' worth of the last observed one, shape (draws,)."""
        going = self.retention ** max(self.year - end, 0.0)
        left = going
        for year in range(1, years + 1):
            if year <= self.year:
                yield None
                continue
            going, left = going * self.retention, left * self.stopped
            yield going - left


@dataclass(frozen=True, kw_only=True, eq=False)
class Courses:
    """Events prevented of every outcome over the years of the measure.

    Attributes
    ----------
    net : by outcome, in the observed window, shape (draws, periods)
    shares : by outcome, of each period in each year, shape (periods, years)
    ends : by outcome, the end of its window in years
    last : by outcome, events of its last twelve months, shape (draws,); empty where nothing lies after it
    after : what each year after the window holds of them; None where nothing is counted there
    years : of the measure that are counted
    """

    net: Mapping[str, FloatArray]
    shares: Mapping[str, FloatArray]
    ends: Mapping[str, float]
    last: Mapping[str, FloatArray]
    after: Fading | Stopping | None
    years: int

    @property
    def draws(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.net.values())))

    def totals(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Add events up over years, each year weighted, by outcome, shape (draws,).

        Parameters
        ----------
        weights : shape (years,); ones count events, discount factors give their present value
        """
        kept = self._kept(weights)
        found = {}
        for name, net in self.net.items():
            total = net @ (self.shares[name] @ weights)
            if name in self.last:
                total += self.last[name] * kept[self.ends[name]]
            found[name] = np.asarray(total)
        return found

    def mean_by_year(self) -> dict[str, FloatArray]:
        """Give the mean events prevented in each year, by outcome, shape (years,)."""
        means = {name: net.mean(axis=0) @ self.shares[name] for name, net in self.net.items()}
        for end, names in self._by_end().items():
            for place, kept in enumerate(self._fade(end)):
                if kept is not None:
                    for name in names:
                        means[name][place] += self.last[name] @ kept / self.draws
        return means

    def worth_by_year(self, values: Mapping[str, FloatArray], weights: FloatArray) -> Iterator[FloatArray]:
        """Give the worth of the events of each year in turn, over all outcomes, shape (draws,).

        Parameters
        ----------
        values : worth of one event by outcome, shape (draws,); an outcome that is absent counts for nothing
        weights : of each year, shape (years,)
        """
        seen = self._worth_seen(values)
        ends = {end: [name for name in names if name in values] for end, names in self._by_end().items()}
        last = {
            end: np.asarray(sum(self.last[name] * values[name] for name in names))
            for end, names in ends.items()
            if names
        }
        fades = {end: self._fade(end) for end in last}
        for place, weight in enumerate(weights):
            total = seen[place].copy() if place < len(seen) else np.zeros(self.draws)
            for end, fade in fades.items():
                kept = next(fade)
                if kept is not None:
                    total += last[end] * kept
            yield total * weight

    def _worth_seen(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """Give the worth of the window by year, shape (years of the window, draws); rows block by block."""
        window = max((int(np.flatnonzero(part.any(axis=0))[-1]) + 1 for part in self.shares.values() if part.any()),
                     default=0)  # fmt: skip
        seen = np.zeros((window, self.draws))
        for start in range(0, self.draws, _ROWS):
            rows = slice(start, start + _ROWS)
            for name, value in values.items():
                seen[:, rows] += ((self.net[name][rows] @ self.shares[name][:, :window]) * value[rows, None]).T
        return seen

    def _by_end(self) -> dict[float, list[str]]:
        ends: dict[float, list[str]] = {}
        for name in self.last:
            ends.setdefault(self.ends[name], []).append(name)
        return ends

    def _fade(self, end: float) -> Iterator[FloatArray | None]:
        return iter(()) if self.after is None else self.after.years(end, self.years)

    def _kept(self, weights: FloatArray) -> dict[float, FloatArray]:
        totals = {}
        for end in self._by_end():
            total = np.zeros(self.draws)
            for weight, kept in zip(weights, self._fade(end), strict=True):
                if kept is not None:
                    total += weight * kept
            totals[end] = total
        return totals


def courses_of(
    net: Mapping[str, FloatArray],
    spans: Mapping[str, Sequence[Span]],
    years: int,
    after: Fading | Stopping | None,
) -> Courses:
    """Lay the events of every outcome on the years of the measure.

    Years after the window start from the last year that was observed and not from the mean of the window:
    where a measure set in slowly, or place after place, the mean is below where it stood at the end.

    Parameters
    ----------
    net : events prevented by outcome, shape (draws, periods)
    after : None to count nothing after the observed window. With `Stopping` only what is lost after the
        stop is counted, and nothing of the window
    """
    lost = isinstance(after, Stopping)
    return Courses(
        net=net,
        shares={name: year_shares(found, years) * (not lost) for name, found in spans.items()},
        ends={name: window_end(found) for name, found in spans.items()},
        last={} if after is None else {name: _last_year(net[name], found) for name, found in spans.items()},
        after=after,
        years=years,
    )


def window_end(spans: Sequence[Span]) -> float:
    """Give where the last period ends, in years since the start of the measure."""
    return max(span.end for span in spans)


def _last_year(prevented: FloatArray, spans: Sequence[Span]) -> FloatArray:
    """Give events prevented in the last twelve months of the window, or a year's worth of a shorter one."""
    starts, ends = np.array([span.start for span in spans]), np.array([span.end for span in spans])
    inside = np.clip(ends - np.maximum(starts, ends.max() - 1), 0, None)
    return np.asarray(prevented @ (inside / (ends - starts)) / inside.sum())
