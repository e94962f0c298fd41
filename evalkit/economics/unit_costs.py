"""One component of what one crime costs, with where it is from and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from evalkit.draws import Quantity
from evalkit.economics.amounts import read_amount
from evalkit.economics.bearers import JUSTICE
from evalkit.economics.plausible import refuse_implausible
from evalkit.errors import CostError, nearest

__all__ = ["NOT_SPLIT", "Basis", "UnitCost"]

type Basis = Literal["recorded", "actual"]
type Certainty = Literal["primary", "secondary", "memory", "own"]
type Costing = Literal["average", "marginal"]
type Stage = Literal["anticipation", "consequence", "response"]

# A published total that does not say who bears it counts for society and for nobody in particular.
NOT_SPLIT = "not split by bearer"
EVERYTHING = "*"


@dataclass(frozen=True, kw_only=True)
class UnitCost:
    """One component of what one crime costs.

    Attributes
    ----------
    crime : key of a class of crime, or the schedule's own
    amount : for one crime; a number, or a distribution as `Quantity.of` reads it
    component : its name, such as "victim" or "total"
    bearer : who bears it, or "not split by bearer"
    stage : anticipation, consequence or response; None where it holds several
    tangible : True, False, or None where it holds both
    contains : components of the same crime that lie inside this one; "*" for all of them
    contains_crimes : crimes whose cost lies inside this one, such as the risk of homicide
    offence : what the source calls the crime
    source, table : where the figure is from, and where it stands there
    certainty : "primary" (read in the source itself), "secondary" (read in a source that quotes it),
        "memory", or "own" for the user's own figure
    caution : a sentence that every appraisal using it has to carry
    costing : of a cost of justice: "average" (what is spent, over the crimes) or "marginal" (what one crime less
        saves); None where the source does not say, or it is no cost of justice
    cashable : can a public budget be cut by it? By default no: a case less seldom closes a court or a cell
    transfer : is it what changes hands, such as the worth of stolen goods? By default such a cost of the victim
        counts in full, the convention of the Home Office; `Prices.without_transfers` takes it out
    basis : is it the cost of a "recorded" crime where the schedule's are of an "actual" one? By default that of
        the schedule
    """

    crime: str
    amount: float | Mapping[str, Any] | Quantity
    component: str = "total"
    bearer: str = NOT_SPLIT
    stage: Stage | None = None
    tangible: bool | None = None
    contains: tuple[str, ...] = ()
    contains_crimes: tuple[str, ...] = ()
    offence: str = ""
    source: str = ""
    table: str = ""
    certainty: Certainty = "own"
    caution: str = ""
    costing: Costing | None = None
    cashable: bool = False
    transfer: bool = False
    basis: Basis | None = None

    def __post_init__(self) -> None:
        if not self.crime.strip() or not self.component.strip():
            raise CostError(f"a unit cost names its crime and its component; there is {self.name!r}")
        object.__setattr__(self, "amount", read_amount(self.amount, f"the unit cost {self.name}"))
        refuse_implausible(self.quantity, self.name)
        _check_known(self.name, "certainty", self.certainty, get_args(Certainty.__value__))
        for attribute, known in (("stage", Stage), ("costing", Costing), ("basis", Basis)):
            if getattr(self, attribute) is not None:
                _check_known(self.name, attribute, getattr(self, attribute), get_args(known.__value__))
        if not self.bearer.strip():
            raise CostError(f"the unit cost {self.name} says who bears it; there is an empty bearer")
        if self.component.lower().startswith("total") and EVERYTHING not in self.contains:
            object.__setattr__(self, "contains", (*self.contains, EVERYTHING))

    @property
    def name(self) -> str:
        """Crime and component, for messages."""
        return f"'{self.crime}: {self.component}'"

    @property
    def quantity(self) -> Quantity:
        """The amount as a quantity."""
        return Quantity.of(self.amount)

    def holds(self, other: UnitCost) -> bool:
        """Say whether the other component lies inside this one."""
        if self.crime != other.crime or self.component == other.component:
            return False
        return EVERYTHING in self.contains or other.component in self.contains

    @property
    def only_moves(self) -> bool:
        """Whether it is left out of what counts for society: not by itself, see `transfer`."""
        return False

    @property
    def is_justice(self) -> bool:
        """Whether it is what police, courts or prisons spend on a crime."""
        return self.bearer in JUSTICE or self.stage == "response"

    @property
    def is_undivided(self) -> bool:
        """Whether it holds several kinds of cost that the source does not part."""
        return EVERYTHING in self.contains or (self.bearer == NOT_SPLIT and self.stage is None)


def _check_known(name: str, what: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise CostError(f"no {what} {value!r} of {name}; {nearest(value, known)}")
