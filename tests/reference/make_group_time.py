"""Make group_time.json: numbers of csdid 0.4.3 (the Python port of R's `did`) on simulated panels.

Run by hand, with csdid installed: python tests/reference/make_group_time.py. Errors are analytic
(bstrap=False), which csdid reproduces from R 2.5.0 to 1e-14 on the public data that its own tests hold.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

SITES, PERIODS = 80, 6
CASES = {
    "never, none": {"control_group": "nevertreated"},
    "not yet, none": {"control_group": "notyettreated"},
    "never, regression": {"control_group": "nevertreated", "est_method": "reg", "xformla": "~ z"},
    "never, inverse probability": {"control_group": "nevertreated", "est_method": "ipw", "xformla": "~ z"},
    "never, doubly robust": {"control_group": "nevertreated", "est_method": "dr", "xformla": "~ z"},
    "not yet, doubly robust": {"control_group": "notyettreated", "est_method": "dr", "xformla": "~ z"},
    "not yet, universal": {"control_group": "notyettreated", "base_period": "universal"},
    "not yet, anticipation": {"control_group": "notyettreated", "anticipation": 1},
    "not yet, weights": {"control_group": "notyettreated", "est_method": "dr", "xformla": "~ z", "weights_name": "w"},
}


def data():
    """Simulate a score in sites that start in periods 3, 4 and 6, or never; covariate and weight are the site's."""
    rng = np.random.default_rng(20261121)
    start = np.array([3] * 12 + [4] * 14 + [6] * 16 + [0] * (SITES - 42))
    covariate = np.round(rng.normal(0, 1, SITES) + 0.4 * (start > 0), 3)
    time = np.arange(1, PERIODS + 1)
    treated = (start[:, None] > 0) & (time >= start[:, None])
    outcome = (
        rng.normal(0, 1, (SITES, 1))
        + 0.2 * time
        + 0.1 * covariate[:, None] * time
        + 0.3 * treated * (time - start[:, None] + 1)
        + rng.normal(0, 0.4, (SITES, PERIODS))
    )
    return {
        "start": start.tolist(),
        "outcome": np.round(outcome, 4).tolist(),
        "covariate": covariate.tolist(),
        "weight": np.round(rng.gamma(4, 0.25, SITES), 2).tolist(),
    }


def frame(made, *, never=True):
    """Lay the arrays out as a long table; without the never treated where asked."""
    table = pd.DataFrame(
        {
            "site": np.repeat(np.arange(SITES), PERIODS),
            "period": np.tile(np.arange(1, PERIODS + 1), SITES),
            "start": np.repeat(made["start"], PERIODS),
            "y": np.ravel(made["outcome"]),
            "z": np.repeat(made["covariate"], PERIODS),
            "w": np.repeat(made["weight"], PERIODS),
        }
    )
    return table if never else table[table["start"] > 0]


def numbers(table, **options):
    """Give what csdid says: cells, aggregations, pre-test."""
    from csdid.att_gt import ATTgt

    covariates = options.pop("xformla", None)
    weights = options.pop("weights_name", None)
    base = {"est_method": options.pop("est_method", "dr"), "base_period": options.pop("base_period", "varying")}
    found = ATTgt(
        yname="y",
        tname="period",
        idname="site",
        gname="start",
        data=table,
        xformla=f"y {covariates}" if covariates else None,
        weights_name=weights,
        cband=False,
        **options,
    ).fit(**base, bstrap=False)
    results = found.results
    out = {
        "group": [int(each) for each in results["group"]],
        "period": [int(each) for each in results["year"]],
        "effect": [float(each) for each in results["att"]],
        "error": [float(each) for each in np.ravel(results["se"])],
    }
    for kind in ("simple", "group", "calendar", "dynamic"):
        each = found.aggte(kind, bstrap=False, cband=False).atte
        out[f"{kind} average"] = [float(np.ravel(each["overall_att"])[0]), float(np.ravel(each["overall_se"])[0])]
    return out


def main():
    """Write the file beside this script."""
    warnings.simplefilter("ignore")
    from importlib.metadata import version

    made = data()
    out = {"made_with": {"csdid": version("csdid")}, "data": made}
    out |= {name: numbers(frame(made), **options) for name, options in CASES.items()}
    out["all treated in the end"] = numbers(frame(made, never=False), control_group="notyettreated")
    Path(__file__).with_name("group_time.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
