import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.domain import Outcome, Table
from evalkit.errors import DataError, EstimationError
from evalkit.models.table import displacement_difference, displacement_quotient, harm_weighted_difference

AREAS = {"comparison": 0.9, "treated": 1.2, "buffer_comparison": 1.6, "buffer": 1.5}
LARGER = {"comparison": 2, "treated": 1.5, "buffer_comparison": 3, "buffer": 3.2}
TIGHT = pytest.approx

# Outputs of ptools (A. Wheeler's R package) to eight digits, with the figure its documentation, the paper or a
# post prints in the comment: treated, comparison, buffer and its comparison, options, level of the interval,
# then local, its error, total, its error, z and the interval's ends.
PUBLISHED = {
    # README: -10 (8.366600), 90 % -23.761833 to 3.761833
    "readme": (
        ((20, 10), (20, 20), None, None, {}, 0.9),
        (-10.0, 8.36660027, -10.0, 8.36660027, -1.19522861, -23.76183279, 3.76183279),
    ),
    "displacement": (
        ((20, 10), (20, 20), (30, 20), (30, 30), {}, 0.9),
        (-10.0, 8.36660027, -20.0, 13.41640786, -1.49071198, -42.06802714, 2.06802714),
    ),
    "two years before, one after": (
        ((20, 10), (20, 20), None, None, {"lengths": (2, 1)}, 0.9),
        (-10.0, 6.32455532, -10.0, 6.32455532, -1.58113883, -20.40296776, 0.40296776),
    ),
    "areas": (
        ((20, 10), (20, 20), (30, 20), (30, 30), {"areas": LARGER}, 0.9),
        (-6.66666667, 4.83045892, -9.79166667, 5.90616733, -1.65787153, -19.50644742, -0.07688592),
    ),
    # Wheeler and Ratcliffe 2018: -118, variance 1568, z -2.98, 95 % -196 to -40
    "paper": (
        ((207, 110), (308, 318), (178, 157), (150, 140), {}, 0.95),
        (-107.0, 30.70830507, -118.0, 39.59797975, -2.97995001, -195.61061416, -40.38938584),
    ),
    # post of 2021-02-23: local -91.9 (31.5); total -99.69444444 (35.4280755)
    "area weights": (
        ((207, 110), (308, 318), (178, 157), (150, 140), {"areas": AREAS}, 0.95),
        (-91.94444444, 31.51155971, -99.69444444, 35.4280755, -2.81399548, -169.13219647, -30.25669241),
    ),
    # Crime De-Coder, WDD extensions, 2025: -10, error 19
    "decoder": (
        ((100, 80), (100, 90), None, None, {}, 0.95),
        (-10.0, 19.23538406, -10.0, 19.23538406, -0.51987524, -47.70065999, 27.70065999),
    ),
    # crimepy WDD_Examples: -40 (22.4), 90 % -76.8 to -3.2
    "crimepy": (
        ((120, 100), (130, 150), None, None, {}, 0.9),
        (-40.0, 22.36067977, -40.0, 22.36067977, -1.78885438, -76.78004523, -3.21995477),
    ),
}

# Bowers and Johnson's parts: treated, buffer, comparison; gross effect, net effect, success, buffer, quotient of the
# two whether or not it may be read, total net effect. The first is a unit test of streetlamp, the others
# follow from the formulas of POP Guide 10 (Guerette 2009).
QUOTIENTS = {
    "streetlamp": ((100, 50), (100, 150), (100, 100), 50, 0.5, -0.5, 0.5, -1.0, 0.0),
    "paper's counts": (
        (207, 110),
        (178, 157),
        (308, 318),
        97,
        0.3261659723923875,
        -0.3261659723923875,
        -0.08421138609817858,
        0.25818568834908917,
        130.5,
    ),
    "denominator near zero": ((100, 99), (100, 110), (100, 100), 1, 0.01, -0.01, 0.1, -10.0, -9.0),
    "failed": ((100, 120), (100, 110), (100, 100), -20, -0.2, 0.2, 0.1, 0.5, -30.0),
}

counts = st.tuples(st.integers(1, 400), st.integers(1, 400))
lengths = st.tuples(st.floats(0.1, 100), st.floats(0.1, 100))


