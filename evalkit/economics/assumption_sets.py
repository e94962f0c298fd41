"""Coherent sets of assumptions by name: one word in a study chooses one, and a table compares them.

A choice of rate here and of a tax loss there can be picked until the answer pleases. A set is chosen whole, says
what it stands for, and stands beside the others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from evalkit.errors import CostError, nearest

if TYPE_CHECKING:
    from evalkit.economics.appraisal import Amount, Appraisal

__all__ = ["AS_GIVEN", "AssumptionSet", "SetLine", "assumption_set", "assumption_sets"]

# What the study's own choices are called where they are no set by name.
AS_GIVEN = "as the study has it"

# What a set may choose. How long a period is, or in which year's prices results stand, is no assumption of this kind.
CHOICES = (
    "discounting",
    "health_discounting",
    "horizon",
    "retention",
    "deadweight",
    "optimism_bias",
    "multipliers",
    "perspective",
)


@dataclass(frozen=True, kw_only=True)
class AssumptionSet:
    """A set of assumptions.

    Attributes
    ----------
    name : the word that chooses it
    says : what it stands for, in a sentence
    source : where it comes from; empty where the study's author made it
    choices : arguments of `appraise`
    """

    name: str
    says: str
    source: str
    choices: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, table: Mapping[str, Any]) -> AssumptionSet:
        """Read a table of a file: its choices, and `says` and `source` in words.

        Raises
        ------
        CostError
            A key that is no choice of a set.
        """
        known = (*CHOICES, "says", "source")
        for key in table:
            if key not in known:
                raise CostError(f"assumption set {name!r} has no choice {key!r}; {nearest(key, known, 20)}")
        for key in ("says", "source"):
            if not isinstance(table.get(key, ""), str):
                raise CostError(f"{key} of assumption set {name!r} is text; there is {table[key]!r}")
        choices = {key: value for key, value in table.items() if key in CHOICES}
        if not choices:
            raise CostError(f"assumption set {name!r} chooses nothing; there is {', '.join(CHOICES)}")
        return cls(
            name=name,
            says=table.get("says", ""),
            source=table.get("source", ""),
            choices=MappingProxyType(choices),
        )

    def apply(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Give the arguments of `appraise` with this set in the place of every assumption that a set may choose.

        What a set does not name is evalkit's default and not the study's choice, so that a set is the same in every
        study; a horizon beyond the window and stopping are no part of a set that does not name them.
        """
        kept = {key: value for key, value in options.items() if key not in CHOICES and key != "stop"}
        if "perspective" in options and "perspective" not in self.choices:
            kept["perspective"] = options["perspective"]
        return {**kept, **self.choices}

    def under(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Give the arguments of `appraise` with this set where the study does not say otherwise itself."""
        return {**self.choices, **options}


@dataclass(frozen=True, kw_only=True)
class SetLine:
    """What came of the same effects under one set of assumptions, in one scenario.

    Attributes
    ----------
    name, says, source : of the set
    chosen : is it the one that the study's headline rests on?
    choices : what the set chooses, in words
    scenario, horizon : what is counted, and how many years of it
    cost, benefit, net_benefit : present value; `benefit` and `net_benefit` None where nothing has a price
    prob_net_benefit, benefit_cost_ratio, cost_per_crime_prevented : as those of the appraisal
    reason : why there is nothing of all this; empty where there is
    """

    name: str
    says: str
    source: str
    chosen: bool
    choices: tuple[str, ...]
    scenario: str = ""
    horizon: int | None = None
    cost: Amount | None = None
    benefit: Amount | None = None
    net_benefit: Amount | None = None
    prob_net_benefit: float | None = None
    benefit_cost_ratio: float | None = None
    cost_per_crime_prevented: float | None = None
    reason: str = ""

    @classmethod
    def of(cls, which: AssumptionSet, appraisal: Appraisal | None, reason: str, *, chosen: bool = False) -> SetLine:
        """Read a line from one scenario of an appraisal."""
        words = tuple(f"{key.replace('_', ' ')}: {_words(value)}" for key, value in which.choices.items())
        line = cls(name=which.name, says=which.says, source=which.source, chosen=chosen, choices=words, reason=reason)
        if appraisal is None:
            return line
        return replace(
            line,
            scenario=appraisal.scenario,
            horizon=appraisal.horizon,
            cost=appraisal.cost,
            benefit=appraisal.benefit,
            net_benefit=appraisal.net_benefit,
            prob_net_benefit=appraisal.prob_net_benefit,
            benefit_cost_ratio=appraisal.benefit_cost_ratio,
            cost_per_crime_prevented=appraisal.cost_per_crime_prevented.estimate,
        )

    @classmethod
    def of_all(
        cls, which: AssumptionSet, appraisal: Appraisal | None, reason: str, *, chosen: bool = False
    ) -> tuple[SetLine, ...]:
        """Read a line of the observed window, which every set has, and one of the extrapolation where there is one.

        So what is compared over sets is the same years, and what a longer horizon adds stands beside it.
        """
        scenarios = (None,) if appraisal is None else tuple(appraisal.scenarios.values())
        return tuple(cls.of(which, each, reason, chosen=chosen) for each in scenarios)


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_words(item)}" for key, item in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


@cache
def _shipped() -> Mapping[str, AssumptionSet]:
    text = files("evalkit.economics").joinpath("tables/assumption_sets.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: AssumptionSet.of(name, table) for name, table in tomllib.loads(text).items()})


def assumption_sets(own: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, AssumptionSet]:
    """Give the shipped sets by name, and a study's own after them.

    Raises
    ------
    CostError
        An own set with the name of a shipped one: a word would then mean two things.
    """
    found = dict(_shipped())
    for name, table in (own or {}).items():
        if name in found:
            raise CostError(
                f"assumption set {name!r} has the name of a shipped one, so that the word would mean two things; "
                "give it another"
            )
        found[name] = AssumptionSet.of(name, table)
    return found


def assumption_set(name: str, own: Mapping[str, Mapping[str, Any]] | None = None) -> AssumptionSet:
    """Give one set by its name."""
    known = assumption_sets(own)
    if name not in known:
        raise CostError(f"no assumption set {name!r}; {nearest(name, known, 20)}")
    return known[name]
