import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods, Table
from evalkit.draws import interval
from evalkit.models._before_after.cells import cells_of_design, cells_of_table, table_of
from evalkit.models._before_after.dispersion import Dispersion, baseline_dispersion
from evalkit.models._before_after.draws import draw_changes
from evalkit.models.table import BeforeAfterTable, displacement_difference, rate_ratio

CHANCE = Dispersion()


def assert_covers(hits, level=0.95, *, slack=0.0):
    """The share of hits is the level, within 3.5 Monte Carlo errors of that many runs and a stated slack."""
    tolerance = 3.5 * np.sqrt(level * (1 - level) / len(hits)) + slack
    assert abs(np.mean(hits) - level) < tolerance, f"{np.mean(hits):.4f} of {len(hits)} runs"


@pytest.mark.parametrize("shared", [False, True])
def test_the_total_difference_covers_at_its_level(shared):
    """Over tables of 20 to 300 Poisson counts a cell, the 95 % interval of the total holds the truth 95 times."""
    rng = np.random.default_rng(11)
    means = rng.uniform(20, 300, (3000, 4, 2))
    if shared:
        means[:, 3] = means[:, 1]
    counts = rng.poisson(means).astype(float)
    truth = ((means[..., 1] - means[..., 0]) * [1, -1, 1, -1]).sum(axis=1)
    hits = []
    for (treated, comparison, buffer, own), total in zip(counts.tolist(), truth, strict=True):
        found = displacement_difference(
            tuple(treated),
            tuple(comparison),
            buffer=tuple(buffer),
            buffer_comparison="shared" if shared else tuple(own),
        )
        hits.append(not found.total.interval().excludes(total))
    assert_covers(hits)


def test_the_total_through_the_estimator_covers_too():
    """The draws of change and displacement, added up, cover as the formula does."""
    rng = np.random.default_rng(12)
    means = np.array([[150, 120], [200, 220], [90, 95], [100, 80]])
    total = ((means[:, 1] - means[:, 0]) * [1, -1, 1, -1]).sum()
    hits = []
    for counts in rng.poisson(means, (150, 4, 2)).tolist():
        names = ("treated", "comparison", "buffer", "buffer_comparison")
        table = Table(outcome=Outcome(name="theft"), **dict(zip(names, map(tuple, counts), strict=True)))
        design = Design(intervention=Intervention(name="x", began={"A": "1"}), table=table)
        effect = BeforeAfterTable().estimate(design, rng=rng, draws=200)
        hits.append(not interval(effect.change + effect.displacement.change).excludes(total))
    assert_covers(hits)


@pytest.mark.parametrize(("low", "high", "slack"), [(20, 300, 0.0), (5, 20, 0.01)])
def test_the_log_ratio_covers_at_its_level(low, high, slack):
    """The 95 % interval of the ratio covers at its level from 20 counts a cell, and a little above from 5."""
    rng = np.random.default_rng(13)
    means = rng.uniform(low, high, (3000, 2, 2))
    counts = rng.poisson(means).astype(float)
    truth = means[:, 0, 1] * means[:, 1, 0] / (means[:, 0, 0] * means[:, 1, 1])
    hits = [
        not rate_ratio(tuple(treated), tuple(comparison)).interval().excludes(ratio)
        for (treated, comparison), ratio in zip(counts.tolist(), truth, strict=True)
        if min(*treated, *comparison) > 0
    ]
    assert_covers(hits, slack=slack)


