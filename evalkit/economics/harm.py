"""Harm prevented: events of each crime by its weight, added up draw by draw so that they vary together.

Weights go on by type of crime and the types are then added: ten crimes of weight 10 and twenty-five of weight 4
are the same harm and not the same variance, Var H = sum w_k^2 Var N_k + 2 sum w_j w_k Cov(N_j, N_k)
(Wheeler 2020, Amending the WDD test to incorporate harm weights). Rows of the draws hold the covariances. One rare
crime can own the result, so that there is always a total without homicide beside the total.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray, settled_mean
from evalkit.economics.appraisal import Amount
from evalkit.economics.checks import check_effects
from evalkit.economics.clock import read_clock
from evalkit.economics.cost_per_crime import CostPerCrimePrevented
from evalkit.economics.courses import courses_of
from evalkit.economics.discounting import Discounting, discount_factors
from evalkit.economics.harm_weights import HarmWeight, HarmWeights
from evalkit.errors import CostError

__all__ = ["HOMICIDE", "HarmLine", "HarmPrevented", "HarmTotal", "harm_prevented", "weighed"]

HOMICIDE = "homicide"


@dataclass(frozen=True, kw_only=True)
class HarmLine:
    """Harm prevented of one outcome.

    Attributes
    ----------
    outcome, crime : name in the study, and class of crime
    weight : of one event, with its source
    events : prevented, net of displacement; None with `reason` where the mean does not exist
    harm : the same times the weight, in the unit of the table; negative where there was more
    expected : mean harm in the treated sites had nothing been done; None where what was recorded is not known
    share_of_mean : of the harm prevented; None where the parts do not all go one way, as parts of a sum whose
        parts cancel say nothing
    share_of_variance : covariance of the part with the total over the variance of the total; shares add up to
        1, and are negative where a part offsets the others
    """

    outcome: str
    crime: str | None
    weight: HarmWeight
    events: Amount | None
    harm: Amount | None
    expected: float | None
    share_of_mean: float | None
    share_of_variance: float | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class HarmTotal:
    """Harm prevented over several outcomes.

    Attributes
    ----------
    outcomes : what is added up
    draws : shape (draws,), in the unit of the table; negative where the measure did harm
    prevented : mean and range; None with `reason`, where a few extreme draws decide the mean
    prob_prevented : share of the draws in which harm was prevented
    percent : of the mean harm that was expected in the treated sites; None where that is not known or not above zero
    cost : what one unit of harm prevented cost; None without costs, or with `reason`
    """

    outcomes: tuple[str, ...]
    draws: FloatArray
    prevented: Amount | None
    prob_prevented: float
    percent: float | None
    cost: CostPerCrimePrevented | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class HarmPrevented:
    """Harm prevented by one table of weights.

    Attributes
    ----------
    weights : the table
    lines : by outcome
    total : over all outcomes with a weight
    without_homicide : the same without homicide; None where no outcome is homicide, or nothing else has a weight
    left_out : outcomes that are not in it, and why
    warnings : sentences that a reader must see
    """

    weights: HarmWeights
    lines: tuple[HarmLine, ...]
    total: HarmTotal
    without_homicide: HarmTotal | None
    left_out: Mapping[str, str]
    warnings: tuple[str, ...]

    @property
    def has_homicide(self) -> bool:
        """Is homicide among what was weighed?"""
        return any(line.crime == HOMICIDE for line in self.lines)

    @property
    def owner(self) -> HarmLine | None:
        """The crime that more than half of the total's variance is due to, where others are in it as well."""
        most = max(self.lines, key=lambda line: line.share_of_variance or 0.0)
        return most if len(self.lines) > 1 and (most.share_of_variance or 0.0) > 0.5 else None


def weighed(effects: Mapping[str, Effect], weights: HarmWeights) -> tuple[dict[str, HarmWeight], dict[str, str]]:
    """Give the weight of every outcome that has one, and why the others are left out, by outcome."""
    found: dict[str, HarmWeight] = {}
    left: dict[str, str] = {}
    for name, effect in effects.items():
        weight = weights.of(effect.outcome, name)
        if weight is None:
            left[name] = f"it has no weight in {weights.name}"
        elif effect.prevented is None:
            left[name] = "it is no count of events, so that none can be prevented"
        elif effect.outcome.good == "more":
            left[name] = "more of it is good, so that preventing it prevents no harm"
        else:
            found[name] = weight
    return found, left


