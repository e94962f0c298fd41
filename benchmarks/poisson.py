"""Poisson with site and period effects on 5,000 sites by 120 periods, side by side with pyfixest, in one run.

    python benchmarks/poisson.py

Each contender runs in a process of its own with one thread and an empty folder for what numba compiles. All times are
CPU seconds. "import" runs from the start of the process until the contender is imported, numpy with it; "cold" is the
first call after that, which is what compilation costs; "whole" is both; "warm" is the least of several later calls.
Memory is the peak during the first call above what the process held before it, imports and data included, as a ratio
to the data (counts, exposure and treatment as 64-bit floats); it is read from /proc, in a run of its own, so on Linux.

"evalkit" does what pyfixest does: the coefficient and its error by site. "poisson-etwfe" is the whole estimate with
an effect for every cohort and period, which pyfixest has no answer to; it is without the event study. Needs the
development tools (pip install evalkit-prevention[dev]).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SITES, PERIODS, REPEATS = 5_000, 120, 3


def simulate() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make counts, exposure and starts (the number of periods where never); three starts, half the sites."""
    rng = np.random.default_rng(1)
    starts = np.where(np.arange(SITES) < SITES // 2, 60 + 12 * (np.arange(SITES) % 3), PERIODS)
    post = np.arange(PERIODS) >= starts[:, None]
    level = rng.normal(0, 0.5, (SITES, 1)) + 0.1 * np.sin(np.arange(PERIODS))
    exposure = rng.lognormal(0, 0.5, (SITES, 1)) * np.ones((1, PERIODS))
    return rng.poisson(3 * exposure * np.exp(level - 0.2 * post)).astype(float), exposure, starts


def evalkit_call() -> Callable[[], Any]:
    """Prepare the regression with evalkit."""
    from evalkit.models._inference.cluster import infer
    from evalkit.models._regression.poisson import fit_poisson

    def prepare() -> Callable[[], Any]:
        counts, exposure, starts = simulate()
        treated = (np.arange(PERIODS) >= starts[:, None]).astype(float)[:, :, None]
        weights = np.ones_like(counts)

        def call() -> Any:
            fit = fit_poisson(counts, exposure, treated, weights, ["d"])
            found = infer(fit, "CR1", "nested", treated=SITES // 2, comparison=SITES // 2)
            return fit.coefficients[0], found.std_errors[0]

        return call

    return prepare


def estimator_call() -> Callable[[], Any]:
    """Prepare the whole estimate."""
    from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
    from evalkit.models.poisson_etwfe import PoissonExtendedTwoWay

    def prepare() -> Callable[[], Any]:
        counts, exposure, starts = simulate()
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

        def call() -> Any:
            effect = PoissonExtendedTwoWay(event_study=False).estimate(design, rng=np.random.default_rng(1))
            return effect.estimate, effect.std_error

        return call

    return prepare


def pyfixest_call() -> Callable[[], Any]:
    """Prepare the same regression with pyfixest."""
    import pandas as pd
    from pyfixest import fepois

    def prepare() -> Callable[[], Any]:
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
            fit = fepois("y ~ d | site + period", frame, vcov={"CRV1": "site"}, offset="offset")
            return float(fit.coef().iloc[0]), float(fit.se().iloc[0])

        return call

    return prepare


CONTENDERS = {"evalkit": evalkit_call, "poisson-etwfe": estimator_call, "pyfixest": pyfixest_call}


def memory(name: str) -> float:
    """Give what the process holds (VmRSS) or held at most (VmHWM), in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


def run_for_memory(name: str) -> None:
    """Print the peak of the first call in this process above what it held before."""
    warnings.simplefilter("ignore")
    call = CONTENDERS[name]()()
    held = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # starts the peak anew
    call()
    print(json.dumps({"memory": memory("VmHWM") - held}))


def run_for_time(name: str) -> None:
    """Time one contender in this process and print what was seen."""
    warnings.simplefilter("ignore")
    prepare = CONTENDERS[name]()
    imported = time.process_time()
    call = prepare()
    times = []
    for _ in range(REPEATS + 1):
        started = time.process_time()
        found = call()
        times.append(time.process_time() - started)
    print(json.dumps({"import": imported, "cold": times[0], "warm": min(times[1:]), "found": found}))


def main() -> None:
    """Run every contender and print the table."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    rows: dict[str, dict[str, Any]] = {name: {} for name in CONTENDERS}
    for name, row in rows.items():
        # large arrays go back to the system when freed, so that what is held is what is in use
        for what, more in (("time", {}), ("memory", {"MALLOC_MMAP_THRESHOLD_": "65536"})):
            # cold is cold: nothing that an earlier run compiled
            environment = {**os.environ, **threads, **more, "NUMBA_CACHE_DIR": tempfile.mkdtemp()}
            command = [sys.executable, __file__, name, what]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
            row.update(json.loads(done.stdout))
    base, data = rows["pyfixest"], 3 * SITES * PERIODS * 8 / 1e6
    print(f"{SITES:,} sites x {PERIODS} periods, exposure, one treatment; data {data:.1f} MB; ratios to pyfixest")
    print(f"{'':14}{'import s':>16}{'cold s':>16}{'whole s':>16}{'warm s':>16}{'MB':>7}{'of data':>9}   found")
    for row in rows.values():
        row["whole"] = row["import"] + row["cold"]
        row["memory"] *= 2**20 / 1e6
    for name, row in rows.items():
        times = "".join(
            f"{row[what]:9.3f}{row[what] / base[what]:7.3f}" for what in ("import", "cold", "whole", "warm")
        )
        print(
            f"{name:14}{times}{row['memory']:7.0f}{row['memory'] / data:9.1f}"
            f"   {row['found'][0]:.6f}, {row['found'][1]:.6f}"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        (run_for_memory if sys.argv[2] == "memory" else run_for_time)(sys.argv[1])
    else:
        main()
