"""Panels that the tests of the difference-in-differences share, and the slow versions of fast algebra."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods


def make_design(values, began, *, exposure=None, weights=None, covariates=None, kind="count", **options):
    """Lay starts (by row, as places) over an array of outcomes."""
    sites = tuple(f"s{row:03d}" for row in range(len(values)))
    panel = Panel(
        outcome=Outcome(name="theft", kind=kind),
        sites=sites,
        periods=Periods(frequency="number", first=1, count=values.shape[1]),
        values=values,
        exposure=exposure,
        weights=weights,
        covariates=covariates or {},
    )
    starts = {sites[row]: panel.periods.labels[place] for row, place in began.items()}
    named = {key: tuple(sites[row] for row in rows) for key, rows in options.items()}
    return Design(panel=panel, intervention=Intervention(name="patrol", began=starts), **named)


def brute_force(outcome, columns, weights, variance):
    """Everything about CR2 by explicit dummies and whole matrices, the oracle of the fast algebra."""
    sites, periods, k = columns.shape
    cell = np.argwhere(weights > 0)
    dummies = np.zeros((len(cell), sites + periods))
    dummies[np.arange(len(cell)), cell[:, 0]] = 1
    dummies[np.arange(len(cell)), sites + cell[:, 1]] = 1
    at = tuple(cell.T)
    design = np.column_stack([columns[at], dummies[:, : sites + periods - 1]])
    w, theta, y = weights[at], np.diag(variance[at]), outcome[at]
    inverse = np.linalg.inv(design.T @ (w[:, None] * design))
    coefficients = inverse @ (design.T @ (w * y))
    residuals = y - design @ coefficients
    keep = np.eye(len(cell)) - design @ inverse @ (design.T * w)
    noise = keep @ theta @ keep.T
    functions = []
    for site in range(sites):
        own = cell[:, 0] == site
        root = np.sqrt(np.diag(theta)[own])
        block = root[:, None] * noise[np.ix_(own, own)] * root
        values, vectors = np.linalg.eigh(block)
        alive = values > 1e-10 * values.max()
        power = (vectors[:, alive] / np.sqrt(values[alive])) @ vectors[:, alive].T
        adjust = root[:, None] * power * root
        full = np.zeros((len(cell), k))
        full[own] = adjust @ (w[own, None] * (design[own] @ inverse[:, :k]))
        functions.append(full)
    pull = np.array([function.T @ residuals for function in functions])
    filtered = np.array([keep.T @ function for function in functions])
    omega = np.einsum("ias,ab,jbt->ijst", filtered, theta, filtered, optimize=True)
    trace = np.einsum("iiss->s", omega)
    square = np.einsum("ijss,ijss->s", omega, omega)
    expected = np.einsum("iist->st", omega)
    values, vectors = np.linalg.eigh(expected)
    root = vectors / np.sqrt(values)
    turned = np.einsum("sa,ijst,tb->ijab", root, omega, root)
    eta = k * (k + 1) / float((np.einsum("ijss->ij", turned) ** 2).sum() + np.einsum("ijst,ijts->", turned, turned))
    return SimpleNamespace(
        coefficients=coefficients[:k],
        covariance=pull.T @ pull,
        degrees_of_freedom=trace**2 / square,
        expected=expected,
        eta=eta,
        residuals=residuals,
    )


@pytest.fixture(scope="session")
def panel_design():
    """A function that lays starts over an array."""
    return make_design


@pytest.fixture(scope="session")
def slow_cr2():
    """The slow, obvious version of CR2."""
    return brute_force


@pytest.fixture(scope="session")
def county_employment():
    """What other software says of teenage employment in 500 counties, with the moments it follows from."""
    path = Path(__file__).parents[1] / "reference" / "county_employment.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def counties(county_employment):
    """Log employment 2003 to 2007, shape (500, 5), log population, and the start's place (5 where never).

    They have the sizes, means and covariances of the data, and are otherwise drawn: `make_county_employment.py` says
    which answers these are enough for.
    """
    rng = np.random.default_rng(2003)
    rows, starts = [], []
    for year, each in county_employment["moments"].items():
        drawn = rng.normal(size=(each["counties"], 6))
        for _ in range(2):  # the second pass takes out what rounding leaves
            drawn -= drawn.mean(axis=0)
            drawn = np.linalg.solve(np.linalg.cholesky(np.cov(drawn.T, ddof=0)), drawn.T).T
        rows.append(each["mean"] + drawn @ np.linalg.cholesky(each["covariance"]).T)
        starts += [int(year) - 2003 if int(year) else 5] * each["counties"]
    columns = np.concatenate(rows)
    return np.cumsum(columns[:, :5], axis=1), columns[:, 5], np.array(starts)
