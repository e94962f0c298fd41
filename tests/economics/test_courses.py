"""Events over years, added up before they are spread out."""

import tracemalloc

import numpy as np
import pytest

from evalkit.economics import appraise
from evalkit.economics.clock import Span
from evalkit.economics.courses import Fading, Stopping, courses_of

YEARS = 9


def spread_out(prevented, spans, years, retention):
    """The slow and obvious version: every draw and year, shape (draws, years)."""
    end = max(span.end for span in spans)
    out = np.zeros((len(prevented), years))
    for place, span in enumerate(spans):
        for year in range(years):
            inside = max(min(span.end, year + 1) - max(span.start, year), 0)
            out[:, year] += prevented[:, place] * inside / (span.end - span.start)
    covered = [max(min(span.end, end) - max(span.start, end - 1), 0) for span in spans]
    last = sum(
        prevented[:, place] * share / (span.end - span.start)
        for place, (span, share) in enumerate(zip(spans, covered, strict=True))
    ) / sum(covered)
    for year in range(1, years + 1):
        if year > end:
            out[:, year - 1] += last * retention ** (year - end) * min(year - end, 1)
    return out


@pytest.fixture
def made():
    """Give two outcomes whose windows end at different times, and draws of all that is needed."""
    rng = np.random.default_rng(4)
    spans = {
        "a": (Span(start=0.0, end=1.0), Span(start=1.0, end=2.0)),
        "b": tuple(Span(start=q / 4, end=(q + 1) / 4) for q in range(5)),
    }
    net = {name: rng.normal(10, 5, (40_000, len(found))) for name, found in spans.items()}
    return net, spans, rng.uniform(0.3, 1.0, 40_000), {name: rng.gamma(2, 500, 40_000) for name in net}


def test_sums_are_those_of_the_array_that_is_never_made(made):
    """By outcome over years, by year over outcomes, and their means, for windows of one and a quarter and two years."""
    net, spans, retention, worth = made
    slow = {name: spread_out(net[name], spans[name], YEARS, retention) for name in net}
    found = courses_of(net, spans, YEARS, Fading(retention=retention))
    weights = 1.03 ** -np.arange(YEARS)
    for name, total in found.totals(weights).items():
        assert total == pytest.approx(slow[name] @ weights)
        assert found.mean_by_year()[name] == pytest.approx(slow[name].mean(axis=0))
    by_year = sum(slow[name] * worth[name][:, None] for name in net) * weights
    for place, year in enumerate(found.worth_by_year(worth, weights)):
        assert year == pytest.approx(by_year[:, place])
    only = list(found.worth_by_year({"b": worth["b"]}, weights))
    assert only[3] == pytest.approx(slow["b"][:, 3] * worth["b"] * weights[3])


def test_what_stopping_loses_is_the_difference_of_two_courses(made):
    """Going on less what is left of the level of the last year of the measure."""
    net, spans, retention, worth = made
    stopped = retention / 2
    found = courses_of(net, spans, YEARS, Stopping(retention=retention, stopped=stopped, year=3))
    slow = {name: spread_out(net[name], spans[name], YEARS, retention) for name in net}
    for name, total in found.totals(np.ones(YEARS)).items():
        left = sum(slow[name][:, 2] * stopped**k for k in range(1, YEARS - 2))
        assert total == pytest.approx(slow[name][:, 3:].sum(axis=1) - left)
    assert not next(found.worth_by_year(worth, np.ones(YEARS))).any()


def test_an_appraisal_never_holds_every_draw_crime_and_year(make_effect, make_costs, make_prices):
    """20 crimes by 30 years of 40,000 draws are 192 MB; the whole appraisal peaks at less than half of that."""
    names = [f"crime {place}" for place in range(20)]
    effects = {name: make_effect(None, name=name, draws=40_000, seed=place) for place, name in enumerate(names)}
    options = {
        "costs": make_costs({"mean": 1e5, "sd": 1e4}, years=tuple(range(1, 31))),
        "prices": make_prices({name: {"victims": {"mean": 900, "sd": 300}, "police": 100} for name in names}),
        "horizon": 30,
        "retention": {"low": 0.6, "high": 1.0},
        "disjoint": True,
        "rng": np.random.default_rng(1),
    }
    tracemalloc.start()
    try:
        found = appraise(effects, **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.extrapolation.horizon == 30
    assert peak < 0.5 * 40_000 * 20 * 30 * 8
