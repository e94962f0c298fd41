"""Options beside the measure that was evaluated: what each costs, what each would prevent, on the same draws.

Every option is appraised against doing without, with the clock, prices, multipliers, retention and
deadweight of the measure: row i of one option goes with row i of the next. So what they share (the worth
of a crime, how long an effect lasts) cannot make one look better than another by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import FloatArray, Quantity
from evalkit.economics.amounts import read_amount
from evalkit.economics.appraisal import Appraisal, Assumption
from evalkit.economics.bearers import read_bearers
from evalkit.economics.drawing import draw_costs
from evalkit.economics.faults import CostFaultsError, attempt, refuse, unknown_keys
from evalkit.economics.inputs import Inputs
from evalkit.economics.ledger import Costs
from evalkit.economics.plausible import refuse_absurd
from evalkit.economics.unpriced import MEASURES
from evalkit.errors import CostError, DomainError, nearest

__all__ = ["Option", "appraise_option", "read_options"]

_KEYS = ("flows", "bearers", "share_of_effect", "prevented", "source", "exposures", "fails")
# Ten times the effect of the measure is no share that anybody means: 60 was meant as 0.6.
_LARGEST_SHARE = 10.0


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something else that could be done.

    Attributes
    ----------
    costs : its ledger, against doing without
    share_of_effect : of what the measure was estimated to prevent, as a share: 0.6 for three fifths. A
        number or a distribution, zero or more
    prevented : in place of it, events prevented in a year, by outcome, net of displacement; negative for
        harm. `{mean, sd}` without a shape is normal, as harm is possible. Outcomes not named: none
    source : of the effect; needed
    exposures : how much it watches, in physical units of `evalkit.economics.unpriced.MEASURES`, over the same time as
        the measure's; empty where that was not measured, 0 where it watches nobody
    fails : gates of law or principles that it does not pass; no net benefit brings it back
    """

    costs: Costs
    source: str
    share_of_effect: float | Mapping[str, Any] | Quantity | None = None
    prevented: Mapping[str, float | Mapping[str, Any] | Quantity] = field(default_factory=dict)
    exposures: Mapping[str, float | Mapping[str, Any] | Quantity] = field(default_factory=dict)
    fails: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not _is_text(self.source):
            raise CostError("an option says where its effect is from; there is no 'source'")
        if (self.share_of_effect is None) == (not self.prevented):
            raise CostError(
                "an option gives share_of_effect (of the measure's own effect) or prevented (events a year by "
                f"outcome), one of them; there is {'neither' if self.share_of_effect is None else 'both'}"
            )
        if self.share_of_effect is not None:
            share = read_amount(self.share_of_effect, "share_of_effect")
            if share.mean > _LARGEST_SHARE:
                raise CostError(f"share_of_effect is a share, such as 0.6; there is {share.describe()}")
            object.__setattr__(self, "share_of_effect", share)
        object.__setattr__(self, "prevented", {name: _events(name, each) for name, each in self.prevented.items()})
        for measure in self.exposures:
            if measure not in MEASURES:
                raise CostError(f"no measure of exposure {measure!r}; {nearest(measure, MEASURES, 20)}")
        watched = {measure: read_amount(amount, measure) for measure, amount in self.exposures.items()}
        object.__setattr__(self, "exposures", watched)
        if isinstance(self.fails, str) or not all(_is_text(each) for each in self.fails):
            raise CostError(f"fails is a list of the gates that the option does not pass; there is {self.fails!r}")
        object.__setattr__(self, "fails", tuple(self.fails))


def _is_text(given: object) -> bool:
    return isinstance(given, str) and bool(given.strip())


def _events(outcome: str, given: object) -> Quantity:
    """Read events a year; a mean with its error is normal here, as an option may do harm."""
    if isinstance(given, Mapping) and set(given) == {"mean", "sd"}:
        given = {**given, "shape": "normal"}
    try:
        events = Quantity.of(given)  # type: ignore[arg-type]
    except DomainError as problem:
        raise CostError(f"prevented of {outcome!r}: {problem}") from None
    return refuse_absurd(events, f"prevented of {outcome!r}", "give the events that it prevents in a year")


def read_options(tables: Mapping[str, Any], costs: Costs) -> dict[str, Option]:
    """Read the tables `[options.NAME]` of a study file; currency and price year are those of `[costs]`.

    Raises
    ------
    CostFaultsError
        Naming everything that is wrong.
    """
    faults: list[str] = []
    found: dict[str, Option] = {}
    for name, table in tables.items():
        option = attempt(faults, f"{name!r}: ", lambda table=table: _read(table, costs))  # type: ignore[misc]
        if option is not None:
            found[name] = option
    refuse(faults, "options")
    return found


