import numpy as np
import pytest

from evalkit.economics import CostFaultsError, Prices, UnitCost, appraise
from evalkit.errors import CostError

# Hunt, Saunders and Kilmer 2019 (doi:10.1017/bca.2018.19): variable cost of the police for a violent crime.
POLICE = UnitCost(
    crime="robbery",
    component="police, variable",
    amount=10_900,
    bearer="police",
    stage="response",
    tangible=True,
    costing="marginal",
    basis="recorded",
    source="Hunt, Saunders and Kilmer 2019",
    certainty="primary",
)


def american(**changes):
    """Give McCollister's schedule by name."""
    return Prices.from_mapping({"schedule": "mccollister-2010", "multipliers": {"robbery": 2}, "beside": [], **changes})


def test_a_marginal_cost_takes_the_place_of_the_average(make_effect, make_costs):
    """And one of a recorded crime is not multiplied by the crimes that happen for each one recorded."""
    prices = american().with_justice("marginal", marginal=[POLICE])
    assert [line.component for line in prices.of("robbery")] == [
        "victim",
        "crime career",
        "intangible",
        "police, variable",
    ]
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=prices)
    assert found.by_crime[0].unit_value == pytest.approx(2 * (1_636 + 4_272 + 22_575) + 10_900)
    assert not any("criminal justice" in warning and "leave out" in warning for warning in found.warnings)


def test_where_no_marginal_cost_is_known_it_is_not_guessed(make_effect, make_costs):
    """Only crimes that are priced need one."""
    prices = american().with_justice("marginal", marginal=[POLICE])
    with pytest.raises(
        CostError, match=r"no marginal cost of justice of 'burglary' is known in place of 'burglary: crim"
    ):
        appraise(
            {"burglary": make_effect("burglary")}, costs=make_costs(), prices=prices, multipliers={"burglary": 2.0}
        )


def test_no_costs_of_justice_at_all(make_effect, make_costs):
    """The appraisal says what it leaves out."""
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=american(justice="none"))
    assert found.by_crime[0].unit_value == pytest.approx(2 * (1_636 + 4_272 + 22_575))
    assert any("leave out 'criminal justice' of robbery" in warning for warning in found.warnings)
    average = appraise({"robbery": make_effect()}, costs=make_costs(), prices=american(justice="average"))
    assert average.by_crime[0].unit_value == pytest.approx(2 * (1_636 + 4_272 + 22_575 + 13_827))


def test_marginal_costs_are_read_from_a_study_file(make_effect, make_costs):
    """With a range, drawn as any other amount."""
    row = {"crime": "robbery", "low": 6_900, "high": 15_400, "bearer": "police", "basis": "recorded", "source": "Hunt"}
    prices = american(justice="marginal", marginal=[row])
    found = appraise({"robbery": make_effect()}, costs=make_costs(), prices=prices, rng=np.random.default_rng(1))
    assert found.by_crime[0].unit_value == pytest.approx(2 * (1_636 + 4_272 + 22_575) + 11_150, rel=0.005)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"justice": "margnal"}, "did you mean 'marginal'"),
        ({"marginal": [{"crime": "robbery", "value": 5, "bearer": "police"}]}, "is not chosen"),
        ({"justice": "none", "marginal": [{"crime": "robbery", "value": 5, "bearer": "police"}]}, "justice is 'none'"),
        ({"justice": "marginal", "marginal": [{"crime": "robbery", "value": 5, "bearer": "victims"}]}, "a bearer such"),
        ({"justice": "marginal", "marginal": {"robbery": 5}}, "is a list"),
        ({"justice": "marginal", "marginal": [{"crime": "robbery", "valu": 5}]}, "did you mean 'value'"),
        ({"transfers": "no"}, "'counted' or 'left out'"),
    ],
)
def test_choices_that_do_not_fit_are_told(table, told):
    """Each message says what was wanted."""
    with pytest.raises(CostFaultsError, match=told):
        american(**table)
