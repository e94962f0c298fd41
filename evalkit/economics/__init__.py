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
from evalkit.economics.cash_flow import CashFlow, CashYear
from evalkit.economics.cost_per_crime import (
    CostPerCrimePrevented,
    Fieller,
    acceptable_value,
    expected_value_of_perfect_information,
    fieller,
)
from evalkit.economics.deadweight import DEADWEIGHTS, Deadweight
from evalkit.economics.deflators import Deflator, deflators, uprate
from evalkit.economics.discounting import Discounting, discount_factors, discounting_schedules
from evalkit.economics.discounting_file import read_own
from evalkit.economics.faults import CostFaultsError, NoMeanError
from evalkit.economics.ledger import BEARERS, Costs, Flow
from evalkit.economics.price_files import price_schedules
from evalkit.economics.prices import Multiplier, Prices, UnitCost
from evalkit.economics.rates import HealthDiscounting
from evalkit.economics.stopping import Stop, StopBearer, Stopped, StopYear

__all__ = [
    "BEARERS",
    "DEADWEIGHTS",
    "Amount",
    "Appraisal",
    "Assumption",
    "BearerLine",
    "BreakEven",
    "CashFlow",
    "CashYear",
    "CostFaultsError",
    "CostPerCrimePrevented",
    "Costs",
    "CrimeLine",
    "Deadweight",
    "Deflator",
    "Discounting",
    "Fieller",
    "Flow",
    "HealthDiscounting",
    "Multiplier",
    "NoMeanError",
    "Prices",
    "Quadrants",
    "Stop",
    "StopBearer",
    "StopYear",
    "Stopped",
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
    "read_own",
    "uprate",
]
