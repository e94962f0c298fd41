"""The ledger: what the measure costs, in which year, and who bears it.

Years count from the start of the measure. Year 1 is its first year and is not discounted (it is year 0 of
a discount table); year 2 is discounted once. Money spent before the start is entered in year 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from evalkit.draws import Quantity
from evalkit.economics.amounts import check_money_unit, read_amount
from evalkit.economics.price_years import read_price_year
from evalkit.errors import CostError, first_of, nearest

__all__ = ["BEARERS", "PUBLIC_BEARERS", "CostKind", "Costs", "Flow"]

type CostKind = Literal["capital", "running", "one-off", "in kind"]

KINDS: tuple[str, ...] = get_args(CostKind.__value__)

# The justice system stands once more as a whole, because schedules of unit costs often do not split it.
BEARERS: tuple[str, ...] = (
    "city",
    "police",
    "courts and prisons",
    "police, courts and prisons",
    "health",
    "national taxpayer",
    "victims",
    "residents",
    "businesses",
    "insurers",
    "offenders and participants",
    "volunteers",
)
PUBLIC_BEARERS = frozenset(BEARERS[:6])
JUSTICE = frozenset(BEARERS[1:4])

_LAST_YEAR = 200


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One line of the ledger.

    Attributes
    ----------
    what : what the money is for
    amount : in each of `years`; a number, or a distribution as `Quantity.of` reads it. An uncertain
        amount is the same unknown in every year
    bearer : who bears it
    kind : "capital" (bought once, counted in full in its year), "running", "one-off" or "in kind"
    years : the years it falls in, 1 for the first year of the measure
    source : where the amount is from
    assumed : does no source give it? By default where `source` is empty
    saving : is it money not spent? Then `amount` stays positive and is taken off the costs
    currency, price_year : only to be checked against the ledger's own
    """

    what: str
    amount: float | Mapping[str, Any] | Quantity
    bearer: str
    kind: CostKind
    years: tuple[int, ...] = (1,)
    source: str = ""
    assumed: bool | None = None
    saving: bool = False
    currency: str | None = None
    price_year: str | int | None = None

    def __post_init__(self) -> None:
        if not _is_text(self.what):
            raise CostError("a flow says what it is for; there is an empty 'what'")
        if not _is_text(self.bearer):
            raise CostError(f"flow {self.what!r} names nobody who bears it; there is: {first_of(BEARERS, 20)}")
        if self.kind not in KINDS:
            raise CostError(f"no kind {self.kind!r} of flow {self.what!r}; {nearest(self.kind, KINDS)}")
        object.__setattr__(self, "amount", self._read_amount())
        object.__setattr__(self, "years", _read_years(self.what, self.years))
        self._settle_source()
        if self.price_year is not None:
            object.__setattr__(self, "price_year", read_price_year(self.price_year))

    def _read_amount(self) -> Quantity:
        amount = self.amount
        if isinstance(amount, int | float) and amount < 0:
            raise CostError(
                f"flow {self.what!r} has the amount {amount:g}, which is negative; if it is money "
                f"saved, write saving = true and the amount {-amount:g}"
            )
        return read_amount(amount, f"flow {self.what!r}")

    def _settle_source(self) -> None:
        if not isinstance(self.source, str):
            raise CostError(f"the source of flow {self.what!r} is a text; there is {self.source!r}")
        if self.assumed is None:
            object.__setattr__(self, "assumed", not self.source.strip())
        elif not self.assumed and not self.source.strip():
            raise CostError(
                f"flow {self.what!r} is said not to be assumed but names no source; give 'source', or assumed = true"
            )

    @property
    def quantity(self) -> Quantity:
        """The amount as a quantity, always zero or more."""
        return Quantity.of(self.amount)

    @property
    def sign(self) -> int:
        """1 for a cost, -1 for a saving."""
        return -1 if self.saving else 1


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _read_years(what: str, years: object) -> tuple[int, ...]:
    given = years if isinstance(years, Sequence) and not isinstance(years, str) else (years,)
    for year in given:
        if isinstance(year, bool) or not isinstance(year, int):
            raise CostError(f"a year of flow {what!r} is a whole number; there is {year!r}")
        if year > _LAST_YEAR:
            raise CostError(
                f"year {year} of flow {what!r} looks like a calendar year; years count from the start "
                "of the measure: write 1 for its first year"
            )
        if year < 1:
            raise CostError(
                f"year {year} of flow {what!r} lies before year 1, the first year of the measure, which "
                "is not discounted; money spent before the start is entered in year 1"
            )
    if not given or len(set(given)) < len(given):
        raise CostError(f"the years of flow {what!r} are named once each; there is {list(given)}")
    return tuple(sorted(given))


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What the measure costs, against doing without it.

    Attributes
    ----------
    currency : code of three letters
    price_year : the year whose prices every amount is in, "2010" or "2015/16"
    flows : shape (flows,)
    bearers : further bearers that the flows name, beside `BEARERS`
    """

    currency: str
    price_year: str | int
    flows: tuple[Flow, ...]
    bearers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_money_unit(self.currency)
        object.__setattr__(self, "price_year", read_price_year(self.price_year))
        object.__setattr__(self, "flows", tuple(self.flows))
        object.__setattr__(self, "bearers", tuple(self.bearers))
        if not self.flows:
            raise CostError("a ledger has at least one flow; a measure that costs nothing has a flow of 0")
        for flow in self.flows:
            self._check(flow)

    def _check(self, flow: Flow) -> None:
        known = (*BEARERS, *self.bearers)
        if flow.bearer not in known:
            raise CostError(
                f"no bearer {flow.bearer!r} (flow {flow.what!r}); {nearest(flow.bearer, known, 20)}; "
                "name your own in 'bearers'"
            )
        if flow.price_year not in {None, self.price_year}:
            raise CostError(
                f"flow {flow.what!r} is in prices of {flow.price_year} and the ledger in prices of "
                f"{self.price_year}; a ledger has one price year: uprate the amount first"
            )
        if flow.currency not in {None, self.currency}:
            raise CostError(
                f"flow {flow.what!r} is in {flow.currency} and the ledger in {self.currency}; a ledger has one currency"
            )

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Costs:
        """Read the table `[costs]` of a study file: currency, year (of the prices), flows, bearers.

        A flow is a table with what, amount, bearer, kind, and year (or years); source, assumed, saving.

        Raises
        ------
        CostFaultsError
            Naming everything that is wrong.
        """
        from evalkit.economics.ledger_file import costs_from_mapping

        return costs_from_mapping(mapping)
