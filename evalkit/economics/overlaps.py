"""Amounts of the ledger that value what the unit costs hold already: refused, naming the two lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.economics.ledger import JUSTICE, Costs, Flow
from evalkit.economics.unit_costs import UnitCost
from evalkit.errors import CostError, nearest

if TYPE_CHECKING:
    from evalkit.economics.prices import Prices

__all__ = ["check_valued_apart", "refuse_valued_twice", "thing_of"]

_THINGS = ("justice", "fear", "property values", "stolen property", "nothing")
# What an amount values is told by its name, where it is not declared.
_NAMED: Mapping[str, re.Pattern[str]] = {
    "property values": re.compile(
        r"\b(?:property|house|home|land|real.estate)\s+(?:values?|prices?)\b|\brents?\b", re.IGNORECASE
    ),
    "fear": re.compile(r"\bfear|\binsecurity|\bfeelings?\s+of\s+safety|\bfeeling\s+(?:un)?safe", re.IGNORECASE),
    "stolen property": re.compile(r"\bstolen|\bloot\b", re.IGNORECASE),
}
_WHY: Mapping[str, str] = {
    "justice": "what police, courts and prisons save by a crime that does not happen would count twice; leave the "
    "response out of the unit costs with justice = 'none'",
    "fear": "harm and what people spend against crime stand in both; choose components without them, or leave "
    "the amount out",
    "property values": "what a place is worth to its residents holds what crime costs them; count one of the two",
    "stolen property": "stolen goods change hands, and the victim's loss of them is in the unit cost; count one "
    "of the two",
}


def check_valued_apart(declared: object) -> None:
    """Refuse a declaration that is no table of names and of what they value."""
    if not isinstance(declared, Mapping):
        raise CostError(
            f"valued_apart is a table such as {{ 'house prices' = 'property values' }}; there is {declared!r}"
        )
    for what, thing in declared.items():
        if thing not in _THINGS:
            raise CostError(f"valued_apart: {what!r} values {thing!r}; {nearest(thing, _THINGS)}")


def thing_of(flow: Flow, declared: Mapping[str, str]) -> str:
    """Say what an amount of the ledger values that unit costs may hold too; "nothing" where it is an expense."""
    if flow.what in declared:
        return declared[flow.what]
    for thing, pattern in _NAMED.items():
        # what an offender loses may stand among the costs
        if pattern.search(flow.what) and (flow.saving or flow.bearer == "offenders and participants"):
            return thing
    return "justice" if flow.saving and flow.bearer in JUSTICE else "nothing"


def refuse_valued_twice(costs: Costs, counted: Sequence[Flow], prices: Prices, crimes: Sequence[str]) -> None:
    """Refuse an amount of the ledger beside a unit cost of a crime that is priced and holds the same thing.

    `counted` are those of its amounts that the perspective counts.
    """
    names = [flow.what for flow in costs.flows]
    for what in prices.valued_apart:
        if what not in names:
            raise CostError(f"valued_apart names {what!r}, which is not in the ledger; {nearest(what, names, 20)}")
    for flow in counted:
        thing = thing_of(flow, prices.valued_apart)
        for line in (line for crime in crimes for line in prices.of(crime)):
            if _holds(line, thing):
                raise CostError(
                    f"the amount {flow.what!r} of the ledger values {thing}, and the unit cost {line.name} holds that "
                    f"already: {_WHY[thing]}. Where the amount is something else, say so: "
                    f"valued_apart = {{ {flow.what!r} = 'nothing' }}"
                )


def _holds(line: UnitCost, thing: str) -> bool:
    victims = line.bearer in {"victims", "residents"}
    if thing == "nothing":
        return False
    if line.is_undivided:
        return True
    if thing == "justice":
        return line.is_justice
    if thing == "fear":
        return line.stage == "anticipation" or (victims and line.tangible is not True)
    if thing == "stolen property":
        return line.transfer or (victims and line.tangible is not False)
    return victims
