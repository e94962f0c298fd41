"""Size with few treated sites, whose size may differ from that of the others: what the rule for errors is for."""

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
from evalkit.models.did_poisson import PoissonDifferenceInDifferences

POISSON = PoissonDifferenceInDifferences(event_study=False)


def panels(sites, treated, *, size=1.0, mean=30.0, effect=0.0):
    """Give a function from a random generator to a design whose first sites are `size` times as large."""
    names = tuple(f"s{row:02d}" for row in range(sites))
    own = (np.arange(sites) < treated)[:, None]
    after = np.arange(8) >= 4

    def simulate(rng):
        level = (
            rng.normal(0, 0.5, (sites, 1)) + rng.normal(0, 0.15, (sites, 8)) + rng.normal(0, 0.15, (sites, 1)) * after
        )
        counts = rng.poisson(mean * np.where(own, size, 1.0) * np.exp(level + effect * (own & after)))
        panel = Panel(
            outcome=Outcome(name="theft"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=8),
            values=counts.astype(float),
        )
        return Design(panel=panel, intervention=Intervention(name="patrol", began=dict.fromkeys(names[:treated], "5")))

    return simulate


@pytest.mark.parametrize(("size", "mean"), [(1.0, 30.0), (10.0, 30.0), (0.1, 100.0)])
def test_one_site_of_forty_keeps_its_size_whatever_its_own(judge, size, mean):
    """A lone treated site, also ten times larger or smaller, rejects true nulls no more than stated."""
    found = judge(POISSON, panels(40, 1, size=size, mean=mean), 0.0, 200, np.random.default_rng(51))
    assert found.covers_at_least(), found


def test_one_site_of_twelve_is_answered_by_cannot_tell():
    """Twelve placements give no p-value below 1/12, so the effect says so and keeps the range of CR2."""
    rng = np.random.default_rng(52)
    effect = POISSON.estimate(panels(12, 1, effect=-2.0)(rng), rng=rng, draws=200)
    check = next(check for check in effect.checks if check.name == "number of sites")
    assert effect.smallest_p_value == pytest.approx(1 / 12)
    assert effect.p_value == pytest.approx(1 / 12)
    assert effect.basis == "sampling"
    assert check.passed is False
    assert "nothing can be told from chance at 95 %" in check.detail


def test_one_site_of_forty_is_told_from_a_large_effect():
    """A fall of 63 % in one site lies outside what 39 placebos show, and the range and the p-value agree."""
    rng = np.random.default_rng(53)
    effect = POISSON.estimate(panels(40, 1, effect=-1.0)(rng), rng=rng, draws=400)
    assert effect.basis == "randomisation"
    assert effect.p_value == effect.smallest_p_value == pytest.approx(1 / 40)
    assert effect.interval(0.95).upper < 0
    assert effect.reference_set == "all 40 ways to choose the 1 treated of 40 sites"
