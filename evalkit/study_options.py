"""The measure of a study beside the other options that the study names."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import EvalkitError, StudyError

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.economics.decisions import OptionsCompared
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
        return compare_options(appraisals, **study.decision), ""
    except EvalkitError as problem:
        msg = f"[decision] {problem}"
        raise StudyError(msg) from problem


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
