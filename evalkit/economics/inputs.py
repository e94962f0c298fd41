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
from evalkit.economics.groups import Groups
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
    lines : the components, in `Inputs.worth` those that the perspective counts
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
    flows : every flow of the ledger
    worth : by outcome; an outcome without a price is absent
    worth_to_all : the same with the components of every bearer
    public : bearers whose money is public
    health : rates of their own for harm to life and health; None where all is discounted alike
    deadweight, retention : shape (draws,); no retention where nothing is extrapolated
    groups : of people, who share in what each bearer pays and gains
    """

    effects: Mapping[str, Effect]
    clock: Clock
    costs: Costs
    prices: Prices | None
    flows: tuple[Drawn, ...]
    worth: Mapping[str, Worth]
    worth_to_all: Mapping[str, Worth]
    public: frozenset[str]
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
    groups: Groups | None = None
