"""Which options to take together under a budget: the set with the highest expected net benefit.

The choice is exact: an integer programme by HiGHS through `scipy.optimize.milp` with no gap allowed. Net
benefits and costs of what is taken are added up: that options act on each other is not known here, so
those that may not be taken together, or not one without the other, are named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.decisions.compared import place_of
from evalkit.errors import CostError, first_of

__all__ = ["Portfolio", "Rules", "best_portfolio"]

# All sets of so many options are 65,536; with 4,000 draws they take a second, one option more takes two.
_MOST_LISTED = 16
# Net benefits of sets held at a time: 16 megabytes.
_BLOCK = 2_000_000
# Share of an amount that is no difference but rounding.
_ROUNDING = 1e-12
# What `scipy.optimize.milp` answers where no set keeps all conditions.
_INFEASIBLE = 2


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What may be taken together.

    Attributes
    ----------
    exclusive : groups of options of which at most one is taken
    requires : options that have to be taken with an option, by its name
    """

    exclusive: tuple[tuple[str, ...], ...] = ()
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
        set, and the net benefit that it adds; None where no budget changes the choice
    marginal_value : net benefit of the last unit of the budget if options could be taken in part (the
        shadow price of the linear relaxation); 0 where the budget does not bind
    reason : why there is no `prob_best`
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
    chosen = _solve(mean, money, budget, limits)
    gain, limit = float(mean[chosen].sum()), float(budget)
    more = _next(mean, money, gain, limits)
    share, reason = _prob_best(net, money, chosen, limit, limits)
    return Portfolio(
        chosen=_named(names, chosen),
        budget=limit,
        cost=float(money[chosen].sum()),
        net_benefit=gain,
        prob_best=share,
        next_budget=None if more is None else more[0],
        next_chosen=() if more is None else _named(names, more[1]),
        next_gain=None if more is None else float(mean[more[1]].sum() - gain),
        marginal_value=_marginal_value(mean, money, limit, limits),
        reason=reason,
    )


def _check(names: Sequence[str], net: FloatArray, money: FloatArray, budget: float) -> None:
    if not isinstance(budget, int | float) or isinstance(budget, bool) or not 0 <= budget < np.inf:
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
        if isinstance(group, str) or len(set(group)) < 2 or len(set(group)) < len(group):
            raise CostError(f"a group of options that exclude each other names two or more, each once; there is {group!r}")
        row = np.zeros(len(names))
        row[[place_of(name, names, "exclusive") for name in group]] = 1
        rows.append(row)
        most.append(1)
    for option, needed in rules.requires.items():
        if isinstance(needed, str) or option in needed:
            raise CostError(f"requires of {option!r} is a list of other options; there is {needed!r}")
        for other in needed:
            row = np.zeros(len(names))
            row[place_of(option, names, "requires")] = 1
            row[place_of(other, names, "requires")] = -1
            rows.append(row)
            most.append(0)
    return _Limits(rows=np.array(rows).reshape(-1, len(names)), most=np.array(most, float))


def _solve(worth: FloatArray, money: FloatArray, budget: float, limits: _Limits) -> np.ndarray:
    """Give the set with the highest worth within the budget, as booleans, shape (options,)."""
    scale = _scale(money)
    found = _programme(
        -worth * _scale(worth),
        np.vstack([limits.rows, scale * money]),
        np.append(limits.most, scale * budget),
        lambda taken: float(money[taken].sum()) <= budget,
    )
    # nothing at all keeps every rule and every budget
    return np.zeros(worth.size, bool) if found is None else found


def _next(worth: FloatArray, money: FloatArray, gain: float, limits: _Limits) -> tuple[float, np.ndarray] | None:
    """Give the smallest budget at which some set is worth more than `gain`, and the best set at that budget."""
    scale, margin = _scale(worth), _ROUNDING * float(np.abs(worth).max())
    cheapest = _programme(
        money * _scale(money),
        np.vstack([limits.rows, -scale * worth]),
        np.append(limits.most, -scale * (gain + margin)),
        lambda taken: float(worth[taken].sum()) > gain + margin,
    )
    if cheapest is None:
        return None
    budget = float(money[cheapest].sum())
    return budget, _solve(worth, money, budget, limits)


def _scale(amounts: FloatArray) -> float:
    """Bring amounts to a size at which the solver's tolerance, a millionth, is 1e-12 of the largest."""
    return 1e6 / (float(np.abs(amounts).max()) or 1.0)


def _programme(
    objective: FloatArray, rows: FloatArray, most: FloatArray, is_allowed: Callable[[np.ndarray], bool]
) -> np.ndarray | None:
    """Minimise over sets; what only the solver's tolerance lets through is forbidden and the rest searched again."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    while True:
        found = milp(
            objective,
            integrality=np.ones(objective.size),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(rows, ub=most),
            options={"mip_rel_gap": 0},
        )
        if found.status == _INFEASIBLE:
            return None
        if found.x is None:
            raise CostError(f"the best set of options was not found: {found.message}")
        taken = np.asarray(found.x > 0.5)
        if is_allowed(taken):
            return taken
        rows = np.vstack([rows, np.where(taken, 1.0, -1.0)])
        most = np.append(most, taken.sum() - 1)


def _marginal_value(worth: FloatArray, money: FloatArray, budget: float, limits: _Limits) -> float:
    """Give the shadow price of the budget where options could be taken in part; zero or more."""
    from scipy.optimize import linprog

    up, across = _scale(worth), _scale(money)
    rows, most = np.vstack([limits.rows, across * money]), np.append(limits.most, across * budget)
    found = linprog(-up * worth, A_ub=rows, b_ub=most, bounds=(0, 1), method="highs")
    if found.status != 0:
        raise CostError(f"the worth of more budget was not found: {found.message}")
    return max(-float(found.ineqlin.marginals[-1]) * across / up, 0.0)


def _prob_best(
    net: FloatArray, money: FloatArray, chosen: np.ndarray, budget: float, limits: _Limits
) -> tuple[float | None, str]:
    """Compare what was chosen with every other set that is allowed, in every draw."""
    draws, options = net.shape
    if options > _MOST_LISTED:
        return None, (
            f"with {options} options there are too many sets to compare in every draw; it is worked out for "
            f"up to {_MOST_LISTED}"
        )
    sets = (np.arange(2**options)[:, None] >> np.arange(options)) & 1
    margin = _ROUNDING * float(np.abs(money).sum())
    sets = sets[limits.kept(sets) & (sets @ money <= budget + margin)].astype(float)
    own = net @ chosen.astype(float)
    best = own.copy()
    step = max(_BLOCK // draws, 1)
    for start in range(0, len(sets), step):
        np.maximum(best, (net @ sets[start : start + step].T).max(axis=1), out=best)
    return float(np.mean(own >= best - _ROUNDING * np.abs(net).sum(axis=1))), ""


def _named(names: Sequence[str], taken: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, is_taken in zip(names, taken, strict=True) if is_taken)
