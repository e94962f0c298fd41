"""Which options to take together under a budget: the set with the highest expected net benefit.

The choice is exact: of up to sixteen options every set is listed, of more an integer programme is solved
without a gap (HiGHS, through `scipy.optimize.milp`). Net benefits and costs of what is taken are added up:
how options act on each other is not known here, so those that may not be taken together, or not one
without the other, are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evalkit.draws import FloatArray, is_number
from evalkit.economics.decisions.compared import place_of
from evalkit.errors import CostError

__all__ = ["Portfolio", "Rules", "best_portfolio"]

# All sets of so many options are 65,536; with 4,000 draws they take a second, one option more takes two.
_MOST_LISTED = 16
# Net benefits of sets held at a time: 16 megabytes.
_BLOCK = 2_000_000
# Share of an amount that is no difference but rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What may be taken together.

    Attributes
    ----------
    exclusive : groups of options of which at most one is taken
    requires : options that have to be taken with an option, by its name
    barred : options that are never taken, whatever they are worth
    """

    exclusive: tuple[tuple[str, ...], ...] = ()
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    barred: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """The best set of options under a budget.

    Attributes
    ----------
    chosen : names; empty where nothing that fits is worth its cost
    budget : limit of the expected cost to the budget
    cost : expected cost of what is chosen, to the budget; below zero where it saves money
    net_benefit : expected, of what is chosen, against doing without all
    prob_best : share of the draws in which no other set that keeps the rules and the budget is better;
        None with `reason`
    next_budget, next_chosen, next_gain : the smallest larger budget at which another set is better, that
        set, and the net benefit that it adds; None where no budget changes the choice, or with `reason`
    marginal_value : net benefit of the last unit of the budget if options could be taken in part (the
        shadow price of the linear relaxation); 0 where the budget does not bind
    reason : why there is neither `prob_best` nor `next_budget`; empty where every set was compared
    """

    chosen: tuple[str, ...]
    budget: float
    cost: float
    net_benefit: float
    prob_best: float | None
    next_budget: float | None
    next_chosen: tuple[str, ...]
    next_gain: float | None
    marginal_value: float
    reason: str = ""

    @property
    def value_of_more(self) -> float | None:
        """Net benefit for each unit of money added, up to `next_budget`; None where more changes nothing."""
        if self.next_budget is None or self.next_gain is None:
            return None
        return self.next_gain / (self.next_budget - self.budget)


def best_portfolio(
    names: Sequence[str], net_benefit: FloatArray, cost: FloatArray, *, budget: float, rules: Rules | None = None
) -> Portfolio:
    """Choose the set of options with the highest expected net benefit whose expected cost keeps the budget.

    Parameters
    ----------
    net_benefit : of each option against doing without it, shape (draws, options)
    cost : expected cost to the budget, shape (options,); negative where an option saves money
    budget : zero or more

    Raises
    ------
    CostError
        A budget that is none, shapes that do not go together, or rules about options that are not there.
    """
    net, money = np.asarray(net_benefit, float), np.asarray(cost, float)
    _check(names, net, money, budget)
    limits = _limits(names, rules or Rules())
    mean = net.mean(axis=0)
    if len(names) > _MOST_LISTED:
        listed, more, share = None, None, None
        chosen = _solve(mean, money, float(budget), limits)
    else:
        listed = _Sets.of(mean, money, limits)
        chosen = listed.best(float(budget))
        more = listed.next_budget(chosen)
        share = listed.share_of_draws(net, chosen, float(budget))
    following = chosen if listed is None or more is None else listed.best(more)
    gain = float(mean[chosen].sum())
    return Portfolio(
        chosen=_named(names, chosen),
        budget=float(budget),
        cost=float(money[chosen].sum()),
        net_benefit=gain,
        prob_best=share,
        next_budget=more,
        next_chosen=() if more is None else _named(names, following),
        next_gain=None if more is None else float(mean[following].sum()) - gain,
        marginal_value=_marginal_value(mean, money, float(budget), limits),
        reason="" if listed is not None else _too_many(len(names)),
    )


def _too_many(options: int) -> str:
    return f"{options} options have too many sets to compare each; that is done for up to {_MOST_LISTED} options"


def _check(names: Sequence[str], net: FloatArray, money: FloatArray, budget: float) -> None:
    if not is_number(budget) or budget < 0:
        raise CostError(f"a budget is an amount of zero or more; there is {budget!r}")
    if net.ndim != 2 or net.shape[1] != len(names) or money.shape != (len(names),) or not net.size:
        raise CostError(
            f"net benefit has the shape (draws, {len(names)}) and cost ({len(names)},); there is {net.shape} "
            f"and {money.shape}"
        )
    if not (np.isfinite(net).all() and np.isfinite(money).all()):
        raise CostError("some net benefits or costs of the options are not finite numbers")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Limits:
    """Rules as rows of an integer programme: `rows` @ taken <= `most`, shapes (rules, options) and (rules,)."""

    rows: FloatArray
    most: FloatArray

    def kept(self, sets: np.ndarray) -> np.ndarray:
        """Say which sets keep the rules, shape (sets,)."""
        return np.asarray((sets @ self.rows.T <= self.most).all(axis=1))


