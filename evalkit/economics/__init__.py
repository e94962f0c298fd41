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
from evalkit.economics.beside import Beside
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
from evalkit.economics.transfer import Transfer

__all__ = [
    "BEARERS",
    "Amount",
    "Appraisal",
    "Assumption",
    "BearerLine",
    "Beside",
    "BreakEven",
    "CostFaultsError",
    "CostPerCrimePrevented",
    "Costs",
    "CrimeLine",
    "Deflator",
    "Discounting",
    "Fieller",
    "Flow",
    "Multiplier",
    "NoMeanError",
    "Prices",
    "Quadrants",
    "Transfer",
    "UnitCost",
    "YearLine",
    "acceptable_value",
    "appraise",
    "deflators",
    "discount_factors",
    "discounting_schedules",
    "expected_value_of_perfect_information",
    "fieller",
    "price_schedules",
    "uprate",
]
