"""The ledger: what the measure costs, in which year, and who bears it.

Years count from the start of the measure. Year 1 is its first year and is not discounted (it is year 0 of
a discount table); year 2 is discounted once. Money spent before the start is entered in year 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from evalkit.draws import Quantity
from evalkit.economics.amounts import check_money_unit, is_whole, read_amount
from evalkit.economics.bearers import (
    BEARERS,
    JUSTICE,
    PUBLIC_BEARERS,
    Purse,
    check_cashable,
    public_among,
    read_bearers,
)
from evalkit.economics.plausible import refuse_absurd
from evalkit.economics.price_years import read_price_year
from evalkit.errors import CostError, first_of, nearest

__all__ = ["BEARERS", "JUSTICE", "PUBLIC_BEARERS", "CostKind", "Costs", "Flow"]

type CostKind = Literal["capital", "running", "one-off", "in kind"]

KINDS: tuple[str, ...] = get_args(CostKind.__value__)

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
    kind : "capital", "running", "one-off" or "in kind" (staff, volunteers, data: what they would have done
        otherwise is what it costs, and so it counts in full)
    years : the years it falls in, 1 for the first year of the measure; those in which capital is bought
    source : where the amount is from
    assumed : does no source give it? By default where `source` is empty
    saving : is it money not spent, or received? Then `amount` stays positive and is taken off the costs
    life : years that capital lasts, from the year it is bought
    annualise : is capital spread over its life, as the equal annual cost of the same present value? By
        default it counts in full in the year it is bought
    cashable : can a public budget be cut by this saving? By default no: time that is freed is not money. A
        transfer that is received in money is cash unless this says otherwise
    transfer : does it only move money from one bearer to another? It counts for who pays and who receives it
        and not for society
    received_by : who receives a transfer; the amount is taken off what they pay
    tangible : is it money or time, and not a harm that somebody feels?
    sunk : was it spent whatever is decided now? Then it is shown and not counted
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
    life: int | None = None
    annualise: bool = False
    cashable: bool | None = None
    transfer: bool = False
    received_by: str | None = None
    tangible: bool = True
    sunk: bool = False
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
        self._check_facts()
        self._check_capital()
        if self.price_year is not None:
            object.__setattr__(self, "price_year", read_price_year(self.price_year))

    def _read_amount(self) -> Quantity:
        amount = self.amount
        if isinstance(amount, int | float) and amount < 0:
            raise CostError(
                f"flow {self.what!r} has the amount {amount:g}, which is negative; if it is money "
                f"saved, write saving = true and the amount {-amount:g}"
            )
        what = f"the amount of flow {self.what!r}"
        return refuse_absurd(read_amount(amount, f"flow {self.what!r}"), what, "give it in whole units of the currency")

    def _settle_source(self) -> None:
        if not isinstance(self.source, str):
            raise CostError(f"the source of flow {self.what!r} is a text; there is {self.source!r}")
        if self.assumed is None:
            object.__setattr__(self, "assumed", not self.source.strip())
        elif not self.assumed and not self.source.strip():
            raise CostError(
                f"flow {self.what!r} is said not to be assumed but names no source; give 'source', or assumed = true"
            )

    def _check_facts(self) -> None:
        for name in ("saving", "annualise", "transfer", "tangible", "sunk"):
            if not isinstance(getattr(self, name), bool):
                raise CostError(f"{name!r} of flow {self.what!r} is true or false; there is {getattr(self, name)!r}")
        if self.cashable is not None and not isinstance(self.cashable, bool):
            raise CostError(f"'cashable' of flow {self.what!r} is true or false; there is {self.cashable!r}")
        if self.cashable and not self.saving:
            raise CostError(f"flow {self.what!r} is a cost, and only a saving is cashable; leave 'cashable' out")
        if self.sunk and self.saving:
            raise CostError(f"flow {self.what!r} is a saving, and only a cost is sunk; leave 'sunk' out")
        if self.received_by is not None:
            self._check_received()

    def _check_received(self) -> None:
        if self.saving or not _is_text(self.received_by) or self.received_by == self.bearer:
            raise CostError(
                f"flow {self.what!r} is received by {self.received_by!r}; wanted is a bearer other than "
                f"{self.bearer!r}, who pays it, and no saving"
            )
        object.__setattr__(self, "transfer", True)

    def _check_capital(self) -> None:
        if self.life is None:
            if self.annualise:
                raise CostError(
                    f"flow {self.what!r} is to be spread over its life; say how many years that is in 'life'"
                )
            return
        if not is_whole(self.life) or not 1 <= self.life <= _LAST_YEAR:
            raise CostError(
                f"the life of flow {self.what!r} is a whole number of years, 1 to {_LAST_YEAR}; there is {self.life!r}"
            )
        if self.kind != "capital":
            raise CostError(f"flow {self.what!r} has a life and is {self.kind}; only capital lasts: kind = 'capital'")

    @property
    def only_moves(self) -> bool:
        """Whether it only moves from one bearer to another, and so is nothing to society."""
        return self.transfer

    @property
    def is_cash_saved(self) -> bool:
        """Whether a budget can be cut by it: a cashable saving, or a transfer received in money."""
        if self.cashable is not None:
            return self.cashable
        return self.saving and self.transfer and self.kind != "in kind" and self.tangible

    @property
    def as_received(self) -> Flow | None:
        """The transfer as who receives it sees it; None where nobody in particular does."""
        if self.received_by is None:
            return None
        return replace(self, bearer=self.received_by, received_by=None, saving=True)

    @property
    def kind_in_words(self) -> str:
        """The kind, with what else decides how it counts.

        >>> Flow(what="cameras", amount=9, bearer="city", kind="capital", life=10, annualise=True).kind_in_words
        'capital, spread over its life of 10 years'
        """
        parts: list[str] = [self.kind]
        if self.life is not None:
            life = f"life of {self.life} year{'' if self.life == 1 else 's'}"
            parts.append(f"spread over its {life}" if self.annualise else f"with a {life}")
        if self.received_by is not None:
            parts.append(f"transfer to {self.received_by}")
        elif self.transfer:
            parts.append("transfer")
        parts += [word for word, holds in (("not tangible", not self.tangible), ("sunk", self.sunk)) if holds]
        return ", ".join(parts)

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
    bearers : bearers of the user's own, beside `BEARERS`, each "public" or "private"; those of a plain list
        are private
    """

    currency: str
    price_year: str | int
    flows: tuple[Flow, ...]
    bearers: Mapping[str, Purse] | Sequence[str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_money_unit(self.currency)
        object.__setattr__(self, "price_year", read_price_year(self.price_year))
        object.__setattr__(self, "flows", tuple(self.flows))
        object.__setattr__(self, "bearers", read_bearers(self.bearers))
        if not self.flows:
            raise CostError("a ledger has at least one flow; a measure that costs nothing has a flow of 0")
        for place, flow in enumerate(self.flows):
            self._check(flow)
            if flow in self.flows[:place]:
                raise CostError(
                    f"flow {flow.what!r} stands twice in the ledger, alike in everything; "
                    "leave one out, or give them two names if both were spent"
                )

    def _check(self, flow: Flow) -> None:
        known = (*BEARERS, *self.bearers)
        for bearer in (flow.bearer, flow.received_by):
            if bearer is not None and bearer not in known:
                raise CostError(
                    f"no bearer {bearer!r} (flow {flow.what!r}); {nearest(bearer, known, 20)}; "
                    "name your own in 'bearers'"
                )
        if flow.cashable:
            is_money = flow.kind != "in kind" and flow.tangible
            check_cashable(f"the saving {flow.what!r}", flow.bearer, self.public, is_money=is_money)
        if flow.price_year not in {None, self.price_year}:
            raise CostError(
                f"flow {flow.what!r} is in prices of {flow.price_year} and the ledger in prices of "
                f"{self.price_year}; a ledger has one price year: uprate the amount first"
            )
        if flow.currency not in {None, self.currency}:
            raise CostError(
                f"flow {flow.what!r} is in {flow.currency} and the ledger in {self.currency}; a ledger has one currency"
            )

    @property
    def own_bearers(self) -> Mapping[str, Purse]:
        """The user's own bearers by name, each with its purse."""
        return read_bearers(self.bearers)

    @property
    def public(self) -> frozenset[str]:
        """Every public bearer."""
        return public_among(self.own_bearers)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Costs:
        """Read the table `[costs]` of a study file: currency, year (of the prices), flows, bearers.

        A flow is a table with what, amount, bearer, kind, and year (or years); and any other fact of `Flow`.

        Raises
        ------
        CostFaultsError
            Naming everything that is wrong.
        """
        from evalkit.economics.ledger_file import costs_from_mapping

        return costs_from_mapping(mapping)
