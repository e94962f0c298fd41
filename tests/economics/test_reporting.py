"""A measure that makes people report more, or less, misleads in a direction that is known."""

from dataclasses import replace

import pytest

from evalkit.domain import Outcome
from evalkit.economics import appraise
from evalkit.errors import DomainError


@pytest.mark.parametrize(("change", "said"), [("more", "understated"), ("less", "overstated")])
def test_the_direction_of_the_bias_is_told(make_effect, make_costs, make_prices, change, said):
    """Pitfall: recorded vs actual basis; reporting may rise because of the programme."""
    effect = make_effect()
    effect = replace(effect, outcome=replace(effect.outcome, changes_reporting=change))
    found = appraise({"robbery": effect}, costs=make_costs(), prices=make_prices())
    told = [each for each in found.warnings if f"report {change} of what happens" in each]
    assert len(told) == 1
    assert f"what was prevented is {said}" in told[0]
    assert "robberies" in told[0]
    assert not appraise({"robbery": make_effect()}, costs=make_costs(), prices=make_prices()).warnings


def test_no_other_direction_is_taken():
    """More or less; anything else is a slip."""
    with pytest.raises(DomainError, match="'more' or 'less' because of the measure; there is 'much more'"):
        Outcome(name="robbery", changes_reporting="much more")