def harm_prevented(
    effects: Mapping[str, Effect],
    weights: HarmWeights,
    *,
    cost: FloatArray | None = None,
    discounting: str | float | Discounting = "green-book-2026",
    period_years: float | Mapping[str, float] | None = None,
    disjoint: bool = False,
    level: float = 0.95,
) -> HarmPrevented:
    """Give the harm that was prevented in the observed window, net of displacement.

    Parameters
    ----------
    effects : by outcome; rows go together, so that outcomes of the same sites keep their covariances
    weights : of one event, by crime
    cost : draws of what the measure cost in present value, shape (draws,); row i goes with row i of the effects
    discounting, period_years : as in `appraise`; harm per unit of cost is in present value on both sides
    disjoint : is no event counted in two outcomes?
    level : of every interval

    Raises
    ------
    CostError
        Where no outcome has a weight, or events would be counted twice.
    """
    found, left = weighed(effects, weights)
    if not found:
        raise CostError(f"no outcome has a weight in {weights.name!r}; there is {', '.join(map(repr, effects))}")
    chosen = {name: effects[name] for name in found}
    warnings = check_effects(chosen, disjoint=disjoint)
    parts = {name: found[name].weight * _events(effect) for name, effect in chosen.items()}
    present = {} if cost is None else _present(effects, found, discounting, period_years)
    expected = {name: _expected(effect, found[name].weight) for name, effect in chosen.items()}

    def total(names: tuple[str, ...]) -> HarmTotal:
        return _total({name: parts[name] for name in names}, expected, present, cost, level)

    all_of_it = total(tuple(parts))
    rest = tuple(name for name, effect in chosen.items() if effect.outcome.crime != HOMICIDE)
    return HarmPrevented(
        weights=weights,
        lines=_lines(chosen, found, parts, expected, total=all_of_it, level=level),
        total=all_of_it,
        without_homicide=total(rest) if rest and len(rest) < len(parts) else None,
        left_out=left,
        warnings=tuple(
            dict.fromkeys(
                text for text in (*warnings, *weights.cautions, *(each.caution for each in found.values())) if text
            )
        ),
    )


def _events(effect: Effect) -> FloatArray:
    net = effect.net_prevented
    if net is None:  # pragma: no cover - such an effect was left out before
        raise CostError(f"the effect on {effect.outcome.name!r} has no events prevented")
    return np.asarray(net.sum(axis=1))


def _present(
    effects: Mapping[str, Effect],
    weights: Mapping[str, HarmWeight],
    discounting: str | float | Discounting,
    period_years: float | Mapping[str, float] | None,
) -> dict[str, FloatArray]:
    """Give harm prevented in present value, each shape (draws,)."""
    nets = {name: effect.net_prevented for name, effect in effects.items() if effect.outcome.good == "fewer"}
    counted = {name: net for name, net in nets.items() if net is not None}
    # the clock of all that the measure changed, weighed or not: it begins with the first of them, as the costs do
    clock = read_clock({name: effects[name].periods for name in counted}, period_years)
    factors = discount_factors(Discounting.of(discounting), np.arange(clock.years))
    present = courses_of(counted, clock.spans, clock.years, None).totals(factors)
    return {name: np.asarray(each.weight * present[name]) for name, each in weights.items()}


def _expected(effect: Effect, weight: float) -> float | None:
    if effect.recorded is None or effect.total_prevented is None:
        return None
    prevented = settled_mean(effect.total_prevented)
    return None if prevented is None else weight * (float(effect.recorded.sum()) + prevented)


def _total(
    parts: Mapping[str, FloatArray],
    expected: Mapping[str, float | None],
    present: Mapping[str, FloatArray],
    cost: FloatArray | None,
    level: float,
) -> HarmTotal:
    draws = np.sum(list(parts.values()), axis=0)
    unsettled = [name for name, part in parts.items() if settled_mean(part) is None]
    if not unsettled and settled_mean(draws) is None:
        unsettled = list(parts)
    reason = f"{_UNSETTLED.format(names=', '.join(unsettled))}" if unsettled else ""
    bases = [expected[name] for name in parts]
    base = sum(each for each in bases if each is not None)
    is_known = not reason and base > 0 and all(each is not None for each in bases)
    per_unit = None
    if cost is not None and not reason:
        discounted = np.sum([present[name] for name in parts], axis=0)
        per_unit = CostPerCrimePrevented.of(draws, cost, discounted=discounted, level=level, thing="harm")
    return HarmTotal(
        outcomes=tuple(parts),
        draws=draws,
        prevented=None if reason else Amount.of(draws, level),
        prob_prevented=float(np.mean(draws > 0)),
        percent=100 * float(draws.mean()) / base if is_known else None,
        cost=per_unit,
        reason=reason,
    )


_UNSETTLED = "what was prevented of {names} is so uncertain that a few extreme draws decide its mean"


def _lines(
    effects: Mapping[str, Effect],
    weights: Mapping[str, HarmWeight],
    parts: Mapping[str, FloatArray],
    expected: Mapping[str, float | None],
    *,
    total: HarmTotal,
    level: float,
) -> tuple[HarmLine, ...]:
    stacked = np.array(list(parts.values()))
    means, spread = stacked.mean(axis=1), total.draws - total.draws.mean()
    variance = float(spread @ spread)
    go_one_way = (means >= 0).all() or (means <= 0).all()
    lines = []
    for place, (name, effect) in enumerate(effects.items()):
        is_settled = settled_mean(parts[name]) is not None
        is_shared = not total.reason
        events = _events(effect)
        lines.append(
            HarmLine(
                outcome=name,
                crime=effect.outcome.crime,
                weight=weights[name],
                events=Amount.of(events, level) if is_settled else None,
                harm=Amount.of(stacked[place], level) if is_settled else None,
                expected=expected[name],
                share_of_mean=float(means[place] / means.sum()) if is_shared and go_one_way and means.any() else None,
                share_of_variance=float(stacked[place] @ spread) / variance if is_shared and variance > 0 else None,
                reason="" if is_settled else _UNSETTLED.format(names=name),
            )
        )
    return tuple(lines)
