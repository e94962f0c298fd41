"""What has no price: being watched, the rules that protect from it, and the feeling of safety."""

from evalkit.economics.unpriced.feelings import check_feelings, refuse_beside_victim_harm, step_of, worth_of_feelings
from evalkit.economics.unpriced.gates import CHARTER, CHARTER_PRINCIPLES, LEGAL_GATES, Gate, gate_findings
from evalkit.economics.unpriced.intrusion import (
    MEASURES,
    Exposure,
    ExposureLine,
    GroupShare,
    Intrusion,
    exposure_lines,
)
from evalkit.economics.unpriced.perception import (
    WELLBY,
    FeelingValue,
    Perception,
    PointCost,
    PointsForMoney,
    improvement_of,
)
from evalkit.economics.unpriced.preference import (
    IntrusionComparison,
    Preference,
    less_intrusive,
    prefer_less_intrusive,
)
from evalkit.economics.unpriced.privacy import PrivacyBreakEven, break_even_privacy, present_years
from evalkit.economics.unpriced.study_keys import intrusion_from_mapping, perception_from_mapping

__all__ = [
    "CHARTER",
    "CHARTER_PRINCIPLES",
    "LEGAL_GATES",
    "MEASURES",
    "WELLBY",
    "Exposure",
    "ExposureLine",
    "FeelingValue",
    "Gate",
    "GroupShare",
    "Intrusion",
    "IntrusionComparison",
    "Perception",
    "PointCost",
    "PointsForMoney",
    "Preference",
    "PrivacyBreakEven",
    "break_even_privacy",
    "check_feelings",
    "exposure_lines",
    "gate_findings",
    "improvement_of",
    "intrusion_from_mapping",
    "less_intrusive",
    "perception_from_mapping",
    "prefer_less_intrusive",
    "present_years",
    "refuse_beside_victim_harm",
    "step_of",
    "worth_of_feelings",
]
