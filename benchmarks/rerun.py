"""What it costs to change one cost of a study and run it again: CPU seconds of whole processes.

    python benchmarks/rerun.py

For each study: the first run, in an empty folder; a second one with one amount of the ledger changed, up to the answer
in the terminal (on Linux, from /proc) and to its end; and one with nothing changed. All write result.json, the page and
the pictures. Shown is the least of several runs, and its ratio to an interpreter that imports numpy and pandas: a
machine that others use as well takes more seconds for everything, and leaves the ratio.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 5
HERE = Path(__file__).resolve().parents[1]
# Folder of the study, what one of its amounts is, and what it becomes, another one in every run.
STUDIES = {
    "castle doctrine": (HERE / "studies" / "castle_doctrine", "mode = 4_000_000", "mode = 4_{:03d}_000"),
    "evalkit new": (HERE / "evalkit" / "template_study", "amount = 90000", "amount = 90{:03d}"),
    "hot spots, a table": (HERE / "studies" / "hot_spots_table", "amount = 100_000", "amount = 100_{:03d}"),
}
PEER = [sys.executable, "-c", "print(1); import numpy, pandas"]


def cpu_seconds(command: list[str]) -> tuple[float, float]:
    """Give the CPU time, user and system, of one run of a command: until it says something, and in all."""
    settings = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=settings) as running:  # noqa: S603 - see above
        told = running.stdout
        if told is None:  # told to the type checker; it was asked for above
            raise SystemExit("no pipe")
        told.read(1)
        said = _so_far(running.pid)
        told.read()
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{command} ended with {running.returncode}")
    return said, used.ru_utime + used.ru_stime


def _so_far(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(folder: Path, given: str, pattern: str) -> dict[str, float]:
    """Give the seconds of the first run, of those with a changed cost, and of those with nothing changed."""
    out, file = folder / "out", folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    if given not in text:
        raise SystemExit(f"{file} does not say {given}")
    run = [sys.executable, "-m", "evalkit", "run", str(folder), "--out", str(out)]
    first = cpu_seconds(run)[1]
    changed, same = [], []
    for number in range(1, RUNS + 1):
        file.write_text(text.replace(given, pattern.format(number)), encoding="utf-8")
        changed.append(cpu_seconds(run))
        same.append(cpu_seconds(run)[1])
    return {
        "first run": first,
        "one cost changed": min(whole for _, whole in changed),
        "  until it answers": min(answer for answer, _ in changed),
        "nothing changed": min(same),
    }


def main() -> None:
    """Print the table."""
    peer = min(cpu_seconds(PEER)[1] for _ in range(RUNS))
    print(f"CPU seconds, least of {RUNS} runs (the first run: once)")
    print(f"{'import numpy, pandas':<44}{peer:>8.2f} s {1:>8.1f} x")
    for name, (study, given, pattern) in STUDIES.items():
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made) / "study"
            shutil.copytree(study, folder, ignore=shutil.ignore_patterns("report"))
            for what, seconds in measured(folder, given, pattern).items():
                print(f"{name + ', ' + what:<44}{seconds:>8.2f} s {seconds / peer:>8.1f} x")


if __name__ == "__main__":
    main()
