"""Evaluations made by hand: every case a report must be able to tell."""

from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

import numpy as np
import pytest
from scipy import stats

from evalkit.domain import (
    Card,
    Check,
    Design,
    Displacement,
    Dynamics,
    Effect,
    Intervention,
    Outcome,
    Panel,
    Paths,
    Periods,
    Table,
)
from evalkit.draws import spread
from evalkit.economics.appraisal import (
    Amount,
    Appraisal,
    Assumption,
    BearerLine,
    BreakEven,
    CrimeLine,
    YearLine,
)
from evalkit.evaluation import Evaluation, Provenance, Refusal
from evalkit.study import Study

DRAWS = 1000
RECORDED = (242, 250, 236, 250, 270, 200, 246, 228, 176, 183, 227, 272, 217, 184, 233, 154)


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """An estimator that is only a card."""

    card: ClassVar[Card] = Card(
        title="Difference in differences of counts",
        shapes=("panel", "table"),
        needs="a comparison and at least one period before the start",
        assumes="Without the measure, treated and comparison sites would have changed by the same factor.",
        source="Wooldridge (2023), doi:10.1093/ectj/utad016",
        calibration=(("coverage of 95 % intervals", "200 simulated panels", "94.5 %"),),
    )

    def estimate(self, design, *, rng, draws=DRAWS):
        """Is never asked."""
        raise NotImplementedError


def panel_design(outcome, *, treated=12, compared=36, buffered=0):
    """Make a panel of quarters in which the last four are treated."""
    rng = np.random.default_rng(7)
    names = [
        f"{kind} {i:02d}"
        for kind, n in (("block", treated), ("other", compared), ("near", buffered))
        for i in range(1, n + 1)
    ]
    values = rng.poisson(20, (len(names), len(RECORDED))).astype(float)
    values[:treated] = np.array(RECORDED) // treated
    values[0] += np.array(RECORDED) - values[:treated].sum(axis=0)
    panel = Panel(
        outcome=outcome,
        sites=tuple(names),
        periods=Periods(frequency="quarter", first=2021 * 4, count=len(RECORDED)),
        values=np.clip(values, 0, None),
    )
    measure = Intervention(
        name="drug market intervention",
        began=dict.fromkeys(names[:treated], "2024Q1"),
        approach="enforcement",
        mechanism="deterrence of open dealing by notice and follow-up",
        dose="two patrols a day for twelve months",
        partners=("city", "police", "residents' association"),
        place="Seattle",
        evaluated_by="the university",
        paid_by="the city",
    )
    return Design(intervention=measure, panel=panel, buffer=tuple(names[treated + compared :]))


def panel_effect(outcome, centre, error, *, seed=1, moved=None, checks=None, estimator="did-poisson"):
    """Make an effect on a panel, with paths, dynamics and, where wanted, displacement."""
    rng = np.random.default_rng(seed)
    change = spread(stats.norm(centre, error), DRAWS, rng)
    recorded = np.array(RECORDED, float)
    prevented = recorded[12:] * np.expm1(-change)[:, None]
    leads = rng.normal(0, error, (DRAWS, 11)) + rng.normal(0, error / 2, 11)
    lags = change[:, None] + rng.normal(0, error / 3, (DRAWS, 4))
    displacement = None
    if moved is not None:
        buffer = spread(stats.norm(moved, error), DRAWS, rng)
        displacement = Displacement(
            change=buffer,
            prevented=np.array([120.0, 130, 110, 125]) * np.expm1(-buffer)[:, None],
            wdq=0.26,
            wdq_reason="Nearby areas gained about a quarter as much as the treated ones.",
            details=(("total net effect", 98.2),),
        )
    return Effect(
        outcome=outcome,
        estimator=estimator,
        scale="log_rate_ratio",
        change=change,
        estimand="average change in the treated sites over the treated periods, against no measure",
        assumption=ByHand.card.assumes,
        prevented=prevented,
        periods=("2024Q1", "2024Q2", "2024Q3", "2024Q4"),
        recorded=recorded[12:],
        checks=checks
        or (
            Check(
                name="leads", passed=True, detail="Before the start both groups moved together (joint test p = 0.41)."
            ),
            Check(
                name="dispersion", passed=None, detail="Counts vary 1.8 times as much as chance alone would have it."
            ),
        ),
        paths=Paths(
            periods=tuple(f"{2021 + i // 4}Q{i % 4 + 1}" for i in range(16)),
            recorded=recorded,
            fitted=recorded * np.exp(rng.normal(0, 0.03, 16)),
        ),
        dynamics=Dynamics(times=(*range(-12, -1), 0, 1, 2, 3), draws=np.hstack([leads, lags])),
        displacement=displacement,
    )


