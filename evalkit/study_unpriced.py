"""What a study found that has no price, beside the money."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Effect
from evalkit.draws import Quantity
from evalkit.study_feelings import DISCOUNTING, FoundPerception, find_perception

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.economics.unpriced import (
        ExposureLine,
        Intrusion,
        PrivacyBreakEven,
    )
    from evalkit.study import Study

__all__ = ["FoundIntrusion", "Unpriced", "find_unpriced"]


@dataclass(frozen=True, kw_only=True)
class FoundIntrusion:
    """What a measure does to privacy, beside what it gains.

    Attributes
    ----------
    intrusion : as it was given
    exposures : with their ranges
    years : of exposure in the observed window
    break_even : value of privacy at which the measure stops to pay, by scenario of the appraisal; empty with
        `break_even_reason`
    caution : what has to stand beside the break-even; empty where nothing has to
    """

    intrusion: Intrusion
    exposures: tuple[ExposureLine, ...]
    years: float | None
    break_even: Mapping[str, PrivacyBreakEven]
    break_even_reason: str
    caution: str


@dataclass(frozen=True, kw_only=True)
class Unpriced:
    """All that was found beside the money; None where the study does not ask.

    Attributes
    ----------
    warnings : sentences that a reader must see; gates that are not passed come first
    """

    intrusion: FoundIntrusion | None = None
    perception: FoundPerception | None = None
    warnings: tuple[str, ...] = field(default=())


def find_unpriced(
    study: Study,
    effects: Mapping[str, Mapping[str, Effect]],
    appraisal: Appraisal | None,
    reason: str,
    rng: np.random.Generator,
) -> Unpriced:
    """Give what a study found beside the money; no draw of an effect or of the appraisal is changed.

    Parameters
    ----------
    effects : by outcome, then by name of the estimate
    reason : why there is no appraisal
    """
    intrusion = _find_intrusion(study, effects, appraisal, reason, rng) if study.intrusion is not None else None
    perception = find_perception(study, effects, appraisal, rng) if study.perception is not None else None
    warnings = () if intrusion is None else intrusion.intrusion.findings
    if perception is not None and perception.worth is not None:
        chosen = (
            f"A feeling was valued in money by choice of the study ({perception.value}). It stands apart from the "
            "benefits and from the net benefit."
        )
        warnings = (*warnings, chosen)
    return Unpriced(intrusion=intrusion, perception=perception, warnings=warnings)


def _find_intrusion(
    study: Study,
    effects: Mapping[str, Mapping[str, Effect]],
    appraisal: Appraisal | None,
    reason: str,
    rng: np.random.Generator,
) -> FoundIntrusion:
    from evalkit.economics.unpriced import break_even_privacy, exposure_lines, present_years

    given = study.intrusion
    assert given is not None  # noqa: S101 - its caller asked
    draws = next(iter(effects[study.primary].values())).draws
    residents = Quantity.of(given.exposed_residents).draw(draws, rng)
    years = given.years if given.years is not None else None if appraisal is None else appraisal.window
    found: dict[str, PrivacyBreakEven] = {}
    if appraisal is not None and years is not None:
        for name, scenario in appraisal.scenarios.items():
            net = scenario.net_benefit_draws
            if net is not None:
                # what lies beyond the window goes on as long as the benefits do
                lasts = years + (scenario.horizon - appraisal.window if name == "extrapolation" else 0.0)
                watched = residents * present_years(lasts, study.appraisal.get("discounting", DISCOUNTING))
                found[name] = break_even_privacy(net, watched, level=study.level)
        reason = appraisal.benefit_reason
    return FoundIntrusion(
        intrusion=given,
        exposures=exposure_lines(given, draws, rng, level=study.level),
        years=years,
        break_even=found,
        break_even_reason="" if found else reason,
        caution=_caution(years, appraisal) if found else "",
    )


def _caution(years: float | None, appraisal: Appraisal | None) -> str:
    told = []
    if appraisal is not None and appraisal.perspective != "society":
        told.append(
            f"The net benefit is that of the perspective “{appraisal.perspective}” and not of society; those who are "
            "watched may gain or lose besides."
        )
    if appraisal is not None and years is not None and not math.isclose(years, appraisal.window, rel_tol=0.01):
        told.append(
            f"Exposure and net benefit are counted over different times ({years:.3g} and {appraisal.window:.3g} "
            "years): the break-even holds only if people are exposed for as long as that for what was gained."
        )
    return " ".join(told)
