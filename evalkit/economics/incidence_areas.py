"""Where the events were prevented, and what that is worth there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Amount
from evalkit.economics.clock import year_shares
from evalkit.economics.inputs import Inputs, Worth
from evalkit.economics.rates import Rates

__all__ = ["LOCAL_BEARERS", "AreaLine", "lines_by_area", "worth_by_bearer"]

# Who is where the crime is; what the police, the courts or the insured of a whole country save is not in the area.
LOCAL_BEARERS = ("victims", "residents", "businesses")

type AreaKind = Literal["treated site", "treated areas", "nearby areas"]


@dataclass(frozen=True, kw_only=True)
class AreaLine:
    """What was prevented in one area, and what that is worth to each bearer, in present value.

    Attributes
    ----------
    area : name of the site; "treated areas" or "nearby areas" where an effect is known for all of them together
    kind : of the area
    known : "draws" where the area has draws of its own and so a range; "estimate" where only the effect at its
        estimate is known by site, and there is no range
    events : as they were counted, at the estimate of the site, or the mean of the draws; below zero where
        there were more than expected, such as those that moved there
    gains : mean worth of these events by bearer, whoever and wherever that is; below zero where the area loses.
        Over all areas a bearer's gains add up to its benefits. Empty without prices
    gain : of all bearers, with its range; None where the area has no draws or there are no prices
    """

    area: str
    kind: AreaKind
    known: Literal["draws", "estimate"]
    events: float
    gains: Mapping[str, float]
    gain: Amount | None

    @property
    def total(self) -> float | None:
        """Mean worth to all bearers; None without prices."""
        return sum(self.gains.values()) if self.gains else None

    @property
    def local(self) -> float | None:
        """Mean worth to those who are in the area; None where the prices name none of them."""
        found = [amount for bearer, amount in self.gains.items() if bearer in LOCAL_BEARERS]
        return sum(found) if found else None


@dataclass(kw_only=True)
class _Part:
    """What one outcome adds to an area; `draws` None where the area has none of its own."""

    kind: AreaKind
    area: str
    events: float
    gains: dict[str, float] = field(default_factory=dict)
    draws: FloatArray | None = None


def worth_by_bearer(value: Worth, rates: Rates, *, is_health: bool) -> dict[str, FloatArray]:
    """Give what one counted event is worth to each bearer, of the components at one kind of rate, (draws,) each."""
    found: dict[str, FloatArray] = {}
    for priced in value.lines:
        if rates.is_health(priced.line) != is_health:
            continue
        found[priced.line.bearer] = found.get(priced.line.bearer, 0) + priced.draws * value.multiplier
    return found


def lines_by_area(inputs: Inputs, rates: Rates, counted: Iterable[str]) -> tuple[AreaLine, ...]:
    """Say what came of each area inside the observed window.

    A site's gain is its events at the estimate times the mean worth of one. What lies between that and the
    mean of the draws, over all sites, is shared out by the events expected: the change is one number for all, and
    so its error is in proportion to them.

    Parameters
    ----------
    rates : of the observed window
    counted : outcomes whose events are counted; the gains are of all outcomes
    """
    among, parts = set(counted), []
    for name, effect in inputs.effects.items():
        value = inputs.worth.get(name)
        for factors, is_health in rates.kinds:
            weights = year_shares(inputs.clock.spans[name], len(factors)) @ factors
            unit = {} if value is None else worth_by_bearer(value, rates, is_health=is_health)
            for part in _parts(effect, weights, unit):
                if name not in among or is_health:  # events are counted once
                    part.events = 0.0
                parts.append(part)
    return _lines(parts, inputs.level, has_prices=bool(inputs.worth))


def _parts(effect: Effect, weights: FloatArray, unit: Mapping[str, FloatArray]) -> Iterator[_Part]:
    if effect.prevented is not None:
        yield from _treated(effect, effect.prevented, weights, unit)
    moved = effect.displacement.prevented if effect.displacement is not None else None
    if moved is not None:
        yield _whole("nearby areas", "nearby areas", moved, weights, unit)


def _whole(
    kind: AreaKind, area: str, prevented: FloatArray, weights: FloatArray, unit: Mapping[str, FloatArray]
) -> _Part:
    present = prevented @ weights
    gains = {bearer: float(np.mean(present * each)) for bearer, each in unit.items()}
    draws = np.asarray(present * sum(unit.values(), start=np.zeros(len(present))))
    return _Part(kind=kind, area=area, events=float(prevented.sum(axis=1).mean()), gains=gains, draws=draws)


def _treated(
    effect: Effect, prevented: FloatArray, weights: FloatArray, unit: Mapping[str, FloatArray]
) -> Iterator[_Part]:
    """Give the treated sites, or the treated areas as a whole where nothing is known by site."""
    whole = _whole("treated areas", "treated areas", prevented, weights, unit)
    cells = effect.cells
    sites = [] if cells is None else np.flatnonzero(np.asarray(cells.treated).any(axis=1)).tolist()
    if cells is None or not sites:
        yield whole
        return
    if len(sites) == 1:  # what is known of the whole is known of the one site
        yield _whole("treated site", cells.sites[sites[0]], prevented, weights, unit)
        return
    at = dict(zip(effect.periods, weights, strict=True))
    by_period = np.array([at.get(period, 0.0) for period in cells.periods])
    treated = np.asarray(cells.treated)[sites]
    found = np.where(treated, cells.prevented[sites], 0.0)
    estimated = found @ by_period
    shares = _shares(np.where(treated, cells.expected[sites], 0.0) @ by_period)
    for place, site in enumerate(sites):
        gains = {}
        for bearer, each in unit.items():
            mean = float(np.mean(each))
            rest = whole.gains[bearer] - mean * float(estimated.sum())
            gains[bearer] = mean * float(estimated[place]) + rest * float(shares[place])
        yield _Part(kind="treated site", area=cells.sites[site], events=float(found[place].sum()), gains=gains)


def _shares(expected: FloatArray) -> FloatArray:
    total = expected.sum()
    # a model on counts may expect less than nothing in a cell
    if total <= 0 or (expected < 0).any():
        return np.full(len(expected), 1 / len(expected))
    return np.asarray(expected / total)


def _lines(parts: Iterable[_Part], level: float, *, has_prices: bool) -> tuple[AreaLine, ...]:
    """Add up the outcomes of each area; one without draws leaves the area without a range."""
    areas: dict[tuple[AreaKind, str], list[_Part]] = {}
    for part in parts:
        areas.setdefault((part.kind, part.area), []).append(part)
    lines = []
    for (kind, area), several in areas.items():
        gains: dict[str, float] = {}
        for part in several:
            for bearer, amount in part.gains.items():
                gains[bearer] = gains.get(bearer, 0.0) + amount
        drawn = [part.draws for part in several if part.draws is not None]
        whole = len(drawn) == len(several)
        gain = Amount.of(np.asarray(sum(drawn)), level) if whole and has_prices else None
        lines.append(
            AreaLine(
                area=area,
                kind=kind,
                known="draws" if whole else "estimate",
                events=sum(part.events for part in several),
                gains=gains,
                gain=gain,
            )
        )
    order = {"treated site": 0, "treated areas": 1, "nearby areas": 2}
    return tuple(sorted(lines, key=lambda line: order[line.kind]))
