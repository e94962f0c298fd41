"""The published cases that the engine has to reproduce: where each is held, and those that are held here."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.economics.decisions import DOING_WITHOUT, acceptability, read_draws

TESTS = Path(__file__).parents[1]
SHARED = TESTS.parents[1] / "shared" / "data" / "economics" / "cba_test_cases.json"

# By case: file and test that give its numbers, to the digits of the source.
HELD = {
    "wsipp_hot_spots_program_236": "economics/test_deadweight.py::"
    "test_the_wsipp_page_comes_back_by_the_name_of_its_practice",
    "green_book_discount_factors": "economics/test_discounting.py::test_green_book_factors_are_those_of_its_table",
    "va_herc_example": "economics/test_decisions.py::test_the_example_of_the_veterans_has_its_published_ratios",
    "bcea_unit_test_ib": "economics/test_cases_held.py::test_net_benefits_of_bceas_own_test",
    "evppi_analytic": "economics/test_information.py::test_the_analytic_case_is_reproduced",
    "normal_inb": "economics/test_cost_per_crime.py::"
    "test_net_benefit_of_normals_has_the_known_probability_and_value_of_information",
    "fieller": "economics/test_cost_per_crime.py::test_fieller_limits_are_those_of_the_closed_form",
    "acceptability_quantiles": "economics/test_cost_per_crime.py::"
    "test_acceptable_values_of_a_clear_effect_are_the_closed_form",
    "wdd_area_weighted": "models/test_table.py::test_prevented_is_crimes_of_the_treated_area_after",
    "wellby": "economics/unpriced/test_perception.py::test_wellby_of_the_guidance",
    "green_book_welfare_weight": "economics/test_welfare.py::test_the_weight_of_the_green_book_comes_back",
}
# Of these the source gives results and not the draws that they were made from, so nothing can be reckoned.
WITHOUT_DRAWS = {"bcea_vaccine"}


@pytest.mark.parametrize(("value", "net"), [(5, (95, 20)), (10, (90, 30))])
def test_net_benefits_of_bceas_own_test(value, net):
    """BCEA, tests/testthat/test-bcea.R: effects -1 and 2 at costs of -100 and -10 are worth this in each draw."""
    for effect, cost, worth in zip((-1, 2), (-100, -10), net, strict=True):
        draws = read_draws((DOING_WITHOUT, "b"), np.array([[0.0, cost]]), np.array([[0.0, effect]]))
        found = acceptability(draws, [float(value)])
        # without any uncertainty, doing without loses just the net benefit of the other
        assert found.expected_loss[0].tolist() == [worth, 0.0]
    both = read_draws((DOING_WITHOUT, "b"), np.array([[0.0, -100], [0.0, -10]]), np.array([[0.0, -1], [0.0, 2]]))
    assert acceptability(both, [float(value)]).expected_loss[0, 0] == sum(net) / 2


@pytest.mark.parametrize(("case", "place"), HELD.items(), ids=HELD)
def test_each_case_is_held_by_a_test_that_is_there(case, place):
    """A test that is renamed or removed does not take its case along in silence."""
    file, _, name = place.partition("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, case


def test_every_case_that_was_collected_is_held():
    """No case is left out; one without draws says so."""
    if not SHARED.exists():
        pytest.skip("the collected cases are not here")
    collected = json.loads(SHARED.read_text(encoding="utf-8"))
    assert set(collected) == set(HELD) | WITHOUT_DRAWS
    assert all("delta_e" not in collected[case] for case in WITHOUT_DRAWS)
