"""Make imputation.json: numbers of diff-diff 3.13 for imputation and the Poisson extended two-way model.

Run by hand, with diff-diff installed: python tests/reference/make_imputation.py. diff-diff's Poisson model has no
exposure and gives the effect in events a cell, so what is compared is the total of events prevented.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd


def simulate():
    """Counts of 30 sites by 9 periods with three starts, and the starts (9 where never)."""
    rng = np.random.default_rng(2024)
    starts = np.repeat([3, 5, 6, 9], [5, 6, 4, 15])
    since = np.arange(9) - starts[:, None]
    effect = np.where(since >= 0, -0.2 - 0.05 * since - 0.02 * starts[:, None], 0.0)
    level = rng.normal(3.5, 0.5, (30, 1)) + 0.2 * np.sin(np.arange(9))
    return rng.poisson(np.exp(level + effect + rng.normal(0, 0.2, (30, 9)))), starts


def main():
    """Estimate and write."""
    import diff_diff

    warnings.simplefilter("ignore")
    counts, starts = simulate()
    frame = pd.DataFrame(
        {
            "site": np.repeat(np.arange(30), 9),
            "period": np.tile(np.arange(9), 30),
            "count": counts.ravel(),
            "log": np.log(counts).ravel(),
            "first": np.repeat(np.where(starts < 9, starts, 0), 9),
        }
    )
    columns = {"unit": "site", "time": "period", "first_treat": "first"}
    linear = {}
    for name, options in (("BJS", {}), ("leave-one-out", {"leave_one_out": True})):
        found = diff_diff.ImputationDiD(**options).fit(frame, outcome="log", aggregate="all", **columns)
        linear[name] = {"estimate": found.overall_att, "error": found.overall_se}
    linear["horizons"] = {
        str(time): [each["effect"], each["se"]] for time, each in found.event_study_effects.items() if time >= 0
    }
    poisson = diff_diff.WooldridgeDiD(method="poisson").fit(
        frame, outcome="count", unit="site", time="period", cohort="first"
    )
    out = {
        "counts": counts.tolist(),
        "starts": starts.tolist(),
        "linear": linear,
        "poisson": {"events a cell": poisson.overall_att, "error": poisson.overall_se},
    }
    path = Path(__file__).with_name("imputation.json")
    path.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
