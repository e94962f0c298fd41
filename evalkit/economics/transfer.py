"""Benefit transfer: what a crime costs in one country, taken for another.

Amounts go by purchasing power parity; what people would pay to be spared pain and suffering also goes by income:
value there = value here × PPP × (income there / income here) ^ elasticity. It is what a city does whose country has no
schedule of its own, and it is weaker than one: every appraisal says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.draws import FloatArray, Quantity
from evalkit.economics.amounts import check_money_unit, read_amount
from evalkit.economics.unit_costs import UnitCost
from evalkit.errors import CostError, nearest

__all__ = ["Transfer"]

_KEYS = ("to", "currency", "ppp", "source", "income_elasticity", "income_ratio")


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """How amounts are carried to another country.

    Attributes
    ----------
    to : its ISO code of three letters
    currency : its currency
    ppp : units of its currency that buy there what one unit of the source's currency buys at home, in the price
        year of the schedule; a number or a distribution
    source : of the parity and of the incomes
    income_elasticity : of the intangible part; 0 to leave it to the parity alone. None where no component is
        intangible
    income_ratio : income there over income here, at purchasing power parity; needed with an elasticity
    origin, origin_currency : where the amounts are from; set by `Prices.transferred`
    """

    to: Any
    currency: str
    ppp: float | Mapping[str, Any] | Quantity
    source: Any
    income_elasticity: float | Mapping[str, Any] | Quantity | None = None
    income_ratio: float | Mapping[str, Any] | Quantity | None = None
    origin: str = ""
    origin_currency: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.to, str) or not re.fullmatch(r"[A-Z]{3}", self.to):
            raise CostError(f"a country is an ISO code of three capital letters such as 'DEU'; there is {self.to!r}")
        check_money_unit(self.currency)
        if not isinstance(self.source, str) or not self.source.strip():
            raise CostError("a transfer to another country names the source of its purchasing power parity")
        for name in ("ppp", "income_elasticity", "income_ratio"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, read_amount(getattr(self, name), f"{name} of the transfer"))
        for name in ("ppp", "income_ratio"):
            given = getattr(self, name)
            if given is not None and (given.mean <= 0 or given.parameters.get("low", 1) <= 0):
                raise CostError(f"{name} of the transfer is above zero; there is {given.describe()}")
        if self._elastic and self.income_ratio is None:
            raise CostError(
                "a transfer with an income elasticity needs income_ratio, income there over income here at purchasing "
                "power parity"
            )

    @property
    def _elastic(self) -> bool:
        given = self.income_elasticity
        return given is not None and not (Quantity.of(given).is_certain and Quantity.of(given).mean == 0)

    @classmethod
    def from_mapping(cls, given: object) -> Transfer:
        """Read the table `transfer` of a study file."""
        if not isinstance(given, Mapping):
            raise CostError(f"transfer is a table such as {{ to = 'DEU', ppp = 0.75, ... }}; there is {given!r}")
        for key in given:
            if key not in _KEYS:
                raise CostError(f"transfer has no key {key!r}; {nearest(key, _KEYS)}")
        missing = [key for key in ("to", "currency", "ppp", "source") if key not in given]
        if missing:
            raise CostError(
                f"a transfer to another country needs {', '.join(missing)}: no table of purchasing power parities "
                "ships with evalkit, so give the one you use with its source"
            )
        return cls(**given)

    def check_lines(self, lines: Sequence[UnitCost], name: str) -> None:
        """Refuse an elasticity that is not said, or that a component cannot take."""
        mixed = [line for line in lines if line.tangible is None]
        if self.income_elasticity is None:
            unsaid = [line for line in lines if line.tangible is not True]
            if unsaid:
                raise CostError(
                    f"{unsaid[0].name} of {name!r} holds pain and suffering, whose worth follows income: give "
                    "income_elasticity with income_ratio, or income_elasticity = 0 to leave it to the parity alone"
                )
        elif self._elastic and mixed:
            raise CostError(
                f"{mixed[0].name} of {name!r} is tangible and intangible together, and the elasticity of income is of "
                "the intangible part only; give income_elasticity = 0, or prices that part the two"
            )

    def factors(self, draws: int, rng: np.random.Generator | None) -> tuple[FloatArray, FloatArray]:
        """Draw what tangible and intangible amounts are multiplied by, each shape (draws,).

        They are the same unknowns for every crime and component, so they are drawn once.
        """
        parity = _drawn(self.ppp, draws, rng)
        if not self._elastic or self.income_elasticity is None or self.income_ratio is None:
            return parity, parity
        ratio, elasticity = _drawn(self.income_ratio, draws, rng), _drawn(self.income_elasticity, draws, rng)
        return parity, np.asarray(parity * ratio**elasticity)

    @property
    def words(self) -> str:
        """The step in words, for a table of assumptions."""
        ppp = Quantity.of(self.ppp).describe()
        told = (
            f"benefit transfer from {self.origin} to {self.to}: × {ppp} {self.currency} for one {self.origin_currency}"
        )
        if self._elastic and self.income_elasticity is not None and self.income_ratio is not None:
            elasticity, ratio = Quantity.of(self.income_elasticity), Quantity.of(self.income_ratio)
            return f"{told}; the intangible part also × {ratio.describe()} to the power of {elasticity.describe()}"
        return f"{told}; no part adjusted for income"

    @property
    def warning(self) -> str:
        """The sentence that every appraisal has to carry."""
        income = "" if self._elastic else " What pain and suffering are worth was not adjusted for income."
        return (
            f"The unit costs are a benefit transfer: they were found in {self.origin} and carried to {self.to} by "
            f"purchasing power. What a crime costs there was not measured.{income}"
        )


def _drawn(given: Any, draws: int, rng: np.random.Generator | None) -> FloatArray:
    quantity = Quantity.of(given)
    if quantity.is_certain:
        return np.full(draws, quantity.mean)
    if rng is None:
        raise CostError("the transfer is uncertain, so it has to be drawn: give rng")
    return quantity.draw(draws, rng)
