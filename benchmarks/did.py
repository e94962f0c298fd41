"""Difference-in-differences side by side with pyfixest: time and memory as ratios, in one run.

    python benchmarks/did.py

Each contender runs in a process of its own with one thread: the data are made, the first call is timed,
then the least CPU time of several calls is kept (the machine may be busy; the least time is what the work
takes). Memory is the peak during the first call above what the process held with its libraries and the data loaded,
as a ratio to pyfixest's and to the data (outcome, exposure and treatment as 64-bit floats); it is read from /proc, in a
run of its own, so on Linux.

"evalkit CR1" and "CR2" do what pyfixest does: coefficients and errors by site (CR2 is beyond it).
"evalkit effect" is the whole estimate: the one change, the event study, its tests, 4,000 draws; the error
shown is that of the one change. pyfixest's first call holds its compilation. Needs the development tools
(pip install evalkit-prevention[dev]).
"""

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PANELS = {"ols": (5_000, 40, 3), "poisson": (500, 24, 5)}
CONTENDERS = {
    "ols": ("evalkit CR1", "evalkit CR2", "evalkit effect", "pyfixest"),
    "poisson": ("evalkit CR1", "evalkit CR2", "evalkit effect", "pyfixest"),
}


def simulate(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make the arrays: outcome, exposure, and the starts of sites (the number of periods where never)."""
    sites, periods, _ = PANELS[kind]
    rng = np.random.default_rng(1)
    starts = np.where(np.arange(sites) < sites // 2, periods // 2, periods)
    post = np.arange(periods) >= starts[:, None]
    level = rng.normal(0, 0.5, (sites, 1)) + 0.1 * np.sin(np.arange(periods))
    noise = rng.normal(0, 0.3, (sites, periods))
    exposure = rng.lognormal(0, 0.5, (sites, 1)) * np.ones((1, periods))
    if kind == "ols":
        return level + noise - 0.2 * post, exposure, starts
    return rng.poisson(20 * exposure * np.exp(level + noise - 0.2 * post)).astype(float), exposure, starts


def evalkit_call(kind: str, what: str) -> Callable[[], Any]:
    """Prepare one call of evalkit that gives coefficient and error."""
    from evalkit.domain import Design, Intervention, Outcome, Panel, Periods
    from evalkit.models.did_ols import LinearDifferenceInDifferences
    from evalkit.models.did_poisson import PoissonDifferenceInDifferences

    values, exposure, starts = simulate(kind)
    periods = values.shape[1]
    names = tuple(str(row) for row in range(len(values)))
    panel = Panel(
        outcome=Outcome(name="y", kind="score" if kind == "ols" else "count"),
        sites=names,
        periods=Periods(frequency="number", first=1, count=periods),
        values=values,
        exposure=None if kind == "ols" else exposure,
    )
    began = {names[row]: str(start + 1) for row, start in enumerate(starts) if start < periods}
    design = Design(panel=panel, intervention=Intervention(name="d", began=began))
    if what == "effect":
        estimator = (
            LinearDifferenceInDifferences(transform="level") if kind == "ols" else PoissonDifferenceInDifferences()
        )
        return lambda: estimator.estimate(design, rng=np.random.default_rng(1)).std_error
    return fit_call(kind, design, what)


def fit_call(kind: str, design: Any, errors: str) -> Callable[[], Any]:
    """Prepare what pyfixest does, and no more: the coefficients and their errors."""
    from evalkit.models._inference.cluster import infer
    from evalkit.models._regression.event_study import event_columns, event_times
    from evalkit.models._regression.linear import fit_linear
    from evalkit.models._regression.poisson import fit_poisson
    from evalkit.models._regression.sample import select

    def call() -> Any:
        sample = select(design, "benchmark", None, need_events=kind == "poisson")
        if kind == "ols":
            columns, names = event_columns(sample, event_times(sample, None, None))
            fit = fit_linear(sample.values, columns, sample.weights, names)
        else:
            columns, names = sample.columns
            fit = fit_poisson(sample.values, sample.exposure, columns, sample.weights, names)
        return infer(fit, errors, "nested", treated=60, comparison=60).std_errors

    return call


def pyfixest_call(kind: str) -> Callable[[], Any]:
    """Prepare the same regression with pyfixest."""
    import pandas as pd
    import pyfixest

    values, exposure, starts = simulate(kind)
    sites, periods = values.shape
    since = np.arange(periods)[None, :] - starts[:, None]
    frame = pd.DataFrame(
        {
            "site": np.repeat(np.arange(sites), periods),
            "period": np.tile(np.arange(periods), sites),
            "y": values.ravel(),
            "offset": np.log(exposure).ravel(),
            "d": (since >= 0).astype(float).ravel(),
            "since": np.where(starts[:, None] < periods, since, -1).ravel(),
        }
    )
    cluster = {"CRV1": "site"}
    if kind == "ols":
        return lambda: pyfixest.feols("y ~ i(since, ref=-1) | site + period", frame, vcov=cluster).se().to_numpy()
    return lambda: pyfixest.fepois("y ~ d | site + period", frame, vcov=cluster, offset="offset").se().to_numpy()


def prepare(kind: str, name: str) -> Callable[[], Any]:
    """Prepare the call of one contender."""
    warnings.simplefilter("ignore")
    library, _, what = name.partition(" ")
    return pyfixest_call(kind) if library == "pyfixest" else evalkit_call(kind, what)


def memory(name: str) -> float:
    """Give what the process holds (VmRSS) or held at most (VmHWM), in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e6
    raise KeyError(name)


def run_for_memory(kind: str, name: str) -> None:
    """Print the peak of the first call in this process above what it held before."""
    call = prepare(kind, name)
    held = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # starts the peak anew
    call()
    print(json.dumps({"memory": memory("VmHWM") - held}))


def run_for_time(kind: str, name: str) -> None:
    """Time one contender in this process and print what was seen."""
    call = prepare(kind, name)
    started = time.process_time()
    call()
    first, times = time.process_time() - started, []
    for _ in range(PANELS[kind][2]):
        started = time.process_time()
        errors = call()
        times.append(time.process_time() - started)
    print(json.dumps({"first": first, "least": min(times), "error": float(np.ravel(errors)[0])}))


def main() -> None:
    """Run every contender and print the table."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    for kind, names in CONTENDERS.items():
        sites, periods, _ = PANELS[kind]
        data = 3 * sites * periods * 8 / 1e6
        print(f"{kind}: {sites:,} sites x {periods} periods{', event study' if kind == 'ols' else ', exposure'}")
        rows: dict[str, dict[str, float]] = {name: {} for name in names}
        for name, row in rows.items():
            # large arrays go back to the system when freed, so that what is held is what is in use
            for what, more in (("time", {}), ("memory", {"MALLOC_MMAP_THRESHOLD_": "65536"})):
                command = [sys.executable, __file__, kind, name, what]
                done = subprocess.run(  # noqa: S603
                    command, env={**environment, **more}, capture_output=True, text=True, check=True
                )
                row.update(json.loads(done.stdout))
        base = rows["pyfixest"]
        heads = f"{'first s':>9}{'least s':>9}{'MB':>7}{'time ratio':>12}{'memory ratio':>14}{'of data':>9}"
        print(f"  {'':16}{heads}   error")
        for name, row in rows.items():
            print(
                f"  {name:16}{row['first']:9.3f}{row['least']:9.3f}{row['memory']:7.0f}"
                f"{row['least'] / base['least']:12.2f}{row['memory'] / base['memory']:14.2f}{row['memory'] / data:9.1f}"
                f"   {row['error']:.6f}"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        (run_for_memory if sys.argv[3] == "memory" else run_for_time)(*sys.argv[1:3])
    else:
        main()
