"""What one crime costs, as sourced data, and whether that is a recorded crime or one that happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, get_args

from evalkit.economics.amounts import check_money_unit
from evalkit.economics.bearers import BEARERS, Purse, check_cashable, public_among, read_bearers
from evalkit.economics.justice import JusticeChoice, chosen_justice, without_transfers
from evalkit.economics.multipliers import Multiplier, Multipliers, read_multipliers
from evalkit.economics.overlaps import check_valued_apart
from evalkit.economics.price_years import read_price_year
from evalkit.economics.transfer import Transfer
from evalkit.economics.unit_costs import NOT_SPLIT, Basis, UnitCost
from evalkit.errors import CostError, first_of, nearest

__all__ = ["NOT_SPLIT", "Multiplier", "Multipliers", "Prices", "UnitCost", "read_multipliers"]


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
    beside : schedules that the same effects are priced by once more, beside this one; None for those that ship
        for the same country and price everything that this one prices; an empty tuple for none
    justice : what was chosen of the costs of justice, by `with_justice`: "marginal", "average" or "none"
    transfer : how the amounts are carried from the country of the source to this one, by `transferred`; then
        `country` and `currency` are where they are carried to, and the amounts stand as they were published
    valued_apart : what an amount of the ledger values, by its name, where its name does not tell: "justice",
        "fear", "property values", "stolen property", or "nothing" that the unit costs hold
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
    beside: tuple[Prices, ...] | None = None
    justice: JusticeChoice | None = None
    transfer: Transfer | None = None
    valued_apart: Mapping[str, str] = field(default_factory=dict)

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
        check_valued_apart(self.valued_apart)
        self._check_bases()
        if not isinstance(self.priced_as, Mapping):
            raise CostError(f"priced_as is a table such as {{ assault = 'robbery' }}; there is {self.priced_as!r}")
        for wanted in self.priced_as.values():
            if wanted not in self.crimes:
                raise CostError(
                    f"priced_as names {wanted!r}, which prices {self.name!r} do not hold; "
                    f"{nearest(wanted, self.crimes, 20)}"
                )

    def _check_bases(self) -> None:
        wrong = [line for line in self.unit_costs if self.basis == "recorded" and line.basis == "actual"]
        if wrong:
            raise CostError(
                f"{wrong[0].name} is of a crime that happened and the schedule {self.name!r} of a recorded one: "
                "each alone would understate or overstate the sum; give the schedule basis = 'actual', mark the "
                "components of recorded crimes, and give multipliers"
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

    def with_justice(self, choice: JusticeChoice, *, marginal: Sequence[UnitCost] = ()) -> Self:
        """Give the same schedule with the cost of justice that one crime less saves, an average, or none.

        `marginal` are components with costing "marginal" beside those that the schedule holds. A crime that is
        priced and has none, or whose cost of justice cannot be told from the rest, is refused by the appraisal.
        """
        return replace(self, **chosen_justice(self.unit_costs, self.reference, self.left_out, choice, marginal))

    def without_transfers(self) -> Self:
        """Give the same schedule without what only changes hands, such as the worth of stolen goods."""
        return replace(self, **without_transfers(self.name, self.unit_costs, self.reference, self.left_out))

    def transferred(self, transfer: Transfer) -> Self:
        """Give the same schedule for another country: a benefit transfer, which every appraisal flags."""
        if self.transfer is not None or transfer.to == self.country:
            raise CostError(
                f"prices {self.name!r} are of {self.country} already; amounts are carried once, from the country of "
                "their source to another"
            )
        transfer.check_lines(self.unit_costs, self.name)
        carried = replace(transfer, origin=self.country, origin_currency=self.currency)
        return replace(self, country=transfer.to, currency=transfer.currency, transfer=carried)

    @property
    def money(self) -> str:
        """What the amounts are in as they stand, in words."""
        currency = self.currency if self.transfer is None else self.transfer.origin_currency
        return f"{currency} in prices of {self.price_year}"

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
        from evalkit.economics.price_mapping import prices_from_mapping

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
