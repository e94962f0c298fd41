"""Groups of people and their shares in what each bearer pays and gains, as the user knows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.domain.text import one_line
from evalkit.draws import is_number
from evalkit.economics.appraisal import Assumption
from evalkit.economics.faults import attempt, refuse, unknown_keys
from evalkit.economics.welfare import GREEN_BOOK_EXPONENT, check_exponent, welfare_weight
from evalkit.errors import CostError, nearest

__all__ = ["Group", "Groups"]

_GREEN_BOOK = "HM Treasury, The Green Book, edition of 2022, A3.12 to A3.22"
# Shares given with three digits, such as thirds, add up to 1 within this.
_ROUNDING = 0.002


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group of people, such as those of one fifth of incomes.

    Attributes
    ----------
    name : of the group
    shares : share of each bearer's benefits that comes to the group, by bearer; a bearer that is not named
        counts for nothing here
    pays : share of each bearer's costs that falls on the group, by bearer; where no group names a bearer the
        group bears its share of the bearer's benefits
    income : median equivalised income of the group, in any unit that is also that of the whole median
    population : share of all people who belong to it
    source : where the shares are from
    """

    name: str
    shares: Mapping[str, float] = field(default_factory=dict)
    pays: Mapping[str, float] = field(default_factory=dict)
    income: float | None = None
    population: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "source"):
            given = getattr(self, name)
            if not isinstance(given, str):
                raise CostError(f"the {name} of a group is a text; there is {given!r}")
            object.__setattr__(self, name, one_line(given))
        if not self.name:
            raise CostError("a group has a name; there is an empty one")
        for name in ("shares", "pays"):
            object.__setattr__(self, name, _read_shares(self.name, name, getattr(self, name)))
        if self.population is not None and not _is_share(self.population):
            raise CostError(
                f"the population of group {self.name!r} is a share from 0 to 1; there is {self.population!r}"
            )
        if self.income is not None and not (is_number(self.income) and self.income > 0):
            raise CostError(f"the income of group {self.name!r} is a number above zero; there is {self.income!r}")


def _read_shares(group: str, key: str, given: object) -> dict[str, float]:
    if not isinstance(given, Mapping):
        raise CostError(f"{key} of group {group!r} is a table such as {{ victims = 0.3 }}; there is {given!r}")
    for bearer, share in given.items():
        if not _is_share(share):
            raise CostError(
                f"the share of group {group!r} in {bearer!r} ({key}) is a number from 0 to 1; there is {share!r}"
            )
    return {str(bearer): float(share) for bearer, share in given.items()}


def _is_share(value: object) -> bool:
    return is_number(value) and 0 <= value <= 1


