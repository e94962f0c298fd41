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
from evalkit.economics.assumption_sets import AS_GIVEN, AssumptionSet, SetLine, assumption_set, assumption_sets
from evalkit.economics.beside import Beside
from evalkit.economics.capital import equivalent_annual_cost
from evalkit.economics.cash_flow import CashFlow, CashYear
from evalkit.economics.cost_per_crime import (
    CostPerCrimePrevented,
    Fieller,
    acceptable_value,
    fieller,
)
from evalkit.economics.deadweight import DEADWEIGHTS, Deadweight
from evalkit.economics.decisions import Option, OptionsCompared, appraise_option, compare_options
from evalkit.economics.deflators import Deflator, deflators, uprate
from evalkit.economics.discounting import Discounting, discount_factors, discounting_schedules
from evalkit.economics.discounting_file import read_own
from evalkit.economics.faults import CostFaultsError, NoMeanError
from evalkit.economics.groups import Group, Groups
from evalkit.economics.harm import HarmLine, HarmPrevented, HarmTotal, harm_prevented
from evalkit.economics.harm_tables import Harm, weigh_harm
from evalkit.economics.harm_weights import HarmWeight, HarmWeights, harm_tables
from evalkit.economics.incidence import DirectLine, Incidence, PayersAndGainers
from evalkit.economics.incidence_areas import LOCAL_BEARERS, AreaLine
from evalkit.economics.incidence_groups import GroupLine, GroupTable, Weighing
from evalkit.economics.information import (
    Information,
    Learning,
    Observed,
    PartialInformation,
    Plan,
    PlanValue,
    RollOut,
    expected_value_of_partial_information,
    expected_value_of_perfect_information,
    expected_value_of_sample_information,
    value_of_information,
    why_no_information,
)
from evalkit.economics.ledger import BEARERS, Costs, Flow
from evalkit.economics.price_files import price_schedules
from evalkit.economics.prices import Multiplier, Prices, UnitCost
from evalkit.economics.purses import CityAccount, PerspectiveLine, PublicSaving
from evalkit.economics.rates import HealthDiscounting
from evalkit.economics.sensitivity import Bar, Sensitivity, SwitchingValue, TwoWay, switching_value, tornado, two_way
from evalkit.economics.stopping import Stop, StopBearer, Stopped, StopYear
from evalkit.economics.transfer import Transfer
from evalkit.economics.unpriced import (
    Intrusion,
    Perception,
    break_even_privacy,
    prefer_less_intrusive,
)
from evalkit.economics.welfare import GREEN_BOOK_EXPONENT, SwitchingExponent, switching_exponent, welfare_weight

__all__ = [
    "AS_GIVEN",
    "BEARERS",
    "DEADWEIGHTS",
    "GREEN_BOOK_EXPONENT",
    "LOCAL_BEARERS",
    "Amount",
    "Appraisal",
    "AreaLine",
    "Assumption",
    "AssumptionSet",
    "Bar",
    "BearerLine",
    "Beside",
    "BreakEven",
    "CashFlow",
    "CashYear",
    "CityAccount",
    "CostFaultsError",
    "CostPerCrimePrevented",
    "Costs",
    "CrimeLine",
    "Deadweight",
    "Deflator",
    "DirectLine",
    "Discounting",
    "Fieller",
    "Flow",
    "Group",
    "GroupLine",
    "GroupTable",
    "Groups",
    "Harm",
    "HarmLine",
    "HarmPrevented",
    "HarmTotal",
    "HarmWeight",
    "HarmWeights",
    "HealthDiscounting",
    "Incidence",
    "Information",
    "Intrusion",
    "Learning",
    "Multiplier",
    "NoMeanError",
    "Observed",
    "Option",
    "OptionsCompared",
    "PartialInformation",
    "PayersAndGainers",
    "Perception",
    "PerspectiveLine",
    "Plan",
    "PlanValue",
    "Prices",
    "PublicSaving",
    "Quadrants",
    "RollOut",
    "Sensitivity",
    "SetLine",
    "Stop",
    "StopBearer",
    "StopYear",
    "Stopped",
    "SwitchingExponent",
    "SwitchingValue",
    "Transfer",
    "TwoWay",
    "UnitCost",
    "Weighing",
    "YearLine",
    "acceptable_value",
    "appraise",
    "appraise_option",
    "assumption_set",
    "assumption_sets",
    "break_even_privacy",
    "compare_options",
    "deflators",
    "discount_factors",
    "discounting_schedules",
    "equivalent_annual_cost",
    "expected_value_of_partial_information",
    "expected_value_of_perfect_information",
    "expected_value_of_sample_information",
    "fieller",
    "harm_prevented",
    "harm_tables",
    "prefer_less_intrusive",
    "price_schedules",
    "read_own",
    "switching_exponent",
    "switching_value",
    "tornado",
    "two_way",
    "uprate",
    "value_of_information",
    "weigh_harm",
    "welfare_weight",
    "why_no_information",
]
