"""Make synthetic.json: numbers of diff-diff 3.13 and of a general optimiser for synthetic comparisons.

Run by hand, with diff-diff installed: python tests/reference/make_synthetic.py. diff-diff descends to the weights
step by step (Frank-Wolfe) and stops near the optimum, so its numbers are compared to three digits only; scipy's
SLSQP, which knows nothing of the structure of the problem, takes the same weights to the optimum.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

SITES, PERIODS, START = 24, 18, 12


def outcomes():
    """Rates in 24 sites and 18 periods that move by two common factors; a fall of 3 in the first sites."""
    rng = np.random.default_rng(20261121)
    factors = np.cumsum(rng.normal(0, 1, (2, PERIODS)), axis=1)
    loads = rng.uniform(0, 1, (SITES, 2))
    level = rng.normal(50, 5, (SITES, 1))
    return np.round(level + loads @ factors * 2 + rng.normal(0, 0.7, (SITES, PERIODS)), 4)


def with_fall(values, treated):
    """Put the fall in."""
    out = values.copy()
    out[:treated, START:] -= 3.0
    return out


def peer(values, treated, method):
    """Effect, error and site weights of diff-diff."""
    from diff_diff import SyntheticDiD

    rows = [
        {"y": values[site, period], "unit": f"s{site:02d}", "time": period, "d": int(site < treated)}
        for site in range(SITES)
        for period in range(PERIODS)
    ]
    found = SyntheticDiD(variance_method=method, n_bootstrap=200, seed=1).fit(
        pd.DataFrame(rows),
        outcome="y",
        treatment="d",
        unit="unit",
        time="time",
        post_periods=list(range(START, PERIODS)),
    )
    return {"att": float(found.att), "se": float(found.se)}


def on_simplex(columns, target, ridge):
    """Weights by a general optimiser."""
    count = columns.shape[1]

    def loss(w):
        rest = target - columns @ w
        return rest @ rest + ridge * w @ w, -2 * columns.T @ rest + 2 * ridge * w

    found = minimize(
        loss,
        np.full(count, 1 / count),
        jac=True,
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        method="SLSQP",
        options={"maxiter": 5000, "ftol": 1e-15},
    )
    return found.x


def control(values, *, demean):
    """Mean gap and weights of a synthetic control of the first site."""
    before = values[:, :START]
    paths = before - before.mean(axis=1, keepdims=True) if demean else before
    weights = on_simplex(paths[1:].T, paths[0], 0.0)
    gaps = values[0] - weights @ values[1:]
    gaps = gaps - gaps[:START].mean() if demean else gaps
    return {"gap": float(gaps[START:].mean()), "weights": weights.round(6).tolist()}


if __name__ == "__main__":
    simulated = outcomes()
    one, three = with_fall(simulated, 1), with_fall(simulated, 3)
    made = {
        "start": START,
        "values": simulated.tolist(),
        "diff-diff one": peer(one, 1, "placebo"),
        "diff-diff three, jackknife": peer(three, 3, "jackknife"),
        "slsqp level": control(one, demean=False),
        "slsqp course": control(one, demean=True),
    }
    target = Path(__file__).with_name("synthetic.json")
    target.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
