"""Synthetic difference-in-differences with placebos side by side with diff-diff: times as ratios, in one run.

    python benchmarks/synthetic.py

50 sites by 60 periods, one of them treated. Each contender runs in a process of its own with one thread: the
data are made, the first call is timed, then the least CPU time of several calls is kept. "evalkit 200 placebos"
does what diff-diff does: one fit and 200 placebos drawn by lot, of which many repeat one another. "evalkit
effect" is the whole estimate: all 49 placebos there are, the placebo in time with 49 more, each comparison site
left out, and 4,000 draws. "evalkit control" is the same of a synthetic control. Needs the development tools and
diff-diff (pip install diff-diff).
"""

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

SITES, PERIODS, START, CALLS = 50, 60, 40, 5
CONTENDERS = ("evalkit 200 placebos", "evalkit effect", "evalkit control", "diff-diff 200 placebos")


def simulate() -> np.ndarray:
    """Make outcomes that two common factors move, with a fall of 1 in the first site after the start."""
    rng = np.random.default_rng(1)
    factors = np.cumsum(rng.normal(0, 0.5, (2, PERIODS)), axis=1)
    values = rng.normal(0, 3, (SITES, 1)) + rng.uniform(0, 1, (SITES, 2)) @ factors
    values += rng.normal(0, 0.7, (SITES, PERIODS))
    values[0, START:] -= 1
    return values


def evalkit_call(what: str) -> Callable[[], tuple[float, float]]:
    """Prepare one call of evalkit that gives estimate and placebo error."""
    from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
    from evalkit.models.synthetic_control import SyntheticControl
    from evalkit.models.synthetic_did import SyntheticDifferenceInDifferences

    values = simulate()
    if what == "200 placebos":
        return lambda: placebos(values)
    panel = Panel(
        outcome=Outcome(name="y", kind="score"),
        sites=tuple(str(row) for row in range(SITES)),
        periods=Periods(frequency="number", first=1, count=PERIODS),
        values=values,
    )
    design = Design(panel=panel, intervention=Intervention(name="d", began={"0": str(START + 1)}))
    estimator = (SyntheticControl if what == "control" else SyntheticDifferenceInDifferences)(transform="level")

    def call() -> tuple[float, float]:
        effect = estimator.estimate(design, rng=np.random.default_rng(1))
        return effect.estimate, effect.std_error

    return call


def placebos(values: np.ndarray) -> tuple[float, float]:
    """Fit the treated site and 200 placebos drawn by lot, and no more."""
    from evalkit.models._synthetic.difference import DifferenceFitter
    from evalkit.models._synthetic.placebos import Placements, fit_placebos
    from evalkit.models._synthetic.reading import read_gaps

    comparison, starts, fitter = np.arange(1, SITES), np.array([START]), DifferenceFitter()
    fitted = fitter(values, np.array([0]), starts, comparison)
    chosen = np.random.default_rng(1).integers(0, SITES - 1, (200, 1))
    placements = Placements(chosen=chosen, possible=SITES - 1, words="")
    reading = read_gaps(fitted)
    errors = reading.change(fit_placebos(fitter, values, starts, comparison, placements))
    return float(reading.change(fitted.gaps)), float(errors.std())


def peer_call() -> Callable[[], tuple[float, float]]:
    """Prepare the same with diff-diff."""
    import pandas as pd
    from diff_diff import SyntheticDiD

    values = simulate()
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(SITES), PERIODS),
            "time": np.tile(np.arange(PERIODS), SITES),
            "y": values.ravel(),
            "d": np.repeat(np.arange(SITES) == 0, PERIODS).astype(int),
        }
    )

    def call() -> tuple[float, float]:
        fit = SyntheticDiD(variance_method="placebo", n_bootstrap=200, seed=1).fit(
            frame, outcome="y", treatment="d", unit="unit", time="time", post_periods=list(range(START, PERIODS))
        )
        return float(fit.att), float(fit.se)

    return call


def run(name: str) -> None:
    """Time one contender in this process and print what was seen."""
    warnings.simplefilter("ignore")
    library, _, what = name.partition(" ")
    call = peer_call() if library == "diff-diff" else evalkit_call(what)
    started = time.process_time()
    call()
    first, times = time.process_time() - started, []
    for _ in range(CALLS):
        started = time.process_time()
        estimate, error = call()
        times.append(time.process_time() - started)
    print(json.dumps({"first": first, "least": min(times), "estimate": estimate, "error": error}))


def main() -> None:
    """Run every contender and print the table."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    print(f"{SITES} sites x {PERIODS} periods, 1 treated")
    rows = {}
    for name in CONTENDERS:
        command = [sys.executable, __file__, name]
        done = subprocess.run(command, env={**os.environ, **threads}, capture_output=True, text=True, check=True)  # noqa: S603
        rows[name] = json.loads(done.stdout)
    base = rows["diff-diff 200 placebos"]["least"]
    print(f"  {'':24}{'first s':>9}{'least s':>9}{'times faster':>14}{'estimate':>11}{'error':>9}")
    for name, row in rows.items():
        print(
            f"  {name:24}{row['first']:9.3f}{row['least']:9.3f}{base / row['least']:14.1f}"
            f"{row['estimate']:11.4f}{row['error']:9.4f}"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1])
    else:
        main()
