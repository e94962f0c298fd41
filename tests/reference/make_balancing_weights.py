"""Make balancing_weights.json: the least-squares weights of a simulated city, by an interior-point solver.

    pip install clarabel==0.11.* && python tests/reference/make_balancing_weights.py

Eighty units, six of them treated, five columns; shares p of the other units minimise p'p subject to p >= 0,
sum p = 1 and means equal to those of the treated units.
"""

import json
from pathlib import Path

import clarabel
import numpy as np
from scipy import sparse


def main():
    """Simulate, solve, and write."""
    rng = np.random.default_rng(20261121)
    columns = rng.poisson(4 * rng.gamma(2, 0.5, (80, 1)), (80, 5)).astype(float)
    treated = np.arange(80) < 6
    pool = np.column_stack([np.ones(74), columns[~treated]])
    target = np.append(1.0, columns[treated].mean(axis=0))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12
    solver = clarabel.DefaultSolver(
        sparse.identity(74, format="csc"),
        np.zeros(74),
        sparse.vstack([sparse.csc_matrix(pool.T), -sparse.identity(74)], format="csc"),
        np.concatenate([target, np.zeros(74)]),
        [clarabel.ZeroConeT(6), clarabel.NonnegativeConeT(74)],
        settings,
    )
    found = {
        "source": "clarabel 0.11.1",
        "treated": 6,
        "columns": columns.astype(int).tolist(),
        "shares": [round(float(share), 9) for share in solver.solve().x],
    }
    Path(__file__).with_name("balancing_weights.json").write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
