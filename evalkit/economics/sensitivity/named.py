"""Everything that a scenario rests on and that could be otherwise, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.checks import counts
from evalkit.economics.inputs import Drawn, Inputs, Worth
from evalkit.economics.reckoning import Reckoning

__all__ = ["InputKind", "NamedInput", "named_inputs"]

type InputKind = Literal["events", "money", "factor", "share"]


@dataclass(frozen=True, kw_only=True, eq=False)
class NamedInput:
    """One thing that could be otherwise.

    Attributes
    ----------
    name : such as "effect on burglary", "cost: cameras", "unit cost of burglary: total", "multiplier of burglary",
        "deadweight of taxation", "retention"
    kind : what its values are: events prevented in the observed window, money, a factor, or a share
    draws : its values, shape (draws,)
    put : give the scenario in which it has one value in every draw, and all else is as it was
    """

    name: str
    kind: InputKind
    draws: FloatArray
    put: Callable[[float], Reckoning]

    @property
    def is_certain(self) -> bool:
        """Has it the same value in every draw?"""
        return bool(np.ptp(self.draws) == 0)


def named_inputs(reckoning: Reckoning) -> tuple[NamedInput, ...]:
    """Name everything that the scenario's net benefit is reckoned from, certain or not.

    What has no part in it is absent: the effect on an outcome without a price, a flow after the years counted.
    """
    inputs = reckoning.inputs
    found = [*_effects(reckoning), *_flows(reckoning)]
    for value in {each.crime: each for each in inputs.worth.values()}.values():
        found += _of_crime(reckoning, value)
    loss = NamedInput(
        name="deadweight of taxation",
        kind="share",
        draws=inputs.deadweight,
        put=lambda value: reckoning.with_deadweight(_all(reckoning, value)),
    )
    if inputs.deadweight.any():
        found.append(loss)
    if reckoning.retention is not None:
        found.append(
            NamedInput(
                name="retention",
                kind="share",
                draws=reckoning.retention,
                put=lambda value: reckoning.with_retention(_all(reckoning, value)),
            )
        )
    return tuple(_told_apart(found))


def _all(reckoning: Reckoning, value: float) -> FloatArray:
    return np.full(len(reckoning.inputs.deadweight), float(value))


def _effects(reckoning: Reckoning) -> list[NamedInput]:
    return [
        NamedInput(
            name=f"effect on {outcome}",
            kind="events",
            draws=net.sum(axis=1),
            put=partial(_put_effect, reckoning, outcome),
        )
        for outcome, net in reckoning.net.items()
        if outcome in reckoning.inputs.worth
    ]


def _put_effect(reckoning: Reckoning, outcome: str, total: float) -> Reckoning:
    """Give all draws the course over periods that goes with a total: its mean at draws of that total.

    The regression of each period on the total is exact for draws that are jointly normal, and adds up to the total.
    """
    net = reckoning.net[outcome]
    totals = net.sum(axis=1)
    away = totals - totals.mean()
    square = float(away @ away)
    slopes = away @ net / square if square > 0 else np.full(net.shape[1], 1 / net.shape[1])
    course = net.mean(axis=0) + slopes * (total - totals.mean())
    return reckoning.with_net(outcome, np.broadcast_to(course, net.shape))


def _flows(reckoning: Reckoning) -> list[NamedInput]:
    return [
        NamedInput(
            name=f"{'saving' if drawn.flow.saving else 'cost'}: {drawn.flow.what}",
            kind="money",
            # a saving stands in the flows below zero, and is shown as the amount that is saved
            draws=drawn.flow.sign * drawn.draws,
            put=partial(_put_flow, reckoning, place),
        )
        for place, drawn in enumerate(reckoning.inputs.flows)
        if min(drawn.flow.years) <= reckoning.years and _is_counted(reckoning.inputs, drawn)
    ]


def _is_counted(inputs: Inputs, drawn: Drawn) -> bool:
    """Does the perspective count it on either side?"""
    received = drawn.flow.as_received
    sides = (drawn.flow,) if received is None else (drawn.flow, received)
    return not drawn.flow.sunk and any(counts(side, inputs.perspective, inputs.public) for side in sides)


def _put_flow(reckoning: Reckoning, place: int, value: float) -> Reckoning:
    sign = reckoning.inputs.flows[place].flow.sign
    return reckoning.with_flow(place, sign * _all(reckoning, value))


def _of_crime(reckoning: Reckoning, value: Worth) -> list[NamedInput]:
    def put_cost(place: int, amount: float) -> Reckoning:
        return reckoning.with_unit_cost(value.crime, place, _all(reckoning, amount))

    lines = [
        NamedInput(
            name=f"unit cost of {priced.line.crime}: {priced.line.component}",
            kind="money",
            draws=priced.draws,
            put=partial(put_cost, place),
        )
        for place, priced in enumerate(value.lines)
    ]
    multiplier = NamedInput(
        name=f"multiplier of {value.crime}",
        kind="factor",
        draws=value.multiplier,
        put=lambda factor: reckoning.with_multiplier(value.crime, _all(reckoning, factor)),
    )
    return [*lines, multiplier]


def _told_apart(found: list[NamedInput]) -> list[NamedInput]:
    """Give a number to a name that stands twice, as two flows may."""
    taken: set[str] = set()
    out = []
    for each in found:
        name, number = each.name, 2
        while name in taken:
            name, number = f"{each.name} ({number})", number + 1
        taken.add(name)
        out.append(NamedInput(name=name, kind=each.kind, draws=each.draws, put=each.put))
    return out
