import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.errors import EstimationError
from evalkit.models.table import e_test, rate_ratio

# treated, comparison; log ratio, error, ratio, 95 % ends, expected, prevented.
PUBLISHED = {
    # A. Wheeler, post of 2021-03-18 on Wilson's estimator: log IRR -0.4238142, IRR 0.6545455
    "wilson": (
        (50, 30),
        (60, 55),
        *(-0.4238142467763609, 0.2969542358374741, 0.6545454545454545),
        *(0.36573953421622557, 1.1714067307058678, 45.833333333333336, 15.833333333333336),
    ),
    # counts of Wheeler and Ratcliffe 2018
    "paper": (
        (207, 110),
        (308, 318),
        *(-0.6641900272795552, 0.14252450420930707, 0.5146902439765442),
        *(0.38925021246197405, 0.6805546632052599, 213.7207792207792, 103.7207792207792),
    ),
    # Wheeler's simulated shootings, where the Poisson coefficient is -0.737870 (.104477)
    "shootings": (
        (694, 516),
        (218, 339),
        *(-0.7378702396166029, 0.10447925706571205, 0.47813113667083224),
        *(0.3895956702499864, 0.5867862538293955, 1079.2018348623853, 563.2018348623853),
    ),
}

# k1, n1, k2, n2 and the p-values of scipy.stats.poisson_means_test and of statsmodels' etest-score.
E_TESTS = [
    (3, 1, 0, 1, 0.08837900945483518, 0.08837900945483523),
    (6, 1, 2, 1, 0.1748748209437075, 0.17487482094370768),
    (10, 1, 5, 1, 0.2061644140757637, 0.20616441407576383),
    (20, 1, 10, 1, 0.06883178210810925, 0.06883178210810947),
    (20, 4, 10, 2, 0.9999999999999049, 0.9999999999999987),
    (10, 2, 5, 1, 0.9999996940976809, 1.0),
    (6, 2, 3, 1, 0.999876590195913, 1.0),
    (100, 10, 25, 5, 0.000574719215709602, 0.0015380662884251933),
    (15, 1, 5, 1, 0.025035114389344332, 0.025035114389344547),
    (0, 100, 3, 100, 0.08837900945483518, 0.08837900945483523),
]

counts = st.tuples(st.integers(1, 400), st.integers(1, 400))


@pytest.mark.parametrize("case", PUBLISHED.values(), ids=PUBLISHED)
def test_published_ratios_come_back(case):
    """Every published relative incidence rate ratio is reproduced, with what it prevented."""
    treated, comparison, log_ratio, error, ratio, lower, upper, expected, prevented = case
    found = rate_ratio(treated, comparison)
    assert (found.log_ratio, found.std_error, found.ratio) == pytest.approx((log_ratio, error, ratio), rel=1e-12)
    around = found.interval()
    assert (around.lower, around.upper) == pytest.approx((lower, upper), rel=1e-12)
    assert (found.expected, found.prevented) == pytest.approx((expected, prevented), rel=1e-12)


@pytest.mark.parametrize("case", PUBLISHED.values(), ids=PUBLISHED)
def test_the_log_ratio_is_the_coefficient_of_a_log_linear_poisson_model(case):
    """The interaction of a Poisson regression of monthly counts is the same number with the same error."""
    treated, comparison = case[:2]
    rng = np.random.default_rng(4)
    kinds = np.array([(1, 1, 0, 0), (1, 1, 1, 1), (1, 0, 0, 0), (1, 0, 1, 0)], float)
    monthly = [rng.multinomial(int(total), np.full(12, 1 / 12)) for total in (*treated, *comparison)]
    model = sm.GLM(np.concatenate(monthly), np.repeat(kinds, 12, axis=0), family=sm.families.Poisson())
    fitted = model.fit(tol=1e-12)
    found = rate_ratio(treated, comparison)
    assert (found.log_ratio, found.std_error) == pytest.approx((fitted.params[3], fitted.bse[3]), rel=1e-8)


def test_the_relative_effect_size_is_the_inverse():
    """Farrington and Welsh's size is above 1 where this ratio is below it: one is the other's inverse."""
    found = rate_ratio((50, 30), (60, 55))
    assert found.ratio < 1 < found.relative_effect_size
    assert found.ratio * found.relative_effect_size == pytest.approx(1)
    # Stoke (Farrington and Welsh), from published percentages: (1 - .02) / (1 - .43)
    assert rate_ratio((100, 57), (100, 98)).relative_effect_size == pytest.approx(1.719, abs=5e-4)


def test_a_zero_has_no_logarithm():
    """A zero count is refused by name, and the message says what answers instead."""
    with pytest.raises(EstimationError, match=r"treated after \(0\).*answers with a posterior"):
        rate_ratio((7, 0), (20, 25))


@settings(max_examples=60, deadline=None)
@given(counts, counts, st.floats(1, 20))
def test_swapping_areas_inverts_the_ratio(treated, comparison, dispersion):
    """Exchanging treated and comparison turns the logarithm's sign and keeps its error."""
    one = rate_ratio(treated, comparison, dispersion=dispersion)
    other = rate_ratio(comparison, treated, dispersion=dispersion)
    assert one.log_ratio == pytest.approx(-other.log_ratio, abs=1e-12)
    assert one.std_error == pytest.approx(other.std_error)
    assert (one.prevented > 0) == (one.log_ratio < 0) or one.prevented == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("case", E_TESTS)
def test_both_e_tests_give_the_values_of_their_peers(case):
    """Each statistic agrees with its peer; they part for unequal exposures (.00057 and .0015)."""
    *counted, wald, score = case
    assert e_test(*counted).p_value == pytest.approx(wald, rel=1e-9)
    assert e_test(*counted, method="score").p_value == pytest.approx(score, rel=1e-9)


@pytest.mark.parametrize(("k1", "k2"), [(3, 0), (10, 5), (15, 5), (40, 20)])
def test_the_e_test_is_less_cautious_than_the_conditional_binomial(k1, k2):
    """The exact conditional test is known to be conservative: the E-test's p-value is below and in its order."""
    exact = stats.binomtest(k1, k1 + k2, 0.5).pvalue
    assert exact / 3 < e_test(k1, 1, k2, 1).p_value < exact


@pytest.mark.parametrize("method", ["wald", "score"])
def test_nothing_against_nothing_is_no_evidence(method):
    """Two zero counts have p-value 1."""
    assert e_test(0, 2, 0, 1, method=method).p_value == 1


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((1.5, 1, 2, 1), {}, "k1 is a whole count"),
        ((1, 0, 2, 1), {}, "n1 is an exposure above zero; there is 0"),
        ((1, 1, 10**6, 1), {}, "k2 is 1,000,000"),
        ((1, 1, 2, 1), {"method": "wld"}, "did you mean 'wald'"),
    ],
)
def test_the_e_test_says_what_it_cannot_use(arguments, options, message):
    """What is not a count, an exposure or a method is refused by name."""
    with pytest.raises(EstimationError, match=message):
        e_test(*arguments, **options)
