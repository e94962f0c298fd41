"""What each group pays and gains, and the same weighed by its income."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Amount
from evalkit.economics.groups import Groups
from evalkit.economics.welfare import SwitchingExponent, switching_exponent

__all__ = ["NO_GROUP", "GroupLine", "GroupTable", "Weighing", "by_group"]

NO_GROUP = "not given to any group"


@dataclass(frozen=True, kw_only=True)
class GroupLine:
    """What one group pays and gains, in present value; `net` is benefit less cost.

    Attributes
    ----------
    group : its name, or "not given to any group" for bearers that no group has a share in
    population, income : as they were given
    weight : of a unit of the group's money; 1 for what is given to no group, None where nothing is weighed
    weighted : net, times the weight
    """

    group: str
    population: float | None
    income: float | None
    cost: Amount
    benefit: Amount
    net: Amount
    weight: float | None
    weighted: Amount | None


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """The net benefit weighed by income, which stands beside the unweighted one and never in its place.

    Attributes
    ----------
    exponent, median_income : of the weights
    source : of the exponent
    unweighted, weighted : net benefit of all, each from the same draws
    prob_unweighted, prob_weighted : share of the draws in which it is above zero
    switching : the exponent at which the mean changes its sign
    """

    exponent: float
    median_income: float
    source: str
    unweighted: Amount
    weighted: Amount
    prob_unweighted: float
    prob_weighted: float
    switching: SwitchingExponent


@dataclass(frozen=True, kw_only=True)
class GroupTable:
    """Every group, and the weighed total.

    Attributes
    ----------
    lines : one for each group, and one for what is given to none where there is such; nets add up to the
        net benefit draw by draw
    left_over : bearers that no group has a share in
    weighing : None with `weighing_reason`
    """

    lines: tuple[GroupLine, ...]
    left_over: tuple[str, ...]
    weighing: Weighing | None
    weighing_reason: str


def by_group(
    groups: Groups, cost: Mapping[str, FloatArray], benefit: Mapping[str, FloatArray], level: float
) -> GroupTable:
    """Share out what each bearer pays and gains, draw by draw.

    Parameters
    ----------
    cost, benefit : by bearer, each shape (draws,), rows together
    """
    draws = len(next(iter((*cost.values(), *benefit.values()))))
    paid, without_payer = _shared(groups, cost, groups.share_of_cost, draws)
    won, without_gainer = _shared(groups, benefit, groups.share_of_benefit, draws)
    left_over = tuple(dict.fromkeys((*without_payer, *without_gainer)))
    weights = None if groups.weights is None else np.array([*groups.weights, 1.0])
    names = [(group.name, group.population, group.income) for group in groups.groups]
    if left_over:
        names.append((NO_GROUP, None, None))
    lines = tuple(
        _line(name, paid[:, place], won[:, place], level, None if weights is None else float(weights[place]))
        for place, name in enumerate(names)
    )
    return GroupTable(
        lines=lines,
        left_over=left_over,
        weighing=None if weights is None else _weighing(groups, won - paid, weights, level),
        weighing_reason=groups.weights_reason,
    )


def _shared(
    groups: Groups,
    amounts: Mapping[str, FloatArray],
    shares_of: Callable[[str], tuple[float, ...] | None],
    draws: int,
) -> tuple[FloatArray, list[str]]:
    """Give amounts by group and, in the last column, by none, shape (draws, groups + 1); and who is there."""
    found, left_over = np.zeros((draws, len(groups.groups) + 1)), []
    for bearer, each in amounts.items():
        shares = shares_of(bearer)
        if shares is None:
            found[:, -1] += each
            left_over += [bearer] if each.any() else []
        else:
            found[:, :-1] += each[:, None] * np.array(shares)
    return found, left_over


def _line(
    named: tuple[str, float | None, float | None],
    paid: FloatArray,
    won: FloatArray,
    level: float,
    weight: float | None,
) -> GroupLine:
    name, population, income = named
    net = won - paid
    return GroupLine(
        group=name,
        population=population,
        income=income,
        cost=Amount.of(paid, level),
        benefit=Amount.of(won, level),
        net=Amount.of(net, level),
        weight=weight,
        weighted=None if weight is None else Amount.of(weight * net, level),
    )


def _weighing(groups: Groups, net: FloatArray, weights: FloatArray, level: float) -> Weighing:
    """Weigh the nets, shape (draws, groups + 1), of which the last column is nobody's and keeps weight 1."""
    plain, weighted = net.sum(axis=1), net @ weights
    median = groups.median_income or np.nan
    ratios = np.array([median / (group.income or np.nan) for group in groups.groups])
    means = net.mean(axis=0)
    return Weighing(
        exponent=groups.exponent,
        median_income=float(median),
        source=groups.exponent_source,
        unweighted=Amount.of(plain, level),
        weighted=Amount.of(weighted, level),
        prob_unweighted=float(np.mean(plain > 0)),
        prob_weighted=float(np.mean(weighted > 0)),
        switching=switching_exponent(means[:-1], ratios, float(means[-1])),
    )
