"""Make local_projections.json: numbers of diff-diff 3.13 and pyfixest 0.60 for local projections.

Run by hand, with both installed: python tests/reference/make_local_projections.py. Standard errors are those of
diff-diff by site with its factor taken out, so that what is compared is the sandwich itself.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

PERIODS = 14


def outcomes(on, rng):
    """Outcome of sites whose effect grows while the measure is on and fades after it."""
    sites = len(on)
    level = rng.normal(0, 0.5, (sites, 1)) + np.cumsum(rng.normal(0, 0.2, PERIODS))
    felt = np.zeros((sites, PERIODS))
    for period in range(1, PERIODS):
        felt[:, period] = np.where(on[:, period], felt[:, period - 1] - 0.1, 0.5 * felt[:, period - 1])
    noise = rng.normal(0, 0.2, (sites, PERIODS))
    return np.round(level + felt + noise, 4)


def panels():
    """One panel whose measure lasts and starts in three periods, one whose measure comes and goes."""
    rng = np.random.default_rng(20261121)
    starts = np.repeat([5, 7, 9, 99], [5, 4, 3, 12])
    lasting = np.arange(PERIODS) >= starts[:, None]
    going = np.zeros((24, PERIODS), bool)
    for row in range(14):
        first = 3 + row % 4
        going[row, first : first + 2 + row % 3] = True
        if row % 2:
            going[row, first + 7 : first + 9] = True
    return {"lasting": lasting, "surges": going}, rng


def long_frame(outcome, on):
    """One row for each site and period."""
    sites = len(on)
    starts = np.where(on.any(axis=1), on.argmax(axis=1) + 1, 0)
    return pd.DataFrame(
        {
            "site": np.repeat(np.arange(sites), PERIODS),
            "time": np.tile(np.arange(1, PERIODS + 1), sites),
            "y": outcome.ravel(),
            "on": on.ravel().astype(int),
            "g": np.repeat(starts, PERIODS),
        }
    )


def by_diff_diff(frame, **options):
    """Estimate and standard error by time since the start, with the factor G/(G-1) (N-1)/(N-K) of the error."""
    from diff_diff import LPDiD

    fitted = LPDiD(pre_window=3, post_window=4, cluster="site", **options).fit(
        frame, outcome="y", unit="site", time="time", treatment="on", only_event=True
    )
    table = fitted.to_dataframe()
    table = table[(table["horizon"] != -1) & table["coefficient"].notna()]
    return {
        "times": [int(time) for time in table["horizon"]],
        "estimates": table["coefficient"].tolist(),
        "errors": table["se"].tolist(),
        "observations": [int(each) for each in table["n_obs"]],
    }


def by_pyfixest(frame):
    """Estimate by time since the start, by least squares with period effects."""
    import pyfixest

    fitted = pyfixest.lpdid(
        frame, yname="y", idname="site", tname="time", gname="g", pre_window=-3, post_window=4, att=False
    ).tidy()
    return {
        "times": [int(str(name).split("::")[-1]) for name in fitted.index],
        "estimates": fitted["Estimate"].tolist(),
        "errors": fitted["Std. Error"].tolist(),
    }


def main():
    """Write the file."""
    warnings.simplefilter("ignore")
    on, rng = panels()
    out = {}
    for name, treated in on.items():
        outcome = outcomes(treated, rng)
        frame = long_frame(outcome, treated)
        modes = (
            {"": {}}
            if name == "lasting"
            else {
                "first entry": {"non_absorbing": "first_entry"},
                "stable": {"non_absorbing": "effect_stabilization", "stabilization_window": 3},
            }
        )
        found = {
            f"{mode} {weighting}".strip(): by_diff_diff(frame, reweight=weighting == "sites", **options)
            for mode, options in modes.items()
            for weighting in ("sites", "variance")
        }
        if name == "lasting":
            found["mean"] = by_diff_diff(frame, reweight=True, pmd="max")
            found["pyfixest"] = by_pyfixest(frame)
        out[name] = {"outcome": outcome.tolist(), "on": treated.astype(int).tolist(), **found}
    path = Path(__file__).with_name("local_projections.json")
    path.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
