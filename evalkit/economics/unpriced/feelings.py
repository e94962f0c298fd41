"""A feeling in money: only by explicit choice, apart from the benefits, and never beside what already holds it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from evalkit.draws import FloatArray, Quantity
from evalkit.economics.bearers import SOCIETY
from evalkit.economics.deflators import Deflator
from evalkit.economics.drawing import price_step
from evalkit.economics.ledger import Costs
from evalkit.economics.prices import NOT_SPLIT, Prices, UnitCost
from evalkit.economics.unpriced.perception import FeelingValue, Perception
from evalkit.errors import CostError

__all__ = ["check_feelings", "refuse_beside_victim_harm", "step_of", "worth_of_feelings"]

# Those who can bear harm to victims, and fear of it.
_CAN_FEEL = frozenset({"victims", "residents", NOT_SPLIT})


def refuse_beside_victim_harm(value: FeelingValue, prices: Prices | None, crimes: Iterable[str]) -> None:
    """Refuse a value of feelings beside prices that hold the same harm already.

    What victims suffer that has no bill, and what people spend and do out of fear, is part of many unit
    costs of crime; a feeling of safety in money adds it again.

    Parameters
    ----------
    crimes : of the schedule, that are priced

    Raises
    ------
    CostError
        Naming both lines, and the way out.
    """
    if prices is None:
        return
    for crime in dict.fromkeys(crimes):
        for line in prices.of(crime):
            held = _held(line)
            if held:
                raise CostError(
                    f"the value of a feeling ([perception] value, {value.source}) and the unit cost {line.name} of "
                    f"{prices.name!r}, which {held}, count the same harm twice; leave the value out, or leave out "
                    f"that component with leave_out, or mark a line of your own as tangible = true if it holds no such "
                    "harm"
                )


def _held(line: UnitCost) -> str:
    """Say what of a feeling lies inside a unit cost; empty where nothing does."""
    if line.stage == "anticipation":
        return "is what people spend and do out of fear"
    if line.bearer not in _CAN_FEEL:
        return ""
    if line.tangible is False:
        return "is intangible harm"
    if line.tangible is None and line.stage != "response":
        return "holds intangible harm or does not say that it holds none"
    return ""


def check_feelings(
    perception: Perception,
    *,
    costs: Costs | None,
    prices: Prices | None,
    crimes: Iterable[str],
    perspective: str = SOCIETY,
) -> None:
    """Refuse a value of feelings that would be counted twice, in another currency, or for nobody.

    Nothing is refused where no value is chosen.
    """
    value = perception.value
    if value is None:
        return
    refuse_beside_victim_harm(value, prices, crimes)
    if perspective not in {SOCIETY, "residents"}:
        raise CostError(
            f"a feeling of residents is worth something to them, and the perspective {perspective!r} does not count "
            "them; leave the value out, or take perspective = 'society'"
        )
    if costs is None:
        raise CostError("a feeling in money needs [costs], whose currency and price year it is told in")
    if value.currency not in {None, costs.currency}:
        raise CostError(
            f"the value of a feeling is in {value.currency} and the costs in {costs.currency}; amounts are not "
            "exchanged: give the value in the currency of the costs, and say how it was transferred"
        )
    if value.per == "life satisfaction":
        value.per_survey_point(1, np.random.default_rng(0))


def step_of(
    value: FeelingValue,
    costs: Costs,
    prices: Prices | None,
    *,
    price_year: str | int | None = None,
    deflator: str | Deflator = "gdp-deflator",
) -> tuple[float, str]:
    """Give the factor that takes a value to the price year of the results, and the step in words."""
    to_year = str(price_year or costs.price_year)
    country = value.country or (prices.country if prices else None)
    step = price_step(str(value.price_year or costs.price_year), to_year, deflator, country, None)
    return step.factor, step.words


def worth_of_feelings(
    improvement: FloatArray, perception: Perception, years: float, factor: float, rng: np.random.Generator
) -> FloatArray:
    """Give what an improvement is worth, shape (draws,): points × value × residents × years.

    Parameters
    ----------
    improvement : in points of the survey, shape (draws,); negative where feelings got worse, and then so
        is the worth
    years : in present value, see `present_years`
    factor : to the price year of the results
    """
    value, residents = perception.value, perception.residents
    if value is None or residents is None:
        raise CostError("a feeling has no worth in money unless a value and the number of residents are given")
    draws = len(improvement)
    each = value.per_survey_point(draws, rng) * factor
    return np.asarray(improvement * each * Quantity.of(residents).draw(draws, rng) * years)
