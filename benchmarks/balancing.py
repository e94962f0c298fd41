"""Balancing weights side by side with a general solver for convex programmes: time and memory, in one run.

    python benchmarks/balancing.py

A city of 9,642 blocks, 39 of them treated, as Seattle's: 12 periods before the start of four crimes, and nine
covariates. Each contender runs in a process of its own with one thread; the least CPU time of several calls is
kept. "weights" is the programme alone, as clarabel (an interior-point solver) does it; "placement" is one of 50
random placements, weighed and tested; "effect" is the whole estimate with its held-out check and 4,000 draws.
Needs clarabel (pip install clarabel), which evalkit itself does not use.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

BLOCKS, TREATED, BEFORE, AFTER, CRIMES, COVARIATES = 9_642, 39, 12, 4, 4, 9
PLACEMENTS = 50
CONTENDERS = ("evalkit weights", "evalkit placement", "evalkit effect", "clarabel weights")


def simulate() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make counts (blocks, periods, crimes), covariates (blocks, covariates), and which blocks are treated."""
    rng = np.random.default_rng(1)
    size = rng.gamma(0.8, 1.25, BLOCKS)
    counts = rng.poisson(size[:, None, None] * np.array([0.08, 0.1, 0.04, 1.2]), (BLOCKS, BEFORE + AFTER, CRIMES))
    covariates = rng.poisson(40 * rng.gamma(2, 0.5, (BLOCKS, COVARIATES)) * np.sqrt(size[:, None]))
    pull = np.log1p(counts[:, :BEFORE, 3].sum(axis=1)) + rng.gumbel(size=BLOCKS)
    return counts.astype(float), covariates.astype(float), np.argsort(np.argsort(-pull)) < TREATED


def columns_of(counts: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    """What is balanced, shape (blocks, columns)."""
    return np.column_stack([counts[:, :BEFORE].reshape(BLOCKS, -1), covariates])


def evalkit_call(what: str) -> Callable[[], Any]:
    """Prepare one call of evalkit; it gives the events expected of the last crime."""
    from evalkit.models._balancing.comparison import Outcomes
    from evalkit.models._balancing.programme import solve
    from evalkit.models._balancing.resampling import permutation_p_value

    counts, covariates, treated = simulate()
    columns, after = columns_of(counts, covariates), counts[:, BEFORE:, 3]
    if what == "weights":
        target = columns[treated].mean(axis=0)[None, :]
        return lambda: TREATED * float(solve(columns, target, ~treated[:, None]).shares[:, 0] @ after.sum(axis=1))
    if what == "placement":
        outcomes = Outcomes(counts=after, exposure=None, treated=treated)
        return lambda: permutation_p_value(columns, outcomes, PLACEMENTS, 0.0, np.random.default_rng(1))
    return effect_call(counts, covariates, treated)


def effect_call(counts: np.ndarray, covariates: np.ndarray, treated: np.ndarray) -> Callable[[], Any]:
    """Prepare the whole estimate."""
    from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
    from evalkit.models.balancing_weights import BalancingWeights

    periods, names = BEFORE + AFTER, tuple(f"b{row:04d}" for row in range(BLOCKS))
    fixed = {f"x{k}": np.repeat(covariates[:, k : k + 1], periods, axis=1) for k in range(COVARIATES)}
    panel = Panel(
        outcome=Outcome(name="crime"),
        sites=names,
        periods=Periods(frequency="number", first=1, count=periods),
        values=counts[:, :, 3],
        covariates={**fixed, **{f"y{k}": counts[:, :, k] for k in range(3)}},
    )
    began = {names[row]: str(BEFORE + 1) for row in np.flatnonzero(treated)}
    design = Design(panel=panel, intervention=Intervention(name="d", began=began))

    def call() -> float:
        effect = BalancingWeights().estimate(design, rng=np.random.default_rng(1))
        return float(effect.paths.fitted[BEFORE:].sum()) if effect.paths else np.nan

    return call


def clarabel_call() -> Callable[[], Any]:
    """Prepare the same programme for clarabel."""
    import clarabel
    from scipy import sparse

    counts, covariates, treated = simulate()
    columns, after = columns_of(counts, covariates), counts[:, BEFORE:, 3].sum(axis=1)
    centre, scale = columns.mean(axis=0), columns.std(axis=0)
    pool = np.column_stack([np.ones((~treated).sum()), (columns[~treated] - centre) / scale])
    target = np.concatenate([[1.0], (columns[treated].mean(axis=0) - centre) / scale])
    size = len(pool)
    rows = sparse.vstack([sparse.csc_matrix(pool.T), -sparse.identity(size)], format="csc")
    limits = np.concatenate([target, np.zeros(size)])
    settings = clarabel.DefaultSettings()
    settings.verbose = False

    def call() -> float:
        cones = [clarabel.ZeroConeT(len(target)), clarabel.NonnegativeConeT(size)]
        solver = clarabel.DefaultSolver(
            size * sparse.identity(size, format="csc"), np.zeros(size), rows, limits, cones, settings
        )
        return TREATED * float(np.array(solver.solve().x) @ after[~treated])

    return call


def peak() -> float:
    """Most memory the process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(name: str) -> None:
    """Time one contender in this process and print what was seen."""
    library, _, what = name.partition(" ")
    call = clarabel_call() if library == "clarabel" else evalkit_call(what)
    before, times = peak(), []
    for _ in range(3):
        started = time.process_time()
        result = call()
        times.append((time.process_time() - started) / (PLACEMENTS if what == "placement" else 1))
    print(json.dumps({"least": min(times), "memory": peak() - before, "result": float(result)}))


def main() -> None:
    """Run every contender and print the table."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    rows = {}
    for name in CONTENDERS:
        command = [sys.executable, __file__, name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        rows[name] = json.loads(done.stdout)
    base = rows["clarabel weights"]
    print(f"{BLOCKS:,} blocks, {BEFORE * CRIMES + COVARIATES} columns, {TREATED} treated")
    print(f"  {'':20}{'least s':>9}{'MB':>7}{'time ratio':>12}   result")
    for name, row in rows.items():
        print(
            f"  {name:20}{row['least']:9.3f}{row['memory']:7.0f}{row['least'] / base['least']:12.3f}"
            f"   {row['result']:.4f}"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1])
    else:
        main()
