"""Sentences on what the rates, the recording of crime and the end of the window leave open."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.domain import Effect
from evalkit.economics.clock import Clock
from evalkit.economics.inputs import Inputs
from evalkit.economics.ledger import Costs
from evalkit.errors import first_of

__all__ = ["discounting_warnings", "part_year_warnings", "reporting_warnings"]

# Windows that end a week before or after an anniversary are whole years to everybody who reads them.
_WHOLE = 0.02


def discounting_warnings(inputs: Inputs) -> list[str]:
    """Warn of rates that were not read in a source."""
    schedules = [inputs.discounting, *([inputs.health.schedule] if inputs.health else [])]
    return [
        f"The discount rates {each.name!r} are unverified: they were not looked up in a source."
        for each in schedules
        if each.certainty == "memory"
    ]


def reporting_warnings(effects: Mapping[str, Effect]) -> list[str]:
    """Warn where the measure itself may change how much crime is reported, and say in which direction it misleads."""
    found = (effect.outcome.reporting_caution for effect in effects.values())
    return [sentence for sentence in found if sentence]


def part_year_warnings(costs: Costs, clock: Clock) -> list[str]:
    """Warn where costs of a year stand against benefits of a part of it, as the window ends inside the year.

    The ledger does not say whether an amount is for twelve months or was spent until the window ended, so nothing is
    shared out.
    """
    part = clock.window - (clock.years - 1)
    year = clock.years
    paid = [
        flow.what
        for flow in costs.flows
        if year in flow.years and not flow.sunk and not flow.saving and flow.kind in {"running", "in kind"}
    ]
    if not paid or part > 1 - _WHOLE or clock.is_assumed:
        return []
    told = (
        f"The observed window ends about {_months(part)} into year {year}: what was prevented is counted until "
        f"then, and what the ledger has for that year in full ({first_of(paid)}). Where that is the cost of twelve "
        "months, the measure looks dearer than it was."
    )
    return [told]


def _months(part: float) -> str:
    months = max(round(12 * part), 1)
    return "1 month" if months == 1 else f"{months} months"
