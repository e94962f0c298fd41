"""Make sicily.json: the tutorial of Bernal, Cummins and Gasparrini 2017 (doi:10.1093/ije/dyw098), in Python.

    python tests/reference/make_sicily.py [sicily.csv]        (statsmodels 0.15)

sicily.csv is the file published with the tutorial (year, month, aces, stdpop, ...); without it the series in
sicily.json are read again. `published` is typed from the paper; `statsmodels` are the tutorial's two models fitted
here: a step in January 2005 and a trend, Poisson, and the same with two waves a year, quasi-Poisson on a normal.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

PATH = Path(__file__).with_name("sicily.json")
START = 36


def fit(events, population, *, waves):
    """Give the rate ratio with its 95 % interval, errors times the root of the dispersion, and the dispersion."""
    time = np.arange(1, len(events) + 1)
    columns = [np.ones(len(time)), time > START, time]
    for wave in range(1, waves + 1):
        columns += [np.sin(2 * np.pi * wave * time / 12), np.cos(2 * np.pi * wave * time / 12)]
    model = sm.GLM(events, np.column_stack(columns), family=sm.families.Poisson(), offset=np.log(population))
    found = model.fit(scale="X2", tol=1e-12)
    return {
        "rate ratio": np.exp([found.params[1], *found.conf_int()[1]]).tolist(),
        "dispersion": float(found.scale),
    }


def main():
    """Write the file beside this script."""
    stored = json.loads(PATH.read_text(encoding="utf-8"))
    if len(sys.argv) > 1:
        frame = pd.read_csv(sys.argv[1])
        stored |= {"events": frame["aces"].tolist(), "population": frame["stdpop"].tolist()}
    events, population = (np.array(stored[name], float) for name in ("events", "population"))
    stored["statsmodels"] = {
        "trend": fit(events, population, waves=0),
        "trend, two waves": fit(events, population, waves=2),
    }
    PATH.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
