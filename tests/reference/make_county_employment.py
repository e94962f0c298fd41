"""Make county_employment.json: R's numbers on teenage employment in 500 counties, and what they follow from.

    python tests/reference/make_county_employment.py mpdta.csv FOLDER        (diff-diff 3.13, of the extra `peers`)

mpdta.csv is the data set of R's did (GPL-3, so no copy of it is kept here); FOLDER holds R_did_ref_attgt_mpdta.csv,
R_did_ref_aggte_mpdta.csv and R_did_ref_pretest_mpdta.csv, the numbers of R as county_employment.R says.

Kept of the data are sizes, means and covariances by year of the first treatment. Estimates without covariates and their
errors by site are linear and quadratic in the counties' outcomes, so that any counties with these moments give the
same ones to the last digit; a regression on a covariate gives the same estimates, but not the same errors.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def moments(path):
    """Give size, mean and covariance (over n) of log employment in 2003, its four yearly changes, log population."""
    frame = pd.read_csv(path)
    wide = frame.pivot_table(index="countyreal", columns="year", values="lemp")
    first = frame.groupby("countyreal")["first.treat"].first()
    people = frame.groupby("countyreal")["lpop"].first()
    columns = np.column_stack([wide[2003], np.diff(wide, axis=1), people])
    return {
        str(int(year)): {
            "counties": int((first == year).sum()),
            "mean": columns[first == year].mean(axis=0).tolist(),
            "covariance": np.cov(columns[first == year].T, ddof=0).tolist(),
        }
        for year in sorted(first.unique())
    }


def numbers(folder):
    """Give what R says, by scenario."""
    cells, totals, tests = (
        pd.read_csv(Path(folder) / f"R_did_ref_{name}_mpdta.csv") for name in ("attgt", "aggte", "pretest")
    )
    out = {}
    for scenario in cells["scenario"][cells["scenario"].str.startswith("mpdta")].unique():
        own = cells[cells["scenario"] == scenario]
        each = totals[totals["scenario"] == scenario]
        test = tests[tests["scenario"] == scenario].iloc[0]
        out[scenario] = {
            "cells": {name: own[name].tolist() for name in ("group", "t", "att", "se")},
            "pre-test": {"W": test["W"], "p": test["Wpval"]},
            **{
                kind: {
                    "overall": rows[["overall_att", "overall_se"]].iloc[0].tolist(),
                    **(
                        {} if kind == "simple" else {name: rows[name].tolist() for name in ("egt", "att_egt", "se_egt")}
                    ),
                }
                for kind, rows in each.groupby("type")
            },
        }
    return out


def peers(path):
    """Give what diff-diff says of comparisons and of imputation; bacondecomp and didimputation say the same of them."""
    import diff_diff

    frame = pd.read_csv(path).rename(columns={"first.treat": "first"})
    columns = {"outcome": "lemp", "unit": "countyreal", "time": "year", "first_treat": "first"}
    bacon = diff_diff.BaconDecomposition().fit(frame, **columns)
    plain, left_out = (diff_diff.ImputationDiD(leave_one_out=each).fit(frame, **columns) for each in (False, True))
    return {
        "comparisons": {
            "source": f"diff-diff {diff_diff.__version__}",
            "two-way estimate": bacon.twfe_estimate,
            "shares": {
                "treated against never treated": bacon.total_weight_treated_vs_never,
                "earlier against later": bacon.total_weight_earlier_vs_later,
                "later against earlier": bacon.total_weight_later_vs_earlier,
            },
        },
        "imputation": {
            "source": f"diff-diff {diff_diff.__version__}",
            "estimate": plain.overall_att,
            "errors": {"BJS": plain.overall_se, "leave-one-out": left_out.overall_se},
        },
    }


def main():
    """Write the file beside this script."""
    data, folder = sys.argv[1:]
    out = {
        "source": "R did 2.5.0 on its data set mpdta (Callaway and Sant'Anna 2021, doi:10.1016/j.jeconom.2020.12.001); "
        "county_employment.R. The others as each says",
        "R": numbers(folder),
        **peers(data),
        "moments": moments(data),
    }
    Path(__file__).with_name("county_employment.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
