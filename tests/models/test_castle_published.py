"""The eight figures of Cheng and Hoekstra 2013, doi:10.3368/jhr.48.3.821, on homicide, from their own data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.models._inference.cluster import infer
from evalkit.models._regression.linear import fit_linear
from evalkit.models._regression.negative_binomial import maximise

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "castle" / "castle_full.csv"
SHAPE = (50, 11)
PEOPLE = tuple(f"{group}m_{ages}" for group in ("black", "white") for ages in ("15_24", "25_44"))
MONEY = ("poverty", "l_income", "l_exp_subsidy", "l_exp_pubwelfare", "unemployrt")
CONTROLS = ("l_police", "l_prisoner", "l_lagprisoner", *PEOPLE, *MONEY)


@pytest.fixture(scope="module")
def castle():
    """Arrays of states by years, by name; the treatment is the share of the year that the law was in force."""
    if not DATA.exists():
        pytest.skip("the full data of the castle study are not here; the published figures rest on them")
    frame = pd.read_csv(DATA).sort_values(["state", "year"])
    return {str(name): frame[name].to_numpy(float).reshape(SHAPE) for name in frame.columns[1:]}


def columns(castle, *, regions=False, controls=False):
    """The treatment, a level of each region but one in each year but the first, and the controls."""
    names = ["cdl"]
    if regions:
        names += [f"r{year}{region}" for year in range(2001, 2011) for region in (2, 3, 4)]
    if controls:
        names += CONTROLS
    return np.stack([castle[name] for name in names], axis=2)


@pytest.mark.parametrize(
    ("weighted", "more", "published", "error"),
    [
        (True, {}, 0.0801, 0.0342),
        (True, {"regions": True}, 0.0946, 0.0279),
        (True, {"regions": True, "controls": True}, 0.0937, 0.0290),
        (False, {}, 0.0877, 0.0638),
        (False, {"regions": True}, 0.0811, 0.0769),
        (False, {"regions": True, "controls": True}, 0.0600, 0.0684),
    ],
)
def test_least_squares(castle, weighted, more, published, error):
    """Six estimates and errors by state, to the four digits in print."""
    x = columns(castle, **more)
    weights = castle["popwt"] if weighted else np.ones(SHAPE)
    fit = fit_linear(castle["l_homicide"], x, weights, [str(at) for at in range(x.shape[2])])
    found = infer(fit, "CR1", "nested", treated=21, comparison=29)
    assert fit.coefficients[0] == pytest.approx(published, abs=5e-5)
    assert found.std_errors[0] == pytest.approx(error, abs=5e-5)


@pytest.mark.parametrize(("regions", "published", "error"), [(False, 0.0565, 0.0331), (True, 0.0734, None)])
def test_the_negative_binomial_pair(castle, regions, published, error):
    """Homicides with population as exposure; the error is Stata's, with the observed information and G / (G - 1)."""
    x = columns(castle, regions=regions)
    found = maximise(castle["homicide_c"], castle["population"], x, np.ones(SHAPE, bool))
    assert found.coefficients[0] == pytest.approx(published, abs=5e-5)
    if error is not None:
        assert np.sqrt(found.covariance[0, 0]) == pytest.approx(error, abs=5e-5)
        by_statsmodels = np.sqrt(found.covariance[0, 0] * 549 / (550 - found.parameters))
        assert by_statsmodels == pytest.approx(0.0351, abs=5e-5)
