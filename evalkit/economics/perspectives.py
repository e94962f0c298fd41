"""Perspectives as filters: every bearer's costs and benefits once, and the sums that each perspective makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Amount
from evalkit.economics.bearers import BEARERS, CITY, PUBLIC_PURSE, SOCIETY
from evalkit.economics.checks import counts
from evalkit.economics.cost_per_crime import finite_ratio
from evalkit.economics.inputs import Drawn
from evalkit.economics.prices import NOT_SPLIT
from evalkit.economics.purses import CityAccount, PerspectiveLine, PublicSaving
from evalkit.economics.reckoning import Reckoning
from evalkit.economics.tally import Tally

__all__ = ["Account", "Accounts", "city_account", "lines_by_perspective", "public_saving"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """What kind of money a sum is.

    Attributes
    ----------
    side : "cost" and "saving" are of the ledger, "benefit" is the worth of what was prevented
    bearer : whose it is
    only_moves, cashable, in_kind : as the line of the ledger or of the prices says
    """

    side: Literal["cost", "saving", "benefit"]
    bearer: str
    only_moves: bool
    cashable: bool
    in_kind: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Accounts:
    """The present value of everything, by kind of money.

    Attributes
    ----------
    sums : each shape (draws,), zero or more but for benefits of a measure that did harm
    public : bearers whose money is public
    deadweight : loss (negative) or gain of society by taxing more or less, shape (draws,)
    no_benefit : why nobody's benefit is known; empty where it is
    not_split : why the benefit is not known by bearer; empty where it is
    level : of every interval
    """

    sums: Mapping[Account, FloatArray]
    public: frozenset[str]
    deadweight: FloatArray
    no_benefit: str
    not_split: str
    level: float

    @classmethod
    def of(cls, reckoning: Reckoning, sums: Tally, *, no_benefit: str) -> Accounts:
        """Add up entries and benefits of every bearer, whatever the perspective.

        Parameters
        ----------
        sums : of the scenario, for its events and its deadweight
        """
        inputs, rates = reckoning.inputs, reckoning.rates
        found: dict[Account, FloatArray] = {}
        for drawn in reckoning.entries:
            factor = sum(rates.standard[year - 1] for year in drawn.flow.years if year <= reckoning.years)
            _add(found, _of_flow(drawn), np.abs(drawn.draws) * factor)
        for name, value in inputs.worth_to_all.items():
            for priced in value.lines:
                events = sums.healthy if rates.is_health(priced.line) else sums.present
                account = Account(
                    side="benefit",
                    bearer=priced.line.bearer,
                    only_moves=priced.line.only_moves,
                    cashable=priced.line.cashable,
                    in_kind=False,
                )
                _add(found, account, events[name] * value.multiplier * priced.draws)
        lines = (priced.line for value in inputs.worth_to_all.values() for priced in value.lines)
        whole = next((line for line in lines if line.bearer == NOT_SPLIT), None)
        prices = "" if inputs.prices is None else inputs.prices.name
        return cls(
            sums=found,
            public=inputs.public,
            deadweight=sums.deadweight,
            no_benefit=no_benefit,
            not_split="" if whole is None else f"prices {prices!r} do not say who bears {whole.name}",
            level=inputs.level,
        )

    def total(self, side: str, which: Callable[[Account], bool] = lambda _: True) -> FloatArray:
        """Add up one side over the accounts that are wanted, shape (draws,)."""
        wanted = [sums for account, sums in self.sums.items() if account.side == side and which(account)]
        return np.asarray(sum(wanted, start=np.zeros_like(self.deadweight)))

    def amount(self, draws: FloatArray) -> Amount:
        """Give a sum with its range."""
        return Amount.of(draws, self.level)


def _of_flow(drawn: Drawn) -> Account:
    flow = drawn.flow
    return Account(
        side="saving" if flow.saving else "cost",
        bearer=flow.bearer,
        only_moves=flow.only_moves,
        cashable=flow.is_cash_saved,
        in_kind=flow.kind == "in kind",
    )


def _add(sums: dict[Account, FloatArray], account: Account, draws: FloatArray) -> None:
    sums[account] = sums[account] + draws if account in sums else draws


def lines_by_perspective(accounts: Accounts) -> tuple[PerspectiveLine, ...]:
    """Give society, the public purse, the city and every other bearer side by side."""
    bearers = {account.bearer for account in accounts.sums} - {NOT_SPLIT, CITY}
    known = [bearer for bearer in BEARERS if bearer in bearers]
    order = (SOCIETY, PUBLIC_PURSE, CITY, *known, *sorted(bearers - set(known)))
    return tuple(_line(accounts, perspective) for perspective in order)


def _line(accounts: Accounts, perspective: str) -> PerspectiveLine:
    def which(account: Account) -> bool:
        return counts(account, perspective, accounts.public)

    cost = accounts.total("cost", which) - accounts.total("saving", which)
    benefit = accounts.total("benefit", which)
    reason = accounts.no_benefit
    if perspective == SOCIETY:
        benefit = benefit + accounts.deadweight
    else:
        reason = reason or accounts.not_split
    return PerspectiveLine(
        perspective=perspective,
        cost=accounts.amount(cost),
        benefit=None if reason else accounts.amount(benefit),
        net=None if reason else accounts.amount(benefit - cost),
        prob_net_benefit=None if reason else float(np.mean(benefit > cost)),
        reason=reason,
    )


def city_account(accounts: Accounts) -> CityAccount:
    """Say what the measure costs the city, and which share of the benefit is not the city's."""

    def own(account: Account) -> bool:
        return account.bearer == CITY

    cost = accounts.total("cost", own)
    saved = _cashable(accounts, own)
    share, reason = _share_on_others(accounts)
    return CityAccount(
        cost=accounts.amount(cost),
        in_kind=accounts.amount(accounts.total("cost", lambda account: own(account) and account.in_kind)),
        cashable_saving=accounts.amount(saved),
        net_cost=accounts.amount(cost - saved),
        remark="" if any(own(account) and account.side == "cost" for account in accounts.sums)
        else "nothing in the ledger is borne by the city",
        share_on_others=share,
        share_reason=reason,
    )  # fmt: skip


