"""The body of evidence: effects of many studies in one direction, and what they say together."""

from evalkit.evidence.effect_size import (
    SCALE_NAMES,
    EffectSize,
    estimates_and_errors,
    opposite_studies,
    require_one_scale,
)
from evalkit.evidence.from_counts import from_before_after, from_rates, from_two_by_two

__all__ = [
    "SCALE_NAMES",
    "EffectSize",
    "estimates_and_errors",
    "from_before_after",
    "from_rates",
    "from_two_by_two",
    "opposite_studies",
    "require_one_scale",
]
