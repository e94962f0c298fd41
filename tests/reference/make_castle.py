"""Make castle.json: published and peers' numbers on the castle-doctrine laws.

    python tests/reference/make_castle.py        (diff-diff 3.13, of the extra `peers`)

Typed below as facts: the eight figures of Cheng and Hoekstra 2013 (doi:10.3368/jhr.48.3.821) on homicide, the error of
the seventh as statsmodels has it, and the share of its first year in which each law was in force, days over 365 (their
treatment, `cdl`). What else the tests need is in the package causaldata (MIT), one of their requirements.

The peer's numbers are on log homicide rates of studies/castle_doctrine/data/published.csv, unweighted, each law
counted from the calendar year in which it came: the year before `began`, which is the first full one.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
LEAST_SQUARES = [
    {"weighted": True, "regions": False, "controls": False, "estimate": 0.0801, "error": 0.0342},
    {"weighted": True, "regions": True, "controls": False, "estimate": 0.0946, "error": 0.0279},
    {"weighted": True, "regions": True, "controls": True, "estimate": 0.0937, "error": 0.0290},
    {"weighted": False, "regions": False, "controls": False, "estimate": 0.0877, "error": 0.0638},
    {"weighted": False, "regions": True, "controls": False, "estimate": 0.0811, "error": 0.0769},
    {"weighted": False, "regions": True, "controls": True, "estimate": 0.0600, "error": 0.0684},
]
NEGATIVE_BINOMIAL = [
    {"regions": False, "estimate": 0.0565, "error": 0.0331, "error by statsmodels": 0.0351},
    {"regions": True, "estimate": 0.0734, "error": None, "error by statsmodels": None},
]
SHARES = {
    "Alabama": 0.580822,
    "Alaska": 0.295890,
    "Arizona": 0.684932,
    "Florida": 0.246575,
    "Georgia": 0.5,
    "Indiana": 0.5,
    "Kansas": 0.6,
    "Kentucky": 0.468493,
    "Louisiana": 0.375342,
    "Michigan": 0.246575,
    "Mississippi": 0.5,
    "Missouri": 0.339726,
    "Montana": 0.676712,
    "North Dakota": 0.413699,
    "Ohio": 0.306849,
    "Oklahoma": 0.161644,
    "South Carolina": 0.558904,
    "South Dakota": 0.5,
    "Tennessee": 0.608219,
    "Texas": 0.328767,
    "West Virginia": 0.838356,
}


def peers():
    """Give what diff-diff says."""
    import diff_diff

    frame = pd.read_csv(HERE.parents[1] / "studies" / "castle_doctrine" / "data" / "published.csv")
    frame["log"] = np.log(frame["homicide_rate"])
    frame["first"] = (frame["began"] - 1).fillna(0).astype(int)
    columns = {"outcome": "log", "unit": "state", "time": "year", "first_treat": "first"}
    bacon = diff_diff.BaconDecomposition().fit(frame, **columns)
    found = diff_diff.ImputationDiD().fit(frame, **columns)
    return {
        "source": f"diff-diff {diff_diff.__version__}",
        "comparisons": {"number": len(bacon.comparisons), "two-way estimate": bacon.twfe_estimate},
        "imputation": {"estimate": found.overall_att, "error": found.overall_se},
    }


def main():
    """Write the file beside this script."""
    out = {
        "least squares": LEAST_SQUARES,
        "negative binomial": NEGATIVE_BINOMIAL,
        "share of the first year in force": SHARES,
        "peers": peers(),
    }
    (HERE / "castle.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
