"""What an appraisal rests on, and what a reader must be warned of, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from evalkit.draws import Quantity
from evalkit.economics.appraisal import Assumption
from evalkit.economics.capital import equivalent_annual_cost
from evalkit.economics.cautions import discounting_warnings, reporting_warnings
from evalkit.economics.checks import counts
from evalkit.economics.drawing import priced_crime
from evalkit.economics.inputs import Inputs, Worth
from evalkit.economics.ledger import Costs, Flow
from evalkit.economics.price_words import price_choices, price_warnings
from evalkit.economics.prices import Multipliers, UnitCost, read_multipliers
from evalkit.economics.tally import Tally
from evalkit.errors import first_of

__all__ = ["assumptions_of", "flow_assumptions", "standing_warnings", "warnings_of"]


def assumptions_of(inputs: Inputs, multipliers: Any, chosen: Mapping[str, Any]) -> tuple[Assumption, ...]:
    """List every price, multiplier, step of prices, rate and choice.

    Parameters
    ----------
    chosen : deadweight, retention, disjoint, optimism_bias as they were given
    """
    return (
        *flow_assumptions(inputs),
        *_prices(inputs),
        *_left_out(inputs),
        *price_choices(inputs.prices),
        *_multipliers(inputs, multipliers),
        *_steps(inputs),
        *_choices(inputs, chosen),
    )


def flow_assumptions(inputs: Inputs) -> list[Assumption]:
    """List every flow of the ledger that the perspective counts, with its source."""
    money = f"{inputs.costs.currency} in prices of {inputs.costs.price_year}"
    found = []
    for drawn in inputs.flows:
        flow = drawn.flow
        years = ", ".join(str(year) for year in flow.years)
        found.append(
            Assumption(
                what=f"{'saving' if flow.saving else 'cost'}: {flow.what}",
                value=f"{flow.quantity.describe()} {money}, {_kind(inputs, flow)}, year {years}, borne by {flow.bearer}"
                + _uncounted(inputs, flow),
                source=flow.source,
                certainty="assumed" if flow.assumed else "own",
            )
        )
    return found


def _kind(inputs: Inputs, flow: Flow) -> str:
    words = f"{flow.kind_in_words}{', cashable' if flow.cashable else ''}"
    if not flow.annualise or flow.life is None:
        return words
    share = equivalent_annual_cost(1.0, life=flow.life, discounting=inputs.discounting, year=flow.years[0])
    return f"{words} at {100 * share:.4g} % a year"


def _uncounted(inputs: Inputs, line: Flow | UnitCost) -> str:
    """Say so where a line of the ledger or of the prices is not in the costs and benefits."""
    if isinstance(line, Flow) and line.sunk:
        return "; not counted: it was spent whatever is decided"
    received = line.as_received if isinstance(line, Flow) else None
    sides = (line,) if received is None else (line, received)
    if any(counts(side, inputs.perspective, inputs.public) for side in sides):
        return ""
    return f"; not counted from the perspective of {inputs.perspective!r}" + (" (transfer)" if line.only_moves else "")


def _prices(inputs: Inputs) -> list[Assumption]:
    prices = inputs.prices
    if prices is None:
        return []
    money = prices.money
    used = {value.crime: value for value in inputs.worth_to_all.values()}
    return [
        Assumption(
            what=f"unit cost: {priced.line.crime}, {priced.line.component}",
            value=f"{priced.line.quantity.describe()} {money}"
            + (f" for {priced.line.offence!r}" if priced.line.offence else "")
            + f", borne by {priced.line.bearer}".replace("borne by not split", "not split")
            + (", cashable" if priced.line.cashable else "")
            + _uncounted(inputs, priced.line),
            source=", ".join(
                part for part in (priced.line.source or prices.source, priced.line.table, prices.link) if part
            ),
            certainty=priced.line.certainty,
        )
        for value in used.values()
        for priced in value.lines
    ]


type Omissions = Mapping[tuple[str, tuple[str, ...]], Sequence[UnitCost]]


def _omissions(inputs: Inputs) -> Omissions:
    """Give what was left out of the unit costs, by component and by the crimes counted that it holds a part of."""
    prices = inputs.prices
    found: dict[tuple[str, tuple[str, ...]], list[UnitCost]] = {}
    if prices is None:
        return found
    appraised = {priced_crime(name, effect, prices) for name, effect in inputs.effects.items()}
    valued = {value.crime for value in inputs.worth.values()}
    for line in prices.left_out:
        if line.crime in appraised and counts(line, inputs.perspective, inputs.public):
            held = tuple(crime for crime in line.contains_crimes if crime in valued and crime != line.crime)
            found.setdefault((line.component, held), []).append(line)
    return found


def _left_out(inputs: Inputs) -> list[Assumption]:
    if inputs.prices is None:
        return []
    money = inputs.prices.money
    return [
        Assumption(
            what=f"left out of the unit costs: {component}",
            value=", ".join(f"{line.crime} {line.quantity.describe()}" for line in lines) + f" {money}; "
            + (f"it holds a part of the cost of {_listed(held)}, counted by itself" if held else _BY_CHOICE),
            source=", ".join(dict.fromkeys(line.source or inputs.prices.source for line in lines)),
            certainty="chosen",
        )
        for (component, held), lines in _omissions(inputs).items()
    ]  # fmt: skip


_BY_CHOICE = "a choice: no overlap with what is counted calls for it"


def _left_out_warnings(inputs: Inputs) -> list[str]:
    return [
        f"The benefits leave out {component!r} of {_listed(line.crime for line in lines)}: "
        + (
            f"it holds a part of the cost of {_listed(held)}, counted by itself. What else it holds is not counted."
            if held
            else f"{_BY_CHOICE}."
        )
        for (component, held), lines in _omissions(inputs).items()
    ]


def _listed(crimes: Iterable[str]) -> str:
    return " and ".join(", ".join(crime.replace("-", " ") for crime in crimes).rsplit(", ", 1))


def _chosen(inputs: Inputs, multipliers: Any) -> Multipliers:
    if multipliers is not None or inputs.prices is None:
        return read_multipliers(multipliers)
    return inputs.prices.multipliers


def _multipliers(inputs: Inputs, multipliers: Any) -> list[Assumption]:
    if inputs.prices is None or inputs.prices.basis == "recorded" or not inputs.worth:
        return []
    given = _chosen(inputs, multipliers)
    if not isinstance(given, Mapping):
        return [
            Assumption(
                what="crimes that happen for each one counted",
                value="1 for every crime: only counted crimes are valued",
                source="",
                certainty="chosen",
            )
        ]
    used = dict.fromkeys(value.crime for value in inputs.worth.values())
    return [
        Assumption(
            what=f"crimes that happen for each one counted: {crime}",
            value=f"{given[crime].quantity.describe()}; taken not to change with the measure",
            source=given[crime].source,
            certainty="own" if given[crime].source else "assumed",
        )
        for crime in used
    ]


def _steps(inputs: Inputs) -> list[Assumption]:
    steps = {
        "price year of the costs": inputs.cost_step,
        "price year of the unit costs": inputs.worth_step,
    }
    return [
        Assumption(what=what, value=step.words, source=step.source, certainty=step.certainty)
        for what, step in steps.items()
        if step is not None
    ]


def _choices(inputs: Inputs, chosen: Mapping[str, Any]) -> list[Assumption]:
    clock = inputs.clock
    window = "one year, as the period carries no date" if clock.is_assumed else f"{clock.window:.4g} years"
    found = [
        Assumption(what="perspective", value=inputs.perspective, source="", certainty="chosen"),
        Assumption(
            what="discounting",
            value=inputs.discounting.words,
            source=inputs.discounting.source,
            certainty=inputs.discounting.certainty,
        ),
        Assumption(
            what="observed window",
            value=f"{window}; costs of a year that has begun count in full",
            source="",
            certainty="assumed" if clock.is_assumed else "own",
        ),
        chosen["deadweight"].assumption,
    ]
    if inputs.health is not None:
        found.append(
            Assumption(
                what="discounting of harm to life and health",
                value=inputs.health.words,
                source=inputs.health.schedule.source,
                certainty=inputs.health.schedule.certainty,
            )
        )
    if chosen["optimism_bias"]:
        found.append(
            Assumption(
                what="optimism bias of costs",
                value=f"{100 * chosen['optimism_bias']:g} % added to every cost as given, apart from its uncertainty",
                source="",
                certainty="chosen",
            )
        )
    if chosen["disjoint"]:
        found.append(
            Assumption(
                what="outcomes",
                value="no event is counted in two of them",
                source="",
                certainty="assumed",
            )
        )
    if inputs.retention is not None:
        found.append(
            Assumption(
                what="effect of the years after the window",
                value="later years start from the last observed year: what was prevented in the last twelve months of "
                "the window, or a year's worth of a window that is shorter",
                source="",
                certainty="assumed",
            )
        )
        found.append(
            Assumption(
                what="effect kept from each year to the next after the window",
                value=Quantity.of(chosen["retention"]).describe(),
                source="",
                certainty="assumed",
            )
        )
    return found


def standing_warnings(inputs: Inputs, multipliers: Any) -> tuple[str, ...]:
    """Warn of what holds in every scenario."""
    found = list(inputs.cost_step.warnings)
    if inputs.worth_step is not None:
        found += inputs.worth_step.warnings
    found += discounting_warnings(inputs)
    found += reporting_warnings(inputs.effects)
    found += _of_prices(inputs, multipliers)
    found += _left_out_warnings(inputs)
    unpriced = [name for name in inputs.effects if name not in inputs.worth]
    if inputs.prices is not None and unpriced:
        found.append(
            f"There is no unit cost for {first_of(unpriced, 20)} in {inputs.prices.name!r}; what was prevented of it "
            "is not in the benefits. There are costs for " + first_of(inputs.prices.crimes, 20) + "."
        )
    assumed = [drawn for drawn in inputs.flows if drawn.flow.assumed]
    if assumed:
        few, many = len(assumed), len(inputs.flows)
        found.append(
            ("The cost" if few == many == 1 else "All costs" if few == many else f"{few} of {many} costs of the ledger")
            + (" is" if few == 1 else " are") + " assumed and not from a source: "
            + first_of([drawn.flow.what for drawn in assumed], 20) + "."
        )  # fmt: skip
    if inputs.clock.is_assumed:
        found.append(
            "The observed period carries no date: it is taken to be the first year, and all that was prevented "
            "to fall in it."
        )
    return tuple(dict.fromkeys(found))


def _of_prices(inputs: Inputs, multipliers: Any) -> list[str]:
    prices = inputs.prices
    if prices is None or not inputs.worth:
        return []
    lines = [priced.line for value in inputs.worth.values() for priced in value.lines]
    found = []
    if any(line.certainty not in {"primary", "own"} for line in lines):
        found.append(
            f"The price schedule {prices.name!r} is unverified: its figures were not read in the source itself."
        )
    found += [*prices.cautions, *(line.caution for line in lines if line.caution)]
    found += price_warnings(prices, lines)
    if prices.basis == "actual" and _chosen(inputs, multipliers) == "none":
        found.append(
            "The unit costs are of a crime that happened, recorded or not, and no multipliers were chosen, so "
            "crimes that nobody recorded count for nothing, on either side."
        )
    return found


def warnings_of(costs: Costs, worth: Mapping[str, Worth], sums: Tally, years: int, seen: int) -> tuple[str, ...]:
    """Warn of what holds in one scenario of so many years, of which `seen` were observed to their end."""
    found = []
    if years > seen:
        span = f"years {seen + 1} to {years}" if years > seen + 1 else f"year {years}"
        found.append(f"What is counted in {span} is extrapolated, in whole or in part: it was not observed.")
    late = [flow for flow in costs.flows if flow.years[-1] > years]
    if late:
        found.append(
            f"The ledger goes on after year {years}: later amounts of "
            f"{first_of([flow.what for flow in late])} are not counted."
        )
    return (*found, *_short_running(costs, years), *_rare(worth, sums))


def _short_running(costs: Costs, years: int) -> list[str]:
    running = [flow for flow in costs.flows if flow.kind == "running" and not flow.saving]
    paid = {year for flow in running for year in flow.years}
    missing = [year for year in range(1, years + 1) if year not in paid]
    if not running or not missing:
        return []
    named = first_of(missing, 5)
    sentence = (
        f"Benefits are counted for {years} years and the ledger has no running costs in year {named}: "
        "if the measure went on, its cost is too small."
    )
    return [sentence]


def _rare(worth: Mapping[str, Worth], sums: Tally) -> list[str]:
    rare = [name for name, value in worth.items() if value.crime == "homicide"]
    if not rare or len(worth) == 1:
        return []
    without = sum(
        (amounts for name, amounts in sums.worth.items() if name not in rare),
        start=sums.deadweight,
    )
    net = float(np.mean(without - sums.total_cost))
    sentence = (
        "Homicides are few and dear, so they can decide the sum by chance: without them the net benefit "
        f"is {net:,.0f} on average."
    )
    return [sentence]
