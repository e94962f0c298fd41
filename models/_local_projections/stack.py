"""Clean comparisons: sites that switch the measure on, against sites that change nothing meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray

__all__ = ["Baseline", "Kind", "Stack", "stack"]

type Baseline = Literal["last", "mean"]
type Kind = Literal["before", "on", "after"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Sites that switch on in one period, seen in another, and the sites that change nothing until then.

    Attributes
    ----------
    kind : seen before the start, while the measure is on, or after it ended
    start, seen : places of the first treated period and of the period looked at
    time : periods since the start ("before", negative, and "on") or since the end ("after")
    treated, control : which sites, shape (sites,)
    """

    kind: Kind
    start: int
    seen: int
    time: int
    treated: np.ndarray
    control: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Stack:
    """All clean comparisons side by side.

    Attributes
    ----------
    comparisons : shape (g,)
    difference : outcome in the period seen less that before the start, shape (sites, g)
    treated, control : weights of a site in a comparison, zero where it is not in that arm, shape (sites, g)
    long : what a comparison takes of each period's outcome, shape (g, periods)
    covariates : as they stood in the period before the start, shape (sites, g, c)
    """

    comparisons: tuple[Comparison, ...]
    difference: FloatArray
    treated: FloatArray
    control: FloatArray
    long: FloatArray
    covariates: FloatArray

    def where(self, kind: Kind) -> np.ndarray:
        """Which comparisons are of that kind, shape (g,)."""
        return np.array([each.kind == kind for each in self.comparisons])

    @property
    def times(self) -> np.ndarray:
        """Time of each comparison, shape (g,)."""
        return np.array([each.time for each in self.comparisons])


def stack(
    outcome: FloatArray,
    weights: FloatArray,
    on: np.ndarray,
    covariates: FloatArray,
    *,
    stable: int | None,
    baseline: Baseline,
) -> Stack:
    """Make every clean comparison that has sites on both sides.

    Parameters
    ----------
    outcome, weights : shape (sites, periods)
    on : does the site have the measure? same shape
    covariates : shape (sites, periods, c)
    stable : periods without a change of treatment that make a site clean; None asks that it was never treated
    baseline : the period before the start, or the mean of the clean periods before it
    """
    periods = outcome.shape[1]
    kept, loads, arms, held = [], [], [], []
    for each in _comparisons(on, stable):
        load = _load(each, periods, stable, baseline)
        used = (weights[:, load != 0] > 0).all(axis=1)
        treated, control = each.treated & used, each.control & used
        if treated.any() and control.any():
            kept.append(each)
            loads.append(load)
            arms.append(weights[:, each.seen, None] * np.stack([treated, control], axis=1))
            held.append(covariates[:, each.start - 1])
    sites = len(outcome)
    if not kept:
        return Stack(
            comparisons=(),
            difference=np.empty((sites, 0)),
            treated=np.empty((sites, 0)),
            control=np.empty((sites, 0)),
            long=np.empty((0, periods)),
            covariates=np.empty((sites, 0, covariates.shape[2])),
        )
    long, weighed = np.array(loads), np.stack(arms, axis=2)
    return Stack(
        comparisons=tuple(kept),
        difference=np.where(weights > 0, outcome, 0.0) @ long.T,
        treated=weighed[:, 0],
        control=weighed[:, 1],
        long=long,
        covariates=np.stack(held, axis=1),
    )


def _load(each: Comparison, periods: int, stable: int | None, baseline: Baseline) -> FloatArray:
    load = np.zeros(periods)
    first = each.start - 1 if baseline == "last" else 0 if stable is None else max(0, each.start - stable)
    load[first : each.start] = -1 / (each.start - first)
    load[each.seen] += 1
    return load


def _comparisons(on: np.ndarray, stable: int | None) -> Iterator[Comparison]:
    """Go through starts and periods seen; before the data begin, nothing is taken to have changed."""
    periods = on.shape[1]
    before = np.concatenate([np.zeros((len(on), 1), bool), on[:, :-1]], axis=1)
    ends = _ends(on)
    for start in range(1, periods):
        entering = on[:, start] & ~before[:, start]
        if not entering.any():
            continue
        for seen in (*range(start - 1), *range(start, periods)):
            first = 0 if stable is None else max(0, min(start - stable, seen))
            entry = entering & ~on[:, first:start].any(axis=1)
            moved = on if stable is None else on != before
            calm = ~moved[:, first : max(start, seen) + 1].any(axis=1)
            if entry.any():
                yield from _kinds(start, seen, entry=entry, calm=calm, ends=ends[:, start], on=on)


def _kinds(
    start: int, seen: int, *, entry: np.ndarray, calm: np.ndarray, ends: np.ndarray, on: np.ndarray
) -> Iterator[Comparison]:
    """Part the sites that start together by what has become of the measure in the period seen."""

    def made(kind: Kind, time: int, treated: np.ndarray) -> Comparison:
        return Comparison(kind=kind, start=start, seen=seen, time=time, treated=treated, control=calm)

    if seen < start:
        yield made("before", seen - start, entry)
        return
    still = entry & (ends > seen)
    if still.any():
        yield made("on", seen - start, still)
    gone = entry & (ends <= seen)
    for end in np.unique(ends[gone]).tolist():
        # what is left is told until the measure comes back
        yield made("after", seen - end, gone & (ends == end) & ~on[:, end : seen + 1].any(axis=1))


def _ends(on: np.ndarray) -> np.ndarray:
    """First period without the measure at or after each period, shape (sites, periods); their number where none."""
    periods = on.shape[1]
    places = np.where(on, periods, np.arange(periods))
    return np.asarray(np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1])
