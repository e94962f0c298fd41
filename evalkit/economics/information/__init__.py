"""What it is worth to know more before deciding whether to adopt a measure or to do without it."""

from evalkit.economics.information.named_inputs import effects_among, named_inputs
from evalkit.economics.information.partial import (
    INDISTINGUISHABLE,
    PartialInformation,
    expected_value_of_partial_information,
)
from evalkit.economics.information.perfect import expected_value_of_perfect_information
from evalkit.economics.information.roll_out import Learning, Plan, PlanValue, RollOut
from evalkit.economics.information.sample import Observed, expected_value_of_sample_information
from evalkit.economics.information.valuing import Information, value_of_information, why_no_information

__all__ = [
    "INDISTINGUISHABLE",
    "Information",
    "Learning",
    "Observed",
    "PartialInformation",
    "Plan",
    "PlanValue",
    "RollOut",
    "effects_among",
    "expected_value_of_partial_information",
    "expected_value_of_perfect_information",
    "expected_value_of_sample_information",
    "named_inputs",
    "value_of_information",
    "why_no_information",
]
