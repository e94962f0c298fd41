"""What it costs to start: CPU seconds of a fresh interpreter, against what a user would import instead.

    python benchmarks/import_time.py

Each line is the least of several runs; the ratio is to an interpreter that imports nothing.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys

RUNS = 7
STARTS = {
    "bare interpreter": [sys.executable, "-c", "pass"],
    "import evalkit": [sys.executable, "-c", "import evalkit"],
    "evalkit --help": [sys.executable, "-m", "evalkit", "--help"],
    "evalkit, an estimator": [sys.executable, "-c", "import evalkit; evalkit.estimator('did-poisson')"],
    "import statsmodels.api": [sys.executable, "-c", "import statsmodels.api"],
    "import pyfixest": [sys.executable, "-c", "import pyfixest"],
    "pyfixest, an estimator": [sys.executable, "-c", "from pyfixest import fepois"],
}


def cpu_seconds(command: list[str]) -> float:
    """Give the CPU time, user and system, of one run of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603 - the commands stand above
        command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    least = {name: min(cpu_seconds(command) for _ in range(RUNS)) for name, command in STARTS.items()}
    print(f"CPU seconds of a fresh interpreter, least of {RUNS} runs")
    for name, seconds in least.items():
        print(f"{name:<24}{seconds:>8.3f} s {seconds / least['bare interpreter']:>8.1f} x")


if __name__ == "__main__":
    main()
