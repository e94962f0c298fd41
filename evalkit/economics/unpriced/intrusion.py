"""How much people are watched, in physical units and without a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evalkit.draws import FloatArray, Quantity, is_number
from evalkit.economics.amounts import read_amount
from evalkit.economics.appraisal import Amount
from evalkit.economics.unpriced.gates import Gate, gate_findings, read_gates
from evalkit.errors import CostError, first_of, nearest

__all__ = ["MEASURES", "Exposure", "ExposureLine", "GroupShare", "Intrusion", "exposure_lines"]

# In all of them more is more intrusive: that is what the ordering of options rests on.
MEASURES: Mapping[str, str] = {
    "person_hours_observed": "hours in which a person was observed",
    "unique_persons": "different persons observed",
    "biometric_matches": "matches of a face or another trait with a list",
    "false_alerts": "alerts that were wrong",
    "stops_caused": "persons stopped because of it",
    "retention_days": "days for which what was recorded is kept",
    "sharing": "times that records were given to others",
}
# A length of time that all groups share is no amount to be parted among them.
_WHOLE = frozenset({"retention_days"})


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """One physical unit of being watched, over the whole time that is looked at.

    Attributes
    ----------
    measure : a key of `MEASURES`
    amount : a number or a distribution; None where it is given `by_group`
    by_group : the same by group of persons; their sum is the total
    source : where it is from; empty where it is assumed
    """

    measure: str
    amount: float | Mapping[str, Any] | Quantity | None = None
    by_group: Mapping[str, float | Mapping[str, Any] | Quantity] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise CostError(f"no measure of exposure {self.measure!r}; {nearest(self.measure, MEASURES)}")
        if (self.amount is None) == (not self.by_group):
            raise CostError(
                f"{self.measure} is given as an amount, or by_group with the amount as its sum: one of the two"
            )
        if self.by_group and self.measure in _WHOLE:
            raise CostError(f"{self.measure} is a length of time and has no parts by group; give one amount")
        if self.amount is not None:
            object.__setattr__(self, "amount", read_amount(self.amount, self.measure))
        groups = {group: read_amount(amount, f"{self.measure} of {group!r}") for group, amount in self.by_group.items()}
        object.__setattr__(self, "by_group", groups)

    def draw(self, draws: int, rng: np.random.Generator) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Draw the total, shape (draws,), and the same by group."""
        groups = {group: Quantity.of(amount).draw(draws, rng) for group, amount in self.by_group.items()}
        if groups:
            return np.sum(list(groups.values()), axis=0), groups
        return Quantity.of(self.amount or 0.0).draw(draws, rng), {}


@dataclass(frozen=True, kw_only=True)
class Intrusion:
    """What a measure does to privacy: who is exposed, for how long, how much, and by which rules.

    Attributes
    ----------
    exposed_residents : persons who live or work where the measure watches; a number or a distribution
    residents_source : where that number is from
    years : for which they are exposed; None for the length of the observed window
    exposures : in physical units
    population : residents by group, to hold shares of exposure against; empty where no group is told apart
    population_source : where these are from
    principles, gates : the charter's and the law's, all of them, answered or not
    """

    exposed_residents: float | Mapping[str, Any] | Quantity
    residents_source: str = ""
    years: float | None = None
    exposures: tuple[Exposure, ...] = ()
    population: Mapping[str, float] = field(default_factory=dict)
    population_source: str = ""
    principles: tuple[Gate, ...] = ()
    gates: tuple[Gate, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "exposed_residents", read_amount(self.exposed_residents, "exposed_residents"))
        object.__setattr__(self, "principles", read_gates("principle", self.principles))
        object.__setattr__(self, "gates", read_gates("gate", self.gates))
        if self.years is not None and not (is_number(self.years) and 0 < self.years <= 100):
            raise CostError(f"years of exposure are a number above 0, up to 100; there is {self.years!r}")
        keys = [each.measure for each in self.exposures]
        if len(set(keys)) < len(keys):
            raise CostError(f"an exposure is given twice: {first_of(key for key in keys if keys.count(key) > 1)}")
        for group, residents in self.population.items():
            if not is_number(residents) or residents < 0:
                raise CostError(f"population of {group!r} is a number of residents; there is {residents!r}")
        if self.population and sum(self.population.values()) <= 0:
            raise CostError("the population has at least one resident; there is none")
        for each in self.exposures:
            self._check_groups(each)

    def _check_groups(self, exposure: Exposure) -> None:
        if not self.population or not exposure.by_group:
            return
        for group in exposure.by_group:
            if group not in self.population:
                raise CostError(
                    f"{exposure.measure} names the group {group!r}, which is not in the population; "
                    f"{nearest(group, self.population)}"
                )
        missing = [group for group in self.population if group not in exposure.by_group]
        if missing:
            raise CostError(f"{exposure.measure} has no amount for {first_of(missing)}; give it, 0 where there is none")

    @property
    def mean_exposures(self) -> dict[str, float]:
        """Mean of each exposure in its own unit, over all groups."""
        return {
            each.measure: sum(Quantity.of(amount).mean for amount in each.by_group.values())
            if each.by_group
            else Quantity.of(each.amount or 0.0).mean
            for each in self.exposures
        }

    @property
    def fails(self) -> tuple[str, ...]:
        """Labels of the gates and principles that it does not pass; those not answered are not among them."""
        return tuple(gate.label or gate.key for gate in (*self.gates, *self.principles) if gate.answer == "fail")

    @property
    def findings(self) -> tuple[str, ...]:
        """What stands at the head of everything: gates and principles that are not passed."""
        return gate_findings((*self.gates, *self.principles))


@dataclass(frozen=True, kw_only=True)
class GroupShare:
    """How much of an exposure falls on a group, beside its part of the population.

    Attributes
    ----------
    amount : in the unit of the exposure
    share : mean of the group's exposure over mean of all, with its range; None where nothing is exposed
    of_population : the group's share of the residents; None where no population was given
    times : `share` over `of_population`: 2 is twice as much as its part; None where either is nothing
    """

    group: str
    amount: Amount
    share: Amount | None
    of_population: float | None
    times: float | None


@dataclass(frozen=True, kw_only=True)
class ExposureLine:
    """One exposure as it came out: total with its range, source, and its parts by group."""

    measure: str
    unit: str
    amount: Amount
    source: str
    groups: tuple[GroupShare, ...]


def exposure_lines(
    intrusion: Intrusion, draws: int, rng: np.random.Generator, *, level: float = 0.95
) -> tuple[ExposureLine, ...]:
    """Draw every exposure and give it with its range, and its parts by group."""
    people = sum(intrusion.population.values())
    lines = []
    for each in intrusion.exposures:
        total, groups = each.draw(draws, rng)
        lines.append(
            ExposureLine(
                measure=each.measure,
                unit=MEASURES[each.measure],
                amount=Amount.of(total, level),
                source=each.source,
                groups=tuple(
                    _share(group, part, total, intrusion.population.get(group, 0.0) / people if people else None, level)
                    for group, part in groups.items()
                ),
            )
        )
    return tuple(lines)


def _share(group: str, part: FloatArray, total: FloatArray, of_population: float | None, level: float) -> GroupShare:
    share = None
    if total.min() > 0:
        ends = Amount.of(part / total, level)
        # of means, as every ratio is; the range is that of the shares, which lie between 0 and 1
        share = Amount(mean=float(part.mean() / total.mean()), lower=ends.lower, upper=ends.upper, level=level)
    times = share.mean / of_population if share is not None and of_population else None
    return GroupShare(group=group, amount=Amount.of(part, level), share=share, of_population=of_population, times=times)