@dataclass(frozen=True, kw_only=True)
class Groups:
    """All groups, and how money that comes to each is weighed.

    Attributes
    ----------
    groups : shape (groups,); the shares of a bearer add up to 1 over them
    median_income : median equivalised income of everybody; without it, or without the income of a group,
        nothing is weighed
    exponent : elasticity of the marginal utility of income
    exponent_source, source : where the exponent and the median income are from
    """

    groups: tuple[Group, ...]
    median_income: float | None = None
    exponent: float = GREEN_BOOK_EXPONENT
    exponent_source: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(self.groups))
        check_exponent(self.exponent)
        if not self.exponent_source and self.exponent == GREEN_BOOK_EXPONENT:
            object.__setattr__(self, "exponent_source", _GREEN_BOOK)
        for name in ("exponent_source", "source"):
            object.__setattr__(self, name, one_line(getattr(self, name)))
        faults = [*self._name_faults(), *self._share_faults(), *self._population_faults(), *self._income_faults()]
        refuse(faults, "groups")

    def _name_faults(self) -> list[str]:
        names = [group.name for group in self.groups]
        if not names:
            return ["there is no group; give each as [incidence.groups.NAME]"]
        return [f"two groups are named {name!r}" for name in dict.fromkeys(names) if names.count(name) > 1]

    def _share_faults(self) -> list[str]:
        return [
            f"the shares of {bearer!r} ({key}) add up to {total:.4g} over the groups; they have to add up to 1, so "
            "give every group its share, and a further group for everybody else"
            for key in ("shares", "pays")
            for bearer in self._named(key)
            if abs((total := sum(getattr(group, key).get(bearer, 0.0) for group in self.groups)) - 1) > _ROUNDING
        ]

    def _population_faults(self) -> list[str]:
        given = [group.population for group in self.groups if group.population is not None]
        if not given:
            return []
        without = [group.name for group in self.groups if group.population is None]
        if without:
            return [f"population is given for some groups and not for {without[0]!r}: give it for all or for none"]
        total = sum(given)
        if abs(total - 1) > _ROUNDING:
            return [f"the populations of the groups add up to {total:.4g}; they are shares of everybody, so 1"]
        return []

    def _income_faults(self) -> list[str]:
        faults: list[str] = []
        median = self.median_income
        for group in self.groups:
            if median is not None and group.income is not None:
                attempt(faults, f"group {group.name!r}: ", lambda own=group.income: welfare_weight(own, median))  # type: ignore[misc]
        if median is not None and not (is_number(median) and median > 0):
            faults = [f"the median income is a number above zero; there is {median!r}"]
        return faults

    def _named(self, key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(bearer for group in self.groups for bearer in getattr(group, key)))

    def share_of_benefit(self, bearer: str) -> tuple[float, ...] | None:
        """Give each group's share in what a bearer gains, adding up to 1; None where no group names the bearer."""
        return self._shares("shares", bearer)

    def share_of_cost(self, bearer: str) -> tuple[float, ...] | None:
        """Give each group's share in what a bearer pays, adding up to 1; None where no group names the bearer."""
        return self._shares("pays", bearer) or self._shares("shares", bearer)

    def _shares(self, key: str, bearer: str) -> tuple[float, ...] | None:
        if bearer not in self._named(key):
            return None
        given = [getattr(group, key).get(bearer, 0.0) for group in self.groups]
        total = sum(given)  # 1 but for the rounding of what was given: parts have to add up to the whole
        return tuple(share / total for share in given)

    @property
    def weights(self) -> tuple[float, ...] | None:
        """Give the weight of each group; None with `weights_reason`."""
        if self.weights_reason or self.median_income is None:
            return None
        incomes = [group.income for group in self.groups if group.income is not None]
        return tuple(welfare_weight(income, self.median_income, self.exponent) for income in incomes)

    @property
    def weights_reason(self) -> str:
        """Why nothing is weighed; empty where it is."""
        if self.median_income is None:
            return "no median income was given, so what a group gains is not weighed by its income"
        without = [group.name for group in self.groups if group.income is None]
        return f"no income of group {without[0]!r} was given" if without else ""

    def check_bearers(self, known: Iterable[str]) -> None:
        """Refuse shares of a bearer that does not exist."""
        names = tuple(known)
        faults = [
            f"group shares name {bearer!r}, which is no bearer; {nearest(bearer, names, 20)}"
            for bearer in dict.fromkeys((*self._named("shares"), *self._named("pays")))
            if bearer not in names
        ]
        refuse(faults, "incidence")

    def assumptions(self) -> tuple[Assumption, ...]:
        """List what the figures by group rest on."""
        found = [_assumption(f"group {group.name!r}", _described(group), group.source) for group in self.groups]
        if self.weights is not None and self.median_income is not None:
            found.append(_assumption("median income of everybody", f"{self.median_income:,.6g}", self.source))
            exponent = f"(median income / income of the group)^{self.exponent:g}; shown beside the unweighted figures"
            found.append(
                Assumption(
                    what="distributional weights",
                    value=exponent,
                    source=self.exponent_source,
                    certainty="chosen" if self.exponent_source else "assumed",
                )
            )
        return tuple(found)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Groups:
        """Read the table `[incidence]` of a study file.

        Raises
        ------
        CostFaultsError
            Naming everything that is wrong.
        """
        faults = unknown_keys(mapping, _KEYS, "")
        entries = mapping.get("groups", {})
        if not isinstance(entries, Mapping):
            faults.append(f"groups is a table of groups, [incidence.groups.NAME]; there is {entries!r}")
            entries = {}
        made = [_read_group(faults, str(name), entry) for name, entry in entries.items()]
        faults += [
            f"{key} is a text; there is {mapping[key]!r}"
            for key in ("source", "exponent_source")
            if not isinstance(mapping.get(key, ""), str)
        ]
        refuse(faults, "incidence")
        head = {key: mapping[key] for key in _KEYS if key in mapping and key != "groups"}
        return cls(groups=tuple(group for group in made if group is not None), **head)


_KEYS = ("groups", "median_income", "exponent", "exponent_source", "source")
_GROUP_KEYS = ("shares", "pays", "income", "population", "source")


def _read_group(faults: list[str], name: str, entry: object) -> Group | None:
    where = f"groups.{name}: "
    if not isinstance(entry, Mapping):
        faults.append(f"{where}is a table such as {{ shares = {{ victims = 0.3 }} }}; there is {entry!r}")
        return None
    faults.extend(unknown_keys(entry, _GROUP_KEYS, where))
    known = {key: entry[key] for key in _GROUP_KEYS if key in entry}
    return attempt(faults, where, lambda: Group(name=name, **known))


def _assumption(what: str, value: str, source: str) -> Assumption:
    return Assumption(what=what, value=value, source=source, certainty="own" if source else "assumed")


def _described(group: Group) -> str:
    parts = [] if group.income is None else [f"income {group.income:,.6g}"]
    if group.population is not None:
        parts.append(f"{100 * group.population:.4g} % of people")
    parts += [f"{100 * share:.4g} % of the benefits of {bearer}" for bearer, share in group.shares.items()]
    parts += [f"{100 * share:.4g} % of the costs of {bearer}" for bearer, share in group.pays.items()]
    return ", ".join(parts) or "no shares"
