"""Capital over its life: the equal annual cost that stands for what is paid at once.

An annual cost falls in each year of the life, the first in the year of the purchase. So the purchase and the
annual costs have the same present value over the whole life, whatever the schedule of rates. With one rate r and
a life of n years it is the amount × r / (1 + r) / (1 − (1 + r)^−n), an annuity that is paid in advance: the first
year of a measure is not discounted (HM Treasury, The Green Book, https://www.gov.uk/government/publications/
the-green-book-appraisal-and-evaluation-in-central-government, and any book on engineering economics).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.economics.amounts import is_whole
from evalkit.economics.discounting import Discounting, discount_factors
from evalkit.economics.inputs import Drawn
from evalkit.economics.ledger import Costs, Flow
from evalkit.errors import CostError, first_of

__all__ = ["booked", "capital_warnings", "equivalent_annual_cost"]


def equivalent_annual_cost(
    amount: float, *, life: int, discounting: str | float | Discounting = "green-book-2026", year: int = 1
) -> float:
    """Give the equal annual cost of something that is bought in one year and lasts so many.

    Parameters
    ----------
    amount : paid in `year` of the measure
    life : whole years, the year of the purchase among them

    >>> round(equivalent_annual_cost(10_000, life=10, discounting=0.035), 2)
    1161.75
    """
    for name, value in (("life", life), ("year", year)):
        if not is_whole(value) or value < 1:
            raise CostError(f"the {name} of capital is a whole number of 1 or more; there is {value!r}")
    factors = discount_factors(discounting, np.arange(year - 1, year - 1 + life))
    return float(amount * factors[0] / factors.sum())


def booked(flows: Sequence[Drawn], discounting: Discounting, years: int) -> tuple[Drawn, ...]:
    """Give the entries that are added up: capital by year of its life, a transfer on both sides, nothing sunk.

    Parameters
    ----------
    flows : as the ledger has them
    years : that are counted; entries of later years are left out
    """
    sides = [side for drawn in flows if not drawn.flow.sunk for side in _sides(drawn)]
    return tuple(entry for drawn in sides for entry in _by_life(drawn, discounting, years))


def _sides(drawn: Drawn) -> tuple[Drawn, ...]:
    received = drawn.flow.as_received
    if received is None:
        return (drawn,)
    return replace(drawn, flow=replace(drawn.flow, received_by=None)), Drawn(flow=received, draws=-drawn.draws)


def _by_life(drawn: Drawn, discounting: Discounting, years: int) -> tuple[Drawn, ...]:
    flow = drawn.flow
    if not flow.annualise or flow.life is None:
        return (drawn,)
    entries = []
    for year in flow.years:
        lasts = tuple(range(year, min(year + flow.life, years + 1)))
        if lasts:
            share = equivalent_annual_cost(1.0, life=flow.life, discounting=discounting, year=year)
            once = replace(flow, years=lasts, annualise=False)
            entries.append(Drawn(flow=once, draws=share * drawn.draws))
    return tuple(entries)


def capital_warnings(costs: Costs, years: int) -> tuple[str, ...]:
    """Say what the years that are counted miss of the life of capital, or lack after it has ended."""
    bought = [flow for flow in costs.flows if flow.life is not None and flow.years[0] <= years and not flow.sunk]
    cut = [flow for flow in bought if _last_year(flow) > years]
    spread = [flow for flow in cut if flow.annualise]
    whole = [flow for flow in cut if not flow.annualise]
    worn = [flow for flow in bought if _last_year(flow) < years]
    span = f"{years} years are" if years > 1 else "1 year is"
    found = []
    if spread:
        found.append(
            f"{span} counted, and capital lasts longer: of {_named(spread)} only the annual cost of the years "
            "counted is in the costs. That holds if it serves, or can be sold, for the rest of its life."
        )
    if whole:
        found.append(
            f"{span} counted, and capital lasts longer: {_named(whole)} counts in full in the year it is "
            "bought, and what it is still worth at the end is not credited."
        )
    if worn:
        found.append(
            f"Capital wears out within the {years} years counted and is not bought again: {_named(worn)}. If the "
            "measure needs it to the end, its cost is too small."
        )
    return tuple(found)


def _last_year(flow: Flow) -> int:
    return flow.years[-1] + (flow.life or 1) - 1


def _named(flows: Sequence[Flow]) -> str:
    ends = sorted({_last_year(flow) for flow in flows})
    return f"{first_of([flow.what for flow in flows], 20)} (to year {', '.join(map(str, ends))})"
