"""The published cases that the engine has to reproduce: where each is held, and those that are held here."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.economics.decisions import acceptability

TESTS = Path(__file__).parents[1]
SHARED = TESTS.parents[1] / "shared" / "data" / "economics" / "cba_test_cases.json"

# By case: file and test that give its numbers, to the digits of the source.
HELD = {
    "wsipp_hot_spots_program_236": "economics/test_deadweight.py::test_the_wsipp_page_comes_back_by_the_name_of_its_practice",
    "green_book_discount_factors": "economics/test_discounting.py::test_green_book_factors_are_those_of_its_table",
    "va_herc_example": "economics/test_decisions.py::VA",
    "bcea_unit_test_ib": "economics/test_cases_held.py::test_net_benefits_of_bceas_own_test",
    "evppi_analytic": "economics/test_information.py::test_the_analytic_case_is_reproduced",
    "normal_inb": "economics/test_cost_per_crime.py::"
    "test_net_benefit_of_normals_has_the_known_probability_and_value_of_information",
    "fieller": "economics/test_cost_per_crime.py::test_fieller_limits_are_those_of_the_closed_form",
    "acceptability_quantiles": "economics/test_cost_per_crime.py::test_acceptable_values_of_a_clear_effect_are_the_closed_form",
    "wdd_area_weighted": "models/test_table.py::WDD",
    "wellby": "economics/unpriced/test_perception.py::WELLBY",
    "green_book_welfare_weight": "economics/test_welfare.py::WEIGHT",
}
# Of these the source gives results and not the draws that they were made from, so nothing can be reckoned.
WITHOUT_DRAWS = {"bcea_vaccine"}