def _limits(names: Sequence[str], rules: Rules) -> _Limits:
    rows, most = [], []
    for group in rules.exclusive:
        if _is_text(group) or len(set(group)) < 2 or len(set(group)) < len(group):
            raise CostError(
                f"a group of options that exclude each other names two or more, each once; there is {group!r}"
            )
        row = np.zeros(len(names))
        row[[place_of(name, names, "exclusive") for name in group]] = 1
        rows.append(row)
        most.append(1)
    for option, needed in rules.requires.items():
        if _is_text(needed) or option in needed:
            raise CostError(f"requires of {option!r} is a list of other options; there is {needed!r}")
        for other in needed:
            row = np.zeros(len(names))
            row[place_of(option, names, "requires")] = 1
            row[place_of(other, names, "requires")] = -1
            rows.append(row)
            most.append(0)
    for option in rules.barred:
        row = np.zeros(len(names))
        row[place_of(option, names, "barred")] = 1
        rows.append(row)
        most.append(0)
    return _Limits(rows=np.array(rows).reshape(-1, len(names)), most=np.array(most, float))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sets:
    """Every set that keeps the rules, the cheapest first and of those the smallest: so a tie goes to the first.

    Attributes
    ----------
    taken : shape (sets, options)
    cost, worth : expected, shape (sets,)
    margin : differences of cost and of worth up to which two sets are the same
    """

    taken: np.ndarray
    cost: FloatArray
    worth: FloatArray
    margin: tuple[float, float]

    @classmethod
    def of(cls, worth: FloatArray, money: FloatArray, limits: _Limits) -> _Sets:
        taken = ((np.arange(2**worth.size)[:, None] >> np.arange(worth.size)) & 1).astype(bool)
        taken = taken[limits.kept(taken.astype(float))]
        cost = taken @ money
        order = np.lexsort((taken.sum(axis=1), cost))
        margin = (_ROUNDING * float(np.abs(money).sum()), _ROUNDING * float(np.abs(worth).sum()))
        return cls(taken=taken[order], cost=cost[order], worth=taken[order] @ worth, margin=margin)

    def best(self, budget: float) -> np.ndarray:
        """Give the set that is worth most within the budget."""
        fits = self.cost <= budget + self.margin[0]
        most = self.worth[fits].max()
        return np.asarray(self.taken[fits & (self.worth >= most - self.margin[1])][0])

    def next_budget(self, chosen: np.ndarray) -> float | None:
        """Give the cost of the cheapest set that is worth more than this one."""
        own = self.worth[(self.taken == chosen).all(axis=1)][0]
        better = self.cost[self.worth > own + self.margin[1]]
        return float(better.min()) if better.size else None

    def share_of_draws(self, net: FloatArray, chosen: np.ndarray, budget: float) -> float:
        """Give the share of the draws, shape (draws, options), in which no set within the budget is better."""
        taken = self.taken[self.cost <= budget + self.margin[0]].astype(float)
        own = net @ chosen.astype(float)
        best = own.copy()
        step = max(_BLOCK // len(net), 1)
        for start in range(0, len(taken), step):
            np.maximum(best, (net @ taken[start : start + step].T).max(axis=1), out=best)
        return float(np.mean(own >= best - _ROUNDING * np.abs(net).sum(axis=1)))


def _is_text(given: object) -> bool:
    """A word is a sequence too, of letters: it stands where a list was meant."""
    return isinstance(given, str)


def _solve(worth: FloatArray, money: FloatArray, budget: float, limits: _Limits) -> np.ndarray:
    """Give the set with the highest worth within the budget, as booleans, shape (options,).

    What only the solver's tolerance lets through is forbidden, and the rest searched again.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    scale = _scale(money)
    rows, most = np.vstack([limits.rows, scale * money]), np.append(limits.most, scale * budget)
    while True:
        found = milp(
            -worth * _scale(worth),
            integrality=np.ones(worth.size, int),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(rows, ub=most),
            options={"mip_rel_gap": 0},
        )
        if found.x is None:
            raise CostError(f"the best set of options was not found: {found.message}")
        taken = np.asarray(found.x > 0.5)
        if money[taken].sum() <= budget * (1 + _ROUNDING):
            return taken
        rows = np.vstack([rows, np.where(taken, 1.0, -1.0)])
        most = np.append(most, taken.sum() - 1)


def _scale(amounts: FloatArray) -> float:
    """Bring amounts to a size at which the solver's tolerance, a millionth, is a billionth of the largest."""
    return 1e3 / (float(np.abs(amounts).max()) or 1.0)


def _marginal_value(worth: FloatArray, money: FloatArray, budget: float, limits: _Limits) -> float:
    """Give the shadow price of the budget where options could be taken in part; zero or more."""
    from scipy.optimize import linprog

    up, across = _scale(worth), _scale(money)
    rows, most = np.vstack([limits.rows, across * money]), np.append(limits.most, across * budget)
    found = linprog(-up * worth, A_ub=rows, b_ub=most, bounds=(0, 1), method="highs")
    if found.status != 0:
        raise CostError(f"the worth of more budget was not found: {found.message}")
    return max(-float(found.ineqlin.marginals[-1]) * across / up, 0.0)


def _named(names: Sequence[str], taken: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, is_taken in zip(names, taken, strict=True) if is_taken)
