"""The eight figures of Cheng and Hoekstra 2013, doi:10.3368/jhr.48.3.821, on homicide, from their own data.

Their treatment is the share of the year in which the law was in force. No estimator takes a share: these are figures
of the least squares and of the likelihood that `did-ols` and `did-negative-binomial` are made of.
"""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.models._inference.cluster import infer
from evalkit.models._regression.linear import fit_linear
from evalkit.models._regression.negative_binomial import maximise

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = json.loads((ROOT / "tests" / "reference" / "castle.json").read_text(encoding="utf-8"))
SHAPE = (50, 11)
PEOPLE = tuple(f"{group}m_{ages}" for group in ("black", "white") for ages in ("15_24", "25_44"))
MONEY = ("poverty", "l_income", "l_exp_subsidy", "l_exp_pubwelfare", "unemployrt")
CONTROLS = ("l_police", "l_prisoner", "l_lagprisoner", *PEOPLE, *MONEY)
CRIMES = ("homicide", "robbery", "assault", "burglary", "larceny", "motor")


@pytest.fixture(scope="module")
def castle():
    """Arrays of states by years, by name; the treatment is the share of the year that the law was in force.

    All but the treatment are in the package causaldata. Starts are those of the study, which counts from the first
    full year.
    """
    with files("causaldata").joinpath("castle/castle.dta").open("rb") as file:
        frame = pd.read_stata(file).sort_values(["sid", "year"])
    found = {name: frame[name].to_numpy(float).reshape(SHAPE) for name in frame.columns}
    study = pd.read_csv(ROOT / "studies" / "castle_doctrine" / "data" / "published.csv").sort_values(["state", "year"])
    np.testing.assert_array_equal(study["homicide_rate"].to_numpy().reshape(SHAPE), found["homicide"])
    state, began = (study[name].to_numpy().reshape(SHAPE)[:, 0] for name in ("state", "began"))
    shares = np.array([REFERENCE["share of the first year in force"].get(name, np.nan) for name in state])
    assert (np.isnan(shares) == np.isnan(began)).all()
    full = found["year"] >= began[:, None]
    found["cdl"] = np.where(found["year"] == began[:, None] - 1, shares[:, None], full.astype(float))
    found["homicide_c"], found["population"] = counted(found)
    return found


def counted(found):
    """Homicides and people, which the package has as rates only.

    Six rates of one population are whole numbers over it: of the numbers of homicides that would make the population
    within a fifth of the state's average, there is one that makes the other five whole too.
    """
    rates = np.stack([found[name] for name in CRIMES], axis=2).reshape(-1, len(CRIMES)) / 1e5
    homicides, people = np.empty(len(rates)), np.empty(len(rates))
    for row, (rate, average) in enumerate(zip(rates, found["popwt"].ravel(), strict=True)):
        may_be = np.arange(np.ceil(0.8 * average * rate[0]), 1.25 * average * rate[0])
        others = may_be[:, None] / rate[0] * rate[1:]
        apart = np.abs(others - np.round(others)).max(axis=1)
        homicides[row] = may_be[apart.argmin()]
        people[row] = np.round(homicides[row] / rate[0])
    return homicides.reshape(SHAPE), people.reshape(SHAPE)


def columns(castle, *, regions=False, controls=False):
    """The treatment, a level of each region but one in each year but the first, and the controls."""
    names = ["cdl"]
    if regions:
        names += [f"r{year}{region}" for year in range(2001, 2011) for region in (2, 3, 4)]
    if controls:
        names += CONTROLS
    return np.stack([castle[name] for name in names], axis=2)


def test_counts_come_back_from_rates(castle):
    """They are near those of the FBI's later edition of the same years, which the study of counts rests on."""
    study = pd.read_csv(ROOT / "studies" / "castle_doctrine" / "data" / "castle.csv").sort_values(["state", "year"])
    later, people = (study[name].to_numpy(float).reshape(SHAPE) for name in ("homicide", "population"))
    assert (castle["homicide_c"] == later).sum() == 444
    assert np.abs(castle["homicide_c"] - later).max() == 24
    # estimates of 2006 are the same in both editions, and rates give them to one person; other years were revised
    assert np.abs(castle["population"][:, 6] - people[:, 6]).max() <= 1
    assert np.abs(castle["population"] / people - 1).max() < 0.051


@pytest.mark.parametrize("row", REFERENCE["least squares"], ids=lambda row: str(row["estimate"]))
def test_least_squares(castle, row):
    """Six estimates and errors by state, to the four digits in print."""
    x = columns(castle, regions=row["regions"], controls=row["controls"])
    weights = castle["popwt"] if row["weighted"] else np.ones(SHAPE)
    fit = fit_linear(castle["l_homicide"], x, weights, [str(at) for at in range(x.shape[2])])
    found = infer(fit, "CR1", "nested", treated=21, comparison=29)
    assert fit.coefficients[0] == pytest.approx(row["estimate"], abs=5e-5)
    assert found.std_errors[0] == pytest.approx(row["error"], abs=5e-5)


@pytest.mark.parametrize("row", REFERENCE["negative binomial"], ids=lambda row: str(row["estimate"]))
def test_the_negative_binomial_pair(castle, row):
    """Homicides with population as exposure; the error is Stata's, with the observed information and G / (G - 1)."""
    x = columns(castle, regions=row["regions"])
    found = maximise(castle["homicide_c"], castle["population"], x, np.ones(SHAPE, bool))
    assert found.coefficients[0] == pytest.approx(row["estimate"], abs=5e-5)
    if row["error"] is not None:
        assert np.sqrt(found.covariance[0, 0]) == pytest.approx(row["error"], abs=5e-5)
        by_statsmodels = np.sqrt(found.covariance[0, 0] * 549 / (550 - found.parameters))
        assert by_statsmodels == pytest.approx(row["error by statsmodels"], abs=5e-5)
