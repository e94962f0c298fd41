"""How much harm one crime of each kind does: sourced tables of weights, and the user's own."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from evalkit.domain import Outcome, crime_classes
from evalkit.domain.text import one_line
from evalkit.draws import is_number
from evalkit.economics.faults import attempt, refuse, unknown_keys
from evalkit.economics.price_files import read_header
from evalkit.errors import CostError, nearest

__all__ = ["OWN_WEIGHTS", "HarmWeight", "HarmWeights", "harm_tables"]

# What the weights that stand on the outcomes of a study are called.
OWN_WEIGHTS = "own"

_PREFIX = "harm_"
_HEADER = ("name", "unit", "region", "source", "link", "cautions")
_COLUMNS = ("crime", "offence", "weight", "certainty", "source", "caution")
_CERTAINTIES = ("primary", "secondary", "memory", "own")


@dataclass(frozen=True, kw_only=True)
class HarmWeight:
    """The harm that one crime does.

    Attributes
    ----------
    weight : in the unit of its table, zero or more
    crime : key of a class of crime (`crime_classes`); empty for an offence that stands for no whole class
    offence : what the source calls it; by default the class
    certainty : "primary" (read in the source), "secondary" (in one that quotes it), "memory" or "own"
    source : where in the source of the table, or another
    caution : a sentence that a reader must see where the weight is used
    """

    weight: float
    crime: str = ""
    offence: str = ""
    certainty: str = "own"
    source: str = ""
    caution: str = ""

    def __post_init__(self) -> None:
        for name in ("crime", "offence", "source", "caution"):
            object.__setattr__(self, name, one_line(str(getattr(self, name))))
        if not self.crime and not self.offence:
            raise CostError("a harm weight is of a class of crime or of an offence; there is neither")
        if self.crime and self.crime not in crime_classes():
            raise CostError(
                f"harm weight of {self.crime!r}, no class of crime; {nearest(self.crime, crime_classes(), 20)}"
            )
        if not is_number(self.weight) or self.weight < 0:
            raise CostError(f"the harm weight of {self.label!r} is zero or more; there is {self.weight!r}")
        if self.certainty not in _CERTAINTIES:
            raise CostError(
                f"no certainty {self.certainty!r} (harm weight of {self.label!r}); "
                f"{nearest(self.certainty, _CERTAINTIES)}"
            )

    @property
    def label(self) -> str:
        """What it is the weight of."""
        return self.offence or self.crime


@dataclass(frozen=True, kw_only=True)
class HarmWeights:
    """A table of harm weights.

    Attributes
    ----------
    name : of the table
    unit : of a weight, plural, such as "days of sentence"
    weights : one for each class of crime or offence
    by_outcome : weights of outcomes by their name, which go before those of their class; None where an
        outcome has no weight in this table though its class has
    region, source, link : where the weights hold and come from
    cautions : sentences that a reader must see where the table is used
    """

    name: str
    unit: str
    weights: tuple[HarmWeight, ...] = ()
    by_outcome: Mapping[str, HarmWeight | None] = field(default_factory=dict)
    region: str = ""
    source: str = ""
    link: str = ""
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("name", "unit", "region", "source", "link"):
            object.__setattr__(self, name, one_line(str(getattr(self, name))))
        object.__setattr__(self, "weights", tuple(self.weights))
        object.__setattr__(self, "by_outcome", MappingProxyType(dict(self.by_outcome)))
        object.__setattr__(self, "cautions", tuple(one_line(str(each)) for each in self.cautions))
        faults = [
            f"a table of harm weights has a {name}; there is none"
            for name in ("name", "unit")
            if not getattr(self, name)
        ]
        if not self.weights and not self.by_outcome:
            faults.append("a table of harm weights has at least one weight; there is none")
        refuse([*faults, *_repeats(self.weights)], f"harm weights {self.name!r}")

    @classmethod
    def load(cls, name: str) -> Self:
        """Give a shipped table by its name; `harm_tables` lists them.

        >>> HarmWeights.load("cambridge-chi").of_crime("robbery").weight
        365.0
        """
        if name not in harm_tables():
            raise CostError(
                f"no table of harm weights {name!r}; {nearest(name, harm_tables())}, or a file that ends in .csv"
            )
        table = files("evalkit.economics").joinpath("tables", f"{_PREFIX}{name}.csv")
        return cls._parsed(table.read_text(encoding="utf-8"), name, name)

    @classmethod
    def from_csv(cls, path: str | Path) -> Self:
        """Read a table of one's own.

        The columns are crime (a class of evalkit) or offence (any name), weight, and where wanted certainty,
        source, caution. Lines behind `# ` before them are TOML: name, unit, region, source, link, cautions.

        Raises
        ------
        CostFaultsError
            Naming every row that has an unknown crime, a weight below zero, or a crime that was there before.
        """
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8-sig")
        except OSError as problem:
            raise CostError(f"cannot read the harm weights {str(path)!r}: {problem.strerror}") from problem
        except UnicodeDecodeError as problem:
            raise CostError(f"the harm weights {str(path)!r} are not written in UTF-8") from problem
        try:
            return cls._parsed(text, file.name, file.stem)
        except csv.Error as problem:
            raise CostError(f"the harm weights {str(path)!r} cannot be read as CSV: {problem}") from problem

    @classmethod
    def own(cls, weights: Mapping[str, float]) -> Self:
        """Give weights of outcomes by their name, as they stand on the outcomes of a study."""
        return cls(
            name=OWN_WEIGHTS,
            unit="weighted events",
            by_outcome={name: HarmWeight(weight=weight, offence=name) for name, weight in weights.items()},
            source="the study's own weights",
        )

    @classmethod
    def _parsed(cls, text: str, where: str, name: str) -> Self:
        header, rows = read_header(text, where)
        faults = unknown_keys(header, _HEADER, "header: ")
        if rows:
            faults += unknown_keys({str(key): None for key in rows[0]}, _COLUMNS, "column: ")
        cautions = header.get("cautions", [])
        if not isinstance(cautions, list):
            faults.append(f"header: cautions is a list of sentences; there is {cautions!r}")
        made = [attempt(faults, f"row {place}: ", lambda row=row: _weight(row)) for place, row in enumerate(rows, 1)]  # type: ignore[misc]
        weights = tuple(each for each in made if each is not None)
        faults += _repeats(weights)
        refuse(faults, where)
        return cls(
            **({"name": name, "unit": "units of harm"} | header | {"weights": weights, "cautions": tuple(cautions)})
        )

    def of_crime(self, crime: str) -> HarmWeight | None:
        """Give the weight of a class of crime, or None where the table has none."""
        return next((each for each in self.weights if each.crime == crime), None)

    def of(self, outcome: Outcome, name: str = "") -> HarmWeight | None:
        """Give the weight of one event of an outcome, by its name in the study before its class."""
        key = name or outcome.name
        if key in self.by_outcome:
            return self.by_outcome[key]
        return None if outcome.crime is None else self.of_crime(outcome.crime)

    def weighing(self, offences: Mapping[str, str]) -> Self:
        """Give the table with the offence that stands for an outcome, by outcome.

        An offence that the table does not hold leaves the outcome without a weight in it: tables part
        crimes differently, and the weight of another offence would be a guess.
        """
        by_label = {each.label: each for each in reversed(self.weights)}
        chosen = {name: by_label.get(offence) for name, offence in offences.items()}
        return replace(self, by_outcome={**self.by_outcome, **chosen}) if self.weights else self

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of everything that has a weight."""
        return tuple(dict.fromkeys(each.label for each in self.weights))


