"""The money: what a measure costs, what its effects are worth, to whom, and how sure that is."""

from evalkit.economics.appraisal import (
    Amount,
    Appraisal,
    Assumption,
    BearerLine,
    BreakEven,
    CrimeLine,
    Quadrants,
    YearLine,
)
from evalkit.economics.appraising import appraise
from evalkit.economics.cost_per_crime import (
    CostPerCrimePrevented,
    Fieller,
    acceptable_value,
    expected_value_of_perfect_information,
    fieller,
)
from evalkit.economics.deflators import Deflator, deflators, uprate
from evalkit.economics.discounting import Discounting, discount_factors, discounting_schedules
from evalkit.economics.faults import CostFaultsError, NoMeanError
from evalkit.economics.ledger import BEARERS, Costs, Flow
from evalkit.economics.price_files import price_schedules
from evalkit.economics.prices import Multiplier, Prices, UnitCost
from evalkit.economics.unpriced import (
    Intrusion,
    Perception,
    break_even_privacy,
    prefer_less_intrusive,
)

__all__ = [
    "BEARERS",
    "Amount",
    "Appraisal",
    "Assumption",
    "BearerLine",
    "BreakEven",
    "CostFaultsError",
    "CostPerCrimePrevented",
    "Costs",
    "CrimeLine",
    "Deflator",
    "Discounting",
    "Fieller",
    "Flow",
    "Intrusion",
    "Multiplier",
    "NoMeanError",
    "Perception",
    "Prices",
    "Quadrants",
    "UnitCost",
    "YearLine",
    "acceptable_value",
    "appraise",
    "break_even_privacy",
    "deflators",
    "discount_factors",
    "discounting_schedules",
    "expected_value_of_perfect_information",
    "fieller",
    "prefer_less_intrusive",
    "price_schedules",
    "uprate",
]
