"""What is lost by taxing: off unless chosen, and on the public line only."""

import numpy as np
import pytest

from evalkit.economics import DEADWEIGHTS, Deadweight, appraise
from evalkit.errors import CostError


@pytest.fixture
def page(make_effect, make_costs, make_prices):
    """Give what WSIPP's page on hot spots policing adds up, as one appraisal at a deadweight.

    http://www.wsipp.wa.gov/BenefitCost/Program/236: an officer more costs 113,796 dollars of 2022 and is worth
    78,568 to taxpayers and 544,074 to others.
    """

    def make(deadweight, **more):
        return appraise(
            {"robbery": make_effect(mean=1.0, sd=0)},
            costs=make_costs(113_796, bearer="national taxpayer", price_year=2022),
            prices=make_prices({"robbery": {"national taxpayer": 78_568, "victims": 544_074}}, price_year=2022),
            deadweight=deadweight,
            **more,
        )

    return make


def test_the_wsipp_page_comes_back_by_the_name_of_its_practice(page):
    """Triangular 0, 0.5, 1 has the mean 0.5, at which every line of the page stands."""
    found = page("wsipp", rng=np.random.default_rng(1))
    lines = {line.bearer: line for line in found.by_bearer}
    assert round(lines["national taxpayer"].benefit.mean) == 78_568
    assert round(lines["victims"].benefit.mean) == 544_074
    assert round(found.cost.mean) == 113_796
    assert lines["deadweight of taxation"].benefit.mean == pytest.approx(-17_614, abs=0.5)
    assert found.benefit.mean == pytest.approx(605_028, abs=0.5)
    assert found.net_benefit.mean == pytest.approx(491_232, abs=0.5)
    assert round(found.benefit_cost_ratio, 2) == 5.32
    assert found.prob_net_benefit == 1.0
    # the range of the deadweight is that of the triangle: its 2.5 % quantile is the root of 0.025 / 2
    assert lines["deadweight of taxation"].benefit.upper == pytest.approx(-35_228 * np.sqrt(0.0125), rel=1e-3)
    told = next(line for line in found.assumptions if line.what == "deadweight of taxation")
    assert told.value.startswith("wsipp: between 0 and 1, most likely 0.5 (triangular)")
    assert told.certainty == "memory"


def test_it_is_off_unless_it_is_chosen(page):
    """The practice of the United Kingdom: no line, and the sum is what is paid and gained."""
    for found in (page(0.0), page("none")):
        assert [line.bearer for line in found.by_bearer] == ["national taxpayer", "victims"]
        assert found.net_benefit.mean == pytest.approx(78_568 + 544_074 - 113_796)
        assert found.tax_loss_draws is None


def test_it_is_charged_on_the_taxpayer_line_only(make_effect, make_costs, make_prices):
    """Pitfall: deadweight on the taxpayer line only. Victims, businesses and volunteers are not taxed."""
    for bearer, public in (("victims", 0), ("businesses", 0), ("police", 1), ("health", 1)):
        for payer, taxed in (("city", 1), ("volunteers", 0)):
            found = appraise(
                {"robbery": make_effect(mean=1.0, sd=0)},
                costs=make_costs(4_000, bearer=payer),
                prices=make_prices({"robbery": {bearer: 10_000}}),
                deadweight=0.3,
            )
            assert found.net_benefit.mean == pytest.approx(10_000 - 4_000 + 0.3 * (10_000 * public - 4_000 * taxed))


def test_an_unknown_practice_names_those_there_are(page):
    """And that a number can be given."""
    with pytest.raises(CostError, match=r"no deadweight 'wsip'; did you mean 'wsipp'.*such as 0\.2"):
        page("wsip")
    assert set(DEADWEIGHTS) == {"none", "wsipp"}
    assert Deadweight.of(0.2).assumption.certainty == "chosen"
