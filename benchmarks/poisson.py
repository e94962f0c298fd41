"""Poisson with site and period effects on 5,000 sites by 120 periods, side by side with pyfixest, in one run.

    python benchmarks/poisson.py

Each contender runs in a process of its own with one thread: the data are made, the first call is timed (cold: with
what is imported or compiled in it), then the least CPU time of several calls is kept (warm). Memory is the peak of
the process above what it held with the data, as a ratio to the data (counts, exposure and treatment).

"evalkit" does what pyfixest does: the coefficient and its error by site. "poisson-etwfe" is the whole estimate with
an effect for every cohort and period, which pyfixest has no answer to. Needs the development tools
(pip install evalkit-prevention[dev]).
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

SITES, PERIODS, REPEATS = 5_000, 120, 3
CONTENDERS = ("evalkit", "poisson-etwfe", "pyfixest")


def simulate() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make counts, exposure and starts (the number of periods where never); three starts, half the sites."""
    rng = np.random.default_rng(1)
    starts = np.where(np.arange(SITES) < SITES // 2, 60 + 12 * (np.arange(SITES) % 3), PERIODS)
    post = np.arange(PERIODS) >= starts[:, None]
    level = rng.normal(0, 0.5, (SITES, 1)) + 0.1 * np.sin(np.arange(PERIODS))
    exposure = rng.lognormal(0, 0.5, (SITES, 1)) * np.ones((1, PERIODS))
    return rng.poisson(3 * exposure * np.exp(level - 0.2 * post)).astype(float), exposure, starts


def evalkit_call(whole: bool) -> Callable[[], Any]:  # noqa: FBT001 - a script's own switch
    """Prepare one call of evalkit."""
    counts, exposure, starts = simulate()

    def coefficient() -> Any:
        from evalkit.models._inference.cluster import infer
        from evalkit.models._regression.poisson import fit_poisson

        treated = (np.arange(PERIODS) >= starts[:, None]).astype(float)[:, :, None]
        fit = fit_poisson(counts, exposure, treated, np.ones_like(counts), ["d"])
        found = infer(fit, "CR1", "nested", treated=SITES // 2, comparison=SITES // 2)
        return fit.coefficients[0], found.std_errors[0]

    def estimate() -> Any:
        from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
        from evalkit.models.poisson_etwfe import PoissonExtendedTwoWay

        names = tuple(str(row) for row in range(SITES))
        panel = Panel(
            outcome=Outcome(name="y"),
            sites=names,
            periods=Periods(frequency="number", first=1, count=PERIODS),
            values=counts,
            exposure=exposure,
        )
        began = {names[row]: str(start + 1) for row, start in enumerate(starts) if start < PERIODS}
        design = Design(panel=panel, intervention=Intervention(name="d", began=began))
        effect = PoissonExtendedTwoWay(event_study=False).estimate(design, rng=np.random.default_rng(1))
        return effect.estimate, effect.std_error

    return estimate if whole else coefficient


def pyfixest_call() -> Callable[[], Any]:
    """Prepare the same regression with pyfixest."""
    import pandas as pd

    counts, exposure, starts = simulate()
    frame = pd.DataFrame(
        {
            "site": np.repeat(np.arange(SITES), PERIODS),
            "period": np.tile(np.arange(PERIODS), SITES),
            "y": counts.ravel(),
            "offset": np.log(exposure).ravel(),
            "d": (np.arange(PERIODS) >= starts[:, None]).astype(float).ravel(),
        }
    )

    def call() -> Any:
        import pyfixest

        fit = pyfixest.fepois("y ~ d | site + period", frame, vcov={"CRV1": "site"}, offset="offset")
        return float(fit.coef().iloc[0]), float(fit.se().iloc[0])

    return call


def peak() -> float:
    """Most memory the process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(name: str) -> None:
    """Time one contender in this process and print what was seen."""
    warnings.simplefilter("ignore")
    call = pyfixest_call() if name == "pyfixest" else evalkit_call(name == "poisson-etwfe")
    started = time.process_time()
    call()
    first, times, before = time.process_time() - started, [], 0.0
    for _ in range(REPEATS):
        started = time.process_time()
        found = call()
        times.append(time.process_time() - started)
    before = peak()
    print(json.dumps({"first": first, "least": min(times), "peak": before, "found": found}))


def idle(name: str) -> float:
    """Peak of a process that has imported the contender's libraries and made the data, in MB."""
    loaded = "pyfixest, pandas" if name == "pyfixest" else "evalkit.models.poisson_etwfe"
    code = (
        f"import resource, sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); import {loaded}, poisson; "  # noqa: PTH120
        "kept = poisson.simulate(); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout)


def main() -> None:
    """Run every contender and print the table."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    # cold is cold: nothing that an earlier run compiled
    environment = {**os.environ, **threads, "NUMBA_CACHE_DIR": tempfile.mkdtemp()}
    rows = {}
    for name in CONTENDERS:
        command = [sys.executable, __file__, name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        rows[name] = json.loads(done.stdout)
        rows[name]["memory"] = rows[name]["peak"] - idle(name)
    base, data = rows["pyfixest"], 3 * SITES * PERIODS * 8 / 2**20
    print(f"{SITES:,} sites x {PERIODS} periods, exposure, one treatment; data {data:.0f} MB")
    print(f"{'':14}{'cold s':>8}{'warm s':>8}{'cold ratio':>12}{'warm ratio':>12}{'MB':>7}{'of data':>9}   found")
    for name, row in rows.items():
        print(
            f"{name:14}{row['first']:8.2f}{row['least']:8.2f}{row['first'] / base['first']:12.3f}"
            f"{row['least'] / base['least']:12.3f}{row['memory']:7.0f}{row['memory'] / data:9.1f}"
            f"   {row['found'][0]:.6f}, {row['found'][1]:.6f}"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1])
    else:
        main()