def _read(table: object, costs: Costs) -> Option:
    if not isinstance(table, Mapping):
        raise CostError(f"is a table such as {{ flows = [...], share_of_effect = 0.6 }}; there is {table!r}")
    faults = unknown_keys(table, _KEYS, "")
    if "flows" not in table:
        faults.append("no 'flows'; an option that costs nothing has a flow of 0")
    for key, what in (("prevented", "outcome"), ("exposures", "unit")):
        if not isinstance(table.get(key, {}), Mapping):
            faults.append(f"{key} is a table by {what}; there is {table[key]!r}")
            table = {name: value for name, value in table.items() if name != key}
    ledger = {"currency": costs.currency, "year": costs.price_year, "flows": table.get("flows", ())}
    bearers = {**costs.own_bearers, **read_bearers(table.get("bearers", ()))}
    own = costs
    if "flows" in table:
        own = attempt(faults, "", lambda: Costs.from_mapping({**ledger, "bearers": bearers})) or costs
    effect = {key: table[key] for key in ("share_of_effect", "prevented", "exposures", "fails") if key in table}
    option = attempt(faults, "", lambda: Option(costs=own, source=table.get("source", ""), **effect))
    if faults or option is None:
        raise CostFaultsError(faults, where="option")
    return option


def appraise_option(appraisal: Appraisal, option: Option, *, rng: np.random.Generator) -> Appraisal:
    """Appraise an option as the measure was, on the same draws.

    Parameters
    ----------
    appraisal : of the measure, as `appraise` gave it
    rng : for what the option has of its own, its costs and its effect; give each option one of its own

    Raises
    ------
    CostError
        An outcome that the measure was not appraised on, or costs in another currency or price year.
    NoMeanError
        The option's effect is so uncertain that its mean is decided by a few extreme draws.
    """
    from evalkit.economics.appraising import appraise_inputs

    inputs = appraisal.inputs
    if inputs is None:
        raise CostError("this appraisal does not hold what it was reckoned from; wanted is one that appraise() gave")
    _check(option, inputs)
    draws = len(appraisal.cost_draws)
    flows = draw_costs(option.costs, inputs.cost_step, draws, rng)
    effects = _effects(option, inputs, draws, rng)
    longer = appraisal.extrapolation.horizon if appraisal.extrapolation is not None else None
    own = replace(
        inputs,
        costs=option.costs,
        flows=flows,
        effects=effects,
        public=inputs.public | option.costs.public,
        warnings=(),
    )
    return appraise_inputs(replace(own, assumptions=_assumptions(option, own)), longer)


def _check(option: Option, inputs: Inputs) -> None:
    for name in option.prevented:
        if name not in inputs.effects:
            raise CostError(f"prevented of {name!r}, which is not appraised; {nearest(name, inputs.effects, 20)}")
    own, whole = option.costs, inputs.costs
    if (own.currency, own.price_year) != (whole.currency, whole.price_year):
        raise CostError(
            f"costs of the option are in {own.currency} of {own.price_year} and those of the measure in "
            f"{whole.currency} of {whole.price_year}; wanted is one currency and one price year"
        )


def _effects(option: Option, inputs: Inputs, draws: int, rng: np.random.Generator) -> dict[str, Effect]:
    if option.share_of_effect is not None:
        share = Quantity.of(option.share_of_effect).draw(draws, rng)
        return {
            name: _effect(effect, share[:, None] * _net(effect), option.source)
            for name, effect in inputs.effects.items()
        }
    found = {}
    for name, effect in inputs.effects.items():
        lengths = np.array([span.end - span.start for span in inputs.clock.spans[name]])
        yearly = Quantity.of(option.prevented.get(name, 0.0)).draw(draws, rng)
        found[name] = _effect(effect, np.outer(yearly, lengths), option.source)
    return found


def _net(effect: Effect) -> FloatArray:
    net = effect.net_prevented
    if net is None:  # pragma: no cover - such an effect was refused when the measure was appraised
        raise CostError(f"the effect on {effect.outcome.name!r} has no events prevented")
    return net


def _effect(effect: Effect, prevented: FloatArray, source: str) -> Effect:
    return Effect(
        outcome=effect.outcome,
        estimator="given",
        scale="count_difference",
        change=-prevented.sum(axis=1),
        prevented=prevented,
        periods=effect.periods,
        estimand="events that the option would prevent, net of displacement",
        assumption=f"what its source says holds here: {source}",
    )


def _assumptions(option: Option, inputs: Inputs) -> tuple[Assumption, ...]:
    from evalkit.economics.assumptions import flow_assumptions

    if option.share_of_effect is not None:
        what, value = "effect", f"{Quantity.of(option.share_of_effect).describe()} of the effect of the measure"
        told = [Assumption(what=what, value=value, source=option.source, certainty="own")]
    else:
        told = [
            Assumption(
                what=f"effect on {name}",
                value=f"{Quantity.of(each).describe()} prevented a year",
                source=option.source,
                certainty="own",
            )
            for name, each in option.prevented.items()
        ]
    return (*told, *flow_assumptions(inputs))
