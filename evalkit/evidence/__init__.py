"""The body of evidence: effects of many studies in one direction, and what they say together."""

from evalkit.evidence.between_studies import between_variance, q_profile
from evalkit.evidence.bias import Funnel, SmallStudies, funnel, small_studies
from evalkit.evidence.borrowing import (
    POWER_PRIOR_WARNING,
    Borrowed,
    Literature,
    commensurate,
    power_prior,
    predictive_prior,
    robust,
    without_borrowing,
)
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
from evalkit.evidence.effective_size import effective_size_by_curvature, effective_size_by_variance
from evalkit.evidence.from_counts import from_before_after, from_rates, from_two_by_two
from evalkit.evidence.from_published import from_interval, from_means, from_p_value, small_sample_factor
from evalkit.evidence.influence import WithoutEach, without_each
from evalkit.evidence.multilevel import MultilevelPooled, multilevel
from evalkit.evidence.pooled import Expected, Pooled, Shrunk
from evalkit.evidence.ranking import Ranking, RankLine, rank_areas
from evalkit.evidence.reading import read_result, read_results
from evalkit.evidence.selection import Selected, selection_model
from evalkit.evidence.transfer import (
    TRANSFER_ASSUMPTIONS,
    Prediction,
    expected_events,
    predict_city,
    predicted_effect,
    share_resolved,
)
from evalkit.evidence.transport import TRANSPORT_ASSUMPTIONS, Transport, transport_weights

__all__ = [
    "FORMS",
    "POWER_PRIOR_WARNING",
    "SCALE_NAMES",
    "TRANSFER_ASSUMPTIONS",
    "TRANSPORT_ASSUMPTIONS",
    "Borrowed",
    "EffectSize",
    "EffectTable",
    "Expected",
    "Funnel",
    "Literature",
    "MultilevelPooled",
    "Pooled",
    "Prediction",
    "RankLine",
    "Ranking",
    "Selected",
    "Shrunk",
    "SmallStudies",
    "Transport",
    "WithoutEach",
    "between_variance",
    "commensurate",
    "converted",
    "effective_size_by_curvature",
    "effective_size_by_variance",
    "estimates_and_errors",
    "expected_events",
    "from_before_after",
    "from_interval",
    "from_means",
    "from_p_value",
    "from_rates",
    "from_two_by_two",
    "funnel",
    "multilevel",
    "opposite_studies",
    "power_prior",
    "predict_city",
    "predicted_effect",
    "predictive_prior",
    "q_profile",
    "random_effects",
    "rank_areas",
    "read_effects",
    "read_result",
    "read_results",
    "require_independent",
    "require_one_scale",
    "robust",
    "selection_model",
    "share_resolved",
    "small_sample_factor",
    "small_studies",
    "transport_weights",
    "without_borrowing",
    "without_each",
]