@pytest.mark.parametrize(("table", "figures"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_differences_come_back(table, figures):
    """Every published or ptools figure of the weighted displacement difference is reproduced to its digits."""
    treated, comparison, buffer, own, options, level = table
    local, local_error, total, error, z, lower, upper = figures
    found = displacement_difference(treated, comparison, buffer=buffer, buffer_comparison=own, **options)
    assert (found.local.estimate, found.local.std_error) == TIGHT((local, local_error), abs=1e-8)
    assert (found.total.estimate, found.total.std_error, found.total.z) == TIGHT((total, error, z), abs=1e-8)
    around = found.total.interval(level)
    assert (around.lower, around.upper) == TIGHT((lower, upper), abs=1e-8)


def test_a_shared_comparison_counts_four_times_in_the_variance():
    """One comparison area for both gives an error of 56.18, not the 43.63 of counts doubled first."""
    found = displacement_difference((207, 110), (308, 318), buffer=(178, 157), buffer_comparison="shared")
    assert found.total.estimate == -138
    assert found.total.std_error == TIGHT(np.sqrt(207 + 110 + 178 + 157 + 4 * (308 + 318)))
    assert round(found.total.std_error, 2) == 56.18


def test_two_different_comparisons_with_the_same_counts_are_more_certain_than_one_shared():
    """Sharing an area makes the total less certain than two independent areas of the same counts."""
    areas = {"treated": (207, 110), "comparison": (308, 318), "buffer": (178, 157)}
    shared = displacement_difference(**areas, buffer_comparison="shared")
    own = displacement_difference(**areas, buffer_comparison=(308, 318))
    assert own.total.estimate == shared.total.estimate
    assert own.total.std_error < shared.total.std_error


def test_differences_in_crimes_rescale_each_change_to_its_own_area_and_the_period_after():
    """A rate per size and length becomes crimes by the size of its own area and the length after."""
    found = displacement_difference(
        (207, 110), (308, 318), buffer=(178, 157), buffer_comparison=(150, 140), areas=AREAS, lengths=(2, 3)
    )
    assert found.crimes_local.estimate == TIGHT(found.local.estimate * 1.2 * 3)
    assert found.crimes_displaced.std_error == TIGHT(found.displaced.std_error * 1.5 * 3)
    assert found.crimes_total.estimate == TIGHT(found.crimes_local.estimate + found.crimes_displaced.estimate)


def test_unequal_periods_give_the_linear_difference_in_differences_of_monthly_counts():
    """Wheeler's simulated shootings (63 and 69 months): -4.990338, which is the OLS coefficient, Poisson error .640."""
    found = displacement_difference((694, 516), (218, 339), lengths=(63, 69)).local
    assert found.estimate == TIGHT(-4.990338, abs=5e-7)
    assert found.std_error == TIGHT(0.640, abs=5e-4)
    assert found.estimate == TIGHT(_linear_interaction({"treated": (694, 516), "comparison": (218, 339)}, (63, 69)))


def _linear_interaction(cells, months):
    """Spread each total over its months, any way, and regress monthly counts."""
    rng = np.random.default_rng(3)
    values, rows = [], []
    for treated, totals in enumerate((cells["comparison"], cells["treated"])):
        for after, (total, length) in enumerate(zip(totals, months, strict=True)):
            values.extend(rng.multinomial(total, np.full(length, 1 / length)))
            rows.extend([(1, treated, after, treated * after)] * length)
    return sm.OLS(np.array(values), np.array(rows)).fit().params[3]


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.DomainWarning")  # says what is tested here
def test_an_offset_does_not_make_rates_of_an_identity_link():
    """A Poisson model with identity link and area offsets stays at -107; weighting gives -91.9 (31.5)."""
    # each cell twice, one more and one less: a saturated model leaves no degree of freedom, and means stay
    rows = np.tile(np.array([(1, 1, 0, 0), (1, 1, 1, 1), (1, 0, 0, 0), (1, 0, 1, 0)], float), (2, 1))
    offset = np.tile(np.log([1.2, 1.2, 0.9, 0.9]), 2)
    family = sm.families.Poisson(sm.families.links.Identity())
    cells = np.array([207.0, 110, 308, 318])
    model = sm.GLM(np.concatenate([cells + 1, cells - 1]), rows, family=family, offset=offset)
    assert model.fit().params[3] == TIGHT(-107, abs=1e-6)
    found = displacement_difference((207, 110), (308, 318), areas={"treated": 1.2, "comparison": 0.9}).local
    assert (round(found.estimate, 1), round(found.std_error, 1)) == (-91.9, 31.5)


def test_without_a_comparison_the_change_is_before_and_after():
    """A table of the treated area alone gives its own change, at the length of the period after."""
    assert displacement_difference((207, 110)).local.estimate == -97
    found = displacement_difference((24, 10), lengths=(2, 1)).crimes_local
    assert (found.estimate, found.std_error) == TIGHT((-2, np.sqrt(10 + 24 / 4)))


def test_harm_weights_multiply_changes_and_square_in_the_variance():
    """The harm-weighted difference is sum w WDD with variance sum w^2 Var."""
    tables = [
        Table(outcome=Outcome(name="robbery"), treated=(20, 10), comparison=(20, 20)),
        Table(outcome=Outcome(name="theft"), treated=(120, 100), comparison=(130, 150)),
    ]
    found = harm_weighted_difference(tables, [5, 2])
    assert found.total.estimate == TIGHT(5 * -10 + 2 * -40)
    assert found.total.std_error == TIGHT(np.sqrt(25 * 70 + 4 * 500))
    assert found.displaced is None


def test_harm_weights_must_match_the_tables():
    """A missing or negative harm weight is an error that says what there is."""
    table = Table(outcome=Outcome(name="robbery"), treated=(20, 10))
    with pytest.raises(EstimationError, match="1 tables and 2 weights"):
        harm_weighted_difference([table], [1, 2])
    with pytest.raises(EstimationError, match="zero or more; there is -1"):
        harm_weighted_difference([table], [-1])


def test_plain_numbers_meet_the_rules_of_a_table():
    """A negative count is refused by name, also where no table was built."""
    with pytest.raises(DataError, match="treated is zero or more; there is -1"):
        displacement_difference((-1, 3), (4, 5))


@pytest.mark.parametrize("case", QUOTIENTS.values(), ids=QUOTIENTS)
def test_parts_of_the_quotient_come_back(case):
    """Gross and net effect, success, buffer and total net effect follow Bowers and Johnson."""
    treated, buffer, comparison, gross, net, success, moved, quotient, total = case
    found = displacement_quotient(treated, buffer, comparison)
    assert (found.gross_effect, found.net_effect) == TIGHT((gross, net))
    assert (found.success, found.buffer, found.total_net_effect) == TIGHT((success, moved, total))
    assert found.buffer / found.success == TIGHT(quotient)


@pytest.mark.parametrize(("name", "quotient"), [("streetlamp", -1.0), ("paper's counts", 0.25818568834908917)])
def test_a_clear_success_has_a_quotient_without_an_interval(name, quotient):
    """Where the treated area clearly did better there is a quotient, and the words say no interval exists."""
    found = displacement_quotient(*QUOTIENTS[name][:3])
    assert found.wdq == TIGHT(quotient)
    assert "No valid interval exists" in found.reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [("failed", "no better than its comparison"), ("denominator near zero", "cannot be told from none")],
)
def test_no_quotient_of_a_failure_nor_of_a_denominator_near_zero(name, reason):
    """A failed measure (+0.5 by the formula) and a denominator near zero (-10) have a reason and no quotient."""
    found = displacement_quotient(*QUOTIENTS[name][:3])
    assert found.wdq is None
    assert reason in found.reason


@pytest.mark.parametrize(
    ("buffer", "reading"),
    [
        ((300, 100), "more than in the treated area: benefits spread"),
        ((100, 90), "by less than in the treated area: benefits spread"),
        ((100, 100), "neither displacement nor spread"),
        ((100, 110), "some moved"),
        ((100, 150), "nothing was won"),
        ((100, 300), "the gain is undone"),
    ],
)
def test_a_quotient_is_read_in_words(buffer, reading):
    """Each range of the quotient has its own reading."""
    assert reading in displacement_quotient((100, 50), buffer, (100, 100)).reason


def test_a_comparison_of_nothing_has_no_quotient():
    """The quotient divides by comparison counts, so a zero there leaves a reason."""
    found = displacement_quotient((100, 50), (100, 110), (100, 0))
    assert (found.wdq, found.total_net_effect) == (None, None)
    assert "nothing was counted" in found.reason


@settings(max_examples=60, deadline=None)
@given(counts, counts, counts, counts, lengths)
def test_swapping_treated_and_comparison_turns_the_sign(treated, comparison, buffer, own, periods):
    """Exchanging the roles of treated and comparison areas turns every sign and keeps every error."""
    one = displacement_difference(treated, comparison, buffer=buffer, buffer_comparison=own, lengths=periods)
    other = displacement_difference(comparison, treated, buffer=own, buffer_comparison=buffer, lengths=periods)
    assert one.total.estimate == TIGHT(-other.total.estimate, abs=1e-9)
    assert one.total.std_error == TIGHT(other.total.std_error)


@settings(max_examples=60, deadline=None)
@given(counts, counts, lengths, st.floats(0.01, 50))
def test_a_unit_of_time_or_size_does_not_change_crimes(treated, comparison, periods, unit):
    """Months or years, hectares or square kilometres: the change in crimes is the same."""
    one = displacement_difference(treated, comparison, lengths=periods)
    months = (periods[0] * unit, periods[1] * unit)
    areas = {"treated": unit, "comparison": unit}
    other = displacement_difference(treated, comparison, lengths=months, areas=areas)
    assert other.crimes_local.estimate == TIGHT(one.crimes_local.estimate, abs=1e-6)
    assert other.crimes_local.std_error == TIGHT(one.crimes_local.std_error)
    assert other.local.z == TIGHT(one.local.z, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(counts, counts, st.floats(1, 20))
def test_dispersion_scales_errors_by_its_root(treated, comparison, dispersion):
    """Counts that vary more than chance widen the error by the root of how much more."""
    chance = displacement_difference(treated, comparison).total
    more = displacement_difference(treated, comparison, dispersion=dispersion).total
    assert more.estimate == chance.estimate
    assert more.std_error == TIGHT(chance.std_error * np.sqrt(dispersion))
