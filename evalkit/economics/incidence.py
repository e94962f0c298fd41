"""Incidence: who pays and who gains, by bearer, area and group, directly and indirectly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Amount
from evalkit.economics.groups import Groups
from evalkit.economics.incidence_areas import AreaLine, lines_by_area, worth_by_bearer
from evalkit.economics.incidence_groups import GroupTable, by_group
from evalkit.economics.reckoning import Reckoning
from evalkit.economics.tally import DEADWEIGHT, Tally

__all__ = ["DirectLine", "Incidence", "PayersAndGainers", "incidence_of"]


@dataclass(frozen=True, kw_only=True)
class DirectLine:
    """One part of the net benefit: `what` it is, whether it is direct, and its amount.

    Attributes
    ----------
    direct : do the crimes and services of the treated areas make it, or what follows elsewhere?
    amount : in present value; below zero where it is a loss. None with `reason` where it was not measured
    """

    what: str
    direct: bool
    amount: Amount | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PayersAndGainers:
    """How costs and benefits fall on bearers, at means: shares of the totals, never means of shares.

    Attributes
    ----------
    payers : share of the cost by who pays it, adding up to 1
    gainers : share of what is gained by who gains it, money saved among it, adding up to 1
    matrix : of a unit gained, what comes to each gainer and is paid by each payer, shape (payers, gainers), adding
        up to 1; every payer's money is taken to buy the same mixture, as the ledger says of no flow which
        benefit it buys
    losers : mean loss by who loses it, as an amount above zero; not in the shares. What taxing loses falls on
        nobody in particular and is in neither; see `DirectLine`
    to_others : share of what is gained that comes to those who pay nothing
    reason : why there are no payers, no gainers or no matrix; empty where there are
    """

    payers: Mapping[str, float]
    gainers: Mapping[str, float]
    matrix: tuple[tuple[float, ...], ...]
    losers: Mapping[str, float]
    to_others: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Incidence:
    """Who pays and who gains in one scenario of an appraisal.

    Attributes
    ----------
    direct : the parts of the net benefit, direct and indirect, adding up to it
    payers_and_gainers : who pays a unit of cost and who gains a unit of benefit
    by_area : treated sites, and nearby areas; empty with `areas_reason`
    groups : by the groups of the user; None with `groups_reason`
    """

    direct: tuple[DirectLine, ...]
    payers_and_gainers: PayersAndGainers
    by_area: tuple[AreaLine, ...]
    areas_reason: str
    groups: GroupTable | None
    groups_reason: str


def incidence_of(reckoning: Reckoning, sums: Tally, *, counted: Iterable[str], no_benefit: str) -> Incidence:
    """Give the incidence of one scenario.

    Parameters
    ----------
    sums : of the scenario
    counted : outcomes whose events are counted
    no_benefit : why there is no benefit; empty where there is one
    """
    inputs, cost, benefit = reckoning.inputs, sums.borne, _by_bearer(sums)
    areas: tuple[AreaLine, ...] = ()
    reason = "which areas keep the effect after the observed window is not known"
    if reckoning.retention is None:
        areas, reason = lines_by_area(inputs, reckoning.rates, counted), ""
    groups, without = _groups(inputs.groups, cost, benefit, inputs.level, no_benefit)
    return Incidence(
        direct=_direct(reckoning, sums, no_benefit),
        payers_and_gainers=_payers_and_gainers(cost, benefit, no_benefit, inputs.perspective),
        by_area=areas,
        areas_reason=reason,
        groups=groups,
        groups_reason=without,
    )


def _by_bearer(sums: Tally) -> dict[str, FloatArray]:
    """Give each bearer's benefits, shape (draws,), and what taxing loses or saves under a name of its own."""
    taxed = {DEADWEIGHT: sums.deadweight} if sums.deadweight.any() else {}
    return {**sums.gains, **taxed}


def _groups(
    groups: Groups | None,
    cost: Mapping[str, FloatArray],
    benefit: Mapping[str, FloatArray],
    level: float,
    no_benefit: str,
) -> tuple[GroupTable | None, str]:
    if groups is None:
        return None, "no groups were given"
    return (None, no_benefit) if no_benefit else (by_group(groups, cost, benefit, level), "")


