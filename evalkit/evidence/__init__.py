"""The body of evidence: effects of many studies in one direction, and what they say together."""

from evalkit.evidence.between_studies import between_variance, q_profile
from evalkit.evidence.bias import Funnel, SmallStudies, funnel, small_studies
from evalkit.evidence.classical import random_effects
from evalkit.evidence.conversions import converted
from evalkit.evidence.effect_size import (
    SCALE_NAMES,
    EffectSize,
    estimates_and_errors,
    opposite_studies,
    require_independent,
    require_one_scale,
)
from evalkit.evidence.effect_table import FORMS, EffectTable, read_effects
from evalkit.evidence.from_counts import from_before_after, from_rates, from_two_by_two
from evalkit.evidence.from_published import from_interval, from_means, from_p_value, small_sample_factor
from evalkit.evidence.influence import WithoutEach, without_each
from evalkit.evidence.multilevel import MultilevelPooled, multilevel
from evalkit.evidence.pooled import Expected, Pooled, Shrunk
from evalkit.evidence.reading import read_result, read_results
from evalkit.evidence.selection import Selected, selection_model

__all__ = [
    "FORMS",
    "SCALE_NAMES",
    "EffectSize",
    "EffectTable",
    "Expected",
    "Funnel",
    "MultilevelPooled",
    "Pooled",
    "Selected",
    "Shrunk",
    "SmallStudies",
    "WithoutEach",
    "between_variance",
    "converted",
    "estimates_and_errors",
    "from_before_after",
    "from_interval",
    "from_means",
    "from_p_value",
    "from_rates",
    "from_two_by_two",
    "funnel",
    "multilevel",
    "opposite_studies",
    "q_profile",
    "random_effects",
    "read_effects",
    "read_result",
    "read_results",
    "require_independent",
    "require_one_scale",
    "selection_model",
    "small_sample_factor",
    "small_studies",
    "without_each",
]
