"""Outcomes that were measured in the same sites vary together."""

import numpy as np
import pytest

import evalkit as ek
from evalkit.domain import Design, Intervention, Outcome, Panel, Periods


def design(name, sites, logs, treated):
    """Give a design on counts with those logs, shape (sites, periods), for sites in that order."""
    panel = Panel(
        outcome=Outcome(name=name),
        sites=sites,
        periods=Periods(frequency="number", first=1, count=logs.shape[1]),
        values=np.round(np.exp(logs)),
    )
    return Design(panel=panel, intervention=Intervention(name="patrol", began=dict.fromkeys(treated, "4")))


@pytest.fixture
def pair():
    """Two outcomes whose noise is the same in every site, the second with its sites in another order."""
    rng = np.random.default_rng(8)
    sites = tuple(f"s{row:02d}" for row in range(30))
    logs = 6 + rng.normal(0, 0.5, (30, 1)) + rng.normal(0, 0.2, (30, 6))
    turned = rng.permutation(30)
    other = logs + rng.normal(0, 0.02, logs.shape)
    return {
        "theft": design("theft", sites, logs, sites[:12]),
        "damage": design("damage", tuple(sites[row] for row in turned), other[turned], sites[:12]),
    }


def test_rows_correlate_as_the_sites_do_whatever_their_order(pair):
    """Sites are matched by name: the same noise in both outcomes gives draws that go together."""
    done = ek.Study(title="two", primary="theft", designs=pair, estimator="did-ols", draws=2000).run()
    one, other = (done.primary_of(outcome).change for outcome in pair)
    assert np.corrcoef(one, other)[0, 1] > 0.9
    assert done.warnings == ()


def test_margins_stay_as_they_were(pair):
    """Only the order of rows changes."""
    study = ek.Study(title="two", primary="theft", designs=pair, estimator="did-ols", draws=2000)
    alone = ek.Study(title="one", primary="damage", designs={"damage": pair["damage"]}, estimator="did-ols", draws=2000)
    assert np.sort(study.run().primary_of("damage").change) == pytest.approx(np.sort(alone.run().primary.change))
