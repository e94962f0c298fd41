"""Published data, and the reference posteriors that lie beside the repository where there is a copy."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

# Colditz and others 1994, doi:10.1001/jama.1994.03510330076038: vaccine against tuberculosis, thirteen trials.
# Ill and well with the vaccine, ill and well without, degrees from the equator, year.
BCG = np.array(
    [
        [4, 119, 11, 128, 44, 1948],
        [6, 300, 29, 274, 55, 1949],
        [3, 228, 11, 209, 42, 1960],
        [62, 13536, 248, 12619, 52, 1977],
        [33, 5036, 47, 5761, 13, 1973],
        [180, 1361, 372, 1079, 44, 1953],
        [8, 2537, 10, 619, 19, 1973],
        [505, 87886, 499, 87892, 13, 1980],
        [29, 7470, 45, 7232, 27, 1968],
        [17, 1699, 65, 1600, 42, 1961],
        [186, 50448, 141, 27197, 18, 1974],
        [5, 2493, 3, 2338, 33, 1969],
        [27, 16886, 29, 17825, 33, 1976],
    ],
    float,
)


def log_risk_ratios(table):
    """Give log risk ratios and their errors from events and the rest, treated and not."""
    a, b, c, d = table.T
    return np.log(a / (a + b)) - np.log(c / (c + d)), np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def log_odds_ratios(table):
    """Give log odds ratios and their errors."""
    a, b, c, d = table.T
    return np.log(a * d / (b * c)), np.sqrt((1 / table).sum(axis=1))


@pytest.fixture(scope="session")
def bcg():
    """Estimates and errors of the thirteen trials."""
    return log_risk_ratios(BCG[:, :4])


@pytest.fixture(scope="session")
def bcg_latitude():
    """The constant and the trials' degrees from the equator."""
    return np.column_stack([np.ones(len(BCG)), BCG[:, 4]])


@pytest.fixture(scope="session")
def landenberger():
    """Log odds of not being convicted again, 58 studies of cognitive-behavioural therapy.

    Landenberger and Lipsey 2005, doi:10.1007/s11292-005-3541-7.
    """
    file = SHARED / "meta" / "dat_landenberger2005.csv"
    if not file.exists():
        pytest.skip("the table of Landenberger and Lipsey does not lie beside the repository")
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    table = np.array(
        [[float(row[key]) for key in ("n.cbt.non", "n.cbt.rec", "n.ctrl.non", "n.ctrl.rec")] for row in rows]
    )
    return log_odds_ratios(np.where((table == 0).any(axis=1, keepdims=True), table + 0.5, table))


@pytest.fixture(scope="session")
def reference():
    """Posteriors that an integration with 2,001 nodes gave, by case."""
    folder = SHARED / "bayes"
    if not folder.exists():
        pytest.skip("the reference posteriors do not lie beside the repository")
    cases = {}
    for name in ("reference_exact_nnhm.json", "reference_exact_bayesmeta_cases.json"):
        cases |= json.loads((folder / name).read_text(encoding="utf-8"))
    return cases
