"""Everything that the scenarios of one appraisal reckon with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.domain import Effect
from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Assumption
from evalkit.economics.clock import Clock
from evalkit.economics.deflators import Uprating
from evalkit.economics.discounting import Discounting
from evalkit.economics.ledger import Costs, Flow
from evalkit.economics.prices import Prices, UnitCost
from evalkit.economics.rates import HealthDiscounting

__all__ = ["Drawn", "Inputs", "Priced", "Worth"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """A flow of the ledger with its draws, shape (draws,), in the price year of the appraisal."""

    flow: Flow
    draws: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Priced:
    """A unit cost with its draws, shape (draws,), in the price year of the appraisal."""

    line: UnitCost
    draws: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Worth:
    """What one counted event of an outcome is worth.

    Attributes
    ----------
    crime : of the schedule
    lines : the components that the perspective counts
    multiplier : shape (draws,)
    """

    crime: str
    lines: tuple[Priced, ...]
    multiplier: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """What every scenario of one appraisal shares.

    Attributes
    ----------
    worth : by outcome; an outcome without a price is absent
    health : rates of their own for harm to life and health; None where all is discounted alike
    deadweight, retention : shape (draws,); no retention where nothing is extrapolated
    """

    effects: Mapping[str, Effect]
    clock: Clock
    costs: Costs
    prices: Prices | None
    flows: tuple[Drawn, ...]
    worth: Mapping[str, Worth]
    cost_step: Uprating
    worth_step: Uprating | None
    discounting: Discounting
    health: HealthDiscounting | None
    deadweight: FloatArray
    retention: FloatArray | None
    perspective: str
    price_year: str
    level: float
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]