def _direct(reckoning: Reckoning, sums: Tally, no_benefit: str) -> tuple[DirectLine, ...]:
    """Part the net benefit; all parts are from the same draws and add up draw by draw."""
    inputs = reckoning.inputs
    cost = DirectLine(what="what the measure costs", direct=True, amount=Amount.of(-sums.total_cost, inputs.level))
    elsewhere = "crime that moved to nearby areas, or a benefit that spread to them"
    treated = "events prevented in the treated areas"
    lost = DirectLine(
        what="loss from taxing for it, less what is saved by taxing less",
        direct=False,
        amount=Amount.of(sums.deadweight, inputs.level) if sums.deadweight.any() else None,
        reason="" if sums.deadweight.any() else "none is counted: the deadweight of taxation is set to 0",
    )
    if no_benefit:
        return (
            DirectLine(what=treated, direct=True, amount=None, reason=no_benefit),
            cost,
            DirectLine(what=elsewhere, direct=False, amount=None, reason=no_benefit),
            lost,
        )
    moved = _moved(reckoning)
    total = np.asarray(sum(sums.gains.values(), start=np.zeros(len(sums.deadweight))))
    own = total if moved is None else total - moved
    return (
        DirectLine(what=treated, direct=True, amount=Amount.of(np.asarray(own), inputs.level)),
        cost,
        DirectLine(
            what=elsewhere,
            direct=False,
            amount=None if moved is None else Amount.of(moved, inputs.level),
            reason="not measured: no nearby areas were observed" if moved is None else "",
        ),
        lost,
    )


def _moved(reckoning: Reckoning) -> FloatArray | None:
    """Give what the change in nearby areas is worth, shape (draws,); None where none was measured."""
    inputs, rates = reckoning.inputs, reckoning.rates
    changes = {name: inputs.effects[name].displacement for name in inputs.worth}
    found = {name: each.prevented for name, each in changes.items() if each is not None and each.prevented is not None}
    if not found:
        return None
    beside = replace(reckoning, net=found).courses
    total = np.zeros(beside.draws)
    for factors, is_health in rates.kinds:
        events = beside.totals(factors)
        for name in found:
            worth = worth_by_bearer(inputs.worth[name], rates, is_health=is_health)
            total += events[name] * sum(worth.values(), start=np.zeros(beside.draws))
    return total


def _payers_and_gainers(
    cost: Mapping[str, FloatArray], benefit: Mapping[str, FloatArray], no_benefit: str, perspective: str
) -> PayersAndGainers:
    paid = {bearer: float(amounts.mean()) for bearer, amounts in cost.items()}
    won = {bearer: float(amounts.mean()) for bearer, amounts in benefit.items() if bearer != DEADWEIGHT}
    payers = _parts_of_one({bearer: amount for bearer, amount in paid.items() if amount > 0})
    gains = {bearer: amount for bearer, amount in won.items() if amount > 0}
    for bearer, amount in paid.items():
        if amount < 0:  # money that a bearer no longer spends is a gain to it
            gains[bearer] = gains.get(bearer, 0.0) - amount
    gainers = {} if no_benefit else _parts_of_one(gains)
    return PayersAndGainers(
        payers=payers,
        gainers=gainers,
        matrix=tuple(tuple(paying * gained for gained in gainers.values()) for paying in payers.values())
        if gainers
        else (),
        losers={bearer: -amount for bearer, amount in won.items() if amount < 0},
        to_others=sum(share for bearer, share in gainers.items() if bearer not in payers) if gainers else None,
        reason=no_benefit or _why_no_matrix(payers, gainers, perspective),
    )


def _parts_of_one(amounts: Mapping[str, float]) -> dict[str, float]:
    total = sum(amounts.values())
    return {bearer: amount / total for bearer, amount in amounts.items()} if total > 0 else {}


def _why_no_matrix(payers: Mapping[str, float], gainers: Mapping[str, float], perspective: str) -> str:
    if perspective != "society":
        return f"the perspective is {perspective}, so what others pay and gain is not counted"
    if not gainers:
        return "on average nobody gains"
    return "" if payers else "on average nobody pays"
