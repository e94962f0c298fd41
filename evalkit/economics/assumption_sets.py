"""Coherent sets of assumptions by name: one word in a study chooses one, and a table compares them.

A choice of rate here and of a tax loss there can be picked until the answer pleases. A set is chosen whole, says
what it stands for, and stands beside the others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from evalkit.errors import CostError, nearest

__all__ = ["AssumptionSet", "assumption_set", "assumption_sets"]

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
