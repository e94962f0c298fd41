"""Callaway and Sant'Anna's estimator side by side with diff-diff: time and memory as ratios, in one run.

    python benchmarks/callaway_santanna.py

Each contender runs in a process of its own with one thread: the data are made, the first call is timed, then the
least CPU time of several warm calls is kept. Memory is the peak of the process above what it held with its libraries
and the data loaded, also in multiples of the panel's own array of outcomes.

"evalkit" is the whole effect: cells, all averages, the pre-test, 4,000 draws by cohort and time, and how far trends may
part before the answer falls. "like for like" leaves out the last, which diff-diff does not give: its row is the cells
and the event study with 999 multiplier draws. Needs the development tools and diff-diff.
"""

import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

PANELS = {"1,000 x 24": (1_000, 24, 7), "20,000 x 48": (20_000, 48, 1)}
CONTENDERS = {
    "1,000 x 24": (
        "evalkit bootstrap, like for like",
        "evalkit bootstrap, whole effect",
        "evalkit influence, whole effect",
        "evalkit CR2, whole effect",
        "diff-diff",
    ),
    "20,000 x 48": ("evalkit influence, whole effect",),
}
COHORTS = 6


def simulate(size: str) -> tuple[np.ndarray, np.ndarray]:
    """Make outcomes with effects that grow, and starts in six cohorts (the number of periods where never)."""
    sites, periods, _ = PANELS[size]
    rng = np.random.default_rng(1)
    dates = np.append(np.linspace(periods // 4, 3 * periods // 4, COHORTS).astype(int), periods)
    starts = dates[np.arange(sites) % (COHORTS + 1)]
    since = np.arange(periods) - starts[:, None]
    change = np.where(since >= 0, -0.1 - 0.02 * since, 0.0)
    return rng.normal(0, 1, (sites, 1)) + 0.05 * np.arange(periods) + change + rng.normal(0, 0.5, since.shape), starts


def evalkit_call(size: str, errors: str, *, whole: bool = True) -> Callable[[], Any]:
    """Prepare the estimate of evalkit, the whole effect or without how far trends may part."""
    from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
    from evalkit.models.callaway_santanna import CallawaySantAnna

    values, starts = simulate(size)
    sites, periods = values.shape
    names = tuple(f"s{row:05d}" for row in range(sites))
    panel = Panel(
        outcome=Outcome(name="y", kind="score"),
        sites=names,
        periods=Periods(frequency="number", first=1, count=periods),
        values=values,
    )
    began = {names[row]: str(start + 1) for row, start in enumerate(starts) if start < periods}
    design = Design(panel=panel, intervention=Intervention(name="d", began=began))
    estimator = CallawaySantAnna(
        transform="level",
        control="never-treated",
        errors=errors,  # type: ignore[arg-type]
        multipliers=999,
        trend_sensitivity=whole,
    )
    return lambda: estimator.estimate(design, rng=np.random.default_rng(1)).std_error


def diff_diff_call(size: str) -> Callable[[], Any]:
    """Prepare the same with diff-diff."""
    import pandas as pd
    from diff_diff import CallawaySantAnna

    values, starts = simulate(size)
    sites, periods = values.shape
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(sites), periods),
            "time": np.tile(np.arange(1, periods + 1), sites),
            "first_treat": np.repeat(np.where(starts < periods, starts + 1, 0), periods),
            "y": values.ravel(),
        }
    )

    def call() -> Any:
        found = CallawaySantAnna(n_bootstrap=999, seed=1).fit(
            frame, outcome="y", unit="unit", time="time", first_treat="first_treat", aggregate="event_study"
        )
        return found.overall_se

    return call


def peak() -> float:
    """Most memory the process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(size: str, name: str) -> None:
    """Time one contender in this process and print what was seen."""
    warnings.simplefilter("ignore")
    library, _, rest = name.partition(" ")
    errors, _, what = rest.partition(", ")
    call = diff_diff_call(size) if library == "diff-diff" else evalkit_call(size, errors, whole=what == "whole effect")
    before, started = peak(), time.process_time()
    error = call()
    first, times = time.process_time() - started, []
    for _ in range(PANELS[size][2]):
        started = time.process_time()
        error = call()
        times.append(time.process_time() - started)
    print(json.dumps({"first": first, "least": min(times), "memory": peak() - before, "error": float(error)}))


def main() -> None:
    """Run every contender and print the table."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    for size, names in CONTENDERS.items():
        sites, periods, _ = PANELS[size]
        data = sites * periods * 8 / 2**20
        print(f"{size}: six cohorts and never treated; the outcomes hold {data:.1f} MB")
        rows = {}
        for name in names:
            command = [sys.executable, __file__, size, name]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
            rows[name] = json.loads(done.stdout)
        base = rows.get("diff-diff", {"least": float("nan")})
        print(f"  {'':34}{'first s':>9}{'least s':>9}{'MB':>7}{'x data':>8}{'time ratio':>12}   error")
        for name, row in rows.items():
            print(
                f"  {name:34}{row['first']:9.3f}{row['least']:9.3f}{row['memory']:7.0f}{row['memory'] / data:8.1f}"
                f"{row['least'] / base['least']:12.2f}   {row['error']:.6f}"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(*sys.argv[1:3])
    else:
        main()
