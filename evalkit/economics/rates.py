"""Which rate discounts what: one for money, and where it was chosen another for harm to life and health.

The Green Book discounts effects on life and health that are valued as well-being at a lower rate, as their
worth does not fall with growing wealth. Costs of health services are money and keep the standard rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.discounting import Discounting, discount_factors
from evalkit.economics.prices import Prices, UnitCost
from evalkit.errors import CostError, first_of, nearest

__all__ = ["HealthDiscounting", "Rates"]


@dataclass(frozen=True, kw_only=True)
class HealthDiscounting:
    """A schedule of its own for some components of the unit costs.

    Attributes
    ----------
    schedule : the rates
    components : names of the components that are harm to life or health, as the price schedule has them
    """

    schedule: Discounting
    components: tuple[str, ...]

    @classmethod
    def of(cls, value: object) -> HealthDiscounting:
        """Read a table such as `{schedule = "green-book-2026-health", components = ["harm"]}`."""
        if isinstance(value, HealthDiscounting):
            return value
        wanted = "{ schedule = 'green-book-2026-health', components = ['physical and emotional harm'] }"
        if not isinstance(value, Mapping) or set(value) != {"schedule", "components"}:
            raise CostError(f"health_discounting is a table such as {wanted}; there is {value!r}")
        named = value["components"]
        if isinstance(named, str) or not named or not all(isinstance(each, str) for each in named):
            raise CostError(
                f"health_discounting names the components of the unit costs that are harm to health; there is {named!r}"
            )
        return cls(schedule=Discounting.of(value["schedule"]), components=tuple(named))

    def check(self, prices: Prices | None) -> None:
        """Refuse a component that no unit cost has."""
        if prices is None:
            raise CostError("health_discounting is for components of unit costs, and no prices were given")
        known = tuple(dict.fromkeys(line.component for line in prices.unit_costs))
        for name in self.components:
            if name not in known:
                raise CostError(
                    f"health_discounting: no component {name!r} in prices {prices.name!r}; {nearest(name, known, 20)}"
                )

    @property
    def words(self) -> str:
        """The rates and what they are for, in words."""
        return f"{first_of(self.components, 20)} at {self.schedule.words}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Rates:
    """Discount factors of one scenario, each shape (years,).

    Attributes
    ----------
    standard : of costs, and of all benefits but those of `components`
    health : of the worth of `components`; None where all have the standard rate
    """

    standard: FloatArray
    health: FloatArray | None = None
    components: frozenset[str] = frozenset()

    @classmethod
    def over(cls, years: int, discounting: Discounting, health: HealthDiscounting | None) -> Rates:
        """Give the factors of so many years of the measure, the first of which is not discounted."""
        places = np.arange(years)
        standard = discount_factors(discounting, places)
        if health is None:
            return cls(standard=standard)
        return cls(
            standard=standard,
            health=discount_factors(health.schedule, places),
            components=frozenset(health.components),
        )

    @property
    def kinds(self) -> tuple[tuple[FloatArray, bool], ...]:
        """The factors, and whether they are those for harm to health."""
        return ((self.standard, False),) if self.health is None else ((self.standard, False), (self.health, True))

    def is_health(self, line: UnitCost) -> bool:
        """Say whether this unit cost is discounted as harm to life or health."""
        return self.health is not None and line.component in self.components