def harm_tables() -> tuple[str, ...]:
    """List the tables of harm weights that ship with evalkit.

    >>> harm_tables()
    ('cambridge-chi', 'ons-severity')
    """
    return tuple(
        sorted(
            entry.name.removeprefix(_PREFIX).removesuffix(".csv")
            for entry in files("evalkit.economics").joinpath("tables").iterdir()
            if entry.name.startswith(_PREFIX)
        )
    )


def _weight(row: Mapping[str, Any]) -> HarmWeight:
    given = {key: str(value).strip() for key, value in row.items() if value not in {None, ""} and key in _COLUMNS}
    if "weight" not in given:
        raise CostError("no weight")
    try:
        weight = float(given.pop("weight"))
    except ValueError:
        raise CostError(f"weight is a number without separators or signs; there is {row['weight']!r}") from None
    return HarmWeight(weight=weight, **given)


def _repeats(weights: Sequence[HarmWeight]) -> list[str]:
    """Name what stands twice: a class, or an offence with two weights."""
    faults, classes, offences = [], set[str](), dict[str, float]()
    for each in weights:
        if each.crime and each.crime in classes:
            faults.append(f"{each.crime!r} has two harm weights: keep one of them")
        elif offences.get(each.label, each.weight) != each.weight:
            faults.append(f"the offence {each.label!r} has two harm weights: keep one of them")
        classes.add(each.crime)
        offences[each.label] = each.weight
    return faults
