"""The measure of a study beside the other options that the study names."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import Quantity
from evalkit.errors import EvalkitError, StudyError

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.economics.decisions import OptionsCompared
    from evalkit.economics.unpriced import Preference
    from evalkit.study import Study

__all__ = ["check_options", "compare_study_options"]


def compare_study_options(study: Study, appraisal: Appraisal | None, seed: int) -> tuple[OptionsCompared | None, str]:
    """Compare the measure with doing without and with the study's options; or say why that cannot be.

    Each option draws what it has of its own from a stream of its own, so that adding one moves no other.
    """
    if appraisal is None:
        return None, ""
    from evalkit.economics import NoMeanError
    from evalkit.economics.decisions import appraise_option, compare_options

    appraisals = {study.intervention.name: appraisal}
    for name, option in study.options.items():
        rng = np.random.default_rng([seed, zlib.crc32(b"options"), zlib.crc32(name.encode())])
        try:
            appraisals[name] = appraise_option(appraisal, option, rng=rng)
        except NoMeanError as problem:  # a finding, and no fault of the study
            return None, f"Options are not compared: of option {name!r}, {problem}."
        except EvalkitError as problem:
            msg = f"[options.{name}] {problem}"
            raise StudyError(msg) from problem
    try:
        compared = compare_options(appraisals, **study.decision, barred=_barred(study))
        return replace(compared, preference=_preference(study, compared)), ""
    except EvalkitError as problem:
        msg = f"[decision] {problem}"
        raise StudyError(msg) from problem


def _preference(study: Study, compared: OptionsCompared) -> Preference | None:
    """Prefer, of options that cannot be told apart in money, the one that watches less; or none, where nothing tells.

    Doing without watches nobody. What is not given of the measure or of an option counts as not measured.
    """
    from evalkit.economics.decisions import DOING_WITHOUT
    from evalkit.economics.unpriced import prefer_less_intrusive

    own = {} if study.intrusion is None else study.intrusion.mean_exposures
    given = {study.intervention.name: own}
    for name, option in study.options.items():
        given[name] = {measure: Quantity.of(amount).mean for measure, amount in option.exposures.items()}
    measures = list(dict.fromkeys(measure for found in given.values() for measure in found))
    if compared.net_benefit is None or not measures:
        return None
    given[DOING_WITHOUT] = dict.fromkeys(measures, 0.0)
    return prefer_less_intrusive(
        compared.net_benefit,
        [[given[name].get(measure, np.nan) for measure in measures] for name in compared.names],
        options=compared.names,
        measures=[measure.replace("_", " ") for measure in measures],
        barred=compared.barred,
        level=compared.level,
    )


def _barred(study: Study) -> tuple[str, ...]:
    """Name the measure and the options that do not pass a gate."""
    measure = (study.intervention.name,) if study.intrusion is not None and study.intrusion.fails else ()
    return (*measure, *(name for name, option in study.options.items() if option.fails))


def check_options(study: Study, appraisal: Appraisal | None) -> None:
    """Rehearse the comparison, so that a fault is found before a long run.

    Raises
    ------
    StudyError
        Options or a decision that cannot be.
    """
    if study.intervention.name in study.options:
        msg = f"an option has the name of the measure itself, {study.intervention.name!r}: give it another"
        raise StudyError(msg)
    if not (study.options or study.decision):
        return
    if appraisal is None:
        msg = "there are options or a decision and nothing is appraised: give costs, and an outcome that counts events"
        raise StudyError(msg)
    compare_study_options(study, appraisal, 0)
