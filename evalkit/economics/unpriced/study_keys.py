"""The tables [intrusion] and [perception] of a study file; every fault is told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from evalkit.economics.faults import attempt, refuse, unknown_keys
from evalkit.economics.unpriced.gates import Gate, Kind
from evalkit.economics.unpriced.intrusion import MEASURES, Exposure, Intrusion
from evalkit.economics.unpriced.perception import WELLBY, FeelingValue, Perception
from evalkit.errors import CostError, nearest

__all__ = ["intrusion_from_mapping", "perception_from_mapping"]

_INTRUSION = ("exposed_residents", "years", "exposures", "population", "principles", "gates")
_PRICES = frozenset({"value", "price", "worth", "cost", "amount"})


def intrusion_from_mapping(mapping: Mapping[str, Any]) -> Intrusion:
    """Read the table `[intrusion]` of a study file.

    Raises
    ------
    CostFaultsError
        Naming everything that is wrong.
    """
    faults = [
        f"privacy has no {key} here: evalkit gives the value at which the measure stops to pay, and prices nothing"
        for key in mapping
        if key in _PRICES
    ]
    faults += unknown_keys({key: item for key, item in mapping.items() if key not in _PRICES}, _INTRUSION, "")
    if "exposed_residents" not in mapping:
        faults.append("no 'exposed_residents': how many persons live or work where the measure watches")
    exposed, source = _sourced(faults, "exposed_residents", mapping.get("exposed_residents", 0))
    population, population_source = _population(faults, mapping)
    exposures = _each(faults, "exposures", mapping, _exposure)
    gates = {
        part: _each(faults, part, mapping, lambda key, entry, kind=kind: _gate(key, kind, entry))  # type: ignore[misc]
        for part, kind in (("principles", "principle"), ("gates", "gate"))
    }
    made = attempt(
        faults,
        "",
        lambda: Intrusion(
            exposed_residents=exposed,
            residents_source=source,
            years=mapping.get("years"),
            exposures=tuple(exposures),
            population=population,
            population_source=population_source,
            principles=tuple(gates["principles"]),
            gates=tuple(gates["gates"]),
        ),
    )
    refuse(faults, "intrusion")
    assert made is not None  # noqa: S101 - a fault was noted otherwise
    return made


def _table(faults: list[str], key: str, value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    faults.append(f"{key!r} is a table; there is {value!r}")
    return {}


def _each[Made](
    faults: list[str], part: str, mapping: Mapping[str, Any], make: Callable[[str, Any], Made]
) -> list[Made]:
    made = [
        attempt(faults, f"{part}: ", lambda key=key, entry=entry: make(key, entry))  # type: ignore[misc]
        for key, entry in _table(faults, part, mapping.get(part, {})).items()
    ]
    return [each for each in made if each is not None]


def _sourced(faults: list[str], key: str, entry: object) -> tuple[Any, str]:
    """Part `{ value = ..., source = ... }` or `{ low, high, source }` into the amount and its source."""
    if not isinstance(entry, Mapping):
        return entry, ""
    source = entry.get("source", "")
    if not isinstance(source, str):
        faults.append(f"source of {key} is text; there is {source!r}")
        source = ""
    rest = {name: item for name, item in entry.items() if name != "source"}
    return (rest["value"] if set(rest) == {"value"} else rest), source


def _exposure(key: str, entry: object) -> Exposure:
    if key not in MEASURES:
        raise CostError(f"no measure {key!r}; {nearest(key, MEASURES)}")
    faults: list[str] = []
    amount, source = _sourced(faults, key, entry)
    groups: Mapping[str, Any] = {}
    if isinstance(amount, Mapping) and "by_group" in amount:
        groups = _table(faults, f"{key}.by_group", amount["by_group"])
        rest = {name: item for name, item in amount.items() if name != "by_group"}
        amount = rest.get("value", rest) if rest else None
    if faults:
        raise CostError("; ".join(faults))
    return Exposure(measure=key, amount=amount, by_group=groups, source=source)


def _population(faults: list[str], mapping: Mapping[str, Any]) -> tuple[Mapping[str, float], str]:
    if "population" not in mapping:
        return {}, ""
    given = _table(faults, "population", mapping["population"])
    faults += unknown_keys(given, ("residents", "source"), "population: ")
    residents = _table(faults, "population.residents", given.get("residents", {}))
    if not residents:
        faults.append("population needs residents, a table such as { centre = 4000, elsewhere = 9000 }")
    return residents, str(given.get("source", ""))


def _gate(key: str, kind: Kind, entry: object) -> Gate:
    if isinstance(entry, str):
        entry = {"answer": entry}
    if not isinstance(entry, Mapping):
        raise CostError(f'{key} is a table such as {{ answer = "pass", evidence = "..." }}; there is {entry!r}')
    known = ("answer", "evidence") if kind == "principle" else ("answer", "evidence", "law")
    wrong = unknown_keys(entry, known, f"{key}: ")
    if wrong:
        raise CostError("; ".join(wrong))
    return Gate(key=key, kind=kind, **entry)


_PERCEPTION = ("outcome", "estimate", "residents", "years", "value", "life_satisfaction_per_point")
_VALUE = ("source", "currency", "price_year", "country")
_AMOUNT = ("value", "low", "mode", "high", "mean", "sd", "shape")


def perception_from_mapping(mapping: Mapping[str, Any]) -> Perception:
    """Read the table `[perception]` of a study file.

    Raises
    ------
    CostFaultsError
        Naming everything that is wrong.
    """
    faults = unknown_keys(mapping, _PERCEPTION, "")
    faults += [f"{key} is text; there is {mapping[key]!r}" for key in _texts(mapping, ("outcome", "estimate"))]
    if "outcome" not in mapping:
        faults.append("no 'outcome': the score or proportion that a survey asked for")
    residents, source = _sourced(faults, "residents", mapping.get("residents"))
    value = attempt(faults, "value: ", lambda: _value(mapping)) if "value" in mapping else None
    if "life_satisfaction_per_point" in mapping and "value" not in mapping:
        faults.append("life_satisfaction_per_point is there and no value; feelings stay out of money without one")
    made = attempt(
        faults,
        "",
        lambda: Perception(
            outcome=str(mapping.get("outcome", "")),
            estimate=mapping.get("estimate"),
            residents=residents,
            residents_source=source,
            years=mapping.get("years"),
            value=value,
        ),
    )
    refuse(faults, "perception")
    assert made is not None  # noqa: S101 - a fault was noted otherwise
    return made


def _texts(mapping: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    return [key for key in keys if key in mapping and not isinstance(mapping[key], str)]


def _value(mapping: Mapping[str, Any]) -> FeelingValue:
    given, faults = mapping["value"], list[str]()
    converted, source = _sourced(faults, "life_satisfaction_per_point", mapping.get("life_satisfaction_per_point"))
    if given == "wellby":
        return replace(WELLBY, life_satisfaction_per_point=converted, conversion_source=source)
    if not isinstance(given, Mapping):
        raise CostError(
            f"""is "wellby" or a table such as {{ value = 40, source = "..." }}, for a point and person-year; """
            f"there is {given!r}"
        )
    wrong = faults + unknown_keys(given, (*_AMOUNT, *_VALUE), "")
    if wrong:
        raise CostError("; ".join(wrong))
    amount, _ = _sourced([], "value", {key: item for key, item in given.items() if key in _AMOUNT})
    options = {key: given[key] for key in _VALUE if key in given and key != "source"}
    return FeelingValue(
        amount=amount,
        source=str(given.get("source", "")),
        life_satisfaction_per_point=converted,
        conversion_source=source,
        **options,
    )
