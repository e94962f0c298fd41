"""Sentences on what the rates and the recording of crime leave open."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.domain import Effect
from evalkit.economics.inputs import Inputs

__all__ = ["discounting_warnings", "reporting_warnings"]


def discounting_warnings(inputs: Inputs) -> list[str]:
    """Warn of rates that were not read in a source."""
    schedules = [inputs.discounting, *([inputs.health.schedule] if inputs.health else [])]
    return [
        f"The discount rates {each.name!r} are unverified: they were not looked up in a source."
        for each in schedules
        if each.certainty == "memory"
    ]


def reporting_warnings(effects: Mapping[str, Effect]) -> list[str]:
    """Warn where the measure itself may change how much crime is reported, and say in which direction it misleads."""
    found = (effect.outcome.reporting_caution for effect in effects.values())
    return [sentence for sentence in found if sentence]