def _cashable(accounts: Accounts, which: Callable[[Account], bool]) -> FloatArray:
    def wanted(account: Account) -> bool:
        return which(account) and account.cashable

    return accounts.total("saving", wanted) + accounts.total("benefit", wanted)


def _share_on_others(accounts: Accounts) -> tuple[float | None, str]:
    if accounts.no_benefit or accounts.not_split:
        return None, accounts.no_benefit or accounts.not_split
    city = float(accounts.total("benefit", lambda account: account.bearer == CITY and not account.only_moves).mean())
    everybody = float(accounts.total("benefit", lambda account: not account.only_moves).mean())
    if everybody <= 0:
        return None, "on average there is no benefit, so nothing of it falls on anybody"
    if not 0 <= city <= everybody:
        return None, "on average the city and others do not both gain, so there is no benefit to share out"
    share = finite_ratio(everybody - city, everybody)
    return share, "" if share is not None else "on average there is next to no benefit"


def public_saving(accounts: Accounts) -> PublicSaving:
    """Say what public bearers save, and how much of that is cashable; what one hands to another is no saving."""

    def public(account: Account) -> bool:
        return account.bearer in accounts.public and not account.only_moves

    cashable = _cashable(accounts, public)
    # savings of the ledger are known without prices; what a prevented crime saves is not, and so no sum of both
    reason = accounts.no_benefit or accounts.not_split
    total = None if reason else accounts.total("saving", public) + accounts.total("benefit", public)
    share, share_reason = (None, reason) if total is None else _share(float(cashable.mean()), float(total.mean()))
    return PublicSaving(
        bearers=tuple(dict.fromkeys(each.bearer for each in accounts.sums if each.side != "cost" and public(each))),
        total=None if total is None else accounts.amount(total),
        total_reason=reason,
        cashable=accounts.amount(cashable),
        cashable_share=share,
        share_reason=share_reason,
    )


def _share(cashable: float, total: float) -> tuple[float | None, str]:
    if total <= 0 or not 0 <= cashable <= total:
        return None, "on average no public bearer saves anything" if total <= 0 else "some save and others lose"
    share = finite_ratio(cashable, total)
    return share, "" if share is not None else "on average next to nothing is saved"
