"""The table `[plan]` of a study file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from evalkit.draws import is_number
from evalkit.errors import StudyError, nearest
from evalkit.study_prior import Prior

__all__ = ["PlanSettings", "settings_from_mapping"]

type Length = Literal["year", "quarter", "month", "week"]

_OF_PRIOR = ("effect", "percent", "origin", "source")


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """What a plan is told; what is None comes from the data before the start, or has the default that is named.

    Attributes
    ----------
    prior : what is believed of the effect
    sites, treated : how many sites there will be, and how many of them treated
    periods_before, periods_after : of every site; in a panel that has none after the start, `periods_after` is needed
    period : length of a period where no data say it; a month
    events : expected in a site and period without the measure
    site_spread : standard deviation of the log of the sites' levels, where no data show them; 0.5
    dispersion : variance of a count over its mean; 1 is chance alone
    site_shift : standard deviation of the lasting change of the log rate that sites have of their own at the start
    alpha, power : of the test, and of what is to be detected
    study_cost : of all that is done only to learn, in the price year of the appraisal
    """

    prior: Prior | None = None
    sites: int | None = None
    treated: int | None = None
    periods_before: int | None = None
    periods_after: int | None = None
    period: Length | None = None
    events: float | None = None
    site_spread: float | None = None
    dispersion: float | None = None
    site_shift: float | None = None
    alpha: float = 0.05
    power: float = 0.8
    study_cost: float = 0.0

    def __post_init__(self) -> None:
        faults = [*self._faults()]
        if faults:
            raise StudyError(faults)

    def _faults(self) -> list[str]:
        faults = [
            f"{name} is a whole number, {least} or more and at most 100,000; there is {value!r}"
            for name, least in (("sites", 2), ("treated", 1), ("periods_before", 1), ("periods_after", 1))
            if (value := getattr(self, name)) is not None and not _is_whole(value, least)
        ]
        faults += [
            f"{name} is {words}; there is {value!r}"
            for name, low, high, words in _BOUNDS
            if (value := getattr(self, name)) is not None and not (is_number(value) and low <= value <= high)
        ]
        if self.events is not None and is_number(self.events) and self.events == 0:
            faults.append("events is above zero; where nothing happens, nothing can be prevented")
        if not faults and self.sites is not None and self.treated is not None and self.treated >= self.sites:
            faults.append(
                f"treated ({self.treated}) is fewer than sites ({self.sites}), so that some are left to compare with"
            )
        if self.period is not None and self.period not in get_args(Length.__value__):
            faults.append(f"no period {self.period!r}; {nearest(self.period, get_args(Length.__value__))}")
        return faults


_BOUNDS = (
    ("events", 0.0, 1e9, "the number expected in a site and period, above zero"),
    ("site_spread", 0.0, 3.0, "a standard deviation of logs, from 0 to 3"),
    ("dispersion", 1.0, 1e4, "1 (chance alone) or more"),
    ("site_shift", 0.0, 3.0, "a standard deviation of logs, from 0 to 3"),
    ("alpha", 1e-4, 0.5, "a share from 0.0001 to 0.5, such as 0.05"),
    ("power", 0.05, 0.999, "a share from 0.05 to 0.999, such as 0.8"),
    ("study_cost", 0.0, math.inf, "an amount, zero or more"),
)


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= 100_000


def settings_from_mapping(mapping: Mapping[str, Any]) -> PlanSettings:
    """Read the table; a key that is not known is a fault.

    Raises
    ------
    StudyError
        Every fault at once.
    """
    own = [each.name for each in fields(PlanSettings) if each.name != "prior"]
    known = [*_OF_PRIOR, *own]
    faults = [f"has no key {key!r}; {nearest(key, known, 20)}" for key in mapping if key not in known]
    prior: Prior | None = None
    settings: PlanSettings | None = None
    try:
        prior = _prior(mapping)
    except StudyError as problem:
        faults += problem.faults
    try:
        settings = PlanSettings(prior=prior, **{name: mapping[name] for name in own if name in mapping})
    except StudyError as problem:
        faults += problem.faults
    if settings is None or faults:
        raise StudyError(faults)
    return settings


def _prior(mapping: Mapping[str, Any]) -> Prior | None:
    given = [key for key in ("effect", "percent") if key in mapping]
    told = {key: mapping[key] for key in ("origin", "source") if key in mapping}
    if len(given) == 2:
        raise StudyError("effect (in logs) and percent say the same: keep one")
    if not given:
        if told:
            raise StudyError("origin and source tell where a prior comes from: give effect or percent too")
        return None
    key = given[0]
    wanted = {"effect": ("mean", "sd"), "percent": ("low", "high")}[key]
    value = mapping[key]
    if not isinstance(value, Mapping) or set(value) != set(wanted):
        raise StudyError(f"{key} is a table such as {{ {wanted[0]} = ..., {wanted[1]} = ... }}; there is {value!r}")
    if not isinstance(told.get("source", ""), str):
        raise StudyError(f"source is text in quotes; there is {told['source']!r}")
    return Prior(**value, **told) if key == "effect" else Prior.from_percent(**value, **told)
