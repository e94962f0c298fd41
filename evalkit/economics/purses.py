"""Whose money it is: what a perspective sees, what the measure costs the city, and what can be cut from a budget."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.economics.appraisal import Amount

__all__ = ["CityAccount", "PerspectiveLine", "PublicSaving"]


@dataclass(frozen=True, kw_only=True)
class PerspectiveLine:
    """Costs and benefits as one perspective counts them, in present value and from the same draws as all others.

    Attributes
    ----------
    perspective : "society", "public purse", or a bearer
    cost : less the savings of the ledger; below zero where these are larger
    benefit, net, prob_net_benefit : worth of what was prevented, benefit less cost, and the share of the draws
        in which that is above zero; None with `reason`
    reason : why there is no benefit
    """

    perspective: str
    cost: Amount
    benefit: Amount | None
    net: Amount | None
    prob_net_benefit: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class CityAccount:
    """What the measure costs the city's own budget, and how much of its benefit is not the city's.

    Attributes
    ----------
    cost : all that the city bears, in present value, what is in kind too
    in_kind : the part of `cost` that is in kind
    cashable_saving : what the city's budget can be cut by, and what it receives in money from others; below
        zero where crime rose
    net_cost : `cost` less `cashable_saving`; below zero where the city saves money
    remark : where the ledger has nothing that the city bears
    share_on_others : mean benefit of all but the city over mean benefit of everybody, a share between 0 and 1;
        None with `share_reason`
    """

    cost: Amount
    in_kind: Amount
    cashable_saving: Amount
    net_cost: Amount
    remark: str
    share_on_others: float | None
    share_reason: str


@dataclass(frozen=True, kw_only=True)
class PublicSaving:
    """What public bearers save, and how much of it is money that a budget can be cut by.

    Attributes
    ----------
    bearers : who saves, in the ledger or by prevented events
    total : savings of the ledger and of crimes prevented, in present value; None with `total_reason`
    cashable : the part that is cashable
    cashable_share : mean cashable over mean saving, between 0 and 1; None with `share_reason`
    """

    bearers: tuple[str, ...]
    total: Amount | None
    total_reason: str
    cashable: Amount
    cashable_share: float | None
    share_reason: str
