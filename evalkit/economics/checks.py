"""What may not be added up: refused before anything is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol

import numpy as np

from evalkit.domain import Effect, crime_classes
from evalkit.draws import FloatArray, settled_mean
from evalkit.economics.bearers import PUBLIC_PURSE, SOCIETY
from evalkit.economics.faults import NoMeanError
from evalkit.economics.ledger import Costs
from evalkit.economics.price_files import price_schedules
from evalkit.economics.prices import NOT_SPLIT, Multipliers, Prices
from evalkit.errors import CostError, first_of, nearest

__all__ = [
    "check_effects",
    "check_multipliers",
    "check_perspective",
    "counts",
    "refuse_idle",
    "refuse_misspelt",
    "refuse_no_mean",
    "refuse_not_split",
    "refuse_shared_cost",
]

# Share of letters in common: 'burgling' and 'burglary' have 0.63 of them.
_ALIKE = 0.6


class _Borne(Protocol):
    """Something that somebody bears: a flow, a unit cost, or a sum of them."""

    @property
    def bearer(self) -> str: ...

    @property
    def only_moves(self) -> bool: ...


def check_effects(effects: Mapping[str, Effect], *, disjoint: bool) -> list[str]:
    """Refuse effects that cannot be added up; give the warnings about those that perhaps cannot."""
    if not effects:
        raise CostError("there is no effect to appraise")
    for name, effect in effects.items():
        if effect.prevented is None:
            raise CostError(
                f"the effect on {name!r} has no events prevented ({effect.outcome.kind}): only counts of "
                "events can be given a price; leave it out of the appraisal"
            )
        if effect.outcome.good == "more":
            raise CostError(f"more of {name!r} is good: it is no harm that is prevented; leave it out")
    sizes = {name: effect.draws for name, effect in effects.items()}
    if len(set(sizes.values())) > 1:
        raise CostError(f"effects that are added up have the same number of draws; there is {sizes}")
    return _check_overlap({name: effect.outcome.crime for name, effect in effects.items()}, disjoint=disjoint)


def refuse_no_mean(effects: Mapping[str, Effect], totals: Mapping[str, FloatArray] | None = None) -> None:
    """Refuse an effect whose total has no mean: means add up money, and that one is an accident.

    Parameters
    ----------
    totals : of events by outcome, shape (draws,); by default what each effect prevented, net
    """
    for name, effect in effects.items():
        if totals is None and effect.net_prevented is None:
            continue
        with np.errstate(over="ignore"):  # draws that large have no mean in any case
            total = _total(effect) if totals is None else totals[name]
            settled, mean = settled_mean(total), float(total.mean())
        if settled is None:
            raise NoMeanError(name, effect.outcome.plural, median=float(np.median(total)), mean=mean)


def _total(effect: Effect) -> FloatArray:
    net = effect.net_prevented
    return np.zeros(effect.draws) if net is None else np.asarray(net.sum(axis=1))


# Classes that hold the other in some schemes and not in others (theft without vehicle theft in the United States).
_MAY_HOLD = (
    ("theft", "vehicle-theft"),
    ("theft", "theft-from-vehicle"),
    ("assault", "aggravated-assault"),
    ("criminal-damage", "arson"),
)


def _check_overlap(crimes: Mapping[str, str | None], *, disjoint: bool) -> list[str]:
    named = [(name, crime) for name, crime in crimes.items() if crime is not None]
    totals = [name for name, crime in named if crime == "crime"]
    parts = [name for name, crime in named if crime != "crime"]
    if totals and parts:
        raise CostError(
            f"{totals[0]!r} is all crime together and already holds {first_of(parts)}: adding them counts "
            "the same events twice; appraise the total or its parts"
        )
    if disjoint:
        return []
    for place, (name, crime) in enumerate(named):
        for other, same in named[place + 1 :]:
            if crime == same:
                raise CostError(
                    f"{name!r} and {other!r} both count {crime}: adding them counts events twice; appraise "
                    "one, or say disjoint = true where no event is in both"
                )
    return [
        f"{whole.capitalize()} may hold {part.replace('-', ' ')} in some countries' counts: the benefits are "
        "right only if no event was counted in both."
        for whole, part in _MAY_HOLD
        if {whole, part} <= {crime for _, crime in named}
    ]


def counts(line: _Borne, perspective: str, public: Collection[str]) -> bool:
    """Say whether the perspective counts a line; what only moves from one to another is nothing to society."""
    if perspective == SOCIETY:
        return not line.only_moves
    return line.bearer in public if perspective == PUBLIC_PURSE else line.bearer == perspective


def check_perspective(perspective: str, costs: Costs, prices: Prices | None) -> None:
    """Refuse a perspective that nobody in the ledger or the prices has."""
    found = {flow.bearer for flow in costs.flows} | {flow.received_by for flow in costs.flows if flow.received_by}
    found |= {line.bearer for line in prices.unit_costs} if prices else set()
    known = (SOCIETY, PUBLIC_PURSE, *sorted(found - {NOT_SPLIT}))
    if perspective not in known:
        raise CostError(f"no perspective {perspective!r}; {nearest(perspective, known, 20)}")


def refuse_misspelt(prices: Prices, unpriced: Mapping[str, str]) -> None:
    """Refuse a crime of the prices that is no class of crime and is all but the name of one without a price."""
    wanted = {key: name for name, crime in unpriced.items() for key in (name, crime)}
    for crime in prices.crimes:
        close = get_close_matches(crime, wanted, n=1, cutoff=0.8)
        if close and crime not in crime_classes():
            raise CostError(
                f"prices {prices.name!r} have a unit cost of {crime!r}, which is no class of crime and no outcome, and "
                f"none of {close[0]!r}; did you mean {close[0]!r}?"
            )


def refuse_idle(prices: Prices, found: Mapping[str, str]) -> None:
    """Refuse a unit cost of one's own that prices nothing and whose crime is all but the name of one that is priced.

    So a slip of the pen in one of several components does not leave that component out unseen. A longer name that holds
    the shorter, such as 'burglary-attempted', is no slip.

    Parameters
    ----------
    found : crime that the prices know, by outcome
    """
    if prices.name in price_schedules():
        return
    for crime in prices.crimes:
        if crime in found.values() or crime in crime_classes():
            continue
        close = get_close_matches(crime, set(found.values()), n=1, cutoff=_ALIKE)
        if close and not (close[0] in crime or crime in close[0]):
            raise CostError(
                f"prices {prices.name!r} have a unit cost of {crime!r}, which is no class of crime and prices no "
                f"outcome; did you mean {close[0]!r}? Where it is another crime, leave the line out, or give it a name "
                "that nobody takes for the other"
            )


def check_multipliers(prices: Prices, chosen: Multipliers, found: Mapping[str, str]) -> None:
    """Refuse multipliers that do not go with the basis of the prices; `found` is the crime by outcome."""
    given = chosen if isinstance(chosen, Mapping) else {}
    known = tuple(dict.fromkeys((*prices.crimes, *found.values())))
    for crime in given:
        if crime not in known:
            raise CostError(f"a multiplier for {crime!r}, which has no unit cost; {nearest(crime, known, 20)}")
    if prices.basis == "recorded":
        if given:
            raise CostError(
                f"prices {prices.name!r} are of a recorded crime and there are multipliers for "
                f"{first_of(given)}: multiplying{_line_of(prices, given)} counts unrecorded crime twice; leave them out"
            )
        return
    missing = [crime for crime in dict.fromkeys(found.values()) if crime not in given]
    if missing and chosen != "none":
        raise CostError(
            f"prices {prices.name!r} are of a crime that happened, recorded or not, and there is no "
            f"multiplier for {first_of(missing)}:{_counted_line(prices, missing[0], found)} give the crimes that "
            "happen for each one counted (1 where the count holds them all), or multipliers = 'none' to value "
            "counted crimes only"
        )


def _line_of(prices: Prices, crimes: Mapping[str, object]) -> str:
    lines = [line.name for crime in crimes for line in prices.of(crime)]
    return f" the unit cost {lines[0]}" if lines else ""


def _counted_line(prices: Prices, crime: str, found: Mapping[str, str]) -> str:
    outcome = next(name for name, priced in found.items() if priced == crime)
    return f" the outcome {outcome!r} would count recorded crimes at the unit cost {prices.of(crime)[0].name};"


def refuse_shared_cost(prices: Prices, crimes: Sequence[str]) -> None:
    """Refuse to add a unit cost that holds a part of another crime which is priced as well."""
    for crime in crimes:
        for line in prices.of(crime):
            for other in line.contains_crimes:
                if other in crimes and other != crime:
                    raise CostError(
                        f"{line.name} holds a part of the cost of {other}, and "
                        f"{prices.of(other)[0].name} is added as well: the same deaths are paid twice; "
                        f"leave out {line.component!r} of {crime!r} with "
                        f"leave_out = [{{ component = {line.component!r}, crimes = [{crime!r}] }}], "
                        f"or appraise {other} separately"
                    )


def refuse_not_split(prices: Prices, crimes: Iterable[str], perspective: str) -> None:
    """Refuse prices that do not say who bears them, where it is asked what one bearer or purse gains."""
    whole = [line for crime in crimes for line in prices.of(crime) if line.bearer == NOT_SPLIT]
    if whole and perspective != SOCIETY:
        raise CostError(
            f"prices {prices.name!r} do not say who bears {whole[0].name}, so what {perspective!r} gains is "
            "not known; wanted is perspective = 'society', or prices split by bearer"
        )