@pytest.mark.parametrize(
    "means", [[[6, 1.5], [20, 20]], [[3, 3], [15, 15]], [[2, 0.5], [10, 10]]], ids=["fall", "nothing", "few"]
)
@pytest.mark.parametrize("measure", ["difference", "ratio"])
def test_small_tables_cover_where_some_hold_a_zero(means, measure):
    """Where counts are so small that some tables hold a zero, intervals cover 95 to 98 times in 100."""
    rng, means = np.random.default_rng(14), np.array(means, float)
    signs = np.array([[-1, 1], [1, -1]])
    truth = float((signs * (means if measure == "difference" else np.log(means))).sum())
    hits, posteriors = [], 0
    for treated, comparison in rng.poisson(means, (800, 2, 2)).tolist():
        cells = cells_of_table(table_of(tuple(treated), tuple(comparison)))
        drawn = draw_changes(cells, measure, CHANCE, 300, rng)
        posteriors += drawn.basis == "posterior"
        hits.append(not interval(drawn.change[:, 0]).excludes(truth))
    assert posteriors > 50
    assert_covers(hits, slack=0.03)


@pytest.mark.parametrize(
    ("measure", "times", "periods", "most"),
    [("difference", 4.0, 8, 0.75), ("ratio", 4.0, 8, 0.75), ("difference", 2.0, 24, 0.9), ("ratio", 2.0, 24, 0.9)],
)
def test_estimated_dispersion_restores_coverage(measure, times, periods, most):
    """Counts that vary two or four times as much as chance: eight periods before suffice to cover at the level."""
    rng = np.random.default_rng(15)
    hits, by_chance = [], []
    for design in overdispersed_panels(rng, runs=400, times=times, before=periods):
        cells, known = cells_of_design(design), baseline_dispersion(design)
        for dispersion, covered in ((known, hits), (CHANCE, by_chance)):
            drawn = draw_changes(cells, measure, dispersion, 300, rng)
            covered.append(not interval(drawn.change[:, 0]).excludes(0))
    assert_covers(hits)
    assert np.mean(by_chance) < most


@pytest.mark.parametrize("measure", ["difference", "ratio"])
@pytest.mark.parametrize(("treated", "sites"), [(5, 10), (3, 12)])
def test_lasting_shifts_of_sites_are_not_taken_for_an_effect(measure, treated, sites):
    """With shifts and cell noise of sd .15 and no effect, 5 % of panels claim a change; by chance alone, half would."""
    rng, estimator = np.random.default_rng(16), BeforeAfterTable(measure=measure)
    claimed, by_chance, runs = [], [], 150
    for design in shifted_panels(rng, runs=runs, treated=treated, sites=sites):
        claimed.append(estimator.estimate(design, rng=rng, draws=200).interval().excludes(0))
        drawn = draw_changes(cells_of_design(design), measure, CHANCE, 200, rng)
        by_chance.append(interval(drawn.change[:, 0]).excludes(0))
    assert np.mean(claimed) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert np.mean(by_chance) > 0.35


def shifted_panels(rng, *, runs, treated, sites, periods=8, start=4, mean=100.0):
    """Make panels without an effect whose sites each keep a shift of their own after the start."""
    names = tuple(f"s{row}" for row in range(sites))
    began = Intervention(name="x", began=dict.fromkeys(names[:treated], str(start + 1)))
    for _ in range(runs):
        logs = rng.normal(0, 0.3, (sites, 1)) + rng.normal(0, 0.15, (sites, periods))
        logs += rng.normal(0, 0.15, (sites, 1)) * (np.arange(periods) >= start)
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=periods),
            values=rng.poisson(mean * np.exp(logs)).astype(float),
        )
        yield Design(intervention=began, panel=panel)


def overdispersed_panels(rng, *, runs, times, before):
    """Make panels without an effect: gamma-mixed counts around swings that all six sites share."""
    sites = tuple("abcdef")
    began = Intervention(name="x", began=dict.fromkeys(sites[:3], str(before + 1)))
    for _ in range(runs):
        means = np.full((6, 1), 20.0) * np.exp(rng.normal(0, 0.2, 2 * before))
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=sites,
            periods=Periods(frequency="number", first=1, count=2 * before),
            values=rng.poisson(rng.gamma(means / (times - 1), times - 1)).astype(float),
        )
        yield Design(intervention=began, panel=panel)
