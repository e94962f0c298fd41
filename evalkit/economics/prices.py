"""What one crime costs, as sourced data, and whether that is a recorded crime or one that happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args

from evalkit.draws import Quantity
from evalkit.economics.amounts import check_money_unit, read_amount
from evalkit.economics.bearers import BEARERS, Purse, check_cashable, public_among, read_bearers
from evalkit.economics.price_years import read_price_year
from evalkit.errors import CostError, first_of, nearest

__all__ = ["NOT_SPLIT", "Multiplier", "Prices", "UnitCost", "read_multipliers"]

type Basis = Literal["recorded", "actual"]
type Certainty = Literal["primary", "secondary", "memory", "own"]
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
    cashable : can a public budget be cut by it? By default no: a case less seldom closes a court or a cell
    transfer : does it only move from one bearer to another? It counts for its bearer and not for society. What
        a thief gains is no transfer here: the loss of the victim counts, as the Home Office has it
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
    cashable: bool = False
    transfer: bool = False

    def __post_init__(self) -> None:
        if not self.crime.strip() or not self.component.strip():
            raise CostError(f"a unit cost names its crime and its component; there is {self.name!r}")
        object.__setattr__(self, "amount", read_amount(self.amount, f"the unit cost {self.name}"))
        if self.certainty not in get_args(Certainty.__value__):
            known = get_args(Certainty.__value__)
            raise CostError(f"no certainty {self.certainty!r} of {self.name}; {nearest(self.certainty, known)}")
        if self.stage not in {None, *get_args(Stage.__value__)}:
            known = get_args(Stage.__value__)
            raise CostError(f"no stage {self.stage!r} of {self.name}; {nearest(self.stage, known)}")
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


@dataclass(frozen=True, kw_only=True)
class Multiplier:
    """How many crimes happen for each one recorded.

    It is taken not to change with the measure: where a measure makes people report more, it is wrong.

    Attributes
    ----------
    crime : of the schedule
    amount : 1 or more; a number or a distribution
    source : where it is from
    """

    crime: str
    amount: float | Mapping[str, Any] | Quantity
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", read_amount(self.amount, f"the multiplier of {self.crime!r}"))
        if self.quantity.mean < 1:
            raise CostError(
                f"the multiplier of {self.crime!r} is crimes that happened for one recorded, so 1 or more; "
                f"there is {self.quantity.mean:g}"
            )

    @property
    def quantity(self) -> Quantity:
        """The amount as a quantity."""
        return Quantity.of(self.amount)

    @classmethod
    def of(cls, crime: str, value: float | Mapping[str, Any] | Quantity | Multiplier) -> Multiplier:
        """Read a number, a distribution, or a table `{value = 6.2, source = "..."}`."""
        if isinstance(value, Multiplier):
            return value
        if not isinstance(value, Mapping):
            return cls(crime=crime, amount=value)
        amount = {key: item for key, item in value.items() if key != "source"}
        plain = amount["value"] if set(amount) == {"value"} else amount
        return cls(crime=crime, amount=plain, source=str(value.get("source", "")))


type Multipliers = Mapping[str, Multiplier] | Literal["none"] | None


def read_multipliers(given: object) -> Multipliers:
    """Give multipliers by crime; "none" is the explicit choice to count recorded crimes only."""
    if given is None or given == "none":
        return given
    if not isinstance(given, Mapping):
        raise CostError(f"multipliers are a table such as {{ robbery = 6.2 }}, or 'none'; there is {given!r}")
    return {str(crime): Multiplier.of(str(crime), value) for crime, value in given.items()}


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What one crime of each kind costs.

    Attributes
    ----------
    name : of the schedule
    country : ISO code of three letters, which picks the deflator; `region` says it in words
    currency, price_year : of every unit cost
    basis : is a unit cost that of a "recorded" crime, or of an "actual" one, recorded or not?
    unit_costs : the components that are added; none lies inside another. Uncertain ones are drawn
        independently of each other, once for all years
    reference : figures of the same source that are shown and not added
    left_out : components that the schedule adds and that were taken out of the sum, by `without` or by
        `using`, and that no other component holds; every appraisal lists them
    source : with `link`, where the figures are from
    includes : what the figures hold and leave out, in a sentence
    cautions : sentences that every appraisal using the schedule has to carry
    multipliers : crimes that happened for each one recorded, by crime; or "none"
    priced_as : which crime of the schedule stands in for a crime or an outcome that it does not name
    bearers : bearers of the user's own, each "public" or "private", as those of a ledger
    """

    name: str
    country: str
    currency: str
    price_year: str | int
    basis: Basis
    unit_costs: tuple[UnitCost, ...]
    reference: tuple[UnitCost, ...] = ()
    region: str = ""
    source: str = ""
    link: str = ""
    includes: str = ""
    cautions: tuple[str, ...] = ()
    multipliers: Multipliers = None
    priced_as: Mapping[str, str] = field(default_factory=dict)
    bearers: Mapping[str, Purse] | Sequence[str] = field(default_factory=dict)
    left_out: tuple[UnitCost, ...] = ()

    def __post_init__(self) -> None:
        check_money_unit(self.currency)
        object.__setattr__(self, "price_year", read_price_year(self.price_year))
        object.__setattr__(self, "multipliers", read_multipliers(self.multipliers))
        if self.basis not in get_args(Basis.__value__):
            raise CostError(
                f"the basis of prices {self.name!r} is 'recorded' (cost of a recorded crime) or 'actual' "
                f"(cost of a crime that happened); there is {self.basis!r}"
            )
        if not self.unit_costs:
            raise CostError(f"prices {self.name!r} hold no unit cost")
        object.__setattr__(self, "bearers", read_bearers(self.bearers))
        known, public = (*BEARERS, NOT_SPLIT, *self.bearers), public_among(self.own_bearers)
        for line in self.unit_costs:
            if line.bearer not in known:
                raise CostError(f"no bearer {line.bearer!r} ({line.name}); {nearest(line.bearer, known, 20)}")
            if line.cashable:
                check_cashable(f"the unit cost {line.name}", line.bearer, public, is_money=line.tangible is not False)
        for crime in self.crimes:
            _refuse_overlap(self.of(crime))
        if not isinstance(self.priced_as, Mapping):
            raise CostError(f"priced_as is a table such as {{ assault = 'robbery' }}; there is {self.priced_as!r}")
        for wanted in self.priced_as.values():
            if wanted not in self.crimes:
                raise CostError(
                    f"priced_as names {wanted!r}, which prices {self.name!r} do not hold; "
                    f"{nearest(wanted, self.crimes, 20)}"
                )

    @property
    def own_bearers(self) -> Mapping[str, Purse]:
        """The user's own bearers by name, each with its purse."""
        return read_bearers(self.bearers)

    @property
    def crimes(self) -> tuple[str, ...]:
        """The crimes that have a unit cost, in the order of the schedule."""
        return tuple(dict.fromkeys(line.crime for line in self.unit_costs))

    def of(self, crime: str) -> tuple[UnitCost, ...]:
        """Give the components that are added for one crime; none where it has no unit cost."""
        return tuple(line for line in self.unit_costs if line.crime == crime)

    @property
    def is_verified(self) -> bool:
        """Whether every figure was read in its own source, or given by the user."""
        return all(line.certainty in {"primary", "own"} for line in self.unit_costs)

    def using(self, *components: str) -> Self:
        """Give the same schedule adding these components instead; a crime with none of them has no price."""
        every = (*self.unit_costs, *self.reference)
        known = tuple(dict.fromkeys(line.component for line in every))
        for component in components:
            if component not in known:
                raise CostError(f"no component {component!r} in prices {self.name!r}; {nearest(component, known, 20)}")
        counted = tuple(line for line in every if line.component in components)
        rest = tuple(line for line in every if line.component not in components)
        missing = tuple(
            line for line in (*self.unit_costs, *self.left_out)
            if line not in counted and not any(other.holds(line) or line.holds(other) for other in counted)
        )  # fmt: skip
        return replace(self, unit_costs=counted, reference=rest, left_out=missing)

    def without(self, component: str, *, crimes: Collection[str] | None = None) -> Self:
        """Give the same schedule with a component left out, for all crimes or for those named."""
        dropped = tuple(
            line for line in self.unit_costs
            if line.component == component and (crimes is None or line.crime in crimes)
        )  # fmt: skip
        if not dropped:
            known = tuple(dict.fromkeys(line.component for line in self.unit_costs))
            raise CostError(
                f"nothing to leave out: prices {self.name!r} add no component {component!r} for "
                f"{first_of(crimes or self.crimes)}; {nearest(component, known, 20)}"
            )
        counted = tuple(line for line in self.unit_costs if line not in dropped)
        return replace(
            self, unit_costs=counted, reference=(*self.reference, *dropped), left_out=(*self.left_out, *dropped)
        )

    @classmethod
    def load(cls, name: str) -> Prices:
        """Give a schedule that ships with evalkit (`price_schedules` lists them)."""
        from evalkit.economics.price_files import load_prices

        return load_prices(name)

    @classmethod
    def from_csv(cls, path: str | Path, **provenance: Any) -> Prices:
        """Read a file of unit costs; `price_files` says what is in it."""
        from evalkit.economics.price_files import read_prices

        return read_prices(Path(path), provenance)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, folder: str | Path = ".") -> Prices:
        """Read the table `[prices]` of a study file; a file's name is relative to `folder`."""
        from evalkit.economics.price_files import prices_from_mapping

        return prices_from_mapping(mapping, Path(folder))


def _refuse_overlap(lines: tuple[UnitCost, ...]) -> None:
    for place, line in enumerate(lines):
        for other in lines[place + 1 :]:
            if line.component == other.component:
                raise CostError(f"{line.name} stands twice in the schedule; wanted is one line")
            if line.holds(other) or other.holds(line):
                whole, part = (line, other) if line.holds(other) else (other, line)
                raise CostError(
                    f"{whole.name} already holds {part.name}: adding both counts it twice; choose one of the two"
                )