def table_effect(table, *, centre, error, buffer=None):
    """Make an effect on a before/after table, on the scale of counts."""
    rng = np.random.default_rng(3)
    prevented = spread(stats.norm(centre, error), DRAWS, rng)
    displacement = None
    if buffer is not None:
        near = spread(stats.norm(buffer, error), DRAWS, rng)
        displacement = Displacement(
            change=-near,
            prevented=near[:, None],
            wdq=None,
            wdq_reason="The treated area did no better than its comparison, so a quotient has no meaning.",
            details=(("total net effect", centre + buffer),),
        )
    return Effect(
        outcome=table.outcome,
        estimator="table",
        scale="count_difference",
        change=-prevented,
        estimand="change in the treated area beyond the change in the comparison area",
        assumption="Both areas would have changed by the same number without the measure.",
        prevented=prevented[:, None],
        periods=("after",),
        recorded=np.array([table.treated[1]]),
        displacement=displacement,
    )


def table_design(**cells):
    """Make a design on a before/after table."""
    outcome = Outcome(name="burglary", crime="burglary", source="police")
    measure = Intervention(name="alley gates", began={"estate": "after"}, approach="situational", place="Liverpool")
    return Design(intervention=measure, table=Table(outcome=outcome, **cells))


def evaluate(effects, designs, *, title="Drug market intervention in 12 blocks", **more):
    """Put effects and designs together, the first outcome primary."""
    names = list(dict.fromkeys(name for named in effects.values() for name in named))
    study_options = {name: more.pop(name) for name in ("suggestion", "question", "level") if name in more}
    study = Study(
        title=title,
        primary=next(iter(effects)),
        designs=designs,
        estimator=names[0],
        sensitivity=tuple(names[1:]),
        seed=2012,
        draws=DRAWS,
        **study_options,
    )
    return Evaluation(
        study=study,
        effects=effects,
        provenance=Provenance(
            versions={"evalkit": "0.1.0", "numpy": "2.3.5", "python": "3.12.1"},
            seed=2012,
            draws=DRAWS,
            inputs={"data/blocks.csv": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
        ),
        **more,
    )


CRIME = Outcome(name="crime", crime="crime", source="police", minimum_worthwhile=5)
DRUGS = Outcome(name="drug offences", crime="drugs", source="police")


def appraised(prevented, *, cost=250_000, worth=5_000, currency="USD", scenario="observed window"):
    """Make an appraisal of events prevented, shape (draws,)."""
    rng = np.random.default_rng(11)
    costs = spread(stats.norm(cost, cost / 12), DRAWS, rng)
    police, victims = 0.25 * worth * prevented, 0.75 * worth * prevented
    benefit = police + victims
    needed = costs.mean() / worth

    def amount(draws):
        return Amount.of(np.asarray(draws, float), 0.95)

    nothing = np.zeros(DRAWS)
    lines = [
        ("city", costs, nothing),
        ("police and courts", nothing, police),
        ("victims and residents", nothing, victims),
    ]
    return Appraisal(
        scenario=scenario,
        currency=currency,
        price_year="2024",
        perspective="society",
        discounting="3.5 % a year, from year 1",
        horizon=1 if scenario == "observed window" else 5,
        window=1.0,
        level=0.95,
        cost_draws=costs,
        benefit_draws=benefit,
        benefit_reason="",
        prevented_draws=prevented,
        events_are="crimes recorded by the police, net of displacement",
        by_bearer=tuple(
            BearerLine(bearer=name, cost=amount(c), benefit=amount(b), net=amount(b - c)) for name, c, b in lines
        ),
        by_crime=(
            CrimeLine(
                outcome="crime",
                crime="crime",
                priced_as="all crime",
                prevented=amount(prevented),
                unit_value=float(worth),
                benefit=amount(benefit),
                break_even=float(needed),
                reason="",
            ),
            CrimeLine(
                outcome="drug offences",
                crime="drugs",
                priced_as=None,
                prevented=amount(prevented / 4),
                unit_value=None,
                benefit=None,
                break_even=None,
                reason="the schedule has no price for drug offences",
            ),
        ),
        by_year=(
            YearLine(
                year=1, extrapolated=False, cost=amount(costs), benefit=amount(benefit), net=amount(benefit - costs)
            ),
        ),
        break_even=BreakEven(
            events=float(needed),
            reason="",
            value_per_event=float(costs.mean() / prevented.mean()) if prevented.mean() > 0 else None,
            value_reason="" if prevented.mean() > 0 else "on average nothing was prevented",
        ),
        unpriced=("drug offences",),
        assumptions=(
            Assumption(
                what="unit cost of a crime",
                value="5,000 USD",
                source="Schedule of the state (2024)",
                certainty="primary",
            ),
            Assumption(what="share of crime that is recorded", value="all of it", source="", certainty="assumed"),
        ),
        warnings=("Drug offences have no price and are not in the benefits.",),
        schedule="state schedule 2024",
    )


def with_money(maker, **options):
    """Give an evaluation with an appraisal of what its primary effect prevented."""
    bare = maker()
    prevented = bare.primary.net_prevented.sum(axis=1)
    longer = appraised(4 * prevented, **options, scenario="extrapolation")
    return maker(appraisal=replace(appraised(prevented, **options), extrapolation=longer))


def _panel_case(centre, error, *, buffered=0, moved=None, outcome=CRIME, **more):
    design = panel_design(outcome, buffered=buffered)
    effects = {
        outcome.name: {
            "did-poisson": panel_effect(outcome, centre, error, moved=moved),
            "did-ols": panel_effect(outcome, centre * 0.9, error * 1.2, seed=5, estimator="did-ols"),
        }
    }
    designs = {outcome.name: design}
    if outcome is CRIME:
        effects[DRUGS.name] = {"did-poisson": panel_effect(DRUGS, centre / 2, error * 2, seed=9)}
        designs[DRUGS.name] = replace(
            design, panel=replace(design.panel, outcome=DRUGS), intervention=design.intervention
        )
    refusals = (Refusal(outcome=DRUGS.name, estimator="did-ols", reason="two of the clusters have no variation"),)
    reason = more.pop("appraisal_reason", "the study names no costs, so nothing can be set against the benefit")
    return evaluate(
        effects,
        designs,
        refusals=refusals if outcome is CRIME else (),
        appraisal_reason="" if "appraisal" in more else reason,
        question="Did the intervention reduce crime in the blocks where it ran?",
        **more,
    )


def _titled(title, reason, more):
    """Give a title and a reason for no money, where the caller gives no other."""
    return {"title": title, **({} if "appraisal" in more else {"appraisal_reason": reason}), **more}


def benefit(**more):
    """A clear benefit, without money."""
    return _panel_case(-0.223, 0.085, buffered=8, moved=-0.03, **more)


def harm(**more):
    """More crime than expected."""
    return _panel_case(0.16, 0.06, **more)


def unclear(**more):
    """An interval that holds both benefit and harm, and no buffer."""
    return _panel_case(-0.07, 0.09, **more)


def little(**more):
    """A change that is certainly smaller than what would matter."""
    return _panel_case(-0.004, 0.012, **more)


def displaced(**more):
    """A table in which the treated area gained and the buffer lost."""
    design = table_design(treated=(207, 110), comparison=(308, 318), buffer=(178, 231), buffer_comparison="shared")
    effect = table_effect(design.table, centre=107, error=34, buffer=-46)
    return evaluate(
        {"burglary": {"table": effect}},
        {"burglary": design},
        **_titled("Alley gates in Liverpool", "the study names no costs", more),
    )


def small(**more):
    """A table of very few events, no comparison, and a posterior of a zero cell."""
    design = table_design(treated=(6, 0))
    rng = np.random.default_rng(1)
    rate = spread(stats.gamma(0.5), DRAWS, rng)
    before = spread(stats.gamma(6.5), DRAWS, rng)
    effect = replace(
        table_effect(design.table, centre=1, error=1),
        change=rate - before,
        prevented=(before - rate)[:, None],
        basis="posterior",
    )
    return evaluate(
        {"burglary": {"table": effect}},
        {"burglary": design},
        **_titled("A light in one street", "the study names no costs", more),
    )


def survey(**more):
    """A score, of which more is better and nothing can be prevented."""
    outcome = Outcome(name="feeling of safety", kind="score", good="more", source="survey", unit="points of ten")
    rng = np.random.default_rng(4)
    design = panel_design(outcome)
    effect = Effect(
        outcome=outcome,
        estimator="did-ols",
        scale="mean_difference",
        change=spread(stats.norm(0.4, 0.15), DRAWS, rng),
        estimand="average difference",
        assumption="Both groups of sites would have changed alike.",
    )
    return evaluate(
        {outcome.name: {"did-ols": effect}},
        {outcome.name: design},
        **_titled("Street stewards", "a feeling has no price", more),
    )


def benefit_with_money():
    """A clear benefit that probably pays."""
    return with_money(benefit)


def harm_with_money():
    """More crime than expected, at a cost."""
    return with_money(harm)


def unclear_with_money():
    """Nobody can tell, at a cost in a currency without a symbol."""
    return with_money(unclear, currency="CHF")


CASES = {
    "benefit with money": benefit_with_money,
    "harm with money": harm_with_money,
    "unclear with money": unclear_with_money,
    "benefit": benefit,
    "harm": harm,
    "unclear": unclear,
    "little": little,
    "displaced": displaced,
    "small": small,
    "survey": survey,
}


@pytest.fixture(autouse=True)
def _estimators_by_hand(monkeypatch):
    """Let every name be an estimator, so that a report is tested without any model."""
    monkeypatch.setattr("evalkit.study.find_estimator", lambda _: ByHand)


# every test of a case runs in the same worker, which draws its pictures once
@pytest.fixture(params=[pytest.param(case, marks=pytest.mark.xdist_group(case)) for case in CASES])
def evaluation(request, _estimators_by_hand):
    """Give an evaluation of every case in turn."""
    return _made(request.param)


@cache
def _made(case):
    """Make each case once: its pictures are kept with it, and they take the longest."""
    return CASES[case]()


@pytest.fixture(scope="session")
def cases():
    """Give the makers of evaluations, by case."""
    return CASES


@pytest.fixture(scope="session")
def make():
    """Give the parts from which an evaluation is put together."""
    return {
        "crime": CRIME,
        "evaluate": evaluate,
        "panel_design": panel_design,
        "panel_effect": panel_effect,
        "table_design": table_design,
        "table_effect": table_effect,
    }
