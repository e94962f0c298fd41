from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evalkit.domain import Displacement, Effect, Outcome
from evalkit.draws import spread
from evalkit.economics import Costs, Flow, Prices, UnitCost

DRAWS = 4000


@pytest.fixture
def make_effect():
    """Give a maker of effects that prevent a normal number of events, spread evenly over the periods."""

    def make(
        crime="robbery",
        *,
        name=None,
        mean=20.0,
        sd=8.0,
        periods=("2007",),
        draws=DRAWS,
        seed=1,
        kind="count",
        moved=None,
    ):
        rng = np.random.default_rng(seed)
        total = spread(stats.norm(mean, sd), draws, rng) if sd else np.full(draws, mean)
        prevented = np.outer(total, np.full(len(periods), 1 / len(periods)))
        displacement = None
        if moved is not None:
            displacement = Displacement(
                change=np.full(draws, -moved), prevented=np.full_like(prevented, moved / len(periods))
            )
        return Effect(
            outcome=Outcome(name=name or crime, crime=crime, kind=kind),
            estimator="made up",
            scale="count_difference",
            change=-total,
            estimand="events prevented",
            assumption="made up",
            prevented=prevented if kind == "count" else None,
            periods=tuple(periods),
            displacement=displacement,
        )

    return make


@pytest.fixture
def reshape():
    """Give a way to weigh what an effect prevented, by period, shape (periods,)."""

    def weigh(effect, weights):
        prevented = effect.prevented * weights
        return replace(effect, prevented=prevented, change=-prevented.sum(axis=1))

    return weigh


@pytest.fixture
def make_costs():
    """Give a maker of ledgers with one flow, borne by the city."""

    def make(amount=100_000.0, *, years=(1,), bearer="city", kind="running", **more):
        flow = Flow(what="patrols", amount=amount, bearer=bearer, kind=kind, years=years, source="invoice")
        return Costs(**({"currency": "USD", "price_year": 2008, "flows": (flow,)} | more))

    return make


@pytest.fixture
def make_prices():
    """Give a maker of own prices of a recorded crime, by crime and bearer."""

    def make(amounts=None, *, basis="recorded", **more):
        lines = tuple(
            UnitCost(crime=crime, component=bearer, amount=amount, bearer=bearer)
            for crime, by_bearer in (amounts or {"robbery": {"victims": 12_000}}).items()
            for bearer, amount in by_bearer.items()
        )
        options = {
            "name": "own",
            "country": "USA",
            "currency": "USD",
            "price_year": 2008,
            "basis": basis,
            "unit_costs": lines,
        }
        return Prices(**(options | more))

    return make
