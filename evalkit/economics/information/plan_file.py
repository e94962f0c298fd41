"""The table `[learning]` of a study file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.economics.amounts import read_amount
from evalkit.economics.information.roll_out import Learning, Plan, RollOut
from evalkit.errors import CostError

__all__ = ["learning_from_mapping"]


def learning_from_mapping(mapping: Mapping[str, Any]) -> Learning:
    """Read `roll_out` (sites, years), `plans`, `share_lasting`, `scenario` and `waits`.

    A plan is a table with name, months, sites, cost (of the study as a whole), cost_per_month and cost_per_site. A
    list of months or of sites stands for one plan each.
    """
    return Learning(
        roll_out=RollOut(**mapping["roll_out"]),
        plans=tuple(plan for given in mapping.get("plans", ()) for plan in _plans(given)),
        share_lasting=mapping.get("share_lasting", 0.0),
        scenario=mapping.get("scenario", "observed window"),
        waits=mapping.get("waits", True),
    )


def _plans(given: Mapping[str, Any]) -> Iterator[Plan]:
    name = given["name"]
    fixed, by_month, by_site = (
        read_amount(given.get(key, 0.0), f"{key} of the plan {name!r}").mean
        for key in ("cost", "cost_per_month", "cost_per_site")
    )
    all_months, all_sites = (_several(given.get(key, 0.0), key, name) for key in ("months", "sites"))
    for months in all_months:
        for sites in all_sites:
            told = [f"{months:g} months"] * (len(all_months) > 1) + [f"{sites:g} sites"] * (len(all_sites) > 1)
            yield Plan(
                name=", ".join([name, *told]),
                months=months,
                sites=sites,
                cost=fixed + by_month * months + by_site * sites,
            )


def _several(value: Any, key: str, name: str) -> Sequence[float]:
    if isinstance(value, Sequence) and not value:
        raise CostError(f"{key} of the plan {name!r} is an empty list: give a number, or a list of some")
    return value if isinstance(value, Sequence) else (value,)
